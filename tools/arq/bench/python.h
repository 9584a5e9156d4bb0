/* Environments of Python packages, measured beside ours where they are installed. */
#ifndef ARQ_TOOL_BENCH_PYTHON_H
#define ARQ_TOOL_BENCH_PYTHON_H

#include <stdint.h>

/* Prints the table of MinAtar's games, or says that the package is not installed. */
void bench_python_games(uint64_t repeats, double seconds);

/* The same for dm_control's tasks of the ids dmc/..., with what `speeds`, ours in steps a second, are times theirs. */
void bench_python_control(uint64_t repeats, double seconds, int count, const char *const *ids, const double *speeds);

#endif
