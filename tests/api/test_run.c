/* Runs and evaluation, and environments that misbehave in them. */
#include "support.h"
#include "worlds.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define SETTINGS SMALL "batch=8 train_period=2 target_period=10 exploration_steps=60 total_steps=200 "

struct stage {
    struct host host;
    struct corridor corridor;
    arq_config *config;
    arq_env *env;
    arq_run *run;
};

static void set_up(struct stage *stage, const char *settings)
{
    struct host *host = &stage->host;

    memset(&stage->corridor, 0, sizeof stage->corridor);
    host_open(host);
    stage->config = configured(host, settings);
    succeeds(host, arq_env_create(host->context, &corridor_methods, &stage->corridor, &stage->env));
    succeeds(host, arq_run_create(host->context, stage->config, stage->env, &stage->run));
}

static void tear_down(struct stage *stage)
{
    arq_run_destroy(stage->run);
    ck_assert_int_eq(stage->corridor.destroyed, 0);
    arq_env_destroy(stage->env);
    ck_assert_int_eq(stage->corridor.destroyed, 1);
    arq_config_destroy(stage->config);
    host_close(&stage->host);
}

static double metric(struct stage *stage, const char *name, uint32_t cell)
{
    double value = -1;

    succeeds(&stage->host, arq_run_metric(stage->run, name, cell, &value));
    return value;
}

static uint64_t weights(struct stage *stage)
{
    return hash_network(&stage->host, arq_agent_network(arq_run_agent(stage->run)));
}

/* Advances until `steps` more are made or something fails. */
static arq_status advance(struct stage *stage, uint64_t steps)
{
    uint64_t done;

    while (steps > 0) {
        arq_status status = arq_run_advance(stage->run, steps, &done);
        if (status != ARQ_OK)
            return status;
        ck_assert_uint_le(done, steps);
        if (done == 0)
            return ARQ_OK;
        steps -= done;
    }
    return ARQ_OK;
}

START_TEST(null_is_refused)
{
    struct stage stage;
    set_up(&stage, SETTINGS);
    struct host *host = &stage.host;
    arq_context *context = host->context;
    int anything;
    arq_run *none = (arq_run *)(void *)&anything;
    double value, returns[2];
    uint64_t done = 7;

    ck_assert_int_eq(arq_run_create(NULL, stage.config, stage.env, &none), ARQ_E_ARGUMENT);
    ck_assert_ptr_null(none);
    none = (arq_run *)(void *)&anything;
    refuses(host, ARQ_E_ARGUMENT, NULL, arq_run_create(context, NULL, stage.env, &none));
    ck_assert_ptr_null(none);
    refuses(host, ARQ_E_ARGUMENT, NULL, arq_run_create(context, stage.config, NULL, &none));
    refuses(host, ARQ_E_ARGUMENT, NULL, arq_run_create(context, stage.config, stage.env, NULL));
    arq_run_destroy(NULL);
    ck_assert_ptr_null(arq_run_agent(NULL));
    ck_assert_int_eq(arq_run_advance(NULL, 1, &done), ARQ_E_ARGUMENT);
    ck_assert_int_eq(arq_run_metric(NULL, "steps", 0, &value), ARQ_E_ARGUMENT);
    refuses(host, ARQ_E_ARGUMENT, NULL, arq_run_metric(stage.run, NULL, 0, &value));
    refuses(host, ARQ_E_ARGUMENT, NULL, arq_run_metric(stage.run, "steps", 0, NULL));
    refuses(host, ARQ_E_ARGUMENT, "2", arq_run_metric(stage.run, "loss", 2, &value));
    refuses(host, ARQ_E_NOT_FOUND, "speed;steps;mean_return;loss", arq_run_metric(stage.run, "speed", 0, &value));
    arq_network *network = arq_agent_network(arq_run_agent(stage.run));
    ck_assert_int_eq(arq_evaluate(NULL, network, stage.env, 1, 0, 1, 0, NULL, returns, NULL), ARQ_E_ARGUMENT);
    refuses(host, ARQ_E_ARGUMENT, NULL, arq_evaluate(context, network, NULL, 1, 0, 1, 0, NULL, returns, NULL));
    refuses(host, ARQ_E_ARGUMENT, NULL, arq_evaluate(context, network, stage.env, 1, 0, 1, 0, NULL, NULL, NULL));
    refuses(host, ARQ_E_ARGUMENT, "episodes;0",
            arq_evaluate(context, network, stage.env, 1, 0, 0, 0, NULL, returns, NULL));
    refuses(host, ARQ_E_ARGUMENT, "epsilon;-0.5",
            arq_evaluate(context, network, stage.env, 1, -0.5, 1, 0, NULL, returns, NULL));
    refuses(host, ARQ_E_ARGUMENT, "epsilon;1.5",
            arq_evaluate(context, network, stage.env, 1, 1.5, 1, 0, NULL, returns, NULL));
    refuses(host, ARQ_E_ARGUMENT, "epsilon",
            arq_evaluate(context, network, stage.env, 1, NAN, 1, 0, NULL, returns, NULL));
    succeeds(host, arq_run_advance(stage.run, 0, &done));
    ck_assert_uint_eq(done, 0);
    succeeds(host, arq_run_advance(stage.run, 1, NULL));
    ck_assert(metric(&stage, "steps", 0) == 1);
    tear_down(&stage);
}
END_TEST

START_TEST(a_run_ends_at_its_total)
{
    struct stage stage;
    set_up(&stage, SETTINGS);
    uint64_t done, all = 0;

    do {
        succeeds(&stage.host, arq_run_advance(stage.run, UINT64_MAX, &done));
        all += done;
        ck_assert_msg(done == 0 || stage.corridor.steps == done, "a call ran over the end of an episode");
    } while (done > 0);
    ck_assert_uint_eq(all, 200);
    ck_assert(metric(&stage, "steps", 0) == 200);
    ck_assert(metric(&stage, "episodes", 0) > 5);
    tear_down(&stage);
}
END_TEST

START_TEST(slices_make_no_difference)
{
    struct stage whole, sliced;
    set_up(&whole, SETTINGS);
    set_up(&sliced, SETTINGS);

    succeeds(&whole.host, advance(&whole, 200));
    for (int step = 0; step < 200; step++)
        succeeds(&sliced.host, arq_run_advance(sliced.run, 1, NULL));
    ck_assert_uint_eq(weights(&whole), weights(&sliced));
    ck_assert(metric(&whole, "mean_return", 0) == metric(&sliced, "mean_return", 0));
    tear_down(&whole);
    tear_down(&sliced);
}
END_TEST

START_TEST(metrics_are_those_of_the_table)
{
    struct stage stage;
    set_up(&stage, SETTINGS);
    const char *name, *doc;
    int32_t per_cell;
    uint32_t index;

    for (index = 0; (name = arq_metric_name(index, &per_cell, &doc)) != NULL; index++) {
        ck_assert_str_ne(doc, "");
        ck_assert(per_cell == 0 || per_cell == 1);
        double value = metric(&stage, name, per_cell ? 1 : UINT32_MAX);
        ck_assert_msg(isnan(value) || isfinite(value), "%s", name);
        ck_assert_str_eq(arq_metric_name(index, NULL, NULL), name);
    }
    ck_assert_uint_gt(index, 10);
    ck_assert_ptr_null(arq_metric_name(UINT32_MAX, &per_cell, &doc));
    ck_assert(isnan(metric(&stage, "mean_return", 0)));
    ck_assert(isnan(metric(&stage, "loss", 0)));
    succeeds(&stage.host, advance(&stage, 200));
    for (index = 0; (name = arq_metric_name(index, &per_cell, NULL)) != NULL; index++)
        ck_assert_msg(isfinite(metric(&stage, name, 0)), "%s after 200 steps", name);
    tear_down(&stage);
}
END_TEST

START_TEST(metrics_of_a_run_without_a_replay)
{
    struct stage stage;
    set_up(&stage, "widths=24,16 heads=2 batch=8 experience=rollout rollout=32 exploration_steps=60 total_steps=200");
    const char *name;
    int32_t per_cell;

    succeeds(&stage.host, advance(&stage, 200));
    for (uint32_t index = 0; (name = arq_metric_name(index, &per_cell, NULL)) != NULL; index++) {
        double value = metric(&stage, name, 0);
        ck_assert_msg(isnan(value) || isfinite(value), "%s", name);
    }
    ck_assert(isnan(metric(&stage, "replay_size", 0)));
    ck_assert(metric(&stage, "rollout_size", 0) < 32);
    ck_assert(metric(&stage, "updates", 0) >= 6);
    tear_down(&stage);
}
END_TEST

START_TEST(a_run_learns_the_corridor)
{
    struct stage stage;
    set_up(&stage, SETTINGS "learning_rate=0.003 exploration_steps=1500 total_steps=3000 gamma=0.9 seed=3");
    double returns[20], random_returns[20];
    uint64_t lengths[20];
    arq_env *second;
    struct corridor corridor = {0};

    succeeds(&stage.host, advance(&stage, 3000));
    succeeds(&stage.host, arq_env_create(stage.host.context, &corridor_methods, &corridor, &second));
    arq_network *network = arq_agent_network(arq_run_agent(stage.run));
    succeeds(&stage.host, arq_evaluate(stage.host.context, network, second, 5, 0, 20, 0, NULL, returns, lengths));
    succeeds(&stage.host, arq_evaluate(stage.host.context, NULL, second, 5, 0, 20, 4, NULL, random_returns, NULL));
    double reached = 0;
    for (int episode = 0; episode < 20; episode++) {
        ck_assert(returns[episode] == 1);
        ck_assert_uint_le(lengths[episode], 10);
        reached += random_returns[episode];
    }
    ck_assert_msg(reached < 15, "a random player reached the end %g times of 20 in 4 steps", reached);
    arq_env_destroy(second);
    tear_down(&stage);
}
END_TEST

START_TEST(evaluation_changes_nothing)
{
    struct stage watched, alone;
    set_up(&watched, SETTINGS);
    set_up(&alone, SETTINGS);
    struct corridor corridor = {0};
    arq_env *second;
    double returns[3], again[3];

    succeeds(&watched.host, arq_env_create(watched.host.context, &corridor_methods, &corridor, &second));
    for (int slice = 0; slice < 10; slice++) {
        arq_network *network = arq_agent_network(arq_run_agent(watched.run));
        succeeds(&watched.host, advance(&watched, 20));
        succeeds(&alone.host, advance(&alone, 20));
        succeeds(&watched.host,
                 arq_evaluate(watched.host.context, network, second, 9, 0.5, 3, 10, NULL, returns, NULL));
        succeeds(&watched.host, arq_evaluate(watched.host.context, network, second, 9, 0.5, 3, 10, NULL, again, NULL));
        ck_assert_mem_eq(returns, again, sizeof returns);
    }
    ck_assert_uint_eq(weights(&watched), weights(&alone));
    arq_env_destroy(second);
    tear_down(&watched);
    tear_down(&alone);
}
END_TEST

START_TEST(evaluation_wants_a_fitting_network)
{
    struct stage stage;
    set_up(&stage, SETTINGS);
    arq_network *network;
    double returns[1];

    succeeds(&stage.host, arq_network_create(stage.host.context, stage.config, ARQ_OBSERVATION_F32, CORRIDOR_LENGTH + 1,
                                             2, &network));
    refuses(&stage.host, ARQ_E_SHAPE, "7;6",
            arq_evaluate(stage.host.context, network, stage.env, 1, 0, 1, 0, NULL, returns, NULL));
    arq_network_destroy(network);
    succeeds(&stage.host,
             arq_network_create(stage.host.context, stage.config, ARQ_OBSERVATION_F32, CORRIDOR_LENGTH, 3, &network));
    refuses(&stage.host, ARQ_E_SHAPE, "3;2",
            arq_evaluate(stage.host.context, network, stage.env, 1, 0, 1, 0, NULL, returns, NULL));
    arq_network_destroy(network);
    tear_down(&stage);
}
END_TEST

static const struct {
    enum fault fault;
    arq_status status;
    const char *words;
} faults[] = {
    {FAULT_REWARD_NAN, ARQ_E_ENV, "reward;nan"},
    {FAULT_REWARD_INFINITE, ARQ_E_ENV, "reward;inf"},
    {FAULT_OBSERVATION_NAN, ARQ_E_ENV, "observation;3;nan"},
    {FAULT_TERMINATED_FLAG, ARQ_E_ENV, "terminated;2"},
    {FAULT_TRUNCATED_FLAG, ARQ_E_ENV, "truncated;-1"},
    {FAULT_CALLER_CODE, FAULT_CODE, "-1005"},
    {FAULT_LIBRARY_CODE, ARQ_E_CALLBACK, "-5"},
    {FAULT_POSITIVE_CODE, ARQ_E_CALLBACK, "7"},
    {FAULT_NO_MEMORY, ARQ_E_NOMEM, ""},
};

START_TEST(faults_are_named_and_the_run_goes_on)
{
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        for (uint64_t step = 1; step <= 61; step += 12) {
            struct stage stage;
            set_up(&stage, SETTINGS);
            succeeds(&stage.host, advance(&stage, step - 1));
            uint64_t before = weights(&stage), done = 7;
            stage.corridor.fault = faults[i].fault;
            stage.corridor.fault_step = step;
            refuses(&stage.host, faults[i].status, faults[i].words, arq_run_advance(stage.run, 5, &done));
            ck_assert_uint_eq(done, 0);
            ck_assert_uint_eq(weights(&stage), before);
            ck_assert(metric(&stage, "steps", 0) == (double)(step - 1));
            ck_assert(metric(&stage, "replay_size", 0) == (double)(step - 1));
            succeeds(&stage.host, advance(&stage, 200 - (step - 1)));
            ck_assert(metric(&stage, "steps", 0) == 200);
            tear_down(&stage);
        }
}
END_TEST

START_TEST(evaluation_passes_faults_on)
{
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct stage stage;
        set_up(&stage, SETTINGS);
        double returns[4];
        stage.corridor.fault = faults[i].fault;
        stage.corridor.fault_step = 3;
        refuses(&stage.host, faults[i].status, faults[i].words,
                arq_evaluate(stage.host.context, NULL, stage.env, 1, 0, 4, 0, NULL, returns, NULL));
        succeeds(&stage.host, arq_evaluate(stage.host.context, NULL, stage.env, 1, 0, 4, 0, NULL, returns, NULL));
        tear_down(&stage);
    }
}
END_TEST

/* A listener that checks what it hears and stops after so many reports. */
struct listener {
    const double *returns;
    uint64_t *lengths;
    arq_status stop;
    uint32_t reports, last, episodes;
    uint64_t steps, most;
};

static arq_status listen(void *user, uint32_t episodes, uint64_t steps)
{
    struct listener *heard = user;

    heard->reports++;
    if (steps == 0) {
        ck_assert_uint_eq(episodes, heard->episodes + 1);
        ck_assert(isfinite(heard->returns[episodes - 1]));
        ck_assert_uint_ge(heard->lengths[episodes - 1], heard->steps);
    } else {
        ck_assert_uint_eq(episodes, heard->episodes);
        ck_assert_uint_eq(steps, heard->steps + 3);
        heard->most = steps > heard->most ? steps : heard->most;
    }
    heard->episodes = episodes;
    heard->steps = steps;
    return heard->reports == heard->last ? heard->stop : ARQ_OK;
}

START_TEST(evaluation_is_heard_and_can_be_stopped)
{
    struct stage stage;
    set_up(&stage, SETTINGS);
    arq_context *context = stage.host.context;
    double returns[20], quiet[20];
    uint64_t lengths[20];
    struct listener heard = {.returns = returns, .lengths = lengths};
    arq_progress progress = {.struct_size = sizeof(progress), .period = 3, .user = &heard, .report = listen};

    succeeds(&stage.host, arq_evaluate(context, NULL, stage.env, 5, 0, 20, 0, NULL, quiet, lengths));
    succeeds(&stage.host, arq_evaluate(context, NULL, stage.env, 5, 0, 20, 0, &progress, returns, lengths));
    ck_assert_int_eq(memcmp(returns, quiet, sizeof(quiet)), 0);
    ck_assert_uint_eq(heard.episodes, 20);
    ck_assert_uint_gt(heard.most, 3);

    static const arq_status stops[][2] = {
        {ARQ_E_CALLER - 7, ARQ_E_CALLER - 7}, {ARQ_E_NOMEM, ARQ_E_NOMEM}, {5, ARQ_E_CALLBACK}};
    uint32_t all = heard.reports;
    for (size_t i = 0; i < 3; i++) {
        heard = (struct listener){.returns = returns, .lengths = lengths, .stop = stops[i][0], .last = all / 2};
        refuses(&stage.host, stops[i][1], "progress.report",
                arq_evaluate(context, NULL, stage.env, 5, 0, 20, 0, &progress, returns, lengths));
        ck_assert_uint_eq(heard.reports, all / 2);
    }
    ck_assert_int_eq(memcmp(returns, quiet, heard.episodes * sizeof(*quiet)), 0);

    progress.period = 0; /* at ends of episodes alone, here as max_steps cuts them */
    heard = (struct listener){.returns = returns, .lengths = lengths};
    succeeds(&stage.host, arq_evaluate(context, NULL, stage.env, 5, 0, 20, 6, &progress, returns, lengths));
    ck_assert_uint_eq(heard.reports, 20);

    progress.struct_size = UINT32_MAX - 7;
    refuses(&stage.host, ARQ_E_ARGUMENT, "progress;struct_size",
            arq_evaluate(context, NULL, stage.env, 5, 0, 20, 0, &progress, returns, lengths));
    progress.struct_size = sizeof(progress) - 1;
    refuses(&stage.host, ARQ_E_ARGUMENT, "progress;struct_size",
            arq_evaluate(context, NULL, stage.env, 5, 0, 20, 0, &progress, returns, lengths));
    progress = (arq_progress){.struct_size = sizeof(progress)};
    refuses(&stage.host, ARQ_E_ARGUMENT, "progress;report is NULL",
            arq_evaluate(context, NULL, stage.env, 5, 0, 20, 0, &progress, returns, lengths));
    tear_down(&stage);
}
END_TEST

/* What an environment that calls back into its own run was answered. */
struct meddler {
    struct stage *stage;
    arq_status advance, begin, observe, load;
};

static void meddle(void *user)
{
    struct meddler *meddler = user;
    float x[CORRIDOR_LENGTH] = {0};
    arq_agent *agent = arq_run_agent(meddler->stage->run);

    meddler->advance = arq_run_advance(meddler->stage->run, 1, NULL);
    meddler->begin = arq_agent_begin(agent, x);
    meddler->observe = arq_agent_observe(agent, 0, 0, x, 0, 0, NULL);
    meddler->load = arq_agent_load(agent, "/no/such/file");
}

START_TEST(calling_back_into_the_own_run_is_refused)
{
    struct stage stage, calm;
    set_up(&stage, SETTINGS);
    set_up(&calm, SETTINGS);
    struct meddler meddler = {.stage = &stage};

    succeeds(&stage.host, advance(&stage, 40));
    stage.corridor.on_step = meddle;
    stage.corridor.user = &meddler;
    succeeds(&stage.host, advance(&stage, 40));
    ck_assert_int_eq(meddler.advance, ARQ_E_BUSY);
    ck_assert_int_eq(meddler.begin, ARQ_E_BUSY);
    ck_assert_int_eq(meddler.observe, ARQ_E_BUSY);
    ck_assert_int_eq(meddler.load, ARQ_E_BUSY);
    stage.corridor.on_step = NULL;
    succeeds(&calm.host, advance(&calm, 80));
    ck_assert_uint_eq(weights(&stage), weights(&calm));
    tear_down(&stage);
    tear_down(&calm);
}
END_TEST

static arq_status box_spec(void *self, arq_env_spec *spec)
{
    static const double low[1] = {-1}, high[1] = {1};

    corridor_methods.spec(self, spec);
    spec->action_kind = ARQ_ACTION_BOX;
    spec->action_count = 1;
    spec->action_low = low;
    spec->action_high = high;
    return ARQ_OK;
}

static arq_status box_step(void *self, const double *action, void *observation, double *reward, int32_t *terminated,
                           int32_t *truncated)
{
    return corridor_methods.step(self, *action > 0, observation, reward, terminated, truncated);
}

START_TEST(box_actions_are_wrapped_first)
{
    struct stage stage;
    set_up(&stage, SETTINGS);
    arq_context *context = stage.host.context;
    struct corridor corridor = {0};
    arq_env_methods methods = corridor_methods;
    arq_env *box, *discrete;
    arq_run *run;
    double returns[1];

    methods.step = NULL;
    methods.step_box = box_step;
    methods.spec = box_spec;
    succeeds(&stage.host, arq_env_create(context, &methods, &corridor, &box));
    refuses(&stage.host, ARQ_E_UNSUPPORTED, "box", arq_run_create(context, stage.config, box, &run));
    ck_assert_ptr_null(run);
    refuses(&stage.host, ARQ_E_UNSUPPORTED, "box", arq_evaluate(context, NULL, box, 1, 0, 1, 0, NULL, returns, NULL));
    succeeds(&stage.host, arq_env_bang_bang(box, &discrete));
    succeeds(&stage.host, arq_run_create(context, stage.config, discrete, &run));
    uint64_t done, all = 0;
    for (int slice = 0; slice < 5; slice++, all += done)
        succeeds(&stage.host, arq_run_advance(run, 30, &done));
    ck_assert_uint_eq(corridor.all_steps, all);
    arq_run_destroy(run);
    arq_env_destroy(discrete);
    ck_assert_int_eq(corridor.destroyed, 1);
    tear_down(&stage);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {null_is_refused,
                                  a_run_ends_at_its_total,
                                  slices_make_no_difference,
                                  metrics_are_those_of_the_table,
                                  metrics_of_a_run_without_a_replay,
                                  a_run_learns_the_corridor,
                                  evaluation_changes_nothing,
                                  evaluation_wants_a_fitting_network,
                                  faults_are_named_and_the_run_goes_on,
                                  evaluation_passes_faults_on,
                                  evaluation_is_heard_and_can_be_stopped,
                                  calling_back_into_the_own_run_is_refused,
                                  box_actions_are_wrapped_first};

    return RUN_TESTS("run", tests);
}
