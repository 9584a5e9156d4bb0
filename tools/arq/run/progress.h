/* How far a training run is: one line on a terminal, rewritten in place; now and then a line elsewhere. */
#ifndef ARQ_TOOL_PROGRESS_H
#define ARQ_TOOL_PROGRESS_H

#include "arq/run.h"

typedef struct progress {
    int quiet, terminal;
    double total;    /* steps of the whole run */
    double start;    /* when it began, in seconds */
    double before;   /* seconds that it had taken until then */
    double deadline; /* when it will be stopped, or INFINITY */
    double shown;    /* when the last line was written */
    double measured; /* when the speed was measured last */
    double measured_steps;
    double speed; /* steps a second, smoothed; 0: not known yet */
} progress;

/* `steps` and `seconds`: made and taken before, by a run that goes on. */
void progress_begin(progress *self, double total_steps, double steps, double seconds, double minutes, int quiet);

/* Shows a line when it is time for one. */
void progress_update(progress *self, const arq_run *run);

/* Shows the last line, which stays. */
void progress_end(progress *self, const arq_run *run);

/* Seconds since the beginning, of all parts of the run. */
double progress_seconds(const progress *self);

#endif
