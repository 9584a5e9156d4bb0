/*
 * The safetensors file format: an 8-byte length, a JSON header, the data.
 *
 * The writer writes all or nothing. The reader is strict: it takes only files that it understands completely, and never
 * allocates more than a small multiple of the file's own size.
 */
#ifndef ARQ_IO_SAFETENSORS_H
#define ARQ_IO_SAFETENSORS_H

#include "core/context.h"

typedef enum arq_dtype {
    ARQ_DTYPE_U8,
    ARQ_DTYPE_I32,
    ARQ_DTYPE_I64,
    ARQ_DTYPE_U64,
    ARQ_DTYPE_F32,
    ARQ_DTYPE_F64
} arq_dtype;

#define ARQ_TENSOR_MAX_RANK 8

typedef struct arq_tensor {
    arq_dtype dtype;
    uint32_t rank;
    uint64_t shape[ARQ_TENSOR_MAX_RANK];
    const void *data; /* aligned for the dtype */
    size_t bytes;
} arq_tensor;

/* One piece of a tensor whose data does not lie in one place. */
typedef struct arq_chunk {
    const void *data;
    size_t bytes;
} arq_chunk;

typedef struct arq_writer arq_writer;

arq_status arq_writer_create(arq_context *context, arq_writer **out);
void arq_writer_destroy(arq_writer *writer);

/* Metadata of the file; both texts are copied. */
arq_status arq_writer_text(arq_writer *writer, const char *key, const char *value);

/* Adds a tensor; the name is copied, the data is borrowed until commit. */
arq_status arq_writer_tensor(arq_writer *writer, const char *name, arq_dtype dtype, uint32_t rank,
                             const uint64_t *shape, const void *data);

/* As arq_writer_tensor for data in pieces (the array is copied, the pieces borrowed). */
arq_status arq_writer_chunks(arq_writer *writer, const char *name, arq_dtype dtype, uint32_t rank,
                             const uint64_t *shape, const arq_chunk *chunks, size_t count);

/* Adds a vector whose values are copied, for small state such as counters. */
arq_status arq_writer_values(arq_writer *writer, const char *name, arq_dtype dtype, uint64_t count, const void *values);

/* Copies all data that is borrowed: from here on the things that it came from may change, and be gone. */
arq_status arq_writer_keep(arq_writer *writer);

/* The bytes of the file as it will be, in pieces that are borrowed from the writer. */
typedef struct arq_file_image {
    arq_context *context;
    char *head;
    size_t head_bytes;
    arq_chunk *chunks; /* [count] */
    size_t count;
} arq_file_image;

arq_status arq_writer_lay_out(arq_writer *writer, arq_file_image *image);
void arq_file_image_clear(arq_file_image *image);

/* Writes the file: temporary file in the same folder, fsync, rename, fsync of the folder. Tensors are laid
 * out largest alignment first, then in the order they were added; the data begins at a multiple of 64 bytes. */
arq_status arq_writer_commit(arq_writer *writer, const char *path);

typedef struct arq_reader arq_reader;

/* Opens and checks a whole file. ARQ_E_IO, ARQ_E_FORMAT, ARQ_E_NOMEM. */
arq_status arq_reader_open(arq_context *context, const char *path, arq_reader **out);
void arq_reader_close(arq_reader *reader);
arq_context *arq_reader_context(const arq_reader *reader);
const char *arq_reader_path(const arq_reader *reader);

/* A text of the metadata, or NULL. */
const char *arq_reader_text(const arq_reader *reader, const char *key);
/* The i-th text, for going through them; returns 0 behind the last. */
int arq_reader_text_at(const arq_reader *reader, size_t index, const char **key, const char **value);

/* A tensor, or NULL. Borrowed until close. */
const arq_tensor *arq_reader_find(const arq_reader *reader, const char *name);
const arq_tensor *arq_reader_at(const arq_reader *reader, size_t index, const char **name);

/* A tensor that must be there with this dtype and shape; ARQ_E_FORMAT when missing or of another dtype,
 * ARQ_E_SHAPE (the text has both shapes) when of another shape. */
arq_status arq_reader_need(const arq_reader *reader, const char *name, arq_dtype dtype, uint32_t rank,
                           const uint64_t *shape, const arq_tensor **out);

/* A vector that must be there, copied out. */
arq_status arq_reader_values(const arq_reader *reader, const char *name, arq_dtype dtype, uint64_t count, void *values);

/* Metadata `kind` must be `kind`: "this file holds a replay, not a network". ARQ_E_FORMAT. */
arq_status arq_reader_kind(const arq_reader *reader, const char *kind);

#endif
