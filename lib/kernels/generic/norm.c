/* LayerNorm of a ReLU, forward and backward, and centring, reference tier. */
#include "kernels/generic/lanes.h"
#include "kernels/list.h"

#include <math.h>

#define NORM_EPSILON 1e-6f

static float relu(float u)
{
    return u <= 0.0f ? 0.0f : u; /* NaN stays */
}

void arq_k_layer_norm_generic(size_t n, const float *u, const float *scale, const float *offset, float *h, float *mean,
                              float *inverse_std)
{
    lanes sum = {{0}}, squares = {{0}};
    for (size_t i = 0; i < n; i++) {
        lanes_add(&sum, i, relu(u[i]));
    }
    *mean = lanes_total(&sum) / (float)n;
    for (size_t i = 0; i < n; i++) {
        float c = relu(u[i]) - *mean;
        lanes_multiply_add(&squares, i, c, c);
    }
    *inverse_std = 1.0f / sqrtf(lanes_total(&squares) / (float)n + NORM_EPSILON);
    for (size_t i = 0; i < n; i++) {
        h[i] = __builtin_fmaf(scale[i], (relu(u[i]) - *mean) * *inverse_std, offset[i]);
    }
}

void arq_k_layer_norm_backward_generic(size_t n, const float *u, const float *scale, float mean, float inverse_std,
                                       const float *gh, float *du, float *scale_gradient, float *offset_gradient)
{
    lanes sum = {{0}}, products = {{0}};
    for (size_t i = 0; i < n; i++) {
        float rn = (relu(u[i]) - mean) * inverse_std;
        float g = gh[i] * scale[i];
        offset_gradient[i] += gh[i];
        scale_gradient[i] = __builtin_fmaf(gh[i], rn, scale_gradient[i]);
        lanes_add(&sum, i, g);
        lanes_multiply_add(&products, i, g, rn);
    }
    float m1 = lanes_total(&sum) / (float)n;
    float m2 = lanes_total(&products) / (float)n;
    for (size_t i = 0; i < n; i++) {
        float rn = (relu(u[i]) - mean) * inverse_std;
        float g = gh[i] * scale[i];
        du[i] = u[i] > 0.0f ? inverse_std * __builtin_fmaf(-rn, m2, g - m1) : 0.0f;
    }
}

void arq_k_center_generic(size_t rows, size_t n, float *x, size_t ld)
{
    for (size_t r = 0; r < rows; r++) {
        float mean = lanes_mean(n, x + r * ld);
        for (size_t j = 0; j < n; j++) {
            x[r * ld + j] -= mean;
        }
    }
}
