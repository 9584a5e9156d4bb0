/*
 * The shape of one cell: what it sees, its six tensors, and which rows of P belong to an action.
 */
#ifndef ARQ_NN_CELLS_SHAPE_H
#define ARQ_NN_CELLS_SHAPE_H

#include "core/config.h"
#include "core/random.h"
#include "nn/math/projection.h"

/* The tensors, in the order they lie in memory. */
typedef enum arq_cell_tensor_id {
    ARQ_CELL_H_KERNEL,    /* W_h [D, n] */
    ARQ_CELL_H_BIAS,      /* b_h [n] */
    ARQ_CELL_NORM_SCALE,  /* [n] */
    ARQ_CELL_NORM_OFFSET, /* [n] */
    ARQ_CELL_Z1_KERNEL,   /* W_1 [D + c, K n] */
    ARQ_CELL_Z2_KERNEL,   /* W_2 [D + c, K d] */
    ARQ_CELL_TENSORS
} arq_cell_tensor_id;

extern const char *const arq_cell_tensor_names[ARQ_CELL_TENSORS];

typedef struct arq_cell_shape {
    arq_network_kind kind; /* ARQ or AD */
    arq_goodness goodness;
    arq_action_code action_code;
    int action_at_input;
    int rows_as_printed;                 /* tanh before the rows are standardised, as the paper prints it */
    uint32_t inputs;                     /* D: X without the action */
    uint32_t code;                       /* c: action columns behind X in the two projections */
    uint32_t width;                      /* n */
    uint32_t heads;                      /* K */
    uint32_t actions;                    /* A */
    uint32_t rows;                       /* d: rows of P in one projection */
    uint32_t action_rows;                /* rows of P that belong to one action: the length of its y */
    uint32_t row_stride;                 /* between them; ad's quantile q of action a is row q A + a, as released */
    size_t offset[ARQ_CELL_TENSORS + 1]; /* of each tensor in the cell's weights; the last: their number */
} arq_cell_shape;

/* Whether the action's code is part of the projections' input; `auto` is so for arq alone. */
int arq_cell_action_at_input(const arq_parameters *parameters);

/* Fills in everything from parameters and sizes; ARQ_E_UNSUPPORTED or ARQ_E_ARGUMENT with the reason. */
arq_status arq_cell_shape_make(const arq_context *context, const arq_parameters *parameters, uint32_t inputs,
                               uint32_t width, uint32_t actions, arq_cell_shape *shape);

/* Dimensions of a tensor; columns 0 for a vector. */
void arq_cell_tensor_size(const arq_cell_shape *shape, arq_cell_tensor_id id, uint32_t *rows, uint32_t *columns);

/* First row of P of an action. */
static inline uint32_t arq_cell_first_row(const arq_cell_shape *shape, uint32_t action)
{
    return shape->action_at_input ? 0 : shape->kind == ARQ_NETWORK_AD ? action : action * shape->action_rows;
}

/* Predictions of Q for one action: 1, or AD's quantiles. */
static inline uint32_t arq_cell_quantiles(const arq_cell_shape *shape)
{
    return shape->kind == ARQ_NETWORK_AD ? shape->action_rows : 1;
}

/* Whether Q can be below 0: of the goodnesses only the mean can. */
static inline int arq_cell_can_be_negative(const arq_cell_shape *shape)
{
    return shape->kind == ARQ_NETWORK_AD || shape->goodness == ARQ_GOODNESS_MEAN;
}

/* Length of what a cell computes for every action of one sample. */
static inline size_t arq_cell_all_outputs(const arq_cell_shape *shape)
{
    return (size_t)shape->actions * shape->action_rows;
}

/* LeCun normal kernels (truncated at 2 sigma, variance 1 / fan_in), zero biases, unit scales. */
void arq_cell_initialise(const arq_cell_shape *shape, arq_random *random, float *weights);

/* The code of actions as an input segment of the projections: a row an action, made once a shape.
 * `memory` is arq_action_codes_bytes() long. */
size_t arq_action_codes_bytes(const arq_cell_shape *shape, uint32_t rows);
arq_segment arq_action_codes(const arq_cell_shape *shape, uint32_t rows, const int32_t *actions, void *memory);

#endif
