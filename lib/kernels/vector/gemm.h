/*
 * Matrix products. C is cut into tiles of GEMM_ROWS x GEMM_COLUMNS that stay in registers while k runs, so each entry
 * of C is one chain; a block of B (BLOCK_K x BLOCK_N) is packed into columns of tile width, to be read once for each
 * GEMM_ROWS rows of A from the second-level cache. With few rows of A nothing is packed: with at most STREAM_ROWS, B is
 * read once, row after row, at the speed of memory.
 */
#include "kernels/vector/vector.h"

#include <string.h>

#define GEMM_COLUMNS ((size_t)(GEMM_VECTORS * VEC_WIDTH))
#define BLOCK_K ((size_t)256)
#define BLOCK_N (512 / GEMM_COLUMNS * GEMM_COLUMNS)
#define LINE_FLOATS 16
#define PACKED_ROWS ((GEMM_ROWS + VEC_WIDTH - 1) / VEC_WIDTH * VEC_WIDTH)

/* Up to this many rows of A the product is memory-bound and B is streamed. */
#define STREAM_ROWS 8

/* Rows of B that one sweep over C takes in when streaming. */
#define STREAM_DEPTH 8

/* Up to this many rows of A packing B costs more than it saves. */
#define DIRECT_ROWS (2 * GEMM_ROWS)

/* A is read through two strides: entry (i, l) of the factor [m, k] stands at a[i * row + l * step]. */
typedef struct factor {
    const float *a;
    size_t row, step;
} factor;

/* C[rows, GEMM_COLUMNS] += A B over k; the rows of B are `b_step` apart. */
static ALWAYS_INLINE void tile(size_t rows, size_t k, const float *a, size_t a_row, size_t a_step, const float *b,
                               size_t b_step, float *c, size_t ldc)
{
    vec sum[GEMM_ROWS][GEMM_VECTORS];
    FOR_EACH (i, rows) {
        FOR_EACH (q, GEMM_VECTORS)
            sum[i][q] = vec_load(c + i * ldc + q * VEC_WIDTH);
        for (size_t q = 0; q < GEMM_COLUMNS; q += LINE_FLOATS) /* the tile that is next */
            __builtin_prefetch(c + i * ldc + GEMM_COLUMNS + q, 1);
    }
    for (size_t l = 0; l < k; l++) {
        vec right[GEMM_VECTORS];
        FOR_EACH (q, GEMM_VECTORS)
            right[q] = vec_load(b + q * VEC_WIDTH);
        FOR_EACH (i, rows) {
            vec left = vec_set(a[i * a_row]);
            FOR_EACH (q, GEMM_VECTORS)
                sum[i][q] = vec_fma(left, right[q], sum[i][q]);
        }
        a += a_step;
        b += b_step;
    }
    FOR_EACH (i, rows) {
        FOR_EACH (q, GEMM_VECTORS)
            vec_store(c + i * ldc + q * VEC_WIDTH, sum[i][q]);
    }
}

/* One tile for each number of rows, so that its sums are registers. Either stride of A is the constant 1. */
#define TILE_CASE(n)                                                                                                   \
    case n:                                                                                                            \
        if (a.step == 1)                                                                                               \
            tile(n, k, a.a, a.row, 1, b, b_step, c, ldc);                                                              \
        else                                                                                                           \
            tile(n, k, a.a, 1, a.step, b, b_step, c, ldc);                                                             \
        break;

static void run_tile(size_t rows, size_t k, factor a, const float *b, size_t b_step, float *c, size_t ldc)
{
    switch (rows) {
        TILE_CASE(1)
        TILE_CASE(2)
        TILE_CASE(3)
        TILE_CASE(4)
        TILE_CASE(5)
        TILE_CASE(6)
#if GEMM_ROWS >= 8
        TILE_CASE(7)
        TILE_CASE(8)
#endif
#if GEMM_ROWS >= 14
        TILE_CASE(9)
        TILE_CASE(10)
        TILE_CASE(11)
        TILE_CASE(12)
        TILE_CASE(13)
        TILE_CASE(14)
#endif
    }
}

/* A tile at the right edge of C, through a copy of whole width. */
static void run_edge_tile(size_t rows, size_t columns, size_t k, factor a, const float *b, size_t b_step, float *c,
                          size_t ldc)
{
    float copy[GEMM_ROWS * GEMM_COLUMNS] = {0};
    for (size_t i = 0; i < rows; i++)
        memcpy(copy + i * GEMM_COLUMNS, c + i * ldc, columns * sizeof *c);
    run_tile(rows, k, a, b, b_step, copy, GEMM_COLUMNS);
    for (size_t i = 0; i < rows; i++)
        memcpy(c + i * ldc, copy + i * GEMM_COLUMNS, columns * sizeof *c);
}

/* Copies B[k, columns] into columns of tile width, each [k, GEMM_COLUMNS]; the last one is filled up with zeros. */
static void pack_columns(size_t k, size_t columns, const float *b, size_t ldb, float *packed)
{
    for (size_t j = 0; j < columns; j += GEMM_COLUMNS) {
        for (size_t l = 0; l < k; l++) {
            FOR_EACH (q, GEMM_VECTORS) {
                size_t at = j + q * VEC_WIDTH;
                vec x = at < columns ? vec_load_at(b + l * ldb, at, columns) : vec_set(0.0f);
                vec_store(packed + q * VEC_WIDTH, x);
            }
            packed += GEMM_COLUMNS;
        }
    }
}

/* Copies rows [0, rows) of the transposed factor into [k, PACKED_ROWS]; the entries past `rows` are never read. What
 * is copied next lies beside it, where the processor does not look by itself. */
static factor pack_rows(size_t rows, size_t k, factor a, float *packed)
{
    for (size_t l = 0; l < k; l++) {
        __builtin_prefetch(a.a + l * a.step + 2 * rows - 1);
        for (size_t i = 0; i < rows; i += VEC_WIDTH)
            vec_store(packed + l * PACKED_ROWS + i, vec_load_at(a.a + l * a.step, i, rows));
    }
    return (factor){packed, 1, PACKED_ROWS};
}

/* C[m, columns] += A B for one block of B, packed or (columns a multiple of the tile's) in place. */
static void run_block(size_t m, size_t columns, size_t k, factor a, const float *b, size_t b_step, size_t b_tile,
                      float *c, size_t ldc, float *row_space)
{
    size_t panels = (m + GEMM_ROWS - 1) / GEMM_ROWS;
    for (size_t panel = 0; panel < panels; panel++) {
        size_t i = m * panel / panels, rows = m * (panel + 1) / panels - i;
        factor part = {a.a + i * a.row, a.row, a.step};
        if (a.step != 1 && columns > 2 * GEMM_COLUMNS)
            part = pack_rows(rows, k, part, row_space);
        for (size_t j = 0; j < columns; j += GEMM_COLUMNS) {
            const float *right = b + j / GEMM_COLUMNS * b_tile;
            if (j + GEMM_COLUMNS <= columns)
                run_tile(rows, k, part, right, b_step, c + i * ldc + j, ldc);
            else
                run_edge_tile(rows, columns - j, k, part, right, b_step, c + i * ldc + j, ldc);
        }
    }
}

/* C[m, n] += A B, m <= STREAM_ROWS: rows of B in groups of `depth`, each group in one sweep over C. */
static ALWAYS_INLINE void stream_sweep(size_t m, size_t depth, size_t n, factor a, const float *b, size_t ldb, float *c,
                                       size_t ldc)
{
    for (size_t j = 0; j < n; j += VEC_WIDTH) {
        vec sum[STREAM_ROWS];
        FOR_EACH (i, m)
            sum[i] = vec_load_at(c + i * ldc, j, n);
        FOR_EACH (l, depth) {
            vec right = vec_load_at(b + l * ldb, j, n);
            FOR_EACH (i, m)
                sum[i] = vec_fma(vec_set(a.a[i * a.row + l * a.step]), right, sum[i]);
        }
        FOR_EACH (i, m)
            vec_store_at(c + i * ldc, j, n, sum[i]);
    }
}

static ALWAYS_INLINE void stream(size_t m, size_t n, size_t k, factor a, const float *b, size_t ldb, float *c,
                                 size_t ldc)
{
    size_t l = 0;
    for (; l + STREAM_DEPTH <= k; l += STREAM_DEPTH)
        stream_sweep(m, STREAM_DEPTH, n, (factor){a.a + l * a.step, a.row, a.step}, b + l * ldb, ldb, c, ldc);
    for (; l < k; l++)
        stream_sweep(m, 1, n, (factor){a.a + l * a.step, a.row, a.step}, b + l * ldb, ldb, c, ldc);
}

static void stream_rows(size_t m, size_t n, size_t k, factor a, const float *b, size_t ldb, float *c, size_t ldc)
{
    switch (m) {
    case 1:
        stream(1, n, k, a, b, ldb, c, ldc);
        break;
    case 2:
        stream(2, n, k, a, b, ldb, c, ldc);
        break;
    case 3:
        stream(3, n, k, a, b, ldb, c, ldc);
        break;
    case 4:
        stream(4, n, k, a, b, ldb, c, ldc);
        break;
    case 5:
        stream(5, n, k, a, b, ldb, c, ldc);
        break;
    case 6:
        stream(6, n, k, a, b, ldb, c, ldc);
        break;
    case 7:
        stream(7, n, k, a, b, ldb, c, ldc);
        break;
    case 8:
        stream(8, n, k, a, b, ldb, c, ldc);
        break;
    }
}

static void multiply(size_t m, size_t n, size_t k, factor a, const float *b, size_t ldb, float *c, size_t ldc,
                     float *pack)
{
    float *row_space = pack + BLOCK_K * BLOCK_N;
    if (m <= STREAM_ROWS) {
        stream_rows(m, n, k, a, b, ldb, c, ldc);
        return;
    }
    for (size_t l = 0; l < k; l += BLOCK_K) {
        size_t depth = k - l < BLOCK_K ? k - l : BLOCK_K;
        factor part = {a.a + l * a.step, a.row, a.step};
        for (size_t j = 0; j < n; j += BLOCK_N) {
            size_t columns = n - j < BLOCK_N ? n - j : BLOCK_N;
            const float *block = b + l * ldb + j;
            size_t in_place = m <= DIRECT_ROWS ? columns / GEMM_COLUMNS * GEMM_COLUMNS : 0;
            if (in_place)
                run_block(m, in_place, depth, part, block, ldb, GEMM_COLUMNS, c + j, ldc, row_space);
            if (in_place < columns) {
                pack_columns(depth, columns - in_place, block + in_place, ldb, pack);
                run_block(m, columns - in_place, depth, part, pack, GEMM_COLUMNS, depth * GEMM_COLUMNS,
                          c + j + in_place, ldc, row_space);
            }
        }
    }
}

void KERNEL(gemm)(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b, size_t ldb, float *c,
                  size_t ldc, float *pack)
{
    multiply(m, n, k, (factor){a, lda, 1}, b, ldb, c, ldc, pack);
}

void KERNEL(gemm_tn)(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b, size_t ldb, float *c,
                     size_t ldc, float *pack)
{
    multiply(m, n, k, (factor){a, 1, lda}, b, ldb, c, ldc, pack);
}
