#include "bench/control.h"

#include "bench/python.h"
#include "bench/report.h"
#include "cli/instances.h"
#include "cli/message.h"
#include "cli/session.h"
#include "host/clock.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define INSTANCES 64
#define ACTIONS 4096 /* drawn before the clock runs */
#define STEPS_BETWEEN_CLOCKS 16

/* Instances under measurement, on some threads. */
typedef struct subject {
    arq_context *context;
    instances worlds;
    uint32_t count;
    unsigned char *observations; /* [count] */
    int32_t actions[ACTIONS];
    uint32_t next_action;
    double rewards[INSTANCES];
    int32_t terminated[INSTANCES], truncated[INSTANCES];
    uint8_t ended[INSTANCES];
} subject;

static void close_subject(subject *self)
{
    instances_close(&self->worlds);
    free(self->observations);
    arq_context_destroy(self->context);
}

static int open_subject(subject *self, const char *id, uint32_t count, uint64_t threads)
{
    uint64_t state = 1;
    memset(self, 0, sizeof(*self));
    self->count = count;
    int result = session_open(NULL, threads, &self->context);
    if (result != 0) {
        return result;
    }
    result = instances_open(self->context, id, count, &self->worlds);
    if (result != 0) {
        return result;
    }
    const arq_env_spec *spec = instances_describe(&self->worlds);
    for (int i = 0; i < ACTIONS; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        self->actions[i] = (int32_t)((state >> 33) % spec->action_count);
    }
    self->observations = calloc(count, arq_observation_bytes(spec->observation_kind, spec->observation_size));
    if (self->observations == NULL) {
        return message_fail("no memory for %u observations", count);
    }
    arq_status status = self->worlds.env != NULL
                            ? arq_env_reset(self->worlds.env, NULL, self->observations)
                            : arq_env_batch_reset(self->worlds.batch, NULL, NULL, self->observations);
    return status == ARQ_OK ? 0 : message_library(self->context);
}

/* One step of the only instance, and its reset where it has ended. */
static arq_status step_one(subject *self, int32_t action)
{
    arq_status status =
        arq_env_step(self->worlds.env, action, self->observations, self->rewards, self->terminated, self->truncated);
    if (status == ARQ_OK && (self->terminated[0] | self->truncated[0]) != 0) {
        status = arq_env_reset(self->worlds.env, NULL, self->observations);
    }
    return status;
}

/* The same of all in one call. */
static arq_status step_batch(subject *self, const int32_t *actions)
{
    arq_status status = arq_env_batch_step(self->worlds.batch, actions, self->observations, self->rewards,
                                           self->terminated, self->truncated);
    uint8_t any = 0;
    for (uint32_t i = 0; i < self->count; i++) {
        self->ended[i] = (uint8_t)(self->terminated[i] | self->truncated[i]);
        any |= self->ended[i];
    }
    if (status == ARQ_OK && any) {
        status = arq_env_batch_reset(self->worlds.batch, NULL, self->ended, self->observations);
    }
    return status;
}

/* 0 or an exit code. */
static int step(subject *self)
{
    self->next_action = (self->next_action + self->count) % (ACTIONS - INSTANCES);
    const int32_t *actions = self->actions + self->next_action;
    arq_status status = self->worlds.env != NULL ? step_one(self, *actions) : step_batch(self, actions);
    return status == ARQ_OK ? 0 : message_library(self->context);
}

/* Steps a second of the processor (one thread) or of the wall; -1 on failure. */
static double measure(subject *self, double seconds, int of_processor)
{
    double steps = 0;
    double passed = 0;
    const double begin = of_processor ? (double)clock() / CLOCKS_PER_SEC : clock_seconds();
    do {
        for (int i = 0; i < STEPS_BETWEEN_CLOCKS; i++) {
            if (step(self) != 0) {
                return -1;
            }
        }
        steps += (double)self->count * STEPS_BETWEEN_CLOCKS;
        passed = (of_processor ? (double)clock() / CLOCKS_PER_SEC : clock_seconds()) - begin;
    } while (passed < seconds);
    return steps / passed;
}

enum { KIND_ONE, KIND_SERIAL, KIND_TWO_THREADS, KINDS };

/* Medians, measured in turns, so that a machine that slows down slows all. 0 or an exit code. */
static int measure_in_turns(subject *subjects, const bench_plan *plan, double result[KINDS])
{
    double values[KINDS][BENCH_MAX_REPEATS];
    for (int kind = 0; kind < KINDS; kind++) {
        if (measure(&subjects[kind], plan->seconds / 10, kind == KIND_ONE) < 0) { /* warms up */
            return EXIT_FAILURE;
        }
    }
    for (uint64_t repeat = 0; repeat < plan->repeats; repeat++) {
        for (int kind = 0; kind < KINDS; kind++) {
            values[kind][repeat] = measure(&subjects[kind], plan->seconds, kind == KIND_ONE);
            if (values[kind][repeat] < 0) {
                return EXIT_FAILURE;
            }
        }
    }
    for (int kind = 0; kind < KINDS; kind++) {
        bench_sort(values[kind], (size_t)plan->repeats);
        result[kind] = values[kind][plan->repeats / 2];
    }
    return 0;
}

static int bench_one(const char *id, const bench_plan *plan, double speed[KINDS])
{
    static const uint32_t counts[KINDS] = {1, INSTANCES, INSTANCES};
    static const uint64_t threads[KINDS] = {1, 1, 2};
    subject *subjects = calloc(KINDS, sizeof(*subjects));
    int result = subjects == NULL ? message_fail("no memory for a measurement") : 0;
    for (int kind = 0; kind < KINDS && result == 0; kind++) {
        result = open_subject(&subjects[kind], id, counts[kind], threads[kind]);
    }
    if (result == 0) {
        result = measure_in_turns(subjects, plan, speed);
    }
    for (int kind = 0; kind < KINDS && subjects != NULL; kind++) {
        close_subject(&subjects[kind]);
    }
    free(subjects);
    return result;
}

int bench_control(const bench_plan *plan, int count, const char *const *ids)
{
    double speeds[BENCH_CONTROL_MOST];
    bench_report_note("control",
                      "random low or high components, observations written, resets counted in; thousand steps a second "
                      "of the processor (one) and of the wall (64)");
    bench_report_table("control", "simulation|one|64 on 1 thread|64 on 2 threads|gain");
    for (int i = 0; i < count; i++) {
        double speed[KINDS];
        int result = bench_one(ids[i], plan, speed);
        if (result != 0) {
            return result;
        }
        bench_report_row(ids[i]);
        for (int kind = 0; kind < KINDS; kind++) {
            bench_report_number(speed[kind] * 1e-3, 2);
        }
        bench_report_number(speed[KIND_TWO_THREADS] / speed[KIND_SERIAL], 2);
        bench_report_row_end();
        speeds[i] = speed[KIND_ONE];
    }
    bench_python_control(plan->repeats, plan->seconds, count, ids, speeds);
    return 0;
}
