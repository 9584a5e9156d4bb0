/*
 * Files that released versions wrote still open, and what was read from them goes on as it did then. With
 * `--write FOLDER` this program makes such files, and `expected.txt` with what comes of going on.
 */
#include "life.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GOES_ON 50 /* steps or updates behind a file */
#define BATCH 4u   /* as in the settings below */
#define WINDOW_MOST 8

static const char *write_folder; /* NULL: read the fixtures */

/* One network of each kind, of each kind of observation. */
static const struct made_kind {
    const char *name;
    const char *settings;
    int32_t observation;
} kinds[] = {
    {"arq", "network=arq widths=8,6 heads=2 context_size=3 learning_rate=0.01 context_on_explore=true ",
     ARQ_OBSERVATION_BIT},
    {"ad", "network=ad widths=7,5 quantiles=3 heads=1 context_size=2 learning_rate=0.01 window_padding=zero-context ",
     ARQ_OBSERVATION_U8},
    {"dqn", "network=dqn widths=9,6 learning_rate=0.01 ", ARQ_OBSERVATION_F32},
    {"ff-dqn", "network=ff-dqn widths=9,6 ff_update_probability=0.5 learning_rate=0.01 ", ARQ_OBSERVATION_F64},
};
#define KINDS (sizeof(kinds) / sizeof kinds[0])
#define SCHEDULE "batch=4 train_period=2 target_period=10 learning_starts=8 replay_capacity=40 exploration_steps=60 "

/* What the library was given at step t, whatever came before: files say nothing of the world. */
static void look(uint64_t t, int32_t kind, void *observation)
{
    uint64_t random = (t + 1) * UINT64_C(0x9e3779b97f4a7c15);
    for (uint32_t i = 0; i < INPUTS; i++) {
        unsigned value = (unsigned)(next_random(&random) >> 60);
        if (kind == ARQ_OBSERVATION_F64) {
            ((double *)observation)[i] = value / 4.0;
        } else if (kind == ARQ_OBSERVATION_F32) {
            ((float *)observation)[i] = (float)value / 4;
        } else if (kind == ARQ_OBSERVATION_U8) {
            ((uint8_t *)observation)[i] = (uint8_t)value;
        } else if (i == 0) {
            ((uint8_t *)observation)[0] = (uint8_t)(value & 7) | 8;
        }
    }
}

static int ends(uint64_t t)
{
    return t % 13 == 12;
}

/* ---- What is compared ---- */

static FILE *expected_file(const char *mode)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/expected.txt", write_folder != NULL ? write_folder : ARQ_RELEASED_FILES);
    FILE *file = fopen(path, mode);
    ck_assert_msg(file != NULL, "%s", path);
    return file;
}

/* Writes down what came of a file, or compares with what was written down. */
static void holds(const char *name, uint64_t hash)
{
    char line[128];
    char want[128];
    int found = 0;
    snprintf(want, sizeof want, "%s %016llx\n", name, (unsigned long long)hash);
    FILE *file = expected_file(write_folder != NULL ? "a" : "r");
    if (write_folder != NULL) {
        fputs(want, file);
        found = 1;
    }
    while (!found && fgets(line, sizeof line, file) != NULL) {
        found = strcmp(line, want) == 0;
    }
    fclose(file);
    ck_assert_msg(found, "'%.*s' is not what the release that wrote it came to", (int)strlen(want) - 1, want);
}

static const char *path_of(const char *thing, const char *name)
{
    static char paths[2][1024];
    static unsigned next;
    char *path = paths[next++ % 2];
    snprintf(path, sizeof paths[0], "%s/%s%s", write_folder != NULL ? write_folder : ARQ_RELEASED_FILES, thing, name);
    return path;
}

/* ---- Networks and learners ---- */

static arq_config *config_of(struct host *host, size_t kind, int seed)
{
    char settings[512];
    snprintf(settings, sizeof settings, "%s" SCHEDULE "seed=%d", kinds[kind].settings, seed);
    return configured(host, settings);
}

/* An update by rows that depend on t alone. */
static void learn(struct host *host, arq_learner *learner, size_t kind, uint64_t t)
{
    int32_t observation = kinds[kind].observation;
    size_t bytes = arq_observation_bytes(observation, INPUTS);
    uint32_t frames = arq_learner_window(learner) + 1;
    _Alignas(8) unsigned char observations[BATCH * (WINDOW_MOST + 1) * INPUTS * sizeof(double)];
    int32_t lengths[BATCH], actions[BATCH];
    float rewards[BATCH];
    uint8_t terminated[BATCH];
    ck_assert_uint_le(frames, WINDOW_MOST + 1);
    for (uint32_t b = 0; b < BATCH; b++) {
        for (uint32_t i = 0; i < frames; i++) {
            look(1000 + t * 100 + b * 10 + i, observation, observations + (b * frames + i) * bytes);
        }
        lengths[b] = 1 + (int32_t)((t + b) % (frames - 1));
        actions[b] = (int32_t)((t + b) % ACTIONS);
        rewards[b] = (float)((t + b) % 2);
        terminated[b] = (t + b) % 5 == 0;
    }
    succeeds(host, arq_learner_update(learner, BATCH, observations, lengths, actions, rewards, terminated));
}

static uint64_t hash_metrics(struct host *host, const arq_learner *learner, uint64_t hash)
{
    static const char *const names[] = {"updates", "loss", "q",    "target_q",  "td_error",
                                        "spread",  "dead", "zero", "collapsed", "skipped"};
    for (uint32_t cell = 0; cell < 2; cell++) {
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
            double value;
            succeeds(host, arq_learner_metric(learner, names[i], cell, &value));
            if (value == value) { /* a metric that was never computed has no one bit pattern */
                hash = hash_bytes(hash, &value, sizeof value);
            }
        }
    }
    return hash;
}

/* What a network says along some episodes. */
static uint64_t hash_acting(struct host *host, const arq_network *network, int32_t kind)
{
    _Alignas(8) unsigned char observation[INPUTS * sizeof(double)];
    uint64_t hash = hash_network(host, network);
    arq_activations *activations;
    float q[ACTIONS];
    succeeds(host, arq_activations_create(network, 1, &activations));
    for (uint64_t t = 0; t < GOES_ON; t++) {
        look(t, kind, observation);
        succeeds(host, arq_network_q(network, activations, observation, q));
        hash = hash_bytes(hash, q, sizeof q);
        succeeds(host, ends(t) ? arq_activations_begin(activations, 0) : arq_activations_advance(activations, 0));
    }
    arq_activations_destroy(activations);
    return hash;
}

START_TEST(networks_and_learners)
{
    struct host host;
    host_open(&host);
    for (size_t kind = 0; kind < KINDS; kind++) {
        arq_config *config = config_of(&host, kind, write_folder != NULL ? 1 : 2);
        arq_network *network;
        arq_learner *learner;
        char name[64];
        snprintf(name, sizeof name, "%s.safetensors", kinds[kind].name);
        succeeds(&host, arq_network_create(host.context, config, kinds[kind].observation, INPUTS, ACTIONS, &network));
        succeeds(&host, arq_learner_create(network, config, &learner));
        if (write_folder != NULL) {
            for (uint64_t t = 0; t < 15; t++) {
                learn(&host, learner, kind, t);
                succeeds(&host, t % 4 == 3 ? arq_learner_sync(learner) : ARQ_OK);
            }
            succeeds(&host, arq_network_save(network, path_of("network_", name)));
            succeeds(&host, arq_learner_save(learner, path_of("learner_", name)));
        } else {
            arq_network *opened;
            succeeds(&host, arq_network_open(host.context, path_of("network_", name), &opened));
            succeeds(&host, arq_network_load(network, path_of("network_", name)));
            ck_assert_uint_eq(hash_network(&host, opened), hash_network(&host, network));
            arq_network_destroy(opened);
            succeeds(&host, arq_learner_load(learner, path_of("learner_", name)));
        }
        snprintf(name, sizeof name, "network_%s", kinds[kind].name);
        holds(name, hash_acting(&host, network, kinds[kind].observation));
        snprintf(name, sizeof name, "learner_%s", kinds[kind].name);
        uint64_t hash = hash_metrics(&host, learner, HASH_START);
        for (uint64_t t = 0; t < GOES_ON; t++) {
            learn(&host, learner, kind, 15 + t);
            succeeds(&host, t % 4 == 3 ? arq_learner_sync(learner) : ARQ_OK);
            hash = hash_metrics(&host, learner, hash);
        }
        holds(name, hash ^ hash_network(&host, network));
        arq_learner_destroy(learner);
        arq_network_destroy(network);
        arq_config_destroy(config);
    }
    host_close(&host);
}
END_TEST

/* ---- Agents: saved in the middle of an episode, an action chosen and the replay full ---- */

static uint64_t agent_lives(struct host *host, arq_agent *agent, int32_t kind, uint64_t from, uint64_t to)
{
    _Alignas(8) unsigned char observation[INPUTS * sizeof(double)];
    uint64_t hash = HASH_START;
    for (uint64_t t = from; t < to; t++) {
        int32_t action;
        uint32_t events;
        double loss;
        if (t == 0 || ends(t - 1)) {
            look(t, kind, observation);
            succeeds(host, arq_agent_begin(agent, observation));
        }
        succeeds(host, arq_agent_act(agent, &action));
        look(t + 1, kind, observation);
        succeeds(host,
                 arq_agent_observe(agent, action, action == (int32_t)(t % ACTIONS), observation, ends(t), 0, &events));
        succeeds(host, arq_agent_metric(agent, "loss", 0, &loss));
        hash = hash_bytes(hash, &action, sizeof action);
        hash = hash_bytes(hash, &events, sizeof events);
        hash = loss == loss ? hash_bytes(hash, &loss, sizeof loss) : hash;
    }
    return hash;
}

START_TEST(agents)
{
    struct host host;
    host_open(&host);
    for (size_t kind = 0; kind < KINDS; kind++) {
        enum { SAVED_AT = 60 }; /* 13 * 4 + 8: within an episode, its window full */
        arq_config *config = config_of(&host, kind, 1);
        arq_agent *agent;
        char name[64];
        int32_t action;
        double count;
        int32_t observation = kinds[kind].observation;
        snprintf(name, sizeof name, "%s.safetensors", kinds[kind].name);
        succeeds(&host, arq_agent_create(host.context, config, observation, INPUTS, ACTIONS, &agent));
        if (write_folder != NULL) {
            agent_lives(&host, agent, observation, 0, SAVED_AT);
            succeeds(&host, arq_agent_act(agent, &action));
            succeeds(&host, arq_agent_save(agent, path_of("agent_", name)));
        } else {
            succeeds(&host, arq_agent_load(agent, path_of("agent_", name)));
        }
        succeeds(&host, arq_agent_metric(agent, "steps", 0, &count));
        ck_assert_double_eq(count, SAVED_AT);
        succeeds(&host, arq_agent_metric(agent, "replay_size", 0, &count));
        ck_assert_double_eq(count, 40);
        uint64_t hash = agent_lives(&host, agent, observation, SAVED_AT, SAVED_AT + GOES_ON);
        snprintf(name, sizeof name, "agent_%s", kinds[kind].name);
        holds(name, hash ^ hash_network(&host, arq_agent_network(agent)));
        arq_agent_destroy(agent);
        arq_config_destroy(config);
    }
    host_close(&host);
}
END_TEST

/* ---- A replay ---- */

static uint64_t replay_lives(struct host *host, arq_replay *replay, int32_t kind, uint64_t from, uint64_t to)
{
    enum { WINDOW = 4 };
    _Alignas(8) unsigned char observation[INPUTS * sizeof(double)];
    _Alignas(8) unsigned char observations[BATCH * (WINDOW + 1) * INPUTS * sizeof(double)];
    int32_t lengths[BATCH], actions[BATCH];
    float rewards[BATCH];
    uint8_t terminated[BATCH];
    uint64_t hash = HASH_START;
    for (uint64_t t = from; t < to; t++) {
        if (t == 0 || ends(t - 1)) {
            look(t, kind, observation);
            succeeds(host, arq_replay_begin(replay, observation));
        }
        look(t + 1, kind, observation);
        succeeds(host, arq_replay_add(replay, (int32_t)(t % ACTIONS), (double)(t % 3), observation, ends(t), 0));
        if (arq_replay_eligible(replay) >= BATCH) {
            succeeds(host,
                     arq_replay_sample(replay, BATCH, t % 2 == 0, observations, lengths, actions, rewards, terminated));
            hash = hash_bytes(hash, observations, BATCH * (WINDOW + 1) * arq_observation_bytes(kind, INPUTS));
            hash = hash_bytes(hash, lengths, sizeof lengths);
            hash = hash_bytes(hash, actions, sizeof actions);
            hash = hash_bytes(hash, rewards, sizeof rewards);
            hash = hash_bytes(hash, terminated, sizeof terminated);
        }
    }
    return hash;
}

START_TEST(replays)
{
    struct host host;
    host_open(&host);
    for (size_t kind = 0; kind < KINDS; kind++) {
        enum { SAVED_AT = 60 };
        int32_t observation = kinds[kind].observation;
        arq_replay *replay;
        char name[64];
        snprintf(name, sizeof name, "kind%d.safetensors", observation);
        succeeds(&host,
                 arq_replay_create(host.context, observation, INPUTS, 40, 4, write_folder != NULL ? 5 : 6, &replay));
        if (write_folder != NULL) {
            replay_lives(&host, replay, observation, 0, SAVED_AT);
            succeeds(&host, arq_replay_save(replay, path_of("replay_", name)));
        } else {
            succeeds(&host, arq_replay_load(replay, path_of("replay_", name)));
        }
        ck_assert_uint_eq(arq_replay_size(replay), 40);
        snprintf(name, sizeof name, "replay_kind%d", observation);
        holds(name, replay_lives(&host, replay, observation, SAVED_AT, SAVED_AT + GOES_ON));
        arq_replay_destroy(replay);
    }
    host_close(&host);
}
END_TEST

/* ---- A single cell ---- */

START_TEST(cells)
{
    struct host host;
    host_open(&host);
    arq_config *config = configured(&host, "batch=4 heads=2 learning_rate=0.01");
    arq_cell *cell;
    float x[BATCH * INPUTS], q[BATCH * ACTIONS], targets[BATCH], loss;
    int32_t actions[BATCH];
    uint64_t hash = HASH_START;
    succeeds(&host, arq_cell_create(host.context, config, INPUTS, 8, ACTIONS, &cell));
    for (uint64_t t = write_folder != NULL ? 0 : 15; t < 15 + GOES_ON; t++) {
        if (t == 15) {
            const char *path = path_of("cell", ".safetensors");
            succeeds(&host, write_folder != NULL ? arq_cell_save(cell, path) : arq_cell_load(cell, path));
            hash = HASH_START;
        }
        for (uint32_t b = 0; b < BATCH; b++) {
            look(t * BATCH + b, ARQ_OBSERVATION_F32, x + (size_t)b * INPUTS);
            actions[b] = (int32_t)((t + b) % ACTIONS);
            targets[b] = (float)((t + b) % 2);
        }
        succeeds(&host, arq_cell_forward(cell, BATCH, x, NULL, NULL, q));
        succeeds(&host, arq_cell_update(cell, BATCH, x, actions, targets, &loss));
        hash = hash_bytes(hash, q, sizeof q);
        hash = hash_bytes(hash, &loss, sizeof loss);
    }
    holds("cell", hash);
    arq_cell_destroy(cell);
    arq_config_destroy(config);
    host_close(&host);
}
END_TEST

/* ---- States of environments that compute without the system's libm ---- */

static uint64_t env_lives(struct host *host, arq_env *env, uint64_t from, uint64_t to)
{
    uint64_t hash = HASH_START;
    _Alignas(8) unsigned char observation[256];
    const arq_env_spec *spec = arq_env_describe(env);
    size_t bytes = arq_observation_bytes(spec->observation_kind, spec->observation_size);
    ck_assert_uint_le(bytes, sizeof observation);
    for (uint64_t t = from; t < to; t++) {
        uint64_t random = (t + 1) * UINT64_C(0x9e3779b97f4a7c15);
        double reward;
        int32_t terminated, truncated;
        int32_t action = (int32_t)((next_random(&random) >> 33) % spec->action_count);
        succeeds(host, arq_env_step(env, action, observation, &reward, &terminated, &truncated));
        hash = hash_bytes(hash, observation, bytes);
        hash = hash_bytes(hash, &reward, sizeof reward);
        hash = hash_bytes(hash, &terminated, sizeof terminated);
        if (terminated || truncated) {
            succeeds(host, arq_env_reset(env, NULL, observation));
            hash = hash_bytes(hash, observation, bytes);
        }
    }
    return hash;
}

START_TEST(environments)
{
    static const char *const ids[] = {"minatar/breakout", "minatar/seaquest", "classic/frozenlake"};
    struct host host;
    host_open(&host);
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        enum { SAVED_AT = 17 };
        _Alignas(8) unsigned char observation[256];
        const uint64_t seed = write_folder != NULL ? 3 : 4;
        const char *name = strchr(ids[i], '/') + 1;
        size_t size = 0;
        arq_env *env;
        succeeds(&host, arq_env_open(host.context, ids[i], &env));
        succeeds(&host, arq_env_reset(env, &seed, observation));
        const char *path = path_of(name, ".bin");
        if (write_folder != NULL) {
            env_lives(&host, env, 0, SAVED_AT);
            succeeds(&host, arq_env_save(env, NULL, 0, &size));
            unsigned char *state = malloc(size);
            succeeds(&host, arq_env_save(env, state, size, &size));
            file_write(path, state, size);
            free(state);
        } else {
            unsigned char *state = file_bytes(path, &size);
            succeeds(&host, arq_env_load(env, state, size));
            free(state);
        }
        holds(name, env_lives(&host, env, SAVED_AT, SAVED_AT + GOES_ON));
        arq_env_destroy(env);
    }
    host_close(&host);
}
END_TEST

int main(int count, char **words)
{
    const TTest *const tests[] = {networks_and_learners, agents, replays, cells, environments};
    if (count == 3 && strcmp(words[1], "--write") == 0) {
        write_folder = words[2];
    }
    return RUN_TESTS("files of 0.1", tests);
}
