/* Every parameter with every network kind: it works, or it is refused with the kind's name and the reason. */
#include "arq/arq.h"
#include "core/config.h"
#include "nn/network.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A value that is not the default; the kinds, in the order of the table, that it has a meaning for. */
typedef struct option_case {
    const char *name, *value;
    int works[ARQ_NETWORK_KINDS]; /* arq, ad, dqn, ff-dqn */
} option_case;

static const option_case cases[] = {
    {"widths", "16,8", {1, 1, 1, 1}},
    {"width_scale", "0.5", {1, 1, 0, 0}},
    {"heads", "3", {1, 1, 0, 0}},
    {"goodness", "mean_square", {1, 0, 0, 0}},
    {"goodness", "mean", {1, 0, 0, 0}},
    {"goodness", "variance", {1, 0, 0, 0}},
    {"goodness", "rms_uncentered", {1, 0, 0, 0}},
    {"row_order", "paper", {1, 1, 0, 0}},
    {"quantiles", "10", {0, 1, 0, 0}},
    {"action_input", "output", {1, 1, 0, 0}},
    {"action_input", "input", {1, 1, 0, 0}},
    {"action_code", "binary", {1, 0, 0, 0}},
    {"input_skip", "false", {1, 1, 0, 0}},
    {"recurrent", "false", {1, 1, 0, 0}},
    {"top_down", "false", {1, 1, 0, 0}},
    {"context_size", "3", {1, 1, 0, 0}},
    {"context_alpha", "0.5", {1, 1, 0, 0}},
    {"context_on_explore", "true", {1, 1, 0, 0}},
    {"window_padding", "zero-context", {1, 1, 0, 0}},
    {"q_from", "last", {1, 1, 0, 0}},
    {"q_cells", "1", {1, 1, 0, 0}},
    {"ff_variant", "poster", {0, 0, 0, 1}},
    {"ff_margin", "1", {0, 0, 0, 1}},
    {"ff_update_probability", "1", {0, 0, 0, 1}},
    {"ff_normalise", "none", {0, 0, 0, 1}},
    {"head_learning_rate", "0.01", {0, 0, 0, 1}},
    {"gamma", "0.9", {1, 1, 1, 1}},
    {"double_q", "false", {1, 1, 1, 1}},
    {"double_q", "true", {1, 1, 1, 0}},
    {"loss", "huber", {1, 1, 1, 1}},
    {"learning_rate", "0.001", {1, 1, 1, 1}},
    {"clip", "0", {1, 1, 1, 1}},
    {"beta1", "0.8", {1, 1, 1, 1}},
    {"beta2", "0.9", {1, 1, 1, 1}},
    {"adam_epsilon", "1e-5", {1, 1, 1, 1}},
    {"batch", "4", {1, 1, 1, 1}},
    {"tau", "0.5", {1, 1, 1, 1}},
    {"exploration_from", "start", {1, 1, 1, 1}},
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
    const char *const small[][2] = {{"widths", "12,8"},    {"batch", "8"},        {"learning_starts", "10"},
                                    {"train_period", "1"}, {"context_size", "2"}, {"replay_capacity", "100"}};
    for (size_t i = 0; i < sizeof(small) / sizeof(small[0]); i++) {
        if (strcmp(small[i][0], "context_size") != 0 || arq_network_kinds[kind]->has_cells) {
            ck_assert_int_eq(arq_config_set(config, small[i][0], small[i][1]), ARQ_OK);
        }
    }
    ck_assert_int_eq(arq_config_set(config, "network", arq_network_kinds[kind]->name), ARQ_OK);
    ck_assert_int_eq(arq_config_set(config, option->name, option->value), ARQ_OK);
    return config;
}

/* Some steps with updates, by which a parameter without code behind it would fail. */
static void live(arq_agent *agent)
{
    float observation[5] = {0};
    ck_assert_int_eq(arq_agent_begin(agent, observation), ARQ_OK);
    for (int step = 0; step < 40; step++) {
        int32_t action;
        ck_assert_int_eq(arq_agent_act(agent, &action), ARQ_OK);
        for (int i = 0; i < 5; i++) {
            observation[i] = (float)((step * 7 + i * 3 + action) % 11) / 11.0f;
        }
        ck_assert_int_eq(arq_agent_observe(agent, ARQ_ACTION_CHOSEN, action, observation, 0, 0, NULL), ARQ_OK);
    }
    double updates;
    ck_assert_int_eq(arq_agent_metric(agent, "updates", 0, &updates), ARQ_OK);
    ck_assert(updates > 5);
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
    const arq_network *a = arq_agent_network(agent);
    const arq_network *b = arq_agent_network(loaded);
    ck_assert_mem_eq(a->weights, b->weights, arq_network_weight_count(&a->shape) * sizeof(float));
    arq_network *opened;
    ck_assert_int_eq(arq_network_open(context, path, &opened), ARQ_OK);
    ck_assert_mem_eq(&opened->shape, &a->shape, sizeof(a->shape));
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
    if (option->works[kind]) {
        ck_assert_msg(status == ARQ_OK, "%s = %s with %s: %s", option->name, option->value, name, text);
        live(agent);
        resume(agent, config);
    } else {
        ck_assert_msg(status == ARQ_E_UNSUPPORTED, "%s = %s with %s is not refused", option->name, option->value, name);
        ck_assert_msg(strstr(text, option->name) != NULL && strstr(text, option->value) != NULL,
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
    static const char *const others[] = {
        "network",         "train_period",        "learning_starts",    "target_period",
        "replay_capacity", "epsilon_start",       "epsilon_end",        "exploration_steps",
        "total_steps",     "evaluation_episodes", "evaluation_epsilon", "seed"};
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
    tcase_add_test(tests, presets_work_with_every_kind);
    tcase_add_test(tests, no_parameter_is_forgotten);
    tcase_add_test(tests, widths_meet_the_budget);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
