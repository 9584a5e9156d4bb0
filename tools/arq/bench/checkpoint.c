/* arq bench checkpoint: how long learning stops for the copy of a checkpoint, and how long writing it takes beside a
 * plain write of as many bytes: of an agent of the paper's size without its replay, and of a run with a large replay.
 */
#include "bench/case.h"
#include "bench/report.h"
#include "cli/instances.h"
#include "cli/message.h"
#include "host/clock.h"
#include "host/files.h"

#include "arq/checkpoint.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_ID "minatar/breakout"
#define PAPER_PRESET "minatar-paper"
#define REPLAY_PRESET "replay-fast"
#define MIB (1024.0 * 1024.0)
/* Steps that a run takes before its speed is measured. */
#define WARM_UP 2000
/* A program writes a checkpoint so often. */
#define PERIOD_SECONDS 60.0

typedef struct checkpoint_case {
    bench_case subject; /* only its context and config are used */
    instances environment;
    arq_run *run;
    char folder[64];
} checkpoint_case;

/* How long a checkpoint took. */
typedef struct timing {
    double copy, write;
} timing;

static const char *const nothing_more[][2] = {{NULL, NULL}};

static int set(const checkpoint_case *c, const char *const (*values)[2])
{
    for (; (*values)[0] != NULL; values++) {
        if (arq_config_set(c->subject.config, (*values)[0], (*values)[1]) != ARQ_OK) {
            return message_library_usage(c->subject.context);
        }
    }
    return 0;
}

static void close_case(checkpoint_case *c)
{
    arq_run_destroy(c->run);
    instances_close(&c->environment);
    bench_case_close(&c->subject);
    if (c->folder[0] != '\0') {
        files_remove_folder(c->folder);
    }
}

/* A run of the preset with further settings, and a folder beside the working one. */
static int open_case(const bench_plan *plan, const char *preset, const char *id, const char *const (*values)[2],
                     checkpoint_case *c)
{
    static const char *const endless[][2] = {{"total_steps", "1e15"}, {NULL, NULL}};
    bench_plan own = *plan;
    own.batch = 0;
    memset(c, 0, sizeof(*c));
    int result = bench_case_open(&own, preset, plan->network, 1, 0, &c->subject);
    if (result != 0) {
        return result;
    }
    result = set(c, endless);
    if (result == 0) {
        result = set(c, values);
    }
    if (result != 0) {
        return result;
    }
    result = instances_open(c->subject.context, id, 1, &c->environment);
    if (result != 0) {
        return result;
    }
    if (arq_run_create(c->subject.context, c->subject.config, c->environment.env, &c->run) != ARQ_OK) {
        return message_library(c->subject.context);
    }
    if (files_make_temporary_folder("arq-bench-", c->folder, sizeof(c->folder)) != 0) {
        c->folder[0] = '\0';
        return message_fail("cannot make a folder in the current one: %s", strerror(errno));
    }
    return 0;
}

static int advance(const checkpoint_case *c, uint64_t steps)
{
    while (steps > 0) {
        uint64_t done = 0;
        if (arq_run_advance(c->run, steps, &done) != ARQ_OK) {
            return message_library(c->subject.context);
        }
        steps -= done < steps ? done : steps;
    }
    return 0;
}

/* ---- What is timed ---- */

static int time_copy(const checkpoint_case *c, uint32_t flags, arq_checkpoint **out, double *seconds)
{
    *seconds = -clock_seconds();
    arq_status status = arq_run_checkpoint(c->run, c->folder, flags, out);
    *seconds += clock_seconds();
    return status == ARQ_OK ? 0 : message_library(c->subject.context);
}

static int time_write(const checkpoint_case *c, arq_checkpoint *checkpoint, double *seconds)
{
    *seconds = -clock_seconds();
    arq_status status = arq_checkpoint_write(checkpoint);
    *seconds += clock_seconds();
    return status == ARQ_OK ? 0 : message_library(c->subject.context);
}

/* A file of so many bytes in the same folder, flushed. The one before goes only then, as it does with a checkpoint. */
static int write_plainly(const checkpoint_case *c, const char *bytes, size_t count, double *seconds)
{
    char path[128];
    char before[128];
    int file;
    size_t written = 0;
    snprintf(path, sizeof(path), "%s/plain", c->folder);
    snprintf(before, sizeof(before), "%s/before", c->folder);
    files_rename(path, before);
    *seconds = -clock_seconds();
    int failed = files_create(path, &file) != 0;
    if (!failed) {
        failed = files_write(file, bytes, count, &written) != 0 || files_flush(file) != 0;
        failed |= files_close(file) != 0;
    }
    *seconds += clock_seconds();
    int number = errno;
    files_remove(before);
    return failed ? message_fail("cannot write %s: %s", path, strerror(number)) : 0;
}

/* ---- An agent without its replay ---- */

typedef struct agent_times {
    double copy[BENCH_MAX_REPEATS], write[BENCH_MAX_REPEATS], plain[BENCH_MAX_REPEATS];
} agent_times;

/* One after the other, and then the other way round: whoever comes second finds more memory that has just been given
 * back, which is a multiple faster to write into. */
static int time_both(const checkpoint_case *c, const char *bytes, size_t count, uint64_t index, agent_times *times)
{
    arq_checkpoint *checkpoint = NULL;
    int plain_first = index % 2 == 0;
    int result = time_copy(c, ARQ_CHECKPOINT_WITHOUT_REPLAY, &checkpoint, &times->copy[index]);
    if (result == 0 && plain_first) {
        result = write_plainly(c, bytes, count, &times->plain[index]);
    }
    if (result == 0) {
        result = time_write(c, checkpoint, &times->write[index]);
    }
    if (result == 0 && !plain_first) {
        result = write_plainly(c, bytes, count, &times->plain[index]);
    }
    arq_checkpoint_destroy(checkpoint);
    return result;
}

static int time_agent(const bench_plan *plan, const checkpoint_case *c, size_t count, agent_times *times)
{
    char *bytes = malloc(count);
    if (bytes == NULL) {
        return message_fail("no memory for %zu bytes", count);
    }
    memset(bytes, 1, count);
    int result = time_both(c, bytes, count, 0, times); /* all memory that is new to the process comes with it */
    for (uint64_t i = 0; i < plan->repeats && result == 0; i++) {
        result = time_both(c, bytes, count, i, times);
    }
    free(bytes);
    return result;
}

/* Both in one, for checkpoints that are made once. */
static int take(const checkpoint_case *c, uint32_t flags, timing *out)
{
    arq_checkpoint *checkpoint = NULL;
    *out = (timing){0, 0};
    int result = time_copy(c, flags, &checkpoint, &out->copy);
    if (result == 0) {
        result = time_write(c, checkpoint, &out->write);
    }
    arq_checkpoint_destroy(checkpoint);
    return result;
}

static int measure_agent(const bench_plan *plan, const char *id, checkpoint_case *c)
{
    const char *preset = plan->preset == NULL ? PAPER_PRESET : plan->preset;
    agent_times times;
    timing first;
    int result = open_case(plan, preset, id, nothing_more, c);
    if (result != 0) {
        return result;
    }
    result = advance(c, 100);
    if (result != 0) {
        return result;
    }
    result = take(c, ARQ_CHECKPOINT_WITHOUT_REPLAY, &first);
    if (result != 0) {
        return result;
    }
    size_t bytes = (size_t)files_folder_bytes(c->folder);
    result = time_agent(plan, c, bytes, &times);
    if (result != 0) {
        return result;
    }
    size_t middle = (size_t)plan->repeats / 2;
    bench_sort(times.copy, (size_t)plan->repeats);
    bench_sort(times.write, (size_t)plan->repeats);
    bench_sort(times.plain, (size_t)plan->repeats);
    bench_report_table("agent", "preset|MiB|copy ms|write ms|plain write ms|times plain");
    bench_report_row(preset);
    bench_report_number((double)bytes / MIB, 1);
    bench_report_number(1e3 * times.copy[middle], 1);
    bench_report_number(1e3 * times.write[middle], 1);
    bench_report_number(1e3 * times.plain[middle], 1);
    bench_report_number(times.write[middle] / times.plain[middle], 2);
    bench_report_row_end();
    return 0;
}

/* ---- A run with a large replay ---- */

/* Steps a second of a run that learns. */
static int measure_speed(const bench_plan *plan, const char *id, double *speed)
{
    static const char *const values[][2] = {{"learning_starts", "1000"}, {"replay_capacity", "100000"}, {NULL, NULL}};
    checkpoint_case c;
    int result = open_case(plan, REPLAY_PRESET, id, values, &c);
    if (result == 0) {
        result = advance(&c, WARM_UP);
    }
    double begin = clock_seconds();
    double passed = 0;
    uint64_t steps = 0;
    while (result == 0 && passed < plan->seconds) {
        result = advance(&c, 100);
        steps += 100;
        passed = clock_seconds() - begin;
    }
    *speed = (double)steps / passed;
    close_case(&c);
    return result;
}

static void report_replay(const char *which, double transitions, double bytes, const timing *one)
{
    bench_report_row(which);
    bench_report_number(transitions, 0);
    bench_report_number(bytes / MIB, 1);
    bench_report_number(1e3 * one->copy, 1);
    bench_report_number(1e3 * one->write, 1);
    bench_report_number(100 * one->copy / PERIOD_SECONDS, 3);
    bench_report_number(100 * (one->copy + one->write) / PERIOD_SECONDS, 3);
    bench_report_row_end();
}

static int measure_replay(const bench_plan *plan, const char *id, checkpoint_case *c)
{
    char capacity[32];
    double speed = 0;
    timing first;
    timing later;
    snprintf(capacity, sizeof(capacity), "%llu", (unsigned long long)plan->transitions);
    const char *const values[][2] = {{"learning_starts", "1e15"}, {"replay_capacity", capacity}, {NULL, NULL}};
    int result = measure_speed(plan, id, &speed);
    if (result == 0) {
        result = open_case(plan, REPLAY_PRESET, id, values, c);
    }
    if (result == 0) {
        result = advance(c, plan->transitions);
    }
    if (result == 0) {
        result = take(c, 0, &first);
    }
    if (result != 0) {
        return result;
    }
    double whole = files_folder_bytes(c->folder);
    uint64_t fresh = (uint64_t)(speed * PERIOD_SECONDS);
    result = advance(c, fresh);
    if (result == 0) {
        result = take(c, 0, &later);
    }
    if (result != 0) {
        return result;
    }
    bench_report_note("speed", "preset %s makes %.0f steps a second, %llu in %.0f seconds", REPLAY_PRESET, speed,
                      (unsigned long long)fresh, PERIOD_SECONDS);
    bench_report_table("run", "checkpoint|transitions|MiB|copy ms|write ms|copy % of minute|both % of minute");
    report_replay("first", (double)plan->transitions, whole, &first);
    report_replay("after a minute", (double)fresh, files_folder_bytes(c->folder), &later);
    return 0;
}

int bench_checkpoint(const bench_plan *plan, int id_count, const char *const *ids)
{
    const char *id = id_count > 0 ? ids[0] : DEFAULT_ID;
    checkpoint_case c;
    if (id_count > 1) {
        return message_usage("checkpoints are measured with one environment, %d are given", id_count);
    }
    int result = measure_agent(plan, id, &c);
    close_case(&c);
    if (result != 0) {
        return result;
    }
    result = measure_replay(plan, id, &c);
    close_case(&c);
    return result;
}
