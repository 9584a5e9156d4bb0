/* Every parameter with every network kind: it works and changes what is learned, or it is refused with the kind's name
 * and the reason. */
#include "arq/arq.h"
#include "core/config.h"
#include "nn/kind.h"
#include "nn/network.h"
#include "../support/suite.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef enum meaning {
    NO,   /* refused */
    YES,  /* learns something else than without */
    SAME, /* what the kind does anyway */
} meaning;

/* A value, and what it means for each kind in the order of the table: arq, ad, dqn, ff-dqn. */
typedef struct option_case {
    const char *name, *value;
    meaning has[ARQ_NETWORK_KINDS];
} option_case;

static const option_case cases[] = {
    {"widths", "10", {YES, YES, YES, YES}}, /* one cell */
    {"widths", "16,8", {YES, YES, YES, YES}},
    {"width_scale", "2", {YES, YES, NO, NO}},
    {"heads", "3", {YES, YES, NO, NO}},
    {"goodness", "mean_square", {YES, NO, NO, NO}},
    {"goodness", "mean", {YES, NO, NO, NO}},
    {"goodness", "variance", {YES, NO, NO, NO}},
    {"goodness", "rms_uncentered", {YES, NO, NO, NO}},
    {"row_order", "paper", {YES, YES, NO, NO}},
    {"quantiles", "10", {NO, YES, NO, NO}},
    {"action_input", "output", {YES, SAME, NO, NO}},
    {"action_input", "input", {SAME, YES, NO, NO}},
    {"action_code", "binary", {YES, NO, NO, NO}},
    {"input_skip", "false", {YES, YES, NO, NO}},
    {"recurrent", "false", {YES, YES, NO, NO}},
    {"top_down", "false", {YES, YES, NO, NO}},
    {"context_size", "3", {YES, YES, NO, NO}},
    {"context_alpha", "0.5", {YES, YES, NO, NO}},
    {"context_on_explore", "true", {YES, YES, NO, NO}},
    {"window_padding", "zero-context", {YES, YES, NO, NO}},
    {"q_from", "last", {YES, YES, NO, NO}},
    {"q_cells", "1", {YES, YES, NO, NO}},
    {"layer_norm", "true", {NO, NO, YES, NO}},
    {"ff_variant", "poster", {NO, NO, NO, YES}},
    {"ff_margin", "1", {NO, NO, NO, YES}},
    {"ff_update_probability", "1", {NO, NO, NO, YES}},
    {"ff_updates", "1", {NO, NO, NO, YES}},
    {"ff_normalise", "none", {NO, NO, NO, YES}},
    {"ff_normalise", "homogeneous", {NO, NO, NO, YES}},
    {"head_learning_rate", "0.02", {NO, NO, NO, YES}},
    {"gamma", "0.9", {YES, YES, YES, YES}},
    {"double_q", "false", {YES, YES, YES, SAME}},
    {"double_q", "true", {SAME, SAME, SAME, NO}},
    {"loss", "huber", {YES, YES, YES, YES}},
    {"learning_rate", "0.001", {YES, YES, YES, YES}},
    {"learning_rate_steps", "20", {YES, YES, YES, YES}},
    {"clip", "0.001", {YES, YES, YES, YES}},
    {"beta1", "0.8", {YES, YES, YES, YES}},
    {"beta2", "0.9", {YES, YES, YES, YES}},
    {"adam_epsilon", "1e-5", {YES, YES, YES, YES}},
    {"batch", "4", {YES, YES, YES, YES}},
    {"tau", "0.5", {YES, YES, YES, YES}},
    {"exploration_from", "start", {YES, YES, YES, YES}},
};

static arq_context *context;

static void open_context(void)
{
    ck_assert_int_eq(arq_context_create(ARQ_ABI_VERSION, NULL, &context), ARQ_OK);
}

static void close_context(void)
{
    arq_context_destroy(context);
}

static arq_config *configured(int kind, const option_case *option)
{
    arq_config *config;
    ck_assert_int_eq(arq_config_create(context, NULL, &config), ARQ_OK);
    const char *const small[][2] = {{"widths", "12,8"},          {"batch", "8"},         {"learning_starts", "10"},
                                    {"train_period", "1"},       {"target_period", "5"}, {"learning_rate", "0.01"},
                                    {"exploration_steps", "20"}, {"context_size", "2"},  {"replay_capacity", "100"}};
    for (size_t i = 0; i < sizeof(small) / sizeof(small[0]); i++) {
        if (strcmp(small[i][0], "context_size") != 0 || arq_network_kinds[kind]->window != NULL) {
            ck_assert_int_eq(arq_config_set(config, small[i][0], small[i][1]), ARQ_OK);
        }
    }
    ck_assert_int_eq(arq_config_set(config, "network", arq_network_kinds[kind]->name), ARQ_OK);
    ck_assert_int_eq(option == NULL ? ARQ_OK : arq_config_set(config, option->name, option->value), ARQ_OK);
    return config;
}

/* Some steps with updates. */
static void live(arq_agent *agent)
{
    float observation[5] = {0};
    ck_assert_int_eq(arq_agent_begin(agent, observation), ARQ_OK);
    for (int step = 0; step < 60; step++) {
        int32_t action;
        ck_assert_int_eq(arq_agent_act(agent, &action), ARQ_OK);
        for (int i = 0; i < 5; i++) {
            observation[i] = (float)((step * 7 + i * 3 + action) % 11) / 11.0f;
        }
        double reward = (step * 5 + action) % 7 - 2; /* errors beyond Huber's 1 */
        ck_assert_int_eq(arq_agent_observe(agent, ARQ_ACTION_CHOSEN, reward, observation, 0, step % 9 == 8, NULL),
                         ARQ_OK);
        if (step % 9 == 8) {
            ck_assert_int_eq(arq_agent_begin(agent, observation), ARQ_OK);
        }
    }
    double updates;
    ck_assert_int_eq(arq_agent_metric(agent, "updates", 0, &updates), ARQ_OK);
    ck_assert(updates > 5);
}

/* Whether two networks are the same bits, in shape and weights. */
static int equal(const arq_network *a, const arq_network *b)
{
    size_t count = arq_network_weight_count(&a->shape);
    return count == arq_network_weight_count(&b->shape) && memcmp(a->weights, b->weights, count * sizeof(float)) == 0;
}

static void check_finite(const arq_network *network, const char *what)
{
    for (size_t i = 0; i < arq_network_weight_count(&network->shape); i++) {
        ck_assert_msg(isfinite(network->weights[i]), "%s: weight %zu is %g", what, i, (double)network->weights[i]);
    }
}

/* It learns, and something else than the same agent without the option, unless the kind does so anyway. */
static void learn(arq_agent *agent, int kind, const option_case *option)
{
    char what[128];
    arq_agent *without;
    arq_network *fresh;
    arq_config *config = configured(kind, NULL);
    snprintf(what, sizeof(what), "%s = %s with %s", option->name, option->value, arq_network_kinds[kind]->name);
    ck_assert_int_eq(arq_network_copy(arq_agent_network(agent), &fresh), ARQ_OK);
    live(agent);
    check_finite(arq_agent_network(agent), what);
    ck_assert_msg(!equal(fresh, arq_agent_network(agent)), "%s: nothing is learned", what);
    ck_assert_int_eq(arq_agent_create(context, config, ARQ_OBSERVATION_F32, 5, 4, &without), ARQ_OK);
    live(without);
    int same = equal(arq_agent_network(agent), arq_agent_network(without));
    ck_assert_msg(same == (option->has[kind] == SAME), "%s: %s", what, same ? "changes nothing" : "changes something");
    arq_agent_destroy(without);
    arq_network_destroy(fresh);
    arq_config_destroy(config);
}

/* What a saved agent does next is what a loaded one does. */
static void resume(arq_agent *agent, const arq_config *config)
{
    char path[] = "/tmp/arq-options-XXXXXX";
    int file = mkstemp(path);
    ck_assert_int_ge(file, 0);
    close(file);
    arq_agent *loaded;
    ck_assert_int_eq(arq_agent_create(context, config, ARQ_OBSERVATION_F32, 5, 4, &loaded), ARQ_OK);
    ck_assert_int_eq(arq_agent_save(agent, path), ARQ_OK);
    ck_assert_int_eq(arq_agent_load(loaded, path), ARQ_OK);
    live(agent);
    live(loaded);
    const arq_network *network = arq_agent_network(agent);
    ck_assert(equal(network, arq_agent_network(loaded)));
    arq_network *opened;
    ck_assert_int_eq(arq_network_open(context, path, &opened), ARQ_OK);
    ck_assert_mem_eq(&opened->shape, &network->shape, sizeof(network->shape));
    arq_network_destroy(opened);
    arq_agent_destroy(loaded);
    remove(path);
}

static void check(const option_case *option, int kind)
{
    const char *name = arq_network_kinds[kind]->name;
    char text[512];
    arq_config *config = configured(kind, option);
    arq_agent *agent;
    arq_status status = arq_agent_create(context, config, ARQ_OBSERVATION_F32, 5, 4, &agent);
    arq_context_last_error(context, text, sizeof(text));
    if (option->has[kind] != NO) {
        ck_assert_msg(status == ARQ_OK, "%s = %s with %s: %s", option->name, option->value, name, text);
        learn(agent, kind, option);
        resume(agent, config);
    } else {
        char quoted[32];
        snprintf(quoted, sizeof(quoted), "'%s'", name);
        ck_assert_msg(status == ARQ_E_UNSUPPORTED, "%s = %s with %s is not refused", option->name, option->value, name);
        ck_assert_msg(strstr(text, option->name) != NULL && strstr(text, option->value) != NULL &&
                          strstr(text, quoted) != NULL,
                      "%s = %s with %s: the text is '%s'", option->name, option->value, name, text);
    }
    arq_agent_destroy(agent);
    arq_config_destroy(config);
}

START_TEST(works_or_says_why_not)
{
    for (int kind = 0; kind < ARQ_NETWORK_KINDS; kind++) {
        check(&cases[_i], kind);
    }
}
END_TEST

/* What has a meaning by itself, but not together. */
START_TEST(contradictions_are_refused)
{
    static const struct {
        const char *options[3][2];
        uint32_t actions;
        arq_status status;
        const char *words[2];
    } wrong[] = {
        {{{"action_input", "output"}, {"action_code", "binary"}}, 4, ARQ_E_UNSUPPORTED, {"'arq'", "action_input"}},
        {{{"network", "ad"}, {"action_code", "binary"}}, 4, ARQ_E_UNSUPPORTED, {"'ad'", "action_input"}},
        {{{"action_code", "binary"}}, 5, ARQ_E_UNSUPPORTED, {"action_code", "5"}},
        {{{"widths", "8,8"}, {"q_cells", "3"}}, 4, ARQ_E_ARGUMENT, {"q_cells is 3", "2 cells"}},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char text[512];
        arq_config *config;
        arq_network *network;
        ck_assert_int_eq(arq_config_create(context, NULL, &config), ARQ_OK);
        for (int o = 0; o < 3 && wrong[i].options[o][0] != NULL; o++) {
            ck_assert_int_eq(arq_config_set(config, wrong[i].options[o][0], wrong[i].options[o][1]), ARQ_OK);
        }
        ck_assert_int_eq(arq_network_create(context, config, ARQ_OBSERVATION_F32, 5, wrong[i].actions, &network),
                         wrong[i].status);
        arq_context_last_error(context, text, sizeof(text));
        for (int w = 0; w < 2; w++) {
            ck_assert_msg(strstr(text, wrong[i].words[w]) != NULL, "'%s' is not in '%s'", wrong[i].words[w], text);
        }
        arq_config_destroy(config);
    }
}
END_TEST

/* Presets serve every kind: what they set is no mistake. */
START_TEST(presets_work_with_every_kind)
{
    const char *preset;
    for (uint32_t i = 0; (preset = arq_preset_name(i)) != NULL; i++) {
        for (int kind = 0; kind < ARQ_NETWORK_KINDS; kind++) {
            arq_config *config;
            arq_network *network;
            ck_assert_int_eq(arq_config_create(context, preset, &config), ARQ_OK);
            ck_assert_int_eq(arq_config_set(config, "network", arq_network_kinds[kind]->name), ARQ_OK);
            arq_status status = arq_network_create(context, config, ARQ_OBSERVATION_F32, 5, 4, &network);
            ck_assert_msg(status == ARQ_OK, "preset %s with %s", preset, arq_network_kinds[kind]->name);
            arq_network_destroy(network);
            arq_config_destroy(config);
        }
    }
}
END_TEST

/* Every parameter of a network or its learning is in the table above. */
START_TEST(no_parameter_is_forgotten)
{
    static const char *const others[] = {"network",
                                         "train_period",
                                         "learning_starts",
                                         "target_period",
                                         "experience",
                                         "rollout",
                                         "td_lambda",
                                         "epochs",
                                         "learning_rate_end",
                                         "minibatches_per_step",
                                         "replay_capacity",
                                         "epsilon_start",
                                         "epsilon_end",
                                         "exploration_steps",
                                         "total_steps",
                                         "evaluation_episodes",
                                         "evaluation_epsilon",
                                         "seed"};
    const char *name;
    for (uint32_t i = 0; (name = arq_parameter_name(i)) != NULL; i++) {
        int known = 0;
        for (size_t j = 0; j < sizeof(cases) / sizeof(cases[0]); j++) {
            known |= strcmp(name, cases[j].name) == 0;
        }
        for (size_t j = 0; j < sizeof(others) / sizeof(others[0]); j++) {
            known |= strcmp(name, others[j]) == 0;
        }
        ck_assert_msg(known, "parameter '%s' is tried with no network kind", name);
    }
}
END_TEST

/* The weights of a scaled network are those of AD times the factor, as nearly as widths of eights allow. */
START_TEST(widths_meet_the_budget)
{
    static const char *const scales[] = {"0.5", "1", "1.5", "2"};
    double weights[2][4];
    for (int kind = ARQ_NETWORK_ARQ; kind <= ARQ_NETWORK_AD; kind++) {
        for (int i = 0; i < 4; i++) {
            arq_config *config;
            arq_network *network;
            ck_assert_int_eq(arq_config_create(context, "minatar-paper", &config), ARQ_OK);
            ck_assert_int_eq(arq_config_set(config, "network", arq_network_kinds[kind]->name), ARQ_OK);
            ck_assert_int_eq(arq_config_set(config, "width_scale", scales[i]), ARQ_OK);
            ck_assert_int_eq(arq_network_create(context, config, ARQ_OBSERVATION_BIT, 400, 3, &network), ARQ_OK);
            weights[kind][i] = (double)arq_network_weight_count(&network->shape);
            char widths[64];
            ck_assert_int_eq(arq_network_parameter(network, "widths", widths, sizeof(widths)), ARQ_OK);
            printf("%s x %s: widths %s, %.0f weights\n", arq_network_kinds[kind]->name, scales[i], widths,
                   weights[kind][i]);
            arq_network_destroy(network);
            arq_config_destroy(config);
        }
    }
    for (int i = 0; i < 4; i++) {
        double wanted = weights[ARQ_NETWORK_AD][1] * (i + 1) / 2;
        for (int kind = 0; kind < 2; kind++) {
            ck_assert_msg(weights[kind][i] > 0.93 * wanted && weights[kind][i] < 1.07 * wanted,
                          "%s x %s has %.0f weights, wanted %.0f", arq_network_kinds[kind]->name, scales[i],
                          weights[kind][i], wanted);
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("options");
    TCase *tests = tcase_create("options");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, open_context, close_context);
    tcase_add_loop_test(tests, works_or_says_why_not, 0, sizeof(cases) / sizeof(cases[0]));
    tcase_add_test(tests, contradictions_are_refused);
    tcase_add_test(tests, presets_work_with_every_kind);
    tcase_add_test(tests, no_parameter_is_forgotten);
    tcase_add_test(tests, widths_meet_the_budget);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
