/* A network under measurement, on MinAtar Breakout's shapes: 10 x 10 x 4 bits of which about one in 20 is set. */
#ifndef ARQ_TOOL_BENCH_CASE_H
#define ARQ_TOOL_BENCH_CASE_H

#include "arq/network.h"
#include "bench/measure.h"

#include <stdatomic.h>

#define BENCH_BITS 400
#define BENCH_BYTES (BENCH_BITS / 8)
#define BENCH_ACTIONS 3
#define BENCH_MAX_CELLS 16

typedef struct bench_case {
    arq_context *context;
    arq_config *config;
    arq_network *network;
    size_t weights;
    uint32_t cells;
    size_t width[BENCH_MAX_CELLS];
    size_t dense[BENCH_MAX_CELLS];    /* inputs that are not bits */
    size_t contexts[BENCH_MAX_CELLS]; /* those of them that come from the step before */
    int sees_bits[BENCH_MAX_CELLS];
    size_t heads;
    atomic_size_t bytes; /* allocated now, where they are counted */
} bench_case;

/* The plan's network; kind NULL: the preset's own. `counting`: bytes are counted by an allocator that is slower
 * than the library's own, so do not time such a case. 0, or an exit code after saying why. The case must not move. */
int bench_case_open(const bench_plan *plan, const char *preset, const char *kind, uint64_t threads, int counting,
                    bench_case *out);
void bench_case_close(bench_case *self);

/* A number of the parameter table, or 0. */
double bench_case_parameter(const bench_case *self, const char *name);

/* Sets about one bit in 20, the same in every run. */
void bench_case_bits(size_t bytes, uint8_t *bits);

#endif
