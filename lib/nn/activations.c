/* What episodes carry from step to step: the public side; each network kind has the arithmetic. */
#include "nn/activations.h"

#include "env/observation.h"
#include "nn/kind.h"
#include "nn/math/encode.h"
#include "system/fp.h"

#include <stdio.h>
#include <string.h>

static arq_status allocate(arq_activations *activations)
{
    arq_context *context = activations->context;
    const arq_network_shape *shape = &activations->shape;
    size_t q = (size_t)activations->episodes * shape->actions;
    activations->encode_bytes =
        arq_encode_bytes(shape->observation_kind, shape->observation_size, activations->episodes);
    activations->q = arq_alloc(context, q, sizeof(float));
    activations->computed = arq_alloc(context, activations->episodes, 1);
    if (activations->encode_bytes > 0) {
        activations->encode_space = arq_alloc(context, activations->encode_bytes, 1);
    }
    if (activations->q == NULL || activations->computed == NULL ||
        (activations->encode_bytes > 0 && activations->encode_space == NULL)) {
        return arq_fail_memory(context, "activations", q * sizeof(float));
    }
    return shape->methods->activations_create(activations);
}

arq_status arq_activations_create(const arq_network *network, uint32_t episodes, arq_activations **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    arq_status status =
        ARQ_REQUIRE(ARQ_CONTEXT_OF(network), "arq_activations_create", {"network", network}, {"out", out});
    if (status != ARQ_OK) {
        return status;
    }
    arq_context *context = network->context;
    if (episodes == 0 || episodes > 1u << 24) {
        return arq_fail(context, ARQ_E_ARGUMENT, "arq_activations_create: episodes is %u; accepted: 1 .. 2^24",
                        episodes);
    }
    arq_activations *activations = arq_alloc(context, 1, sizeof(*activations));
    if (activations == NULL) {
        return arq_fail_memory(context, "activations", sizeof(*activations));
    }
    arq_context_retain(context);
    activations->context = context;
    activations->shape = network->shape;
    activations->episodes = episodes;
    status = allocate(activations);
    if (status != ARQ_OK) {
        arq_activations_destroy(activations);
        return status;
    }
    *out = activations;
    return ARQ_OK;
}

void arq_activations_destroy(arq_activations *activations)
{
    if (activations == NULL) {
        return;
    }
    arq_context *context = activations->context;
    activations->shape.methods->activations_destroy(activations);
    arq_free(context, activations->q, (size_t)activations->episodes * activations->shape.actions, sizeof(float));
    arq_free(context, activations->computed, activations->episodes, 1);
    arq_free(context, activations->encode_space, activations->encode_bytes, 1);
    arq_free(context, activations, 1, sizeof(*activations));
    arq_context_release(context);
}

static arq_status check_episode(const arq_activations *activations, uint32_t episode, const char *call)
{
    if (activations == NULL) {
        return arq_fail_null(NULL, call, "activations");
    }
    if (episode >= activations->episodes) {
        return arq_fail(activations->context, ARQ_E_ARGUMENT, "%s: episode %u; there are %u", call, episode,
                        activations->episodes);
    }
    return ARQ_OK;
}

arq_status arq_activations_begin(arq_activations *activations, uint32_t episode)
{
    arq_status status = check_episode(activations, episode, "arq_activations_begin");
    if (status != ARQ_OK) {
        return status;
    }
    if (activations->shape.methods->begin != NULL) {
        activations->shape.methods->begin(activations, episode);
    }
    activations->computed[episode] = 0;
    return ARQ_OK;
}

static arq_status check_observations(const arq_activations *activations, const void *observations, const char *call)
{
    int32_t kind = activations->shape.observation_kind;
    uint32_t size = activations->shape.observation_size;
    size_t bytes = arq_observation_bytes(kind, size);
    if (kind == ARQ_OBSERVATION_U8) {
        return ARQ_OK;
    }
    for (uint32_t i = 0; i < activations->episodes; i++) {
        const void *observation = (const char *)observations + i * bytes;
        if (!arq_observation_is_allowed(kind, size, observation)) {
            char what[96];
            snprintf(what, sizeof(what), "%s: observation of episode %u", call, i);
            return arq_observation_check(activations->context, ARQ_E_ARGUMENT, kind, size, observation, what);
        }
    }
    return ARQ_OK;
}

static arq_status check_compute(const arq_network *network, const arq_activations *activations,
                                const void *observations, const char *call)
{
    const arq_context *context = activations != NULL ? activations->context : ARQ_CONTEXT_OF(network);
    arq_status status =
        ARQ_REQUIRE(context, call, {"network", network}, {"activations", activations}, {"observations", observations});
    if (status != ARQ_OK) {
        return status;
    }
    if (memcmp(&network->shape, &activations->shape, sizeof(network->shape)) != 0) {
        return arq_fail(context, ARQ_E_SHAPE, "%s: these activations were made for a network of another shape", call);
    }
    return check_observations(activations, observations, call);
}

arq_status arq_network_compute(const arq_network *network, arq_activations *activations, const void *observations,
                               const uint8_t *mask, const char *call)
{
    arq_status status = arq_network_begin_read(network, call);
    if (status != ARQ_OK) {
        return status;
    }
    uint64_t mode = arq_fp_enter();
    const arq_network_shape *shape = &activations->shape;
    const void *encoded = arq_encode(shape->observation_kind, shape->observation_size, activations->episodes,
                                     observations, activations->encode_space);
    shape->methods->compute(network, activations, encoded, mask);
    arq_fp_leave(mode);
    arq_network_end_read(network);
    for (uint32_t i = 0; i < activations->episodes; i++) {
        activations->computed[i] |= mask == NULL || mask[i] != 0;
    }
    activations->ever_computed = 1;
    return ARQ_OK;
}

static arq_status check_and_compute(const arq_network *network, arq_activations *activations, const void *observations,
                                    const char *call)
{
    arq_status status = check_compute(network, activations, observations, call);
    if (status != ARQ_OK) {
        return status;
    }
    return arq_network_compute(network, activations, observations, NULL, call);
}

arq_status arq_network_q(const arq_network *network, arq_activations *activations, const void *observations, float *q)
{
    arq_status status = check_and_compute(network, activations, observations, "arq_network_q");
    if (status != ARQ_OK) {
        return status;
    }
    if (q != NULL) {
        memcpy(q, activations->q, (size_t)activations->episodes * activations->shape.actions * sizeof(float));
    }
    return ARQ_OK;
}

int32_t arq_greedy_action(const float *q, uint32_t actions)
{
    uint32_t best = 0;
    for (uint32_t a = 1; a < actions; a++) {
        if (q[a] > q[best]) {
            best = a;
        }
    }
    return (int32_t)best;
}

arq_status arq_network_act(const arq_network *network, arq_activations *activations, const void *observations,
                           int32_t *actions)
{
    if (actions == NULL) {
        return arq_fail_null(ARQ_CONTEXT_OF(activations), "arq_network_act", "actions");
    }
    arq_status status = check_and_compute(network, activations, observations, "arq_network_act");
    if (status != ARQ_OK) {
        return status;
    }
    for (uint32_t i = 0; i < activations->episodes; i++) {
        actions[i] =
            arq_greedy_action(activations->q + (size_t)i * activations->shape.actions, activations->shape.actions);
        arq_activations_advance(activations, i);
    }
    return ARQ_OK;
}

arq_status arq_activations_advance(arq_activations *activations, uint32_t episode)
{
    arq_status status = check_episode(activations, episode, "arq_activations_advance");
    if (status != ARQ_OK) {
        return status;
    }
    if (!activations->computed[episode]) {
        return arq_fail(activations->context, ARQ_E_ORDER,
                        "arq_activations_advance: no arq_network_q since episode %u began or advanced", episode);
    }
    if (activations->shape.methods->advance != NULL) {
        uint64_t mode = arq_fp_enter();
        activations->shape.methods->advance(activations, episode);
        arq_fp_leave(mode);
    }
    activations->computed[episode] = 0;
    return ARQ_OK;
}

void arq_activations_advance_many(arq_activations *activations, const uint8_t *mask)
{
    const arq_network_methods *methods = activations->shape.methods;
    uint64_t mode = arq_fp_enter();
    for (uint32_t i = 0; i < activations->episodes; i++) {
        if (!mask[i] || !activations->computed[i]) {
            continue;
        }
        if (methods->advance != NULL) {
            methods->advance(activations, i);
        }
        activations->computed[i] = 0;
    }
    arq_fp_leave(mode);
}

float *arq_activations_previous(const arq_activations *activations, uint32_t cell, size_t *count)
{
    *count = 0;
    const arq_network_methods *methods = activations->shape.methods;
    return methods->previous == NULL ? NULL : methods->previous(activations, cell, count);
}

float *arq_activations_present(const arq_activations *activations, uint32_t cell, size_t *count)
{
    *count = 0;
    const arq_network_methods *methods = activations->shape.methods;
    return methods->present == NULL ? NULL : methods->present(activations, cell, count);
}

arq_status arq_activations_read(const arq_activations *activations, int32_t what, uint32_t cell, uint32_t episode,
                                float *values, size_t capacity, size_t *count)
{
    arq_status status = check_episode(activations, episode, "arq_activations_read");
    if (status != ARQ_OK) {
        return status;
    }
    arq_context *context = activations->context;
    if (count == NULL) {
        return arq_fail_null(context, "arq_activations_read", "count");
    }
    if (cell >= activations->shape.cells) {
        return arq_fail(context, ARQ_E_ARGUMENT, "arq_activations_read: cell %u; there are %u", cell,
                        activations->shape.cells);
    }
    if (!activations->ever_computed) {
        return arq_fail(context, ARQ_E_ORDER, "arq_activations_read: nothing has been computed yet");
    }
    size_t there = 0;
    const float *from = activations->shape.methods->read(activations, what, cell, episode, &there);
    if (from == NULL) {
        return arq_fail(context, ARQ_E_ARGUMENT,
                        "arq_activations_read: what is %d; accepted: ARQ_ACTIVATION_CONTEXT .. ARQ_ACTIVATION_Q, as "
                        "far as cell %u of network '%s' has it",
                        what, cell, activations->shape.methods->name);
    }
    *count = there;
    if (values == NULL) {
        return ARQ_OK;
    }
    if (capacity < there) {
        return arq_fail(context, ARQ_E_SHAPE, "arq_activations_read: %zu values, room for %zu", there, capacity);
    }
    memcpy(values, from, there * sizeof(float));
    return ARQ_OK;
}
