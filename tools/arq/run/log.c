#include "run/log.h"

#include "cli/message.h"
#include "host/files.h"
#include "run/folder.h"
#include "run/metric.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define STEPS_PER_ROW 2000

static void write_headings(run_log *self)
{
    int32_t per_cell = 0;
    const char *name = NULL;
    table_text(&self->metrics, "seconds");
    for (uint32_t i = 0; (name = arq_metric_name(i, &per_cell, NULL)) != NULL; i++) {
        for (uint32_t cell = 0; per_cell && cell < self->cells; cell++) {
            table_text(&self->metrics, "%s_cell%u", name, cell);
        }
        if (!per_cell) {
            table_text(&self->metrics, "%s", name);
        }
    }
    table_row_end(&self->metrics);
    table_heading(&self->episodes, "step,return,length,end,instance");
}

/* Both files, empty or behind the mark. */
static int open_tables(run_log *self, const char *folder, arq_run *run, const run_log_mark *mark)
{
    memset(self, 0, sizeof(*self));
    if (table_open(&self->metrics, folder, RUN_LOG, mark == NULL ? NULL : &mark->log) != 0) {
        return 1;
    }
    if (table_open(&self->episodes, folder, RUN_EPISODES, mark == NULL ? NULL : &mark->episodes) != 0) {
        table_close(&self->metrics);
        return 1;
    }
    self->open = 1;
    self->cells = arq_network_cells(arq_agent_network(arq_run_agent(run)));
    self->next_step = (floor(run_metric(run, "steps", 0) / STEPS_PER_ROW) + 1) * STEPS_PER_ROW;
    return 0;
}

int run_log_open(run_log *self, const char *folder, arq_run *run)
{
    memset(self, 0, sizeof(*self));
    int result = folder == NULL ? 0 : open_tables(self, folder, run, NULL);
    if (self->open) {
        write_headings(self);
    }
    return result;
}

int run_log_continue(run_log *self, const char *folder, arq_run *run, const run_log_mark *mark)
{
    return open_tables(self, folder, run, mark);
}

static void write_row(run_log *self, const arq_run *run, double seconds)
{
    int32_t per_cell = 0;
    const char *name = NULL;
    table_text(&self->metrics, "%.3f", seconds);
    for (uint32_t i = 0; (name = arq_metric_name(i, &per_cell, NULL)) != NULL; i++) {
        for (uint32_t cell = 0; per_cell && cell < self->cells; cell++) {
            table_number(&self->metrics, run_metric(run, name, cell));
        }
        if (!per_cell) {
            table_number(&self->metrics, run_metric(run, name, 0));
        }
    }
    table_row_end(&self->metrics);
}

static void write_episodes(run_log *self, const arq_run *run)
{
    static const char *const ends[] = {[ARQ_EPISODE_TERMINATED] = "terminated",
                                       [ARQ_EPISODE_TRUNCATED] = "truncated",
                                       [ARQ_EPISODE_FAILED] = "failed"};
    uint32_t instance;
    double sum;
    uint64_t length;
    uint64_t step;
    int32_t end;
    for (uint32_t i = 0; arq_run_episode(run, i, &instance, &sum, &length, &step, &end) == ARQ_OK; i++) {
        table_text(&self->episodes, "%llu", (unsigned long long)step);
        table_number(&self->episodes, sum);
        table_text(&self->episodes, "%llu", (unsigned long long)length);
        table_text(&self->episodes, "%s", ends[end]);
        table_text(&self->episodes, "%u", instance);
        table_row_end(&self->episodes);
    }
}

static void flush(run_log *self)
{
    int failed = table_flush(&self->metrics) != 0;
    failed = table_flush(&self->episodes) != 0 || failed;
    if (failed && !self->failed) {
        self->failed = 1;
        message_warning("%s or %s cannot be written: %s; the training goes on, their rows wait for room", RUN_LOG,
                        RUN_EPISODES, strerror(errno));
    }
}

int run_log_set_mark(run_log *self, run_log_mark *mark)
{
    if (self->open) {
        flush(self);
    }
    *mark = (run_log_mark){.log = self->metrics.size, .episodes = self->episodes.size};
    return self->metrics.waiting.count == 0 && self->episodes.waiting.count == 0 ? 0 : -1;
}

int run_log_settle(const run_log *self)
{
    return !self->open || (files_flush(self->metrics.file) == 0 && files_flush(self->episodes.file) == 0) ? 0 : -1;
}

double run_log_steps_to_row(const run_log *self, const arq_run *run)
{
    return self->open ? self->next_step - run_metric(run, "steps", 0) : (double)INFINITY;
}

void run_log_update(run_log *self, const arq_run *run, double seconds)
{
    if (!self->open) {
        return;
    }
    double steps = run_metric(run, "steps", 0);
    write_episodes(self, run);
    if (steps >= self->next_step) {
        self->next_step = (floor(steps / STEPS_PER_ROW) + 1) * STEPS_PER_ROW;
        write_row(self, run, seconds);
        flush(self);
    }
}

int run_log_close(run_log *self, const arq_run *run, double seconds)
{
    if (!self->open) {
        return 0;
    }
    if (fmod(run_metric(run, "steps", 0), STEPS_PER_ROW) != 0) {
        write_row(self, run, seconds);
    }
    self->open = 0;
    int failed = table_close(&self->metrics) != 0;
    failed = table_close(&self->episodes) != 0 || failed;
    return failed ? message_fail("%s and %s are not complete", RUN_LOG, RUN_EPISODES) : 0;
}
