/* arq bench update: whole updates of a learner, beside the sum of their products and attention measured alone. */
#include "bench_measure.h"
#include "message.h"
#include "session.h"

#include "arq/learner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* MinAtar Breakout: 10 x 10 x 4 bits of which about one in 20 is set, 3 actions. */
#define OBSERVATION_BITS 400
#define OBSERVATION_BYTES (OBSERVATION_BITS / 8)
#define ACTIONS 3

typedef struct update_case {
    arq_context *context;
    arq_config *config;
    arq_network *network;
    arq_learner *learner;
    uint32_t batch;
    uint8_t *observations;
    int32_t *actions;
    float *rewards;
    uint8_t *terminated;
    arq_status status;
} update_case;

static void run_update(void *data)
{
    update_case *c = data;
    arq_status status =
        arq_learner_update(c->learner, c->batch, c->observations, NULL, c->actions, c->rewards, c->terminated);
    c->status = status == ARQ_OK ? c->status : status;
}

static void fill_batch(update_case *c)
{
    size_t bytes = (size_t)c->batch * (arq_learner_window(c->learner) + 1) * OBSERVATION_BYTES;
    uint32_t state = 1;
    c->observations = calloc(bytes, 1);
    c->actions = calloc(c->batch, sizeof(*c->actions));
    c->rewards = calloc(c->batch, sizeof(*c->rewards));
    c->terminated = calloc(c->batch, 1);
    if (c->observations == NULL || c->actions == NULL || c->rewards == NULL || c->terminated == NULL) {
        exit(message_fail("no memory for a batch of %u", c->batch));
    }
    for (size_t i = 0; i < bytes * 8 / 20; i++) {
        state = state * 1664525u + 1013904223u;
        size_t bit = (size_t)(((uint64_t)state * (bytes * 8)) >> 32);
        c->observations[bit / 8] |= (uint8_t)(1u << (bit % 8));
    }
    for (uint32_t b = 0; b < c->batch; b++) {
        state = state * 1664525u + 1013904223u;
        c->actions[b] = (int32_t)(state >> 16) % ACTIONS;
        c->rewards[b] = state >> 28 == 0;
    }
}

static arq_status configure(const bench_plan *plan, update_case *c)
{
    char text[32];
    double batch = 0;
    arq_status status =
        arq_config_create(c->context, plan->preset == NULL ? "minatar-paper" : plan->preset, &c->config);
    if (status == ARQ_OK && plan->widths != NULL) {
        status = arq_config_set(c->config, "widths", plan->widths);
    }
    if (status == ARQ_OK && plan->batch > 0) {
        snprintf(text, sizeof(text), "%llu", (unsigned long long)plan->batch);
        status = arq_config_set(c->config, "batch", text);
    }
    if (status == ARQ_OK) {
        status = arq_config_get_float(c->config, "batch", &batch);
    }
    c->batch = (uint32_t)batch;
    return status;
}

/* 0, or an exit code after saying why. */
static int open_case(const bench_plan *plan, uint64_t threads, update_case *c)
{
    memset(c, 0, sizeof(*c));
    int result = session_open(plan->cpu, threads, &c->context);
    if (result != 0) {
        return result;
    }
    if (configure(plan, c) != ARQ_OK) {
        return message_library_usage(c->context);
    }
    if (arq_network_create(c->context, c->config, ARQ_OBSERVATION_BIT, OBSERVATION_BITS, ACTIONS, &c->network) !=
            ARQ_OK ||
        arq_learner_create(c->network, c->config, &c->learner) != ARQ_OK) {
        return message_library(c->context);
    }
    fill_batch(c);
    return 0;
}

static void close_case(update_case *c)
{
    arq_learner_destroy(c->learner);
    arq_network_destroy(c->network);
    arq_config_destroy(c->config);
    arq_context_destroy(c->context);
    free(c->observations);
    free(c->actions);
    free(c->rewards);
    free(c->terminated);
}

/* ---- The parts of an update, alone ---- */

typedef struct part {
    const arq_kernels *kernels;
    size_t m, n, k;
    float *a, *b, *c, *pack;
    arq_attention attention;
} part;

static void run_gemm(void *data)
{
    part *p = data;
    p->kernels->gemm(p->m, p->n, p->k, p->a, p->k, p->b, p->n, p->c, p->n, p->pack);
}

static void run_gemm_tn(void *data)
{
    part *p = data;
    p->kernels->gemm_tn(p->m, p->n, p->k, p->a, p->m, p->b, p->n, p->c, p->n, p->pack);
}

static void run_forward(void *data)
{
    part *p = data;
    p->kernels->attention(&p->attention, p->a, p->c);
}

static void run_slope(void *data)
{
    part *p = data;
    p->kernels->attention_slope(&p->attention, p->a, p->c, p->c + p->n);
}

static void run_backward(void *data)
{
    part *p = data;
    p->kernels->attention_backward(&p->attention, p->a, p->b, 0, p->n, p->c, p->c + p->n);
}

/* Seconds of C[m, n] += A[m, k] B[k, n], or of A^T B. */
static double product_time(const bench_plan *plan, const arq_kernels *kernels, size_t m, size_t n, size_t k,
                           int transposed)
{
    if (k == 0 || m == 0) {
        return 0;
    }
    part p = {.kernels = kernels, .m = m, .n = n, .k = k};
    p.a = bench_floats(m * k);
    p.b = bench_floats(k * n);
    p.c = bench_floats(m * n);
    p.pack = bench_floats(ARQ_GEMM_PACK_FLOATS);
    double seconds = bench_time(plan, transposed ? run_gemm_tn : run_gemm, &p);
    free(p.a);
    free(p.b);
    free(p.c);
    free(p.pack);
    return seconds;
}

/* Seconds of one sample's passes: `forward` plain ones, one that keeps slopes, one backward. */
static double attention_time(const bench_plan *plan, const arq_kernels *kernels, size_t n, size_t heads, size_t forward)
{
    part p = {.kernels = kernels, .n = n};
    float *z = bench_floats((2 * heads + 1) * n);
    p.a = bench_floats(heads * n);
    p.b = bench_floats(n);
    p.c = bench_floats((heads + 1) * n);
    p.attention = (arq_attention){.heads = heads,
                                  .width = n,
                                  .rows = n,
                                  .zc = z,
                                  .ldzc = n,
                                  .z2 = z + heads * n,
                                  .ldz2 = n,
                                  .h = z + 2 * heads * n};
    double seconds = (double)forward * bench_time(plan, run_forward, &p) + bench_time(plan, run_slope, &p) +
                     bench_time(plan, run_backward, &p);
    free(z);
    free(p.a);
    free(p.b);
    free(p.c);
    return seconds;
}

typedef struct parts {
    double projections, contexts, attention;
} parts;

/* One cell: `dense` inputs besides the observation's bits, whose columns are gathered. */
static void add_cell(const bench_plan *plan, const update_case *c, size_t n, size_t heads, size_t dense, parts *sum)
{
    const arq_kernels *kernels = bench_kernels_of(plan);
    size_t batch = c->batch, window = arq_learner_window(c->learner);
    size_t passes = window > 1 ? 2 * window + 2 : 3; /* both networks' contexts, s and s' */
    sum->projections += 2 * (3 * product_time(plan, kernels, batch, heads * n, dense, 0) +
                             product_time(plan, kernels, dense, heads * n, batch, 1));
    sum->contexts += (double)passes * product_time(plan, kernels, batch, n, dense, 0) +
                     product_time(plan, kernels, dense, n, batch, 1);
    sum->attention += (double)batch * attention_time(plan, kernels, n, heads, ACTIONS + 1);
}

static double parameter(const update_case *c, const char *name)
{
    double value = 0;
    return arq_config_get_float(c->config, name, &value) == ARQ_OK ? value : 0;
}

static void measure_parts(const bench_plan *plan, const update_case *c, parts *sum)
{
    char text[256] = "";
    size_t width[64], cells = 0;
    arq_config_get(c->config, "widths", text, sizeof(text));
    for (char *at = strtok(text, ","); at != NULL && cells < 64; at = strtok(NULL, ",")) {
        width[cells++] = strtoul(at, NULL, 10);
    }
    for (size_t l = 0; l < cells; l++) {
        size_t dense = l > 0 ? width[l - 1] : 0;
        dense += parameter(c, "recurrent") > 0 ? width[l] : 0;
        dense += parameter(c, "top_down") > 0 && l + 1 < cells ? width[l + 1] : 0;
        add_cell(plan, c, width[l], (size_t)parameter(c, "heads"), dense, sum);
    }
}

int bench_update(const bench_plan *plan)
{
    update_case c;
    double seconds[2] = {0, 0};
    parts sum = {0, 0, 0};
    uint64_t threads[2] = {1, plan->threads};
    for (int i = 0; i < 2 && (i == 0 || threads[1] > 1); i++) {
        int result = open_case(plan, threads[i], &c);
        if (result == 0) {
            seconds[i] = bench_time(plan, run_update, &c);
            result = c.status == ARQ_OK ? 0 : message_library(c.context);
        }
        if (result == 0 && i == 0) {
            printf("%s, batch %u, medians of %llu\n", arq_context_cpu(c.context), c.batch,
                   (unsigned long long)plan->repeats);
            measure_parts(plan, &c, &sum);
        }
        close_case(&c);
        if (result != 0) {
            return result;
        }
    }
    double alone = sum.projections + sum.contexts + sum.attention;
    printf("products of projections %10.3f ms\nproducts of h %20.3f ms\nattention %24.3f ms\n", 1e3 * sum.projections,
           1e3 * sum.contexts, 1e3 * sum.attention);
    printf("update, 1 thread %17.3f ms, %.2f x the sum of these\n", 1e3 * seconds[0], seconds[0] / alone);
    if (threads[1] > 1) {
        printf("update, %llu threads %16.3f ms, %.2f x one thread's speed\n", (unsigned long long)threads[1],
               1e3 * seconds[1], seconds[0] / seconds[1]);
    }
    return EXIT_SUCCESS;
}
