#include "env/check/batch.h"

#include "env/check/play.h"

#include <inttypes.h>
#include <string.h>

#define COUNT ARQ_CHECK_BATCH
#define ROUNDS 150
#define FILL 0x35

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

/* Whether the call left alone what it had to: the entries from `count` on, and the guards. */
static int is_untouched(const unsigned char *array, uint32_t count, size_t bytes)
{
    for (size_t i = count * bytes; i < COUNT * bytes; i++) {
        if (array[i] != FILL) {
            return 0;
        }
    }
    return arq_guarded_intact(array, COUNT * bytes);
}

static void judge_guards(arq_check *check, const batch_buffers *buffers, uint32_t count)
{
    const char *array = !is_untouched(buffers->observations, count, check->observation_bytes) ? "observations"
                        : !is_untouched(buffers->rewards, count, sizeof(double))              ? "rewards"
                        : !is_untouched(buffers->terminated, count, sizeof(int32_t))          ? "terminated"
                        : !is_untouched(buffers->truncated, count, sizeof(int32_t))           ? "truncated"
                                                                                              : NULL;
    if (array != NULL) {
        arq_check_report(check, ARQ_PROMISE_BATCH_GUARD, "step_batch of %" PRIu32 " instances wrote beyond %s", count,
                         array);
    }
}

/* The same instances twice: once stepped as a batch, once each alone. */
typedef struct side_by_side {
    arq_player singles[COUNT];
    arq_player members[COUNT];
    batch_buffers buffers;
    arq_random part; /* which of them step */
    int together;    /* by step_batch; otherwise one by one */
} side_by_side;

/* Whether a member of the batch gave what its single twin gave. */
static int judge_member(arq_check *check, const side_by_side *game, uint32_t index, double reward, int32_t terminated,
                        int32_t truncated, const unsigned char *observation)
{
    const arq_player *single = &game->singles[index];
    const char *what = memcmp(&reward, &single->reward, sizeof(reward)) != 0                     ? "reward"
                       : terminated != single->terminated                                        ? "terminated"
                       : truncated != single->truncated                                          ? "truncated"
                       : memcmp(observation, single->observation, check->observation_bytes) != 0 ? "observation"
                                                                                                 : NULL;
    if (what != NULL) {
        arq_check_report(check, ARQ_PROMISE_BATCH,
                         "%s: %s of instance %" PRIu32 " differs from that of step at step %" PRIu64
                         " of episode %" PRIu64,
                         game->together ? "step_batch" : "instances of a batch, one by one", what, index, single->step,
                         single->episode);
    }
    return what == NULL;
}

/* Steps `count` members by one call, and compares each with its twin. */
static int step_together(arq_check *check, side_by_side *game, const uint32_t *which, uint32_t count,
                         const int32_t *actions)
{
    const batch_buffers *buffers = &game->buffers;
    void *selves[COUNT];
    for (uint32_t k = 0; k < count; k++) {
        selves[k] = game->members[which[k]].self;
    }
    memset(buffers->observations, FILL, COUNT * check->observation_bytes);
    memset(buffers->rewards, FILL, COUNT * sizeof(double));
    memset(buffers->terminated, FILL, COUNT * sizeof(int32_t));
    memset(buffers->truncated, FILL, COUNT * sizeof(int32_t));
    arq_status status =
        check->methods.step_batch(selves, count, actions, buffers->observations, (double *)(void *)buffers->rewards,
                                  (int32_t *)(void *)buffers->terminated, (int32_t *)(void *)buffers->truncated);
    judge_guards(check, buffers, count);
    int goes_on = arq_check_method(&game->members[which[0]], "step_batch", status);
    for (uint32_t k = 0; k < count && goes_on; k++) {
        double reward;
        int32_t flags[2];
        memcpy(&reward, buffers->rewards + k * sizeof(reward), sizeof(reward));
        memcpy(&flags[0], buffers->terminated + k * sizeof(flags[0]), sizeof(flags[0]));
        memcpy(&flags[1], buffers->truncated + k * sizeof(flags[1]), sizeof(flags[1]));
        goes_on = judge_member(check, game, which[k], reward, flags[0], flags[1],
                               buffers->observations + k * check->observation_bytes);
    }
    return goes_on;
}

static int step_each(arq_check *check, side_by_side *game, const uint32_t *which, uint32_t count)
{
    for (uint32_t k = 0; k < count; k++) {
        arq_player *member = &game->members[which[k]];
        if (!arq_player_step(member) || !judge_member(check, game, which[k], member->reward, member->terminated,
                                                      member->truncated, member->observation)) {
            return 0;
        }
    }
    return 1;
}

/* One round: instances that ended begin anew; some of the single ones step, then the same members of the batch. */
static int play_round(arq_check *check, side_by_side *game)
{
    uint32_t which[COUNT];
    int32_t actions[COUNT];
    uint32_t count = 0;
    for (uint32_t i = 0; i < COUNT; i++) {
        arq_player *single = &game->singles[i];
        if (single->ended && !(arq_player_reset(single, NULL) && arq_player_reset(&game->members[i], NULL))) {
            return 0;
        }
        if (arq_random_below(&game->part, 4) == 0) {
            continue;
        }
        arq_random ahead = single->script;
        actions[count] = game->together ? (int32_t)arq_random_below(&ahead, check->spec.action_count) : 0;
        which[count++] = i;
        if (!arq_player_step(single)) {
            return 0;
        }
    }
    if (count == 0) {
        return 1;
    }
    return game->together ? step_together(check, game, which, count, actions) : step_each(check, game, which, count);
}

void arq_check_batch(arq_check *check)
{
    side_by_side game = {.together =
                             check->methods.step_batch != NULL && check->spec.action_kind == ARQ_ACTION_DISCRETE};
    arq_random_seed(&game.part, check->seed + 1, ARQ_STREAM_CHECK);
    int goes_on = create_buffers(check, &game.buffers);
    goes_on = arq_players_create(check, game.members, COUNT) && goes_on;
    for (uint32_t i = 0; i < COUNT; i++) {
        goes_on = arq_player_create(check, &game.singles[i]) && goes_on;
        goes_on = goes_on && arq_player_begin(&game.singles[i], check->seed + i) &&
                  arq_player_begin(&game.members[i], check->seed + i);
    }
    for (int round = 0; goes_on && round < ROUNDS; round++) {
        goes_on = play_round(check, &game);
    }
    for (uint32_t i = 0; i < COUNT; i++) {
        arq_player_destroy(&game.singles[i]);
        arq_player_destroy(&game.members[i]);
    }
    free_buffers(check, &game.buffers);
}
