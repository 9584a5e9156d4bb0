/* Networks and learners as safetensors. The metadata of a file holds every parameter by name. */
#include "nn/network.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static arq_status write_tensors(const arq_network_shape *shape, const char *prefix, const float *values,
                                arq_writer *writer)
{
    arq_weight_tensor tensor;
    for (uint32_t i = 0; shape->methods->tensor(shape, i, &tensor); i++) {
        char name[96];
        snprintf(name, sizeof(name), "%s%s", prefix, tensor.name);
        uint64_t dimensions[2] = {tensor.rows, tensor.columns};
        arq_status status = arq_writer_tensor(writer, name, ARQ_DTYPE_F32, tensor.columns == 0 ? 1 : 2, dimensions,
                                              values + tensor.offset);
        if (status != ARQ_OK) {
            return status;
        }
    }
    return ARQ_OK;
}

static arq_status find_tensor(const arq_reader *reader, const char *prefix, const arq_weight_tensor *tensor,
                              const arq_tensor **out)
{
    char name[96];
    snprintf(name, sizeof(name), "%s%s", prefix, tensor->name);
    uint64_t dimensions[2] = {tensor->rows, tensor->columns};
    return arq_reader_need(reader, name, ARQ_DTYPE_F32, tensor->columns == 0 ? 1 : 2, dimensions, out);
}

/* Every tensor is there, of the right shape and finite. */
static arq_status check_tensors(const arq_network_shape *shape, const char *prefix, const arq_reader *reader)
{
    arq_weight_tensor tensor;
    for (uint32_t i = 0; shape->methods->tensor(shape, i, &tensor); i++) {
        const arq_tensor *found;
        arq_status status = find_tensor(reader, prefix, &tensor, &found);
        if (status != ARQ_OK) {
            return status;
        }
        const float *values = found->data;
        for (size_t j = 0; j < found->bytes / sizeof(float); j++) {
            if (!isfinite(values[j])) {
                return arq_fail(arq_reader_context(reader), ARQ_E_FORMAT, "%s: value %zu of '%s%s' is not finite",
                                arq_reader_path(reader), j, prefix, tensor.name);
            }
        }
    }
    return ARQ_OK;
}

static void take_tensors(const arq_network_shape *shape, const char *prefix, const arq_reader *reader, float *values)
{
    arq_weight_tensor tensor;
    for (uint32_t i = 0; shape->methods->tensor(shape, i, &tensor); i++) {
        const arq_tensor *found;
        if (find_tensor(reader, prefix, &tensor, &found) == ARQ_OK) {
            memcpy(values + tensor.offset, found->data, found->bytes);
        }
    }
}

/* ---- Networks ---- */

arq_status arq_network_write_parts(const arq_network *network, arq_writer *writer)
{
    char text[256];
    arq_status status = arq_writer_text(writer, "libarq", arq_version());
    for (const arq_parameter *row = arq_parameter_table; status == ARQ_OK && row->name != NULL; row++) {
        arq_parameter_format(row, &network->parameters, text, sizeof(text));
        status = arq_writer_text(writer, row->name, text);
    }
    const char *const names[] = {"observation_kind", "observation_size", "actions"};
    long long numbers[] = {network->shape.observation_kind, network->shape.observation_size, network->shape.actions};
    for (int i = 0; status == ARQ_OK && i < 3; i++) {
        snprintf(text, sizeof(text), "%lld", numbers[i]);
        status = arq_writer_text(writer, names[i], text);
    }
    return status == ARQ_OK ? write_tensors(&network->shape, "", network->weights, writer) : status;
}

arq_status arq_network_check_file(const arq_network *network, const arq_reader *reader)
{
    return check_tensors(&network->shape, "", reader);
}

void arq_network_take_file(arq_network *network, const arq_reader *reader)
{
    take_tensors(&network->shape, "", reader, network->weights);
}

static arq_status need_path(arq_context *context, const void *handle, const char *path, const char *call)
{
    if (handle == NULL || path == NULL) {
        return arq_fail(context, ARQ_E_ARGUMENT, "%s: %s is NULL", call, handle == NULL ? "the handle" : "path");
    }
    return ARQ_OK;
}

arq_status arq_network_save(const arq_network *network, const char *path)
{
    arq_status status = need_path(network == NULL ? NULL : network->context, network, path, "arq_network_save");
    if (status == ARQ_OK) {
        status = arq_network_begin_read(network, "arq_network_save");
    }
    if (status != ARQ_OK) {
        return status;
    }
    arq_writer *writer = NULL;
    status = arq_writer_create(network->context, &writer);
    if (status == ARQ_OK) {
        status = arq_writer_text(writer, "kind", "network");
    }
    if (status == ARQ_OK) {
        status = arq_network_write_parts(network, writer);
    }
    if (status == ARQ_OK) {
        status = arq_writer_commit(writer, path);
    }
    arq_writer_destroy(writer);
    arq_network_end_read(network);
    return status;
}

/* A file that holds a network: its own, or an agent's. */
static arq_status open_network_file(arq_context *context, const char *path, arq_reader **out)
{
    arq_status status = arq_reader_open(context, path, out);
    if (status != ARQ_OK) {
        return status;
    }
    const char *kind = arq_reader_text(*out, "kind");
    if (kind == NULL || (strcmp(kind, "network") != 0 && strcmp(kind, "agent") != 0)) {
        status = arq_fail(context, ARQ_E_FORMAT, "%s holds %.40s, not a network", path,
                          kind == NULL ? "something else" : kind);
        arq_reader_close(*out);
        *out = NULL;
    }
    return status;
}

arq_status arq_network_load(arq_network *network, const char *path)
{
    arq_status status = need_path(network == NULL ? NULL : network->context, network, path, "arq_network_load");
    arq_reader *reader = NULL;
    if (status == ARQ_OK) {
        status = open_network_file(network->context, path, &reader);
    }
    if (status == ARQ_OK) {
        status = arq_network_check_file(network, reader);
    }
    if (status == ARQ_OK) {
        status = arq_network_begin_change(network, "arq_network_load");
    }
    if (status == ARQ_OK) {
        arq_network_take_file(network, reader);
        arq_network_end_change(network);
    }
    arq_reader_close(reader);
    return status;
}

static arq_status read_whole_number(const arq_reader *reader, const char *key, int64_t low, int64_t high,
                                    int64_t *value)
{
    const char *text = arq_reader_text(reader, key);
    char *end = NULL;
    long long number = text == NULL || text[0] == '\0' ? low - 1 : strtoll(text, &end, 10);
    if (end == NULL || *end != '\0' || number < low || number > high) {
        return arq_fail(arq_reader_context(reader), ARQ_E_FORMAT,
                        "%s: metadata '%s' is '%.40s'; accepted: %lld .. %lld", arq_reader_path(reader), key,
                        text == NULL ? "missing" : text, (long long)low, (long long)high);
    }
    *value = number;
    return ARQ_OK;
}

/* The parameters a file was written with, on top of the defaults. */
static arq_status read_parameters(const arq_reader *reader, arq_config *config)
{
    for (uint32_t i = 0; arq_parameter_name(i) != NULL; i++) {
        const char *name = arq_parameter_name(i);
        const char *value = arq_reader_text(reader, name);
        if (value != NULL && arq_config_set(config, name, value) != ARQ_OK) {
            return arq_fail(arq_reader_context(reader), ARQ_E_FORMAT, "%s: metadata '%s' is '%.40s'; accepted: %s",
                            arq_reader_path(reader), name, value, arq_parameter_text(name, ARQ_PARAMETER_RANGE));
        }
    }
    return ARQ_OK;
}

/* A liar's sizes must not make us allocate: the file must be as large as the weights they ask for. */
static arq_status check_claimed_size(const arq_reader *reader, const arq_config *config, int32_t kind, uint32_t size,
                                     uint32_t actions)
{
    arq_parameters parameters = *arq_config_values(config);
    arq_network_shape shape;
    size_t bytes = 0;
    const char *name;
    const arq_tensor *tensor;
    for (size_t i = 0; (tensor = arq_reader_at(reader, i, &name)) != NULL; i++) {
        bytes += tensor->bytes;
    }
    arq_status status = arq_network_find_shape(arq_reader_context(reader), &parameters, kind, size, actions, &shape);
    if (status == ARQ_OK && arq_network_weight_count(&shape) > bytes / sizeof(float)) {
        return arq_fail(arq_reader_context(reader), ARQ_E_FORMAT,
                        "%s: metadata claims a network of %zu weights for %zu bytes of tensors",
                        arq_reader_path(reader), arq_network_weight_count(&shape), bytes);
    }
    return status;
}

static arq_status make_from_file(arq_context *context, const arq_reader *reader, arq_network **out)
{
    arq_config *config = NULL;
    int64_t kind = 0, size = 0, actions = 0;
    arq_status status = arq_config_create(context, NULL, &config);
    if (status == ARQ_OK) {
        status = read_parameters(reader, config);
    }
    if (status == ARQ_OK) {
        status = read_whole_number(reader, "observation_kind", ARQ_OBSERVATION_BIT, ARQ_OBSERVATION_DISCRETE, &kind);
    }
    if (status == ARQ_OK) {
        status = read_whole_number(reader, "observation_size", 1, UINT32_MAX, &size);
    }
    if (status == ARQ_OK) {
        status = read_whole_number(reader, "actions", 1, 65536, &actions);
    }
    if (status == ARQ_OK) {
        status = check_claimed_size(reader, config, (int32_t)kind, (uint32_t)size, (uint32_t)actions);
    }
    if (status == ARQ_OK) {
        status =
            arq_network_make(context, arq_config_values(config), (int32_t)kind, (uint32_t)size, (uint32_t)actions, out);
    }
    arq_config_destroy(config);
    return status;
}

arq_status arq_network_open(arq_context *context, const char *path, arq_network **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    if (context == NULL || path == NULL || out == NULL) {
        return arq_fail(context, ARQ_E_ARGUMENT, "arq_network_open: %s is NULL",
                        context == NULL ? "context"
                        : path == NULL  ? "path"
                                        : "out");
    }
    arq_reader *reader = NULL;
    arq_network *network = NULL;
    arq_status status = open_network_file(context, path, &reader);
    if (status == ARQ_OK) {
        status = make_from_file(context, reader, &network);
    }
    if (status == ARQ_OK) {
        status = arq_network_check_file(network, reader);
    }
    if (status == ARQ_OK) {
        arq_network_take_file(network, reader);
        *out = network;
    } else {
        arq_network_destroy(network);
    }
    arq_reader_close(reader);
    return status;
}

/* ---- Learners ---- */

/* Counters as they lie in a file. */
typedef struct learner_numbers {
    double powers[4];
    double first_spread[ARQ_MAX_CELLS];
    double metrics[ARQ_MAX_CELLS * ARQ_METRICS];
    int64_t low_spread[ARQ_MAX_CELLS];
    uint64_t updates;
    uint64_t random[4];
} learner_numbers;

arq_status arq_learner_write_parts(const arq_learner *learner, arq_writer *writer)
{
    const arq_network_shape *shape = &learner->network->shape;
    double powers[4] = {learner->beta1_power, learner->beta2_power, learner->feature_beta1_power,
                        learner->feature_beta2_power};
    int64_t low_spread[ARQ_MAX_CELLS];
    for (uint32_t l = 0; l < ARQ_MAX_CELLS; l++) {
        low_spread[l] = learner->low_spread_updates[l];
    }
    arq_status status = write_tensors(shape, "target.", learner->target, writer);
    if (status == ARQ_OK) {
        status = write_tensors(shape, "adam_m.", learner->m, writer);
    }
    if (status == ARQ_OK) {
        status = write_tensors(shape, "adam_v.", learner->v, writer);
    }
    if (status == ARQ_OK) {
        status = arq_writer_values(writer, "learner.updates", ARQ_DTYPE_U64, 1, &learner->updates);
    }
    if (status == ARQ_OK) {
        status = arq_writer_values(writer, "learner.beta_powers", ARQ_DTYPE_F64, 4, powers);
    }
    if (status == ARQ_OK) {
        status = arq_writer_values(writer, "learner.random", ARQ_DTYPE_U64, 4, learner->random.state);
    }
    if (status == ARQ_OK) {
        status = arq_writer_values(writer, "learner.first_spread", ARQ_DTYPE_F64, ARQ_MAX_CELLS, learner->first_spread);
    }
    if (status == ARQ_OK) {
        status = arq_writer_values(writer, "learner.low_spread", ARQ_DTYPE_I64, ARQ_MAX_CELLS, low_spread);
    }
    if (status == ARQ_OK) {
        status =
            arq_writer_values(writer, "learner.metrics", ARQ_DTYPE_F64, ARQ_MAX_CELLS * ARQ_METRICS, learner->metric);
    }
    return status;
}

static arq_status read_numbers(const arq_reader *reader, learner_numbers *numbers)
{
    arq_status status = arq_reader_values(reader, "learner.updates", ARQ_DTYPE_U64, 1, &numbers->updates);
    if (status == ARQ_OK) {
        status = arq_reader_values(reader, "learner.beta_powers", ARQ_DTYPE_F64, 4, numbers->powers);
    }
    if (status == ARQ_OK) {
        status = arq_reader_values(reader, "learner.random", ARQ_DTYPE_U64, 4, numbers->random);
    }
    if (status == ARQ_OK) {
        status = arq_reader_values(reader, "learner.first_spread", ARQ_DTYPE_F64, ARQ_MAX_CELLS, numbers->first_spread);
    }
    if (status == ARQ_OK) {
        status = arq_reader_values(reader, "learner.low_spread", ARQ_DTYPE_I64, ARQ_MAX_CELLS, numbers->low_spread);
    }
    if (status == ARQ_OK) {
        status =
            arq_reader_values(reader, "learner.metrics", ARQ_DTYPE_F64, ARQ_MAX_CELLS * ARQ_METRICS, numbers->metrics);
    }
    for (int i = 0; status == ARQ_OK && i < 4; i++) {
        if (!(numbers->powers[i] >= 0 && numbers->powers[i] <= 1)) {
            status = arq_fail(arq_reader_context(reader), ARQ_E_FORMAT, "%s: beta power %g; accepted: 0 .. 1",
                              arq_reader_path(reader), numbers->powers[i]);
        }
    }
    return status;
}

arq_status arq_learner_check_file(const arq_learner *learner, const arq_reader *reader)
{
    static const char *const prefixes[] = {"target.", "adam_m.", "adam_v."};
    learner_numbers numbers;
    arq_status status = read_numbers(reader, &numbers);
    for (int i = 0; status == ARQ_OK && i < 3; i++) {
        status = check_tensors(&learner->network->shape, prefixes[i], reader);
    }
    return status;
}

void arq_learner_take_file(arq_learner *learner, const arq_reader *reader)
{
    const arq_network_shape *shape = &learner->network->shape;
    learner_numbers numbers;
    if (read_numbers(reader, &numbers) != ARQ_OK) {
        return; /* arq_learner_check_file has read the same file */
    }
    take_tensors(shape, "target.", reader, learner->target);
    take_tensors(shape, "adam_m.", reader, learner->m);
    take_tensors(shape, "adam_v.", reader, learner->v);
    learner->updates = numbers.updates;
    learner->beta1_power = numbers.powers[0];
    learner->beta2_power = numbers.powers[1];
    learner->feature_beta1_power = numbers.powers[2];
    learner->feature_beta2_power = numbers.powers[3];
    memcpy(learner->random.state, numbers.random, sizeof(numbers.random));
    memcpy(learner->first_spread, numbers.first_spread, sizeof(learner->first_spread));
    memcpy(learner->metric, numbers.metrics, sizeof(learner->metric));
    for (uint32_t l = 0; l < ARQ_MAX_CELLS; l++) {
        learner->low_spread_updates[l] = (uint32_t)numbers.low_spread[l];
    }
}

arq_status arq_learner_save(const arq_learner *learner, const char *path)
{
    arq_status status = need_path(learner == NULL ? NULL : learner->context, learner, path, "arq_learner_save");
    arq_writer *writer = NULL;
    if (status == ARQ_OK) {
        status = arq_writer_create(learner->context, &writer);
    }
    if (status == ARQ_OK) {
        status = arq_writer_text(writer, "kind", "learner");
    }
    if (status == ARQ_OK) {
        status = arq_learner_write_parts(learner, writer);
    }
    if (status == ARQ_OK) {
        status = arq_writer_commit(writer, path);
    }
    arq_writer_destroy(writer);
    return status;
}

arq_status arq_learner_load(arq_learner *learner, const char *path)
{
    arq_status status = need_path(learner == NULL ? NULL : learner->context, learner, path, "arq_learner_load");
    arq_reader *reader = NULL;
    if (status == ARQ_OK) {
        status = arq_reader_open(learner->context, path, &reader);
    }
    if (status == ARQ_OK) {
        status = arq_reader_kind(reader, "learner");
    }
    if (status == ARQ_OK) {
        status = arq_learner_check_file(learner, reader);
    }
    if (status == ARQ_OK) {
        arq_learner_take_file(learner, reader);
    }
    arq_reader_close(reader);
    return status;
}
