#include "nn/math/projection.h"

#include <string.h>

/* Columns and rows of one task. Wide kernels are cut by columns, so that each part is packed once; for few rows a
 * kernel is read once at the speed of memory, in rows as long as can be. */
#define COLUMN_BLOCK 512u
#define STREAM_COLUMNS 4096u
#define STREAM_ROWS 8u
#define WIDE 1024u

/* Values of one task where the gradient of bits is summed. */
#define VALUE_BLOCK 64u

/* Bytes of transposed bits in a pack at most. */
#define TRANSPOSED_MOST ((size_t)1 << 20)

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

static uint32_t blocks_of(uint32_t size, uint32_t block)
{
    return (size + block - 1) / block;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Columns of a block when n are cut into equal ones of at most `most`, whole cache lines each. */
static uint32_t equal_columns(uint32_t n, uint32_t most)
{
    return n == 0 ? 1 : (blocks_of(n, blocks_of(n, most)) + 63) / 64 * 64;
}

static void clear(uint32_t rows, uint32_t columns, float *out, size_t ld)
{
    for (uint32_t r = 0; r < rows; r++) {
        memset(out + r * ld, 0, columns * sizeof(float));
    }
}

size_t arq_project_pack_floats(size_t rows, size_t dense, size_t bits, size_t columns)
{
    size_t products = dense == 0 ? 0 : arq_gemm_pack_floats(rows > dense ? rows : dense, columns);
    size_t transposed = bits * ARQ_TRANSPOSED_BYTES(rows);
    transposed = transposed > TRANSPOSED_MOST ? 0 : (transposed + sizeof(float) - 1) / sizeof(float);
    return products > transposed ? products : transposed;
}

/* ---- Forward ---- */

/* Adds segment `i` of the input to one block of the output; `kernel` begins at the segment's rows. */
static void add_segment(const arq_kernels *kernels, const arq_map *map, uint32_t i, const float *kernel, uint32_t first,
                        uint32_t rows, uint32_t columns, float *out, size_t ldo, float *pack)
{
    const arq_segment *segment = &map->x->segment[i];
    if (segment->dense != NULL) {
        kernels->gemm(rows, columns, segment->size, segment->dense + first * segment->stride, segment->stride, kernel,
                      map->n, out, ldo, pack);
    }
    if (segment->bits != NULL) {
        kernels->gemm_bits(rows, columns, segment->size, segment->bits + first * segment->stride, segment->stride,
                           kernel, map->n, out, ldo);
    }
}

/* The same for segment `from` and all behind it. */
static void add_segments(const arq_kernels *kernels, const arq_map *map, uint32_t from, const float *kernel,
                         uint32_t first, uint32_t rows, uint32_t columns, float *out, float *pack)
{
    size_t ld = map->n;
    for (uint32_t i = from; i < map->x->count; i++) {
        add_segment(kernels, map, i, kernel, first, rows, columns, out, ld, pack);
        kernel += map->x->segment[i].size * ld;
    }
}

/* One block of the output: rows [first, first + rows), columns [column, column + columns). */
static void project_block(const arq_kernels *kernels, const arq_map *map, uint32_t first, uint32_t rows,
                          uint32_t column, uint32_t columns, float *pack)
{
    size_t ld = map->n;
    float *out = map->out + first * ld + column;
    const float *kernel = map->kernel + column;
    if (map->bias == NULL) {
        clear(rows, columns, out, ld);
    }
    for (uint32_t r = 0; map->bias != NULL && r < rows; r++) {
        memcpy(out + r * ld, map->bias + column, columns * sizeof(float));
    }
    add_segments(kernels, map, 0, kernel, first, rows, columns, out, pack);
}

/* Whether a map begins with the sums of an observation's bits. */
static int begins_with_bits(const arq_map *map)
{
    return map->bias == NULL && map->x->count > 0 && map->x->segment[0].bits != NULL;
}

/* How a map is cut into tasks. */
typedef struct map_cut {
    uint32_t rows, columns;
    uint32_t across; /* blocks of columns */
    uint32_t tasks;
} map_cut;

static map_cut cut_map(const arq_map *map)
{
    map_cut cut;
    if (map->rows <= STREAM_ROWS) {
        cut.rows = map->rows;
        cut.columns = equal_columns(map->n, STREAM_COLUMNS);
    } else {
        cut.rows = map->n >= WIDE ? map->rows : map->rows >= 256 ? 128 : 64;
        cut.columns = equal_columns(map->n, COLUMN_BLOCK);
    }
    cut.across = blocks_of(map->n, cut.columns);
    cut.tasks = blocks_of(map->rows, cut.rows) * cut.across;
    return cut;
}

typedef struct projection {
    const arq_kernels *kernels;
    const arq_scratch *scratch;
    const arq_map *maps;
    map_cut cut[ARQ_MAX_MAPS];
} projection;

static void project_task(void *data, uint32_t index)
{
    const projection *p = data;
    uint32_t i = 0;
    for (; index >= p->cut[i].tasks; i++) {
        index -= p->cut[i].tasks;
    }
    const arq_map *map = &p->maps[i];
    const map_cut *cut = &p->cut[i];
    uint32_t first = index / cut->across * cut->rows;
    uint32_t column = index % cut->across * cut->columns;
    float *pack = arq_scratch_take(p->scratch);
    project_block(p->kernels, map, first, smaller(cut->rows, map->rows - first), column,
                  smaller(cut->columns, map->n - column), pack);
    arq_scratch_give(p->scratch, pack);
}

void arq_project(const arq_context *context, const arq_scratch *scratch, const arq_map *maps, uint32_t count)
{
    projection p = {.kernels = context->kernels, .scratch = scratch, .maps = maps};
    uint32_t tasks = 0;
    for (uint32_t i = 0; i < count; i++) {
        p.cut[i] = cut_map(&maps[i]);
        tasks += p.cut[i].tasks;
    }
    arq_parallel_for(context, tasks, project_task, &p);
}

void arq_project_rows(const arq_kernels *kernels, const arq_map *maps, uint32_t count, uint32_t first, uint32_t rows,
                      float *pack)
{
    const arq_segment *same = &maps[0].x->segment[0];
    arq_bit_product products[ARQ_MAX_MAPS];
    uint32_t shared = 0;
    for (uint32_t m = 0; m < count; m++) {
        const arq_map *map = &maps[m];
        if (!begins_with_bits(map) || map->x->segment[0].bits != same->bits) {
            project_block(kernels, map, first, rows, 0, map->n, pack);
            continue;
        }
        products[shared++] = (arq_bit_product){
            .n = map->n, .b = map->kernel, .ldb = map->n, .c = map->out + (size_t)first * map->n, .ldc = map->n};
    }
    if (shared == 0) {
        return;
    }
    kernels->gemm_same_bits(rows, same->size, same->bits + first * same->stride, same->stride, products, shared);
    for (uint32_t m = 0; m < count; m++) {
        const arq_map *map = &maps[m];
        if (begins_with_bits(map) && map->x->segment[0].bits == same->bits) {
            add_segments(kernels, map, 1, map->kernel + (size_t)same->size * map->n, first, rows, map->n,
                         map->out + (size_t)first * map->n, pack);
        }
    }
}

size_t arq_project_segments_floats(uint32_t rows, uint32_t n)
{
    return ((size_t)rows * n + 15) / 16 * 16;
}

void arq_project_segments(const arq_kernels *kernels, const arq_map *map, uint32_t first, uint32_t rows, float *own,
                          float *workspace)
{
    uint32_t n = map->n;
    float *pack = workspace + arq_project_segments_floats(rows, n);
    const float *kernel = map->kernel;
    clear(rows, n, own, n);
    for (uint32_t i = 0; i < map->x->count; i++) {
        const arq_segment *segment = &map->x->segment[i];
        int nothing = segment->bits == NULL && segment->dense == NULL;
        if (i == 0) { /* the first sum needs no adding */
            add_segment(kernels, map, i, kernel, first, rows, n, own, n, pack);
        } else if (!nothing) {
            clear(rows, n, workspace, n);
            add_segment(kernels, map, i, kernel, first, rows, n, workspace, n, pack);
            kernels->add(rows, n, own, n, workspace, n, own, n);
        }
        kernel += (size_t)segment->size * n;
    }
    for (uint32_t r = 0; map->bias != NULL && r < rows; r++) {
        kernels->add(1, n, own + (size_t)r * n, n, map->bias, n, own + (size_t)r * n, n);
    }
}

/* ---- Gradients ---- */

/* Exchanges rows and columns of 8 x 8 bits, a byte a row, in halves, quarters and pairs. */
static uint64_t transpose_8(uint64_t x)
{
    static const struct {
        uint64_t mask;
        int shift;
    } steps[] = {{0x00aa00aa00aa00aa, 7}, {0x0000cccc0000cccc, 14}, {0x00000000f0f0f0f0, 28}};
    for (int i = 0; i < 3; i++) {
        uint64_t moved = (x ^ (x >> steps[i].shift)) & steps[i].mask;
        x ^= moved ^ (moved << steps[i].shift);
    }
    return x;
}

void arq_transpose_bits(const arq_segment *segment, uint32_t first, uint32_t rows, uint8_t *out)
{
    size_t stride = ARQ_TRANSPOSED_BYTES(rows);
    memset(out, 0, segment->size * stride);
    for (uint32_t r = 0; r < rows; r += 8) {
        const uint8_t *bits = segment->bits + (first + r) * segment->stride;
        uint32_t some = smaller(8, rows - r);
        for (uint32_t i = 0; i < segment->size; i += 8) {
            uint64_t square = 0;
            for (uint32_t row = 0; row < some; row++) {
                square |= (uint64_t)bits[row * segment->stride + i / 8] << (8 * row);
            }
            square = square == 0 ? 0 : transpose_8(square);
            uint32_t values = smaller(8, segment->size - i);
            for (uint32_t value = 0; square != 0 && value < values; value++, square >>= 8) {
                out[(i + value) * stride + r / 8] = (uint8_t)square;
            }
        }
    }
}

/* The part of a gradient that belongs to one segment of the input, and how it is cut. Narrow maps of the same bits
 * share a piece: their samples are listed once for them all. */
typedef struct piece {
    const arq_map_gradient *map;
    const arq_segment *segment;
    float *gradient;
    uint32_t shared; /* maps of the same bits beside it */
    const arq_map_gradient *shared_map[ARQ_MAX_MAPS - 1];
    float *shared_gradient[ARQ_MAX_MAPS - 1];
    uint32_t values, columns; /* of a task */
    uint32_t across;
    uint32_t tasks;
} piece;

#define MAX_PIECES (ARQ_MAX_MAPS * ARQ_MAX_SEGMENTS)

typedef struct gradients {
    const arq_kernels *kernels;
    const arq_scratch *scratch;
    piece piece[MAX_PIECES];
} gradients;

/* The next values in [value, end) that are touched, all of them without a list; their number, 0 behind the last. */
static uint32_t next_touched(const uint8_t *touched, uint32_t *value, uint32_t end)
{
    uint32_t first = *value;
    while (touched != NULL && first < end && !(touched[first / 8] >> (first % 8) & 1)) {
        first++;
    }
    *value = first;
    while (first < end && (touched == NULL || touched[first / 8] >> (first % 8) & 1)) {
        first++;
    }
    return first - *value;
}

/* The gradient of a value's weights is the sum of the rows of d whose samples have that bit set. Going value by value
 * keeps that sum in registers; going sample by sample would add into memory each time. */
static void sum_bit_gradient(const arq_kernels *kernels, const piece *p, uint32_t first, uint32_t values,
                             const uint8_t *bits, uint32_t column, uint32_t columns)
{
    size_t ld = p->map->n;
    size_t stride = ARQ_TRANSPOSED_BYTES(p->map->rows);
    arq_bit_product products[ARQ_MAX_MAPS] = {
        {.n = columns, .b = p->map->d + column, .ldb = ld, .c = p->gradient + first * ld + column, .ldc = ld}};
    for (uint32_t i = 0; i < p->shared; i++) {
        size_t n = p->shared_map[i]->n;
        products[i + 1] = (arq_bit_product){
            .n = n, .b = p->shared_map[i]->d, .ldb = n, .c = p->shared_gradient[i] + first * n, .ldc = n};
    }
    uint32_t end = first + values;
    uint32_t count;
    for (uint32_t value = first; (count = next_touched(p->segment->touched, &value, end)) > 0; value += count) {
        arq_bit_product some[ARQ_MAX_MAPS];
        for (uint32_t i = 0; i <= p->shared; i++) {
            some[i] = products[i];
            some[i].c += (value - first) * products[i].ldc;
        }
        kernels->gemm_same_bits(count, p->map->rows, bits + value * stride, stride, some, 1 + p->shared);
    }
}

/* All values at once, whose bits are not transposed yet; `space` is a slot's pack. Where they do not fit there, rows
 * are scattered. */
static void add_bit_gradient(const arq_kernels *kernels, const piece *p, uint32_t column, uint32_t columns,
                             uint8_t *space)
{
    const arq_segment *segment = p->segment;
    uint32_t rows = p->map->rows;
    size_t ld = p->map->n;
    if (segment->size * ARQ_TRANSPOSED_BYTES(rows) <= TRANSPOSED_MOST) {
        arq_transpose_bits(segment, 0, rows, space);
        sum_bit_gradient(kernels, p, 0, segment->size, space, column, columns);
        return;
    }
    clear(segment->size, columns, p->gradient + column, ld);
    for (uint32_t r = 0; r < rows; r++) {
        kernels->scatter_rows(segment->size, segment->bits + r * segment->stride, columns, p->map->d + r * ld + column,
                              p->gradient + column, ld);
    }
}

static void gradient_task(void *data, uint32_t index)
{
    const gradients *g = data;
    const piece *p = g->piece;
    for (; index >= p->tasks; p++) {
        index -= p->tasks;
    }
    const arq_segment *segment = p->segment;
    size_t ld = p->map->n;
    uint32_t first = index / p->across * p->values;
    uint32_t column = index % p->across * p->columns;
    uint32_t values = smaller(p->values, segment->size - first);
    uint32_t columns = smaller(p->columns, p->map->n - column);
    float *space = arq_scratch_take(g->scratch);
    if (segment->transposed != NULL) {
        sum_bit_gradient(g->kernels, p, first, values, segment->transposed, column, columns);
    } else if (segment->bits != NULL) {
        add_bit_gradient(g->kernels, p, column, columns, (uint8_t *)space);
    } else {
        g->kernels->gemm_tn(values, columns, p->map->rows, segment->dense + first, segment->stride, p->map->d + column,
                            ld, p->gradient + first * ld + column, ld, space);
    }
    arq_scratch_give(g->scratch, space);
}

static piece cut_piece(const arq_map_gradient *map, const arq_segment *segment, float *gradient)
{
    piece p = {.map = map, .segment = segment, .gradient = gradient, .values = segment->size};
    uint32_t n = map->n;
    if (segment->bits != NULL) {
        p.values = segment->transposed != NULL ? VALUE_BLOCK : segment->size;
        p.columns = equal_columns(n, COLUMN_BLOCK);
    } else {
        p.columns = n >= WIDE ? equal_columns(n, COLUMN_BLOCK) : n >= 256 ? 128 : 64;
    }
    p.across = blocks_of(n, p.columns);
    p.tasks = blocks_of(segment->size, p.values) * p.across;
    return p;
}

/* Adds the map to a piece of the same bits, where both are narrow; 0 where there is none. */
static int share_piece(gradients *g, uint32_t pieces, const arq_map_gradient *map, const arq_segment *segment,
                       float *gradient)
{
    for (uint32_t i = 0; segment->transposed != NULL && map->n <= COLUMN_BLOCK && i < pieces; i++) {
        piece *p = &g->piece[i];
        if (p->segment->transposed == segment->transposed && p->map->n <= COLUMN_BLOCK) {
            p->shared_map[p->shared] = map;
            p->shared_gradient[p->shared++] = gradient;
            return 1;
        }
    }
    return 0;
}

void arq_project_gradients(const arq_context *context, const arq_scratch *scratch, const arq_map_gradient *maps,
                           uint32_t count)
{
    gradients g = {.kernels = context->kernels, .scratch = scratch};
    uint32_t pieces = 0, tasks = 0;
    for (int bits = 0; bits < 2; bits++) { /* the long tasks, products, come first */
        for (uint32_t m = 0; m < count; m++) {
            float *gradient = maps[m].gradient;
            for (uint32_t i = 0; i < maps[m].x->count; i++) {
                const arq_segment *segment = &maps[m].x->segment[i];
                if ((segment->bits != NULL) == bits && !share_piece(&g, pieces, &maps[m], segment, gradient)) {
                    g.piece[pieces] = cut_piece(&maps[m], segment, gradient);
                    tasks += g.piece[pieces++].tasks;
                }
                gradient += (size_t)segment->size * maps[m].n;
            }
        }
    }
    arq_parallel_for(context, tasks, gradient_task, &g);
}

double arq_row_square(const arq_kernels *kernels, const arq_inputs *x, uint32_t row)
{
    double sum = 0;
    for (uint32_t i = 0; i < x->count; i++) {
        const arq_segment *segment = &x->segment[i];
        if (segment->dense != NULL) {
            sum += kernels->sum_of_squares(segment->size, segment->dense + row * segment->stride);
        } else if (segment->bits != NULL) {
            sum += segment->size; /* at most: this is a bound */
        }
    }
    return sum;
}
