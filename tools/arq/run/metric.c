#include "run/metric.h"

#include <math.h>

double run_metric(const arq_run *run, const char *name, uint32_t cell)
{
    double value = (double)NAN;
    return arq_run_metric(run, name, cell, &value) == ARQ_OK ? value : (double)NAN;
}
