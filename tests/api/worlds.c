#include "worlds.h"

#include "support.h"

#include <math.h>
#include <string.h>

static arq_status corridor_spec(void *self, arq_env_spec *spec)
{
    (void)self;
    spec->observation_kind = ARQ_OBSERVATION_F32;
    spec->observation_size = CORRIDOR_LENGTH;
    spec->action_kind = ARQ_ACTION_DISCRETE;
    spec->action_count = 2;
    spec->time_limit = 30;
    return ARQ_OK;
}

static void look(const struct corridor *corridor, float *observation)
{
    for (uint32_t i = 0; i < CORRIDOR_LENGTH; i++)
        observation[i] = i == corridor->place;
}

static arq_status corridor_reset(void *self, const uint64_t *seed, void *observation)
{
    struct corridor *corridor = self;

    if (seed != NULL)
        corridor->random = *seed * 2 + 1;
    corridor->place = (uint32_t)(next_random(&corridor->random) % (CORRIDOR_LENGTH - 1));
    corridor->steps = 0;
    look(corridor, observation);
    return ARQ_OK;
}

static arq_status misbehave(const struct corridor *corridor, float *observation, double *reward, int32_t *terminated,
                            int32_t *truncated)
{
    switch (corridor->fault) {
    case FAULT_NONE:
        break;
    case FAULT_REWARD_NAN:
        *reward = NAN;
        break;
    case FAULT_REWARD_INFINITE:
        *reward = -INFINITY;
        break;
    case FAULT_OBSERVATION_NAN:
        observation[3] = NAN;
        break;
    case FAULT_TERMINATED_FLAG:
        *terminated = 2;
        break;
    case FAULT_TRUNCATED_FLAG:
        *truncated = -1;
        break;
    case FAULT_CALLER_CODE:
        return FAULT_CODE;
    case FAULT_LIBRARY_CODE:
        return ARQ_E_BUSY;
    case FAULT_POSITIVE_CODE:
        return 7;
    case FAULT_NO_MEMORY:
        return ARQ_E_NOMEM;
    }
    return ARQ_OK;
}

static arq_status corridor_step(void *self, int32_t action, void *observation, double *reward, int32_t *terminated,
                                int32_t *truncated)
{
    struct corridor *corridor = self;

    if (action == 1)
        corridor->place++;
    else if (corridor->place > 0)
        corridor->place--;
    corridor->steps++;
    corridor->all_steps++;
    look(corridor, observation);
    *terminated = corridor->place == CORRIDOR_LENGTH - 1;
    *truncated = corridor->steps == 30;
    *reward = *terminated;
    if (corridor->on_step != NULL)
        corridor->on_step(corridor->user);
    if (corridor->fault != FAULT_NONE && corridor->all_steps == corridor->fault_step)
        return misbehave(corridor, observation, reward, terminated, truncated);
    return ARQ_OK;
}

static void corridor_destroy(void *self)
{
    struct corridor *corridor = self;

    corridor->destroyed++;
}

const arq_env_methods corridor_methods = {
    .struct_size = sizeof(arq_env_methods),
    .spec = corridor_spec,
    .reset = corridor_reset,
    .step = corridor_step,
    .destroy = corridor_destroy,
};
