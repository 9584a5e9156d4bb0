/*
 * The loss of AD with quantiles, as released: for predictions theta_i and targets t_j, td = t_j - theta_i,
 *     sum over i of the mean over j of |tau_i - [td < 0]| f(td),  tau_i = (i + 1/2) / N,
 * with f = td^2, which makes them expectiles; with Huber's f = td^2 up to |td| = 1 and |td| beyond.
 */
#ifndef ARQ_NN_CELLS_QUANTILE_LOSS_H
#define ARQ_NN_CELLS_QUANTILE_LOSS_H

#include <stdint.h>

double arq_quantile_loss(uint32_t n, const float *theta, const float *target, int huber);

/* slope[i] = dLoss / dtheta_i, divided by `batch`. */
void arq_quantile_slopes(uint32_t n, const float *theta, const float *target, int huber, uint32_t batch, float *slope);

#endif
