#include "run/checkpoint.h"

#include "cli/message.h"
#include "cli/options.h"
#include "host/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Texts beside the run: how long its tables were, and the time spent. */
#define TEXT_LOG RUN_LOG
#define TEXT_EPISODES RUN_EPISODES
#define TEXT_SECONDS "seconds"

void checkpoints_begin(checkpoints *self, arq_context *context, arq_run *run, const char *folder, double period)
{
    memset(self, 0, sizeof(*self));
    self->context = context;
    self->run = run;
    self->folder = folder;
    self->period = period;
    self->next = clock_seconds(); /* the first at once: from then on no kill loses the run */
    if (folder != NULL) {
        run_folder_file(folder, RUN_CHECKPOINT, self->path, sizeof(self->path));
        run_folder_file(folder, RUN_NETWORK, self->job.network_path, sizeof(self->job.network_path));
        self->job.context = context;
    }
}

/* ---- Writing ---- */

/* First the rows: a run whose log is shorter than its checkpoint knows cannot go on. */
static void write_job(void *data)
{
    checkpoint_job *job = data;
    if (run_log_settle(job->log) != 0) {
        snprintf(job->failure, sizeof(job->failure), "cannot bring the log to the disk: %s", strerror(errno));
        return;
    }
    arq_status status = arq_checkpoint_write(job->checkpoint);
    if (status == ARQ_OK) {
        status = arq_network_save(job->network, job->network_path);
    }
    if (status != ARQ_OK) {
        arq_context_last_error(job->context, job->failure, sizeof(job->failure));
    }
}

static void clear_job(checkpoint_job *job)
{
    arq_checkpoint_destroy(job->checkpoint);
    arq_network_destroy(job->network);
    job->checkpoint = NULL;
    job->network = NULL;
    job->failure[0] = '\0';
}

static arq_status set_number(arq_checkpoint *checkpoint, const char *name, const char *format, double number)
{
    char digits[32];
    snprintf(digits, sizeof(digits), format, number);
    return arq_checkpoint_set_text(checkpoint, name, digits);
}

static arq_status set_texts(arq_checkpoint *checkpoint, const run_log_mark *mark, double seconds)
{
    arq_status status = set_number(checkpoint, TEXT_LOG, "%.0f", (double)mark->log);
    if (status != ARQ_OK) {
        return status;
    }
    status = set_number(checkpoint, TEXT_EPISODES, "%.0f", (double)mark->episodes);
    if (status != ARQ_OK) {
        return status;
    }
    return set_number(checkpoint, TEXT_SECONDS, "%.3f", seconds);
}

static arq_status copy_run(checkpoints *self, uint32_t flags, const run_log_mark *mark, double seconds)
{
    checkpoint_job *job = &self->job;
    arq_status status = arq_run_checkpoint(self->run, self->path, flags, &job->checkpoint);
    if (status != ARQ_OK) {
        return status;
    }
    status = set_texts(job->checkpoint, mark, seconds);
    if (status != ARQ_OK) {
        return status;
    }
    return arq_network_copy(arq_agent_network(arq_run_agent(self->run)), &job->network);
}

/* Copies run and network as they are now. 0 or an exit code. */
static int copy(checkpoints *self, run_log *log, double seconds, uint32_t flags)
{
    checkpoint_job *job = &self->job;
    run_log_mark mark;
    if (run_log_set_mark(log, &mark) != 0) {
        return message_fail("no checkpoint is written as long as rows wait for room");
    }
    job->log = log;
    if (copy_run(self, flags, &mark, seconds) != ARQ_OK) {
        clear_job(job);
        return message_library(self->context);
    }
    return 0;
}

/* Says what the job failed with. */
static void finish_job(checkpoint_job *job)
{
    if (job->failure[0] != '\0') {
        message_warning("%s; the training goes on", job->failure);
    }
    clear_job(job);
}

static void collect(checkpoints *self)
{
    worker_wait(self->worker);
    self->worker = NULL;
    finish_job(&self->job);
}

void checkpoints_update(checkpoints *self, run_log *log, double seconds)
{
    if (self->worker != NULL && worker_is_done(self->worker)) {
        collect(self);
    }
    double now = clock_seconds();
    if (self->folder == NULL || self->period == 0 || self->worker != NULL || now < self->next) {
        return;
    }
    self->next = now + self->period;
    if (copy(self, log, seconds, 0) != 0) {
        return; /* said; there may be room again the next time */
    }
    self->worker = worker_start(write_job, &self->job);
    if (self->worker == NULL) { /* no thread: learning waits */
        write_job(&self->job);
        finish_job(&self->job);
    }
}

int checkpoints_end(checkpoints *self, run_log *log, double seconds, int with_replay)
{
    if (self->worker != NULL) {
        collect(self);
    }
    if (self->folder == NULL) {
        return 0;
    }
    int result = copy(self, log, seconds, with_replay ? 0 : ARQ_CHECKPOINT_WITHOUT_REPLAY);
    if (result != 0) {
        return result;
    }
    write_job(&self->job);
    if (self->job.failure[0] != '\0') {
        result = message_fail("%s", self->job.failure);
    }
    clear_job(&self->job);
    return result;
}

/* ---- Reading ---- */

static int read_number(const arq_checkpoint *checkpoint, const char *name, double *number)
{
    const char *found = arq_checkpoint_text(checkpoint, name);
    return found != NULL && options_number(found, number) && *number >= 0;
}

static int read_found(arq_context *context, const arq_checkpoint *checkpoint, const char *folder, checkpoint_found *out)
{
    double log;
    double episodes;
    if (!read_number(checkpoint, TEXT_LOG, &log) || !read_number(checkpoint, TEXT_EPISODES, &episodes) ||
        !read_number(checkpoint, TEXT_SECONDS, &out->seconds)) {
        return message_fail("%s holds a checkpoint of another program: it does not say how long the tables were",
                            folder);
    }
    out->mark = (run_log_mark){.log = (size_t)log, .episodes = (size_t)episodes};
    out->environments = arq_checkpoint_instances(checkpoint);
    return arq_checkpoint_config(checkpoint, &out->config) == ARQ_OK ? 0 : message_library(context);
}

int checkpoint_find(arq_context *context, const char *folder, checkpoint_found *out)
{
    arq_checkpoint *checkpoint;
    memset(out, 0, sizeof(*out));
    if (strlen(folder) > RUN_PATH_SIZE - 64) {
        return message_usage("a path is %zu characters long; accepted: at most %d", strlen(folder), RUN_PATH_SIZE - 64);
    }
    run_folder_file(folder, RUN_CHECKPOINT, out->path, sizeof(out->path));
    if (arq_checkpoint_open(context, out->path, &checkpoint) != ARQ_OK) {
        return message_library(context);
    }
    int result = read_found(context, checkpoint, folder, out);
    arq_checkpoint_destroy(checkpoint);
    return result;
}
