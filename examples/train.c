/*
 * Trains ARQ on MinAtar Breakout and saves what it learned: train [STEPS]. Prints something like:
 *   mean return of the last 100 episodes: 16.20
 */
#include <arq/arq.h>
#include <stdio.h>

int main(int count, char **arguments)
{
    const char *steps = count > 1 ? arguments[1] : "1000000";
    arq_context *context = NULL;
    arq_config *config = NULL;
    arq_env *env = NULL;
    arq_run *run = NULL;
    uint64_t done = 1;
    double mean_return = 0;
    char text[512];

    int failed = arq_context_create(ARQ_ABI_VERSION, NULL, &context) || arq_config_create(context, "fast", &config) ||
                 arq_config_set(config, "total_steps", steps) || arq_env_open(context, "minatar/breakout", &env) ||
                 arq_run_create(context, config, env, &run);
    while (!failed && done > 0) {
        failed = arq_run_advance(run, 100000, &done); /* returns at the end of each episode */
    }
    failed = failed || arq_run_metric(run, "mean_return", 0, &mean_return) ||
             arq_network_save(arq_agent_network(arq_run_agent(run)), "breakout.safetensors");
    arq_context_last_error(context, text, sizeof(text));
    failed ? puts(text) : printf("mean return of the last 100 episodes: %.2f\n", mean_return);
    arq_run_destroy(run);
    arq_env_destroy(env);
    arq_config_destroy(config);
    arq_context_destroy(context);
    return failed;
}
