/*
 * A run as part of a file: what it counts, and the states of its environments.
 */
#ifndef ARQ_TRAIN_RUN_FILE_H
#define ARQ_TRAIN_RUN_FILE_H

#include "agent/agent.h"
#include "arq/checkpoint.h"
#include "train/run.h"

/* A run while it is saved or loaded. */
typedef struct arq_saved_run {
    arq_run *run;
    agent_saved agent;
    uint64_t *sizes; /* [N] bytes of the environments' states; 0: none is kept */
    uint8_t *states; /* to write, one behind the other */
    size_t states_bytes;
    const uint8_t *found; /* the same in a file that is read */
} arq_saved_run;

/* Nothing saved yet. ARQ_E_NOMEM. */
arq_status arq_saved_run_create(arq_run *run, arq_saved_run *saved);
void arq_saved_run_clear(arq_saved_run *saved);

/* Asks every environment for its state. */
arq_status arq_saved_run_ask(arq_saved_run *saved);

/* The config that the run of a file had, with the origin of each value. */
arq_status arq_run_file_config(const arq_reader *reader, arq_config **out);

#define ARQ_RUN_PARTS (ARQ_AGENT_PARTS + 3)
size_t arq_run_list_parts(arq_saved_run *saved, arq_part parts[ARQ_RUN_PARTS]);

#endif
