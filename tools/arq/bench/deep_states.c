#include "bench/deep_states.h"

#include <stdlib.h>
#include <string.h>

#define STRIDE 5           /* steps between two states */
#define TRIES 20           /* of one state, before an earlier one is taken */
#define MOST_STEPS 3000000 /* of all tries together */

typedef struct random_player {
    arq_env *env;
    unsigned char *observation;
    uint32_t action_count;
    uint64_t random;
} random_player;

static int push(deep_states *self, arq_env *env, uint64_t step)
{
    uint32_t next = (self->newest + 1) % DEEP_STATES;
    size_t size = 0;
    if (arq_env_save(env, self->bytes + next * self->size, self->size, &size) != ARQ_OK || size != self->size) {
        return 0;
    }
    self->step[next] = step;
    self->newest = next;
    self->count += self->count < DEEP_STATES;
    return 1;
}

static uint32_t draw(uint64_t *random, uint32_t count)
{
    *random = *random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*random >> 33) % count;
}

/* STRIDE random steps: 1 if the episode goes on, 0 if it ended, -1 on failure. */
static int play(random_player *self)
{
    for (int i = 0; i < STRIDE; i++) {
        double reward = 0;
        int32_t terminated = 0;
        int32_t truncated = 0;
        int32_t action = (int32_t)draw(&self->random, self->action_count);
        if (arq_env_step(self->env, action, self->observation, &reward, &terminated, &truncated) != ARQ_OK) {
            return -1;
        }
        if (terminated || truncated) {
            return 0;
        }
    }
    return 1;
}

/* Usually 1; at least 2 with probability 1/3, at least 4 with 1/9, and so on: a game may be lost long before it ends,
 * and then only a state from far back helps. */
static uint32_t states_to_take_back(uint64_t *random, uint32_t most)
{
    uint32_t count = 1;
    while (count < most && draw(random, 3) == 0) {
        count *= 2;
    }
    return count < most ? count : most;
}

static int search(deep_states *self, random_player *player, uint64_t target)
{
    int tries = 0;
    for (uint64_t steps = 0; self->step[self->newest] < target && steps < MOST_STEPS; steps += STRIDE) {
        int result = play(player);
        if (result < 0) {
            return 0;
        }
        if (result > 0) {
            tries = 0;
            if (!push(self, player->env, self->step[self->newest] + STRIDE)) {
                return 0;
            }
            continue;
        }
        if (++tries >= TRIES) {
            uint32_t taken = states_to_take_back(&player->random, self->count - 1);
            tries = 0;
            self->count -= taken;
            self->newest = (self->newest + DEEP_STATES - taken) % DEEP_STATES;
        }
        if (arq_env_load(player->env, deep_states_at(self, 0), self->size) != ARQ_OK) {
            return 0;
        }
    }
    return self->step[self->newest] >= target;
}

int deep_states_find(deep_states *self, arq_env *env, uint64_t step)
{
    const arq_env_spec *spec = arq_env_describe(env);
    uint64_t seed = 1;
    random_player player = {.env = env, .action_count = spec->action_count, .random = 1};
    memset(self, 0, sizeof(*self));
    player.observation = calloc(1, arq_observation_bytes(spec->observation_kind, spec->observation_size));
    int found = player.observation != NULL && arq_env_reset(env, &seed, player.observation) == ARQ_OK &&
                arq_env_save(env, NULL, 0, &self->size) == ARQ_OK;
    self->bytes = found ? calloc(DEEP_STATES, self->size) : NULL;
    found = self->bytes != NULL && push(self, env, 0) && search(self, &player, step);
    free(player.observation);
    return found;
}

const void *deep_states_at(const deep_states *self, uint32_t index)
{
    uint32_t back = index % self->count;
    return self->bytes + (self->newest + DEEP_STATES - back) % DEEP_STATES * self->size;
}

void deep_states_free(deep_states *self)
{
    free(self->bytes);
    memset(self, 0, sizeof(*self));
}
