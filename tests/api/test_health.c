/* What cells say about their health, and inputs at which the papers' code has NaN. */
#include "life.h"
#include "../support/suite.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH 6u
#define WINDOW_MAX 4u

/* The same value in every place of a tensor. */
static void fill_tensor(struct host *host, arq_network *network, const char *name, float value)
{
    const char *found;
    uint32_t rows, columns;

    for (uint32_t index = 0; arq_network_tensor(network, index, &found, &rows, &columns) == ARQ_OK; index++)
        if (strcmp(found, name) == 0) {
            size_t count = (size_t)rows * (columns != 0 ? columns : 1);
            float *values = malloc(count * sizeof *values);
            for (size_t i = 0; i < count; i++)
                values[i] = value;
            succeeds(host, arq_network_write(network, name, values, count));
            free(values);
            return;
        }
    ck_abort_msg("there is no tensor %s", name);
}

/* ---- Collapse ---- */

/* h of cell 1 becomes constant and stays so, as nothing moves without a rate. */
#define COLLAPSING SMALL "batch=6 learning_rate=0 train_period=1 "

static void flatten(struct host *host, arq_network *network)
{
    fill_tensor(host, network, "cell1.layer_norm.scale", 0);
    fill_tensor(host, network, "cell1.layer_norm.bias", 0);
}

struct lesson {
    float observations[BATCH * (WINDOW_MAX + 1) * INPUTS];
    int32_t actions[BATCH];
    float rewards[BATCH];
    uint8_t terminated[BATCH];
};

static arq_status teach(arq_learner *learner, const struct lesson *lesson)
{
    return arq_learner_update(learner, BATCH, lesson->observations, NULL, lesson->actions, lesson->rewards,
                              lesson->terminated);
}

static struct lesson random_lesson(uint64_t seed)
{
    struct lesson lesson = {.observations = {0}};

    for (size_t i = 0; i < sizeof lesson.observations / sizeof *lesson.observations; i++)
        lesson.observations[i] = (float)(next_random(&seed) >> 56) / 256;
    for (uint32_t row = 0; row < BATCH; row++) {
        lesson.actions[row] = (int32_t)(row % ACTIONS);
        lesson.rewards[row] = (float)row / BATCH;
        lesson.terminated[row] = row % 2;
    }
    return lesson;
}

START_TEST(a_learner_warns_of_a_collapse_once)
{
    struct host host;
    host_open(&host);
    arq_config *config = configured(&host, COLLAPSING);
    arq_network *network;
    arq_learner *learner;
    struct lesson lesson = random_lesson(1);
    double collapsed;

    succeeds(&host, arq_network_create(host.context, config, ARQ_OBSERVATION_F32, INPUTS, ACTIONS, &network));
    succeeds(&host, arq_learner_create(network, config, &learner));
    succeeds(&host, teach(learner, &lesson));
    flatten(&host, network);
    for (int update = 2; update <= 100; update++)
        succeeds(&host, teach(learner, &lesson));
    ck_assert_int_eq(atomic_load(&host.log_lines), 0);
    succeeds(&host, arq_learner_metric(learner, "collapsed", 1, &collapsed));
    ck_assert(collapsed == 0);
    succeeds(&host, teach(learner, &lesson));
    ck_assert_int_eq(atomic_load(&host.log_lines), 1);
    ck_assert_int_eq(host.log_text[0], '0' + ARQ_LOG_WARNING);
    ck_assert_msg(strstr(host.log_text, "cell 1") != NULL && strstr(host.log_text, "update 101") != NULL &&
                      strstr(host.log_text, "step") == NULL,
                  "%s", host.log_text);
    succeeds(&host, arq_learner_metric(learner, "collapsed", 1, &collapsed));
    ck_assert(collapsed == 1);
    succeeds(&host, arq_learner_metric(learner, "collapsed", 0, &collapsed));
    ck_assert(collapsed == 0);
    for (int update = 0; update < 150; update++)
        succeeds(&host, teach(learner, &lesson));
    ck_assert_int_eq(atomic_load(&host.log_lines), 1);
    arq_learner_destroy(learner);
    arq_network_destroy(network);
    arq_config_destroy(config);
    host_close(&host);
}
END_TEST

START_TEST(an_agent_says_the_step_too)
{
    struct host host;
    host_open(&host);
    arq_config *config = configured(&host, COLLAPSING);
    arq_agent *agent;
    const float x[INPUTS] = {1, 0, 0, 1, 0};
    char wanted[64];
    double steps = 0;
    uint32_t events = 0;

    succeeds(&host, arq_agent_create(host.context, config, ARQ_OBSERVATION_F32, INPUTS, ACTIONS, &agent));
    struct world world = {.random = 5};
    live(&host, agent, &world, 50);
    ck_assert_int_eq(atomic_load(&host.log_lines), 0);
    flatten(&host, arq_agent_network(agent));
    succeeds(&host, arq_agent_begin(agent, x));
    for (int step = 0; step < 150 && (events & ARQ_EVENT_COLLAPSED) == 0; step++) {
        int32_t action;
        succeeds(&host, arq_agent_act(agent, &action));
        succeeds(&host, arq_agent_observe(agent, ARQ_ACTION_CHOSEN, 0, x, 0, 0, &events));
    }
    succeeds(&host, arq_agent_metric(agent, "steps", 0, &steps));
    ck_assert(steps == 150);
    snprintf(wanted, sizeof wanted, ", step %.0f", steps);
    ck_assert_int_eq(atomic_load(&host.log_lines), 1);
    ck_assert_msg(strstr(host.log_text, "cell 1 ") != NULL && strstr(host.log_text, wanted) != NULL, "%s",
                  host.log_text);
    arq_agent_destroy(agent);
    arq_config_destroy(config);
    host_close(&host);
}
END_TEST

/* ---- Returns that the goodness cannot predict ---- */

/* Settings, and whether Q can be negative with them. */
static const struct {
    const char *settings;
    int can_be_negative;
} signs[] = {
    {"network=arq", 0},
    {"network=arq goodness=mean_square", 0},
    {"network=arq goodness=variance", 0},
    {"network=arq goodness=rms_uncentered", 0},
    {"network=arq goodness=mean", 1},
    {"network=ad", 1},
};

START_TEST(a_learner_warns_once_of_targets_out_of_reach)
{
    struct host host;
    host_open(&host);
    char settings[256];
    snprintf(settings, sizeof settings, "widths=8,6 heads=2 batch=6 context_size=3 learning_rate=0.01 %s",
             signs[_i].settings);
    arq_config *config = configured(&host, settings);
    arq_network *network;
    arq_learner *learner;
    struct lesson lesson = random_lesson(1);
    double unreachable;
    int wanted = signs[_i].can_be_negative ? 0 : 2; /* lines, one a cell */

    succeeds(&host, arq_network_create(host.context, config, ARQ_OBSERVATION_F32, INPUTS, ACTIONS, &network));
    succeeds(&host, arq_learner_create(network, config, &learner));
    for (uint32_t row = 0; row < BATCH; row++)
        lesson.terminated[row] = 1;
    lesson.rewards[3] = 0;
    succeeds(&host, teach(learner, &lesson));
    succeeds(&host, arq_learner_metric(learner, "unreachable", 1, &unreachable));
    ck_assert(unreachable == 0);
    ck_assert_int_eq(atomic_load(&host.log_lines), 0);
    lesson.rewards[3] = -0.25f;
    for (int update = 2; update < 5; update++) {
        succeeds(&host, teach(learner, &lesson));
        ck_assert_int_eq(atomic_load(&host.log_lines), wanted);
        for (uint32_t cell = 0; cell < 2; cell++) {
            succeeds(&host, arq_learner_metric(learner, "unreachable", cell, &unreachable));
            ck_assert(unreachable == (wanted != 0));
        }
    }
    if (wanted != 0)
        ck_assert_msg(host.log_text[0] == '0' + ARQ_LOG_WARNING && strstr(host.log_text, "cell 1") != NULL &&
                          strstr(host.log_text, "update 2") != NULL && strstr(host.log_text, "'mean'") != NULL,
                      "%s", host.log_text);
    lesson.rewards[3] = 1; /* once it is, it stays */
    succeeds(&host, teach(learner, &lesson));
    succeeds(&host, arq_learner_metric(learner, "unreachable", 0, &unreachable));
    ck_assert(unreachable == (wanted != 0));
    arq_learner_destroy(learner);
    arq_network_destroy(network);
    arq_config_destroy(config);
    host_close(&host);
}
END_TEST

/* ---- Inputs at which the papers' code has NaN ---- */

/* Every network that has such inputs. */
static const char *const networks[] = {
    "network=arq",
    "network=arq goodness=mean_square",
    "network=arq goodness=mean",
    "network=arq goodness=variance",
    "network=arq goodness=rms_uncentered",
    "network=arq row_order=paper",
    "network=arq action_input=output",
    "network=arq double_q=false loss=huber",
    "network=ad",
    "network=ad row_order=paper",
    "network=ad action_input=input",
    "network=ad quantiles=5",
    "network=ad quantiles=5 loss=huber",
    "network=dqn",
    "network=ff-dqn ff_update_probability=1",
    "network=ff-dqn ff_update_probability=1 ff_variant=poster",
    "network=ff-dqn ff_update_probability=1 ff_normalise=none",
};

/* What is made degenerate: a prefix of the tensors that are emptied; NULL: none. */
static const char *const emptied[] = {NULL, "layer_norm", "fc_h", "fc_z1", "fc_z2", "kernel", ""};

static int empty_tensors(struct host *host, arq_network *network, const char *part)
{
    const char *name;
    uint32_t rows, columns;
    int count = 0;

    for (uint32_t index = 0; arq_network_tensor(network, index, &name, &rows, &columns) == ARQ_OK; index++)
        if (part != NULL && strstr(name, part) != NULL) {
            fill_tensor(host, network, name, 0);
            count++;
        }
    return count;
}

static void check_finite(struct host *host, const char *what, arq_network *network, const arq_learner *learner)
{
    static const char *const metrics[] = {"loss", "gradient_norm"};
    const char *name;
    uint32_t rows, columns;

    for (uint32_t index = 0; arq_network_tensor(network, index, &name, &rows, &columns) == ARQ_OK; index++) {
        size_t count = (size_t)rows * (columns != 0 ? columns : 1);
        float *values = malloc(count * sizeof *values);
        succeeds(host, arq_network_read(network, name, values, count));
        for (size_t i = 0; i < count; i++)
            ck_assert_msg(isfinite(values[i]), "%s: value %zu of %s is %g", what, i, name, (double)values[i]);
        free(values);
    }
    uint32_t cells = arq_network_cells(network);
    /* DQN has one loss, that of its head. */
    for (uint32_t cell = strstr(what, "network=dqn") != NULL ? cells - 1 : 0; cell < cells; cell++)
        for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++) {
            double value = 0;
            succeeds(host, arq_learner_metric(learner, metrics[i], cell, &value));
            ck_assert_msg(isfinite(value), "%s: %s of cell %u is %g", what, metrics[i], cell, value);
        }
}

START_TEST(degenerate_inputs_stay_finite)
{
    struct host host;
    host_open(&host);
    for (size_t part = 0; part < sizeof emptied / sizeof *emptied; part++)
        for (int blank = 0; blank < 2; blank++) {
            char settings[256], what[256];
            int has_context = strstr(networks[_i], "dqn") == NULL;
            snprintf(settings, sizeof settings, "widths=8,6 batch=6 learning_rate=0.01 %s %s",
                     has_context ? "heads=2 context_size=3" : "", networks[_i]);
            snprintf(what, sizeof what, "%s, no %s, %s observations", networks[_i],
                     emptied[part] == NULL ? "change" : emptied[part], blank ? "blank" : "random");
            arq_config *config = configured(&host, settings);
            arq_network *network;
            arq_learner *learner;
            struct lesson lesson = random_lesson(part + 1);
            if (blank)
                memset(lesson.observations, 0, sizeof lesson.observations);
            succeeds(&host, arq_network_create(host.context, config, ARQ_OBSERVATION_F32, INPUTS, ACTIONS, &network));
            succeeds(&host, arq_learner_create(network, config, &learner));
            empty_tensors(&host, network, emptied[part]);
            succeeds(&host, arq_learner_sync(learner));
            for (int update = 0; update < 3; update++) {
                ck_assert_msg(teach(learner, &lesson) == ARQ_OK, "%s: %s", what, error_text(host.context));
                check_finite(&host, what, network, learner);
            }
            arq_learner_destroy(learner);
            arq_network_destroy(network);
            arq_config_destroy(config);
        }
    host_close(&host);
}
END_TEST

/* Documented: where goodness is 0 its derivative is 0, so that nothing moves. */
START_TEST(no_goodness_moves_nothing)
{
    static const char *const kinds[] = {"goodness=rms", "goodness=rms_uncentered", "goodness=variance",
                                        "goodness=mean_square"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct host host;
        host_open(&host);
        char settings[256];
        snprintf(settings, sizeof settings, SMALL "batch=6 learning_rate=0.1 widths=8 %s", kinds[i]);
        arq_config *config = configured(&host, settings);
        arq_network *network;
        arq_learner *learner;
        struct lesson lesson = random_lesson(3);
        double value = -1;

        succeeds(&host, arq_network_create(host.context, config, ARQ_OBSERVATION_F32, INPUTS, ACTIONS, &network));
        succeeds(&host, arq_learner_create(network, config, &learner));
        ck_assert_int_eq(empty_tensors(&host, network, "layer_norm"), 2);
        uint64_t hash = hash_network(&host, network);
        succeeds(&host, teach(learner, &lesson));
        succeeds(&host, arq_learner_metric(learner, "q", 0, &value));
        ck_assert_msg(value == 0, "%s: Q is %g", kinds[i], value);
        succeeds(&host, arq_learner_metric(learner, "gradient_norm", 0, &value));
        ck_assert_msg(value == 0, "%s: the gradient's norm is %g", kinds[i], value);
        ck_assert_msg(hash_network(&host, network) == hash, "%s: weights have moved", kinds[i]);
        arq_learner_destroy(learner);
        arq_network_destroy(network);
        arq_config_destroy(config);
        host_close(&host);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("health");
    TCase *tests = tcase_create("health");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, a_learner_warns_of_a_collapse_once);
    tcase_add_test(tests, an_agent_says_the_step_too);
    tcase_add_test(tests, no_goodness_moves_nothing);
    tcase_add_loop_test(tests, a_learner_warns_once_of_targets_out_of_reach, 0, sizeof signs / sizeof *signs);
    tcase_add_loop_test(tests, degenerate_inputs_stay_finite, 0, sizeof networks / sizeof *networks);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
