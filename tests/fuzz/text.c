/* Texts: ids of environments, and parameters by name. READER says which. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

const arq_plugin *arq_classic_plugin(uint32_t abi_version);
const arq_plugin *arq_minatar_plugin(uint32_t abi_version);

enum { IDS, PARAMETERS };

static void play(const arq_context *context, arq_env *env)
{
    static _Alignas(8) unsigned char observation[4096];
    const arq_env_spec *spec = arq_env_describe(env);
    double reward;
    int32_t terminated, truncated;
    uint64_t seed = 1;
    REQUIRE(context, arq_observation_bytes(spec->observation_kind, spec->observation_size) <= sizeof(observation));
    REQUIRE_OK(context, arq_env_reset(env, &seed, observation));
    if (spec->action_kind == ARQ_ACTION_DISCRETE) {
        for (int32_t step = 0; step < 5; step++) {
            REQUIRE_OK(context, arq_env_step(env, step % (int32_t)spec->action_count, observation, &reward, &terminated,
                                             &truncated));
            if (terminated || truncated) {
                return;
            }
        }
    }
}

static void try_id(const char *text)
{
    if (strstr(text, ".so") != NULL) {
        return; /* an id that loads a file of this machine is no function of the input alone */
    }
    arq_context *context = fuzz_context();
    arq_env *env;
    arq_env_batch *batch;
    REQUIRE_OK(context, arq_plugin_register(context, arq_classic_plugin));
    REQUIRE_OK(context, arq_plugin_register(context, arq_minatar_plugin));
    arq_status status = arq_env_open(context, text, &env);
    if (status == ARQ_OK) {
        play(context, env);
    }
    REQUIRE(context, (status == ARQ_OK) == (env != NULL));
    arq_env_destroy(env);
    arq_status of_batch = arq_env_batch_open(context, text, 2, &batch);
    REQUIRE(context, of_batch == status);
    arq_env_batch_destroy(batch);
    fuzz_context_end(context);
}

/* Lines of name=value. What is accepted is given back as a text that means the same. */
static void try_parameters(char *text)
{
    arq_context *context = fuzz_context();
    arq_config *config =
        fuzz_config(context, "widths=3 heads=1 batch=2 replay_capacity=40 learning_starts=0 train_period=1");
    char *rest = text;
    for (char *line = strtok_r(rest, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        char *value = strchr(line, '=');
        char before[300], after[300];
        if (value == NULL) {
            continue;
        }
        *value++ = '\0';
        if (arq_config_set(config, line, value) == ARQ_OK) {
            REQUIRE_OK(context, arq_config_get(config, line, before, sizeof(before)));
            REQUIRE_OK(context, arq_config_set(config, line, before));
            REQUIRE_OK(context, arq_config_get(config, line, after, sizeof(after)));
            REQUIRE(context, strcmp(before, after) == 0);
        }
    }
    arq_agent *agent;
    uint8_t observation[3] = {1, 0, 2};
    int32_t action;
    if (arq_agent_create(context, config, ARQ_OBSERVATION_U8, 3, 2, &agent) == ARQ_OK) {
        REQUIRE_OK(context, arq_agent_begin(agent, observation));
        for (int step = 0; step < 3; step++) {
            REQUIRE_OK(context, arq_agent_act(agent, &action));
            arq_status status = arq_agent_observe(agent, action, 1, observation, 0, 0, NULL);
            REQUIRE(context, status == ARQ_OK || status == ARQ_E_DIVERGED || status == ARQ_E_NOMEM);
            if (status != ARQ_OK) {
                break;
            }
        }
    }
    arq_agent_destroy(agent);
    arq_config_destroy(config);
    fuzz_context_end(context);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    REQUIRE(NULL, text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    if (READER == IDS) {
        try_id(text);
    } else {
        try_parameters(text);
    }
    free(text);
    return 0;
}

void fuzz_seeds(void (*emit)(const uint8_t *data, size_t size))
{
    static const char *const ids[] = {"minatar/breakout?sticky=0.5&ramping=false",
                                      "classic/cartpole|time_limit=5",
                                      "classic/frozenlake",
                                      "minatar/seaquest|time_limit=9|time_limit=3",
                                      "classic/mountaincar|bang_bang",
                                      "minatar/asterix#x",
                                      "a/b"};
    static const char *const parameters[] = {
        "widths=2,2\nheads=1\ncontext_size=1\nbatch=2\nreplay_capacity=30\nlearning_starts=0\ntrain_period=1",
        "network=dqn\nwidths=3\nbatch=1\nreplay_capacity=9\nlearning_rate=1e-3\ntau=0.5",
        "network=ff-dqn\nwidths=2\nff_normalise=hidden\nbatch=2\nreplay_capacity=9",
        "network=ad\nwidths=2\nquantiles=3\nbatch=1\nreplay_capacity=99\ncontext_on_explore=auto",
        "experience=rollout\nwidths=2\nheads=1\nrollout=2\nepochs=2\nminibatches_per_step=1\nbatch=1"};
    const char *const *texts = READER == IDS ? ids : parameters;
    size_t count = READER == IDS ? sizeof(ids) / sizeof(ids[0]) : sizeof(parameters) / sizeof(parameters[0]);
    for (size_t i = 0; i < count; i++) {
        emit((const uint8_t *)texts[i], strlen(texts[i]));
    }
}
