/* arq train: a training run with everything around it. */
#include "commands.h"

#include "cli/id.h"
#include "cli/instances.h"
#include "cli/message.h"
#include "cli/session.h"
#include "host/clock.h"
#include "host/interrupt.h"
#include "run/evaluation.h"
#include "run/folder.h"
#include "run/log.h"
#include "run/progress.h"
#include "run/settings_report.h"

#include <math.h>
#include <stdio.h>

#define SAVE_SECONDS 120.0
/* Training runs in slices of about this length; between them it looks for Ctrl-C and updates the live line. */
#define SLICE_SECONDS 0.05
#define LARGEST_SLICE 4096.0

typedef struct train_settings {
    const char *preset, *out, *cpu, *steps;
    uint64_t environments, threads;
    double minutes;
    int quiet, force, no_save;
} train_settings;

static const option options[] = {
    {"preset", OPTION_TEXT, offsetof(train_settings, preset), 0, 0, "NAME",
     "Values to begin with, then the flags; default: fast. arq list presets."},
    {"environments", OPTION_COUNT, offsetof(train_settings, environments), 1, 65536, "N",
     "Instances that one network learns from side by side; default: what the preset recommends."},
    {"steps", OPTION_TEXT, offsetof(train_settings, steps), 0, 0, "N", "The same as --total_steps."},
    {"minutes", OPTION_NUMBER, offsetof(train_settings, minutes), 1e-6, 1e9, "M", "Stop after so long."},
    {"out", OPTION_TEXT, offsetof(train_settings, out), 0, 0, "DIR",
     "Folder of the run; default: runs/ENV-SEED, numbered when that exists."},
    {"force", OPTION_SWITCH, offsetof(train_settings, force), 0, 0, NULL, "Overwrite a run that DIR holds."},
    {"no-save", OPTION_SWITCH, offsetof(train_settings, no_save), 0, 0, NULL, "Write nothing."},
    {"threads", OPTION_COUNT, offsetof(train_settings, threads), 0, 256, "N",
     "Threads that compute; 0, the default: one for each processor. The result does not depend on it."},
    {"cpu", OPTION_TEXT, offsetof(train_settings, cpu), 0, 0, "NAME",
     "Instruction set; arq list cpu names them. The result does not depend on it."},
    {"quiet", OPTION_SWITCH, offsetof(train_settings, quiet), 0, 0, NULL, "Print the result only."},
    {.name = NULL}};

/* One training from its first step to its evaluation. */
typedef struct training {
    const train_settings *settings;
    const char *environment;
    arq_context *context;
    arq_config *config;
    instances environments;
    arq_run *run;
    char folder_path[RUN_PATH_SIZE];
    const char *folder; /* NULL: nothing is written */
    run_log log;
    progress progress;
} training;

static int make_config(training *self, const arguments *given)
{
    if (arq_config_create(self->context, self->settings->preset, &self->config) != ARQ_OK) {
        return message_library_usage(self->context);
    }
    if (self->settings->steps != NULL && arq_config_set(self->config, "total_steps", self->settings->steps) != ARQ_OK) {
        return message_library_usage(self->context);
    }
    for (int i = 0; i < given->parameter_count; i++) {
        if (arq_config_set(self->config, given->parameter_name[i], given->parameter_value[i]) != ARQ_OK) {
            return message_library_usage(self->context);
        }
    }
    return 0;
}

static int make_folder(training *self)
{
    char seed[64] = "";
    if (self->settings->no_save) {
        return run_log_open(&self->log, NULL, self->run);
    }
    arq_config_get(self->config, "seed", seed, sizeof(seed));
    int result = run_folder_create(self->settings->out, self->environment, seed, self->settings->force,
                                   self->folder_path, sizeof(self->folder_path));
    if (result != 0) {
        return result;
    }
    self->folder = self->folder_path;
    result = run_folder_write_config(self->folder, self->environment, self->environments.count, self->config);
    if (result != 0) {
        return result;
    }
    return run_log_open(&self->log, self->folder, self->run);
}

static int make_run(training *self)
{
    const uint64_t asked = self->settings->environments;
    const uint32_t count = asked > 0 ? (uint32_t)asked : arq_preset_environments(self->settings->preset);
    int result = instances_open(self->context, self->environment, count, &self->environments);
    if (result != 0) {
        return result;
    }
    arq_status status = self->environments.env != NULL
                            ? arq_run_create(self->context, self->config, self->environments.env, &self->run)
                            : arq_run_create_batch(self->context, self->config, self->environments.batch, &self->run);
    return status == ARQ_OK ? 0 : message_library(self->context);
}

static int prepare(training *self, const arguments *given)
{
    int result = make_config(self, given);
    if (result != 0) {
        return result;
    }
    result = make_run(self);
    if (result != 0) {
        return result;
    }
    return make_folder(self);
}

static const arq_network *network(const training *self)
{
    return arq_agent_network(arq_run_agent(self->run));
}

static int save(const training *self)
{
    if (self->folder == NULL) {
        return 0;
    }
    char path[RUN_PATH_SIZE + 64];
    run_folder_file(self->folder, RUN_NETWORK, path, sizeof(path));
    return arq_network_save(network(self), path) == ARQ_OK ? 0 : message_library(self->context);
}

/* The next slice's steps, so that it takes about SLICE_SECONDS and ends where the log has a row. */
static uint64_t slice_steps(const training *self)
{
    double steps = fmin(LARGEST_SLICE, self->progress.speed * SLICE_SECONDS);
    return (uint64_t)fmax(1, fmin(steps, run_log_steps_to_row(&self->log, self->run)));
}

/* Steps until the run is complete, stopped or has failed: then with an exit code. */
static int advance(training *self)
{
    double next_save = clock_seconds() + SAVE_SECONDS;
    while (interrupt_signal() == 0 && clock_seconds() < self->progress.deadline) {
        uint64_t done = 0;
        arq_status status = arq_run_advance(self->run, slice_steps(self), &done);
        int result = status == ARQ_OK ? 0 : message_library(self->context);
        run_log_update(&self->log, self->run, progress_seconds(&self->progress));
        if (result != 0 || done == 0) {
            return result;
        }
        progress_update(&self->progress, self->run);
        if (clock_seconds() >= next_save) {
            save(self); /* it reports its failure; training goes on, as the disk may have room again next time */
            next_save = clock_seconds() + SAVE_SECONDS;
        }
    }
    return 0;
}

static void print_saved(const training *self)
{
    if (self->folder != NULL) {
        const char *trust = id_names_file(self->environment) ? " --trust" : "";
        printf("saved: %s\nnext:  arq eval %s%s\n       arq play %s%s\n", self->folder, self->folder, trust, self->folder,
               trust);
    }
}

static int evaluate(const training *self)
{
    const evaluation_plan plan = evaluation_plan_of(network(self));
    instances others; /* the run's own instances are in the middle of episodes */
    int result = instances_open(self->context, self->environment, evaluation_instances(plan.episodes), &others);
    if (result != 0) {
        return result;
    }
    result = evaluation_compare(self->context, network(self), &others, &plan, self->folder);
    instances_close(&others);
    return result;
}

/* How a training ended: exit codes of its parts, 0 for success. */
typedef struct ending {
    int advanced, saved, logged;
    int signal; /* that stopped it */
} ending;

static ending learn(training *self)
{
    ending end;
    double total_steps = 0;
    arq_config_get_float(self->config, "total_steps", &total_steps);
    if (!self->settings->quiet) {
        settings_report(self->context, self->environment, &self->environments, self->config);
    }
    interrupt_hold();
    progress_begin(&self->progress, total_steps, self->settings->minutes, self->settings->quiet);
    end.advanced = advance(self);
    progress_end(&self->progress, self->run);
    end.saved = save(self);
    end.logged = run_log_close(&self->log, self->run, progress_seconds(&self->progress));
    end.signal = interrupt_signal();
    interrupt_release();
    return end;
}

static void say_stopped(const training *self, const ending *end)
{
    if (self->folder == NULL) {
        message_warning("stopped; nothing is saved (--no-save)");
    } else if (end->saved == 0) {
        printf("stopped; what was learned until then is kept\n");
        print_saved(self);
    }
}

static int train(training *self, const arguments *given)
{
    int result = prepare(self, given);
    if (result != 0) {
        return result;
    }
    const ending end = learn(self);
    if (end.advanced != 0 || end.signal != 0) {
        say_stopped(self, &end);
        return end.advanced != 0 ? end.advanced : EXIT_SIGNAL + end.signal;
    }
    result = evaluate(self);
    if (!self->settings->quiet && end.saved == 0) {
        print_saved(self);
    }
    if (result != 0) {
        return result;
    }
    return end.saved != 0 ? end.saved : end.logged;
}

static int run(const command *self, int argc, char **argv)
{
    train_settings settings = {.preset = "fast"};
    training work = {.settings = &settings};
    arguments given;
    int result = options_parse(self, argc, argv, &settings, &given);
    if (result != 0) {
        return result;
    }
    if (settings.no_save && settings.out != NULL) {
        return message_usage("--out and --no-save exclude each other");
    }
    result = session_open(settings.cpu, settings.threads, &work.context);
    if (result != 0) {
        return result;
    }
    work.environment = given.positional[0];
    result = train(&work, &given);
    arq_run_destroy(work.run);
    instances_close(&work.environments);
    arq_config_destroy(work.config);
    arq_context_destroy(work.context);
    return result;
}

const command command_train = {
    .name = "train",
    .synopsis = "ENV [flags] [--PARAMETER VALUE ...]",
    .doc = "Trains an agent in an environment and evaluates it beside a random player",
    .text = "ENV is an id such as minatar/breakout or minatar/breakout?sticky=0, or a plugin's file, ./mygame.so.\n"
            "The folder of the run gets " RUN_CONFIG " (every setting), " RUN_NETWORK " (every two\n"
            "minutes and at the end), " RUN_LOG " (every metric), " RUN_EPISODES " and " RUN_RESULT " (the\n"
            "evaluation). Ctrl-C stops after the present step, saves the network and skips the evaluation (exit\n"
            "code 130); a second Ctrl-C ends at once.\n",
    .options = options,
    .takes_parameters = 1,
    .fewest_positionals = 1,
    .most_positionals = 1,
    .first_positional = "the environment's id, such as minatar/breakout,",
    .run = run,
};
