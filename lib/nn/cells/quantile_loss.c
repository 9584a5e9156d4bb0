#include "nn/cells/quantile_loss.h"

#include <math.h>

/* |tau_i - [td < 0]|; tau is a float, as released. */
static double weight(uint32_t n, uint32_t i, double td)
{
    double tau = (double)(float)((i + 0.5) / n);
    return td < 0 ? 1 - tau : tau;
}

double arq_quantile_loss(uint32_t n, const float *theta, const float *target, int huber)
{
    double sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t j = 0; j < n; j++) {
            double td = (double)target[j] - (double)theta[i];
            double size = fabs(td);
            sum += weight(n, i, td) * (huber && size > 1 ? size : size * size);
        }
    }
    return sum / n;
}

void arq_quantile_slopes(uint32_t n, const float *theta, const float *target, int huber, uint32_t batch, float *slope)
{
    for (uint32_t i = 0; i < n; i++) {
        double sum = 0;
        for (uint32_t j = 0; j < n; j++) {
            double td = (double)target[j] - (double)theta[i];
            double change = huber && fabs(td) > 1 ? (td > 0 ? 1 : -1) : 2 * td;
            sum -= weight(n, i, td) * change;
        }
        slope[i] = (float)(sum / n / batch);
    }
}
