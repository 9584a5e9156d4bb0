#include "rollout/returns.h"

#include <stddef.h>

void arq_returns(uint32_t length, uint32_t width, const float *rewards, const uint8_t *ends, double gamma,
                 double lambda, float *values)
{
    for (uint32_t k = 0; k < width; k++) {
        double next_return = 0;
        for (uint32_t t = length; t-- > 0;) {
            float *value = &values[(size_t)t * width + k];
            double after = (double)*value;
            if (ends[t] == ARQ_END_TERMINATED) {
                after = 0;
            } else if (ends[t] == ARQ_END_NONE && t + 1 < length) {
                after = (1 - lambda) * after + lambda * next_return;
            }
            next_return = (double)rewards[t] + gamma * after;
            *value = (float)next_return;
        }
    }
}
