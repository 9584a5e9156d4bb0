/* The fused attention of a cell, forward and backward, reference tier. */
#include "kernels/generic/lanes.h"
#include "kernels/generic/scalar.h"
#include "kernels/list.h"

#include <math.h>

#define STD_EPSILON 1e-6f

void arq_k_covariance_generic(size_t heads, size_t n, const float *zc, size_t ld, float *c)
{
    for (size_t k = 0; k < heads; k++) {
        for (size_t l = k; l < heads; l++) {
            lanes sum = {{0}};
            for (size_t i = 0; i < n; i++) {
                lanes_multiply_add(&sum, i, zc[k * ld + i], zc[l * ld + i]);
            }
            c[k * heads + l] = c[l * heads + k] = lanes_total(&sum) / (float)n;
        }
    }
}

/* The chain over l of row[l] * x[l, j]. */
static float row_times_column(size_t heads, const float *row, const float *x, size_t ld, size_t j)
{
    float sum = 0.0f;
    for (size_t l = 0; l < heads; l++) {
        sum = __builtin_fmaf(row[l], x[l * ld + j], sum);
    }
    return sum;
}

/* x where it is positive or NaN, else 0: what a variance may be. */
static float not_negative(float x)
{
    return x <= 0.0f ? 0.0f : x;
}

void arq_k_row_scales_generic(size_t heads, size_t d, const float *z2, size_t ldz2, const float *c, float *s,
                              float *inverse, float *v)
{
    for (size_t j = 0; j < d; j++) {
        float variance = 0.0f;
        for (size_t k = 0; k < heads; k++) {
            float w = row_times_column(heads, c + k * heads, z2, ldz2, j);
            variance = __builtin_fmaf(z2[k * ldz2 + j], w, variance);
        }
        s[j] = sqrtf(not_negative(variance));
        inverse[j] = s[j] <= 0.0f ? 0.0f : 1.0f / (s[j] + STD_EPSILON);
        for (size_t k = 0; k < heads; k++) {
            v[k * d + j] = z2[k * ldz2 + j] * inverse[j];
        }
    }
}

/* T[j, i]. */
static float tanh_of_p(const arq_attention *a, const float *v, size_t j, size_t i)
{
    float p = 0.0f;
    for (size_t k = 0; k < a->heads; k++) {
        p = __builtin_fmaf(v[k * a->rows + j] * LOGISTIC_SCALE, a->zc[k * a->ldzc + i], p);
    }
    return logistic_tanh_scalar(p);
}

/* 1 - T^2, the slope of tanh. */
static float slope(float t)
{
    return __builtin_fmaf(-t, t, 1.0f);
}

void arq_k_attention_generic(const arq_attention *a, const float *v, float *y)
{
    for (size_t j = 0; j < a->rows; j++) {
        y[j] = 0.0f;
        for (size_t i = 0; i < a->width; i++) {
            y[j] = __builtin_fmaf(tanh_of_p(a, v, j, i), a->h[i], y[j]);
        }
    }
}

void arq_k_attention_slope_generic(const arq_attention *a, const float *v, float *y, float *g)
{
    for (size_t j = 0; j < a->rows; j++) {
        y[j] = 0.0f;
        for (size_t k = 0; k < a->heads; k++) {
            g[k * a->rows + j] = 0.0f;
        }
        for (size_t i = 0; i < a->width; i++) {
            float t = tanh_of_p(a, v, j, i);
            if (a->tanh != NULL) {
                a->tanh[j * a->width + i] = t;
            }
            y[j] = __builtin_fmaf(t, a->h[i], y[j]);
            for (size_t k = 0; k < a->heads; k++) {
                g[k * a->rows + j] = __builtin_fmaf(slope(t), a->h[i] * a->zc[k * a->ldzc + i], g[k * a->rows + j]);
            }
        }
    }
}

void arq_k_attention_backward_generic(const arq_attention *a, const float *v, const float *gy, size_t first,
                                      size_t count, float *gh, float *u)
{
    for (size_t i = 0; i < a->width; i++) {
        gh[i] = 0.0f;
        for (size_t k = 0; k < a->heads; k++) {
            u[k * a->width + i] = 0.0f;
        }
        for (size_t j = first; j < first + count; j++) {
            float t = a->tanh != NULL ? a->tanh[j * a->width + i] : tanh_of_p(a, v, j, i);
            gh[i] = __builtin_fmaf(t, gy[j], gh[i]);
            for (size_t k = 0; k < a->heads; k++) {
                float *sum = &u[k * a->width + i];
                *sum = __builtin_fmaf(v[k * a->rows + j] * gy[j], slope(t), *sum);
            }
        }
        for (size_t k = 0; k < a->heads; k++) {
            u[k * a->width + i] = u[k * a->width + i] * a->h[i];
        }
    }
}

/* Column j of dZ2 and its rho. */
static float second_projection(const arq_attention *a, const float *c, float s, float inverse, const float *v,
                               const float *g, float gy, size_t j, float *dz2)
{
    float t = 0.0f;
    for (size_t k = 0; k < a->heads; k++) {
        t = __builtin_fmaf(v[k * a->rows + j], g[k * a->rows + j] * gy, t);
    }
    float rho = s > 0.0f ? -(inverse * t) / s : 0.0f;
    for (size_t k = 0; k < a->heads; k++) {
        float w = row_times_column(a->heads, c + k * a->heads, a->z2, a->ldz2, j);
        float dv = g[k * a->rows + j] * gy;
        dz2[k * a->rows + j] = __builtin_fmaf(w, rho, dv * inverse);
    }
    return rho;
}

void arq_k_attention_gradients_generic(const arq_attention *a, const float *c, const float *s, const float *inverse,
                                       const float *v, const float *g, const float *gy, size_t first, size_t count,
                                       float *u, float *rho, float *dz1, float *dz2)
{
    for (size_t k = 0; k < a->heads; k++) {
        for (size_t j = 0; j < a->rows; j++) {
            dz2[k * a->rows + j] = 0.0f;
        }
    }
    for (size_t j = first; j < first + count; j++) {
        rho[j] = second_projection(a, c, s[j], inverse[j], v, g, gy[j], j, dz2);
    }

    for (size_t k = 0; k < a->heads; k++) {
        float m[ARQ_MAX_HEADS];
        for (size_t l = 0; l < a->heads; l++) {
            lanes sum = {{0}};
            for (size_t j = 0; j < count; j++) {
                size_t column = first + j;
                lanes_multiply_add(&sum, j, a->z2[k * a->ldz2 + column] * rho[column], a->z2[l * a->ldz2 + column]);
            }
            m[l] = lanes_total(&sum) / (float)a->width;
        }
        float mean = lanes_mean(a->width, u + k * a->width);
        for (size_t i = 0; i < a->width; i++) {
            dz1[k * a->width + i] = (u[k * a->width + i] - mean) + row_times_column(a->heads, m, a->zc, a->ldzc, i);
        }
    }
}
