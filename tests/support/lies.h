/*
 * What a liar would write into a file: a good one with one text, or values of one tensor, changed or left out.
 */
#ifndef TESTS_SUPPORT_LIES_H
#define TESTS_SUPPORT_LIES_H

#include "io/safetensors.h"

typedef struct lie {
    const char *text, *value; /* value NULL: it is left out */
    const char *tensor;
    const void *bytes; /* NULL: it is left out */
    size_t size;       /* of one value */
    size_t first, count;
} lie;

/* Writes the good file with the lie in it. */
void lie_write(const arq_reader *good, const char *path, const lie *told);

typedef union lie_value {
    uint8_t u8;
    int32_t i32;
    int64_t i64;
    uint64_t u64;
    float f32;
    double f64;
} lie_value;

#define LIES_MOST 16

/* Lies for values of a type, at the ends of its range and beyond what any file may say; returns how many. `actions`: so
 * many the network has. */
size_t lies_of(arq_dtype dtype, int32_t actions, lie_value values[LIES_MOST], size_t *size);

/* Whether a file of an older release may lack a tensor. */
int lie_may_lack(const char *tensor);

#endif
