/* Matrix products, reference tier. */
#include "kernels/list.h"

void arq_k_gemm_generic(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b, size_t ldb, float *c,
                        size_t ldc, float *pack)
{
    (void)pack;
    for (size_t i = 0; i < m; i++) {
        for (size_t l = 0; l < k; l++) {
            for (size_t j = 0; j < n; j++) {
                c[i * ldc + j] = __builtin_fmaf(a[i * lda + l], b[l * ldb + j], c[i * ldc + j]);
            }
        }
    }
}

void arq_k_gemm_tn_generic(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b, size_t ldb,
                           float *c, size_t ldc, float *pack)
{
    (void)pack;
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < n; j++) {
            c[i * ldc + j] = 0.0f;
        }
        for (size_t l = 0; l < k; l++) {
            for (size_t j = 0; j < n; j++) {
                c[i * ldc + j] = __builtin_fmaf(a[l * lda + i], b[l * ldb + j], c[i * ldc + j]);
            }
        }
    }
}
