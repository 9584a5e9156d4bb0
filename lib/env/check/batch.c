#include "env/check/batch.h"

#include "env/check/play.h"

#include <inttypes.h>
#include <string.h>

#define COUNT ARQ_CHECK_BATCH
#define ROUNDS 150

typedef struct batch_buffers {
    unsigned char *observations; /* each between guards */
    unsigned char *rewards;
    unsigned char *terminated;
    unsigned char *truncated;
} batch_buffers;

static int create_buffers(arq_check *check, batch_buffers *buffers)
{
    buffers->observations = arq_guarded_alloc(check, COUNT * check->observation_bytes, 0);
    buffers->rewards = arq_guarded_alloc(check, COUNT * sizeof(double), 0);
    buffers->terminated = arq_guarded_alloc(check, COUNT * sizeof(int32_t), 0);
    buffers->truncated = arq_guarded_alloc(check, COUNT * sizeof(int32_t), 0);
    return buffers->observations != NULL && buffers->rewards != NULL && buffers->terminated != NULL &&
           buffers->truncated != NULL;
}

static void free_buffers(arq_check *check, batch_buffers *buffers)
{
    arq_guarded_free(check, buffers->observations, COUNT * check->observation_bytes);
    arq_guarded_free(check, buffers->rewards, COUNT * sizeof(double));
    arq_guarded_free(check, buffers->terminated, COUNT * sizeof(int32_t));
    arq_guarded_free(check, buffers->truncated, COUNT * sizeof(int32_t));
}

static void judge_guards(arq_check *check, const batch_buffers *buffers)
{
    const char *array = !arq_guarded_intact(buffers->observations, COUNT * check->observation_bytes) ? "observations"
                        : !arq_guarded_intact(buffers->rewards, COUNT * sizeof(double))              ? "rewards"
                        : !arq_guarded_intact(buffers->terminated, COUNT * sizeof(int32_t))          ? "terminated"
                        : !arq_guarded_intact(buffers->truncated, COUNT * sizeof(int32_t))           ? "truncated"
                                                                                                     : NULL;
    if (array != NULL) {
        arq_check_report(check, ARQ_PROMISE_BATCH_GUARD, "step_batch of %u instances wrote beyond %s", COUNT, array);
    }
}

/* Whether instance `index` of the batch gave what the single step gave. */
static int judge_instance(arq_check *check, const batch_buffers *buffers, uint32_t index, const arq_player *single)
{
    double reward;
    int32_t terminated, truncated;
    memcpy(&reward, buffers->rewards + index * sizeof(reward), sizeof(reward));
    memcpy(&terminated, buffers->terminated + index * sizeof(terminated), sizeof(terminated));
    memcpy(&truncated, buffers->truncated + index * sizeof(truncated), sizeof(truncated));
    const char *what = memcmp(&reward, &single->reward, sizeof(reward)) != 0 ? "reward"
                       : terminated != single->terminated                    ? "terminated"
                       : truncated != single->truncated                      ? "truncated"
                       : memcmp(buffers->observations + index * check->observation_bytes, single->observation,
                                check->observation_bytes) != 0
                           ? "observation"
                           : NULL;
    if (what != NULL) {
        arq_check_report(check, ARQ_PROMISE_BATCH,
                         "step_batch: %s of instance %" PRIu32 " differs from that of step at step %" PRIu64
                         " of episode %" PRIu64,
                         what, index, single->step, single->episode);
    }
    return what == NULL;
}

/* One round: the singles step first, then the batch with the same actions. */
static int play_round(arq_check *check, arq_player *singles, arq_player *members, const batch_buffers *buffers)
{
    void *selves[COUNT];
    int32_t actions[COUNT];
    for (uint32_t i = 0; i < COUNT; i++) {
        if (singles[i].ended && !(arq_player_reset(&singles[i], NULL) && arq_player_reset(&members[i], NULL))) {
            return 0;
        }
        arq_random ahead = singles[i].script;
        actions[i] = (int32_t)arq_random_below(&ahead, check->spec.action_count);
        selves[i] = members[i].self;
        if (!arq_player_step(&singles[i])) {
            return 0;
        }
    }
    memset(buffers->observations, 0x35, COUNT * check->observation_bytes);
    memset(buffers->rewards, 0x35, COUNT * sizeof(double));
    memset(buffers->terminated, 0x35, COUNT * sizeof(int32_t));
    memset(buffers->truncated, 0x35, COUNT * sizeof(int32_t));
    arq_status status =
        check->methods.step_batch(selves, COUNT, actions, buffers->observations, (double *)(void *)buffers->rewards,
                                  (int32_t *)(void *)buffers->terminated, (int32_t *)(void *)buffers->truncated);
    judge_guards(check, buffers);
    int goes_on = arq_check_method(&members[0], "step_batch", status);
    for (uint32_t i = 0; i < COUNT && goes_on; i++) {
        goes_on = judge_instance(check, buffers, i, &singles[i]);
    }
    return goes_on;
}

void arq_check_batch(arq_check *check)
{
    if (check->methods.step_batch == NULL || check->spec.action_kind != ARQ_ACTION_DISCRETE) {
        return;
    }
    arq_player singles[COUNT];
    arq_player members[COUNT];
    batch_buffers buffers = {0};
    int goes_on = create_buffers(check, &buffers);
    goes_on = arq_players_create(check, members, COUNT) && goes_on;
    for (uint32_t i = 0; i < COUNT; i++) {
        goes_on = arq_player_create(check, &singles[i]) && goes_on;
        goes_on =
            goes_on && arq_player_begin(&singles[i], check->seed + i) && arq_player_begin(&members[i], check->seed + i);
    }
    for (int round = 0; goes_on && round < ROUNDS; round++) {
        goes_on = play_round(check, singles, members, &buffers);
    }
    for (uint32_t i = 0; i < COUNT; i++) {
        arq_player_destroy(&singles[i]);
        arq_player_destroy(&members[i]);
    }
    free_buffers(check, &buffers);
}
