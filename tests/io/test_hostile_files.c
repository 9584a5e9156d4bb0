/*
 * Every tensor and every text of every kind of file, set to what a liar would write: it is refused with the value and
 * the range and nothing changes, or the handle that took it works on.
 */
#include "arq/arq.h"
#include "io/safetensors.h"
#include "test_support.h"

#include <float.h>
#include <math.h>

enum { INPUTS = 5, ACTIONS = 3, BATCH = 4, CAPACITY = 24, WINDOW_MOST = 3 };

static const struct attacked_kind {
    const char *name;
    int32_t observation;
    const char *settings[8][2];
} kinds[] = {
    {"arq", ARQ_OBSERVATION_BIT, {{"network", "arq"}, {"widths", "6,5"}, {"heads", "1"}, {"context_size", "2"}}},
    {"ad", ARQ_OBSERVATION_DISCRETE, {{"network", "ad"}, {"widths", "4"}, {"quantiles", "2"}, {"context_size", "0"}}},
    {"dqn", ARQ_OBSERVATION_F32, {{"network", "dqn"}, {"widths", "5"}}},
    {"ff-dqn", ARQ_OBSERVATION_F64, {{"network", "ff-dqn"}, {"widths", "5"}, {"ff_update_probability", "1"}}},
};
#define KINDS ((int)(sizeof(kinds) / sizeof(kinds[0])))

/* One of each handle that has files, ready to load any of them. */
typedef struct scene {
    test_memory memory;
    test_folder folder;
    arq_context *context;
    int32_t kind;
    uint64_t t; /* makes observations */
    arq_agent *agent;
    arq_network *network;
    arq_learner *learner;
    arq_replay *replay;
    arq_cell *cell;
} scene;

/* Works on with numbers that may have been a liar's: they may diverge, but no more than that. */
static void works(const scene *s, arq_status status)
{
    ck_assert_msg(status == ARQ_OK || status == ARQ_E_DIVERGED, "%s", test_error(s->context));
}

static const void *observe(scene *s)
{
    static _Alignas(8) unsigned char observation[INPUTS * sizeof(double)];
    for (int i = 0; i < INPUTS; i++) {
        unsigned value = (unsigned)((s->t * 7 + (unsigned)i * 5) % 3);
        if (s->kind == ARQ_OBSERVATION_F64) {
            ((double *)(void *)observation)[i] = value;
        } else if (s->kind == ARQ_OBSERVATION_F32) {
            ((float *)(void *)observation)[i] = (float)value;
        } else if (i == 0 && s->kind == ARQ_OBSERVATION_DISCRETE) {
            *(int32_t *)(void *)observation = (int32_t)value;
        } else if (i == 0) {
            observation[0] = (unsigned char)(1 + value);
        }
    }
    s->t++;
    return observation;
}

/* ---- What each handle does with its life ---- */

static void use_agent(scene *s)
{
    int32_t action;
    for (int step = 0; step < 16; step++) {
        arq_status status = arq_agent_act(s->agent, &action);
        if (status == ARQ_E_ORDER) {
            ck_assert_ok(s->context, arq_agent_begin(s->agent, observe(s)));
            status = arq_agent_act(s->agent, &action);
        }
        ck_assert_ok(s->context, status);
        ck_assert(action >= 0 && action < ACTIONS);
        works(s, arq_agent_observe(s->agent, action, 1, observe(s), step % 7 == 6, step % 5 == 4, NULL));
    }
}

static void use_network(scene *s)
{
    arq_activations *activations;
    int32_t action;
    ck_assert_ok(s->context, arq_activations_create(s->network, 1, &activations));
    for (int step = 0; step < 5; step++) {
        ck_assert_ok(s->context, arq_network_act(s->network, activations, observe(s), &action));
        ck_assert(action >= 0 && action < ACTIONS);
    }
    arq_activations_destroy(activations);
}

static void use_learner(scene *s)
{
    _Alignas(8) unsigned char rows[BATCH * (WINDOW_MOST + 1) * INPUTS * sizeof(double)];
    int32_t actions[BATCH] = {0, 1, 2, 0};
    float rewards[BATCH] = {1, 0, -1, 0.5f};
    uint8_t terminated[BATCH] = {0, 1, 0, 0};
    size_t bytes = arq_observation_bytes(s->kind, INPUTS);
    uint32_t frames = arq_learner_window(s->learner) + 1;
    double value;
    ck_assert_uint_le(frames, WINDOW_MOST + 1);
    for (int update = 0; update < 4; update++) {
        for (size_t i = 0; i < BATCH * frames; i++) {
            memcpy(rows + i * bytes, observe(s), bytes);
        }
        works(s, arq_learner_update(s->learner, BATCH, rows, NULL, actions, rewards, terminated));
        ck_assert_ok(s->context, arq_learner_sync(s->learner));
    }
    ck_assert_ok(s->context, arq_learner_metric(s->learner, "loss", 0, &value));
}

static void use_replay(scene *s)
{
    _Alignas(8) unsigned char rows[CAPACITY * (WINDOW_MOST + 1) * INPUTS * sizeof(double)];
    int32_t lengths[CAPACITY], actions[CAPACITY];
    float rewards[CAPACITY];
    uint8_t terminated[CAPACITY];
    for (int step = 0; step < 2 * CAPACITY; step++) {
        uint64_t eligible = arq_replay_eligible(s->replay);
        ck_assert_uint_le(eligible, CAPACITY);
        if (eligible > 0) {
            ck_assert_ok(s->context, arq_replay_sample(s->replay, (uint32_t)eligible, step % 2, rows, lengths, actions,
                                                       rewards, terminated));
        }
        if (arq_replay_add(s->replay, step % ACTIONS, 1, observe(s), step % 7 == 6, 0) != ARQ_OK) {
            ck_assert_ok(s->context, arq_replay_begin(s->replay, observe(s)));
        }
    }
}

static void use_cell(scene *s)
{
    float x[BATCH * INPUTS], q[BATCH * ACTIONS];
    int32_t actions[BATCH] = {0, 1, 2, 0};
    float targets[BATCH] = {1, 0, -1, 0.5f};
    for (int i = 0; i < BATCH * INPUTS; i++) {
        x[i] = (float)(i % 4);
    }
    for (int update = 0; update < 3; update++) {
        ck_assert_ok(s->context, arq_cell_forward(s->cell, BATCH, x, NULL, NULL, q));
        works(s, arq_cell_update(s->cell, BATCH, x, actions, targets, NULL));
    }
}

/* ---- The kinds of files ---- */

static arq_status save_agent(scene *s, const char *path)
{
    return arq_agent_save(s->agent, path);
}

static arq_status load_agent(scene *s, const char *path)
{
    return arq_agent_load(s->agent, path);
}

static arq_status save_network(scene *s, const char *path)
{
    return arq_network_save(s->network, path);
}

/* Also as one that is made from the file, which may ask for anything. */
static arq_status load_network(scene *s, const char *path)
{
    arq_network *opened;
    if (arq_network_open(s->context, path, &opened) == ARQ_OK) {
        int32_t kind;
        uint32_t size;
        ck_assert_ok(s->context, arq_network_observation(opened, &kind, &size));
        if (kind == s->kind && size == INPUTS && arq_network_actions(opened) == ACTIONS) {
            scene other = *s;
            other.network = opened;
            use_network(&other);
        }
        arq_network_destroy(opened);
    }
    return arq_network_load(s->network, path);
}

static arq_status save_learner(scene *s, const char *path)
{
    return arq_learner_save(s->learner, path);
}

static arq_status load_learner(scene *s, const char *path)
{
    return arq_learner_load(s->learner, path);
}

static arq_status save_replay(scene *s, const char *path)
{
    return arq_replay_save(s->replay, path);
}

static arq_status load_replay(scene *s, const char *path)
{
    return arq_replay_load(s->replay, path);
}

static arq_status save_cell(scene *s, const char *path)
{
    return arq_cell_save(s->cell, path);
}

static arq_status load_cell(scene *s, const char *path)
{
    return arq_cell_load(s->cell, path);
}

typedef struct target {
    const char *name;
    arq_status (*save)(scene *s, const char *path);
    arq_status (*load)(scene *s, const char *path);
    void (*use)(scene *s);
} target;

static const target targets[] = {
    {"agent", save_agent, load_agent, use_agent},
    {"network", save_network, load_network, use_network},
    {"learner", save_learner, load_learner, use_learner},
    {"replay", save_replay, load_replay, use_replay},
    {"cell", save_cell, load_cell, use_cell},
};
#define TARGETS ((int)(sizeof(targets) / sizeof(targets[0])))

static void scene_create(scene *s, const struct attacked_kind *kind)
{
    static const char *const schedule[][2] = {
        {"batch", "4"},           {"train_period", "2"},     {"target_period", "6"},
        {"learning_starts", "4"}, {"replay_capacity", "24"}, {"exploration_steps", "20"},
    };
    arq_config *config, *plain;
    memset(s, 0, sizeof(*s));
    s->folder = test_folder_create();
    s->context = test_context(&s->memory);
    s->kind = kind->observation;
    ck_assert_ok(s->context, arq_config_create(s->context, NULL, &config));
    for (int i = 0; i < 8 && kind->settings[i][0] != NULL; i++) {
        ck_assert_ok(s->context, arq_config_set(config, kind->settings[i][0], kind->settings[i][1]));
    }
    for (size_t i = 0; i < sizeof(schedule) / sizeof(schedule[0]); i++) {
        ck_assert_ok(s->context, arq_config_set(config, schedule[i][0], schedule[i][1]));
    }
    ck_assert_ok(s->context, arq_agent_create(s->context, config, s->kind, INPUTS, ACTIONS, &s->agent));
    ck_assert_ok(s->context, arq_network_create(s->context, config, s->kind, INPUTS, ACTIONS, &s->network));
    ck_assert_ok(s->context, arq_learner_create(s->network, config, &s->learner));
    ck_assert_ok(s->context, arq_replay_create(s->context, s->kind, INPUTS, CAPACITY, WINDOW_MOST, 1, &s->replay));
    ck_assert_ok(s->context, arq_config_create(s->context, NULL, &plain));
    ck_assert_ok(s->context, arq_config_set(plain, "batch", "4"));
    ck_assert_ok(s->context, arq_cell_create(s->context, plain, INPUTS, 8, ACTIONS, &s->cell));
    arq_config_destroy(plain);
    arq_config_destroy(config);
    for (int i = 0; i < TARGETS; i++) {
        targets[i].use(s);
    }
}

static void scene_end(scene *s)
{
    arq_cell_destroy(s->cell);
    arq_replay_destroy(s->replay);
    arq_learner_destroy(s->learner);
    arq_network_destroy(s->network);
    arq_agent_destroy(s->agent);
    test_context_end(s->context, &s->memory);
    test_folder_remove(&s->folder);
}

/* ---- The attack ---- */

/* What is changed of a good file. */
typedef struct lie {
    const char *tensor; /* or NULL */
    const char *text;   /* or NULL */
    const char *value;  /* of the text; NULL: it is left out */
    const void *bytes;  /* of the tensor; NULL: it is left out */
    size_t size;        /* of one value */
    size_t first, count;
} lie;

static void write_lie(const scene *s, const arq_reader *good, const char *path, const lie *told)
{
    arq_writer *writer;
    const char *name, *value;
    const arq_tensor *tensor;
    unsigned char *changed = NULL;
    ck_assert_ok(s->context, arq_writer_create(s->context, &writer));
    for (size_t i = 0; arq_reader_text_at(good, i, &name, &value); i++) {
        int is_lie = told->text != NULL && strcmp(name, told->text) == 0;
        if (!is_lie || told->value != NULL) {
            ck_assert_ok(s->context, arq_writer_text(writer, name, is_lie ? told->value : value));
        }
    }
    for (size_t i = 0; (tensor = arq_reader_at(good, i, &name)) != NULL; i++) {
        const void *data = tensor->data;
        if (told->tensor != NULL && strcmp(name, told->tensor) == 0) {
            if (told->bytes == NULL) {
                continue;
            }
            changed = malloc(tensor->bytes);
            memcpy(changed, data, tensor->bytes);
            for (size_t j = 0; j < told->count; j++) {
                memcpy(changed + (told->first + j) * told->size, told->bytes, told->size);
            }
            data = changed;
        }
        ck_assert_ok(s->context, arq_writer_tensor(writer, name, tensor->dtype, tensor->rank, tensor->shape, data));
    }
    ck_assert_ok(s->context, arq_writer_commit(writer, path));
    arq_writer_destroy(writer);
    free(changed);
}

/* Tells the lie to the handle; returns whether it was taken. */
static int tell(scene *s, const target *it, const arq_reader *good, const lie *told)
{
    char path[600], good_path[600];
    snprintf(good_path, sizeof(good_path), "%s/good", s->folder.path);
    snprintf(path, sizeof(path), "%s/bad", s->folder.path);
    write_lie(s, good, path, told);
    ck_assert_ok(s->context, it->load(s, good_path));
    arq_status status = it->load(s, path);
    if (status == ARQ_OK) {
        it->use(s);
        return 1;
    }
    ck_assert_msg(status == ARQ_E_FORMAT || status == ARQ_E_SHAPE, "%s", test_error(s->context));
    ck_assert_msg(strstr(test_error(s->context), path) != NULL, "%s", test_error(s->context));
    char refusal[512];
    snprintf(refusal, sizeof(refusal), "%s", test_error(s->context));
    ck_assert_ok(s->context, it->save(s, path));
    test_bytes before = test_read_file(good_path), after = test_read_file(path);
    ck_assert_msg(before.count == after.count && memcmp(before.data, after.data, after.count) == 0,
                  "refused and yet changed: %s", refusal);
    free(before.data);
    free(after.data);
    arq_context_last_error(s->context, refusal, sizeof(refusal));
    return 0;
}

typedef union lie_value {
    uint8_t u8;
    int32_t i32;
    int64_t i64;
    uint64_t u64;
    float f32;
    double f64;
} lie_value;

/* Lies of a type; returns how many. */
static size_t lies_of(arq_dtype dtype, lie_value values[16], size_t *size)
{
    static const uint8_t bytes[] = {0, 1, 8, 0x80, 0xff};
    static const int32_t numbers[] = {-1, INT32_MIN, INT32_MAX, ACTIONS, 0};
    static const int64_t longs[] = {-1, INT64_MIN, INT64_MAX, INT64_C(1) << 32, 0};
    static const uint64_t naturals[] = {0, 1, 2, 3, 255, UINT64_C(1) << 32, UINT64_C(1) << 63, UINT64_MAX};
    static const float floats[] = {NAN, INFINITY, -INFINITY, -1, -FLT_TRUE_MIN, FLT_MAX, -FLT_MAX, 0};
    static const double doubles[] = {NAN, INFINITY, -INFINITY, -1, 2, DBL_MAX, 0};
    static const struct {
        const void *values;
        size_t size, count;
    } rows[] = {
        [ARQ_DTYPE_U8] = {bytes, 1, 5},     [ARQ_DTYPE_I32] = {numbers, 4, 5}, [ARQ_DTYPE_I64] = {longs, 8, 5},
        [ARQ_DTYPE_U64] = {naturals, 8, 8}, [ARQ_DTYPE_F32] = {floats, 4, 8},  [ARQ_DTYPE_F64] = {doubles, 8, 7},
    };
    *size = rows[dtype].size;
    for (size_t i = 0; i < rows[dtype].count; i++) {
        memcpy(&values[i], (const char *)rows[dtype].values + i * *size, *size);
    }
    return rows[dtype].count;
}

static int begins(const char *name, const char *with)
{
    return strncmp(name, with, strlen(with)) == 0;
}

/* Whether no file may say this: what would be computed with, indexed by, or never end. */
static int is_forbidden(const char *name, arq_dtype dtype, const lie_value *value, int everywhere)
{
    int is_random = strstr(name, "random") != NULL || strstr(name, "exploration") != NULL;
    if (dtype == ARQ_DTYPE_F32) {
        return !isfinite(value->f32) || (begins(name, "adam_v.") && value->f32 < 0);
    }
    if (dtype == ARQ_DTYPE_F64 && strcmp(name, "learner.beta_powers") == 0) {
        return !(value->f64 >= 0 && value->f64 <= 1);
    }
    if (dtype == ARQ_DTYPE_I32 && strcmp(name, "replay.actions") == 0) {
        return value->i32 < 0 || value->i32 >= ACTIONS;
    }
    if (dtype == ARQ_DTYPE_I64) {
        return value->i64 < 0 || value->i64 > UINT32_MAX;
    }
    if (dtype == ARQ_DTYPE_U64 && is_random) {
        return everywhere && value->u64 == 0;
    }
    return dtype == ARQ_DTYPE_U64 && value->u64 > UINT64_C(1) << 53;
}

/* One value, at the first, a middle, the last place and everywhere. */
static int tell_value(scene *s, const target *it, const arq_reader *good, const char *name, const arq_tensor *tensor,
                      const lie_value *value, size_t size)
{
    size_t count = tensor->bytes / size;
    const size_t firsts[] = {0, count / 2, count - 1, 0};
    int taken = 0;
    for (int place = 0; place < 4 && count > 0; place++) {
        int everywhere = place == 3;
        lie told = {.tensor = name, .bytes = value, .size = size, .first = firsts[place]};
        told.count = everywhere ? count : 1;
        int was_taken = tell(s, it, good, &told);
        ck_assert_msg(!was_taken || !is_forbidden(name, tensor->dtype, value, everywhere),
                      "%s: '%s' was taken with a value of type %d that no file may have", it->name, name,
                      (int)tensor->dtype);
        taken += was_taken;
    }
    return taken;
}

static void attack_tensors(scene *s, const target *it, const arq_reader *good)
{
    const char *name;
    const arq_tensor *tensor;
    int taken = 0;
    for (size_t i = 0; (tensor = arq_reader_at(good, i, &name)) != NULL; i++) {
        lie_value values[16];
        size_t size;
        size_t count = lies_of(tensor->dtype, values, &size);
        for (size_t j = 0; j < count; j++) {
            taken += tell_value(s, it, good, name, tensor, &values[j], size);
        }
        const lie left_out = {.tensor = name};
        int may_lack = begins(name, "learner.metric.") || strcmp(name, "learner.fit") == 0; /* older files do */
        ck_assert_msg(tell(s, it, good, &left_out) == may_lack, "%s without '%s'", it->name, name);
    }
    ck_assert_int_gt(taken, 0);
}

static void attack_texts(scene *s, const target *it, const arq_reader *good)
{
    static const char *const values[] = {NULL, "", "x", "-1", "0", "1", "2", "99999999999999999999", "nan", "arq"};
    const char *name, *own;
    for (size_t i = 0; arq_reader_text_at(good, i, &name, &own); i++) {
        for (size_t j = 0; j < sizeof(values) / sizeof(values[0]); j++) {
            const lie told = {.text = name, .value = values[j]};
            int taken = tell(s, it, good, &told);
            ck_assert_msg(!taken || strcmp(name, "kind") != 0, "%s was taken as a '%s'", it->name,
                          values[j] == NULL ? "" : values[j]);
        }
    }
}

START_TEST(lies_are_refused_or_harmless)
{
    scene s;
    const target *it = &targets[_i % TARGETS];
    arq_reader *good;
    scene_create(&s, &kinds[_i / TARGETS]);
    ck_assert_ok(s.context, it->save(&s, test_path(&s.folder, "good")));
    ck_assert_ok(s.context, it->load(&s, s.folder.file)); /* an action that was chosen is chosen again */
    ck_assert_ok(s.context, it->save(&s, s.folder.file));
    ck_assert_ok(s.context, arq_reader_open(s.context, s.folder.file, &good));
    attack_tensors(&s, it, good);
    attack_texts(&s, it, good);
    arq_reader_close(good);
    scene_end(&s);
}
END_TEST

/* ---- What a refusal says ---- */

static void refuses(scene *s, const target *it, const char *tensor, const void *bytes, size_t size, size_t count,
                    const char *words)
{
    arq_reader *good;
    const lie told = {.tensor = tensor, .bytes = bytes, .size = size, .first = 0, .count = count};
    ck_assert_ok(s->context, it->save(s, test_path(&s->folder, "good")));
    ck_assert_ok(s->context, arq_reader_open(s->context, s->folder.file, &good));
    write_lie(s, good, test_path(&s->folder, "bad"), &told);
    ck_assert_fails(s->context, it->load(s, s->folder.file), ARQ_E_FORMAT, words);
    arq_reader_close(good);
}

START_TEST(a_refusal_has_the_value_and_the_range)
{
    const int32_t action = 7;
    const float minus = -1;
    const uint64_t zero = 0, two = 2, most = UINT64_MAX;
    const int64_t minus_one = -1;
    const double above = 1.5;
    const uint8_t spare = 0xff;
    scene s;
    scene_create(&s, &kinds[0]);
    const target *agent = &targets[0];
    refuses(&s, agent, "replay.actions", &action, sizeof(action), 1,
            "value 0 of 'replay.actions' is 7; accepted: 0 .. 2");
    refuses(&s, agent, "adam_v.cell0.fc_h.kernel", &minus, sizeof(minus), 1,
            "value 0 of 'adam_v.cell0.fc_h.kernel' is -1; accepted: 0 or more");
    refuses(&s, agent, "agent.exploration", &zero, sizeof(zero), 4, "'agent.exploration' is all 0");
    refuses(&s, agent, "learner.random", &zero, sizeof(zero), 4, "'learner.random' is all 0");
    refuses(&s, agent, "agent.counters", &most, sizeof(most), 1, "accepted: 0 .. 9007199254740992");
    refuses(&s, agent, "agent.counters", &two, sizeof(two), 4, "open of 'agent.counters' is 2; accepted: 0 .. 1");
    refuses(&s, agent, "agent.observation", &spare, 1, 1, "'agent.observation': the last byte is 0xff");
    refuses(&s, agent, "learner.beta_powers", &above, sizeof(above), 1,
            "beta1^updates of 'learner.beta_powers' is 1.5; accepted: 0 .. 1");
    refuses(&s, agent, "learner.low_spread", &minus_one, sizeof(minus_one), 1, "is -1; accepted: 0 .. 4294967295");
    scene_end(&s);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hostile files");
    TCase *test = tcase_create("hostile files");
    if (access("/dev/shm", R_OK | W_OK | X_OK) == 0) {
        setenv("TMPDIR", "/dev/shm", 0); /* memory: saving waits for the disk each time */
    }
    tcase_set_timeout(test, 240);
    tcase_add_loop_test(test, lies_are_refused_or_harmless, 0, KINDS * TARGETS);
    tcase_add_test(test, a_refusal_has_the_value_and_the_range);
    suite_add_tcase(suite, test);
    return test_run(suite);
}
