/* Whole rows added, gathered, scattered and blended, reference tier. */
#include "kernels/list.h"

static int bit_is_set(const uint8_t *bits, size_t i)
{
    return bits[i / 8] >> (i % 8) & 1;
}

void arq_k_gather_rows_generic(size_t count, const uint8_t *bits, size_t n, const float *b, size_t ldb, float *c)
{
    for (size_t i = 0; i < count; i++) {
        if (!bit_is_set(bits, i)) {
            continue;
        }
        for (size_t j = 0; j < n; j++) {
            c[j] = c[j] + b[i * ldb + j];
        }
    }
}

void arq_k_gemm_bits_generic(size_t m, size_t n, size_t k, const uint8_t *a, size_t stride, const float *b, size_t ldb,
                             float *c, size_t ldc)
{
    for (size_t i = 0; i < m; i++) {
        arq_k_gather_rows_generic(k, a + i * stride, n, b, ldb, c + i * ldc);
    }
}

void arq_k_gemm_same_bits_generic(size_t m, size_t k, const uint8_t *a, size_t stride, const arq_bit_product *products,
                                  size_t count)
{
    for (size_t p = 0; p < count; p++) {
        const arq_bit_product *product = &products[p];
        for (size_t i = 0; i < m; i++) {
            for (size_t j = 0; j < product->n; j++) {
                product->c[i * product->ldc + j] = 0.0f;
            }
        }
        arq_k_gemm_bits_generic(m, product->n, k, a, stride, product->b, product->ldb, product->c, product->ldc);
    }
}

void arq_k_scatter_rows_generic(size_t count, const uint8_t *bits, size_t n, const float *d, float *g, size_t ldg)
{
    for (size_t i = 0; i < count; i++) {
        if (!bit_is_set(bits, i)) {
            continue;
        }
        for (size_t j = 0; j < n; j++) {
            g[i * ldg + j] = g[i * ldg + j] + d[j];
        }
    }
}

void arq_k_unpack_bits_generic(size_t count, const uint8_t *bits, float *out)
{
    for (size_t i = 0; i < count; i++) {
        out[i] = bit_is_set(bits, i) ? 1.0f : 0.0f;
    }
}

void arq_k_add_columns_generic(size_t rows, size_t n, const float *in, size_t ld, float *out)
{
    for (size_t r = 0; r < rows; r++) {
        for (size_t j = 0; j < n; j++) {
            out[j] = out[j] + in[r * ld + j];
        }
    }
}

void arq_k_add_generic(size_t rows, size_t n, const float *a, size_t lda, const float *b, size_t ldb, float *out,
                       size_t ldo)
{
    for (size_t r = 0; r < rows; r++) {
        for (size_t j = 0; j < n; j++) {
            out[r * ldo + j] = a[r * lda + j] + b[r * ldb + j];
        }
    }
}

void arq_k_blend_generic(size_t n, float alpha, const float *x, float *y)
{
    float keep = 1.0f - alpha;
    for (size_t i = 0; i < n; i++) {
        y[i] = alpha == 1.0f ? x[i] : __builtin_fmaf(alpha, x[i], keep * y[i]);
    }
}
