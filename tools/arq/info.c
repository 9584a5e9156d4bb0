/* arq info: what a saved network is. */
#include "commands.h"

#include "cli/id.h"
#include "cli/session.h"
#include "run/saved.h"
#include "run/settings_report.h"

#include <stdio.h>

static const option options[] = {{.name = NULL}};

static void print_parameters(const arq_network *network)
{
    const char *name = NULL;
    printf("\nparameters\n");
    for (uint32_t i = 0; (name = arq_parameter_name(i)) != NULL; i++) {
        char value[256];
        if (arq_network_parameter(network, name, value, sizeof(value)) == ARQ_OK) {
            printf("  %-22s %s\n", name, value);
        }
    }
}

static void print_tensors(const arq_network *network)
{
    const char *name = NULL;
    uint32_t rows = 0;
    uint32_t columns = 0;
    unsigned long long total = 0;
    printf("\ntensors\n");
    for (uint32_t i = 0; arq_network_tensor(network, i, &name, &rows, &columns) == ARQ_OK; i++) {
        unsigned long long count = (unsigned long long)rows * (columns == 0 ? 1 : columns);
        char shape[48];
        snprintf(shape, sizeof(shape), columns == 0 ? "[%u]" : "[%u, %u]", rows, columns);
        printf("  %-32s %-14s %10llu\n", name, shape, count);
        total += count;
    }
    printf("  %-32s %-14s %10llu\n", "all weights", "", total);
}

static void print_network(const arq_network *network, const char *file, const char *environment)
{
    char method[64] = "";
    char observation[128] = "";
    arq_env_spec spec = {.struct_size = sizeof(spec)};
    arq_network_parameter(network, "network", method, sizeof(method));
    arq_network_observation(network, &spec.observation_kind, &spec.observation_size);
    settings_observation_text(&spec, observation, sizeof(observation));
    printf("%s: %s network of %u cell%s, %s, %u actions\n", file, method, arq_network_cells(network),
           arq_network_cells(network) == 1 ? "" : "s", observation, arq_network_actions(network));
    if (environment[0] != '\0') {
        printf("trained on %s\n", environment);
    }
}

static int describe(arq_context *context, const char *run_or_file)
{
    arq_network *network = NULL;
    char environment[ID_SIZE];
    int result = saved_network(context, run_or_file, &network, environment);
    if (result != 0) {
        return result;
    }
    print_network(network, run_or_file, environment);
    print_parameters(network);
    print_tensors(network);
    arq_network_destroy(network);
    return 0;
}

static int run(const command *self, int argc, char **argv)
{
    arguments given;
    arq_context *context = NULL;
    int result = options_parse(self, argc, argv, NULL, &given);
    if (result != 0) {
        return result;
    }
    result = session_open(NULL, 1, &context);
    if (result != 0) {
        return result;
    }
    result = describe(context, given.positional[0]);
    arq_context_destroy(context);
    return result;
}

const command command_info = {
    .name = "info",
    .synopsis = "RUN|FILE",
    .doc = "Describes a saved network: method, parameters, tensors",
    .options = options,
    .fewest_positionals = 1,
    .most_positionals = 1,
    .first_positional = "the run's folder or the network's file",
    .run = run,
};
