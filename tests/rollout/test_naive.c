/* The agent against a naive one: the same actions and the same weights, bit for bit. */
#include "naive.h"
#include "../support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const networks[] = {
    "network=arq widths=16 heads=2 recurrent=false top_down=false learning_rate=0.01",
    "network=arq widths=16 heads=2 recurrent=false top_down=false learning_rate=0.01 action_input=output goodness=mean",
    "network=arq widths=16,8 heads=2 recurrent=false top_down=false learning_rate=0.01 q_from=last loss=huber",
    "network=arq widths=12,8,8 heads=2 recurrent=false top_down=false input_skip=true learning_rate=0.003 q_cells=2",
    "network=ad widths=16 heads=2 recurrent=false top_down=false learning_rate=0.01 clip=0.1",
    "network=ad widths=12,8 heads=2 recurrent=false top_down=false learning_rate=0.01",
    "network=dqn widths=16,12 learning_rate=0.01",
    "network=dqn widths=16,12 layer_norm=true learning_rate=0.01 loss=huber",
    "network=ff-dqn widths=16,12 learning_rate=0.01 head_learning_rate=0.02 ff_update_probability=0.5",
};
#define NETWORKS ((int)(sizeof(networks) / sizeof(networks[0])))

static int is_dense(int network)
{
    return strstr(networks[network], "dqn") != NULL;
}

static naive *make(struct host *host, int network, naive settings)
{
    naive *n = malloc(sizeof(*n));
    memset(n, 0, sizeof(*n));
    *n = settings;
    n->dense = is_dense(network);
    n->gamma = 0.9;
    n->epsilon_start = 0.8;
    n->epsilon_end = 0.25;
    n->exploration_steps = 200;
    naive_create(n, host, networks[network]);
    return n;
}

static void compare_actions(const naive *n, const worlds *w, const uint8_t *mask, const int32_t *theirs)
{
    for (uint32_t i = 0; i < w->count; i++) {
        if (mask == NULL || mask[i]) {
            ck_assert_msg(w->actions[i] == theirs[i], "instance %u, step %llu: action %d, naively %d", i,
                          (unsigned long long)n->steps, w->actions[i], theirs[i]);
        }
    }
}

static void begin_both(naive *n, arq_agent *agent, worlds *w, const uint8_t *mask)
{
    worlds_begin(w, mask);
    naive_begin(n, mask, w->observations);
    succeeds(n->host, arq_agent_begin_many(agent, mask, w->observations));
}

static void act_both(naive *n, arq_agent *agent, worlds *w, const uint8_t *mask)
{
    int32_t theirs[MOST_INSTANCES];
    naive_act(n, mask, theirs);
    succeeds(n->host, arq_agent_act_many(agent, mask, w->actions));
    compare_actions(n, w, mask, theirs);
}

static void observe_both(naive *n, arq_agent *agent, worlds *w, const uint8_t *mask)
{
    worlds_step(w, mask);
    naive_observe(n, mask, w);
    succeeds(n->host,
             arq_agent_observe_many(agent, mask, NULL, w->rewards, w->observations, w->terminated, w->truncated, NULL));
}

/* All instances step together. */
static void live_together(naive *n, arq_agent *agent, int steps)
{
    worlds w = worlds_of(n->instances, n->seed);
    for (int s = 0; s < steps; s++) {
        uint8_t begins[MOST_INSTANCES];
        memcpy(begins, w.ended, sizeof(begins));
        begin_both(n, agent, &w, begins);
        act_both(n, agent, &w, NULL);
        observe_both(n, agent, &w, NULL);
        if (s % 16 == 15) {
            naive_compare(n, agent);
        }
    }
    naive_compare(n, agent);
    ck_assert_uint_gt(n->minibatches_made, 0);
}

static void check_together(int network, naive settings, int steps)
{
    struct host host;
    host_open(&host);
    naive *n = make(&host, network, settings);
    arq_agent *agent = naive_twin(n);
    live_together(n, agent, steps);
    arq_agent_destroy(agent);
    naive_destroy(n);
    free(n);
    host_close(&host);
}

/* 32 transitions in minibatches of 11, 11 and 10. */
START_TEST(one_instance_and_one_epoch)
{
    check_together(_i, (naive){.instances = 1, .rollout = 32, .epochs = 1, .batch = 12, .lambda = 0.65, .seed = 3},
                   140);
}
END_TEST

/* ceil(40 / 3) = 14 steps of three: 42 transitions in 9, 9, 8, 8 and 8. */
START_TEST(three_instances_and_two_epochs)
{
    check_together(_i, (naive){.instances = 3, .rollout = 40, .epochs = 2, .batch = 9, .lambda = 0.9, .seed = 4}, 75);
}
END_TEST

START_TEST(one_step_of_every_instance_is_a_rollout)
{
    check_together(_i, (naive){.instances = 3, .rollout = 3, .epochs = 1, .batch = 2, .lambda = 0.5, .seed = 5}, 40);
}
END_TEST

START_TEST(the_rate_falls)
{
    check_together(_i,
                   (naive){.instances = 2,
                           .rollout = 16,
                           .epochs = 1,
                           .batch = 16,
                           .lambda = 0.65,
                           .seed = 6,
                           .rate = 0.02,
                           .rate_end = 0.001,
                           .rate_steps = 100},
                   80);
}
END_TEST

/* The next rollout fills while this one is learned; the rest is learned at once where one a step is too slow. */
START_TEST(learning_in_pieces)
{
    check_together(_i,
                   (naive){.instances = 3,
                           .rollout = 24,
                           .epochs = 2,
                           .batch = 8,
                           .lambda = 0.65,
                           .seed = 7,
                           .per_step = _i % 2 == 0 ? 1 : 4},
                   75);
    check_together(
        _i, (naive){.instances = 1, .rollout = 8, .epochs = 3, .batch = 2, .lambda = 0.65, .seed = 8, .per_step = 1},
        60);
}
END_TEST

/* ---- Instances that do as they like ---- */

/* Any instance may begin anew, act, wait with its action, or pause, at any time. */
static void live_apart(naive *n, arq_agent *agent, int calls, uint64_t random)
{
    worlds w = worlds_of(n->instances, n->seed);
    int restarts = 0;
    int waits = 0;
    for (int c = 0; c < calls; c++) {
        uint8_t begins[MOST_INSTANCES] = {0};
        uint8_t acts[MOST_INSTANCES] = {0};
        uint8_t observes[MOST_INSTANCES] = {0};
        uint64_t choice = next_random(&random);
        for (uint32_t i = 0; i < n->instances; i++, choice >>= 8) {
            int restart = !w.ended[i] && choice % 32 == 0;
            begins[i] = (w.ended[i] && choice % 4 != 1) || restart;
            restarts += restart && n->rows[n->filling][i].count > 0;
        }
        begin_both(n, agent, &w, begins);
        choice = next_random(&random);
        for (uint32_t i = 0; i < n->instances; i++, choice >>= 8) {
            acts[i] = n->episode[i].open && choice % 4 != 0;
        }
        act_both(n, agent, &w, acts);
        choice = next_random(&random);
        uint64_t before = n->minibatches_made;
        for (uint32_t i = 0; i < n->instances; i++, choice >>= 8) {
            observes[i] = n->episode[i].acted && choice % 4 != 0;
        }
        observe_both(n, agent, &w, observes);
        for (uint32_t i = 0; i < n->instances; i++) {
            waits += n->minibatches_made > before && n->episode[i].acted;
        }
        if (c % 16 == 15) {
            naive_compare(n, agent);
        }
    }
    naive_compare(n, agent);
    ck_assert_uint_gt(n->minibatches_made, 0);
    ck_assert_int_gt(restarts, 0);
    ck_assert_int_gt(waits, 0);
}

static void check_apart(int network, naive settings, int calls)
{
    struct host host;
    host_open(&host);
    naive *n = make(&host, network, settings);
    arq_agent *agent = naive_twin(n);
    live_apart(n, agent, calls, 99 + (uint64_t)network);
    arq_agent_destroy(agent);
    naive_destroy(n);
    free(n);
    host_close(&host);
}

START_TEST(instances_do_as_they_like)
{
    check_apart(_i, (naive){.instances = 4, .rollout = 32, .epochs = 2, .batch = 7, .lambda = 0.65, .seed = 9}, 200);
}
END_TEST

START_TEST(instances_do_as_they_like_while_it_learns_in_pieces)
{
    check_apart(
        _i, (naive){.instances = 4, .rollout = 32, .epochs = 2, .batch = 7, .lambda = 0.65, .seed = 10, .per_step = 1},
        200);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        one_instance_and_one_epoch,
        three_instances_and_two_epochs,
        one_step_of_every_instance_is_a_rollout,
        the_rate_falls,
        learning_in_pieces,
        instances_do_as_they_like,
        instances_do_as_they_like_while_it_learns_in_pieces,
    };
    Suite *suite = suite_create("naive");
    TCase *cases = tcase_create("naive");
    tcase_set_timeout(cases, 60);
    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        tcase_add_loop_test(cases, tests[i], 0, NETWORKS);
    }
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
