/* Networks and activations: arguments, protocol, copies and files. */
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUTS 10u
#define ACTIONS 3u
#define EPISODES 4u

static arq_network *made(struct host *host, const char *settings)
{
    arq_config *config = configured(host, settings);
    arq_network *network;

    succeeds(host, arq_network_create(host->context, config, ARQ_OBSERVATION_F32, INPUTS, ACTIONS, &network));
    arq_config_destroy(config);
    return network;
}

static void fill(float *values, size_t count, uint64_t seed)
{
    for (size_t i = 0; i < count; i++)
        values[i] = (float)((int)(next_random(&seed) >> 40 & 15) - 8) / 8;
}

START_TEST(sizes_are_checked)
{
    struct host host;
    host_open(&host);
    arq_config *config = configured(&host, SMALL);
    int anything;
    arq_network *none = (arq_network *)(void *)&anything;

    refuses(&host, ARQ_E_ARGUMENT, "0", arq_network_create(host.context, config, ARQ_OBSERVATION_F32, 0, 2, &none));
    ck_assert_ptr_null(none);
    refuses(&host, ARQ_E_ARGUMENT, "0;65536",
            arq_network_create(host.context, config, ARQ_OBSERVATION_F32, INPUTS, 0, &none));
    refuses(&host, ARQ_E_ARGUMENT, "65537;65536",
            arq_network_create(host.context, config, ARQ_OBSERVATION_F32, INPUTS, 65537, &none));
    refuses(&host, ARQ_E_ARGUMENT, "65536",
            arq_network_create(host.context, config, ARQ_OBSERVATION_F32, INPUTS, UINT32_MAX, &none));
    refuses(&host, ARQ_E_ARGUMENT, "kind", arq_network_create(host.context, config, 0, INPUTS, 2, &none));
    refuses(&host, ARQ_E_ARGUMENT, "kind", arq_network_create(host.context, config, 6, INPUTS, 2, &none));
    refuses(&host, ARQ_E_ARGUMENT, "kind", arq_network_create(host.context, config, INT32_MIN, INPUTS, 2, &none));
    none = (arq_network *)(void *)&anything;
    refuses(&host, ARQ_E_ARGUMENT, NULL, arq_network_create(host.context, NULL, ARQ_OBSERVATION_F32, INPUTS, 2, &none));
    ck_assert_ptr_null(none);
    refuses(&host, ARQ_E_ARGUMENT, NULL,
            arq_network_create(host.context, config, ARQ_OBSERVATION_F32, INPUTS, 2, NULL));
    none = (arq_network *)(void *)&anything;
    ck_assert_int_eq(arq_network_create(NULL, config, ARQ_OBSERVATION_F32, INPUTS, 2, &none), ARQ_E_ARGUMENT);
    ck_assert_ptr_null(none);
    arq_config_destroy(config);
    host_close(&host);
}
END_TEST

/* 4096 units on 2^32 - 1 values are 70 TB: an answer is due, not a wrapped product. */
START_TEST(sizes_that_overflow_are_refused)
{
    static const int32_t kinds[] = {ARQ_OBSERVATION_BIT, ARQ_OBSERVATION_U8, ARQ_OBSERVATION_F32, ARQ_OBSERVATION_F64,
                                    ARQ_OBSERVATION_DISCRETE};
    struct host host;
    host_open(&host);
    arq_config *config = configured(&host, "widths=4096,4096");
    arq_network *none;

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        arq_status status = arq_network_create(host.context, config, kinds[i], UINT32_MAX, 65536, &none);
        ck_assert_msg(status == ARQ_E_NOMEM || status == ARQ_E_ARGUMENT, "%s", arq_status_name(status));
        ck_assert_ptr_null(none);
    }
    arq_config_destroy(config);
    host_close(&host);
}
END_TEST

START_TEST(binary_codes_need_a_power_of_two)
{
    struct host host;
    host_open(&host);
    arq_config *config = configured(&host, SMALL "action_code=binary");
    arq_network *network;

    refuses(&host, ARQ_E_UNSUPPORTED, "action_code;3",
            arq_network_create(host.context, config, ARQ_OBSERVATION_F32, INPUTS, 3, &network));
    ck_assert_ptr_null(network);
    succeeds(&host, arq_network_create(host.context, config, ARQ_OBSERVATION_F32, INPUTS, 4, &network));
    arq_network_destroy(network);
    arq_config_destroy(config);
    host_close(&host);
}
END_TEST

START_TEST(null_is_refused)
{
    struct host host;
    host_open(&host);
    arq_network *network = made(&host, SMALL);
    arq_activations *activations;
    succeeds(&host, arq_activations_create(network, 1, &activations));
    int anything;
    arq_network *none = (arq_network *)(void *)&anything;
    arq_activations *no_activations = (arq_activations *)(void *)&anything;
    float x[INPUTS] = {0}, q[ACTIONS];
    int32_t kind, action;
    uint32_t size, rows, columns;
    size_t count;
    const char *name;
    char text[64];

    arq_network_destroy(NULL);
    arq_activations_destroy(NULL);
    ck_assert_uint_eq(arq_network_cells(NULL), 0);
    ck_assert_uint_eq(arq_network_actions(NULL), 0);
    ck_assert_int_eq(arq_network_copy(NULL, &none), ARQ_E_ARGUMENT);
    ck_assert_ptr_null(none);
    refuses(&host, ARQ_E_ARGUMENT, NULL, arq_network_copy(network, NULL));
    none = (arq_network *)(void *)&anything;
    refuses(&host, ARQ_E_ARGUMENT, NULL, arq_network_open(host.context, NULL, &none));
    ck_assert_ptr_null(none);
    refuses(&host, ARQ_E_ARGUMENT, NULL, arq_network_open(host.context, "x", NULL));
    ck_assert_int_eq(arq_network_open(NULL, "x", &none), ARQ_E_ARGUMENT);
    ck_assert_int_eq(arq_network_observation(NULL, &kind, &size), ARQ_E_ARGUMENT);
    refuses(&host, ARQ_E_ARGUMENT, NULL, arq_network_observation(network, NULL, &size));
    refuses(&host, ARQ_E_ARGUMENT, NULL, arq_network_observation(network, &kind, NULL));
    ck_assert_int_eq(arq_network_parameter(NULL, "widths", text, sizeof text), ARQ_E_ARGUMENT);
    refuses(&host, ARQ_E_ARGUMENT, NULL, arq_network_parameter(network, NULL, text, sizeof text));
    refuses(&host, ARQ_E_ARGUMENT, NULL, arq_network_parameter(network, "widths", NULL, 10));
    refuses(&host, ARQ_E_NOT_FOUND, "widhts;widths", arq_network_parameter(network, "widhts", text, sizeof text));
    ck_assert_int_eq(arq_network_tensor(NULL, 0, &name, &rows, &columns), ARQ_E_ARGUMENT);
    refuses(&host, ARQ_E_ARGUMENT, NULL, arq_network_tensor(network, 0, NULL, &rows, &columns));
    refuses(&host, ARQ_E_ARGUMENT, NULL, arq_network_tensor(network, 0, &name, NULL, &columns));
    refuses(&host, ARQ_E_ARGUMENT, NULL, arq_network_tensor(network, 0, &name, &rows, NULL));
    refuses(&host, ARQ_E_NOT_FOUND, NULL, arq_network_tensor(network, UINT32_MAX, &name, &rows, &columns));
    ck_assert_int_eq(arq_network_read(NULL, "x", x, 1), ARQ_E_ARGUMENT);
    ck_assert_int_eq(arq_network_write(NULL, "x", x, 1), ARQ_E_ARGUMENT);
    refuses(&host, ARQ_E_ARGUMENT, NULL, arq_network_read(network, NULL, x, 1));
    refuses(&host, ARQ_E_ARGUMENT, NULL, arq_network_write(network, NULL, x, 1));
    refuses(&host, ARQ_E_NOT_FOUND, "no-such", arq_network_read(network, "no-such", x, 1));
    refuses(&host, ARQ_E_NOT_FOUND, "no-such", arq_network_write(network, "no-such", x, 1));
    ck_assert_int_eq(arq_network_save(NULL, "x"), ARQ_E_ARGUMENT);
    ck_assert_int_eq(arq_network_load(NULL, "x"), ARQ_E_ARGUMENT);
    refuses(&host, ARQ_E_ARGUMENT, NULL, arq_network_save(network, NULL));
    refuses(&host, ARQ_E_ARGUMENT, NULL, arq_network_load(network, NULL));
    ck_assert_int_eq(arq_activations_create(NULL, 1, &no_activations), ARQ_E_ARGUMENT);
    ck_assert_ptr_null(no_activations);
    refuses(&host, ARQ_E_ARGUMENT, NULL, arq_activations_create(network, 1, NULL));
    refuses(&host, ARQ_E_ARGUMENT, "0", arq_activations_create(network, 0, &no_activations));
    ck_assert_int_eq(arq_activations_begin(NULL, 0), ARQ_E_ARGUMENT);
    refuses(&host, ARQ_E_ARGUMENT, "1", arq_activations_begin(activations, 1));
    refuses(&host, ARQ_E_ARGUMENT, "4294967295", arq_activations_begin(activations, UINT32_MAX));
    ck_assert_int_eq(arq_activations_advance(NULL, 0), ARQ_E_ARGUMENT);
    refuses(&host, ARQ_E_ARGUMENT, "1", arq_activations_advance(activations, 1));
    ck_assert_int_eq(arq_network_q(NULL, activations, x, q), ARQ_E_ARGUMENT);
    refuses(&host, ARQ_E_ARGUMENT, NULL, arq_network_q(network, NULL, x, q));
    refuses(&host, ARQ_E_ARGUMENT, NULL, arq_network_q(network, activations, NULL, q));
    succeeds(&host, arq_network_q(network, activations, x, NULL));
    ck_assert_int_eq(arq_network_act(NULL, activations, x, &action), ARQ_E_ARGUMENT);
    refuses(&host, ARQ_E_ARGUMENT, NULL, arq_network_act(network, NULL, x, &action));
    refuses(&host, ARQ_E_ARGUMENT, NULL, arq_network_act(network, activations, NULL, &action));
    refuses(&host, ARQ_E_ARGUMENT, NULL, arq_network_act(network, activations, x, NULL));
    ck_assert_int_eq(arq_activations_read(NULL, ARQ_ACTIVATION_Q, 0, 0, q, ACTIONS, &count), ARQ_E_ARGUMENT);
    refuses(&host, ARQ_E_ARGUMENT, NULL, arq_activations_read(activations, ARQ_ACTIVATION_Q, 0, 0, q, ACTIONS, NULL));
    refuses(&host, ARQ_E_ARGUMENT, NULL, arq_activations_read(activations, 0, 0, 0, q, ACTIONS, &count));
    refuses(&host, ARQ_E_ARGUMENT, NULL, arq_activations_read(activations, 5, 0, 0, q, ACTIONS, &count));
    refuses(&host, ARQ_E_ARGUMENT, "2", arq_activations_read(activations, ARQ_ACTIVATION_Q, 2, 0, q, ACTIONS, &count));
    refuses(&host, ARQ_E_ARGUMENT, "1", arq_activations_read(activations, ARQ_ACTIVATION_Q, 0, 1, q, ACTIONS, &count));
    refuses(&host, ARQ_E_SHAPE, "3;2", arq_activations_read(activations, ARQ_ACTIVATION_Q, 0, 0, q, 2, &count));
    succeeds(&host, arq_network_q(network, activations, x, q));
    arq_activations_destroy(activations);
    arq_network_destroy(network);
    host_close(&host);
}
END_TEST

START_TEST(a_network_says_what_it_is)
{
    struct host host;
    host_open(&host);
    arq_network *network = made(&host, SMALL "network=ad gamma=0.5");
    int32_t kind;
    uint32_t size;
    char text[256];

    ck_assert_uint_eq(arq_network_cells(network), 2);
    ck_assert_uint_eq(arq_network_actions(network), ACTIONS);
    succeeds(&host, arq_network_observation(network, &kind, &size));
    ck_assert_int_eq(kind, ARQ_OBSERVATION_F32);
    ck_assert_uint_eq(size, INPUTS);
    succeeds(&host, arq_network_parameter(network, "widths", text, sizeof text));
    ck_assert_str_eq(text, "24,16");
    succeeds(&host, arq_network_parameter(network, "network", text, sizeof text));
    ck_assert_str_eq(text, "ad");
    refuses(&host, ARQ_E_SHAPE, NULL, arq_network_parameter(network, "widths", text, 5));
    arq_network_destroy(network);
    host_close(&host);
}
END_TEST

START_TEST(tensors_are_read_and_written_whole)
{
    struct host host;
    host_open(&host);
    arq_network *network = made(&host, SMALL);
    const char *name;
    uint32_t rows, columns, index;

    for (index = 0; arq_network_tensor(network, index, &name, &rows, &columns) == ARQ_OK; index++) {
        size_t count = (size_t)rows * (columns != 0 ? columns : 1);
        float *values = calloc(count + 1, sizeof *values), *again = calloc(count + 1, sizeof *values);
        succeeds(&host, arq_network_read(network, name, values, count));
        refuses(&host, ARQ_E_SHAPE, name, arq_network_read(network, name, values, count + 1));
        refuses(&host, ARQ_E_SHAPE, name, arq_network_read(network, name, values, count - 1));
        refuses(&host, ARQ_E_SHAPE, name, arq_network_read(network, name, values, SIZE_MAX));
        refuses(&host, ARQ_E_ARGUMENT, NULL, arq_network_read(network, name, NULL, count));
        refuses(&host, ARQ_E_ARGUMENT, NULL, arq_network_write(network, name, NULL, count));
        uint64_t before = hash_network(&host, network);
        values[count - 1] = NAN;
        refuses(&host, ARQ_E_ARGUMENT, name, arq_network_write(network, name, values, count));
        values[count - 1] = INFINITY;
        refuses(&host, ARQ_E_ARGUMENT, name, arq_network_write(network, name, values, count));
        refuses(&host, ARQ_E_SHAPE, name, arq_network_write(network, name, values, count - 1));
        ck_assert_uint_eq(hash_network(&host, network), before);
        values[count - 1] = -3.25f;
        succeeds(&host, arq_network_write(network, name, values, count));
        succeeds(&host, arq_network_read(network, name, again, count));
        ck_assert_mem_eq(values, again, count * sizeof *values);
        ck_assert_uint_ne(hash_network(&host, network), before);
        free(values);
        free(again);
    }
    ck_assert_uint_ge(index, 12);
    arq_network_destroy(network);
    host_close(&host);
}
END_TEST

START_TEST(seeds_decide_the_weights)
{
    struct host host;
    host_open(&host);
    arq_network *one = made(&host, SMALL "seed=5"), *same = made(&host, SMALL "seed=5"),
                *other = made(&host, SMALL "seed=6");

    ck_assert_uint_eq(hash_network(&host, one), hash_network(&host, same));
    ck_assert_uint_ne(hash_network(&host, one), hash_network(&host, other));
    arq_network_destroy(one);
    arq_network_destroy(same);
    arq_network_destroy(other);
    host_close(&host);
}
END_TEST

START_TEST(asking_twice_gives_the_same)
{
    struct host host;
    host_open(&host);
    arq_network *network = made(&host, SMALL);
    arq_activations *activations;
    float x[EPISODES * INPUTS], first[EPISODES * ACTIONS], second[EPISODES * ACTIONS];

    succeeds(&host, arq_activations_create(network, EPISODES, &activations));
    fill(x, EPISODES * INPUTS, 3);
    for (int step = 0; step < 3; step++) {
        succeeds(&host, arq_network_q(network, activations, x, first));
        succeeds(&host, arq_network_q(network, activations, x, second));
        ck_assert_mem_eq(first, second, sizeof first);
        for (uint32_t episode = 0; episode < EPISODES; episode++)
            succeeds(&host, arq_activations_advance(activations, episode));
        succeeds(&host, arq_network_q(network, activations, x, second));
        ck_assert_msg(memcmp(first, second, sizeof first) != 0, "the context does not move");
    }
    arq_activations_destroy(activations);
    arq_network_destroy(network);
    host_close(&host);
}
END_TEST

START_TEST(advance_comes_after_q)
{
    struct host host;
    host_open(&host);
    arq_network *network = made(&host, SMALL);
    arq_activations *activations;
    float x[2 * INPUTS] = {0}, q[ACTIONS];
    size_t count;

    succeeds(&host, arq_activations_create(network, 2, &activations));
    refuses(&host, ARQ_E_ORDER, NULL, arq_activations_advance(activations, 0));
    refuses(&host, ARQ_E_ORDER, NULL, arq_activations_read(activations, ARQ_ACTIVATION_Q, 0, 0, q, ACTIONS, &count));
    succeeds(&host, arq_network_q(network, activations, x, NULL));
    succeeds(&host, arq_activations_advance(activations, 0));
    refuses(&host, ARQ_E_ORDER, NULL, arq_activations_advance(activations, 0));
    succeeds(&host, arq_activations_begin(activations, 1));
    refuses(&host, ARQ_E_ORDER, NULL, arq_activations_advance(activations, 1));
    succeeds(&host, arq_network_q(network, activations, x, NULL));
    succeeds(&host, arq_activations_advance(activations, 1));
    arq_activations_destroy(activations);
    arq_network_destroy(network);
    host_close(&host);
}
END_TEST

/* Four episodes side by side are each what one alone is, whatever the others do. */
START_TEST(episodes_side_by_side_are_independent)
{
    struct host host;
    host_open(&host);
    arq_network *network = made(&host, SMALL);
    arq_activations *together, *alone;
    float x[EPISODES * INPUTS], q[ACTIONS], all[EPISODES * ACTIONS];

    succeeds(&host, arq_activations_create(network, EPISODES, &together));
    for (uint32_t episode = 0; episode < EPISODES; episode++) {
        succeeds(&host, arq_activations_create(network, 1, &alone));
        for (uint32_t i = 0; i < EPISODES; i++)
            succeeds(&host, arq_activations_begin(together, i));
        for (uint64_t step = 0; step < 6; step++) {
            fill(x, EPISODES * INPUTS, 100 + step);
            succeeds(&host, arq_network_q(network, together, x, all));
            succeeds(&host, arq_network_q(network, alone, x + episode * INPUTS, q));
            ck_assert_mem_eq(q, all + episode * ACTIONS, sizeof q);
            if (step == 4) {
                succeeds(&host, arq_activations_begin(together, episode));
                succeeds(&host, arq_activations_begin(alone, 0));
                continue;
            }
            succeeds(&host, arq_activations_advance(alone, 0));
            for (uint32_t i = 0; i < EPISODES; i++)
                if (i == episode || step % 2 == 0)
                    succeeds(&host, arq_activations_advance(together, i));
        }
        arq_activations_destroy(alone);
    }
    arq_activations_destroy(together);
    arq_network_destroy(network);
    host_close(&host);
}
END_TEST

START_TEST(act_is_q_then_greedy_then_advance)
{
    struct host host;
    host_open(&host);
    arq_network *network = made(&host, SMALL);
    arq_activations *asked, *acted;
    float x[EPISODES * INPUTS], q[EPISODES * ACTIONS];
    int32_t actions[EPISODES];

    succeeds(&host, arq_activations_create(network, EPISODES, &asked));
    succeeds(&host, arq_activations_create(network, EPISODES, &acted));
    for (uint64_t step = 0; step < 8; step++) {
        fill(x, EPISODES * INPUTS, 50 + step);
        succeeds(&host, arq_network_act(network, acted, x, actions));
        succeeds(&host, arq_network_q(network, asked, x, q));
        for (uint32_t episode = 0; episode < EPISODES; episode++) {
            int32_t best = 0;
            for (int32_t a = 1; a < (int32_t)ACTIONS; a++)
                if (q[episode * ACTIONS + (uint32_t)a] > q[episode * ACTIONS + (uint32_t)best])
                    best = a;
            ck_assert_int_eq(actions[episode], best);
            succeeds(&host, arq_activations_advance(asked, episode));
        }
    }
    arq_activations_destroy(asked);
    arq_activations_destroy(acted);
    arq_network_destroy(network);
    host_close(&host);
}
END_TEST

START_TEST(what_cells_computed_is_consistent)
{
    static const uint32_t widths[] = {24, 16};
    struct host host;
    host_open(&host);
    arq_network *network = made(&host, SMALL);
    arq_activations *activations;
    float x[2 * INPUTS], q[2 * ACTIONS], mean[ACTIONS] = {0}, values[ACTIONS * 64], h[64];
    size_t count;

    succeeds(&host, arq_activations_create(network, 2, &activations));
    fill(x, 2 * INPUTS, 9);
    succeeds(&host, arq_network_q(network, activations, x, q));
    for (uint32_t cell = 0; cell < 2; cell++) {
        succeeds(&host, arq_activations_read(activations, ARQ_ACTIVATION_Q, cell, 1, values, ACTIONS, &count));
        ck_assert_uint_eq(count, ACTIONS);
        for (uint32_t a = 0; a < ACTIONS; a++)
            mean[a] += values[a] / 2;
        succeeds(&host, arq_activations_read(activations, ARQ_ACTIVATION_Y, cell, 1, NULL, 0, &count));
        ck_assert_uint_eq(count, ACTIONS * widths[cell]);
        succeeds(&host, arq_activations_read(activations, ARQ_ACTIVATION_CONTEXT, cell, 1, h, 64, &count));
        ck_assert_uint_eq(count, widths[cell]);
        for (size_t i = 0; i < count; i++)
            ck_assert(h[i] == 0);
        succeeds(&host, arq_activations_read(activations, ARQ_ACTIVATION_H, cell, 1, values, 64, &count));
        ck_assert_uint_eq(count, widths[cell]);
    }
    for (uint32_t a = 0; a < ACTIONS; a++)
        ck_assert_float_eq_tol(mean[a], q[ACTIONS + a], 1e-5f);
    succeeds(&host, arq_activations_advance(activations, 1));
    succeeds(&host, arq_network_q(network, activations, x, q));
    succeeds(&host, arq_activations_read(activations, ARQ_ACTIVATION_CONTEXT, 1, 1, h, 64, &count));
    ck_assert_mem_eq(h, values, count * sizeof *h);
    arq_activations_destroy(activations);
    arq_network_destroy(network);
    host_close(&host);
}
END_TEST

START_TEST(bad_observations_are_named_and_move_nothing)
{
    struct host host;
    host_open(&host);
    arq_network *network = made(&host, SMALL);
    arq_activations *activations;
    float x[2 * INPUTS] = {0}, before[2 * ACTIONS], after[2 * ACTIONS];
    int32_t actions[2];

    succeeds(&host, arq_activations_create(network, 2, &activations));
    succeeds(&host, arq_network_act(network, activations, x, actions));
    succeeds(&host, arq_network_q(network, activations, x, before));
    x[INPUTS + 7] = NAN;
    refuses(&host, ARQ_E_ARGUMENT, "7", arq_network_q(network, activations, x, after));
    refuses(&host, ARQ_E_ARGUMENT, "7", arq_network_act(network, activations, x, actions));
    x[INPUTS + 7] = INFINITY;
    refuses(&host, ARQ_E_ARGUMENT, "7", arq_network_act(network, activations, x, actions));
    x[INPUTS + 7] = 0;
    succeeds(&host, arq_network_q(network, activations, x, after));
    ck_assert_mem_eq(before, after, sizeof after);
    arq_activations_destroy(activations);
    arq_network_destroy(network);
    host_close(&host);
}
END_TEST

START_TEST(activations_go_with_a_shape_not_a_network)
{
    struct host host;
    host_open(&host);
    arq_network *network = made(&host, SMALL "seed=1"), *same = made(&host, SMALL "seed=2"),
                *other = made(&host, "widths=24,24 heads=2");
    arq_activations *activations;
    float x[INPUTS], q[ACTIONS];

    fill(x, INPUTS, 1);
    succeeds(&host, arq_activations_create(network, 1, &activations));
    succeeds(&host, arq_network_q(network, activations, x, q));
    arq_network_destroy(network);
    succeeds(&host, arq_activations_advance(activations, 0));
    succeeds(&host, arq_network_q(same, activations, x, q));
    refuses(&host, ARQ_E_SHAPE, NULL, arq_network_q(other, activations, x, q));
    arq_activations_destroy(activations);
    arq_network_destroy(same);
    arq_network_destroy(other);
    host_close(&host);
}
END_TEST

START_TEST(copies_and_files_are_bit_equal)
{
    static const char *const kinds[] = {SMALL "network=arq", SMALL "network=ad",
                                        SMALL "action_input=output recurrent=false"};
    struct host host;
    host_open(&host);

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        arq_network *network = made(&host, kinds[i]), *copy, *opened;
        uint64_t hash = hash_network(&host, network);
        const char *path = temporary_file("network.safetensors");
        succeeds(&host, arq_network_copy(network, &copy));
        ck_assert_uint_eq(hash_network(&host, copy), hash);
        succeeds(&host, arq_network_save(network, path));
        succeeds(&host, arq_network_open(host.context, path, &opened));
        ck_assert_uint_eq(hash_network(&host, opened), hash);
        char text[256], again[256];
        succeeds(&host, arq_network_parameter(network, "goodness", text, sizeof text));
        succeeds(&host, arq_network_parameter(opened, "goodness", again, sizeof again));
        ck_assert_str_eq(text, again);
        char settings[256];
        snprintf(settings, sizeof settings, "%s seed=77", kinds[i]);
        arq_network *loaded = made(&host, settings);
        ck_assert_uint_ne(hash_network(&host, loaded), hash);
        succeeds(&host, arq_network_load(loaded, path));
        ck_assert_uint_eq(hash_network(&host, loaded), hash);
        arq_network_destroy(network);
        arq_network_destroy(copy);
        arq_network_destroy(opened);
        arq_network_destroy(loaded);
    }
    host_close(&host);
}
END_TEST

START_TEST(files_that_do_not_fit_change_nothing)
{
    struct host host;
    host_open(&host);
    arq_network *network = made(&host, SMALL), *wide = made(&host, "widths=24,32 heads=2"), *none;
    uint64_t hash = hash_network(&host, network);
    const char *path = temporary_file("wide.safetensors"), *cut = temporary_file("cut.safetensors");
    size_t size;

    succeeds(&host, arq_network_save(wide, path));
    refuses(&host, ARQ_E_SHAPE, NULL, arq_network_load(network, path));
    refuses(&host, ARQ_E_IO, "no-such-file", arq_network_load(network, temporary_file("no-such-file")));
    refuses(&host, ARQ_E_IO, NULL, arq_network_open(host.context, "/no/such/folder/file", &none));
    ck_assert_ptr_null(none);
    refuses(&host, ARQ_E_IO, "/no/such/folder", arq_network_save(network, "/no/such/folder/file"));
    unsigned char *bytes = file_bytes(path, &size);
    for (size_t length = 0; length < size; length += 1 + size / 97) {
        file_write(cut, bytes, length);
        refuses(&host, ARQ_E_FORMAT, NULL, arq_network_load(wide, cut));
        refuses(&host, ARQ_E_FORMAT, NULL, arq_network_open(host.context, cut, &none));
        ck_assert_ptr_null(none);
    }
    free(bytes);
    ck_assert_uint_eq(hash_network(&host, network), hash);
    arq_network_destroy(network);
    arq_network_destroy(wide);
    host_close(&host);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {sizes_are_checked,
                                  sizes_that_overflow_are_refused,
                                  binary_codes_need_a_power_of_two,
                                  null_is_refused,
                                  a_network_says_what_it_is,
                                  tensors_are_read_and_written_whole,
                                  seeds_decide_the_weights,
                                  asking_twice_gives_the_same,
                                  advance_comes_after_q,
                                  episodes_side_by_side_are_independent,
                                  act_is_q_then_greedy_then_advance,
                                  what_cells_computed_is_consistent,
                                  bad_observations_are_named_and_move_nothing,
                                  activations_go_with_a_shape_not_a_network,
                                  copies_and_files_are_bit_equal,
                                  files_that_do_not_fit_change_nothing};

    return RUN_TESTS("network", tests);
}
