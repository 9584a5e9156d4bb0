/* arq_env_check finds every way the walk can be broken, and nothing where it is not. */
#include "support.h"

#include <stdio.h>
#include <string.h>

static const struct {
    int fault;
    const char *options; /* besides the fault */
    const char *words;   /* in the line that reports it */
} broken[] = {
    {WALK_REWARD_NAN, "kind=bit", "it must be finite"},
    {WALK_REWARD_HUGE, "kind=bit", "it must be finite as a float"},
    {WALK_REWARD_TOO_HIGH, "kind=bit", "reward is 3 at step"},
    {WALK_TERMINATED_TWO, "kind=u8", "terminated is 2"},
    {WALK_TRUNCATED_NEGATIVE, "kind=u8", "truncated is -1"},
    {WALK_OBSERVATION_NAN, "kind=f32", "value 4 is nan; every value must be finite"},
    {WALK_OBSERVATION_NAN, "kind=f64", "value 4 is nan; every value must be finite"},
    {WALK_OBSERVATION_HUGE, "kind=f64", "value 4 is -1e+300; every value must be finite as a float"},
    {WALK_OBSERVATION_TOO_HIGH, "kind=f32", "value 4 is 1.5; the declared bounds are 0 .. 1"},
    {WALK_OBSERVATION_TOO_LOW, "kind=f64", "value 4 is -0.25; the declared bounds are 0 .. 1"},
    {WALK_STATE_TOO_HIGH, "kind=discrete", "state is 14; declared are 0 .. 9"},
    {WALK_SPARE_BITS, "kind=bit", "the spare bits must be 0"},
    {WALK_RESET_SHORT, "kind=bit", "reset left byte 1 of the observation unwritten"},
    {WALK_STEP_SHORT, "kind=f32", "step left byte 36 of the observation unwritten"},
    {WALK_REWARD_UNWRITTEN, "kind=bit", "step left the reward unwritten"},
    {WALK_TRUNCATED_UNWRITTEN, "kind=bit", "step left truncated unwritten"},
    {WALK_WRITES_BEHIND, "kind=u8", "step wrote beyond its buffers"},
    {WALK_WRITES_BEFORE, "kind=u8", "step wrote beyond its buffers"},
    {WALK_KEEPS_OBSERVATION, "kind=bit", "step wrote into a buffer of an earlier call"},
    {WALK_KEEPS_ACTION, "kind=bit&box=1", "differs from the first time"},
    {WALK_KEEPS_SEED, "kind=bit", "differs from the first time"},
    {WALK_SURVIVES_RESET, "kind=bit", "on an instance that has played: move"},
    {WALK_DIFFERENT_INSTANCES, "kind=bit", "on a second instance: move"},
    {WALK_SHARED_STREAM, "kind=bit", "must be a function of the seed and the actions"},
    {WALK_UNSEEDED, "kind=bit", "must be a function of the seed and the actions"},
    {WALK_SPEC_CHANGES, "kind=bit", "spec: action_count differs from the first call's after a step"},
    {WALK_SPEC_STRUCT_SIZE, "kind=bit", "spec: struct_size came back as 8"},
    {WALK_SPEC_TOO_LONG, "kind=bit", "spec wrote beyond the"},
    {WALK_SPEC_SHAPE, "kind=bit", "the product of observation_shape is 14, observation_size is 10"},
    {WALK_SPEC_KIND, "kind=bit", "observation kind is 9"},
    {WALK_SPEC_BOUNDS, "kind=f32", "bounds of observation value 0 are 255 .. 1"},
    {WALK_SPEC_NO_ACTION, "kind=bit", "action_count is 0"},
    {WALK_TRUNCATES_UNDECLARED, "kind=bit", "spec.time_limit 0 says that it never truncates"},
    {WALK_EXCEEDS_TIME_LIMIT, "kind=bit", "goes on after step 20; spec.time_limit is 20"},
    {WALK_SAVE_SIZE, "kind=bit", "save: the size is"},
    {WALK_SAVE_BEHIND, "kind=bit", "save wrote beyond a buffer"},
    {WALK_SAVE_SMALL_BUFFER, "kind=bit", "save wrote beyond a buffer"},
    {WALK_SAVE_UNWRITTEN, "kind=bit", "save left byte"},
    {WALK_SAVE_CHANGES, "kind=bit", "save"},
    {WALK_SAVE_INCOMPLETE, "kind=bit", "load into a new instance: the state saved after move"},
    {WALK_LOAD_INCOMPLETE, "kind=u8", "load into"},
    {WALK_LOAD_SHORT, "kind=bit", "load accepted the first"},
    {WALK_LOAD_HALF, "kind=bit", "and changed the instance"},
    {WALK_LOAD_UNCHECKED, "kind=discrete", "load accepted"},
    {WALK_RENDER_BEHIND, "kind=bit", "render wrote beyond a buffer"},
    {WALK_RENDER_SIZE, "kind=bit", "when asked and"},
    {WALK_RENDER_EMPTY, "kind=bit", "render: the picture is 10 x 0 pixels"},
    {WALK_RENDER_UNWRITTEN, "kind=bit", "render left byte 29 of 30 unwritten"},
    {WALK_RENDER_CHANGES, "kind=u8", "render changes the state"},
    {WALK_BATCH_DIFFERS, "kind=bit", "of instance 2 differs from that of step"},
    {WALK_BATCH_BEHIND, "kind=bit", "instances wrote beyond rewards"},
    {WALK_POSITIVE_CODE, "kind=bit", "step returned 5; a failure is a negative code"},
    {WALK_FAILS, "kind=bit", "although its arguments are right: cell five is broken"},
    {WALK_FAILS_OWN_CODE, "kind=bit", "step failed with code -1234"},
    {WALK_REWARD_AFTER_END, "kind=bit", "step after the end gave reward"},
    {WALK_NAME_EMPTY, "kind=bit", "action_name(0) has 0 characters"},
    {WALK_CREATE_FAILS, "kind=bit", "create failed with code -7: no ground to walk on"},
    {WALK_CREATE_NULL, "kind=bit", "create returned ARQ_OK and left self NULL"},
    {WALK_CREATE_BATCH_FAILS, "kind=bit", "create_batch failed with code -1234: too narrow for 5"},
    {WALK_CREATE_BATCH_NULL, "kind=u8", "create_batch returned ARQ_OK and left self NULL"},
};

struct lines {
    char text[64][512];
    uint32_t count;
};

static void keep_line(void *user, const char *line)
{
    struct lines *lines = user;
    if (lines->count < 64) {
        snprintf(lines->text[lines->count], sizeof(lines->text[0]), "%s", line);
    }
    lines->count++;
}

static void expect_line(const struct lines *lines, const char *words)
{
    for (uint32_t i = 0; i < lines->count; i++) {
        if (strstr(lines->text[i], words) != NULL) {
            return;
        }
    }
    for (uint32_t i = 0; i < lines->count; i++) {
        fprintf(stderr, "line: %s\n", lines->text[i]);
    }
    ck_abort_msg("no line says '%s'", words);
}

START_TEST(finds_what_is_broken)
{
    arq_context *context = new_context();
    char options[64];
    for (uint64_t seed = 1; seed <= 2; seed++) {
        struct lines lines = {.count = 0};
        uint32_t count = 0;
        snprintf(options, sizeof(options), "fault=%d&%s", broken[_i].fault, broken[_i].options);
        ck_assert_int_eq(arq_env_check(context, &walk_type, options, seed, keep_line, &lines, &count), ARQ_OK);
        ck_assert_uint_eq(count, lines.count);
        expect_line(&lines, broken[_i].words);
        ck_assert_msg(count <= 3, "fault %d buries its line under %u others", broken[_i].fault, count - 1);
        ck_assert_int_eq(walk_count(), 0);
    }
    arq_context_destroy(context);
}
END_TEST

START_TEST(finds_nothing_in_a_good_one)
{
    static const char *const options[] = {
        NULL, "", "kind=u8", "kind=f32", "kind=f64", "kind=discrete", "box=1", "kind=f32&box=1", "kind=discrete&box=1"};
    arq_context *context = new_context();
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        for (uint64_t seed = 0; seed < 4; seed++) {
            struct lines lines = {.count = 0};
            uint32_t count = 99;
            ck_assert_int_eq(arq_env_check(context, &walk_type, options[i], seed, keep_line, &lines, &count), ARQ_OK);
            ck_assert_msg(count == 0, "%s, seed %d: %s", options[i] == NULL ? "" : options[i], (int)seed,
                          lines.text[0]);
        }
    }
    ck_assert_int_eq(walk_count(), 0);
    arq_context_destroy(context);
}
END_TEST

/* One compiled before there was create_batch: nothing is read beyond its struct_size. */
START_TEST(finds_nothing_in_an_older_one)
{
    arq_context *context = new_context();
    arq_env_type type = walk_type;
    uint32_t count = 99;
    type.struct_size = offsetof(arq_env_type, create_batch);
    memset(&type.create_batch, 0x5a, sizeof(type.create_batch));
    ck_assert_int_eq(arq_env_check(context, &type, "kind=u8", 1, NULL, NULL, &count), ARQ_OK);
    ck_assert_uint_eq(count, 0);
    arq_context_destroy(context);
}
END_TEST

/* A type whose tables are wrong is a finding too. */
static void check_table(const arq_env_type *type, const char *words)
{
    arq_context *context = new_context();
    struct lines lines = {.count = 0};
    uint32_t count = 0;
    ck_assert_int_eq(arq_env_check(context, type, NULL, 1, keep_line, &lines, &count), ARQ_OK);
    ck_assert_uint_eq(count, 1);
    expect_line(&lines, words);
    arq_context_destroy(context);
}

START_TEST(finds_wrong_tables)
{
    arq_env_methods methods = walk_methods;
    arq_env_type type = walk_type;
    type.methods = &methods;
    methods.struct_size = 12;
    check_table(&type, "struct_size is 12");
    methods = walk_methods;
    methods.reset = NULL;
    check_table(&type, "the required method reset is NULL");
    methods = walk_methods;
    methods.step = NULL;
    check_table(&type, "step is NULL; discrete actions need it");
    methods = walk_methods;
    methods.load = NULL;
    check_table(&type, "load (save is there) is NULL");
    methods = walk_methods;
    type.struct_size = 4;
    check_table(&type, "struct_size is 4");
    type = walk_type;
    type.create = NULL;
    check_table(&type, "create is NULL");
    type = walk_type;
    type.id = "Walk";
    check_table(&type, "id is 'Walk'");
}
END_TEST

START_TEST(needs_no_id_and_no_listener)
{
    arq_context *context = new_context();
    arq_env_type type = walk_type;
    uint32_t count = 99;
    type.id = NULL;
    ck_assert_int_eq(arq_env_check(context, &type, NULL, 1, NULL, NULL, &count), ARQ_OK);
    ck_assert_uint_eq(count, 0);
    ck_assert_int_eq(arq_env_check(context, &type, "fault=1", 1, NULL, NULL, &count), ARQ_OK);
    ck_assert_uint_ge(count, 1);
    arq_context_destroy(context);
}
END_TEST

START_TEST(hands_user_to_create)
{
    arq_context *context = new_context();
    arq_env_type type = walk_type;
    int created = 0;
    uint32_t count = 99;
    type.user = &created;
    ck_assert_int_eq(arq_env_check(context, &type, NULL, 1, NULL, NULL, &count), ARQ_OK);
    ck_assert_uint_eq(count, 0);
    ck_assert_int_gt(created, 0);
    arq_context_destroy(context);
}
END_TEST

START_TEST(refuses_bad_arguments)
{
    arq_context *context = new_context();
    uint32_t count = 99;
    ck_assert_int_eq(arq_env_check(NULL, &walk_type, NULL, 1, NULL, NULL, &count), ARQ_E_ARGUMENT);
    ck_assert_int_eq(arq_env_check(context, NULL, NULL, 1, NULL, NULL, &count), ARQ_E_ARGUMENT);
    ck_assert(error_says(context, "type is NULL"));
    ck_assert_int_eq(arq_env_check(context, &walk_type, NULL, 1, NULL, NULL, NULL), ARQ_E_ARGUMENT);
    ck_assert_int_eq(arq_env_check(context, &walk_type, "colour=3", 1, NULL, NULL, &count), ARQ_E_ARGUMENT);
    ck_assert(error_says(context, "unknown option 'colour'; known: fault, kind, box, unused"));
    arq_context_destroy(context);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("check");
    TCase *test_case = tcase_create("check");
    tcase_set_timeout(test_case, 60);
    tcase_add_loop_test(test_case, finds_what_is_broken, 0, (int)(sizeof(broken) / sizeof(broken[0])));
    tcase_add_test(test_case, finds_nothing_in_a_good_one);
    tcase_add_test(test_case, finds_nothing_in_an_older_one);
    tcase_add_test(test_case, finds_wrong_tables);
    tcase_add_test(test_case, needs_no_id_and_no_listener);
    tcase_add_test(test_case, hands_user_to_create);
    tcase_add_test(test_case, refuses_bad_arguments);
    suite_add_tcase(suite, test_case);
    return run_suite(suite);
}
