/*
 * Buffers for kernel tests: each lies against an unmapped page, at its end or at its start, so that a read or write
 * one float too far faults. Buffers at the end of a page are misaligned whenever their size is odd.
 */
#ifndef ARQ_TESTS_KERNELS_GUARDED_H
#define ARQ_TESTS_KERNELS_GUARDED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What random numbers a buffer is filled with. */
typedef enum fill {
    FILL_ORDINARY, /* about -2 .. 2 */
    FILL_EXTREME,  /* besides, now and then 0, -0, denormals, the largest and smallest floats */
    FILL_HOSTILE,  /* besides, now and then infinities and NaN */
    FILL_COUNT
} fill;

typedef struct workshop {
    uint64_t random;
    fill fill;
    bool at_end;
    size_t used;         /* buffers given out */
    char failure[256];   /* the first difference; empty while there is none */
    const char *context; /* what is being compared, for the message */
    size_t checks;
} workshop;

/* false where the memory cannot be mapped. */
bool workshop_open(workshop *w, uint64_t seed);
void workshop_close(workshop *w);

/* Takes all buffers back. */
void workshop_clear(workshop *w, fill how, bool at_end);

uint64_t workshop_random(workshop *w);
/* Uniform in [low, high]. */
size_t workshop_between(workshop *w, size_t low, size_t high);
/* Uniform in [-1, 1). */
float workshop_uniform(workshop *w);

/* A buffer filled at random. */
float *workshop_floats(workshop *w, size_t count);
uint8_t *workshop_bytes(workshop *w, size_t count);
/* A buffer with the same contents as `other`. */
float *workshop_copy(workshop *w, const float *other, size_t count);

/* Notes a failure unless both have the same bits, NaN by position. */
void workshop_compare(workshop *w, const char *name, const float *expected, const float *got, size_t count);
void workshop_compare_double(workshop *w, const char *name, double expected, double got);

#endif
