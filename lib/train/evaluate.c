/* Playing whole episodes without learning, in one environment or in several side by side. */
#include "arq/run.h"

#include "core/random.h"
#include "core/table.h"
#include "nn/activations.h"
#include "system/fp.h"
#include "train/worlds.h"

#include <stdio.h>
#include <string.h>

/* In place of an action that the network still has to choose. */
#define CHOOSES_BY_Q (-1)

typedef struct player {
    arq_context *context;
    const arq_network *network; /* NULL: acts at random */
    arq_activations *activations;
    const arq_progress *progress; /* NULL: nobody hears */
    arq_worlds worlds;
    double epsilon;
    uint32_t episodes; /* to play */
    uint64_t max_steps;
    double *returns;
    uint64_t *lengths;
    uint32_t ended;
    arq_random *random; /* [N] */
    uint32_t *episode;  /* [N] which one an instance plays */
    uint64_t *length;   /* [N] of it */
    uint8_t *playing;   /* [N] */
    uint8_t *mask;      /* [N] work space */
    arq_arena arena;
} player;

static void lay_out(void *owner, arq_arena *arena)
{
    player *p = owner;
    size_t n = p->worlds.count;
    p->random = arq_arena_take(arena, n, sizeof(*p->random));
    p->episode = arq_arena_take(arena, n, sizeof(*p->episode));
    p->length = arq_arena_take(arena, n, sizeof(*p->length));
    p->playing = arq_arena_take(arena, n, 1);
    p->mask = arq_arena_take(arena, n, 1);
}

static arq_status check_fit(const player *p, const char *call)
{
    const arq_env_spec *spec = p->worlds.spec;
    if (p->network == NULL) {
        return ARQ_OK;
    }
    const arq_network_shape *shape = &p->network->shape;
    if (shape->observation_kind != spec->observation_kind || shape->observation_size != spec->observation_size ||
        shape->actions != spec->action_count) {
        return arq_fail(p->context, ARQ_E_SHAPE,
                        "%s: the network takes kind %d of %u values and has %u actions; the environment has "
                        "kind %d of %u values and %u actions",
                        call, shape->observation_kind, shape->observation_size, shape->actions, spec->observation_kind,
                        spec->observation_size, spec->action_count);
    }
    return ARQ_OK;
}

/* ---- A step of all that play ---- */

/* Epsilon-greedy; marks in the mask the instances that need Q, and returns whether any does. */
static int draw(player *p)
{
    int needed = 0;
    for (uint32_t i = 0; i < p->worlds.count; i++) {
        p->mask[i] = 0;
        if (!p->playing[i]) {
            continue;
        }
        int explores = p->network == NULL || arq_random_uniform(&p->random[i]) < p->epsilon;
        p->worlds.actions[i] =
            explores ? (int32_t)arq_random_below(&p->random[i], p->worlds.spec->action_count) : CHOOSES_BY_Q;
        p->mask[i] = p->network != NULL && (!explores || p->network->parameters.context_on_explore);
        needed |= p->mask[i];
    }
    return needed;
}

static arq_status choose(player *p)
{
    if (!draw(p)) {
        return ARQ_OK;
    }
    arq_status status =
        arq_network_compute(p->network, p->activations, p->worlds.observations, p->mask, "arq_evaluate");
    if (status != ARQ_OK) {
        return status;
    }
    uint32_t actions = p->worlds.spec->action_count;
    for (uint32_t i = 0; i < p->worlds.count; i++) {
        if (!p->mask[i]) {
            continue;
        }
        if (p->worlds.actions[i] == CHOOSES_BY_Q) {
            p->worlds.actions[i] = arq_greedy_action(p->activations->q + (size_t)i * actions, actions);
        }
        arq_activations_advance(p->activations, i);
    }
    return ARQ_OK;
}

static arq_status report(const player *p, uint64_t steps)
{
    const arq_progress *progress = p->progress;
    int due = progress != NULL && (steps == 0 || (progress->period != 0 && steps % progress->period == 0));
    arq_status status = due ? progress->report(progress->user, p->ended, steps) : ARQ_OK;
    return status == ARQ_OK ? ARQ_OK : arq_fail_callback(p->context, "arq_evaluate: progress.report", status, NULL);
}

/* Instance i plays the episodes i, N + i, 2 N + i ... */
static arq_status begin_episodes(player *p)
{
    uint32_t count = p->worlds.count;
    int wanted = 0;
    for (uint32_t i = 0; i < count; i++) {
        p->mask[i] = !p->playing[i] && p->episode[i] < p->episodes;
        wanted |= p->mask[i];
    }
    arq_status status = wanted ? arq_worlds_reset(&p->worlds, p->mask) : ARQ_OK;
    if (status != ARQ_OK) {
        return status;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!p->mask[i]) {
            continue;
        }
        p->playing[i] = 1;
        p->length[i] = 0;
        p->returns[p->episode[i]] = 0;
        if (p->network != NULL) {
            arq_activations_begin(p->activations, i);
        }
    }
    return ARQ_OK;
}

static arq_status end_episode(player *p, uint32_t i)
{
    p->playing[i] = 0;
    if (p->lengths != NULL) {
        p->lengths[p->episode[i]] = p->length[i];
    }
    p->episode[i] += p->worlds.count;
    p->ended++;
    return report(p, 0);
}

static arq_status step(player *p)
{
    arq_status status = choose(p);
    if (status != ARQ_OK) {
        return status;
    }
    memcpy(p->mask, p->playing, p->worlds.count);
    status = arq_worlds_step(&p->worlds, p->mask);
    if (status != ARQ_OK) {
        return status;
    }
    uint64_t longest = 0;
    for (uint32_t i = 0; i < p->worlds.count; i++) {
        if (!p->playing[i]) {
            continue;
        }
        uint64_t mode = arq_fp_enter();
        p->returns[p->episode[i]] += p->worlds.rewards[i];
        arq_fp_leave(mode);
        p->length[i]++;
        if (p->worlds.terminated[i] || p->worlds.truncated[i] || p->length[i] == p->max_steps) {
            status = end_episode(p, i);
            if (status != ARQ_OK) {
                return status;
            }
        } else if (p->length[i] > longest) {
            longest = p->length[i];
        }
    }
    return longest > 0 ? report(p, longest) : ARQ_OK;
}

/* ---- The calls ---- */

static arq_status check_progress(const arq_context *context, const arq_progress *progress, const char *call)
{
    if (progress == NULL) {
        return ARQ_OK;
    }
    char what[64];
    snprintf(what, sizeof(what), "%s: progress", call);
    arq_status status = arq_table_check_size(context, ARQ_E_ARGUMENT, what, progress->struct_size, sizeof(*progress));
    if (status != ARQ_OK) {
        return status;
    }
    if (progress->report == NULL) {
        return arq_fail(context, ARQ_E_ARGUMENT, "%s: progress: report is NULL", call);
    }
    return ARQ_OK;
}

static arq_status prepare(player *p, arq_env *env, arq_env_batch *batch, uint64_t seed, const char *call)
{
    arq_status status = arq_worlds_create(p->context, env, batch, seed, call, &p->worlds);
    if (status != ARQ_OK) {
        return status;
    }
    status = check_fit(p, call);
    if (status != ARQ_OK) {
        return status;
    }
    if (p->episodes % p->worlds.count != 0) {
        return arq_fail(p->context, ARQ_E_ARGUMENT,
                        "%s: episodes is %u for %u instances; accepted: a multiple, so that each plays as many", call,
                        p->episodes, p->worlds.count);
    }
    status = arq_arena_create(p->context, "an evaluation", lay_out, p, &p->arena);
    if (status != ARQ_OK) {
        return status;
    }
    for (uint32_t i = 0; i < p->worlds.count; i++) {
        arq_random_seed_instance(&p->random[i], seed, ARQ_STREAM_EVALUATION, i);
        p->episode[i] = i;
    }
    return p->network == NULL ? ARQ_OK : arq_activations_create(p->network, p->worlds.count, &p->activations);
}

static arq_status play(player *p)
{
    while (p->ended < p->episodes) {
        arq_status status = begin_episodes(p);
        if (status != ARQ_OK) {
            return status;
        }
        status = step(p);
        if (status != ARQ_OK) {
            return status;
        }
    }
    return ARQ_OK;
}

static arq_status evaluate(player *p, arq_env *env, arq_env_batch *batch, uint64_t seed, const char *call)
{
    if (!(p->epsilon >= 0 && p->epsilon <= 1) || p->episodes == 0) {
        return arq_fail(p->context, ARQ_E_ARGUMENT, "%s: epsilon is %g (accepted: 0 .. 1), episodes is %u (at least 1)",
                        call, p->epsilon, p->episodes);
    }
    arq_status status = check_progress(p->context, p->progress, call);
    if (status != ARQ_OK) {
        return status;
    }
    if (p->network != NULL) {
        arq_network_hold(p->network);
    }
    status = prepare(p, env, batch, seed, call);
    if (status == ARQ_OK) {
        status = play(p);
    }
    if (p->network != NULL) {
        arq_network_let_go(p->network);
    }
    arq_activations_destroy(p->activations);
    arq_arena_destroy(p->context, &p->arena);
    arq_worlds_destroy(&p->worlds);
    return status;
}

arq_status arq_evaluate(arq_context *context, const arq_network *network, arq_env *env, uint64_t seed, double epsilon,
                        uint32_t episodes, uint64_t max_steps, const arq_progress *progress, double *returns,
                        uint64_t *lengths)
{
    arq_status status = ARQ_REQUIRE(context, "arq_evaluate", {"context", context}, {"env", env}, {"returns", returns});
    if (status != ARQ_OK) {
        return status;
    }
    player p = {.context = context,
                .network = network,
                .progress = progress,
                .epsilon = epsilon,
                .episodes = episodes,
                .max_steps = max_steps,
                .returns = returns,
                .lengths = lengths};
    return evaluate(&p, env, NULL, seed, "arq_evaluate");
}

arq_status arq_evaluate_batch(arq_context *context, const arq_network *network, arq_env_batch *batch, uint64_t seed,
                              double epsilon, uint32_t episodes, uint64_t max_steps, const arq_progress *progress,
                              double *returns, uint64_t *lengths)
{
    arq_status status =
        ARQ_REQUIRE(context, "arq_evaluate_batch", {"context", context}, {"batch", batch}, {"returns", returns});
    if (status != ARQ_OK) {
        return status;
    }
    player p = {.context = context,
                .network = network,
                .progress = progress,
                .epsilon = epsilon,
                .episodes = episodes,
                .max_steps = max_steps,
                .returns = returns,
                .lengths = lengths};
    return evaluate(&p, NULL, batch, seed, "arq_evaluate_batch");
}
