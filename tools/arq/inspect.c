/* arq inspect: what the cells of a saved network compute in states that it plays into. */
#include "command.h"
#include "message.h"
#include "session.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct inspect_settings {
    uint64_t states, top, seed;
    const char *csv;
} inspect_settings;

static const option options[] = {
    {"states", OPTION_COUNT, offsetof(inspect_settings, states), 1, 100000, "N", "States to look at; default: 100."},
    {"top", OPTION_COUNT, offsetof(inspect_settings, top), 1, 4096, "N",
     "How many of the most active neurons are averaged; default: 20."},
    {"seed", OPTION_COUNT, offsetof(inspect_settings, seed), 0, 9007199254740991, "S",
     "Of the environment; default: 1."},
    {"csv", OPTION_TEXT, offsetof(inspect_settings, csv), 0, 0, "FILE",
     "Writes h, y and Q of every cell, action and state, one value a row."},
    {.name = NULL}};

/* What is summed up for one cell over the states. */
typedef struct cell_report {
    float *h, *y, *q; /* of the present state; NULL where the cell has none */
    size_t h_count, y_count, q_count;
    uint8_t *fired;          /* [h_count] 1: in some state */
    double *q_sum, *top_sum; /* [actions] */
    double spread_sum;       /* of y over neurons, mean over actions */
} cell_report;

typedef struct inspection {
    const inspect_settings *settings;
    arq_context *context;
    arq_network *network;
    arq_env *env;
    arq_activations *activations;
    void *observation;
    uint32_t cells, actions;
    cell_report *cell;
    FILE *csv;
} inspection;

/* Room for what a cell has of a kind; nothing where it has none. */
static float *room_for(const inspection *self, int32_t what, uint32_t cell, size_t *count)
{
    *count = 0;
    if (arq_activations_read(self->activations, what, cell, 0, NULL, 0, count) != ARQ_OK) {
        *count = 0;
        return NULL;
    }
    return malloc((*count + 1) * sizeof(float));
}

static int make_reports(inspection *self)
{
    self->cell = calloc(self->cells, sizeof(*self->cell));
    for (uint32_t l = 0; self->cell != NULL && l < self->cells; l++) {
        cell_report *c = &self->cell[l];
        c->h = room_for(self, ARQ_ACTIVATION_H, l, &c->h_count);
        c->y = room_for(self, ARQ_ACTIVATION_Y, l, &c->y_count);
        c->q = room_for(self, ARQ_ACTIVATION_Q, l, &c->q_count);
        c->fired = calloc(c->h_count + 1, 1);
        c->q_sum = calloc(self->actions, sizeof(double));
        c->top_sum = calloc(self->actions, sizeof(double));
        if (c->fired == NULL || c->q_sum == NULL || c->top_sum == NULL || (c->h_count > 0 && c->h == NULL) ||
            (c->y_count > 0 && c->y == NULL) || (c->q_count > 0 && c->q == NULL)) {
            return message_fail("no memory for what cell %u computes", l);
        }
    }
    return self->cell != NULL ? 0 : message_fail("no memory for %u cells", self->cells);
}

static void close_inspection(inspection *self)
{
    for (uint32_t l = 0; self->cell != NULL && l < self->cells; l++) {
        cell_report *c = &self->cell[l];
        void *parts[] = {c->h, c->y, c->q, c->fired, c->q_sum, c->top_sum};
        for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
            free(parts[i]);
        }
    }
    free(self->cell);
    free(self->observation);
    arq_activations_destroy(self->activations);
    arq_env_destroy(self->env);
    arq_network_destroy(self->network);
    arq_context_destroy(self->context);
}

static int compare_down(const void *a, const void *b)
{
    float x = *(const float *)a;
    float y = *(const float *)b;
    return (x < y) - (x > y);
}

/* Mean of the `top` largest of n values; sorts them. */
static double mean_of_top(float *values, size_t n, size_t top)
{
    double sum = 0;
    size_t count = top < n ? top : n;
    qsort(values, n, sizeof(float), compare_down);
    for (size_t i = 0; i < count; i++) {
        sum += (double)values[i];
    }
    return sum / (double)count;
}

static double deviation(const float *values, size_t n)
{
    double sum = 0;
    double squares = 0;
    for (size_t i = 0; i < n; i++) {
        sum += (double)values[i];
    }
    for (size_t i = 0; i < n; i++) {
        squares += ((double)values[i] - sum / (double)n) * ((double)values[i] - sum / (double)n);
    }
    return sqrt(squares / (double)n);
}

/* Marks the units that fire. Behind a LayerNorm a zero of the ReLU shows as the least normalised value, which all units
 * at rest share; a layer without one shows it as 0. */
static void mark_fired(const inspection *self, uint32_t l)
{
    cell_report *c = &self->cell[l];
    char name[2][64];
    float *scale = malloc((c->h_count + 1) * sizeof(float));
    float *offset = malloc((c->h_count + 1) * sizeof(float));
    snprintf(name[0], sizeof(name[0]), "cell%u.layer_norm.scale", l);
    snprintf(name[1], sizeof(name[1]), "cell%u.layer_norm.bias", l);
    int normalised = scale != NULL && offset != NULL &&
                     arq_network_read(self->network, name[0], scale, c->h_count) == ARQ_OK &&
                     arq_network_read(self->network, name[1], offset, c->h_count) == ARQ_OK;
    float least = normalised ? INFINITY : 0;
    for (size_t i = 0; normalised && i < c->h_count; i++) {
        c->h[i] = (c->h[i] - offset[i]) / scale[i];
        least = c->h[i] < least ? c->h[i] : least;
    }
    for (size_t i = 0; i < c->h_count; i++) {
        c->fired[i] |= c->h[i] > least + (normalised ? 1e-4f : 0.0f);
    }
    free(scale);
    free(offset);
}

static void write_values(const inspection *self, uint64_t state, uint32_t l, const char *what, const float *values,
                         size_t count, size_t per_action)
{
    for (size_t i = 0; self->csv != NULL && i < count; i++) {
        fprintf(self->csv, "%llu,%u,%s,", (unsigned long long)state, l, what);
        if (per_action > 0) {
            fprintf(self->csv, "%zu", i / per_action);
        }
        fprintf(self->csv, ",%zu,%.9g\n", per_action > 0 ? i % per_action : i, (double)values[i]);
    }
}

static void sum_up(const inspection *self, uint64_t state, uint32_t l)
{
    cell_report *c = &self->cell[l];
    size_t outputs = c->y_count / self->actions;
    write_values(self, state, l, "h", c->h, c->h_count, 0);
    write_values(self, state, l, "y", c->y, c->y_count, outputs);
    write_values(self, state, l, "q", c->q, c->q_count, 1);
    if (c->h_count > 0) {
        mark_fired(self, l);
    }
    for (uint32_t a = 0; a < self->actions; a++) {
        c->q_sum[a] += c->q_count > 0 ? (double)c->q[a] : 0;
        if (outputs > 0) {
            c->spread_sum += deviation(c->y + a * outputs, outputs) / self->actions;
            c->top_sum[a] += mean_of_top(c->y + a * outputs, outputs, self->settings->top);
        }
    }
}

static int look(const inspection *self, uint64_t state)
{
    for (uint32_t l = 0; l < self->cells; l++) {
        cell_report *c = &self->cell[l];
        size_t count;
        if ((c->h_count > 0 &&
             arq_activations_read(self->activations, ARQ_ACTIVATION_H, l, 0, c->h, c->h_count, &count) != ARQ_OK) ||
            (c->y_count > 0 &&
             arq_activations_read(self->activations, ARQ_ACTIVATION_Y, l, 0, c->y, c->y_count, &count) != ARQ_OK) ||
            (c->q_count > 0 &&
             arq_activations_read(self->activations, ARQ_ACTIVATION_Q, l, 0, c->q, c->q_count, &count) != ARQ_OK)) {
            return message_library(self->context);
        }
        sum_up(self, state, l);
    }
    return 0;
}

/* Plays greedily and looks at every state on the way. */
static int play(inspection *self)
{
    int32_t ended = 1;
    int result = 0;
    for (uint64_t state = 0; result == 0 && state < self->settings->states; state++) {
        int32_t action;
        int32_t truncated;
        double reward;
        if (ended &&
            (arq_env_reset(self->env, state == 0 ? &self->settings->seed : NULL, self->observation) != ARQ_OK ||
             arq_activations_begin(self->activations, 0) != ARQ_OK)) {
            return message_library(self->context);
        }
        if (arq_network_act(self->network, self->activations, self->observation, &action) != ARQ_OK) {
            return message_library(self->context);
        }
        result = state == 0 ? make_reports(self) : 0;
        result = result != 0 ? result : look(self, state);
        if (result == 0 && arq_env_step(self->env, action, self->observation, &reward, &ended, &truncated) != ARQ_OK) {
            return message_library(self->context);
        }
        ended = ended || truncated;
    }
    return result;
}

static void print_reports(const inspection *self, const char *environment)
{
    double states = (double)self->settings->states;
    printf("%llu states of %s, played greedily; means over them\n", (unsigned long long)self->settings->states,
           environment);
    for (uint32_t l = 0; l < self->cells; l++) {
        const cell_report *c = &self->cell[l];
        uint32_t dead = 0;
        for (size_t i = 0; i < c->h_count; i++) {
            dead += !c->fired[i];
        }
        printf("\ncell %u", l);
        if (c->h_count > 0) {
            printf("  units %zu, dead %u (%.1f%%)", c->h_count, dead, 100.0 * dead / (double)c->h_count);
        }
        if (c->y_count > 0) {
            printf("  spread of y %.4g", c->spread_sum / states);
        }
        printf("\n");
        for (uint32_t a = 0; c->q_count > 0 && a < self->actions; a++) {
            printf("  action %-3u Q %12.5g", a, c->q_sum[a] / states);
            if (c->y_count > self->actions) {
                printf("   mean of the %llu most active of y %12.5g", (unsigned long long)self->settings->top,
                       c->top_sum[a] / states);
            }
            printf("\n");
        }
    }
}

static int open_parts(inspection *self, const arguments *given, char *environment, size_t size)
{
    int result = session_open(NULL, 1, &self->context);
    result =
        result != 0 ? result : session_network(self->context, given->positional[0], &self->network, environment, size);
    if (given->positional_count > 1) {
        snprintf(environment, size, "%s", given->positional[1]);
    }
    if (result == 0 && environment[0] == '\0') {
        result = message_usage("no config.txt beside the network says which environment; name it: arq inspect %s ENV",
                               given->positional[0]);
    }
    result = result != 0 ? result : session_environment(self->context, environment, &self->env);
    if (result != 0) {
        return result;
    }
    const arq_env_spec *spec = arq_env_describe(self->env);
    int32_t kind = 0;
    uint32_t values = 0;
    arq_network_observation(self->network, &kind, &values);
    self->cells = arq_network_cells(self->network);
    self->actions = arq_network_actions(self->network);
    if (kind != spec->observation_kind || values != spec->observation_size || self->actions != spec->action_count) {
        return message_fail("the network takes kind %d of %u values and has %u actions; %s has kind %d of %u and %u",
                            (int)kind, values, self->actions, environment, (int)spec->observation_kind,
                            spec->observation_size, spec->action_count);
    }
    self->observation = malloc(arq_observation_bytes(kind, values));
    if (self->observation == NULL || arq_activations_create(self->network, 1, &self->activations) != ARQ_OK) {
        return message_library(self->context);
    }
    return 0;
}

static int open_csv(inspection *self)
{
    if (self->settings->csv == NULL) {
        return 0;
    }
    self->csv = fopen(self->settings->csv, "w");
    if (self->csv == NULL) {
        return message_fail("cannot write %s: %s", self->settings->csv, strerror(errno));
    }
    fprintf(self->csv, "state,cell,what,action,index,value\n");
    return 0;
}

static int close_csv(const inspection *self, int result)
{
    if (self->csv == NULL) {
        return result;
    }
    int failed = ferror(self->csv);
    if ((fclose(self->csv) != 0 || failed) && result == 0) {
        return message_fail("cannot write %s", self->settings->csv);
    }
    return result;
}

static int run(const command *self, int argc, char **argv)
{
    inspect_settings settings = {.states = 100, .top = 20, .seed = 1};
    inspection work = {.settings = &settings};
    arguments given;
    char environment[512] = "";
    int result = options_parse(self, argc, argv, &settings, &given);
    result = result != 0 ? result : options_need(&given, 1, 2, "the run's folder or the network's file");
    result = result != 0 ? result : open_parts(&work, &given, environment, sizeof(environment));
    result = result != 0 ? result : open_csv(&work);
    result = result != 0 ? result : play(&work);
    result = close_csv(&work, result);
    if (result == 0) {
        print_reports(&work, environment);
    }
    close_inspection(&work);
    return result;
}

const command command_inspect = {
    .name = "inspect",
    .synopsis = "RUN|FILE [ENV] [flags]",
    .doc = "Looks inside a saved network: Q, dead units, spread and most active neurons of every cell",
    .text =
        "Plays greedily in the run's environment, or in ENV, and prints for each cell the units that never fire, the\n"
        "spread of y, and for each action the cell's own Q (its goodness) and the mean of the most active neurons\n"
        "of y (ARQ, Figure 6). A head of dqn or ff-dqn counts as a cell without units.\n",
    .options = options,
    .run = run,
};
