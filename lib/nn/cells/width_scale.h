/*
 * Widths for a budget of parameters (the ARQ paper's Table 3).
 */
#ifndef ARQ_NN_CELLS_WIDTH_SCALE_H
#define ARQ_NN_CELLS_WIDTH_SCALE_H

#include "nn/cells/wiring.h"

/* width_scale: finds one factor for all widths, rounded to multiples of 8, so that the network has as nearly as
 * possible width_scale times the weights that AD has with the widths as given. Afterwards the parameter is 0, and the
 * widths are what it asked for. */
arq_status arq_cells_scale_widths(const arq_context *context, const arq_network_shape *shape,
                                  arq_parameters *parameters);

#endif
