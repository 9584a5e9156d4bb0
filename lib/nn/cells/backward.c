#include "nn/cells/backward.h"

#include "nn/cells/quantile_loss.h"
#include "nn/math/temporal_difference.h"

#include <math.h>
#include <string.h>

static float slope_of_q(const void *data, uint32_t sample, float q)
{
    const arq_cell_task *t = data;
    return arq_td_slope((arq_loss)t->learner->parameters.loss, q - t->s->td_target[t->l][sample], t->batch->size);
}

static void slope_of_quantiles(const void *data, uint32_t sample, const float *y, float *gy)
{
    const arq_cell_task *t = data;
    uint32_t n = arq_cell_quantiles(t->cell);
    int huber = t->learner->parameters.loss == ARQ_LOSS_HUBER;
    const float *target = t->s->td_target[t->l] + (size_t)sample * n;
    t->s->loss[t->l][sample] = (float)arq_quantile_loss(n, y, target, huber);
    arq_quantile_slopes(n, y, target, huber, t->batch->size, gy);
}

/* A bound of the norm of the sample's gradient: the sum over the tensors of |input| |error|; the bias has the input 1.
 */
static double bound_gradient(const arq_cell_task *t, uint32_t sample)
{
    const arq_kernels *kernels = t->learner->context->kernels;
    const arq_cell_shape *cell = t->cell;
    size_t n = cell->width, z1 = cell->heads * n, z2 = (size_t)cell->heads * cell->rows;
    double square = arq_row_square(kernels, &t->x, sample);
    double coded = square + cell->code; /* a code's values are at most 1 */
    return sqrt((square + 1) * kernels->sum_of_squares(n, t->s->du[t->l] + sample * n)) +
           sqrt(coded * kernels->sum_of_squares(z1, t->projections.z1 + sample * z1)) +
           sqrt(coded * kernels->sum_of_squares(z2, t->projections.z2 + sample * z2));
}

static void learn_sample(const arq_cell_task *t, uint32_t sample, float *workspace)
{
    arq_cells_learner *s = t->s;
    const arq_kernels *kernels = t->learner->context->kernels;
    size_t n = t->cell->width;
    const arq_loss_slopes slopes = {slope_of_q, slope_of_quantiles, t};
    float *gh = s->gh + sample * n;
    arq_sample_loss loss =
        arq_cell_learn_sample(kernels, t->cell, &t->projections, sample, t->pass->h[t->l] + sample * n,
                              (uint32_t)t->batch->actions[sample], &slopes, workspace, gh);
    s->q[t->l][sample] = loss.q;
    s->spread[t->l][sample] = loss.spread;
    const arq_features *features = &s->features[t->l];
    float *partial = s->norm_gradients[t->l] + sample / ARQ_SAMPLE_BLOCK * 2 * n;
    kernels->layer_norm_backward(n, features->u + sample * n, t->weights + t->cell->offset[ARQ_CELL_NORM_SCALE],
                                 features->mean[sample], features->inverse_std[sample], gh, s->du[t->l] + sample * n,
                                 partial, partial + n);
    s->bound[sample] = bound_gradient(t, sample);
}

void arq_cell_tasks_add_backward(arq_cell_tasks *tasks, const arq_learner *learner, const arq_batch *batch, uint32_t l)
{
    const arq_cells_learner *s = learner->state;
    size_t partials = 2 * (size_t)learner->network->shape.width[l] * arq_sample_blocks(batch->size);
    memset(s->norm_gradients[l], 0, partials * sizeof(float));
    arq_cell_tasks_add(tasks, learner, batch, l, &s->now, learn_sample);
}
