/* arq bench update: a learner's whole update beside the sum of its parts, each measured alone; or the updates of all
 * kinds of network beside each other. */
#include "bench/parts.h"
#include "bench/report.h"
#include "cli/message.h"

#include "arq/learner.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct update_case {
    bench_case subject;
    arq_learner *learner;
    uint32_t batch;
    uint8_t *observations;
    int32_t *actions;
    float *rewards; /* [2 batch]; each update reads another part, because gradients vanish once rewards are known */
    uint64_t updates;
    uint8_t *terminated;
    arq_status status;
} update_case;

static void run_update(void *data)
{
    update_case *c = data;
    const float *rewards = c->rewards + c->updates++ * 37 % c->batch;
    arq_status status =
        arq_learner_update(c->learner, c->batch, c->observations, NULL, c->actions, rewards, c->terminated);
    c->status = status == ARQ_OK ? c->status : status;
}

static void fill_batch(update_case *c)
{
    size_t bytes = (size_t)c->batch * (arq_learner_window(c->learner) + 1) * BENCH_BYTES;
    uint32_t state = 1;
    c->observations = calloc(bytes, 1);
    c->actions = calloc(c->batch, sizeof(*c->actions));
    c->rewards = calloc(2 * (size_t)c->batch, sizeof(*c->rewards));
    c->terminated = calloc(c->batch, 1);
    if (c->observations == NULL || c->actions == NULL || c->rewards == NULL || c->terminated == NULL) {
        exit(message_fail("no memory for a batch of %u", c->batch));
    }
    bench_case_bits(bytes, c->observations);
    for (uint32_t b = 0; b < c->batch; b++) {
        state = state * 1664525u + 1013904223u;
        c->actions[b] = (int32_t)(state >> 16) % BENCH_ACTIONS;
        c->rewards[b] = c->rewards[b + c->batch] = state >> 28 == 0;
    }
}

/* 0, or an exit code after saying why. */
static int open_case(const bench_plan *plan, const char *kind, uint64_t threads, int counting, update_case *c)
{
    memset(c, 0, sizeof(*c));
    int result = bench_case_open(plan, plan->preset == NULL ? "minatar-paper" : plan->preset, kind, threads, counting,
                                 &c->subject);
    if (result != 0) {
        return result;
    }
    c->batch = (uint32_t)bench_case_parameter(&c->subject, "batch");
    if (arq_learner_create(c->subject.network, c->subject.config, &c->learner) != ARQ_OK) {
        return message_library(c->subject.context);
    }
    fill_batch(c);
    return 0;
}

static void close_case(update_case *c)
{
    arq_learner_destroy(c->learner);
    bench_case_close(&c->subject);
    free(c->observations);
    free(c->actions);
    free(c->rewards);
    free(c->terminated);
}

/* What is measured of one kind of network. */
typedef struct update_result {
    double seconds[2]; /* on one thread, and on the plan's */
    uint32_t batch;
    size_t weights;
    double memory; /* bytes allocated beyond weights, target weights and the optimiser's moments */
    char cpu[32];
} update_result;

/* Bytes that network and learner have allocated after an update. */
static int measure_memory(const bench_plan *plan, const char *kind, update_result *out)
{
    update_case c;
    int result = open_case(plan, kind, 1, 1, &c);
    if (result == 0) {
        run_update(&c);
        out->weights = c.subject.weights;
        out->batch = c.batch;
        out->memory = (double)atomic_load(&c.subject.bytes) - 4.0 * sizeof(float) * (double)out->weights;
        snprintf(out->cpu, sizeof(out->cpu), "%s", arq_context_cpu(c.subject.context));
        result = c.status == ARQ_OK ? 0 : message_library(c.subject.context);
    }
    close_case(&c);
    return result;
}

static int measure_time(const bench_plan *plan, const char *kind, uint64_t threads, double *seconds)
{
    update_case c;
    int result = open_case(plan, kind, threads, 0, &c);
    if (result == 0) {
        *seconds = bench_time(plan, run_update, &c);
        result = c.status == ARQ_OK ? 0 : message_library(c.subject.context);
    }
    close_case(&c);
    return result;
}

static int measure(const bench_plan *plan, const char *kind, update_result *out)
{
    memset(out, 0, sizeof(*out));
    int result = measure_memory(plan, kind, out);
    if (result != 0) {
        return result;
    }
    result = measure_time(plan, kind, 1, &out->seconds[0]);
    if (result != 0 || plan->threads == 1) {
        return result;
    }
    return measure_time(plan, kind, plan->threads, &out->seconds[1]);
}

/* ---- One kind beside its parts, which are known for arq ---- */

static int measure_parts(const bench_plan *plan, bench_parts *parts)
{
    update_case c;
    char kind[16] = "";
    int result = open_case(plan, plan->network, 1, 0, &c);
    if (result == 0 && arq_config_get(c.subject.config, "network", kind, sizeof(kind)) == ARQ_OK &&
        strcmp(kind, "arq") == 0) {
        *parts = bench_update_parts(plan, &c.subject, c.batch, arq_learner_window(c.learner));
    }
    close_case(&c);
    return result;
}

static void report_part(const char *name, double seconds)
{
    bench_report_row(name);
    bench_report_number(1e3 * seconds, 3);
    bench_report_row_end();
}

static void report_time(const update_result *r, uint64_t threads, double seconds, const bench_parts *parts)
{
    char name[64];
    double products = parts->projections + parts->contexts + parts->attention;
    snprintf(name, sizeof(name), "update, %llu thread%s", (unsigned long long)threads, threads == 1 ? "" : "s");
    bench_report_row(name);
    bench_report_number(1e3 * seconds, 3);
    bench_report_number(products > 0 ? seconds / products : (double)NAN, 2);
    bench_report_number(products > 0 ? seconds / (products + parts->gathers) : (double)NAN, 2);
    bench_report_number(r->seconds[0] / seconds, 2);
    bench_report_row_end();
}

static int report_one(const bench_plan *plan)
{
    update_result r;
    bench_parts parts = {0, 0, 0, 0};
    int result = measure(plan, plan->network, &r);
    if (result != 0) {
        return result;
    }
    result = measure_parts(plan, &parts);
    if (result != 0) {
        return result;
    }
    bench_report_note("what", "%s, batch %u, %zu weights, %.1f MiB beyond weights and optimiser, medians of %llu",
                      r.cpu, r.batch, r.weights, r.memory / (1 << 20), (unsigned long long)plan->repeats);
    if (parts.attention > 0) {
        bench_report_table("parts", "part alone|ms");
        report_part("products of projections", parts.projections);
        report_part("products of h", parts.contexts);
        report_part("attention", parts.attention);
        report_part("gathers of bits", parts.gathers);
    }
    bench_report_table("update", "whole|ms|of products and attention|with gathers|speed beside one thread");
    report_time(&r, 1, r.seconds[0], &parts);
    if (plan->threads > 1) {
        report_time(&r, plan->threads, r.seconds[1], &parts);
    }
    return EXIT_SUCCESS;
}

/* ---- All kinds ---- */

static int report_kind(const bench_plan *plan, const char *kind)
{
    update_result r;
    int result = measure(plan, kind, &r);
    if (result != 0) {
        return result;
    }
    bench_report_row(kind);
    bench_report_number((double)r.weights, 0);
    bench_report_number(1e3 * r.seconds[0], 3);
    bench_report_number(plan->threads > 1 ? 1e3 * r.seconds[1] : (double)NAN, 3);
    bench_report_number(r.memory / (1 << 20), 2);
    bench_report_number(4.0 * sizeof(float) * (double)r.weights / (1 << 20), 2);
    bench_report_row_end();
    return 0;
}

static int report_all(const bench_plan *plan)
{
    char kinds[128];
    snprintf(kinds, sizeof(kinds), "%s", arq_parameter_text("network", ARQ_PARAMETER_RANGE));
    bench_report_note("what",
                      "every kind of network with the same widths, batch and preset, medians of %llu; ms on one "
                      "thread and on %llu; MiB beyond weights and optimiser, and of these",
                      (unsigned long long)plan->repeats, (unsigned long long)plan->threads);
    bench_report_table("update", "network|weights|ms|ms threads|MiB|MiB weights");
    for (char *at = kinds; at != NULL;) {
        char *end = strchr(at, '|');
        if (end != NULL) {
            *end++ = '\0';
        }
        int result = report_kind(plan, at);
        if (result != 0) {
            return result;
        }
        at = end;
    }
    return EXIT_SUCCESS;
}

int bench_update(const bench_plan *plan, int id_count, const char *const *ids)
{
    (void)id_count;
    (void)ids;
    return plan->network != NULL && strcmp(plan->network, "all") == 0 ? report_all(plan) : report_one(plan);
}
