/*
 * Every call to the system and every allocation that a checkpoint makes fails once, or it and all behind it. Nothing is
 * lost: the folder holds the checkpoint before or this one, the run goes on as if nobody had tried, and the next
 * checkpoint succeeds.
 */
#include "../resume/life.h"
#include "../support/faults.h"
#include "../support/suite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPLAY                                                                                                         \
    "widths=12,8 heads=2 context_size=3 replay_capacity=200 batch=16 learning_starts=40 train_period=3 "               \
    "target_period=50 exploration_steps=200 "
#define ROLLOUT "widths=12,8 heads=2 experience=rollout rollout=48 batch=16 exploration_steps=200 "

static const life_story stories[] = {
    {"minatar/breakout", 1, REPLAY},
    {"minatar/breakout", 4, REPLAY},
    {"minatar/breakout", 1, ROLLOUT},
    {"minatar/breakout", 4, ROLLOUT},
};
#define STORIES ((int)(sizeof(stories) / sizeof(stories[0])))

static const struct {
    const char *name;
    int error;
} failures[] = {{"open", EMFILE},  {"open", EACCES},  {"write", ENOSPC}, {"write", EIO},
                {"fsync", EIO},    {"close", EIO},    {"rename", EIO},   {"rename", ENOSPC},
                {"mkdir", ENOSPC}, {"unlink", EPERM}, {"any", EIO}};
#define FAILURES (sizeof(failures) / sizeof(failures[0]))

/* A run, another one that is never saved, and the newest checkpoint that was written. */
typedef struct scene {
    struct host host;
    const life_story *told_of;
    char folder[512];
    char agent[512]; /* the run's agent at the newest checkpoint */
    life self;
    life other;
    uint64_t steps;
} scene;

static void go_on(scene *s, uint64_t steps)
{
    tale told = {NULL, 0};
    tale expected = {NULL, 0};
    s->steps += steps;
    life_advance(&s->host, &s->self, s->steps, &told);
    life_advance(&s->host, &s->other, s->steps, &expected);
    life_row(&s->host, &s->self, &told);
    life_row(&s->host, &s->other, &expected);
    ck_assert_str_eq(told.text, expected.text);
    free(told.text);
    free(expected.text);
}

static void note_written(scene *s)
{
    succeeds(&s->host, arq_agent_save(arq_run_agent(s->self.run), s->agent));
}

static void open_scene(scene *s, const life_story *told_of)
{
    *s = (scene){.told_of = told_of};
    host_open(&s->host);
    strcpy(s->folder, temporary_file("checkpoint"));
    strcpy(s->agent, temporary_file("agent"));
    life_begin(&s->host, told_of, &s->self);
    life_begin(&s->host, told_of, &s->other);
    go_on(s, 150);
    note_written(s);
    succeeds(&s->host, arq_run_save(s->self.run, s->folder));
}

/* What the folder holds is the newest checkpoint that was written. */
static void check_written(scene *s)
{
    life loaded;
    char path[512];
    size_t sizes[2];
    strcpy(path, temporary_file("loaded"));
    life_begin(&s->host, s->told_of, &loaded);
    succeeds(&s->host, arq_run_load(loaded.run, s->folder));
    succeeds(&s->host, arq_agent_save(arq_run_agent(loaded.run), path));
    unsigned char *bytes[2] = {file_bytes(path, &sizes[0]), file_bytes(s->agent, &sizes[1])};
    ck_assert(sizes[0] == sizes[1] && memcmp(bytes[0], bytes[1], sizes[0]) == 0);
    free(bytes[0]);
    free(bytes[1]);
    life_close(&loaded);
}

static void close_scene(scene *s)
{
    go_on(s, 60);
    note_written(s);
    succeeds(&s->host, arq_run_save(s->self.run, s->folder));
    check_written(s);
    ck_assert(life_same_agent(&s->host, &s->self, &s->other));
    life_close(&s->self);
    life_close(&s->other);
    host_close(&s->host);
}

START_TEST(a_failing_call_loses_nothing)
{
    scene s;
    open_scene(&s, &stories[_i % STORIES]);
    const char *name = failures[_i / STORIES].name;
    int happened = 0;
    for (int at = 1, more = 1; more; at += at < 30 ? 1 : 4) {
        go_on(&s, 7);
        fault_clear();
        fault.name = name;
        fault.error = failures[_i / STORIES].error;
        fault.at = at;
        fault.for_ever = happened % 2;
        fault.write_most = 30000;
        arq_status status = arq_run_save(s.self.run, s.folder);
        more = fault.happened;
        happened += fault.happened;
        fault_clear();
        ck_assert(status == ARQ_OK || status == ARQ_E_IO);
        ck_assert(status == ARQ_OK || strstr(error_text(s.host.context), s.folder) != NULL);
        if (status == ARQ_OK) {
            note_written(&s);
        }
        check_written(&s);
    }
    /* The folder was there, and without a replay nothing is removed. */
    int may_be_missing = strcmp(name, "mkdir") == 0 || strcmp(name, "unlink") == 0;
    ck_assert(happened >= 1 || may_be_missing);
    close_scene(&s);
}
END_TEST

START_TEST(a_failing_call_of_a_load_changes_nothing)
{
    scene s;
    open_scene(&s, &stories[_i]);
    arq_status status = ARQ_E_IO;
    go_on(&s, 20);
    for (int at = 1; status != ARQ_OK; at++) {
        fault_clear();
        fault.name = at % 2 ? "read" : "open";
        fault.error = EIO;
        fault.at = (at + 1) / 2;
        status = arq_run_load(s.self.run, s.folder);
        int happened = fault.happened;
        fault_clear();
        ck_assert_int_eq(status, happened ? ARQ_E_IO : ARQ_OK);
        ck_assert(status != ARQ_OK || at > 2);
        if (status != ARQ_OK) {
            go_on(&s, 3);
        }
    }
    life_close(&s.other); /* the load that succeeded took the run back: the other one follows */
    life_begin(&s.host, s.told_of, &s.other);
    succeeds(&s.host, arq_run_load(s.other.run, s.folder));
    s.steps = 150;
    close_scene(&s);
}
END_TEST

START_TEST(a_failing_allocation_loses_nothing)
{
    scene s;
    open_scene(&s, &stories[_i]);
    size_t asked = 1;
    for (size_t at = 1; at <= asked; at += at < 40 ? 1 : 9) {
        go_on(&s, 2);
        size_t before = s.host.memory.total;
        s.host.memory.for_ever = at % 2;
        s.host.memory.fail_at = at;
        arq_status status = arq_run_save(s.self.run, s.folder);
        s.host.memory.fail_at = 0;
        s.host.memory.for_ever = 0;
        asked = status == ARQ_OK ? s.host.memory.total - before : asked + 9;
        ck_assert(status == ARQ_OK || status == ARQ_E_NOMEM);
        if (status == ARQ_OK) {
            note_written(&s);
        }
        check_written(&s);
    }
    ck_assert_uint_gt(asked, 20);
    close_scene(&s);
}
END_TEST

START_TEST(a_load_without_memory_changes_nothing)
{
    scene s;
    open_scene(&s, &stories[_i]);
    arq_status status = ARQ_E_NOMEM;
    for (size_t at = 1; status != ARQ_OK; at += at < 40 ? 1 : 9) {
        size_t live = s.host.memory.live;
        s.host.memory.for_ever = at % 2;
        s.host.memory.fail_at = at;
        status = arq_run_load(s.self.run, s.folder);
        s.host.memory.fail_at = 0;
        s.host.memory.for_ever = 0;
        ck_assert(status == ARQ_OK ? at > 10 : status == ARQ_E_NOMEM);
        ck_assert(status == ARQ_OK || s.host.memory.live == live);
        if (status != ARQ_OK) {
            go_on(&s, 2);
        }
    }
    life_close(&s.other);
    life_begin(&s.host, s.told_of, &s.other);
    succeeds(&s.host, arq_run_load(s.other.run, s.folder));
    s.steps = 150;
    close_scene(&s);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("crash_failures");
    TCase *test = tcase_create("failures");
    tcase_add_loop_test(test, a_failing_call_loses_nothing, 0, (int)FAILURES * STORIES);
    tcase_add_loop_test(test, a_failing_call_of_a_load_changes_nothing, 0, STORIES);
    tcase_add_loop_test(test, a_failing_allocation_loses_nothing, 0, STORIES);
    tcase_add_loop_test(test, a_load_without_memory_changes_nothing, 0, STORIES);
    tcase_set_timeout(test, 120);
    suite_add_tcase(suite, test);
    return run_suite(suite);
}
