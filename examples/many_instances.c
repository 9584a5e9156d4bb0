/*
 * One agent learns from 64 games side by side, without a replay: one call acts in all of them, one steps all of them.
 * A game that ends begins anew at once, and the others go on. Own worlds take the place of the batch.
 *
 * Prints something like:
 *   64 games of breakout: 1.2 rewards an episode in the first half, 3.5 in the second
 */
#include <arq/arq.h>
#include <stdio.h>

#define GAMES 64
#define STEPS 3000 /* of all games */
#define BYTES 50   /* of one observation: 10 x 10 x 4 bits */

int main(void)
{
    arq_context *context = NULL;
    arq_config *config = NULL;
    arq_env_batch *games = NULL;
    arq_agent *agent = NULL;
    unsigned char observations[GAMES * BYTES];
    uint8_t ended[GAMES];
    int32_t actions[GAMES], terminated[GAMES], truncated[GAMES];
    double rewards[GAMES], sum[2] = {0, 0}, episodes[2] = {0, 0};
    char text[512];

    int failed = arq_context_create(ARQ_ABI_VERSION, NULL, &context) || arq_config_create(context, "fast", &config) ||
                 arq_config_set(config, "exploration_steps", "100000") ||
                 arq_config_set_int(config, "total_steps", GAMES * STEPS) || /* over which the learning rate falls */
                 arq_env_batch_open(context, "minatar/breakout", GAMES, &games) ||
                 arq_agent_create_many(context, config, ARQ_OBSERVATION_BIT, 8 * BYTES, 3, GAMES, &agent) ||
                 arq_env_batch_reset(games, NULL, NULL, observations) ||
                 arq_agent_begin_many(agent, NULL, observations);
    for (int step = 0; step < STEPS && !failed; step++) {
        int half = step >= STEPS / 2;
        failed = arq_agent_act_many(agent, NULL, actions) ||
                 arq_env_batch_step(games, actions, observations, rewards, terminated, truncated) ||
                 arq_agent_observe_many(agent, NULL, NULL, rewards, observations, terminated, truncated, NULL);
        for (int i = 0; i < GAMES && !failed; i++) {
            ended[i] = terminated[i] || truncated[i];
            sum[half] += rewards[i];
            episodes[half] += ended[i];
        }
        failed = failed || arq_env_batch_reset(games, NULL, ended, observations) ||
                 arq_agent_begin_many(agent, ended, observations);
    }
    arq_context_last_error(context, text, sizeof(text));
    failed ? puts(text)
           : printf("%d games of breakout: %.1f rewards an episode in the first half, %.1f in the second\n", GAMES,
                    sum[0] / episodes[0], sum[1] / episodes[1]);
    arq_agent_destroy(agent);
    arq_env_batch_destroy(games);
    arq_config_destroy(config);
    arq_context_destroy(context);
    return failed;
}
