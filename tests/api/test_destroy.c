/* Handles that are destroyed inside callbacks: they end with the call that is running, or not at all. */
#include "support.h"
#include "worlds.h"

#include <string.h>

#define SETTINGS SMALL "batch=8 train_period=2 target_period=10 exploration_steps=60 total_steps=200 "

struct stage {
    struct host host;
    struct corridor corridor;
    arq_config *config;
    arq_env *env;
    arq_run *run;
    arq_agent *agent;
    arq_network *network;
    int calls; /* of the callback; it acts in the last of them */
};

/* prepare: what has to be done to a context before anything is made from it, or NULL */
static void set_up(struct stage *stage, const char *settings, int calls, void (*prepare)(struct stage *stage))
{
    struct host *host = &stage->host;

    memset(&stage->corridor, 0, sizeof stage->corridor);
    stage->run = NULL;
    stage->agent = NULL;
    stage->network = NULL;
    stage->calls = calls;
    stage->corridor.user = stage;
    host_open(host);
    if (prepare != NULL)
        prepare(stage);
    stage->config = configured(host, settings);
    succeeds(host, arq_env_create(host->context, &corridor_methods, &stage->corridor, &stage->env));
}

static void tear_down(struct stage *stage)
{
    ck_assert_int_le(stage->calls, 0); /* the callback has acted */
    arq_env_destroy(stage->env);
    ck_assert_int_eq(stage->corridor.destroyed, 1);
    arq_config_destroy(stage->config);
    host_close(&stage->host); /* nothing is left, nothing was freed twice */
}

static void destroy_the_run(void *user)
{
    struct stage *stage = user;

    if (--stage->calls == 0)
        arq_run_destroy(stage->run);
}

START_TEST(a_run_inside_its_environment_ends_with_the_call)
{
    struct stage stage;
    uint64_t done = 0;
    set_up(&stage, SETTINGS, 4, NULL);
    succeeds(&stage.host, arq_run_create(stage.host.context, stage.config, stage.env, &stage.run));
    stage.corridor.on_step = destroy_the_run;
    do
        succeeds(&stage.host, arq_run_advance(stage.run, 100, &done));
    while (stage.calls > 0);
    ck_assert_uint_eq(stage.corridor.all_steps, 4); /* it has stopped after the step */
    tear_down(&stage);
}
END_TEST

START_TEST(a_run_of_a_failing_step_ends_with_the_call)
{
    struct stage stage;
    set_up(&stage, SETTINGS, 1, NULL);
    stage.corridor.fault = FAULT_CALLER_CODE;
    stage.corridor.fault_step = 1;
    succeeds(&stage.host, arq_run_create(stage.host.context, stage.config, stage.env, &stage.run));
    stage.corridor.on_step = destroy_the_run;
    refuses(&stage.host, FAULT_CODE, NULL, arq_run_advance(stage.run, 100, NULL));
    tear_down(&stage);
}
END_TEST

static arq_status save_and_destroy(void *self, void *buffer, size_t capacity, size_t *size)
{
    struct corridor *corridor = self;

    (void)capacity;
    *size = 1;
    if (buffer != NULL)
        *(char *)buffer = 1;
    destroy_the_run(corridor->user);
    return ARQ_OK;
}

static arq_status load_anything(void *self, const void *buffer, size_t size)
{
    (void)self;
    (void)buffer;
    (void)size;
    return ARQ_OK;
}

START_TEST(a_run_that_is_being_saved_ends_with_the_call)
{
    struct stage stage;
    set_up(&stage, SETTINGS, 1, NULL);
    arq_env_methods methods = corridor_methods;
    methods.save = save_and_destroy;
    methods.load = load_anything;
    struct corridor corridor = {.user = &stage};
    arq_env *env;
    succeeds(&stage.host, arq_env_create(stage.host.context, &methods, &corridor, &env));
    succeeds(&stage.host, arq_run_create(stage.host.context, stage.config, env, &stage.run));
    succeeds(&stage.host, arq_run_advance(stage.run, 3, NULL));
    succeeds(&stage.host, arq_run_save(stage.run, temporary_file("run")));
    arq_env_destroy(env);
    tear_down(&stage);
}
END_TEST

static void destroy_what_is_lent(void *user)
{
    struct stage *stage = user;

    stage->calls--;
    arq_network_destroy((arq_network *)(uintptr_t)arq_agent_network(arq_run_agent(stage->run)));
    arq_agent_destroy(arq_run_agent(stage->run));
}

START_TEST(agent_and_network_of_a_run_end_with_the_run)
{
    struct stage stage;
    uint64_t done = 1, weights[2];
    for (int destroys = 0; destroys < 2; destroys++) {
        set_up(&stage, SETTINGS, destroys, NULL);
        succeeds(&stage.host, arq_run_create(stage.host.context, stage.config, stage.env, &stage.run));
        stage.corridor.on_step = destroys ? destroy_what_is_lent : NULL;
        do
            succeeds(&stage.host, arq_run_advance(stage.run, 100, &done));
        while (done > 0);
        ck_assert_uint_eq(stage.corridor.all_steps, 200);
        weights[destroys] = hash_network(&stage.host, arq_agent_network(arq_run_agent(stage.run)));
        arq_agent_destroy(arq_run_agent(stage.run));
        arq_run_destroy(stage.run);
        tear_down(&stage);
    }
    ck_assert_uint_eq(weights[0], weights[1]);
}
END_TEST

static void destroy_when_it_logs(void *user, int32_t level, const char *text)
{
    struct stage *stage = user;

    (void)level;
    (void)text;
    if (--stage->calls == 0) {
        arq_run_destroy(stage->run);
        arq_agent_destroy(stage->agent);
    }
}

static void log_into(struct stage *stage)
{
    const arq_log log = {
        .struct_size = sizeof log, .level = ARQ_LOG_INFO, .user = stage, .write = destroy_when_it_logs};

    succeeds(&stage->host, arq_context_set_log(stage->host.context, &log));
}

/* Returns below 0, which the goodness cannot reach: a line is logged inside an update. */
static void live_until_it_logs(struct stage *stage)
{
    const float observation[2] = {0.5F, 1};
    int32_t action;

    succeeds(&stage->host, arq_agent_begin(stage->agent, observation));
    for (int i = 0; i < 100 && stage->calls > 0; i++) {
        succeeds(&stage->host, arq_agent_act(stage->agent, &action));
        succeeds(&stage->host, arq_agent_observe(stage->agent, action, -1, observation, 0, 0, NULL));
    }
}

START_TEST(an_agent_inside_the_log_ends_with_the_call)
{
    static const char *const settings[] = {SETTINGS, "widths=24,16 heads=2 batch=8 experience=rollout rollout=16 "};
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        struct stage stage;
        set_up(&stage, settings[i], 1, log_into);
        succeeds(&stage.host,
                 arq_agent_create(stage.host.context, stage.config, ARQ_OBSERVATION_F32, 2, 3, &stage.agent));
        live_until_it_logs(&stage);
        tear_down(&stage);
    }
}
END_TEST

static void destroy_the_network(void *user)
{
    struct stage *stage = user;

    if (--stage->calls == 0)
        arq_network_destroy(stage->network);
}

static void run_after_destroying(void *user, uint32_t count, void (*task)(void *data, uint32_t index), void *data)
{
    destroy_the_network(user);
    for (uint32_t i = 0; i < count; i++)
        task(data, i);
}

static void execute_with(struct stage *stage)
{
    const arq_executor executor = {
        .struct_size = sizeof executor, .num_threads = 2, .user = stage, .parallel_for = run_after_destroying};

    succeeds(&stage->host, arq_context_set_executor(stage->host.context, &executor));
}

START_TEST(a_network_inside_the_executor_ends_with_the_call)
{
    enum { EPISODES = 200 };
    static float observations[EPISODES][CORRIDOR_LENGTH], q[EPISODES][2];
    struct stage stage;
    arq_activations *activations;
    set_up(&stage, SETTINGS, 1, execute_with);
    succeeds(&stage.host, arq_network_create(stage.host.context, stage.config, ARQ_OBSERVATION_F32, CORRIDOR_LENGTH, 2,
                                             &stage.network));
    succeeds(&stage.host, arq_activations_create(stage.network, EPISODES, &activations));
    succeeds(&stage.host, arq_network_q(stage.network, activations, observations, &q[0][0]));
    arq_activations_destroy(activations);
    tear_down(&stage);
}
END_TEST

static arq_status report_and_destroy(void *user, uint32_t episodes, uint64_t steps)
{
    (void)episodes;
    (void)steps;
    destroy_the_network(user);
    return ARQ_OK;
}

START_TEST(a_network_inside_its_evaluation_ends_with_the_call)
{
    for (int inside_a_step = 0; inside_a_step < 2; inside_a_step++) {
        struct stage stage;
        double returns[3];
        set_up(&stage, SETTINGS, 2, NULL);
        stage.corridor.on_step = inside_a_step ? destroy_the_network : NULL;
        succeeds(&stage.host, arq_network_create(stage.host.context, stage.config, ARQ_OBSERVATION_F32, CORRIDOR_LENGTH,
                                                 2, &stage.network));
        const arq_progress progress = {
            .struct_size = sizeof progress, .period = 1, .user = &stage, .report = report_and_destroy};
        succeeds(&stage.host, arq_evaluate(stage.host.context, stage.network, stage.env, 1, 0.1, 3, 0,
                                           inside_a_step ? NULL : &progress, returns, NULL));
        tear_down(&stage);
    }
}
END_TEST

START_TEST(a_network_outlives_its_destruction_while_it_has_a_learner)
{
    struct stage stage;
    arq_learner *learner;
    set_up(&stage, SETTINGS, 0, NULL);
    succeeds(&stage.host, arq_network_create(stage.host.context, stage.config, ARQ_OBSERVATION_F32, CORRIDOR_LENGTH, 2,
                                             &stage.network));
    succeeds(&stage.host, arq_learner_create(stage.network, stage.config, &learner));
    arq_network_destroy(stage.network);
    succeeds(&stage.host, arq_learner_sync(learner));
    arq_learner_destroy(learner);
    tear_down(&stage);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_run_inside_its_environment_ends_with_the_call,    a_run_of_a_failing_step_ends_with_the_call,
        a_run_that_is_being_saved_ends_with_the_call,       agent_and_network_of_a_run_end_with_the_run,
        an_agent_inside_the_log_ends_with_the_call,         a_network_inside_the_executor_ends_with_the_call,
        a_network_inside_its_evaluation_ends_with_the_call, a_network_outlives_its_destruction_while_it_has_a_learner};

    return RUN_TESTS("destroy", tests);
}
