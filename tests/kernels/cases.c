#include "cases.h"

#include "kernels/list.h"
#include "nn/math/optimiser.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Floats of a [rows, n] matrix with gaps, up to its last entry. */
static size_t extent(size_t rows, size_t n, size_t ld)
{
    return rows ? (rows - 1) * ld + n : 0;
}

static size_t gap(workshop *w, size_t n)
{
    return n + (workshop_random(w) % 2 ? 0 : workshop_between(w, 1, 19));
}

/* A product of either form. The tier computes all of C; the reference is asked for at most `rows` rows of it. */
static void compare_gemm(workshop *w, const arq_kernels *reference, const arq_kernels *tier, bool transposed, size_t m,
                         size_t n, size_t k, size_t rows)
{
    size_t lda = gap(w, transposed ? m : k), ldb = gap(w, n), ldc = gap(w, n);
    float *a = workshop_floats(w, transposed ? extent(k, m, lda) : extent(m, k, lda));
    float *b = workshop_floats(w, extent(k, n, ldb));
    float *c = workshop_floats(w, extent(m, n, ldc));
    float *expected = workshop_copy(w, c, extent(m, n, ldc));
    float *pack = workshop_floats(w, arq_gemm_pack_floats(k, n));
    (transposed ? tier->gemm_tn : tier->gemm)(m, n, k, a, lda, b, ldb, c, ldc, pack);
    for (size_t i = 0; i < m; i += m <= rows ? m : (m - 1) / (rows - 1)) {
        size_t some = m <= rows ? m : 1;
        if (transposed)
            reference->gemm_tn(some, n, k, a + i, lda, b, ldb, expected + i * ldc, ldc, pack);
        else
            reference->gemm(some, n, k, a + i * lda, lda, b, ldb, expected + i * ldc, ldc, pack);
        workshop_compare(w, "c", expected + i * ldc, c + i * ldc, extent(some, n, ldc));
    }
}

static void check_either_gemm(workshop *w, const arq_kernels *reference, const arq_kernels *tier, bool transposed,
                              size_t size)
{
    if (size > 130) /* a real shape, of which some rows are compared */
        compare_gemm(w, reference, tier, transposed, transposed ? 128 : 64, size + 2, 300, 4);
    else if (size % 3 == 0)
        compare_gemm(w, reference, tier, transposed, size, workshop_between(w, 0, 70), workshop_between(w, 0, 40), 200);
    else if (size % 3 == 1)
        compare_gemm(w, reference, tier, transposed, workshop_between(w, 0, 31), size, workshop_between(w, 0, 40), 200);
    else
        compare_gemm(w, reference, tier, transposed, workshop_between(w, 0, 31), workshop_between(w, 0, 70), size, 200);
}

static void check_gemm(workshop *w, const arq_kernels *reference, const arq_kernels *tier, size_t size)
{
    check_either_gemm(w, reference, tier, false, size);
}

static void check_gemm_tn(workshop *w, const arq_kernels *reference, const arq_kernels *tier, size_t size)
{
    check_either_gemm(w, reference, tier, true, size);
}

/* Few bits mostly; now and then more than kernels list at a time. */
static size_t bit_count(workshop *w, size_t size)
{
    return workshop_between(w, 0, size % 8 == 1 ? 1200 : 90);
}

static void check_gather_rows(workshop *w, const arq_kernels *reference, const arq_kernels *tier, size_t size)
{
    size_t count = bit_count(w, size), ld = gap(w, size);
    uint8_t *bits = workshop_bytes(w, (count + 7) / 8);
    float *b = workshop_floats(w, extent(count, size, ld));
    float *c = workshop_floats(w, size), *expected = workshop_copy(w, c, size);
    reference->gather_rows(count, bits, size, b, ld, expected);
    tier->gather_rows(count, bits, size, b, ld, c);
    workshop_compare(w, "c", expected, c, size);
}

static void check_gemm_bits(workshop *w, const arq_kernels *reference, const arq_kernels *tier, size_t size)
{
    size_t m = workshop_between(w, 0, size % 4 == 0 ? 40 : 9), k = bit_count(w, size), ldb = gap(w, size),
           ldc = gap(w, size);
    size_t stride = (k + 7) / 8 + workshop_between(w, 0, 3);
    uint8_t *a = workshop_bytes(w, extent(m, (k + 7) / 8, stride));
    float *b = workshop_floats(w, extent(k, size, ldb));
    float *c = workshop_floats(w, extent(m, size, ldc)), *expected = workshop_copy(w, c, extent(m, size, ldc));
    reference->gemm_bits(m, size, k, a, stride, b, ldb, expected, ldc);
    tier->gemm_bits(m, size, k, a, stride, b, ldb, c, ldc);
    workshop_compare(w, "c", expected, c, extent(m, size, ldc));
}

#define MOST_PRODUCTS 3

static void check_gemm_same_bits(workshop *w, const arq_kernels *reference, const arq_kernels *tier, size_t size)
{
    size_t count = workshop_between(w, 1, MOST_PRODUCTS), m = workshop_between(w, 0, 9), k = bit_count(w, size);
    size_t stride = (k + 7) / 8 + workshop_between(w, 0, 3);
    uint8_t *a = workshop_bytes(w, extent(m, (k + 7) / 8, stride));
    arq_bit_product products[MOST_PRODUCTS], expected[MOST_PRODUCTS];
    size_t length[MOST_PRODUCTS];
    for (size_t p = 0; p < count; p++) {
        size_t n = p == 0 ? size : workshop_between(w, 0, 40), ldb = gap(w, n), ldc = gap(w, n);
        length[p] = extent(m, n, ldc);
        products[p] = (arq_bit_product){.n = n,
                                        .b = workshop_floats(w, extent(k, n, ldb)),
                                        .ldb = ldb,
                                        .c = workshop_floats(w, length[p]),
                                        .ldc = ldc};
        expected[p] = products[p];
        expected[p].c = workshop_copy(w, products[p].c, length[p]);
    }
    reference->gemm_same_bits(m, k, a, stride, expected, count);
    tier->gemm_same_bits(m, k, a, stride, products, count);
    for (size_t p = 0; p < count; p++) {
        workshop_compare(w, "c", expected[p].c, products[p].c, length[p]);
    }
}

static void check_scatter_rows(workshop *w, const arq_kernels *reference, const arq_kernels *tier, size_t size)
{
    size_t count = bit_count(w, size), ld = gap(w, size);
    uint8_t *bits = workshop_bytes(w, (count + 7) / 8);
    float *d = workshop_floats(w, size);
    float *g = workshop_floats(w, extent(count, size, ld)), *expected = workshop_copy(w, g, extent(count, size, ld));
    reference->scatter_rows(count, bits, size, d, expected, ld);
    tier->scatter_rows(count, bits, size, d, g, ld);
    workshop_compare(w, "g", expected, g, extent(count, size, ld));
}

static void check_unpack_bits(workshop *w, const arq_kernels *reference, const arq_kernels *tier, size_t size)
{
    uint8_t *bits = workshop_bytes(w, (size + 7) / 8);
    float *out = workshop_floats(w, size), *expected = workshop_copy(w, out, size);
    reference->unpack_bits(size, bits, expected);
    tier->unpack_bits(size, bits, out);
    workshop_compare(w, "out", expected, out, size);
}

static void check_add_columns(workshop *w, const arq_kernels *reference, const arq_kernels *tier, size_t size)
{
    size_t rows = workshop_between(w, 0, 40), ld = gap(w, size);
    float *in = workshop_floats(w, extent(rows, size, ld));
    float *out = workshop_floats(w, size), *expected = workshop_copy(w, out, size);
    reference->add_columns(rows, size, in, ld, expected);
    tier->add_columns(rows, size, in, ld, out);
    workshop_compare(w, "out", expected, out, size);
}

static void check_layer_norm(workshop *w, const arq_kernels *reference, const arq_kernels *tier, size_t size)
{
    float *u = workshop_floats(w, size), *scale = workshop_floats(w, size), *offset = workshop_floats(w, size);
    float *h = workshop_floats(w, size), *expected = workshop_copy(w, h, size);
    float moments[2], expected_moments[2];
    reference->layer_norm(size, u, scale, offset, expected, &expected_moments[0], &expected_moments[1]);
    tier->layer_norm(size, u, scale, offset, h, &moments[0], &moments[1]);
    workshop_compare(w, "h", expected, h, size);
    workshop_compare(w, "moments", expected_moments, moments, 2);
}

static void check_layer_norm_backward(workshop *w, const arq_kernels *reference, const arq_kernels *tier, size_t size)
{
    float *u = workshop_floats(w, size), *scale = workshop_floats(w, size), *gh = workshop_floats(w, size);
    float mean = workshop_uniform(w), inverse_std = workshop_uniform(w) + 1.5f;
    float *du = workshop_floats(w, size), *expected_du = workshop_copy(w, du, size);
    float *ds = workshop_floats(w, size), *expected_ds = workshop_copy(w, ds, size);
    float *db = workshop_floats(w, size), *expected_db = workshop_copy(w, db, size);
    reference->layer_norm_backward(size, u, scale, mean, inverse_std, gh, expected_du, expected_ds, expected_db);
    tier->layer_norm_backward(size, u, scale, mean, inverse_std, gh, du, ds, db);
    workshop_compare(w, "du", expected_du, du, size);
    workshop_compare(w, "scale_gradient", expected_ds, ds, size);
    workshop_compare(w, "offset_gradient", expected_db, db, size);
}

static void check_center(workshop *w, const arq_kernels *reference, const arq_kernels *tier, size_t size)
{
    size_t rows = workshop_between(w, 0, 9), ld = gap(w, size);
    float *x = workshop_floats(w, extent(rows, size, ld)), *expected = workshop_copy(w, x, extent(rows, size, ld));
    reference->center(rows, size, expected, ld);
    tier->center(rows, size, x, ld);
    workshop_compare(w, "x", expected, x, extent(rows, size, ld));
}

static void check_add(workshop *w, const arq_kernels *reference, const arq_kernels *tier, size_t size)
{
    size_t rows = workshop_between(w, 0, 9), lda = gap(w, size), ldb = gap(w, size), ldo = gap(w, size);
    float *a = workshop_floats(w, extent(rows, size, lda)), *b = workshop_floats(w, extent(rows, size, ldb));
    float *out = workshop_floats(w, extent(rows, size, ldo));
    float *expected = workshop_copy(w, out, extent(rows, size, ldo));
    reference->add(rows, size, a, lda, b, ldb, expected, ldo);
    tier->add(rows, size, a, lda, b, ldb, out, ldo);
    workshop_compare(w, "out", expected, out, extent(rows, size, ldo));
    tier->add(rows, size, a, lda, b, ldb, a, lda);
    for (size_t r = 0; r < rows; r++)
        workshop_compare(w, "out = a", expected + r * ldo, a + r * lda, size);
}

static void check_covariance(workshop *w, const arq_kernels *reference, const arq_kernels *tier, size_t size)
{
    size_t heads = workshop_between(w, 1, ARQ_MAX_HEADS), ld = gap(w, size);
    float *zc = workshop_floats(w, extent(heads, size, ld));
    float *c = workshop_floats(w, heads * heads), *expected = workshop_copy(w, c, heads * heads);
    reference->covariance(heads, size, zc, ld, expected);
    tier->covariance(heads, size, zc, ld, c);
    workshop_compare(w, "c", expected, c, heads * heads);
}

static void check_row_scales(workshop *w, const arq_kernels *reference, const arq_kernels *tier, size_t size)
{
    size_t heads = workshop_between(w, 1, ARQ_MAX_HEADS), ld = gap(w, size);
    float *z2 = workshop_floats(w, extent(heads, size, ld)), *c = workshop_floats(w, heads * heads);
    float *s = workshop_floats(w, size), *expected_s = workshop_copy(w, s, size);
    float *inverse = workshop_floats(w, size), *expected_inverse = workshop_copy(w, inverse, size);
    float *v = workshop_floats(w, heads * size), *expected_v = workshop_copy(w, v, heads * size);
    reference->row_scales(heads, size, z2, ld, c, expected_s, expected_inverse, expected_v);
    tier->row_scales(heads, size, z2, ld, c, s, inverse, v);
    workshop_compare(w, "s", expected_s, s, size);
    workshop_compare(w, "inverse", expected_inverse, inverse, size);
    workshop_compare(w, "v", expected_v, v, heads * size);
}

/* A cell of random shape: `size` is its width or its rows, every third time both. */
static arq_attention random_attention(workshop *w, size_t size)
{
    static const size_t common[] = {4, 8};
    arq_attention a = {.heads = workshop_random(w) % 3 ? common[workshop_random(w) % 2]
                                                       : workshop_between(w, 1, ARQ_MAX_HEADS)};
    uint64_t draw = workshop_random(w) % 3;
    a.width = draw == 0 ? workshop_between(w, 0, 40) : size;
    a.rows = draw == 1 ? workshop_between(w, 0, 40) : size;
    if (size > 130)
        a.width = a.rows = size;
    a.ldzc = gap(w, a.width);
    a.ldz2 = gap(w, a.rows);
    a.zc = workshop_floats(w, extent(a.heads, a.width, a.ldzc));
    a.z2 = workshop_floats(w, extent(a.heads, a.rows, a.ldz2));
    a.h = workshop_floats(w, a.width);
    return a;
}

static void check_attention(workshop *w, const arq_kernels *reference, const arq_kernels *tier, size_t size)
{
    arq_attention a = random_attention(w, size);
    float *v = workshop_floats(w, a.heads * a.rows);
    float *y = workshop_floats(w, a.rows), *expected = workshop_copy(w, y, a.rows);
    reference->attention(&a, v, expected);
    tier->attention(&a, v, y);
    workshop_compare(w, "y", expected, y, a.rows);
}

static void check_attention_slope(workshop *w, const arq_kernels *reference, const arq_kernels *tier, size_t size)
{
    arq_attention a = random_attention(w, size);
    float *v = workshop_floats(w, a.heads * a.rows);
    float *y = workshop_floats(w, a.rows), *expected_y = workshop_copy(w, y, a.rows);
    float *g = workshop_floats(w, a.heads * a.rows), *expected_g = workshop_copy(w, g, a.heads * a.rows);
    reference->attention_slope(&a, v, expected_y, expected_g);
    tier->attention_slope(&a, v, y, g);
    workshop_compare(w, "y", expected_y, y, a.rows);
    workshop_compare(w, "g", expected_g, g, a.heads * a.rows);
}

/* A piece of the rows of P, half of the time all of them. */
static void random_rows(workshop *w, const arq_attention *a, size_t *first, size_t *count)
{
    *first = workshop_random(w) % 2 ? 0 : workshop_between(w, 0, a->rows);
    *count = *first == 0 ? a->rows : workshop_between(w, 0, a->rows - *first);
}

static void check_attention_backward(workshop *w, const arq_kernels *reference, const arq_kernels *tier, size_t size)
{
    arq_attention a = random_attention(w, size);
    size_t first, count;
    random_rows(w, &a, &first, &count);
    float *v = workshop_floats(w, a.heads * a.rows), *gy = workshop_floats(w, a.rows);
    float *gh = workshop_floats(w, a.width), *expected_gh = workshop_copy(w, gh, a.width);
    float *u = workshop_floats(w, a.heads * a.width), *expected_u = workshop_copy(w, u, a.heads * a.width);
    reference->attention_backward(&a, v, gy, first, count, expected_gh, expected_u);
    if (workshop_random(w) % 2) {
        float *y = workshop_floats(w, a.rows), *g = workshop_floats(w, a.heads * a.rows);
        a.tanh = workshop_floats(w, ARQ_KEPT_TANH_FLOATS(a.width, a.rows));
        tier->attention_slope(&a, v, y, g);
    }
    tier->attention_backward(&a, v, gy, first, count, gh, u);
    workshop_compare(w, "gh", expected_gh, gh, a.width);
    workshop_compare(w, "u", expected_u, u, a.heads * a.width);
}

static void check_attention_gradients(workshop *w, const arq_kernels *reference, const arq_kernels *tier, size_t size)
{
    arq_attention a = random_attention(w, size);
    size_t first, count, inner = a.heads * a.width, outer = a.heads * a.rows;
    random_rows(w, &a, &first, &count);
    float *c = workshop_floats(w, a.heads * a.heads), *s = workshop_floats(w, a.rows);
    float *inverse = workshop_floats(w, a.rows), *v = workshop_floats(w, outer);
    float *g = workshop_floats(w, outer), *gy = workshop_floats(w, a.rows);
    float *u = workshop_floats(w, inner), *expected_u = workshop_copy(w, u, inner);
    float *rho = workshop_floats(w, a.rows);
    float *dz1 = workshop_floats(w, inner), *expected_dz1 = workshop_copy(w, dz1, inner);
    float *dz2 = workshop_floats(w, outer), *expected_dz2 = workshop_copy(w, dz2, outer);
    reference->attention_gradients(&a, c, s, inverse, v, g, gy, first, count, expected_u, rho, expected_dz1,
                                   expected_dz2);
    tier->attention_gradients(&a, c, s, inverse, v, g, gy, first, count, u, rho, dz1, dz2);
    workshop_compare(w, "dz1", expected_dz1, dz1, inner);
    workshop_compare(w, "dz2", expected_dz2, dz2, outer);
}

static void check_goodness(workshop *w, const arq_kernels *reference, const arq_kernels *tier, size_t size)
{
    float *y = workshop_floats(w, size);
    for (arq_goodness kind = 0; kind < ARQ_GOODNESS_COUNT; kind++) {
        float expected = reference->goodness(kind, size, y), got = tier->goodness(kind, size, y);
        workshop_compare(w, "goodness", &expected, &got, 1);
    }
}

static void check_goodness_gradient(workshop *w, const arq_kernels *reference, const arq_kernels *tier, size_t size)
{
    float *y = workshop_floats(w, size);
    float *gy = workshop_floats(w, size), *expected = workshop_copy(w, gy, size);
    for (arq_goodness kind = 0; kind < ARQ_GOODNESS_COUNT; kind++) {
        float q = workshop_random(w) % 4 ? reference->goodness(kind, size, y) : 0.0f, e = workshop_uniform(w);
        reference->goodness_gradient(kind, size, y, q, e, expected);
        tier->goodness_gradient(kind, size, y, q, e, gy);
        workshop_compare(w, "gy", expected, gy, size);
    }
}

static void check_sum_of_squares(workshop *w, const arq_kernels *reference, const arq_kernels *tier, size_t size)
{
    float *x = workshop_floats(w, size);
    workshop_compare_double(w, "sum", reference->sum_of_squares(size, x), tier->sum_of_squares(size, x));
}

static void check_add_squares(workshop *w, const arq_kernels *reference, const arq_kernels *tier, size_t size)
{
    size_t first = size / 2 / 16 * 16; /* in two parts, to what is there */
    float *x = workshop_floats(w, size);
    double expected[16], sums[16];
    for (int i = 0; i < 16; i++)
        expected[i] = sums[i] = (double)workshop_uniform(w);
    reference->add_squares(size, x, expected);
    tier->add_squares(first, x, sums);
    tier->add_squares(size - first, x + first, sums);
    for (int i = 0; i < 16; i++)
        workshop_compare_double(w, "sum", expected[i], sums[i]);
}

/* Makes some entries in a row +0. Adam leaves out where all of its arrays have them. */
static void clear_run(size_t size, size_t first, size_t count, float *x)
{
    for (size_t i = first; i < size && i < first + count; i++) {
        x[i] = 0.0f;
    }
}

/* Makes some entries +0 in g, and in x what a denormal of up to `most` units and somewhat more is. */
static void rest_some(workshop *w, size_t size, uint32_t most, float *g, float *x, bool either_sign)
{
    for (size_t i = 0; i < size; i++) {
        if (workshop_random(w) % 3) {
            continue;
        }
        int units = (int)workshop_between(w, 0, most + 3);
        x[i] = ldexpf((float)(either_sign && workshop_random(w) % 2 ? -units : units), -149);
        g[i] = workshop_random(w) % 8 ? 0.0f : g[i];
    }
}

static double one_of(workshop *w, size_t count, const double *values)
{
    return values[workshop_random(w) % count];
}

/* Constants of updates as they occur and of some that do not. */
static arq_adam_step random_step(workshop *w)
{
    static const double rates[] = {1e-4, 1e-3, 1, 1e-10}, betas[] = {0.9, 0.99, 0.999, 0, 0.3, 0.9999};
    static const double epsilons[] = {1e-8, 1e-3, 1e-17}, powers[] = {0.81, 1e-5, 0};
    double clip = workshop_random(w) % 2 ? 0 : 0.7;
    return arq_adam_constants(one_of(w, 4, rates), one_of(w, 6, betas), one_of(w, 6, betas), one_of(w, 3, epsilons),
                              one_of(w, 3, powers), one_of(w, 3, powers), 1, clip);
}

static void check_adam(workshop *w, const arq_kernels *reference, const arq_kernels *tier, size_t size)
{
    const arq_adam_step step = random_step(w);
    float *g = workshop_floats(w, size), *m = workshop_floats(w, size), *v = workshop_floats(w, size);
    size_t first = workshop_random(w) % (size + 1), count = workshop_random(w) % 64;
    for (size_t i = 0; i < size; i++)
        v[i] = fabsf(v[i]);
    clear_run(size, first, count, g);
    clear_run(size, first, count, m);
    clear_run(size, first, workshop_random(w) % 4 ? count : 0, v);
    float *p = workshop_floats(w, size);
    if (workshop_random(w) % 2) {
        rest_some(w, size, step.still_first, g, m, true);
        rest_some(w, size, step.still_second, g, v, false);
        rest_some(w, size, 0, p, p, true);
    }
    float *expected_p = workshop_copy(w, p, size);
    float *expected_m = workshop_copy(w, m, size), *expected_v = workshop_copy(w, v, size);
    reference->adam(size, &step, g, expected_p, expected_m, expected_v);
    tier->adam(size, &step, g, p, m, v);
    workshop_compare(w, "p", expected_p, p, size);
    workshop_compare(w, "m", expected_m, m, size);
    workshop_compare(w, "v", expected_v, v, size);
}

static void check_blend(workshop *w, const arq_kernels *reference, const arq_kernels *tier, size_t size)
{
    float alpha = workshop_random(w) % 3 ? workshop_uniform(w) : 1.0f;
    float *x = workshop_floats(w, size), *y = workshop_floats(w, size), *expected = workshop_copy(w, y, size);
    reference->blend(size, alpha, x, expected);
    tier->blend(size, alpha, x, y);
    workshop_compare(w, "y", expected, y, size);
}

static void check_function(workshop *w, void (*reference)(size_t, const float *, float *),
                           void (*tier)(size_t, const float *, float *), size_t size)
{
    float *x = workshop_floats(w, size), *out = workshop_floats(w, size), *expected = workshop_copy(w, out, size);
    for (size_t i = 0; i < size; i++)
        x[i] *= i % 2 ? 60.0f : 1.0f;
    reference(size, x, expected);
    tier(size, x, out);
    workshop_compare(w, "out", expected, out, size);
}

static void check_tanh(workshop *w, const arq_kernels *reference, const arq_kernels *tier, size_t size)
{
    check_function(w, reference->tanh, tier->tanh, size);
}

static void check_exp(workshop *w, const arq_kernels *reference, const arq_kernels *tier, size_t size)
{
    check_function(w, reference->exp, tier->exp, size);
}

#define CASE(op, unused) {#op, check_##op},

const kernel_case kernel_cases[] = {ARQ_KERNEL_LIST(CASE, unused)};
const size_t kernel_case_count = sizeof kernel_cases / sizeof *kernel_cases;

static void run_sizes(const kernel_case *c, workshop *w, const arq_kernels *reference, const arq_kernels *tier)
{
    static const size_t real[] = {200, 400, 464, 1000};
    for (size_t size = 0; size <= 130 && !w->failure[0]; size++) {
        workshop_clear(w, w->fill, w->at_end);
        c->check(w, reference, tier, size);
    }
    for (size_t i = 0; i < sizeof real / sizeof *real && !w->failure[0]; i++) {
        if (real[i] > 400 && c->name[0] == 'a' && c->name[1] == 't')
            continue; /* no attention is that wide */
        workshop_clear(w, w->fill, w->at_end);
        c->check(w, reference, tier, real[i]);
    }
}

bool kernel_case_run(const kernel_case *c, workshop *w, const arq_kernels *reference, const arq_kernels *tier)
{
    w->failure[0] = '\0';
    w->context = c->name;
    for (int how = 0; how < FILL_COUNT && !w->failure[0]; how++) {
        for (int at_end = 0; at_end < 2 && !w->failure[0]; at_end++) {
            workshop_clear(w, (fill)how, at_end);
            run_sizes(c, w, reference, tier);
        }
    }
    return !w->failure[0];
}

uint64_t kernel_test_seed(void)
{
    const char *text = getenv("ARQ_TEST_SEED");
    return text ? strtoull(text, NULL, 10) : 1;
}
