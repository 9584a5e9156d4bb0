/* Playing whole episodes without learning. */
#include "arq/run.h"

#include "core/random.h"
#include "nn/network.h"

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
        arq_status status = arq_network_q(p->network, p->activations, p->observation, NULL);
        return status == ARQ_OK ? arq_activations_advance(p->activations, 0) : status;
    }
    return arq_network_act(p->network, p->activations, p->observation, action);
}

static arq_status report(const player *p, uint64_t steps)
{
    const arq_progress *progress = p->progress;
    int due = progress != NULL && (steps == 0 || (progress->period != 0 && steps % progress->period == 0));
    arq_status status = due ? progress->report(progress->user, p->episodes, steps) : ARQ_OK;
    return status == ARQ_OK ? ARQ_OK : arq_fail_callback(p->context, "arq_evaluate: progress.report", status, NULL);
}

static arq_status play_episode(player *p, const uint64_t *seed, uint64_t max_steps, double *episode_return,
                               uint64_t *length)
{
    *episode_return = 0;
    *length = 0;
    arq_status status = arq_env_reset(p->env, seed, p->observation);
    if (status == ARQ_OK && p->network != NULL) {
        status = arq_activations_begin(p->activations, 0);
    }
    int32_t ended = 0;
    while (status == ARQ_OK && !ended) {
        int32_t action;
        double reward;
        int32_t terminated;
        int32_t truncated;
        status = choose(p, &action);
        if (status == ARQ_OK) {
            status = arq_env_step(p->env, action, p->observation, &reward, &terminated, &truncated);
        }
        if (status == ARQ_OK) {
            *episode_return += reward;
            *length += 1;
            ended = terminated || truncated || *length == max_steps;
            status = ended ? ARQ_OK : report(p, *length);
        }
    }
    return status;
}

static arq_status check_progress(const arq_context *context, const arq_progress *progress)
{
    if (progress->struct_size < sizeof(*progress)) {
        return arq_fail(context, ARQ_E_ARGUMENT, "arq_evaluate: progress: struct_size is %u, at least %zu is needed",
                        progress->struct_size, sizeof(*progress));
    }
    if (progress->report == NULL) {
        return arq_fail(context, ARQ_E_ARGUMENT, "arq_evaluate: progress: report is NULL");
    }
    return ARQ_OK;
}

static arq_status check_arguments(arq_context *context, const arq_env *env, double epsilon, uint32_t episodes,
                                  const arq_progress *progress, const double *returns)
{
    if (context == NULL || env == NULL || returns == NULL) {
        return arq_fail(context, ARQ_E_ARGUMENT, "arq_evaluate: %s is NULL",
                        context == NULL ? "context"
                        : env == NULL   ? "env"
                                        : "returns");
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
    if (status == ARQ_OK) {
        status = check_fit(context, network, arq_env_describe(env));
    }
    if (status != ARQ_OK) {
        return status;
    }
    const arq_env_spec *spec = arq_env_describe(env);
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
    for (uint32_t i = 0; status == ARQ_OK && i < episodes; i++) {
        uint64_t length;
        status = play_episode(&p, i == 0 ? &seed : NULL, max_steps, &returns[i], &length);
        if (lengths != NULL) {
            lengths[i] = length;
        }
        if (status == ARQ_OK) {
            p.episodes = i + 1;
            status = report(&p, 0);
        }
    }
    arq_activations_destroy(p.activations);
    arq_free(context, p.observation, p.observation_bytes, 1);
    return status;
}
