/*
 * The fused attention of a cell. Forward takes 16 rows j of P at a time and goes along i, so that each row's sums are
 * chains in one lane; backward takes 16 entries i and goes along j. Either goes in short sweeps of several passes over
 * a small buffer: the products, tanh and its uses, and the slopes times the K constants. One pass over everything would
 * need more registers than there are, and its chain of dependent operations would fill the processor's scheduler before
 * its units.
 */
#include "kernels/vector/lanes.h"
#include "kernels/vector/transcendental.h"

#include <math.h>

#define STD_EPSILON 1e-6f

/* Columns (or rows) of P of one sweep; its buffer has 16 floats for each, and fits the first cache with what is read.
 */
#define SWEEP 208

/* Unrolled up to the most heads there can be, so that arrays of one vector a head are registers. */
#define FOR_HEADS(k, first, heads) UNROLL for (size_t k = (first); k < ARQ_MAX_HEADS && k < (heads); k++)

/* Rows whose products with one row are summed side by side. */
#define GROUP 4

/*
 * sums[r] = (the lanes chain of x[i] * y[r * ld + i]) / divisor for `rows` <= GROUP rows r; with a scale, x[i] is
 * x[i] * scale[i]. Missing rows repeat the last one.
 */
static ALWAYS_INLINE void row_products(size_t rows, size_t n, const float *x, const float *scale, const float *y,
                                       size_t ld, float divisor, float *sums)
{
    const float *row[GROUP];
    lanes sum[GROUP];
    FOR_EACH (r, GROUP) {
        row[r] = y + (r < rows ? r : rows - 1) * ld;
        sum[r] = lanes_zero();
    }
    FOR_LANES(n, {
        vec left = vec_load_up_to(x + at, count);
        if (scale != NULL) {
            left = vec_mul(left, vec_load_up_to(scale + at, count));
        }
        FOR_EACH (r, GROUP) {
            lanes_multiply_add(&sum[r], p, count, left, vec_load_up_to(row[r] + at, count));
        }
    });
    for (size_t r = 0; r < rows; r++) {
        sums[r] = lanes_total(&sum[r]) / divisor;
    }
}

void KERNEL(covariance)(size_t heads, size_t n, const float *zc, size_t ld, float *c)
{
    for (size_t k = 0; k < heads; k++) {
        for (size_t l = k; l < heads; l += GROUP) {
            size_t rows = heads - l < GROUP ? heads - l : GROUP;
            row_products(rows, n, zc + k * ld, NULL, zc + l * ld, ld, (float)n, c + k * heads + l);
        }
        for (size_t l = k + 1; l < heads; l++) {
            c[l * heads + k] = c[k * heads + l];
        }
    }
}

/* Runs `call` with K, the number of heads, as a constant where it is a usual one. */
#define BY_HEADS(heads, call)                                                                                          \
    do {                                                                                                               \
        if ((heads) == 8) {                                                                                            \
            enum { K = 8 };                                                                                            \
            call;                                                                                                      \
        } else if ((heads) == 4) {                                                                                     \
            enum { K = 4 };                                                                                            \
            call;                                                                                                      \
        } else {                                                                                                       \
            const size_t K = (heads);                                                                                  \
            call;                                                                                                      \
        }                                                                                                              \
    } while (0)

/* The chain over l of row[l] * column[l]. */
static ALWAYS_INLINE vec row_times_columns(size_t heads, const float *row, const vec *column)
{
    vec sum = vec_set(0.0f);
    FOR_HEADS (l, 0, heads) {
        sum = vec_fma(vec_set(row[l]), column[l], sum);
    }
    return sum;
}

/* `count` columns from column j on, at most a vector of them: one vector a head. */
static ALWAYS_INLINE void load_columns(size_t heads, const float *x, size_t ld, size_t j, size_t count, vec *columns)
{
    FOR_HEADS (k, 0, heads) {
        columns[k] = vec_load_up_to(x + k * ld + j, count);
    }
}

static ALWAYS_INLINE void scale_columns(size_t heads, size_t j, size_t d, const float *z2, size_t ldz2, const float *c,
                                        float *s, float *inverse, float *v)
{
    vec z[ARQ_MAX_HEADS], variance = vec_set(0.0f);
    load_columns(heads, z2, ldz2, j, d - j, z);
    FOR_HEADS (k, 0, heads) {
        variance = vec_fma(z[k], row_times_columns(heads, c + k * heads, z), variance);
    }
    vec deviation = vec_unless_le_zero(variance, vec_sqrt(variance));
    vec reciprocal = vec_div(vec_set(1.0f), vec_add(deviation, vec_set(STD_EPSILON)));
    reciprocal = vec_unless_le_zero(deviation, reciprocal);
    vec_store_at(s, j, d, deviation);
    vec_store_at(inverse, j, d, reciprocal);
    FOR_HEADS (k, 0, heads) {
        vec_store_at(v + k * d, j, d, vec_mul(z[k], reciprocal));
    }
}

void KERNEL(row_scales)(size_t heads, size_t d, const float *z2, size_t ldz2, const float *c, float *s, float *inverse,
                        float *v)
{
    for (size_t j = 0; j < d; j += VEC_WIDTH) {
        BY_HEADS(heads, scale_columns(K, j, d, z2, ldz2, c, s, inverse, v));
    }
}

/* A pass is compiled by itself: if passes are inlined into one another, registers run out where loops are hot. */
#define PASS __attribute__((noinline))

/* A value for each of 16 rows (or entries). */
typedef struct sixteen {
    vec part[LANE_PARTS];
} sixteen;

/* Entries [i, min(n, i + 16)) of x; 0 where there is none. */
static ALWAYS_INLINE sixteen sixteen_load(const float *x, size_t i, size_t n)
{
    sixteen loaded;
    FOR_EACH (p, LANE_PARTS) {
        loaded.part[p] = vec_load_up_to(x + i + p * VEC_WIDTH, lanes_in_part(i, p, n));
    }
    return loaded;
}

static ALWAYS_INLINE void sixteen_store(float *x, size_t i, size_t n, const sixteen *stored)
{
    FOR_EACH (p, LANE_PARTS) {
        vec_store_up_to(x + i + p * VEC_WIDTH, stored->part[p], lanes_in_part(i, p, n));
    }
}

/* Entries [i, min(n, i + 16)) of each head's row of x, times the scale unless it is 1. */
static PASS void load_heads(size_t heads, const float *x, size_t ld, size_t i, size_t n, float scale, sixteen *loaded)
{
    for (size_t k = 0; k < heads; k++) {
        loaded[k] = sixteen_load(x + k * ld, i, n);
        FOR_EACH (q, LANE_PARTS) {
            loaded[k].part[q] = scale == 1.0f ? loaded[k].part[q] : vec_mul(loaded[k].part[q], vec_set(scale));
        }
    }
}

static PASS void store_heads(size_t heads, float *x, size_t ld, size_t i, size_t n, const sixteen *stored)
{
    for (size_t k = 0; k < heads; k++) {
        sixteen_store(x + k * ld, i, n, &stored[k]);
    }
}

/*
 * p[i] = chain over k of fixed[k] * moving[k * ld + i], clamped for tanh, i < steps. The chain's first product is not
 * added to +0: that could only turn a -0 into +0, and tanh makes +0 of both. Clamping costs nothing here, where the
 * units that compare are idle.
 */
static ALWAYS_INLINE void products_step(size_t heads, size_t steps, const sixteen *fixed, const float *moving,
                                        size_t ld, float *p)
{
    sixteen sum[PRODUCT_STEPS];
    FOR_EACH (i, steps) {
        FOR_EACH (q, LANE_PARTS) {
            sum[i].part[q] = vec_mul(fixed[0].part[q], vec_set(moving[i]));
        }
    }
    FOR_HEADS (k, 1, heads) {
        FOR_EACH (i, steps) {
            FOR_EACH (q, LANE_PARTS) {
                sum[i].part[q] = vec_fma(fixed[k].part[q], vec_set(moving[k * ld + i]), sum[i].part[q]);
            }
        }
    }
    FOR_EACH (i, steps) {
        FOR_EACH (q, LANE_PARTS) {
            vec_store(p + i * 16 + q * VEC_WIDTH, vec_clamp(sum[i].part[q], -LOGISTIC_LIMIT, LOGISTIC_LIMIT));
        }
    }
}

static ALWAYS_INLINE void products_of(size_t heads, size_t count, const sixteen *fixed, const float *moving, size_t ld,
                                      float *p)
{
    size_t i = 0;
    for (; i + PRODUCT_STEPS <= count; i += PRODUCT_STEPS) {
        products_step(heads, PRODUCT_STEPS, fixed, moving + i, ld, p + i * 16);
    }
    for (; i < count; i++) {
        products_step(heads, 1, fixed, moving + i, ld, p + i * 16);
    }
}

static PASS void products_of_8(size_t count, const sixteen *fixed, const float *moving, size_t ld, float *p)
{
    products_of(8, count, fixed, moving, ld, p);
}

static PASS void products_of_4(size_t count, const sixteen *fixed, const float *moving, size_t ld, float *p)
{
    products_of(4, count, fixed, moving, ld, p);
}

static void products(size_t heads, size_t count, const sixteen *fixed, const float *moving, size_t ld, float *p)
{
    if (heads == 8) {
        products_of_8(count, fixed, moving, ld, p);
    } else if (heads == 4) {
        products_of_4(count, fixed, moving, ld, p);
    } else {
        products_of(heads, count, fixed, moving, ld, p);
    }
}

/* sum += T[i] * weight[i], i < steps. Where the slopes are wanted they take the places of the products; T itself is
 * kept unless `kept` is NULL. */
static ALWAYS_INLINE void use_tanh_step(size_t steps, const float *weight, int with_slopes, float *entries, float *kept,
                                        sixteen *sum)
{
    vec t[TANH_VECTORS];
    FOR_EACH (i, steps * LANE_PARTS) {
        t[i] = vec_load(entries + i * VEC_WIDTH);
    }
    vec_logistic_tanh(steps * LANE_PARTS, t);
    FOR_EACH (i, steps * LANE_PARTS) {
        vec *total = &sum->part[i % LANE_PARTS];
        *total = vec_fma(t[i], vec_set(weight[i / LANE_PARTS]), *total);
        if (kept != NULL) {
            vec_store(kept + i * VEC_WIDTH, t[i]);
        }
        if (with_slopes) {
            vec_store(entries + i * VEC_WIDTH, vec_fnma(t[i], t[i], vec_set(1.0f)));
        }
    }
}

static ALWAYS_INLINE void use_tanh(size_t count, const float *weight, int with_slopes, float *entries, float *kept,
                                   sixteen *sum)
{
    const size_t steps = TANH_VECTORS / LANE_PARTS;
    sixteen total = *sum;
    size_t i = 0;
    for (; i + steps <= count; i += steps) {
        use_tanh_step(steps, weight + i, with_slopes, entries + i * 16, kept == NULL ? NULL : kept + i * 16, &total);
    }
    for (; i < count; i++) {
        use_tanh_step(1, weight + i, with_slopes, entries + i * 16, kept == NULL ? NULL : kept + i * 16, &total);
    }
    *sum = total;
}

static PASS void sum_tanh(size_t count, const float *weight, float *entries, sixteen *sum)
{
    use_tanh(count, weight, 0, entries, NULL, sum);
}

static PASS void sum_tanh_keep_slopes(size_t count, const float *weight, float *entries, sixteen *sum)
{
    use_tanh(count, weight, 1, entries, NULL, sum);
}

static PASS void sum_tanh_keep_both(size_t count, const float *weight, float *entries, float *kept, sixteen *sum)
{
    use_tanh(count, weight, 1, entries, kept, sum);
}

/* Exchanges rows and columns: vectors become one row of pairs, fours, ... after the other. */
static ALWAYS_INLINE void transpose(vec *x)
{
    for (size_t length = 1; length < VEC_WIDTH; length *= 2) {
        vec y[VEC_WIDTH];
        FOR_EACH (i, VEC_WIDTH / 2) {
            vec_zip(x[i], x[i + VEC_WIDTH / 2], &y[2 * i], &y[2 * i + 1]);
        }
        FOR_EACH (i, VEC_WIDTH) {
            x[i] = y[i];
        }
    }
}

/* sum += T[j] * weight[j] at some entries, and the slopes, from 16 rows of P as they were kept; `count` of the rows and
 * `width` of the 16 entries are there. */
static ALWAYS_INLINE void use_kept_rows(size_t count, size_t width, const float *weight, const float *kept,
                                        float *entries, sixteen *sum)
{
    FOR_EACH (p, LANE_PARTS) {
        FOR_EACH (q, LANE_PARTS) {
            vec t[VEC_WIDTH];
            FOR_EACH (r, VEC_WIDTH) {
                size_t entry = p * VEC_WIDTH + r;
                t[r] = entry < width ? vec_load(kept + entry * 16 + q * VEC_WIDTH) : vec_set(0.0f);
            }
            transpose(t);
            FOR_EACH (r, VEC_WIDTH) {
                size_t row = q * VEC_WIDTH + r;
                if (row < count) {
                    sum->part[p] = vec_fma(t[r], vec_set(weight[row]), sum->part[p]);
                    vec_store(entries + row * 16 + p * VEC_WIDTH, vec_fnma(t[r], t[r], vec_set(1.0f)));
                }
            }
        }
    }
}

/* The same for more rows, whose sixteens lie `stride` floats apart. */
static PASS void sum_kept_tanh(size_t count, size_t width, const float *weight, const float *kept, size_t stride,
                               float *entries, sixteen *sum)
{
    sixteen total = *sum;
    for (size_t j = 0; j < count; j += 16) {
        if (count - j >= 16 && width >= 16) {
            use_kept_rows(16, 16, weight + j, kept, entries + j * 16, &total);
        } else {
            use_kept_rows(count - j, width, weight + j, kept, entries + j * 16, &total);
        }
        kept += stride;
    }
    *sum = total;
}

/* Adds `count` slopes times the matching entries of `factor` to the sums of `heads` heads side by side. */
static ALWAYS_INLINE void add_slopes_to(size_t heads, size_t count, const float *entries, const float *factor,
                                        size_t ld, sixteen *sums)
{
    sixteen sum[SLOPE_HEADS];
    FOR_EACH (k, heads) {
        sum[k] = sums[k];
    }
    for (size_t i = 0; i < count; i++) {
        FOR_EACH (q, LANE_PARTS) {
            vec e = vec_load(entries + i * 16 + q * VEC_WIDTH);
            FOR_EACH (k, heads) {
                sum[k].part[q] = vec_fma(e, vec_set(factor[k * ld + i]), sum[k].part[q]);
            }
        }
    }
    FOR_EACH (k, heads) {
        sums[k] = sum[k];
    }
}

static PASS void add_slopes_to_most(size_t count, const float *entries, const float *factor, size_t ld, sixteen *sums)
{
    add_slopes_to(SLOPE_HEADS, count, entries, factor, ld, sums);
}

static PASS void add_slopes_to_4(size_t count, const float *entries, const float *factor, size_t ld, sixteen *sums)
{
    add_slopes_to(4, count, entries, factor, ld, sums);
}

/* The same for all heads, as many at once as fit the registers. */
static void add_slopes(size_t heads, size_t count, const float *entries, const float *factor, size_t ld, sixteen *sums)
{
    size_t k = 0;
    for (; k + SLOPE_HEADS <= heads; k += SLOPE_HEADS) {
        add_slopes_to_most(count, entries, factor + k * ld, ld, sums + k);
    }
    for (; k + 4 <= heads; k += 4) {
        add_slopes_to_4(count, entries, factor + k * ld, ld, sums + k);
    }
    for (; k < heads; k++) {
        add_slopes_to(1, count, entries, factor + k * ld, ld, sums + k);
    }
}

/* Rows [j, min(d, j + 16)) of P, columns [first, first + count): adds to y and, unless it is NULL, to g, whose factor
 * is h zc. */
static void forward_sweep(const arq_attention *a, size_t j, const float *v, size_t first, size_t count, float *y,
                          float *g, const float *factor)
{
    _Alignas(64) float entries[SWEEP * 16];
    size_t heads = a->heads, d = a->rows;
    sixteen fixed[ARQ_MAX_HEADS], sums[ARQ_MAX_HEADS], sum = sixteen_load(y, j, d);
    load_heads(heads, v, d, j, d, LOGISTIC_SCALE, fixed);
    products(heads, count, fixed, a->zc + first, a->ldzc, entries);
    if (g != NULL) {
        if (a->tanh != NULL) {
            sum_tanh_keep_both(count, a->h + first, entries, a->tanh + j * a->width + first * 16, &sum);
        } else {
            sum_tanh_keep_slopes(count, a->h + first, entries, &sum);
        }
        load_heads(heads, g, d, j, d, 1.0f, sums);
        add_slopes(heads, count, entries, factor, SWEEP, sums);
        store_heads(heads, g, d, j, d, sums);
    } else {
        sum_tanh(count, a->h + first, entries, &sum);
    }
    sixteen_store(y, j, d, &sum);
}

/* factor[k, i] = h[i] zc[k, i] for one sweep's columns. */
static void weigh_columns(const arq_attention *a, size_t first, size_t count, float *factor)
{
    for (size_t k = 0; k < a->heads; k++) {
        for (size_t i = 0; i < count; i += VEC_WIDTH) {
            vec_store_at(
                factor + k * SWEEP, i, count,
                vec_mul(vec_load_at(a->h + first, i, count), vec_load_at(a->zc + k * a->ldzc + first, i, count)));
        }
    }
}

static void set_zero(size_t n, float *x)
{
    for (size_t i = 0; i < n; i++) {
        x[i] = 0.0f;
    }
}

void KERNEL(attention)(const arq_attention *a, const float *v, float *y)
{
    set_zero(a->rows, y);
    for (size_t i = 0; i < a->width; i += SWEEP) {
        for (size_t j = 0; j < a->rows; j += 16) {
            forward_sweep(a, j, v, i, a->width - i < SWEEP ? a->width - i : SWEEP, y, NULL, NULL);
        }
    }
}

void KERNEL(attention_slope)(const arq_attention *a, const float *v, float *y, float *g)
{
    _Alignas(64) float factor[ARQ_MAX_HEADS * SWEEP];
    set_zero(a->rows, y);
    set_zero(a->heads * a->rows, g);
    for (size_t i = 0; i < a->width; i += SWEEP) {
        size_t count = a->width - i < SWEEP ? a->width - i : SWEEP;
        weigh_columns(a, i, count, factor);
        for (size_t j = 0; j < a->rows; j += 16) {
            forward_sweep(a, j, v, i, count, y, g, factor);
        }
    }
}

/* SWEEP rows of P: columns of the scaled v and of v * gy, and gy, side by side. */
typedef struct sweep {
    size_t first;
    size_t rows;
    _Alignas(64) float v[ARQ_MAX_HEADS * SWEEP];
    float product[ARQ_MAX_HEADS * SWEEP];
    const float *gy;
} sweep;

/* Entries [i, min(n, i + 16)), over the rows of one sweep: adds to gh and u. */
static void backward_sweep(const arq_attention *a, size_t i, const sweep *rows, float *gh, float *u)
{
    _Alignas(64) float entries[SWEEP * 16];
    size_t heads = a->heads, n = a->width;
    sixteen fixed[ARQ_MAX_HEADS], sums[ARQ_MAX_HEADS], sum = sixteen_load(gh, i, n);
    load_heads(heads, u, n, i, n, 1.0f, sums);
    if (a->tanh != NULL && rows->first % 16 == 0) {
        sum_kept_tanh(rows->rows, n - i, rows->gy, a->tanh + rows->first * n + i * 16, 16 * n, entries, &sum);
    } else {
        load_heads(heads, a->zc, a->ldzc, i, n, 1.0f, fixed);
        products(heads, rows->rows, fixed, rows->v, SWEEP, entries);
        sum_tanh_keep_slopes(rows->rows, rows->gy, entries, &sum);
    }
    add_slopes(heads, rows->rows, entries, rows->product, SWEEP, sums);
    sixteen_store(gh, i, n, &sum);
    store_heads(heads, u, n, i, n, sums);
}

static void fill_sweep(const arq_attention *a, const float *v, const float *gy, size_t first, size_t end, sweep *rows)
{
    rows->first = first;
    rows->rows = end - first < SWEEP ? end - first : SWEEP;
    rows->gy = gy + first;
    for (size_t k = 0; k < a->heads; k++) {
        for (size_t j = 0; j < rows->rows; j += VEC_WIDTH) {
            vec column = vec_load_at(v + k * a->rows + first, j, rows->rows);
            vec_store(rows->v + k * SWEEP + j, vec_mul(column, vec_set(LOGISTIC_SCALE)));
            vec_store(rows->product + k * SWEEP + j, vec_mul(column, vec_load_at(rows->gy, j, rows->rows)));
        }
    }
}

void KERNEL(attention_backward)(const arq_attention *a, const float *v, const float *gy, size_t first, size_t count,
                                float *gh, float *u)
{
    sweep rows;
    set_zero(a->width, gh);
    set_zero(a->heads * a->width, u);
    for (size_t j = first; j < first + count; j += SWEEP) {
        fill_sweep(a, v, gy, j, first + count, &rows);
        for (size_t i = 0; i < a->width; i += 16) {
            backward_sweep(a, i, &rows, gh, u);
        }
    }
    for (size_t k = 0; k < a->heads; k++) {
        float *row = u + k * a->width;
        for (size_t i = 0; i < a->width; i += VEC_WIDTH) {
            vec_store_at(row, i, a->width, vec_mul(vec_load_at(row, i, a->width), vec_load_at(a->h, i, a->width)));
        }
    }
}

/* Columns [j, end) of dZ2, at most a vector of them, and their rho. */
static ALWAYS_INLINE void second_projection(const arq_attention *a, size_t heads, const float *c, const float *s,
                                            const float *inverse, const float *v, const float *g, const float *gy,
                                            size_t j, size_t end, float *rho, float *dz2)
{
    vec upstream = vec_load_at(gy, j, end), scale = vec_load_at(inverse, j, end), deviation = vec_load_at(s, j, end);
    vec z[ARQ_MAX_HEADS], t = vec_set(0.0f);
    load_columns(heads, a->z2, a->ldz2, j, end - j, z);
    FOR_HEADS (k, 0, heads) {
        vec dv = vec_mul(vec_load_at(g + k * a->rows, j, end), upstream);
        t = vec_fma(vec_load_at(v + k * a->rows, j, end), dv, t);
    }
    vec negative = vec_mul(vec_set(-1.0f), vec_mul(scale, t));
    vec share = vec_if_positive(deviation, vec_div(negative, deviation));
    vec_store_at(rho, j, end, share);
    FOR_HEADS (k, 0, heads) {
        vec dv = vec_mul(vec_load_at(g + k * a->rows, j, end), upstream);
        vec w = row_times_columns(heads, c + k * heads, z);
        vec_store_at(dz2 + k * a->rows, j, end, vec_fma(w, share, vec_mul(dv, scale)));
    }
}

/* Columns of dZ1 from column i on, at most a vector of them. */
static ALWAYS_INLINE void first_projection(const arq_attention *a, size_t heads, const float *m, const float *mean,
                                           const float *u, size_t i, float *dz1)
{
    vec z[ARQ_MAX_HEADS];
    load_columns(heads, a->zc, a->ldzc, i, a->width - i, z);
    FOR_HEADS (k, 0, heads) {
        vec centred = vec_sub(vec_load_at(u + k * a->width, i, a->width), vec_set(mean[k]));
        vec shared = row_times_columns(heads, m + k * heads, z);
        vec_store_at(dz1 + k * a->width, i, a->width, vec_add(centred, shared));
    }
}

/* M = Z2 diag(rho) Z2^T / n over the rows [first, first + count) of P. */
static void coupling(const arq_attention *a, const float *rho, size_t first, size_t count, float *m)
{
    for (size_t k = 0; k < a->heads; k++) {
        for (size_t l = 0; l < a->heads; l += GROUP) {
            row_products(a->heads - l < GROUP ? a->heads - l : GROUP, count, a->z2 + k * a->ldz2 + first, rho + first,
                         a->z2 + l * a->ldz2 + first, a->ldz2, (float)a->width, m + k * a->heads + l);
        }
    }
}

void KERNEL(attention_gradients)(const arq_attention *a, const float *c, const float *s, const float *inverse,
                                 const float *v, const float *g, const float *gy, size_t first, size_t count, float *u,
                                 float *rho, float *dz1, float *dz2)
{
    float m[ARQ_MAX_HEADS * ARQ_MAX_HEADS], mean[ARQ_MAX_HEADS];
    size_t end = first + count;
    for (size_t k = 0; k < a->heads; k++) {
        for (size_t j = 0; j < first; j++) {
            dz2[k * a->rows + j] = 0.0f;
        }
        for (size_t j = end; j < a->rows; j++) {
            dz2[k * a->rows + j] = 0.0f;
        }
        mean[k] = lanes_mean(a->width, u + k * a->width);
    }
    for (size_t j = first; j < end; j += VEC_WIDTH) {
        BY_HEADS(a->heads, second_projection(a, K, c, s, inverse, v, g, gy, j, end, rho, dz2));
    }
    coupling(a, rho, first, count, m);
    for (size_t i = 0; i < a->width; i += VEC_WIDTH) {
        BY_HEADS(a->heads, first_projection(a, K, m, mean, u, i, dz1));
    }
}
