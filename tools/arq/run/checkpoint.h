/* A run's checkpoints in its folder, beside the tables: written now and then in a thread of their own, and read back.
 */
#ifndef ARQ_TOOL_RUN_CHECKPOINT_H
#define ARQ_TOOL_RUN_CHECKPOINT_H

#include "host/worker.h"
#include "run/folder.h"
#include "run/log.h"

#include "arq/checkpoint.h"

#define CHECKPOINT_PATH_SIZE (RUN_PATH_SIZE + 64)

/* One that is being written, with the network of the same moment. */
typedef struct checkpoint_job {
    arq_context *context;
    arq_checkpoint *checkpoint;
    arq_network *network;
    const run_log *log; /* whose rows the checkpoint counts on */
    char network_path[CHECKPOINT_PATH_SIZE];
    char failure[512]; /* empty: none */
} checkpoint_job;

typedef struct checkpoints {
    arq_context *context;
    arq_run *run;
    const char *folder; /* of the run; NULL: nothing is ever written */
    char path[CHECKPOINT_PATH_SIZE];
    double period; /* seconds; 0: only at the end */
    double next;
    worker *worker; /* NULL: nothing is being written */
    checkpoint_job job;
} checkpoints;

void checkpoints_begin(checkpoints *self, arq_context *context, arq_run *run, const char *folder, double period);

/* Takes a checkpoint when it is time for one. `seconds`: spent so far. */
void checkpoints_update(checkpoints *self, run_log *log, double seconds);

/* Waits for what is being written, and writes the last checkpoint and the network. 0 or an exit code. */
int checkpoints_end(checkpoints *self, run_log *log, double seconds, int with_replay);

/* What goes on from a checkpoint needs besides the run itself. */
typedef struct checkpoint_found {
    char path[CHECKPOINT_PATH_SIZE];
    arq_config *config;
    uint32_t environments;
    run_log_mark mark;
    double seconds;
} checkpoint_found;

/* Finds the checkpoint of a run's folder. 0 or an exit code. */
int checkpoint_find(arq_context *context, const char *folder, checkpoint_found *out);

#endif
