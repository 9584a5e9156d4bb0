/* What the benchmarks share: clocks, medians, memory, and the machine's own limits. */
#ifndef ARQ_TOOL_BENCH_MEASURE_H
#define ARQ_TOOL_BENCH_MEASURE_H

#include "kernels/kernels.h"

#define BENCH_MAX_REPEATS 100

typedef struct bench_plan {
    uint64_t repeats; /* measurements, of which the median is taken; at most BENCH_MAX_REPEATS */
    double seconds;   /* at least so long a measurement */
    uint64_t threads;
    const char *cpu;       /* tier, or NULL: the best */
    const char *preset;    /* of an update, NULL: the paper's; of acting, NULL: several */
    const char *widths;    /* NULL: the preset's */
    const char *network;   /* of an update: a kind, "all", or NULL: the preset's */
    uint64_t batch;        /* 0: the preset's; 512 for a replay */
    uint64_t transitions;  /* of a replay, and of a checkpoint's */
    uint64_t environments; /* of rollouts; 0: what the preset recommends, or 128 */
} bench_plan;

/* In rising order. */
void bench_sort(double *values, size_t count);

/* Median seconds of one call. */
double bench_time(const bench_plan *plan, void (*call)(void *data), void *data);

/* `count` small numbers, the same in every run; ends the program when there is no memory. */
float *bench_floats(size_t count);

/* The most multiply-adds of floats that a tier can do in a second, from registers alone; 0 where that is not known. */
double bench_fma_peak(const bench_plan *plan, const char *tier);

/* Bytes a second that reading a large array reaches. */
double bench_read_bandwidth(const bench_plan *plan);

/* The tier that the plan names, or the best; NULL after saying that there is none. */
const arq_kernels *bench_kernels_of(const bench_plan *plan);

/* The benchmarks, of the environments that ids name; each returns an exit code. */
int bench_environments(const bench_plan *plan, int id_count, const char *const *ids);
int bench_kernels(const bench_plan *plan, int id_count, const char *const *ids);
int bench_update(const bench_plan *plan, int id_count, const char *const *ids);
int bench_act(const bench_plan *plan, int id_count, const char *const *ids);
int bench_replay(const bench_plan *plan, int id_count, const char *const *ids);
int bench_rollout(const bench_plan *plan, int id_count, const char *const *ids);
int bench_checkpoint(const bench_plan *plan, int id_count, const char *const *ids);

#endif
