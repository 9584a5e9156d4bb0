/*
 * An agent that is saved, and a second one that takes the file over, go on the same way, bit for bit.
 *
 * Prints:
 *   after 1000 more steps each: 18 weight tensors, 0 of them differ
 *   the file opens as a network of 3 cells
 */
#include <arq/agent.h>
#include <stdio.h>
#include <string.h>

#define FILE_NAME "agent.safetensors"
#define VALUES 65536 /* more than any tensor here has */

/* A world of two lamps: the agent is rewarded for naming the one that is lit, which changes by a fixed pattern. */
static int live(arq_agent *agent, int first, int steps)
{
    int failed = 0;
    for (int step = first; step < first + steps && !failed; step++) {
        int32_t action = 0, lit = step / 3 % 2, next = (step + 1) / 3 % 2;
        failed = arq_agent_act(agent, &action) ||
                 arq_agent_observe(agent, ARQ_ACTION_CHOSEN, action == lit, &next, 0, 0, NULL);
    }
    return failed;
}

/* Counts the tensors of two networks and those that differ. */
static void compare(const arq_network *a, const arq_network *b, uint32_t *tensors, uint32_t *different)
{
    static float of_a[VALUES], of_b[VALUES];
    const char *name = NULL;
    uint32_t rows = 0, columns = 0;
    while (arq_network_tensor(a, *tensors, &name, &rows, &columns) == ARQ_OK) {
        size_t count = (size_t)rows * (columns == 0 ? 1 : columns);
        int read = arq_network_read(a, name, of_a, count) == ARQ_OK && arq_network_read(b, name, of_b, count) == ARQ_OK;
        *different += !read || memcmp(of_a, of_b, count * sizeof(float)) != 0;
        ++*tensors;
    }
}

int main(void)
{
    arq_context *context = NULL;
    arq_config *config = NULL;
    arq_agent *first = NULL, *second = NULL;
    arq_network *network = NULL;
    int32_t lit = 0;
    uint32_t tensors = 0, different = 0;
    char text[512];

    int failed = arq_context_create(ARQ_ABI_VERSION, NULL, &context) || arq_config_create(context, "small", &config) ||
                 arq_config_set(config, "widths", "16,8,8") || arq_config_set(config, "learning_starts", "200") ||
                 arq_agent_create(context, config, ARQ_OBSERVATION_DISCRETE, 2, 2, &first) ||
                 arq_agent_create(context, config, ARQ_OBSERVATION_DISCRETE, 2, 2, &second) ||
                 arq_agent_begin(first, &lit) || live(first, 0, 1000) || arq_agent_save(first, FILE_NAME) ||
                 arq_agent_load(second, FILE_NAME) || live(first, 1000, 1000) || live(second, 1000, 1000) ||
                 arq_network_open(context, FILE_NAME, &network);
    if (failed) {
        arq_context_last_error(context, text, sizeof(text));
        puts(text);
    } else {
        compare(arq_agent_network(first), arq_agent_network(second), &tensors, &different);
        printf("after 1000 more steps each: %u weight tensors, %u of them differ\n", tensors, different);
        printf("the file opens as a network of %u cells\n", arq_network_cells(network));
    }
    arq_network_destroy(network);
    arq_agent_destroy(second);
    arq_agent_destroy(first);
    arq_config_destroy(config);
    arq_context_destroy(context);
    return failed;
}
