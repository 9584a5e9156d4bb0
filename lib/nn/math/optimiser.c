#include "nn/math/optimiser.h"

#include <math.h>

/* Values of one partial sum of the norm: they decide its rounding. Adam's tasks may be any size. */
#define NORM_BLOCK ((size_t)16384)
#define ADAM_BLOCK ((size_t)4096)

size_t arq_norm_blocks(size_t n)
{
    return (n + NORM_BLOCK - 1) / NORM_BLOCK;
}

static size_t block_length(size_t n, size_t block, uint32_t index)
{
    size_t first = index * block;
    return n - first < block ? n - first : block;
}

typedef struct norm_task {
    const arq_kernels *kernels;
    size_t n;
    const float *gradient;
    double *partial_sums;
} norm_task;

static void sum_block(void *data, uint32_t index)
{
    const norm_task *t = data;
    t->partial_sums[index] =
        t->kernels->sum_of_squares(block_length(t->n, NORM_BLOCK, index), t->gradient + index * NORM_BLOCK);
}

double arq_gradient_norm(const arq_context *context, size_t n, const float *gradient, double *partial_sums)
{
    norm_task task = {context->kernels, n, gradient, partial_sums};
    size_t blocks = arq_norm_blocks(n);
    arq_parallel_for(context, (uint32_t)blocks, sum_block, &task);
    double sum = 0;
    for (size_t i = 0; i < blocks; i++) {
        sum += partial_sums[i];
    }
    return sqrt(sum);
}

arq_adam_step arq_adam_constants(double learning_rate, double beta1, double beta2, double epsilon, double beta1_power,
                                 double beta2_power, double norm, double clip)
{
    arq_adam_step step = {
        .gradient_scale = clip > 0 && norm >= clip ? (float)(clip / norm) : 1.0f,
        .beta1 = (float)beta1,
        .one_minus_beta1 = (float)(1.0 - beta1),
        .beta2 = (float)beta2,
        .one_minus_beta2 = (float)(1.0 - beta2),
        .inverse_bias1 = (float)(1.0 / (1.0 - beta1_power)),
        .inverse_bias2 = (float)(1.0 / (1.0 - beta2_power)),
        .learning_rate = (float)learning_rate,
        .epsilon = (float)epsilon,
    };
    return step;
}

typedef struct adam_task {
    const arq_kernels *kernels;
    size_t n;
    const arq_adam_step *step;
    const float *gradient;
    float *weights, *m, *v;
} adam_task;

static void update_block(void *data, uint32_t index)
{
    const adam_task *t = data;
    size_t first = index * ADAM_BLOCK;
    t->kernels->adam(block_length(t->n, ADAM_BLOCK, index), t->step, t->gradient + first, t->weights + first,
                     t->m + first, t->v + first);
}

void arq_adam_update(const arq_context *context, size_t n, const arq_adam_step *step, const float *gradient,
                     float *weights, float *m, float *v)
{
    adam_task task = {context->kernels, n, step, gradient, weights, m, v};
    arq_parallel_for(context, (uint32_t)((n + ADAM_BLOCK - 1) / ADAM_BLOCK), update_block, &task);
}
