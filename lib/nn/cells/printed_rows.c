#include "nn/cells/printed_rows.h"

#include <string.h>

#define STD_EPSILON 1e-6f

/* One row of the attention: tanh(P), and what standardises it. */
typedef struct printed_row {
    const float *tanh;
    float mean, std, inverse; /* inverse 0 for a row without variance */
} printed_row;

static printed_row form_row(const arq_kernels *kernels, const arq_attention *a, size_t j, float *row)
{
    float *p = row;
    float *t = row + a->width;
    for (size_t i = 0; i < a->width; i++) {
        p[i] = 0;
        for (size_t k = 0; k < a->heads; k++) {
            p[i] = __builtin_fmaf(a->z2[k * a->ldz2 + j], a->zc[k * a->ldzc + i], p[i]);
        }
    }
    kernels->tanh(a->width, p, t);
    printed_row r = {.tanh = t,
                     .mean = kernels->goodness(ARQ_GOODNESS_MEAN, a->width, t),
                     .std = kernels->goodness(ARQ_GOODNESS_RMS, a->width, t)};
    r.inverse = r.std <= 0 ? 0 : 1 / (r.std + STD_EPSILON);
    return r;
}

void arq_printed_attention(const arq_kernels *kernels, const arq_attention *a, float *row, float *y)
{
    for (size_t j = 0; j < a->rows; j++) {
        printed_row r = form_row(kernels, a, j, row);
        y[j] = 0;
        for (size_t i = 0; i < a->width; i++) {
            y[j] = __builtin_fmaf((r.tanh[i] - r.mean) * r.inverse, a->h[i], y[j]);
        }
    }
}

/* dLoss/dP of row j into p [n]; adds the row's part of gh. With c = tanh - mean, T = c / (std + epsilon):
 * dc = inverse gT - c sum(gT c) inverse^2 / (n std), then centred, then times tanh's slope. */
static void backward_row(const arq_attention *a, const printed_row *r, float gy, float *p, float *gh)
{
    float sum = 0;
    for (size_t i = 0; i < a->width; i++) {
        float c = r->tanh[i] - r->mean;
        sum = __builtin_fmaf(gy * a->h[i], c, sum);
        gh[i] = __builtin_fmaf(gy, c * r->inverse, gh[i]);
    }
    float factor = r->std <= 0 ? 0 : sum * r->inverse * r->inverse / ((float)a->width * r->std);
    float mean = 0;
    for (size_t i = 0; i < a->width; i++) {
        p[i] = r->inverse * (gy * a->h[i]) - factor * (r->tanh[i] - r->mean);
        mean += p[i];
    }
    mean /= (float)a->width;
    for (size_t i = 0; i < a->width; i++) {
        p[i] = (p[i] - mean) * __builtin_fmaf(-r->tanh[i], r->tanh[i], 1.0f);
    }
}

void arq_printed_attention_backward(const arq_kernels *kernels, const arq_attention *a, const float *gy, float *row,
                                    float *gh, float *dz1, float *dz2)
{
    memset(gh, 0, a->width * sizeof(float));
    memset(dz1, 0, a->heads * a->width * sizeof(float));
    for (size_t j = 0; j < a->rows; j++) {
        printed_row r = form_row(kernels, a, j, row);
        float *p = row;
        backward_row(a, &r, gy[j], p, gh);
        for (size_t k = 0; k < a->heads; k++) {
            float z2 = a->z2[k * a->ldz2 + j];
            float sum = 0;
            for (size_t i = 0; i < a->width; i++) {
                sum = __builtin_fmaf(p[i], a->zc[k * a->ldzc + i], sum);
                dz1[k * a->width + i] = __builtin_fmaf(p[i], z2, dz1[k * a->width + i]);
            }
            dz2[k * a->rows + j] = sum;
        }
    }
}
