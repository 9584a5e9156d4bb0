#include "bench/case.h"

#include "cli/message.h"
#include "cli/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *count_alloc(void *user, size_t size, size_t align)
{
    bench_case *self = user;
    void *pointer = aligned_alloc(align, (size + align - 1) / align * align);
    if (pointer != NULL) {
        atomic_fetch_add(&self->bytes, size);
    }
    return pointer;
}

static void count_free(void *user, void *pointer, size_t size, size_t align)
{
    bench_case *self = user;
    (void)align;
    atomic_fetch_sub(&self->bytes, size);
    free(pointer);
}

static arq_status configure(const bench_plan *plan, const char *preset, const char *kind, bench_case *self)
{
    char text[32];
    arq_status status = arq_config_create(self->context, preset, &self->config);
    if (status == ARQ_OK && kind != NULL) {
        status = arq_config_set(self->config, "network", kind);
    }
    if (status == ARQ_OK && plan->widths != NULL) {
        status = arq_config_set(self->config, "widths", plan->widths);
    }
    if (status == ARQ_OK && plan->batch > 0) {
        snprintf(text, sizeof(text), "%llu", (unsigned long long)plan->batch);
        status = arq_config_set(self->config, "batch", text);
    }
    return status;
}

double bench_case_parameter(const bench_case *self, const char *name)
{
    double value = 0;
    return arq_config_get_float(self->config, name, &value) == ARQ_OK ? value : 0;
}

static void describe(bench_case *self)
{
    char text[256] = "";
    arq_config_get(self->config, "widths", text, sizeof(text));
    for (char *at = strtok(text, ","); at != NULL && self->cells < BENCH_MAX_CELLS; at = strtok(NULL, ",")) {
        self->width[self->cells++] = strtoul(at, NULL, 10);
    }
    for (uint32_t l = 0; l < self->cells; l++) {
        self->contexts[l] = bench_case_parameter(self, "recurrent") > 0 ? self->width[l] : 0;
        self->contexts[l] += bench_case_parameter(self, "top_down") > 0 && l + 1 < self->cells ? self->width[l + 1] : 0;
        self->dense[l] = self->contexts[l] + (l > 0 ? self->width[l - 1] : 0);
        self->sees_bits[l] = l == 0 || bench_case_parameter(self, "input_skip") > 0;
    }
    self->heads = (size_t)bench_case_parameter(self, "heads");
    const char *name;
    uint32_t rows, columns;
    for (uint32_t i = 0; arq_network_tensor(self->network, i, &name, &rows, &columns) == ARQ_OK; i++) {
        self->weights += (size_t)rows * (columns == 0 ? 1 : columns);
    }
}

int bench_case_open(const bench_plan *plan, const char *preset, const char *kind, uint64_t threads, int counting,
                    bench_case *out)
{
    memset(out, 0, sizeof(*out));
    atomic_init(&out->bytes, 0);
    const arq_allocator counter = {
        .struct_size = sizeof(counter), .user = out, .alloc = count_alloc, .free = count_free};
    int result = session_open_with(counting ? &counter : NULL, plan->cpu, threads, &out->context);
    if (result != 0) {
        return result;
    }
    if (configure(plan, preset, kind, out) != ARQ_OK) {
        return message_library_usage(out->context);
    }
    if (arq_network_create(out->context, out->config, ARQ_OBSERVATION_BIT, BENCH_BITS, BENCH_ACTIONS, &out->network) !=
        ARQ_OK) {
        return message_library(out->context);
    }
    describe(out);
    return 0;
}

void bench_case_close(bench_case *self)
{
    arq_network_destroy(self->network);
    arq_config_destroy(self->config);
    arq_context_destroy(self->context);
}

void bench_case_bits(size_t bytes, uint8_t *bits)
{
    uint32_t state = 1;
    memset(bits, 0, bytes);
    for (size_t i = 0; i < bytes * 8 / 20; i++) {
        state = state * 1664525u + 1013904223u;
        size_t bit = (size_t)(((uint64_t)state * (bytes * 8)) >> 32);
        bits[bit / 8] |= (uint8_t)(1u << (bit % 8));
    }
}
