/*
 * Every tensor and every text of every kind of file, set to what a liar would write: it is refused with the value and
 * the range and nothing changes, or the handle that took it works on.
 */
#include "../support/handles.h"
#include "../support/lies.h"
#include "../support/require.h"
#include "arq/arq.h"
#include "test_support.h"

#include <math.h>

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
    handles own;
} scene;

void require_fail(const arq_context *context, const char *what, const char *file, int line)
{
    ck_abort_msg("%s:%d: %s: %s", file, line, what, test_error(context));
}

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
    s->own = (handles){.context = s->context, .observation = kind->observation, .steps = 16};
    ck_assert_ok(s->context, arq_config_create(s->context, NULL, &config));
    for (int i = 0; i < 8 && kind->settings[i][0] != NULL; i++) {
        ck_assert_ok(s->context, arq_config_set(config, kind->settings[i][0], kind->settings[i][1]));
    }
    for (size_t i = 0; i < sizeof(schedule) / sizeof(schedule[0]); i++) {
        ck_assert_ok(s->context, arq_config_set(config, schedule[i][0], schedule[i][1]));
    }
    ck_assert_ok(s->context, arq_agent_create(s->context, config, s->own.observation, INPUTS, ACTIONS, &s->own.agent));
    ck_assert_ok(s->context,
                 arq_network_create(s->context, config, s->own.observation, INPUTS, ACTIONS, &s->own.network));
    ck_assert_ok(s->context, arq_learner_create(s->own.network, config, &s->own.learner));
    ck_assert_ok(s->context,
                 arq_replay_create(s->context, s->own.observation, INPUTS, CAPACITY, WINDOW_MOST, 1, &s->own.replay));
    ck_assert_ok(s->context, arq_config_create(s->context, NULL, &plain));
    ck_assert_ok(s->context, arq_config_set(plain, "batch", "4"));
    ck_assert_ok(s->context, arq_cell_create(s->context, plain, INPUTS, 8, ACTIONS, &s->own.cell));
    arq_config_destroy(plain);
    arq_config_destroy(config);
    for (int i = 0; i < HANDLE_FILES; i++) {
        handle_files[i].use(&s->own);
    }
}

static void scene_end(scene *s)
{
    handles_end(&s->own);
    test_context_end(s->context, &s->memory);
    test_folder_remove(&s->folder);
}

/* ---- The attack ---- */

/* Tells the lie to the handle; returns whether it was taken. */
static int tell(scene *s, const handle_file *it, const arq_reader *good, const lie *told)
{
    char path[600], good_path[600];
    snprintf(good_path, sizeof(good_path), "%s/good", s->folder.path);
    snprintf(path, sizeof(path), "%s/bad", s->folder.path);
    lie_write(good, path, told);
    ck_assert_ok(s->context, it->load(&s->own, good_path));
    arq_status status = it->load(&s->own, path);
    if (status == ARQ_OK) {
        it->use(&s->own);
        return 1;
    }
    ck_assert_msg(status == ARQ_E_FORMAT || status == ARQ_E_SHAPE, "%s", test_error(s->context));
    ck_assert_msg(strstr(test_error(s->context), path) != NULL, "%s", test_error(s->context));
    char refusal[512];
    snprintf(refusal, sizeof(refusal), "%s", test_error(s->context));
    ck_assert_ok(s->context, it->save(&s->own, path));
    test_bytes before = test_read_file(good_path), after = test_read_file(path);
    ck_assert_msg(before.count == after.count && memcmp(before.data, after.data, after.count) == 0,
                  "refused and yet changed: %s", refusal);
    free(before.data);
    free(after.data);
    arq_context_last_error(s->context, refusal, sizeof(refusal));
    return 0;
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
static int tell_value(scene *s, const handle_file *it, const arq_reader *good, const char *name,
                      const arq_tensor *tensor, const lie_value *value, size_t size)
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

static void attack_tensors(scene *s, const handle_file *it, const arq_reader *good)
{
    const char *name;
    const arq_tensor *tensor;
    int taken = 0;
    for (size_t i = 0; (tensor = arq_reader_at(good, i, &name)) != NULL; i++) {
        lie_value values[LIES_MOST];
        size_t size;
        size_t count = lies_of(tensor->dtype, ACTIONS, values, &size);
        for (size_t j = 0; j < count; j++) {
            taken += tell_value(s, it, good, name, tensor, &values[j], size);
        }
        const lie left_out = {.tensor = name};
        ck_assert_msg(tell(s, it, good, &left_out) == lie_may_lack(name), "%s without '%s'", it->name, name);
    }
    ck_assert_int_gt(taken, 0);
}

static void attack_texts(scene *s, const handle_file *it, const arq_reader *good)
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
    const handle_file *it = &handle_files[_i % HANDLE_FILES];
    arq_reader *good;
    scene_create(&s, &kinds[_i / HANDLE_FILES]);
    ck_assert_ok(s.context, it->save(&s.own, test_path(&s.folder, "good")));
    ck_assert_ok(s.context, it->load(&s.own, s.folder.file)); /* an action that was chosen is chosen again */
    ck_assert_ok(s.context, it->save(&s.own, s.folder.file));
    ck_assert_ok(s.context, arq_reader_open(s.context, s.folder.file, &good));
    attack_tensors(&s, it, good);
    attack_texts(&s, it, good);
    arq_reader_close(good);
    scene_end(&s);
}
END_TEST

/* ---- What a refusal says ---- */

static void refuses(scene *s, const handle_file *it, const char *tensor, const void *bytes, size_t size, size_t count,
                    const char *words)
{
    arq_reader *good;
    const lie told = {.tensor = tensor, .bytes = bytes, .size = size, .first = 0, .count = count};
    ck_assert_ok(s->context, it->save(&s->own, test_path(&s->folder, "good")));
    ck_assert_ok(s->context, arq_reader_open(s->context, s->folder.file, &good));
    lie_write(good, test_path(&s->folder, "bad"), &told);
    ck_assert_fails(s->context, it->load(&s->own, s->folder.file), ARQ_E_FORMAT, words);
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
    const handle_file *agent = &handle_files[FILE_AGENT];
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
    tcase_add_loop_test(test, lies_are_refused_or_harmless, 0, KINDS * HANDLE_FILES);
    tcase_add_test(test, a_refusal_has_the_value_and_the_range);
    suite_add_tcase(suite, test);
    return run_suite(suite);
}
