/* LayerNorm of a ReLU, forward and backward, and centring. */
#include "kernels/vector/lanes.h"

#include <math.h>

#define NORM_EPSILON 1e-6f

static ALWAYS_INLINE vec relu_at(const float *u, size_t count)
{
    vec x = vec_load_up_to(u, count);
    return vec_unless_le_zero(x, x);
}

void KERNEL(layer_norm)(size_t n, const float *u, const float *scale, const float *offset, float *h, float *mean,
                        float *inverse_std)
{
    lanes sum = lanes_zero(), squares = lanes_zero();
    FOR_LANES(n, lanes_add(&sum, p, count, relu_at(u + at, count)));
    *mean = lanes_total(&sum) / (float)n;
    vec center = vec_set(*mean);
    FOR_LANES(n, lanes_add_centred_square(&squares, p, count, relu_at(u + at, count), center));
    *inverse_std = 1.0f / sqrtf(lanes_total(&squares) / (float)n + NORM_EPSILON);
    vec is = vec_set(*inverse_std);
    for (size_t i = 0; i < n; i += VEC_WIDTH) {
        vec rn = vec_mul(vec_sub(relu_at(u + i, n - i), center), is);
        vec_store_at(h, i, n, vec_fma(vec_load_at(scale, i, n), rn, vec_load_at(offset, i, n)));
    }
}

/* One part of the first sweep of the backward pass. */
static ALWAYS_INLINE void add_gradients(size_t count, const float *u, const float *scale, vec mean, vec is,
                                        const float *gh, float *scale_gradient, float *offset_gradient, size_t p,
                                        lanes *sum, lanes *products)
{
    vec rn = vec_mul(vec_sub(relu_at(u, count), mean), is);
    vec gradient = vec_load_up_to(gh, count);
    vec g = vec_mul(gradient, vec_load_up_to(scale, count));
    vec_store_up_to(offset_gradient, vec_add(vec_load_up_to(offset_gradient, count), gradient), count);
    vec_store_up_to(scale_gradient, vec_fma(gradient, rn, vec_load_up_to(scale_gradient, count)), count);
    lanes_add(sum, p, count, g);
    lanes_multiply_add(products, p, count, g, rn);
}

void KERNEL(layer_norm_backward)(size_t n, const float *u, const float *scale, float mean, float inverse_std,
                                 const float *gh, float *du, float *scale_gradient, float *offset_gradient)
{
    vec center = vec_set(mean), is = vec_set(inverse_std);
    lanes sum = lanes_zero(), products = lanes_zero();
    FOR_LANES(n, add_gradients(count, u + at, scale + at, center, is, gh + at, scale_gradient + at,
                               offset_gradient + at, p, &sum, &products));
    vec m1 = vec_set(lanes_total(&sum) / (float)n);
    vec m2 = vec_set(lanes_total(&products) / (float)n);
    for (size_t i = 0; i < n; i += VEC_WIDTH) {
        vec rn = vec_mul(vec_sub(relu_at(u + i, n - i), center), is);
        vec g = vec_mul(vec_load_at(gh, i, n), vec_load_at(scale, i, n));
        vec slope = vec_mul(is, vec_fnma(rn, m2, vec_sub(g, m1)));
        vec_store_at(du, i, n, vec_if_positive(vec_load_at(u, i, n), slope));
    }
}

void KERNEL(center)(size_t rows, size_t n, float *x, size_t ld)
{
    for (size_t r = 0; r < rows; r++) {
        float *row = x + r * ld;
        vec mean = vec_set(lanes_mean(n, row));
        for (size_t j = 0; j < n; j += VEC_WIDTH) {
            vec_store_at(row, j, n, vec_sub(vec_load_at(row, j, n), mean));
        }
    }
}
