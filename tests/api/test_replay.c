/* The replay's arguments and order of calls; what it draws is compared with a model in tests/replay. */
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SIZE 3u
#define WINDOW 4u

static arq_replay *made(struct host *host, uint64_t capacity)
{
    arq_replay *replay;

    succeeds(host, arq_replay_create(host->context, ARQ_OBSERVATION_F32, SIZE, capacity, WINDOW, 1, &replay));
    return replay;
}

START_TEST(sizes_are_checked)
{
    struct host host;
    host_open(&host);
    arq_context *context = host.context;
    int anything;
    arq_replay *none = (arq_replay *)(void *)&anything;
    uint64_t most = UINT64_C(1) << 40;

    refuses(&host, ARQ_E_ARGUMENT, "kind", arq_replay_create(context, 0, SIZE, 10, WINDOW, 1, &none));
    ck_assert_ptr_null(none);
    refuses(&host, ARQ_E_ARGUMENT, "kind;6", arq_replay_create(context, 6, SIZE, 10, WINDOW, 1, &none));
    refuses(&host, ARQ_E_ARGUMENT, "0", arq_replay_create(context, ARQ_OBSERVATION_F32, 0, 10, WINDOW, 1, &none));
    refuses(&host, ARQ_E_ARGUMENT, "capacity;0",
            arq_replay_create(context, ARQ_OBSERVATION_F32, SIZE, 0, WINDOW, 1, &none));
    refuses(&host, ARQ_E_ARGUMENT, "capacity;1099511627777",
            arq_replay_create(context, ARQ_OBSERVATION_F32, SIZE, most + 1, WINDOW, 1, &none));
    refuses(&host, ARQ_E_ARGUMENT, "capacity",
            arq_replay_create(context, ARQ_OBSERVATION_F32, SIZE, UINT64_MAX, WINDOW, 1, &none));
    refuses(&host, ARQ_E_ARGUMENT, "window;0;1025",
            arq_replay_create(context, ARQ_OBSERVATION_F32, SIZE, 10, 0, 1, &none));
    refuses(&host, ARQ_E_ARGUMENT, "window;1026;1025",
            arq_replay_create(context, ARQ_OBSERVATION_F32, SIZE, 10, 1026, 1, &none));
    refuses(&host, ARQ_E_ARGUMENT, NULL, arq_replay_create(context, ARQ_OBSERVATION_F32, SIZE, 10, WINDOW, 1, NULL));
    none = (arq_replay *)(void *)&anything;
    ck_assert_int_eq(arq_replay_create(NULL, ARQ_OBSERVATION_F32, SIZE, 10, WINDOW, 1, &none), ARQ_E_ARGUMENT);
    ck_assert_ptr_null(none);
    succeeds(&host, arq_replay_create(context, ARQ_OBSERVATION_BIT, SIZE, 1, 1025, UINT64_MAX, &none));
    arq_replay_destroy(none);
    host_close(&host);
}
END_TEST

START_TEST(the_greatest_buffer_costs_nothing_before_it_fills)
{
    struct host host;
    host_open(&host);
    arq_replay *replay;
    unsigned char bits[50] = {0};

    succeeds(&host, arq_replay_create(host.context, ARQ_OBSERVATION_BIT, 400, UINT64_C(1) << 40, 11, 1, &replay));
    succeeds(&host, arq_replay_begin(replay, bits));
    succeeds(&host, arq_replay_add(replay, 0, 1, bits, 1, 0));
    ck_assert_uint_eq(arq_replay_size(replay), 1);
    ck_assert_uint_lt(atomic_load(&host.memory.live_bytes), 64u << 20);
    arq_replay_destroy(replay);
    host_close(&host);
}
END_TEST

/* One observation of 2^32 - 1 doubles is 34 GB: refused by the allocator, not by a wrapped size. */
START_TEST(observations_that_overflow_are_refused)
{
    struct host host;
    host_open(&host);
    arq_replay *replay;
    arq_status status =
        arq_replay_create(host.context, ARQ_OBSERVATION_F64, UINT32_MAX, UINT64_C(1) << 40, 1025, 1, &replay);

    if (status == ARQ_OK)
        ck_assert_uint_lt(atomic_load(&host.memory.live_bytes), 64u << 20);
    else
        ck_assert_ptr_null(replay);
    arq_replay_destroy(replay);
    host_close(&host);
}
END_TEST

START_TEST(null_is_refused)
{
    struct host host;
    host_open(&host);
    arq_replay *replay = made(&host, 10);
    float x[SIZE] = {0}, windows[(WINDOW + 1) * SIZE], reward;
    int32_t length, action;
    uint8_t end;

    arq_replay_destroy(NULL);
    ck_assert_uint_eq(arq_replay_size(NULL), 0);
    ck_assert_uint_eq(arq_replay_eligible(NULL), 0);
    ck_assert_int_eq(arq_replay_begin(NULL, x), ARQ_E_ARGUMENT);
    ck_assert_int_eq(arq_replay_add(NULL, 0, 0, x, 0, 0), ARQ_E_ARGUMENT);
    ck_assert_int_eq(arq_replay_sample(NULL, 1, 0, windows, &length, &action, &reward, &end), ARQ_E_ARGUMENT);
    ck_assert_int_eq(arq_replay_save(NULL, "x"), ARQ_E_ARGUMENT);
    ck_assert_int_eq(arq_replay_load(NULL, "x"), ARQ_E_ARGUMENT);
    refuses(&host, ARQ_E_ARGUMENT, NULL, arq_replay_begin(replay, NULL));
    refuses(&host, ARQ_E_ORDER, NULL, arq_replay_add(replay, 0, 0, x, 0, 0));
    succeeds(&host, arq_replay_begin(replay, x));
    refuses(&host, ARQ_E_ARGUMENT, NULL, arq_replay_add(replay, 0, 0, NULL, 0, 0));
    refuses(&host, ARQ_E_ARGUMENT, "reward;nan", arq_replay_add(replay, 0, NAN, x, 0, 0));
    refuses(&host, ARQ_E_ARGUMENT, "reward;inf", arq_replay_add(replay, 0, INFINITY, x, 0, 0));
    refuses(&host, ARQ_E_ARGUMENT, "terminated;2", arq_replay_add(replay, 0, 0, x, 2, 0));
    refuses(&host, ARQ_E_ARGUMENT, "truncated;-1", arq_replay_add(replay, 0, 0, x, 0, -1));
    ck_assert_uint_eq(arq_replay_size(replay), 0);
    refuses(&host, ARQ_E_ORDER, "1;0", arq_replay_sample(replay, 1, 0, windows, &length, &action, &reward, &end));
    succeeds(&host, arq_replay_add(replay, 0, 0, x, 0, 0));
    refuses(&host, ARQ_E_ARGUMENT, "0", arq_replay_sample(replay, 0, 0, windows, &length, &action, &reward, &end));
    refuses(&host, ARQ_E_ARGUMENT, NULL, arq_replay_sample(replay, 1, 0, NULL, &length, &action, &reward, &end));
    refuses(&host, ARQ_E_ARGUMENT, NULL, arq_replay_sample(replay, 1, 0, windows, NULL, &action, &reward, &end));
    refuses(&host, ARQ_E_ARGUMENT, NULL, arq_replay_sample(replay, 1, 0, windows, &length, NULL, &reward, &end));
    refuses(&host, ARQ_E_ARGUMENT, NULL, arq_replay_sample(replay, 1, 0, windows, &length, &action, NULL, &end));
    refuses(&host, ARQ_E_ARGUMENT, NULL, arq_replay_sample(replay, 1, 0, windows, &length, &action, &reward, NULL));
    refuses(&host, ARQ_E_ORDER, "2;1", arq_replay_sample(replay, 2, 1, windows, &length, &action, &reward, &end));
    refuses(&host, ARQ_E_ORDER, "4294967295;1",
            arq_replay_sample(replay, UINT32_MAX, 1, windows, &length, &action, &reward, &end));
    refuses(&host, ARQ_E_ARGUMENT, NULL, arq_replay_save(replay, NULL));
    refuses(&host, ARQ_E_ARGUMENT, NULL, arq_replay_load(replay, NULL));
    refuses(&host, ARQ_E_IO, "/no/such", arq_replay_save(replay, "/no/such/folder/file"));
    refuses(&host, ARQ_E_IO, "/no/such", arq_replay_load(replay, "/no/such/file"));
    succeeds(&host, arq_replay_sample(replay, 1, 1, windows, &length, &action, &reward, &end));
    arq_replay_destroy(replay);
    host_close(&host);
}
END_TEST

START_TEST(an_end_closes_the_episode)
{
    struct host host;
    host_open(&host);
    arq_replay *replay = made(&host, 10);
    float x[SIZE] = {0};

    succeeds(&host, arq_replay_begin(replay, x));
    succeeds(&host, arq_replay_add(replay, 0, 0, x, 1, 0));
    refuses(&host, ARQ_E_ORDER, NULL, arq_replay_add(replay, 0, 0, x, 0, 0));
    succeeds(&host, arq_replay_begin(replay, x));
    succeeds(&host, arq_replay_add(replay, 0, 0, x, 0, 1));
    refuses(&host, ARQ_E_ORDER, NULL, arq_replay_add(replay, 0, 0, x, 0, 0));
    succeeds(&host, arq_replay_begin(replay, x));
    succeeds(&host, arq_replay_add(replay, 0, 0, x, 0, 0));
    succeeds(&host, arq_replay_begin(replay, x));
    succeeds(&host, arq_replay_add(replay, 0, 0, x, 0, 0));
    ck_assert_uint_eq(arq_replay_size(replay), 4);
    arq_replay_destroy(replay);
    host_close(&host);
}
END_TEST

static uint64_t drawn(struct host *host, arq_replay *replay)
{
    float windows[8 * (WINDOW + 1) * SIZE], rewards[8];
    int32_t lengths[8], actions[8];
    uint8_t ends[8];

    succeeds(host, arq_replay_sample(replay, 8, 0, windows, lengths, actions, rewards, ends));
    uint64_t hash = hash_bytes(HASH_START, windows, sizeof windows);
    hash = hash_bytes(hash, lengths, sizeof lengths);
    hash = hash_bytes(hash, actions, sizeof actions);
    hash = hash_bytes(hash, rewards, sizeof rewards);
    return hash_bytes(hash, ends, sizeof ends);
}

static void play(struct host *host, arq_replay *replay, int steps)
{
    for (int step = 0; step < steps; step++) {
        float x[SIZE] = {(float)step, 1, 2};
        if (step % 7 == 0)
            succeeds(host, arq_replay_begin(replay, x));
        x[0]++;
        succeeds(host, arq_replay_add(replay, step % 3, step, x, step % 7 == 6, 0));
    }
}

START_TEST(a_saved_buffer_goes_on_bit_for_bit)
{
    struct host host;
    host_open(&host);
    arq_replay *replay = made(&host, 50), *heir = made(&host, 50), *other = made(&host, 49);
    const char *path = temporary_file("replay"), *cut = temporary_file("cut");
    float x[SIZE] = {1, 2, 3};
    size_t size;

    play(&host, replay, 88);
    drawn(&host, replay);
    succeeds(&host, arq_replay_save(replay, path));
    refuses(&host, ARQ_E_SHAPE, "50;49", arq_replay_load(other, path));
    ck_assert_uint_eq(arq_replay_size(other), 0);
    unsigned char *bytes = file_bytes(path, &size);
    for (size_t length = 0; length < size; length += 1 + size / 61) {
        file_write(cut, bytes, length);
        refuses(&host, ARQ_E_FORMAT, NULL, arq_replay_load(heir, cut));
    }
    free(bytes);
    ck_assert_uint_eq(arq_replay_size(heir), 0);
    succeeds(&host, arq_replay_load(heir, path));
    ck_assert_uint_eq(arq_replay_size(heir), arq_replay_size(replay));
    for (int round = 0; round < 5; round++) {
        ck_assert_uint_eq(drawn(&host, heir), drawn(&host, replay));
        succeeds(&host, arq_replay_add(replay, 1, 1, x, 0, 0));
        succeeds(&host, arq_replay_add(heir, 1, 1, x, 0, 0));
    }
    arq_replay_destroy(replay);
    arq_replay_destroy(heir);
    arq_replay_destroy(other);
    host_close(&host);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {sizes_are_checked,
                                  the_greatest_buffer_costs_nothing_before_it_fills,
                                  observations_that_overflow_are_refused,
                                  null_is_refused,
                                  an_end_closes_the_episode,
                                  a_saved_buffer_goes_on_bit_for_bit};

    return RUN_TESTS("replay", tests);
}
