/* Whole rows added, gathered, scattered and blended. */
#include "kernels/vector/vector.h"

/* Rows added in one sweep over c: few enough for the processor to prefetch each of them. */
#define GATHER_ROWS 8

/* c[j] = (c[j] + row[0][j]) + row[1][j] + ... */
static ALWAYS_INLINE void add_rows(size_t rows, const float *const *row, size_t n, float *c)
{
    for (size_t j = 0; j < n; j += VEC_WIDTH) {
        vec sum = vec_load_at(c, j, n);
        FOR_EACH (r, rows)
            sum = vec_add(sum, vec_load_at(row[r], j, n));
        vec_store_at(c, j, n, sum);
    }
}

/* Up to GATHER_ROWS rows, by whole sweeps of 8, 4, 2 and 1. */
static void add_some_rows(size_t rows, const float *const *row, size_t n, float *c)
{
    if (rows >= 8) {
        add_rows(8, row, n, c);
        return;
    }
    if (rows & 4)
        add_rows(4, row, n, c);
    if (rows & 2)
        add_rows(2, row + (rows & 4), n, c);
    if (rows & 1)
        add_rows(1, row + (rows & 6), n, c);
}

/* The bits of one byte that lie below `count`, which counts from the byte's own first bit. */
static ALWAYS_INLINE uint32_t bits_below(uint8_t byte, size_t count)
{
    return count >= 8 ? byte : byte & ((1u << count) - 1u);
}

void KERNEL(gather_rows)(size_t count, const uint8_t *bits, size_t n, const float *b, size_t ldb, float *c)
{
    const float *row[GATHER_ROWS];
    size_t rows = 0;
    for (size_t first = 0; first < count; first += 8) {
        uint32_t left = bits_below(bits[first / 8], count - first);
        for (; left; left &= left - 1) {
            row[rows++] = b + (first + (size_t)__builtin_ctz(left)) * ldb;
            if (rows == GATHER_ROWS) {
                add_some_rows(rows, row, n, c);
                rows = 0;
            }
        }
    }
    add_some_rows(rows, row, n, c);
}

void KERNEL(scatter_rows)(size_t count, const uint8_t *bits, size_t n, const float *d, float *g, size_t ldg)
{
    for (size_t first = 0; first < count; first += 8) {
        uint32_t left = bits_below(bits[first / 8], count - first);
        for (; left; left &= left - 1)
            add_rows(1, &d, n, g + (first + (size_t)__builtin_ctz(left)) * ldg);
    }
}

/* VEC_WIDTH bits from bit i on, i a multiple of VEC_WIDTH; bits at count and above may be anything. */
static ALWAYS_INLINE uint32_t bits_at(const uint8_t *bits, size_t i, size_t count)
{
    uint32_t word = bits[i / 8];
    if (VEC_WIDTH > 8 && i + 8 < count)
        word |= (uint32_t)bits[i / 8 + 1] << 8;
    return word >> (i % 8);
}

void KERNEL(unpack_bits)(size_t count, const uint8_t *bits, float *out)
{
    for (size_t i = 0; i < count; i += VEC_WIDTH)
        vec_store_at(out, i, count, vec_of_bits(bits_at(bits, i, count)));
}

void KERNEL(add_columns)(size_t rows, size_t n, const float *in, size_t ld, float *out)
{
    const float *row[GATHER_ROWS];
    for (size_t r = 0; r < rows; r += GATHER_ROWS) {
        size_t some = rows - r < GATHER_ROWS ? rows - r : GATHER_ROWS;
        for (size_t i = 0; i < some; i++)
            row[i] = in + (r + i) * ld;
        add_some_rows(some, row, n, out);
    }
}

void KERNEL(add)(size_t rows, size_t n, const float *a, size_t lda, const float *b, size_t ldb, float *out, size_t ldo)
{
    for (size_t r = 0; r < rows; r++) {
        const float *left = a + r * lda, *right = b + r * ldb;
        for (size_t j = 0; j < n; j += VEC_WIDTH)
            vec_store_at(out + r * ldo, j, n, vec_add(vec_load_at(left, j, n), vec_load_at(right, j, n)));
    }
}

void KERNEL(blend)(size_t n, float alpha, const float *x, float *y)
{
    vec new_share = vec_set(alpha), old_share = vec_set(1.0f - alpha);
    if (alpha == 1.0f) {
        for (size_t i = 0; i < n; i++)
            y[i] = x[i];
        return;
    }
    for (size_t i = 0; i < n; i += VEC_WIDTH) {
        vec kept = vec_mul(old_share, vec_load_at(y, i, n));
        vec_store_at(y, i, n, vec_fma(new_share, vec_load_at(x, i, n), kept));
    }
}
