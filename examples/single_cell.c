/*
 * One cell as a trainable layer, on batches of the program's own: which of four regions of the unit square is a point
 * in? Q(x, action) learns to be 1 for the right answer and 0 for the others. Prints something like:
 *   loss 11.923 at first, 0.018 at last
 *   right answers: 126 of 128
 */
#include <arq/cell.h>
#include <stdio.h>
#include <stdlib.h>

#define BATCH 128

/* Points with their regions, an answer to try for each, and what Q of it should be. */
static void make_batch(float (*x)[2], int32_t *regions, int32_t *actions, float *targets)
{
    for (int i = 0; i < BATCH; i++) {
        x[i][0] = (float)(rand() % 1000) / 1000;
        x[i][1] = (float)(rand() % 1000) / 1000;
        regions[i] = (x[i][0] > 0.5f) + 2 * (x[i][1] > x[i][0]);
        actions[i] = rand() % 4;
        targets[i] = actions[i] == regions[i];
    }
}

static int best_of(const float *q)
{
    int best = 0;
    for (int a = 1; a < 4; a++) {
        best = q[a] > q[best] ? a : best;
    }
    return best;
}

int main(void)
{
    arq_context *context = NULL;
    arq_config *config = NULL;
    arq_cell *cell = NULL;
    float x[BATCH][2], targets[BATCH], q[BATCH][4], loss = 0, first = 0;
    int32_t regions[BATCH], actions[BATCH], right = 0;
    char text[512];
    int failed = arq_context_create(ARQ_ABI_VERSION, NULL, &context) || arq_config_create(context, NULL, &config) ||
                 arq_config_set(config, "learning_rate", "0.003") || arq_cell_create(context, config, 2, 32, 4, &cell);
    for (int update = 0; update < 2000 && !failed; update++) {
        make_batch(x, regions, actions, targets);
        failed = arq_cell_update(cell, BATCH, x[0], actions, targets, update == 0 ? &first : &loss);
    }
    make_batch(x, regions, actions, targets);
    failed = failed || arq_cell_forward(cell, BATCH, x[0], NULL, NULL, q[0]);
    for (int i = 0; i < BATCH && !failed; i++) {
        right += best_of(q[i]) == regions[i];
    }
    arq_context_last_error(context, text, sizeof(text));
    failed ? puts(text) : printf("loss %.3f at first, %.3f at last\nright answers: %d of 128\n", first, loss, right);
    arq_cell_destroy(cell);
    arq_config_destroy(config);
    arq_context_destroy(context);
    return failed;
}
