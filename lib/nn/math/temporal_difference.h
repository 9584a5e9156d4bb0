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

static inline double arq_td_slope_double(arq_loss loss, double error, uint32_t batch)
{
    double slope = loss == ARQ_LOSS_MSE ? 2 * error : error > 1 ? 1 : error < -1 ? -1 : error;
    return slope / (double)batch;
}

/* The loss of one sample. */
static inline double arq_td_loss(arq_loss loss, double error)
{
    double size = error < 0 ? -error : error;
    return loss == ARQ_LOSS_MSE ? error * error : size <= 1 ? error * error / 2 : size - 0.5;
}

/* Sums over samples. */
typedef struct arq_td_sums {
    uint64_t count;
    double loss, q, target, spread;
    double error_size;           /* of Q - y without its sign */
    double error, error_squared; /* of Q - y */
    double target_squared;
} arq_td_sums;

void arq_td_add(arq_td_sums *sums, double loss, double q, double target, double error, double spread);
void arq_td_add_sums(arq_td_sums *sums, const arq_td_sums *more);

/* Root of the mean squared error. */
double arq_td_root_error(const arq_td_sums *sums);

/* 1 - Var(y - Q) / Var(y): 1 is perfect, 0 no better than a constant; NAN for targets that are all the same. */
double arq_td_explained_variance(const arq_td_sums *sums);

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
