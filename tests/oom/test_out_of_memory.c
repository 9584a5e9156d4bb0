/*
 * Every allocation of every call fails once, and from there on for ever: ARQ_E_NOMEM with a text, nothing leaked,
 * nothing changed, and the call made again gives what it would have given.
 * Opening, loading and checking environments is tests/env/test_oom.c.
 */
#include "scene.h"
#include "../support/suite.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* A public call, or a stream of them that goes on where it stopped. What it makes it ends again. */
typedef arq_status attempt(struct scene *scene);

static arq_status set_threads(struct scene *scene)
{
    return arq_context_set_threads(scene->host.context, 3);
}

static arq_status set_hooks(struct scene *scene)
{
    arq_log log = host_log(&scene->host);
    arq_status status = arq_context_set_log(scene->host.context, &log);

    if (status == ARQ_OK)
        status = arq_context_set_executor(scene->host.context, NULL);
    return status == ARQ_OK ? arq_context_set_cpu(scene->host.context, "generic") : status;
}

/* A creating call: NULL on failure, ended on success. */
#define CREATES(function_, type_, ...)                                                                                 \
    static arq_status function_(struct scene *scene)                                                                   \
    {                                                                                                                  \
        int anything;                                                                                                  \
        type_ *out = (type_ *)(void *)&anything;                                                                       \
        arq_status status = arq_##function_(__VA_ARGS__, &out);                                                        \
        ck_assert_msg(status == ARQ_OK || out == NULL, "arq_" #function_ " failed and left a handle");                 \
        if (status == ARQ_OK)                                                                                          \
            type_##_destroy(out);                                                                                      \
        return status;                                                                                                 \
    }

#define CONTEXT scene->host.context
CREATES(config_create, arq_config, CONTEXT, "fast")
CREATES(network_create, arq_network, CONTEXT, scene->config, ARQ_OBSERVATION_BIT, INPUTS, ACTIONS)
CREATES(network_open, arq_network, CONTEXT, saved(scene, AGENT))
CREATES(network_copy, arq_network, scene->network)
CREATES(activations_create, arq_activations, scene->network, 5)
CREATES(replay_create, arq_replay, CONTEXT, ARQ_OBSERVATION_U8, INPUTS, 1000, 4, 1)
CREATES(agent_create, arq_agent, CONTEXT, scene->config, ARQ_OBSERVATION_DISCRETE, INPUTS, ACTIONS)
CREATES(cell_create, arq_cell, CONTEXT, scene->config, INPUTS, 16, ACTIONS)
CREATES(run_create, arq_run, CONTEXT, scene->config, scene->env)

static arq_status learner_create(struct scene *scene)
{
    int anything;
    arq_learner *out = (arq_learner *)(void *)&anything;

    arq_status status = arq_learner_create(scene->second, scene->config, &out);
    ck_assert(status == ARQ_OK || out == NULL);
    arq_learner_destroy(out);
    return status;
}

static arq_status config_set(struct scene *scene)
{
    arq_status status = arq_config_set(scene->config, "widths", "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16");

    if (status == ARQ_OK)
        status = arq_config_set_int(scene->config, "batch", 17);
    return status == ARQ_OK ? arq_config_set_float(scene->config, "gamma", 0.5) : status;
}

static arq_status network_use(struct scene *scene)
{
    float q[2 * ACTIONS];
    int32_t actions[2];
    const char *name;
    uint32_t rows, columns;
    arq_status status = arq_network_q(scene->network, scene->activations, scene->observations, q);

    scene->result = hash_bytes(HASH_START, q, sizeof q);
    if (status == ARQ_OK)
        status = arq_activations_advance(scene->activations, 1);
    if (status == ARQ_OK)
        status = arq_network_act(scene->network, scene->activations, scene->observations, actions);
    if (status == ARQ_OK)
        status = arq_activations_begin(scene->activations, 0);
    return status == ARQ_OK ? arq_network_tensor(scene->network, 0, &name, &rows, &columns) : status;
}

static arq_status learner_update(struct scene *scene)
{
    arq_status status = arq_learner_update(scene->learner, BATCH, scene->observations, scene->lengths, scene->actions,
                                           scene->rewards, scene->terminated);
    return status == ARQ_OK ? arq_learner_sync(scene->learner) : status;
}

static arq_status replay_stream(struct scene *scene)
{
    for (float x[INPUTS]; scene->progress < 5000; scene->progress++) {
        int step = scene->progress;
        observe_stream(step, x);
        arq_status status = !scene->is_open ? arq_replay_begin(scene->replay, x) : ARQ_OK;
        if (status != ARQ_OK)
            return status;
        scene->is_open = 1;
        status = arq_replay_add(scene->replay, step % 3, step, x, step % 401 == 400, step % 1009 == 1008);
        if (status != ARQ_OK)
            return status;
        scene->is_open = step % 401 != 400 && step % 1009 != 1008;
    }
    return ARQ_OK;
}

static arq_status replay_sample(struct scene *scene)
{
    static float windows[BATCH * 5 * INPUTS];
    float rewards[BATCH];
    int32_t lengths[BATCH], actions[BATCH];
    uint8_t terminated[BATCH];
    arq_status status = arq_replay_sample(scene->replay, BATCH, 1, windows, lengths, actions, rewards, terminated);

    if (status == ARQ_OK)
        scene->result = hash_bytes(HASH_START, windows, sizeof windows);
    return status;
}

static arq_status agent_stream(struct scene *scene)
{
    for (float x[INPUTS]; scene->progress < 120; scene->progress++) {
        int step = scene->progress, end = step % 17 == 16;
        int32_t action;
        observe_stream(step, x);
        arq_status status = !scene->is_open ? arq_agent_begin(scene->agent, x) : ARQ_OK;
        if (status != ARQ_OK)
            return status;
        scene->is_open = 1;
        status = arq_agent_act(scene->agent, &action);
        if (status == ARQ_OK)
            status = arq_agent_observe(scene->agent, ARQ_ACTION_CHOSEN, action, x, end, 0, NULL);
        if (status != ARQ_OK)
            return status;
        scene->is_open = !end;
    }
    return ARQ_OK;
}

static arq_status cell_use(struct scene *scene)
{
    float q[BATCH * ACTIONS], loss;
    arq_status status = arq_cell_forward(scene->cell, BATCH, scene->observations, NULL, NULL, q);

    if (status == ARQ_OK)
        status = arq_cell_forward_actions(scene->cell, BATCH, scene->observations, scene->actions, NULL, NULL, q);
    if (status != ARQ_OK)
        return status;
    scene->result = hash_bytes(HASH_START, q, sizeof q);
    return arq_cell_update(scene->cell, BATCH, scene->observations, scene->actions, scene->rewards, &loss);
}

static arq_status run_stream(struct scene *scene)
{
    uint64_t done;
    arq_status status;

    do {
        status = arq_run_advance(scene->run, 1000, &done);
    } while (status == ARQ_OK && done > 0);
    return status;
}

static arq_status evaluate(struct scene *scene)
{
    double returns[3];
    arq_network *network = arq_agent_network(arq_run_agent(scene->run));
    arq_status status = arq_evaluate(CONTEXT, network, scene->env, 3, 0.5, 3, 20, NULL, returns, NULL);

    if (status == ARQ_OK)
        scene->result = hash_bytes(HASH_START, returns, sizeof returns);
    return status;
}

#define FILES(kind_, part_)                                                                                            \
    static arq_status kind_##_save(struct scene *scene)                                                                \
    {                                                                                                                  \
        return arq_##kind_##_save(scene->kind_, temporary_file(#kind_));                                               \
    }                                                                                                                  \
    static arq_status kind_##_load(struct scene *scene)                                                                \
    {                                                                                                                  \
        return arq_##kind_##_load(scene->kind_, saved(scene, part_));                                                  \
    }

FILES(network, NETWORK)
FILES(learner, LEARNER)
FILES(replay, REPLAY)
FILES(agent, AGENT)
FILES(cell, CELL)

/* How many allocations a call makes. */
enum need {
    NONE, /* acting and learning take what was allocated before */
    SOME,
};

static const struct row {
    const char *name;
    attempt *call;
    enum need need;
    unsigned parts; /* what could change */
    int is_cells;   /* 1: for kinds of network that have cells */
    int is_stream;  /* 1: stopped it has done a part, and goes on behind it */
} rows[] = {
    {"arq_config_create", config_create, SOME, NOTHING, 0, 0},
    {"arq_config_set", config_set, NONE, CONFIG, 0, 0},
    {"arq_network_create", network_create, SOME, NOTHING, 0, 0},
    {"arq_network_open", network_open, SOME, NOTHING, 0, 0},
    {"arq_network_copy", network_copy, SOME, NETWORK, 0, 0},
    {"arq_network_q, _act, _tensor, arq_activations_advance, _begin", network_use, NONE, NETWORK, 0, 0},
    {"arq_network_save", network_save, SOME, NETWORK, 0, 0},
    {"arq_network_load", network_load, SOME, NETWORK, 0, 0},
    {"arq_activations_create", activations_create, SOME, NETWORK, 0, 0},
    {"arq_learner_create", learner_create, SOME, NETWORK, 0, 0},
    {"arq_learner_update, _sync", learner_update, NONE, NETWORK | LEARNER, 0, 0},
    {"arq_learner_save", learner_save, SOME, LEARNER, 0, 0},
    {"arq_learner_load", learner_load, SOME, LEARNER | NETWORK, 0, 0},
    {"arq_replay_create", replay_create, SOME, NOTHING, 0, 0},
    {"arq_replay_begin, _add", replay_stream, SOME, REPLAY, 0, 1},
    {"arq_replay_sample", replay_sample, NONE, REPLAY, 0, 0},
    {"arq_replay_save", replay_save, SOME, REPLAY, 0, 0},
    {"arq_replay_load", replay_load, SOME, REPLAY, 0, 0},
    {"arq_agent_create", agent_create, SOME, NOTHING, 0, 0},
    {"arq_agent_begin, _act, _observe", agent_stream, SOME, AGENT, 0, 1},
    {"arq_agent_save", agent_save, SOME, AGENT, 0, 0},
    {"arq_agent_load", agent_load, SOME, AGENT, 0, 0},
    {"arq_cell_create", cell_create, SOME, NOTHING, 1, 0},
    {"arq_cell_forward, _forward_actions, _update", cell_use, NONE, CELL, 1, 0},
    {"arq_cell_save", cell_save, SOME, CELL, 1, 0},
    {"arq_cell_load", cell_load, SOME, CELL, 1, 0},
    {"arq_run_create", run_create, SOME, NOTHING, 0, 0},
    {"arq_evaluate", evaluate, SOME, RUN, 0, 0},
};

#define COMMON "batch=8 replay_capacity=500 learning_starts=8 train_period=4 target_period=10 total_steps=60 "
static const char *const kinds[] = {
    COMMON "network=arq widths=24,16 heads=2 context_size=3",
    COMMON "network=ad widths=24,16 heads=2 context_size=3",
    COMMON "network=dqn widths=24,16",
    COMMON "network=ff-dqn widths=24,16",
};

static int has_cells(size_t kind)
{
    return kind < 2;
}

/* What a call is before and after, when memory never fails, and how often it asks for some. */
struct outcome {
    uint64_t before;
    uint64_t after;
    size_t allocations;
};

static struct outcome undisturbed(const struct row *row, const char *settings)
{
    struct outcome outcome;
    struct scene scene;

    for (int is_prepared = 0; is_prepared <= 1; is_prepared++) { /* the first time also writes files to load */
        scene_open(&scene, settings);
        outcome.before = state_of(&scene, row->parts);
        size_t allocations = scene.host.memory.total;
        succeeds(&scene.host, row->call(&scene));
        outcome.allocations = scene.host.memory.total - allocations;
        outcome.after = state_of(&scene, row->parts);
        scene_close(&scene);
    }
    return outcome;
}

/* The n-th allocation fails; then memory is back. */
static void fail_at(const struct row *row, const char *settings, size_t n, int for_ever, struct outcome expected)
{
    struct scene scene;
    scene_open(&scene, settings);
    struct counting_allocator *memory = &scene.host.memory;
    size_t live = memory->live;

    leave_mark(&scene.host);
    memory->for_ever = for_ever;
    memory->fail_at = n;
    arq_status status = row->call(&scene);
    memory->fail_at = 0;
    const char *text = error_text(scene.host.context);
    if (status != ARQ_E_NOMEM || strstr(text, "no memory for ") == NULL)
        ck_abort_msg("%s, %s, allocation %zu%s: %s: %s", row->name, settings, n, for_ever ? " and after" : "",
                     arq_status_name(status), text);
    if (!row->is_stream) {
        ck_assert_msg(memory->live == live, "%s, allocation %zu: %zu allocations leaked", row->name, n,
                      (size_t)memory->live - live);
        ck_assert_msg(state_of(&scene, row->parts) == expected.before, "%s, %s: failed at allocation %zu, it changed",
                      row->name, settings, n);
    }
    ck_assert_msg(row->call(&scene) == ARQ_OK, "%s, again after allocation %zu failed: %s", row->name, n,
                  error_text(scene.host.context));
    ck_assert_msg(state_of(&scene, row->parts) == expected.after,
                  "%s, %s, again after allocation %zu failed: not what "
                  "it would have been",
                  row->name, settings, n);
    scene_close(&scene);
}

START_TEST(every_call_survives)
{
    const struct row *row = &rows[(size_t)_i % COUNT(rows)];
    size_t kind = (size_t)_i / COUNT(rows);

    if (row->is_cells && !has_cells(kind))
        return;
    struct outcome expected = undisturbed(row, kinds[kind]);
    if (row->need == NONE)
        ck_assert_msg(expected.allocations == 0, "%s, %s allocates %zu times", row->name, kinds[kind],
                      expected.allocations);
    else
        ck_assert_msg(expected.allocations > 0, "%s, %s allocates nothing", row->name, kinds[kind]);
    for (int for_ever = 0; for_ever < 2; for_ever++)
        for (size_t n = 1; n <= expected.allocations; n += n < 100 ? 1 : 7)
            fail_at(row, kinds[kind], n, for_ever, expected);
}
END_TEST

/* A step that failed ends its episode, so the run goes another way; but it does get to its end. */
START_TEST(runs_go_on)
{
    struct scene scene;
    size_t allocations = SIZE_MAX;
    double steps;

    for (size_t n = 0; n <= allocations; n++) { /* the first time nothing fails */
        scene_open(&scene, kinds[_i]);
        size_t before = scene.host.memory.total;
        scene.host.memory.fail_at = n;
        arq_status status = run_stream(&scene);
        scene.host.memory.fail_at = 0;
        if (n == 0)
            allocations = scene.host.memory.total - before;
        ck_assert_int_eq(status, n == 0 ? ARQ_OK : ARQ_E_NOMEM);
        succeeds(&scene.host, run_stream(&scene));
        succeeds(&scene.host, arq_run_metric(scene.run, "steps", 0, &steps));
        ck_assert(steps == 60);
        scene_close(&scene);
    }
    ck_assert_uint_gt(allocations, 0);
}
END_TEST

START_TEST(contexts_survive)
{
    struct counting_allocator memory = {0};
    arq_allocator hooks = counting_hooks(&memory);
    int anything;

    for (size_t n = 1;; n++) {
        arq_context *context = (arq_context *)(void *)&anything;
        memory.fail_at = n;
        arq_status status = arq_context_create(ARQ_ABI_VERSION, &hooks, &context);
        if (status == ARQ_OK) {
            ck_assert_uint_gt(n, 1);
            arq_context_destroy(context);
            break;
        }
        ck_assert_int_eq(status, ARQ_E_NOMEM);
        ck_assert_ptr_null(context);
        ck_assert_ptr_nonnull(strstr(error_text(NULL), "no memory for "));
        ck_assert_uint_eq(memory.live, 0);
    }
    ck_assert_uint_eq(memory.live, 0);
}
END_TEST

/* What decides how a context works is set while it has no handles. */
START_TEST(settings_of_a_context_survive)
{
    static attempt *const calls[] = {set_threads, set_hooks};

    for (size_t i = 0; i < COUNT(calls); i++)
        for (size_t n = 1, allocations = 1; n <= allocations; n++) {
            struct scene scene;
            scene_open_empty(&scene);
            size_t live = scene.host.memory.live, total = scene.host.memory.total;
            scene.host.memory.fail_at = n;
            arq_status status = calls[i](&scene);
            allocations = scene.host.memory.total - total;
            scene.host.memory.fail_at = 0;
            ck_assert_int_eq(status, allocations >= n ? ARQ_E_NOMEM : ARQ_OK);
            ck_assert(status == ARQ_OK || scene.host.memory.live == live);
            succeeds(&scene.host, calls[i](&scene));
            scene_furnish(&scene, kinds[0]);
            succeeds(&scene.host, run_stream(&scene));
            scene_close(&scene);
        }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("out of memory");
    TCase *cases = tcase_create("out of memory");

    tcase_set_timeout(cases, 100);
    tcase_add_test(cases, contexts_survive);
    tcase_add_test(cases, settings_of_a_context_survive);
    tcase_add_loop_test(cases, every_call_survives, 0, (int)(COUNT(rows) * COUNT(kinds)));
    tcase_add_loop_test(cases, runs_go_on, 0, (int)COUNT(kinds));
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
