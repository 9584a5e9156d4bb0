/* The agent's protocol, arguments, and files that go on bit for bit. */
#include "life.h"
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static arq_agent *made(struct host *host, const char *settings)
{
    arq_config *config = configured(host, settings);
    arq_agent *agent;

    succeeds(host, arq_agent_create(host->context, config, ARQ_OBSERVATION_F32, INPUTS, ACTIONS, &agent));
    arq_config_destroy(config);
    return agent;
}

static double metric(struct host *host, const arq_agent *agent, const char *name)
{
    double value = -1;

    succeeds(host, arq_agent_metric(agent, name, 0, &value));
    return value;
}

#define SETTINGS SMALL "batch=8 train_period=2 target_period=10 exploration_steps=60 "

START_TEST(null_is_refused)
{
    struct host host;
    host_open(&host);
    arq_config *config = configured(&host, SETTINGS);
    arq_agent *agent = made(&host, SETTINGS);
    int anything;
    arq_agent *none = (arq_agent *)(void *)&anything;
    float x[INPUTS] = {0};
    int32_t action;
    uint32_t events;
    double value;

    ck_assert_int_eq(arq_agent_create(NULL, config, ARQ_OBSERVATION_F32, INPUTS, ACTIONS, &none), ARQ_E_ARGUMENT);
    ck_assert_ptr_null(none);
    none = (arq_agent *)(void *)&anything;
    refuses(&host, ARQ_E_ARGUMENT, NULL,
            arq_agent_create(host.context, NULL, ARQ_OBSERVATION_F32, INPUTS, ACTIONS, &none));
    ck_assert_ptr_null(none);
    refuses(&host, ARQ_E_ARGUMENT, NULL,
            arq_agent_create(host.context, config, ARQ_OBSERVATION_F32, INPUTS, ACTIONS, NULL));
    refuses(&host, ARQ_E_ARGUMENT, "kind;9", arq_agent_create(host.context, config, 9, INPUTS, ACTIONS, &none));
    refuses(&host, ARQ_E_ARGUMENT, "0", arq_agent_create(host.context, config, ARQ_OBSERVATION_F32, 0, ACTIONS, &none));
    refuses(&host, ARQ_E_ARGUMENT, "0", arq_agent_create(host.context, config, ARQ_OBSERVATION_F32, INPUTS, 0, &none));
    refuses(&host, ARQ_E_ARGUMENT, "65537",
            arq_agent_create(host.context, config, ARQ_OBSERVATION_F32, INPUTS, 65537, &none));
    arq_agent_destroy(NULL);
    ck_assert_ptr_null(arq_agent_network(NULL));
    ck_assert_ptr_null(arq_agent_activations(NULL));
    ck_assert_int_eq(arq_agent_begin(NULL, x), ARQ_E_ARGUMENT);
    ck_assert_int_eq(arq_agent_act(NULL, &action), ARQ_E_ARGUMENT);
    ck_assert_int_eq(arq_agent_observe(NULL, 0, 0, x, 0, 0, &events), ARQ_E_ARGUMENT);
    ck_assert_int_eq(arq_agent_metric(NULL, "steps", 0, &value), ARQ_E_ARGUMENT);
    ck_assert_int_eq(arq_agent_save(NULL, "x"), ARQ_E_ARGUMENT);
    ck_assert_int_eq(arq_agent_load(NULL, "x"), ARQ_E_ARGUMENT);
    refuses(&host, ARQ_E_ARGUMENT, NULL, arq_agent_begin(agent, NULL));
    succeeds(&host, arq_agent_begin(agent, x));
    refuses(&host, ARQ_E_ARGUMENT, NULL, arq_agent_act(agent, NULL));
    succeeds(&host, arq_agent_act(agent, &action));
    refuses(&host, ARQ_E_ARGUMENT, NULL, arq_agent_observe(agent, 0, 0, NULL, 0, 0, &events));
    refuses(&host, ARQ_E_ARGUMENT, NULL, arq_agent_metric(agent, NULL, 0, &value));
    refuses(&host, ARQ_E_ARGUMENT, NULL, arq_agent_metric(agent, "steps", 0, NULL));
    refuses(&host, ARQ_E_ARGUMENT, "2", arq_agent_metric(agent, "loss", 2, &value));
    refuses(&host, ARQ_E_NOT_FOUND, "step;steps;replay_size;loss", arq_agent_metric(agent, "step", 0, &value));
    refuses(&host, ARQ_E_ARGUMENT, NULL, arq_agent_save(agent, NULL));
    refuses(&host, ARQ_E_ARGUMENT, NULL, arq_agent_load(agent, NULL));
    refuses(&host, ARQ_E_IO, "/no/such", arq_agent_save(agent, "/no/such/folder/file"));
    refuses(&host, ARQ_E_IO, "/no/such", arq_agent_load(agent, "/no/such/file"));
    succeeds(&host, arq_agent_observe(agent, 0, 0, x, 0, 0, NULL));
    arq_agent_destroy(agent);
    arq_config_destroy(config);
    host_close(&host);
}
END_TEST

START_TEST(calls_come_in_order)
{
    struct host host;
    host_open(&host);
    arq_agent *agent = made(&host, SETTINGS);
    float x[INPUTS] = {0};
    int32_t action;

    refuses(&host, ARQ_E_ORDER, NULL, arq_agent_act(agent, &action));
    refuses(&host, ARQ_E_ORDER, NULL, arq_agent_observe(agent, ARQ_ACTION_CHOSEN, 0, x, 0, 0, NULL));
    succeeds(&host, arq_agent_begin(agent, x));
    refuses(&host, ARQ_E_ORDER, NULL, arq_agent_observe(agent, ARQ_ACTION_CHOSEN, 0, x, 0, 0, NULL));
    refuses(&host, ARQ_E_ORDER, NULL, arq_agent_observe(agent, 1, 0, x, 0, 0, NULL));
    succeeds(&host, arq_agent_act(agent, &action));
    succeeds(&host, arq_agent_observe(agent, ARQ_ACTION_CHOSEN, 0, x, 0, 0, NULL));
    refuses(&host, ARQ_E_ORDER, NULL, arq_agent_observe(agent, ARQ_ACTION_CHOSEN, 0, x, 0, 0, NULL));
    succeeds(&host, arq_agent_act(agent, &action));
    succeeds(&host, arq_agent_observe(agent, ARQ_ACTION_CHOSEN, 0, x, 1, 0, NULL));
    refuses(&host, ARQ_E_ORDER, NULL, arq_agent_act(agent, &action));
    ck_assert(metric(&host, agent, "steps") == 2);
    ck_assert(metric(&host, agent, "episodes") == 1);
    arq_agent_destroy(agent);
    host_close(&host);
}
END_TEST

START_TEST(acting_twice_gives_the_same)
{
    struct host host;
    host_open(&host);
    arq_agent *once = made(&host, SETTINGS), *twice = made(&host, SETTINGS);
    struct world world = {.random = 5}, again = {.random = 5};
    int32_t first, second;

    for (int step = 0; step < 60; step++) {
        uint64_t hash = live(&host, once, &world, 1);
        for (int ask = 0; again.is_open && ask < 3; ask++) {
            succeeds(&host, arq_agent_act(twice, &first));
            succeeds(&host, arq_agent_act(twice, &second));
            ck_assert_int_eq(first, second);
        }
        ck_assert_uint_eq(live(&host, twice, &again, 1), hash);
    }
    ck_assert_uint_eq(hash_network(&host, arq_agent_network(once)), hash_network(&host, arq_agent_network(twice)));
    arq_agent_destroy(once);
    arq_agent_destroy(twice);
    host_close(&host);
}
END_TEST

START_TEST(bad_values_change_nothing)
{
    struct host host;
    host_open(&host);
    arq_agent *agent = made(&host, SETTINGS), *calm = made(&host, SETTINGS);
    struct world world = {.random = 5}, same = {.random = 5};
    float x[INPUTS] = {0, 0, 0, NAN, 0};
    int32_t action;

    refuses(&host, ARQ_E_ARGUMENT, "3", arq_agent_begin(agent, x));
    refuses(&host, ARQ_E_ORDER, NULL, arq_agent_act(agent, &action));
    live(&host, agent, &world, 40);
    live(&host, calm, &same, 40);
    uint64_t hash = hash_network(&host, arq_agent_network(agent));
    succeeds(&host, arq_agent_act(agent, &action));
    refuses(&host, ARQ_E_ARGUMENT, "3", arq_agent_observe(agent, ARQ_ACTION_CHOSEN, 0, x, 0, 0, NULL));
    refuses(&host, ARQ_E_ARGUMENT, "3", arq_agent_begin(agent, x));
    x[3] = 0;
    refuses(&host, ARQ_E_ARGUMENT, "reward;nan", arq_agent_observe(agent, 0, NAN, x, 0, 0, NULL));
    refuses(&host, ARQ_E_ARGUMENT, "reward;inf", arq_agent_observe(agent, 0, -INFINITY, x, 0, 0, NULL));
    refuses(&host, ARQ_E_ARGUMENT, "reward;3.40282e+38 .. 3.40282e+38",
            arq_agent_observe(agent, 0, 0x1.ffffffp+127, x, 0, 0, NULL));
    refuses(&host, ARQ_E_ARGUMENT, "action;3", arq_agent_observe(agent, (int32_t)ACTIONS, 0, x, 0, 0, NULL));
    refuses(&host, ARQ_E_ARGUMENT, "action;-2", arq_agent_observe(agent, -2, 0, x, 0, 0, NULL));
    refuses(&host, ARQ_E_ARGUMENT, "action", arq_agent_observe(agent, INT32_MIN, 0, x, 0, 0, NULL));
    refuses(&host, ARQ_E_ARGUMENT, "terminated;2", arq_agent_observe(agent, 0, 0, x, 2, 0, NULL));
    refuses(&host, ARQ_E_ARGUMENT, "truncated;-1", arq_agent_observe(agent, 0, 0, x, 0, -1, NULL));
    ck_assert(metric(&host, agent, "replay_size") == 40);
    ck_assert_uint_eq(hash_network(&host, arq_agent_network(agent)), hash);
    ck_assert_uint_eq(live(&host, agent, &world, 40), live(&host, calm, &same, 40));
    ck_assert_uint_eq(hash_network(&host, arq_agent_network(agent)), hash_network(&host, arq_agent_network(calm)));
    arq_agent_destroy(agent);
    arq_agent_destroy(calm);
    host_close(&host);
}
END_TEST

/* With begin in the middle of an episode learning goes on as if that episode had been truncated. */
START_TEST(begin_inside_an_episode_truncates_it)
{
    struct host host;
    host_open(&host);
    arq_agent *begun = made(&host, SETTINGS), *truncated = made(&host, SETTINGS);
    arq_agent *agents[] = {begun, truncated};
    int32_t action;

    for (int which = 0; which < 2; which++)
        for (int step = 0; step < 60; step++) {
            float x[INPUTS] = {(float)(step % 3), (float)(step % 5), 1, 0, 0}, y[INPUTS] = {1, 1, 1, 1, 1};
            if (step % 6 == 0)
                succeeds(&host, arq_agent_begin(agents[which], x));
            succeeds(&host, arq_agent_act(agents[which], &action));
            succeeds(&host, arq_agent_observe(agents[which], ARQ_ACTION_CHOSEN, action, y, 0,
                                              which == 1 && step % 6 == 5, NULL));
        }
    ck_assert_uint_eq(hash_network(&host, arq_agent_network(begun)), hash_network(&host, arq_agent_network(truncated)));
    ck_assert(metric(&host, begun, "updates") > 10);
    arq_agent_destroy(begun);
    arq_agent_destroy(truncated);
    host_close(&host);
}
END_TEST

/* The agent acts at random, but every executed action is 2: only that one's output can learn. */
START_TEST(the_executed_action_is_the_one_stored)
{
    struct host host;
    host_open(&host);
    arq_agent *agent = made(&host, SETTINGS "gamma=0 goodness=mean recurrent=false top_down=false epsilon_end=1 "
                                            "learning_rate=0.01 train_period=1");
    float x[INPUTS] = {1, 0, 1, 0, 1}, q[ACTIONS];
    int32_t action, chosen_other = 0;

    succeeds(&host, arq_agent_begin(agent, x));
    for (int step = 0; step < 400; step++) {
        succeeds(&host, arq_agent_act(agent, &action));
        chosen_other += action != 2;
        succeeds(&host, arq_agent_observe(agent, 2, 5, x, 0, 0, NULL));
    }
    ck_assert_int_gt(chosen_other, 100);
    succeeds(&host, arq_agent_act(agent, &action));
    arq_activations *activations;
    succeeds(&host, arq_activations_create(arq_agent_network(agent), 1, &activations));
    succeeds(&host, arq_network_q(arq_agent_network(agent), activations, x, q));
    ck_assert_msg(fabsf(q[2] - 5) < 0.5f, "Q of the executed action is %g, not 5", (double)q[2]);
    arq_activations_destroy(activations);
    arq_agent_destroy(agent);
    host_close(&host);
}
END_TEST

START_TEST(what_it_computed_explains_its_action)
{
    struct host host;
    host_open(&host);
    arq_agent *agent = made(&host, SETTINGS "q_from=last epsilon_start=0 epsilon_end=0");
    float x[INPUTS] = {1, 2, 0, 0, 1}, q[ACTIONS];
    int32_t action;
    size_t count;

    succeeds(&host, arq_agent_begin(agent, x));
    for (int step = 0; step < 20; step++) {
        succeeds(&host, arq_agent_act(agent, &action));
        succeeds(&host, arq_activations_read(arq_agent_activations(agent), ARQ_ACTIVATION_Q, 1, 0, q, ACTIONS, &count));
        ck_assert_uint_eq(count, ACTIONS);
        for (uint32_t a = 0; a < ACTIONS; a++)
            ck_assert(q[action] >= q[a]);
        x[step % INPUTS]++;
        succeeds(&host, arq_agent_observe(agent, ARQ_ACTION_CHOSEN, 0, x, 0, 0, NULL));
    }
    arq_agent_destroy(agent);
    host_close(&host);
}
END_TEST

/* Acts, reads Q of the last cell and moves the world on; returns whether the act explored. */
static int act_and_read(struct host *host, arq_agent *agent, float *x, float *q, arq_status *status)
{
    int32_t action;
    uint32_t events;
    size_t count;

    succeeds(host, arq_agent_act(agent, &action));
    *status = arq_activations_read(arq_agent_activations(agent), ARQ_ACTIVATION_Q, 1, 0, q, ACTIONS, &count);
    x[action]++;
    succeeds(host, arq_agent_observe(agent, ARQ_ACTION_CHOSEN, 0, x, 0, 0, &events));
    return (events & ARQ_EVENT_EXPLORED) != 0;
}

START_TEST(an_exploring_act_leaves_what_was_computed)
{
    struct host host;
    host_open(&host);
    const char *variants[] = {SETTINGS "epsilon_start=0.5 epsilon_end=0.5",
                              SETTINGS "epsilon_start=0.5 epsilon_end=0.5 context_on_explore=true"};

    for (int anew = 0; anew < 2; anew++) {
        arq_agent *agent = made(&host, variants[anew]);
        float x[INPUTS] = {0}, q[ACTIONS] = {0}, before[ACTIONS];
        arq_status status;
        int greedy = 0, explored = 0;
        for (int step = 0; step < 60; step++) {
            if (step % 10 == 0)
                succeeds(&host, arq_agent_begin(agent, x));
            memcpy(before, q, sizeof(q));
            int explores = act_and_read(&host, agent, x, q, &status);
            greedy += !explores;
            ck_assert_int_eq(status, greedy > 0 || anew ? ARQ_OK : ARQ_E_ORDER);
            if (explores && greedy > 0) {
                ck_assert_int_eq(memcmp(q, before, sizeof(q)) != 0, anew);
                explored++;
            }
        }
        ck_assert_int_gt(explored, 10);
        arq_agent_destroy(agent);
    }
    host_close(&host);
}
END_TEST

START_TEST(before_a_greedy_act_nothing_can_be_read)
{
    struct host host;
    host_open(&host);
    arq_agent *agent = made(&host, SETTINGS "epsilon_start=1 epsilon_end=1");
    float x[INPUTS] = {0}, q[ACTIONS];
    arq_status status;

    succeeds(&host, arq_agent_begin(agent, x));
    for (int step = 0; step < 20; step++) {
        ck_assert_int_eq(act_and_read(&host, agent, x, q, &status), 1);
        ck_assert_int_eq(status, ARQ_E_ORDER);
    }
    arq_agent_destroy(agent);
    host_close(&host);
}
END_TEST

/* Targets are the reward alone where no bootstrap follows: after terminated, also beside truncated. */
START_TEST(terminated_wins_over_truncated)
{
    struct host host;
    host_open(&host);
    double targets[3];

    for (int which = 0; which < 3; which++) {
        arq_agent *agent = made(&host, SETTINGS "gamma=1 train_period=1");
        float x[INPUTS] = {1, 2, 3, 4, 5};
        int32_t action;
        for (int step = 0; step < 20; step++) {
            succeeds(&host, arq_agent_begin(agent, x));
            succeeds(&host, arq_agent_act(agent, &action));
            succeeds(&host, arq_agent_observe(agent, ARQ_ACTION_CHOSEN, 2, x, which != 1, which != 0, NULL));
        }
        targets[which] = metric(&host, agent, "target_q");
        arq_agent_destroy(agent);
    }
    ck_assert(targets[0] == 2);
    ck_assert(targets[1] != 2);
    ck_assert(targets[2] == 2);
    host_close(&host);
}
END_TEST

START_TEST(events_follow_the_schedule)
{
    struct host host;
    host_open(&host);
    arq_agent *agent = made(&host, SMALL "batch=4 train_period=4 learning_starts=10 target_period=8 epsilon_start=0 "
                                         "epsilon_end=0");
    float x[INPUTS] = {0};
    int32_t action;
    uint32_t events;

    succeeds(&host, arq_agent_begin(agent, x));
    for (int t = 0; t < 50; t++) { /* t counts from 0: updates when t mod 4 = 0 and t > 10, sync when t mod 8 = 0 */
        uint32_t due = (t % 4 == 0 && t > 10 ? ARQ_EVENT_UPDATED : 0) | (t % 8 == 0 && t > 10 ? ARQ_EVENT_SYNCED : 0);
        succeeds(&host, arq_agent_act(agent, &action));
        succeeds(&host, arq_agent_observe(agent, ARQ_ACTION_CHOSEN, 1, x, 0, 0, &events));
        ck_assert_msg((events & (ARQ_EVENT_UPDATED | ARQ_EVENT_SYNCED | ARQ_EVENT_EXPLORED)) == due,
                      "step %d: events %u, due %u", t, events, due);
    }
    arq_agent_destroy(agent);
    host_close(&host);
}
END_TEST

START_TEST(epsilon_falls_as_the_parameters_say)
{
    struct host host;
    host_open(&host);
    arq_agent *agent = made(&host, SMALL "learning_starts=10 exploration_steps=20 epsilon_start=1 epsilon_end=0.5");
    struct world world = {.random = 5};

    ck_assert(metric(&host, agent, "epsilon") == 1);
    live(&host, agent, &world, 10);
    ck_assert(metric(&host, agent, "epsilon") == 1);
    live(&host, agent, &world, 10);
    ck_assert_double_eq_tol(metric(&host, agent, "epsilon"), 0.75, 1e-12);
    live(&host, agent, &world, 100);
    ck_assert(metric(&host, agent, "epsilon") == 0.5);
    arq_agent_destroy(agent);
    host_close(&host);
}
END_TEST

/* Over so many steps, or with -1 over total_steps; the rate of the end is kept, that of a length of 0 never changes. */
START_TEST(the_learning_rate_falls_as_the_parameters_say)
{
    static const char *const lengths[] = {"learning_rate_steps=40", "learning_rate_steps=-1 total_steps=40",
                                          "learning_rate_steps=0 total_steps=40"};
    static const double wanted[][4] = {
        {0.01, 0.00775, 0.0055, 0.001}, {0.01, 0.00775, 0.0055, 0.001}, {0.01, 0.01, 0.01, 0.01}};
    static const int steps[] = {0, 10, 10, 100};
    struct host host;
    host_open(&host);
    for (size_t i = 0; i < 3; i++) {
        char settings[512];
        snprintf(settings, sizeof(settings), SETTINGS "learning_rate=0.01 learning_rate_end=0.001 %s", lengths[i]);
        arq_agent *agent = made(&host, settings);
        struct world world = {.random = 5};
        for (size_t k = 0; k < 4; k++) {
            live(&host, agent, &world, steps[k]);
            ck_assert_double_eq_tol(metric(&host, agent, "learning_rate"), wanted[i][k], 1e-12);
        }
        arq_agent_destroy(agent);
    }
    host_close(&host);
}
END_TEST

START_TEST(a_saved_agent_goes_on_bit_for_bit)
{
    static const char *const kinds[] = {SETTINGS, SETTINGS "network=ad context_on_explore=true replay_capacity=37"};
    struct host host;
    host_open(&host);
    const char *path = temporary_file("agent"), *second = temporary_file("again");
    size_t size, size_again;

    for (size_t kind = 0; kind < 2; kind++)
        for (int steps = 3; steps <= 108; steps += 21) {
            arq_agent *agent = made(&host, kinds[kind]), *heir = made(&host, kinds[kind]);
            struct world world = {.random = 5}, before = {.random = 99};
            live(&host, agent, &world, steps);
            live(&host, heir, &before, 50); /* all of this must be gone */
            succeeds(&host, arq_agent_save(agent, path));
            succeeds(&host, arq_agent_load(heir, path));
            succeeds(&host, arq_agent_save(heir, second));
            unsigned char *bytes = file_bytes(path, &size), *again = file_bytes(second, &size_again);
            ck_assert_msg(size == size_again && memcmp(bytes, again, size) == 0, "saved again, the file differs");
            free(bytes);
            free(again);
            struct world same = world;
            ck_assert_uint_eq(live(&host, agent, &world, 60), live(&host, heir, &same, 60));
            ck_assert_uint_eq(hash_network(&host, arq_agent_network(agent)),
                              hash_network(&host, arq_agent_network(heir)));
            arq_agent_destroy(agent);
            arq_agent_destroy(heir);
        }
    host_close(&host);
}
END_TEST

START_TEST(files_that_do_not_fit_change_nothing)
{
    struct host host;
    host_open(&host);
    arq_agent *agent = made(&host, SETTINGS), *calm = made(&host, SETTINGS),
              *wide = made(&host, SETTINGS "widths=24,32"), *smaller = made(&host, SETTINGS "replay_capacity=100");
    struct world world = {.random = 5}, same = {.random = 5}, other = {.random = 6};
    const char *path = temporary_file("wide"), *own = temporary_file("own"), *cut = temporary_file("cut");
    size_t size;

    live(&host, agent, &world, 30);
    live(&host, calm, &same, 30);
    live(&host, wide, &other, 30);
    succeeds(&host, arq_agent_save(agent, own));
    succeeds(&host, arq_agent_save(wide, path));
    refuses(&host, ARQ_E_SHAPE, NULL, arq_agent_load(agent, path));
    refuses(&host, ARQ_E_SHAPE, "replay_capacity;100", arq_agent_load(smaller, own));
    succeeds(&host, arq_network_save(arq_agent_network(agent), path));
    refuses(&host, ARQ_E_FORMAT, NULL, arq_agent_load(agent, path));
    unsigned char *bytes = file_bytes(own, &size);
    for (size_t length = 0; length < size; length += 1 + size / 61) {
        file_write(cut, bytes, length);
        refuses(&host, ARQ_E_FORMAT, NULL, arq_agent_load(agent, cut));
    }
    free(bytes);
    ck_assert_uint_eq(live(&host, agent, &world, 50), live(&host, calm, &same, 50));
    ck_assert_uint_eq(hash_network(&host, arq_agent_network(agent)), hash_network(&host, arq_agent_network(calm)));
    arq_agent_destroy(agent);
    arq_agent_destroy(calm);
    arq_agent_destroy(wide);
    arq_agent_destroy(smaller);
    host_close(&host);
}
END_TEST

START_TEST(its_network_opens_from_its_file)
{
    struct host host;
    host_open(&host);
    arq_agent *agent = made(&host, SETTINGS);
    arq_network *network;
    struct world world = {.random = 5};

    live(&host, agent, &world, 50);
    succeeds(&host, arq_agent_save(agent, temporary_file("agent")));
    succeeds(&host, arq_network_open(host.context, temporary_file("agent"), &network));
    ck_assert_uint_eq(hash_network(&host, network), hash_network(&host, arq_agent_network(agent)));
    arq_network_destroy(network);
    arq_agent_destroy(agent);
    host_close(&host);
}
END_TEST

static void observe_in(struct host *host, arq_agent *agent, int32_t kind, uint64_t bits, int is_first)
{
    unsigned char bit = (unsigned char)bits, bytes[INPUTS];
    float floats[INPUTS];
    double doubles[INPUTS];
    int32_t action;

    for (uint32_t i = 0; i < INPUTS; i++) {
        floats[i] = bits >> i & 1 ? 1.0f : 0.0f;
        doubles[i] = floats[i];
        bytes[i] = bits >> i & 1 ? 255 : 0;
    }
    const void *forms[] = {&bit, bytes, floats, doubles};
    if (is_first)
        succeeds(host, arq_agent_begin(agent, forms[kind - 1]));
    succeeds(host, arq_agent_act(agent, &action));
    /* The executed action is not the chosen one: rounding must not lead to another life. */
    succeeds(host,
             arq_agent_observe(agent, (int32_t)(bits % ACTIONS), (double)(bits % 2), forms[kind - 1], 0, 0, NULL));
}

/* The largest difference of a weight between two networks, in units of the largest weight of its tensor. */
static double difference(struct host *host, const arq_network *one, const arq_network *other)
{
    double largest = 0;
    const char *name;
    uint32_t rows, columns;

    for (uint32_t index = 0; arq_network_tensor(one, index, &name, &rows, &columns) == ARQ_OK; index++) {
        size_t count = (size_t)rows * (columns != 0 ? columns : 1);
        float *a = malloc(2 * count * sizeof *a), *b = a + count;
        double scale = 0, apart = 0;
        succeeds(host, arq_network_read(one, name, a, count));
        succeeds(host, arq_network_read(other, name, b, count));
        for (size_t i = 0; i < count; i++) {
            scale = fmax(scale, fabs((double)a[i]));
            apart = fmax(apart, fabs((double)a[i] - (double)b[i]));
        }
        free(a);
        if (apart > 0)
            largest = fmax(largest, apart / scale);
    }
    return largest;
}

/*
 * Every observation kind, through the whole of learning, sees the same values. Bytes, floats and doubles give the same
 * weights bit for bit; bits add up the same numbers in another order, which 60 steps and 26 updates must not carry
 * further than 1e-5 of a tensor's largest weight (Adam divides gradients by their size: of a small one the rounding is
 * a larger share).
 */
START_TEST(kinds_of_observations_agree)
{
    struct host host;
    host_open(&host);
    arq_agent *agents[ARQ_OBSERVATION_F64];
    const arq_network *dense;

    for (int32_t kind = ARQ_OBSERVATION_BIT; kind <= ARQ_OBSERVATION_F64; kind++) {
        arq_config *config = configured(&host, SETTINGS);
        arq_agent **agent = &agents[kind - 1];
        succeeds(&host, arq_agent_create(host.context, config, kind, INPUTS, ACTIONS, agent));
        arq_config_destroy(config);
        uint64_t random = 3;
        for (int step = 0; step < 60; step++)
            observe_in(&host, *agent, kind, next_random(&random) >> 59, step == 0);
        ck_assert(metric(&host, *agent, "updates") > 20);
    }
    dense = arq_agent_network(agents[ARQ_OBSERVATION_F32 - 1]);
    for (int32_t kind = ARQ_OBSERVATION_BIT; kind <= ARQ_OBSERVATION_F64; kind++) {
        arq_agent *agent = agents[kind - 1];
        double apart = difference(&host, dense, arq_agent_network(agent));
        ck_assert_msg(apart <= (kind == ARQ_OBSERVATION_BIT ? 1e-5 : 0),
                      "kind %d: weights differ from those of floats "
                      "by %g of the largest",
                      (int)kind, apart);
    }
    for (int32_t kind = ARQ_OBSERVATION_BIT; kind <= ARQ_OBSERVATION_F64; kind++)
        arq_agent_destroy(agents[kind - 1]);
    host_close(&host);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {null_is_refused,
                                  calls_come_in_order,
                                  acting_twice_gives_the_same,
                                  bad_values_change_nothing,
                                  begin_inside_an_episode_truncates_it,
                                  the_executed_action_is_the_one_stored,
                                  what_it_computed_explains_its_action,
                                  an_exploring_act_leaves_what_was_computed,
                                  before_a_greedy_act_nothing_can_be_read,
                                  terminated_wins_over_truncated,
                                  events_follow_the_schedule,
                                  epsilon_falls_as_the_parameters_say,
                                  the_learning_rate_falls_as_the_parameters_say,
                                  a_saved_agent_goes_on_bit_for_bit,
                                  files_that_do_not_fit_change_nothing,
                                  its_network_opens_from_its_file,
                                  kinds_of_observations_agree};

    return RUN_TESTS("agent", tests);
}
