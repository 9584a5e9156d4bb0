/* One cell as a layer of its own: a network of one cell without contexts, on the caller's inputs and targets. */
#include "nn/cells/single.h"

#include "nn/cells/kind.h"
#include "nn/cells/update.h"
#include "nn/kind.h"
#include "system/fp.h"

#include <math.h>
#include <string.h>

static const arq_cell_shape *shape_of(const arq_cell *cell)
{
    return arq_cell_at(&cell->network->shape, 0);
}

static arq_status check_config(const arq_context *context, const arq_config *config, uint32_t inputs, uint32_t width)
{
    const arq_parameters *parameters = arq_config_values(config);
    if (inputs == 0 || width == 0 || width > ARQ_MAX_WIDTH) {
        return arq_fail(context, ARQ_E_ARGUMENT,
                        "arq_cell_create: inputs is %u, width is %u; accepted: at least 1, 1 .. %u", inputs, width,
                        ARQ_MAX_WIDTH);
    }
    if (parameters->quantiles > 1) {
        return arq_fail(context, ARQ_E_UNSUPPORTED,
                        "arq_cell_create: quantiles is %lld; a cell by itself has one target for each sample: accepted "
                        "is 1",
                        (long long)parameters->quantiles);
    }
    if (!arq_kind_has_cells(parameters)) {
        return arq_fail(context, ARQ_E_UNSUPPORTED, "arq_cell_create: network '%s' has no cells; accepted: arq, ad",
                        arq_network_kinds[parameters->network]->name);
    }
    return ARQ_OK;
}

static arq_status make_parts(arq_cell *cell, const arq_config *config, uint32_t inputs, uint32_t width,
                             uint32_t actions)
{
    arq_parameters parameters = *arq_config_values(config);
    parameters.widths = (arq_widths){.count = 1, .width = {width}};
    parameters.recurrent = 0;
    parameters.top_down = 0;
    parameters.q_cells = 0;
    arq_status status =
        arq_network_make(cell->context, &parameters, ARQ_OBSERVATION_F32, inputs, actions, &cell->network);
    if (status != ARQ_OK) {
        return status;
    }
    return arq_learner_make(cell->network, &parameters, ARQ_LEARN_FROM_TARGETS, &cell->learner);
}

arq_status arq_cell_create(arq_context *context, const arq_config *config, uint32_t inputs, uint32_t width,
                           uint32_t actions, arq_cell **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    arq_status status = ARQ_REQUIRE(context, "arq_cell_create", {"context", context}, {"config", config}, {"out", out});
    if (status != ARQ_OK) {
        return status;
    }
    status = check_config(context, config, inputs, width);
    if (status != ARQ_OK) {
        return status;
    }
    arq_cell *cell = arq_alloc(context, 1, sizeof(*cell));
    if (cell == NULL) {
        return arq_fail_memory(context, "a cell", sizeof(*cell));
    }
    arq_context_retain(context);
    cell->context = context;
    status = make_parts(cell, config, inputs, width, actions);
    if (status != ARQ_OK) {
        arq_cell_destroy(cell);
        return status;
    }
    *out = cell;
    return ARQ_OK;
}

void arq_cell_destroy(arq_cell *cell)
{
    if (cell == NULL) {
        return;
    }
    arq_context *context = cell->context;
    arq_learner_destroy(cell->learner);
    arq_network_release(cell->network);
    arq_free(context, cell, 1, sizeof(*cell));
    arq_context_release(context);
}

uint32_t arq_cell_outputs(const arq_cell *cell)
{
    return cell == NULL ? 0 : shape_of(cell)->action_rows;
}

static arq_status check_batch(const arq_cell *cell, uint32_t batch, const float *x, const char *call)
{
    if (cell == NULL) {
        return arq_fail(NULL, ARQ_E_ARGUMENT, "%s: cell is NULL", call);
    }
    if (x == NULL || batch == 0) {
        return arq_fail(cell->context, ARQ_E_ARGUMENT, "%s: x is %s, batch is %u; accepted: not NULL, 1 .. %u", call,
                        x == NULL ? "NULL" : "set", batch, cell->learner->batch);
    }
    if (batch > cell->learner->batch) {
        return arq_fail(cell->context, ARQ_E_SHAPE, "%s: batch is %u; accepted: 1 .. %u (parameter batch)", call, batch,
                        cell->learner->batch);
    }
    size_t values = (size_t)batch * shape_of(cell)->inputs;
    for (size_t i = 0; i < values; i++) {
        if (!isfinite(x[i])) {
            return arq_fail(cell->context, ARQ_E_ARGUMENT, "%s: value %zu of x is %g; accepted: finite", call, i,
                            (double)x[i]);
        }
    }
    return ARQ_OK;
}

static arq_status check_actions(const arq_cell *cell, uint32_t batch, const int32_t *actions, const char *call)
{
    if (actions == NULL) {
        return arq_fail_null(cell->context, call, "actions");
    }
    uint32_t known = shape_of(cell)->actions;
    for (uint32_t b = 0; b < batch; b++) {
        if (actions[b] < 0 || (uint32_t)actions[b] >= known) {
            return arq_fail(cell->context, ARQ_E_ARGUMENT, "%s: action %d of row %u; accepted: 0 .. %u", call,
                            actions[b], b, known - 1);
        }
    }
    return ARQ_OK;
}

/* One sample of a forward pass, for every action or for its own. */
typedef struct forward_task {
    const arq_cell *cell;
    const int32_t *actions; /* NULL: every action */
    float *y;               /* or NULL */
    float *q;               /* or NULL */
} forward_task;

static void forward_sample(void *data, uint32_t b)
{
    const forward_task *t = data;
    const arq_cells_learner *s = t->cell->learner->state;
    const arq_cell_shape *shape = shape_of(t->cell);
    const arq_kernels *kernels = t->cell->context->kernels;
    const float *h = s->now.h[0] + (size_t)b * shape->width;
    float *workspace = arq_scratch_take(&s->scratch);
    float *own_y = workspace + s->largest.workspace;
    float *own_q = own_y + s->largest.outputs;
    if (t->actions == NULL) {
        float *y = t->y == NULL ? own_y : t->y + b * arq_cell_all_outputs(shape);
        float *q = t->q == NULL ? own_q : t->q + (size_t)b * shape->actions;
        arq_cell_all_actions(kernels, shape, &s->projections[0], b, h, workspace, y, q);
    } else {
        float *y = t->y == NULL ? own_y : t->y + (size_t)b * shape->action_rows;
        float *q = t->q == NULL ? own_q : t->q + b;
        *q = arq_cell_one_action(kernels, shape, &s->projections[0], b, h, (uint32_t)t->actions[b], workspace, y);
    }
    arq_scratch_give(&s->scratch, workspace);
}

static void forward(arq_cell *cell, uint32_t batch, const float *x, const int32_t *actions, float *h, float *y,
                    float *q)
{
    arq_cells_learner *s = cell->learner->state;
    const arq_cell_shape *shape = shape_of(cell);
    uint64_t mode = arq_fp_enter();
    arq_cells_run_states(cell->learner, &(arq_target_batch){.size = batch, .frames = x});
    if (h != NULL) {
        memcpy(h, s->now.h[0], (size_t)batch * shape->width * sizeof(float));
    }
    if (y != NULL || q != NULL) {
        arq_inputs inputs = {0};
        arq_inputs_add(&inputs, s->now.observation);
        arq_segment codes = arq_action_codes(shape, shape->actions, NULL, s->all_codes);
        arq_cell_project(cell->context, &s->scratch, shape, cell->network->weights, batch, &inputs, &codes,
                         &s->projections[0]);
        forward_task task = {cell, actions, y, q};
        arq_parallel_for(cell->context, batch, forward_sample, &task);
    }
    arq_fp_leave(mode);
}

arq_status arq_cell_forward(arq_cell *cell, uint32_t batch, const float *x, float *h, float *y, float *q)
{
    arq_status status = check_batch(cell, batch, x, "arq_cell_forward");
    if (status != ARQ_OK) {
        return status;
    }
    forward(cell, batch, x, NULL, h, y, q);
    return ARQ_OK;
}

arq_status arq_cell_forward_actions(arq_cell *cell, uint32_t batch, const float *x, const int32_t *actions, float *h,
                                    float *y, float *q)
{
    arq_status status = check_batch(cell, batch, x, "arq_cell_forward_actions");
    if (status != ARQ_OK) {
        return status;
    }
    status = check_actions(cell, batch, actions, "arq_cell_forward_actions");
    if (status != ARQ_OK) {
        return status;
    }
    forward(cell, batch, x, actions, h, y, q);
    return ARQ_OK;
}

static arq_status check_targets(const arq_cell *cell, uint32_t batch, const float *targets)
{
    if (targets == NULL) {
        return arq_fail_null(cell->context, "arq_cell_update", "targets");
    }
    for (uint32_t b = 0; b < batch; b++) {
        if (!isfinite(targets[b])) {
            return arq_fail(cell->context, ARQ_E_ARGUMENT, "arq_cell_update: target %g of row %u; accepted: finite",
                            (double)targets[b], b);
        }
    }
    return ARQ_OK;
}

static arq_status check_update(const arq_cell *cell, uint32_t batch, const float *x, const int32_t *actions,
                               const float *targets)
{
    arq_status status = check_batch(cell, batch, x, "arq_cell_update");
    if (status != ARQ_OK) {
        return status;
    }
    status = check_actions(cell, batch, actions, "arq_cell_update");
    if (status != ARQ_OK) {
        return status;
    }
    return check_targets(cell, batch, targets);
}

arq_status arq_cell_update(arq_cell *cell, uint32_t batch, const float *x, const int32_t *actions, const float *targets,
                           float *loss)
{
    arq_status status = check_update(cell, batch, x, actions, targets);
    if (status != ARQ_OK) {
        return status;
    }
    arq_target_batch rows = {.size = batch, .frames = x, .actions = actions, .targets = &targets};
    uint64_t mode = arq_fp_enter();
    status = arq_cells_update_from_targets(cell->learner, &rows);
    arq_fp_leave(mode);
    if (status != ARQ_OK) {
        return status;
    }
    cell->learner->updates++;
    if (loss != NULL) {
        *loss = arq_fp_to_float(cell->learner->metric[0][ARQ_METRIC_LOSS]);
    }
    return ARQ_OK;
}

/* ---- Tensors ---- */

static arq_status find_tensor(const arq_cell *cell, const char *name, const void *values, size_t count,
                              const char *call, float **found)
{
    if (cell == NULL || name == NULL || values == NULL) {
        return arq_fail(cell == NULL ? NULL : cell->context, ARQ_E_ARGUMENT, "%s: %s is NULL", call,
                        cell == NULL   ? "cell"
                        : name == NULL ? "name"
                                       : "values");
    }
    const arq_cell_shape *shape = shape_of(cell);
    for (int id = 0; id < ARQ_CELL_TENSORS; id++) {
        if (strcmp(name, arq_cell_tensor_names[id]) != 0) {
            continue;
        }
        size_t there = shape->offset[id + 1] - shape->offset[id];
        *found = cell->network->weights + shape->offset[id];
        return there == count
                   ? ARQ_OK
                   : arq_fail(cell->context, ARQ_E_SHAPE, "%s: '%s' has %zu values, got %zu", call, name, there, count);
    }
    return arq_fail(cell->context, ARQ_E_NOT_FOUND,
                    "%s: no tensor '%.64s'; there are fc_h.kernel, fc_h.bias, layer_norm.scale, layer_norm.bias, "
                    "fc_z1.kernel, fc_z2.kernel",
                    call, name);
}

arq_status arq_cell_tensor(const arq_cell *cell, uint32_t index, const char **name, uint32_t *rows, uint32_t *columns)
{
    if (cell == NULL || name == NULL || rows == NULL || columns == NULL) {
        return arq_fail(cell == NULL ? NULL : cell->context, ARQ_E_ARGUMENT,
                        "arq_cell_tensor: a required pointer is NULL");
    }
    if (index >= ARQ_CELL_TENSORS) {
        return arq_fail(cell->context, ARQ_E_NOT_FOUND, "arq_cell_tensor: tensor %u of %d", index, ARQ_CELL_TENSORS);
    }
    *name = arq_cell_tensor_names[index];
    arq_cell_tensor_size(shape_of(cell), (arq_cell_tensor_id)index, rows, columns);
    return ARQ_OK;
}

arq_status arq_cell_read(const arq_cell *cell, const char *name, float *values, size_t count)
{
    float *tensor = NULL;
    arq_status status = find_tensor(cell, name, values, count, "arq_cell_read", &tensor);
    if (status != ARQ_OK) {
        return status;
    }
    memcpy(values, tensor, count * sizeof(float));
    return ARQ_OK;
}

arq_status arq_cell_write(arq_cell *cell, const char *name, const float *values, size_t count)
{
    float *tensor = NULL;
    arq_status status = find_tensor(cell, name, values, count, "arq_cell_write", &tensor);
    if (status != ARQ_OK) {
        return status;
    }
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(values[i])) {
            return arq_fail(cell->context, ARQ_E_ARGUMENT, "arq_cell_write: value %zu of '%s' is %g; accepted: finite",
                            i, name, (double)values[i]);
        }
    }
    memcpy(tensor, values, count * sizeof(float));
    return ARQ_OK;
}
