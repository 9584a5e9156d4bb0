#include "nn/projection.h"

#include <math.h>
#include <string.h>

/* Columns and rows of one task. Wide kernels are cut by columns, so that each part is packed once. */
#define COLUMN_BLOCK 512u
#define ROW_BLOCK 128u
#define WIDE 1024u

void arq_inputs_add(arq_inputs *inputs, arq_segment segment)
{
    if (segment.size > 0) {
        inputs->segment[inputs->count++] = segment;
    }
}

uint32_t arq_inputs_size(const arq_inputs *inputs)
{
    uint32_t size = 0;
    for (uint32_t i = 0; i < inputs->count; i++) {
        size += inputs->segment[i].size;
    }
    return size;
}

typedef struct projection {
    const arq_kernels *kernels;
    const arq_scratch *scratch;
    const arq_inputs *x;
    uint32_t rows, n;
    uint32_t row_block, column_block, column_blocks;
    const float *kernel;
    const float *bias;
    float *out;
    const float *d; /* gradient: of the output */
} projection;

static uint32_t blocks_of(uint32_t size, uint32_t block)
{
    return (size + block - 1) / block;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static void start_rows(uint32_t rows, uint32_t columns, const float *bias, float *out, size_t ld)
{
    for (uint32_t r = 0; r < rows; r++) {
        if (bias != NULL) {
            memcpy(out + r * ld, bias, columns * sizeof(float));
        } else {
            memset(out + r * ld, 0, columns * sizeof(float));
        }
    }
}

/* Adds segment `i` of the input to one block of the output; `kernel` begins at the segment's rows. */
static void add_segment(const projection *p, uint32_t i, const float *kernel, uint32_t first, uint32_t rows,
                        uint32_t columns, float *out, size_t ldo, float *pack)
{
    const arq_segment *segment = &p->x->segment[i];
    if (segment->bits == NULL) {
        p->kernels->gemm(rows, columns, segment->size, segment->dense + first * segment->stride, segment->stride,
                         kernel, p->n, out, ldo, pack);
        return;
    }
    for (uint32_t r = 0; r < rows; r++) {
        p->kernels->gather_rows(segment->size, segment->bits + (first + r) * segment->stride, columns, kernel, p->n,
                                out + r * ldo);
    }
}

/* One block of the output: rows [first, first + rows), columns [column, column + columns). */
static void project_block(const projection *p, uint32_t first, uint32_t rows, uint32_t column, uint32_t columns,
                          float *pack)
{
    size_t ld = p->n;
    float *out = p->out + first * ld + column;
    start_rows(rows, columns, p->bias == NULL ? NULL : p->bias + column, out, ld);
    const float *kernel = p->kernel + column;
    for (uint32_t i = 0; i < p->x->count; i++) {
        add_segment(p, i, kernel, first, rows, columns, out, ld, pack);
        kernel += p->x->segment[i].size * ld;
    }
}

static void project_task(void *data, uint32_t index)
{
    const projection *p = data;
    uint32_t first = index / p->column_blocks * p->row_block;
    uint32_t column = index % p->column_blocks * COLUMN_BLOCK;
    float *pack = arq_scratch_take(p->scratch);
    project_block(p, first, smaller(p->row_block, p->rows - first), column, smaller(COLUMN_BLOCK, p->n - column), pack);
    arq_scratch_give(p->scratch, pack);
}

void arq_project(const arq_context *context, const arq_scratch *scratch, uint32_t rows, const arq_inputs *x,
                 const float *kernel, uint32_t n, const float *bias, float *out)
{
    projection p = {.kernels = context->kernels,
                    .scratch = scratch,
                    .x = x,
                    .rows = rows,
                    .n = n,
                    .kernel = kernel,
                    .bias = bias,
                    .out = out};
    p.row_block = n >= WIDE ? rows : ROW_BLOCK;
    p.column_blocks = blocks_of(n, COLUMN_BLOCK);
    arq_parallel_for(context, blocks_of(rows, p.row_block) * p.column_blocks, project_task, &p);
}

size_t arq_project_rows_floats(uint32_t rows, uint32_t n)
{
    return ARQ_GEMM_PACK_FLOATS + (size_t)rows * n;
}

void arq_project_rows(const arq_kernels *kernels, uint32_t first, uint32_t rows, const arq_inputs *x,
                      const float *kernel, uint32_t n, const float *bias, float *out, float *workspace)
{
    projection p = {.kernels = kernels, .x = x, .n = n};
    float *own = out + (size_t)first * n;
    float *sum = workspace + ARQ_GEMM_PACK_FLOATS;
    start_rows(rows, n, NULL, own, n);
    for (uint32_t i = 0; i < x->count; i++) {
        start_rows(rows, n, NULL, sum, n);
        add_segment(&p, i, kernel, first, rows, n, sum, n, workspace);
        kernels->add(rows, n, own, n, sum, n, own, n);
        kernel += (size_t)x->segment[i].size * n;
    }
    for (uint32_t r = 0; bias != NULL && r < rows; r++) {
        kernels->add(1, n, own + (size_t)r * n, n, bias, n, own + (size_t)r * n, n);
    }
}

/* Bits of rows [first, first + rows) of a segment, a row of bits for each of the segment's values. */
static void transpose_bits(const arq_segment *segment, uint32_t first, uint32_t rows, size_t stride, uint8_t *out)
{
    memset(out, 0, segment->size * stride);
    for (uint32_t r = 0; r < rows; r++) {
        const uint8_t *row = segment->bits + (first + r) * segment->stride;
        uint8_t bit = (uint8_t)(1u << (r % 8));
        for (uint32_t byte = 0; byte < (segment->size + 7) / 8; byte++) {
            for (uint32_t left = row[byte]; left != 0; left &= left - 1) {
                uint32_t i = byte * 8 + (uint32_t)__builtin_ctz(left);
                if (i < segment->size) {
                    out[i * stride + r / 8] |= bit;
                }
            }
        }
    }
}

/* The kernel's row of each value gains the rows of d where the value is 1: sums in registers, which a scatter of each
 * row of d has not. `space` is a slot's pack. */
static void add_bit_gradient(const projection *p, const arq_segment *segment, uint32_t columns, const float *d,
                             float *gradient, uint8_t *space)
{
    size_t ld = p->n;
    size_t most = ARQ_GEMM_PACK_FLOATS * sizeof(float) / segment->size * 8;
    if (most < 8) { /* so many values that their bits find no room */
        for (uint32_t r = 0; r < p->rows; r++) {
            p->kernels->scatter_rows(segment->size, segment->bits + r * segment->stride, columns, d + r * ld, gradient,
                                     ld);
        }
        return;
    }
    for (uint32_t first = 0; first < p->rows;) {
        uint32_t rows = p->rows - first < most ? p->rows - first : (uint32_t)most;
        size_t stride = (rows + 7) / 8;
        transpose_bits(segment, first, rows, stride, space);
        for (uint32_t i = 0; i < segment->size; i++) {
            p->kernels->gather_rows(rows, space + i * stride, columns, d + first * ld, ld, gradient + i * ld);
        }
        first += rows;
    }
}

/* The gradient of one block of kernel columns, all rows of the kernel. */
static void gradient_task(void *data, uint32_t index)
{
    const projection *p = data;
    uint32_t column = index * p->column_block;
    uint32_t columns = smaller(p->column_block, p->n - column);
    size_t ld = p->n;
    float *pack = arq_scratch_take(p->scratch);
    float *gradient = p->out + column;
    const float *d = p->d + column;
    for (uint32_t i = 0; i < p->x->count; i++) {
        const arq_segment *segment = &p->x->segment[i];
        start_rows(segment->size, columns, NULL, gradient, ld);
        if (segment->bits != NULL) {
            add_bit_gradient(p, segment, columns, d, gradient, (uint8_t *)pack);
        } else {
            p->kernels->gemm_tn(segment->size, columns, p->rows, segment->dense, segment->stride, d, ld, gradient, ld,
                                pack);
        }
        gradient += segment->size * ld;
    }
    arq_scratch_give(p->scratch, pack);
}

void arq_project_gradient(const arq_context *context, const arq_scratch *scratch, uint32_t rows, const arq_inputs *x,
                          const float *d, uint32_t n, float *gradient)
{
    projection p = {
        .kernels = context->kernels, .scratch = scratch, .x = x, .rows = rows, .n = n, .d = d, .out = gradient};
    p.column_block = n >= WIDE ? COLUMN_BLOCK : n >= 256 ? 128 : 64;
    arq_parallel_for(context, blocks_of(n, p.column_block), gradient_task, &p);
}

static double row_square(const arq_kernels *kernels, const arq_inputs *x, uint32_t row)
{
    double sum = 0;
    for (uint32_t i = 0; i < x->count; i++) {
        const arq_segment *segment = &x->segment[i];
        if (segment->bits == NULL) {
            sum += kernels->sum_of_squares(segment->size, segment->dense + row * segment->stride);
        } else {
            sum += segment->size; /* at most: this is a bound */
        }
    }
    return sum;
}

double arq_gradient_bound(const arq_kernels *kernels, uint32_t rows, const arq_inputs *x, const float *d, uint32_t n)
{
    double bound = 0;
    for (uint32_t r = 0; r < rows; r++) {
        bound += sqrt(row_square(kernels, x, r) * kernels->sum_of_squares(n, d + (size_t)r * n));
    }
    return bound;
}
