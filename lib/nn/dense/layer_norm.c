#include "nn/dense/layer_norm.h"

#include <math.h>
#include <string.h>

/* normal = (u - mean u) / sqrt(var u + 1e-6), in place; returns what it was multiplied with. */
static double normalise(size_t n, double *u)
{
    double mean = 0;
    double variance = 0;
    for (size_t i = 0; i < n; i++) {
        mean += u[i];
    }
    mean /= (double)n;
    for (size_t i = 0; i < n; i++) {
        variance += (u[i] - mean) * (u[i] - mean);
    }
    double inverse_std = 1 / sqrt(variance / (double)n + ARQ_DENSE_NORM_EPSILON);
    for (size_t i = 0; i < n; i++) {
        u[i] = (u[i] - mean) * inverse_std;
    }
    return inverse_std;
}

void arq_norm_lay_out(const arq_network_shape *shape, size_t batch, arq_arena *arena, arq_norm_pass *norm)
{
    for (uint32_t l = 0; l < shape->cells; l++) {
        size_t values = batch * shape->width[l];
        norm->h[l] = arq_arena_take(arena, values, sizeof(double));
        norm->d[l] = arq_arena_take(arena, values, sizeof(double));
        norm->normal[l] = arq_arena_take(arena, l + 1 < shape->cells ? values : 0, sizeof(double));
        norm->inverse_std[l] = arq_arena_take(arena, l + 1 < shape->cells ? batch : 0, sizeof(double));
    }
}

/* out[n] += x row[n]. */
static void add_row(size_t n, double x, const float *row, double *out)
{
    for (size_t j = 0; j < n; j++) {
        out[j] += x * (double)row[j];
    }
}

/* u = W x + b of one sample. */
static void map_sample(const arq_dense_layer *layer, const float *weights, const arq_segment *observation,
                       const double *below, size_t b, double *u)
{
    size_t n = layer->outputs;
    for (size_t j = 0; j < n; j++) {
        u[j] = (double)weights[layer->bias + j];
    }
    for (size_t i = 0; i < layer->inputs; i++) {
        double x;
        if (below != NULL) {
            x = below[i];
        } else if (observation->bits != NULL) {
            x = observation->bits[b * observation->stride + i / 8] >> (i % 8) & 1;
        } else {
            x = (double)observation->dense[b * observation->stride + i];
        }
        if (x != 0) {
            add_row(n, x, weights + layer->kernel + i * n, u);
        }
    }
}

/* h = ReLU(scale normal + shift). */
static void rectify(size_t n, const float *scale, const double *normal, double *h)
{
    const float *shift = scale + n;
    for (size_t j = 0; j < n; j++) {
        double z = (double)scale[j] * normal[j] + (double)shift[j];
        h[j] = z <= 0 ? 0 : z; /* NaN stays */
    }
}

static void round_all(size_t count, const double *from, float *to)
{
    for (size_t i = 0; i < count; i++) {
        to[i] = (float)from[i];
    }
}

void arq_norm_forward(const arq_network_shape *shape, const float *weights, uint32_t batch, arq_dense_pass *pass,
                      const arq_norm_pass *norm)
{
    for (uint32_t l = 0; l < shape->cells; l++) {
        arq_dense_layer layer = arq_dense_layer_at(shape, l);
        size_t n = layer.outputs;
        for (size_t b = 0; b < batch; b++) {
            const double *below = l == 0 ? NULL : norm->h[l - 1] + b * layer.inputs;
            double *h = norm->h[l] + b * n;
            double *u = arq_dense_has_norm(shape, l) ? norm->normal[l] + b * n : h;
            map_sample(&layer, weights, &pass->observation, below, b, u);
            if (u != h) {
                norm->inverse_std[l][b] = normalise(n, u);
                rectify(n, weights + layer.scale, u, h);
            }
        }
        round_all(batch * n, norm->h[l], pass->h[l]);
    }
}

/* dLoss/dh of one sample. */
static void propagate(size_t n, size_t above, const float *transposed, const double *d_above, double *d)
{
    memset(d, 0, n * sizeof(*d));
    for (size_t j = 0; j < above; j++) {
        if (d_above[j] != 0) {
            add_row(n, d_above[j], transposed + j * n, d);
        }
    }
}

void arq_norm_backward(const arq_network_shape *shape, const float *weights, const float *transposed, uint32_t batch,
                       uint32_t l, const arq_norm_pass *norm, float *d, float *gradient)
{
    size_t n = shape->width[l];
    size_t above = shape->width[l + 1];
    const float *scale = weights + arq_dense_layer_at(shape, l).scale;
    memset(gradient, 0, 2 * n * sizeof(float));
    for (size_t b = 0; b < batch; b++) {
        const double *h = norm->h[l] + b * n;
        const double *normal = norm->normal[l] + b * n;
        double *row = norm->d[l] + b * n;
        double mean = 0;
        double along = 0;
        propagate(n, above, transposed, norm->d[l + 1] + b * above, row);
        for (size_t i = 0; i < n; i++) {
            double dz = h[i] > 0 ? row[i] : 0;
            gradient[i] += (float)(dz * normal[i]);
            gradient[n + i] += (float)dz;
            row[i] = dz * (double)scale[i];
            mean += row[i];
            along += row[i] * normal[i];
        }
        mean /= (double)n;
        along /= (double)n;
        for (size_t i = 0; i < n; i++) {
            row[i] = (row[i] - mean - normal[i] * along) * norm->inverse_std[l][b];
        }
    }
    round_all(batch * n, norm->d[l], d);
}
