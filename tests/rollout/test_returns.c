/* Returns against a naive recursion and against the lambda-weighted sum of n-step returns. */
#include "../api/support.h"
#include "rollout/minibatches.h"
#include "rollout/returns.h"
#include "rollout/rows.h"
#include "../support/suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST 24u
#define WIDEST 5u

typedef struct row {
    uint32_t length, width;
    double gamma, lambda;
    float rewards[LONGEST];
    uint8_t ends[LONGEST];
    float values[LONGEST * WIDEST]; /* of what follows each transition */
} row;

static double uniform(uint64_t *random)
{
    return (double)(next_random(random) >> 40) / 0x1p24;
}

static row random_row(uint64_t *random)
{
    static const double extremes[] = {0, 1, 0.65, 0.3};
    row r = {
        .length = 1 + (uint32_t)(next_random(random) % LONGEST),
        .width = 1 + (uint32_t)(next_random(random) % WIDEST),
        .gamma = uniform(random),
        .lambda = extremes[next_random(random) % 4],
    };
    for (uint32_t t = 0; t < r.length; t++) {
        r.rewards[t] = (float)(uniform(random) * 4 - 2);
        uint64_t chance = next_random(random) >> 40;
        r.ends[t] = chance % 5 == 0 ? ARQ_END_TERMINATED : chance % 7 == 0 ? ARQ_END_TRUNCATED : ARQ_END_NONE;
    }
    for (uint32_t i = 0; i < r.length * r.width; i++) {
        r.values[i] = (float)(uniform(random) * 8 - 4);
    }
    return r;
}

/* The rule as it is written. */
static double recursion(const row *r, uint32_t t, uint32_t k)
{
    double value = (double)r->values[t * r->width + k];
    if (r->ends[t] == ARQ_END_TERMINATED) {
        return (double)r->rewards[t];
    }
    if (r->ends[t] == ARQ_END_TRUNCATED) {
        return (double)r->rewards[t] + r->gamma * value;
    }
    double next = t + 1 == r->length ? value : recursion(r, t + 1, k);
    return (double)r->rewards[t] + r->gamma * ((1 - r->lambda) * value + r->lambda * next);
}

/* Rewards of n steps, and the value after them unless the episode terminated there. */
static double n_steps(const row *r, uint32_t t, uint32_t n, uint32_t k)
{
    double sum = 0;
    double discount = 1;
    for (uint32_t i = t; i < t + n; i++) {
        sum += discount * (double)r->rewards[i];
        discount *= r->gamma;
    }
    uint32_t last = t + n - 1;
    return r->ends[last] == ARQ_END_TERMINATED ? sum : sum + discount * (double)r->values[last * r->width + k];
}

/* (1 - lambda) sum of lambda^(n-1) G_n; the longest there is takes the rest of the weight. */
static double weighted(const row *r, uint32_t t, uint32_t k)
{
    uint32_t most = 1;
    while (t + most < r->length && r->ends[t + most - 1] == ARQ_END_NONE) {
        most++;
    }
    double sum = 0;
    double weight = 1;
    for (uint32_t n = 1; n < most; n++) {
        sum += (1 - r->lambda) * weight * n_steps(r, t, n, k);
        weight *= r->lambda;
    }
    return sum + weight * n_steps(r, t, most, k);
}

START_TEST(returns_are_those_of_both_definitions)
{
    uint64_t random = test_seed();
    for (int trial = 0; trial < 2000; trial++) {
        row r = random_row(&random);
        float found[LONGEST * WIDEST];
        memcpy(found, r.values, sizeof(found));
        arq_returns(r.length, r.width, r.rewards, r.ends, r.gamma, r.lambda, found);
        for (uint32_t t = 0; t < r.length; t++) {
            for (uint32_t k = 0; k < r.width; k++) {
                double y = (double)found[t * r.width + k];
                ck_assert_msg(fabs(y - recursion(&r, t, k)) <= 1e-6 * (1 + fabs(y)),
                              "step %u of %u: %g, by recursion %g", t, r.length, y, recursion(&r, t, k));
                ck_assert_msg(fabs(y - weighted(&r, t, k)) <= 1e-6 * (1 + fabs(y)), "step %u of %u: %g, weighted %g", t,
                              r.length, y, weighted(&r, t, k));
            }
        }
    }
}
END_TEST

START_TEST(lambda_0_and_1_are_one_step_and_the_whole_rollout)
{
    const float rewards[] = {1, 2, 4};
    const uint8_t ends[] = {ARQ_END_NONE, ARQ_END_NONE, ARQ_END_NONE};
    float one_step[] = {8, 16, 32};
    float whole[] = {8, 16, 32};
    arq_returns(3, 1, rewards, ends, 0.5, 0, one_step);
    arq_returns(3, 1, rewards, ends, 0.5, 1, whole);
    ck_assert(one_step[0] == 5 && one_step[1] == 10 && one_step[2] == 20);
    ck_assert(whole[0] == 1 + 0.5f * 12 && whole[1] == 12 && whole[2] == 20);
}
END_TEST

/* What lies behind an ending is never looked at. */
START_TEST(nothing_reaches_over_an_end)
{
    const float rewards[] = {1, 2, 4};
    const uint8_t ends[] = {ARQ_END_TERMINATED, ARQ_END_TRUNCATED, ARQ_END_TERMINATED};
    float values[] = {NAN, 16, INFINITY};
    arq_returns(3, 1, rewards, ends, 0.5, 0.9, values);
    ck_assert(values[0] == 1 && values[1] == 10 && values[2] == 4);
}
END_TEST

/* ---- Rows of different lengths, and the minibatches that are made from them ---- */

#define ROWS 4u
#define LENGTH 9u

static arq_rows uneven_rows(struct host *host, const uint32_t count[ROWS], const row source[ROWS])
{
    const arq_rows_shape shape = {.instances = ROWS,
                                  .length = LENGTH,
                                  .observation_bytes = 4,
                                  .cells = 3,
                                  .value = {1, 0, 3},
                                  .previous = {0, 2}};
    arq_rows rows = {0};
    succeeds(host, arq_rows_create(host->context, &shape, &rows));
    for (uint32_t i = 0; i < ROWS; i++) {
        for (uint32_t t = 0; t < count[i]; t++) {
            uint32_t name = i * LENGTH + t;
            size_t index =
                arq_rows_add(&rows, i, &name, (int32_t)(name % 3), source[i].rewards[t], (arq_end)source[i].ends[t]);
            ck_assert_uint_eq(index, arq_rows_at(&rows, i, t));
            rows.values[0][index] = source[i].values[t];
            for (uint32_t k = 0; k < 3; k++) {
                rows.values[2][index * 3 + k] = source[i].values[t * 3 + k];
            }
            rows.previous[1][index * 2] = (float)name;
            rows.previous[1][index * 2 + 1] = -(float)name;
        }
    }
    return rows;
}

static void make_sources(uint64_t *random, row source[ROWS], const uint32_t count[ROWS])
{
    for (uint32_t i = 0; i < ROWS; i++) {
        do {
            source[i] = random_row(random);
        } while (source[i].length < LENGTH || source[i].width < 3);
        source[i].length = count[i];
        source[i].gamma = 0.9;
        source[i].lambda = 0.65;
    }
}

START_TEST(every_row_ends_where_it_ends)
{
    struct host host;
    host_open(&host);
    uint64_t random = test_seed();
    const uint32_t count[ROWS] = {LENGTH, 0, 4, 1};
    row source[ROWS];
    make_sources(&random, source, count);
    arq_rows rows = uneven_rows(&host, count, source);
    ck_assert(arq_rows_are_full(&rows));
    arq_rows_find_returns(&rows, 0.9, 0.65);
    for (uint32_t i = 0; i < ROWS; i++) {
        for (uint32_t t = 0; t < count[i]; t++) {
            row one = source[i];
            one.width = 1;
            row three = source[i];
            three.width = 3;
            size_t index = arq_rows_at(&rows, i, t);
            ck_assert(fabs((double)rows.values[0][index] - recursion(&one, t, 0)) < 1e-5);
            for (uint32_t k = 0; k < 3; k++) {
                ck_assert(fabs((double)rows.values[2][index * 3 + k] - recursion(&three, t, k)) < 1e-5);
            }
        }
    }
    arq_rows_destroy(&rows);
    host_close(&host);
}
END_TEST

static void check_minibatch(const arq_minibatches *m, const arq_rows *rows, uint32_t *seen)
{
    for (uint32_t b = 0; b < m->size; b++) {
        uint32_t name;
        memcpy(&name, m->observations + 4 * b, 4);
        seen[name]++;
        ck_assert_int_eq(m->actions[b], (int32_t)(name % 3));
        ck_assert(m->targets[0][b] == rows->values[0][name]);
        ck_assert(memcmp(&m->targets[2][3 * b], &rows->values[2][3 * name], 3 * sizeof(float)) == 0);
        ck_assert(m->previous[1][2 * b] == (float)name && m->previous[1][2 * b + 1] == -(float)name);
    }
}

/* 14 transitions, at most `_i` of them at once. */
START_TEST(an_epoch_takes_each_transition_once)
{
    struct host host;
    host_open(&host);
    uint64_t random = 5;
    const uint32_t count[ROWS] = {LENGTH, 0, 4, 1};
    row source[ROWS];
    make_sources(&random, source, count);
    arq_rows rows = uneven_rows(&host, count, source);
    arq_minibatches m = {0};
    uint32_t largest = (uint32_t)_i;
    succeeds(&host, arq_minibatches_create(host.context, &rows.shape, largest, 3, &m));
    uint32_t wanted = (14 + largest - 1) / largest;
    uint32_t orders_differ = 0;
    uint32_t first_order[ROWS * LENGTH];
    arq_minibatches_start(&m, &rows, 3);
    ck_assert_uint_eq(arq_minibatches_left(&m), 3 * wanted);
    for (uint32_t epoch = 0; epoch < 3; epoch++) {
        uint32_t seen[ROWS * LENGTH] = {0};
        uint32_t size = 0;
        for (uint32_t i = 0; i < wanted; i++) {
            arq_minibatches_gather(&m, &rows);
            ck_assert_uint_le(m.size, largest);
            ck_assert_uint_eq(m.size, 14 / wanted + (i < 14 % wanted ? 1 : 0));
            check_minibatch(&m, &rows, seen);
            size += m.size;
            arq_minibatches_advance(&m);
        }
        ck_assert_uint_eq(size, 14);
        for (uint32_t name = 0; name < ROWS * LENGTH; name++) {
            ck_assert_uint_eq(seen[name], name % LENGTH < count[name / LENGTH]);
        }
        if (epoch == 0) {
            memcpy(first_order, m.order, sizeof(first_order));
        } else {
            orders_differ += memcmp(first_order, m.order, sizeof(first_order)) != 0;
        }
    }
    ck_assert_uint_eq(arq_minibatches_left(&m), 0);
    ck_assert_uint_ge(orders_differ, 1);
    arq_minibatches_destroy(&m);
    arq_rows_destroy(&rows);
    host_close(&host);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        returns_are_those_of_both_definitions,
        lambda_0_and_1_are_one_step_and_the_whole_rollout,
        nothing_reaches_over_an_end,
        every_row_ends_where_it_ends,
    };
    Suite *suite = suite_create("returns");
    TCase *cases = tcase_create("returns");
    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        tcase_add_test(cases, tests[i]);
    }
    tcase_add_loop_test(cases, an_epoch_takes_each_transition_once, 1, 16);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
