#include "io/safetensors.h"

#include "io/file.h"
#include "io/grow.h"
#include "io/header.h"
#include "io/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The data begins at a multiple of this, so that a mapped file can be used in place. */
#define DATA_ALIGNMENT ((size_t)64)

typedef struct written_text {
    char *key;
    char *value;
} written_text;

typedef struct written_tensor {
    char *name;
    arq_dtype dtype;
    uint32_t rank;
    uint64_t shape[ARQ_TENSOR_MAX_RANK];
    uint64_t bytes;
    arq_chunk *chunks; /* [chunk_count] */
    size_t chunk_count;
    unsigned char *copy; /* [bytes] where the data is the writer's own, or NULL */
} written_tensor;

struct arq_writer {
    arq_context *context;
    written_text *texts;
    size_t text_count;
    size_t text_room;
    written_tensor *tensors;
    size_t tensor_count;
    size_t tensor_room;
};

arq_status arq_writer_create(arq_context *context, arq_writer **out)
{
    *out = arq_alloc(context, 1, sizeof(**out));
    if (*out == NULL) {
        return arq_fail_memory(context, "a file writer", sizeof(**out));
    }
    (*out)->context = context;
    return ARQ_OK;
}

static char *copy_text(arq_context *context, const char *text)
{
    size_t bytes = strlen(text) + 1;
    char *copy = arq_alloc(context, bytes, 1);
    if (copy != NULL) {
        memcpy(copy, text, bytes);
    }
    return copy;
}

static void free_text(arq_context *context, char *text)
{
    if (text != NULL) {
        arq_free(context, text, strlen(text) + 1, 1);
    }
}

static void free_tensor(arq_context *context, written_tensor *tensor)
{
    free_text(context, tensor->name);
    arq_free(context, tensor->chunks, tensor->chunk_count, sizeof(*tensor->chunks));
    arq_free(context, tensor->copy, (size_t)tensor->bytes, 1);
}

void arq_writer_destroy(arq_writer *writer)
{
    if (writer == NULL) {
        return;
    }
    for (size_t i = 0; i < writer->text_count; i++) {
        free_text(writer->context, writer->texts[i].key);
        free_text(writer->context, writer->texts[i].value);
    }
    for (size_t i = 0; i < writer->tensor_count; i++) {
        free_tensor(writer->context, &writer->tensors[i]);
    }
    arq_free(writer->context, writer->texts, writer->text_room, sizeof(*writer->texts));
    arq_free(writer->context, writer->tensors, writer->tensor_room, sizeof(*writer->tensors));
    arq_free(writer->context, writer, 1, sizeof(*writer));
}

arq_status arq_writer_text(arq_writer *writer, const char *key, const char *value)
{
    if (!arq_utf8_valid(key, strlen(key)) || !arq_utf8_valid(value, strlen(value))) {
        return arq_fail(writer->context, ARQ_E_ARGUMENT, "metadata \"%.100s\" is not UTF-8", key);
    }
    for (size_t i = 0; i < writer->text_count; i++) {
        if (strcmp(writer->texts[i].key, key) == 0) {
            return arq_fail(writer->context, ARQ_E_ARGUMENT, "metadata \"%.100s\" is given twice", key);
        }
    }
    void *texts =
        arq_grow(writer->context, writer->texts, writer->text_count, &writer->text_room, sizeof(*writer->texts));
    if (texts == NULL) {
        return arq_fail_memory(writer->context, "metadata", writer->text_room * 2 * sizeof(*writer->texts));
    }
    writer->texts = texts;
    written_text text = {copy_text(writer->context, key), copy_text(writer->context, value)};
    if (text.key == NULL || text.value == NULL) {
        free_text(writer->context, text.key);
        free_text(writer->context, text.value);
        return arq_fail_memory(writer->context, "metadata", strlen(key) + strlen(value) + 2);
    }
    writer->texts[writer->text_count++] = text;
    return ARQ_OK;
}

static arq_status check_tensor(const arq_writer *writer, const char *name, const written_tensor *tensor)
{
    if (!arq_utf8_valid(name, strlen(name)) || strcmp(name, "__metadata__") == 0) {
        return arq_fail(writer->context, ARQ_E_ARGUMENT, "\"%.100s\" cannot be the name of a tensor", name);
    }
    for (size_t i = 0; i < writer->tensor_count; i++) {
        if (strcmp(writer->tensors[i].name, name) == 0) {
            return arq_fail(writer->context, ARQ_E_ARGUMENT, "tensor \"%.100s\" is given twice", name);
        }
    }
    uint64_t bytes = 0;
    for (size_t i = 0; i < tensor->chunk_count; i++) {
        bytes += tensor->chunks[i].bytes;
    }
    if (bytes != tensor->bytes) {
        return arq_fail(writer->context, ARQ_E_SHAPE,
                        "tensor \"%.100s\" has %" PRIu64 " bytes by its shape, %" PRIu64 " are given", name,
                        tensor->bytes, bytes);
    }
    return ARQ_OK;
}

/* Adds the tensor, whose chunks and copy become the writer's; on failure they stay the caller's. */
static arq_status add_tensor(arq_writer *writer, const char *name, written_tensor *tensor)
{
    arq_status status = check_tensor(writer, name, tensor);
    if (status != ARQ_OK) {
        return status;
    }
    void *tensors =
        arq_grow(writer->context, writer->tensors, writer->tensor_count, &writer->tensor_room, sizeof(*tensor));
    if (tensors == NULL) {
        return arq_fail_memory(writer->context, "tensors to write", writer->tensor_room * 2 * sizeof(*tensor));
    }
    writer->tensors = tensors;
    tensor->name = copy_text(writer->context, name);
    if (tensor->name == NULL) {
        return arq_fail_memory(writer->context, "the name of a tensor", strlen(name) + 1);
    }
    writer->tensors[writer->tensor_count++] = *tensor;
    return ARQ_OK;
}

static arq_status describe(const arq_writer *writer, const char *name, arq_dtype dtype, uint32_t rank,
                           const uint64_t *shape, written_tensor *tensor)
{
    if (rank > ARQ_TENSOR_MAX_RANK) {
        return arq_fail(writer->context, ARQ_E_SHAPE, "tensor \"%.100s\" has %u dimensions, at most %d", name,
                        (unsigned)rank, ARQ_TENSOR_MAX_RANK);
    }
    if (!arq_tensor_size(dtype, rank, shape, &tensor->bytes) || tensor->bytes > SIZE_MAX) {
        return arq_fail(writer->context, ARQ_E_SHAPE, "tensor \"%.100s\" has a shape whose size overflows", name);
    }
    tensor->dtype = dtype;
    tensor->rank = rank;
    if (rank > 0) {
        memcpy(tensor->shape, shape, rank * sizeof(*shape));
    }
    return ARQ_OK;
}

arq_status arq_writer_chunks(arq_writer *writer, const char *name, arq_dtype dtype, uint32_t rank,
                             const uint64_t *shape, const arq_chunk *chunks, size_t count)
{
    written_tensor tensor = {0};
    arq_status status = describe(writer, name, dtype, rank, shape, &tensor);
    if (status != ARQ_OK) {
        return status;
    }
    if (count > 0) {
        tensor.chunks = arq_alloc(writer->context, count, sizeof(*chunks));
        if (tensor.chunks == NULL) {
            return arq_fail_memory(writer->context, "the pieces of a tensor", count * sizeof(*chunks));
        }
        memcpy(tensor.chunks, chunks, count * sizeof(*chunks));
        tensor.chunk_count = count;
    }
    status = add_tensor(writer, name, &tensor);
    if (status != ARQ_OK) {
        arq_free(writer->context, tensor.chunks, count, sizeof(*chunks));
    }
    return status;
}

arq_status arq_writer_tensor(arq_writer *writer, const char *name, arq_dtype dtype, uint32_t rank,
                             const uint64_t *shape, const void *data)
{
    written_tensor tensor = {0};
    arq_status status = describe(writer, name, dtype, rank, shape, &tensor);
    if (status != ARQ_OK) {
        return status;
    }
    arq_chunk whole = {data, (size_t)tensor.bytes};
    return arq_writer_chunks(writer, name, dtype, rank, shape, &whole, 1);
}

arq_status arq_writer_values(arq_writer *writer, const char *name, arq_dtype dtype, uint64_t count, const void *values)
{
    written_tensor tensor = {0};
    arq_status status = describe(writer, name, dtype, 1, &count, &tensor);
    if (status != ARQ_OK) {
        return status;
    }
    arq_chunk whole = {values, (size_t)tensor.bytes};
    status = arq_writer_chunks(writer, name, dtype, 1, &count, &whole, 1);
    if (status != ARQ_OK || tensor.bytes == 0) {
        return status;
    }
    written_tensor *added = &writer->tensors[writer->tensor_count - 1];
    added->copy = arq_alloc_unset(writer->context, whole.bytes, 1);
    if (added->copy == NULL) {
        free_tensor(writer->context, added);
        writer->tensor_count--;
        return arq_fail_memory(writer->context, "state to write", whole.bytes);
    }
    memcpy(added->copy, values, whole.bytes);
    added->chunks[0].data = added->copy;
    return ARQ_OK;
}

static arq_status keep_tensor(const arq_writer *writer, written_tensor *tensor)
{
    if (tensor->copy != NULL || tensor->bytes == 0) {
        return ARQ_OK;
    }
    tensor->copy = arq_alloc_unset(writer->context, (size_t)tensor->bytes, 1);
    if (tensor->copy == NULL) {
        return arq_fail_memory(writer->context, "a copy of what is to be written", (size_t)tensor->bytes);
    }
    unsigned char *place = tensor->copy;
    for (size_t i = 0; i < tensor->chunk_count; i++) {
        arq_chunk *chunk = &tensor->chunks[i];
        if (chunk->bytes > 0) {
            memcpy(place, chunk->data, chunk->bytes);
        }
        chunk->data = place;
        place += chunk->bytes;
    }
    return ARQ_OK;
}

arq_status arq_writer_keep(arq_writer *writer)
{
    arq_status status = ARQ_OK;
    for (size_t i = 0; i < writer->tensor_count && status == ARQ_OK; i++) {
        status = keep_tensor(writer, &writer->tensors[i]);
    }
    return status;
}

/* The header in the making; without a buffer it is only counted. */
typedef struct header_text {
    char *buffer;
    size_t bytes;
} header_text;

static void put(header_text *header, const char *text)
{
    size_t bytes = strlen(text);
    if (header->buffer != NULL) {
        memcpy(header->buffer + header->bytes, text, bytes);
    }
    header->bytes += bytes;
}

static void put_quoted(header_text *header, const char *text)
{
    header->bytes += arq_json_quote(header->buffer == NULL ? NULL : header->buffer + header->bytes, text);
}

static void put_number(header_text *header, uint64_t number)
{
    char digits[24];
    snprintf(digits, sizeof(digits), "%" PRIu64, number);
    put(header, digits);
}

static void put_tensor(header_text *header, const written_tensor *tensor, uint64_t begin)
{
    put_quoted(header, tensor->name);
    put(header, ":{\"dtype\":\"");
    put(header, arq_dtype_name(tensor->dtype));
    put(header, "\",\"shape\":[");
    for (uint32_t i = 0; i < tensor->rank; i++) {
        put(header, i == 0 ? "" : ",");
        put_number(header, tensor->shape[i]);
    }
    put(header, "],\"data_offsets\":[");
    put_number(header, begin);
    put(header, ",");
    put_number(header, begin + tensor->bytes);
    put(header, "]}");
}

/* The tensor behind `previous` in the file, largest alignment first; NULL before the first and behind the last. */
static const written_tensor *next_tensor(const arq_writer *writer, const written_tensor *previous)
{
    size_t bytes = previous == NULL ? 8 : arq_dtype_bytes(previous->dtype);
    size_t from = previous == NULL ? 0 : (size_t)(previous - writer->tensors) + 1;
    for (; bytes > 0; bytes /= 2, from = 0) {
        for (size_t i = from; i < writer->tensor_count; i++) {
            if (arq_dtype_bytes(writer->tensors[i].dtype) == bytes) {
                return &writer->tensors[i];
            }
        }
    }
    return NULL;
}

static void put_header(const arq_writer *writer, header_text *header)
{
    uint64_t begin = 0;
    const char *comma = "";
    put(header, "{");
    if (writer->text_count > 0) {
        put(header, "\"__metadata__\":{");
        for (size_t i = 0; i < writer->text_count; i++) {
            put(header, i == 0 ? "" : ",");
            put_quoted(header, writer->texts[i].key);
            put(header, ":");
            put_quoted(header, writer->texts[i].value);
        }
        put(header, "}");
        comma = ",";
    }
    for (const written_tensor *tensor = next_tensor(writer, NULL); tensor != NULL;
         tensor = next_tensor(writer, tensor)) {
        put(header, comma);
        put_tensor(header, tensor, begin);
        begin += tensor->bytes;
        comma = ",";
    }
    put(header, "}");
    while ((8 + header->bytes) % DATA_ALIGNMENT != 0) {
        put(header, " ");
    }
}

/* The header's length and text, to be freed by the caller as `bytes` bytes; NULL without memory. */
static char *make_header(const arq_writer *writer, size_t *bytes)
{
    header_text counted = {NULL, 0};
    put_header(writer, &counted);
    *bytes = 8 + counted.bytes;
    char *head = arq_alloc(writer->context, *bytes, 1);
    if (head == NULL) {
        return NULL;
    }
    for (unsigned i = 0; i < 8; i++) {
        head[i] = (char)(unsigned char)((uint64_t)counted.bytes >> (8 * i));
    }
    header_text header = {head + 8, 0};
    put_header(writer, &header);
    return head;
}

arq_status arq_writer_lay_out(arq_writer *writer, arq_file_image *image)
{
    size_t count = 1;
    for (size_t i = 0; i < writer->tensor_count; i++) {
        count += writer->tensors[i].chunk_count;
    }
    *image = (arq_file_image){.context = writer->context, .count = count};
    image->head = make_header(writer, &image->head_bytes);
    image->chunks = arq_alloc(writer->context, count, sizeof(*image->chunks));
    if (image->head == NULL || image->chunks == NULL) {
        size_t bytes = image->head_bytes + count * sizeof(*image->chunks);
        arq_file_image_clear(image);
        return arq_fail_memory(writer->context, "the header of a file", bytes);
    }
    size_t used = 0;
    image->chunks[used++] = (arq_chunk){image->head, image->head_bytes};
    for (const written_tensor *tensor = next_tensor(writer, NULL); tensor != NULL;
         tensor = next_tensor(writer, tensor)) {
        for (size_t i = 0; i < tensor->chunk_count; i++) {
            image->chunks[used++] = tensor->chunks[i];
        }
    }
    return ARQ_OK;
}

void arq_file_image_clear(arq_file_image *image)
{
    arq_free(image->context, image->chunks, image->count, sizeof(*image->chunks));
    arq_free(image->context, image->head, image->head_bytes, 1);
}

arq_status arq_writer_commit(arq_writer *writer, const char *path)
{
    arq_file_image image;
    arq_status status = arq_writer_lay_out(writer, &image);
    if (status != ARQ_OK) {
        return status;
    }
    status = arq_file_replace(writer->context, path, image.chunks, image.count);
    arq_file_image_clear(&image);
    return status;
}
