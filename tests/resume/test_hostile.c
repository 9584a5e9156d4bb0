/*
 * Every tensor and every text of a checkpoint, set to what a liar would write: it is refused and nothing changes, or
 * the run that took it goes on.
 */
#include "life.h"

#include "io/safetensors.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct story {
    uint32_t instances;
    const char *settings;
} stories[] = {
    {1,
     "widths=5,4 heads=1 context_size=2 batch=4 learning_starts=4 train_period=2 target_period=6 replay_capacity=24"},
    {2, "network=ad quantiles=2 experience=rollout rollout=12 batch=4 minibatches_per_step=1 widths=5,4 heads=1"},
};
#define STORIES ((int)(sizeof(stories) / sizeof(stories[0])))

typedef struct scene {
    struct host host;
    life life;
    arq_reader *good;
    char folder[512], file[600], other[512], other_file[600];
    unsigned char *bytes; /* what the run saves after it has taken the good file */
    size_t size;
} scene;

static void set_up(scene *s, const struct story *story)
{
    tale told = {NULL, 0};
    host_open(&s->host);
    s->bytes = NULL;
    strcpy(s->folder, temporary_file("folder"));
    strcpy(s->other, temporary_file("other"));
    snprintf(s->file, sizeof(s->file), "%s/run.safetensors", s->folder);
    snprintf(s->other_file, sizeof(s->other_file), "%s/run.safetensors", s->other);
    life_open(&s->host, "classic/cartpole", story->instances, story->settings, &s->life);
    life_advance(&s->host, &s->life, 60, &told);
    free(told.text);
    succeeds(&s->host, arq_run_save(s->life.run, s->folder));
    succeeds(&s->host, arq_reader_open(s->host.context, s->file, &s->good));
}

static void tear_down(scene *s)
{
    arq_reader_close(s->good);
    free(s->bytes);
    life_close(&s->life);
    host_close(&s->host);
}

/* What is changed of a good file: a text, or values of a tensor. */
typedef struct lie {
    const char *text, *value; /* value NULL: it is left out */
    const char *tensor;
    const void *bytes; /* NULL: it is left out */
    size_t size, first, count;
} lie;

static void write_lie(scene *s, const lie *told)
{
    arq_writer *writer;
    const char *name;
    const char *value;
    const arq_tensor *tensor;
    unsigned char *changed = NULL;
    succeeds(&s->host, arq_writer_create(s->host.context, &writer));
    for (size_t i = 0; arq_reader_text_at(s->good, i, &name, &value); i++) {
        int is_lie = told->text != NULL && strcmp(name, told->text) == 0;
        if (!is_lie || told->value != NULL) {
            succeeds(&s->host, arq_writer_text(writer, name, is_lie ? told->value : value));
        }
    }
    for (size_t i = 0; (tensor = arq_reader_at(s->good, i, &name)) != NULL; i++) {
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
        succeeds(&s->host, arq_writer_tensor(writer, name, tensor->dtype, tensor->rank, tensor->shape, data));
    }
    succeeds(&s->host, arq_writer_commit(writer, s->file));
    arq_writer_destroy(writer);
    free(changed);
}

/* Goes on with whatever was taken: an environment may find its state impossible, and an update may diverge. */
static void use(scene *s)
{
    for (int i = 0; i < 8; i++) {
        uint64_t done;
        arq_status status = arq_run_advance(s->life.run, 8, &done);
        ck_assert_msg(status == ARQ_OK || status == ARQ_E_DIVERGED || status == ARQ_E_ENV, "%s",
                      error_text(s->host.context));
    }
    succeeds(&s->host, arq_run_save(s->life.run, s->other));
}

static unsigned char *saved_bytes(scene *s, size_t *size)
{
    succeeds(&s->host, arq_run_save(s->life.run, s->other));
    return file_bytes(s->other_file, size);
}

/* Whether the lie was taken. A refused one leaves the run at the good file's place, where it was. */
static int tell(scene *s, const lie *told)
{
    const lie nothing = {NULL, NULL, NULL, NULL, 0, 0, 0};
    const char *what = told->text != NULL ? told->text : told->tensor;
    write_lie(s, &nothing);
    succeeds(&s->host, arq_run_load(s->life.run, s->folder));
    if (s->bytes == NULL) {
        s->bytes = saved_bytes(s, &s->size);
    }
    write_lie(s, told);
    arq_status status = arq_run_load(s->life.run, s->folder);
    if (status == ARQ_OK) {
        use(s);
        return 1;
    }
    if (strncmp(what, "environment.states", 18) == 0) { /* it is the environment that refuses */
        use(s);
        return 0;
    }
    ck_assert_msg(status == ARQ_E_FORMAT || status == ARQ_E_SHAPE || status == ARQ_E_IO, "%s: %s", what,
                  error_text(s->host.context));
    ck_assert_msg(strstr(error_text(s->host.context), s->folder) != NULL, "%s", error_text(s->host.context));
    size_t size;
    unsigned char *after = saved_bytes(s, &size);
    ck_assert_msg(size == s->size && memcmp(s->bytes, after, size) == 0, "refused and yet changed: %s", what);
    free(after);
    return 0;
}

typedef union value {
    uint8_t u8;
    int32_t i32;
    int64_t i64;
    uint64_t u64;
    float f32;
    double f64;
} value;

static size_t lies_of(arq_dtype dtype, value values[8], size_t *size)
{
    static const uint8_t bytes[] = {0, 1, 3, 0xff};
    static const int32_t numbers[] = {-1, INT32_MIN, INT32_MAX, 2, 0};
    static const int64_t longs[] = {-1, INT64_MAX, 0};
    static const uint64_t naturals[] = {0, 1, 2, 255, UINT64_C(1) << 32, UINT64_C(1) << 63, UINT64_MAX};
    static const float floats[] = {NAN, INFINITY, -1, FLT_MAX, -FLT_MAX, 0};
    static const double doubles[] = {NAN, INFINITY, -INFINITY, -1, DBL_MAX, 0};
    static const struct {
        const void *values;
        size_t size, count;
    } rows[] = {
        [ARQ_DTYPE_U8] = {bytes, 1, 4},     [ARQ_DTYPE_I32] = {numbers, 4, 5}, [ARQ_DTYPE_I64] = {longs, 8, 3},
        [ARQ_DTYPE_U64] = {naturals, 8, 7}, [ARQ_DTYPE_F32] = {floats, 4, 6},  [ARQ_DTYPE_F64] = {doubles, 8, 6},
    };
    *size = rows[dtype].size;
    for (size_t i = 0; i < rows[dtype].count; i++) {
        memcpy(&values[i], (const char *)rows[dtype].values + i * *size, *size);
    }
    return rows[dtype].count;
}

/* Weights and moments are those of every file, and tested there. */
static int is_of_learner(const char *name)
{
    return strstr(name, "cell0.") != NULL || strstr(name, "cell1.") != NULL || strncmp(name, "learner.metric", 14) == 0;
}

/* Whether no run may be like this. */
static int is_forbidden(const char *name, const value *v, arq_dtype dtype)
{
    return (dtype == ARQ_DTYPE_U64 && v->u64 > UINT64_C(1) << 53 && strstr(name, "random") == NULL &&
            strstr(name, "exploration") == NULL && strstr(name, "shuffle") == NULL) ||
           (dtype == ARQ_DTYPE_U8 && v->u8 > 1 &&
            (strcmp(name, "run.playing") == 0 || strcmp(name, "run.fresh") == 0)) ||
           (strcmp(name, "agent.action") == 0 && (v->i32 < 0 || v->i32 > 1)) ||
           (strcmp(name, "run.numbers") == 0 && v->f64 < 0);
}

START_TEST(tensors_that_lie_are_refused_or_harmless)
{
    scene s;
    const char *name;
    const arq_tensor *tensor;
    int taken = 0;
    set_up(&s, &stories[_i]);
    for (size_t i = 0; (tensor = arq_reader_at(s.good, i, &name)) != NULL; i++) {
        value values[8];
        size_t size;
        size_t count = lies_of(tensor->dtype, values, &size);
        size_t places = tensor->bytes / size;
        for (size_t j = 0; !is_of_learner(name) && places > 0 && j < 3 * count; j++) {
            const value *lied = &values[j / 3];
            const size_t firsts[] = {0, places - 1, 0};
            const lie told = {NULL, NULL, name, lied, size, firsts[j % 3], j % 3 == 2 ? places : 1};
            int was_taken = tell(&s, &told);
            ck_assert_msg(!was_taken || (j % 3 != 2) || !is_forbidden(name, lied, tensor->dtype), "'%s' was taken",
                          name);
            taken += was_taken;
        }
        const lie left_out = {NULL, NULL, name, NULL, 0, 0, 0};
        int may_lack = strncmp(name, "learner.metric.", 15) == 0 || strcmp(name, "learner.fit") == 0;
        ck_assert_msg(tell(&s, &left_out) == may_lack, "taken without '%s', or not", name);
    }
    ck_assert_int_gt(taken, 10);
    tear_down(&s);
}
END_TEST

/* A config is made from whatever the texts say, or refused. */
static void open_it(scene *s)
{
    arq_checkpoint *opened;
    arq_config *config;
    arq_status status = arq_checkpoint_open(s->host.context, s->folder, &opened);
    if (status != ARQ_OK) {
        ck_assert_int_eq(status, ARQ_E_FORMAT);
        return;
    }
    ck_assert_uint_ge(arq_checkpoint_instances(opened), 1);
    status = arq_checkpoint_config(opened, &config);
    ck_assert_msg(status == ARQ_OK || status == ARQ_E_FORMAT, "%s", error_text(s->host.context));
    arq_config_destroy(config);
    arq_checkpoint_destroy(opened);
}

START_TEST(texts_that_lie_are_refused_or_harmless)
{
    static const char *const values[] = {NULL, "", "x", "-1", "0", "2", "99999999999999999999", "left out", "gamma,,x"};
    scene s;
    const char *name;
    const char *own;
    set_up(&s, &stories[_i]);
    for (size_t i = 0; arq_reader_text_at(s.good, i, &name, &own); i++) {
        for (size_t j = 0; j < sizeof(values) / sizeof(values[0]); j++) {
            const lie told = {name, values[j], NULL, NULL, 0, 0, 0};
            int taken = tell(&s, &told);
            ck_assert_msg(!taken || strcmp(name, "kind") != 0, "taken as a '%s'", values[j]);
            write_lie(&s, &told);
            open_it(&s);
        }
    }
    tear_down(&s);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("resume_hostile");
    TCase *test = tcase_create("hostile");
    tcase_add_loop_test(test, tensors_that_lie_are_refused_or_harmless, 0, STORIES);
    tcase_add_loop_test(test, texts_that_lie_are_refused_or_harmless, 0, STORIES);
    tcase_set_timeout(test, 200);
    suite_add_tcase(suite, test);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
