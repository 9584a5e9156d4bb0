#include "train/worlds.h"

#include <string.h>

static void lay_out(void *owner, arq_arena *arena)
{
    arq_worlds *worlds = owner;
    size_t n = worlds->count;
    worlds->observations = arq_arena_take(arena, n, worlds->observation_bytes);
    worlds->actions = arq_arena_take(arena, n, sizeof(*worlds->actions));
    worlds->rewards = arq_arena_take(arena, n, sizeof(*worlds->rewards));
    worlds->terminated = arq_arena_take(arena, n, sizeof(*worlds->terminated));
    worlds->truncated = arq_arena_take(arena, n, sizeof(*worlds->truncated));
    worlds->seeds = arq_arena_take(arena, n, sizeof(*worlds->seeds));
    worlds->fresh = arq_arena_take(arena, n, 1);
    worlds->share = arq_arena_take(arena, n, 1);
}

arq_status arq_worlds_create(arq_context *context, arq_env *env, arq_env_batch *batch, uint64_t seed, const char *call,
                             arq_worlds *worlds)
{
    worlds->context = context;
    worlds->env = env;
    worlds->batch = batch;
    worlds->count = env != NULL ? 1 : arq_env_batch_count(batch);
    worlds->spec = arq_env_describe(env != NULL ? env : arq_env_batch_at(batch, 0));
    worlds->observation_bytes = arq_observation_bytes(worlds->spec->observation_kind, worlds->spec->observation_size);
    if (worlds->spec->action_kind != ARQ_ACTION_DISCRETE) {
        return arq_fail(context, ARQ_E_UNSUPPORTED, "%s: the environment has box actions; wrap it with %s", call,
                        env != NULL ? "arq_env_bang_bang" : "arq_env_batch_bang_bang");
    }
    arq_status status = arq_arena_create(context, "an observation", lay_out, worlds, &worlds->arena);
    for (uint32_t i = 0; status == ARQ_OK && i < worlds->count; i++) {
        worlds->seeds[i] = seed + i;
        worlds->fresh[i] = 1;
    }
    return status;
}

void arq_worlds_destroy(arq_worlds *worlds)
{
    if (worlds->context != NULL) {
        arq_arena_destroy(worlds->context, &worlds->arena);
    }
}

/* Clears the mask where an instance failed; all of it if the call was refused as a whole, when nobody stepped. */
static void clear_failed(const arq_worlds *worlds, arq_status status, uint8_t *mask)
{
    if (status == ARQ_OK) {
        return;
    }
    const arq_status *statuses = worlds->batch == NULL ? NULL : arq_env_batch_statuses(worlds->batch);
    int whose = 0;
    for (uint32_t i = 0; statuses != NULL && i < worlds->count; i++) {
        if (mask[i] && statuses[i] != ARQ_OK) {
            mask[i] = 0;
            whose = 1;
        }
    }
    if (!whose) {
        memset(mask, 0, worlds->count);
    }
}

/* Of the instances of the mask resets the fresh ones, with their seeds (`fresh`), or the others, without. */
static arq_status reset_share(arq_worlds *worlds, int fresh, uint8_t *mask)
{
    int any = 0;
    for (uint32_t i = 0; i < worlds->count; i++) {
        worlds->share[i] = mask[i] && worlds->fresh[i] == fresh;
        mask[i] = mask[i] && !worlds->share[i];
        any |= worlds->share[i];
    }
    arq_status status = ARQ_OK;
    if (any && worlds->batch == NULL) {
        status = arq_env_reset(worlds->env, fresh ? worlds->seeds : NULL, worlds->observations);
    } else if (any) {
        status = arq_env_batch_reset(worlds->batch, fresh ? worlds->seeds : NULL, worlds->share, worlds->observations);
    }
    clear_failed(worlds, status, worlds->share);
    for (uint32_t i = 0; i < worlds->count; i++) {
        mask[i] |= worlds->share[i];
    }
    return status;
}

arq_status arq_worlds_reset(arq_worlds *worlds, uint8_t *mask)
{
    arq_status of_others = reset_share(worlds, 0, mask);
    arq_status of_fresh = reset_share(worlds, 1, mask);
    for (uint32_t i = 0; i < worlds->count; i++) {
        worlds->fresh[i] = worlds->fresh[i] && !mask[i];
    }
    return of_fresh != ARQ_OK ? of_fresh : of_others;
}

arq_status arq_worlds_step(arq_worlds *worlds, uint8_t *mask)
{
    arq_status status;
    if (worlds->batch == NULL) {
        status = arq_env_step(worlds->env, worlds->actions[0], worlds->observations, worlds->rewards,
                              worlds->terminated, worlds->truncated);
    } else {
        status = arq_env_batch_step_masked(worlds->batch, mask, worlds->actions, worlds->observations, worlds->rewards,
                                           worlds->terminated, worlds->truncated);
    }
    clear_failed(worlds, status, mask);
    return status;
}
