#include "guarded.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define BUFFERS 32
#define BUFFER_BYTES ((size_t)1 << 25) /* holds the largest matrix of the tests; only touched pages cost anything */

static unsigned char *regions[BUFFERS];

static size_t page_bytes(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

bool workshop_open(workshop *w, uint64_t seed)
{
    memset(w, 0, sizeof *w);
    w->random = seed * 2 + 1;
    for (size_t i = 0; i < BUFFERS; i++) {
        size_t page = page_bytes();
        void *region =
            mmap(NULL, BUFFER_BYTES + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (region == MAP_FAILED)
            return false;
        regions[i] = (unsigned char *)region + page;
        if (mprotect(regions[i], BUFFER_BYTES, PROT_READ | PROT_WRITE) != 0)
            return false;
    }
    return true;
}

void workshop_close(workshop *w)
{
    (void)w;
    for (size_t i = 0; i < BUFFERS; i++)
        munmap(regions[i] - page_bytes(), BUFFER_BYTES + 2 * page_bytes());
}

void workshop_clear(workshop *w, fill how, bool at_end)
{
    w->used = 0;
    w->fill = how;
    w->at_end = at_end;
}

uint64_t workshop_random(workshop *w)
{
    w->random ^= w->random << 13;
    w->random ^= w->random >> 7;
    w->random ^= w->random << 17;
    return w->random * 0x9e3779b97f4a7c15u >> 11;
}

size_t workshop_between(workshop *w, size_t low, size_t high)
{
    return low + (size_t)(workshop_random(w) % (high - low + 1));
}

float workshop_uniform(workshop *w)
{
    return (float)((double)(workshop_random(w) % (1u << 24)) / (1u << 23) - 1.0);
}

static float random_float(workshop *w)
{
    static const float extremes[] = {0.0f,           -0.0f,         1e-45f,         -1e-45f, 1.1754942e-38f, -5e-39f,
                                     1.1754944e-38f, 3.4028235e38f, -3.4028235e38f, 1e20f,   -1e-20f,        9.5f};
    uint64_t draw = workshop_random(w) % 64;
    if (w->fill != FILL_ORDINARY && draw < 2)
        return extremes[workshop_random(w) % (sizeof extremes / sizeof *extremes)];
    if (w->fill == FILL_HOSTILE && draw == 2)
        return workshop_random(w) % 3 ? (workshop_random(w) % 2 ? INFINITY : -INFINITY) : NAN;
    return 2.0f * workshop_uniform(w);
}

static void *next_buffer(workshop *w, size_t bytes)
{
    unsigned char *region = regions[w->used++ % BUFFERS];
    return w->at_end ? region + BUFFER_BYTES - bytes : region;
}

float *workshop_floats(workshop *w, size_t count)
{
    float *x = next_buffer(w, count * sizeof *x);
    for (size_t i = 0; i < count; i++)
        x[i] = random_float(w);
    return x;
}

uint8_t *workshop_bytes(workshop *w, size_t count)
{
    uint8_t *x = next_buffer(w, count);
    uint8_t keep = (uint8_t)(workshop_random(w) % 2 ? 0xff : workshop_random(w)); /* dense or sparse */
    for (size_t i = 0; i < count; i++)
        x[i] = (uint8_t)workshop_random(w) & keep;
    return x;
}

float *workshop_copy(workshop *w, const float *other, size_t count)
{
    float *x = next_buffer(w, count * sizeof *x);
    if (count)
        memcpy(x, other, count * sizeof *x);
    return x;
}

static bool same(float a, float b)
{
    return (a != a && b != b) || memcmp(&a, &b, sizeof a) == 0;
}

void workshop_compare(workshop *w, const char *name, const float *expected, const float *got, size_t count)
{
    w->checks++;
    for (size_t i = 0; i < count && !w->failure[0]; i++) {
        if (!same(expected[i], got[i]))
            snprintf(w->failure, sizeof w->failure, "%s: %s[%zu] is %a, generic has %a", w->context, name, i,
                     (double)got[i], (double)expected[i]);
    }
}

void workshop_compare_double(workshop *w, const char *name, double expected, double got)
{
    w->checks++;
    if (!w->failure[0] && !(expected != expected && got != got) && memcmp(&expected, &got, sizeof got) != 0)
        snprintf(w->failure, sizeof w->failure, "%s: %s is %a, generic has %a", w->context, name, got, expected);
}
