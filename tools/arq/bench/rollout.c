/* arq bench rollout: learning from rollouts in many instances of an environment; beside it its parts, measured alone,
 * and learning from a replay. */
#include "bench/case.h"
#include "bench/report.h"
#include "cli/instances.h"
#include "cli/message.h"
#include "rollout/returns.h"

#include "arq/run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_INSTANCES 128
/* Sets of observations that are shown in turn where the agent is measured without its environment. */
#define SETS 32
/* The train_period of the replay learning that it is compared with. */
#define REPLAY_PERIOD "8"
#define REPLAY_BATCH "128"
#define REPLAY_WARM_UP 512
/* Epochs of the second agent: what it takes longer than the first is the time of updates alone. */
#define MORE_EPOCHS 3

typedef struct rollout_case {
    bench_case subject; /* only its context and config are used */
    instances environments;
    uint32_t count, length; /* N, T */
    uint32_t cells;
    arq_run *run;
    arq_agent *agent;
    arq_activations *activations;
    size_t set_bytes;
    uint8_t *sets; /* [SETS] observations of all instances */
    int32_t *actions, *terminated, *truncated;
    uint8_t *ended;
    double *rewards;
    float *returns; /* [T]: rewards of a row, then its values */
    uint8_t *ends;
    uint32_t next;
    arq_status status;
} rollout_case;

static void keep(rollout_case *c, arq_status status)
{
    if (c->status == ARQ_OK) {
        c->status = status;
    }
}

/* ---- What is timed: each one rollout ---- */

static void advance(rollout_case *c, uint64_t steps)
{
    while (steps > 0 && c->status == ARQ_OK) {
        uint64_t done = 0;
        keep(c, arq_run_advance(c->run, steps, &done));
        steps -= done < steps ? done : steps;
    }
}

static void run_whole(void *data)
{
    rollout_case *c = data;
    advance(c, (uint64_t)c->count * c->length);
}

static void run_environments(void *data)
{
    rollout_case *c = data;
    for (uint32_t t = 0; t < c->length; t++) {
        const int32_t actions = (int32_t)instances_describe(&c->environments)->action_count;
        for (uint32_t i = 0; i < c->count; i++) {
            c->next = c->next * 1664525u + 1013904223u;
            c->actions[i] = (int32_t)(c->next >> 16) % actions;
        }
        keep(c,
             arq_env_batch_step(c->environments.batch, c->actions, c->sets, c->rewards, c->terminated, c->truncated));
        for (uint32_t i = 0; i < c->count; i++) {
            c->ended[i] = c->terminated[i] || c->truncated[i];
        }
        keep(c, arq_env_batch_reset(c->environments.batch, NULL, c->ended, c->sets));
    }
}

static const uint8_t *next_set(rollout_case *c)
{
    return c->sets + (c->next++ % SETS) * c->set_bytes;
}

static void run_acting(void *data)
{
    rollout_case *c = data;
    for (uint32_t t = 0; t <= c->length; t++) { /* once more for the values after the last transitions */
        keep(c, arq_network_act(arq_agent_network(c->agent), c->activations, next_set(c), c->actions));
    }
}

static void run_agent(void *data)
{
    rollout_case *c = data;
    for (uint32_t t = 0; t < c->length; t++) {
        keep(c, arq_agent_act_many(c->agent, NULL, c->actions));
        keep(c,
             arq_agent_observe_many(c->agent, NULL, NULL, c->rewards, next_set(c), c->terminated, c->truncated, NULL));
    }
}

static void run_returns(void *data)
{
    rollout_case *c = data;
    for (uint32_t row = 0; row < c->count * c->cells; row++) {
        arq_returns(c->length, 1, c->returns, c->ends, 0.99, 0.65, c->returns + c->length);
    }
}

/* ---- Cases ---- */

static int set(rollout_case *c, const char *const (*values)[2])
{
    for (; (*values)[0] != NULL; values++) {
        if (arq_config_set(c->subject.config, (*values)[0], (*values)[1]) != ARQ_OK) {
            return message_library_usage(c->subject.context);
        }
    }
    return 0;
}

static const char *preset_of(const bench_plan *plan)
{
    return plan->preset == NULL ? "fast" : plan->preset;
}

/* Context and config; epsilon is what it is after exploration_steps. */
static int open_config(const bench_plan *plan, uint64_t threads, int counting, rollout_case *c)
{
    static const char *const values[][2] = {{"exploration_steps", "0"}, {"total_steps", "1e15"}, {NULL, NULL}};
    memset(c, 0, sizeof(*c));
    int result = bench_case_open(plan, preset_of(plan), plan->network, threads, counting, &c->subject);
    return result != 0 ? result : set(c, values);
}

static uint32_t instances_of(const bench_plan *plan)
{
    const uint32_t recommended = arq_preset_environments(preset_of(plan));
    return plan->environments > 0 ? (uint32_t)plan->environments : recommended > 1 ? recommended : DEFAULT_INSTANCES;
}

static int open_rollout(const bench_plan *plan, const char *id, uint64_t threads, int counting, rollout_case *c)
{
    static const char *const values[][2] = {{"experience", "rollout"}, {NULL, NULL}};
    int result = open_config(plan, threads, counting, c);
    if (result != 0) {
        return result;
    }
    result = set(c, values);
    if (result != 0) {
        return result;
    }
    c->count = instances_of(plan);
    c->length = ((uint32_t)bench_case_parameter(&c->subject, "rollout") + c->count - 1) / c->count;
    return instances_open_batch(c->subject.context, id, c->count, &c->environments);
}

static int make_run(rollout_case *c)
{
    arq_status status =
        c->environments.batch != NULL
            ? arq_run_create_batch(c->subject.context, c->subject.config, c->environments.batch, &c->run)
            : arq_run_create(c->subject.context, c->subject.config, c->environments.env, &c->run);
    return status == ARQ_OK ? 0 : message_library(c->subject.context);
}

static void close_case(rollout_case *c)
{
    arq_run_destroy(c->run);
    arq_activations_destroy(c->activations);
    arq_agent_destroy(c->agent);
    instances_close(&c->environments);
    bench_case_close(&c->subject);
    free(c->sets);
    free(c->actions);
    free(c->terminated);
    free(c->truncated);
    free(c->ended);
    free(c->rewards);
    free(c->returns);
    free(c->ends);
}

static int outcome(const rollout_case *c)
{
    return c->status == ARQ_OK ? 0 : message_library(c->subject.context);
}

/* ---- Parts ---- */

static int allocate_parts(rollout_case *c)
{
    const arq_env_spec *spec = instances_describe(&c->environments);
    c->set_bytes = c->count * arq_observation_bytes(spec->observation_kind, spec->observation_size);
    c->sets = calloc(SETS, c->set_bytes);
    c->actions = calloc(c->count, sizeof(*c->actions));
    c->terminated = calloc(c->count, sizeof(*c->terminated));
    c->truncated = calloc(c->count, sizeof(*c->truncated));
    c->ended = calloc(c->count, 1);
    c->rewards = calloc(c->count, sizeof(*c->rewards));
    c->returns = calloc(2 * (size_t)c->length, sizeof(*c->returns));
    c->ends = calloc(c->length, 1);
    if (c->sets == NULL || c->actions == NULL || c->terminated == NULL || c->truncated == NULL || c->ended == NULL ||
        c->rewards == NULL || c->returns == NULL || c->ends == NULL) {
        return message_fail("no memory for %u instances", c->count);
    }
    return 0;
}

/* An agent of the same config, without environments, inside episodes that never end. */
static int make_agent(rollout_case *c, int epochs)
{
    const arq_env_spec *spec = instances_describe(&c->environments);
    char text[16];
    snprintf(text, sizeof(text), "%d", epochs);
    arq_agent_destroy(c->agent);
    c->agent = NULL;
    if (arq_config_set(c->subject.config, "epochs", text) != ARQ_OK ||
        arq_agent_create_many(c->subject.context, c->subject.config, spec->observation_kind, spec->observation_size,
                              spec->action_count, c->count, &c->agent) != ARQ_OK ||
        arq_agent_begin_many(c->agent, NULL, c->sets) != ARQ_OK) {
        return message_library(c->subject.context);
    }
    return 0;
}

/* Observations of random play. */
static void collect_sets(rollout_case *c)
{
    keep(c, arq_env_batch_reset(c->environments.batch, NULL, NULL, c->sets));
    for (uint32_t i = SETS - 1; i > 0; i--) {
        run_environments(c);
        memcpy(c->sets + i * c->set_bytes, c->sets, c->set_bytes);
    }
    memset(c->terminated, 0, c->count * sizeof(*c->terminated));
    memset(c->truncated, 0, c->count * sizeof(*c->truncated));
}

typedef struct rollout_parts {
    double acting, environments, returns, updates; /* seconds of a rollout */
} rollout_parts;

static int measure_agents(const bench_plan *plan, rollout_case *c, rollout_parts *parts)
{
    const int epochs = (int)bench_case_parameter(&c->subject, "epochs");
    int result = make_agent(c, epochs + MORE_EPOCHS);
    if (result != 0) {
        return result;
    }
    const double more = bench_time(plan, run_agent, c);
    result = make_agent(c, epochs);
    if (result != 0) {
        return result;
    }
    parts->updates = (more - bench_time(plan, run_agent, c)) * epochs / MORE_EPOCHS;
    if (arq_activations_create(arq_agent_network(c->agent), c->count, &c->activations) != ARQ_OK) {
        return message_library(c->subject.context);
    }
    parts->acting = bench_time(plan, run_acting, c);
    return outcome(c);
}

static int measure_parts(const bench_plan *plan, const char *id, uint64_t threads, rollout_parts *parts)
{
    rollout_case c;
    int result = open_rollout(plan, id, threads, 0, &c);
    if (result == 0) {
        result = allocate_parts(&c);
    }
    if (result == 0) {
        collect_sets(&c);
        parts->environments = bench_time(plan, run_environments, &c);
        collect_sets(&c);
        result = measure_agents(plan, &c, parts);
    }
    if (result == 0) {
        c.cells = arq_network_cells(arq_agent_network(c.agent));
        parts->returns = bench_time(plan, run_returns, &c);
    }
    close_case(&c);
    return result;
}

/* ---- The whole, and the rule with a replay ---- */

/* Seconds of a step. */
static int measure_whole(const bench_plan *plan, const char *id, uint64_t threads, double *seconds)
{
    rollout_case c;
    int result = open_rollout(plan, id, threads, 0, &c);
    if (result == 0) {
        result = make_run(&c);
    }
    if (result == 0) {
        *seconds = bench_time(plan, run_whole, &c) / ((double)c.count * c.length);
        result = outcome(&c);
    }
    close_case(&c);
    return result;
}

/* Bytes allocated once a rollout has been learned from. */
static int measure_memory(const bench_plan *plan, const char *id, double *bytes)
{
    rollout_case c;
    int result = open_rollout(plan, id, 1, 1, &c);
    arq_network_destroy(c.subject.network); /* the run has its own */
    c.subject.network = NULL;
    if (result == 0) {
        result = make_run(&c);
    }
    if (result == 0) {
        run_whole(&c);
        *bytes = (double)atomic_load(&c.subject.bytes);
        result = outcome(&c);
    }
    close_case(&c);
    return result;
}

static void run_replay(void *data)
{
    advance(data, REPLAY_WARM_UP / 8);
}

static int measure_replay(const bench_plan *plan, const char *id, uint64_t threads, double *seconds)
{
    static const char *const values[][2] = {{"experience", "replay"},       {"train_period", REPLAY_PERIOD},
                                            {"batch", REPLAY_BATCH},        {"learning_starts", "256"},
                                            {"replay_capacity", "1000000"}, {NULL, NULL}};
    rollout_case c;
    int result = open_config(plan, threads, 0, &c);
    if (result == 0) {
        result = set(&c, values);
    }
    if (result == 0) {
        result = instances_open(c.subject.context, id, 1, &c.environments);
    }
    if (result == 0) {
        result = make_run(&c);
    }
    if (result == 0) {
        advance(&c, REPLAY_WARM_UP);
        *seconds = bench_time(plan, run_replay, &c) / (REPLAY_WARM_UP / 8);
        result = outcome(&c);
    }
    close_case(&c);
    return result;
}

/* ---- Report ---- */

typedef struct rollout_result {
    uint64_t threads;
    rollout_parts parts;
    double whole, replay; /* seconds of a step */
} rollout_result;

static int measure(const bench_plan *plan, const char *id, rollout_result *r)
{
    int result = measure_parts(plan, id, r->threads, &r->parts);
    if (result == 0) {
        result = measure_whole(plan, id, r->threads, &r->whole);
    }
    return result != 0 ? result : measure_replay(plan, id, r->threads, &r->replay);
}

static double sum_of(const rollout_parts *parts)
{
    return parts->acting + parts->environments + parts->returns + parts->updates;
}

static void report_part(const char *name, uint32_t count, double one, double other, double steps)
{
    bench_report_row(name);
    bench_report_number(1e9 * one / steps, 1);
    bench_report_number(count > 1 ? 1e9 * other / steps : (double)NAN, 1);
    bench_report_row_end();
}

static void report_parts(const rollout_result *r, uint32_t count, double steps)
{
    const rollout_parts *one = &r[0].parts;
    const rollout_parts *other = &r[1].parts;
    bench_report_table("parts", "part alone|ns a step|ns threads");
    report_part("acting", count, one->acting, other->acting, steps);
    report_part("environments", count, one->environments, other->environments, steps);
    report_part("returns", count, one->returns, other->returns, steps);
    report_part("gathering and updates", count, one->updates, other->updates, steps);
    report_part("sum", count, sum_of(one), sum_of(other), steps);
}

static void report_whole(const rollout_result *r, double first, double steps)
{
    char name[64];
    snprintf(name, sizeof(name), "rollouts, %llu thread%s", (unsigned long long)r->threads, r->threads == 1 ? "" : "s");
    bench_report_row(name);
    bench_report_number(1e9 * r->whole, 1);
    bench_report_number(1 / r->whole, 0);
    bench_report_number(sum_of(&r->parts) / steps / r->whole, 2);
    bench_report_number(first / r->whole, 2);
    bench_report_number(1 / r->replay, 0);
    bench_report_number(r->replay / r->whole, 1);
    bench_report_row_end();
}

static int note_case(const bench_plan *plan, const char *id, double *steps)
{
    rollout_case c;
    double bytes = 0;
    int result = measure_memory(plan, id, &bytes);
    if (result != 0) {
        return result;
    }
    result = open_rollout(plan, id, 1, 0, &c);
    if (result == 0) {
        char widths[256] = "";
        arq_config_get(c.subject.config, "widths", widths, sizeof(widths));
        *steps = (double)c.count * c.length;
        bench_report_note(
            "what",
            "%s, %s, widths %s, %u instances, %u steps of all a rollout, %.2f MiB with everything, medians "
            "of %llu; the replay: one instance, an update of " REPLAY_BATCH " every " REPLAY_PERIOD " steps",
            id, arq_context_cpu(c.subject.context), widths, c.count, c.length, bytes / (1 << 20),
            (unsigned long long)plan->repeats);
    }
    close_case(&c);
    return result;
}

int bench_rollout(const bench_plan *plan, int id_count, const char *const *ids)
{
    const char *id = id_count > 0 ? ids[0] : "minatar/breakout";
    rollout_result results[2] = {{.threads = 1}, {.threads = plan->threads}};
    const uint32_t count = plan->threads > 1 ? 2 : 1;
    double steps = 1;
    int result = note_case(plan, id, &steps);
    for (uint32_t i = 0; result == 0 && i < count; i++) {
        result = measure(plan, id, &results[i]);
    }
    if (result != 0) {
        return result;
    }
    report_parts(results, count, steps);
    bench_report_table("rollout",
                       "whole|ns a step|steps/s|share of parts|speed beside one thread|replay steps/s|beside replay");
    for (uint32_t i = 0; i < count; i++) {
        report_whole(&results[i], results[0].whole, steps);
    }
    return 0;
}
