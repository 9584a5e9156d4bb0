/*
 * Every tensor and every text of a checkpoint, set to what a liar would write: it is refused and nothing changes, or
 * the run that took it goes on.
 */
#include "life.h"

#include "../support/lies.h"
#include "../support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const life_story stories[] = {
    {"classic/cartpole", 1,
     "widths=5,4 heads=1 context_size=2 batch=4 learning_starts=4 train_period=2 target_period=6 replay_capacity=24"},
    {"classic/cartpole", 2,
     "network=ad quantiles=2 experience=rollout rollout=12 batch=4 minibatches_per_step=1 widths=5,4 heads=1"},
};
#define STORIES ((int)(sizeof(stories) / sizeof(stories[0])))

#define ACTIONS 2 /* of CartPole */

typedef struct scene {
    struct host host;
    life life;
    arq_reader *good;
    char folder[512], file[600], other[512], other_file[600];
    unsigned char *bytes; /* what the run saves after it has taken the good file */
    size_t size;
} scene;

static void set_up(scene *s, const life_story *story)
{
    tale told = {NULL, 0};
    host_open(&s->host);
    s->bytes = NULL;
    strcpy(s->folder, temporary_file("folder"));
    strcpy(s->other, temporary_file("other"));
    snprintf(s->file, sizeof(s->file), "%s/run.safetensors", s->folder);
    snprintf(s->other_file, sizeof(s->other_file), "%s/run.safetensors", s->other);
    life_begin(&s->host, story, &s->life);
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
    const lie nothing = {.text = NULL};
    const char *what = told->text != NULL ? told->text : told->tensor;
    lie_write(s->good, s->file, &nothing);
    succeeds(&s->host, arq_run_load(s->life.run, s->folder));
    if (s->bytes == NULL) {
        s->bytes = saved_bytes(s, &s->size);
    }
    lie_write(s->good, s->file, told);
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

/* Weights and moments are those of every file, and tested there. */
static int is_of_learner(const char *name)
{
    return strstr(name, "cell0.") != NULL || strstr(name, "cell1.") != NULL || strncmp(name, "learner.metric", 14) == 0;
}

/* Whether no run may be like this. */
static int is_forbidden(const char *name, const lie_value *v, arq_dtype dtype)
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
        lie_value values[LIES_MOST];
        size_t size;
        size_t count = lies_of(tensor->dtype, ACTIONS, values, &size);
        size_t places = tensor->bytes / size;
        for (size_t j = 0; !is_of_learner(name) && places > 0 && j < 3 * count; j++) {
            const lie_value *lied = &values[j / 3];
            const size_t firsts[] = {0, places - 1, 0};
            const lie told = {
                .tensor = name, .bytes = lied, .size = size, .first = firsts[j % 3], .count = j % 3 == 2 ? places : 1};
            int was_taken = tell(&s, &told);
            ck_assert_msg(!was_taken || (j % 3 != 2) || !is_forbidden(name, lied, tensor->dtype), "'%s' was taken",
                          name);
            taken += was_taken;
        }
        const lie left_out = {.tensor = name};
        ck_assert_msg(tell(&s, &left_out) == lie_may_lack(name), "taken without '%s', or not", name);
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
            const lie told = {.text = name, .value = values[j]};
            int taken = tell(&s, &told);
            ck_assert_msg(!taken || strcmp(name, "kind") != 0, "taken as a '%s'", values[j]);
            lie_write(s.good, s.file, &told);
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
    return run_suite(suite);
}
