/* Gradient norm and Adam. */
#include "kernels/vector/vector.h"

/* A missing entry reads as 0 and leaves a sum of squares as it is. */
static ALWAYS_INLINE void add_squares(size_t n, const float *x, double lanes[16])
{
    vec_double sums[32 / VEC_WIDTH];
    FOR_EACH (p, 32 / VEC_WIDTH) {
        sums[p] = vec_double_load(&lanes[p * (VEC_WIDTH / 2)]);
    }
    for (size_t i = 0; i < n; i += 16) {
        FOR_EACH (p, 16 / VEC_WIDTH) {
            if (i + p * VEC_WIDTH < n) {
                vec_add_squares(vec_load_at(x, i + p * VEC_WIDTH, n), &sums[2 * p]);
            }
        }
    }
    FOR_EACH (p, 32 / VEC_WIDTH) {
        vec_double_store(&lanes[p * (VEC_WIDTH / 2)], sums[p]);
    }
}

void KERNEL(add_squares)(size_t n, const float *x, double lanes[16])
{
    add_squares(n, x, lanes);
}

double KERNEL(sum_of_squares)(size_t n, const float *x)
{
    double lanes[16] = {0};
    add_squares(n, x, lanes);
    return arq_double_lanes_total(lanes);
}

static ALWAYS_INLINE void adam_at(size_t i, size_t n, const arq_adam_step *step, const float *g, float *p, float *m,
                                  float *v)
{
    vec raw = vec_load_at(g, i, n), old_first = vec_load_at(m, i, n), old_second = vec_load_at(v, i, n);
    if (!vec_any_bit(raw, old_first, old_second)) {
        return; /* weights of inputs that were never set: nothing moves, and division and root are most of the time */
    }
    vec still_first = vec_if_still(old_first, raw, step->still_first);
    vec still_second = vec_if_still(old_second, raw, step->still_second);
    old_first = vec_xor(old_first, still_first);
    old_second = vec_xor(old_second, still_second);
    vec gradient = vec_mul(raw, vec_set(step->gradient_scale));
    vec first = vec_fma(vec_set(step->one_minus_beta1), gradient, vec_mul(vec_set(step->beta1), old_first));
    vec second =
        vec_fma(vec_mul(vec_set(step->one_minus_beta2), gradient), gradient, vec_mul(vec_set(step->beta2), old_second));
    vec moving = vec_or(first, vec_sign(still_first));
    vec numerator = vec_mul(vec_set(step->learning_rate), vec_mul(moving, vec_set(step->inverse_bias1)));
    vec root = vec_sqrt(vec_mul(second, vec_set(step->inverse_bias2)));
    vec change = vec_div(numerator, vec_add(root, vec_set(step->epsilon)));
    vec_store_at(m, i, n, vec_or(first, still_first));
    vec_store_at(v, i, n, vec_or(second, still_second));
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
