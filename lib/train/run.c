/* A training run: the agent's loop over an environment, and what it says about itself. */
#include "arq/run.h"

#include "agent/agent.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The papers report the mean return of the last so many episodes. */
#define RECENT 100

struct arq_run {
    arq_context *context;
    arq_parameters parameters;
    arq_env *env;
    arq_agent *agent;
    void *observation;
    size_t observation_bytes;
    uint64_t steps;
    int seeded;  /* the first reset has been made */
    int playing; /* an episode is open in environment and agent */
    double episode_return;
    uint64_t episode_length;
    uint64_t finished; /* episodes */
    double recent[RECENT];
    double last_return;
    uint64_t last_length;
};

typedef enum run_metric {
    RUN_STEPS,
    RUN_EPISODES,
    RUN_RETURN,
    RUN_LENGTH,
    RUN_MEAN_RETURN,
    RUN_EPSILON,
    RUN_UPDATES,
    RUN_REPLAY_SIZE,
    RUN_METRICS
} run_metric;

static const arq_metric_row run_metrics[RUN_METRICS] = {
    [RUN_STEPS] = {"steps", "environment steps"},
    [RUN_EPISODES] = {"episodes", "finished episodes"},
    [RUN_RETURN] = {"return", "sum of rewards of the last finished episode"},
    [RUN_LENGTH] = {"length", "steps of the last finished episode"},
    [RUN_MEAN_RETURN] = {"mean_return", "mean return of the last 100 finished episodes"},
    [RUN_EPSILON] = {"epsilon", "present share of random actions"},
    [RUN_UPDATES] = {"updates", "updates of the network"},
    [RUN_REPLAY_SIZE] = {"replay_size", "transitions in the replay"},
};

const char *arq_metric_name(uint32_t index, int32_t *per_cell, const char **doc)
{
    const arq_metric_row *row = NULL;
    if (index < RUN_METRICS) {
        row = &run_metrics[index];
    } else if (index - RUN_METRICS < ARQ_METRICS) {
        row = &arq_cell_metrics[index - RUN_METRICS];
    }
    if (per_cell != NULL) {
        *per_cell = index >= RUN_METRICS;
    }
    if (doc != NULL) {
        *doc = row == NULL ? NULL : row->doc;
    }
    return row == NULL ? NULL : row->name;
}

arq_status arq_run_create(arq_context *context, const arq_config *config, arq_env *env, arq_run **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    arq_status status =
        ARQ_REQUIRE(context, "arq_run_create", {"context", context}, {"config", config}, {"env", env}, {"out", out});
    if (status != ARQ_OK) {
        return status;
    }
    const arq_env_spec *spec = arq_env_describe(env);
    if (spec->action_kind != ARQ_ACTION_DISCRETE) {
        return arq_fail(context, ARQ_E_UNSUPPORTED,
                        "arq_run_create: the environment has box actions; wrap it with arq_env_bang_bang");
    }
    arq_run *run = arq_alloc(context, 1, sizeof(*run));
    if (run == NULL) {
        return arq_fail_memory(context, "a run", sizeof(*run));
    }
    arq_context_retain(context);
    run->context = context;
    run->parameters = *arq_config_values(config);
    run->env = env;
    run->last_return = (double)NAN;
    run->observation_bytes = arq_observation_bytes(spec->observation_kind, spec->observation_size);
    run->observation = arq_alloc(context, run->observation_bytes, 1);
    if (run->observation == NULL) {
        status = arq_fail_memory(context, "an observation", run->observation_bytes);
        goto failed;
    }
    status = arq_agent_create(context, config, spec->observation_kind, spec->observation_size, spec->action_count,
                              &run->agent);
    if (status != ARQ_OK) {
        goto failed;
    }
    *out = run;
    return ARQ_OK;

failed:
    arq_run_destroy(run);
    return status;
}

void arq_run_destroy(arq_run *run)
{
    if (run == NULL) {
        return;
    }
    arq_context *context = run->context;
    arq_agent_destroy(run->agent);
    arq_free(context, run->observation, run->observation_bytes, 1);
    arq_free(context, run, 1, sizeof(*run));
    arq_context_release(context);
}

static arq_status begin_episode(arq_run *run)
{
    uint64_t seed = (uint64_t)run->parameters.seed;
    run->agent->lent = 1;
    arq_status status = arq_env_reset(run->env, run->seeded ? NULL : &seed, run->observation);
    run->agent->lent = 0;
    if (status != ARQ_OK) {
        return status;
    }
    run->seeded = 1;
    status = arq_agent_open_episode(run->agent, run->observation);
    if (status != ARQ_OK) {
        return status;
    }
    run->playing = 1;
    run->episode_return = 0;
    run->episode_length = 0;
    return ARQ_OK;
}

static void end_episode(arq_run *run)
{
    run->playing = 0;
    run->last_return = run->episode_return;
    run->last_length = run->episode_length;
    run->recent[run->finished % RECENT] = run->episode_return;
    run->finished++;
}

/* One step of the environment and of the agent. */
static arq_status step(arq_run *run)
{
    int32_t action;
    double reward;
    int32_t terminated;
    int32_t truncated;
    arq_status status = arq_agent_act(run->agent, &action);
    if (status != ARQ_OK) {
        return status;
    }
    run->agent->lent = 1;
    status = arq_env_step(run->env, action, run->observation, &reward, &terminated, &truncated);
    run->agent->lent = 0;
    if (status != ARQ_OK) {
        run->playing = 0; /* the episode is lost; what was learned is not */
        return status;
    }
    status = arq_agent_store(run->agent, action, reward, run->observation, terminated, truncated, NULL);
    if (status != ARQ_OK && status != ARQ_E_DIVERGED) {
        run->playing = 0;
        return status;
    }
    run->steps++;
    run->episode_return += reward;
    run->episode_length++;
    if (terminated || truncated) {
        end_episode(run);
    }
    return status;
}

arq_status arq_run_advance(arq_run *run, uint64_t steps, uint64_t *done)
{
    if (done != NULL) {
        *done = 0;
    }
    if (run == NULL) {
        return arq_fail_null(NULL, "arq_run_advance", "run");
    }
    if (run->agent->lent) {
        return arq_agent_fail_lent(run->agent, "arq_run_advance");
    }
    uint64_t left = (uint64_t)run->parameters.total_steps - run->steps;
    uint64_t wanted = steps < left ? steps : left;
    uint64_t before = run->steps;
    arq_status status = ARQ_OK;
    while (run->steps - before < wanted) {
        status = run->playing ? ARQ_OK : begin_episode(run);
        if (status != ARQ_OK) {
            break;
        }
        status = step(run);
        if (status != ARQ_OK || !run->playing) {
            break;
        }
    }
    if (done != NULL) {
        *done = run->steps - before;
    }
    return status;
}

arq_agent *arq_run_agent(arq_run *run)
{
    return run == NULL ? NULL : run->agent;
}

static double mean_return(const arq_run *run)
{
    uint64_t count = run->finished < RECENT ? run->finished : RECENT;
    double sum = 0;
    for (uint64_t i = 0; i < count; i++) {
        sum += run->recent[i];
    }
    return count == 0 ? (double)NAN : sum / (double)count;
}

arq_status arq_run_metric(const arq_run *run, const char *name, uint32_t cell, double *value)
{
    arq_status status =
        ARQ_REQUIRE(ARQ_CONTEXT_OF(run), "arq_run_metric", {"run", run}, {"name", name}, {"value", value});
    if (status != ARQ_OK) {
        return status;
    }
    int index = 0;
    while (index < RUN_METRICS && strcmp(name, run_metrics[index].name) != 0) {
        index++;
    }
    switch (index) {
    case RUN_STEPS:
        *value = (double)run->steps;
        return ARQ_OK;
    case RUN_EPISODES:
        *value = (double)run->finished;
        return ARQ_OK;
    case RUN_RETURN:
        *value = run->last_return;
        return ARQ_OK;
    case RUN_LENGTH:
        *value = run->finished == 0 ? (double)NAN : (double)run->last_length;
        return ARQ_OK;
    case RUN_MEAN_RETURN:
        *value = mean_return(run);
        return ARQ_OK;
    default:
        break;
    }
    status = arq_agent_metric(run->agent, name, cell, value);
    if (status == ARQ_E_NOT_FOUND) {
        char text[512];
        arq_context_last_error(run->context, text, sizeof(text));
        return arq_fail(run->context, status, "%.400s, return, length, mean_return", text);
    }
    return status;
}
