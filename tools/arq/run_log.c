#include "run_log.h"

#include "message.h"
#include "run_folder.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define STEPS_PER_ROW 2000

static double metric(const arq_run *run, const char *name, uint32_t cell)
{
    double value = (double)NAN;
    return arq_run_metric(run, name, cell, &value) == ARQ_OK ? value : (double)NAN;
}

static FILE *open_table(const char *folder, const char *name)
{
    char path[RUN_PATH_SIZE];
    run_folder_file(folder, name, path, sizeof(path));
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        message_fail("cannot write %s: %s", path, strerror(errno));
    }
    return file;
}

static void write_heading(const run_log *self)
{
    int32_t per_cell = 0;
    const char *name = NULL;
    fprintf(self->metrics, "seconds");
    for (uint32_t i = 0; (name = arq_metric_name(i, &per_cell, NULL)) != NULL; i++) {
        for (uint32_t cell = 0; per_cell && cell < self->cells; cell++) {
            fprintf(self->metrics, ",%s_cell%u", name, cell);
        }
        if (!per_cell) {
            fprintf(self->metrics, ",%s", name);
        }
    }
    fputc('\n', self->metrics);
}

int run_log_open(run_log *self, const char *folder, arq_run *run)
{
    memset(self, 0, sizeof(*self));
    if (folder == NULL) {
        return 0;
    }
    self->cells = arq_network_cells(arq_agent_network(arq_run_agent(run)));
    self->next_step = STEPS_PER_ROW;
    self->metrics = open_table(folder, RUN_LOG);
    self->episodes = self->metrics == NULL ? NULL : open_table(folder, RUN_EPISODES);
    if (self->episodes == NULL) {
        return 1;
    }
    write_heading(self);
    fprintf(self->episodes, "step,return,length\n");
    return 0;
}

/* A number that is not there yet is an empty field. */
static void write_number(FILE *file, double value)
{
    if (isnan(value)) {
        fputc(',', file);
    } else {
        fprintf(file, ",%.16g", value);
    }
}

static void write_row(const run_log *self, const arq_run *run, double seconds)
{
    int32_t per_cell = 0;
    const char *name = NULL;
    fprintf(self->metrics, "%.3f", seconds);
    for (uint32_t i = 0; (name = arq_metric_name(i, &per_cell, NULL)) != NULL; i++) {
        for (uint32_t cell = 0; per_cell && cell < self->cells; cell++) {
            write_number(self->metrics, metric(run, name, cell));
        }
        if (!per_cell) {
            write_number(self->metrics, metric(run, name, 0));
        }
    }
    fputc('\n', self->metrics);
}

static void flush(run_log *self)
{
    int failed = fflush(self->metrics) != 0 || fflush(self->episodes) != 0;
    if ((failed || ferror(self->metrics) || ferror(self->episodes)) && !self->failed) {
        self->failed = 1;
        message_warning("%s or %s cannot be written: %s; the training goes on without them", RUN_LOG, RUN_EPISODES,
                        strerror(errno));
    }
}

void run_log_update(run_log *self, const arq_run *run, double seconds)
{
    if (self->metrics == NULL) {
        return;
    }
    double steps = metric(run, "steps", 0);
    double episodes = metric(run, "episodes", 0);
    if (episodes > self->seen_episodes) {
        self->seen_episodes = episodes;
        fprintf(self->episodes, "%.0f,%.16g,%.0f\n", steps, metric(run, "return", 0), metric(run, "length", 0));
    }
    if (steps >= self->next_step) {
        self->next_step = (floor(steps / STEPS_PER_ROW) + 1) * STEPS_PER_ROW;
        write_row(self, run, seconds);
        flush(self);
    }
}

int run_log_close(run_log *self, const arq_run *run, double seconds)
{
    if (self->metrics == NULL) {
        return 0;
    }
    if (fmod(metric(run, "steps", 0), STEPS_PER_ROW) != 0) {
        write_row(self, run, seconds);
    }
    flush(self);
    int failed = fclose(self->metrics) != 0;
    failed = fclose(self->episodes) != 0 || failed || self->failed;
    self->metrics = NULL;
    return failed ? message_fail("%s and %s are not complete", RUN_LOG, RUN_EPISODES) : 0;
}
