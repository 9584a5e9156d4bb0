#include "nn/cells/pass.h"

#include "nn/cells/printed_rows.h"

#include <math.h>
#include <string.h>

void arq_cell_features(const arq_kernels *kernels, const arq_cell_shape *shape, const float *weights, uint32_t first,
                       uint32_t rows, const arq_inputs *x, float *u, float *h, const arq_features *saved,
                       float *workspace)
{
    size_t n = shape->width;
    arq_map map = {.x = x,
                   .n = shape->width,
                   .kernel = weights + shape->offset[ARQ_CELL_H_KERNEL],
                   .bias = weights + shape->offset[ARQ_CELL_H_BIAS]};
    u = saved == NULL ? u : saved->u + first * n;
    arq_project_segments(kernels, &map, first, rows, u, workspace);
    for (uint32_t r = 0; r < rows; r++) {
        float mean;
        float inverse_std;
        kernels->layer_norm(n, u + r * n, weights + shape->offset[ARQ_CELL_NORM_SCALE],
                            weights + shape->offset[ARQ_CELL_NORM_OFFSET], h + (first + r) * n, &mean, &inverse_std);
        if (saved != NULL) {
            saved->mean[first + r] = mean;
            saved->inverse_std[first + r] = inverse_std;
        }
    }
}

void arq_cell_maps(const arq_cell_shape *shape, const float *weights, uint32_t batch, const arq_inputs *x,
                   const arq_projections *out, arq_map maps[2])
{
    maps[0] = (arq_map){.x = x,
                        .rows = batch,
                        .n = shape->heads * shape->width,
                        .kernel = weights + shape->offset[ARQ_CELL_Z1_KERNEL],
                        .out = out->z1};
    maps[1] = (arq_map){.x = x,
                        .rows = batch,
                        .n = shape->heads * shape->rows,
                        .kernel = weights + shape->offset[ARQ_CELL_Z2_KERNEL],
                        .out = out->z2};
}

void arq_cell_center(const arq_kernels *kernels, const arq_cell_shape *shape, uint32_t first, uint32_t rows, float *z1)
{
    size_t n = shape->width;
    if (!shape->rows_as_printed) {
        kernels->center((size_t)rows * shape->heads, n, z1 + (size_t)first * shape->heads * n, n);
    }
}

void arq_cell_project_codes(const arq_kernels *kernels, const arq_cell_shape *shape, const float *weights,
                            const arq_segment *codes, const arq_projections *out, float *pack)
{
    if (!shape->action_at_input) {
        return;
    }
    arq_inputs x = {0};
    arq_map maps[2];
    const arq_projections code = {.z1 = out->code1, .z2 = out->code2};
    arq_inputs_add(&x, *codes);
    arq_cell_maps(shape, weights, shape->actions, &x, &code, maps);
    for (int i = 0; i < 2; i++) {
        maps[i].kernel += (size_t)shape->inputs * maps[i].n; /* behind the rows of X */
    }
    arq_project_rows(kernels, maps, 2, 0, shape->actions, pack);
    arq_cell_center(kernels, shape, 0, shape->actions, code.z1);
}

typedef struct center_task {
    const arq_context *context;
    const arq_cell_shape *shape;
    uint32_t rows;
    float *z1;
} center_task;

#define CENTER_ROWS 32u

static void center_rows(void *data, uint32_t index)
{
    const center_task *t = data;
    uint32_t first = index * CENTER_ROWS;
    uint32_t rows = t->rows - first < CENTER_ROWS ? t->rows - first : CENTER_ROWS;
    arq_cell_center(t->context->kernels, t->shape, first, rows, t->z1);
}

void arq_cell_project(const arq_context *context, const arq_scratch *scratch, const arq_cell_shape *shape,
                      const float *weights, uint32_t batch, const arq_inputs *x, const arq_segment *codes,
                      const arq_projections *out)
{
    arq_map maps[2];
    arq_cell_maps(shape, weights, batch, x, out, maps);
    arq_project(context, scratch, maps, 2);
    center_task task = {context, shape, batch, out->z1};
    arq_parallel_for(context, (batch + CENTER_ROWS - 1) / CENTER_ROWS, center_rows, &task);
    float *pack = arq_scratch_take(scratch);
    arq_cell_project_codes(context->kernels, shape, weights, codes, out, pack);
    arq_scratch_give(scratch, pack);
}

/* The work space of one sample, cut up. */
typedef struct workspace {
    float *zc;         /* [K, n] */
    float *z2;         /* [K, d] */
    float *covariance; /* [K, K] */
    float *s;          /* [d] */
    float *inverse;    /* [d] */
    float *rho;        /* [d] */
    float *v;          /* [K, d] */
    float *g;          /* [K, d] */
    float *u;          /* [K, n] */
    float *dz1;        /* [K, n] */
    float *dz2;        /* [K, d] */
    float *y;          /* [d] */
    float *gy;         /* [d] */
    float *row;        /* [2, n] */
    float *tanh;       /* of P, where it is kept */
} workspace;

static size_t kept_floats(const arq_cell_shape *shape)
{
    size_t floats = ARQ_KEPT_TANH_FLOATS(shape->width, shape->action_rows);
    return floats > ARQ_MOST_KEPT_TANH_FLOATS || shape->rows_as_printed ? 0 : floats;
}

static size_t cut(const arq_cell_shape *shape, float *memory, workspace *w)
{
    size_t kn = (size_t)shape->heads * shape->width;
    size_t kd = (size_t)shape->heads * shape->rows;
    size_t d = shape->rows;
    size_t sizes[] = {kn,
                      kd,
                      (size_t)shape->heads * shape->heads,
                      d,
                      d,
                      d,
                      kd,
                      kd,
                      kn,
                      kn,
                      kd,
                      d,
                      d,
                      2 * (size_t)shape->width,
                      kept_floats(shape)};
    float **parts[] = {&w->zc, &w->z2,  &w->covariance, &w->s, &w->inverse, &w->rho, &w->v,   &w->g,
                       &w->u,  &w->dz1, &w->dz2,        &w->y, &w->gy,      &w->row, &w->tanh};
    size_t used = 0;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        if (memory != NULL) {
            *parts[i] = memory + used;
        }
        used += (sizes[i] + 15) / 16 * 16;
    }
    return used;
}

size_t arq_cell_workspace(const arq_cell_shape *shape)
{
    workspace w;
    return cut(shape, NULL, &w);
}

size_t arq_cell_acting_workspace(const arq_cell_shape *shape)
{
    return arq_cell_workspace(shape) - (kept_floats(shape) + 15) / 16 * 16; /* which is behind all others */
}

/* The sample's projections for one action: with the action's part added, or the action's piece of them. */
static arq_attention attention_of(const arq_kernels *kernels, const arq_cell_shape *shape, const arq_projections *p,
                                  uint32_t sample, const float *h, uint32_t action, const workspace *w)
{
    size_t n = shape->width;
    size_t d = shape->rows;
    size_t k = shape->heads;
    arq_attention a = {.heads = k, .width = n, .rows = d, .ldzc = n, .ldz2 = d, .h = h};
    const float *z1 = p->z1 + sample * k * n;
    const float *z2 = p->z2 + sample * k * d;
    if (shape->action_at_input) {
        kernels->add(1, k * n, z1, k * n, p->code1 + action * k * n, k * n, w->zc, k * n);
        kernels->add(1, k * d, z2, k * d, p->code2 + action * k * d, k * d, w->z2, k * d);
        a.zc = w->zc;
        a.z2 = w->z2;
    } else {
        a.zc = z1;
        a.z2 = z2;
    }
    return a;
}

static float q_of(const arq_kernels *kernels, const arq_cell_shape *shape, const float *y)
{
    if (shape->kind == ARQ_NETWORK_AD) {
        return shape->action_rows == 1 ? y[0] : kernels->goodness(ARQ_GOODNESS_MEAN, shape->action_rows, y);
    }
    return kernels->goodness(shape->goodness, shape->action_rows, y);
}

/* Column scales of the attention: covariance, then s, inverse and v. */
static void scale_rows(const arq_kernels *kernels, const arq_attention *a, const workspace *w)
{
    kernels->covariance(a->heads, a->width, a->zc, a->ldzc, w->covariance);
    kernels->row_scales(a->heads, a->rows, a->z2, a->ldz2, w->covariance, w->s, w->inverse, w->v);
}

/* y of the rows in `a`. */
static void attend(const arq_kernels *kernels, const arq_cell_shape *shape, const arq_attention *a, const workspace *w,
                   float *y)
{
    if (shape->rows_as_printed) {
        arq_printed_attention(kernels, a, w->row, y);
    } else {
        scale_rows(kernels, a, w);
        kernels->attention(a, w->v, y);
    }
}

/* y of every row of P, sorted by action. */
static void attend_all(const arq_kernels *kernels, const arq_cell_shape *shape, const arq_attention *a,
                       const workspace *w, float *y)
{
    if (shape->row_stride == 1 || shape->action_rows == 1) {
        attend(kernels, shape, a, w, y);
        return;
    }
    attend(kernels, shape, a, w, w->y);
    for (uint32_t action = 0; action < shape->actions; action++) {
        for (uint32_t i = 0; i < shape->action_rows; i++) {
            y[action * shape->action_rows + i] = w->y[arq_cell_first_row(shape, action) + i * shape->row_stride];
        }
    }
}

void arq_cell_all_actions(const arq_kernels *kernels, const arq_cell_shape *shape, const arq_projections *p,
                          uint32_t sample, const float *h, float *memory, float *y, float *q)
{
    workspace w;
    cut(shape, memory, &w);
    uint32_t passes = shape->action_at_input ? shape->actions : 1;
    for (uint32_t pass = 0; pass < passes; pass++) {
        arq_attention a = attention_of(kernels, shape, p, sample, h, pass, &w);
        attend_all(kernels, shape, &a, &w, y + (size_t)pass * shape->rows);
    }
    for (uint32_t action = 0; action < shape->actions; action++) {
        q[action] = q_of(kernels, shape, y + (size_t)action * shape->action_rows);
    }
}

/* For an action at the output only its own rows of P are read. */
static void keep_piece(const arq_cell_shape *shape, uint32_t action, const workspace *w, arq_attention *a)
{
    uint32_t first = arq_cell_first_row(shape, action);
    size_t piece = shape->action_rows;
    if (shape->row_stride == 1 || piece == 1) {
        a->z2 += first;
    } else {
        for (size_t k = 0; k < a->heads; k++) {
            for (size_t i = 0; i < piece; i++) {
                w->z2[k * piece + i] = a->z2[k * a->ldz2 + first + i * shape->row_stride];
            }
        }
        a->z2 = w->z2;
        a->ldz2 = piece;
    }
    a->rows = piece;
}

float arq_cell_one_action(const arq_kernels *kernels, const arq_cell_shape *shape, const arq_projections *p,
                          uint32_t sample, const float *h, uint32_t action, float *memory, float *y)
{
    workspace w;
    cut(shape, memory, &w);
    arq_attention a = attention_of(kernels, shape, p, sample, h, action, &w);
    keep_piece(shape, action, &w, &a);
    if (y == NULL) {
        y = w.y;
    }
    attend(kernels, shape, &a, &w, y);
    return q_of(kernels, shape, y);
}

/* Puts the gradient of the action's piece of Z2 into the sample's whole row of it. */
static void place_gradients(const arq_cell_shape *shape, const arq_projections *p, uint32_t sample, uint32_t action,
                            const workspace *w)
{
    size_t kn = (size_t)shape->heads * shape->width;
    size_t d = shape->rows;
    float *dz1 = p->z1 + sample * kn;
    float *dz2 = p->z2 + sample * shape->heads * d;
    memcpy(dz1, w->dz1, kn * sizeof(float));
    if (shape->action_rows == d) {
        memcpy(dz2, w->dz2, shape->heads * d * sizeof(float));
        return;
    }
    memset(dz2, 0, shape->heads * d * sizeof(float));
    size_t piece = shape->action_rows;
    size_t first = arq_cell_first_row(shape, action);
    for (uint32_t k = 0; k < shape->heads; k++) {
        for (size_t i = 0; i < piece; i++) {
            dz2[k * d + first + i * shape->row_stride] = w->dz2[k * piece + i];
        }
    }
}

/* Standard deviation of Q over the actions: every row once. */
static float spread_over_actions(const arq_kernels *kernels, const arq_cell_shape *shape, const arq_attention *a,
                                 const workspace *w)
{
    if (shape->action_at_input) {
        return NAN; /* would need a pass for each action */
    }
    float *q = w->rho;
    attend_all(kernels, shape, a, w, w->gy);
    for (uint32_t action = 0; action < shape->actions; action++) {
        q[action] = q_of(kernels, shape, w->gy + action * shape->action_rows);
    }
    return kernels->goodness(ARQ_GOODNESS_RMS, shape->actions, q);
}

/* dLoss/dy of the action's rows from their y. */
static void find_slopes(const arq_kernels *kernels, const arq_cell_shape *shape, uint32_t sample,
                        const arq_loss_slopes *slopes, const workspace *w, arq_sample_loss *loss)
{
    size_t rows = shape->action_rows;
    loss->q = q_of(kernels, shape, w->y);
    if (shape->kind == ARQ_NETWORK_AD && rows > 1) {
        slopes->of_quantiles(slopes->data, sample, w->y, w->gy);
        return;
    }
    float e = slopes->of_q(slopes->data, sample, loss->q);
    if (shape->kind == ARQ_NETWORK_AD) {
        w->gy[0] = e;
        return;
    }
    loss->spread = shape->goodness == ARQ_GOODNESS_RMS ? loss->q : kernels->goodness(ARQ_GOODNESS_RMS, rows, w->y);
    kernels->goodness_gradient(shape->goodness, rows, w->y, loss->q, e, w->gy);
}

arq_sample_loss arq_cell_learn_sample(const arq_kernels *kernels, const arq_cell_shape *shape, const arq_projections *p,
                                      uint32_t sample, const float *h, uint32_t action, const arq_loss_slopes *slopes,
                                      float *memory, float *gh)
{
    workspace w;
    cut(shape, memory, &w);
    arq_sample_loss loss = {0};
    arq_attention a = attention_of(kernels, shape, p, sample, h, action, &w);
    if (shape->kind == ARQ_NETWORK_AD) {
        loss.spread = spread_over_actions(kernels, shape, &a, &w);
    }
    keep_piece(shape, action, &w, &a);
    if (shape->rows_as_printed) {
        arq_printed_attention(kernels, &a, w.row, w.y);
        find_slopes(kernels, shape, sample, slopes, &w, &loss);
        arq_printed_attention_backward(kernels, &a, w.gy, w.row, gh, w.dz1, w.dz2);
    } else {
        scale_rows(kernels, &a, &w);
        a.tanh = kept_floats(shape) == 0 ? NULL : w.tanh;
        kernels->attention_slope(&a, w.v, w.y, w.g);
        find_slopes(kernels, shape, sample, slopes, &w, &loss);
        kernels->attention_backward(&a, w.v, w.gy, 0, a.rows, gh, w.u);
        kernels->attention_gradients(&a, w.covariance, w.s, w.inverse, w.v, w.g, w.gy, 0, a.rows, w.u, w.rho, w.dz1,
                                     w.dz2);
    }
    place_gradients(shape, p, sample, action, &w);
    return loss;
}
