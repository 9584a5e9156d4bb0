/* Out of memory at any allocation: ARQ_E_NOMEM, nothing leaked, and the call works again afterwards. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A public call that allocates. It undoes itself when it succeeds. */
typedef arq_status attempt(arq_context *context);

static arq_status create(arq_context *context)
{
    arq_env *env = NULL;
    void *self = walk_new(WALK_GOOD, ARQ_OBSERVATION_BIT, 0);
    arq_status status = arq_env_create(context, &walk_methods, self, &env);
    if (status == ARQ_OK) {
        arq_env_destroy(env);
    } else {
        ck_assert_ptr_null(env);
        walk_methods.destroy(self);
    }
    return status;
}

static arq_status open_by_id(arq_context *context)
{
    arq_env *env = NULL;
    arq_status status = arq_env_open(context, "test/walk?kind=f32", &env);
    ck_assert(status == ARQ_OK || env == NULL);
    arq_env_destroy(env);
    return status;
}

static arq_status open_by_path(arq_context *context)
{
    arq_env *env = NULL;
    char path[512];
    snprintf(path, sizeof(path), "%s/coin_plain.so", getenv("TEST_PLUGIN_DIR"));
    arq_status status = arq_env_open(context, path, &env);
    arq_env_destroy(env);
    return status;
}

static arq_status open_batch(arq_context *context)
{
    arq_env_batch *batch = NULL;
    arq_status status = arq_env_batch_open(context, "test/walk", 300, &batch);
    ck_assert(status == ARQ_OK || batch == NULL);
    arq_env_batch_destroy(batch);
    return status;
}

/* Wraps an environment that was made while memory was there. */
static arq_status wrap(arq_context *context, const char *id, int bang_bang)
{
    static arq_env *inner;
    arq_env *env = NULL;
    if (inner == NULL) {
        arq_status status = arq_env_open(context, id, &inner);
        if (status != ARQ_OK) {
            return status;
        }
    }
    arq_status status = bang_bang ? arq_env_bang_bang(inner, &env) : arq_env_time_limit(inner, 5, &env);
    if (status == ARQ_OK) {
        arq_env_destroy(env);
        inner = NULL;
    } else {
        ck_assert_ptr_null(env);
        ck_assert_uint_eq(arq_env_describe(inner)->observation_size, WALK_CELLS);
        arq_env_destroy(inner);
        inner = NULL;
    }
    return status;
}

static arq_status time_limit(arq_context *context)
{
    return wrap(context, "test/walk", 0);
}

static arq_status bang_bang(arq_context *context)
{
    return wrap(context, "test/walk?box=1", 1);
}

static arq_status open_wrapped(arq_context *context)
{
    arq_env *env = NULL;
    arq_status status = arq_env_open(context, "test/walk?box=1|bang_bang|time_limit=4", &env);
    ck_assert(status == ARQ_OK || env == NULL);
    arq_env_destroy(env);
    return status;
}

static arq_status open_wrapped_batch(arq_context *context)
{
    arq_env_batch *batch = NULL;
    arq_status status = arq_env_batch_open(context, "test/walk?box=1|bang_bang", 20, &batch);
    ck_assert(status == ARQ_OK || batch == NULL);
    arq_env_batch_destroy(batch);
    return status;
}

/* Of handles that stay the caller's on failure, then wrapped, which leaves the batch as it was on failure. */
static arq_status create_batch(arq_context *context)
{
    arq_env *envs[3] = {NULL, NULL, NULL};
    arq_env_batch *batch = NULL;
    arq_env_batch *outer = NULL;
    arq_status status = ARQ_OK;
    for (uint32_t i = 0; i < 3 && status == ARQ_OK; i++) {
        status = arq_env_open(context, "test/walk", &envs[i]);
    }
    status = status == ARQ_OK ? arq_env_batch_create(envs, 3, &batch) : status;
    if (status != ARQ_OK) {
        ck_assert_ptr_null(batch);
        for (uint32_t i = 0; i < 3; i++) {
            arq_env_destroy(envs[i]);
        }
        return status;
    }
    status = arq_env_batch_time_limit(batch, 5, &outer);
    if (status != ARQ_OK) {
        unsigned char observations[6];
        ck_assert_ptr_null(outer);
        ck_assert_ptr_eq(arq_env_batch_at(batch, 2), envs[2]);
        ck_assert_int_eq(arq_env_batch_reset(batch, NULL, NULL, observations), ARQ_OK);
        ck_assert(error_says(context, "no memory for "));
    }
    arq_env_batch_destroy(status == ARQ_OK ? outer : batch);
    return status;
}

static arq_status check(arq_context *context)
{
    uint32_t broken = 99;
    arq_status status = arq_env_check(context, &walk_type, NULL, 1, NULL, NULL, &broken);
    ck_assert_uint_eq(broken, 0);
    return status;
}

static const struct {
    const char *name;
    attempt *call;
    size_t least; /* allocations */
    size_t kept;  /* by the registry, once it worked */
} calls[] = {
    {"arq_env_create", create, 1, 0},
    {"arq_env_open by id", open_by_id, 1, 0},
    {"arq_env_open by path", open_by_path, 2, 1},
    {"arq_env_batch_open", open_batch, 305, 0},
    {"arq_env_time_limit", time_limit, 3, 0},
    {"arq_env_bang_bang", bang_bang, 3, 0},
    {"arq_env_open with wrappers", open_wrapped, 5, 0},
    {"arq_env_batch_open with a wrapper", open_wrapped_batch, 60, 0},
    {"arq_env_batch_create", create_batch, 15, 0},
};

START_TEST(survives_every_failed_allocation)
{
    for (int for_ever = 0; for_ever < 2; for_ever++) {
        for (size_t n = 1;; n++) {
            struct counting_allocator allocator;
            arq_context *context = new_counting_context(&allocator);
            ck_assert_int_eq(arq_plugin_register(context, walk_plugin), ARQ_OK);
            size_t live = allocator.live;
            size_t total = allocator.total;
            allocator.fail_at = n;
            allocator.for_ever = for_ever;
            arq_status status = calls[_i].call(context);
            int failed = allocator.fail_at == 0 || (for_ever && allocator.fail_at == 1);
            failed = failed && allocator.total - total >= n;
            ck_assert_msg(status == (failed ? ARQ_E_NOMEM : ARQ_OK), "%s, allocation %zu: %d", calls[_i].name, n,
                          status);
            ck_assert(!failed || error_says(context, "no memory for "));
            /* A plugin that was loaded before memory ran out stays loaded. */
            ck_assert_uint_le(allocator.live, live + calls[_i].kept);
            ck_assert_int_eq(walk_count(), 0);
            allocator.fail_at = 0;
            ck_assert_int_eq(calls[_i].call(context), ARQ_OK);
            arq_context_destroy(context);
            ck_assert_uint_eq(allocator.live, 0);
            ck_assert_uint_eq(allocator.live_bytes, 0);
            if (!failed) {
                ck_assert_uint_gt(n, calls[_i].least);
                break;
            }
        }
    }
}
END_TEST

/* A check allocates thousands of times; every 13th is enough, and the first hundred. */
START_TEST(check_survives_failed_allocations)
{
    for (int for_ever = 0; for_ever < 2; for_ever++) {
        struct counting_allocator allocator;
        arq_context *context = new_counting_context(&allocator);
        size_t live = allocator.live;
        ck_assert_int_eq(check(context), ARQ_OK);
        size_t total = allocator.total - 1;
        for (size_t n = 1; n <= total; n += n < 100 || n + 13 > total ? 1 : 13) {
            allocator.fail_at = n;
            allocator.for_ever = for_ever;
            ck_assert_msg(check(context) == ARQ_E_NOMEM, "allocation %zu of %zu", n, total);
            ck_assert_uint_eq(allocator.live, live);
            ck_assert_int_eq(walk_count(), 0);
            allocator.fail_at = 0;
        }
        ck_assert_int_eq(check(context), ARQ_OK);
        arq_context_destroy(context);
        ck_assert_uint_eq(allocator.live, 0);
    }
}
END_TEST

static arq_status load_plugin(arq_context *context)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/coin_plain.so", getenv("TEST_PLUGIN_DIR"));
    return arq_plugin_load(context, path);
}

static arq_status register_plugin(arq_context *context)
{
    return arq_plugin_register(context, walk_plugin);
}

START_TEST(loading_survives_a_failed_allocation)
{
    attempt *const loads[] = {load_plugin, register_plugin};
    for (size_t i = 0; i < 2; i++) {
        struct counting_allocator allocator;
        arq_context *context = new_counting_context(&allocator);
        size_t live = allocator.live;
        allocator.fail_at = 1;
        ck_assert_int_eq(loads[i](context), ARQ_E_NOMEM);
        ck_assert_uint_eq(allocator.live, live);
        ck_assert_ptr_null(arq_plugin_type(context, 0));
        ck_assert_int_eq(loads[i](context), ARQ_OK);
        ck_assert_ptr_nonnull(arq_plugin_type(context, 0));
        arq_context_destroy(context);
        ck_assert_uint_eq(allocator.live, 0);
    }
}
END_TEST

/* Playing needs no memory at all. */
START_TEST(plays_without_allocating)
{
    struct counting_allocator allocator;
    arq_context *context = new_counting_context(&allocator);
    ck_assert_int_eq(arq_plugin_register(context, walk_plugin), ARQ_OK);
    arq_env *env = NULL;
    arq_env *limited = NULL;
    arq_env_batch *batch = NULL;
    static int32_t actions[300], flags[2][300];
    static double rewards[300];
    static unsigned char observations[600], state[256], rgb[64];
    size_t size;
    uint32_t width, height;
    ck_assert_int_eq(arq_env_open(context, "test/walk", &env), ARQ_OK);
    ck_assert_int_eq(arq_env_time_limit(env, 1000, &limited), ARQ_OK);
    ck_assert_int_eq(arq_env_batch_open(context, "test/walk", 300, &batch), ARQ_OK);
    size_t total = allocator.total;
    ck_assert_int_eq(arq_env_reset(limited, NULL, observations), ARQ_OK);
    ck_assert_int_eq(arq_env_step(limited, 0, observations, rewards, flags[0], flags[1]), ARQ_OK);
    ck_assert_int_eq(arq_env_step(limited, 9, observations, rewards, flags[0], flags[1]), ARQ_E_ARGUMENT);
    ck_assert_int_eq(arq_env_save(limited, state, sizeof(state), &size), ARQ_OK);
    ck_assert_int_eq(arq_env_load(limited, state, size), ARQ_OK);
    ck_assert_int_eq(arq_env_render(limited, 1, rgb, sizeof(rgb), &width, &height), ARQ_OK);
    ck_assert_int_eq(arq_env_batch_reset(batch, NULL, NULL, observations), ARQ_OK);
    ck_assert_int_eq(arq_env_batch_step(batch, actions, observations, rewards, flags[0], flags[1]), ARQ_OK);
    ck_assert_int_eq(arq_env_batch_step_masked(batch, NULL, actions, observations, rewards, flags[0], flags[1]),
                     ARQ_OK);
    ck_assert_uint_eq(allocator.total, total);
    arq_env_batch_destroy(batch);
    arq_env_destroy(limited);
    arq_context_destroy(context);
    ck_assert_uint_eq(allocator.live, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("oom");
    TCase *test_case = tcase_create("oom");
    tcase_set_timeout(test_case, 120);
    tcase_add_loop_test(test_case, survives_every_failed_allocation, 0, (int)(sizeof(calls) / sizeof(calls[0])));
    tcase_add_test(test_case, check_survives_failed_allocations);
    tcase_add_test(test_case, loading_survives_a_failed_allocation);
    tcase_add_test(test_case, plays_without_allocating);
    suite_add_tcase(suite, test_case);
    return run_suite(suite);
}
