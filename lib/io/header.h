/*
 * The header of a safetensors file, read: what tensors there are and where. Knows text, not files.
 */
#ifndef ARQ_IO_HEADER_H
#define ARQ_IO_HEADER_H

#include "io/safetensors.h"

/* Bytes of one value. */
size_t arq_dtype_bytes(arq_dtype dtype);
/* Its name in a header. */
const char *arq_dtype_name(arq_dtype dtype);

/* Values of a tensor; 0 when their number or their bytes overflow. */
int arq_tensor_size(arq_dtype dtype, uint32_t rank, const uint64_t *shape, uint64_t *bytes);

typedef struct arq_header_text {
    const char *key;
    const char *value;
} arq_header_text;

typedef struct arq_header_tensor {
    const char *name;
    arq_tensor tensor; /* its data is for the reader to find */
    uint64_t begin;    /* first byte in the file's data */
    uint64_t end;      /* behind the last */
} arq_header_tensor;

/* Names and texts lie in the buffer that was read. */
typedef struct arq_header {
    arq_header_text *texts; /* [text_count] by key */
    size_t text_count;
    size_t text_room;
    arq_header_tensor *tensors; /* [tensor_count] as they lie in the file */
    size_t tensor_count;
    size_t tensor_room;
    arq_header_tensor **by_name; /* [tensor_count] */
} arq_header;

/* Reads a header of `bytes` bytes at `buffer`, unescaping in place, and checks that the tensors fill exactly
 * `data_bytes`. On failure the header still has to be cleared. `path` is for the text. */
arq_status arq_header_parse(arq_context *context, const char *path, char *buffer, size_t bytes, uint64_t data_bytes,
                            arq_header *header);
void arq_header_clear(arq_context *context, arq_header *header);

#endif
