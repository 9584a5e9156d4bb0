/*
 * Matrix products. C is cut into tiles of GEMM_ROWS x GEMM_COLUMNS that stay in registers while k runs, so each entry
 * of C is one chain; a block of B (BLOCK_K x BLOCK_N) is packed into strips of tile width, to be read once for each
 * GEMM_ROWS rows of A from the second-level cache. The first rows of A pack it: they read B where it is, and store what
 * they have read. With at most STREAM_ROWS rows of A nothing is packed: B is read once, row after row, at the speed of
 * memory.
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

/* Keeps compilers from computing the addresses of all rows at once: there are not so many registers. */
#define ONE_BY_ONE(pointer) __asm__("" : "+r"(pointer))

/* A is read through two strides: entry (i, l) of the factor [m, k] stands at a[i * row + l * step]. */
typedef struct factor {
    const float *a;
    size_t row, step;
} factor;

/* A block of C while its products are summed. */
typedef struct block {
    float *first;
    size_t ld;
    int empty; /* sums begin at 0, not at what C holds */
} block;

static ALWAYS_INLINE block block_at(block c, size_t i, size_t j)
{
    c.first += i * c.ld + j;
    return c;
}

/*
 * C[rows, GEMM_COLUMNS] += A B over k. B is a strip of width GEMM_COLUMNS; or, packing, it has rows `ldb` apart and
 * becomes the strip. Rows of A are addressed from pointers `together` rows apart.
 */
static ALWAYS_INLINE void tile(size_t rows, size_t k, const float *a, size_t a_row, size_t a_step, size_t together,
                               const float *b, size_t ldb, int packing, float *strip, block c)
{
    vec sum[GEMM_ROWS][GEMM_VECTORS];
    float *row = c.first;
    if (c.empty) {
        FOR_EACH (i, rows) {
            FOR_EACH (q, GEMM_VECTORS) {
                sum[i][q] = vec_set(0.0f);
            }
        }
    } else {
        FOR_EACH (i, rows) {
            FOR_EACH (q, GEMM_VECTORS) {
                sum[i][q] = vec_load(row + q * VEC_WIDTH);
            }
            for (size_t q = 0; q < GEMM_COLUMNS; q += LINE_FLOATS) { /* the tile that is next */
                __builtin_prefetch(row + GEMM_COLUMNS + q, 1);
            }
            row += c.ld;
            ONE_BY_ONE(row);
        }
    }
    const float *left[(GEMM_ROWS + 3) / 4];
    FOR_EACH (i, (rows + together - 1) / together) {
        left[i] = a + i * together * a_row;
    }
    for (size_t l = 0; l < k; l++) {
        vec right[GEMM_VECTORS];
        FOR_EACH (q, GEMM_VECTORS) {
            right[q] = vec_load((packing ? b : strip) + q * VEC_WIDTH);
        }
        if (packing) {
            FOR_EACH (q, GEMM_VECTORS) {
                vec_store(strip + q * VEC_WIDTH, right[q]);
            }
            for (size_t q = 0; q < GEMM_COLUMNS; q += LINE_FLOATS) { /* the strip that is next, to the second level */
                __builtin_prefetch(b + GEMM_COLUMNS + q, 0, 2);
            }
            b += ldb;
        }
        FOR_EACH (i, rows) {
            vec x = vec_set(left[i / together][i % together * a_row]);
            FOR_EACH (q, GEMM_VECTORS) {
                sum[i][q] = vec_fma(x, right[q], sum[i][q]);
            }
        }
        FOR_EACH (i, (rows + together - 1) / together) {
            left[i] += a_step;
            ONE_BY_ONE(left[i]);
        }
        strip += GEMM_COLUMNS;
    }
    row = c.first;
    FOR_EACH (i, rows) {
        FOR_EACH (q, GEMM_VECTORS) {
            vec_store(row + q * VEC_WIDTH, sum[i][q]);
        }
        row += c.ld;
        ONE_BY_ONE(row);
    }
}

/* The tiles of some rows, next to each other. */
static ALWAYS_INLINE void tiles_of(size_t rows, size_t count, size_t k, factor a, size_t a_row, size_t a_step,
                                   size_t together, const float *b, size_t ldb, int packing, float *strip, block c)
{
    for (size_t t = 0; t < count; t++) {
        tile(rows, k, a.a, a_row, a_step, together, b, ldb, packing, strip, c);
        if (packing) { /* otherwise there is no b */
            b += GEMM_COLUMNS;
        }
        strip += k * GEMM_COLUMNS;
        c.first += GEMM_COLUMNS;
    }
}

/* Code for each number of rows, so that a tile's sums are registers. Either stride of A is the constant 1. */
#define TILES_CASE(n)                                                                                                  \
    case n:                                                                                                            \
        if (a.step == 1)                                                                                               \
            tiles_of(n, count, k, a, a.row, 1, 4, b, ldb, packing, strip, c);                                          \
        else                                                                                                           \
            tiles_of(n, count, k, a, 1, a.step, GEMM_ROWS, b, ldb, packing, strip, c);                                 \
        break;

static ALWAYS_INLINE void tiles_of_any(size_t rows, size_t count, size_t k, factor a, const float *b, size_t ldb,
                                       int packing, float *strip, block c)
{
    switch (rows) {
        TILES_CASE(1)
        TILES_CASE(2)
        TILES_CASE(3)
        TILES_CASE(4)
        TILES_CASE(5)
        TILES_CASE(6)
#if GEMM_ROWS >= 8
        TILES_CASE(7)
        TILES_CASE(8)
#endif
#if GEMM_ROWS >= 14
        TILES_CASE(9)
        TILES_CASE(10)
        TILES_CASE(11)
        TILES_CASE(12)
        TILES_CASE(13)
        TILES_CASE(14)
#endif
    }
}

/* Tiles whose strips are packed, one behind the other. */
static void run_tiles(size_t rows, size_t count, size_t k, factor a, float *strip, block c)
{
    tiles_of_any(rows, count, k, a, NULL, 0, 0, strip, c);
}

/* Tiles that pack their strips. */
static void run_first_tiles(size_t rows, size_t count, size_t k, factor a, const float *b, size_t ldb, float *strip,
                            block c)
{
    tiles_of_any(rows, count, k, a, b, ldb, 1, strip, c);
}

/* A tile at the right edge of C, through a copy of whole width. */
static void run_edge_tile(size_t rows, size_t columns, size_t k, factor a, float *strip, block c)
{
    float copy[GEMM_ROWS * GEMM_COLUMNS] = {0};
    for (size_t i = 0; i < rows && !c.empty; i++) {
        memcpy(copy + i * GEMM_COLUMNS, c.first + i * c.ld, columns * sizeof *copy);
    }
    run_tiles(rows, 1, k, a, strip, (block){copy, GEMM_COLUMNS, c.empty});
    for (size_t i = 0; i < rows; i++) {
        memcpy(c.first + i * c.ld, copy + i * GEMM_COLUMNS, columns * sizeof *copy);
    }
}

/* Copies the columns at B's right edge into a strip, filled up with zeros. */
static void pack_edge(size_t k, size_t columns, const float *b, size_t ldb, float *strip)
{
    for (size_t l = 0; l < k; l++) {
        FOR_EACH (q, GEMM_VECTORS) {
            size_t at = q * VEC_WIDTH;
            vec x = at < columns ? vec_load_at(b + l * ldb, at, columns) : vec_set(0.0f);
            vec_store(strip + l * GEMM_COLUMNS + at, x);
        }
    }
}

/* Copies rows [0, rows) of the transposed factor into [k, PACKED_ROWS]; the entries past `rows` are never read. What
 * is copied next lies beside it, where the processor does not look by itself. */
static factor pack_rows(size_t rows, size_t k, factor a, float *packed)
{
    for (size_t l = 0; l < k; l++) {
        __builtin_prefetch(a.a + l * a.step + 2 * rows - 1);
        for (size_t i = 0; i < rows; i += VEC_WIDTH) {
            vec_store(packed + l * PACKED_ROWS + i, vec_load_at(a.a + l * a.step, i, rows));
        }
    }
    return (factor){packed, 1, PACKED_ROWS};
}

/* C[m, columns] += A B for one block of B. */
static void run_block(size_t m, size_t columns, size_t k, factor a, const float *b, size_t ldb, block c, float *pack)
{
    size_t panels = (m + GEMM_ROWS - 1) / GEMM_ROWS, whole = columns / GEMM_COLUMNS * GEMM_COLUMNS;
    float *behind = pack + (columns + GEMM_COLUMNS - 1) / GEMM_COLUMNS * GEMM_COLUMNS * k;
    if (whole < columns) {
        pack_edge(k, columns - whole, b + whole, ldb, pack + whole * k);
    }
    for (size_t panel = 0; panel < panels; panel++) {
        size_t i = m * panel / panels, rows = m * (panel + 1) / panels - i;
        factor part = {a.a + i * a.row, a.row, a.step};
        if (a.step != 1 && columns > 2 * GEMM_COLUMNS) {
            part = pack_rows(rows, k, part, behind);
        }
        if (panel == 0) {
            run_first_tiles(rows, whole / GEMM_COLUMNS, k, part, b, ldb, pack, block_at(c, i, 0));
        } else {
            run_tiles(rows, whole / GEMM_COLUMNS, k, part, pack, block_at(c, i, 0));
        }
        if (whole < columns) {
            run_edge_tile(rows, columns - whole, k, part, pack + whole * k, block_at(c, i, whole));
        }
    }
}

/* C[m, n] += A B, m <= STREAM_ROWS: rows of B in groups of `depth`, each group in one sweep over C. */
static ALWAYS_INLINE void stream_sweep(size_t m, size_t depth, size_t n, factor a, const float *b, size_t ldb, float *c,
                                       size_t ldc)
{
    for (size_t j = 0; j < n; j += VEC_WIDTH) {
        vec sum[STREAM_ROWS];
        FOR_EACH (i, m) {
            sum[i] = vec_load_at(c + i * ldc, j, n);
        }
        FOR_EACH (l, depth) {
            vec right = vec_load_at(b + l * ldb, j, n);
            FOR_EACH (i, m) {
                sum[i] = vec_fma(vec_set(a.a[i * a.row + l * a.step]), right, sum[i]);
            }
        }
        FOR_EACH (i, m) {
            vec_store_at(c + i * ldc, j, n, sum[i]);
        }
    }
}

static ALWAYS_INLINE void stream(size_t m, size_t n, size_t k, factor a, const float *b, size_t ldb, float *c,
                                 size_t ldc)
{
    size_t l = 0;
    for (; l + STREAM_DEPTH <= k; l += STREAM_DEPTH) {
        stream_sweep(m, STREAM_DEPTH, n, (factor){a.a + l * a.step, a.row, a.step}, b + l * ldb, ldb, c, ldc);
    }
    for (; l < k; l++) {
        stream_sweep(m, 1, n, (factor){a.a + l * a.step, a.row, a.step}, b + l * ldb, ldb, c, ldc);
    }
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

static void multiply(size_t m, size_t n, size_t k, factor a, const float *b, size_t ldb, block c, float *pack)
{
    if (c.empty && (m <= STREAM_ROWS || k == 0)) {
        for (size_t i = 0; i < m; i++) {
            memset(c.first + i * c.ld, 0, n * sizeof *c.first);
        }
    }
    if (m <= STREAM_ROWS) {
        stream_rows(m, n, k, a, b, ldb, c.first, c.ld);
        return;
    }
    for (size_t l = 0; l < k; l += BLOCK_K) {
        size_t depth = k - l < BLOCK_K ? k - l : BLOCK_K;
        factor part = {a.a + l * a.step, a.row, a.step};
        for (size_t j = 0; j < n; j += BLOCK_N) {
            run_block(m, n - j < BLOCK_N ? n - j : BLOCK_N, depth, part, b + l * ldb + j, ldb, block_at(c, 0, j), pack);
        }
        c.empty = 0;
    }
}

void KERNEL(gemm)(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b, size_t ldb, float *c,
                  size_t ldc, float *pack)
{
    multiply(m, n, k, (factor){a, lda, 1}, b, ldb, (block){c, ldc, 0}, pack);
}

void KERNEL(gemm_tn)(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b, size_t ldb, float *c,
                     size_t ldc, float *pack)
{
    multiply(m, n, k, (factor){a, 1, lda}, b, ldb, (block){c, ldc, 1}, pack);
}
