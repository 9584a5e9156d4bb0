/* Whole rows added, gathered, scattered and blended. */
#include "kernels/vector/vector.h"

#include <string.h>

/* Vectors of a row that are summed side by side, in registers through all rows. */
#define ROW_VECTORS 8

/* Bits listed at a time. */
#define LISTED_BITS 512

/* In products with this many rows and columns, rows of B are fetched before they are first added. Smaller ones find B
 * in a core's cache: callers cut their work so. */
#define FETCHING_ROWS 32
#define FETCHING_COLUMNS 256

/* Indices written without asking whether there are so many: one branch for most words instead of one for each bit. */
#define LISTED_AT_ONCE 8

/* Appends the indices of a word's set bits, ascending, to a list of `listed`; returns how many it has then. */
static ALWAYS_INLINE size_t list_word(uint64_t left, size_t first, size_t listed, uint32_t *list)
{
    size_t end = listed + (size_t)__builtin_popcountll(left);
    for (; left; listed += LISTED_AT_ONCE) {
        FOR_EACH (i, LISTED_AT_ONCE) {
            uint32_t bit = (uint32_t)first + (uint32_t)__builtin_ctzll(left | (uint64_t)1 << 63);
            __asm__("" : "+r"(bit)); /* or compilers gather these numbers into vectors, which takes longer */
            list[listed + i] = bit;
            left &= left - 1;
        }
    }
    return end;
}

/* The indices of the set bits among `count` <= LISTED_BITS, ascending; `list` has LISTED_AT_ONCE entries to spare. */
static size_t list_bits(size_t count, const uint8_t *bits, uint32_t *list)
{
    size_t listed = 0, first = 0;
    uint64_t word;
    for (; first + 64 <= count; first += 64) {
        memcpy(&word, bits + first / 8, sizeof(word));
        listed = list_word(word, first, listed, list);
    }
    if (first < count) {
        word = 0;
        for (size_t i = (count - 1) / 8; i * 8 + 8 > first; i--) {
            word = word << 8 | bits[i];
        }
        word &= ((uint64_t)1 << (count - first)) - 1;
        listed = list_word(word, first, listed, list);
    }
    return listed;
}

/* Some columns of a row: `vectors` vectors, the last of `last` entries. */
typedef struct columns {
    size_t vectors, last;
} columns;

static ALWAYS_INLINE void load_row(columns n, const float *row, vec *x)
{
    FOR_EACH (q, n.vectors) {
        x[q] = vec_load_up_to(row + q * VEC_WIDTH, q + 1 < n.vectors ? VEC_WIDTH : n.last);
    }
}

static ALWAYS_INLINE void add_row(columns n, const float *row, vec *sum)
{
    vec x[ROW_VECTORS];
    load_row(n, row, x);
    FOR_EACH (q, n.vectors) {
        sum[q] = vec_add(sum[q], x[q]);
    }
}

static ALWAYS_INLINE void store_row(columns n, const vec *x, float *row)
{
    FOR_EACH (q, n.vectors) {
        vec_store_up_to(row + q * VEC_WIDTH, x[q], q + 1 < n.vectors ? VEC_WIDTH : n.last);
    }
}

/* Runs call(columns, j) over the columns j of rows of n floats, as many vectors at once as there can be. */
#define BY_COLUMNS(n, call)                                                                                            \
    do {                                                                                                               \
        size_t j_ = 0;                                                                                                 \
        for (; j_ + 8 * VEC_WIDTH <= (n); j_ += 8 * VEC_WIDTH)                                                         \
            call(((columns){8, VEC_WIDTH}), j_);                                                                       \
        for (; j_ + 4 * VEC_WIDTH <= (n); j_ += 4 * VEC_WIDTH)                                                         \
            call(((columns){4, VEC_WIDTH}), j_);                                                                       \
        for (; j_ + 2 * VEC_WIDTH <= (n); j_ += 2 * VEC_WIDTH)                                                         \
            call(((columns){2, VEC_WIDTH}), j_);                                                                       \
        for (; j_ + VEC_WIDTH <= (n); j_ += VEC_WIDTH)                                                                 \
            call(((columns){1, VEC_WIDTH}), j_);                                                                       \
        if (j_ < (n))                                                                                                  \
            call(((columns){1, (n)-j_}), j_);                                                                          \
    } while (0)

/* c, or 0, plus rows list[0], list[1], ... of b, or, without a list, rows 0, 1, ... */
static ALWAYS_INLINE void sum_rows(columns n, int from_zero, size_t rows, const uint32_t *list, const float *b,
                                   size_t ldb, float *c)
{
    vec sum[ROW_VECTORS];
    if (from_zero) {
        FOR_EACH (q, n.vectors) {
            sum[q] = vec_set(0.0f);
        }
    } else {
        load_row(n, c, sum);
    }
    for (size_t r = 0; r < rows; r++) {
        add_row(n, b + (list != NULL ? list[r] : r) * ldb, sum);
    }
    store_row(n, sum, c);
}

static ALWAYS_INLINE void add_rows(columns n, size_t rows, const uint32_t *list, const float *b, size_t ldb, float *c)
{
    sum_rows(n, 0, rows, list, b, ldb, c);
}

/* Rows list[0], list[1], ... of g plus d. */
static ALWAYS_INLINE void add_to_rows(columns n, size_t rows, const uint32_t *list, const float *d, float *g,
                                      size_t ldg)
{
    vec added[ROW_VECTORS];
    load_row(n, d, added);
    for (size_t r = 0; r < rows; r++) {
        float *row = g + list[r] * ldg;
        vec sum[ROW_VECTORS];
        load_row(n, row, sum);
        FOR_EACH (q, n.vectors) {
            sum[q] = vec_add(sum[q], added[q]);
        }
        store_row(n, sum, row);
    }
}

void KERNEL(gather_rows)(size_t count, const uint8_t *bits, size_t n, const float *b, size_t ldb, float *c)
{
    uint32_t list[LISTED_BITS + LISTED_AT_ONCE];
    for (size_t first = 0; first < count; first += LISTED_BITS) {
        size_t rows = list_bits(count - first < LISTED_BITS ? count - first : LISTED_BITS, bits + first / 8, list);
#define GATHER(columns, j) add_rows(columns, rows, list, b + first * ldb + (j), ldb, c + (j))
        if (rows != 0) {
            BY_COLUMNS(n, GATHER);
        }
    }
}

/* Lists the bits set in `bits` and not in `seen`, and adds them to it. */
static size_t list_new_bits(size_t count, const uint8_t *bits, uint8_t *seen, uint32_t *list)
{
    uint8_t new_bits[LISTED_BITS / 8];
    for (size_t i = 0; i < (count + 7) / 8; i++) {
        new_bits[i] = (uint8_t)(bits[i] & ~seen[i]);
        seen[i] |= bits[i];
    }
    return list_bits(count, new_bits, list);
}

/* Fetches rows list[0], list[1], ... of b to the second-level cache. */
static ALWAYS_INLINE void fetch_rows(columns n, size_t rows, const uint32_t *list, const float *b, size_t ldb)
{
    for (size_t r = 0; r < rows; r++) {
        for (size_t j = 0; j < n.vectors * VEC_WIDTH; j += 16) {
            __builtin_prefetch(b + list[r] * ldb + j, 0, 2);
        }
    }
}

void KERNEL(gemm_bits)(size_t m, size_t n, size_t k, const uint8_t *a, size_t stride, const float *b, size_t ldb,
                       float *c, size_t ldc)
{
    uint32_t list[LISTED_BITS + LISTED_AT_ONCE], next[LISTED_BITS + LISTED_AT_ONCE];
    for (size_t l = 0; l < k; l += LISTED_BITS) {
        size_t depth = k - l < LISTED_BITS ? k - l : LISTED_BITS;
        uint8_t seen[LISTED_BITS / 8] = {0};
        int fetching = m >= FETCHING_ROWS && n >= FETCHING_COLUMNS;
        for (size_t i = 0; i < m; i++) {
            const uint8_t *bits = a + i * stride + l / 8;
            size_t rows = list_bits(depth, bits, list);
            size_t fetched = fetching && i + 1 < m ? list_new_bits(depth, bits + stride, seen, next) : 0;
#define FETCH_AND_GATHER(columns, j)                                                                                   \
    fetch_rows(columns, fetched, next, b + l * ldb + (j), ldb),                                                        \
        add_rows(columns, rows, list, b + l * ldb + (j), ldb, c + i * ldc + (j))
            BY_COLUMNS(n, FETCH_AND_GATHER);
        }
    }
}

void KERNEL(gemm_same_bits)(size_t m, size_t k, const uint8_t *a, size_t stride, const arq_bit_product *products,
                            size_t count)
{
    uint32_t list[LISTED_BITS + LISTED_AT_ONCE];
    for (size_t i = 0; i < m; i++) {
        size_t l = 0;
        do {
            size_t rows = list_bits(k - l < LISTED_BITS ? k - l : LISTED_BITS, a + i * stride + l / 8, list);
            for (size_t p = 0; p < count; p++) {
                const float *b = products[p].b + l * products[p].ldb;
                float *c = products[p].c + i * products[p].ldc;
#define SUM(columns, j) sum_rows(columns, l == 0, rows, list, b + (j), products[p].ldb, c + (j))
                BY_COLUMNS(products[p].n, SUM);
            }
            l += LISTED_BITS;
        } while (l < k);
    }
}

void KERNEL(scatter_rows)(size_t count, const uint8_t *bits, size_t n, const float *d, float *g, size_t ldg)
{
    uint32_t list[LISTED_BITS + LISTED_AT_ONCE];
    for (size_t first = 0; first < count; first += LISTED_BITS) {
        size_t rows = list_bits(count - first < LISTED_BITS ? count - first : LISTED_BITS, bits + first / 8, list);
#define SCATTER(columns, j) add_to_rows(columns, rows, list, d + (j), g + first * ldg + (j), ldg)
        if (rows != 0) {
            BY_COLUMNS(n, SCATTER);
        }
    }
}

void KERNEL(add_columns)(size_t rows, size_t n, const float *in, size_t ld, float *out)
{
#define ADD_ALL(columns, j) add_rows(columns, rows, NULL, in + (j), ld, out + (j))
    BY_COLUMNS(n, ADD_ALL);
}

/* VEC_WIDTH bits from bit i on, i a multiple of VEC_WIDTH; bits at count and above may be anything. */
static ALWAYS_INLINE uint32_t bits_at(const uint8_t *bits, size_t i, size_t count)
{
    uint32_t word = bits[i / 8];
    if (VEC_WIDTH > 8 && i + 8 < count) {
        word |= (uint32_t)bits[i / 8 + 1] << 8;
    }
    return word >> (i % 8);
}

void KERNEL(unpack_bits)(size_t count, const uint8_t *bits, float *out)
{
    for (size_t i = 0; i < count; i += VEC_WIDTH) {
        vec_store_at(out, i, count, vec_of_bits(bits_at(bits, i, count)));
    }
}

void KERNEL(add)(size_t rows, size_t n, const float *a, size_t lda, const float *b, size_t ldb, float *out, size_t ldo)
{
    for (size_t r = 0; r < rows; r++) {
        const float *left = a + r * lda, *right = b + r * ldb;
        for (size_t j = 0; j < n; j += VEC_WIDTH) {
            vec_store_at(out + r * ldo, j, n, vec_add(vec_load_at(left, j, n), vec_load_at(right, j, n)));
        }
    }
}

void KERNEL(blend)(size_t n, float alpha, const float *x, float *y)
{
    vec new_share = vec_set(alpha), old_share = vec_set(1.0f - alpha);
    if (alpha == 1.0f) {
        for (size_t i = 0; i < n; i++) {
            y[i] = x[i];
        }
        return;
    }
    for (size_t i = 0; i < n; i += VEC_WIDTH) {
        vec kept = vec_mul(old_share, vec_load_at(y, i, n));
        vec_store_at(y, i, n, vec_fma(new_share, vec_load_at(x, i, n), kept));
    }
}
