/*
 * Linear maps of inputs that come in segments: Y = X W + b, and the gradient of W.
 */
#ifndef ARQ_NN_PROJECTION_H
#define ARQ_NN_PROJECTION_H

#include "core/scratch.h"

/* Part of the input of a batch: bits or floats, whichever pointer is set. */
typedef struct arq_segment {
    uint32_t size;       /* values a row */
    const uint8_t *bits; /* value i of a row is bit (i mod 8) of byte i / 8 */
    const float *dense;
    size_t stride; /* between rows: bytes for bits, floats for dense */
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

/* out[rows, n] = bias + X kernel, kernel [D, n]; bias NULL is 0. Parallel. */
void arq_project(const arq_context *context, const arq_scratch *scratch, uint32_t rows, const arq_inputs *x,
                 const float *kernel, uint32_t n, const float *bias, float *out);

/* The same for rows [first, first + rows) on the calling task. Each segment is summed by itself before it is added, and
 * the bias comes last: contexts feed on themselves, so their rounding errors grow, and short sums make small ones.
 * `workspace` is arq_project_rows_floats() long. */
void arq_project_rows(const arq_kernels *kernels, uint32_t first, uint32_t rows, const arq_inputs *x,
                      const float *kernel, uint32_t n, const float *bias, float *out, float *workspace);
size_t arq_project_rows_floats(uint32_t rows, uint32_t n);

/* gradient[D, n] = X^T d, d [rows, n]. Parallel. */
void arq_project_gradient(const arq_context *context, const arq_scratch *scratch, uint32_t rows, const arq_inputs *x,
                          const float *d, uint32_t n, float *gradient);

/* Upper bound of the norm of that gradient: the sum over rows of |x| |d|, in double. */
double arq_gradient_bound(const arq_kernels *kernels, uint32_t rows, const arq_inputs *x, const float *d, uint32_t n);

#endif
