/* tanh and exp over arrays, reference tier. */
#include "kernels/generic/scalar.h"
#include "kernels/list.h"

void arq_k_tanh_generic(size_t n, const float *x, float *out)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = tanh_scalar(x[i]);
    }
}

void arq_k_exp_generic(size_t n, const float *x, float *out)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = exp_scalar(x[i]);
    }
}
