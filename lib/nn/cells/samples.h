/*
 * One cell's part of an update as tasks: a projection of the batch, and a function that each sample then goes through.
 */
#ifndef ARQ_NN_CELLS_SAMPLES_H
#define ARQ_NN_CELLS_SAMPLES_H

#include "nn/cells/memory.h"

typedef struct arq_cell_task arq_cell_task;

/* What is done with a sample; `workspace` is a scratch slot. */
typedef void arq_sample_function(const arq_cell_task *t, uint32_t sample, float *workspace);

struct arq_cell_task {
    const arq_learner *learner;
    const arq_batch *batch;
    arq_cells_learner *s;
    const arq_cell_shape *cell;
    uint32_t l;
    const float *weights; /* of the cell */
    const arq_cells_pass *pass;
    arq_inputs x;
    arq_projections projections;
    arq_sample_function *function;
};

/* Tasks that follow each other, sample by sample. */
typedef struct arq_cell_tasks {
    arq_cell_task task[3];
    uint32_t count;
} arq_cell_tasks;

/* The pass says whose weights: the target network's for next_target, otherwise the network's. */
void arq_cell_tasks_add(arq_cell_tasks *tasks, const arq_learner *learner, const arq_batch *batch, uint32_t l,
                        const arq_cells_pass *pass, arq_sample_function *function);

void arq_cell_tasks_run(arq_cell_tasks *tasks);

#endif
