/* One environment handle: order, arguments, promises, states, names, pictures and codes. */
#include "support.h"

#include <fenv.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Aligned for every kind, with room behind. */
static union {
    double alignment;
    unsigned char bytes[256];
} buffer;

struct outcome {
    double reward;
    int32_t terminated, truncated;
};

static arq_status step(arq_env *env, int32_t action, struct outcome *outcome)
{
    return arq_env_step(env, action, buffer.bytes, &outcome->reward, &outcome->terminated, &outcome->truncated);
}

static arq_env *walk_env(arq_context *context, int fault, int32_t kind, int box)
{
    arq_env *env = NULL;
    void *self = walk_new(fault, kind, box);
    ck_assert_msg(arq_env_create(context, &walk_methods, self, &env) == ARQ_OK, "%s", last_error(context));
    return env;
}

START_TEST(sizes_observations)
{
    ck_assert_uint_eq(arq_observation_bytes(ARQ_OBSERVATION_BIT, 1), 1);
    ck_assert_uint_eq(arq_observation_bytes(ARQ_OBSERVATION_BIT, 8), 1);
    ck_assert_uint_eq(arq_observation_bytes(ARQ_OBSERVATION_BIT, 9), 2);
    ck_assert_uint_eq(arq_observation_bytes(ARQ_OBSERVATION_BIT, UINT32_MAX), 536870912);
    ck_assert_uint_eq(arq_observation_bytes(ARQ_OBSERVATION_U8, 7), 7);
    ck_assert_uint_eq(arq_observation_bytes(ARQ_OBSERVATION_F32, 7), 28);
    ck_assert_uint_eq(arq_observation_bytes(ARQ_OBSERVATION_F64, 7), 56);
    ck_assert_uint_eq(arq_observation_bytes(ARQ_OBSERVATION_DISCRETE, 7), 4);
    ck_assert_uint_eq(arq_observation_bytes(ARQ_OBSERVATION_F32, 0), 0);
    ck_assert_uint_eq(arq_observation_bytes(0, 7), 0);
    ck_assert_uint_eq(arq_observation_bytes(6, 7), 0);
    ck_assert_uint_eq(arq_observation_bytes(-1, 7), 0);
    if (SIZE_MAX > UINT32_MAX) {
        ck_assert_uint_eq(arq_observation_bytes(ARQ_OBSERVATION_F64, UINT32_MAX), (size_t)UINT32_MAX * 8);
    }
}
END_TEST

START_TEST(plays_an_episode_in_order)
{
    arq_context *context = new_context();
    arq_env *env = walk_env(context, WALK_GOOD, ARQ_OBSERVATION_BIT, 0);
    struct outcome outcome = {7, 7, 7};
    const uint64_t seed = 3;
    ck_assert_int_eq(step(env, 1, &outcome), ARQ_E_ORDER);
    ck_assert(error_says(context, "it was never reset"));
    ck_assert_double_eq(outcome.reward, 7);
    ck_assert_int_eq(arq_env_reset(env, &seed, buffer.bytes), ARQ_OK);
    int steps = 0;
    do {
        ck_assert_int_eq(step(env, 1, &outcome), ARQ_OK);
        ck_assert_int_eq(outcome.truncated, 0);
        steps++;
    } while (!outcome.terminated);
    ck_assert_int_ge(steps, 7);
    ck_assert_double_eq(outcome.reward, 1);
    ck_assert_uint_eq(buffer.bytes[1], 2);
    ck_assert_int_eq(step(env, 1, &outcome), ARQ_E_ORDER);
    ck_assert(error_says(context, "its episode has ended; reset it first"));
    ck_assert_int_eq(arq_env_reset(env, NULL, buffer.bytes), ARQ_OK);
    ck_assert_int_eq(step(env, 0, &outcome), ARQ_OK);
    arq_env_destroy(env);
    ck_assert_int_eq(walk_count(), 0);
    arq_context_destroy(context);
}
END_TEST

START_TEST(first_reset_without_seed_is_seed_zero)
{
    arq_context *context = new_context();
    arq_env *a = walk_env(context, WALK_GOOD, ARQ_OBSERVATION_F32, 0);
    arq_env *b = walk_env(context, WALK_GOOD, ARQ_OBSERVATION_F32, 0);
    const uint64_t zero = 0;
    float first[WALK_CELLS], second[WALK_CELLS];
    struct outcome outcome;
    ck_assert_int_eq(arq_env_reset(a, NULL, first), ARQ_OK);
    ck_assert_int_eq(arq_env_reset(b, &zero, second), ARQ_OK);
    for (int i = 0; i < 6; i++) {
        ck_assert_mem_eq(first, second, sizeof(first));
        ck_assert_int_eq(arq_env_step(a, 1, first, &outcome.reward, &outcome.terminated, &outcome.truncated), ARQ_OK);
        ck_assert_int_eq(arq_env_step(b, 1, second, &outcome.reward, &outcome.terminated, &outcome.truncated), ARQ_OK);
    }
    arq_env_destroy(a);
    arq_env_destroy(b);
    arq_context_destroy(context);
}
END_TEST

START_TEST(refuses_bad_arguments)
{
    arq_context *context = new_context();
    arq_env *env = walk_env(context, WALK_GOOD, ARQ_OBSERVATION_F32, 0);
    arq_env *other = (arq_env *)(void *)&buffer;
    struct outcome outcome;
    const double force = 0;
    ck_assert_int_eq(arq_env_create(NULL, &walk_methods, NULL, &other), ARQ_E_ARGUMENT);
    ck_assert_ptr_null(other);
    ck_assert_int_eq(arq_env_create(context, NULL, NULL, &other), ARQ_E_ARGUMENT);
    ck_assert(error_says(context, "methods is NULL"));
    ck_assert_int_eq(arq_env_create(context, &walk_methods, NULL, NULL), ARQ_E_ARGUMENT);
    ck_assert_int_eq(arq_env_reset(NULL, NULL, buffer.bytes), ARQ_E_ARGUMENT);
    ck_assert_int_eq(arq_env_reset(env, NULL, NULL), ARQ_E_ARGUMENT);
    ck_assert(error_says(context, "observation is NULL; 40 bytes are needed"));
    ck_assert_int_eq(arq_env_reset(env, NULL, buffer.bytes + 1), ARQ_E_ARGUMENT);
    ck_assert(error_says(context, "must be a multiple of 4"));
    ck_assert_int_eq(arq_env_reset(env, NULL, buffer.bytes), ARQ_OK);
    ck_assert_int_eq(step(NULL, 0, &outcome), ARQ_E_ARGUMENT);
    ck_assert_int_eq(arq_env_step(env, 0, NULL, &outcome.reward, &outcome.terminated, &outcome.truncated),
                     ARQ_E_ARGUMENT);
    ck_assert_int_eq(arq_env_step(env, 0, buffer.bytes, NULL, &outcome.terminated, &outcome.truncated), ARQ_E_ARGUMENT);
    ck_assert(error_says(context, "reward is NULL"));
    ck_assert_int_eq(arq_env_step(env, 0, buffer.bytes, &outcome.reward, NULL, &outcome.truncated), ARQ_E_ARGUMENT);
    ck_assert_int_eq(arq_env_step(env, 0, buffer.bytes, &outcome.reward, &outcome.terminated, NULL), ARQ_E_ARGUMENT);
    const int32_t actions[] = {2, -1, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        ck_assert_int_eq(step(env, actions[i], &outcome), ARQ_E_ARGUMENT);
        ck_assert(error_says(context, "accepted: 0 .. 1"));
    }
    ck_assert_int_eq(
        arq_env_step_box(env, &force, buffer.bytes, &outcome.reward, &outcome.terminated, &outcome.truncated),
        ARQ_E_UNSUPPORTED);
    /* None of this ended the episode. */
    ck_assert_int_eq(step(env, 1, &outcome), ARQ_OK);
    ck_assert_ptr_null(arq_env_describe(NULL));
    ck_assert_ptr_null(arq_env_action_name(NULL, 0));
    ck_assert_ptr_null(arq_env_observation_name(NULL, 0));
    arq_env_destroy(NULL);
    arq_env_destroy(env);
    arq_context_destroy(context);
}
END_TEST

START_TEST(checks_box_actions)
{
    arq_context *context = new_context();
    arq_env *env = walk_env(context, WALK_GOOD, ARQ_OBSERVATION_U8, 1);
    struct outcome o;
    const double bad[] = {-1.5, 1.0000001, (double)NAN, (double)INFINITY, (double)-INFINITY};
    const double good[] = {-1, 0, 1};
    ck_assert_int_eq(arq_env_reset(env, NULL, buffer.bytes), ARQ_OK);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_int_eq(arq_env_step_box(env, &bad[i], buffer.bytes, &o.reward, &o.terminated, &o.truncated),
                         ARQ_E_ARGUMENT);
        ck_assert(error_says(context, "component 0 is"));
    }
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        ck_assert_int_eq(arq_env_step_box(env, &good[i], buffer.bytes, &o.reward, &o.terminated, &o.truncated), ARQ_OK);
    }
    ck_assert_int_eq(arq_env_step_box(env, NULL, buffer.bytes, &o.reward, &o.terminated, &o.truncated), ARQ_E_ARGUMENT);
    ck_assert_int_eq(step(env, 0, &o), ARQ_E_UNSUPPORTED);
    arq_env_destroy(env);
    arq_context_destroy(context);
}
END_TEST

static const struct {
    int fault;
    int32_t kind;
    arq_status status;
    const char *words;
} misbehaviours[] = {
    {WALK_REWARD_NAN, ARQ_OBSERVATION_BIT, ARQ_E_ENV, "reward is nan; it must be finite"},
    {WALK_REWARD_HUGE, ARQ_OBSERVATION_BIT, ARQ_E_ENV,
     "reward is 3.5e+38; it must be finite as a float, -3.40282e+38 .. 3.40282e+38"},
    {WALK_REWARD_TOO_HIGH, ARQ_OBSERVATION_BIT, ARQ_E_ENV, "reward is 3; the declared range is 0 .. 1"},
    {WALK_TERMINATED_TWO, ARQ_OBSERVATION_BIT, ARQ_E_ENV, "terminated is 2; it must be 0 or 1"},
    {WALK_TRUNCATED_NEGATIVE, ARQ_OBSERVATION_BIT, ARQ_E_ENV, "truncated is -1; it must be 0 or 1"},
    {WALK_REWARD_UNWRITTEN, ARQ_OBSERVATION_BIT, ARQ_E_ENV, "reward is nan"},
    {WALK_TRUNCATED_UNWRITTEN, ARQ_OBSERVATION_BIT, ARQ_E_ENV, "truncated is -1"},
    {WALK_SPARE_BITS, ARQ_OBSERVATION_BIT, ARQ_E_ENV, "the spare bits must be 0"},
    {WALK_OBSERVATION_NAN, ARQ_OBSERVATION_F32, ARQ_E_ENV, "observation: value 4 is nan"},
    {WALK_OBSERVATION_NAN, ARQ_OBSERVATION_F64, ARQ_E_ENV, "observation: value 4 is nan"},
    {WALK_OBSERVATION_HUGE, ARQ_OBSERVATION_F64, ARQ_E_ENV,
     "observation: value 4 is -1e+300; every value must be finite as a float, -3.40282e+38 .. 3.40282e+38"},
    {WALK_OBSERVATION_TOO_HIGH, ARQ_OBSERVATION_F32, ARQ_E_ENV, "value 4 is 1.5; the declared bounds are 0 .. 1"},
    {WALK_OBSERVATION_TOO_LOW, ARQ_OBSERVATION_F64, ARQ_E_ENV, "value 4 is -0.25"},
    {WALK_STATE_TOO_HIGH, ARQ_OBSERVATION_DISCRETE, ARQ_E_ENV, "state is 14; declared are 0 .. 9"},
    {WALK_FAILS, ARQ_OBSERVATION_BIT, ARQ_E_CALLBACK, "code -4 (its own codes are -1000 and below): cell five is"},
    {WALK_POSITIVE_CODE, ARQ_OBSERVATION_BIT, ARQ_E_CALLBACK, "code 5"},
    {WALK_FAILS_OWN_CODE, ARQ_OBSERVATION_BIT, WALK_OWN_CODE, "cell five is mine"},
};

/* A broken promise is an error that says what and where; the handle works again after a reset. */
START_TEST(answers_broken_promises)
{
    arq_context *context = new_context();
    arq_env *env = walk_env(context, misbehaviours[_i].fault, misbehaviours[_i].kind, 0);
    struct outcome outcome = {0};
    uint64_t seed = 5;
    arq_status status = arq_env_reset(env, &seed, buffer.bytes);
    for (int i = 0; i < 200 && status == ARQ_OK; i++) {
        status =
            outcome.terminated || outcome.truncated ? arq_env_reset(env, NULL, buffer.bytes) : step(env, 1, &outcome);
    }
    ck_assert_int_eq(status, misbehaviours[_i].status);
    ck_assert(error_says(context, misbehaviours[_i].words));
    ck_assert(error_says(context, " of episode "));
    ck_assert_int_eq(step(env, 1, &outcome), ARQ_E_ORDER);
    ck_assert(error_says(context, "its last step or reset failed"));
    ck_assert_int_eq(arq_env_reset(env, &seed, buffer.bytes), ARQ_OK);
    arq_env_destroy(env);
    arq_context_destroy(context);
}
END_TEST

/* Specs the handle does not take; the instance stays the caller's. */
START_TEST(refuses_impossible_specs)
{
    static const int faults[] = {WALK_SPEC_STRUCT_SIZE, WALK_SPEC_SHAPE, WALK_SPEC_KIND, WALK_SPEC_BOUNDS,
                                 WALK_SPEC_NO_ACTION};
    arq_context *context = new_context();
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        arq_env *env = (arq_env *)(void *)&buffer;
        void *self = walk_new(faults[i], ARQ_OBSERVATION_F32, 0);
        ck_assert_int_eq(arq_env_create(context, &walk_methods, self, &env), ARQ_E_ARGUMENT);
        ck_assert(error_says(context, "environment: spec: "));
        ck_assert_ptr_null(env);
        ck_assert_int_eq(walk_count(), 1);
        walk_methods.destroy(self);
    }
    arq_context_destroy(context);
}
END_TEST

static arq_env_spec given_spec;
static arq_status given_status;

static arq_status give_spec(void *self, arq_env_spec *spec)
{
    (void)self;
    *spec = given_spec;
    return given_status;
}

static void no_destroy(void *self)
{
    (void)self;
}

static arq_status try_spec(arq_context *context, const arq_env_spec *spec)
{
    arq_env_methods methods = walk_methods;
    arq_env *env = NULL;
    methods.spec = give_spec;
    methods.destroy = no_destroy;
    methods.last_error = NULL;
    given_spec = *spec;
    arq_status status = arq_env_create(context, &methods, NULL, &env);
    arq_env_destroy(env);
    return status;
}

START_TEST(checks_every_field_of_a_spec)
{
    static const double nan_low[] = {0, (double)NAN}, low[] = {0, 0}, high[] = {1, 1},
                        infinite[] = {(double)INFINITY, (double)INFINITY},
                        minus[] = {(double)-INFINITY, (double)-INFINITY};
    const arq_env_spec good = {.struct_size = sizeof(good),
                               .observation_kind = ARQ_OBSERVATION_F32,
                               .observation_size = 2,
                               .action_kind = ARQ_ACTION_DISCRETE,
                               .action_count = 1};
    arq_context *context = new_context();
    ck_assert_int_eq(try_spec(context, &good), ARQ_OK);
#define BAD(words, ...)                                                                                                \
    do {                                                                                                               \
        arq_env_spec spec = good;                                                                                      \
        __VA_ARGS__;                                                                                                   \
        ck_assert_int_eq(try_spec(context, &spec), ARQ_E_ARGUMENT);                                                    \
        ck_assert(error_says(context, words));                                                                         \
    } while (0)
#define GOOD(...)                                                                                                      \
    do {                                                                                                               \
        arq_env_spec spec = good;                                                                                      \
        __VA_ARGS__;                                                                                                   \
        ck_assert_msg(try_spec(context, &spec) == ARQ_OK, "%s", last_error(context));                                  \
    } while (0)
    BAD("observation kind is 0", spec.observation_kind = 0);
    BAD("observation kind is -1", spec.observation_kind = -1);
    BAD("observation kind is 6", spec.observation_kind = 6);
    BAD("observation size is 0", spec.observation_size = 0);
    BAD("at most 2147483647 states", spec.observation_kind = ARQ_OBSERVATION_DISCRETE;
        spec.observation_size = UINT32_MAX);
    BAD("observation_rank is 5", spec.observation_rank = 5);
    BAD("product of observation_shape is 0", spec.observation_rank = 1);
    BAD(
        "product of observation_shape is at least", spec.observation_rank = 4;
        for (int i = 0; i < 4; i++) { spec.observation_shape[i] = 65536; } spec.observation_size = 1);
    BAD("bounds of observation value 1 are nan", spec.observation_low = nan_low);
    BAD("bounds of observation value 0 are inf", spec.observation_low = infinite);
    BAD("bounds of observation value 0 are -inf .. -inf", spec.observation_high = minus);
    BAD("bounds of observation value 0 are 1 .. 0", spec.observation_low = high; spec.observation_high = low);
    BAD("action_kind is 0", spec.action_kind = 0);
    BAD("action_kind is 3", spec.action_kind = 3);
    BAD("action_count is 0", spec.action_count = 0);
    BAD("action_count is 4294967295", spec.action_count = UINT32_MAX);
    BAD("action_low is NULL", spec.action_kind = ARQ_ACTION_BOX);
    BAD("action_high is NULL", spec.action_kind = ARQ_ACTION_BOX; spec.action_low = low);
    BAD("bounds of action component 1", spec.action_kind = ARQ_ACTION_BOX; spec.action_count = 2;
        spec.action_low = nan_low; spec.action_high = high);
    BAD("reward_range_known is 2", spec.reward_range_known = 2);
    BAD("bounds of the reward are 2 .. 1", spec.reward_range_known = 1; spec.reward_low = 2; spec.reward_high = 1);
    BAD("bounds of the reward are nan", spec.reward_range_known = 1; spec.reward_low = (double)NAN);
    BAD("reserved is 7", spec.reserved = 7);
    BAD("struct_size came back as 0", spec.struct_size = 0);
    GOOD(spec.observation_low = low);
    GOOD(spec.observation_high = high);
    GOOD(spec.observation_low = minus; spec.observation_high = infinite);
    GOOD(spec.observation_rank = 2; spec.observation_shape[0] = 1; spec.observation_shape[1] = 2);
    GOOD(spec.observation_kind = ARQ_OBSERVATION_DISCRETE; spec.observation_size = INT32_MAX);
    GOOD(spec.action_kind = ARQ_ACTION_BOX; spec.action_low = minus; spec.action_high = infinite);
    GOOD(spec.action_count = INT32_MAX);
    GOOD(spec.reward_range_known = 1);
    GOOD(spec.time_limit = UINT64_MAX);
    given_status = -1001;
    ck_assert_int_eq(try_spec(context, &good), -1001);
    given_status = 3;
    ck_assert_int_eq(try_spec(context, &good), ARQ_E_CALLBACK);
    given_status = ARQ_OK;
    arq_context_destroy(context);
}
END_TEST

START_TEST(checks_methods)
{
    arq_context *context = new_context();
    struct {
        arq_env_methods methods;
        void *from_the_future;
    } longer = {.methods = walk_methods};
    arq_env_methods methods = walk_methods;
    arq_env *env = NULL;
    void *self = walk_new(WALK_GOOD, ARQ_OBSERVATION_BIT, 0);
    size_t size;
#define REFUSED(field, words)                                                                                          \
    do {                                                                                                               \
        methods = walk_methods;                                                                                        \
        methods.field = 0;                                                                                             \
        ck_assert_int_eq(arq_env_create(context, &methods, self, &env), ARQ_E_ARGUMENT);                               \
        ck_assert(error_says(context, words));                                                                         \
    } while (0)
    REFUSED(struct_size, "struct_size is 0");
    REFUSED(spec, "method spec is NULL");
    REFUSED(reset, "method reset is NULL");
    REFUSED(step, "step is NULL");
    REFUSED(destroy, "method destroy is NULL");
    REFUSED(save, "save (load is there) is NULL");
    methods = walk_methods;
    methods.reserved = 1;
    ck_assert_int_eq(arq_env_create(context, &methods, self, &env), ARQ_E_ARGUMENT);
    methods.struct_size = 1u << 20;
    ck_assert_int_eq(arq_env_create(context, &methods, self, &env), ARQ_E_ARGUMENT);

    /* A table of a newer version works, and so does an older one that ends with the required methods. */
    longer.methods.struct_size = sizeof(longer);
    ck_assert_int_eq(arq_env_create(context, &longer.methods, self, &env), ARQ_OK);
    arq_env_destroy(env);
    methods = walk_methods;
    methods.struct_size = offsetof(arq_env_methods, step_batch);
    self = walk_new(WALK_GOOD, ARQ_OBSERVATION_BIT, 0);
    ck_assert_int_eq(arq_env_create(context, &methods, self, &env), ARQ_OK);
    ck_assert_int_eq(arq_env_reset(env, NULL, buffer.bytes), ARQ_OK);
    ck_assert_int_eq(arq_env_save(env, NULL, 0, &size), ARQ_E_UNSUPPORTED);
    ck_assert(error_says(context, "no save and load"));
    ck_assert_int_eq(arq_env_load(env, buffer.bytes, 8), ARQ_E_UNSUPPORTED);
    uint32_t width, height;
    ck_assert_int_eq(arq_env_render(env, 1, NULL, 0, &width, &height), ARQ_E_UNSUPPORTED);
    ck_assert_ptr_null(arq_env_action_name(env, 0));
    ck_assert_ptr_null(arq_env_observation_name(env, 0));
    arq_env_destroy(env);
    ck_assert_int_eq(walk_count(), 0);
    arq_context_destroy(context);
}
END_TEST

struct caller {
    arq_context *context;
    arq_env *env;
    int calls;
};

/* What a method must not do: use the handle that runs it. */
static void call_back(void *user)
{
    struct caller *caller = user;
    struct outcome outcome;
    unsigned char bytes[64];
    size_t size;
    uint32_t width, height;
    arq_env *wrapped;
    caller->calls++;
    ck_assert_int_eq(arq_env_step(caller->env, 0, bytes, &outcome.reward, &outcome.terminated, &outcome.truncated),
                     ARQ_E_BUSY);
    ck_assert(error_says(caller->context, "a method of this environment is running"));
    ck_assert_int_eq(arq_env_reset(caller->env, NULL, bytes), ARQ_E_BUSY);
    ck_assert_int_eq(arq_env_save(caller->env, NULL, 0, &size), ARQ_E_BUSY);
    ck_assert_int_eq(arq_env_load(caller->env, bytes, sizeof(bytes)), ARQ_E_BUSY);
    ck_assert_int_eq(arq_env_render(caller->env, 1, NULL, 0, &width, &height), ARQ_E_BUSY);
    ck_assert_int_eq(arq_env_time_limit(caller->env, 5, &wrapped), ARQ_E_BUSY);
    ck_assert_ptr_null(arq_env_action_name(caller->env, 0));
    arq_env_destroy(caller->env);
}

START_TEST(refuses_calls_from_its_own_methods)
{
    arq_context *context = new_context();
    struct caller caller = {context, walk_env(context, WALK_GOOD, ARQ_OBSERVATION_BIT, 0), 0};
    struct outcome outcome;
    ck_assert_int_eq(arq_env_reset(caller.env, NULL, buffer.bytes), ARQ_OK);
    walk_on_step(call_back, &caller);
    ck_assert_int_eq(step(caller.env, 1, &outcome), ARQ_OK);
    walk_on_step(NULL, NULL);
    ck_assert_int_eq(caller.calls, 1);
    ck_assert_int_eq(step(caller.env, 1, &outcome), ARQ_OK);
    arq_env_destroy(caller.env);
    arq_context_destroy(context);
}
END_TEST

static int rounding_inside;

static void note_rounding(void *user)
{
    (void)user;
    rounding_inside = fegetround();
}

START_TEST(leaves_the_floating_point_mode_alone)
{
    arq_context *context = new_context();
    arq_env *env = walk_env(context, WALK_GOOD, ARQ_OBSERVATION_F32, 0);
    struct outcome outcome;
    walk_on_step(note_rounding, NULL);
    fesetround(FE_DOWNWARD);
    ck_assert_int_eq(arq_env_reset(env, NULL, buffer.bytes), ARQ_OK);
    ck_assert_int_eq(step(env, 1, &outcome), ARQ_OK);
    ck_assert_int_eq(rounding_inside, FE_DOWNWARD);
    ck_assert_int_eq(fegetround(), FE_DOWNWARD);
    fesetround(FE_TONEAREST);
    walk_on_step(NULL, NULL);
    arq_env_destroy(env);
    arq_context_destroy(context);
}
END_TEST

/* Saved at any step, an episode goes on the same in another instance, ends included. */
START_TEST(saves_and_loads)
{
    arq_context *context = new_context();
    unsigned char state[128], first[64], second[64];
    size_t size, written;
    struct outcome a = {0}, b;
    arq_env *env = walk_env(context, WALK_GOOD, ARQ_OBSERVATION_BIT, 0);
    uint64_t seed = 11;
    ck_assert_int_eq(arq_env_save(env, NULL, 0, &size), ARQ_E_ORDER);
    ck_assert_int_eq(arq_env_reset(env, &seed, first), ARQ_OK);
    for (int i = 0; i < 12 && !a.terminated; i++) {
        ck_assert_int_eq(arq_env_save(env, NULL, 0, &size), ARQ_OK);
        ck_assert_uint_le(size, sizeof(state));
        ck_assert_int_eq(arq_env_save(env, state, size - 1, &written), ARQ_E_SHAPE);
        ck_assert(error_says(context, "are needed"));
        ck_assert_int_eq(arq_env_save(env, state, sizeof(state), &written), ARQ_OK);
        ck_assert_uint_eq(written, size);
        arq_env *copy = walk_env(context, WALK_GOOD, ARQ_OBSERVATION_BIT, 0);
        ck_assert_int_eq(arq_env_load(copy, state, size), ARQ_OK);
        ck_assert_int_eq(arq_env_step(env, 1, first, &a.reward, &a.terminated, &a.truncated), ARQ_OK);
        ck_assert_int_eq(arq_env_step(copy, 1, second, &b.reward, &b.terminated, &b.truncated), ARQ_OK);
        ck_assert_mem_eq(first, second, 2);
        ck_assert_double_eq(a.reward, b.reward);
        ck_assert_int_eq(a.terminated, b.terminated);
        arq_env_destroy(copy);
    }
    /* An ended episode is loaded as ended. */
    while (!a.terminated && !a.truncated) {
        ck_assert_int_eq(step(env, 1, &a), ARQ_OK);
    }
    ck_assert_int_eq(arq_env_save(env, state, sizeof(state), &size), ARQ_OK);
    arq_env *copy = walk_env(context, WALK_GOOD, ARQ_OBSERVATION_BIT, 0);
    ck_assert_int_eq(arq_env_load(copy, state, size), ARQ_OK);
    ck_assert_int_eq(step(copy, 1, &a), ARQ_E_ORDER);
    ck_assert_int_eq(arq_env_reset(copy, NULL, first), ARQ_OK);
    ck_assert_int_eq(arq_env_reset(env, NULL, second), ARQ_OK);
    ck_assert_mem_eq(first, second, 2);
    arq_env_destroy(copy);
    arq_env_destroy(env);
    arq_context_destroy(context);
}
END_TEST

START_TEST(refuses_states_that_are_none)
{
    arq_context *context = new_context();
    unsigned char state[128], after[128];
    size_t size, size_after;
    arq_env *env = walk_env(context, WALK_GOOD, ARQ_OBSERVATION_BIT, 0);
    ck_assert_int_eq(arq_env_reset(env, NULL, buffer.bytes), ARQ_OK);
    ck_assert_int_eq(arq_env_save(env, state, sizeof(state), &size), ARQ_OK);
    ck_assert_int_eq(arq_env_load(NULL, state, size), ARQ_E_ARGUMENT);
    ck_assert_int_eq(arq_env_load(env, NULL, size), ARQ_E_ARGUMENT);
    ck_assert_int_eq(arq_env_save(env, NULL, 0, NULL), ARQ_E_ARGUMENT);
    for (size_t cut = 0; cut < size; cut++) {
        ck_assert_int_eq(arq_env_load(env, state, cut), ARQ_E_FORMAT);
    }
    for (size_t at = 0; at < size; at++) {
        state[at] ^= 0x55;
        ck_assert_int_eq(arq_env_load(env, state, size), ARQ_E_FORMAT);
        state[at] ^= 0x55;
    }
    ck_assert(error_says(context, "the state is damaged"));
    ck_assert_int_eq(arq_env_save(env, after, sizeof(after), &size_after), ARQ_OK);
    ck_assert_uint_eq(size, size_after);
    ck_assert_mem_eq(state, after, size);
    arq_env_destroy(env);
    arq_context_destroy(context);
}
END_TEST

START_TEST(draws_and_names)
{
    arq_context *context = new_context();
    arq_env *env = walk_env(context, WALK_GOOD, ARQ_OBSERVATION_BIT, 0);
    unsigned char rgb[3 * WALK_CELLS * 4 + 8];
    uint32_t width = 0, height = 0;
    ck_assert_int_eq(arq_env_render(env, 2, NULL, 0, &width, &height), ARQ_OK);
    ck_assert_uint_eq(width, 2 * WALK_CELLS);
    ck_assert_uint_eq(height, 2);
    ck_assert_int_eq(arq_env_render(env, 2, rgb, sizeof(rgb), &width, &height), ARQ_E_ORDER);
    ck_assert_int_eq(arq_env_reset(env, NULL, buffer.bytes), ARQ_OK);
    ck_assert_int_eq(arq_env_render(env, 2, rgb, sizeof(rgb) - 8, &width, &height), ARQ_OK);
    ck_assert_int_eq(arq_env_render(env, 2, rgb, sizeof(rgb) - 9, &width, &height), ARQ_E_SHAPE);
    ck_assert(error_says(context, "20 x 2 pixels need 120"));
    ck_assert_int_eq(arq_env_render(env, 0, rgb, sizeof(rgb), &width, &height), ARQ_E_ARGUMENT);
    ck_assert_int_eq(arq_env_render(env, 1, rgb, sizeof(rgb), NULL, &height), ARQ_E_ARGUMENT);
    ck_assert_int_eq(arq_env_render(env, 1, rgb, sizeof(rgb), &width, NULL), ARQ_E_ARGUMENT);
    ck_assert_int_eq(arq_env_render(NULL, 1, rgb, sizeof(rgb), &width, &height), ARQ_E_ARGUMENT);
    ck_assert_int_eq(arq_env_render(env, 10000, rgb, sizeof(rgb), &width, &height), ARQ_E_SHAPE);
    ck_assert_str_eq(arq_env_action_name(env, 0), "left");
    ck_assert_str_eq(arq_env_action_name(env, 1), "right");
    ck_assert_ptr_null(arq_env_action_name(env, 2));
    ck_assert_ptr_null(arq_env_action_name(env, UINT32_MAX));
    ck_assert_str_eq(arq_env_observation_name(env, 1), "odd cell");
    ck_assert_ptr_null(arq_env_observation_name(env, 2));
    ck_assert_uint_eq(arq_env_describe(env)->observation_size, WALK_CELLS);
    arq_env_destroy(env);
    env = walk_env(context, WALK_RENDER_EMPTY, ARQ_OBSERVATION_BIT, 0);
    ck_assert_int_eq(arq_env_render(env, 1, NULL, 0, &width, &height), ARQ_E_ENV);
    arq_env_destroy(env);
    env = walk_env(context, WALK_SAVE_SIZE, ARQ_OBSERVATION_BIT, 0);
    size_t size;
    ck_assert_int_eq(arq_env_reset(env, NULL, buffer.bytes), ARQ_OK);
    ck_assert_int_eq(arq_env_save(env, buffer.bytes, sizeof(buffer.bytes), &size), ARQ_E_ENV);
    arq_env_destroy(env);
    arq_context_destroy(context);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("handle");
    TCase *test_case = tcase_create("handle");
    tcase_add_test(test_case, sizes_observations);
    tcase_add_test(test_case, plays_an_episode_in_order);
    tcase_add_test(test_case, first_reset_without_seed_is_seed_zero);
    tcase_add_test(test_case, refuses_bad_arguments);
    tcase_add_test(test_case, checks_box_actions);
    tcase_add_loop_test(test_case, answers_broken_promises, 0, (int)(sizeof(misbehaviours) / sizeof(misbehaviours[0])));
    tcase_add_test(test_case, refuses_impossible_specs);
    tcase_add_test(test_case, checks_every_field_of_a_spec);
    tcase_add_test(test_case, checks_methods);
    tcase_add_test(test_case, refuses_calls_from_its_own_methods);
    tcase_add_test(test_case, leaves_the_floating_point_mode_alone);
    tcase_add_test(test_case, saves_and_loads);
    tcase_add_test(test_case, refuses_states_that_are_none);
    tcase_add_test(test_case, draws_and_names);
    suite_add_tcase(suite, test_case);
    return run_suite(suite);
}
