/* Batches of any environment: parts of them, wrapped, of handles, with instances that end and fail at different times.
 */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST 40
#define BYTES 80 /* of the largest observation */

/* What a call of a batch is given and gives. */
struct arrays {
    int32_t actions[MOST];
    double box_actions[MOST];
    union {
        double alignment;
        unsigned char bytes[MOST * BYTES];
    } observations;
    double rewards[MOST];
    int32_t terminated[MOST], truncated[MOST];
    uint8_t mask[MOST];
};

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 16;
}

static arq_env *new_walk(arq_context *context, int fault, int32_t kind, int box)
{
    arq_env *env = NULL;
    ck_assert_int_eq(arq_env_create(context, &walk_methods, walk_new(fault, kind, box), &env), ARQ_OK);
    return env;
}

static arq_env *limited(arq_env *env, uint64_t steps)
{
    arq_env *outer = NULL;
    ck_assert_int_eq(arq_env_time_limit(env, steps, &outer), ARQ_OK);
    return outer;
}

/* Instances of one kind, every third with a shorter episode. */
static void make_handles(arq_context *context, uint32_t count, int box, arq_env **envs)
{
    for (uint32_t i = 0; i < count; i++) {
        envs[i] = new_walk(context, WALK_GOOD, ARQ_OBSERVATION_F32, box);
        envs[i] = i % 3 == 0 ? limited(envs[i], 5 + i) : envs[i];
    }
}

static arq_status step_part(arq_env_batch *batch, const uint8_t *mask, int box, struct arrays *a)
{
    return box ? arq_env_batch_step_box(batch, mask, a->box_actions, a->observations.bytes, a->rewards, a->terminated,
                                        a->truncated)
               : arq_env_batch_step_masked(batch, mask, a->actions, a->observations.bytes, a->rewards, a->terminated,
                                           a->truncated);
}

static const struct {
    const char *id; /* NULL: of handles */
    size_t bytes;
    uint32_t count;
    int box;
} sources[] = {
    {"test/walk?kind=bit", 2, 40, 0},
    {"test/walk?kind=f64", 80, 11, 0},
    {"test/walk?kind=f32&box=1", 40, 25, 1},
    {"test/walk?kind=bit|time_limit=6", 2, 33, 0},
    {"test/walk?box=1|bang_bang", 2, 19, 0},
    {"test/walk?box=1|time_limit=9", 2, 19, 1},
    {NULL, 40, 24, 0},
    {NULL, 40, 24, 1},
};

static const uint32_t thread_counts[] = {1, 2, 3, 7};

/* A random part of the instances steps; those that ended rest for a while before they are reset. Each instance gives
 * what it gives alone, and what belongs to others is left as it was. */
START_TEST(steps_parts_as_single_environments)
{
    const uint32_t count = sources[_i].count;
    const size_t bytes = sources[_i].bytes;
    const int box = sources[_i].box;
    for (size_t t = 0; t < sizeof(thread_counts) / sizeof(thread_counts[0]); t++) {
        arq_context *context = new_context();
        ck_assert_int_eq(arq_plugin_register(context, walk_plugin), ARQ_OK);
        ck_assert_int_eq(arq_context_set_threads(context, thread_counts[t]), ARQ_OK);
        arq_env_batch *batch = NULL;
        arq_env *singles[MOST], *members[MOST];
        if (sources[_i].id != NULL) {
            ck_assert_msg(arq_env_batch_open(context, sources[_i].id, count, &batch) == ARQ_OK, "%s",
                          last_error(context));
            for (uint32_t i = 0; i < count; i++) {
                singles[i] = open_env(context, sources[_i].id);
            }
        } else {
            make_handles(context, count, box, singles);
            make_handles(context, count, box, members);
            ck_assert_msg(arq_env_batch_create(members, count, &batch) == ARQ_OK, "%s", last_error(context));
        }
        ck_assert_uint_eq(arq_env_batch_count(batch), count);
        static struct arrays got, expected;
        memset(&got, 0x11, sizeof(got));
        memset(&expected, 0x11, sizeof(expected));
        uint64_t seeds[MOST];
        uint8_t ended[MOST] = {0};
        uint32_t random = 5;
        uint32_t ends = 0;
        for (uint32_t i = 0; i < count; i++) {
            seeds[i] = 70 + i;
            ck_assert_int_eq(arq_env_reset(singles[i], &seeds[i], expected.observations.bytes + i * bytes), ARQ_OK);
        }
        ck_assert_int_eq(arq_env_batch_reset(batch, seeds, NULL, got.observations.bytes), ARQ_OK);
        for (int round = 0; round < 200; round++) {
            memset(got.mask, 0, count);
            for (uint32_t i = 0; i < count; i++) {
                got.mask[i] = ended[i] && next_random(&random) % 4 == 0;
                if (got.mask[i]) {
                    ended[i] = 0;
                    ck_assert_int_eq(arq_env_reset(singles[i], NULL, expected.observations.bytes + i * bytes), ARQ_OK);
                }
            }
            ck_assert_int_eq(arq_env_batch_reset(batch, NULL, got.mask, got.observations.bytes), ARQ_OK);
            for (uint32_t i = 0; i < count; i++) {
                got.actions[i] = (int32_t)(next_random(&random) % 4 != 0);
                got.box_actions[i] = got.actions[i] ? 0.5 : -1;
                got.mask[i] = !ended[i] && next_random(&random) % 3 != 0;
                if (!got.mask[i]) {
                    got.actions[i] = 99; /* not looked at */
                    got.box_actions[i] = 99;
                    continue;
                }
                void *observation = expected.observations.bytes + i * bytes;
                arq_status status =
                    box ? arq_env_step_box(singles[i], &got.box_actions[i], observation, &expected.rewards[i],
                                           &expected.terminated[i], &expected.truncated[i])
                        : arq_env_step(singles[i], got.actions[i], observation, &expected.rewards[i],
                                       &expected.terminated[i], &expected.truncated[i]);
                ck_assert_int_eq(status, ARQ_OK);
                ended[i] = expected.terminated[i] || expected.truncated[i];
                ends += ended[i];
            }
            ck_assert_msg(step_part(batch, got.mask, box, &got) == ARQ_OK, "%s", last_error(context));
            ck_assert_mem_eq(got.observations.bytes, expected.observations.bytes, count * bytes);
            ck_assert_mem_eq(got.rewards, expected.rewards, sizeof(got.rewards));
            ck_assert_mem_eq(got.terminated, expected.terminated, sizeof(got.terminated));
            ck_assert_mem_eq(got.truncated, expected.truncated, sizeof(got.truncated));
        }
        ck_assert_uint_gt(ends, 20);
        for (uint32_t i = 0; i < count; i++) {
            arq_env_destroy(singles[i]);
        }
        arq_env_batch_destroy(batch);
        ck_assert_int_eq(walk_count(), 0);
        arq_context_destroy(context);
    }
}
END_TEST

/* Without a mask those inside an episode step; the others rest, with their final observation. */
START_TEST(rests_those_that_have_ended)
{
    arq_context *context = new_context();
    static struct arrays a;
    arq_env *members[MOST];
    arq_env_batch *batch = NULL;
    for (uint32_t i = 0; i < 10; i++) {
        members[i] = limited(new_walk(context, WALK_GOOD, ARQ_OBSERVATION_U8, 0), i + 1);
    }
    ck_assert_int_eq(arq_env_batch_create(members, 10, &batch), ARQ_OK);
    ck_assert_int_eq(step_part(batch, NULL, 0, &a), ARQ_E_ORDER);
    ck_assert(error_says(context, "no instance is inside an episode"));
    ck_assert_int_eq(arq_env_batch_reset(batch, NULL, NULL, a.observations.bytes), ARQ_OK);
    for (uint32_t step = 1; step <= 10; step++) {
        memset(a.rewards, 0x11, sizeof(a.rewards));
        ck_assert_int_eq(step_part(batch, NULL, 0, &a), ARQ_OK);
        for (uint32_t i = 0; i < 10; i++) {
            ck_assert_int_eq(a.truncated[i], step >= i + 1);
            ck_assert_int_eq(a.rewards[i] == 0, step <= i + 1);
            /* u8 observations show how old the episode is */
            uint32_t age = a.observations.bytes[i * WALK_CELLS + WALK_CELLS - 1];
            ck_assert_uint_eq(age, step < i + 1 ? step : i + 1);
        }
    }
    ck_assert_int_eq(step_part(batch, NULL, 0, &a), ARQ_E_ORDER);
    a.mask[3] = 1;
    ck_assert_int_eq(step_part(batch, a.mask, 0, &a), ARQ_E_ORDER);
    ck_assert(error_says(context, "instance 3 has ended its episode"));
    ck_assert_int_eq(arq_env_batch_reset(batch, NULL, a.mask, a.observations.bytes), ARQ_OK);
    ck_assert_int_eq(step_part(batch, NULL, 0, &a), ARQ_OK);
    a.mask[3] = 0;
    ck_assert_int_eq(step_part(batch, a.mask, 0, &a), ARQ_OK);
    arq_env_batch_destroy(batch);
    arq_context_destroy(context);
}
END_TEST

static const struct {
    int fault;
    int box;
    arq_status status;
    const char *words;
} failures[] = {
    {WALK_FAILS_OWN_CODE, 0, WALK_OWN_CODE, "cell five is mine"},
    {WALK_FAILS_OWN_CODE, 1, WALK_OWN_CODE, "cell five is mine"},
    {WALK_FAILS, 0, ARQ_E_CALLBACK, "cell five is broken"},
    {WALK_REWARD_NAN, 0, ARQ_E_ENV, "reward is nan"},
    {WALK_REWARD_UNWRITTEN, 1, ARQ_E_ENV, "reward is"},
    {WALK_TERMINATED_TWO, 0, ARQ_E_ENV, "terminated is 2"},
};

/* Two of twenty fail: each says so, and the others' steps are those of single environments. */
START_TEST(keeps_the_steps_of_those_that_do_not_fail)
{
    const int box = failures[_i].box;
    for (size_t t = 0; t < 2; t++) {
        arq_context *context = new_context();
        ck_assert_int_eq(arq_context_set_threads(context, thread_counts[t]), ARQ_OK);
        static struct arrays a, expected;
        memset(&a, 0, sizeof(a));
        memset(&expected, 0, sizeof(expected));
        arq_env *members[20], *singles[20];
        arq_env_batch *batch = NULL;
        uint64_t seeds[20] = {0};
        for (uint32_t i = 0; i < 20; i++) {
            int fault = i == 7 || i == 13 ? failures[_i].fault : WALK_GOOD;
            members[i] = new_walk(context, fault, ARQ_OBSERVATION_DISCRETE, box);
            singles[i] = new_walk(context, WALK_GOOD, ARQ_OBSERVATION_DISCRETE, box);
            a.actions[i] = i % 4 != 0;
            a.box_actions[i] = i % 4 != 0 ? 1 : -1;
            ck_assert_int_eq(arq_env_reset(singles[i], &seeds[i], expected.observations.bytes + i * 4), ARQ_OK);
        }
        ck_assert_int_eq(arq_env_batch_create(members, 20, &batch), ARQ_OK);
        ck_assert_int_eq(arq_env_batch_reset(batch, seeds, NULL, a.observations.bytes), ARQ_OK);
        uint32_t failed = 0;
        for (int round = 0; round < 40; round++) {
            arq_status status = step_part(batch, NULL, box, &a);
            const arq_status *statuses = arq_env_batch_statuses(batch);
            arq_status first = ARQ_OK;
            for (uint32_t i = 0; i < 20; i++) {
                first = first == ARQ_OK ? statuses[i] : first;
                if (i == 7 || i == 13) {
                    ck_assert(statuses[i] == ARQ_OK || statuses[i] == failures[_i].status);
                    failed += statuses[i] != ARQ_OK;
                    continue;
                }
                ck_assert_int_eq(statuses[i], ARQ_OK);
                if (expected.terminated[i] || expected.truncated[i]) {
                    continue; /* it rests */
                }
                void *observation = expected.observations.bytes + i * 4;
                ck_assert_int_eq(box ? arq_env_step_box(singles[i], &a.box_actions[i], observation,
                                                        &expected.rewards[i], &expected.terminated[i],
                                                        &expected.truncated[i])
                                     : arq_env_step(singles[i], a.actions[i], observation, &expected.rewards[i],
                                                    &expected.terminated[i], &expected.truncated[i]),
                                 ARQ_OK);
                ck_assert_mem_eq(a.observations.bytes + i * 4, observation, 4);
                ck_assert_double_eq(a.rewards[i], expected.rewards[i]);
                ck_assert_int_eq(a.terminated[i], expected.terminated[i]);
                ck_assert_int_eq(a.truncated[i], expected.truncated[i]);
            }
            ck_assert_int_eq(status, first);
            ck_assert(status == ARQ_OK || error_says(context, failures[_i].words));
            ck_assert(status == ARQ_OK || error_says(context, statuses[7] != ARQ_OK ? "instance 7 of the batch: "
                                                                                    : "instance 13 of the batch: "));
        }
        ck_assert_uint_eq(failed, 2);
        memset(a.mask, 0, sizeof(a.mask));
        a.mask[13] = 1;
        ck_assert_int_eq(step_part(batch, a.mask, box, &a), ARQ_E_ORDER);
        ck_assert(error_says(context, "instance 13 failed in its last step"));
        ck_assert_int_eq(arq_env_batch_statuses(batch)[13], ARQ_OK);
        ck_assert_int_eq(arq_env_batch_reset(batch, NULL, a.mask, a.observations.bytes), ARQ_OK);
        arq_env_batch_destroy(batch);
        for (uint32_t i = 0; i < 20; i++) {
            arq_env_destroy(singles[i]);
        }
        ck_assert_int_eq(walk_count(), 0);
        arq_context_destroy(context);
    }
}
END_TEST

static arq_status fails_vaguely(void *const *selves, uint32_t count, const int32_t *actions, void *observations,
                                double *rewards, int32_t *terminated, int32_t *truncated)
{
    walk_methods.step_batch(selves, count, actions, observations, rewards, terminated, truncated);
    return WALK_OWN_CODE;
}

/* A step_batch that fails with every result written does not say who failed: no step of it is believed. */
START_TEST(believes_nobody_when_all_is_written)
{
    arq_context *context = new_context();
    static struct arrays a;
    arq_env_methods methods = walk_methods;
    arq_env *members[3];
    arq_env_batch *batch = NULL;
    methods.step_batch = fails_vaguely;
    for (uint32_t i = 0; i < 3; i++) {
        ck_assert_int_eq(arq_env_create(context, &methods, walk_new(WALK_GOOD, ARQ_OBSERVATION_BIT, 0), &members[i]),
                         ARQ_OK);
    }
    ck_assert_int_eq(arq_env_batch_create(members, 3, &batch), ARQ_OK);
    ck_assert_int_eq(arq_env_batch_reset(batch, NULL, NULL, a.observations.bytes), ARQ_OK);
    ck_assert_int_eq(step_part(batch, NULL, 0, &a), WALK_OWN_CODE);
    ck_assert(error_says(context, "instance 0 of the batch: "));
    for (uint32_t i = 0; i < 3; i++) {
        ck_assert_int_eq(arq_env_batch_statuses(batch)[i], WALK_OWN_CODE);
    }
    ck_assert_int_eq(step_part(batch, NULL, 0, &a), ARQ_E_ORDER);
    arq_env_batch_destroy(batch);
    arq_context_destroy(context);
}
END_TEST

/* What a batch cannot be made of stays the caller's, as it was. */
START_TEST(refuses_handles_that_do_not_fit)
{
    arq_context *context = new_context();
    arq_context *other = new_context();
    static struct arrays a;
    arq_env_batch *batch = NULL;
    arq_env *good = new_walk(context, WALK_GOOD, ARQ_OBSERVATION_BIT, 0);
    arq_env *twin = new_walk(context, WALK_GOOD, ARQ_OBSERVATION_BIT, 0);
    arq_env *floats = new_walk(context, WALK_GOOD, ARQ_OBSERVATION_F32, 0);
    arq_env *box = new_walk(context, WALK_GOOD, ARQ_OBSERVATION_BIT, 1);
    arq_env *foreign = new_walk(other, WALK_GOOD, ARQ_OBSERVATION_BIT, 0);
    arq_env *inner = new_walk(context, WALK_GOOD, ARQ_OBSERVATION_BIT, 0);
    arq_env *outer = limited(inner, 4);
    const struct {
        arq_env *second;
        arq_status status;
        const char *words;
    } pairs[] = {
        {NULL, ARQ_E_ARGUMENT, "envs[1] is NULL"},
        {good, ARQ_E_ARGUMENT, "stands in the array twice"},
        {inner, ARQ_E_ARGUMENT, "a wrapper or a batch owns it"},
        {foreign, ARQ_E_ARGUMENT, "has another context"},
        {floats, ARQ_E_SHAPE, "envs[1] (environment): its observation differ"},
        {box, ARQ_E_SHAPE, "its actions differ"},
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        arq_env *envs[2] = {good, pairs[i].second};
        batch = (arq_env_batch *)(void *)context;
        ck_assert_int_eq(arq_env_batch_create(envs, 2, &batch), pairs[i].status);
        ck_assert_ptr_null(batch);
        ck_assert(error_says(context, pairs[i].words));
        ck_assert_int_eq(arq_env_reset(good, NULL, a.observations.bytes), ARQ_OK);
    }
    arq_env *pair[2] = {good, twin};
    ck_assert_int_eq(arq_env_batch_create(pair, 2, NULL), ARQ_E_ARGUMENT);
    ck_assert_int_eq(arq_env_batch_create(pair, 0, &batch), ARQ_E_ARGUMENT);
    ck_assert_int_eq(arq_env_batch_create(NULL, 2, &batch), ARQ_E_ARGUMENT);
    ck_assert_uint_eq(arq_env_batch_count(NULL), 0);
    ck_assert_ptr_null(arq_env_batch_statuses(NULL));
    /* One that is inside an episode goes on there; the other has none yet. */
    ck_assert_int_eq(arq_env_batch_create(pair, 2, &batch), ARQ_OK);
    ck_assert_ptr_eq(arq_env_batch_at(batch, 1), twin);
    arq_env_destroy(good); /* the batch's now */
    ck_assert_int_eq(step_part(batch, NULL, 0, &a), ARQ_OK);
    uint8_t both[2] = {1, 1};
    ck_assert_int_eq(step_part(batch, both, 0, &a), ARQ_E_ORDER);
    ck_assert(error_says(context, "instance 1 was never reset"));
    ck_assert_int_eq(step_part(batch, NULL, 1, &a), ARQ_E_UNSUPPORTED);
    a.actions[0] = 2;
    ck_assert_int_eq(step_part(batch, NULL, 0, &a), ARQ_E_ARGUMENT);
    ck_assert(error_says(context, "action 0 is 2; accepted: 0 .. 1"));
    arq_env_batch_destroy(batch);
    ck_assert_int_eq(arq_env_batch_create(&box, 1, &batch), ARQ_OK);
    ck_assert_int_eq(arq_env_batch_reset(batch, NULL, NULL, a.observations.bytes), ARQ_OK);
    a.actions[0] = 0;
    ck_assert_int_eq(step_part(batch, NULL, 0, &a), ARQ_E_UNSUPPORTED);
    ck_assert(error_says(context, "its actions are a box; use arq_env_batch_step_box"));
    a.box_actions[0] = 1.5;
    ck_assert_int_eq(step_part(batch, NULL, 1, &a), ARQ_E_ARGUMENT);
    ck_assert(error_says(context, "component 0 of action 0 is 1.5"));
    arq_env_batch_destroy(batch);
    arq_env_destroy(floats);
    arq_env_destroy(outer);
    arq_env_destroy(foreign);
    ck_assert_int_eq(walk_count(), 0);
    arq_context_destroy(context);
    arq_context_destroy(other);
}
END_TEST

/* Wrapping a batch wraps its instances; one that cannot be wrapped is as it was. */
START_TEST(wraps_all_instances)
{
    arq_context *context = new_context();
    static struct arrays a;
    arq_env_batch *box = NULL, *coded = NULL, *none = NULL;
    ck_assert_int_eq(arq_plugin_register(context, walk_plugin), ARQ_OK);
    ck_assert_int_eq(arq_env_batch_open(context, "test/walk?box=1", 12, &box), ARQ_OK);
    ck_assert_int_eq(arq_env_batch_reset(box, NULL, NULL, a.observations.bytes), ARQ_OK);
    ck_assert_int_eq(arq_env_batch_time_limit(box, 0, &none), ARQ_E_ARGUMENT);
    ck_assert_ptr_null(none);
    ck_assert_int_eq(arq_env_batch_time_limit(NULL, 1, &none), ARQ_E_ARGUMENT);
    ck_assert_int_eq(arq_env_batch_bang_bang(box, NULL), ARQ_E_ARGUMENT);
    ck_assert_int_eq(step_part(box, NULL, 1, &a), ARQ_OK);
    ck_assert_int_eq(arq_env_batch_bang_bang(box, &coded), ARQ_OK);
    ck_assert_uint_eq(arq_env_describe(arq_env_batch_at(coded, 3))->action_count, 2);
    ck_assert_int_eq(step_part(coded, NULL, 0, &a), ARQ_E_ORDER);
    ck_assert_int_eq(arq_env_batch_reset(coded, NULL, NULL, a.observations.bytes), ARQ_OK);
    ck_assert_int_eq(arq_env_batch_bang_bang(coded, &none), ARQ_E_UNSUPPORTED);
    ck_assert_ptr_null(none);
    ck_assert_int_eq(step_part(coded, NULL, 0, &a), ARQ_OK);
    /* A state of one instance goes to another, through the wrapper. */
    unsigned char state[256];
    size_t size;
    ck_assert_int_eq(arq_env_save(arq_env_batch_at(coded, 2), state, sizeof(state), &size), ARQ_OK);
    ck_assert_int_eq(arq_env_load(arq_env_batch_at(coded, 5), state, size), ARQ_OK);
    ck_assert_int_eq(step_part(coded, NULL, 0, &a), ARQ_OK);
    ck_assert_mem_eq(a.observations.bytes + 2 * 2, a.observations.bytes + 5 * 2, 2);
    arq_env_batch_destroy(coded);
    ck_assert_int_eq(walk_count(), 0);
    arq_context_destroy(context);
}
END_TEST

START_TEST(opens_ids_with_wrappers)
{
    arq_context *context = new_context();
    arq_env *env = open_env(context, "test/walk?box=1|bang_bang|time_limit=3");
    ck_assert_int_eq(arq_env_describe(env)->action_kind, ARQ_ACTION_DISCRETE);
    ck_assert_uint_eq(arq_env_describe(env)->time_limit, 3);
    arq_env_destroy(env);
    env = open_env(context, "test/walk|time_limit=18446744073709551");
    ck_assert_uint_eq(arq_env_describe(env)->time_limit, WALK_TIME_LIMIT);
    arq_env_destroy(env);
    static const char *const bad[] = {
        "test/walk|",
        "test/walk|time_limit",
        "test/walk|time_limit=",
        "test/walk|time_limit=0",
        "test/walk|time_limit=-3",
        "test/walk|time_limit=3x",
        "test/walk|time_limit=99999999999999999999",
        "test/walk?box=1|bang_bang=1",
        "test/walk|nonsense",
        "test/walk|time_limit=3|",
        "test/walk|time_limit=3|BANG",
        "test/walk|time_limit=3?box=1",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        arq_env_batch *batch = NULL;
        ck_assert_int_eq(arq_env_open(context, bad[i], &env), ARQ_E_ARGUMENT);
        ck_assert_ptr_null(env);
        ck_assert(error_says(context, "accepted: |time_limit=steps, |bang_bang"));
        ck_assert_int_eq(arq_env_batch_open(context, bad[i], 2, &batch), ARQ_E_ARGUMENT);
        ck_assert_ptr_null(batch);
    }
    ck_assert_int_eq(arq_env_open(context, "test/walk|bang_bang", &env), ARQ_E_UNSUPPORTED);
    ck_assert_ptr_null(env);
    arq_env_batch *batch = NULL;
    ck_assert_int_eq(arq_env_batch_open(context, "test/walk|bang_bang", 3, &batch), ARQ_E_UNSUPPORTED);
    ck_assert_ptr_null(batch);
    ck_assert_int_eq(walk_count(), 0);
    arq_context_destroy(context);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("parts of batches");
    TCase *test_case = tcase_create("parts of batches");
    tcase_set_timeout(test_case, 60);
    tcase_add_loop_test(test_case, steps_parts_as_single_environments, 0, (int)(sizeof(sources) / sizeof(sources[0])));
    tcase_add_test(test_case, rests_those_that_have_ended);
    tcase_add_loop_test(test_case, keeps_the_steps_of_those_that_do_not_fail, 0,
                        (int)(sizeof(failures) / sizeof(failures[0])));
    tcase_add_test(test_case, believes_nobody_when_all_is_written);
    tcase_add_test(test_case, refuses_handles_that_do_not_fit);
    tcase_add_test(test_case, wraps_all_instances);
    tcase_add_test(test_case, opens_ids_with_wrappers);
    suite_add_tcase(suite, test_case);
    return run_suite(suite);
}
