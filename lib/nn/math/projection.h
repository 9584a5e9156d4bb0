/*
 * Linear maps of inputs that come in segments: Y = X W + b, and the gradient of W.
 */
#ifndef ARQ_NN_MATH_PROJECTION_H
#define ARQ_NN_MATH_PROJECTION_H

#include "core/scratch.h"

/* Part of the input of a batch: bits or floats, whichever pointer is set; all zeros if neither is. */
typedef struct arq_segment {
    uint32_t size;       /* values a row */
    const uint8_t *bits; /* value i of a row is bit (i mod 8) of byte i / 8 */
    const float *dense;
    size_t stride;             /* between rows: bytes for bits, floats for dense */
    const uint8_t *transposed; /* the bits by value, ARQ_TRANSPOSED_BYTES(rows) for each; may be NULL */
    const uint8_t *touched;    /* beside these: a bit for each value whose gradient is wanted; NULL: all are */
} arq_segment;

#define ARQ_MAX_SEGMENTS 5

/* X of a batch: the segments side by side, in the order of the kernel's rows. */
typedef struct arq_inputs {
    uint32_t count;
    arq_segment segment[ARQ_MAX_SEGMENTS];
} arq_inputs;

/* Appends a segment; one of size 0 is left out. */
void arq_inputs_add(arq_inputs *inputs, arq_segment segment);

/* Values of one row over all segments. */
uint32_t arq_inputs_size(const arq_inputs *inputs);

/* Y[rows, n] = bias + X kernel, kernel [D, n]; bias NULL is 0. */
typedef struct arq_map {
    const arq_inputs *x;
    uint32_t rows, n;
    const float *kernel;
    const float *bias;
    float *out;
} arq_map;

/* Most maps of one call. */
#define ARQ_MAX_MAPS 3

/* Floats of pack that maps of at most so many rows and columns need, and their gradients; `dense` and `bits` are the
 * most values of a segment. */
size_t arq_project_pack_floats(size_t rows, size_t dense, size_t bits, size_t columns);

/* All maps in one parallel loop; a slot is a pack. */
void arq_project(const arq_context *context, const arq_scratch *scratch, const arq_map *maps, uint32_t count);

/* Rows [first, first + rows) of some maps on the calling task: bits that they share are listed once. */
void arq_project_rows(const arq_kernels *kernels, const arq_map *maps, uint32_t count, uint32_t first, uint32_t rows,
                      float *pack);

/* The same with each segment summed by itself before it is added, and the bias last: contexts feed on themselves, so
 * their rounding errors grow, and short sums make small ones. `own` is the first row's output; `workspace` has
 * arq_project_segments_floats(), and a pack behind them. */
void arq_project_segments(const arq_kernels *kernels, const arq_map *map, uint32_t first, uint32_t rows, float *own,
                          float *workspace);
size_t arq_project_segments_floats(uint32_t rows, uint32_t n);

/* kernel's gradient[D, n] = X^T d, d [rows, n]. */
typedef struct arq_map_gradient {
    const arq_inputs *x;
    uint32_t rows, n;
    const float *d;
    float *gradient;
} arq_map_gradient;

/* All gradients in one parallel loop; a slot is a pack. */
void arq_project_gradients(const arq_context *context, const arq_scratch *scratch, const arq_map_gradient *maps,
                           uint32_t count);

/* Bytes of one value's bits over all rows, and the transposition. */
#define ARQ_TRANSPOSED_BYTES(rows) (((size_t)(rows) + 7) / 8)
void arq_transpose_bits(const arq_segment *segment, uint32_t first, uint32_t rows, uint8_t *out);

/* Upper bound of a row's |x|^2. */
double arq_row_square(const arq_kernels *kernels, const arq_inputs *x, uint32_t row);

#endif
