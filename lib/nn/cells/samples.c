#include "nn/cells/samples.h"

/* The action's part of the task's projections, for every action. */
static void project_codes(const arq_cell_task *t)
{
    float *pack = arq_scratch_take(&t->s->scratch);
    arq_segment codes = arq_action_codes(t->cell, t->cell->actions, NULL, t->s->all_codes);
    arq_cell_project_codes(t->learner->context->kernels, t->cell, t->weights, &codes, &t->projections, pack);
    arq_scratch_give(&t->s->scratch, pack);
}

void arq_cell_tasks_add(arq_cell_tasks *tasks, const arq_learner *learner, const arq_batch *batch, uint32_t l,
                        const arq_cells_pass *pass, arq_sample_function *function)
{
    arq_cells_learner *s = learner->state;
    const arq_network_shape *shape = &learner->network->shape;
    int online = pass != &s->next_target;
    arq_cell_task *t = &tasks->task[tasks->count++];
    *t = (arq_cell_task){.learner = learner, .batch = batch, .s = s, .l = l, .pass = pass, .function = function};
    t->cell = arq_cell_at(shape, l);
    t->weights = (online ? learner->network->weights : learner->target) + shape->weights[l];
    t->x = arq_cell_inputs(shape, l, &pass->observation, l == 0 ? NULL : pass->h[l - 1], pass->previous);
    t->projections = s->projections[l];
    if (!online) {
        t->projections.code1 = s->target_code1;
        t->projections.code2 = s->target_code2;
    }
    for (uint32_t i = 0; i + 1 < tasks->count; i++) {
        if (tasks->task[i].projections.code1 == t->projections.code1) {
            return; /* the same weights: the codes are there */
        }
    }
    project_codes(t);
}

static void project_block(const arq_cell_task *t, uint32_t first, uint32_t rows, float *workspace)
{
    arq_map maps[2];
    arq_cell_maps(t->cell, t->weights, t->batch->size, &t->x, &t->projections, maps);
    arq_project_rows(t->learner->context->kernels, maps, 2, first, rows, workspace);
}

static void run_block(const arq_cell_task *t, int project, uint32_t index)
{
    float *workspace = arq_scratch_take(&t->s->scratch);
    uint32_t first = index * ARQ_SAMPLE_BLOCK;
    uint32_t rows = t->batch->size - first < ARQ_SAMPLE_BLOCK ? t->batch->size - first : ARQ_SAMPLE_BLOCK;
    if (project) {
        project_block(t, first, rows, workspace);
    }
    arq_cell_center(t->learner->context->kernels, t->cell, first, rows, t->projections.z1);
    for (uint32_t b = first; b < first + rows; b++) {
        t->function(t, b, workspace);
    }
    arq_scratch_give(&t->s->scratch, workspace);
}

static void run_projected(void *data, uint32_t index)
{
    run_block(data, 0, index);
}

static void run_all(void *data, uint32_t index)
{
    const arq_cell_tasks *tasks = data;
    for (uint32_t i = 0; i < tasks->count; i++) {
        run_block(&tasks->task[i], 1, index);
    }
}

static int fits_cache(const arq_cell_task *t)
{
    size_t dense = 0;
    for (uint32_t i = 0; i < t->x.count; i++) {
        dense += t->x.segment[i].dense == NULL ? 0 : t->x.segment[i].size;
    }
    return arq_cell_fits_cache(t->cell, dense);
}

void arq_cell_tasks_run(arq_cell_tasks *tasks)
{
    const arq_cell_task *first = tasks->task;
    const arq_context *context = first->learner->context;
    uint32_t blocks = arq_sample_blocks(first->batch->size);
    if (fits_cache(first)) {
        arq_parallel_for(context, blocks, run_all, tasks);
        return;
    }
    for (uint32_t i = 0; i < tasks->count; i++) {
        arq_cell_task *t = &tasks->task[i];
        arq_map maps[2];
        arq_cell_maps(t->cell, t->weights, t->batch->size, &t->x, &t->projections, maps);
        arq_project(context, &t->s->scratch, maps, 2);
        arq_parallel_for(context, blocks, run_projected, t);
    }
}
