/* arq bench act: one action from one observation, beside what reading the weights once and the attention take. */
#include "bench/parts.h"
#include "bench/report.h"
#include "cli/message.h"

#include <stdlib.h>

/* Different observations that are shown in turn. */
#define OBSERVATIONS 64

typedef struct act_case {
    bench_case subject;
    arq_activations *activations;
    uint8_t observations[OBSERVATIONS][BENCH_BYTES];
    uint32_t next;
    arq_status status;
} act_case;

static void run_act(void *data)
{
    act_case *c = data;
    int32_t action;
    const uint8_t *observation = c->observations[c->next++ % OBSERVATIONS];
    arq_status status = arq_network_act(c->subject.network, c->activations, observation, &action);
    c->status = status == ARQ_OK ? c->status : status;
}

/* Bytes of the weights that every act reads: all except those of bits and actions. */
static double dense_bytes(const bench_case *subject)
{
    double floats = 0;
    for (uint32_t l = 0; l < subject->cells; l++) {
        floats += (double)(subject->dense[l] * (1 + 2 * subject->heads) * subject->width[l]);
    }
    return floats * sizeof(float);
}

static int measure(const bench_plan *plan, const char *preset, double bandwidth, act_case *c)
{
    int result = bench_case_open(plan, preset, "arq", plan->threads, 0, &c->subject);
    if (result != 0) {
        return result;
    }
    if (arq_activations_create(c->subject.network, 1, &c->activations) != ARQ_OK) {
        return message_library(c->subject.context);
    }
    bench_case_bits(sizeof(c->observations), &c->observations[0][0]);
    double seconds = bench_time(plan, run_act, c);
    if (c->status != ARQ_OK) {
        return message_library(c->subject.context);
    }
    char widths[256] = "";
    double bytes = dense_bytes(&c->subject);
    double attention = bench_acting_attention(plan, &c->subject);
    double limit = bytes / bandwidth + attention;
    arq_config_get(c->subject.config, "widths", widths, sizeof(widths));
    bench_report_row(preset);
    bench_report_text(widths);
    bench_report_number(1e6 * seconds, 1);
    bench_report_number(1e-6 * bytes, 2);
    bench_report_number(1e6 * bytes / bandwidth, 1);
    bench_report_number(1e6 * attention, 1);
    bench_report_number(seconds / limit, 2);
    bench_report_row_end();
    return 0;
}

static int bench_preset(const bench_plan *plan, const char *preset, double bandwidth)
{
    act_case *c = calloc(1, sizeof(*c));
    if (c == NULL) {
        return message_fail("no memory for %zu bytes", sizeof(*c));
    }
    int result = measure(plan, preset, bandwidth, c);
    arq_activations_destroy(c->activations);
    bench_case_close(&c->subject);
    free(c);
    return result;
}

int bench_act(const bench_plan *plan, int id_count, const char *const *ids)
{
    static const char *const presets[] = {"fast", "replay-fast", "small", "dmc-paper", "minatar-paper"};
    double bandwidth = bench_read_bandwidth(plan);
    (void)id_count;
    (void)ids;
    bench_report_note("limits", "one observation at a time, %llu thread%s, medians of %llu; reading %.1f GB/s",
                      (unsigned long long)plan->threads, plan->threads == 1 ? "" : "s",
                      (unsigned long long)plan->repeats, 1e-9 * bandwidth);
    bench_report_table("act", "preset|widths|us|MB dense|us reading|us attention|of both");
    if (plan->preset != NULL) {
        return bench_preset(plan, plan->preset, bandwidth);
    }
    for (size_t i = 0; i < sizeof(presets) / sizeof(presets[0]); i++) {
        int result = bench_preset(plan, presets[i], bandwidth);
        if (result != 0) {
            return result;
        }
    }
    return 0;
}
