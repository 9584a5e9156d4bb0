#include "io/safetensors.h"

#include "io/file.h"
#include "io/header.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The format's own limit. */
#define HEADER_MOST ((uint64_t)100000000)
/* Every tensor begins at a multiple of this in memory, wherever it lies in the file. */
#define DATA_ALIGNMENT ((size_t)8)

struct arq_reader {
    arq_context *context;
    char *path;
    size_t path_room;
    char *text; /* the header's bytes, unescaped in place */
    size_t text_room;
    unsigned char *data;
    size_t data_room;
    arq_header header;
};

static size_t padded(size_t bytes)
{
    return (bytes + DATA_ALIGNMENT - 1) / DATA_ALIGNMENT * DATA_ALIGNMENT;
}

static arq_status read_header(arq_reader *reader, int file, uint64_t size)
{
    unsigned char little[8] = {0};
    uint64_t bytes = 0;
    if (size < sizeof(little)) {
        return arq_fail(reader->context, ARQ_E_FORMAT,
                        "%.200s: not a safetensors file: %" PRIu64 " bytes, at least 8 expected", reader->path, size);
    }
    arq_status status = arq_file_read(reader->context, reader->path, file, little, sizeof(little));
    if (status != ARQ_OK) {
        return status;
    }
    for (int i = 7; i >= 0; i--) {
        bytes = bytes << 8 | little[i];
    }
    if (bytes > size - sizeof(little) || bytes > HEADER_MOST) {
        return arq_fail(reader->context, ARQ_E_FORMAT,
                        "%.200s: not a safetensors file: header of %" PRIu64 " bytes in a file of %" PRIu64
                        " (at most 100000000)",
                        reader->path, bytes, size);
    }
    reader->text_room = (size_t)bytes + 1;
    reader->text = arq_alloc(reader->context, reader->text_room, 1);
    if (reader->text == NULL) {
        return arq_fail_memory(reader->context, "the header of a file", reader->text_room);
    }
    status = arq_file_read(reader->context, reader->path, file, reader->text, (size_t)bytes);
    if (status != ARQ_OK) {
        return status;
    }
    return arq_header_parse(reader->context, reader->path, reader->text, (size_t)bytes, size - sizeof(little) - bytes,
                            &reader->header);
}

/* The tensors follow each other in the file as in the header; each gets an aligned place. */
static arq_status read_data(arq_reader *reader, int file)
{
    arq_header *header = &reader->header;
    size_t room = DATA_ALIGNMENT; /* so that an empty tensor, too, points somewhere */
    for (size_t i = 0; i < header->tensor_count; i++) {
        if (__builtin_add_overflow(room, padded(header->tensors[i].tensor.bytes), &room)) {
            return arq_fail_memory(reader->context, "the tensors of a file", SIZE_MAX);
        }
    }
    reader->data_room = room;
    reader->data = arq_alloc_unset(reader->context, room, 1);
    if (reader->data == NULL) {
        return arq_fail_memory(reader->context, "the tensors of a file", room);
    }
    unsigned char *place = reader->data;
    for (size_t i = 0; i < header->tensor_count; i++) {
        arq_tensor *tensor = &header->tensors[i].tensor;
        arq_status status = arq_file_read(reader->context, reader->path, file, place, tensor->bytes);
        if (status != ARQ_OK) {
            return status;
        }
        tensor->data = place;
        place += padded(tensor->bytes);
    }
    return ARQ_OK;
}

static arq_status read_all(arq_reader *reader)
{
    int file;
    uint64_t size;
    arq_status status = arq_file_open(reader->context, reader->path, &file, &size);
    if (status != ARQ_OK) {
        return status;
    }
    status = read_header(reader, file, size);
    if (status == ARQ_OK) {
        status = read_data(reader, file);
    }
    arq_file_close(file);
    return status;
}

arq_status arq_reader_open(arq_context *context, const char *path, arq_reader **out)
{
    *out = NULL;
    arq_reader *reader = arq_alloc(context, 1, sizeof(*reader));
    if (reader == NULL) {
        return arq_fail_memory(context, "a file reader", sizeof(*reader));
    }
    reader->context = context;
    reader->path_room = strlen(path) + 1;
    reader->path = arq_alloc(context, reader->path_room, 1);
    arq_status status = ARQ_OK;
    if (reader->path == NULL) {
        status = arq_fail_memory(context, "a path", reader->path_room);
    } else {
        memcpy(reader->path, path, reader->path_room);
        status = read_all(reader);
    }
    if (status != ARQ_OK) {
        arq_reader_close(reader);
    } else {
        *out = reader;
    }
    return status;
}

void arq_reader_close(arq_reader *reader)
{
    if (reader == NULL) {
        return;
    }
    arq_header_clear(reader->context, &reader->header);
    arq_free(reader->context, reader->data, reader->data_room, 1);
    arq_free(reader->context, reader->text, reader->text_room, 1);
    arq_free(reader->context, reader->path, reader->path_room, 1);
    arq_free(reader->context, reader, 1, sizeof(*reader));
}

arq_context *arq_reader_context(const arq_reader *reader)
{
    return reader->context;
}

const char *arq_reader_path(const arq_reader *reader)
{
    return reader->path;
}

const char *arq_reader_text(const arq_reader *reader, const char *key)
{
    for (size_t i = 0; i < reader->header.text_count; i++) {
        if (strcmp(reader->header.texts[i].key, key) == 0) {
            return reader->header.texts[i].value;
        }
    }
    return NULL;
}

int arq_reader_text_at(const arq_reader *reader, size_t index, const char **key, const char **value)
{
    if (index >= reader->header.text_count) {
        return 0;
    }
    *key = reader->header.texts[index].key;
    *value = reader->header.texts[index].value;
    return 1;
}

const arq_tensor *arq_reader_find(const arq_reader *reader, const char *name)
{
    size_t low = 0;
    size_t high = reader->header.tensor_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(name, reader->header.by_name[middle]->name);
        if (order == 0) {
            return &reader->header.by_name[middle]->tensor;
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

const arq_tensor *arq_reader_at(const arq_reader *reader, size_t index, const char **name)
{
    if (index >= reader->header.tensor_count) {
        return NULL;
    }
    *name = reader->header.tensors[index].name;
    return &reader->header.tensors[index].tensor;
}

/* "[3, 4]"; 8 numbers of 20 digits fit. */
static void print_shape(char *text, size_t room, uint32_t rank, const uint64_t *shape)
{
    size_t used = (size_t)snprintf(text, room, "[");
    for (uint32_t i = 0; i < rank && used < room; i++) {
        used += (size_t)snprintf(text + used, room - used, "%s%" PRIu64, i == 0 ? "" : ", ", shape[i]);
    }
    if (used < room) {
        snprintf(text + used, room - used, "]");
    }
}

arq_status arq_reader_need(const arq_reader *reader, const char *name, arq_dtype dtype, uint32_t rank,
                           const uint64_t *shape, const arq_tensor **out)
{
    const arq_tensor *tensor = arq_reader_find(reader, name);
    *out = NULL;
    if (tensor == NULL) {
        return arq_fail(reader->context, ARQ_E_FORMAT, "%.200s: tensor \"%.100s\" is missing", reader->path, name);
    }
    if (tensor->dtype != dtype) {
        return arq_fail(reader->context, ARQ_E_FORMAT, "%.200s: tensor \"%.100s\" has dtype %s, %s expected",
                        reader->path, name, arq_dtype_name(tensor->dtype), arq_dtype_name(dtype));
    }
    if (tensor->rank != rank || (rank > 0 && memcmp(tensor->shape, shape, rank * sizeof(*shape)) != 0)) {
        char have[192];
        char want[192];
        print_shape(have, sizeof(have), tensor->rank, tensor->shape);
        print_shape(want, sizeof(want), rank, shape);
        return arq_fail(reader->context, ARQ_E_SHAPE, "%.120s: tensor \"%.80s\" has shape %.120s, %.120s expected",
                        reader->path, name, have, want);
    }
    *out = tensor;
    return ARQ_OK;
}

arq_status arq_reader_values(const arq_reader *reader, const char *name, arq_dtype dtype, uint64_t count, void *values)
{
    const arq_tensor *tensor;
    arq_status status = arq_reader_need(reader, name, dtype, 1, &count, &tensor);
    if (status == ARQ_OK) {
        memcpy(values, tensor->data, tensor->bytes);
    }
    return status;
}

arq_status arq_reader_kind(const arq_reader *reader, const char *kind)
{
    const char *found = arq_reader_text(reader, "kind");
    if (found == NULL) {
        return arq_fail(reader->context, ARQ_E_FORMAT, "%.200s: this file does not say what it holds; a %s is expected",
                        reader->path, kind);
    }
    if (strcmp(found, kind) != 0) {
        return arq_fail(reader->context, ARQ_E_FORMAT, "%.200s: this file holds a %.40s, not a %s", reader->path, found,
                        kind);
    }
    return ARQ_OK;
}
