/*
 * Learning in one static array, as on a device without a heap: static_memory [ENV [STEPS]]. Weights, their two moments
 * and their gradient are four times the weights; what else the learner needs is "beside": rollout, work space, all.
 *
 * Prints something like:
 *   1008 KiB for weights, moments and gradient, 63.0 KiB beside
 *   minatar/breakout: mean return of the last 100 episodes 1.67
 */
#include <arq/arq.h>
#include <stdio.h>

static _Alignas(64) unsigned char memory[5 << 18];
static size_t used;
static void *take(void *user, size_t size, size_t align) /* a power of two */
{
    size_t from = (used + align - 1) & ~(align - 1);
    (void)user;
    return from + size > sizeof(memory) ? NULL : (used = from + size, memory + from);
}

static void give_back(void *user, void *pointer, size_t size, size_t align) /* what was taken last is free again */
{
    (void)user, (void)align;
    used -= (unsigned char *)pointer + size == memory + used ? size : 0;
}

int main(int count, char **arguments)
{
    const char *id = count > 1 ? arguments[1] : "minatar/breakout", *steps = count > 2 ? arguments[2] : "400000", *name;
    const arq_allocator allocator = {.struct_size = sizeof(allocator), .alloc = take, .free = give_back};
    arq_context *context = NULL;
    arq_config *config = NULL;
    arq_env *env = NULL;
    arq_run *run = NULL;
    uint32_t rows, columns;
    uint64_t done = 1;
    double learned = 0, mean = 0;
    char text[512];
    int failed = arq_context_create(ARQ_ABI_VERSION, &allocator, &context) ||
                 arq_config_create(context, "fast", &config) || arq_config_set(config, "widths", "32") ||
                 arq_config_set(config, "heads", "2") || arq_config_set(config, "rollout", "160") ||
                 arq_config_set(config, "batch", "8") || arq_config_set(config, "learning_rate", "0.00025") ||
                 arq_config_set(config, "total_steps", steps) || arq_env_open(context, id, &env);
    const size_t world = used;
    failed = failed || arq_run_create(context, config, env, &run);
    const arq_network *network = failed ? NULL : arq_agent_network(arq_run_agent(run));
    for (uint32_t i = 0; !failed && arq_network_tensor(network, i, &name, &rows, &columns) == ARQ_OK; i++) {
        learned += 4 * 4 / 1024.0 * rows * (columns > 0 ? columns : 1);
    }
    while (!failed && done > 0) {
        failed = arq_run_advance(run, 100000, &done);
    }
    failed = failed || arq_run_metric(run, "mean_return", 0, &mean);
    arq_context_last_error(context, text, sizeof(text));
    const double beside = (double)(used - world) / 1024 - learned;
    failed ? puts(text) : printf("%.0f KiB for weights, moments and gradient, %.1f KiB beside\n", learned, beside);
    failed ? 0 : printf("%s: mean return of the last 100 episodes %.2f\n", id, mean);
    return failed; /* the array lives as long as the program */
}
