/*
 * An agent that is saved, and a second one that takes the file over, go on the same way, bit for bit. Prints:
 *   after 1000 more steps each: 18 weight tensors, 0 of them differ
 *   the file opens as a network of 3 cells
 */
#include <arq/agent.h>
#include <stdio.h>
#include <string.h>

#define PATH "agent.safetensors"

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

int main(void)
{
    arq_context *context = NULL;
    arq_config *config = NULL;
    arq_agent *saved = NULL, *loaded = NULL;
    arq_network *network = NULL;
    const char *name = NULL;
    uint32_t tensors = 0, different = 0, rows = 0, columns = 0;
    static float a[65536], b[65536]; /* more values than any tensor here has */
    char text[512];

    int failed = arq_context_create(ARQ_ABI_VERSION, NULL, &context) || arq_config_create(context, "small", &config) ||
                 arq_config_set(config, "widths", "16,8,8") || arq_config_set(config, "learning_starts", "200") ||
                 arq_agent_create(context, config, ARQ_OBSERVATION_DISCRETE, 2, 2, &saved) ||
                 arq_agent_create(context, config, ARQ_OBSERVATION_DISCRETE, 2, 2, &loaded) ||
                 arq_agent_begin(saved, &(int32_t){0}) || live(saved, 0, 1000) || arq_agent_save(saved, PATH) ||
                 arq_agent_load(loaded, PATH) || live(saved, 1000, 1000) || live(loaded, 1000, 1000) ||
                 arq_network_open(context, PATH, &network);
    for (; !failed && arq_network_tensor(network, tensors, &name, &rows, &columns) == ARQ_OK; tensors++) {
        size_t count = (size_t)rows * (columns == 0 ? 1 : columns);
        failed = arq_network_read(arq_agent_network(saved), name, a, count) ||
                 arq_network_read(arq_agent_network(loaded), name, b, count);
        different += memcmp(a, b, count * sizeof(float)) != 0;
    }
    arq_context_last_error(context, text, sizeof(text));
    failed ? puts(text)
           : printf("after 1000 more steps each: %u weight tensors, %u of them differ\n", tensors, different);
    failed ? 0 : printf("the file opens as a network of %u cells\n", arq_network_cells(network));
    arq_network_destroy(network);
    arq_agent_destroy(loaded);
    arq_agent_destroy(saved);
    arq_config_destroy(config);
    arq_context_destroy(context);
    return failed;
}
