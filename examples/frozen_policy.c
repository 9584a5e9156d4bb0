/*
 * A frozen policy in a program: opens a saved network and acts with it. No replay, no learning, no write to the
 * network: many threads may do this at once with one network, each with activations of its own.
 *
 * Prints something like:
 *   10 games of breakout, mean return 13.7
 */
#include <arq/environment.h>
#include <arq/network.h>
#include <stdio.h>

#define GAMES 10

/* One game; returns whether something failed. */
static int play(const arq_network *network, arq_activations *activations, arq_env *env, uint64_t seed, double *sum)
{
    unsigned char observation[64]; /* 10 x 10 x 4 bits are 50 bytes */
    int32_t action = 0, terminated = 0, truncated = 0;
    double reward = 0;
    int failed = arq_env_reset(env, &seed, observation) || arq_activations_begin(activations, 0);
    while (!failed && !terminated && !truncated) {
        failed = arq_network_act(network, activations, observation, &action) ||
                 arq_env_step(env, action, observation, &reward, &terminated, &truncated);
        *sum += reward;
    }
    return failed;
}

int main(int count, char **arguments)
{
    const char *path = count > 1 ? arguments[1] : "breakout.safetensors"; /* saved by train.c */
    arq_context *context = NULL;
    arq_network *network = NULL;
    arq_activations *activations = NULL;
    arq_env *env = NULL;
    double sum = 0;
    char text[512];

    int failed = arq_context_create(ARQ_ABI_VERSION, NULL, &context) || arq_network_open(context, path, &network) ||
                 arq_activations_create(network, 1, &activations) || arq_env_open(context, "minatar/breakout", &env);
    for (uint64_t game = 1; game <= GAMES && !failed; game++) {
        failed = play(network, activations, env, game, &sum);
    }
    arq_context_last_error(context, text, sizeof(text));
    failed ? puts(text) : printf("%d games of breakout, mean return %.1f\n", GAMES, sum / GAMES);
    arq_env_destroy(env);
    arq_activations_destroy(activations);
    arq_network_destroy(network);
    arq_context_destroy(context);
    return failed;
}
