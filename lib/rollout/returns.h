/*
 * Q(lambda) returns of one row of a rollout (Peng and Williams 1996; without replay and target network: Gallici et al.,
 * arXiv 2407.04811), for one predictor from its own values.
 */
#ifndef ARQ_ROLLOUT_RETURNS_H
#define ARQ_ROLLOUT_RETURNS_H

#include <stdint.h>

/* How a transition ended its episode. */
typedef enum arq_end {
    ARQ_END_NONE,
    ARQ_END_TERMINATED, /* by the rules: nothing follows */
    ARQ_END_TRUNCATED   /* cut: what would have followed is worth its value */
} arq_end;

/*
 * values [length, width]: on entry v, the value of the observation after each transition (at a truncated episode's end
 * of its final observation; at a terminated one's of nothing, it may be anything). On return y:
 *
 *     y_t = r_t                                                        terminated
 *     y_t = r_t + gamma v                                              truncated, and the row's last
 *     y_t = r_t + gamma ((1 - lambda) v + lambda y_{t+1})              otherwise
 *
 * width is 1, or the number of quantiles. Computed in double, rounded once.
 */
void arq_returns(uint32_t length, uint32_t width, const float *rewards, const uint8_t *ends, double gamma,
                 double lambda, float *values);

#endif
