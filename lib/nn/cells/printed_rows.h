/*
 * The attention as the paper's listing has it (arXiv 2510.06649): T = standardise(tanh(P)) by rows, where the released
 * code has tanh(standardise(P)). Row moments do not follow from the heads here, so each row is formed by itself.
 */
#ifndef ARQ_NN_CELLS_PRINTED_ROWS_H
#define ARQ_NN_CELLS_PRINTED_ROWS_H

#include "kernels/kernels.h"

/* y[j] = sum over i of T[j, i] h[i]; `zc` of the attention is not centred. row: [2, n] work space. */
void arq_printed_attention(const arq_kernels *kernels, const arq_attention *a, float *row, float *y);

/* gh [n], dz1 [K, n] and dz2 [K, d] from gy [d]. */
void arq_printed_attention_backward(const arq_kernels *kernels, const arq_attention *a, const float *gy, float *row,
                                    float *gh, float *dz1, float *dz2);

#endif
