/*
 * The fused attention of a cell. Forward takes a vector of rows j of P at a time and goes along i, so that each row's
 * sums are chains in one lane; backward takes a vector of entries i and goes along j. The sweep that makes T leaves the
 * slopes h (1 - T^2) in a small buffer, and a second sweep multiplies them into the K sums: each needs K registers for
 * its constants or sums, not both at once.
 */
#include "kernels/vector/lanes.h"
#include "kernels/vector/transcendental.h"

#include <math.h>

#define STD_EPSILON 1e-6f

/* Columns (or rows) of P between two sweeps; the slope buffer is this many vectors. */
#define SWEEP 64

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
        if (scale)
            left = vec_mul(left, vec_load_up_to(scale + at, count));
        FOR_EACH (r, GROUP)
            lanes_multiply_add(&sum[r], p, count, left, vec_load_up_to(row[r] + at, count));
    });
    for (size_t r = 0; r < rows; r++)
        sums[r] = lanes_total(&sum[r]) / divisor;
}

void KERNEL(covariance)(size_t heads, size_t n, const float *zc, size_t ld, float *c)
{
    for (size_t k = 0; k < heads; k++) {
        for (size_t l = k; l < heads; l += GROUP) {
            size_t rows = heads - l < GROUP ? heads - l : GROUP;
            row_products(rows, n, zc + k * ld, NULL, zc + l * ld, ld, (float)n, c + k * heads + l);
        }
        for (size_t l = k + 1; l < heads; l++)
            c[l * heads + k] = c[k * heads + l];
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
    FOR_HEADS (l, 0, heads)
        sum = vec_fma(vec_set(row[l]), column[l], sum);
    return sum;
}

/* `count` columns from column j on, at most a vector of them: one vector a head. */
static ALWAYS_INLINE void load_columns(size_t heads, const float *x, size_t ld, size_t j, size_t count, vec *columns)
{
    FOR_HEADS (k, 0, heads)
        columns[k] = vec_load_up_to(x + k * ld + j, count);
}

static ALWAYS_INLINE void scale_columns(size_t heads, size_t j, size_t d, const float *z2, size_t ldz2, const float *c,
                                        float *s, float *inverse, float *v)
{
    vec z[ARQ_MAX_HEADS], variance = vec_set(0.0f);
    load_columns(heads, z2, ldz2, j, d - j, z);
    FOR_HEADS (k, 0, heads)
        variance = vec_fma(z[k], row_times_columns(heads, c + k * heads, z), variance);
    vec deviation = vec_unless_le_zero(variance, vec_sqrt(variance));
    vec reciprocal = vec_div(vec_set(1.0f), vec_add(deviation, vec_set(STD_EPSILON)));
    reciprocal = vec_unless_le_zero(deviation, reciprocal);
    vec_store_at(s, j, d, deviation);
    vec_store_at(inverse, j, d, reciprocal);
    FOR_HEADS (k, 0, heads)
        vec_store_at(v + k * d, j, d, vec_mul(z[k], reciprocal));
}

void KERNEL(row_scales)(size_t heads, size_t d, const float *z2, size_t ldz2, const float *c, float *s, float *inverse,
                        float *v)
{
    for (size_t j = 0; j < d; j += VEC_WIDTH)
        BY_HEADS(heads, scale_columns(K, j, d, z2, ldz2, c, s, inverse, v));
}

/* 1 - T^2, the slope of tanh. */
static ALWAYS_INLINE vec slope(vec t)
{
    return vec_fnma(t, t, vec_set(1.0f));
}

/*
 * p[i] = chain over k of fixed[k] * moving[k * ld + i], i < count, a vector each. The chain's first product is not
 * added to +0: that could only turn a -0 into +0, and the sums that T goes into do not tell these apart.
 */
static ALWAYS_INLINE void products_step(size_t heads, size_t steps, const vec *fixed, const float *moving, size_t ld,
                                        float *p)
{
    vec sum[ATTENTION_UNROLL];
    FOR_EACH (u, steps)
        sum[u] = vec_mul(fixed[0], vec_set(moving[u]));
    FOR_HEADS (k, 1, heads) {
        FOR_EACH (u, steps)
            sum[u] = vec_fma(fixed[k], vec_set(moving[k * ld + u]), sum[u]);
    }
    FOR_EACH (u, steps)
        vec_store(p + u * VEC_WIDTH, sum[u]);
}

static ALWAYS_INLINE void products(size_t heads, size_t count, const vec *fixed, const float *moving, size_t ld,
                                   float *p)
{
    size_t i = 0;
    for (; i + ATTENTION_UNROLL <= count; i += ATTENTION_UNROLL)
        products_step(heads, ATTENTION_UNROLL, fixed, moving + i, ld, p + i * VEC_WIDTH);
    for (; i < count; i++)
        products_step(heads, 1, fixed, moving + i, ld, p + i * VEC_WIDTH);
}

/* Adds `count` slopes (one vector each) times the matching entries of `factor` to the K sums. */
static ALWAYS_INLINE void add_slopes(size_t heads, size_t count, const float *slopes, const float *factor, size_t ld,
                                     vec *sums)
{
    for (size_t i = 0; i < count; i++) {
        vec e = vec_load(slopes + i * VEC_WIDTH);
        FOR_HEADS (k, 0, heads)
            sums[k] = vec_fma(e, vec_set(factor[k * ld + i]), sums[k]);
    }
}

/* `count` <= VEC_WIDTH rows of P from row j on. g is NULL where only y is wanted. */
static ALWAYS_INLINE void forward_rows(const arq_attention *a, size_t heads, size_t j, size_t count, const float *v,
                                       float *y, float *g)
{
    float entries[SWEEP * VEC_WIDTH];
    vec fixed[ARQ_MAX_HEADS], sums[ARQ_MAX_HEADS], sum = vec_set(0.0f);
    FOR_HEADS (k, 0, heads) {
        fixed[k] = vec_load_up_to(v + k * a->rows + j, count);
        sums[k] = vec_set(0.0f);
    }
    for (size_t first = 0; first < a->width; first += SWEEP) {
        size_t some = a->width - first < SWEEP ? a->width - first : SWEEP;
        products(heads, some, fixed, a->zc + first, a->ldzc, entries);
        for (size_t i = 0; i < some; i++) {
            vec t = vec_tanh(vec_load(entries + i * VEC_WIDTH)), h = vec_set(a->h[first + i]);
            sum = vec_fma(t, h, sum);
            if (g)
                vec_store(entries + i * VEC_WIDTH, vec_mul(h, slope(t)));
        }
        if (g)
            add_slopes(heads, some, entries, a->zc + first, a->ldzc, sums);
    }
    vec_store_up_to(y + j, sum, count);
    if (g) {
        FOR_HEADS (k, 0, heads)
            vec_store_up_to(g + k * a->rows + j, sums[k], count);
    }
}

static ALWAYS_INLINE void forward(const arq_attention *a, size_t heads, const float *v, float *y, float *g)
{
    for (size_t j = 0; j < a->rows; j += VEC_WIDTH)
        forward_rows(a, heads, j, a->rows - j, v, y, g);
}

void KERNEL(attention)(const arq_attention *a, const float *v, float *y)
{
    BY_HEADS(a->heads, forward(a, K, v, y, NULL));
}

void KERNEL(attention_slope)(const arq_attention *a, const float *v, float *y, float *g)
{
    BY_HEADS(a->heads, forward(a, K, v, y, g));
}

/* SWEEP rows of P: columns of v and of v * gy, and gy, side by side. */
typedef struct sweep {
    size_t rows;
    float v[ARQ_MAX_HEADS * SWEEP];
    float product[ARQ_MAX_HEADS * SWEEP];
    const float *gy;
} sweep;

/* `count` entries from i on, over the rows of one sweep: adds to gh and u. */
static ALWAYS_INLINE void backward_columns(const arq_attention *a, size_t heads, size_t i, size_t count,
                                           const sweep *rows, float *gh, float *u)
{
    float entries[SWEEP * VEC_WIDTH];
    vec fixed[ARQ_MAX_HEADS], sums[ARQ_MAX_HEADS];
    vec sum = vec_load_up_to(gh + i, count);
    FOR_HEADS (k, 0, heads) {
        fixed[k] = vec_load_up_to(a->zc + k * a->ldzc + i, count);
        sums[k] = vec_load_up_to(u + k * a->width + i, count);
    }
    products(heads, rows->rows, fixed, rows->v, SWEEP, entries);
    for (size_t j = 0; j < rows->rows; j++) {
        vec t = vec_tanh(vec_load(entries + j * VEC_WIDTH));
        sum = vec_fma(t, vec_set(rows->gy[j]), sum);
        vec_store(entries + j * VEC_WIDTH, slope(t));
    }
    add_slopes(heads, rows->rows, entries, rows->product, SWEEP, sums);
    vec_store_up_to(gh + i, sum, count);
    FOR_HEADS (k, 0, heads)
        vec_store_up_to(u + k * a->width + i, sums[k], count);
}

static ALWAYS_INLINE void fill_sweep(const arq_attention *a, size_t heads, const float *v, const float *gy,
                                     size_t first, size_t end, sweep *rows)
{
    rows->rows = end - first < SWEEP ? end - first : SWEEP;
    rows->gy = gy + first;
    for (size_t k = 0; k < heads; k++) {
        for (size_t j = 0; j < rows->rows; j += VEC_WIDTH) {
            vec column = vec_load_at(v + k * a->rows + first, j, rows->rows);
            vec_store(rows->v + k * SWEEP + j, column);
            vec_store(rows->product + k * SWEEP + j, vec_mul(column, vec_load_at(rows->gy, j, rows->rows)));
        }
    }
}

static ALWAYS_INLINE void backward(const arq_attention *a, size_t heads, const float *v, const float *gy, size_t first,
                                   size_t count, float *gh, float *u)
{
    sweep rows;
    for (size_t i = 0; i < a->width; i++)
        gh[i] = 0.0f;
    for (size_t i = 0; i < heads * a->width; i++)
        u[i] = 0.0f;
    for (size_t j = first; j < first + count; j += SWEEP) {
        fill_sweep(a, heads, v, gy, j, first + count, &rows);
        for (size_t i = 0; i < a->width; i += VEC_WIDTH)
            backward_columns(a, heads, i, a->width - i, &rows, gh, u);
    }
    for (size_t k = 0; k < heads; k++) {
        float *row = u + k * a->width;
        for (size_t i = 0; i < a->width; i += VEC_WIDTH)
            vec_store_at(row, i, a->width, vec_mul(vec_load_at(row, i, a->width), vec_load_at(a->h, i, a->width)));
    }
}

void KERNEL(attention_backward)(const arq_attention *a, const float *v, const float *gy, size_t first, size_t count,
                                float *gh, float *u)
{
    BY_HEADS(a->heads, backward(a, K, v, gy, first, count, gh, u));
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
        for (size_t l = 0; l < a->heads; l += GROUP)
            row_products(a->heads - l < GROUP ? a->heads - l : GROUP, count, a->z2 + k * a->ldz2 + first, rho + first,
                         a->z2 + l * a->ldz2 + first, a->ldz2, (float)a->width, m + k * a->heads + l);
    }
}

void KERNEL(attention_gradients)(const arq_attention *a, const float *c, const float *s, const float *inverse,
                                 const float *v, const float *g, const float *gy, size_t first, size_t count, float *u,
                                 float *rho, float *dz1, float *dz2)
{
    float m[ARQ_MAX_HEADS * ARQ_MAX_HEADS], mean[ARQ_MAX_HEADS];
    size_t end = first + count;
    for (size_t k = 0; k < a->heads; k++) {
        for (size_t j = 0; j < first; j++)
            dz2[k * a->rows + j] = 0.0f;
        for (size_t j = end; j < a->rows; j++)
            dz2[k * a->rows + j] = 0.0f;
        mean[k] = lanes_mean(a->width, u + k * a->width);
    }
    for (size_t j = first; j < end; j += VEC_WIDTH)
        BY_HEADS(a->heads, second_projection(a, K, c, s, inverse, v, g, gy, j, end, rho, dz2));
    coupling(a, rho, first, count, m);
    for (size_t i = 0; i < a->width; i += VEC_WIDTH)
        BY_HEADS(a->heads, first_projection(a, K, m, mean, u, i, dz1));
}
