/* arq bench replay: draws of windows from a full replay of an environment under random actions, and its memory. */
#include "bench_measure.h"
#include "bench_report.h"
#include "message.h"
#include "session.h"

#include "arq/replay.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

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

/* Bytes of this process that are in memory; NAN where the system does not say. */
static double resident_bytes(void)
{
    unsigned long pages[2] = {0, 0};
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL) {
        return (double)NAN;
    }
    int found = fscanf(file, "%lu %lu", &pages[0], &pages[1]);
    fclose(file);
    return found == 2 ? (double)pages[1] * (double)sysconf(_SC_PAGESIZE) : (double)NAN;
}

static arq_status play(replay_case *c, uint64_t transitions)
{
    const uint64_t seed = 1;
    unsigned char *observation = c->observations;
    uint32_t actions = arq_env_describe(c->env)->action_count;
    uint64_t state = 1;
    arq_status status = arq_env_reset(c->env, &seed, observation);
    status = status != ARQ_OK ? status : arq_replay_begin(c->replay, observation);
    for (uint64_t t = 0; status == ARQ_OK && t < transitions; t++) {
        double reward;
        int32_t terminated, truncated;
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        int32_t action = (int32_t)((state >> 33) % actions);
        status = arq_env_step(c->env, action, observation, &reward, &terminated, &truncated);
        if (status == ARQ_OK) {
            status = arq_replay_add(c->replay, action, reward, observation, terminated, truncated);
        }
        if (status == ARQ_OK && (terminated || truncated)) {
            status = arq_env_reset(c->env, NULL, observation);
            status = status != ARQ_OK ? status : arq_replay_begin(c->replay, observation);
        }
    }
    return status;
}

static int open_case(const char *id, uint64_t transitions, replay_case *c)
{
    int result = session_open(NULL, 1, &c->context);
    result = result != 0 ? result : session_environment(c->context, id, &c->env);
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

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Seconds of each draw, sorted. */
static int draw(replay_case *c, double seconds[DRAWS])
{
    for (int i = -1; i < DRAWS; i++) { /* the first warms up */
        double begin = session_seconds();
        if (arq_replay_sample(c->replay, c->batch, 0, c->observations, c->lengths, c->actions, c->rewards,
                              c->terminated) != ARQ_OK) {
            return message_library(c->context);
        }
        seconds[i < 0 ? 0 : i] = session_seconds() - begin;
    }
    qsort(seconds, DRAWS, sizeof(*seconds), compare);
    return 0;
}

int bench_replay(const bench_plan *plan, const char *id)
{
    double seconds[DRAWS];
    replay_case c = {.batch = plan->batch > 0 ? (uint32_t)plan->batch : 512};
    double before = resident_bytes();
    int result = open_case(id, plan->transitions, &c);
    result = result != 0 ? result : draw(&c, seconds);
    if (result == 0) {
        bench_report_note("what",
                          "%llu transitions of random play, %zu bytes an observation; draws of %u windows of %d",
                          (unsigned long long)plan->transitions, c.observation_bytes, c.batch, WINDOW);
        bench_report_table("replay", "environment|ms a draw|ms worst|draws|MB resident");
        bench_report_row(id);
        bench_report_number(1e3 * seconds[DRAWS / 2], 3);
        bench_report_number(1e3 * seconds[DRAWS - 1], 3);
        bench_report_number(DRAWS, 0);
        bench_report_number(1e-6 * (resident_bytes() - before), 1);
        bench_report_row_end();
    }
    close_case(&c);
    return result;
}
