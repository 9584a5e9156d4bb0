/*
 * The program owns the loop: a room whose heater an agent learns to switch. No environment object is involved.
 *
 * Prints something like:
 *   steps     1 ..  2000: 13% within 1 degree
 *   steps 18001 .. 20000: 99% within 1 degree
 */
#include <arq/agent.h>
#include <stdio.h>

#define STEPS 20000
#define REPORT 2000

/* The room loses a tenth of what it is warmer than outside; the heater adds 3 degrees at full power. */
static float warm(float room, float outside, int32_t power)
{
    return room + 0.1f * (outside - room) + 1.5f * (float)power;
}

int main(void)
{
    arq_context *context = NULL;
    arq_config *config = NULL;
    arq_agent *agent = NULL;
    float room = 5, outside = 5;
    int good = 0;
    char text[512];

    int failed = arq_context_create(ARQ_ABI_VERSION, NULL, &context) || arq_config_create(context, "fast", &config) ||
                 arq_config_set(config, "rollout", "256") || arq_config_set(config, "epochs", "4") ||
                 arq_config_set(config, "batch", "32") || arq_config_set(config, "exploration_steps", "8000") ||
                 arq_config_set(config, "gamma", "0.9") || arq_config_set(config, "learning_rate", "0.003") ||
                 arq_config_set_int(config, "total_steps", STEPS) || /* over which the learning rate falls */
                 arq_agent_create(context, config, ARQ_OBSERVATION_F32, 2, 3, &agent);
    failed = failed || arq_agent_begin(agent, (float[]){room / 20, outside / 20});
    for (int step = 1; step <= STEPS && !failed; step++) {
        int32_t power = 0;
        failed = arq_agent_act(agent, &power);
        room = warm(room, outside, power);
        outside += step % 400 < 200 ? 0.05f : -0.05f; /* day and night */
        int within = room > 19 && room < 21;
        failed = failed ||
                 arq_agent_observe(agent, ARQ_ACTION_CHOSEN, within, (float[]){room / 20, outside / 20}, 0, 0, NULL);
        good += within;
        if (step == REPORT || step == STEPS) {
            printf("steps %5d .. %5d: %d%% within 1 degree\n", step - REPORT + 1, step, 100 * good / REPORT);
        }
        good = step % REPORT == 0 ? 0 : good;
    }
    if (failed) {
        arq_context_last_error(context, text, sizeof(text));
        puts(text);
    }
    arq_agent_destroy(agent);
    arq_config_destroy(config);
    arq_context_destroy(context);
    return failed;
}
