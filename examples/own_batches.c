/*
 * A network on the program's own batches: the replay buffer and the learner, without an agent. A corridor of 8 fields
 * with the prize at the right end, walked at random; Q learns from it off-policy.
 *
 * Prints something like:
 *   first field: left 0.48, right 0.53
 *   last but one: left 0.81, right 1.00
 */
#include <arq/learner.h>
#include <arq/replay.h>
#include <stdio.h>

#define FIELDS 8
#define BATCH 64

/* Walks at random through one episode and remembers it. */
static int walk(arq_replay *replay, uint32_t *random)
{
    int32_t field = 0, ended = 0;
    int failed = arq_replay_begin(replay, &field);
    while (!failed && !ended) {
        *random = *random * 1664525u + 1013904223u;
        int32_t action = (int32_t)(*random >> 31);
        field += action == 1 ? 1 : field > 0 ? -1 : 0;
        ended = field == FIELDS - 1;
        failed = arq_replay_add(replay, action, ended, &field, ended, 0);
    }
    return failed;
}

int main(void)
{
    arq_context *context = NULL;
    arq_config *config = NULL;
    arq_network *network = NULL;
    arq_learner *learner = NULL;
    arq_activations *activations = NULL;
    arq_replay *replay = NULL;
    const int32_t fields[] = {0, FIELDS - 2};
    int32_t windows[BATCH][2], lengths[BATCH], actions[BATCH]; /* s_t and s_{t+1}: without contexts the window is 1 */
    float rewards[BATCH], q[2][2];
    uint8_t terminated[BATCH];
    uint32_t random = 1;
    char text[512];

    int failed =
        arq_context_create(ARQ_ABI_VERSION, NULL, &context) || arq_config_create(context, "fast", &config) ||
        arq_config_set(config, "gamma", "0.9") ||
        arq_network_create(context, config, ARQ_OBSERVATION_DISCRETE, FIELDS, 2, &network) ||
        arq_learner_create(network, config, &learner) || arq_activations_create(network, 2, &activations) ||
        arq_replay_create(context, ARQ_OBSERVATION_DISCRETE, FIELDS, 10000, arq_learner_window(learner), 1, &replay);
    while (!failed && arq_replay_size(replay) < 5000) {
        failed = walk(replay, &random);
    }
    for (int update = 1; update <= 1000 && !failed; update++) {
        failed = arq_replay_sample(replay, BATCH, 0, windows, lengths, actions, rewards, terminated) ||
                 arq_learner_update(learner, BATCH, windows, lengths, actions, rewards, terminated) ||
                 (update % 20 == 0 && arq_learner_sync(learner));
    }
    failed = failed || arq_network_q(network, activations, fields, q[0]);
    arq_context_last_error(context, text, sizeof(text));
    failed ? puts(text)
           : printf("first field: left %.2f, right %.2f\nlast but one: left %.2f, right %.2f\n", (double)q[0][0],
                    (double)q[0][1], (double)q[1][0], (double)q[1][1]);
    arq_replay_destroy(replay);
    arq_activations_destroy(activations);
    arq_learner_destroy(learner);
    arq_network_destroy(network);
    arq_config_destroy(config);
    arq_context_destroy(context);
    return failed;
}
