/*
 * What an update says about itself: a row of numbers for each cell.
 */
#ifndef ARQ_NN_METRICS_H
#define ARQ_NN_METRICS_H

#include "nn/math/temporal_difference.h"

/* Numbers an update leaves behind, for each cell. */
typedef enum arq_cell_metric {
    ARQ_METRIC_LOSS,
    ARQ_METRIC_Q,
    ARQ_METRIC_TARGET_Q,
    ARQ_METRIC_TD_ERROR,
    ARQ_METRIC_SPREAD,
    ARQ_METRIC_GRADIENT_NORM,
    ARQ_METRIC_DEAD,
    ARQ_METRIC_ZERO,
    ARQ_METRIC_COLLAPSED,
    ARQ_METRIC_SKIPPED,
    ARQ_METRIC_RETURN_ERROR,
    ARQ_METRIC_EXPLAINED_VARIANCE,
    ARQ_METRIC_UNREACHABLE,
    ARQ_METRICS
} arq_cell_metric;

typedef struct arq_metric_row {
    const char *name;
    const char *doc;
} arq_metric_row;

extern const arq_metric_row arq_cell_metrics[ARQ_METRICS];

/* What a row is before the first update. */
void arq_metrics_clear(double metric[ARQ_METRICS]);

/* For kinds to fill in: means over a batch from its sums, and the shares of units. */
void arq_metrics_set_means(double metric[ARQ_METRICS], const arq_td_sums *sums, uint32_t batch);
void arq_metrics_set_units(double metric[ARQ_METRICS], arq_unit_shares shares);

#endif
