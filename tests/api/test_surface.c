/*
 * Every exported function, called with NULL, zero, the greatest numbers and sizes that overflow: a status and a text
 * come back, the handles stay usable. A symbol without a row here fails the test. What each argument may be in detail
 * is tested beside the other uses of its handle.
 */
#include "support.h"

#include "../support/suite.h"
#include "worlds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUTS CORRIDOR_LENGTH
#define ACTIONS 2u
#define BATCH 8u
#define MOST UINT32_MAX
#define F32 ARQ_OBSERVATION_F32
#define ARGUMENT ARQ_E_ARGUMENT

/* One handle of every kind, and room for whatever comes out of a call. */
struct stand {
    struct host host;
    arq_context *context;
    arq_config *config;
    arq_network *network;
    arq_activations *activations;
    arq_learner *learner;
    arq_replay *replay;
    arq_agent *agent;
    arq_cell *cell;
    struct corridor corridor, second;
    arq_env *env, *own, *out_env;
    arq_env_batch *batch, *out_batch;
    arq_run *run, *out_run;
    arq_config *out_config;
    arq_network *out_network;
    arq_activations *out_activations;
    arq_learner *out_learner;
    arq_replay *out_replay;
    arq_agent *out_agent;
    arq_cell *out_cell;
    arq_checkpoint *out_checkpoint;
    float x[BATCH * 8 * INPUTS], y[4096];
    double reward, value;
    int32_t action, actions[BATCH], lengths[BATCH], kind, terminated, truncated;
    uint32_t number, rows, columns;
    uint64_t count64;
    size_t count;
    uint8_t ends[BATCH], bytes[4096];
    const char *name;
    char text[512];
};

static void open_stand(struct stand *s)
{
    memset(s, 0, sizeof *s);
    host_open(&s->host);
    s->context = s->host.context;
    s->config = configured(&s->host, "widths=24,16 heads=2 batch=8 context_size=3 replay_capacity=500");
    succeeds(&s->host, arq_network_create(s->context, s->config, F32, INPUTS, ACTIONS, &s->network));
    succeeds(&s->host, arq_activations_create(s->network, 2, &s->activations));
    succeeds(&s->host, arq_learner_create(s->network, s->config, &s->learner));
    succeeds(&s->host, arq_replay_create(s->context, F32, INPUTS, 100, 4, 1, &s->replay));
    succeeds(&s->host, arq_agent_create(s->context, s->config, F32, INPUTS, ACTIONS, &s->agent));
    succeeds(&s->host, arq_cell_create(s->context, s->config, INPUTS, 16, ACTIONS, &s->cell));
    succeeds(&s->host, arq_env_create(s->context, &corridor_methods, &s->corridor, &s->own));
    succeeds(&s->host, arq_run_create(s->context, s->config, s->own, &s->run));
    succeeds(&s->host, arq_env_open(s->context, "minatar/breakout", &s->env));
    succeeds(&s->host, arq_env_reset(s->env, NULL, s->bytes));
    succeeds(&s->host, arq_env_batch_open(s->context, "minatar/breakout", 2, &s->batch));
}

static void close_stand(struct stand *s)
{
    arq_env_batch_destroy(s->batch);
    arq_env_destroy(s->env);
    arq_run_destroy(s->run);
    arq_env_destroy(s->own);
    arq_cell_destroy(s->cell);
    arq_agent_destroy(s->agent);
    arq_replay_destroy(s->replay);
    arq_learner_destroy(s->learner);
    arq_activations_destroy(s->activations);
    arq_network_destroy(s->network);
    arq_config_destroy(s->config);
    host_close(&s->host);
}

/* Any failure will do, with a text of its own. */
static void check_failure(struct stand *s, arq_status status, const char *call, int line)
{
    if (status >= 0 || status < ARQ_E_UNSUPPORTED)
        ck_abort_msg("%s:%d: %s: %s", __FILE__, line, call, arq_status_name(status));
    check_refusal(&s->host, status, NULL, status, call, __FILE__, line);
}

#define fails(call) check_failure(s, (leave_mark(&s->host), (call)), #call, __LINE__)
#define no(status, call) refuses(&s->host, status, NULL, call)
/* Without a handle there is no context that could keep a text. */
#define null(call) ck_assert_int_eq((call), ARQ_E_ARGUMENT)

struct row {
    const char *name;
    void (*call)(struct stand *s);
};

#define ROW(name_, ...)                                                                                                \
    static void call_##name_(struct stand *s)                                                                          \
    {                                                                                                                  \
        (void)s;                                                                                                       \
        __VA_ARGS__;                                                                                                   \
    }

#include "surface_learners.inc"
#include "surface_worlds.inc"

#undef ROW
#define ROW(name_, ...) {#name_, call_##name_},
static const struct row rows[] = {
#include "surface_learners.inc"
#include "surface_worlds.inc"
};

#define ROWS (sizeof rows / sizeof *rows)

START_TEST(every_call_answers)
{
    struct stand stand;

    open_stand(&stand);
    uint64_t weights = hash_network(&stand.host, stand.network);
    rows[_i].call(&stand);
    ck_assert_uint_eq(hash_network(&stand.host, stand.network), weights);
    close_stand(&stand);
}
END_TEST

static int has_row(const char *name)
{
    for (size_t i = 0; i < ROWS; i++)
        if (strcmp(rows[i].name, name) == 0)
            return 1;
    return 0;
}

START_TEST(every_symbol_has_a_row)
{
    FILE *symbols = fopen(ARQ_SYMBOLS, "r");
    char name[128];
    size_t count = 0;

    ck_assert_msg(symbols != NULL, "%s cannot be read", ARQ_SYMBOLS);
    for (; fscanf(symbols, "%127s", name) == 1; count++)
        ck_assert_msg(has_row(name), "%s has no row in surface_learners.inc or surface_worlds.inc", name);
    fclose(symbols);
    ck_assert_msg(count == ROWS, "%zu symbols, %zu rows", count, ROWS);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("surface");
    TCase *cases = tcase_create("surface");

    tcase_set_timeout(cases, 100);
    tcase_add_loop_test(cases, every_call_answers, 0, (int)ROWS);
    tcase_add_test(cases, every_symbol_has_a_row);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
