/* arq bench env: how many steps a second environments make, one core, random actions. */
#include "bench/measure.h"

#include "bench/control.h"
#include "bench/deep_states.h"
#include "bench/python.h"
#include "bench/report.h"
#include "cli/message.h"
#include "cli/session.h"
#include "host/clock.h"

#include <math.h>
#include <stdlib.h>

#define INSTANCES 4096
#define ACTIONS 65536     /* drawn before the clock runs */
#define DEEP_STEP 1000    /* half the time limit where that is less */
#define DEEP_INSTANCES 32 /* few enough to stay near in the caches */
#define DEEP_SEGMENT 32   /* steps from one deep state */

/* One environment under measurement. */
typedef struct subject {
    arq_context *context;
    arq_env *single;
    arq_env *many[INSTANCES];
    arq_env_batch *batch;
    size_t observation_bytes;
    unsigned char *observations; /* [INSTANCES] */
    double rewards[INSTANCES];
    int32_t terminated[INSTANCES], truncated[INSTANCES];
    uint8_t ended[INSTANCES];
    int32_t actions[ACTIONS];
    uint32_t next_action;
    deep_states deep;                  /* count 0: none was reached */
    arq_env *deep_env[DEEP_INSTANCES]; /* NULL then */
    uint32_t deep_action;
    double paused; /* seconds that do not count */
} subject;

/* What is measured: makes some steps, says how many; -1 when one fails. */
typedef double (*stepper)(subject *self);

static void draw_actions(subject *self, uint32_t count)
{
    uint64_t state = 1;
    for (int i = 0; i < ACTIONS; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        self->actions[i] = (int32_t)((state >> 33) % count);
    }
}

static double step_single(subject *self)
{
    for (int i = 0; i < ACTIONS; i++) {
        if (arq_env_step(self->single, self->actions[i], self->observations, self->rewards, self->terminated,
                         self->truncated) != ARQ_OK) {
            return -1;
        }
        if ((self->terminated[0] | self->truncated[0]) != 0 &&
            arq_env_reset(self->single, NULL, self->observations) != ARQ_OK) {
            return -1;
        }
    }
    return ACTIONS;
}

static const int32_t *next_actions(subject *self)
{
    self->next_action = (self->next_action + INSTANCES) % ACTIONS;
    return self->actions + self->next_action;
}

/* Here, as for the batch, resets are not timed: steps are to be compared. */
static double step_many(subject *self)
{
    const int32_t *actions = next_actions(self);
    for (int i = 0; i < INSTANCES; i++) {
        unsigned char *observation = self->observations + (size_t)i * self->observation_bytes;
        if (arq_env_step(self->many[i], actions[i], observation, &self->rewards[i], &self->terminated[i],
                         &self->truncated[i]) != ARQ_OK) {
            return -1;
        }
    }
    double begin = clock_seconds();
    for (int i = 0; i < INSTANCES; i++) {
        unsigned char *observation = self->observations + (size_t)i * self->observation_bytes;
        if ((self->terminated[i] | self->truncated[i]) != 0 &&
            arq_env_reset(self->many[i], NULL, observation) != ARQ_OK) {
            return -1;
        }
    }
    self->paused += clock_seconds() - begin;
    return INSTANCES;
}

static double step_batch(subject *self)
{
    if (arq_env_batch_step(self->batch, next_actions(self), self->observations, self->rewards, self->terminated,
                           self->truncated) != ARQ_OK) {
        return -1;
    }
    double begin = clock_seconds();
    for (int i = 0; i < INSTANCES; i++) {
        self->ended[i] = (uint8_t)(self->terminated[i] | self->truncated[i]);
    }
    if (arq_env_batch_reset(self->batch, NULL, self->ended, self->observations) != ARQ_OK) {
        return -1;
    }
    self->paused += clock_seconds() - begin;
    return INSTANCES;
}

/* A few steps from each of several states deep in an episode; loading the states is not timed. */
static double step_deep(subject *self)
{
    double steps = 0;
    double begin = clock_seconds();
    for (uint32_t i = 0; i < DEEP_INSTANCES; i++) {
        if (arq_env_load(self->deep_env[i], deep_states_at(&self->deep, i), self->deep.size) != ARQ_OK) {
            return -1;
        }
    }
    self->paused += clock_seconds() - begin;
    for (uint32_t i = 0; i < DEEP_INSTANCES; i++) {
        const int32_t *actions = self->actions + self->deep_action;
        self->deep_action = (self->deep_action + DEEP_SEGMENT) % ACTIONS;
        for (int step = 0; step < DEEP_SEGMENT; step++) {
            if (arq_env_step(self->deep_env[i], actions[step], self->observations, self->rewards, self->terminated,
                             self->truncated) != ARQ_OK) {
                return -1;
            }
            steps++;
            if ((self->terminated[0] | self->truncated[0]) != 0) {
                break;
            }
        }
    }
    return steps;
}

/* Steps a second, once; -1 on failure. */
static double measure_once(subject *self, stepper step, double seconds)
{
    double steps = 0;
    double begin = clock_seconds();
    double passed = 0;
    self->paused = 0;
    do {
        double made = step(self);
        if (made < 0) {
            return -1;
        }
        steps += made;
        passed = clock_seconds() - begin - self->paused;
    } while (passed < seconds);
    return steps / passed;
}

static double median(double *values, size_t count)
{
    bench_sort(values, count);
    return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

enum { KIND_ONE, KIND_MANY, KIND_BATCH, KIND_DEEP, KINDS };

/* Medians of each kind of stepping. The kinds are measured in turns, so that a machine that slows down slows all. Deep
 * states come last, since loading them ends the instances' own episodes. 0 or an exit code. */
static int measure(subject *self, const bench_plan *plan, double result[KINDS])
{
    static const stepper steppers[KINDS] = {step_single, step_many, step_batch, step_deep};
    double values[KINDS][BENCH_MAX_REPEATS];
    int kinds = self->deep.count == 0 ? KIND_DEEP : KINDS;
    for (int i = 0; i < kinds; i++) {
        if (measure_once(self, steppers[i], plan->seconds / 10) < 0) { /* warms up */
            return message_library(self->context);
        }
    }
    for (uint64_t repeat = 0; repeat < plan->repeats; repeat++) {
        for (int i = 0; i < kinds; i++) {
            values[i][repeat] = measure_once(self, steppers[i], plan->seconds);
            if (values[i][repeat] < 0) {
                return message_library(self->context);
            }
        }
    }
    for (int i = 0; i < kinds; i++) {
        result[i] = median(values[i], (size_t)plan->repeats);
    }
    return 0;
}

/* Looks for states deep in an episode; finding none is no failure. */
static int open_deep(subject *self, const char *id)
{
    uint64_t limit = arq_env_describe(self->single)->time_limit;
    if (!deep_states_find(&self->deep, self->single, limit > 0 && limit / 2 < DEEP_STEP ? limit / 2 : DEEP_STEP)) {
        deep_states_free(&self->deep);
        return 0;
    }
    for (int i = 0; i < DEEP_INSTANCES; i++) {
        int result = session_environment(self->context, id, &self->deep_env[i]);
        if (result != 0) {
            return result;
        }
    }
    return 0;
}

static int open_many(subject *self, const char *id)
{
    for (uint64_t i = 0; i < INSTANCES; i++) {
        int result = session_environment(self->context, id, &self->many[i]);
        if (result != 0) {
            return result;
        }
        if (arq_env_reset(self->many[i], &i, self->observations + (size_t)i * self->observation_bytes) != ARQ_OK) {
            return message_library(self->context);
        }
    }
    return 0;
}

static int open_batch(subject *self, const char *id)
{
    uint64_t seeds[INSTANCES];
    for (uint64_t i = 0; i < INSTANCES; i++) {
        seeds[i] = i;
    }
    if (arq_env_reset(self->single, &seeds[0], self->observations) != ARQ_OK ||
        arq_env_batch_open(self->context, id, INSTANCES, &self->batch) != ARQ_OK ||
        arq_env_batch_reset(self->batch, seeds, NULL, self->observations) != ARQ_OK) {
        return message_library(self->context);
    }
    return 0;
}

static int open_subject(subject *self, const char *id)
{
    int result = session_environment(self->context, id, &self->single);
    if (result != 0) {
        return result;
    }
    const arq_env_spec *spec = arq_env_describe(self->single);
    self->observation_bytes = arq_observation_bytes(spec->observation_kind, spec->observation_size);
    self->observations = calloc(INSTANCES, self->observation_bytes);
    if (self->observations == NULL) {
        return message_fail("no memory for %d observations", INSTANCES);
    }
    draw_actions(self, spec->action_count);
    result = open_deep(self, id);
    if (result != 0) {
        return result;
    }
    result = open_many(self, id);
    if (result != 0) {
        return result;
    }
    return open_batch(self, id);
}

static void close_subject(subject *self)
{
    arq_env_batch_destroy(self->batch);
    for (int i = 0; i < INSTANCES; i++) {
        arq_env_destroy(self->many[i]);
    }
    for (int i = 0; i < DEEP_INSTANCES; i++) {
        arq_env_destroy(self->deep_env[i]);
    }
    arq_env_destroy(self->single);
    deep_states_free(&self->deep);
    free(self->observations);
    free(self);
}

static int measure_subject(subject *self, const char *id, const bench_plan *plan)
{
    double speed[KINDS];
    int result = open_subject(self, id);
    if (result != 0) {
        return result;
    }
    result = measure(self, plan, speed);
    if (result != 0) {
        return result;
    }
    bench_report_row(id);
    bench_report_number(speed[KIND_ONE] * 1e-6, 2);
    bench_report_number(self->deep.count > 0 ? speed[KIND_DEEP] * 1e-6 : (double)NAN, 2);
    bench_report_number(speed[KIND_MANY] * 1e-6, 2);
    bench_report_number(speed[KIND_BATCH] * 1e-6, 2);
    bench_report_number(speed[KIND_BATCH] / speed[KIND_MANY], 2);
    bench_report_row_end();
    return 0;
}

static int bench_one(arq_context *context, const char *id, const bench_plan *plan)
{
    subject *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        return message_fail("no memory for %zu bytes", sizeof(*self));
    }
    self->context = context;
    int result = measure_subject(self, id, plan);
    close_subject(self);
    return result;
}

/* The ids to measure, apart by what their actions are. */
typedef struct selection {
    const char *discrete[BENCH_CONTROL_MOST], *box[BENCH_CONTROL_MOST];
    int discrete_count, box_count;
} selection;

/* 0 or an exit code. */
static int select_one(selection *self, arq_context *context, const char *id)
{
    arq_env *env = NULL;
    int wrapped = 0;
    int result = session_environment_wrapped(context, id, &env, &wrapped);
    if (result != 0) {
        return result;
    }
    arq_env_destroy(env);
    int *count = wrapped ? &self->box_count : &self->discrete_count;
    if (*count == BENCH_CONTROL_MOST) {
        return message_fail("more than %d environments are too many for one table", BENCH_CONTROL_MOST);
    }
    (wrapped ? self->box : self->discrete)[(*count)++] = id;
    return 0;
}

/* Every environment that can be found; those that cannot be opened have said why. */
static int select_all(selection *self, arq_context *context)
{
    const arq_env_type *type = NULL;
    session_plugins(context);
    if (arq_plugin_type(context, 0) == NULL) {
        return message_fail("no environment was found; ARQ_PLUGIN_PATH names further folders");
    }
    for (uint32_t i = 0; (type = arq_plugin_type(context, i)) != NULL; i++) {
        select_one(self, context, type->id);
    }
    return 0;
}

static int select_named(selection *self, arq_context *context, int id_count, const char *const *ids)
{
    for (int i = 0; i < id_count; i++) {
        int result = select_one(self, context, ids[i]);
        if (result != 0) {
            return result;
        }
    }
    return 0;
}

/* Discrete actions; 0 or an exit code. */
static int bench_games(arq_context *context, const bench_plan *plan, const selection *chosen)
{
    bench_report_note("what",
                      "one core, random actions, every observation written; million steps/s, median of %llu x %g s",
                      (unsigned long long)plan->repeats, plan->seconds);
    bench_report_table("environments", "environment|one|deep|4096 singly|4096 batch|batch gain");
    for (int i = 0; i < chosen->discrete_count; i++) {
        int result = bench_one(context, chosen->discrete[i], plan);
        if (result != 0) {
            return result;
        }
    }
    bench_python_games(plan->repeats, plan->seconds);
    return 0;
}

int bench_environments(const bench_plan *plan, int id_count, const char *const *ids)
{
    arq_context *context = NULL;
    selection chosen = {.discrete_count = 0};
    int result = session_open(NULL, 1, &context);
    if (result != 0) {
        return result;
    }
    result = id_count > 0 ? select_named(&chosen, context, id_count, ids) : select_all(&chosen, context);
    if (result == 0 && chosen.discrete_count > 0) {
        result = bench_games(context, plan, &chosen);
    }
    if (result == 0 && chosen.box_count > 0) {
        result = bench_control(plan, chosen.box_count, chosen.box);
    }
    arq_context_destroy(context);
    return result;
}
