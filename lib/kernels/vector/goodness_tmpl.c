/* Goodness functions and their gradients. */
#include "kernels/vector/lanes.h"

#include <math.h>

static int is_centred(arq_goodness kind)
{
    return kind == ARQ_GOODNESS_RMS || kind == ARQ_GOODNESS_VARIANCE;
}

static int is_root(arq_goodness kind)
{
    return kind == ARQ_GOODNESS_RMS || kind == ARQ_GOODNESS_RMS_UNCENTERED;
}

float KERNEL(goodness)(arq_goodness kind, size_t d, const float *y)
{
    if (kind == ARQ_GOODNESS_MEAN) {
        return lanes_mean(d, y);
    }
    vec mean = vec_set(is_centred(kind) ? lanes_mean(d, y) : 0.0f);
    lanes squares = lanes_zero();
    FOR_LANES(d, lanes_add_centred_square(&squares, p, count, vec_load_up_to(y + at, count), mean));
    float moment = lanes_total(&squares) / (float)d;
    return is_root(kind) ? sqrtf(moment) : moment;
}

void KERNEL(goodness_gradient)(arq_goodness kind, size_t d, const float *y, float q, float e, float *gy)
{
    float width = (float)d;
    vec mean = vec_set(is_centred(kind) ? lanes_mean(d, y) : 0.0f);
    float share = 2.0f * e / width;
    if (is_root(kind)) {
        share = q == 0.0f ? 0.0f : e / (width * q);
    }
    for (size_t j = 0; j < d; j += VEC_WIDTH) {
        vec gradient = vec_set(e / width);
        if (kind != ARQ_GOODNESS_MEAN) {
            gradient = vec_mul(vec_sub(vec_load_at(y, j, d), mean), vec_set(share));
        }
        vec_store_at(gy, j, d, gradient);
    }
}
