#include "rollout/minibatches.h"

#include <string.h>

static void lay_out(void *owner, arq_arena *arena)
{
    arq_minibatches *m = owner;
    const arq_rows_shape *shape = &m->shape;
    m->order = arq_arena_take(arena, (size_t)shape->instances * shape->length, sizeof(*m->order));
    m->observations = arq_arena_take(arena, m->largest, shape->observation_bytes);
    m->actions = arq_arena_take(arena, m->largest, sizeof(*m->actions));
    for (uint32_t l = 0; l < shape->cells; l++) {
        m->targets[l] = arq_arena_floats(arena, (size_t)m->largest * shape->value[l]);
        m->previous[l] = arq_arena_floats(arena, (size_t)m->largest * shape->previous[l]);
    }
}

arq_status arq_minibatches_create(arq_context *context, const arq_rows_shape *shape, uint32_t largest, uint64_t seed,
                                  arq_minibatches *minibatches)
{
    minibatches->context = context;
    minibatches->shape = *shape;
    minibatches->largest = largest;
    arq_random_seed(&minibatches->random, seed, ARQ_STREAM_ROLLOUT);
    return arq_arena_create(context, "the minibatches of a rollout", lay_out, minibatches, &minibatches->arena);
}

void arq_minibatches_destroy(arq_minibatches *minibatches)
{
    if (minibatches->context != NULL) {
        arq_arena_destroy(minibatches->context, &minibatches->arena);
    }
}

/* Fisher and Yates. */
static void shuffle(arq_minibatches *m)
{
    for (uint32_t i = m->count; i > 1; i--) {
        uint32_t j = (uint32_t)arq_random_below(&m->random, i);
        uint32_t last = m->order[i - 1];
        m->order[i - 1] = m->order[j];
        m->order[j] = last;
    }
}

void arq_minibatches_start(arq_minibatches *minibatches, const arq_rows *rows, uint32_t epochs)
{
    arq_minibatches *m = minibatches;
    m->count = arq_rows_list(rows, m->order);
    m->per_epoch = (m->count + m->largest - 1) / m->largest;
    m->total = (uint64_t)m->per_epoch * epochs;
    m->made = 0;
    shuffle(m);
}

/* Where in the order an epoch's minibatch i begins. */
static uint32_t begin_of(const arq_minibatches *m, uint32_t i)
{
    uint32_t size = m->count / m->per_epoch;
    uint32_t larger = m->count % m->per_epoch;
    return i * size + (i < larger ? i : larger);
}

static void gather(const uint32_t *order, uint32_t size, size_t bytes, const void *from, void *to)
{
    for (uint32_t b = 0; bytes > 0 && b < size; b++) {
        memcpy((uint8_t *)to + b * bytes, (const uint8_t *)from + order[b] * bytes, bytes);
    }
}

void arq_minibatches_gather(arq_minibatches *minibatches, const arq_rows *rows)
{
    arq_minibatches *m = minibatches;
    const arq_rows_shape *shape = &m->shape;
    uint32_t place = (uint32_t)(m->made % m->per_epoch);
    const uint32_t *order = m->order + begin_of(m, place);
    m->size = begin_of(m, place + 1) - begin_of(m, place);
    gather(order, m->size, shape->observation_bytes, rows->observations, m->observations);
    gather(order, m->size, sizeof(*m->actions), rows->actions, m->actions);
    for (uint32_t l = 0; l < shape->cells; l++) {
        gather(order, m->size, shape->value[l] * sizeof(float), rows->values[l], m->targets[l]);
        gather(order, m->size, shape->previous[l] * sizeof(float), rows->previous[l], m->previous[l]);
    }
}

void arq_minibatches_advance(arq_minibatches *minibatches)
{
    minibatches->made++;
    if (minibatches->made < minibatches->total && minibatches->made % minibatches->per_epoch == 0) {
        shuffle(minibatches);
    }
}

void arq_minibatches_stop(arq_minibatches *minibatches)
{
    minibatches->total = 0;
    minibatches->made = 0;
}
