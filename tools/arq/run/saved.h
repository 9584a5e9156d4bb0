/* Networks of saved runs. */
#ifndef ARQ_TOOL_SAVED_H
#define ARQ_TOOL_SAVED_H

#include "arq/network.h"

/* The network of a run's folder or of a file, with the id of the environment that the run was in ("" if unknown; there
 * is room for ID_SIZE bytes). 0 or an exit code. */
int saved_network(arq_context *context, const char *run_or_file, arq_network **out, char *environment);

/* Whether a run may be played where it was trained. A plugin whose file only the run names is code that nobody has
 * asked for: it is refused unless the user says that the run is to be trusted. `run` is what the user calls it. 0 or an
 * exit code. */
int saved_environment_check(const char *run, const char *environment, int trust);

/* A numeric parameter that a network's file carries; fallback where it does not. */
double saved_parameter(const arq_network *network, const char *name, double fallback);

#endif
