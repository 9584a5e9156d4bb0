/* A program that knows only what is installed: an agent learns a game of a plugin. C and C++ compile it. */
#include <arq/arq.h>

#include <stdio.h>

#define STEPS 300

static int failed(const arq_context *context, const char *what)
{
    char text[512];

    arq_context_last_error(context, text, sizeof(text));
    fprintf(stderr, "%s: %s\n", what, text);
    return 1;
}

static int play(arq_env *env, arq_agent *agent)
{
    unsigned char observation[4096];
    double reward;
    int32_t action, terminated = 1, truncated = 0;

    for (int step = 0; step < STEPS; step++) {
        if (terminated || truncated) {
            if (arq_env_reset(env, NULL, observation) != ARQ_OK || arq_agent_begin(agent, observation) != ARQ_OK) {
                return 0;
            }
        }
        if (arq_agent_act(agent, &action) != ARQ_OK ||
            arq_env_step(env, action, observation, &reward, &terminated, &truncated) != ARQ_OK ||
            arq_agent_observe(agent, action, reward, observation, terminated, truncated, NULL) != ARQ_OK) {
            return 0;
        }
    }
    return 1;
}

int main(int count, char **arguments)
{
    arq_context *context = NULL;
    arq_config *config = NULL;
    arq_env *env = NULL;
    arq_agent *agent = NULL;
    double updates = 0;

    if (arq_context_create(ARQ_ABI_VERSION, NULL, &context) != ARQ_OK) {
        return failed(NULL, "context");
    }
    if ((count > 1 && arq_plugin_load(context, arguments[1]) != ARQ_OK) ||
        arq_env_open(context, "minatar/breakout", &env) != ARQ_OK) {
        return failed(context, "environment");
    }
    const arq_env_spec *spec = arq_env_describe(env);
    if (arq_observation_bytes(spec->observation_kind, spec->observation_size) > 4096) {
        return failed(context, "observation");
    }
    if (arq_config_create(context, NULL, &config) != ARQ_OK || arq_config_set(config, "widths", "16") != ARQ_OK ||
        arq_config_set(config, "heads", "2") != ARQ_OK || arq_config_set(config, "batch", "16") != ARQ_OK ||
        arq_config_set(config, "learning_starts", "100") != ARQ_OK ||
        arq_agent_create(context, config, spec->observation_kind, spec->observation_size, spec->action_count, &agent) !=
            ARQ_OK) {
        return failed(context, "agent");
    }
    if (!play(env, agent) || arq_agent_metric(agent, "updates", 0, &updates) != ARQ_OK) {
        return failed(context, "playing");
    }
    printf("%s: %d steps of minatar/breakout, %d updates\n", arq_version(), STEPS, (int)updates);
    arq_agent_destroy(agent);
    arq_config_destroy(config);
    arq_env_destroy(env);
    arq_context_destroy(context);
    return updates > 0 ? 0 : 1;
}
