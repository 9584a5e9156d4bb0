/* One cell under arq inspect: what it computes, summed over the states that were visited, and the table of it. */
#ifndef ARQ_TOOL_INSPECT_CELL_H
#define ARQ_TOOL_INSPECT_CELL_H

#include "arq/network.h"

typedef struct inspected_cell {
    uint32_t index, actions;
    size_t h_count, y_count, q_count;
    size_t neurons;       /* values of y for one action where Q is their goodness; otherwise 0 */
    char goodness[32];    /* where there are neurons */
    float *h, *y, *q;     /* of the present state; NULL where the cell has none */
    float *scale, *shift; /* [h_count] of its LayerNorm; NULL where it has none */
    float *work;          /* room to sort in */
    uint8_t *fired;       /* [h_count] 1: in some state */
    double *y_sum;        /* [y_count] */
    double *q_sum;        /* [actions] */
    double *top_sum;      /* [actions] of the means of the most active neurons */
    double spread_sum;
    uint64_t states;
} inspected_cell;

/* These return 0, or an exit code when they have said why not. */

/* Call it when the activations hold a computed state: they tell the sizes. */
int inspected_cell_make(inspected_cell *cell, const arq_network *network, const arq_activations *activations,
                        uint32_t index);

/* The present state; `top` neurons count as the most active. */
int inspected_cell_look(inspected_cell *cell, const arq_activations *activations, size_t top);

void inspected_cell_print(const inspected_cell *cell, size_t top);

/* A zeroed cell may be freed, too. */
void inspected_cell_free(inspected_cell *cell);

#endif
