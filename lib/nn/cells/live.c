#include "nn/cells/live.h"

#include "nn/cells/wiring.h"
#include "nn/math/encode.h"
#include "nn/math/projection.h"

#include <math.h>
#include <string.h>

static const arq_cell_tensor_id kernels[] = {ARQ_CELL_H_KERNEL, ARQ_CELL_Z1_KERNEL, ARQ_CELL_Z2_KERNEL};
#define KERNELS (sizeof(kernels) / sizeof(kernels[0]))

/* The first of a cell's inputs that are the observation's; 0 for `sees` where it does not see the observation. */
static uint32_t first_input(const arq_network_shape *shape, uint32_t l, int *sees)
{
    *sees = l == 0 || arq_cells_shape_of(shape)->input_skip;
    return l == 0 ? 0 : shape->width[l - 1];
}

/* Sums of squares go by 16 entries: so do the spans. */
static int fits_lanes(const arq_network_shape *shape)
{
    for (uint32_t l = 0; l < shape->cells; l++) {
        const arq_cell_shape *cell = arq_cell_at(shape, l);
        for (size_t k = 0; k < KERNELS; k++) {
            uint32_t rows;
            uint32_t columns;
            arq_cell_tensor_size(cell, kernels[k], &rows, &columns);
            if (columns % 16 != 0) {
                return 0;
            }
        }
    }
    return 1;
}

void arq_cells_live_lay_out(const arq_network_shape *shape, arq_arena *arena, arq_cells_live *live)
{
    int bits = arq_encoded_segment(shape->observation_kind, shape->observation_size, shape, 1, 0).bits != NULL;
    size_t values = bits && fits_lanes(shape) ? shape->observation_size : 0;
    live->touched = arq_arena_take(arena, (values + 7) / 8, 1);
    for (uint32_t l = 0; l < shape->cells; l++) {
        int sees;
        first_input(shape, l, &sees);
        size_t most = sees ? KERNELS * (values / 2 + 1) + 1 : 1;
        live->span[l] = arq_arena_take(arena, values == 0 ? 0 : most, sizeof(arq_span));
    }
}

static int is_touched(const arq_cells_live *live, uint32_t value)
{
    return live->touched[value / 8] >> (value % 8) & 1;
}

static void touch(arq_cells_live *live, uint32_t value)
{
    live->touched[value / 8] |= (uint8_t)(1u << (value % 8));
}

/* ---- What the moments say ---- */

static int is_plus_zero(size_t n, const float *x)
{
    for (size_t i = 0; i < n; i++) {
        if (x[i] != 0 || signbit(x[i])) {
            return 0;
        }
    }
    return 1;
}

static void touch_moving_rows(const arq_learner *learner, uint32_t l, arq_cells_live *live)
{
    const arq_network_shape *shape = &learner->network->shape;
    const arq_cell_shape *cell = arq_cell_at(shape, l);
    int sees;
    uint32_t first = first_input(shape, l, &sees);
    for (size_t k = 0; sees && k < KERNELS; k++) {
        uint32_t rows;
        uint32_t columns;
        arq_cell_tensor_size(cell, kernels[k], &rows, &columns);
        size_t row = shape->weights[l] + cell->offset[kernels[k]] + (size_t)first * columns;
        for (uint32_t value = 0; value < shape->observation_size; value++, row += columns) {
            if (!is_plus_zero(columns, learner->m + row) || !is_plus_zero(columns, learner->v + row)) {
                touch(live, value);
            }
        }
    }
}

/* ---- Spans ---- */

static void add_span(arq_cells_live *live, uint32_t l, size_t first, size_t count)
{
    arq_span *last = live->spans[l] == 0 ? NULL : &live->span[l][live->spans[l] - 1];
    if (last != NULL && last->first + last->count == first) {
        last->count += count;
    } else {
        live->span[l][live->spans[l]++] = (arq_span){first, count};
    }
}

static void list_spans(const arq_network_shape *shape, uint32_t l, arq_cells_live *live)
{
    const arq_cell_shape *cell = arq_cell_at(shape, l);
    int sees;
    uint32_t first = first_input(shape, l, &sees);
    size_t at = 0; /* what lies before has its spans */
    live->spans[l] = 0;
    for (size_t k = 0; sees && k < KERNELS; k++) {
        uint32_t rows;
        uint32_t columns;
        arq_cell_tensor_size(cell, kernels[k], &rows, &columns);
        size_t row = cell->offset[kernels[k]] + (size_t)first * columns;
        for (uint32_t value = 0; value < shape->observation_size; value++, row += columns) {
            if (is_touched(live, value)) {
                continue;
            }
            if (row > at) {
                add_span(live, l, at, row - at);
            }
            at = row + columns;
        }
    }
    if (cell->offset[ARQ_CELL_TENSORS] > at) {
        add_span(live, l, at, cell->offset[ARQ_CELL_TENSORS] - at);
    }
}

static int is_set_in(const uint8_t *bits, size_t bytes)
{
    uint8_t any = 0;
    for (size_t i = 0; i < bytes; i++) {
        any |= bits[i];
    }
    return any != 0;
}

void arq_cells_live_find(const arq_learner *learner, uint32_t batch, const uint8_t *transposed, arq_cells_live *live)
{
    const arq_network_shape *shape = &learner->network->shape;
    size_t bytes = ARQ_TRANSPOSED_BYTES(batch);
    int changed = !live->known || live->loads != learner->loads;
    if (changed) {
        memset(live->touched, 0, (shape->observation_size + 7) / 8);
        for (uint32_t l = 0; l < shape->cells; l++) {
            touch_moving_rows(learner, l, live);
        }
        live->known = 1;
        live->loads = learner->loads;
    }
    for (uint32_t value = 0; value < shape->observation_size; value++) {
        if (!is_touched(live, value) && is_set_in(transposed + value * bytes, bytes)) {
            touch(live, value);
            changed = 1;
        }
    }
    for (uint32_t l = 0; changed && l < shape->cells; l++) {
        list_spans(shape, l, live);
    }
}
