/* A run's metrics: a function and a row of the table for each. */
#include "train/run.h"

#include "system/fp.h"

#include <math.h>
#include <string.h>

typedef double run_number(const arq_run *run);

typedef struct run_metric {
    const char *name;
    const char *doc;
    run_number *number; /* NULL: the agent's number of that name */
} run_metric;

static double steps(const arq_run *run)
{
    return (double)run->steps;
}

static double episodes(const arq_run *run)
{
    return (double)run->finished;
}

static double last_return(const arq_run *run)
{
    return run->last_return;
}

static double last_length(const arq_run *run)
{
    return run->finished == 0 ? (double)NAN : (double)run->last_length;
}

static double mean_return(const arq_run *run)
{
    uint64_t count = run->finished < ARQ_RUN_RECENT ? run->finished : ARQ_RUN_RECENT;
    double sum = 0;
    for (uint64_t i = 0; i < count; i++) {
        sum += run->recent[i];
    }
    return count == 0 ? (double)NAN : sum / (double)count;
}

static double rollout_seconds(const arq_run *run)
{
    return run->seconds - run->agent->learning_seconds;
}

static const run_metric run_metrics[] = {
    {"steps", "environment steps", steps},
    {"episodes", "finished episodes", episodes},
    {"return", "sum of rewards of the last finished episode", last_return},
    {"length", "steps of the last finished episode", last_length},
    {"mean_return", "mean return of the last 100 finished episodes", mean_return},
    {"epsilon", "present share of random actions", NULL},
    {"updates", "updates of the network", NULL},
    {"replay_size", "transitions in the replay; with rollouts none", NULL},
    {"learning_rate", "present step of Adam", NULL},
    {"rollout_seconds", "time of acting and of the environments", rollout_seconds},
    {"learning_seconds", "time of updates", NULL},
};

#define RUN_METRICS (sizeof(run_metrics) / sizeof(run_metrics[0]))

const char *arq_metric_name(uint32_t index, int32_t *per_cell, const char **doc)
{
    const char *name = NULL;
    const char *text = NULL;
    if (index < RUN_METRICS) {
        name = run_metrics[index].name;
        text = run_metrics[index].doc;
    } else if (index < RUN_METRICS + ARQ_METRICS) {
        name = arq_cell_metrics[index - RUN_METRICS].name;
        text = arq_cell_metrics[index - RUN_METRICS].doc;
    }
    if (per_cell != NULL) {
        *per_cell = index >= RUN_METRICS;
    }
    if (doc != NULL) {
        *doc = text;
    }
    return name;
}

arq_status arq_run_metric(const arq_run *run, const char *name, uint32_t cell, double *value)
{
    arq_status status =
        ARQ_REQUIRE(ARQ_CONTEXT_OF(run), "arq_run_metric", {"run", run}, {"name", name}, {"value", value});
    if (status != ARQ_OK) {
        return status;
    }
    for (size_t i = 0; i < RUN_METRICS; i++) {
        if (run_metrics[i].number != NULL && strcmp(name, run_metrics[i].name) == 0) {
            uint64_t mode = arq_fp_enter();
            *value = run_metrics[i].number(run);
            arq_fp_leave(mode);
            return ARQ_OK;
        }
    }
    status = arq_agent_metric(run->agent, name, cell, value);
    if (status == ARQ_E_NOT_FOUND) {
        char text[512];
        arq_context_last_error(run->context, text, sizeof(text));
        return arq_fail(run->context, status, "%.400s, return, length, mean_return, rollout_seconds", text);
    }
    return status;
}
