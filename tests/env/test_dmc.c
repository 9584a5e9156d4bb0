/* Control tasks as environments: promises, batches on threads, states that are refused, and what is missing. Whether
 * they play as dm_control does is told by tests/golden. */
#include "support.h"

#include "common/saved_state.h"
#include "dmc/dmc.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SKIPPED 77
#define INSTANCES 6
#define STEPS 40
#define MOST_OBSERVATIONS 32
#define WALKER_COORDINATES 9

static arq_context *dmc_context(uint32_t threads)
{
    arq_context *context = new_context();
    ck_assert_int_eq(arq_context_set_threads(context, threads), ARQ_OK);
    ck_assert_int_eq(arq_plugin_register(context, arq_dmc_plugin), ARQ_OK);
    return context;
}

static void print_line(void *user, const char *line)
{
    (void)user;
    puts(line);
}

/* Must run before anything else has loaded the right library. */
START_TEST(what_is_missing_is_named)
{
    arq_context *context = dmc_context(1);
    arq_env *env = NULL;

    ck_assert_int_eq(setenv("ARQ_MUJOCO", "/nowhere/libmujoco.so", 1), 0);
    ck_assert_int_ne(arq_env_open(context, "dmc/walker-walk", &env), ARQ_OK);
    ck_assert(error_says(context, "ARQ_MUJOCO is '/nowhere/libmujoco.so', which cannot be loaded"));
    ck_assert_int_eq(setenv("ARQ_MUJOCO", OTHER_MUJOCO, 1), 0);
    ck_assert_int_ne(arq_env_open(context, "dmc/walker-walk", &env), ARQ_OK);
    ck_assert(error_says(context, "MuJoCo's library has version 4000000, this plugin was compiled for"));
    ck_assert(error_says(context, "pip install --no-deps mujoco=="));
    ck_assert_int_eq(unsetenv("ARQ_MUJOCO"), 0);
    ck_assert_int_eq(setenv("ARQ_DMC_MODELS", "/nowhere", 1), 0);
    ck_assert_int_ne(arq_env_open(context, "dmc/walker-walk", &env), ARQ_OK);
    ck_assert(error_says(context, "ARQ_DMC_MODELS is '/nowhere', where there is no walker.xml"));
    ck_assert_int_eq(unsetenv("ARQ_DMC_MODELS"), 0);
    arq_context_destroy(context);
}
END_TEST

START_TEST(every_task_keeps_every_promise)
{
    arq_context *context = dmc_context(2);
    const arq_env_type *type = NULL;
    uint32_t count = 0;

    for (; (type = arq_plugin_type(context, count)) != NULL; count++) {
        uint32_t broken = 0;
        const char *options = count % 2 == 0 ? "limit=40" : "limit=40&observation=f64";
        ck_assert_int_eq(arq_env_check(context, type, options, 1, print_line, NULL, &broken), ARQ_OK);
        ck_assert_msg(broken == 0, "%s breaks %u promises", type->id, broken);
    }
    ck_assert_uint_ge(count, 8);
    arq_context_destroy(context);
}
END_TEST

/* Plays a batch on some threads and the same instances one by one, which must give the same bits. */
static void compare_batch(const char *id, uint32_t threads)
{
    arq_context *context = dmc_context(threads);
    arq_env_batch *batch = NULL;
    arq_env *alone[INSTANCES];
    float together[INSTANCES][MOST_OBSERVATIONS];
    float expected[MOST_OBSERVATIONS];
    double rewards[INSTANCES];
    int32_t actions[INSTANCES], terminated[INSTANCES], truncated[INSTANCES];
    uint64_t seeds[INSTANCES];

    ck_assert_msg(arq_env_batch_open(context, id, INSTANCES, &batch) == ARQ_OK, "%s", last_error(context));
    const arq_env_spec *spec = arq_env_describe(arq_env_batch_at(batch, 0));
    const size_t values = spec->observation_size;
    const size_t bytes = values * sizeof(float);
    float *rows = &together[0][0]; /* without gaps */
    for (uint64_t i = 0; i < INSTANCES; i++) {
        seeds[i] = 7 + i;
        alone[i] = open_env(context, id);
        ck_assert_int_eq(arq_env_reset(alone[i], &seeds[i], expected), ARQ_OK);
    }
    ck_assert_int_eq(arq_env_batch_reset(batch, seeds, NULL, rows), ARQ_OK);
    for (uint32_t step = 0; step < STEPS; step++) {
        for (uint32_t i = 0; i < INSTANCES; i++) {
            actions[i] = (int32_t)((step * 5 + i * 3) % spec->action_count);
        }
        ck_assert_int_eq(arq_env_batch_step(batch, actions, rows, rewards, terminated, truncated), ARQ_OK);
        for (uint32_t i = 0; i < INSTANCES; i++) {
            double reward = -1;
            int32_t ends[2];
            ck_assert_int_eq(arq_env_step(alone[i], actions[i], expected, &reward, &ends[0], &ends[1]), ARQ_OK);
            ck_assert_mem_eq(rows + i * values, expected, bytes);
            ck_assert(reward == rewards[i] && !terminated[i] && !truncated[i]);
        }
    }
    for (uint32_t i = 0; i < INSTANCES; i++) {
        arq_env_destroy(alone[i]);
    }
    arq_env_batch_destroy(batch);
    arq_context_destroy(context);
}

START_TEST(batches_are_their_instances_on_any_thread)
{
    static const char *const ids[] = {"dmc/walker-walk|bang_bang", "dmc/reacher-hard|bang_bang",
                                      "dmc/finger-spin|bang_bang"};
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        compare_batch(ids[i], 1);
        compare_batch(ids[i], 3);
    }
}
END_TEST

/* Two targets at once: an instance's own does not reach the other's model. */
START_TEST(instances_have_their_own_targets)
{
    arq_context *context = dmc_context(1);
    arq_env *env[2] = {open_env(context, "dmc/reacher-hard"), open_env(context, "dmc/reacher-hard")};
    float first[2][6], again[6];
    const uint64_t seeds[2] = {1, 2};
    const double rest[2] = {0, 0};
    double reward;
    int32_t ends[2];

    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(arq_env_reset(env[i], &seeds[i], first[i]), ARQ_OK);
    }
    ck_assert_mem_ne(first[0], first[1], sizeof(first[0]));
    ck_assert_int_eq(arq_env_step_box(env[0], rest, again, &reward, &ends[0], &ends[1]), ARQ_OK);
    for (int k = 0; k < 6; k++) {
        ck_assert_msg(fabsf(again[k] - first[0][k]) < 1e-6f, "value %d moved from %g to %g", k, (double)first[0][k],
                      (double)again[k]);
    }
    arq_env_destroy(env[0]);
    arq_env_destroy(env[1]);
    arq_context_destroy(context);
}
END_TEST

/* The last fields of a state, as tests/golden uses them, changed: velocities that no simulation survives. In front of
 * it are headers of the library and of the wrapper. */
static void make_absurd(unsigned char *state, size_t size)
{
    const double fast = 9e9;
    const unsigned char *begin = state;
    uint64_t hash;

    while (memcmp(begin, "ARQS", 4) != 0) {
        begin++;
        ck_assert_uint_lt(begin - state, size);
    }
    for (size_t k = 0; k < WALKER_COORDINATES; k++) {
        memcpy(state + size - 8 - 8 * (2 * WALKER_COORDINATES - k), &fast, sizeof(fast));
    }
    hash = saved_state_hash(begin, (size_t)(state + size - 8 - begin));
    memcpy(state + size - 8, &hash, sizeof(hash));
}

START_TEST(a_simulation_that_diverges_fails_until_it_is_reset)
{
    arq_context *context = dmc_context(1);
    arq_env *env = open_env(context, "dmc/walker-walk|bang_bang");
    unsigned char state[8192];
    float observation[MOST_OBSERVATIONS];
    const uint64_t seed = 3;
    double reward;
    int32_t ends[2];
    size_t size = 0;
    arq_status status = ARQ_OK;

    ck_assert_int_eq(arq_env_reset(env, &seed, observation), ARQ_OK);
    ck_assert_int_eq(arq_env_save(env, state, sizeof(state), &size), ARQ_OK);
    make_absurd(state, size);
    ck_assert_msg(arq_env_load(env, state, size) == ARQ_OK, "%s", last_error(context));
    for (int i = 0; i < 10 && status == ARQ_OK; i++) {
        status = arq_env_step(env, 5, observation, &reward, &ends[0], &ends[1]);
    }
    ck_assert_int_eq(status, ARQ_E_CALLBACK);
    ck_assert(error_says(context, "the simulation diverged"));
    ck_assert_int_eq(arq_env_reset(env, &seed, observation), ARQ_OK);
    ck_assert_int_eq(arq_env_step(env, 5, observation, &reward, &ends[0], &ends[1]), ARQ_OK);
    arq_env_destroy(env);
    arq_context_destroy(context);
}
END_TEST

/* MuJoCo's own pictures, where the machine can draw; otherwise the text says what is needed. */
START_TEST(mujoco_draws_where_it_can)
{
    arq_context *context = dmc_context(1);
    arq_env *env = open_env(context, "dmc/cheetah-run?picture=mujoco");
    static uint8_t pictures[2][160 * 120 * 3];
    unsigned char states[2][8192];
    float observation[MOST_OBSERVATIONS];
    const uint64_t seed = 3;
    uint32_t width = 0, height = 0;
    size_t size[2] = {0, 0};

    ck_assert_int_eq(arq_env_reset(env, &seed, observation), ARQ_OK);
    ck_assert_int_eq(arq_env_save(env, states[0], sizeof(states[0]), &size[0]), ARQ_OK);
    arq_status status = arq_env_render(env, 10, pictures[0], sizeof(pictures[0]), &width, &height);
    if (status != ARQ_OK) {
        ck_assert(error_says(context, "EGL"));
        printf("MuJoCo's pictures: SKIPPED: %s\n", last_error(context));
    } else {
        ck_assert(width == 160 && height == 120);
        ck_assert_int_eq(arq_env_render(env, 10, pictures[1], sizeof(pictures[1]), &width, &height), ARQ_OK);
        ck_assert_mem_eq(pictures[0], pictures[1], sizeof(pictures[0]));
        size_t changes = 0;
        for (size_t i = 3; i < sizeof(pictures[0]); i++) {
            changes += pictures[0][i] != pictures[0][i - 3];
        }
        ck_assert_uint_gt(changes, 1000);
        ck_assert_int_eq(arq_env_render(env, 3, pictures[1], sizeof(pictures[1]), &width, &height), ARQ_OK);
        ck_assert(width == 48 && height == 36);
    }
    ck_assert_int_eq(arq_env_save(env, states[1], sizeof(states[1]), &size[1]), ARQ_OK);
    ck_assert_uint_eq(size[0], size[1]);
    ck_assert_mem_eq(states[0], states[1], size[0]);
    arq_env_destroy(env);
    arq_context_destroy(context);
}
END_TEST

START_TEST(actuators_and_observations_have_names)
{
    arq_context *context = dmc_context(1);
    arq_env *env = open_env(context, "dmc/walker-walk");

    ck_assert_str_eq(arq_env_action_name(env, 0), "right_hip");
    ck_assert_str_eq(arq_env_action_name(env, 5), "left_ankle");
    ck_assert_str_eq(arq_env_observation_name(env, 14), "torso height");
    ck_assert_str_eq(arq_env_observation_name(env, 23), "left ankle velocity");
    arq_env_destroy(env);
    arq_context_destroy(context);
}
END_TEST

/* Whether MuJoCo and the models are there; says what is missing. In a process of its own where check forks. */
static int can_simulate(const char *program)
{
    char command[4096];

    snprintf(command, sizeof(command), "'%s' can-simulate", program);
    return system(command) == 0;
}

static int try_to_simulate(void)
{
    arq_context *context = NULL;
    arq_env *env = NULL;
    int failed = arq_context_create(ARQ_ABI_VERSION, NULL, &context) || arq_plugin_register(context, arq_dmc_plugin) ||
                 arq_env_open(context, "dmc/walker-walk", &env);

    if (failed) {
        printf("SKIPPED: %s\n", last_error(context));
    }
    arq_env_destroy(env);
    arq_context_destroy(context);
    return failed;
}

int main(int count, char **arguments)
{
    if (count > 1) {
        return try_to_simulate();
    }
    if (!can_simulate(arguments[0])) {
        return SKIPPED;
    }
    Suite *suite = suite_create("control tasks");
    TCase *tests = tcase_create("dmc");
    tcase_set_timeout(tests, 200);
    tcase_add_test(tests, what_is_missing_is_named);
    tcase_add_test(tests, every_task_keeps_every_promise);
    tcase_add_test(tests, batches_are_their_instances_on_any_thread);
    tcase_add_test(tests, instances_have_their_own_targets);
    tcase_add_test(tests, a_simulation_that_diverges_fails_until_it_is_reset);
    tcase_add_test(tests, mujoco_draws_where_it_can);
    tcase_add_test(tests, actuators_and_observations_have_names);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
