/*
 * What every kind computes when it learns: targets, errors, the loss and its slope, shares of units that fire, and the
 * check that an update has not diverged.
 */
#ifndef ARQ_NN_MATH_TEMPORAL_DIFFERENCE_H
#define ARQ_NN_MATH_TEMPORAL_DIFFERENCE_H

#include "core/context.h"
#include "core/parameters.h"

/* y = r + gamma Q(s', a*); nothing comes after a termination. */
static inline float arq_td_target(float reward, float gamma, int terminated, float next_q)
{
    return terminated ? reward : reward + gamma * next_q;
}

/* dLoss/dQ of one of `batch` samples, for the error e = Q - y: 2 e / B, or with Huber's loss clamp(e, -1, 1) / B. */
static inline float arq_td_slope(arq_loss loss, float error, uint32_t batch)
{
    float slope = loss == ARQ_LOSS_MSE ? 2 * error : error > 1 ? 1 : error < -1 ? -1 : error;
    return slope / (float)batch;
}

/* The loss of one sample. */
static inline double arq_td_loss(arq_loss loss, double error)
{
    double size = error < 0 ? -error : error;
    return loss == ARQ_LOSS_MSE ? error * error : size <= 1 ? error * error / 2 : size - 0.5;
}

/* Sums over the samples of a batch; `error` of its size. */
typedef struct arq_td_sums {
    double loss, q, target, error, spread;
} arq_td_sums;

void arq_td_add(arq_td_sums *sums, double loss, double q, double target, double error, double spread);

/* How many of n units fire on no sample, and how many outputs are zero, as shares. values [batch, n] are positive
 * where a unit fires; fired [n] is work space. */
typedef struct arq_unit_shares {
    double dead, zero;
} arq_unit_shares;
arq_unit_shares arq_share_units(uint32_t batch, uint32_t n, const float *values, uint32_t *fired);

/* ARQ_E_DIVERGED unless the loss is finite and the gradient's norm, or `norm_name`'s bound of it, small enough that
 * its squares fit a float. `what` has diverged in update number `update`. */
arq_status arq_check_divergence(const arq_context *context, uint64_t update, const char *what, double loss,
                                const char *norm_name, double norm);

#endif
