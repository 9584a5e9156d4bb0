/* Goodness functions and their gradients, reference tier. */
#include "kernels/generic/lanes.h"
#include "kernels/list.h"

#include <math.h>

static int is_centred(arq_goodness kind)
{
    return kind == ARQ_GOODNESS_RMS || kind == ARQ_GOODNESS_VARIANCE;
}

static int is_root(arq_goodness kind)
{
    return kind == ARQ_GOODNESS_RMS || kind == ARQ_GOODNESS_RMS_UNCENTERED;
}

float arq_k_goodness_generic(arq_goodness kind, size_t d, const float *y)
{
    if (kind == ARQ_GOODNESS_MEAN) {
        return lanes_mean(d, y);
    }
    float mean = is_centred(kind) ? lanes_mean(d, y) : 0.0f;
    lanes squares = {{0}};
    for (size_t j = 0; j < d; j++) {
        lanes_multiply_add(&squares, j, y[j] - mean, y[j] - mean);
    }
    float moment = lanes_total(&squares) / (float)d;
    return is_root(kind) ? sqrtf(moment) : moment;
}

void arq_k_goodness_gradient_generic(arq_goodness kind, size_t d, const float *y, float q, float e, float *gy)
{
    float width = (float)d;
    float mean = is_centred(kind) ? lanes_mean(d, y) : 0.0f;
    float factor = 2.0f * e / width;
    if (is_root(kind)) {
        factor = q == 0.0f ? 0.0f : e / (width * q);
    }
    for (size_t j = 0; j < d; j++) {
        gy[j] = kind == ARQ_GOODNESS_MEAN ? e / width : (y[j] - mean) * factor;
    }
}
