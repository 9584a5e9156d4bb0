/*
 * An update towards given targets is the update from windows whose transitions all end with the target as reward, bit
 * for bit: for every kind, loss and kind of observation, with the activations of the step before where cells see them.
 * It has neither a target network nor passes over s_{t+1}.
 */
#include "nn/cells/memory.h"
#include "nn/cells/wiring.h"
#include "nn/kind.h"
#include "nn/learner.h"

#include "arq/arq.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH 21 /* more than one block of samples */
#define SIZE 11
#define ACTIONS 4
#define UPDATES 4
#define MOST_WINDOW 3

static const char *const options[] = {
    "network=arq",
    "network=arq context_size=1 context_alpha=0.5 loss=mse",
    "network=arq recurrent=false top_down=false loss=huber action_input=output",
    "network=arq action_code=binary row_order=paper",
    "network=ad",
    "network=ad recurrent=false top_down=false action_input=input loss=huber",
    "network=dqn",
    "network=dqn loss=huber",
    "network=ff-dqn ff_update_probability=0.5",
};
static const int32_t kinds[] = {ARQ_OBSERVATION_F32, ARQ_OBSERVATION_BIT, ARQ_OBSERVATION_U8};

static unsigned next(unsigned *random)
{
    return *random = *random * 1664525u + 1013904223u;
}

static void apply(arq_config *config, const char *text)
{
    char copy[256];
    const char *cells = strstr(text, "dqn") == NULL ? "heads=3 context_size=2" : "";
    snprintf(copy, sizeof(copy), "widths=9,7 batch=21 clip=0.5 %s %s", cells, text);
    char *rest = NULL;
    for (char *pair = strtok_r(copy, " ", &rest); pair != NULL; pair = strtok_r(NULL, " ", &rest)) {
        char *value = strchr(pair, '=');
        *value++ = '\0';
        ck_assert_msg(arq_config_set(config, pair, value) == ARQ_OK, "%s=%s", pair, value);
    }
}

/* Rows of windows, and of them s_t alone. */
typedef struct rows {
    _Alignas(64) unsigned char windows[BATCH][MOST_WINDOW + 1][SIZE * sizeof(float)];
    _Alignas(64) unsigned char states[BATCH][SIZE * sizeof(float)];
    int32_t actions[BATCH];
    float targets[BATCH];
    uint8_t terminated[BATCH];
} rows;

static void fill(rows *r, unsigned *random, int32_t kind, uint32_t window)
{
    size_t bytes = arq_observation_bytes(kind, SIZE);
    unsigned char *windows = &r->windows[0][0][0];
    for (size_t i = 0; i < BATCH * (window + 1) * bytes; i++) {
        windows[i] = (unsigned char)(next(random) >> 24);
    }
    for (size_t i = 0; kind == ARQ_OBSERVATION_F32 && i < (size_t)BATCH * (window + 1) * SIZE; i++) {
        float value = (float)(next(random) >> 8) / (1 << 23) - 1;
        memcpy(windows + i * sizeof(float), &value, sizeof(float));
    }
    for (size_t b = 0; b < BATCH; b++) {
        memcpy(&r->states[0][0] + b * bytes, windows + (b * (window + 1) + window - 1) * bytes, bytes);
        r->actions[b] = (int32_t)(next(random) >> 30);
        r->targets[b] = (float)(next(random) >> 8) / (1 << 21) - 2;
        r->terminated[b] = 1;
    }
}

/* What cells did the step before s_t, as the update from windows has it; NULL where they do not see it. */
static float *const *previous_of(const arq_learner *learner)
{
    if (learner->network->shape.methods->window == NULL || !arq_cells_see_previous(&learner->network->shape)) {
        return NULL;
    }
    return ((const arq_cells_learner *)learner->state)->now.previous;
}

static void compare(const arq_learner *one, const arq_learner *other, const char *what)
{
    const arq_network_shape *shape = &one->network->shape;
    size_t bytes = arq_network_weight_count(shape) * sizeof(float);
    ck_assert_msg(memcmp(one->network->weights, other->network->weights, bytes) == 0, "%s: weights", what);
    ck_assert_msg(memcmp(one->m, other->m, bytes) == 0 && memcmp(one->v, other->v, bytes) == 0, "%s: moments", what);
    ck_assert_msg(memcmp(one->metric, other->metric, sizeof(one->metric[0]) * shape->cells) == 0, "%s: metrics", what);
    ck_assert_uint_eq(one->updates, other->updates);
}

START_TEST(given_targets_are_rewards_of_endings)
{
    const char *option = options[_i / 3];
    int32_t kind = kinds[_i % 3];
    unsigned random = (unsigned)_i;
    arq_context *context;
    arq_config *config;
    arq_network *networks[2];
    arq_learner *windows, *given;
    rows r;
    char what[128];
    snprintf(what, sizeof(what), "%s, observations of kind %d", option, kind);
    ck_assert_int_eq(arq_context_create(ARQ_ABI_VERSION, NULL, &context), ARQ_OK);
    ck_assert_int_eq(arq_config_create(context, NULL, &config), ARQ_OK);
    apply(config, option);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(arq_network_create(context, config, kind, SIZE, ACTIONS, &networks[i]), ARQ_OK);
    }
    ck_assert_int_eq(arq_learner_create(networks[0], config, &windows), ARQ_OK);
    ck_assert_int_eq(arq_learner_make(networks[1], arq_config_values(config), ARQ_LEARN_FROM_TARGETS, &given), ARQ_OK);
    ck_assert_ptr_null(given->target);
    size_t bytes = arq_network_weight_count(&networks[0]->shape) * sizeof(float);
    float *initial = malloc(bytes);
    memcpy(initial, networks[0]->weights, bytes);
    for (int update = 0; update < UPDATES; update++) {
        fill(&r, &random, kind, windows->window);
        ck_assert_int_eq(arq_learner_update(windows, BATCH, r.windows, NULL, r.actions, r.targets, r.terminated),
                         ARQ_OK);
        const float *const targets[ARQ_MAX_CELLS] = {r.targets, r.targets, r.targets};
        const arq_target_batch batch = {.size = BATCH,
                                        .frames = r.states,
                                        .actions = r.actions,
                                        .targets = targets,
                                        .previous = previous_of(windows)};
        ck_assert_int_eq(arq_learner_update_towards(given, &batch), ARQ_OK);
        compare(windows, given, what);
    }
    ck_assert_msg(memcmp(initial, networks[1]->weights, bytes) != 0, "%s: nothing was learned", what);
    free(initial);
    arq_learner_destroy(windows);
    arq_learner_destroy(given);
    arq_network_destroy(networks[0]);
    arq_network_destroy(networks[1]);
    arq_config_destroy(config);
    arq_context_destroy(context);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("targets");
    TCase *tests = tcase_create("targets");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, given_targets_are_rewards_of_endings, 0,
                        3 * (int)(sizeof(options) / sizeof(options[0])));
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
