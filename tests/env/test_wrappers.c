/* Time limit and bang-bang. */
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static unsigned char observation[64];

struct outcome {
    double reward;
    int32_t terminated, truncated;
};

static arq_status step(arq_env *env, int32_t action, struct outcome *outcome)
{
    return arq_env_step(env, action, observation, &outcome->reward, &outcome->terminated, &outcome->truncated);
}

static arq_env *limit(arq_context *context, arq_env *inner, uint64_t steps)
{
    arq_env *env = NULL;
    ck_assert_msg(arq_env_time_limit(inner, steps, &env) == ARQ_OK, "%s", last_error(context));
    return env;
}

START_TEST(truncates_at_the_limit)
{
    arq_context *context = new_context();
    arq_env *env = limit(context, open_env(context, "test/walk"), 4);
    struct outcome outcome;
    ck_assert_uint_eq(arq_env_describe(env)->time_limit, 4);
    ck_assert_int_eq(step(env, 0, &outcome), ARQ_E_ORDER);
    for (int episode = 0; episode < 3; episode++) {
        ck_assert_int_eq(arq_env_reset(env, NULL, observation), ARQ_OK);
        for (int i = 1; i <= 4; i++) {
            ck_assert_int_eq(step(env, 0, &outcome), ARQ_OK);
            ck_assert_int_eq(outcome.truncated, i == 4);
            ck_assert_int_eq(outcome.terminated, 0);
        }
        ck_assert_int_eq(step(env, 0, &outcome), ARQ_E_ORDER);
    }
    /* Given up half-way, an episode is counted from its own start. */
    ck_assert_int_eq(arq_env_reset(env, NULL, observation), ARQ_OK);
    ck_assert_int_eq(step(env, 0, &outcome), ARQ_OK);
    ck_assert_int_eq(arq_env_reset(env, NULL, observation), ARQ_OK);
    for (int i = 1; i <= 4; i++) {
        ck_assert_int_eq(step(env, 0, &outcome), ARQ_OK);
        ck_assert_int_eq(outcome.truncated, i == 4);
    }
    arq_env_destroy(env);
    ck_assert_int_eq(walk_count(), 0);
    arq_context_destroy(context);
}
END_TEST

START_TEST(keeps_what_the_inner_one_says)
{
    arq_context *context = new_context();
    /* The inner limit is the shorter one. */
    arq_env *env = limit(context, open_env(context, "test/walk"), 1000);
    struct outcome outcome = {0, 0, 0};
    uint32_t width, height;
    uint64_t steps = 0;
    const uint64_t seed = 4;
    ck_assert_uint_eq(arq_env_describe(env)->time_limit, WALK_TIME_LIMIT);
    ck_assert_int_eq(arq_env_reset(env, &seed, observation), ARQ_OK);
    while (!outcome.terminated && !outcome.truncated) {
        ck_assert_int_eq(step(env, 0, &outcome), ARQ_OK);
        steps++;
    }
    ck_assert_uint_eq(steps, WALK_TIME_LIMIT);
    ck_assert_str_eq(arq_env_action_name(env, 1), "right");
    ck_assert_str_eq(arq_env_observation_name(env, 0), "even cell");
    ck_assert_int_eq(arq_env_render(env, 3, NULL, 0, &width, &height), ARQ_OK);
    ck_assert_uint_eq(width, 3 * WALK_CELLS);
    arq_env_destroy(env);

    /* Its failures come through with their texts and codes. */
    char id[64];
    snprintf(id, sizeof(id), "test/walk?fault=%d", WALK_FAILS_OWN_CODE);
    env = limit(context, limit(context, open_env(context, id), 50), 100);
    arq_status status = arq_env_reset(env, &seed, observation);
    for (int i = 0; i < 20 && status == ARQ_OK; i++) {
        status = step(env, 1, &outcome);
    }
    ck_assert_int_eq(status, WALK_OWN_CODE);
    ck_assert(error_says(context, "cell five is mine"));
    ck_assert_int_eq(step(env, 1, &outcome), ARQ_E_ORDER);
    arq_env_destroy(env);
    snprintf(id, sizeof(id), "test/walk?fault=%d", WALK_REWARD_NAN);
    env = limit(context, open_env(context, id), 50);
    status = arq_env_reset(env, &seed, observation);
    for (int i = 0; i < 20 && status == ARQ_OK; i++) {
        status = step(env, 1, &outcome);
    }
    ck_assert_int_eq(status, ARQ_E_ENV);
    ck_assert(error_says(context, "test/walk: step "));
    arq_env_destroy(env);
    arq_context_destroy(context);
}
END_TEST

/* Both flags stand when the rules end the very step that is the last. */
START_TEST(terminates_in_the_last_step)
{
    arq_context *context = new_context();
    struct outcome outcome = {0, 0, 0};
    const uint64_t seed = 8;
    uint64_t steps = 0;
    arq_env *env = open_env(context, "test/walk");
    ck_assert_int_eq(arq_env_reset(env, &seed, observation), ARQ_OK);
    while (!outcome.terminated) {
        ck_assert_int_eq(step(env, 1, &outcome), ARQ_OK);
        steps++;
    }
    env = limit(context, env, steps);
    ck_assert_int_eq(arq_env_reset(env, &seed, observation), ARQ_OK);
    for (uint64_t i = 0; i < steps; i++) {
        ck_assert_int_eq(step(env, 1, &outcome), ARQ_OK);
    }
    ck_assert_int_eq(outcome.terminated, 1);
    ck_assert_int_eq(outcome.truncated, 1);
    arq_env_destroy(env);
    arq_context_destroy(context);
}
END_TEST

START_TEST(saves_the_count)
{
    arq_context *context = new_context();
    arq_env *env = limit(context, limit(context, open_env(context, "test/walk"), 9), 6);
    arq_env *copy = limit(context, limit(context, open_env(context, "test/walk"), 9), 6);
    arq_env *shorter = limit(context, limit(context, open_env(context, "test/walk"), 9), 2);
    unsigned char state[256];
    size_t size, written;
    struct outcome outcome;
    ck_assert_int_eq(arq_env_reset(env, NULL, observation), ARQ_OK);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(step(env, 0, &outcome), ARQ_OK);
    }
    ck_assert_int_eq(arq_env_save(env, NULL, 0, &size), ARQ_OK);
    ck_assert_int_eq(arq_env_save(env, state, size - 1, &written), ARQ_E_SHAPE);
    ck_assert_int_eq(arq_env_save(env, state, sizeof(state), &written), ARQ_OK);
    ck_assert_uint_eq(size, written);
    ck_assert_int_eq(arq_env_load(copy, state, size), ARQ_OK);
    for (int i = 4; i <= 6; i++) {
        ck_assert_int_eq(step(copy, 0, &outcome), ARQ_OK);
        ck_assert_int_eq(outcome.truncated, i == 6);
    }
    /* Refused, and unchanged: the count is impossible there, or the inner state is damaged. */
    ck_assert_int_eq(arq_env_reset(shorter, NULL, observation), ARQ_OK);
    ck_assert_int_eq(arq_env_load(shorter, state, size), ARQ_E_FORMAT);
    ck_assert(error_says(context, "step 3 of a time limit of 2"));
    ck_assert_int_eq(step(shorter, 0, &outcome), ARQ_OK);
    ck_assert_int_eq(outcome.truncated, 0);
    for (size_t cut = 0; cut < size; cut++) {
        ck_assert_int_eq(arq_env_load(env, state, cut), ARQ_E_FORMAT);
    }
    state[size - 1] ^= 1;
    ck_assert_int_eq(arq_env_load(env, state, size), ARQ_E_FORMAT);
    for (int i = 4; i <= 6; i++) {
        ck_assert_int_eq(step(env, 0, &outcome), ARQ_OK);
        ck_assert_int_eq(outcome.truncated, i == 6);
    }
    arq_env_destroy(shorter);
    arq_env_destroy(copy);
    arq_env_destroy(env);
    arq_context_destroy(context);
}
END_TEST

/* A box whose methods keep the last action, for bang-bang. */
static struct {
    uint32_t count;
    double low[20], high[20];
    double action[20];
} box;

static arq_status box_spec(void *self, arq_env_spec *spec)
{
    (void)self;
    spec->observation_kind = ARQ_OBSERVATION_U8;
    spec->observation_size = 1;
    spec->action_kind = ARQ_ACTION_BOX;
    spec->action_count = box.count;
    spec->action_low = box.low;
    spec->action_high = box.high;
    return ARQ_OK;
}

static arq_status box_reset(void *self, const uint64_t *seed, void *out)
{
    (void)self;
    (void)seed;
    *(unsigned char *)out = 0;
    return ARQ_OK;
}

static arq_status box_step(void *self, const double *action, void *out, double *reward, int32_t *terminated,
                           int32_t *truncated)
{
    (void)self;
    memcpy(box.action, action, box.count * sizeof(double));
    *(unsigned char *)out = 1;
    *reward = *action;
    *terminated = *truncated = 0;
    return ARQ_OK;
}

static void box_destroy(void *self)
{
    (void)self;
}

static arq_env *box_env(arq_context *context, uint32_t count)
{
    static const arq_env_methods methods = {.struct_size = sizeof(methods),
                                            .spec = box_spec,
                                            .reset = box_reset,
                                            .step_box = box_step,
                                            .destroy = box_destroy};
    arq_env *env = NULL;
    box.count = count;
    for (uint32_t k = 0; k < count; k++) {
        box.low[k] = -1.5 - k;
        box.high[k] = 2.5 + k;
    }
    ck_assert_msg(arq_env_create(context, &methods, NULL, &env) == ARQ_OK, "%s", last_error(context));
    return env;
}

START_TEST(codes_components_as_bits)
{
    arq_context *context = new_context();
    for (uint32_t count = 1; count <= 16; count++) {
        arq_env *env = NULL;
        struct outcome outcome;
        ck_assert_int_eq(arq_env_bang_bang(box_env(context, count), &env), ARQ_OK);
        ck_assert_int_eq(arq_env_describe(env)->action_kind, ARQ_ACTION_DISCRETE);
        ck_assert_uint_eq(arq_env_describe(env)->action_count, 1u << count);
        ck_assert_int_eq(arq_env_reset(env, NULL, observation), ARQ_OK);
        for (uint32_t action = 0; action < 1u << count; action += 1 + action / 7) {
            ck_assert_int_eq(step(env, (int32_t)action, &outcome), ARQ_OK);
            for (uint32_t k = 0; k < count; k++) {
                ck_assert_double_eq(box.action[k], action >> k & 1 ? box.high[k] : box.low[k]);
            }
        }
        ck_assert_int_eq(step(env, 1 << count, &outcome), ARQ_E_ARGUMENT);
        ck_assert_ptr_null(arq_env_action_name(env, 0));
        arq_env_destroy(env);
    }
    arq_context_destroy(context);
}
END_TEST

START_TEST(refuses_what_it_cannot_wrap)
{
    arq_context *context = new_context();
    arq_env *env = (arq_env *)(void *)observation;
    arq_env *inner = box_env(context, 17);
    ck_assert_int_eq(arq_env_bang_bang(inner, &env), ARQ_E_UNSUPPORTED);
    ck_assert(error_says(context, "17 components; a box of at most 16"));
    ck_assert_ptr_null(env);
    arq_env_destroy(inner);
    const double unbounded[] = {(double)INFINITY, (double)-INFINITY};
    for (int side = 0; side < 2; side++) {
        inner = box_env(context, 2);
        *(side == 0 ? &box.high[1] : &box.low[1]) = unbounded[side];
        ck_assert_int_eq(arq_env_bang_bang(inner, &env), ARQ_E_UNSUPPORTED);
        ck_assert(error_says(context, "component 1 has bounds"));
        arq_env_destroy(inner);
    }
    inner = open_env(context, "test/walk");
    ck_assert_int_eq(arq_env_bang_bang(inner, &env), ARQ_E_UNSUPPORTED);
    ck_assert(error_says(context, "2 discrete actions"));
    ck_assert_int_eq(arq_env_bang_bang(NULL, &env), ARQ_E_ARGUMENT);
    ck_assert_int_eq(arq_env_bang_bang(inner, NULL), ARQ_E_ARGUMENT);
    ck_assert_int_eq(arq_env_time_limit(NULL, 5, &env), ARQ_E_ARGUMENT);
    ck_assert_int_eq(arq_env_time_limit(inner, 0, &env), ARQ_E_ARGUMENT);
    ck_assert(error_says(context, "steps is 0"));
    ck_assert_int_eq(arq_env_time_limit(inner, 5, NULL), ARQ_E_ARGUMENT);
    ck_assert_int_eq(arq_env_time_limit(inner, UINT64_MAX, &env), ARQ_OK);
    /* The wrapper owns it now: it cannot be wrapped or ended from outside. */
    arq_env *second;
    ck_assert_int_eq(arq_env_time_limit(inner, 5, &second), ARQ_E_ARGUMENT);
    ck_assert(error_says(context, "a wrapper or a batch owns it"));
    arq_env_destroy(inner);
    ck_assert_int_eq(walk_count(), 1);
    ck_assert_int_eq(arq_env_reset(env, NULL, observation), ARQ_OK);
    arq_env_destroy(env);
    ck_assert_int_eq(walk_count(), 0);
    arq_context_destroy(context);
}
END_TEST

START_TEST(wraps_in_layers)
{
    arq_context *context = new_context();
    arq_env *env = NULL;
    struct outcome outcome;
    unsigned char state[256];
    size_t size;
    ck_assert_int_eq(arq_env_bang_bang(open_env(context, "test/walk?box=1"), &env), ARQ_OK);
    env = limit(context, env, 3);
    ck_assert_uint_eq(arq_env_describe(env)->action_count, 2);
    ck_assert_int_eq(arq_env_reset(env, NULL, observation), ARQ_OK);
    ck_assert_int_eq(step(env, 1, &outcome), ARQ_OK);
    ck_assert_int_eq(arq_env_save(env, state, sizeof(state), &size), ARQ_OK);
    ck_assert_int_eq(step(env, 1, &outcome), ARQ_OK);
    ck_assert_int_eq(arq_env_load(env, state, size), ARQ_OK);
    ck_assert_int_eq(step(env, 1, &outcome), ARQ_OK);
    ck_assert_int_eq(outcome.truncated, 0);
    ck_assert_int_eq(step(env, 1, &outcome), ARQ_OK);
    ck_assert_int_eq(outcome.truncated, 1);
    arq_env_destroy(env);
    ck_assert_int_eq(walk_count(), 0);
    arq_context_destroy(context);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("wrappers");
    TCase *test_case = tcase_create("wrappers");
    tcase_add_test(test_case, truncates_at_the_limit);
    tcase_add_test(test_case, keeps_what_the_inner_one_says);
    tcase_add_test(test_case, terminates_in_the_last_step);
    tcase_add_test(test_case, saves_the_count);
    tcase_add_test(test_case, codes_components_as_bits);
    tcase_add_test(test_case, refuses_what_it_cannot_wrap);
    tcase_add_test(test_case, wraps_in_layers);
    suite_add_tcase(suite, test_case);
    return run_suite(suite);
}
