/* arq bench replay: how long drawing a batch of windows takes, from a full replay that random actions have filled, and
 * how much memory the replay has. */
#include "bench/measure.h"

#include "bench/report.h"
#include "cli/message.h"
#include "cli/session.h"
#include "host/clock.h"
#include "host/machine.h"

#include "arq/replay.h"

#include <stdlib.h>

#define WINDOW 11
#define DRAWS 201

typedef struct replay_case {
    arq_context *context;
    arq_env *env;
    arq_replay *replay;
    size_t observation_bytes;
    uint32_t batch;
    unsigned char *observations; /* [batch, WINDOW + 1] */
    int32_t *lengths;
    int32_t *actions;
    float *rewards;
    uint8_t *terminated;
} replay_case;

static arq_status begin_episode(replay_case *c, const uint64_t *seed)
{
    arq_status status = arq_env_reset(c->env, seed, c->observations);
    if (status != ARQ_OK) {
        return status;
    }
    return arq_replay_begin(c->replay, c->observations);
}

static arq_status play_step(replay_case *c, int32_t action)
{
    double reward;
    int32_t terminated, truncated;
    arq_status status = arq_env_step(c->env, action, c->observations, &reward, &terminated, &truncated);
    if (status != ARQ_OK) {
        return status;
    }
    status = arq_replay_add(c->replay, action, reward, c->observations, terminated, truncated);
    if (status != ARQ_OK) {
        return status;
    }
    return terminated || truncated ? begin_episode(c, NULL) : ARQ_OK;
}

static arq_status play(replay_case *c, uint64_t transitions)
{
    const uint64_t seed = 1;
    uint32_t actions = arq_env_describe(c->env)->action_count;
    uint64_t state = 1;
    arq_status status = begin_episode(c, &seed);
    for (uint64_t t = 0; status == ARQ_OK && t < transitions; t++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        status = play_step(c, (int32_t)((state >> 33) % actions));
    }
    return status;
}

static int open_case(const char *id, uint64_t transitions, replay_case *c)
{
    int result = session_open(NULL, 1, &c->context);
    if (result != 0) {
        return result;
    }
    result = session_environment(c->context, id, &c->env);
    if (result != 0) {
        return result;
    }
    const arq_env_spec *spec = arq_env_describe(c->env);
    c->observation_bytes = arq_observation_bytes(spec->observation_kind, spec->observation_size);
    c->observations = calloc(c->batch, c->observation_bytes * (WINDOW + 1));
    c->lengths = calloc(c->batch, sizeof(*c->lengths));
    c->actions = calloc(c->batch, sizeof(*c->actions));
    c->rewards = calloc(c->batch, sizeof(*c->rewards));
    c->terminated = calloc(c->batch, 1);
    if (c->observations == NULL || c->lengths == NULL || c->actions == NULL || c->rewards == NULL ||
        c->terminated == NULL) {
        return message_fail("no memory for a batch of %u", c->batch);
    }
    if (arq_replay_create(c->context, spec->observation_kind, spec->observation_size, transitions, WINDOW, 1,
                          &c->replay) != ARQ_OK ||
        play(c, transitions) != ARQ_OK) {
        return message_library(c->context);
    }
    return 0;
}

static void close_case(replay_case *c)
{
    arq_replay_destroy(c->replay);
    arq_env_destroy(c->env);
    arq_context_destroy(c->context);
    free(c->observations);
    free(c->lengths);
    free(c->actions);
    free(c->rewards);
    free(c->terminated);
}

/* Seconds of each draw, sorted. */
static int draw(replay_case *c, double seconds[DRAWS])
{
    for (int i = -1; i < DRAWS; i++) { /* the first warms up */
        double begin = clock_seconds();
        if (arq_replay_sample(c->replay, c->batch, 0, c->observations, c->lengths, c->actions, c->rewards,
                              c->terminated) != ARQ_OK) {
            return message_library(c->context);
        }
        seconds[i < 0 ? 0 : i] = clock_seconds() - begin;
    }
    bench_sort(seconds, DRAWS);
    return 0;
}

static int measure(const bench_plan *plan, const char *id, replay_case *c)
{
    double seconds[DRAWS];
    double before = machine_resident_bytes();
    int result = open_case(id, plan->transitions, c);
    if (result != 0) {
        return result;
    }
    result = draw(c, seconds);
    if (result != 0) {
        return result;
    }
    bench_report_note("what", "%llu transitions of random play, %zu bytes an observation; draws of %u windows of %d",
                      (unsigned long long)plan->transitions, c->observation_bytes, c->batch, WINDOW);
    bench_report_table("replay", "environment|ms a draw|ms worst|draws|MB resident");
    bench_report_row(id);
    bench_report_number(1e3 * seconds[DRAWS / 2], 3);
    bench_report_number(1e3 * seconds[DRAWS - 1], 3);
    bench_report_number(DRAWS, 0);
    bench_report_number(1e-6 * (machine_resident_bytes() - before), 1);
    bench_report_row_end();
    return 0;
}

int bench_replay(const bench_plan *plan, int id_count, const char *const *ids)
{
    replay_case c = {.batch = plan->batch > 0 ? (uint32_t)plan->batch : 512};
    int result = measure(plan, id_count > 0 ? ids[0] : "minatar/seaquest", &c);
    close_case(&c);
    return result;
}
