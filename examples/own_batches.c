/*
 * A network on the program's own batches: the replay buffer and the learner, without an agent. A corridor of 8 fields
 * with the prize at the right end, walked at random; Q learns from it off-policy. Prints something like:
 *   first field: left 0.47, right 0.53
 *   last but one: left 0.81, right 1.00
 */
#include <arq/learner.h>
#include <arq/replay.h>
#include <stdio.h>
#include <stdlib.h>

#define BATCH 64

int main(void)
{
    arq_context *context = NULL;
    arq_config *config = NULL;
    arq_network *network = NULL;
    arq_learner *learner = NULL;
    arq_activations *acting = NULL;
    arq_replay *replay = NULL;
    int32_t windows[BATCH][2], lengths[BATCH], actions[BATCH]; /* s_t and s_{t+1}: without contexts the window is 1 */
    float rewards[BATCH], q[4];
    uint8_t terminated[BATCH];
    char text[512];

    int failed =
        arq_context_create(ARQ_ABI_VERSION, NULL, &context) || arq_config_create(context, "replay-fast", &config) ||
        arq_config_set(config, "gamma", "0.9") ||
        arq_network_create(context, config, ARQ_OBSERVATION_DISCRETE, 8, 2, &network) ||
        arq_learner_create(network, config, &learner) || arq_activations_create(network, 2, &acting) ||
        arq_replay_create(context, ARQ_OBSERVATION_DISCRETE, 8, 10000, arq_learner_window(learner), 1, &replay);
    for (int32_t step = 0, field = 7; step < 5000 && !failed; step++) { /* walks at random and remembers it */
        if (field == 7) {
            field = 0;
            failed = arq_replay_begin(replay, &field);
        }
        int32_t right = rand() % 2;
        field += right ? 1 : field > 0 ? -1 : 0;
        failed = failed || arq_replay_add(replay, right, field == 7, &field, field == 7, 0);
    }
    for (int update = 1; update <= 1000 && !failed; update++) {
        failed = arq_replay_sample(replay, BATCH, 0, windows, lengths, actions, rewards, terminated) ||
                 arq_learner_update(learner, BATCH, windows, lengths, actions, rewards, terminated) ||
                 (update % 20 == 0 && arq_learner_sync(learner));
    }
    failed = failed || arq_network_q(network, acting, (int32_t[]){0, 6}, q);
    arq_context_last_error(context, text, sizeof(text));
    failed ? puts(text) : printf("first field: left %.2f, right %.2f\n", q[0], q[1]);
    failed ? 0 : printf("last but one: left %.2f, right %.2f\n", q[2], q[3]);
    arq_replay_destroy(replay);
    arq_activations_destroy(acting);
    arq_learner_destroy(learner);
    arq_network_destroy(network);
    arq_config_destroy(config);
    arq_context_destroy(context);
    return failed;
}
