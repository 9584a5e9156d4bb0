/* arq train: a training run with everything around it. */
#include "commands.h"

#include "cli/id.h"
#include "cli/instances.h"
#include "cli/message.h"
#include "cli/session.h"
#include "host/clock.h"
#include "host/files.h"
#include "host/interrupt.h"
#include "run/checkpoint.h"
#include "run/evaluation.h"
#include "run/folder.h"
#include "run/log.h"
#include "run/metric.h"
#include "run/progress.h"
#include "run/saved.h"
#include "run/settings_report.h"

#include <math.h>
#include <stdio.h>

#define DEFAULT_PRESET "fast"
#define CHECKPOINT_SECONDS 60.0
/* Training runs in slices of about this length; between them it looks for Ctrl-C and updates the live line. */
#define SLICE_SECONDS 0.05
#define LARGEST_SLICE 4096.0

typedef struct train_settings {
    const char *preset, *out, *cpu, *steps, *resume;
    uint64_t environments, threads;
    double minutes, checkpoint;
    int quiet, force, no_save, keep_replay, trust;
} train_settings;

static const option options[] = {
    {"preset", OPTION_TEXT, offsetof(train_settings, preset), 0, 0, "NAME",
     "Values to begin with, then the flags; default: fast. arq list presets."},
    {"resume", OPTION_TEXT, offsetof(train_settings, resume), 0, 0, "RUN",
     "Go on with the run of a folder where its last checkpoint is; ENV may be left out."},
    {"environments", OPTION_COUNT, offsetof(train_settings, environments), 1, 65536, "N",
     "Instances that one network learns from side by side; default: what the preset recommends."},
    {"steps", OPTION_TEXT, offsetof(train_settings, steps), 0, 0, "N", "The same as --total_steps."},
    {"minutes", OPTION_NUMBER, offsetof(train_settings, minutes), 1e-6, 1e9, "M", "Stop after so long."},
    {"out", OPTION_TEXT, offsetof(train_settings, out), 0, 0, "DIR",
     "Folder of the run; default: runs/ENV-SEED, numbered when that exists."},
    {"force", OPTION_SWITCH, offsetof(train_settings, force), 0, 0, NULL, "Overwrite a run that DIR holds."},
    {"checkpoint", OPTION_NUMBER, offsetof(train_settings, checkpoint), 0, 1e9, "S",
     "Seconds between checkpoints, 60 by default; 0: only at the end."},
    {"keep-replay", OPTION_SWITCH, offsetof(train_settings, keep_replay), 0, 0, NULL,
     "Keep the replay in the checkpoint of a complete run, too, for a run that shall become longer."},
    {"trust", OPTION_SWITCH, offsetof(train_settings, trust), 0, 0, NULL,
     "With --resume: load the plugin's file that the run names; it may do whatever you may."},
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
    char saved_environment[ID_SIZE]; /* of a run that is resumed */
    arq_context *context;
    arq_config *config;
    checkpoint_found found; /* of a run that is resumed */
    instances environments;
    arq_run *run;
    char folder_path[RUN_PATH_SIZE];
    const char *folder; /* NULL: nothing is written */
    run_log log;
    progress progress;
    checkpoints checkpoints;
} training;

static int set_parameters(training *self, const arguments *given)
{
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

static int make_run(training *self, uint32_t recommended)
{
    const uint64_t asked = self->settings->environments;
    const uint32_t count = asked > 0 ? (uint32_t)asked : recommended;
    int result = instances_open(self->context, self->environment, count, &self->environments);
    if (result != 0) {
        return result;
    }
    arq_status status = self->environments.env != NULL
                            ? arq_run_create(self->context, self->config, self->environments.env, &self->run)
                            : arq_run_create_batch(self->context, self->config, self->environments.batch, &self->run);
    return status == ARQ_OK ? 0 : message_library(self->context);
}

static int prepare_new(training *self, const arguments *given)
{
    const char *preset = self->settings->preset == NULL ? DEFAULT_PRESET : self->settings->preset;
    if (arq_config_create(self->context, preset, &self->config) != ARQ_OK) {
        return message_library_usage(self->context);
    }
    self->environment = given->positional[0];
    int result = set_parameters(self, given);
    if (result != 0) {
        return result;
    }
    result = make_run(self, arq_preset_environments(preset));
    if (result != 0) {
        return result;
    }
    return make_folder(self);
}

/* ---- A run that goes on ---- */

static int find_environment(training *self, const arguments *given)
{
    if (given->positional_count > 0) {
        self->environment = given->positional[0];
        return 0;
    }
    char path[RUN_PATH_SIZE];
    run_folder_file(self->folder, RUN_NETWORK, path, sizeof(path));
    int result = run_folder_environment(path, self->saved_environment, sizeof(self->saved_environment));
    if (result != 0) {
        return result;
    }
    self->environment = self->saved_environment;
    if (self->environment[0] == '\0') {
        return message_usage("%s does not say its environment: name it, arq train ENV --resume %s", self->folder,
                             self->folder);
    }
    return saved_environment_check(self->folder, self->environment, self->settings->trust);
}

static void say_resumed(const training *self)
{
    uint32_t resumed = arq_run_resumed(self->run);
    if (!self->settings->quiet) {
        printf("resumed after %.0f steps%s%s\n", run_metric(self->run, "steps", 0),
               (resumed & ARQ_RESUMED_NEW_REPLAY) != 0 ? "; the replay was not kept and fills anew" : "",
               (resumed & ARQ_RESUMED_NEW_EPISODES) != 0 ? "; new episodes begin" : "");
    }
}

/* The tables go on where they were at the checkpoint, and the files that tell of the end are out of date. */
static int continue_folder(training *self, int changed)
{
    int result = run_log_continue(&self->log, self->folder, self->run, &self->found.mark);
    if (result != 0) {
        return result;
    }
    run_log_update(&self->log, self->run, self->found.seconds); /* episodes whose environments have no state */
    char path[RUN_PATH_SIZE];
    run_folder_file(self->folder, RUN_RESULT, path, sizeof(path));
    files_remove(path);
    return !changed ? 0
                    : run_folder_write_config(self->folder, self->environment, self->environments.count, self->config);
}

static int prepare_resumed(training *self, const arguments *given)
{
    self->folder = self->settings->resume;
    int result = checkpoint_find(self->context, self->folder, &self->found);
    if (result != 0) {
        return result;
    }
    self->config = self->found.config;
    result = find_environment(self, given);
    if (result != 0) {
        return result;
    }
    result = set_parameters(self, given);
    if (result != 0) {
        return result;
    }
    result = make_run(self, self->found.environments);
    if (result != 0) {
        return result;
    }
    if (arq_run_load(self->run, self->found.path) != ARQ_OK) {
        return message_library(self->context);
    }
    say_resumed(self);
    return continue_folder(self, given->parameter_count > 0 || self->settings->steps != NULL);
}

static int prepare(training *self, const arguments *given)
{
    return self->settings->resume != NULL ? prepare_resumed(self, given) : prepare_new(self, given);
}

static const arq_network *network(const training *self)
{
    return arq_agent_network(arq_run_agent(self->run));
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
    while (interrupt_signal() == 0 && clock_seconds() < self->progress.deadline) {
        uint64_t done = 0;
        arq_status status = arq_run_advance(self->run, slice_steps(self), &done);
        int result = status == ARQ_OK ? 0 : message_library(self->context);
        run_log_update(&self->log, self->run, progress_seconds(&self->progress));
        if (result != 0 || done == 0) {
            return result;
        }
        progress_update(&self->progress, self->run);
        checkpoints_update(&self->checkpoints, &self->log, progress_seconds(&self->progress));
    }
    return 0;
}

static double total_steps(const training *self)
{
    double total = 0;
    arq_config_get_float(self->config, "total_steps", &total);
    return total;
}

static int is_complete(const training *self)
{
    return run_metric(self->run, "steps", 0) >= total_steps(self);
}

static void print_saved(const training *self)
{
    if (self->folder == NULL) {
        return;
    }
    const char *trust = id_names_file(self->environment) ? " --trust" : "";
    printf("saved: %s\nnext:  ", self->folder);
    if (!is_complete(self)) {
        printf("arq train --resume %s%s\n       ", self->folder, trust);
    }
    printf("arq eval %s%s\n       arq play %s%s\n", self->folder, trust, self->folder, trust);
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
    if (!self->settings->quiet) {
        settings_report(self->context, self->environment, &self->environments, self->config);
    }
    interrupt_hold();
    progress_begin(&self->progress, total_steps(self), run_metric(self->run, "steps", 0), self->found.seconds,
                   self->settings->minutes, self->settings->quiet);
    checkpoints_begin(&self->checkpoints, self->context, self->run, self->folder, self->settings->checkpoint);
    end.advanced = advance(self);
    progress_end(&self->progress, self->run);
    /* Before the last row, which a run that goes on from here does not have. */
    end.saved = checkpoints_end(&self->checkpoints, &self->log, progress_seconds(&self->progress),
                                self->settings->keep_replay || !is_complete(self));
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

/* A run that goes on has its folder and its preset. */
static int check_resume(const train_settings *settings, const arguments *given)
{
    if (settings->resume == NULL) {
        return given->positional_count > 0
                   ? 0
                   : message_usage("the environment's id, such as minatar/breakout, is missing");
    }
    if (settings->no_save || settings->force || settings->out != NULL || settings->preset != NULL) {
        return message_usage("--resume and --%s exclude each other", settings->no_save       ? "no-save"
                                                                     : settings->force       ? "force"
                                                                     : settings->out != NULL ? "out"
                                                                                             : "preset");
    }
    return 0;
}

static int run(const command *self, int argc, char **argv)
{
    train_settings settings = {.checkpoint = CHECKPOINT_SECONDS};
    training work = {.settings = &settings};
    arguments given;
    int result = options_parse(self, argc, argv, &settings, &given);
    if (result != 0) {
        return result;
    }
    if (settings.no_save && settings.out != NULL) {
        return message_usage("--out and --no-save exclude each other");
    }
    result = check_resume(&settings, &given);
    if (result != 0) {
        return result;
    }
    result = session_open(settings.cpu, settings.threads, &work.context);
    if (result != 0) {
        return result;
    }
    result = train(&work, &given);
    arq_run_destroy(work.run);
    instances_close(&work.environments);
    arq_config_destroy(work.config);
    arq_context_destroy(work.context);
    return result;
}

const command command_train = {
    .name = "train",
    .synopsis = "ENV | --resume RUN [flags] [--PARAMETER VALUE ...]",
    .doc = "Trains an agent in an environment and evaluates it beside a random player",
    .text = "ENV is an id such as minatar/breakout or minatar/breakout?sticky=0, or a plugin's file, ./mygame.so.\n"
            "The folder of the run gets " RUN_CONFIG " (every setting), " RUN_NETWORK ", " RUN_LOG "\n"
            "(every metric), " RUN_EPISODES ", " RUN_RESULT " (the evaluation) and " RUN_CHECKPOINT " (the whole run,\n"
            "every minute and at the end). Ctrl-C stops after the present step, saves everything and skips the\n"
            "evaluation (exit code 130); a second Ctrl-C ends at once. --resume goes on with a run that was\n"
            "stopped or killed as if it had not been; arq list parameters --markdown says what may change.\n",
    .options = options,
    .takes_parameters = 1,
    .fewest_positionals = 0,
    .most_positionals = 1,
    .first_positional = "the environment's id, such as minatar/breakout,",
    .run = run,
};
