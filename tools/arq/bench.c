/* arq bench: what can be measured; here how many steps a second environments make, one core, random actions. */
#include "bench_measure.h"
#include "bench_python.h"
#include "bench_report.h"
#include "command.h"
#include "deep_states.h"
#include "message.h"
#include "session.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#define INSTANCES 4096
#define ACTIONS 65536 /* drawn before the clock runs */
#define MAX_REPEATS 100
#define DEEP_STEP 1000    /* half the time limit where that is less */
#define DEEP_INSTANCES 32 /* few enough to stay near in the caches */
#define DEEP_SEGMENT 32   /* steps from one deep state */

typedef struct bench_settings {
    uint64_t repeats;
    double seconds;
    const char *format;
    bench_plan plan; /* of everything but environments */
} bench_settings;

static const option options[] = {
    {"repeats", OPTION_COUNT, offsetof(bench_settings, repeats), 1, MAX_REPEATS, "N",
     "Measurements of each kind, the median counts; default: 5."},
    {"seconds", OPTION_NUMBER, offsetof(bench_settings, seconds), 0.001, 1000, "S",
     "Length of a measurement; default: 0.5."},
    {"format", OPTION_TEXT, offsetof(bench_settings, format), 0, 0, "NAME",
     "table, csv (a table after the other, remarks behind #) or json (one object); default: table."},
    {"cpu", OPTION_TEXT, offsetof(bench_settings, plan.cpu), 0, 0, "NAME",
     "kernels, update, act: instruction set; default: the best there is."},
    {"threads", OPTION_COUNT, offsetof(bench_settings, plan.threads), 1, 256, "N",
     "update: measured besides one thread, default: 2; act: default: 1."},
    {"preset", OPTION_TEXT, offsetof(bench_settings, plan.preset), 0, 0, "NAME",
     "update: whose network and rule, default: minatar-paper; act: default: four of them."},
    {"network", OPTION_TEXT, offsetof(bench_settings, plan.network), 0, 0, "KIND",
     "update: kind of network, or all of them beside each other; default: the preset's."},
    {"widths", OPTION_TEXT, offsetof(bench_settings, plan.widths), 0, 0, "LIST",
     "update, act: of the cells; default: the preset's."},
    {"batch", OPTION_COUNT, offsetof(bench_settings, plan.batch), 1, 1 << 20, "N",
     "update: samples, default: the preset's; replay: windows of a draw, default: 512."},
    {"transitions", OPTION_COUNT, offsetof(bench_settings, plan.transitions), 1000, 1e12, "N",
     "replay: stored; default: 5000000."},
    {.name = NULL}};

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

/* The resets of many instances do not count, neither here nor for the batch: steps are compared. */
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
    double begin = session_seconds();
    for (int i = 0; i < INSTANCES; i++) {
        unsigned char *observation = self->observations + (size_t)i * self->observation_bytes;
        if ((self->terminated[i] | self->truncated[i]) != 0 &&
            arq_env_reset(self->many[i], NULL, observation) != ARQ_OK) {
            return -1;
        }
    }
    self->paused += session_seconds() - begin;
    return INSTANCES;
}

static double step_batch(subject *self)
{
    if (arq_env_batch_step(self->batch, next_actions(self), self->observations, self->rewards, self->terminated,
                           self->truncated) != ARQ_OK) {
        return -1;
    }
    double begin = session_seconds();
    for (int i = 0; i < INSTANCES; i++) {
        self->ended[i] = (uint8_t)(self->terminated[i] | self->truncated[i]);
    }
    if (arq_env_batch_reset(self->batch, NULL, self->ended, self->observations) != ARQ_OK) {
        return -1;
    }
    self->paused += session_seconds() - begin;
    return INSTANCES;
}

/* A few steps each from states deep in an episode; loading them does not count. */
static double step_deep(subject *self)
{
    double steps = 0;
    double begin = session_seconds();
    for (uint32_t i = 0; i < DEEP_INSTANCES; i++) {
        if (arq_env_load(self->deep_env[i], deep_states_at(&self->deep, i), self->deep.size) != ARQ_OK) {
            return -1;
        }
    }
    self->paused += session_seconds() - begin;
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

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Steps a second, once; -1 on failure. */
static double measure_once(subject *self, stepper step, double seconds)
{
    double steps = 0;
    double begin = session_seconds();
    double passed = 0;
    self->paused = 0;
    do {
        double made = step(self);
        if (made < 0) {
            return -1;
        }
        steps += made;
        passed = session_seconds() - begin - self->paused;
    } while (passed < seconds);
    return steps / passed;
}

static double median(double *values, uint64_t count)
{
    qsort(values, count, sizeof(*values), compare);
    return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

enum { KIND_ONE, KIND_MANY, KIND_BATCH, KIND_DEEP, KINDS };

/* Medians of the kinds, measured in turns so that all see the same machine. 0 or an exit code. Deep states come last,
 * as they leave the instances elsewhere, and only if there are any. */
static int measure(subject *self, const bench_settings *settings, double result[KINDS])
{
    static const stepper steppers[KINDS] = {step_single, step_many, step_batch, step_deep};
    double values[KINDS][MAX_REPEATS];
    int kinds = self->deep.count == 0 ? KIND_DEEP : KINDS;
    for (int i = 0; i < kinds; i++) {
        if (measure_once(self, steppers[i], settings->seconds / 10) < 0) { /* warms up */
            return message_library(self->context);
        }
    }
    for (uint64_t repeat = 0; repeat < settings->repeats; repeat++) {
        for (int i = 0; i < kinds; i++) {
            values[i][repeat] = measure_once(self, steppers[i], settings->seconds);
            if (values[i][repeat] < 0) {
                return message_library(self->context);
            }
        }
    }
    for (int i = 0; i < kinds; i++) {
        result[i] = median(values[i], settings->repeats);
    }
    return 0;
}

/* Looks for states deep in an episode; that there are none is no failure. */
static int open_deep(subject *self, const char *id)
{
    uint64_t limit = arq_env_describe(self->single)->time_limit;
    int result = 0;
    if (!deep_states_find(&self->deep, self->single, limit > 0 && limit / 2 < DEEP_STEP ? limit / 2 : DEEP_STEP)) {
        deep_states_free(&self->deep);
        return 0;
    }
    for (int i = 0; result == 0 && i < DEEP_INSTANCES; i++) {
        result = session_environment(self->context, id, &self->deep_env[i]);
    }
    return result;
}

static int open_subject(subject *self, const char *id)
{
    uint64_t seeds[INSTANCES];
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
    for (int i = 0; result == 0 && i < INSTANCES; i++) {
        seeds[i] = (uint64_t)i;
        result = session_environment(self->context, id, &self->many[i]);
        unsigned char *observation = self->observations + (size_t)i * self->observation_bytes;
        if (result == 0 && arq_env_reset(self->many[i], &seeds[i], observation) != ARQ_OK) {
            result = message_library(self->context);
        }
    }
    if (result != 0) {
        return result;
    }
    if (arq_env_reset(self->single, &seeds[0], self->observations) != ARQ_OK ||
        arq_env_batch_open(self->context, id, INSTANCES, &self->batch) != ARQ_OK ||
        arq_env_batch_reset(self->batch, seeds, NULL, self->observations) != ARQ_OK) {
        return message_library(self->context);
    }
    return 0;
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

static int bench_one(arq_context *context, const char *id, const bench_settings *settings)
{
    double speed[KINDS];
    subject *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        return message_fail("no memory for %zu bytes", sizeof(*self));
    }
    self->context = context;
    int result = open_subject(self, id);
    result = result != 0 ? result : measure(self, settings, speed);
    if (result == 0) {
        bench_report_row(id);
        bench_report_number(speed[KIND_ONE] * 1e-6, 2);
        bench_report_number(self->deep.count > 0 ? speed[KIND_DEEP] * 1e-6 : (double)NAN, 2);
        bench_report_number(speed[KIND_MANY] * 1e-6, 2);
        bench_report_number(speed[KIND_BATCH] * 1e-6, 2);
        bench_report_number(speed[KIND_BATCH] / speed[KIND_MANY], 2);
        bench_report_row_end();
    }
    close_subject(self);
    return result;
}

static void print_machine(void)
{
    struct utsname system;
    char line[512];
    char model[256] = "unknown processor";
    FILE *file = fopen("/proc/cpuinfo", "r");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        if (strncmp(line, "model name", 10) == 0 && strchr(line, ':') != NULL) {
            snprintf(model, sizeof(model), "%.*s", (int)strcspn(strchr(line, ':') + 2, "\n"), strchr(line, ':') + 2);
            break;
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    if (uname(&system) == 0) {
        bench_report_note("machine", "%s, %s %s %s, libarq %s", model, system.sysname, system.release, system.machine,
                          arq_version());
    }
}

/* Every environment that can be found. */
static int bench_all(arq_context *context, const bench_settings *settings)
{
    const arq_env_type *type = NULL;
    int result = 0;
    session_plugins(context);
    if (arq_plugin_type(context, 0) == NULL) {
        return message_fail("no environment was found; ARQ_PLUGIN_PATH names further folders");
    }
    for (uint32_t i = 0; result == 0 && (type = arq_plugin_type(context, i)) != NULL; i++) {
        result = bench_one(context, type->id, settings);
    }
    return result;
}

static int bench(arq_context *context, const arguments *given, const bench_settings *settings)
{
    int result = 0;
    bench_report_note("what",
                      "one core, random actions, every observation written; million steps/s, median of %llu x %g s",
                      (unsigned long long)settings->repeats, settings->seconds);
    bench_report_table("environments", "environment|one|deep|4096 singly|4096 batch|batch gain");
    for (int i = 1; result == 0 && i < given->positional_count; i++) {
        result = bench_one(context, given->positional[i], settings);
    }
    if (given->positional_count == 1) {
        result = bench_all(context, settings);
    }
    if (result == 0) {
        bench_python(settings->repeats, settings->seconds);
    }
    return result;
}

/* A fifth of an environment's time for each of many short measurements. */
static bench_plan plan_of(const bench_settings *settings, const char *what)
{
    bench_plan plan = settings->plan;
    plan.repeats = settings->repeats;
    plan.seconds = settings->seconds / 5;
    plan.threads = plan.threads > 0 ? plan.threads : strcmp(what, "update") == 0 ? 2 : 1;
    return plan;
}

static int bench_environments(const arguments *given, const bench_settings *settings)
{
    arq_context *context = NULL;
    int result = session_open(NULL, 1, &context);
    result = result != 0 ? result : bench(context, given, settings);
    arq_context_destroy(context);
    return result;
}

/* What is asked for, or EXIT_USAGE. */
static int bench_what(const arguments *given, const bench_settings *settings)
{
    const char *what = given->positional[0];
    const bench_plan plan = plan_of(settings, what);
    if (strcmp(what, "env") == 0) {
        return bench_environments(given, settings);
    }
    if (strcmp(what, "replay") == 0) {
        return bench_replay(&plan, given->positional_count > 1 ? given->positional[1] : "minatar/seaquest");
    }
    return strcmp(what, "kernels") == 0  ? bench_kernels(&plan)
           : strcmp(what, "update") == 0 ? bench_update(&plan)
                                         : bench_act(&plan);
}

static int check_what(const char *what)
{
    static const char *const known[] = {"env", "kernels", "update", "act", "replay"};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(what, known[i]) == 0) {
            return 0;
        }
    }
    return message_usage("'%s' cannot be measured; accepted: env, kernels, update, act, replay", what);
}

static int run(const command *self, int argc, char **argv)
{
    bench_settings settings = {.repeats = 5, .seconds = 0.5, .plan = {.transitions = 5000000}};
    arguments given;
    int result = options_parse(self, argc, argv, &settings, &given);
    result = result != 0
                 ? result
                 : options_need(&given, 1, MAX_POSITIONALS, "what to measure (env, kernels, update, act or replay)");
    result = result != 0 ? result : check_what(given.positional[0]);
    result = result != 0 ? result : bench_report_open(settings.format);
    if (result == 0) {
        print_machine();
        result = bench_what(&given, &settings);
        bench_report_close();
    }
    return result;
}

const command command_bench = {
    .name = "bench",
    .synopsis =
        "env [ID ...] [flags]\n       arq bench kernels|update|act [flags]\n       arq bench replay [ID] [flags]",
    .doc = "Measures environments, kernels, updates, acting or the replay",
    .text = "kernels: products and attention on one thread, beside the processor's peak and OpenBLAS if it is there.\n"
            "update: whole updates on MinAtar Breakout's shapes, beside the sum of their parts measured alone; with\n"
            "--network all every kind of network, its time and the memory it works in.\n"
            "act: one action from one observation, beside reading the dense weights once and the attention alone.\n"
            "replay: draws from a replay full of an environment's random play, and its memory; without an ID\n"
            "minatar/seaquest.\n\n"
            "env: without an ID all environments that can be found. \"one\" is one instance stepped again and again,\n"
            "resets counted in; \"deep\" the same from step 1000 of an episode on (half the time limit where that is\n"
            "less), - where random play does not get there or states cannot be saved; \"4096 singly\" as many\n"
            "instances by a call each, \"4096 batch\" by one call for all, steps alone. With the Python package\n"
            "MinAtar installed its games are measured in the same run.\n",
    .options = options,
    .run = run,
};
