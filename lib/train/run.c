/* A training run: the agent's loop over an environment or a batch. */
#include "train/run.h"

#include "system/fp.h"
#include "system/time.h"

#include <math.h>
#include <string.h>

/* How many ended episodes a batch's run keeps for the caller to read, besides one for each instance. */
#define ENDED_MORE 1024u

static void lay_out(void *owner, arq_arena *arena)
{
    arq_run *run = owner;
    size_t n = run->worlds.count;
    run->playing = arq_arena_take(arena, n, 1);
    run->mask = arq_arena_take(arena, n, 1);
    run->episode = arq_arena_take(arena, n, sizeof(*run->episode));
    run->returns = arq_arena_take(arena, n, sizeof(*run->returns));
    run->lengths = arq_arena_take(arena, n, sizeof(*run->lengths));
    run->ended = arq_arena_take(arena, run->ended_most, sizeof(*run->ended));
}

static arq_status create_parts(arq_run *run, const arq_config *config, arq_env *env, arq_env_batch *batch,
                               const char *call)
{
    arq_status status = arq_config_copy(config, &run->config);
    if (status != ARQ_OK) {
        return status;
    }
    status = arq_worlds_create(run->context, env, batch, (uint64_t)run->parameters.seed, call, &run->worlds);
    if (status != ARQ_OK) {
        return status;
    }
    const arq_env_spec *spec = run->worlds.spec;
    uint32_t count = run->worlds.count;
    run->ended_most = env != NULL ? 1 : count + ENDED_MORE;
    status = arq_arena_create(run->context, "a run", lay_out, run, &run->arena);
    if (status != ARQ_OK) {
        return status;
    }
    status = arq_agent_create_many(run->context, config, spec->observation_kind, spec->observation_size,
                                   spec->action_count, count, &run->agent);
    if (status != ARQ_OK) {
        return status;
    }
    run->agent->owned = 1;
    return ARQ_OK;
}

static arq_status create(arq_context *context, const arq_config *config, arq_env *env, arq_env_batch *batch,
                         const char *call, arq_run **out)
{
    arq_run *run = arq_alloc(context, 1, sizeof(*run));
    if (run == NULL) {
        return arq_fail_memory(context, "a run", sizeof(*run));
    }
    arq_context_retain(context);
    run->context = context;
    run->parameters = *arq_config_values(config);
    run->last_return = (double)NAN;
    arq_status status = create_parts(run, config, env, batch, call);
    if (status != ARQ_OK) {
        arq_run_destroy(run);
        return status;
    }
    *out = run;
    return ARQ_OK;
}

arq_status arq_run_create(arq_context *context, const arq_config *config, arq_env *env, arq_run **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    arq_status status =
        ARQ_REQUIRE(context, "arq_run_create", {"context", context}, {"config", config}, {"env", env}, {"out", out});
    return status != ARQ_OK ? status : create(context, config, env, NULL, "arq_run_create", out);
}

arq_status arq_run_create_batch(arq_context *context, const arq_config *config, arq_env_batch *batch, arq_run **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    arq_status status = ARQ_REQUIRE(context, "arq_run_create_batch", {"context", context}, {"config", config},
                                    {"batch", batch}, {"out", out});
    return status != ARQ_OK ? status : create(context, config, NULL, batch, "arq_run_create_batch", out);
}

void arq_run_release_checkpoints(run_checkpoints *shared)
{
    if (shared != NULL && atomic_fetch_sub(&shared->users, 1) == 1) {
        arq_free(shared->context, shared, 1, sizeof(*shared));
    }
}

static void free_run(arq_run *run)
{
    arq_context *context = run->context;
    arq_run_release_checkpoints(run->checkpoints);
    arq_agent_release(run->agent);
    arq_arena_destroy(context, &run->arena);
    arq_worlds_destroy(&run->worlds);
    arq_config_destroy(run->config);
    arq_free(context, run, 1, sizeof(*run));
    arq_context_release(context);
}

void arq_run_destroy(arq_run *run)
{
    if (run != NULL && arq_life_end(&run->life)) {
        free_run(run);
    }
}

void arq_run_let_go(arq_run *run)
{
    if (arq_life_let_go(&run->life)) {
        free_run(run);
    }
}

void arq_run_end_episode(arq_run *run, uint32_t instance, int32_t end)
{
    run_episode *episode = &run->episode[instance];
    run->playing[instance] = 0;
    episode->step = run->steps;
    episode->instance = instance;
    episode->end = end;
    run->ended[run->ended_count++] = *episode;
    if (end == ARQ_EPISODE_FAILED) {
        return;
    }
    run->last_return = episode->episode_return;
    run->last_length = episode->length;
    run->recent[run->finished % ARQ_RUN_RECENT] = episode->episode_return;
    run->finished++;
}

/* Begins an episode wherever none is open. */
static arq_status begin_episodes(arq_run *run)
{
    uint32_t count = run->worlds.count;
    uint32_t wanted = 0;
    for (uint32_t i = 0; i < count; i++) {
        run->mask[i] = !run->playing[i];
        wanted += run->mask[i];
    }
    if (wanted == 0) {
        return ARQ_OK;
    }
    run->agent->lent = 1;
    arq_status of_worlds = arq_worlds_reset(&run->worlds, run->mask);
    run->agent->lent = 0;
    arq_status status = arq_agent_enter(run->agent, run->mask, run->worlds.observations);
    if (status != ARQ_OK) {
        return status;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (run->mask[i]) {
            run->playing[i] = 1;
            run->episode[i] = (run_episode){.episode_return = 0};
        }
    }
    return of_worlds;
}

/* Counts the step that the instances of the mask have just made. */
static void count_step(arq_run *run)
{
    const arq_worlds *worlds = &run->worlds;
    for (uint32_t i = 0; i < worlds->count; i++) {
        run->steps += run->mask[i];
    }
    uint64_t mode = arq_fp_enter();
    for (uint32_t i = 0; i < worlds->count; i++) {
        if (!run->mask[i]) {
            continue;
        }
        run->episode[i].episode_return += worlds->rewards[i];
        run->episode[i].length++;
        if (worlds->terminated[i] || worlds->truncated[i]) {
            arq_run_end_episode(run, i, worlds->terminated[i] ? ARQ_EPISODE_TERMINATED : ARQ_EPISODE_TRUNCATED);
        }
    }
    arq_fp_leave(mode);
}

/* Ends the episodes of instances that failed: those that are playing, but no longer in the mask. What was learned from
 * them stays. */
static void end_failed(arq_run *run)
{
    for (uint32_t i = 0; i < run->worlds.count; i++) {
        if (run->playing[i] && !run->mask[i]) {
            arq_run_end_episode(run, i, ARQ_EPISODE_FAILED);
        }
    }
}

/* One step of every instance and of the agent. */
static arq_status step(arq_run *run)
{
    arq_worlds *worlds = &run->worlds;
    memcpy(run->mask, run->playing, worlds->count);
    arq_status status = arq_agent_choose(run->agent, run->mask, worlds->actions);
    if (status != ARQ_OK) {
        return status;
    }
    run->agent->lent = 1;
    arq_status of_worlds = arq_worlds_step(worlds, run->mask);
    run->agent->lent = 0;
    uint32_t events;
    status = arq_agent_learn_from(run->agent, run->mask, NULL, worlds->rewards, worlds->observations,
                                  worlds->terminated, worlds->truncated, &events);
    if (status != ARQ_OK && status != ARQ_E_DIVERGED) {
        memset(run->mask, 0, worlds->count);
        end_failed(run);
        return status;
    }
    end_failed(run);
    count_step(run);
    return of_worlds != ARQ_OK ? of_worlds : status;
}

/* Whether the list of ended episodes may overflow at the next step. A run of one environment stops at every end. */
static int is_full(const arq_run *run)
{
    return run->ended_count + run->worlds.count > run->ended_most;
}

arq_status arq_run_advance(arq_run *run, uint64_t steps, uint64_t *done)
{
    if (done != NULL) {
        *done = 0;
    }
    if (run == NULL) {
        return arq_fail_null(NULL, "arq_run_advance", "run");
    }
    if (run->agent->lent) {
        return arq_agent_fail_lent(run->agent, "arq_run_advance");
    }
    uint64_t total = (uint64_t)run->parameters.total_steps;
    uint64_t before = run->steps;
    double begin = arq_seconds();
    arq_status status = ARQ_OK;
    run->ended_count = 0;
    arq_life_hold(&run->life);
    while (status == ARQ_OK && run->steps < total && run->steps - before < steps && !is_full(run) &&
           !arq_life_has_ended(&run->life)) {
        status = begin_episodes(run);
        if (status == ARQ_OK) {
            status = step(run);
        }
    }
    run->seconds += arq_seconds() - begin;
    if (done != NULL) {
        *done = run->steps - before;
    }
    arq_run_let_go(run);
    return status;
}

arq_status arq_run_episode(const arq_run *run, uint32_t index, uint32_t *instance, double *episode_return,
                           uint64_t *length, uint64_t *step, int32_t *end)
{
    if (run == NULL) {
        return arq_fail_null(NULL, "arq_run_episode", "run");
    }
    if (index >= run->ended_count) {
        return arq_fail(run->context, ARQ_E_NOT_FOUND, "arq_run_episode: index is %u; %u ended in the last advance",
                        index, run->ended_count);
    }
    const run_episode *episode = &run->ended[index];
    if (instance != NULL) {
        *instance = episode->instance;
    }
    if (episode_return != NULL) {
        *episode_return = episode->episode_return;
    }
    if (length != NULL) {
        *length = episode->length;
    }
    if (step != NULL) {
        *step = episode->step;
    }
    if (end != NULL) {
        *end = episode->end;
    }
    return ARQ_OK;
}

arq_agent *arq_run_agent(arq_run *run)
{
    return run == NULL ? NULL : run->agent;
}

uint32_t arq_run_instances(const arq_run *run)
{
    return run == NULL ? 0 : run->worlds.count;
}
