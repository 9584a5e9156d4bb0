#include "nn/metrics.h"

#include <math.h>

const arq_metric_row arq_cell_metrics[ARQ_METRICS] = {
    [ARQ_METRIC_LOSS] = {"loss", "mean temporal-difference loss of the last update"},
    [ARQ_METRIC_Q] = {"q", "mean Q of the batch's states and actions"},
    [ARQ_METRIC_TARGET_Q] = {"target_q", "mean temporal-difference target"},
    [ARQ_METRIC_TD_ERROR] = {"td_error", "mean size of the temporal-difference error"},
    [ARQ_METRIC_SPREAD] = {"spread", "mean standard deviation of y (heads and ad: of Q over actions; ff-dqn's "
                                     "features: of the goodness over the batch)"},
    [ARQ_METRIC_GRADIENT_NORM] = {"gradient_norm", "norm of the gradient before clipping"},
    [ARQ_METRIC_DEAD] = {"dead", "share of units that no state of the batch makes fire"},
    [ARQ_METRIC_ZERO] = {"zero", "share of zero ReLU outputs"},
    [ARQ_METRIC_COLLAPSED] = {"collapsed", "1 once the spread stayed below 1e-3 of its first value for 100 updates"},
    [ARQ_METRIC_UNREACHABLE] = {"unreachable", "1 once a target lay below 0, where the goodness cannot follow"},
    [ARQ_METRIC_RETURN_ERROR] = {"return_error", "root of the mean squared error of Q before it learned: of an "
                                                 "update, or of a rollout's first epoch"},
    [ARQ_METRIC_EXPLAINED_VARIANCE] = {"explained_variance",
                                       "share of the targets' variance that Q foresaw; of the same"},
    [ARQ_METRIC_SKIPPED] = {"skipped", "ff-dqn: updates of features left out because the batch had one class only"},
};

void arq_metrics_clear(double metric[ARQ_METRICS])
{
    for (int i = 0; i < ARQ_METRICS; i++) {
        int counts = i == ARQ_METRIC_COLLAPSED || i == ARQ_METRIC_SKIPPED || i == ARQ_METRIC_UNREACHABLE;
        metric[i] = counts ? 0 : (double)NAN;
    }
}

void arq_metrics_set_means(double metric[ARQ_METRICS], const arq_td_sums *sums, uint32_t batch)
{
    metric[ARQ_METRIC_LOSS] = sums->loss / batch;
    metric[ARQ_METRIC_Q] = sums->q / batch;
    metric[ARQ_METRIC_TARGET_Q] = sums->target / batch;
    metric[ARQ_METRIC_TD_ERROR] = sums->error_size / batch;
    metric[ARQ_METRIC_SPREAD] = sums->spread / batch;
}

void arq_metrics_set_units(double metric[ARQ_METRICS], arq_unit_shares shares)
{
    metric[ARQ_METRIC_DEAD] = shares.dead;
    metric[ARQ_METRIC_ZERO] = shares.zero;
}
