#include "lies.h"

#include <check.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The tensor's bytes with the lie in them, to be freed. */
static unsigned char *changed_bytes(const arq_tensor *tensor, const lie *told)
{
    unsigned char *changed = malloc(tensor->bytes);
    memcpy(changed, tensor->data, tensor->bytes);
    for (size_t i = 0; i < told->count; i++) {
        memcpy(changed + (told->first + i) * told->size, told->bytes, told->size);
    }
    return changed;
}

void lie_write(const arq_reader *good, const char *path, const lie *told)
{
    arq_writer *writer;
    const char *name, *value;
    const arq_tensor *tensor;
    unsigned char *changed = NULL;
    ck_assert_int_eq(arq_writer_create(arq_reader_context(good), &writer), ARQ_OK);
    for (size_t i = 0; arq_reader_text_at(good, i, &name, &value); i++) {
        int is_lie = told->text != NULL && strcmp(name, told->text) == 0;
        if (!is_lie || told->value != NULL) {
            ck_assert_int_eq(arq_writer_text(writer, name, is_lie ? told->value : value), ARQ_OK);
        }
    }
    for (size_t i = 0; (tensor = arq_reader_at(good, i, &name)) != NULL; i++) {
        const void *data = tensor->data;
        if (told->tensor != NULL && strcmp(name, told->tensor) == 0) {
            if (told->bytes == NULL) {
                continue;
            }
            data = changed = changed_bytes(tensor, told);
        }
        ck_assert_int_eq(arq_writer_tensor(writer, name, tensor->dtype, tensor->rank, tensor->shape, data), ARQ_OK);
    }
    ck_assert_int_eq(arq_writer_commit(writer, path), ARQ_OK);
    arq_writer_destroy(writer);
    free(changed);
}

size_t lies_of(arq_dtype dtype, int32_t actions, lie_value values[LIES_MOST], size_t *size)
{
    static const uint8_t bytes[] = {0, 1, 3, 8, 0x80, 0xff};
    const int32_t numbers[] = {-1, INT32_MIN, INT32_MAX, actions, 0};
    static const int64_t longs[] = {-1, INT64_MIN, INT64_MAX, INT64_C(1) << 32, 0};
    static const uint64_t naturals[] = {0, 1, 2, 3, 255, UINT64_C(1) << 32, UINT64_C(1) << 63, UINT64_MAX};
    static const float floats[] = {NAN, INFINITY, -INFINITY, -1, -FLT_TRUE_MIN, FLT_MAX, -FLT_MAX, 0};
    static const double doubles[] = {NAN, INFINITY, -INFINITY, -1, 2, DBL_MAX, 0};
    const struct {
        const void *values;
        size_t size, count;
    } rows[] = {
        [ARQ_DTYPE_U8] = {bytes, 1, 6},     [ARQ_DTYPE_I32] = {numbers, 4, 5}, [ARQ_DTYPE_I64] = {longs, 8, 5},
        [ARQ_DTYPE_U64] = {naturals, 8, 8}, [ARQ_DTYPE_F32] = {floats, 4, 8},  [ARQ_DTYPE_F64] = {doubles, 8, 7},
    };
    *size = rows[dtype].size;
    for (size_t i = 0; i < rows[dtype].count; i++) {
        memcpy(&values[i], (const char *)rows[dtype].values + i * *size, *size);
    }
    return rows[dtype].count;
}

int lie_may_lack(const char *tensor)
{
    return strncmp(tensor, "learner.metric.", 15) == 0 || strcmp(tensor, "learner.fit") == 0;
}
