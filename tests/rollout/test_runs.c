/*
 * Runs over a batch: the same as the agent's calls, no episode is lost, an instance that fails stops no other; and
 * evaluations side by side.
 */
#include "../api/support.h"
#include "../api/worlds.h"
#include "../support/suite.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N 4u
#define SETTINGS                                                                                                       \
    "experience=rollout rollout=32 batch=8 widths=16,8 heads=2 learning_rate=0.01 epsilon_start=0.5 epsilon_end=0.2 "  \
    "seed=9 "

typedef struct corridors {
    struct corridor corridor[N];
    arq_env_batch *batch;
} corridors;

static void open_corridors(struct host *host, corridors *c, uint32_t count)
{
    arq_env *envs[N];
    memset(c, 0, sizeof(*c));
    for (uint32_t i = 0; i < count; i++) {
        succeeds(host, arq_env_create(host->context, &corridor_methods, &c->corridor[i], &envs[i]));
    }
    succeeds(host, arq_env_batch_create(envs, count, &c->batch));
}

static arq_run *run_of(struct host *host, const char *more, arq_env_batch *batch)
{
    char text[512];
    arq_run *run;
    snprintf(text, sizeof(text), SETTINGS "%s", more);
    arq_config *config = configured(host, text);
    succeeds(host, arq_run_create_batch(host->context, config, batch, &run));
    arq_config_destroy(config);
    return run;
}

static uint64_t number(struct host *host, const arq_run *run, const char *name)
{
    double value;
    succeeds(host, arq_run_metric(run, name, 0, &value));
    return (uint64_t)value;
}

/* What the program sees in its environments, to hold the run's account against. */
typedef struct seen {
    uint32_t instance;
    double episode_return;
    uint64_t length;
    uint64_t step;
    int32_t end;
} seen;

/* ---- A run is its agent's loop ---- */

/* The same instances, begun by hand with the seeds that a run gives them, and an agent of one's own. */
static uint64_t by_hand(struct host *host, int steps, const char *more, seen *ends, uint32_t *count)
{
    corridors c;
    open_corridors(host, &c, N);
    char text[512];
    snprintf(text, sizeof(text), SETTINGS "%s", more);
    arq_config *config = configured(host, text);
    arq_agent *agent;
    succeeds(host, arq_agent_create_many(host->context, config, ARQ_OBSERVATION_F32, CORRIDOR_LENGTH, 2, N, &agent));
    arq_config_destroy(config);
    uint64_t seeds[N];
    uint8_t begins[N];
    float observations[N][CORRIDOR_LENGTH];
    double rewards[N];
    int32_t actions[N];
    int32_t terminated[N];
    int32_t truncated[N];
    double sums[N] = {0};
    uint64_t lengths[N] = {0};
    for (uint32_t i = 0; i < N; i++) {
        seeds[i] = 9 + i;
        begins[i] = 1;
    }
    *count = 0;
    for (int s = 0; s < steps; s++) {
        succeeds(host, arq_env_batch_reset(c.batch, s == 0 ? seeds : NULL, begins, observations));
        succeeds(host, arq_agent_begin_many(agent, begins, observations));
        succeeds(host, arq_agent_act_many(agent, NULL, actions));
        succeeds(host, arq_env_batch_step(c.batch, actions, observations, rewards, terminated, truncated));
        succeeds(host, arq_agent_observe_many(agent, NULL, NULL, rewards, observations, terminated, truncated, NULL));
        for (uint32_t i = 0; i < N; i++) {
            sums[i] += rewards[i];
            lengths[i]++;
            begins[i] = (uint8_t)(terminated[i] || truncated[i]);
            if (begins[i]) {
                ends[(*count)++] = (seen){i, sums[i], lengths[i], (uint64_t)(s + 1) * N,
                                          terminated[i] ? ARQ_EPISODE_TERMINATED : ARQ_EPISODE_TRUNCATED};
                sums[i] = 0;
                lengths[i] = 0;
            }
        }
    }
    uint64_t hash = hash_network(host, arq_agent_network(agent));
    arq_agent_destroy(agent);
    arq_env_batch_destroy(c.batch);
    return hash;
}

static uint32_t read_episodes(struct host *host, const arq_run *run, seen *episodes)
{
    uint32_t count = 0;
    for (;; count++) {
        seen *e = &episodes[count];
        arq_status status =
            arq_run_episode(run, count, &e->instance, &e->episode_return, &e->length, &e->step, &e->end);
        if (status == ARQ_E_NOT_FOUND) {
            return count;
        }
        succeeds(host, status);
        succeeds(host, arq_run_episode(run, count, NULL, NULL, NULL, NULL, NULL));
    }
}

static const char *const kinds[] = {"network=arq", "network=ad minibatches_per_step=1", "network=arq recurrent=false"};

/* Slices of any size give the same run; every episode is told, in the order of their ends. */
START_TEST(a_run_is_its_agents_loop)
{
    static const uint64_t slices[] = {1, 7, 100, 2000};
    struct host host;
    host_open(&host);
    seen *by_agent = calloc(4000, sizeof(*by_agent));
    seen *by_run = calloc(4000, sizeof(*by_run));
    uint32_t count;
    uint64_t hash = by_hand(&host, 500, kinds[_i], by_agent, &count);
    ck_assert_uint_gt(count, 30);
    for (size_t k = 0; k < 4; k++) {
        corridors c;
        open_corridors(&host, &c, N);
        char text[128];
        snprintf(text, sizeof(text), "%s total_steps=1998", kinds[_i]); /* ceil(1998 / 4) = 500 steps of all */
        arq_run *run = run_of(&host, text, c.batch);
        ck_assert_uint_eq(arq_run_instances(run), N);
        uint32_t told = 0;
        uint64_t done = 1;
        uint64_t all = 0;
        while (done > 0) {
            succeeds(&host, arq_run_advance(run, slices[k], &done));
            ck_assert_uint_le(done, (slices[k] + N - 1) / N * N);
            ck_assert_uint_eq(done % N, 0);
            told += read_episodes(&host, run, by_run + told);
            all += done;
        }
        ck_assert_uint_eq(all, 2000);
        ck_assert_uint_eq(number(&host, run, "steps"), 2000);
        ck_assert_uint_eq(number(&host, run, "episodes"), count);
        ck_assert_uint_eq(told, count);
        for (uint32_t e = 0; e < count; e++) {
            const seen *a = &by_agent[e];
            const seen *r = &by_run[e];
            ck_assert_msg(a->instance == r->instance && a->episode_return == r->episode_return &&
                              a->length == r->length && a->step == r->step && a->end == r->end,
                          "episode %u: instance %u, %g in %llu steps at %llu, end %d; by hand %u, %g, %llu, %llu, %d",
                          e, r->instance, r->episode_return, (unsigned long long)r->length, (unsigned long long)r->step,
                          r->end, a->instance, a->episode_return, (unsigned long long)a->length,
                          (unsigned long long)a->step, a->end);
        }
        ck_assert_uint_eq(hash_network(&host, arq_agent_network(arq_run_agent(run))), hash);
        arq_run_destroy(run);
        arq_env_batch_destroy(c.batch);
    }
    free(by_agent);
    free(by_run);
    host_close(&host);
}
END_TEST

/* A run with one environment, with a batch of one, and the calls for one episode. */
START_TEST(one_environment_three_ways)
{
    struct host host;
    host_open(&host);
    char text[512];
    snprintf(text, sizeof(text), SETTINGS "%s total_steps=600", kinds[_i]);
    arq_config *config = configured(&host, text);
    struct corridor mine = {0};
    struct corridor lent = {0};
    arq_env *env;
    arq_run *run;
    uint64_t done = 1;
    succeeds(&host, arq_env_create(host.context, &corridor_methods, &lent, &env));
    succeeds(&host, arq_run_create(host.context, config, env, &run));
    while (done > 0) {
        succeeds(&host, arq_run_advance(run, 1000, &done));
    }
    uint64_t of_run = hash_network(&host, arq_agent_network(arq_run_agent(run)));
    ck_assert_uint_gt(number(&host, run, "updates"), 10);
    arq_run_destroy(run);
    arq_env_destroy(env);

    corridors c;
    open_corridors(&host, &c, 1);
    run = run_of(&host, text + strlen(SETTINGS), c.batch);
    for (done = 1; done > 0;) {
        succeeds(&host, arq_run_advance(run, 1000, &done));
    }
    uint64_t of_batch = hash_network(&host, arq_agent_network(arq_run_agent(run)));
    arq_run_destroy(run);
    arq_env_batch_destroy(c.batch);

    arq_agent *agent;
    float x[CORRIDOR_LENGTH];
    const uint64_t seed = 9;
    succeeds(&host, arq_env_create(host.context, &corridor_methods, &mine, &env));
    succeeds(&host, arq_agent_create(host.context, config, ARQ_OBSERVATION_F32, CORRIDOR_LENGTH, 2, &agent));
    int32_t terminated = 1;
    int32_t truncated = 0;
    for (int s = 0; s < 600; s++) {
        if (terminated || truncated) {
            succeeds(&host, arq_env_reset(env, s == 0 ? &seed : NULL, x));
            succeeds(&host, arq_agent_begin(agent, x));
        }
        int32_t action;
        double reward;
        succeeds(&host, arq_agent_act(agent, &action));
        succeeds(&host, arq_env_step(env, action, x, &reward, &terminated, &truncated));
        succeeds(&host, arq_agent_observe(agent, ARQ_ACTION_CHOSEN, reward, x, terminated, truncated, NULL));
    }
    ck_assert_uint_eq(hash_network(&host, arq_agent_network(agent)), of_run);
    ck_assert_uint_eq(of_batch, of_run);
    arq_agent_destroy(agent);
    arq_env_destroy(env);
    arq_config_destroy(config);
    host_close(&host);
}
END_TEST

/* ---- An instance that fails ---- */

START_TEST(an_instance_that_fails_stops_no_other)
{
    static const enum fault faults[] = {FAULT_CALLER_CODE, FAULT_REWARD_NAN, FAULT_OBSERVATION_NAN};
    struct host host;
    host_open(&host);
    corridors c;
    open_corridors(&host, &c, N);
    c.corridor[2].fault = faults[_i];
    c.corridor[2].fault_step = 18;
    arq_run *run = run_of(&host, "network=arq total_steps=2000", c.batch);
    seen *episodes = calloc(4000, sizeof(*episodes));
    uint64_t done;
    uint64_t steps = 0;
    arq_status status = ARQ_OK;
    char text[512] = "";
    uint32_t count = 0;
    uint64_t lengths = 0;
    while (status == ARQ_OK) {
        status = arq_run_advance(run, N, &done);
        steps += done;
        snprintf(text, sizeof(text), "%s", error_text(host.context));
        count += read_episodes(&host, run, episodes + count);
        ck_assert_uint_lt(steps, 200);
    }
    ck_assert_msg(strstr(text, "instance 2") != NULL, "%s", text);
    ck_assert_uint_eq(steps, 17 * N + N - 1); /* the others' steps count */
    ck_assert_uint_eq(done, N - 1);
    ck_assert_uint_eq(number(&host, run, "steps"), steps);
    double stored;
    succeeds(&host, arq_run_metric(run, "rollout_size", 0, &stored));
    ck_assert_uint_eq((uint64_t)stored, steps % 32);
    uint32_t failed = 0;
    for (uint32_t e = 0; e < count; e++) {
        failed += episodes[e].end == ARQ_EPISODE_FAILED;
        ck_assert(episodes[e].end != ARQ_EPISODE_FAILED || episodes[e].instance == 2);
        lengths += episodes[e].instance == 2 ? episodes[e].length : 0;
    }
    ck_assert_uint_eq(failed, 1);
    ck_assert_uint_eq(lengths, 17); /* what it did before it failed */
    /* The run goes on, with a new episode there. */
    for (int k = 0; k < 40; k++) {
        succeeds(&host, arq_run_advance(run, N, &done));
        ck_assert_uint_eq(done, N);
    }
    ck_assert_uint_gt(number(&host, run, "updates"), 10);
    ck_assert_uint_gt(c.corridor[2].all_steps, 50);
    free(episodes);
    arq_run_destroy(run);
    arq_env_batch_destroy(c.batch);
    host_close(&host);
}
END_TEST

/* ---- Evaluation side by side ---- */

static arq_network *network_of(struct host *host, const char *settings)
{
    arq_network *network;
    arq_config *config = configured(host, settings);
    succeeds(host, arq_network_create(host->context, config, ARQ_OBSERVATION_F32, CORRIDOR_LENGTH, 2, &network));
    arq_config_destroy(config);
    return network;
}

/* With epsilon 0 there is nothing drawn: instance i plays what one environment plays with seed + i. */
START_TEST(side_by_side_is_one_by_one)
{
    static const char *const networks[] = {"network=arq widths=16,8 heads=2",
                                           "network=ad widths=16,8 heads=2 quantiles=3", "network=dqn widths=16"};
    struct host host;
    host_open(&host);
    arq_network *network = network_of(&host, networks[_i]);
    corridors c;
    open_corridors(&host, &c, N);
    double returns[3 * N];
    uint64_t lengths[3 * N];
    succeeds(&host, arq_evaluate_batch(host.context, network, c.batch, 40, 0, 3 * N, 0, NULL, returns, lengths));
    for (uint32_t i = 0; i < N; i++) {
        struct corridor corridor = {0};
        arq_env *env;
        double alone[3];
        uint64_t alone_lengths[3];
        succeeds(&host, arq_env_create(host.context, &corridor_methods, &corridor, &env));
        succeeds(&host, arq_evaluate(host.context, network, env, 40 + i, 0, 3, 0, NULL, alone, alone_lengths));
        for (uint32_t k = 0; k < 3; k++) {
            ck_assert_msg(returns[k * N + i] == alone[k] && lengths[k * N + i] == alone_lengths[k],
                          "episode %u of instance %u: %g in %llu, alone %g in %llu", k, i, returns[k * N + i],
                          (unsigned long long)lengths[k * N + i], alone[k], (unsigned long long)alone_lengths[k]);
        }
        arq_env_destroy(env);
    }
    arq_env_batch_destroy(c.batch);
    arq_network_destroy(network);
    host_close(&host);
}
END_TEST

START_TEST(a_batch_of_one_evaluates_as_one)
{
    struct host host;
    host_open(&host);
    arq_network *network = network_of(&host, "network=arq widths=16,8 heads=2");
    const arq_network *players[] = {network, NULL};
    for (int p = 0; p < 2; p++) {
        corridors c;
        struct corridor corridor = {0};
        arq_env *env;
        double returns[2][6];
        uint64_t lengths[2][6];
        open_corridors(&host, &c, 1);
        succeeds(&host, arq_env_create(host.context, &corridor_methods, &corridor, &env));
        succeeds(&host,
                 arq_evaluate_batch(host.context, players[p], c.batch, 5, 0.4, 6, 11, NULL, returns[0], lengths[0]));
        succeeds(&host, arq_evaluate(host.context, players[p], env, 5, 0.4, 6, 11, NULL, returns[1], lengths[1]));
        ck_assert_mem_eq(returns[0], returns[1], sizeof(returns[0]));
        ck_assert_mem_eq(lengths[0], lengths[1], sizeof(lengths[0]));
        arq_env_destroy(env);
        arq_env_batch_destroy(c.batch);
    }
    corridors c;
    open_corridors(&host, &c, N);
    double returns[N + 1];
    refuses(&host, ARQ_E_ARGUMENT, "episodes;5;4",
            arq_evaluate_batch(host.context, network, c.batch, 5, 0, N + 1, 0, NULL, returns, NULL));
    arq_env_batch_destroy(c.batch);
    arq_network_destroy(network);
    host_close(&host);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("runs");
    TCase *cases = tcase_create("runs");
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, a_run_is_its_agents_loop, 0, sizeof(kinds) / sizeof(kinds[0]));
    tcase_add_loop_test(cases, one_environment_three_ways, 0, sizeof(kinds) / sizeof(kinds[0]));
    tcase_add_loop_test(cases, an_instance_that_fails_stops_no_other, 0, 3);
    tcase_add_loop_test(cases, side_by_side_is_one_by_one, 0, 3);
    tcase_add_test(cases, a_batch_of_one_evaluates_as_one);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
