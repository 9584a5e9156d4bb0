/* The same build, seed and settings give the same bits: any threads, instruction set and floating-point mode. */
#include "fp_mode.h"
#include "life.h"
#include "../support/suite.h"

#include <fenv.h>
#include <stdio.h>
#include <string.h>

#define STEPS 52

#define SCHEDULE "batch=48 learning_starts=30 train_period=4 target_period=20 widths=48,40 "
static const char *const kinds[] = {
    SCHEDULE "network=arq heads=4 context_size=3 replay_capacity=60 learning_rate=0.003 clip=0.7",
    SCHEDULE "network=ad heads=4 context_size=3",
    SCHEDULE "network=dqn",
    SCHEDULE "network=ff-dqn",
};
static const uint32_t threads[] = {1, 2, 3, 7};

/* Everything, from reading the numbers of the settings to the last weight, in the host's mode. */
static uint64_t whole_life(const char *settings, uint32_t thread_count, const char *tier, struct fp_mode mode)
{
    struct host host;
    host_open(&host);
    uint64_t hash = 0;

    if (arq_context_set_cpu(host.context, tier) == ARQ_OK) {
        arq_agent *agent;
        struct world world = {.random = 11};
        fp_mode_set(mode);
        uint64_t bits = fp_mode_bits();
        succeeds(&host, arq_context_set_threads(host.context, thread_count));
        arq_config *config = configured(&host, settings);
        succeeds(&host, arq_agent_create(host.context, config, ARQ_OBSERVATION_F32, INPUTS, ACTIONS, &agent));
        hash = live(&host, agent, &world, STEPS);
        uint64_t weights = hash_network(&host, arq_agent_network(agent));
        hash = hash_bytes(hash, &weights, sizeof weights);
        arq_agent_destroy(agent);
        arq_config_destroy(config);
        ck_assert_msg(fp_mode_bits() == bits, "the host's floating-point mode has changed");
        fp_mode_set((struct fp_mode){FE_TONEAREST, 0});
    }
    host_close(&host);
    return hash;
}

static const struct fp_mode modes[] = {
    {FE_TONEAREST, 0}, {FE_TONEAREST, 1}, {FE_UPWARD, 0},     {FE_DOWNWARD, 1},
    {FE_DOWNWARD, 0},  {FE_UPWARD, 1},    {FE_TOWARDZERO, 0}, {FE_TOWARDZERO, 1},
};

/* The first kind goes through every mode, the others through two: they share all of what sets the mode. */
START_TEST(one_hash)
{
    const char *settings = kinds[_i];
    uint64_t expected = whole_life(settings, 1, "generic", modes[0]);
    int lives = 0;

    const char *tier;
    for (uint32_t i = 0; (tier = arq_cpu_name(i)) != NULL; i++)
        for (size_t t = 0; t < sizeof threads / sizeof *threads; t++)
            for (size_t mode = 0; mode < sizeof modes / sizeof *modes; mode += _i == 0 ? 1 : 5) {
                uint64_t hash = whole_life(settings, threads[t], tier, modes[mode]);
                if (hash == 0)
                    continue; /* not of this machine */
                ck_assert_msg(hash == expected, "%s: %s, %u threads, rounding %#x%s: other bits", settings, tier,
                              (unsigned)threads[t], (unsigned)modes[mode].rounding,
                              modes[mode].flushes_to_zero ? ", denormals are zero" : "");
                lives++;
            }
    ck_assert_int_ge(lives, _i == 0 ? 32 : 8);
}
END_TEST

/* What is computed outside of a life: texts of numbers, values of observations, a network's widths and a cell's loss.
 */
static uint64_t odds_and_ends(struct fp_mode mode)
{
    static const uint8_t bytes[] = {1, 3, 77, 254, 255};
    static const double numbers[] = {0.1, 1.0 / 3, 0.3, 1 - 0x1p-40};
    const float x[] = {0.3f, -1.7f, 0.2f}, target = 0.7f;
    const int32_t action = 1;
    struct host host;
    host_open(&host);
    uint64_t hash = HASH_START;

    fp_mode_set(mode);
    uint64_t bits = fp_mode_bits();
    arq_config *config = configured(&host, "learning_rate=3e-4 learning_rate_end=1e-5 learning_rate_steps=7 "
                                           "width_scale=0.3 widths=200,100 network=arq");
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        char text[64];
        double value;
        succeeds(&host, arq_config_set_float(config, "gamma", numbers[i]));
        succeeds(&host, arq_config_get(config, "gamma", text, sizeof text));
        succeeds(&host, arq_config_get_float(config, "gamma", &value));
        ck_assert_double_eq(value, numbers[i]);
        hash = hash_bytes(hash, text, strlen(text));
    }
    float values[5];
    succeeds(&host, arq_observation_floats(ARQ_OBSERVATION_U8, 5, 1, bytes, values));
    hash = hash_bytes(hash, values, sizeof values);
    succeeds(&host, arq_observation_floats(ARQ_OBSERVATION_F64, 4, 1, numbers, values));
    hash = hash_bytes(hash, values, 4 * sizeof *values);

    arq_agent *agent;
    succeeds(&host, arq_agent_create(host.context, config, ARQ_OBSERVATION_F32, INPUTS, ACTIONS, &agent));
    uint64_t weights = hash_network(&host, arq_agent_network(agent));
    hash = hash_bytes(hash, &weights, sizeof weights);
    struct world world = {.random = 11};
    live(&host, agent, &world, 3);
    static const char *const schedules[] = {"learning_rate", "epsilon"};
    for (int i = 0; i < 2; i++) {
        double value;
        succeeds(&host, arq_agent_metric(agent, schedules[i], 0, &value));
        hash = hash_bytes(hash, &value, sizeof value);
    }
    arq_agent_destroy(agent);
    arq_config_destroy(config);

    arq_cell *cell;
    float loss;
    config = configured(&host, "network=arq heads=4");
    succeeds(&host, arq_cell_create(host.context, config, 3, 16, ACTIONS, &cell));
    succeeds(&host, arq_cell_update(cell, 1, x, &action, &target, &loss));
    hash = hash_bytes(hash, &loss, sizeof loss);
    arq_cell_destroy(cell);
    arq_config_destroy(config);
    ck_assert_msg(fp_mode_bits() == bits, "the host's floating-point mode has changed");
    fp_mode_set((struct fp_mode){FE_TONEAREST, 0});
    host_close(&host);
    return hash;
}

START_TEST(the_rest_is_of_no_mode_either)
{
    uint64_t expected = odds_and_ends(modes[0]);
    for (size_t i = 1; i < sizeof modes / sizeof *modes; i++)
        ck_assert_msg(odds_and_ends(modes[i]) == expected, "rounding %#x%s: other bits", modes[i].rounding,
                      modes[i].flushes_to_zero ? ", denormals are zero" : "");
}
END_TEST

/* Another seed is another life: the hash can tell. */
START_TEST(seeds_differ)
{
    char settings[512];
    uint64_t expected = whole_life(kinds[_i], 1, "generic", modes[0]);

    snprintf(settings, sizeof settings, "%s seed=2", kinds[_i]);
    ck_assert_uint_ne(whole_life(settings, 1, "generic", modes[0]), expected);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("determinism");
    TCase *cases = tcase_create("determinism");
    int count = (int)(sizeof kinds / sizeof *kinds);

    tcase_set_timeout(cases, 200);
    tcase_add_loop_test(cases, one_hash, 0, count);
    tcase_add_loop_test(cases, seeds_differ, 0, count);
    tcase_add_test(cases, the_rest_is_of_no_mode_either);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
