/* The network kind that docs/add-a-network.md adds, through the public interface: made by name, refused what it has no
 * use for, taught, saved and opened again. */
#include <arq/arq.h>

#include <stdio.h>
#include <string.h>

#define BATCH 16
#define VALUES 3
#define ACTIONS 2

static int fail(const arq_context *context, const char *what)
{
    char text[512] = "";
    arq_context_last_error(context, text, sizeof(text));
    fprintf(stderr, "%s: %s\n", what, text);
    return 1;
}

/* Q(s, a) = s_a, which a linear network can learn: the loss must fall to a thousandth. */
static int learns(const arq_context *context, arq_learner *learner)
{
    float observations[BATCH][2][VALUES], rewards[BATCH];
    int32_t actions[BATCH];
    uint8_t terminated[BATCH];
    double first = 0, loss = 0;
    for (int b = 0; b < BATCH; b++) {
        for (int i = 0; i < VALUES; i++) {
            observations[b][0][i] = observations[b][1][i] = (float)((b * 7 + i * 5) % BATCH) / BATCH;
        }
        actions[b] = b % ACTIONS;
        rewards[b] = observations[b][0][actions[b]];
        terminated[b] = 1;
    }
    for (int update = 0; update < 2000; update++) {
        if (arq_learner_update(learner, BATCH, observations, NULL, actions, rewards, terminated) != ARQ_OK ||
            arq_learner_metric(learner, "loss", 0, &loss) != ARQ_OK) {
            return !fail(context, "update");
        }
        first = update == 0 ? loss : first;
    }
    printf("linear: loss %g at first, %g after 2000 updates\n", first, loss);
    return loss > 0 && loss < 1e-3 * first;
}

/* What a preset sets for other kinds is passed over: the weights are those of one layer. */
static int every_preset_serves_it(arq_context *context)
{
    const char *preset;
    for (uint32_t i = 0; (preset = arq_preset_name(i)) != NULL; i++) {
        arq_config *config = NULL;
        arq_network *network = NULL;
        const char *name;
        uint32_t rows = 0, columns = 0;
        int good = arq_config_create(context, preset, &config) == ARQ_OK &&
                   arq_config_set(config, "network", "linear") == ARQ_OK &&
                   arq_network_create(context, config, ARQ_OBSERVATION_F32, VALUES, ACTIONS, &network) == ARQ_OK &&
                   arq_network_tensor(network, 0, &name, &rows, &columns) == ARQ_OK && rows == VALUES &&
                   columns == ACTIONS;
        arq_network_destroy(network);
        arq_config_destroy(config);
        if (!good) {
            fprintf(stderr, "preset %s: %u x %u weights\n", preset, rows, columns);
            return 0;
        }
    }
    return 1;
}

static int refuses_widths(arq_context *context, arq_config *config)
{
    char text[512];
    arq_network *network;
    if (arq_config_set(config, "widths", "64") != ARQ_OK ||
        arq_network_create(context, config, ARQ_OBSERVATION_F32, VALUES, ACTIONS, &network) != ARQ_E_UNSUPPORTED) {
        return 0;
    }
    arq_context_last_error(context, text, sizeof(text));
    printf("%s\n", text);
    return strstr(text, "widths") != NULL && strstr(text, "linear") != NULL;
}

/* The same bits of Q in a network from the file. */
static int survives_a_file(arq_context *context, const arq_network *network)
{
    const float observation[VALUES] = {0.25f, -0.5f, 1};
    float q[2][ACTIONS] = {{0}};
    char kind[16] = "";
    arq_network *opened = NULL;
    arq_activations *activations[2] = {NULL, NULL};
    int good = arq_network_save(network, "linear.safetensors") == ARQ_OK &&
               arq_network_open(context, "linear.safetensors", &opened) == ARQ_OK &&
               arq_network_parameter(opened, "network", kind, sizeof(kind)) == ARQ_OK &&
               arq_activations_create(network, 1, &activations[0]) == ARQ_OK &&
               arq_activations_create(opened, 1, &activations[1]) == ARQ_OK &&
               arq_network_q(network, activations[0], observation, q[0]) == ARQ_OK &&
               arq_network_q(opened, activations[1], observation, q[1]) == ARQ_OK && strcmp(kind, "linear") == 0 &&
               memcmp(q[0], q[1], sizeof(q[0])) == 0;
    arq_activations_destroy(activations[0]);
    arq_activations_destroy(activations[1]);
    arq_network_destroy(opened);
    return good;
}

int main(void)
{
    arq_context *context = NULL;
    arq_config *config = NULL;
    arq_network *network = NULL;
    arq_learner *learner = NULL;
    int failed = arq_context_create(ARQ_ABI_VERSION, NULL, &context) != ARQ_OK ||
                 arq_config_create(context, NULL, &config) != ARQ_OK ||
                 arq_config_set(config, "network", "linear") != ARQ_OK ||
                 arq_config_set(config, "learning_rate", "0.01") != ARQ_OK ||
                 arq_network_create(context, config, ARQ_OBSERVATION_F32, VALUES, ACTIONS, &network) != ARQ_OK ||
                 arq_learner_create(network, config, &learner) != ARQ_OK;
    failed = failed ? fail(context, "create") : 0;
    failed = failed || (!learns(context, learner) && fail(context, "it does not learn"));
    failed = failed || (!survives_a_file(context, network) && fail(context, "the file is not the network"));
    failed = failed || (!every_preset_serves_it(context) && fail(context, "a preset does not serve it"));
    failed = failed || (!refuses_widths(context, config) && fail(context, "widths are not refused"));
    arq_learner_destroy(learner);
    arq_network_destroy(network);
    arq_config_destroy(config);
    arq_context_destroy(context);
    return failed;
}
