/* Playing whole episodes without learning. */
#include "arq/run.h"

#include "core/random.h"
#include "nn/activations.h"

#include <math.h>
#include <string.h>

typedef struct player {
    arq_context *context;
    const arq_network *network; /* NULL: acts at random */
    arq_activations *activations;
    arq_env *env;
    const arq_progress *progress; /* NULL: nobody hears */
    void *observation;
    size_t observation_bytes;
    arq_random random;
    double epsilon;
    uint32_t actions;
    uint32_t episodes; /* that have ended */
} player;

static arq_status check_fit(arq_context *context, const arq_network *network, const arq_env_spec *spec)
{
    if (spec->action_kind != ARQ_ACTION_DISCRETE) {
        return arq_fail(context, ARQ_E_UNSUPPORTED,
                        "arq_evaluate: the environment has box actions; wrap it with arq_env_bang_bang");
    }
    if (network == NULL) {
        return ARQ_OK;
    }
    const arq_network_shape *shape = &network->shape;
    if (shape->observation_kind != spec->observation_kind || shape->observation_size != spec->observation_size ||
        shape->actions != spec->action_count) {
        return arq_fail(context, ARQ_E_SHAPE,
                        "arq_evaluate: the network takes kind %d of %u values and has %u actions; the environment has "
                        "kind %d of %u values and %u actions",
                        shape->observation_kind, shape->observation_size, shape->actions, spec->observation_kind,
                        spec->observation_size, spec->action_count);
    }
    return ARQ_OK;
}

static arq_status choose(player *p, int32_t *action)
{
    if (p->network == NULL || arq_random_uniform(&p->random) < p->epsilon) {
        *action = (int32_t)arq_random_below(&p->random, p->actions);
        if (p->network == NULL || !p->network->parameters.context_on_explore) {
            return ARQ_OK;
        }
        arq_status status = arq_network_compute(p->network, p->activations, p->observation, "arq_network_q");
        return status != ARQ_OK ? status : arq_activations_advance(p->activations, 0);
    }
    arq_status status = arq_network_compute(p->network, p->activations, p->observation, "arq_network_act");
    if (status != ARQ_OK) {
        return status;
    }
    *action = arq_greedy_action(p->activations->q, p->actions);
    return arq_activations_advance(p->activations, 0);
}

static arq_status report(const player *p, uint64_t steps)
{
    const arq_progress *progress = p->progress;
    int due = progress != NULL && (steps == 0 || (progress->period != 0 && steps % progress->period == 0));
    if (!due) {
        return ARQ_OK;
    }
    arq_status status = progress->report(progress->user, p->episodes, steps);
    return status == ARQ_OK ? ARQ_OK : arq_fail_callback(p->context, "arq_evaluate: progress.report", status, NULL);
}

static arq_status play_episode(player *p, const uint64_t *seed, uint64_t max_steps, double *episode_return,
                               uint64_t *length)
{
    *episode_return = 0;
    *length = 0;
    arq_status status = arq_env_reset(p->env, seed, p->observation);
    if (status != ARQ_OK) {
        return status;
    }
    if (p->network != NULL) {
        arq_activations_begin(p->activations, 0);
    }
    for (;;) {
        int32_t action;
        double reward;
        int32_t terminated;
        int32_t truncated;
        status = choose(p, &action);
        if (status != ARQ_OK) {
            return status;
        }
        status = arq_env_step(p->env, action, p->observation, &reward, &terminated, &truncated);
        if (status != ARQ_OK) {
            return status;
        }
        *episode_return += reward;
        *length += 1;
        if (terminated || truncated || *length == max_steps) {
            return ARQ_OK;
        }
        status = report(p, *length);
        if (status != ARQ_OK) {
            return status;
        }
    }
}

static arq_status play_episodes(player *p, uint64_t seed, uint32_t episodes, uint64_t max_steps, double *returns,
                                uint64_t *lengths)
{
    for (uint32_t i = 0; i < episodes; i++) {
        uint64_t length;
        arq_status status = play_episode(p, i == 0 ? &seed : NULL, max_steps, &returns[i], &length);
        if (lengths != NULL) {
            lengths[i] = length;
        }
        if (status != ARQ_OK) {
            return status;
        }
        p->episodes = i + 1;
        status = report(p, 0);
        if (status != ARQ_OK) {
            return status;
        }
    }
    return ARQ_OK;
}

static arq_status check_progress(const arq_context *context, const arq_progress *progress)
{
    if (progress->struct_size < sizeof(*progress)) {
        return arq_fail(context, ARQ_E_ARGUMENT, "arq_evaluate: progress: struct_size is %u, at least %zu is needed",
                        progress->struct_size, sizeof(*progress));
    }
    if (progress->report == NULL) {
        return arq_fail_null(context, "arq_evaluate: progress", "report");
    }
    return ARQ_OK;
}

static arq_status check_arguments(arq_context *context, const arq_env *env, double epsilon, uint32_t episodes,
                                  const arq_progress *progress, const double *returns)
{
    arq_status status = ARQ_REQUIRE(context, "arq_evaluate", {"context", context}, {"env", env}, {"returns", returns});
    if (status != ARQ_OK) {
        return status;
    }
    if (!(epsilon >= 0 && epsilon <= 1) || episodes == 0) {
        return arq_fail(context, ARQ_E_ARGUMENT,
                        "arq_evaluate: epsilon is %g (accepted: 0 .. 1), episodes is %u (at least 1)", epsilon,
                        episodes);
    }
    return progress == NULL ? ARQ_OK : check_progress(context, progress);
}

arq_status arq_evaluate(arq_context *context, const arq_network *network, arq_env *env, uint64_t seed, double epsilon,
                        uint32_t episodes, uint64_t max_steps, const arq_progress *progress, double *returns,
                        uint64_t *lengths)
{
    arq_status status = check_arguments(context, env, epsilon, episodes, progress, returns);
    if (status != ARQ_OK) {
        return status;
    }
    const arq_env_spec *spec = arq_env_describe(env);
    status = check_fit(context, network, spec);
    if (status != ARQ_OK) {
        return status;
    }
    player p = {.context = context,
                .network = network,
                .env = env,
                .progress = progress,
                .epsilon = epsilon,
                .actions = spec->action_count};
    p.observation_bytes = arq_observation_bytes(spec->observation_kind, spec->observation_size);
    p.observation = arq_alloc(context, p.observation_bytes, 1);
    if (p.observation == NULL) {
        return arq_fail_memory(context, "an observation", p.observation_bytes);
    }
    arq_random_seed(&p.random, seed, ARQ_STREAM_EVALUATION);
    if (network != NULL) {
        status = arq_activations_create(network, 1, &p.activations);
    }
    if (status == ARQ_OK) {
        status = play_episodes(&p, seed, episodes, max_steps, returns, lengths);
    }
    arq_activations_destroy(p.activations);
    arq_free(context, p.observation, p.observation_bytes, 1);
    return status;
}
