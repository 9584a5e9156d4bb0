#include "nn/cells/features.h"

#include "nn/cells/sizes.h"

void arq_cells_features_rows(const arq_kernels *kernels, const arq_network_shape *shape, const float *weights,
                             uint32_t first, uint32_t rows, const arq_segment *observation, float *const *previous,
                             float *u, float *const *h, const arq_features *saved, float *workspace)
{
    for (uint32_t l = 0; l < shape->cells; l++) {
        arq_inputs x = arq_cell_inputs(shape, l, observation, l == 0 ? NULL : h[l - 1], previous);
        arq_cell_features(kernels, arq_cell_at(shape, l), weights + shape->weights[l], first, rows, &x, u, h[l],
                          saved == NULL ? NULL : &saved[l], workspace);
    }
}

typedef struct features_task {
    const arq_context *context;
    const arq_scratch *scratch;
    const arq_network_shape *shape;
    const float *weights;
    uint32_t batch;
    size_t widest;
    const arq_segment *observation;
    float *const *previous;
    float *u;
    float *const *h;
    const arq_features *saved;
} features_task;

static void compute_block(void *data, uint32_t index)
{
    const features_task *t = data;
    uint32_t block = arq_cells_rows(t->batch);
    uint32_t first = index * block;
    uint32_t rows = t->batch - first < block ? t->batch - first : block;
    float *u = t->saved == NULL ? t->u + first * t->widest : NULL;
    float *workspace = arq_scratch_take(t->scratch);
    arq_cells_features_rows(t->context->kernels, t->shape, t->weights, first, rows, t->observation, t->previous, u,
                            t->h, t->saved, workspace);
    arq_scratch_give(t->scratch, workspace);
}

void arq_cells_features(const arq_context *context, const arq_scratch *scratch, const arq_network_shape *shape,
                        const float *weights, uint32_t batch, const arq_segment *observation, float *const *previous,
                        float *u, float *const *h, const arq_features *saved)
{
    features_task task = {.context = context,
                          .scratch = scratch,
                          .shape = shape,
                          .weights = weights,
                          .batch = batch,
                          .widest = arq_cells_largest(shape).width,
                          .observation = observation,
                          .previous = previous,
                          .u = u,
                          .h = h,
                          .saved = saved};
    uint32_t block = arq_cells_rows(batch);
    arq_parallel_for(context, (batch + block - 1) / block, compute_block, &task);
}
