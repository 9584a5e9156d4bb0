/* The same bits for any number of threads, in every tier, by either set of calls, and after a save and a load. */
#include "world.h"

#include "../api/fp_mode.h"
#include "../support/suite.h"

#include <fenv.h>
#include <stdlib.h>
#include <string.h>

#define LEARNS " experience=rollout rollout=20 batch=8 epochs=2 epsilon_start=0.5 epsilon_end=0.1 seed=3 "
#define IN_PIECES " minibatches_per_step=1 "

static const char *const settings[] = {
    "network=arq widths=16,12 heads=2 learning_rate=0.01" LEARNS,
    "network=arq widths=16,12 heads=2 learning_rate=0.01 context_on_explore=false context_alpha=0.5" LEARNS IN_PIECES,
    "network=ad widths=16,12 heads=2 quantiles=3 learning_rate=0.01" LEARNS,
    "network=ad widths=16,12 heads=2 learning_rate=0.01 learning_rate_end=0.001 learning_rate_steps=100" LEARNS
        IN_PIECES,
    "network=dqn widths=16,12 layer_norm=true learning_rate=0.01" LEARNS IN_PIECES,
    "network=ff-dqn widths=16,12 learning_rate=0.01 ff_update_probability=0.5" LEARNS,
};
#define SETTINGS ((int)(sizeof(settings) / sizeof(settings[0])))

static arq_agent *agent_of(struct host *host, const char *text, uint32_t instances)
{
    arq_agent *agent;
    arq_config *config = configured(host, text);
    succeeds(host, arq_agent_create_many(host->context, config, ARQ_OBSERVATION_F32, SIZE, ACTIONS, instances, &agent));
    arq_config_destroy(config);
    return agent;
}

static uint64_t updates_of(struct host *host, const arq_agent *agent)
{
    double updates;
    succeeds(host, arq_agent_metric(agent, "updates", 0, &updates));
    return (uint64_t)updates;
}

/* ---- Threads and tiers ---- */

static uint64_t live_alone(const char *text, uint32_t instances, uint32_t threads, const char *cpu, int *known)
{
    struct host host;
    host_open(&host);
    succeeds(&host, arq_context_set_threads(host.context, threads));
    *known = arq_context_set_cpu(host.context, cpu) == ARQ_OK;
    uint64_t hash = 0;
    if (*known) {
        arq_agent *agent = agent_of(&host, text, instances);
        worlds w = worlds_of(instances, 1);
        hash = play(&host, agent, &w, 60);
        ck_assert_uint_gt(updates_of(&host, agent), 10);
        uint64_t weights = hash_network(&host, arq_agent_network(agent));
        hash = hash_bytes(hash, &weights, sizeof(weights));
        arq_agent_destroy(agent);
    }
    host_close(&host);
    return hash;
}

START_TEST(any_number_of_threads)
{
    static const uint32_t threads[] = {2, 3, 7};
    int known;
    for (uint32_t instances = 5; instances <= 37; instances += 32) { /* one block of rows, and three */
        uint64_t serial = live_alone(settings[_i], instances, 1, NULL, &known);
        for (size_t i = 0; i < sizeof(threads) / sizeof(threads[0]); i++) {
            ck_assert_msg(live_alone(settings[_i], instances, threads[i], NULL, &known) == serial, "%s: %u threads",
                          settings[_i], threads[i]);
        }
    }
}
END_TEST

START_TEST(every_tier)
{
    int known;
    int compared = 0;
    uint64_t best = live_alone(settings[_i], 5, 1, NULL, &known);
    const char *name;
    for (uint32_t i = 0; (name = arq_cpu_name(i)) != NULL; i++) {
        uint64_t hash = live_alone(settings[_i], 5, 1, name, &known);
        ck_assert_msg(!known || hash == best, "%s: %s", settings[_i], name);
        compared += known;
    }
    ck_assert_int_ge(compared, 1);
}
END_TEST

START_TEST(any_floating_point_mode)
{
    static const struct fp_mode modes[] = {{FE_UPWARD, 0}, {FE_TOWARDZERO, 1}};
    const struct fp_mode usual = {FE_TONEAREST, 0};
    int known;
    for (uint32_t instances = 1; instances <= 5; instances += 4) {
        uint64_t hash = live_alone(settings[_i], instances, 1, NULL, &known);
        for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
            fp_mode_set(modes[i]);
            uint64_t other = live_alone(settings[_i], instances, 1, NULL, &known);
            fp_mode_set(usual);
            ck_assert_msg(other == hash, "%s: %u instances, mode %zu", settings[_i], instances, i);
        }
    }
}
END_TEST

/* ---- A batch cut into calls ---- */

/*
 * While no learning comes in between, instances that step one after the other are instances that step together: the
 * same streams, weights and contexts. Epsilon does not fall, for it counts the steps of others.
 */
static void step_by(struct host *host, arq_agent *agent, worlds *w, uint32_t at_once)
{
    uint8_t begins[MOST_INSTANCES];
    memcpy(begins, w->ended, sizeof(begins));
    worlds_begin(w, begins);
    for (uint32_t first = 0; first < w->count; first += at_once) {
        uint8_t mask[MOST_INSTANCES] = {0};
        uint8_t begins_here[MOST_INSTANCES] = {0};
        for (uint32_t i = first; i < w->count && i < first + at_once; i++) {
            mask[i] = 1;
            begins_here[i] = begins[i];
        }
        succeeds(host, arq_agent_begin_many(agent, begins_here, w->observations));
        succeeds(host, arq_agent_act_many(agent, mask, w->actions));
    }
    worlds_step(w, NULL);
}

START_TEST(acting_in_parts_is_acting_at_once)
{
    struct host host;
    host_open(&host);
    arq_agent *agent[3];
    worlds w[3];
    const uint32_t at_once[3] = {37, 1, 16};
    for (int k = 0; k < 3; k++) {
        agent[k] = agent_of(&host, settings[_i], 37);
        w[k] = worlds_of(37, 1);
    }
    for (int s = 0; s < 20; s++) {
        for (int k = 0; k < 3; k++) {
            step_by(&host, agent[k], &w[k], at_once[k]);
            ck_assert_mem_eq(w[k].actions, w[0].actions, sizeof(w[0].actions));
            succeeds(&host, arq_agent_observe_many(agent[k], NULL, NULL, w[k].rewards, w[k].observations,
                                                   w[k].terminated, w[k].truncated, NULL));
        }
    }
    for (int k = 1; k < 3; k++) {
        ck_assert_uint_gt(updates_of(&host, agent[k]), 10);
        ck_assert_uint_eq(hash_network(&host, arq_agent_network(agent[k])),
                          hash_network(&host, arq_agent_network(agent[0])));
    }
    for (int k = 0; k < 3; k++) {
        arq_agent_destroy(agent[k]);
    }
    host_close(&host);
}
END_TEST

/* Observing in parts: T steps of each are stored whole before any row is full, so the last part alone learns. */
START_TEST(observing_in_parts_learns_the_same)
{
    struct host host;
    host_open(&host);
    /* T = 4; the first instance would fill its row before the others have stepped, so the rollout is longer. */
    const char *text = "network=arq widths=16,12 heads=2 experience=rollout rollout=20 batch=20 "
                       "epsilon_start=0.5 epsilon_end=0.5 seed=3";
    arq_agent *together = agent_of(&host, text, 5);
    arq_agent *apart = agent_of(&host, text, 5);
    worlds w = worlds_of(5, 1);
    for (int s = 0; s < 3; s++) {
        uint8_t begins[MOST_INSTANCES];
        int32_t actions[MOST_INSTANCES];
        memcpy(begins, w.ended, sizeof(begins));
        worlds_begin(&w, begins);
        succeeds(&host, arq_agent_begin_many(together, begins, w.observations));
        succeeds(&host, arq_agent_begin_many(apart, begins, w.observations));
        succeeds(&host, arq_agent_act_many(together, NULL, w.actions));
        succeeds(&host, arq_agent_act_many(apart, NULL, actions));
        ck_assert_mem_eq(actions, w.actions, 5 * sizeof(actions[0]));
        worlds_step(&w, NULL);
        succeeds(&host, arq_agent_observe_many(together, NULL, NULL, w.rewards, w.observations, w.terminated,
                                               w.truncated, NULL));
        for (uint32_t i = 5; i-- > 0;) {
            uint8_t mask[MOST_INSTANCES] = {0};
            mask[i] = 1;
            succeeds(&host, arq_agent_observe_many(apart, mask, NULL, w.rewards, w.observations, w.terminated,
                                                   w.truncated, NULL));
        }
    }
    const char *one = temporary_file("together");
    const char *other = temporary_file("apart");
    size_t size[2];
    succeeds(&host, arq_agent_save(together, one));
    succeeds(&host, arq_agent_save(apart, other));
    unsigned char *bytes[2] = {file_bytes(one, &size[0]), file_bytes(other, &size[1])};
    ck_assert_uint_eq(size[0], size[1]);
    ck_assert_mem_eq(bytes[0], bytes[1], size[0]);
    free(bytes[0]);
    free(bytes[1]);
    arq_agent_destroy(together);
    arq_agent_destroy(apart);
    host_close(&host);
}
END_TEST

/* ---- One instance, by the calls for one and for many ---- */

START_TEST(one_instance_by_either_calls)
{
    struct host host;
    host_open(&host);
    arq_config *config = configured(&host, settings[_i]);
    arq_agent *alone;
    succeeds(&host, arq_agent_create(host.context, config, ARQ_OBSERVATION_F32, SIZE, ACTIONS, &alone));
    arq_config_destroy(config);
    ck_assert_uint_eq(arq_agent_instances(alone), 1);
    arq_agent *many = agent_of(&host, settings[_i], 1);
    worlds w = worlds_of(1, 1);
    worlds same = w;
    play(&host, many, &w, 150);
    for (int s = 0; s < 150; s++) {
        if (same.ended[0]) {
            worlds_begin(&same, NULL);
            succeeds(&host, arq_agent_begin(alone, same.observations[0]));
        }
        succeeds(&host, arq_agent_act(alone, &same.actions[0]));
        worlds_step(&same, NULL);
        succeeds(&host, arq_agent_observe(alone, ARQ_ACTION_CHOSEN, same.rewards[0], same.observations[0],
                                          same.terminated[0], same.truncated[0], NULL));
    }
    ck_assert_mem_eq(same.observations, w.observations, sizeof(w.observations[0]));
    ck_assert_uint_gt(updates_of(&host, alone), 10);
    ck_assert_uint_eq(hash_network(&host, arq_agent_network(alone)), hash_network(&host, arq_agent_network(many)));
    arq_agent_destroy(alone);
    arq_agent_destroy(many);
    host_close(&host);
}
END_TEST

/* ---- Save and load ---- */

/* Goes on from files that were saved after each of many steps, in an agent that has been somewhere else. */
static void check_saves(struct host *host, const char *text, uint32_t instances)
{
    arq_agent *agent = agent_of(host, text, instances);
    worlds w = worlds_of(instances, 1);
    for (int s = 0; s < 13; s++) {
        const char *path = temporary_file("agent.safetensors");
        play(host, agent, &w, 3);
        succeeds(host, arq_agent_save(agent, path));
        arq_agent *loaded = agent_of(host, text, instances);
        worlds elsewhere = worlds_of(instances, 77);
        play(host, loaded, &elsewhere, 5 + s);
        succeeds(host, arq_agent_load(loaded, path));
        worlds here = w;
        worlds there = w;
        arq_agent *again = agent_of(host, text, instances); /* so that the first goes on from where it is */
        succeeds(host, arq_agent_load(again, path));
        ck_assert_uint_eq(play(host, again, &here, 25), play(host, loaded, &there, 25));
        ck_assert_uint_eq(hash_network(host, arq_agent_network(again)), hash_network(host, arq_agent_network(loaded)));
        arq_agent_destroy(again);
        arq_agent_destroy(loaded);
    }
    arq_agent_destroy(agent);
}

/* The agent that saved itself goes on as the one that loads. */
static void check_one_save(struct host *host, const char *text, uint32_t instances, int before)
{
    arq_agent *agent = agent_of(host, text, instances);
    arq_agent *loaded = agent_of(host, text, instances);
    worlds w = worlds_of(instances, 1);
    const char *path = temporary_file("agent.safetensors");
    play(host, agent, &w, before);
    succeeds(host, arq_agent_save(agent, path));
    succeeds(host, arq_agent_load(loaded, path));
    worlds same = w;
    ck_assert_uint_eq(play(host, agent, &w, 40), play(host, loaded, &same, 40));
    ck_assert_uint_eq(hash_network(host, arq_agent_network(agent)), hash_network(host, arq_agent_network(loaded)));
    ck_assert_uint_gt(updates_of(host, loaded), 4);
    ck_assert_uint_eq(updates_of(host, agent), updates_of(host, loaded));
    arq_agent_destroy(agent);
    arq_agent_destroy(loaded);
}

START_TEST(a_saved_agent_goes_on)
{
    struct host host;
    host_open(&host);
    check_saves(&host, settings[_i], 3);
    for (int before = 1; before < 24; before++) {
        check_one_save(&host, settings[_i], 1, before);
        check_one_save(&host, settings[_i], 3, before);
    }
    host_close(&host);
}
END_TEST

/* An action that was given before a learning is still the action after a save and a load. */
START_TEST(a_pending_action_outlives_a_learning_and_a_save)
{
    struct host host;
    host_open(&host);
    arq_agent *agent = agent_of(&host, settings[_i], 2);
    arq_agent *loaded = agent_of(&host, settings[_i], 2);
    worlds w = worlds_of(2, 1);
    w.world[0].endless = w.world[1].endless = 1;
    play(&host, agent, &w, 3);
    const uint8_t first[2] = {1, 0};
    const uint8_t second[2] = {0, 1};
    succeeds(&host, arq_agent_act_many(agent, NULL, w.actions));
    uint64_t before = updates_of(&host, agent);
    for (int s = 0; s < 20 && updates_of(&host, agent) == before; s++) {
        succeeds(&host, arq_agent_act_many(agent, first, w.actions));
        worlds_step(&w, first);
        succeeds(&host, arq_agent_observe_many(agent, first, NULL, w.rewards, w.observations, w.terminated, w.truncated,
                                               NULL));
    }
    ck_assert_uint_gt(updates_of(&host, agent), before);
    const char *path = temporary_file("pending.safetensors");
    succeeds(&host, arq_agent_save(agent, path));
    succeeds(&host, arq_agent_load(loaded, path));
    int32_t pending[2];
    succeeds(&host, arq_agent_act_many(loaded, second, pending));
    ck_assert_int_eq(pending[1], w.actions[1]);
    worlds_step(&w, second);
    succeeds(&host,
             arq_agent_observe_many(agent, second, NULL, w.rewards, w.observations, w.terminated, w.truncated, NULL));
    succeeds(&host,
             arq_agent_observe_many(loaded, second, NULL, w.rewards, w.observations, w.terminated, w.truncated, NULL));
    worlds same = w;
    ck_assert_uint_eq(play(&host, agent, &w, 40), play(&host, loaded, &same, 40));
    ck_assert_uint_eq(hash_network(&host, arq_agent_network(agent)), hash_network(&host, arq_agent_network(loaded)));
    arq_agent_destroy(agent);
    arq_agent_destroy(loaded);
    host_close(&host);
}
END_TEST

START_TEST(a_file_of_other_instances_is_refused)
{
    struct host host;
    host_open(&host);
    arq_agent *three = agent_of(&host, settings[0], 3);
    arq_agent *two = agent_of(&host, settings[0], 2);
    const char *path = temporary_file("three.safetensors");
    worlds w = worlds_of(3, 1);
    play(&host, three, &w, 9);
    succeeds(&host, arq_agent_save(three, path));
    refuses(&host, ARQ_E_SHAPE, "instances;3;2", arq_agent_load(two, path));
    arq_agent_destroy(three);
    arq_agent_destroy(two);
    host_close(&host);
}
END_TEST

int main(void)
{
    const TTest *const looped[] = {
        any_number_of_threads,
        every_tier,
        any_floating_point_mode,
        acting_in_parts_is_acting_at_once,
        one_instance_by_either_calls,
        a_saved_agent_goes_on,
        a_pending_action_outlives_a_learning_and_a_save,
    };
    Suite *suite = suite_create("same bits");
    TCase *cases = tcase_create("same bits");
    tcase_set_timeout(cases, 60);
    for (size_t i = 0; i < sizeof(looped) / sizeof(looped[0]); i++) {
        tcase_add_loop_test(cases, looped[i], 0, SETTINGS);
    }
    tcase_add_test(cases, observing_in_parts_learns_the_same);
    tcase_add_test(cases, a_file_of_other_instances_is_refused);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
