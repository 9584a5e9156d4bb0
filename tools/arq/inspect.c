/* arq inspect: what the cells of a saved network compute in states that it plays into. */
#include "command.h"
#include "inspect_cell.h"
#include "message.h"
#include "session.h"

#include <errno.h>
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
     "How many of the most active neurons are averaged and shown; default: 20."},
    {"seed", OPTION_COUNT, offsetof(inspect_settings, seed), 0, 9007199254740991, "S",
     "Of the environment; default: 1."},
    {"csv", OPTION_TEXT, offsetof(inspect_settings, csv), 0, 0, "FILE",
     "Writes h, y and Q of every cell, action and state, one value a row."},
    {.name = NULL}};

typedef struct inspection {
    const inspect_settings *settings;
    arq_context *context;
    arq_network *network;
    arq_env *env;
    arq_activations *activations;
    void *observation;
    uint32_t cells, actions;
    inspected_cell *cell;
    FILE *csv;
} inspection;

static int make_cells(inspection *self)
{
    self->cell = calloc(self->cells, sizeof(*self->cell));
    int result = self->cell != NULL ? 0 : message_fail("no memory for %u cells", self->cells);
    for (uint32_t l = 0; result == 0 && l < self->cells; l++) {
        result = inspected_cell_make(&self->cell[l], self->network, self->activations, l);
    }
    return result;
}

static void close_inspection(inspection *self)
{
    for (uint32_t l = 0; self->cell != NULL && l < self->cells; l++) {
        inspected_cell_free(&self->cell[l]);
    }
    free(self->cell);
    free(self->observation);
    arq_activations_destroy(self->activations);
    arq_env_destroy(self->env);
    arq_network_destroy(self->network);
    arq_context_destroy(self->context);
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

static int look(const inspection *self, uint64_t state)
{
    int result = 0;
    for (uint32_t l = 0; result == 0 && l < self->cells; l++) {
        inspected_cell *cell = &self->cell[l];
        result = inspected_cell_look(cell, self->activations, self->settings->top);
        write_values(self, state, l, "h", cell->h, cell->h_count, 0);
        write_values(self, state, l, "y", cell->y, cell->y_count, cell->y_count / self->actions);
        write_values(self, state, l, "q", cell->q, cell->q_count, 1);
    }
    return result;
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
        result = state == 0 ? make_cells(self) : 0;
        result = result != 0 ? result : look(self, state);
        if (result == 0 && arq_env_step(self->env, action, self->observation, &reward, &ended, &truncated) != ARQ_OK) {
            return message_library(self->context);
        }
        ended = ended || truncated;
    }
    return result;
}

static void print_cells(const inspection *self, const char *environment)
{
    printf("%llu states of %s, played greedily; means over them\n", (unsigned long long)self->settings->states,
           environment);
    for (uint32_t l = 0; l < self->cells; l++) {
        inspected_cell_print(&self->cell[l], self->settings->top);
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
        print_cells(&work, environment);
    }
    close_inspection(&work);
    return result;
}

const command command_inspect = {
    .name = "inspect",
    .synopsis = "RUN|FILE [ENV] [flags]",
    .doc = "Looks inside a saved network: Q, dead units, spread and most active neurons of every cell",
    .text =
        "Plays greedily in the run's environment, or in ENV, and prints for each cell the units that never fire in "
        "the\n"
        "states met, the spread of y (of Q over actions, where Q is not made of y), and for each action the cell's "
        "own\n"
        "Q and, for arq, the mean of the most active neurons of y, and then y of these neurons by action (ARQ,\n"
        "Figure 6), the neurons chosen by their means over the states. The head of dqn and ff-dqn is the last cell.\n",
    .options = options,
    .run = run,
};
