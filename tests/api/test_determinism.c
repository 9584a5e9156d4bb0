/* The same build, seed and settings give the same bits: any threads, instruction set and floating-point mode. */
#include "fp_mode.h"
#include "life.h"

#include <fenv.h>
#include <stdio.h>

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
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
