#include "nn/math/optimiser.h"

#include <math.h>

/* Values of one partial sum of the norm: they decide its rounding. Adam's tasks may be any size. */
#define NORM_BLOCK ((size_t)16384)
#define ADAM_BLOCK ((size_t)4096)

/* Units of the smallest denormal that are looked for; beta 0.999 keeps 499. A product of more than MOST_UNITS is
 * normal. */
#define MOST_STILL 4096.0
#define MOST_UNITS 0x1p23

size_t arq_norm_blocks(size_t n)
{
    return (n + NORM_BLOCK - 1) / NORM_BLOCK;
}

static size_t block_length(size_t n, size_t block, uint32_t index)
{
    size_t first = index * block;
    return n - first < block ? n - first : block;
}

/* The first span that ends behind this place. */
static uint32_t first_span(arq_spans spans, size_t place)
{
    uint32_t low = 0;
    uint32_t high = spans.count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (spans.span[middle].first + spans.span[middle].count > place) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

/* The part of span `i` in [begin, end); 0 values where there is none, as behind the last. */
static arq_span part_of_span(arq_spans spans, uint32_t i, size_t begin, size_t end)
{
    if (i >= spans.count || spans.span[i].first >= end) {
        return (arq_span){0, 0};
    }
    size_t first = spans.span[i].first < begin ? begin : spans.span[i].first;
    size_t last = spans.span[i].first + spans.span[i].count;
    return (arq_span){first, (last < end ? last : end) - first};
}

typedef struct norm_task {
    const arq_kernels *kernels;
    size_t n;
    arq_spans spans;
    const float *gradient;
    double *partial_sums;
} norm_task;

/* The sum of squares of the whole block, in which other values than those of the spans are 0. */
static void sum_block(void *data, uint32_t index)
{
    const norm_task *t = data;
    size_t begin = index * NORM_BLOCK;
    size_t end = begin + block_length(t->n, NORM_BLOCK, index);
    double sums[16] = {0};
    arq_span part;
    for (uint32_t i = first_span(t->spans, begin); (part = part_of_span(t->spans, i, begin, end)).count > 0; i++) {
        t->kernels->add_squares(part.count, t->gradient + part.first, sums);
    }
    t->partial_sums[index] = arq_double_lanes_total(sums);
}

double arq_gradient_norm(const arq_context *context, size_t n, arq_spans spans, const float *gradient,
                         double *partial_sums)
{
    norm_task task = {context->kernels, n, spans, gradient, partial_sums};
    size_t blocks = arq_norm_blocks(n);
    arq_parallel_for(context, (uint32_t)blocks, sum_block, &task);
    double sum = 0;
    for (size_t i = 0; i < blocks; i++) {
        sum += partial_sums[i];
    }
    return sqrt(sum);
}

/* The most units of the smallest denormal that stay so many when they are multiplied by beta and rounded. */
static uint32_t still_units(double beta)
{
    double step = 1 - beta; /* of one unit; exact, as its products with whole numbers below 2^23 are */
    if (!(step > 0 && step < 0.5)) {
        return 0;
    }
    double units = floor(0.5 / step);
    units = units < MOST_STILL ? units : MOST_STILL;
    while (units > 0 && units * step >= 0.5) {
        units--;
    }
    return (uint32_t)units;
}

/* Of these, how many are too few for the weights to feel: the step's products round to 0. */
static uint32_t unfelt_units(uint32_t units, const arq_adam_step *step)
{
    for (; units > 0; units--) {
        double corrected = rint((double)step->inverse_bias1 * units);
        if (corrected < MOST_UNITS && (double)step->learning_rate * corrected <= 0.5) {
            break;
        }
    }
    return units;
}

/* Whether a denormal second moment vanishes beside epsilon. */
static int vanishes(const arq_adam_step *step)
{
    return sqrt(0x1p-126 * (double)step->inverse_bias2) < (double)step->epsilon * 0x1p-26;
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
    step.still_first = unfelt_units(still_units((double)step.beta1), &step);
    step.still_second = vanishes(&step) ? still_units((double)step.beta2) : 0;
    return step;
}

typedef struct adam_task {
    const arq_kernels *kernels;
    size_t n;
    arq_spans spans;
    const arq_adam_step *step;
    const float *gradient;
    float *weights, *m, *v;
} adam_task;

static void update_block(void *data, uint32_t index)
{
    const adam_task *t = data;
    size_t begin = index * ADAM_BLOCK;
    size_t end = begin + block_length(t->n, ADAM_BLOCK, index);
    arq_span part;
    for (uint32_t i = first_span(t->spans, begin); (part = part_of_span(t->spans, i, begin, end)).count > 0; i++) {
        t->kernels->adam(part.count, t->step, t->gradient + part.first, t->weights + part.first, t->m + part.first,
                         t->v + part.first);
    }
}

void arq_adam_update(const arq_context *context, size_t n, arq_spans spans, const arq_adam_step *step,
                     const float *gradient, float *weights, float *m, float *v)
{
    adam_task task = {context->kernels, n, spans, step, gradient, weights, m, v};
    arq_parallel_for(context, (uint32_t)((n + ADAM_BLOCK - 1) / ADAM_BLOCK), update_block, &task);
}
