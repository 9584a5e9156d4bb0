#include "nn/cells/width_scale.h"

#include <math.h>
#include <stdio.h>

/* Weights of a network with these parameters; 0 when there can be none. */
static double count_weights(const arq_parameters *parameters, const arq_network_shape *like)
{
    arq_network_shape shape = {.observation_kind = like->observation_kind,
                               .observation_size = like->observation_size,
                               .actions = like->actions};
    return arq_cells_make_shape(NULL, parameters, &shape) == ARQ_OK ? (double)arq_network_weight_count(&shape) : 0;
}

static arq_parameters with_factor(const arq_parameters *parameters, double factor)
{
    arq_parameters scaled = *parameters;
    for (uint32_t l = 0; l < scaled.widths.count; l++) {
        double width = 8 * floor(factor * parameters->widths.width[l] / 8 + 0.5);
        scaled.widths.width[l] = width < 8 ? 8 : width > ARQ_MAX_WIDTH ? ARQ_MAX_WIDTH : (uint32_t)width;
    }
    return scaled;
}

arq_status arq_cells_scale_widths(const arq_context *context, const arq_network_shape *shape,
                                  arq_parameters *parameters)
{
    arq_parameters ad = *parameters;
    ad.network = ARQ_NETWORK_AD;
    ad.action_input = ARQ_ACTION_AUTO;
    ad.quantiles = 1;
    double wanted = parameters->width_scale * count_weights(&ad, shape);
    double low = 0;
    double high = ARQ_MAX_WIDTH;
    for (int i = 0; i < 60; i++) { /* the count rises with the factor, in steps: the last step below, the first above */
        double middle = (low + high) / 2;
        arq_parameters tried = with_factor(parameters, middle);
        if (count_weights(&tried, shape) < wanted) {
            low = middle;
        } else {
            high = middle;
        }
    }
    arq_parameters below = with_factor(parameters, low);
    arq_parameters above = with_factor(parameters, high);
    double too_few = wanted - count_weights(&below, shape);
    double too_many = count_weights(&above, shape) - wanted;
    *parameters = too_few <= too_many ? below : above;
    double scale = parameters->width_scale;
    parameters->width_scale = 0;
    char widths[256];
    arq_parameter_format(arq_parameter_find("widths"), parameters, widths, sizeof(widths));
    arq_log_line(context, ARQ_LOG_INFO, "width_scale %g: widths %s, %.0f weights where %.0f are wanted", scale, widths,
                 count_weights(parameters, shape), wanted);
    return ARQ_OK;
}
