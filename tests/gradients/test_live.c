/*
 * Updates leave out weights whose inputs are bits that were never set. A learner that goes through all of its weights
 * ends with the same bits, while ever more values are set, from a file on, and from moments that were not known before.
 */
#include "nn/cells/memory.h"
#include "nn/kind.h"
#include "nn/learner.h"

#include "arq/arq.h"
#include "../support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BATCH 20 /* more than one block of samples */
#define SIZE 203
#define BYTES ((SIZE + 7) / 8)
#define ACTIONS 4
#define MOST_WINDOW 3
#define UPDATES 30

static const char *const options[] = {
    "network=arq widths=32 heads=2 recurrent=false top_down=false input_skip=false",
    "network=arq widths=16,32 heads=3 input_skip=true context_size=2",
    "network=arq widths=16,32 heads=3 input_skip=false context_size=1",
    "network=ad widths=16 heads=4 recurrent=false top_down=false",
};

static unsigned next(unsigned *random)
{
    return *random = *random * 1664525u + 1013904223u;
}

typedef struct pair {
    arq_context *context;
    arq_config *config;
    arq_network *network[2];
    arq_learner *learner[2]; /* the second leaves nothing out */
} pair;

static arq_cells_live *live_of(const arq_learner *learner)
{
    return &((arq_cells_learner *)learner->state)->live;
}

static void open_pair(pair *p, const char *option)
{
    char copy[256];
    char *rest = NULL;
    snprintf(copy, sizeof(copy), "batch=%d %s", BATCH, option);
    ck_assert_int_eq(arq_context_create(ARQ_ABI_VERSION, NULL, &p->context), ARQ_OK);
    ck_assert_int_eq(arq_config_create(p->context, NULL, &p->config), ARQ_OK);
    for (char *text = strtok_r(copy, " ", &rest); text != NULL; text = strtok_r(NULL, " ", &rest)) {
        char *value = strchr(text, '=');
        *value++ = '\0';
        ck_assert_int_eq(arq_config_set(p->config, text, value), ARQ_OK);
    }
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(arq_network_create(p->context, p->config, ARQ_OBSERVATION_BIT, SIZE, ACTIONS, &p->network[i]),
                         ARQ_OK);
        ck_assert_int_eq(arq_learner_create(p->network[i], p->config, &p->learner[i]), ARQ_OK);
    }
    ck_assert_ptr_nonnull(live_of(p->learner[0])->touched);
    live_of(p->learner[1])->touched = NULL;
}

static void close_pair(pair *p)
{
    for (int i = 0; i < 2; i++) {
        arq_learner_destroy(p->learner[i]);
        arq_network_destroy(p->network[i]);
    }
    arq_config_destroy(p->config);
    arq_context_destroy(p->context);
}

/* Some of the first `values` bits of every observation. */
static void update(const pair *p, unsigned *random, uint32_t values)
{
    static uint8_t windows[BATCH][MOST_WINDOW + 1][BYTES];
    int32_t actions[BATCH];
    float rewards[BATCH];
    uint8_t terminated[BATCH];
    size_t frames = BATCH * (arq_learner_window(p->learner[0]) + 1);
    uint8_t *bytes = &windows[0][0][0];
    memset(windows, 0, sizeof(windows));
    for (size_t i = 0; i < frames * 6; i++) {
        uint32_t value = next(random) % 16384 * values / 16384;
        bytes[i / 6 * BYTES + value / 8] |= (uint8_t)(1u << (value % 8));
    }
    for (int b = 0; b < BATCH; b++) {
        actions[b] = (int32_t)(next(random) >> 30);
        rewards[b] = (float)(next(random) >> 8) / (1 << 21);
        terminated[b] = next(random) >> 31 != 0;
    }
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(arq_learner_update(p->learner[i], BATCH, windows, NULL, actions, rewards, terminated), ARQ_OK);
    }
}

static void compare(const pair *p, const char *when)
{
    size_t bytes = arq_network_weight_count(&p->network[0]->shape) * sizeof(float);
    ck_assert_msg(memcmp(p->network[0]->weights, p->network[1]->weights, bytes) == 0, "%s: weights", when);
    ck_assert_msg(memcmp(p->learner[0]->m, p->learner[1]->m, bytes) == 0, "%s: m", when);
    ck_assert_msg(memcmp(p->learner[0]->v, p->learner[1]->v, bytes) == 0, "%s: v", when);
    ck_assert_msg(memcmp(p->learner[0]->metric, p->learner[1]->metric, sizeof(p->learner[0]->metric[0])) == 0,
                  "%s: metrics", when);
}

static size_t live_weights(const arq_learner *learner)
{
    const arq_cells_live *live = live_of(learner);
    size_t sum = 0;
    for (uint32_t i = 0; i < live->spans[0]; i++) {
        sum += live->span[0][i].count;
    }
    return sum;
}

START_TEST(weights_at_rest_stay)
{
    pair p;
    unsigned random = (unsigned)_i;
    open_pair(&p, options[_i]);
    size_t all = p.network[0]->shape.weights[1];
    size_t before = 0;
    for (int i = 0; i < UPDATES; i++) {
        update(&p, &random, 20 + 6 * (uint32_t)i);
        compare(&p, "update");
        ck_assert_uint_ge(live_weights(p.learner[0]), before);
        before = live_weights(p.learner[0]);
        ck_assert_uint_lt(before, all);
    }
    close_pair(&p);
}
END_TEST

/* The one that saved goes on with more than the one that loads has ever seen set. */
START_TEST(files_bring_other_moments)
{
    pair p;
    char path[64];
    unsigned random = (unsigned)_i + 77;
    snprintf(path, sizeof(path), "/tmp/arq_test_live_%ld", (long)getpid());
    open_pair(&p, options[_i]);
    for (int i = 0; i < 5; i++) {
        update(&p, &random, 100);
    }
    ck_assert_int_eq(arq_learner_save(p.learner[1], path), ARQ_OK);
    for (int i = 0; i < 2; i++) {
        pair fresh;
        open_pair(&fresh, options[_i]);
        if (i == 1) {
            update(&fresh, &random, SIZE);
        }
        size_t bytes = arq_network_weight_count(&p.network[0]->shape) * sizeof(float);
        for (int k = 0; k < 2; k++) {
            memcpy(fresh.network[k]->weights, p.network[k]->weights, bytes);
            ck_assert_int_eq(arq_learner_load(fresh.learner[k], path), ARQ_OK);
        }
        update(&fresh, &random, 60);
        compare(&fresh, "loaded");
        ck_assert_uint_le(live_weights(fresh.learner[0]), live_weights(p.learner[0]));
        close_pair(&fresh);
    }
    unlink(path);
    close_pair(&p);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("live weights");
    TCase *cases = tcase_create("live weights");
    int count = (int)(sizeof(options) / sizeof(options[0]));
    tcase_add_loop_test(cases, weights_at_rest_stay, 0, count);
    tcase_add_loop_test(cases, files_bring_other_moments, 0, count);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
