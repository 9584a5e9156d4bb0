#include "nn/cells/kind.h"

#include "nn/cells/acting.h"
#include "nn/cells/update.h"
#include "nn/cells/width_scale.h"
#include "nn/cells/window.h"
#include "nn/meaningless.h"
#include "nn/options.h"

/* A code of the action is only read where the action enters at the input. */
static arq_status check_options(const arq_context *context, const arq_config *config)
{
    const arq_parameters *p = arq_config_values(config);
    if (!arq_cell_action_at_input(p) && arq_option_is_chosen(config, "action_code")) {
        return arq_fail(context, ARQ_E_UNSUPPORTED,
                        "action_code is 'binary', but in network '%s' the action enters at the output, where it has no "
                        "code; leave it out, or set action_input to 'input'",
                        arq_network_kinds[p->network]->name);
    }
    return ARQ_OK;
}

#define CELLS_MEANINGLESS                                                                                              \
    {"layer_norm", NULL, "has cells, which normalise by nature"}, ARQ_WITHOUT_FORWARD_FORWARD,                         \
    {                                                                                                                  \
        .name = NULL                                                                                                   \
    }

static const arq_meaningless arq_meaningless_options[] = {
    {"quantiles", NULL, "has one y for each action, whose goodness is Q"}, CELLS_MEANINGLESS};

static const arq_meaningless ad_meaningless_options[] = {{"goodness", NULL, "has Q as its output, without a goodness"},
                                                         CELLS_MEANINGLESS};

#define CELL_METHODS                                                                                                   \
    .check = check_options, .scale_widths = arq_cells_scale_widths, .make_shape = arq_cells_make_shape,                \
    .tensor = arq_cells_tensor, .initialise = arq_cells_initialise,                                                    \
    .activations_create = arq_cells_activations_create, .activations_destroy = arq_cells_activations_destroy,          \
    .compute = arq_cells_compute, .begin = arq_cells_begin, .advance = arq_cells_advance,                              \
    .previous = arq_cells_previous, .present = arq_cells_present, .read = arq_cells_read,                              \
    .value_floats = arq_cells_value_floats, .value = arq_cells_value, .previous_floats = arq_cells_previous_floats,    \
    .window = arq_cells_window, .learner_create = arq_cells_learner_create,                                            \
    .learner_destroy = arq_cells_learner_destroy, .update_from_windows = arq_cells_update_from_windows,                \
    .update_from_targets = arq_cells_update_from_targets

const arq_network_methods arq_arq_network = {.name = "arq", .meaningless = arq_meaningless_options, CELL_METHODS};
const arq_network_methods arq_ad_network = {.name = "ad", .meaningless = ad_meaningless_options, CELL_METHODS};
