/* Gradient norm and Adam, reference tier. */
#include "kernels/list.h"

#include <math.h>

void arq_k_add_squares_generic(size_t n, const float *x, double lanes[16])
{
    for (size_t i = 0; i < n; i++) {
        lanes[i % 16] = __builtin_fma((double)x[i], (double)x[i], lanes[i % 16]);
    }
}

double arq_k_sum_of_squares_generic(size_t n, const float *x)
{
    double lanes[16] = {0};
    arq_k_add_squares_generic(n, x, lanes);
    return arq_double_lanes_total(lanes);
}

void arq_k_adam_generic(size_t n, const arq_adam_step *step, const float *g, float *p, float *m, float *v)
{
    for (size_t i = 0; i < n; i++) {
        float gradient = g[i] * step->gradient_scale;
        m[i] = __builtin_fmaf(step->one_minus_beta1, gradient, step->beta1 * m[i]);
        v[i] = __builtin_fmaf(step->one_minus_beta2 * gradient, gradient, step->beta2 * v[i]);
        float numerator = step->learning_rate * (m[i] * step->inverse_bias1);
        p[i] = p[i] - numerator / (sqrtf(v[i] * step->inverse_bias2) + step->epsilon);
    }
}
