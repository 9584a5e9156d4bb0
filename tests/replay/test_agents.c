/*
 * Agents that learn from a replay of several instances: against a loop of the test's own, in the same bits by either
 * set of calls, for any number of threads, and after a save and a load. What a replay of several instances holds and
 * draws is test_instances.c's.
 */
#include "../rollout/world.h"

#include "io/safetensors.h"
#include "nn/kind.h"
#include "nn/learner.h"
#include "nn/network.h"
#include "replay/replay.h"
#include "../support/suite.h"

#include <stdlib.h>
#include <string.h>

#define LEARNS                                                                                                         \
    " batch=16 learning_starts=30 train_period=4 target_period=10 replay_capacity=90 epsilon_start=0.6 "               \
    "epsilon_end=0.1 exploration_steps=200 learning_rate=0.01 seed=3 "
#define BATCH 16u
#define STARTS 30u
#define TRAIN_PERIOD 4u
#define TARGET_PERIOD 10u
#define CAPACITY 90u
#define RATE_STEPS 300

static const char *const settings[] = {
    "network=arq widths=16,12 heads=2 context_size=3" LEARNS,
    "network=arq widths=16 heads=2 context_size=2 learning_rate_end=0.001 learning_rate_steps=300" LEARNS,
    "network=ad widths=16,12 heads=2 quantiles=3 context_size=3" LEARNS,
    "network=dqn widths=16,12" LEARNS,
    "network=ff-dqn widths=16,12 ff_update_probability=0.5" LEARNS,
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

static double metric_of(struct host *host, const arq_agent *agent, const char *name)
{
    double value;
    succeeds(host, arq_agent_metric(agent, name, 0, &value));
    return value;
}

/* ---- Against a loop of the test's own ---- */

typedef struct naive {
    arq_network *network;
    arq_learner *learner;
    arq_replay *replay;
    int falls; /* the rate, from 0.01 to 0.001 */
    int due;
    uint64_t steps;
    uint64_t updates;
    float observations[BATCH * 8 * SIZE];
    int32_t lengths[BATCH];
    int32_t actions[BATCH];
    float rewards[BATCH];
    uint8_t terminated[BATCH];
} naive;

static naive naive_of(struct host *host, const char *text, uint32_t instances)
{
    naive n = {.falls = strstr(text, "learning_rate_steps") != NULL};
    arq_config *config = configured(host, text);
    succeeds(host, arq_network_create(host->context, config, ARQ_OBSERVATION_F32, SIZE, ACTIONS, &n.network));
    succeeds(host, arq_learner_create(n.network, config, &n.learner));
    succeeds(host, arq_replay_make(host->context, ARQ_OBSERVATION_F32, SIZE, CAPACITY, arq_learner_window(n.learner), 3,
                                   instances, &n.replay));
    ck_assert_uint_le(arq_learner_window(n.learner), 7);
    arq_config_destroy(config);
    return n;
}

static void naive_end(naive *n)
{
    arq_replay_destroy(n->replay);
    arq_learner_destroy(n->learner);
    arq_network_destroy(n->network);
}

/* The papers' rule after step t. */
static void follow(struct host *host, naive *n, uint64_t t)
{
    n->due |= t > STARTS && t % TRAIN_PERIOD == 0;
    if (n->due && arq_replay_eligible(n->replay) >= BATCH) {
        double share = (double)(t + 1) / RATE_STEPS;
        double rate = 0.01 + (0.001 - 0.01) * share;
        arq_learner_set_rate(n->learner, !n->falls ? 0.01 : share >= 1 ? 0.001 : rate);
        succeeds(host, arq_replay_sample(n->replay, BATCH, n->network->shape.methods->distinct_samples, n->observations,
                                         n->lengths, n->actions, n->rewards, n->terminated));
        succeeds(host, arq_learner_update(n->learner, BATCH, n->observations, n->lengths, n->actions, n->rewards,
                                          n->terminated));
        n->due = 0;
        n->updates++;
    }
    if (t > STARTS && t % TARGET_PERIOD == 0) {
        succeeds(host, arq_learner_sync(n->learner));
    }
}

/* What has just happened in the instances of the mask. */
static void naive_step(struct host *host, naive *n, const worlds *w, const uint8_t *mask)
{
    uint64_t first = n->steps;
    for (uint32_t i = 0; i < w->count; i++) {
        if (mask[i]) {
            succeeds(host, arq_replay_store(n->replay, i, w->actions[i], (float)w->rewards[i], w->observations[i],
                                            w->terminated[i], !w->terminated[i] && w->truncated[i]));
            n->steps++;
        }
    }
    for (uint64_t t = first; t < n->steps; t++) {
        follow(host, n, t);
    }
}

static void naive_begin(struct host *host, naive *n, const worlds *w, const uint8_t *mask)
{
    for (uint32_t i = 0; i < w->count; i++) {
        if (mask[i]) {
            succeeds(host, arq_replay_open_episode(n->replay, i, w->observations[i]));
        }
    }
}

/* Instances pause, end and are cut short when they like. */
static void check_naive(const char *text, uint32_t instances, int all_step)
{
    struct host host;
    host_open(&host);
    arq_agent *agent = agent_of(&host, text, instances);
    naive n = naive_of(&host, text, instances);
    worlds w = worlds_of(instances, 1);
    uint64_t random = 12345;
    for (int s = 0; s < 150; s++) {
        uint8_t mask[MOST_INSTANCES];
        uint8_t begins[MOST_INSTANCES];
        uint32_t stepped = 0;
        for (uint32_t i = 0; i < instances; i++) {
            mask[i] = all_step || next_random(&random) >> 62 != 0;
            stepped += mask[i];
            begins[i] = mask[i] && (w.ended[i] || next_random(&random) >> 59 == 0);
        }
        worlds_begin(&w, begins);
        naive_begin(&host, &n, &w, begins);
        succeeds(&host, arq_agent_begin_many(agent, begins, w.observations));
        succeeds(&host, arq_agent_act_many(agent, mask, w.actions));
        worlds_step(&w, mask);
        uint64_t updates = n.updates;
        naive_step(&host, &n, &w, mask);
        uint32_t events;
        succeeds(&host, arq_agent_observe_many(agent, mask, NULL, w.rewards, w.observations, w.terminated, w.truncated,
                                               &events));
        ck_assert_msg(((events & ARQ_EVENT_UPDATED) != 0) == (n.updates > updates), "step %d of %u instances", s,
                      stepped);
        ck_assert_uint_eq(hash_network(&host, arq_agent_network(agent)), hash_network(&host, n.network));
    }
    ck_assert_uint_gt(n.updates, 15);
    ck_assert_double_eq(metric_of(&host, agent, "updates"), (double)n.updates);
    ck_assert_double_eq(metric_of(&host, agent, "steps"), (double)n.steps);
    ck_assert_double_eq(metric_of(&host, agent, "replay_size"), CAPACITY);
    naive_end(&n);
    arq_agent_destroy(agent);
    host_close(&host);
}

START_TEST(three_instances_learn_as_a_naive_loop)
{
    check_naive(settings[_i], 3, 1);
}
END_TEST

START_TEST(instances_do_as_they_like)
{
    check_naive(settings[_i], 5, 0);
}
END_TEST

/* ---- The same bits ---- */

START_TEST(one_instance_by_either_calls)
{
    struct host host;
    host_open(&host);
    arq_config *config = configured(&host, settings[_i]);
    arq_agent *alone;
    succeeds(&host, arq_agent_create(host.context, config, ARQ_OBSERVATION_F32, SIZE, ACTIONS, &alone));
    arq_config_destroy(config);
    arq_agent *many = agent_of(&host, settings[_i], 1);
    worlds w = worlds_of(1, 1);
    worlds same = w;
    play(&host, many, &w, 200);
    for (int s = 0; s < 200; s++) {
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
    const char *const paths[] = {temporary_file("one"), temporary_file("many")};
    succeeds(&host, arq_agent_save(alone, paths[0]));
    succeeds(&host, arq_agent_save(many, paths[1]));
    size_t sizes[2];
    unsigned char *bytes[2] = {file_bytes(paths[0], &sizes[0]), file_bytes(paths[1], &sizes[1])};
    ck_assert_uint_gt((uint64_t)metric_of(&host, alone, "updates"), 15);
    ck_assert_uint_eq(sizes[0], sizes[1]);
    ck_assert_mem_eq(bytes[0], bytes[1], sizes[0]);
    free(bytes[0]);
    free(bytes[1]);
    arq_agent_destroy(alone);
    arq_agent_destroy(many);
    host_close(&host);
}
END_TEST

static uint64_t life(const char *text, uint32_t threads)
{
    struct host host;
    host_open(&host);
    succeeds(&host, arq_context_set_threads(host.context, threads));
    arq_agent *agent = agent_of(&host, text, 3);
    worlds w = worlds_of(3, 1);
    uint64_t hash = play(&host, agent, &w, 100);
    uint64_t weights = hash_network(&host, arq_agent_network(agent));
    arq_agent_destroy(agent);
    host_close(&host);
    return hash_bytes(hash, &weights, sizeof(weights));
}

START_TEST(any_number_of_threads)
{
    static const uint32_t threads[] = {2, 3, 7};
    uint64_t expected = life(settings[_i], 1);
    for (size_t t = 0; t < sizeof(threads) / sizeof(threads[0]); t++) {
        ck_assert_uint_eq(life(settings[_i], threads[t]), expected);
    }
}
END_TEST

START_TEST(a_saved_agent_goes_on)
{
    struct host host;
    host_open(&host);
    const char *path = temporary_file("agent");
    for (int before = 1; before < 80; before += 13) {
        arq_agent *agent = agent_of(&host, settings[_i], 3);
        arq_agent *loaded = agent_of(&host, settings[_i], 3);
        worlds w = worlds_of(3, 1);
        worlds elsewhere = worlds_of(3, 77);
        play(&host, agent, &w, before);
        play(&host, loaded, &elsewhere, 40);
        if (before % 2 == 0) { /* in the middle of a step: the actions that were given stand */
            uint8_t begins[MOST_INSTANCES];
            memcpy(begins, w.ended, sizeof(begins));
            worlds_begin(&w, begins);
            succeeds(&host, arq_agent_begin_many(agent, begins, w.observations));
            succeeds(&host, arq_agent_act_many(agent, NULL, w.actions));
        }
        succeeds(&host, arq_agent_save(agent, path));
        succeeds(&host, arq_agent_load(loaded, path));
        worlds same = w;
        ck_assert_uint_eq(play(&host, agent, &w, 60), play(&host, loaded, &same, 60));
        ck_assert_uint_eq(hash_network(&host, arq_agent_network(agent)),
                          hash_network(&host, arq_agent_network(loaded)));
        ck_assert_uint_gt((uint64_t)metric_of(&host, loaded, "updates"), 10);
        arq_agent_destroy(agent);
        arq_agent_destroy(loaded);
    }
    host_close(&host);
}
END_TEST

START_TEST(a_file_of_other_instances_is_refused)
{
    struct host host;
    host_open(&host);
    arq_agent *three = agent_of(&host, settings[0], 3);
    arq_agent *one = agent_of(&host, settings[0], 1);
    const char *path = temporary_file("three");
    worlds w = worlds_of(3, 1);
    play(&host, three, &w, 9);
    succeeds(&host, arq_agent_save(three, path));
    refuses(&host, ARQ_E_SHAPE, "instances;3;1", arq_agent_load(one, path));
    succeeds(&host, arq_agent_save(one, path));
    refuses(&host, ARQ_E_SHAPE, "instances;1;3", arq_agent_load(three, path));
    arq_agent_destroy(three);
    arq_agent_destroy(one);
    host_close(&host);
}
END_TEST

/* Copies an agent's file with one byte of a tensor turned over. */
static void lie(struct host *host, const char *from, const char *to, const char *tensor_name, size_t offset)
{
    arq_reader *reader;
    arq_writer *writer;
    const char *key;
    const char *value;
    const arq_tensor *tensor;
    unsigned char changed[64];
    succeeds(host, arq_reader_open(host->context, from, &reader));
    succeeds(host, arq_writer_create(host->context, &writer));
    for (size_t i = 0; arq_reader_text_at(reader, i, &key, &value); i++) {
        succeeds(host, arq_writer_text(writer, key, value));
    }
    for (size_t i = 0; (tensor = arq_reader_at(reader, i, &key)) != NULL; i++) {
        const void *data = tensor->data;
        if (strcmp(key, tensor_name) == 0) {
            ck_assert_uint_le(tensor->bytes, sizeof(changed));
            ck_assert_uint_lt(offset, tensor->bytes);
            memcpy(changed, data, tensor->bytes);
            changed[offset] ^= 1;
            data = changed;
        }
        succeeds(host, arq_writer_tensor(writer, key, tensor->dtype, tensor->rank, tensor->shape, data));
    }
    succeeds(host, arq_writer_commit(writer, to));
    arq_writer_destroy(writer);
    arq_reader_close(reader);
}

START_TEST(agent_and_replay_say_alike_which_episodes_are_open)
{
    struct host host;
    host_open(&host);
    arq_agent *agent = agent_of(&host, settings[0], 3);
    const char *path = temporary_file("good");
    const char *bad = temporary_file("bad");
    worlds w = worlds_of(3, 1);
    play(&host, agent, &w, 20);
    const uint8_t last[3] = {0, 0, 1};
    succeeds(&host, arq_agent_begin_many(agent, last, w.observations));
    succeeds(&host, arq_agent_save(agent, path));
    uint64_t weights = hash_network(&host, arq_agent_network(agent));
    lie(&host, path, bad, "agent.state", 2);
    refuses(&host, ARQ_E_FORMAT, "an episode is open by;agent.state", arq_agent_load(agent, bad));
    ck_assert_uint_eq(hash_network(&host, arq_agent_network(agent)), weights);
    succeeds(&host, arq_agent_load(agent, path));
    arq_agent_destroy(agent);
    host_close(&host);
}
END_TEST

/* ---- Without memory ---- */

/* Every allocation of a life fails once. What failed is tried again, as if it had not been tried. */
static uint64_t life_with_failure(size_t fail_at, uint64_t *failures)
{
    struct host host;
    host_open(&host);
    arq_agent *agent = agent_of(&host, settings[0], 5);
    worlds w = worlds_of(5, 1);
    atomic_store(&host.memory.fail_at, fail_at);
    for (int s = 0; s < 90; s++) {
        uint8_t begins[MOST_INSTANCES];
        memcpy(begins, w.ended, sizeof(begins));
        worlds_begin(&w, begins);
        arq_status status = arq_agent_begin_many(agent, begins, w.observations);
        if (status == ARQ_E_NOMEM) {
            ++*failures;
            status = arq_agent_begin_many(agent, begins, w.observations);
        }
        succeeds(&host, status);
        succeeds(&host, arq_agent_act_many(agent, NULL, w.actions));
        worlds_step(&w, NULL);
        double size = metric_of(&host, agent, "replay_size");
        status = arq_agent_observe_many(agent, NULL, NULL, w.rewards, w.observations, w.terminated, w.truncated, NULL);
        if (status == ARQ_E_NOMEM) {
            ++*failures;
            ck_assert_double_eq(metric_of(&host, agent, "replay_size"), size);
            status =
                arq_agent_observe_many(agent, NULL, NULL, w.rewards, w.observations, w.terminated, w.truncated, NULL);
        }
        succeeds(&host, status);
    }
    uint64_t hash = hash_network(&host, arq_agent_network(agent));
    arq_agent_destroy(agent);
    host_close(&host);
    return hash;
}

START_TEST(without_memory_a_step_of_all_changes_nothing)
{
    uint64_t failures = 0;
    uint64_t expected = life_with_failure(0, &failures);
    ck_assert_uint_eq(failures, 0);
    uint64_t before = UINT64_MAX;
    for (size_t fail_at = 1; failures != before; fail_at++) {
        before = failures;
        ck_assert_uint_eq(life_with_failure(fail_at, &failures), expected);
    }
    ck_assert_uint_ge(failures, 8);
}
END_TEST

int main(void)
{
    const TTest *const looped[] = {
        three_instances_learn_as_a_naive_loop,
        instances_do_as_they_like,
        one_instance_by_either_calls,
        any_number_of_threads,
        a_saved_agent_goes_on,
    };
    Suite *suite = suite_create("agents with a replay of several instances");
    TCase *cases = tcase_create("agents");
    tcase_set_timeout(cases, 120);
    for (size_t i = 0; i < sizeof(looped) / sizeof(looped[0]); i++) {
        tcase_add_loop_test(cases, looped[i], 0, SETTINGS);
    }
    tcase_add_test(cases, a_file_of_other_instances_is_refused);
    tcase_add_test(cases, agent_and_replay_say_alike_which_episodes_are_open);
    tcase_add_test(cases, without_memory_a_step_of_all_changes_nothing);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
