#include "nn/math/temporal_difference.h"

#include <math.h>
#include <string.h>

/* A gradient whose norm could be larger than this has diverged: squares must fit a float. */
#define GRADIENT_LIMIT 1e18

void arq_td_add(arq_td_sums *sums, double loss, double q, double target, double error, double spread)
{
    sums->count++;
    sums->loss += loss;
    sums->q += q;
    sums->target += target;
    sums->spread += spread;
    sums->error_size += fabs(error);
    sums->error += error;
    sums->error_squared += error * error;
    sums->target_squared += target * target;
}

void arq_td_add_sums(arq_td_sums *sums, const arq_td_sums *more)
{
    sums->count += more->count;
    sums->loss += more->loss;
    sums->q += more->q;
    sums->target += more->target;
    sums->spread += more->spread;
    sums->error_size += more->error_size;
    sums->error += more->error;
    sums->error_squared += more->error_squared;
    sums->target_squared += more->target_squared;
}

double arq_td_root_error(const arq_td_sums *sums)
{
    return sqrt(sums->error_squared / (double)sums->count);
}

double arq_td_explained_variance(const arq_td_sums *sums)
{
    double n = (double)sums->count;
    double of_targets = sums->target_squared / n - (sums->target / n) * (sums->target / n);
    double of_errors = sums->error_squared / n - (sums->error / n) * (sums->error / n);
    return of_targets > 0 ? 1 - of_errors / of_targets : (double)NAN;
}

arq_unit_shares arq_share_units(uint32_t batch, uint32_t n, const float *values, uint32_t *fired)
{
    memset(fired, 0, n * sizeof(*fired));
    for (uint32_t b = 0; b < batch; b++) {
        const float *row = values + (size_t)b * n;
        for (uint32_t i = 0; i < n; i++) {
            fired[i] += row[i] > 0;
        }
    }
    uint32_t dead = 0;
    uint64_t total = 0;
    for (uint32_t i = 0; i < n; i++) {
        dead += fired[i] == 0;
        total += fired[i];
    }
    return (arq_unit_shares){.dead = (double)dead / n, .zero = 1 - (double)total / ((double)n * batch)};
}

arq_status arq_check_divergence(const arq_context *context, uint64_t update, const char *what, double loss,
                                const char *norm_name, double norm)
{
    if (isfinite(loss) && norm < GRADIENT_LIMIT) {
        return ARQ_OK;
    }
    return arq_fail(context, ARQ_E_DIVERGED, "%s diverged in update %llu: loss %g, %s %g; no weight has changed", what,
                    (unsigned long long)update, loss, norm_name, norm);
}
