#include "nn/network.h"

#include "env/observation.h"
#include "nn/kind.h"
#include "nn/options.h"
#include "system/fp.h"

#include <math.h>
#include <string.h>

static arq_status make_shape(const arq_context *context, const arq_parameters *parameters, int32_t kind, uint32_t size,
                             uint32_t actions, arq_network_shape *shape)
{
    memset(shape, 0, sizeof(*shape));
    arq_status status = arq_observation_validate(context, kind, size);
    if (status != ARQ_OK) {
        return status;
    }
    if (actions == 0 || actions > 65536) {
        return arq_fail(context, ARQ_E_ARGUMENT, "actions is %u; accepted: 1 .. 65536", actions);
    }
    shape->methods = arq_network_kinds[parameters->network];
    shape->observation_kind = kind;
    shape->observation_size = size;
    shape->actions = actions;
    return shape->methods->make_shape(context, parameters, shape);
}

static void list_tensors(arq_network *network)
{
    for (uint32_t i = 0; i < network->tensor_count; i++) {
        network->shape.methods->tensor(&network->shape, i, &network->tensors[i]);
    }
}

/* A network with memory for its weights, all zero. */
static arq_status make_network(arq_context *context, const arq_parameters *parameters, const arq_network_shape *shape,
                               arq_network **out)
{
    arq_network *network = arq_alloc(context, 1, sizeof(*network));
    if (network == NULL) {
        return arq_fail_memory(context, "a network", sizeof(*network));
    }
    network->context = context;
    network->parameters = *parameters;
    network->shape = *shape;
    atomic_init(&network->users, 0);
    atomic_init(&network->has_learner, 0);
    arq_weight_tensor tensor;
    while (shape->methods->tensor(shape, network->tensor_count, &tensor)) {
        network->tensor_count++;
    }
    arq_context_retain(context);
    network->tensors = arq_alloc(context, network->tensor_count, sizeof(*network->tensors));
    network->weights = arq_alloc(context, arq_network_weight_count(shape), sizeof(float));
    if (network->tensors == NULL || network->weights == NULL) {
        arq_network_destroy(network);
        return arq_fail_memory(context, "a network's weights", arq_network_weight_count(shape) * sizeof(float));
    }
    list_tensors(network);
    *out = network;
    return ARQ_OK;
}

arq_status arq_network_find_shape(const arq_context *context, arq_parameters *parameters, int32_t kind, uint32_t size,
                                  uint32_t actions, arq_network_shape *shape)
{
    if (parameters->context_on_explore == ARQ_AUTO) {
        parameters->context_on_explore = parameters->experience == ARQ_EXPERIENCE_ROLLOUT;
    }
    arq_status status = make_shape(context, parameters, kind, size, actions, shape);
    if (status != ARQ_OK || parameters->width_scale == 0 || shape->methods->scale_widths == NULL) {
        return status;
    }
    uint64_t mode = arq_fp_enter();
    status = shape->methods->scale_widths(context, shape, parameters);
    arq_fp_leave(mode);
    if (status != ARQ_OK) {
        return status;
    }
    return make_shape(context, parameters, kind, size, actions, shape);
}

arq_status arq_network_make(arq_context *context, const arq_parameters *parameters, int32_t kind, uint32_t size,
                            uint32_t actions, arq_network **out)
{
    arq_network_shape shape;
    arq_parameters own = *parameters;
    arq_status status = arq_network_find_shape(context, &own, kind, size, actions, &shape);
    if (status != ARQ_OK) {
        return status;
    }
    status = make_network(context, &own, &shape, out);
    if (status != ARQ_OK) {
        return status;
    }
    arq_random random;
    arq_random_seed(&random, (uint64_t)parameters->seed, ARQ_STREAM_WEIGHTS);
    uint64_t mode = arq_fp_enter();
    shape.methods->initialise(&shape, &random, (*out)->weights);
    arq_fp_leave(mode);
    return ARQ_OK;
}

arq_status arq_network_create(arq_context *context, const arq_config *config, int32_t observation_kind,
                              uint32_t observation_size, uint32_t actions, arq_network **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    arq_status status =
        ARQ_REQUIRE(context, "arq_network_create", {"context", context}, {"config", config}, {"out", out});
    if (status != ARQ_OK) {
        return status;
    }
    const arq_parameters *parameters = arq_config_values(config);
    status = arq_network_check_options(context, config, arq_network_kinds[parameters->network]);
    if (status != ARQ_OK) {
        return status;
    }
    return arq_network_make(context, parameters, observation_kind, observation_size, actions, out);
}

arq_status arq_network_copy(const arq_network *network, arq_network **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    arq_status status = ARQ_REQUIRE(ARQ_CONTEXT_OF(network), "arq_network_copy", {"network", network}, {"out", out});
    if (status != ARQ_OK) {
        return status;
    }
    status = arq_network_begin_read(network, "arq_network_copy");
    if (status != ARQ_OK) {
        return status;
    }
    status = make_network(network->context, &network->parameters, &network->shape, out);
    if (status == ARQ_OK) {
        memcpy((*out)->weights, network->weights, arq_network_weight_count(&network->shape) * sizeof(float));
    }
    arq_network_end_read(network);
    return status;
}

static void free_network(arq_network *network)
{
    arq_context *context = network->context;
    arq_free(context, network->weights, arq_network_weight_count(&network->shape), sizeof(float));
    arq_free(context, network->tensors, network->tensor_count, sizeof(*network->tensors));
    arq_free(context, network, 1, sizeof(*network));
    arq_context_release(context);
}

void arq_network_release(arq_network *network)
{
    if (network != NULL && arq_life_end(&network->life)) {
        free_network(network);
    }
}

void arq_network_destroy(arq_network *network)
{
    if (network != NULL && !network->owned) {
        arq_network_release(network);
    }
}

/* Who uses it is not part of what a const network promises to keep. */
static arq_network *counted(const arq_network *network)
{
    return (arq_network *)(uintptr_t)network;
}

void arq_network_hold(const arq_network *network)
{
    arq_life_hold(&counted(network)->life);
}

void arq_network_let_go(const arq_network *network)
{
    if (arq_life_let_go(&counted(network)->life)) {
        free_network(counted(network));
    }
}

arq_status arq_network_begin_read(const arq_network *network, const char *call)
{
    atomic_int *users = &counted(network)->users;
    int present = atomic_load(users);
    do {
        if (present < 0) {
            return arq_fail(network->context, ARQ_E_BUSY,
                            "%s: another thread is changing this network's weights; act on a copy", call);
        }
    } while (!atomic_compare_exchange_weak(users, &present, present + 1));
    arq_network_hold(network);
    return ARQ_OK;
}

void arq_network_end_read(const arq_network *network)
{
    atomic_fetch_sub(&counted(network)->users, 1);
    arq_network_let_go(network);
}

arq_status arq_network_begin_change(arq_network *network, const char *call)
{
    int nobody = 0;
    if (!atomic_compare_exchange_strong(&network->users, &nobody, -1)) {
        return arq_fail(network->context, ARQ_E_BUSY, "%s: %s uses this network's weights now", call,
                        nobody < 0 ? "another change" : "another thread");
    }
    arq_network_hold(network);
    return ARQ_OK;
}

void arq_network_end_change(arq_network *network)
{
    atomic_store(&network->users, 0);
    arq_network_let_go(network);
}

uint32_t arq_network_cells(const arq_network *network)
{
    return network == NULL ? 0 : network->shape.cells;
}

uint32_t arq_network_actions(const arq_network *network)
{
    return network == NULL ? 0 : network->shape.actions;
}

static arq_status need_network(const arq_network *network, int others, const char *call)
{
    if (network == NULL) {
        return arq_fail_null(NULL, call, "network");
    }
    return others ? ARQ_OK : arq_fail(network->context, ARQ_E_ARGUMENT, "%s: a required pointer is NULL", call);
}

arq_status arq_network_observation(const arq_network *network, int32_t *kind, uint32_t *size)
{
    arq_status status = need_network(network, kind != NULL && size != NULL, "arq_network_observation");
    if (status != ARQ_OK) {
        return status;
    }
    *kind = network->shape.observation_kind;
    *size = network->shape.observation_size;
    return ARQ_OK;
}

arq_status arq_network_parameter(const arq_network *network, const char *name, char *buffer, size_t size)
{
    arq_status status = need_network(network, name != NULL && buffer != NULL, "arq_network_parameter");
    if (status != ARQ_OK) {
        return status;
    }
    const arq_parameter *parameter = arq_parameter_find(name);
    if (parameter == NULL) {
        return arq_fail_parameter(network->context, name);
    }
    size_t needed = arq_parameter_format(parameter, &network->parameters, buffer, size);
    return needed < size ? ARQ_OK
                         : arq_fail(network->context, ARQ_E_SHAPE, "'%s' needs a buffer of %zu bytes, got %zu", name,
                                    needed + 1, size);
}

arq_status arq_network_tensor(const arq_network *network, uint32_t index, const char **name, uint32_t *rows,
                              uint32_t *columns)
{
    arq_status status = need_network(network, name != NULL && rows != NULL && columns != NULL, "arq_network_tensor");
    if (status != ARQ_OK) {
        return status;
    }
    if (index >= network->tensor_count) {
        return arq_fail(network->context, ARQ_E_NOT_FOUND, "tensor %u of %u", index, network->tensor_count);
    }
    *name = network->tensors[index].name;
    *rows = network->tensors[index].rows;
    *columns = network->tensors[index].columns;
    return ARQ_OK;
}

static arq_status find_tensor(const arq_network *network, const char *name, size_t count, const char *call,
                              const arq_weight_tensor **found)
{
    for (uint32_t i = 0; i < network->tensor_count; i++) {
        const arq_weight_tensor *tensor = &network->tensors[i];
        if (strcmp(tensor->name, name) != 0) {
            continue;
        }
        size_t values = (size_t)tensor->rows * (tensor->columns == 0 ? 1 : tensor->columns);
        if (values != count) {
            return arq_fail(network->context, ARQ_E_SHAPE, "%s: '%s' has %zu values, got %zu", call, name, values,
                            count);
        }
        *found = tensor;
        return ARQ_OK;
    }
    return arq_fail(network->context, ARQ_E_NOT_FOUND, "%s: no tensor '%.64s'; there are %u, from '%s' to '%s'", call,
                    name, network->tensor_count, network->tensors[0].name,
                    network->tensors[network->tensor_count - 1].name);
}

arq_status arq_network_read(const arq_network *network, const char *name, float *values, size_t count)
{
    const arq_weight_tensor *tensor = NULL;
    arq_status status = need_network(network, name != NULL && values != NULL, "arq_network_read");
    if (status != ARQ_OK) {
        return status;
    }
    status = find_tensor(network, name, count, "arq_network_read", &tensor);
    if (status != ARQ_OK) {
        return status;
    }
    status = arq_network_begin_read(network, "arq_network_read");
    if (status != ARQ_OK) {
        return status;
    }
    memcpy(values, network->weights + tensor->offset, count * sizeof(float));
    arq_network_end_read(network);
    return ARQ_OK;
}

arq_status arq_network_write(arq_network *network, const char *name, const float *values, size_t count)
{
    const arq_weight_tensor *tensor = NULL;
    arq_status status = need_network(network, name != NULL && values != NULL, "arq_network_write");
    if (status != ARQ_OK) {
        return status;
    }
    status = find_tensor(network, name, count, "arq_network_write", &tensor);
    if (status != ARQ_OK) {
        return status;
    }
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(values[i])) {
            return arq_fail(network->context, ARQ_E_ARGUMENT,
                            "arq_network_write: value %zu of '%s' is %g; accepted: finite", i, name, (double)values[i]);
        }
    }
    status = arq_network_begin_change(network, "arq_network_write");
    if (status != ARQ_OK) {
        return status;
    }
    memcpy(network->weights + tensor->offset, values, count * sizeof(float));
    arq_network_end_change(network);
    return ARQ_OK;
}
