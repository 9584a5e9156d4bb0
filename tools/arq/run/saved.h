/* Networks of saved runs. */
#ifndef ARQ_TOOL_SAVED_H
#define ARQ_TOOL_SAVED_H

#include "arq/network.h"

/* The network of a run's folder or of a file, with the id of the environment that the run was in ("" if unknown). 0 or
 * an exit code. */
int saved_network(arq_context *context, const char *run_or_file, arq_network **out, char *environment, size_t size);

/* A numeric parameter that a network's file carries; fallback where it does not. */
double saved_parameter(const arq_network *network, const char *name, double fallback);

#endif
