/*
 * Parameters without a meaning for some kinds: rows of arq_network_methods.meaningless.
 */
#ifndef ARQ_NN_MEANINGLESS_H
#define ARQ_NN_MEANINGLESS_H

#include "nn/kind.h"

/* For kinds that have no cells. */
#define ARQ_WITHOUT_CELLS                                                                                              \
    {"width_scale", NULL, "has no cells to compare with those of ad"}, {"heads", NULL, "has no attention"},            \
        {"goodness", NULL, "predicts Q by a linear head, without a goodness"},                                         \
        {"row_order", NULL, "has no attention"}, {"quantiles", NULL, "predicts Q alone"},                              \
        {"action_input", NULL, "sees no action: its head has one output for each"},                                    \
        {"action_code", NULL, "sees no action: its head has one output for each"},                                     \
        {"input_skip", NULL, "shows the observation to its first layer alone"},                                        \
        {"recurrent", NULL, "has no activations of the step before"},                                                  \
        {"top_down", NULL, "has no activations of the step before"}, {"context_size", NULL, "has no contexts"},        \
        {"context_alpha", NULL, "has no contexts"}, {"context_on_explore", NULL, "has no contexts"},                   \
        {"window_padding", NULL, "has no contexts"}, {"q_from", NULL, "has one Q, that of its head"},                  \
    {                                                                                                                  \
        "q_cells", NULL, "has one Q, that of its head"                                                                 \
    }

/* For kinds that do not learn by Forward-Forward. */
#define ARQ_WITHOUT_FORWARD_FORWARD                                                                                    \
    {"ff_variant", NULL, "does not learn by Forward-Forward"},                                                         \
        {"ff_margin", NULL, "does not learn by Forward-Forward"},                                                      \
        {"ff_update_probability", NULL, "does not learn by Forward-Forward"},                                          \
        {"ff_updates", NULL, "does not learn by Forward-Forward"},                                                     \
        {"ff_normalise", NULL, "does not learn by Forward-Forward"},                                                   \
    {                                                                                                                  \
        "head_learning_rate", NULL, "has one learning rate for all its weights"                                        \
    }

#endif
