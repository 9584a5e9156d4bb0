/* The games of the Python package MinAtar, measured beside ours where it is installed. */
#ifndef ARQ_TOOL_BENCH_PYTHON_H
#define ARQ_TOOL_BENCH_PYTHON_H

#include <stdint.h>

/* Prints their table, or says that the package is not installed. */
void bench_python(uint64_t repeats, double seconds);

#endif
