/*
 * One cell as a trainable layer, on batches of the program's own: which of four regions is a point in?
 * Q(x, action) learns to be 1 for the right answer and 0 for the others.
 *
 * Prints something like:
 *   loss 10.167 at first, 0.011 at last
 *   right answers: 122 of 128
 */
#include <arq/cell.h>
#include <stdio.h>

#define BATCH 128
#define UPDATES 2000

static uint32_t draw(void) /* 16 random bits */
{
    static uint32_t state = 1;
    state = state * 1664525u + 1013904223u;
    return state >> 16;
}

/* Points of the unit square with their regions, an answer to try for each, and what Q of it should be. */
static void make_batch(float (*x)[2], int32_t *regions, int32_t *actions, float *targets)
{
    for (int i = 0; i < BATCH; i++) {
        x[i][0] = (float)draw() / 65536;
        x[i][1] = (float)draw() / 65536;
        regions[i] = (x[i][0] > 0.5f) + 2 * (x[i][1] > x[i][0]);
        actions[i] = (int32_t)(draw() % 4);
        targets[i] = actions[i] == regions[i];
    }
}

static int right_answers(arq_cell *cell, const float *x, const int32_t *regions)
{
    float q[BATCH][4];
    int right = 0;
    arq_status status = arq_cell_forward(cell, BATCH, x, NULL, NULL, q[0]);
    for (int i = 0; i < BATCH && status == ARQ_OK; i++) {
        int best = 0;
        for (int a = 1; a < 4; a++) {
            best = q[i][a] > q[i][best] ? a : best;
        }
        right += best == regions[i];
    }
    return right;
}

int main(void)
{
    arq_context *context = NULL;
    arq_config *config = NULL;
    arq_cell *cell = NULL;
    float x[BATCH][2], targets[BATCH], loss = 0, first_loss = 0;
    int32_t regions[BATCH], actions[BATCH];
    char text[512];

    int failed = arq_context_create(ARQ_ABI_VERSION, NULL, &context) || arq_config_create(context, NULL, &config) ||
                 arq_config_set(config, "learning_rate", "0.003") || arq_cell_create(context, config, 2, 32, 4, &cell);
    for (int update = 0; update < UPDATES && !failed; update++) {
        make_batch(x, regions, actions, targets);
        failed = arq_cell_update(cell, BATCH, x[0], actions, targets, update == 0 ? &first_loss : &loss);
    }
    make_batch(x, regions, actions, targets);
    arq_context_last_error(context, text, sizeof(text));
    failed ? puts(text)
           : printf("loss %.3f at first, %.3f at last\nright answers: %d of %d\n", (double)first_loss, (double)loss,
                    right_answers(cell, x[0], regions), BATCH);
    arq_cell_destroy(cell);
    arq_config_destroy(config);
    arq_context_destroy(context);
    return failed;
}
