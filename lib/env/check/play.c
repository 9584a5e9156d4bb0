#include "env/check/play.h"

#include "core/finite.h"
#include "env/observation.h"
#include "env/plugins/type.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/*
 * Every call gets the next slot of a small ring: [guard, observation, guard, outputs, guard, action]. All other bytes
 * of the ring hold the poison byte. So a method that writes beyond its buffers, or into those of an earlier call,
 * changes poison; and one that reads from buffers of an earlier call behaves differently when the poison changes.
 */
#define SLOTS 4u
#define TAIL 4096u

typedef struct slot_outputs {
    double reward;
    int32_t terminated, truncated;
    uint64_t seed;
} slot_outputs;

static size_t round_up(size_t bytes)
{
    return (bytes + ARQ_CHECK_GUARD - 1) / ARQ_CHECK_GUARD * ARQ_CHECK_GUARD;
}

static size_t outputs_offset(const arq_check *check)
{
    return ARQ_CHECK_GUARD + round_up(check->observation_bytes) + ARQ_CHECK_GUARD;
}

static size_t action_offset(const arq_check *check)
{
    return outputs_offset(check) + 2 * ARQ_CHECK_GUARD;
}

int arq_slots_create(arq_check *check)
{
    size_t actions = check->spec.action_kind == ARQ_ACTION_BOX ? check->spec.action_count * sizeof(double) : 0;
    check->slot_bytes = action_offset(check) + round_up(actions) + ARQ_CHECK_GUARD;
    check->slots_bytes = SLOTS * check->slot_bytes + TAIL;
    check->slots = arq_alloc(check->context, check->slots_bytes, 1);
    if (check->slots == NULL) {
        check->status = arq_fail_memory(check->context, "the buffers of a check", check->slots_bytes);
        return 0;
    }
    arq_slots_poison(check, 0x5a);
    return 1;
}

void arq_slots_poison(arq_check *check, uint8_t poison)
{
    check->poison = poison;
    memset(check->slots, poison, check->slots_bytes);
}

static int holds(const unsigned char *bytes, size_t count, uint8_t value)
{
    for (size_t i = 0; i < count; i++) {
        if (bytes[i] != value) {
            return 0;
        }
    }
    return 1;
}

/* The next slot, its outputs filled. */
static unsigned char *take_slot(arq_player *player)
{
    arq_check *check = player->check;
    check->slot = (check->slot + 1) % SLOTS;
    unsigned char *slot = check->slots + check->slot * check->slot_bytes;
    memset(slot + ARQ_CHECK_GUARD, player->fill, check->observation_bytes);
    memset(slot + outputs_offset(check), player->fill, sizeof(slot_outputs));
    return slot;
}

static slot_outputs *outputs_of(const arq_check *check, unsigned char *slot)
{
    return (slot_outputs *)(void *)(slot + outputs_offset(check));
}

/* After a call: checks the memory around the slot, copies what the method wrote, and poisons the slot. */
static void give_back_slot(arq_player *player, unsigned char *slot, const char *method)
{
    arq_check *check = player->check;
    size_t end = ARQ_CHECK_GUARD + check->observation_bytes;
    size_t outputs_end = outputs_offset(check) + sizeof(slot_outputs);
    if (!holds(slot, ARQ_CHECK_GUARD, check->poison) ||
        !holds(slot + end, outputs_offset(check) - end, check->poison) ||
        !holds(slot + outputs_end, action_offset(check) - outputs_end, check->poison)) {
        arq_check_report(check, ARQ_PROMISE_GUARD,
                         "%s wrote beyond its buffers at step %" PRIu64 " of episode %" PRIu64
                         "; an observation has %zu bytes",
                         method, player->step, player->episode, check->observation_bytes);
    }
    memcpy(player->observation, slot + ARQ_CHECK_GUARD, check->observation_bytes);
    const slot_outputs *outputs = outputs_of(check, slot);
    player->reward = outputs->reward;
    player->terminated = outputs->terminated;
    player->truncated = outputs->truncated;
    memset(slot, check->poison, check->slot_bytes);
    if (!holds(check->slots, check->slots_bytes, check->poison)) {
        arq_check_report(check, ARQ_PROMISE_POINTER_KEPT,
                         "%s wrote into a buffer of an earlier call at step %" PRIu64 " of episode %" PRIu64
                         "; no pointer may be kept after a method returns",
                         method, player->step, player->episode);
        memset(check->slots, check->poison, check->slots_bytes);
    }
}

int arq_check_method(arq_player *player, const char *method, arq_status status)
{
    arq_check *check = player->check;
    if (status == ARQ_OK) {
        return 1;
    }
    const char *detail = check->methods.last_error == NULL ? NULL : check->methods.last_error(player->self);
    arq_check_status_sign(check, method, status);
    arq_check_report(check, ARQ_PROMISE_METHOD_FAILS,
                     "%s failed with code %" PRId32 " at step %" PRIu64 " of episode %" PRIu64
                     " although its arguments are right%s%.200s",
                     method, status, player->step, player->episode, detail == NULL ? "" : ": ",
                     detail == NULL ? "" : detail);
    check->stop = 1;
    return 0;
}

static int begin_player(arq_check *check, arq_player *player)
{
    memset(player, 0, sizeof(*player));
    player->check = check;
    if (check->observation_bytes > 0) {
        player->observation = arq_alloc(check->context, check->observation_bytes, 1);
        if (player->observation == NULL) {
            check->status = arq_fail_memory(check->context, "an observation", check->observation_bytes);
            return 0;
        }
    }
    return 1;
}

/* Calls create (`count` 0) or create_batch, and checks what it did. */
static int create_selves(arq_check *check, uint32_t count, void **selves)
{
    enum { ERROR_SIZE = 256 };
    const arq_env_type *type = check->type;
    const char *method = count == 0 ? "create" : "create_batch";
    char error[ERROR_SIZE + ARQ_CHECK_GUARD];
    memset(error, 0x5a, sizeof(error));
    error[0] = '\0';
    double options[ARQ_MAX_OPTIONS] = {0};
    memcpy(options, check->options, type->option_count * sizeof(double));
    arq_status status = count == 0 ? type->create(type->user, options, selves, error, ERROR_SIZE)
                                   : type->create_batch(type->user, options, count, selves, error, ERROR_SIZE);
    memset(options, 0x5a, sizeof(options));
    if (!holds((const unsigned char *)error + ERROR_SIZE, ARQ_CHECK_GUARD, 0x5a)) {
        arq_check_report(check, ARQ_PROMISE_GUARD, "%s wrote beyond the %d bytes of error", method, ERROR_SIZE);
    }
    error[ERROR_SIZE - 1] = '\0';
    if (status != ARQ_OK) {
        arq_check_status_sign(check, method, status);
        arq_check_report(check, ARQ_PROMISE_CREATE, "%s failed with code %d%s%s", method, status, error[0] ? ": " : "",
                         error);
        memset(selves, 0, (count == 0 ? 1 : count) * sizeof(*selves));
        check->stop = 1;
    }
    for (uint32_t i = 0; i < (count == 0 ? 1 : count) && !check->stop; i++) {
        if (selves[i] == NULL) {
            arq_check_report(check, ARQ_PROMISE_CREATE, "%s returned ARQ_OK and left self NULL; it must set it",
                             method);
            check->stop = 1;
        }
    }
    return !check->stop;
}

int arq_player_create(arq_check *check, arq_player *player)
{
    return begin_player(check, player) && create_selves(check, 0, &player->self);
}

int arq_players_create(arq_check *check, arq_player *players, uint32_t count)
{
    const arq_env_type *type = check->type;
    void *selves[ARQ_CHECK_BATCH] = {NULL};
    int together = type->struct_size > offsetof(arq_env_type, create_batch) && type->create_batch != NULL;
    int goes_on = 1;
    for (uint32_t i = 0; i < count; i++) {
        goes_on = begin_player(check, &players[i]) && goes_on;
        goes_on = (together || create_selves(check, 0, &players[i].self)) && goes_on;
    }
    goes_on = goes_on && (!together || create_selves(check, count, selves));
    for (uint32_t i = 0; i < count && together; i++) {
        players[i].self = selves[i];
    }
    return goes_on;
}

void arq_player_destroy(arq_player *player)
{
    arq_check *check = player->check;
    if (player->self != NULL) {
        check->methods.destroy(player->self);
    }
    arq_free(check->context, player->observation, check->observation_bytes, 1);
    memset(player, 0, sizeof(*player));
    player->check = check;
}

static void judge_observation(arq_player *player, const char *method)
{
    arq_check *check = player->check;
    const arq_env_spec *spec = &check->spec;
    char what[128];
    snprintf(what, sizeof(what), "%s: observation at step %" PRIu64 " of episode %" PRIu64, method, player->step,
             player->episode);
    arq_status status = arq_observation_check(check->context, ARQ_E_ENV, spec->observation_kind, spec->observation_size,
                                              player->observation, what);
    if (status == ARQ_OK && arq_observation_has_bounds(spec)) {
        status = arq_observation_check_bounds(check->context, spec, player->observation, what);
    }
    if (status != ARQ_OK) {
        arq_check_report_error(check, ARQ_PROMISE_OBSERVATION_VALUE, "");
    }
}

static void judge_time_limit(arq_player *player)
{
    arq_check *check = player->check;
    uint64_t limit = check->spec.time_limit;
    if (limit == 0 && player->truncated == 1) {
        arq_check_report(check, ARQ_PROMISE_NEVER_TRUNCATES,
                         "step: truncated is 1 at step %" PRIu64 " of episode %" PRIu64
                         "; spec.time_limit 0 says that it never truncates",
                         player->step, player->episode);
    }
    if (limit != 0 && player->step >= limit && !player->ended) {
        arq_check_report(check, ARQ_PROMISE_TIME_LIMIT,
                         "step: episode %" PRIu64 " goes on after step %" PRIu64 "; spec.time_limit is %" PRIu64,
                         player->episode, player->step, limit);
    }
}

static void judge_step(arq_player *player)
{
    arq_check *check = player->check;
    const arq_env_spec *spec = &check->spec;
    double reward = player->reward;
    if (!arq_is_finite_as_float(reward)) {
        arq_check_report(check, ARQ_PROMISE_REWARD_FINITE,
                         "step: reward is %g at step %" PRIu64 " of episode %" PRIu64 "; it must be finite%s", reward,
                         player->step, player->episode, arq_finite_range(reward));
    } else if (spec->reward_range_known && (reward < spec->reward_low || reward > spec->reward_high)) {
        arq_check_report(check, ARQ_PROMISE_REWARD_RANGE,
                         "step: reward is %.17g at step %" PRIu64 " of episode %" PRIu64
                         "; the declared range is %.17g .. %.17g",
                         reward, player->step, player->episode, spec->reward_low, spec->reward_high);
    }
    if (((uint32_t)player->terminated | (uint32_t)player->truncated) > 1) {
        arq_check_report(check, ARQ_PROMISE_FLAG_VALUE,
                         "step: terminated is %" PRId32 " and truncated is %" PRId32 " at step %" PRIu64
                         " of episode %" PRIu64 "; each must be 0 or 1",
                         player->terminated, player->truncated, player->step, player->episode);
    }
    judge_observation(player, "step");
    judge_time_limit(player);
}

int arq_player_reset(arq_player *player, const uint64_t *seed)
{
    arq_check *check = player->check;
    unsigned char *slot = take_slot(player);
    slot_outputs *outputs = outputs_of(check, slot);
    if (seed != NULL) {
        outputs->seed = *seed;
    }
    player->episode++;
    player->step = 0;
    player->ended = 0;
    arq_status status =
        check->methods.reset(player->self, seed == NULL ? NULL : &outputs->seed, slot + ARQ_CHECK_GUARD);
    give_back_slot(player, slot, "reset");
    player->reward = 0;
    player->terminated = 0;
    player->truncated = 0;
    if (!arq_check_method(player, "reset", status)) {
        return 0;
    }
    if (!player->quiet) {
        judge_observation(player, "reset");
    }
    return 1;
}

/* A component within its bounds, often on one of them; unbounded sides end at 10. */
static double draw_component(arq_random *script, double low, double high)
{
    low = arq_is_finite(low) ? low : arq_is_finite(high) && high < -10 ? high - 1 : -10;
    high = arq_is_finite(high) ? high : low > 10 ? low + 1 : 10;
    uint64_t choice = arq_random_below(script, 8);
    double value = low + (high - low) * arq_random_uniform(script);
    value = value < low ? low : value > high ? high : value;
    return choice == 0 ? low : choice == 1 ? high : value;
}

int arq_player_step(arq_player *player)
{
    arq_check *check = player->check;
    const arq_env_spec *spec = &check->spec;
    unsigned char *slot = take_slot(player);
    unsigned char *observation = slot + ARQ_CHECK_GUARD;
    slot_outputs *outputs = outputs_of(check, slot);
    arq_status status;
    player->step++;
    if (spec->action_kind == ARQ_ACTION_DISCRETE) {
        int32_t action = (int32_t)arq_random_below(&player->script, spec->action_count);
        status = check->methods.step(player->self, action, observation, &outputs->reward, &outputs->terminated,
                                     &outputs->truncated);
    } else {
        double *action = (double *)(void *)(slot + action_offset(check));
        for (uint32_t i = 0; i < spec->action_count; i++) {
            action[i] = draw_component(&player->script, spec->action_low[i], spec->action_high[i]);
        }
        status = check->methods.step_box(player->self, action, observation, &outputs->reward, &outputs->terminated,
                                         &outputs->truncated);
    }
    give_back_slot(player, slot, "step");
    int32_t unwritten;
    memset(&unwritten, player->fill, sizeof(unwritten));
    player->ended = (player->terminated != 0 && player->terminated != unwritten) ||
                    (player->truncated != 0 && player->truncated != unwritten);
    if (!arq_check_method(player, "step", status)) {
        return 0;
    }
    if (!player->quiet) {
        judge_step(player);
    }
    return 1;
}

int arq_player_begin(arq_player *player, uint64_t seed)
{
    arq_random_seed(&player->script, player->check->seed, ARQ_STREAM_CHECK);
    return arq_player_reset(player, &seed);
}

int arq_player_move(arq_player *player)
{
    int give_up = arq_random_below(&player->script, 100) == 0;
    return player->ended || give_up ? arq_player_reset(player, NULL) : arq_player_step(player);
}

/* FNV-1a, 64 bits. */
static uint64_t digest_bytes(uint64_t digest, const void *bytes, size_t count)
{
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < count; i++) {
        digest = (digest ^ byte[i]) * UINT64_C(0x100000001b3);
    }
    return digest;
}

uint64_t arq_player_digest(const arq_player *player)
{
    uint64_t digest = UINT64_C(0xcbf29ce484222325);
    digest = digest_bytes(digest, player->observation, player->check->observation_bytes);
    digest = digest_bytes(digest, &player->reward, sizeof(player->reward));
    digest = digest_bytes(digest, &player->terminated, sizeof(player->terminated));
    return digest_bytes(digest, &player->truncated, sizeof(player->truncated));
}

uint32_t arq_player_follow(arq_player *player, uint32_t from, uint32_t to)
{
    for (uint32_t move = from; move < to; move++) {
        if (!arq_player_move(player)) {
            return UINT32_MAX;
        }
        if (arq_player_digest(player) != player->check->trace[move]) {
            return move;
        }
    }
    return to;
}
