/*
 * Many episodes side by side on one network: one call steps all games, one call acts in all of them. Each episode has
 * its own activations (what the cells did the step before), so an end of one disturbs no other.
 *
 * Prints something like:
 *   64 episodes of breakout, 13.9 rewards an episode
 */
#include <arq/environment.h>
#include <arq/network.h>
#include <stdio.h>

#define GAMES 16
#define EPISODES 64
#define BYTES 50 /* of one observation: 10 x 10 x 4 bits */

int main(int count, char **arguments)
{
    const char *path = count > 1 ? arguments[1] : "breakout.safetensors"; /* saved by train.c */
    arq_context *context = NULL;
    arq_network *network = NULL;
    arq_activations *activations = NULL;
    arq_env_batch *games = NULL;
    unsigned char observations[GAMES * BYTES];
    uint64_t seeds[GAMES];
    uint8_t ended[GAMES];
    int32_t actions[GAMES], terminated[GAMES], truncated[GAMES];
    double rewards[GAMES], sum = 0;
    int episodes = 0;
    char text[512];

    for (uint32_t i = 0; i < GAMES; i++) {
        seeds[i] = i;
    }
    int failed = arq_context_create(ARQ_ABI_VERSION, NULL, &context) || arq_network_open(context, path, &network) ||
                 arq_activations_create(network, GAMES, &activations) ||
                 arq_env_batch_open(context, "minatar/breakout", GAMES, &games) ||
                 arq_env_batch_reset(games, seeds, NULL, observations);
    while (!failed && episodes < EPISODES) {
        failed = arq_network_act(network, activations, observations, actions) ||
                 arq_env_batch_step(games, actions, observations, rewards, terminated, truncated);
        for (uint32_t i = 0; i < GAMES && !failed; i++) {
            ended[i] = terminated[i] || truncated[i];
            sum += rewards[i];
            episodes += ended[i];
            failed = ended[i] && arq_activations_begin(activations, i);
        }
        failed = failed || arq_env_batch_reset(games, NULL, ended, observations);
    }
    arq_context_last_error(context, text, sizeof(text));
    failed ? puts(text) : printf("%d episodes of breakout, %.1f rewards an episode\n", episodes, sum / episodes);
    arq_env_batch_destroy(games);
    arq_activations_destroy(activations);
    arq_network_destroy(network);
    arq_context_destroy(context);
    return failed;
}
