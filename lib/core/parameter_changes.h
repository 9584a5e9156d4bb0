/*
 * Parameters that may have other values when a saved agent or run goes on. All others must be the same.
 */
#ifndef ARQ_CORE_PARAMETER_CHANGES_H
#define ARQ_CORE_PARAMETER_CHANGES_H

#include "core/parameters.h"

typedef struct arq_parameter_change {
    const char *name;
    const char *meaning;
    int upwards; /* never less than before */
} arq_parameter_change;

/* What a change of a parameter means, or NULL: it may not change. */
const arq_parameter_change *arq_parameter_find_change(const char *name);

#endif
