/* What is refused, what a divergence leaves, how much is learned a call, and how much memory all of it takes. */
#include "world.h"

#include "nn/network.h"
#include "../support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROLLOUT "experience=rollout seed=3 widths=16,12 heads=2 learning_rate=0.01 "

static arq_agent *agent_of(struct host *host, const char *text, uint32_t instances)
{
    arq_agent *agent;
    arq_config *config = configured(host, text);
    succeeds(host, arq_agent_create_many(host->context, config, ARQ_OBSERVATION_F32, SIZE, ACTIONS, instances, &agent));
    arq_config_destroy(config);
    return agent;
}

static uint64_t metric(struct host *host, const arq_agent *agent, const char *name)
{
    double value;
    succeeds(host, arq_agent_metric(agent, name, 0, &value));
    return (uint64_t)value;
}

/* ---- Order ---- */

START_TEST(calls_for_one_episode_are_refused_with_several)
{
    struct host host;
    host_open(&host);
    arq_agent *agent = agent_of(&host, ROLLOUT "rollout=12 batch=4", 3);
    worlds w = worlds_of(3, 1);
    int32_t action;
    ck_assert_uint_eq(arq_agent_instances(agent), 3);
    ck_assert_uint_eq(arq_agent_instances(NULL), 0);
    worlds_begin(&w, NULL);
    refuses(&host, ARQ_E_ORDER, "3 instances;arq_agent_begin_many", arq_agent_begin(agent, w.observations[0]));
    succeeds(&host, arq_agent_begin_many(agent, NULL, w.observations));
    refuses(&host, ARQ_E_ORDER, "3 instances;arq_agent_act_many", arq_agent_act(agent, &action));
    succeeds(&host, arq_agent_act_many(agent, NULL, w.actions));
    refuses(&host, ARQ_E_ORDER, "3 instances;arq_agent_observe_many",
            arq_agent_observe(agent, ARQ_ACTION_CHOSEN, 0, w.observations[0], 0, 0, NULL));
    ck_assert_uint_eq(metric(&host, agent, "steps"), 0);
    arq_agent_destroy(agent);
    host_close(&host);
}
END_TEST

/* What is wrong with one instance leaves all of them as they were; the text says which. */
START_TEST(one_wrong_instance_changes_nothing)
{
    struct host host;
    host_open(&host);
    arq_agent *agent = agent_of(&host, ROLLOUT "rollout=12 batch=4", 3);
    worlds w = worlds_of(3, 1);
    const uint8_t two[3] = {1, 1, 0};
    refuses(&host, ARQ_E_ORDER, "instance 0;arq_agent_begin", arq_agent_act_many(agent, NULL, w.actions));
    worlds_begin(&w, NULL);
    w.observations[1][2] = (float)(1e300 * 1e300);
    refuses(&host, ARQ_E_ARGUMENT, "instance 1", arq_agent_begin_many(agent, NULL, w.observations));
    refuses(&host, ARQ_E_ORDER, "instance 0", arq_agent_act_many(agent, NULL, w.actions));
    w.observations[1][2] = 0;
    succeeds(&host, arq_agent_begin_many(agent, two, w.observations));
    refuses(&host, ARQ_E_ORDER, "instance 2", arq_agent_act_many(agent, NULL, w.actions));
    succeeds(&host, arq_agent_act_many(agent, two, w.actions));
    memset(w.terminated, 0, sizeof(w.terminated));
    memset(w.truncated, 0, sizeof(w.truncated));
    refuses(&host, ARQ_E_ORDER, "instance 2",
            arq_agent_observe_many(agent, NULL, NULL, w.rewards, w.observations, w.terminated, w.truncated, NULL));
    w.rewards[1] = 1e300;
    refuses(&host, ARQ_E_ARGUMENT, "instance 1;reward",
            arq_agent_observe_many(agent, two, NULL, w.rewards, w.observations, w.terminated, w.truncated, NULL));
    w.rewards[1] = 0;
    w.truncated[1] = 2;
    refuses(&host, ARQ_E_ARGUMENT, "instance 1;truncated",
            arq_agent_observe_many(agent, two, NULL, w.rewards, w.observations, w.terminated, w.truncated, NULL));
    w.truncated[1] = 0;
    const int32_t wrong[3] = {0, ACTIONS, 0};
    refuses(&host, ARQ_E_ARGUMENT, "instance 1;action",
            arq_agent_observe_many(agent, two, wrong, w.rewards, w.observations, w.terminated, w.truncated, NULL));
    w.observations[0][0] = (float)(1e300 * 1e300);
    refuses(&host, ARQ_E_ARGUMENT, "instance 0;observation",
            arq_agent_observe_many(agent, two, NULL, w.rewards, w.observations, w.terminated, w.truncated, NULL));
    w.observations[0][0] = 0;
    ck_assert_uint_eq(metric(&host, agent, "steps"), 0);
    ck_assert_uint_eq(metric(&host, agent, "rollout_size"), 0);
    /* The entries of others are not read. */
    w.observations[2][0] = (float)(1e300 * 1e300);
    w.rewards[2] = 1e300;
    w.terminated[2] = 7;
    succeeds(&host,
             arq_agent_observe_many(agent, two, NULL, w.rewards, w.observations, w.terminated, w.truncated, NULL));
    ck_assert_uint_eq(metric(&host, agent, "steps"), 2);
    ck_assert_uint_eq(metric(&host, agent, "rollout_size"), 2);
    arq_agent_destroy(agent);
    host_close(&host);
}
END_TEST

/* ---- Parameters that would do nothing ---- */

static const char *const idle_with_rollout[][2] = {
    {"double_q", "false"},         {"target_period", "100"}, {"tau", "0.5"},        {"replay_capacity", "999"},
    {"train_period", "2"},         {"learning_starts", "7"}, {"context_size", "3"}, {"window_padding", "zero-context"},
    {"exploration_from", "start"},
};
static const char *const idle_with_replay[][2] = {{"td_lambda", "0.5"}, {"epochs", "2"}, {"rollout", "64"}};

static void check_idle(struct host *host, const char *experience, const char *name, const char *value)
{
    char words[128];
    arq_agent *agent = NULL;
    arq_config *config = configured(host, "widths=16 heads=2");
    succeeds(host, arq_config_set(config, "experience", experience));
    char usual[64];
    succeeds(host, arq_config_get(config, name, usual, sizeof(usual)));
    for (int of_hand = 0; of_hand < 2; of_hand++) { /* whatever the value: its default, too */
        succeeds(host, arq_config_set(config, name, of_hand ? usual : value));
        snprintf(words, sizeof(words), "%s;%s", name, experience);
        refuses(host, ARQ_E_UNSUPPORTED, words,
                arq_agent_create(host->context, config, ARQ_OBSERVATION_F32, SIZE, ACTIONS, &agent));
        ck_assert_ptr_null(agent);
    }
    arq_config_destroy(config);
}

START_TEST(parameters_that_do_nothing_are_refused)
{
    struct host host;
    host_open(&host);
    for (size_t i = 0; i < sizeof(idle_with_rollout) / sizeof(idle_with_rollout[0]); i++) {
        check_idle(&host, "rollout", idle_with_rollout[i][0], idle_with_rollout[i][1]);
    }
    for (size_t i = 0; i < sizeof(idle_with_replay) / sizeof(idle_with_replay[0]); i++) {
        check_idle(&host, "replay", idle_with_replay[i][0], idle_with_replay[i][1]);
    }
    host_close(&host);
}
END_TEST

/* A preset sets some of them; it leaves the choice to whoever uses it. */
START_TEST(a_preset_leaves_them_alone)
{
    struct host host;
    host_open(&host);
    const char *name;
    int tried = 0;
    for (uint32_t i = 0; (name = arq_preset_name(i)) != NULL; i++) {
        arq_config *config;
        arq_agent *agent;
        succeeds(&host, arq_config_create(host.context, name, &config));
        succeeds(&host, arq_config_set(config, "experience", "rollout"));
        succeeds(&host, arq_agent_create(host.context, config, ARQ_OBSERVATION_F32, SIZE, 4, &agent));
        arq_agent_destroy(agent);
        arq_config_destroy(config);
        tried++;
    }
    ck_assert_int_ge(tried, 3);
    host_close(&host);
}
END_TEST

/* ---- Learning in pieces ---- */

/* 24 transitions in 6 minibatches and 2 epochs: 12 updates, spread over the 8 steps of the next rollout. */
START_TEST(a_call_learns_no_more_than_it_may)
{
    struct host host;
    host_open(&host);
    char text[256];
    uint64_t per_step = (uint64_t)_i;
    snprintf(text, sizeof(text), ROLLOUT "rollout=24 batch=4 epochs=2 minibatches_per_step=%d", _i);
    arq_agent *agent = agent_of(&host, text, 3);
    worlds w = worlds_of(3, 1);
    play(&host, agent, &w, 7);
    ck_assert_uint_eq(metric(&host, agent, "updates"), 0);
    for (uint64_t step = 0; step < 24; step++) {
        uint64_t before = metric(&host, agent, "updates");
        play(&host, agent, &w, 1);
        uint64_t made = metric(&host, agent, "updates") - before;
        uint64_t since = step % 8 + 1; /* calls of this rollout's learning */
        uint64_t had = (since - 1) * per_step < 12 ? (since - 1) * per_step : 12;
        uint64_t rest = 12 - had < per_step ? 12 - had : per_step;
        /* When the next is full first, what is left of 12 after 8 calls comes besides. */
        uint64_t left = step >= 8 && since == 1 && 8 * per_step < 12 ? 12 - 8 * per_step : 0;
        ck_assert_msg(made == rest + left, "step %llu: %llu updates, wanted %llu + %llu", (unsigned long long)step,
                      (unsigned long long)made, (unsigned long long)rest, (unsigned long long)left);
    }
    arq_agent_destroy(agent);
    host_close(&host);
}
END_TEST

/* ---- Divergence ---- */

static const char *const diverging[] = {
    ROLLOUT "rollout=24 batch=8 network=arq goodness=mean",
    ROLLOUT "rollout=24 batch=8 network=ad quantiles=3",
    "experience=rollout seed=3 network=dqn widths=16,12 rollout=24 batch=8",
    "experience=rollout seed=3 network=dqn widths=16,12 layer_norm=true rollout=24 batch=8",
    ROLLOUT "rollout=24 batch=8 network=arq goodness=mean minibatches_per_step=1",
};

/* One transition of 24 has a reward that no square fits: its minibatch and those behind it are lost, not those before.
 */
START_TEST(a_divergence_drops_the_rest_of_the_rollout)
{
    struct host host;
    host_open(&host);
    arq_agent *agent = agent_of(&host, diverging[_i], 3);
    int in_pieces = strstr(diverging[_i], "minibatches_per_step") != NULL;
    int places[3] = {0};
    for (int trial = 0; trial < 30; trial++) {
        worlds w = worlds_of(3, 10 + (uint64_t)trial);
        arq_status status = ARQ_OK;
        uint64_t before = metric(&host, agent, "updates");
        uint64_t hash = 0;
        for (int s = 0; s < 8 + (in_pieces ? 3 : 0) && status == ARQ_OK; s++) {
            uint8_t begins[MOST_INSTANCES];
            memcpy(begins, w.ended, sizeof(begins));
            worlds_begin(&w, begins);
            succeeds(&host, arq_agent_begin_many(agent, begins, w.observations));
            succeeds(&host, arq_agent_act_many(agent, NULL, w.actions));
            worlds_step(&w, NULL);
            w.terminated[1] |= s == trial % 8; /* so that no other return has it */
            w.terminated[1] |= s == trial % 8 - 1;
            w.ended[1] |= (uint8_t)w.terminated[1];
            w.rewards[1] = s == trial % 8 ? 3e38 : w.rewards[1];
            hash = hash_network(&host, arq_agent_network(agent));
            status =
                arq_agent_observe_many(agent, NULL, NULL, w.rewards, w.observations, w.terminated, w.truncated, NULL);
        }
        ck_assert_int_eq(status, ARQ_E_DIVERGED);
        const char *text = error_text(host.context);
        unsigned place;
        unsigned total;
        const char *words = strstr(text, "minibatch ");
        ck_assert_msg(words != NULL && sscanf(words, "minibatch %u of %u", &place, &total) == 2 && total == 3, "%s",
                      text);
        ck_assert_msg(strstr(text, strstr(diverging[_i], "dqn") != NULL ? "network" : "cell 0") != NULL, "%s", text);
        ck_assert_uint_eq(metric(&host, agent, "updates") - before, place - 1);
        places[place - 1]++;
        if (place == 1 || in_pieces) { /* nothing of this call was learned */
            ck_assert_uint_eq(hash_network(&host, arq_agent_network(agent)), hash);
        } else {
            ck_assert_uint_ne(hash_network(&host, arq_agent_network(agent)), hash);
        }
        if (!in_pieces) {
            ck_assert_uint_eq(metric(&host, agent, "rollout_size"), 0);
        }
        /* It goes on: the next rollout is learned whole. */
        int filled = in_pieces ? (int)metric(&host, agent, "rollout_size") / 3 : 0;
        before = metric(&host, agent, "updates");
        play(&host, agent, &w, 8 - filled + (in_pieces ? 2 : 0));
        ck_assert_uint_eq(metric(&host, agent, "updates") - before, 3);
        play(&host, agent, &w, in_pieces ? 6 : 0); /* to the end of the one that fills */
        play(&host, agent, &w, in_pieces ? 2 : 0);
        if (in_pieces) {
            arq_agent_destroy(agent);
            agent = agent_of(&host, diverging[_i], 3);
        }
    }
    ck_assert(places[0] > 0 && places[1] > 0 && places[2] > 0);
    arq_agent_destroy(agent);
    host_close(&host);
}
END_TEST

/* ---- While others compute with the network ---- */

/* Learning waits, and what waited is made up for before another step is stored; a divergence then is told, too. */
START_TEST(learning_waits_for_the_network)
{
    struct host host;
    host_open(&host);
    arq_agent *agent = agent_of(&host, ROLLOUT "rollout=24 batch=8 epsilon_start=0 epsilon_end=0", 3);
    arq_network *network = arq_agent_network(agent);
    worlds w = worlds_of(3, 1);
    for (int i = 0; i < 3; i++) {
        w.world[i].endless = 1;
    }
    play(&host, agent, &w, 7);
    succeeds(&host, arq_agent_act_many(agent, NULL, w.actions));
    worlds_step(&w, NULL);
    succeeds(&host, arq_network_begin_read(network, "a test"));
    succeeds(&host,
             arq_agent_observe_many(agent, NULL, NULL, w.rewards, w.observations, w.terminated, w.truncated, NULL));
    ck_assert_uint_eq(metric(&host, agent, "updates"), 0);
    ck_assert_uint_eq(metric(&host, agent, "steps"), 24);
    int32_t actions[3];
    succeeds(&host, arq_agent_act_many(agent, NULL, actions));
    refuses(&host, ARQ_E_BUSY, NULL,
            arq_agent_observe_many(agent, NULL, NULL, w.rewards, w.observations, w.terminated, w.truncated, NULL));
    ck_assert_uint_eq(metric(&host, agent, "steps"), 24);
    arq_network_end_read(network);
    uint32_t events;
    succeeds(&host,
             arq_agent_observe_many(agent, NULL, NULL, w.rewards, w.observations, w.terminated, w.truncated, &events));
    ck_assert_uint_eq(metric(&host, agent, "updates"), 3);
    ck_assert_uint_eq(metric(&host, agent, "steps"), 27);
    ck_assert_uint_eq(metric(&host, agent, "rollout_size"), 3);
    ck_assert_msg((events & ARQ_EVENT_UPDATED) != 0, "the event is lost");
    arq_agent_destroy(agent);
    host_close(&host);
}
END_TEST

START_TEST(a_late_divergence_stores_the_step)
{
    struct host host;
    host_open(&host);
    arq_agent *agent = agent_of(&host, ROLLOUT "rollout=4 batch=8 network=ad", 1);
    arq_network *network = arq_agent_network(agent);
    worlds w = worlds_of(1, 1);
    w.world[0].endless = 1;
    play(&host, agent, &w, 3);
    succeeds(&host, arq_agent_act_many(agent, NULL, w.actions));
    worlds_step(&w, NULL);
    w.rewards[0] = 3e38;
    succeeds(&host, arq_network_begin_read(network, "a test"));
    succeeds(&host,
             arq_agent_observe_many(agent, NULL, NULL, w.rewards, w.observations, w.terminated, w.truncated, NULL));
    arq_network_end_read(network);
    succeeds(&host, arq_agent_act_many(agent, NULL, w.actions));
    worlds_step(&w, NULL);
    refuses(&host, ARQ_E_DIVERGED, "minibatch 1",
            arq_agent_observe_many(agent, NULL, NULL, w.rewards, w.observations, w.terminated, w.truncated, NULL));
    ck_assert_uint_eq(metric(&host, agent, "steps"), 5);
    ck_assert_uint_eq(metric(&host, agent, "rollout_size"), 1);
    play(&host, agent, &w, 3);
    ck_assert_uint_eq(metric(&host, agent, "updates"), 1);
    arq_agent_destroy(agent);
    host_close(&host);
}
END_TEST

/* ---- Memory ---- */

static const char *const lean[] = {
    ROLLOUT "rollout=24 batch=8 network=arq",
    ROLLOUT "rollout=24 batch=8 network=ad quantiles=3 minibatches_per_step=1",
    "experience=rollout seed=3 network=dqn widths=16,12 layer_norm=true rollout=24 batch=8",
    "experience=rollout seed=3 network=ff-dqn widths=16,12 rollout=24 batch=8",
};

START_TEST(nothing_is_allocated_after_create)
{
    struct host host;
    host_open(&host);
    arq_agent *agent = agent_of(&host, lean[_i], 3);
    worlds w = worlds_of(3, 1);
    size_t total = atomic_load(&host.memory.total);
    play(&host, agent, &w, 60);
    ck_assert_uint_gt(metric(&host, agent, "updates"), 10);
    ck_assert_uint_eq(atomic_load(&host.memory.total), total);
    arq_agent_destroy(agent);
    host_close(&host);
}
END_TEST

static size_t bytes_of_agent(const char *text, int32_t kind, uint32_t size, uint32_t actions, uint32_t instances)
{
    struct host host;
    host_open(&host);
    arq_config *config = configured(&host, text);
    arq_agent *agent;
    size_t before = atomic_load(&host.memory.live_bytes);
    succeeds(&host, arq_agent_create_many(host.context, config, kind, size, actions, instances, &agent));
    size_t bytes = atomic_load(&host.memory.live_bytes) - before;
    arq_agent_destroy(agent);
    arq_config_destroy(config);
    host_close(&host);
    return bytes;
}

/* Breakout's observation for one cell of 32 units: T N = 2048 from one instance and from many. */
START_TEST(all_of_it_is_below_8_mib)
{
    static const uint32_t instances[] = {1, 64, 128};
    const char *text = "experience=rollout network=arq widths=32 heads=4 recurrent=false top_down=false batch=128";
    for (size_t i = 0; i < sizeof(instances) / sizeof(instances[0]); i++) {
        size_t bytes = bytes_of_agent(text, ARQ_OBSERVATION_BIT, 400, 3, instances[i]);
        printf("%u instances: %.2f MiB\n", instances[i], (double)bytes / 0x1p20);
        ck_assert_uint_le(bytes, (size_t)8 << 20);
    }
}
END_TEST

/* Wide and shallow, so that weights are nearly all there is: themselves, two moments, and a gradient, no target. The
 * rest are some observations. */
START_TEST(there_is_no_second_network)
{
    static const char *const kinds[] = {"arq recurrent=false top_down=false", "dqn"};
    for (size_t k = 0; k < 2; k++) {
        char text[256];
        size_t bytes[2];
        for (int wide = 0; wide < 2; wide++) {
            snprintf(text, sizeof(text), "experience=rollout rollout=2 batch=1 widths=8 %s network=%s",
                     k == 0 ? "heads=2" : "", kinds[k]);
            bytes[wide] = bytes_of_agent(text, ARQ_OBSERVATION_F32, wide ? 60000 : 20000, 2, 1);
        }
        double inputs = 40000;
        double weights = k == 0 ? inputs * (8 + 2 * 8 + 2 * 8) : inputs * 8;
        double grown = (double)(bytes[1] - bytes[0]) / sizeof(float);
        printf("%s: %.2f times its weights\n", kinds[k], grown / weights);
        ck_assert_msg(grown < 4.9 * weights, "%s: %.2f times its weights", kinds[k], grown / weights);
    }
}
END_TEST

int main(void)
{
    const TTest *const once[] = {
        calls_for_one_episode_are_refused_with_several,
        one_wrong_instance_changes_nothing,
        parameters_that_do_nothing_are_refused,
        a_preset_leaves_them_alone,
        learning_waits_for_the_network,
        a_late_divergence_stores_the_step,
        all_of_it_is_below_8_mib,
        there_is_no_second_network,
    };
    Suite *suite = suite_create("conduct");
    TCase *cases = tcase_create("conduct");
    tcase_set_timeout(cases, 60);
    for (size_t i = 0; i < sizeof(once) / sizeof(once[0]); i++) {
        tcase_add_test(cases, once[i]);
    }
    tcase_add_loop_test(cases, a_call_learns_no_more_than_it_may, 1, 5);
    tcase_add_loop_test(cases, a_divergence_drops_the_rest_of_the_rollout, 0, sizeof(diverging) / sizeof(diverging[0]));
    tcase_add_loop_test(cases, nothing_is_allocated_after_create, 0, sizeof(lean) / sizeof(lean[0]));
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
