/* States of environments. What is taken is played: every state that load accepts must be one that the rules can go on
 * from. The first byte says which game. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

const arq_plugin *arq_classic_plugin(uint32_t abi_version);
const arq_plugin *arq_minatar_plugin(uint32_t abi_version);

static const char *const games[] = {"minatar/asterix",        "minatar/breakout",
                                    "minatar/freeway",        "minatar/seaquest",
                                    "minatar/space_invaders", "classic/cartpole",
                                    "classic/acrobot",        "classic/mountaincar",
                                    "classic/frozenlake",     "minatar/breakout|time_limit=7"};
#define GAMES ((uint8_t)(sizeof(games) / sizeof(games[0])))

static _Alignas(8) unsigned char observation[8192];

static arq_env *open_game(arq_context *context, const char *game)
{
    arq_env *env;
    REQUIRE_OK(context, arq_plugin_register(context, arq_classic_plugin));
    REQUIRE_OK(context, arq_plugin_register(context, arq_minatar_plugin));
    REQUIRE_OK(context, arq_env_open(context, game, &env));
    return env;
}

/* Returns how many steps were made until the episode's end. */
static int play(const arq_context *context, arq_env *env, int steps)
{
    const int32_t actions = (int32_t)arq_env_describe(env)->action_count;
    for (int step = 0; step < steps; step++) {
        double reward;
        int32_t terminated, truncated;
        REQUIRE_OK(context, arq_env_step(env, step * 5 % actions, observation, &reward, &terminated, &truncated));
        if (terminated || truncated) {
            return step;
        }
    }
    return steps;
}

static uint8_t *saved(const arq_context *context, arq_env *env, size_t *size)
{
    REQUIRE_OK(context, arq_env_save(env, NULL, 0, size));
    uint8_t *state = malloc(*size + 1);
    REQUIRE(context, state != NULL);
    REQUIRE_OK(context, arq_env_save(env, state + 1, *size, size));
    return state;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || data[0] >= GAMES) {
        return 0;
    }
    arq_context *context = fuzz_context();
    arq_env *env = open_game(context, games[data[0]]);
    uint64_t seed = 3;
    REQUIRE_OK(context, arq_env_reset(env, &seed, observation));
    if (arq_env_load(env, data + 1, size - 1) == ARQ_OK) {
        size_t bytes;
        uint8_t *state = saved(context, env, &bytes);
        REQUIRE_OK(context, arq_env_load(env, state + 1, bytes));
        free(state);
        double reward;
        int32_t terminated, truncated;
        if (arq_env_step(env, 0, observation, &reward, &terminated, &truncated) == ARQ_E_ORDER) {
            REQUIRE_OK(context, arq_env_reset(env, NULL, observation)); /* it was saved at its end */
        } else {
            REQUIRE_OK(context, arq_env_load(env, data + 1, size - 1));
        }
    }
    play(context, env, 25);
    arq_env_destroy(env);
    fuzz_context_end(context);
    return 0;
}

void fuzz_seeds(void (*emit)(const uint8_t *data, size_t size))
{
    for (uint8_t game = 0; game < GAMES; game++) {
        for (int steps = 0; steps <= 40; steps += 20) {
            arq_context *context = fuzz_context();
            arq_env *env = open_game(context, games[game]);
            size_t size;
            uint64_t seed = 1;
            REQUIRE_OK(context, arq_env_reset(env, &seed, observation));
            play(context, env, steps);
            uint8_t *state = saved(context, env, &size);
            state[0] = game;
            emit(state, size + 1);
            free(state);
            arq_env_destroy(env);
            fuzz_context_end(context);
        }
    }
}
