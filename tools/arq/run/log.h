/* The tables a run writes while it learns: every metric now and then, and every episode. */
#ifndef ARQ_TOOL_RUN_LOG_H
#define ARQ_TOOL_RUN_LOG_H

#include "run/table.h"

#include "arq/run.h"

typedef struct run_log {
    int open;
    table metrics, episodes;
    uint32_t cells;
    double next_step; /* of the next row of metrics */
    int failed;       /* a write has failed, and a warning was printed */
} run_log;

/* How long both files are. */
typedef struct run_log_mark {
    size_t log, episodes; /* bytes */
} run_log_mark;

/* Begins both files with their headings; folder NULL: nothing is ever written. 0 or an exit code. */
int run_log_open(run_log *self, const char *folder, arq_run *run);

/* Goes on with both files behind the mark; rows that are there behind it are taken away. 0 or an exit code. */
int run_log_continue(run_log *self, const char *folder, arq_run *run, const run_log_mark *mark);

/* Writes the episodes that have ended, and says how long the files are. 0, or -1 while rows wait for room. */
int run_log_set_mark(run_log *self, run_log_mark *mark);

/* Returns when what was written is on the disk; any thread, while rows are added in another. 0, or -1 with the reason in
 * errno. */
int run_log_settle(const run_log *self);

/* Steps until the next row of metrics; INFINITY where none is written. */
double run_log_steps_to_row(const run_log *self, const arq_run *run);

/* Writes the rows that are due. To be called after every arq_run_advance(). */
void run_log_update(run_log *self, const arq_run *run, double seconds);

/* Writes a last row and closes. 0 or an exit code when something could not be written. */
int run_log_close(run_log *self, const arq_run *run, double seconds);

#endif
