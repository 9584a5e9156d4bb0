/* The C side of read_with_python.py: `write FILE` writes every dtype; `read FILE` checks what Python wrote. */
#include "io/safetensors.h"

#include <stdio.h>
#include <string.h>

static const uint8_t u8[] = {0, 1, 255};
static const int32_t i32[] = {INT32_MIN, -1, 0, 1, 2, INT32_MAX};
static const int64_t i64[] = {INT64_MIN, INT64_MAX};
static const uint64_t u64[] = {0, UINT64_MAX};
static const float f32[] = {0.5f, -1.25f, 3.0e38f, 1.0e-40f};
static const double f64[] = {0.1};

static const struct {
    const char *name;
    arq_dtype dtype;
    uint32_t rank;
    uint64_t shape[3];
    const void *data;
    size_t bytes;
} tensors[] = {
    {"u8", ARQ_DTYPE_U8, 1, {3}, u8, sizeof(u8)},
    {"i32", ARQ_DTYPE_I32, 2, {2, 3}, i32, sizeof(i32)},
    {"i64", ARQ_DTYPE_I64, 1, {2}, i64, sizeof(i64)},
    {"u64", ARQ_DTYPE_U64, 1, {2}, u64, sizeof(u64)},
    {"f32", ARQ_DTYPE_F32, 3, {2, 1, 2}, f32, sizeof(f32)},
    {"f64 \"\xc3\xa9\"", ARQ_DTYPE_F64, 0, {0}, f64, sizeof(f64)},
    {"empty", ARQ_DTYPE_F32, 2, {0, 4}, f32, 0},
};
#define TENSOR_COUNT (sizeof(tensors) / sizeof(tensors[0]))

static arq_status write_all(arq_context *context, const char *path)
{
    arq_writer *writer;
    arq_status status = arq_writer_create(context, &writer);
    if (status == ARQ_OK) {
        status = arq_writer_text(writer, "kind", "test \"\\\n\xe2\x82\xac");
    }
    for (size_t i = 0; i < TENSOR_COUNT && status == ARQ_OK; i++) {
        status = arq_writer_tensor(writer, tensors[i].name, tensors[i].dtype, tensors[i].rank, tensors[i].shape,
                                   tensors[i].data);
    }
    if (status == ARQ_OK) {
        status = arq_writer_commit(writer, path);
    }
    arq_writer_destroy(writer);
    return status;
}

static arq_status check_all(arq_context *context, const arq_reader *reader)
{
    const char *text = arq_reader_text(reader, "kind");
    if (text == NULL || strcmp(text, "test \"\\\n\xe2\x82\xac") != 0) {
        return arq_fail(context, ARQ_E_FORMAT, "the metadata is not what was written");
    }
    for (size_t i = 0; i < TENSOR_COUNT; i++) {
        const arq_tensor *tensor;
        arq_status status =
            arq_reader_need(reader, tensors[i].name, tensors[i].dtype, tensors[i].rank, tensors[i].shape, &tensor);
        if (status != ARQ_OK) {
            return status;
        }
        if (memcmp(tensor->data, tensors[i].data, tensors[i].bytes) != 0) {
            return arq_fail(context, ARQ_E_FORMAT, "%s is not what was written", tensors[i].name);
        }
    }
    return ARQ_OK;
}

int main(int count, char **arguments)
{
    arq_context *context;
    arq_reader *reader = NULL;
    char text[512];
    if (count != 3 || arq_context_create(ARQ_ABI_VERSION, NULL, &context) != ARQ_OK) {
        return 2;
    }
    arq_status status;
    if (strcmp(arguments[1], "write") == 0) {
        status = write_all(context, arguments[2]);
    } else {
        status = arq_reader_open(context, arguments[2], &reader);
        if (status == ARQ_OK) {
            status = check_all(context, reader);
        }
    }
    arq_context_last_error(context, text, sizeof(text));
    if (status != ARQ_OK) {
        fprintf(stderr, "%s: %s\n", arq_status_name(status), text);
    }
    arq_reader_close(reader);
    arq_context_destroy(context);
    return status == ARQ_OK ? 0 : 1;
}
