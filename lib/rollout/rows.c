#include "rollout/rows.h"

#include <string.h>

static void lay_out(void *owner, arq_arena *arena)
{
    arq_rows *rows = owner;
    const arq_rows_shape *shape = &rows->shape;
    size_t total = (size_t)shape->instances * shape->length;
    rows->count = arq_arena_take(arena, shape->instances, sizeof(*rows->count));
    rows->observations = arq_arena_take(arena, total, shape->observation_bytes);
    rows->actions = arq_arena_take(arena, total, sizeof(*rows->actions));
    rows->rewards = arq_arena_floats(arena, total);
    rows->ends = arq_arena_take(arena, total, sizeof(*rows->ends));
    for (uint32_t l = 0; l < shape->cells; l++) {
        rows->values[l] = arq_arena_floats(arena, total * shape->value[l]);
        rows->previous[l] = arq_arena_floats(arena, total * shape->previous[l]);
    }
}

arq_status arq_rows_create(arq_context *context, const arq_rows_shape *shape, arq_rows *rows)
{
    rows->context = context;
    rows->shape = *shape;
    return arq_arena_create(context, "the rows of a rollout", lay_out, rows, &rows->arena);
}

void arq_rows_destroy(arq_rows *rows)
{
    if (rows->context != NULL) {
        arq_arena_destroy(rows->context, &rows->arena);
    }
}

void arq_rows_clear(arq_rows *rows)
{
    memset(rows->count, 0, rows->shape.instances * sizeof(*rows->count));
}

size_t arq_rows_add(arq_rows *rows, uint32_t instance, const void *observation, int32_t action, float reward,
                    arq_end end)
{
    size_t index = arq_rows_at(rows, instance, rows->count[instance]++);
    size_t bytes = rows->shape.observation_bytes;
    memcpy(rows->observations + index * bytes, observation, bytes);
    rows->actions[index] = action;
    rows->rewards[index] = reward;
    rows->ends[index] = (uint8_t)end;
    return index;
}

int arq_rows_newest(const arq_rows *rows, uint32_t instance, size_t *index)
{
    uint32_t count = rows->count[instance];
    if (count == 0) {
        return 0;
    }
    *index = arq_rows_at(rows, instance, count - 1);
    return 1;
}

int arq_rows_wants_value(const arq_rows *rows, uint32_t instance)
{
    size_t newest;
    return arq_rows_newest(rows, instance, &newest) && rows->ends[newest] == ARQ_END_NONE;
}

int arq_rows_are_full(const arq_rows *rows)
{
    for (uint32_t i = 0; i < rows->shape.instances; i++) {
        if (rows->count[i] == rows->shape.length) {
            return 1;
        }
    }
    return 0;
}

void arq_rows_find_returns(arq_rows *rows, double gamma, double lambda)
{
    for (uint32_t l = 0; l < rows->shape.cells; l++) {
        uint32_t width = rows->shape.value[l];
        for (uint32_t i = 0; width > 0 && i < rows->shape.instances; i++) {
            size_t first = arq_rows_at(rows, i, 0);
            arq_returns(rows->count[i], width, rows->rewards + first, rows->ends + first, gamma, lambda,
                        rows->values[l] + first * width);
        }
    }
}

uint32_t arq_rows_list(const arq_rows *rows, uint32_t *order)
{
    uint32_t total = 0;
    for (uint32_t i = 0; i < rows->shape.instances; i++) {
        for (uint32_t t = 0; t < rows->count[i]; t++) {
            order[total++] = (uint32_t)arq_rows_at(rows, i, t);
        }
    }
    return total;
}
