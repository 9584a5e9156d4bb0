#include "bench/measure.h"

#include "cli/message.h"
#include "host/clock.h"
#include "host/machine.h"

#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

void bench_sort(double *values, size_t count)
{
    qsort(values, count, sizeof(*values), compare);
}

double bench_time(const bench_plan *plan, void (*call)(void *data), void *data)
{
    double times[BENCH_MAX_REPEATS];
    uint64_t calls = 1;
    call(data); /* warms up */
    for (;;) {
        double begin = clock_seconds();
        for (uint64_t i = 0; i < calls; i++) {
            call(data);
        }
        if (clock_seconds() - begin >= plan->seconds || calls > (1u << 30)) {
            break;
        }
        calls *= 2;
    }
    for (uint64_t r = 0; r < plan->repeats; r++) {
        double begin = clock_seconds();
        for (uint64_t i = 0; i < calls; i++) {
            call(data);
        }
        times[r] = (clock_seconds() - begin) / (double)calls;
    }
    bench_sort(times, (size_t)plan->repeats);
    return times[plan->repeats / 2];
}

float *bench_floats(size_t count)
{
    size_t bytes = count * sizeof(float);
    size_t align = bytes >= 2 * MACHINE_LARGE_PAGE ? MACHINE_LARGE_PAGE : 64; /* large pages, as the library has them */
    float *values = aligned_alloc(align, (bytes + align - 1) / align * align);
    uint32_t state = 1;
    if (values == NULL) {
        exit(message_fail("no memory for %zu floats", count));
    }
    if (align == MACHINE_LARGE_PAGE) {
        machine_use_large_pages(values, bytes);
    }
    for (size_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        values[i] = (float)(int32_t)state * 0x1p-31f;
    }
    return values;
}

#define READ_FLOATS ((size_t)64 << 20)

typedef struct reading {
    const arq_kernels *kernels;
    float *values;
    double sum;
} reading;

static void read_all(void *data)
{
    reading *r = data;
    r->sum += r->kernels->sum_of_squares(READ_FLOATS, r->values);
}

double bench_read_bandwidth(const bench_plan *plan)
{
    reading r = {.kernels = bench_kernels_of(plan), .values = bench_floats(READ_FLOATS)};
    double seconds = bench_time(plan, read_all, &r);
    free(r.values);
    return (double)READ_FLOATS * sizeof(float) / seconds;
}

const arq_kernels *bench_kernels_of(const bench_plan *plan)
{
    if (plan->cpu == NULL) {
        return arq_kernels_select(UINT32_MAX);
    }
    for (int tier = 0; tier < ARQ_TIER_COUNT; tier++) {
        const arq_kernels *kernels = arq_kernels_of((arq_tier)tier);
        if (kernels != NULL && strcmp(kernels->name, plan->cpu) == 0) {
            return kernels;
        }
    }
    message_fail("no kernels for '%s' on this processor", plan->cpu);
    return NULL;
}
