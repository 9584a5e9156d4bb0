/*
 * Rows of a batch in blocks: all of them, or those of a mask.
 */
#ifndef ARQ_NN_MATH_BLOCKS_H
#define ARQ_NN_MATH_BLOCKS_H

#include <stdint.h>

typedef struct arq_row_block {
    uint32_t first, rows;
} arq_row_block;

/* The next block of at most `most` rows that follow each other and are in the mask (NULL: all are); begin with zeros.
 * 0 behind the last. */
static inline int arq_next_block(const uint8_t *mask, uint32_t count, uint32_t most, arq_row_block *block)
{
    uint32_t first = block->first + block->rows;
    while (mask != NULL && first < count && mask[first] == 0) {
        first++;
    }
    uint32_t end = first;
    while (end < count && end - first < most && (mask == NULL || mask[end] != 0)) {
        end++;
    }
    *block = (arq_row_block){.first = first, .rows = end - first};
    return end > first;
}

#endif
