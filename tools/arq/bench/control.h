/* arq bench env for environments with box actions: simulations, of which few fit into memory. */
#ifndef ARQ_TOOL_BENCH_CONTROL_H
#define ARQ_TOOL_BENCH_CONTROL_H

#include "bench/measure.h"

#define BENCH_CONTROL_MOST 64 /* environments in one table */

/* Measures them with random low or high components and prints their table, then that of dm_control in Python where it
 * is installed. 0 or an exit code. */
int bench_control(const bench_plan *plan, int count, const char *const *ids);

#endif
