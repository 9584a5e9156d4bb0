/* A network as part of a file, and a network made from one. The metadata of a file holds every parameter by name. */
#include "nn/network.h"

#include "nn/kind.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void arq_list_weights(arq_record *record, const arq_network_shape *shape, const char *prefix, float *values,
                      const arq_range *range)
{
    arq_weight_tensor tensor;
    for (uint32_t i = 0; shape->methods->tensor(shape, i, &tensor); i++) {
        char name[96];
        snprintf(name, sizeof(name), "%s%s", prefix, tensor.name);
        arq_record_field(record, &(arq_field){name,
                                              ARQ_DTYPE_F32,
                                              tensor.columns == 0 ? 1 : 2,
                                              {tensor.rows, tensor.columns},
                                              values + tensor.offset,
                                              range,
                                              NULL});
    }
}

static void write_number(arq_record *record, const char *key, long long number)
{
    char text[32];
    snprintf(text, sizeof(text), "%lld", number);
    arq_record_text(record, key, text);
}

/* ---- What the network is: parameters by name, and what it sees and does ---- */

static void write_texts(arq_record *record, const arq_network *network)
{
    char text[256];
    arq_record_text(record, "libarq", arq_version());
    for (const arq_parameter *row = arq_parameter_table; row->name != NULL; row++) {
        arq_parameter_format(row, &network->parameters, text, sizeof(text));
        arq_record_text(record, row->name, text);
    }
    write_number(record, "observation_kind", network->shape.observation_kind);
    write_number(record, "observation_size", network->shape.observation_size);
    write_number(record, "actions", network->shape.actions);
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

/* What a network sees and does, as a file says it. */
typedef struct saved_sizes {
    int64_t kind, size, actions;
} saved_sizes;

static arq_status read_sizes(const arq_reader *reader, saved_sizes *sizes)
{
    arq_status status =
        read_whole_number(reader, "observation_kind", ARQ_OBSERVATION_BIT, ARQ_OBSERVATION_DISCRETE, &sizes->kind);
    if (status != ARQ_OK) {
        return status;
    }
    status = read_whole_number(reader, "observation_size", 1, UINT32_MAX, &sizes->size);
    if (status != ARQ_OK) {
        return status;
    }
    return read_whole_number(reader, "actions", 1, 65536, &sizes->actions);
}

/* Whether parameters make a network in which the same weights mean something else. */
static int makes_another(const arq_network *network, const arq_parameters *parameters)
{
    arq_parameters changed = *parameters;
    arq_network_shape shape;
    const arq_network_shape *own = &network->shape;
    return arq_network_find_shape(network->context, &changed, own->observation_kind, own->observation_size,
                                  own->actions, &shape) != ARQ_OK ||
           memcmp(&shape, own, sizeof(shape)) != 0;
}

/* Refuses by the first parameter that alone makes another network. */
static void refuse_difference(arq_record *record, const arq_network *network, const arq_parameters *saved)
{
    for (const arq_parameter *row = arq_parameter_table; row->name != NULL; row++) {
        arq_parameters one = network->parameters;
        char own[256], theirs[256];
        size_t bytes = row->type == ARQ_TYPE_WIDTHS ? sizeof(arq_widths) : sizeof(int64_t);
        memcpy((char *)&one + row->offset, (const char *)saved + row->offset, bytes);
        if (makes_another(network, &one)) {
            arq_parameter_format(row, &network->parameters, own, sizeof(own));
            arq_parameter_format(row, saved, theirs, sizeof(theirs));
            arq_record_refuse(record, ARQ_E_SHAPE, "%s is %.64s in the file, %.64s in this network", row->name, theirs,
                              own);
            return;
        }
    }
    arq_record_refuse(record, ARQ_E_SHAPE, "its parameters make another network than this one");
}

static void check_sizes(arq_record *record, const arq_network *network)
{
    saved_sizes sizes = {0, 0, 0};
    record->status = read_sizes(record->reader, &sizes);
    const struct {
        const char *name;
        int64_t saved, own;
    } rows[] = {
        {"observation_kind", sizes.kind, network->shape.observation_kind},
        {"observation_size", sizes.size, network->shape.observation_size},
        {"actions", sizes.actions, network->shape.actions},
    };
    for (int i = 0; i < 3 && record->status == ARQ_OK; i++) {
        if (rows[i].saved != rows[i].own) {
            arq_record_refuse(record, ARQ_E_SHAPE, "%s is %lld in the file, %lld in this network", rows[i].name,
                              (long long)rows[i].saved, (long long)rows[i].own);
        }
    }
}

static void check_texts(arq_record *record, const arq_network *network)
{
    arq_config *config;
    check_sizes(record, network);
    if (record->status != ARQ_OK) {
        return;
    }
    record->status = arq_config_create(record->context, NULL, &config);
    if (record->status != ARQ_OK) {
        return;
    }
    record->status = read_parameters(record->reader, config);
    if (record->status == ARQ_OK && makes_another(network, arq_config_values(config))) {
        refuse_difference(record, network, arq_config_values(config));
    }
    arq_config_destroy(config);
}

/* A file that does not say it, such as a learner's of 0.1, is judged by its tensors alone. */
static void list_texts(arq_record *record, void *thing)
{
    const arq_network *network = thing;
    if (record->writer != NULL) {
        write_texts(record, network);
    } else if (!record->takes && arq_reader_text(record->reader, "network") != NULL) {
        check_texts(record, network);
    }
}

arq_part arq_network_texts_part(const arq_network *network)
{
    return (arq_part){.list = list_texts, .thing = arq_saved_thing(network), .prefix = ""};
}

/* ---- The network ---- */

static void list_network(arq_record *record, void *thing)
{
    const arq_network *network = thing;
    if (record->writer != NULL) {
        write_texts(record, network);
    }
    arq_list_weights(record, &network->shape, "", network->weights, &arq_range_finite);
    if (record->status == ARQ_OK && record->writer == NULL) { /* of another size: the text has both shapes */
        list_texts(record, thing);
    }
}

static arq_status lock_network(void *thing, const char *call)
{
    return arq_network_begin_change(thing, call);
}

static void unlock_network(void *thing)
{
    arq_network_end_change(thing);
}

arq_part arq_network_part(const arq_network *network)
{
    return (arq_part){list_network, arq_saved_thing(network), "", lock_network, unlock_network};
}

arq_status arq_network_save(const arq_network *network, const char *path)
{
    static const char call[] = "arq_network_save";
    arq_status status = ARQ_REQUIRE(ARQ_CONTEXT_OF(network), call, {"network", network}, {"path", path});
    if (status != ARQ_OK) {
        return status;
    }
    status = arq_network_begin_read(network, call);
    if (status != ARQ_OK) {
        return status;
    }
    const arq_part part = arq_network_part(network);
    status = arq_save_parts(network->context, path, "network", &part, 1);
    arq_network_end_read(network);
    return status;
}

arq_status arq_network_load(arq_network *network, const char *path)
{
    static const char call[] = "arq_network_load";
    arq_status status = ARQ_REQUIRE(ARQ_CONTEXT_OF(network), call, {"network", network}, {"path", path});
    if (status != ARQ_OK) {
        return status;
    }
    arq_reader *reader;
    status = arq_open_kind(network->context, path, "network", "agent", &reader);
    if (status != ARQ_OK) {
        return status;
    }
    const arq_part part = arq_network_part(network);
    status = arq_take_parts(reader, call, &part, 1);
    arq_reader_close(reader);
    return status;
}

/* ---- A network made from a file ---- */

/* A liar's sizes must not make us allocate: the file must be as large as the weights they ask for. */
static arq_status check_claimed_size(const arq_reader *reader, const arq_config *config, const saved_sizes *sizes)
{
    arq_parameters parameters = *arq_config_values(config);
    arq_network_shape shape;
    size_t bytes = 0;
    const char *name;
    const arq_tensor *tensor;
    for (size_t i = 0; (tensor = arq_reader_at(reader, i, &name)) != NULL; i++) {
        bytes += tensor->bytes;
    }
    arq_status status = arq_network_find_shape(arq_reader_context(reader), &parameters, (int32_t)sizes->kind,
                                               (uint32_t)sizes->size, (uint32_t)sizes->actions, &shape);
    if (status != ARQ_OK) {
        return status;
    }
    if (arq_network_weight_count(&shape) > bytes / sizeof(float)) {
        return arq_fail(arq_reader_context(reader), ARQ_E_FORMAT,
                        "%s: metadata claims a network of %zu weights for %zu bytes of tensors",
                        arq_reader_path(reader), arq_network_weight_count(&shape), bytes);
    }
    return ARQ_OK;
}

/* A new network of the file's parameters, still without its weights. */
static arq_status make_network(const arq_reader *reader, arq_config *config, arq_network **out)
{
    saved_sizes sizes;
    arq_status status = read_parameters(reader, config);
    if (status != ARQ_OK) {
        return status;
    }
    status = read_sizes(reader, &sizes);
    if (status != ARQ_OK) {
        return status;
    }
    status = check_claimed_size(reader, config, &sizes);
    if (status != ARQ_OK) {
        return status;
    }
    return arq_network_make(arq_reader_context(reader), arq_config_values(config), (int32_t)sizes.kind,
                            (uint32_t)sizes.size, (uint32_t)sizes.actions, out);
}

static arq_status make_from_file(arq_context *context, const arq_reader *reader, arq_network **out)
{
    arq_config *config;
    arq_status status = arq_config_create(context, NULL, &config);
    if (status != ARQ_OK) {
        return status;
    }
    arq_network *network = NULL;
    status = make_network(reader, config, &network);
    arq_config_destroy(config);
    if (status != ARQ_OK) {
        return status;
    }
    const arq_part part = arq_network_part(network);
    status = arq_take_parts(reader, "arq_network_open", &part, 1);
    if (status != ARQ_OK) {
        arq_network_destroy(network);
        return status;
    }
    *out = network;
    return ARQ_OK;
}

arq_status arq_network_open(arq_context *context, const char *path, arq_network **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    arq_status status = ARQ_REQUIRE(context, "arq_network_open", {"context", context}, {"path", path}, {"out", out});
    if (status != ARQ_OK) {
        return status;
    }
    arq_reader *reader;
    status = arq_open_kind(context, path, "network", "agent", &reader);
    if (status != ARQ_OK) {
        return status;
    }
    status = make_from_file(context, reader, out);
    arq_reader_close(reader);
    return status;
}
