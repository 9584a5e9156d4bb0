/* An agent at the limits of what it is given: doubles that just fit floats, a replay that just holds a batch. */
#include "support.h"

#include <stdio.h>

static double metric(struct host *host, const arq_agent *agent, const char *name)
{
    double value = -1;

    succeeds(host, arq_agent_metric(agent, name, 0, &value));
    return value;
}

/* What no float can hold is refused, and what rounds to the largest is not. */
START_TEST(doubles_fit_floats)
{
    struct host host;
    host_open(&host);
    arq_config *config = configured(&host, SMALL);
    arq_agent *agent;
    int32_t action;
    double x[3] = {0, 1e300, 0};
    succeeds(&host, arq_agent_create(host.context, config, ARQ_OBSERVATION_F64, 3, 2, &agent));
    refuses(&host, ARQ_E_ARGUMENT, "value 1 is 1e+300;finite as a float, -3.40282e+38 .. 3.40282e+38",
            arq_agent_begin(agent, x));
    x[1] = -0x1.ffffffp+127;
    refuses(&host, ARQ_E_ARGUMENT, "finite as a float", arq_agent_begin(agent, x));
    x[1] = -0x1.fffffefffffffp+127;
    succeeds(&host, arq_agent_begin(agent, x));
    x[1] = 0;
    succeeds(&host, arq_agent_begin(agent, x));
    succeeds(&host, arq_agent_act(agent, &action));
    succeeds(&host, arq_agent_observe(agent, action, 0x1.fffffefffffffp+127, x, 0, 0, NULL));
    arq_agent_destroy(agent);
    arq_config_destroy(config);
    host_close(&host);
}
END_TEST

/* A replay that learning could never begin from is refused where it is made, and the least that is accepted is enough
 * for an episode without end. */
START_TEST(a_replay_holds_a_batch)
{
    static const struct {
        const char *settings;
        uint32_t instances;
        int window, least;
    } agents[] = {
        {"network=dqn widths=4 batch=16", 1, 1, 16},
        {"widths=4 heads=1 batch=16 context_size=3", 1, 4, 19},
        {"widths=4 heads=1 batch=16 context_size=3", 5, 4, 31},
    };
    struct host host;
    host_open(&host);
    for (size_t i = 0; i < sizeof(agents) / sizeof(agents[0]); i++) {
        char settings[200], words[200];
        arq_agent *agent = NULL;
        for (int less = 1; less >= 0; less--) {
            snprintf(settings, sizeof settings, "learning_starts=0 train_period=1 replay_capacity=%d %s",
                     agents[i].least - less, agents[i].settings);
            snprintf(words, sizeof words, "replay_capacity is %d;at least %d;batch of 16;%u instances;%d steps",
                     agents[i].least - 1, agents[i].least, agents[i].instances, agents[i].window);
            arq_config *config = configured(&host, settings);
            if (less == 1) {
                refuses(
                    &host, ARQ_E_ARGUMENT, words,
                    arq_agent_create_many(host.context, config, ARQ_OBSERVATION_U8, 1, 2, agents[i].instances, &agent));
                ck_assert_ptr_null(agent);
            } else {
                succeeds(&host, arq_agent_create_many(host.context, config, ARQ_OBSERVATION_U8, 1, 2,
                                                      agents[i].instances, &agent));
            }
            arq_config_destroy(config);
        }
        uint8_t x[5] = {1, 2, 3, 4, 5};
        int32_t actions[5], none[5] = {0};
        double rewards[5] = {0};
        succeeds(&host, arq_agent_begin_many(agent, NULL, x));
        for (int step = 0; step < 100; step++) {
            succeeds(&host, arq_agent_act_many(agent, NULL, actions));
            succeeds(&host, arq_agent_observe_many(agent, NULL, actions, rewards, x, none, none, NULL));
        }
        ck_assert_msg(metric(&host, agent, "updates") > 10, "agent %zu made %g updates", i,
                      metric(&host, agent, "updates"));
        arq_agent_destroy(agent);
    }
    host_close(&host);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {doubles_fit_floats, a_replay_holds_a_batch};

    return RUN_TESTS("limits", tests);
}
