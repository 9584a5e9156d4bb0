/* Gradient norm and Adam. */
#include "kernels/vector/vector.h"

double KERNEL(sum_of_squares)(size_t n, const float *x)
{
    /* 16 lanes; a missing entry reads as 0 and leaves a sum of squares as it is. */
    vec_double sums[32 / VEC_WIDTH] = {{0}};
    double lane[16];
    for (size_t i = 0; i < n; i += 16) {
        FOR_EACH (p, 16 / VEC_WIDTH) {
            if (i + p * VEC_WIDTH < n) {
                vec_add_squares(vec_load_at(x, i + p * VEC_WIDTH, n), &sums[2 * p]);
            }
        }
    }
    FOR_EACH (p, 32 / VEC_WIDTH) {
        vec_double_store(&lane[p * (VEC_WIDTH / 2)], sums[p]);
    }
    for (size_t half = 8; half > 0; half /= 2) {
        for (size_t i = 0; i < half; i++) {
            lane[i] += lane[i + half];
        }
    }
    return lane[0];
}

static ALWAYS_INLINE void adam_at(size_t i, size_t n, const arq_adam_step *step, const float *g, float *p, float *m,
                                  float *v)
{
    vec raw = vec_load_at(g, i, n), old_first = vec_load_at(m, i, n), old_second = vec_load_at(v, i, n);
    if (!vec_any_bit(raw, old_first, old_second)) {
        return; /* weights of inputs that were never set: nothing moves, and division and root are most of the time */
    }
    vec gradient = vec_mul(raw, vec_set(step->gradient_scale));
    vec first = vec_fma(vec_set(step->one_minus_beta1), gradient, vec_mul(vec_set(step->beta1), old_first));
    vec second =
        vec_fma(vec_mul(vec_set(step->one_minus_beta2), gradient), gradient, vec_mul(vec_set(step->beta2), old_second));
    vec numerator = vec_mul(vec_set(step->learning_rate), vec_mul(first, vec_set(step->inverse_bias1)));
    vec root = vec_sqrt(vec_mul(second, vec_set(step->inverse_bias2)));
    vec change = vec_div(numerator, vec_add(root, vec_set(step->epsilon)));
    vec_store_at(m, i, n, first);
    vec_store_at(v, i, n, second);
    vec_store_at(p, i, n, vec_sub(vec_load_at(p, i, n), change));
}

void KERNEL(adam)(size_t n, const arq_adam_step *step, const float *g, float *p, float *m, float *v)
{
    const arq_adam_step constants = *step; /* a copy of our own cannot change under the stores */
    size_t i = 0;
    for (; i + VEC_WIDTH <= n; i += VEC_WIDTH) {
        adam_at(i, i + VEC_WIDTH, &constants, g, p, m, v);
    }
    if (i < n) {
        adam_at(i, n, &constants, g, p, m, v);
    }
}
