/* What updates and acting consist of, measured alone: products, attention, gathered bit columns. */
#ifndef ARQ_TOOL_BENCH_PARTS_H
#define ARQ_TOOL_BENCH_PARTS_H

#include "bench/case.h"

/* Seconds of an update's parts on one thread. */
typedef struct bench_parts {
    double projections; /* products of Z1 and Z2, and their weight gradients */
    double contexts;    /* products of h */
    double attention;
    double gathers; /* of the observation's bit columns, for all of the above */
} bench_parts;

bench_parts bench_update_parts(const bench_plan *plan, const bench_case *subject, uint32_t batch, uint32_t window);

/* Seconds of the attention of one sample, every action, in all cells. */
double bench_acting_attention(const bench_plan *plan, const bench_case *subject);

#endif
