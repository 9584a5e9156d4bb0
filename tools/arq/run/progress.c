#include "run/progress.h"

#include "cli/message.h"
#include "host/clock.h"
#include "host/terminal.h"
#include "run/metric.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define TERMINAL_SECONDS 0.2
#define LINE_SECONDS 10.0
#define SMOOTHING_SECONDS 5.0

/* Parts of the line, in the order shown. */
enum { PART_STEPS, PART_EPISODES, PART_RETURN, PART_EPSILON, PART_UPDATES, PART_SPEED, PART_LEFT, PARTS };

/* The order in which parts are left out when the terminal is narrow. */
static const int dispensable[PARTS] = {PART_UPDATES, PART_EPSILON, PART_EPISODES, PART_SPEED,
                                       PART_LEFT,    PART_RETURN,  PART_STEPS};

void progress_begin(progress *self, double total_steps, double steps, double seconds, double minutes, int quiet)
{
    memset(self, 0, sizeof(*self));
    self->quiet = quiet;
    self->terminal = terminal_is_output();
    self->total = total_steps;
    self->start = clock_seconds();
    self->deadline = minutes > 0 ? self->start + 60 * minutes : (double)INFINITY;
    self->shown = self->terminal ? self->start - TERMINAL_SECONDS : self->start;
    self->measured = self->start;
    self->measured_steps = steps;
    self->before = seconds;
}

double progress_seconds(const progress *self)
{
    return self->before + clock_seconds() - self->start;
}

static void measure_speed(progress *self, double now, double steps)
{
    double passed = now - self->measured;
    if (passed < TERMINAL_SECONDS) {
        return;
    }
    double speed = (steps - self->measured_steps) / passed;
    double share = self->speed > 0 ? 1 - exp(-passed / SMOOTHING_SECONDS) : 1;
    self->speed += share * (speed - self->speed);
    self->measured = now;
    self->measured_steps = steps;
}

static void format_left(const progress *self, double now, double steps, char *buffer, size_t size)
{
    double left = self->speed > 0 ? (self->total - steps) / self->speed : (double)INFINITY;
    left = fmin(left, fmax(self->deadline - now, 0));
    if (!(left < 1e7)) {
        snprintf(buffer, size, "left ?");
        return;
    }
    long seconds = lround(left);
    if (seconds >= 3600) {
        snprintf(buffer, size, "left %ld:%02ld:%02ld", seconds / 3600, seconds / 60 % 60, seconds % 60);
    } else {
        snprintf(buffer, size, "left %ld:%02ld", seconds / 60, seconds % 60);
    }
}

/* Joins the parts, leaving out what does not fit the width. */
static void join(char parts[PARTS][48], size_t width, char *line, size_t size)
{
    for (int dropped = 0;; dropped++) {
        size_t used = 0;
        line[0] = '\0';
        for (int i = 0; i < PARTS; i++) {
            if (parts[i][0] != '\0') {
                used += (size_t)snprintf(line + used, size - used, "%s%s", used == 0 ? "" : "  ", parts[i]);
            }
        }
        if (used <= width || dropped == PARTS - 1) {
            line[width < size ? width : size - 1] = '\0';
            return;
        }
        parts[dispensable[dropped]][0] = '\0';
    }
}

static void format_line(const progress *self, const arq_run *run, double now, double steps, size_t width, char *line,
                        size_t size)
{
    char parts[PARTS][48];
    double mean = run_metric(run, "mean_return", 0);
    snprintf(parts[PART_STEPS], sizeof(parts[0]), "step %.0f of %.0f (%.0f%%)", steps, self->total,
             floor(100 * steps / self->total));
    snprintf(parts[PART_EPISODES], sizeof(parts[0]), "episodes %.0f", run_metric(run, "episodes", 0));
    if (isnan(mean)) {
        snprintf(parts[PART_RETURN], sizeof(parts[0]), "return -");
    } else {
        snprintf(parts[PART_RETURN], sizeof(parts[0]), "return %.2f", mean);
    }
    snprintf(parts[PART_EPSILON], sizeof(parts[0]), "epsilon %.3f", run_metric(run, "epsilon", 0));
    snprintf(parts[PART_UPDATES], sizeof(parts[0]), "updates %.0f", run_metric(run, "updates", 0));
    snprintf(parts[PART_SPEED], sizeof(parts[0]), "%.0f steps/s", self->speed);
    format_left(self, now, steps, parts[PART_LEFT], sizeof(parts[0]));
    join(parts, width, line, size);
}

static void show(progress *self, const arq_run *run, double now)
{
    char line[PARTS * 50];
    double steps = run_metric(run, "steps", 0);
    if (self->terminal) {
        /* A line that fills the last column would wrap. */
        format_line(self, run, now, steps, terminal_width() - 1, line, sizeof(line));
        message_live(line);
    } else {
        format_line(self, run, now, steps, sizeof(line), line, sizeof(line));
        puts(line);
        fflush(stdout);
    }
    self->shown = now;
}

void progress_update(progress *self, const arq_run *run)
{
    double now = clock_seconds();
    measure_speed(self, now, run_metric(run, "steps", 0));
    if (!self->quiet && now - self->shown >= (self->terminal ? TERMINAL_SECONDS : LINE_SECONDS)) {
        show(self, run, now);
    }
}

void progress_end(progress *self, const arq_run *run)
{
    if (!self->quiet) {
        double now = clock_seconds();
        measure_speed(self, now, run_metric(run, "steps", 0));
        show(self, run, now);
        message_live_keep();
    }
}
