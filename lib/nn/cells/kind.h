/*
 * ARQ and AD as kinds of networks.
 */
#ifndef ARQ_NN_CELLS_KIND_H
#define ARQ_NN_CELLS_KIND_H

#include "core/parameters.h"

static inline int arq_kind_has_cells(const arq_parameters *parameters)
{
    return parameters->network == ARQ_NETWORK_ARQ || parameters->network == ARQ_NETWORK_AD;
}

#endif
