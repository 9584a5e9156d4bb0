/* arq inspect: what the cells of a saved network compute in states that it plays into. */
#include "commands.h"

#include "cli/id.h"
#include "cli/message.h"
#include "cli/session.h"
#include "inspect/cell.h"
#include "run/saved.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct inspect_settings {
    uint64_t states, top, seed;
    const char *csv;
    int trust;
} inspect_settings;

static const option options[] = {
    {"states", OPTION_COUNT, offsetof(inspect_settings, states), 1, 100000, "N", "States to look at; default: 100."},
    {"top", OPTION_COUNT, offsetof(inspect_settings, top), 1, 4096, "N",
     "How many of the most active neurons are averaged and shown; default: 20."},
    {"seed", OPTION_COUNT, offsetof(inspect_settings, seed), 0, 9007199254740991, "S",
     "Of the environment; default: 1."},
    {"csv", OPTION_TEXT, offsetof(inspect_settings, csv), 0, 0, "FILE",
     "Writes h, y and Q of every cell, action and state, one value a row."},
    {"trust", OPTION_SWITCH, offsetof(inspect_settings, trust), 0, 0, NULL,
     "Load the plugin's file that the run names: it may do whatever you may."},
    {.name = NULL}};

typedef struct inspection {
    const inspect_settings *settings;
    char environment[ID_SIZE];
    arq_context *context;
    arq_network *network;
    arq_env *env;
    arq_activations *activations;
    void *observation;
    uint32_t cells, actions;
    size_t top; /* how many neurons count as the most active */
    inspected_cell *cell;
    FILE *csv;
} inspection;

static int make_cells(inspection *self)
{
    self->cell = calloc(self->cells, sizeof(*self->cell));
    if (self->cell == NULL) {
        return message_fail("no memory for %u cells", self->cells);
    }
    for (uint32_t l = 0; l < self->cells; l++) {
        int result = inspected_cell_make(&self->cell[l], self->network, self->activations, l);
        if (result != 0) {
            return result;
        }
    }
    return 0;
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
    for (uint32_t l = 0; l < self->cells; l++) {
        inspected_cell *cell = &self->cell[l];
        int result = inspected_cell_look(cell, self->activations, self->top);
        if (result != 0) {
            return result;
        }
        write_values(self, state, l, "h", cell->h, cell->h_count, 0);
        write_values(self, state, l, "y", cell->y, cell->y_count, cell->y_count / self->actions);
        write_values(self, state, l, "q", cell->q, cell->q_count, 1);
    }
    return 0;
}

static int begin_episode(const inspection *self, const uint64_t *seed)
{
    if (arq_env_reset(self->env, seed, self->observation) != ARQ_OK ||
        arq_activations_begin(self->activations, 0) != ARQ_OK) {
        return message_library(self->context);
    }
    return 0;
}

/* Acts in the present state, adds what the cells computed to the sums, and goes on to the next state. */
static int play_state(inspection *self, uint64_t state, int32_t *ended)
{
    int32_t action;
    int32_t truncated;
    double reward;
    if (arq_network_act(self->network, self->activations, self->observation, &action) != ARQ_OK) {
        return message_library(self->context);
    }
    int result = self->cell == NULL ? make_cells(self) : 0; /* their sizes are known once they have computed */
    if (result != 0) {
        return result;
    }
    result = look(self, state);
    if (result != 0) {
        return result;
    }
    if (arq_env_step(self->env, action, self->observation, &reward, ended, &truncated) != ARQ_OK) {
        return message_library(self->context);
    }
    *ended = *ended || truncated;
    return 0;
}

/* Plays greedily and looks at every state on the way. */
static int play(inspection *self)
{
    int32_t ended = 1;
    for (uint64_t state = 0; state < self->settings->states; state++) {
        int result = ended ? begin_episode(self, state == 0 ? &self->settings->seed : NULL) : 0;
        if (result != 0) {
            return result;
        }
        result = play_state(self, state, &ended);
        if (result != 0) {
            return result;
        }
    }
    return 0;
}

static void print_cells(const inspection *self)
{
    printf("%llu states of %s, played greedily; means over them\n", (unsigned long long)self->settings->states,
           self->environment);
    for (uint32_t l = 0; l < self->cells; l++) {
        inspected_cell_print(&self->cell[l], self->top);
    }
}

/* Whether the network can play there. */
static int check_fit(inspection *self)
{
    const arq_env_spec *spec = arq_env_describe(self->env);
    int32_t kind = 0;
    uint32_t values = 0;
    arq_network_observation(self->network, &kind, &values);
    if (kind != spec->observation_kind || values != spec->observation_size || self->actions != spec->action_count) {
        return message_fail("the network takes kind %d of %u values and has %u actions; %s has kind %d of %u and %u",
                            (int)kind, values, self->actions, self->environment, (int)spec->observation_kind,
                            spec->observation_size, spec->action_count);
    }
    return 0;
}

static int open_network(inspection *self, const arguments *given)
{
    int result = saved_network(self->context, given->positional[0], &self->network, self->environment);
    if (result != 0) {
        return result;
    }
    if (given->positional_count > 1) {
        snprintf(self->environment, sizeof(self->environment), "%s", given->positional[1]);
    }
    if (self->environment[0] == '\0') {
        return message_usage("no config.txt beside the network says which environment; name it: arq inspect %s ENV",
                             given->positional[0]);
    }
    result = saved_environment_check(given->positional[0], self->environment,
                                     self->settings->trust || given->positional_count > 1);
    if (result != 0) {
        return result;
    }
    self->cells = arq_network_cells(self->network);
    self->actions = arq_network_actions(self->network);
    return 0;
}

static int open_environment(inspection *self)
{
    int result = session_environment(self->context, self->environment, &self->env);
    if (result != 0) {
        return result;
    }
    result = check_fit(self);
    if (result != 0) {
        return result;
    }
    const arq_env_spec *spec = arq_env_describe(self->env);
    self->observation = malloc(arq_observation_bytes(spec->observation_kind, spec->observation_size));
    if (self->observation == NULL) {
        return message_fail("no memory for an observation of %u values", spec->observation_size);
    }
    if (arq_activations_create(self->network, 1, &self->activations) != ARQ_OK) {
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

static int close_csv(const inspection *self)
{
    if (self->csv == NULL) {
        return 0;
    }
    int failed = ferror(self->csv);
    if (fclose(self->csv) != 0 || failed) {
        return message_fail("cannot write %s", self->settings->csv);
    }
    return 0;
}

static int inspect(inspection *self, const arguments *given)
{
    int result = open_network(self, given);
    if (result != 0) {
        return result;
    }
    result = open_environment(self);
    if (result != 0) {
        return result;
    }
    result = open_csv(self);
    if (result != 0) {
        return result;
    }
    result = play(self);
    int written = close_csv(self);
    if (result != 0 || written != 0) {
        return result != 0 ? result : written;
    }
    print_cells(self);
    return 0;
}

static int run(const command *self, int argc, char **argv)
{
    inspect_settings settings = {.states = 100, .top = 20, .seed = 1};
    inspection work = {.settings = &settings};
    arguments given;
    int result = options_parse(self, argc, argv, &settings, &given);
    if (result != 0) {
        return result;
    }
    result = session_open(NULL, 1, &work.context);
    if (result != 0) {
        return result;
    }
    work.top = (size_t)settings.top;
    result = inspect(&work, &given);
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
    .fewest_positionals = 1,
    .most_positionals = 2,
    .first_positional = "the run's folder or the network's file",
    .run = run,
};
