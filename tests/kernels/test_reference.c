/* The reference kernels against the formulas in double, and their gradients against finite differences. */
#include "guarded.h"
#include "cases.h"
#include "../support/suite.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { HEADS = 3, WIDTH = 21, ROWS = 10 };

static const arq_kernels *k;
static workshop w;

static void setup(void)
{
    k = arq_kernels_of(ARQ_TIER_GENERIC);
    ck_assert(workshop_open(&w, kernel_test_seed()));
    workshop_clear(&w, FILL_ORDINARY, true);
}

static void teardown(void)
{
    workshop_close(&w);
}

static void assert_near(double got, double exact, double tolerance)
{
    ck_assert_msg(fabs(got - exact) <= tolerance * (1.0 + fabs(exact)), "got %.9g, exact %.9g, seed %llu", got, exact,
                  (unsigned long long)kernel_test_seed());
}

static double mean_of(size_t n, const double *x)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += x[i];
    return sum / (double)n;
}

static double variance_of(size_t n, const double *x)
{
    double mean = mean_of(n, x), sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += (x[i] - mean) * (x[i] - mean);
    return sum / (double)n;
}

static void to_double(size_t n, const float *x, double *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (double)x[i];
}

START_TEST(products)
{
    enum { M = 5, N = 7, K = 23 };
    float *a = workshop_floats(&w, M * K), *b = workshop_floats(&w, K * N), *at = workshop_floats(&w, K * M);
    float *c = workshop_floats(&w, M * N), *before = workshop_copy(&w, c, M * N), *ct = workshop_copy(&w, c, M * N);
    for (int i = 0; i < M; i++) {
        for (int l = 0; l < K; l++)
            at[l * M + i] = a[i * K + l];
    }
    k->gemm(M, N, K, a, K, b, N, c, N, NULL);
    k->gemm_tn(M, N, K, at, M, b, N, ct, N, NULL);
    for (int i = 0; i < M; i++) {
        for (int j = 0; j < N; j++) {
            double sum = 0.0;
            for (int l = 0; l < K; l++)
                sum += (double)a[i * K + l] * (double)b[l * N + j];
            assert_near((double)c[i * N + j], (double)before[i * N + j] + sum, 1e-5);
            assert_near((double)ct[i * N + j], sum, 1e-5);
        }
    }
}
END_TEST

START_TEST(binary_rows)
{
    enum { COUNT = 19, N = 6 };
    const uint8_t bits[3] = {0xa5, 0x80, 0xfb}; /* the bits from 19 on are to be ignored */
    float *b = workshop_floats(&w, COUNT * N), *c = workshop_floats(&w, N), *before = workshop_copy(&w, c, N);
    float *g = workshop_floats(&w, COUNT * N), *g_before = workshop_copy(&w, g, COUNT * N);
    float unpacked[COUNT], product[2 * N] = {0};
    k->gather_rows(COUNT, bits, N, b, N, c);
    k->gemm_bits(2, N, 11, bits, 1, b, N, product, N); /* the second row begins at the first one's bit 8 */
    k->scatter_rows(COUNT, bits, N, before, g, N);
    k->unpack_bits(COUNT, bits, unpacked);
    for (int j = 0; j < N; j++) {
        double sum = (double)before[j];
        for (int i = 0; i < COUNT; i++) {
            int set = bits[i / 8] >> i % 8 & 1;
            sum += set ? (double)b[i * N + j] : 0.0;
            ck_assert_float_eq(unpacked[i], (float)set);
            assert_near((double)g[i * N + j], (double)g_before[i * N + j] + (set ? (double)before[j] : 0.0), 1e-6);
        }
        assert_near((double)c[j], sum, 1e-6);
        for (int r = 0; r < 2; r++) {
            sum = 0.0;
            for (int i = 0; i < 11; i++)
                sum += bits[r + i / 8] >> i % 8 & 1 ? (double)b[i * N + j] : 0.0;
            assert_near((double)product[r * N + j], sum, 1e-6);
        }
    }
}
END_TEST

START_TEST(sums_of_rows)
{
    enum { R = 4, N = 9 };
    float *a = workshop_floats(&w, R * N), *b = workshop_floats(&w, R * N), *out = workshop_floats(&w, R * N);
    float *sum = workshop_floats(&w, N), *before = workshop_copy(&w, sum, N);
    float *y = workshop_floats(&w, N), *y_before = workshop_copy(&w, y, N);
    k->add(R, N, a, N, b, N, out, N);
    k->add_columns(R, N, a, N, sum);
    k->blend(N, 0.25f, a, y);
    for (int j = 0; j < N; j++) {
        double column = (double)before[j];
        for (int r = 0; r < R; r++) {
            column += (double)a[r * N + j];
            assert_near((double)out[r * N + j], (double)a[r * N + j] + (double)b[r * N + j], 1e-6);
        }
        assert_near((double)sum[j], column, 1e-6);
        assert_near((double)y[j], 0.25 * (double)a[j] + 0.75 * (double)y_before[j], 1e-6);
    }
    k->blend(N, 1.0f, a, y);
    ck_assert_mem_eq(a, y, N * sizeof *y);
}
END_TEST

/* sum_j upstream[j] LayerNorm(ReLU(u))[j] */
static double layer_norm_loss(size_t n, const double *u, const float *scale, const float *offset, const float *upstream)
{
    double r[WIDTH], sum = 0.0;
    for (size_t i = 0; i < n; i++)
        r[i] = u[i] > 0.0 ? u[i] : 0.0;
    double mean = mean_of(n, r), inverse = 1.0 / sqrt(variance_of(n, r) + 1e-6);
    for (size_t i = 0; i < n; i++)
        sum += (double)upstream[i] * ((double)scale[i] * (r[i] - mean) * inverse + (double)offset[i]);
    return sum;
}

START_TEST(layer_norm)
{
    float *u = workshop_floats(&w, WIDTH), *scale = workshop_floats(&w, WIDTH), *offset = workshop_floats(&w, WIDTH);
    float *gh = workshop_floats(&w, WIDTH), h[WIDTH], du[WIDTH], ds[WIDTH] = {0}, db[WIDTH] = {0}, mean, inverse;
    double exact[WIDTH], sum = 0.0;
    to_double(WIDTH, u, exact);
    k->layer_norm(WIDTH, u, scale, offset, h, &mean, &inverse);
    k->layer_norm_backward(WIDTH, u, scale, mean, inverse, gh, du, ds, db);
    for (int i = 0; i < WIDTH; i++)
        sum += (double)gh[i] * (double)h[i];
    assert_near(sum, layer_norm_loss(WIDTH, exact, scale, offset, gh), 1e-5);
    for (int i = 0; i < WIDTH; i++) {
        double at = exact[i], r = u[i] > 0.0f ? (double)u[i] : 0.0;
        exact[i] = at + 1e-6;
        double above = layer_norm_loss(WIDTH, exact, scale, offset, gh);
        exact[i] = at - 1e-6;
        double below = layer_norm_loss(WIDTH, exact, scale, offset, gh);
        exact[i] = at;
        if (fabs(at) > 1e-5)
            assert_near((double)du[i], (above - below) / 2e-6, 1e-4);
        assert_near((double)db[i], (double)gh[i], 1e-6);
        assert_near((double)ds[i], (double)gh[i] * (r - (double)mean) * (double)inverse, 1e-5);
    }
}
END_TEST

static double exact_goodness(arq_goodness kind, size_t d, const double *y)
{
    double mean = mean_of(d, y), variance = variance_of(d, y);
    switch (kind) {
    case ARQ_GOODNESS_RMS:
        return sqrt(variance);
    case ARQ_GOODNESS_VARIANCE:
        return variance;
    case ARQ_GOODNESS_MEAN:
        return mean;
    case ARQ_GOODNESS_MEAN_SQUARE:
        return variance + mean * mean;
    case ARQ_GOODNESS_RMS_UNCENTERED:
        return sqrt(variance + mean * mean);
    case ARQ_GOODNESS_COUNT:
        break;
    }
    return NAN;
}

START_TEST(goodness)
{
    arq_goodness kind = (arq_goodness)_i;
    float *y = workshop_floats(&w, WIDTH), gy[WIDTH];
    double exact[WIDTH];
    to_double(WIDTH, y, exact);
    float q = k->goodness(kind, WIDTH, y);
    assert_near((double)q, exact_goodness(kind, WIDTH, exact), 1e-6);
    k->goodness_gradient(kind, WIDTH, y, q, 0.75f, gy);
    for (int j = 0; j < WIDTH; j++) {
        double at = exact[j];
        exact[j] = at + 1e-6;
        double above = exact_goodness(kind, WIDTH, exact);
        exact[j] = at - 1e-6;
        double below = exact_goodness(kind, WIDTH, exact);
        exact[j] = at;
        assert_near((double)gy[j], 0.75 * (above - below) / 2e-6, 1e-6);
    }
}
END_TEST

START_TEST(goodness_of_nothing_has_no_slope)
{
    const float zeros[4] = {0}, equal[4] = {2.0f, 2.0f, 2.0f, 2.0f};
    float gy[4];
    ck_assert_float_eq(k->goodness(ARQ_GOODNESS_RMS, 4, equal), 0.0f);
    k->goodness_gradient(ARQ_GOODNESS_RMS, 4, equal, 0.0f, 1.0f, gy);
    ck_assert_mem_eq(gy, zeros, sizeof zeros);
    k->goodness_gradient(ARQ_GOODNESS_RMS_UNCENTERED, 4, zeros, 0.0f, 1.0f, gy);
    ck_assert_mem_eq(gy, zeros, sizeof zeros);
}
END_TEST

/* sum over j in [first, first + count) of gy[j] y[j], straight from the definition: rows of P standardised, tanh, h. */
static double attention_loss(const double *z1, const double *z2, const double *h, const float *gy, size_t first,
                             size_t count, double *y)
{
    double loss = 0.0;
    for (size_t j = 0; j < ROWS; j++) {
        double p[WIDTH] = {0};
        for (size_t i = 0; i < WIDTH; i++) {
            for (size_t head = 0; head < HEADS; head++)
                p[i] += z2[head * ROWS + j] * z1[head * WIDTH + i];
        }
        double mean = mean_of(WIDTH, p), deviation = sqrt(variance_of(WIDTH, p));
        y[j] = 0.0;
        for (size_t i = 0; i < WIDTH; i++)
            y[j] += tanh((p[i] - mean) / (deviation + 1e-6)) * h[i];
        if (j >= first && j < first + count)
            loss += (double)gy[j] * y[j];
    }
    return loss;
}

/* One cell in double and all that the kernels make of it. */
typedef struct cell {
    double z1[HEADS * WIDTH], z2[HEADS * ROWS], h[WIDTH];
    float y[ROWS], slope_y[ROWS], gh[WIDTH], dz1[HEADS * WIDTH], dz2[HEADS * ROWS];
    float *gy;
    size_t first, count;
} cell;

static void run_cell(cell *x, size_t first, size_t count)
{
    float *z1 = workshop_floats(&w, HEADS * WIDTH), *z2 = workshop_floats(&w, HEADS * ROWS);
    float *h = workshop_floats(&w, WIDTH), c[HEADS * HEADS], s[ROWS], inverse[ROWS], rho[ROWS];
    float v[HEADS * ROWS], g[HEADS * ROWS], u[HEADS * WIDTH];
    to_double(HEADS * WIDTH, z1, x->z1);
    to_double(HEADS * ROWS, z2, x->z2);
    to_double(WIDTH, h, x->h);
    x->gy = workshop_floats(&w, ROWS);
    x->first = first;
    x->count = count;
    float kept[ARQ_KEPT_TANH_FLOATS(WIDTH, ROWS)];
    arq_attention a = {HEADS, WIDTH, ROWS, z1, WIDTH, z2, ROWS, h, count == ROWS ? kept : NULL};
    k->center(HEADS, WIDTH, z1, WIDTH);
    k->covariance(HEADS, WIDTH, z1, WIDTH, c);
    k->row_scales(HEADS, ROWS, z2, ROWS, c, s, inverse, v);
    k->attention(&a, v, x->y);
    k->attention_slope(&a, v, x->slope_y, g);
    k->attention_backward(&a, v, x->gy, first, count, x->gh, u);
    k->attention_gradients(&a, c, s, inverse, v, g, x->gy, first, count, u, rho, x->dz1, x->dz2);
}

/* The slope of the loss in `entry`, one of the cell's own numbers. */
static double cell_slope(cell *x, double *entry)
{
    double y[ROWS], at = *entry;
    *entry = at + 1e-6;
    double above = attention_loss(x->z1, x->z2, x->h, x->gy, x->first, x->count, y);
    *entry = at - 1e-6;
    double below = attention_loss(x->z1, x->z2, x->h, x->gy, x->first, x->count, y);
    *entry = at;
    return (above - below) / 2e-6;
}

START_TEST(attention)
{
    cell x;
    double y[ROWS];
    run_cell(&x, 0, ROWS);
    attention_loss(x.z1, x.z2, x.h, x.gy, 0, ROWS, y);
    for (int j = 0; j < ROWS; j++) {
        assert_near((double)x.y[j], y[j], 1e-5);
        ck_assert_float_eq(x.slope_y[j], x.y[j]);
    }
}
END_TEST

START_TEST(attention_gradient)
{
    cell x;
    run_cell(&x, _i ? 3 : 0, _i ? 5 : ROWS);
    for (int i = 0; i < HEADS * WIDTH; i++)
        assert_near((double)x.dz1[i], cell_slope(&x, &x.z1[i]), 1e-4);
    for (int i = 0; i < HEADS * ROWS; i++)
        assert_near((double)x.dz2[i], cell_slope(&x, &x.z2[i]), 1e-4);
    for (int i = 0; i < WIDTH; i++)
        assert_near((double)x.gh[i], cell_slope(&x, &x.h[i]), 1e-4);
}
END_TEST

START_TEST(row_without_variance)
{
    const float z2[2] = {0.0f, 1.0f}, c[1] = {4.0f};
    float s[2], inverse[2], v[2];
    k->row_scales(1, 2, z2, 2, c, s, inverse, v);
    ck_assert_float_eq(s[0], 0.0f);
    ck_assert_float_eq(inverse[0], 0.0f);
    ck_assert_float_eq(v[0], 0.0f);
    ck_assert_float_eq(s[1], 2.0f);
}
END_TEST

START_TEST(adam)
{
    const arq_adam_step step = {0.5f, 0.9f, 0.1f, 0.99f, 0.01f, 1.0f / 0.19f, 1.0f / 0.0199f, 1e-2f, 1e-8f, 0, 0};
    float *g = workshop_floats(&w, WIDTH), *p = workshop_floats(&w, WIDTH), *m = workshop_floats(&w, WIDTH);
    float *v = workshop_floats(&w, WIDTH);
    for (int i = 0; i < WIDTH; i++) {
        v[i] = fabsf(v[i]);
        double gradient = 0.5 * (double)g[i], first = 0.9 * (double)m[i] + 0.1 * gradient;
        double second = 0.99 * (double)v[i] + 0.01 * gradient * gradient;
        double expected = (double)p[i] - 1e-2 * (first / 0.19) / (sqrt(second / 0.0199) + 1e-8);
        k->adam(1, &step, g + i, p + i, m + i, v + i);
        assert_near((double)p[i], expected, 1e-6);
        assert_near((double)m[i], first, 1e-6);
        assert_near((double)v[i], second, 1e-6);
    }
}
END_TEST

START_TEST(sum_of_squares)
{
    float *x = workshop_floats(&w, WIDTH);
    double sum = 0.0;
    for (int i = 0; i < WIDTH; i++)
        sum += (double)x[i] * (double)x[i];
    assert_near(k->sum_of_squares(WIDTH, x), sum, 1e-14);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reference kernels");
    TCase *formulas = tcase_create("formulas");
    tcase_add_checked_fixture(formulas, setup, teardown);
    tcase_add_test(formulas, products);
    tcase_add_test(formulas, binary_rows);
    tcase_add_test(formulas, sums_of_rows);
    tcase_add_test(formulas, layer_norm);
    tcase_add_loop_test(formulas, goodness, 0, ARQ_GOODNESS_COUNT);
    tcase_add_test(formulas, goodness_of_nothing_has_no_slope);
    tcase_add_test(formulas, attention);
    tcase_add_loop_test(formulas, attention_gradient, 0, 2);
    tcase_add_test(formulas, row_without_variance);
    tcase_add_test(formulas, adam);
    tcase_add_test(formulas, sum_of_squares);
    suite_add_tcase(suite, formulas);
    return run_suite(suite);
}
