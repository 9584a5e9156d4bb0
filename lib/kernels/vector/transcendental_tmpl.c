/* tanh and exp over arrays. */
#include "kernels/vector/transcendental.h"

void KERNEL(tanh)(size_t n, const float *x, float *out)
{
    for (size_t i = 0; i < n; i += VEC_WIDTH) {
        vec_store_at(out, i, n, vec_tanh(vec_load_at(x, i, n)));
    }
}

void KERNEL(exp)(size_t n, const float *x, float *out)
{
    for (size_t i = 0; i < n; i += VEC_WIDTH) {
        vec_store_at(out, i, n, vec_exp(vec_load_at(x, i, n)));
    }
}
