/*
 * The memory of a rollout: for each instance a row of at most `length` transitions in the order they were made, with
 * the values and activations that each cell learns from. Everything is allocated at once.
 */
#ifndef ARQ_ROLLOUT_ROWS_H
#define ARQ_ROLLOUT_ROWS_H

#include "core/arena.h"
#include "core/parameters.h"
#include "rollout/returns.h"

typedef struct arq_rows_shape {
    uint32_t instances; /* N */
    uint32_t length;    /* T */
    size_t observation_bytes;
    uint32_t cells;                /* L; for each of them: */
    uint32_t value[ARQ_MAX_CELLS]; /* floats of a value: 1 or the number of quantiles; 0: does not learn from returns */
    uint32_t previous[ARQ_MAX_CELLS]; /* floats of its activations of the step before; 0: none are kept */
} arq_rows_shape;

/* Arrays are [N, T, ...], one row behind the other. */
typedef struct arq_rows {
    arq_context *context;
    arq_rows_shape shape;
    uint32_t *count;       /* [N] transitions stored */
    uint8_t *observations; /* acted from */
    int32_t *actions;
    float *rewards;
    uint8_t *ends;                  /* arq_end */
    float *values[ARQ_MAX_CELLS];   /* v of arq_returns(); after arq_rows_find_returns() the returns y */
    float *previous[ARQ_MAX_CELLS]; /* activations of the step before, as the cell saw them when acting */
    arq_arena arena;
} arq_rows;

arq_status arq_rows_create(arq_context *context, const arq_rows_shape *shape, arq_rows *rows);
void arq_rows_destroy(arq_rows *rows);

/* Empties every row. */
void arq_rows_clear(arq_rows *rows);

/* Index of transition t of an instance in every array. */
static inline size_t arq_rows_at(const arq_rows *rows, uint32_t instance, uint32_t t)
{
    return (size_t)instance * rows->shape.length + t;
}

/* Adds a transition to a row that is not full and returns its index; its values and previous are the caller's to set.
 */
size_t arq_rows_add(arq_rows *rows, uint32_t instance, const void *observation, int32_t action, float reward,
                    arq_end end);

/* The newest transition of an instance; 0 when its row is empty. */
int arq_rows_newest(const arq_rows *rows, uint32_t instance, size_t *index);

/* Whether the value after an instance's newest transition is still to be found: its episode goes on. */
int arq_rows_wants_value(const arq_rows *rows, uint32_t instance);

/* Whether a row takes no further transition. */
int arq_rows_are_full(const arq_rows *rows);

/* Replaces the values by the returns, for every cell and row. */
void arq_rows_find_returns(arq_rows *rows, double gamma, double lambda);

/* Writes the indices of all stored transitions to order [N T], row by row; returns how many. */
uint32_t arq_rows_list(const arq_rows *rows, uint32_t *order);

#endif
