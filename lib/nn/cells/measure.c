#include "nn/cells/measure.h"

#include "nn/math/temporal_difference.h"

#include <math.h>
#include <stdio.h>

/* The mean of a sample's targets: one, or its quantiles. */
static double mean_target(const arq_cells_learner *s, uint32_t quantiles, uint32_t l, uint32_t sample)
{
    double sum = 0;
    for (uint32_t i = 0; i < quantiles; i++) {
        sum += (double)s->td_target[l][(size_t)sample * quantiles + i];
    }
    return sum / quantiles;
}

void arq_cells_measure(arq_learner *learner, uint32_t batch, uint32_t l)
{
    const arq_cells_learner *s = learner->state;
    const arq_cell_shape *cell = arq_cell_at(&learner->network->shape, l);
    uint32_t quantiles = arq_cell_quantiles(cell);
    arq_td_sums sums = {0};
    for (uint32_t b = 0; b < batch; b++) {
        double q = (double)s->q[l][b];
        double target = mean_target(s, quantiles, l, b);
        double loss =
            quantiles > 1 ? (double)s->loss[l][b] : arq_td_loss((arq_loss)learner->parameters.loss, q - target);
        learner->unreachable[l] |= target < 0 && !arq_cell_can_be_negative(cell);
        arq_td_add(&sums, loss, q, target, q - target, (double)s->spread[l][b]);
    }
    arq_td_add_sums(&learner->fit[l], &sums);
    arq_metrics_set_means(learner->metric[l], &sums, batch);
    arq_metrics_set_units(learner->metric[l], arq_share_units(batch, cell->width, s->features[l].u, s->fired));
}

arq_status arq_cells_check(const arq_learner *learner, uint32_t batch, uint32_t l)
{
    const arq_cells_learner *s = learner->state;
    size_t blocks = arq_sample_blocks(batch);
    size_t partials = 2 * (size_t)learner->network->shape.width[l] * blocks;
    double bound = sqrt((double)blocks * learner->context->kernels->sum_of_squares(partials, s->norm_gradients[l]));
    for (uint32_t b = 0; b < batch; b++) {
        bound += s->bound[b];
    }
    char what[32];
    snprintf(what, sizeof(what), "cell %u", l);
    return arq_check_divergence(learner->context, learner->updates + 1, what, learner->metric[l][ARQ_METRIC_LOSS],
                                "gradient norm up to", bound);
}
