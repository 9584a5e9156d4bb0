/*
 * Widths for a budget of parameters (the ARQ paper's Table 3).
 */
#ifndef ARQ_NN_CELLS_WIDTH_SCALE_H
#define ARQ_NN_CELLS_WIDTH_SCALE_H

#include "nn/network.h"

/* Multiplies all widths by one factor and rounds them to multiples of 8, so that a network of cells has as nearly as
 * possible width_scale times the weights of AD at the given widths. width_scale becomes 0: the widths say it all. */
arq_status arq_scale_widths(const arq_context *context, const arq_network_shape *shape, arq_parameters *parameters);

#endif
