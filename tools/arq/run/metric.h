/* Numbers of a run by name. */
#ifndef ARQ_TOOL_METRIC_H
#define ARQ_TOOL_METRIC_H

#include "arq/run.h"

/* NAN while there is none. */
double run_metric(const arq_run *run, const char *name, uint32_t cell);

#endif
