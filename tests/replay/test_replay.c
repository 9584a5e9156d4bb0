/* The replay against the naive model, over random histories; what it draws and how often; bad arguments; no memory. */
#include "arq/env.h"
#include "pair.h"

#include <fenv.h>
#include <math.h>

static const int32_t kinds[] = {ARQ_OBSERVATION_BIT, ARQ_OBSERVATION_U8, ARQ_OBSERVATION_F32, ARQ_OBSERVATION_F64,
                                ARQ_OBSERVATION_DISCRETE};
#define KIND_COUNT ((uint32_t)(sizeof(kinds) / sizeof(kinds[0])))

START_TEST(random_histories_equal_the_model)
{
    for (uint64_t seed = 1; seed <= 150; seed++) {
        test_random random = {seed};
        replay_pair pair;
        uint32_t capacity = 1 + test_random_below(&random, seed % 3 == 0 ? 4 : 60);
        uint32_t window = 1 + test_random_below(&random, seed % 5 == 0 ? 100 : 13);
        uint32_t longest = 1 + test_random_below(&random, seed % 2 == 0 ? 5 : 50);
        pair_create(&pair, seed, kinds[seed % KIND_COUNT], 1 + test_random_below(&random, 40), capacity, window,
                    longest, capacity);
        for (int step = 0; step < 300; step++) {
            pair_step(&pair);
            if (step < 20 || step % 7 == 0) {
                pair_compare(&pair);
            }
        }
        pair_destroy(&pair);
    }
}
END_TEST

/* Eight slots a segment: nearly every window lies in two or three. */
START_TEST(windows_cross_segments)
{
    replay_pair pair;
    pair_create(&pair, 7, ARQ_OBSERVATION_U8, 70000, 40, 11, 30, 40);
    for (int step = 0; step < 300; step++) {
        pair_step(&pair);
        if (step % 10 == 0) {
            pair_compare(&pair);
        }
    }
    pair_destroy(&pair);
}
END_TEST

/* When episodes become short, each transition takes two slots: more segments than ever, and not from the first on. */
START_TEST(more_segments_when_episodes_shorten)
{
    replay_pair pair;
    pair_create(&pair, 10, ARQ_OBSERVATION_U8, 70000, 110, 11, 100, 110);
    for (int step = 0; step < 500; step++) {
        pair.longest = step < 200 ? 100 : 1;
        pair_step(&pair);
        if (step % 20 == 0) {
            pair_compare(&pair);
        }
    }
    pair_destroy(&pair);
}
END_TEST

START_TEST(segments_come_and_go)
{
    replay_pair pair;
    pair_create(&pair, 8, ARQ_OBSERVATION_BIT, 61, 9000, 11, 300, 9000);
    for (int step = 0; step < 60000; step++) {
        pair_step(&pair);
        if (step % 5000 == 0) {
            pair_compare(&pair);
        }
    }
    pair_compare(&pair);
    pair_destroy(&pair);
}
END_TEST

START_TEST(memory_stays_flat_when_full)
{
    replay_pair pair;
    pair_create(&pair, 9, ARQ_OBSERVATION_U8, 70000, 40, 3, 1000, 1);
    for (int step = 0; step < 60; step++) {
        pair_step(&pair);
    }
    size_t full = pair.memory.bytes_out;
    uint64_t calls = pair.memory.calls;
    for (int step = 0; step < 300; step++) {
        pair_step(&pair);
        pair_sample(&pair, 1, 0, NULL);
    }
    ck_assert_uint_le(pair.memory.bytes_out, full + 4 * (size_t)(1 << 20));
    ck_assert_uint_le(pair.memory.calls, calls + 4);
    pair_destroy(&pair);
}
END_TEST

/* Every transition that can be drawn is drawn equally often: chi-square, far beyond six standard deviations fails. */
static void check_uniform(replay_pair *pair, uint32_t batch, int32_t distinct)
{
    uint32_t eligible = (uint32_t)model_eligible(&pair->model);
    uint32_t batches = 400 * eligible / batch + 1;
    uint32_t *counts = calloc((size_t)pair->model.next_serial, sizeof(*counts));
    for (uint32_t i = 0; i < batches; i++) {
        pair_sample(pair, batch, distinct, counts);
    }
    double expected = (double)batches * batch / eligible;
    double chi_square = 0;
    uint32_t drawn = 0;
    for (int32_t serial = 0; serial < pair->model.next_serial; serial++) {
        drawn += counts[serial] > 0;
        chi_square += counts[serial] > 0 ? (counts[serial] - expected) * (counts[serial] - expected) / expected : 0;
    }
    free(counts);
    ck_assert_msg(drawn == eligible, "seed %llu: %u drawn of %u", (unsigned long long)pair->seed, drawn, eligible);
    double freedom = eligible - 1.0;
    ck_assert_msg(chi_square <= freedom + 6 * sqrt(2 * freedom + 1),
                  "seed %llu, batch %u, distinct %d: chi-square %g of %g", (unsigned long long)pair->seed, batch,
                  distinct, chi_square, freedom);
}

START_TEST(draws_are_uniform_over_what_is_eligible)
{
    for (uint64_t seed = 20; seed < 30; seed++) {
        replay_pair pair;
        pair_create(&pair, seed, ARQ_OBSERVATION_U8, 3, 50, 11, seed % 2 == 0 ? 3 : 25, 50);
        while (model_size(&pair.model) < 50 || model_eligible(&pair.model) < 20 || pair.model.next_serial < 70) {
            pair_step(&pair);
        }
        check_uniform(&pair, 32, 0);
        check_uniform(&pair, 1, 1);
        check_uniform(&pair, 7, 1);
        check_uniform(&pair, (uint32_t)model_eligible(&pair.model) - 3, 1);
        pair_destroy(&pair);
    }
}
END_TEST

/* Draws with and without replacement from a twin of the pair's replay with another sampling seed. */
START_TEST(draws_depend_on_the_seed_alone)
{
    test_memory memory;
    arq_context *context = test_context(&memory);
    int32_t drawn[3][64];
    for (int i = 0; i < 3; i++) {
        arq_replay *replay;
        ck_assert_ok(context, arq_replay_create(context, ARQ_OBSERVATION_U8, 1, 1000, 2, i == 2 ? 6 : 5, &replay));
        ck_assert_ok(context, arq_replay_begin(replay, ""));
        unsigned char rows[32 * 3];
        int32_t lengths[32];
        float rewards[32];
        uint8_t terminated[32];
        ck_assert_int_eq(arq_replay_sample(replay, 32, 1, rows, lengths, drawn[i], rewards, terminated), ARQ_E_ORDER);
        for (int32_t step = 0; step < 1000; step++) {
            ck_assert_ok(context, arq_replay_add(replay, step, 0, "", 0, 0));
        }
        ck_assert_ok(context, arq_replay_sample(replay, 32, 0, rows, lengths, drawn[i], rewards, terminated));
        ck_assert_ok(context, arq_replay_sample(replay, 32, 1, rows, lengths, drawn[i] + 32, rewards, terminated));
        arq_replay_destroy(replay);
    }
    ck_assert_mem_eq(drawn[0], drawn[1], sizeof(drawn[0]));
    ck_assert_mem_ne(drawn[0], drawn[2], sizeof(drawn[0]));
    test_context_end(context, &memory);
}
END_TEST

/* One row of everything that sampling returns, for windows of 2 observations of one byte. */
typedef struct one_row {
    unsigned char window[3];
    int32_t length;
    int32_t action;
    float reward;
    uint8_t terminated;
} one_row;

static arq_status sample_one(arq_replay *replay, one_row *row)
{
    return arq_replay_sample(replay, 1, 1, row->window, &row->length, &row->action, &row->reward, &row->terminated);
}

START_TEST(an_episode_without_transitions_leaves_no_trace)
{
    test_memory memory;
    arq_context *context = test_context(&memory);
    arq_replay *replay;
    one_row row;
    ck_assert_ok(context, arq_replay_create(context, ARQ_OBSERVATION_U8, 1, 1, 2, 0, &replay));
    for (int i = 0; i < 100000; i++) {
        ck_assert_ok(context, arq_replay_begin(replay, i % 2 == 0 ? "a" : "b"));
    }
    uint64_t calls = memory.calls;
    ck_assert_uint_eq(arq_replay_size(replay), 0);
    ck_assert_int_eq(sample_one(replay, &row), ARQ_E_ORDER);
    ck_assert_ok(context, arq_replay_add(replay, 3, -0.5, "c", 1, 1));
    ck_assert_uint_eq(memory.calls, calls);
    ck_assert_ok(context, sample_one(replay, &row));
    ck_assert_mem_eq(row.window, "bbc", 3);
    ck_assert_int_eq(row.length, 1);
    ck_assert_int_eq(row.action, 3);
    ck_assert_float_eq(row.reward, -0.5f);
    ck_assert_uint_eq(row.terminated, 1);
    ck_assert_fails(context, arq_replay_add(replay, 0, 0, "d", 0, 0), ARQ_E_ORDER, "arq_replay_begin");
    arq_replay_destroy(replay);
    test_context_end(context, &memory);
}
END_TEST

START_TEST(rewards_are_rounded_the_same_in_every_host_mode)
{
    const int modes[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
    test_memory memory;
    arq_context *context = test_context(&memory);
    arq_replay *replay;
    one_row row;
    ck_assert_ok(context, arq_replay_create(context, ARQ_OBSERVATION_U8, 1, 1, 2, 0, &replay));
    ck_assert_ok(context, arq_replay_begin(replay, "a"));
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        ck_assert_int_eq(fesetround(modes[i]), 0);
        arq_status added = arq_replay_add(replay, 0, 0.1, "b", 0, 0);
        int mode = fegetround();
        fesetround(FE_TONEAREST);
        ck_assert_int_eq(mode, modes[i]);
        ck_assert_ok(context, added);
        ck_assert_ok(context, arq_replay_begin(replay, "a"));
        ck_assert_ok(context, sample_one(replay, &row));
        ck_assert_float_eq(row.reward, 0x1.99999ap-4f);
    }
    arq_replay_destroy(replay);
    test_context_end(context, &memory);
}
END_TEST

START_TEST(bad_sizes_are_refused)
{
    static const struct {
        int32_t kind;
        uint32_t size;
        uint64_t capacity;
        uint32_t window;
        const char *words;
    } bad[] = {
        {0, 1, 1, 1, "kind is 0"},
        {6, 1, 1, 1, "kind is 6"},
        {INT32_MIN, 1, 1, 1, "kind is -2147483648"},
        {ARQ_OBSERVATION_BIT, 0, 1, 1, "size is 0"},
        {ARQ_OBSERVATION_DISCRETE, UINT32_MAX, 1, 1, "size is 4294967295"},
        {ARQ_OBSERVATION_U8, 1, 0, 1, "capacity is 0"},
        {ARQ_OBSERVATION_U8, 1, (UINT64_C(1) << 40) + 1, 1, "capacity is 1099511627777"},
        {ARQ_OBSERVATION_U8, 1, UINT64_MAX, 1, "capacity is 18446744073709551615"},
        {ARQ_OBSERVATION_U8, 1, 1, 0, "window is 0"},
        {ARQ_OBSERVATION_U8, 1, 1, 1026, "window is 1026"},
        {ARQ_OBSERVATION_U8, 1, 1, UINT32_MAX, "window is 4294967295"},
    };
    test_memory memory;
    arq_context *context = test_context(&memory);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        arq_replay *replay = (arq_replay *)&memory;
        ck_assert_fails(
            context, arq_replay_create(context, bad[i].kind, bad[i].size, bad[i].capacity, bad[i].window, 0, &replay),
            ARQ_E_ARGUMENT, bad[i].words);
        ck_assert_ptr_null(replay);
    }
    arq_replay *replay = (arq_replay *)&memory;
    ck_assert_fails(NULL, arq_replay_create(NULL, ARQ_OBSERVATION_U8, 1, 1, 1, 0, &replay), ARQ_E_ARGUMENT, "context");
    ck_assert_ptr_null(replay);
    ck_assert_fails(context, arq_replay_create(context, ARQ_OBSERVATION_U8, 1, 1, 1, 0, NULL), ARQ_E_ARGUMENT, "out");
    test_context_end(context, &memory);
}
END_TEST

START_TEST(the_largest_sizes_cost_nothing_until_used)
{
    test_memory memory;
    arq_context *context = test_context(&memory);
    arq_replay *replay;
    one_row row;
    ck_assert_ok(context, arq_replay_create(context, ARQ_OBSERVATION_F64, UINT32_MAX, UINT64_C(1) << 40, 1025,
                                            UINT64_MAX, &replay));
    ck_assert_uint_lt(memory.bytes_out, 100000);
    ck_assert_fails(
        context,
        arq_replay_sample(replay, UINT32_MAX, 0, row.window, &row.length, &row.action, &row.reward, &row.terminated),
        ARQ_E_ARGUMENT, "4294967295");
    test_memory_fail(&memory, 1, 1);
    ck_assert_fails(context, arq_replay_begin(replay, &memory), ARQ_E_NOMEM, "no memory");
    arq_replay_destroy(replay);
    test_context_end(context, &memory);
}
END_TEST

START_TEST(bad_arguments_change_nothing)
{
    const double rewards[] = {NAN, INFINITY, -INFINITY, 1e39, -1e300};
    const int32_t flags[][2] = {{2, 0}, {0, 2}, {-1, 0}, {0, INT32_MIN}};
    test_memory memory;
    arq_context *context = test_context(&memory);
    arq_replay *replay;
    one_row row;
    ck_assert_ok(context, arq_replay_create(context, ARQ_OBSERVATION_U8, 1, 9, 2, 0, &replay));
    ck_assert_fails(NULL, arq_replay_begin(NULL, "a"), ARQ_E_ARGUMENT, "replay is NULL");
    ck_assert_fails(NULL, arq_replay_add(NULL, 0, 0, "a", 0, 0), ARQ_E_ARGUMENT, "replay is NULL");
    ck_assert_fails(context, arq_replay_begin(replay, NULL), ARQ_E_ARGUMENT, "observation is NULL");
    ck_assert_fails(context, arq_replay_add(replay, 0, 0, "a", 0, 0), ARQ_E_ORDER, "open");
    ck_assert_ok(context, arq_replay_begin(replay, "a"));
    ck_assert_fails(context, arq_replay_add(replay, 0, 0, NULL, 0, 0), ARQ_E_ARGUMENT, "next_observation is NULL");
    for (size_t i = 0; i < sizeof(rewards) / sizeof(rewards[0]); i++) {
        ck_assert_fails(context, arq_replay_add(replay, 0, rewards[i], "b", 0, 0), ARQ_E_ARGUMENT, "reward is");
    }
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        ck_assert_fails(context, arq_replay_add(replay, 0, 0, "b", flags[i][0], flags[i][1]), ARQ_E_ARGUMENT,
                        "accepted are 0 and 1");
    }
    ck_assert_uint_eq(arq_replay_size(replay), 0);
    ck_assert_ok(context, arq_replay_add(replay, INT32_MIN, 1, "b", 0, 0));
    ck_assert_fails(context,
                    arq_replay_sample(replay, 0, 0, row.window, &row.length, &row.action, &row.reward, &row.terminated),
                    ARQ_E_ARGUMENT, "batch is 0");
    ck_assert_fails(context,
                    arq_replay_sample(replay, 1, 2, row.window, &row.length, &row.action, &row.reward, &row.terminated),
                    ARQ_E_ARGUMENT, "distinct is 2");
    ck_assert_fails(context,
                    arq_replay_sample(replay, 2, 0, row.window, &row.length, &row.action, &row.reward, &row.terminated),
                    ARQ_E_ORDER, "batch of 2 was asked for, 1 ");
    for (int missing = 0; missing < 6; missing++) {
        ck_assert_fails(missing == 0 ? NULL : context,
                        arq_replay_sample(missing == 0 ? NULL : replay, 1, 0, missing == 1 ? NULL : row.window,
                                          missing == 2 ? NULL : &row.length, missing == 3 ? NULL : &row.action,
                                          missing == 4 ? NULL : &row.reward, missing == 5 ? NULL : &row.terminated),
                        ARQ_E_ARGUMENT, "NULL");
    }
    ck_assert_ok(context, sample_one(replay, &row));
    ck_assert_mem_eq(row.window, "aab", 3);
    ck_assert_uint_eq(arq_replay_size(NULL), 0);
    ck_assert_uint_eq(arq_replay_eligible(NULL), 0);
    arq_replay_destroy(NULL);
    arq_replay_destroy(replay);
    test_context_end(context, &memory);
}
END_TEST

/* Every allocation of a history fails once, or that one and a few behind it; the same event is then tried again. */
START_TEST(without_memory_nothing_changes)
{
    for (int for_ever = 0; for_ever < 2; for_ever++) {
        uint64_t failures = 0;
        for (uint64_t fail_at = 1, before = UINT64_MAX; failures != before; fail_at++) {
            replay_pair pair;
            before = failures;
            pair_create(&pair, 77, ARQ_OBSERVATION_U8, 70000, 30, 5, 4, 30);
            memset(pair.observation, 0, 70000);
            test_memory_fail(&pair.memory, fail_at, for_ever);
            for (int step = 0; step < 200; step++) {
                int open = pair.model.open;
                uint64_t size = arq_replay_size(pair.replay);
                uint64_t eligible = arq_replay_eligible(pair.replay);
                arq_status status = open
                                        ? arq_replay_add(pair.replay, pair.model.next_serial, 1, pair.observation, 0, 1)
                                        : arq_replay_begin(pair.replay, pair.observation);
                if (status == ARQ_E_NOMEM) {
                    failures++;
                    ck_assert_uint_eq(arq_replay_size(pair.replay), size);
                    ck_assert_uint_eq(arq_replay_eligible(pair.replay), eligible);
                    pair.memory.fail_at = 0;
                    step--;
                    continue;
                }
                ck_assert_ok(pair.context, status);
                if (open) {
                    model_add(&pair.model, 1, pair.observation, 0, 1);
                } else {
                    model_begin(&pair.model, pair.observation);
                }
                memset(pair.observation, step, 70000);
            }
            pair_compare(&pair);
            pair_destroy(&pair);
        }
        ck_assert_uint_ge(failures, 3);
    }
}
END_TEST

START_TEST(create_without_memory_gives_nothing)
{
    test_memory memory;
    arq_context *context = test_context(&memory);
    arq_replay *replay = NULL;
    size_t before = memory.bytes_out;
    test_memory_fail(&memory, 1, 0);
    ck_assert_fails(context, arq_replay_create(context, ARQ_OBSERVATION_BIT, 1, 1, 1, 0, &replay), ARQ_E_NOMEM,
                    "no memory for a replay");
    ck_assert_ptr_null(replay);
    ck_assert_uint_eq(memory.bytes_out, before);
    ck_assert_ok(context, arq_replay_create(context, ARQ_OBSERVATION_BIT, 1, 1, 1, 0, &replay));
    arq_replay_destroy(replay);
    test_context_end(context, &memory);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("replay");
    TCase *test = tcase_create("replay");
    tcase_set_timeout(test, 120);
    tcase_add_test(test, random_histories_equal_the_model);
    tcase_add_test(test, windows_cross_segments);
    tcase_add_test(test, more_segments_when_episodes_shorten);
    tcase_add_test(test, segments_come_and_go);
    tcase_add_test(test, memory_stays_flat_when_full);
    tcase_add_test(test, draws_are_uniform_over_what_is_eligible);
    tcase_add_test(test, draws_depend_on_the_seed_alone);
    tcase_add_test(test, an_episode_without_transitions_leaves_no_trace);
    tcase_add_test(test, rewards_are_rounded_the_same_in_every_host_mode);
    tcase_add_test(test, bad_sizes_are_refused);
    tcase_add_test(test, the_largest_sizes_cost_nothing_until_used);
    tcase_add_test(test, bad_arguments_change_nothing);
    tcase_add_test(test, without_memory_nothing_changes);
    tcase_add_test(test, create_without_memory_gives_nothing);
    suite_add_tcase(suite, test);
    return run_suite(suite);
}
