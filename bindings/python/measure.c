/* The loops of measure.py in C: prints nanoseconds of a call, one line each. */
#include <arq/arq.h>
#include <stdio.h>
#include <time.h>

#define CALLS 200000

static double now(void)
{
    struct timespec time;
    timespec_get(&time, TIME_UTC);
    return 1e9 * (double)time.tv_sec + (double)time.tv_nsec;
}

int main(void)
{
    arq_context *context = NULL;
    arq_config *config = NULL;
    arq_agent *agent = NULL;
    arq_network *network = NULL;
    arq_activations *activations = NULL;
    float observation[50] = {0};
    int32_t action = 0;
    int failed = arq_context_create(ARQ_ABI_VERSION, NULL, &context) || arq_config_create(context, "replay-fast", &config) ||
                 arq_config_set(config, "learning_starts", "1000000000") ||
                 arq_agent_create(context, config, ARQ_OBSERVATION_F32, 50, 4, &agent) ||
                 arq_network_create(context, config, ARQ_OBSERVATION_F32, 50, 4, &network) ||
                 arq_activations_create(network, 1, &activations) || arq_agent_begin(agent, observation);
    double begin = now();
    for (int i = 0; !failed && i < CALLS; i++) {
        failed = arq_agent_act(agent, &action);
    }
    printf("%.1f\n", (now() - begin) / CALLS);
    begin = now();
    for (int i = 0; !failed && i < CALLS; i++) {
        failed =
            arq_agent_act(agent, &action) || arq_agent_observe(agent, ARQ_ACTION_CHOSEN, 1, observation, 0, 0, NULL);
    }
    printf("%.1f\n", (now() - begin) / CALLS);
    begin = now();
    for (int i = 0; !failed && i < CALLS; i++) {
        failed = arq_network_act(network, activations, observation, &action);
    }
    printf("%.1f\n", (now() - begin) / CALLS);
    arq_activations_destroy(activations);
    arq_network_destroy(network);
    arq_agent_destroy(agent);
    arq_config_destroy(config);
    arq_context_destroy(context);
    return failed;
}
