/* Lets a network learn: the public side; each network kind has the arithmetic. */
#include "nn/learner.h"

#include "env/observation.h"
#include "nn/kind.h"
#include "nn/math/encode.h"
#include "nn/options.h"
#include "system/fp.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The known failure: y loses its spread (warned of once a cell). */
#define COLLAPSE_SHARE 1e-3
#define COLLAPSE_UPDATES 100

/* Observations of a row of a batch. */
static uint32_t frames_of(const arq_learner *learner)
{
    return learner->learning == ARQ_LEARN_FROM_WINDOWS ? learner->window + 1 : 1;
}

static arq_status allocate(arq_learner *learner)
{
    arq_context *context = learner->context;
    const arq_network_shape *shape = &learner->network->shape;
    size_t weights = arq_network_weight_count(shape);
    size_t frames = (size_t)learner->batch * frames_of(learner);
    int has_target = learner->learning == ARQ_LEARN_FROM_WINDOWS;
    if (has_target) {
        learner->target = arq_alloc(context, weights, sizeof(float));
    }
    learner->m = arq_alloc(context, weights, sizeof(float));
    learner->v = arq_alloc(context, weights, sizeof(float));
    learner->encode_bytes = arq_encode_bytes(shape->observation_kind, shape->observation_size, frames);
    if (learner->encode_bytes > 0) {
        learner->encode_space = arq_alloc(context, learner->encode_bytes, 1);
    }
    if ((has_target && learner->target == NULL) || learner->m == NULL || learner->v == NULL ||
        (learner->encode_bytes > 0 && learner->encode_space == NULL)) {
        return arq_fail_memory(context, "a learner's weights and moments", 3 * weights * sizeof(float));
    }
    return shape->methods->learner_create(learner);
}

arq_status arq_learner_make(arq_network *network, const arq_parameters *parameters, arq_learning learning,
                            arq_learner **out)
{
    arq_context *context = network->context;
    const arq_network_methods *methods = network->shape.methods;
    if (atomic_exchange(&network->has_learner, 1)) {
        return arq_fail(context, ARQ_E_BUSY, "arq_learner_create: this network has a learner already");
    }
    arq_learner *learner = arq_alloc(context, 1, sizeof(*learner));
    if (learner == NULL) {
        atomic_store(&network->has_learner, 0);
        return arq_fail_memory(context, "a learner", sizeof(*learner));
    }
    arq_context_retain(context);
    learner->context = context;
    learner->network = network;
    arq_network_hold(network);
    learner->parameters = *parameters;
    learner->learning = learning;
    learner->batch = (uint32_t)parameters->batch;
    learner->window = methods->window == NULL ? 1 : methods->window(&network->shape, parameters);
    learner->rate = parameters->learning_rate;
    learner->beta1_power = 1;
    learner->beta2_power = 1;
    learner->own.beta1_power = 1;
    learner->own.beta2_power = 1;
    arq_random_seed(&learner->own.random, (uint64_t)parameters->seed, ARQ_STREAM_FEATURES);
    for (int l = 0; l < ARQ_MAX_CELLS; l++) {
        arq_metrics_clear(learner->metric[l]);
    }
    arq_status status = allocate(learner);
    if (status != ARQ_OK) {
        arq_learner_destroy(learner);
        return status;
    }
    if (learner->target != NULL) {
        memcpy(learner->target, network->weights, arq_network_weight_count(&network->shape) * sizeof(float));
    }
    *out = learner;
    return ARQ_OK;
}

arq_status arq_learner_create(arq_network *network, const arq_config *config, arq_learner **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    arq_status status = ARQ_REQUIRE(ARQ_CONTEXT_OF(network), "arq_learner_create", {"network", network},
                                    {"config", config}, {"out", out});
    if (status != ARQ_OK) {
        return status;
    }
    status = arq_network_check_options(network->context, config, network->shape.methods);
    if (status != ARQ_OK) {
        return status;
    }
    return arq_learner_make(network, arq_config_values(config), ARQ_LEARN_FROM_WINDOWS, out);
}

void arq_learner_destroy(arq_learner *learner)
{
    if (learner == NULL) {
        return;
    }
    arq_context *context = learner->context;
    size_t weights = arq_network_weight_count(&learner->network->shape);
    learner->network->shape.methods->learner_destroy(learner);
    arq_free(context, learner->target, weights, sizeof(float));
    arq_free(context, learner->m, weights, sizeof(float));
    arq_free(context, learner->v, weights, sizeof(float));
    arq_free(context, learner->encode_space, learner->encode_bytes, 1);
    atomic_store(&learner->network->has_learner, 0);
    arq_network_let_go(learner->network);
    arq_free(context, learner, 1, sizeof(*learner));
    arq_context_release(context);
}

uint32_t arq_learner_window(const arq_learner *learner)
{
    return learner == NULL ? 0 : learner->window;
}

static arq_status check_rows(const arq_learner *learner, uint32_t batch, const int32_t *lengths, const int32_t *actions,
                             const float *rewards)
{
    const arq_context *context = learner->context;
    uint32_t known = learner->network->shape.actions;
    for (uint32_t b = 0; b < batch; b++) {
        if (actions[b] < 0 || (uint32_t)actions[b] >= known) {
            return arq_fail(context, ARQ_E_ARGUMENT, "arq_learner_update: action %d of row %u; accepted: 0 .. %u",
                            actions[b], b, known - 1);
        }
        if (!isfinite(rewards[b])) {
            return arq_fail(context, ARQ_E_ARGUMENT, "arq_learner_update: reward %g of row %u; accepted: finite",
                            (double)rewards[b], b);
        }
        if (lengths != NULL && (lengths[b] < 1 || (uint32_t)lengths[b] > learner->window)) {
            return arq_fail(context, ARQ_E_ARGUMENT, "arq_learner_update: length %d of row %u; accepted: 1 .. %u",
                            lengths[b], b, learner->window);
        }
    }
    return ARQ_OK;
}

static arq_status check_frames(const arq_learner *learner, uint32_t batch, const void *observations)
{
    const arq_network_shape *shape = &learner->network->shape;
    int32_t kind = shape->observation_kind;
    size_t bytes = arq_observation_bytes(kind, shape->observation_size);
    uint32_t per_row = learner->window + 1;
    if (kind == ARQ_OBSERVATION_U8 || kind == ARQ_OBSERVATION_BIT) {
        return ARQ_OK; /* every byte is allowed; a network ignores the bits behind the last */
    }
    for (size_t i = 0; i < (size_t)batch * per_row; i++) {
        const void *observation = (const char *)observations + i * bytes;
        if (!arq_observation_is_allowed(kind, shape->observation_size, observation)) {
            char what[96];
            snprintf(what, sizeof(what), "arq_learner_update: observation %zu of row %zu", i % per_row, i / per_row);
            return arq_observation_check(learner->context, ARQ_E_ARGUMENT, kind, shape->observation_size, observation,
                                         what);
        }
    }
    return ARQ_OK;
}

/* What observations are in an update. */
static const void *encode(arq_learner *learner, uint32_t batch, const void *observations)
{
    const arq_network_shape *shape = &learner->network->shape;
    return arq_encode(shape->observation_kind, shape->observation_size, (size_t)batch * frames_of(learner),
                      observations, learner->encode_space);
}

/* "update 7, step 1000", or without the step where no agent learns. */
static const char *now_words(const arq_learner *learner, char room[80])
{
    int length = snprintf(room, 80, "update %llu", (unsigned long long)learner->updates);
    if (learner->agent_step > 0) {
        snprintf(room + length, 80 - (size_t)length, ", step %llu", (unsigned long long)learner->agent_step);
    }
    return room;
}

static void warn_of_collapse(const arq_learner *learner, uint32_t l, double spread)
{
    char now[80];
    arq_log_line(learner->context, ARQ_LOG_WARNING,
                 "cell %u has collapsed at %s: the spread of its outputs has been below 1e-3 of its first "
                 "value (%g of %g) for %d updates",
                 l, now_words(learner, now), spread, learner->first_spread[l], COLLAPSE_UPDATES);
}

static void watch_targets(arq_learner *learner)
{
    for (uint32_t l = 0; l < learner->network->shape.cells; l++) {
        if (!learner->unreachable[l] || learner->metric[l][ARQ_METRIC_UNREACHABLE] != 0) {
            continue;
        }
        learner->metric[l][ARQ_METRIC_UNREACHABLE] = 1;
        char now[80];
        arq_log_line(learner->context, ARQ_LOG_WARNING,
                     "cell %u has met a return below 0 at %s, but its goodness cannot be negative: where returns are, "
                     "set goodness to 'mean'",
                     l, now_words(learner, now));
    }
}

static void watch_spread(arq_learner *learner)
{
    for (uint32_t l = 0; l < learner->network->shape.cells; l++) {
        double spread = learner->metric[l][ARQ_METRIC_SPREAD];
        if (learner->updates == 1 || isnan(learner->first_spread[l])) {
            learner->first_spread[l] = spread;
        }
        int low = spread < COLLAPSE_SHARE * learner->first_spread[l];
        learner->low_spread_updates[l] = low ? learner->low_spread_updates[l] + 1 : 0;
        if (learner->low_spread_updates[l] >= COLLAPSE_UPDATES && learner->metric[l][ARQ_METRIC_COLLAPSED] == 0) {
            learner->metric[l][ARQ_METRIC_COLLAPSED] = 1;
            warn_of_collapse(learner, l, spread);
        }
    }
}

static void measure_fit(arq_learner *learner)
{
    for (uint32_t l = 0; l < learner->network->shape.cells; l++) {
        if (learner->fit[l].count > 0) {
            learner->metric[l][ARQ_METRIC_RETURN_ERROR] = arq_td_root_error(&learner->fit[l]);
            learner->metric[l][ARQ_METRIC_EXPLAINED_VARIANCE] = arq_td_explained_variance(&learner->fit[l]);
        }
    }
}

void arq_learner_begin_fit(arq_learner *learner)
{
    memset(learner->fit, 0, sizeof(learner->fit));
    learner->fits_span = 1;
}

void arq_learner_end_fit(arq_learner *learner)
{
    uint64_t mode = arq_fp_enter();
    measure_fit(learner);
    arq_fp_leave(mode);
    learner->fits_span = 0;
}

/* Brackets of every update. */
static void begin_update(arq_learner *learner)
{
    if (!learner->fits_span) {
        memset(learner->fit, 0, sizeof(learner->fit));
    }
    memset(learner->unreachable, 0, sizeof(learner->unreachable));
}

static void end_update(arq_learner *learner)
{
    learner->updates++;
    if (!learner->fits_span) {
        measure_fit(learner);
    }
    watch_spread(learner);
    watch_targets(learner);
}

arq_status arq_learner_update_trusted(arq_learner *learner, uint32_t batch, const void *observations,
                                      const int32_t *lengths, const int32_t *actions, const float *rewards,
                                      const uint8_t *terminated)
{
    arq_status status = arq_network_begin_change(learner->network, "arq_learner_update");
    if (status != ARQ_OK) {
        return status;
    }
    begin_update(learner);
    uint64_t mode = arq_fp_enter();
    arq_batch rows = {
        .size = batch,
        .frames = encode(learner, batch, observations),
        .lengths = lengths,
        .actions = actions,
        .rewards = rewards,
        .terminated = terminated,
    };
    status = learner->network->shape.methods->update_from_windows(learner, &rows);
    if (status == ARQ_OK) {
        end_update(learner);
    }
    arq_fp_leave(mode);
    arq_network_end_change(learner->network);
    return status;
}

arq_status arq_learner_update_towards(arq_learner *learner, const arq_target_batch *batch)
{
    arq_status status = arq_network_begin_change(learner->network, "arq_learner_update");
    if (status != ARQ_OK) {
        return status;
    }
    begin_update(learner);
    uint64_t mode = arq_fp_enter();
    arq_target_batch rows = *batch;
    rows.frames = encode(learner, batch->size, batch->frames);
    status = learner->network->shape.methods->update_from_targets(learner, &rows);
    if (status == ARQ_OK) {
        end_update(learner);
    }
    arq_fp_leave(mode);
    arq_network_end_change(learner->network);
    return status;
}

arq_status arq_learner_update(arq_learner *learner, uint32_t batch, const void *observations, const int32_t *lengths,
                              const int32_t *actions, const float *rewards, const uint8_t *terminated)
{
    if (learner == NULL) {
        return arq_fail_null(NULL, "arq_learner_update", "learner");
    }
    if (observations == NULL || actions == NULL || rewards == NULL || terminated == NULL) {
        return arq_fail(learner->context, ARQ_E_ARGUMENT,
                        "arq_learner_update: observations, actions, rewards or terminated is NULL");
    }
    if (batch == 0) {
        return arq_fail(learner->context, ARQ_E_ARGUMENT, "arq_learner_update: batch is 0; accepted: 1 .. %u",
                        learner->batch);
    }
    if (batch > learner->batch) {
        return arq_fail(learner->context, ARQ_E_SHAPE,
                        "arq_learner_update: batch is %u; accepted: 1 .. %u (parameter batch)", batch, learner->batch);
    }
    arq_status status = check_rows(learner, batch, lengths, actions, rewards);
    if (status != ARQ_OK) {
        return status;
    }
    status = check_frames(learner, batch, observations);
    if (status != ARQ_OK) {
        return status;
    }
    return arq_learner_update_trusted(learner, batch, observations, lengths, actions, rewards, terminated);
}

arq_status arq_learner_sync(arq_learner *learner)
{
    if (learner == NULL) {
        return arq_fail_null(NULL, "arq_learner_sync", "learner");
    }
    uint64_t mode = arq_fp_enter();
    learner->context->kernels->blend(arq_network_weight_count(&learner->network->shape), (float)learner->parameters.tau,
                                     learner->network->weights, learner->target);
    arq_fp_leave(mode);
    return ARQ_OK;
}

arq_status arq_learner_metric(const arq_learner *learner, const char *name, uint32_t cell, double *value)
{
    arq_status status = ARQ_REQUIRE(ARQ_CONTEXT_OF(learner), "arq_learner_metric", {"learner", learner}, {"name", name},
                                    {"value", value});
    if (status != ARQ_OK) {
        return status;
    }
    if (strcmp(name, "updates") == 0) {
        *value = (double)learner->updates;
        return ARQ_OK;
    }
    char names[256] = "updates";
    for (int i = 0; i < ARQ_METRICS; i++) {
        if (strcmp(name, arq_cell_metrics[i].name) != 0) {
            size_t used = strlen(names);
            snprintf(names + used, sizeof(names) - used, ", %s", arq_cell_metrics[i].name);
            continue;
        }
        if (cell >= learner->network->shape.cells) {
            return arq_fail(learner->context, ARQ_E_ARGUMENT, "metric '%s' of cell %u; there are %u cells", name, cell,
                            learner->network->shape.cells);
        }
        *value = learner->metric[cell][i];
        return ARQ_OK;
    }
    return arq_fail(learner->context, ARQ_E_NOT_FOUND, "no metric '%.64s'; there are: %s", name, names);
}
