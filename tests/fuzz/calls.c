/*
 * Public calls in any order, on a few handles of each kind, which are made, lent, used, saved, loaded and destroyed as
 * the bytes say. A call may refuse; it must not break a promise: no crash, no leak, a text for every refusal.
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const arq_plugin *arq_classic_plugin(uint32_t abi_version);

enum { SIZE = 3, ACTIONS = 2, ROWS = 4, MOST_CALLS = 200, SLOTS = 2 };

/* The bytes that say what happens next; zeros behind their end. */
typedef struct script {
    const uint8_t *data;
    size_t size, place;
} script;

typedef struct stage {
    script script;
    arq_context *context;
    arq_config *config;
    arq_network *network[SLOTS];
    arq_activations *activations[SLOTS];
    arq_learner *learner[SLOTS];
    arq_network *taught[SLOTS]; /* whose learner it is */
    arq_agent *agent[SLOTS];
    uint32_t instances[SLOTS];
    arq_replay *replay[SLOTS];
    arq_env *env[SLOTS];
    arq_run *run; /* in env[0] */
} stage;

static uint8_t next(stage *s)
{
    return s->script.place < s->script.size ? s->script.data[s->script.place++] : 0;
}

static uint8_t below(stage *s, uint8_t limit)
{
    return (uint8_t)(next(s) % limit);
}

/* Whatever is refused, there is a text about it. */
static arq_status said(const stage *s, arq_status status)
{
    char text[4];
    REQUIRE(s->context, status == ARQ_OK || (status < 0 && status > ARQ_E_CALLER));
    /* Where no handle was given the call had no context to tell. */
    REQUIRE(s->context, status == ARQ_OK || arq_context_last_error(s->context, text, sizeof(text)) > 0 ||
                            arq_context_last_error(NULL, text, sizeof(text)) > 0);
    return status;
}

/* Mostly good observations, and now and then bytes that mean nothing. */
static const uint8_t *observe(stage *s)
{
    static uint8_t observation[ROWS * SIZE];
    for (size_t i = 0; i < sizeof(observation); i++) {
        observation[i] = (uint8_t)(next(s) & 3);
    }
    return observation;
}

static const char *file_path(stage *s)
{
    static char path[300];
    static const char *const names[] = {"a", "b", "c"};
    snprintf(path, sizeof(path), "%s/%s", fuzz_folder(), names[below(s, 3)]);
    return path;
}

static double number(stage *s)
{
    static const double numbers[] = {0, 1, -1, 0.5, 1e30, -1e30, 3.4e38, 1e39, 1e-40, 1e300};
    return numbers[below(s, sizeof(numbers) / sizeof(numbers[0]))];
}

/* ---- Configs, networks, activations ---- */

static void set_parameter(stage *s)
{
    static const char *const settings[][2] = {
        {"network", "arq"},
        {"network", "ad"},
        {"network", "dqn"},
        {"network", "ff-dqn"},
        {"widths", "2"},
        {"widths", "3,2"},
        {"heads", "1"},
        {"batch", "1"},
        {"batch", "3"},
        {"train_period", "1"},
        {"target_period", "2"},
        {"learning_starts", "0"},
        {"replay_capacity", "20"},
        {"experience", "rollout"},
        {"experience", "replay"},
        {"rollout", "3"},
        {"epochs", "2"},
        {"minibatches_per_step", "1"},
        {"context_size", "0"},
        {"context_size", "2"},
        {"gamma", "1"},
        {"learning_rate", "1"},
        {"clip", "0"},
        {"loss", "huber"},
        {"double_q", "false"},
        {"goodness", "mean"},
        {"epsilon_start", "0"},
        {"context_on_explore", "true"},
        {"layer_norm", "true"},
        {"quantiles", "2"},
        {"total_steps", "40"},
        {"batch", "0"},
    };
    const char *const *setting = settings[below(s, sizeof(settings) / sizeof(settings[0]))];
    said(s, arq_config_set(s->config, setting[0], setting[1]));
}

static void make_network(stage *s)
{
    int slot = below(s, SLOTS);
    if (s->network[slot] == NULL) {
        said(s, arq_network_create(s->context, s->config, ARQ_OBSERVATION_U8, SIZE, ACTIONS, &s->network[slot]));
    }
}

static void copy_network(stage *s)
{
    int slot = below(s, SLOTS);
    if (s->network[slot] != NULL && s->network[1 - slot] == NULL) {
        said(s, arq_network_copy(s->network[slot], &s->network[1 - slot]));
    }
}

static void end_network(stage *s)
{
    int slot = below(s, SLOTS);
    for (int i = 0; i < SLOTS; i++) {
        if (s->learner[i] != NULL && s->taught[i] == s->network[slot]) {
            arq_learner_destroy(s->learner[i]); /* it goes before its network */
            s->learner[i] = NULL;
        }
    }
    arq_network_destroy(s->network[slot]);
    s->network[slot] = NULL;
}

static void network_file(stage *s)
{
    arq_network *network = s->network[below(s, SLOTS)];
    int slot = below(s, SLOTS);
    switch (below(s, 3)) {
    case 0:
        said(s, arq_network_save(network, file_path(s)));
        break;
    case 1:
        said(s, arq_network_load(network, file_path(s)));
        break;
    default:
        if (s->network[slot] == NULL) {
            said(s, arq_network_open(s->context, file_path(s), &s->network[slot]));
        }
    }
}

static void make_activations(stage *s)
{
    int slot = below(s, SLOTS);
    arq_activations_destroy(s->activations[slot]);
    s->activations[slot] = NULL;
    said(s, arq_activations_create(s->network[below(s, SLOTS)], 1 + below(s, 2), &s->activations[slot]));
}

static void act(stage *s)
{
    int32_t actions[ROWS];
    float q[ROWS * ACTIONS];
    const arq_network *network = s->network[below(s, SLOTS)];
    arq_activations *activations = s->activations[below(s, SLOTS)];
    if (below(s, 2) == 0) {
        said(s, arq_network_act(network, activations, observe(s), actions));
    } else {
        said(s, arq_network_q(network, activations, observe(s), q));
    }
}

/* ---- Learners ---- */

static void make_learner(stage *s)
{
    int slot = below(s, SLOTS);
    if (s->learner[slot] == NULL) {
        s->taught[slot] = s->network[below(s, SLOTS)];
        said(s, arq_learner_create(s->taught[slot], s->config, &s->learner[slot]));
    }
}

static void learn(stage *s)
{
    arq_learner *learner = s->learner[below(s, SLOTS)];
    static uint8_t rows[ROWS * 16 * SIZE];
    int32_t actions[ROWS];
    int32_t lengths[ROWS];
    float rewards[ROWS];
    uint8_t terminated[ROWS];
    uint32_t window = arq_learner_window(learner);
    if (window == 0 || window > 15) {
        return;
    }
    for (size_t i = 0; i < sizeof(rows); i++) {
        rows[i] = (uint8_t)(i * 37 & 3);
    }
    for (int i = 0; i < ROWS; i++) {
        actions[i] = (int32_t)below(s, ACTIONS + 1) - (next(s) == 7);
        lengths[i] = (int32_t)below(s, (uint8_t)(window + 2));
        rewards[i] = (float)number(s);
        terminated[i] = below(s, 3);
    }
    said(s, arq_learner_update(learner, below(s, ROWS + 1), rows, below(s, 2) == 0 ? NULL : lengths, actions, rewards,
                               terminated));
}

static void learner_file(stage *s)
{
    arq_learner *learner = s->learner[below(s, SLOTS)];
    switch (below(s, 4)) {
    case 0:
        said(s, arq_learner_save(learner, file_path(s)));
        break;
    case 1:
        said(s, arq_learner_load(learner, file_path(s)));
        break;
    default:
        said(s, arq_learner_sync(learner));
    }
}

static void end_learner(stage *s)
{
    int slot = below(s, SLOTS);
    arq_learner_destroy(s->learner[slot]);
    s->learner[slot] = NULL;
}

/* ---- Agents ---- */

static void make_agent(stage *s)
{
    int slot = below(s, SLOTS);
    if (s->agent[slot] == NULL) {
        s->instances[slot] = 1 + below(s, 3);
        said(s, arq_agent_create_many(s->context, s->config, ARQ_OBSERVATION_U8, SIZE, ACTIONS, s->instances[slot],
                                      &s->agent[slot]));
    }
}

static void end_agent(stage *s)
{
    int slot = below(s, SLOTS);
    arq_agent_destroy(s->agent[slot]);
    s->agent[slot] = NULL;
}

static void begin(stage *s)
{
    arq_agent *agent = s->agent[below(s, SLOTS)];
    uint8_t mask[ROWS] = {next(s) & 1, next(s) & 1, next(s) & 1, 0};
    said(s, arq_agent_begin_many(agent, below(s, 2) == 0 ? NULL : mask, observe(s)));
}

/* Acts and says what came of it, unless a byte skips one of the two. */
static void step(stage *s)
{
    arq_agent *agent = s->agent[below(s, SLOTS)];
    int32_t actions[ROWS] = {0};
    double rewards[ROWS];
    int32_t terminated[ROWS], truncated[ROWS];
    uint32_t events;
    uint8_t what = next(s);
    if (what != 1) {
        said(s, arq_agent_act_many(agent, NULL, actions));
    }
    for (int i = 0; i < ROWS; i++) {
        rewards[i] = number(s);
        terminated[i] = below(s, 8) == 1;
        truncated[i] = below(s, 8) == 1;
    }
    actions[0] = what == 3 ? (int32_t)next(s) : actions[0];
    if (what != 2) {
        said(s, arq_agent_observe_many(agent, NULL, actions, rewards, observe(s), terminated, truncated, &events));
    }
}

/* The same again and again, as agents live. */
static void steps(stage *s)
{
    uint8_t seen[ROWS * SIZE] = {1, 2, 3};
    arq_agent *agent = s->agent[below(s, SLOTS)];
    for (int i = next(s) & 31; i > 0; i--) {
        int32_t actions[ROWS];
        const double rewards[ROWS] = {1, 0, -1, 0};
        const int32_t ends[ROWS] = {i % 7 == 3, i % 5 == 2, 0, 0};
        const int32_t none[ROWS] = {0};
        if (arq_agent_act_many(agent, NULL, actions) == ARQ_E_ORDER) {
            said(s, arq_agent_begin_many(agent, NULL, seen));
        } else {
            said(s, arq_agent_observe_many(agent, NULL, NULL, rewards, seen, ends, none, NULL));
        }
        seen[i % (int)sizeof(seen)]++;
    }
}

static void agent_file(stage *s)
{
    arq_agent *agent = s->agent[below(s, SLOTS)];
    if (below(s, 2) == 0) {
        said(s, arq_agent_save(agent, file_path(s)));
    } else {
        said(s, arq_agent_load(agent, file_path(s)));
    }
}

/* ---- Replays ---- */

static void make_replay(stage *s)
{
    int slot = below(s, SLOTS);
    arq_replay_destroy(s->replay[slot]);
    s->replay[slot] = NULL;
    said(s,
         arq_replay_create(s->context, ARQ_OBSERVATION_U8, SIZE, 1 + below(s, 12), below(s, 4), 1, &s->replay[slot]));
}

static void fill_replay(stage *s)
{
    arq_replay *replay = s->replay[below(s, SLOTS)];
    for (int i = next(s) & 15; i >= 0; i--) {
        if (said(s, arq_replay_add(replay, i, number(s), observe(s), below(s, 8) == 1, below(s, 8) == 1)) != ARQ_OK) {
            said(s, arq_replay_begin(replay, observe(s)));
        }
    }
}

static void draw(stage *s)
{
    static uint8_t rows[ROWS * 5 * SIZE];
    int32_t lengths[ROWS], actions[ROWS];
    float rewards[ROWS];
    uint8_t terminated[ROWS];
    said(s, arq_replay_sample(s->replay[below(s, SLOTS)], below(s, ROWS + 1), next(s) & 1, rows, lengths, actions,
                              rewards, terminated));
}

static void replay_file(stage *s)
{
    arq_replay *replay = s->replay[below(s, SLOTS)];
    if (below(s, 2) == 0) {
        said(s, arq_replay_save(replay, file_path(s)));
    } else {
        said(s, arq_replay_load(replay, file_path(s)));
    }
}

/* ---- Environments and runs ---- */

static void open_env(stage *s)
{
    static const char *const ids[] = {"classic/frozenlake", "classic/frozenlake|time_limit=3", "classic/cartpole",
                                      "a/b"};
    int slot = below(s, SLOTS);
    if (s->env[slot] == NULL) {
        said(s, arq_env_open(s->context, ids[below(s, 4)], &s->env[slot]));
    }
}

static void end_env(stage *s)
{
    arq_env_destroy(s->env[1]);
    s->env[1] = NULL;
}

static void play_env(stage *s)
{
    static _Alignas(8) uint8_t seen[64];
    arq_env *env = s->env[below(s, SLOTS)];
    double reward;
    int32_t terminated, truncated;
    uint64_t seed = next(s);
    if (below(s, 3) == 0) {
        said(s, arq_env_reset(env, seed == 0 ? NULL : &seed, seen));
    }
    for (int i = next(s) & 7; i > 0; i--) {
        said(s, arq_env_step(env, below(s, 5), seen, &reward, &terminated, &truncated));
    }
}

static void env_state(stage *s)
{
    static uint8_t state[4096];
    static size_t size;
    arq_env *env = s->env[below(s, SLOTS)];
    if (below(s, 2) == 0) {
        size_t needed = 0;
        size = 0;
        if (said(s, arq_env_save(env, state, below(s, 2) == 0 ? sizeof(state) : next(s), &needed)) == ARQ_OK) {
            size = needed;
        }
    } else {
        said(s, arq_env_load(env, state, size));
    }
}

static void make_run(stage *s)
{
    if (s->run == NULL) {
        said(s, arq_run_create(s->context, s->config, s->env[0], &s->run));
    }
}

static void end_run(stage *s)
{
    arq_run_destroy(s->run);
    s->run = NULL;
    if (next(s) & 1) {
        arq_env_destroy(s->env[0]);
        s->env[0] = NULL;
    }
}

static void advance(stage *s)
{
    uint64_t done;
    double value;
    said(s, arq_run_advance(s->run, next(s) & 31, &done));
    said(s, arq_run_metric(s->run, "loss", 0, &value));
}

static void run_folder(stage *s)
{
    if (below(s, 2) == 0) {
        said(s, arq_run_save(s->run, fuzz_folder()));
    } else {
        said(s, arq_run_load(s->run, fuzz_folder()));
    }
}

static void evaluate(stage *s)
{
    double returns[2];
    uint64_t lengths[2];
    said(s, arq_evaluate(s->context, s->run == NULL ? NULL : arq_agent_network(arq_run_agent(s->run)), s->env[1], 1,
                         0.1, 2, 9, NULL, returns, lengths));
}

static void (*const calls[])(stage *) = {
    set_parameter, set_parameter, make_network, copy_network, end_network, network_file, make_activations,
    act,           make_learner,  learn,        learner_file, end_learner, make_agent,   end_agent,
    begin,         step,          steps,        steps,        agent_file,  make_replay,  fill_replay,
    draw,          replay_file,   open_env,     end_env,      play_env,    env_state,    make_run,
    end_run,       advance,       run_folder,   evaluate,
};

static void end_all(stage *s)
{
    arq_run_destroy(s->run);
    for (int i = 0; i < SLOTS; i++) {
        arq_env_destroy(s->env[i]);
        arq_replay_destroy(s->replay[i]);
        arq_agent_destroy(s->agent[i]);
        arq_learner_destroy(s->learner[i]);
        arq_activations_destroy(s->activations[i]);
    }
    for (int i = 0; i < SLOTS; i++) {
        arq_network_destroy(s->network[i]);
    }
    arq_config_destroy(s->config);
    fuzz_context_end(s->context);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    stage s = {.script = {data, size, 0}, .context = fuzz_context()};
    REQUIRE_OK(s.context, arq_plugin_register(s.context, arq_classic_plugin));
    s.config = fuzz_config(s.context, "widths=2 heads=1 batch=2 train_period=2 target_period=4 learning_starts=3 "
                                      "replay_capacity=30 context_size=1 total_steps=60");
    for (const char *name = "a"; name != NULL; name = *name == 'a' ? "b" : *name == 'b' ? "c" : NULL) {
        fuzz_write(name, NULL, 0); /* of the input before */
    }
    for (int i = 0; i < MOST_CALLS && s.script.place < size; i++) {
        calls[below(&s, sizeof(calls) / sizeof(calls[0]))](&s);
    }
    end_all(&s);
    return 0;
}

void fuzz_seeds(void (*emit)(const uint8_t *data, size_t size))
{
    /* By index of `calls`: an agent lives and is saved and loaded; a network learns; a run is saved and goes on. */
    static const uint8_t agent[] = {12, 0, 0, 16, 0, 31, 18, 0, 0, 0, 16, 0, 31, 18, 0, 1, 0, 17, 0, 31, 13, 0};
    static const uint8_t learner[] = {2, 0, 8, 0,  0, 9, 0, 0,  0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1,
                                      0, 3, 0, 10, 0, 0, 0, 10, 0, 1, 0, 6, 0, 0, 0, 7, 0, 0, 0, 1, 2, 3};
    static const uint8_t run[] = {23, 0, 0, 27, 29, 31, 30, 0, 29, 31, 30, 1, 29, 31, 23, 1, 1, 31, 28, 0};
    static const uint8_t replay[] = {19, 0, 9, 1,  20, 0, 15, 1,  1, 2, 3, 0,  0, 1, 1, 2,
                                     3,  0, 0, 21, 0,  2, 0,  22, 0, 0, 0, 22, 0, 1, 0};
    emit(agent, sizeof(agent));
    emit(learner, sizeof(learner));
    emit(run, sizeof(run));
    emit(replay, sizeof(replay));
}
