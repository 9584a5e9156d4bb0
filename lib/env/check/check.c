/* arq_env_check: what is tried, in which order. */
#include "env/check/batch.h"
#include "env/check/play.h"
#include "env/check/state.h"
#include "env/observation.h"
#include "env/plugins/options.h"
#include "env/spec.h"

#include <inttypes.h>
#include <string.h>

/* A spec between guards, as the method fills it. */
static int ask_spec(arq_check *check, arq_player *player, arq_env_spec *spec)
{
    struct {
        arq_env_spec spec;
        unsigned char guard[ARQ_CHECK_GUARD];
    } room;
    memset(&room, 0, sizeof(room));
    memset(room.guard, 0x96, sizeof(room.guard));
    room.spec.struct_size = sizeof(room.spec);
    arq_status status = check->methods.spec(player->self, &room.spec);
    for (size_t i = 0; i < sizeof(room.guard); i++) {
        if (room.guard[i] != 0x96) {
            arq_check_report(check, ARQ_PROMISE_SPEC_BOUNDS, "spec wrote beyond the %zu bytes that struct_size says",
                             sizeof(room.spec));
            break;
        }
    }
    *spec = room.spec;
    return arq_check_method(player, "spec", status);
}

static int same_values(const double *a, const double *b, uint32_t count)
{
    return (a == NULL) == (b == NULL) && (a == NULL || memcmp(a, b, count * sizeof(*a)) == 0);
}

/* Name of the first field that differs, or NULL. */
static const char *spec_difference(const arq_env_spec *a, const arq_env_spec *b)
{
    uint32_t bounds = a->observation_kind == ARQ_OBSERVATION_DISCRETE ? 0 : a->observation_size;
    uint32_t components = a->action_kind == ARQ_ACTION_BOX ? a->action_count : 0;
    return a->struct_size != b->struct_size                                                        ? "struct_size"
           : a->observation_kind != b->observation_kind                                            ? "observation_kind"
           : a->observation_size != b->observation_size                                            ? "observation_size"
           : a->observation_rank != b->observation_rank                                            ? "observation_rank"
           : memcmp(a->observation_shape, b->observation_shape, sizeof(a->observation_shape)) != 0 ? "observation_shape"
           : !same_values(a->observation_low, b->observation_low, bounds)                          ? "observation_low"
           : !same_values(a->observation_high, b->observation_high, bounds)                        ? "observation_high"
           : a->action_kind != b->action_kind                                                      ? "action_kind"
           : a->action_count != b->action_count                                                    ? "action_count"
           : !same_values(a->action_low, b->action_low, components)                                ? "action_low"
           : !same_values(a->action_high, b->action_high, components)                              ? "action_high"
           : a->reward_range_known != b->reward_range_known                        ? "reward_range_known"
           : memcmp(&a->reward_low, &b->reward_low, sizeof(a->reward_low)) != 0    ? "reward_low"
           : memcmp(&a->reward_high, &b->reward_high, sizeof(a->reward_high)) != 0 ? "reward_high"
           : a->time_limit != b->time_limit                                        ? "time_limit"
                                                                                   : NULL;
}

static void check_spec(arq_check *check, arq_player *player, const char *when)
{
    arq_env_spec spec;
    if (!ask_spec(check, player, &spec)) {
        return;
    }
    const char *difference = spec_difference(&check->spec, &spec);
    if (difference != NULL) {
        arq_check_report(check, ARQ_PROMISE_SPEC_SAME,
                         "spec: %s differs from the first call's %s; it must be the same at every call", difference,
                         when);
    }
}

/* Creates an instance and asks for its spec, which borrows bounds from it. */
static int first_spec(arq_check *check, arq_player *described)
{
    if (!arq_player_create(check, described) || !ask_spec(check, described, &check->spec)) {
        return 0;
    }
    if (arq_env_spec_validate(check->context, check->type->id, &check->spec, &check->methods) != ARQ_OK) {
        arq_check_report_error(check, ARQ_PROMISE_SPEC, "");
        return 0;
    }
    check_spec(check, described, "when asked twice");
    return 1;
}

/* The two players' buffers were filled with different bytes: where both still hold their fill, neither has written. */
static void judge_written(arq_player *a, arq_player *b, const char *method)
{
    arq_check *check = a->check;
    for (size_t i = 0; i < check->observation_bytes; i++) {
        if (a->observation[i] == a->fill && b->observation[i] == b->fill) {
            arq_check_report(check, ARQ_PROMISE_OBSERVATION_WRITTEN,
                             "%s left byte %zu of the observation unwritten at step %" PRIu64 " of episode %" PRIu64
                             "; all %zu bytes must be written",
                             method, i, a->step, a->episode, check->observation_bytes);
            break;
        }
    }
    if (a->step == 0 || b->step == 0) {
        return;
    }
    arq_player filled[2] = {*a, *b};
    memset(&filled[0].reward, a->fill, sizeof(double));
    memset(&filled[1].reward, b->fill, sizeof(double));
    if (memcmp(&filled[0].reward, &a->reward, sizeof(double)) == 0 &&
        memcmp(&filled[1].reward, &b->reward, sizeof(double)) == 0) {
        arq_check_report(check, ARQ_PROMISE_REWARD_WRITTEN,
                         "step left the reward unwritten at step %" PRIu64 " of episode %" PRIu64, a->step, a->episode);
    }
    int32_t flags[2];
    memset(&flags[0], a->fill, sizeof(int32_t));
    memset(&flags[1], b->fill, sizeof(int32_t));
    int terminated = a->terminated == flags[0] && b->terminated == flags[1];
    if (terminated || (a->truncated == flags[0] && b->truncated == flags[1])) {
        arq_check_report(check, ARQ_PROMISE_FLAG_WRITTEN,
                         "step left %s unwritten at step %" PRIu64 " of episode %" PRIu64,
                         terminated ? "terminated" : "truncated", a->step, a->episode);
    }
}

/* Two instances play side by side with different bytes in their buffers. */
static void check_everything_written(arq_check *check)
{
    arq_player a, b;
    int goes_on = arq_player_create(check, &a);
    goes_on = arq_player_create(check, &b) && goes_on;
    a.quiet = b.quiet = 1;
    a.fill = 0x35;
    b.fill = 0xca;
    goes_on = goes_on && arq_player_begin(&a, check->seed) && arq_player_begin(&b, check->seed);
    if (goes_on) {
        judge_written(&a, &b, "reset");
    }
    for (uint32_t move = 0; goes_on && move < ARQ_CHECK_MOVES; move++) {
        a.fill = (uint8_t)(a.fill * 5 + 1);
        b.fill = (uint8_t)~a.fill;
        a.ended = b.ended = a.ended || b.ended;
        goes_on = arq_player_move(&a) && arq_player_move(&b);
        if (goes_on) {
            judge_written(&a, &b, a.step == 0 ? "reset" : "step");
        }
    }
    arq_player_destroy(&a);
    arq_player_destroy(&b);
}

/* Plays the script for the first time and keeps what came out. */
static int record(arq_check *check, arq_player *player)
{
    if (!arq_player_begin(player, check->seed)) {
        return 0;
    }
    check_spec(check, player, "after reset");
    for (uint32_t move = 0; move < ARQ_CHECK_MOVES; move++) {
        if (!arq_player_move(player)) {
            return 0;
        }
        check->trace[move] = arq_player_digest(player);
        check->ended_after[move] = (uint8_t)player->ended;
        check_spec(check, player, player->ended ? "after an episode's end" : "after a step");
    }
    return 1;
}

/* Plays the script while a second instance with another seed plays in turns, and is destroyed half-way. */
static uint32_t follow_in_company(arq_check *check)
{
    arq_player first, second;
    uint32_t move = UINT32_MAX;
    int goes_on = arq_player_create(check, &first);
    goes_on = arq_player_create(check, &second) && goes_on;
    if (goes_on && arq_player_begin(&first, check->seed) && arq_player_begin(&second, check->seed + 1)) {
        for (move = 0; move < ARQ_CHECK_MOVES; move++) {
            if (arq_player_follow(&first, move, move + 1) != move + 1) {
                move = check->stop ? UINT32_MAX : move;
                break;
            }
            if (move < ARQ_CHECK_MOVES / 2 && !arq_player_move(&second)) {
                move = UINT32_MAX;
                break;
            }
            if (move == ARQ_CHECK_MOVES / 2) {
                arq_player_destroy(&second);
            }
        }
    }
    arq_player_destroy(&first);
    arq_player_destroy(&second);
    return move;
}

/* Whether the script gives the same on an instance that has played before, on a new one, and beside another. */
static int check_seed_decides(arq_check *check)
{
    arq_player first, second;
    uint32_t move = UINT32_MAX;
    if (arq_player_create(check, &first) && record(check, &first)) {
        /* With another poison a method that reads from a buffer of an earlier call shows, too. */
        arq_slots_poison(check, 0xc3);
        move = arq_player_begin(&first, check->seed) ? arq_player_follow(&first, 0, ARQ_CHECK_MOVES) : UINT32_MAX;
    }
    arq_player_destroy(&first);
    if (move < ARQ_CHECK_MOVES) {
        arq_check_report(
            check, ARQ_PROMISE_SEED_SAME_INSTANCE,
            "reset(seed %" PRIu64 ") on an instance that has played: move %" PRIu32
            " differs from the first time; all that follows must be a function of the seed and the actions",
            check->seed, move);
    }
    if (move != ARQ_CHECK_MOVES) {
        return 0;
    }
    move = UINT32_MAX;
    if (arq_player_create(check, &second) && arq_player_begin(&second, check->seed)) {
        check_spec(check, &second, "on a second instance");
        move = arq_player_follow(&second, 0, ARQ_CHECK_MOVES);
    }
    arq_player_destroy(&second);
    if (move < ARQ_CHECK_MOVES) {
        arq_check_report(check, ARQ_PROMISE_SEED_OTHER_INSTANCE,
                         "reset(seed %" PRIu64 ") on a second instance: move %" PRIu32
                         " differs from the first instance; all that follows must be a function of the seed and the "
                         "actions",
                         check->seed, move);
    }
    if (move != ARQ_CHECK_MOVES) {
        return 0;
    }
    move = follow_in_company(check);
    if (move < ARQ_CHECK_MOVES) {
        arq_check_report(check, ARQ_PROMISE_INSTANCES_APART,
                         "two instances played in turns: move %" PRIu32
                         " of the first differs from playing it alone; instances must share no mutable state",
                         move);
    }
    return move == ARQ_CHECK_MOVES;
}

/* One episode, or several when they end early, up to the time limit. */
static void check_time_limit(arq_check *check)
{
    enum { LONGEST = 20000 };
    arq_player player;
    if (check->spec.time_limit == 0 || check->spec.time_limit > LONGEST) {
        return;
    }
    int goes_on = arq_player_create(check, &player) && arq_player_begin(&player, check->seed);
    for (uint32_t step = 0; goes_on && step < 2 * LONGEST && player.step <= check->spec.time_limit; step++) {
        if (player.truncated == 1) {
            break;
        }
        goes_on = player.ended ? arq_player_reset(&player, NULL) : arq_player_step(&player);
    }
    arq_player_destroy(&player);
}

static void judge_name(arq_check *check, const char *method, uint32_t index, const char *name, const char *again)
{
    if (name != NULL && (name[0] == '\0' || strlen(name) > 64)) {
        arq_check_report(check, ARQ_PROMISE_NAMES, "%s(%" PRIu32 ") has %zu characters; 1 .. 64 or NULL are accepted",
                         method, index, strlen(name));
    } else if ((name == NULL) != (again == NULL) || (name != NULL && strcmp(name, again) != 0)) {
        arq_check_report(check, ARQ_PROMISE_NAMES, "%s(%" PRIu32 ") is '%.64s', then '%.64s'; it must stay the same",
                         method, index, name == NULL ? "NULL" : name, again == NULL ? "NULL" : again);
    }
}

static void check_names(arq_check *check)
{
    enum { MOST = 256 };
    const arq_env_spec *spec = &check->spec;
    const arq_env_methods *methods = &check->methods;
    arq_player player;
    if (arq_player_create(check, &player)) {
        for (uint32_t i = 0; methods->action_name != NULL && i < spec->action_count && i < MOST; i++) {
            const char *name = methods->action_name(player.self, i);
            judge_name(check, "action_name", i, name, methods->action_name(player.self, i));
        }
        uint32_t channels =
            spec->observation_rank == 0 ? spec->observation_size : spec->observation_shape[spec->observation_rank - 1];
        for (uint32_t i = 0; methods->observation_name != NULL && i < channels && i < MOST; i++) {
            const char *name = methods->observation_name(player.self, i);
            judge_name(check, "observation_name", i, name, methods->observation_name(player.self, i));
        }
    }
    arq_player_destroy(&player);
}

/* A terminated episode gives no more rewards: a step then is refused, or gives reward 0 and terminated again. */
static void check_after_end(arq_check *check)
{
    enum { LONGEST = 20000 };
    arq_player player;
    int goes_on = arq_player_create(check, &player) && arq_player_begin(&player, check->seed);
    for (uint32_t step = 0; goes_on && step < LONGEST && player.terminated != 1; step++) {
        goes_on = player.ended ? arq_player_reset(&player, NULL) : arq_player_step(&player);
    }
    if (goes_on && player.terminated == 1) {
        player.quiet = 1;
        uint64_t said = check->said;
        uint32_t broken = check->broken;
        void (*report)(void *user, const char *line) = check->report;
        check->report = NULL; /* a refused step is right here and must not be reported */
        goes_on = arq_player_step(&player);
        check->report = report;
        check->said = said;
        check->broken = broken;
        if (goes_on && (player.reward != 0 || player.terminated != 1)) {
            arq_check_report(check, ARQ_PROMISE_AFTER_END,
                             "step after the end gave reward %g and terminated %" PRId32 " in episode %" PRIu64
                             "; it must fail, or give reward 0 and terminated 1",
                             player.reward, player.terminated, player.episode);
        }
    }
    arq_player_destroy(&player);
}

/* What follows the spec. */
static void play(arq_check *check)
{
    check->observation_bytes = arq_observation_bytes(check->spec.observation_kind, check->spec.observation_size);
    if (!arq_slots_create(check)) {
        return;
    }
    check_everything_written(check);
    int decided = !check->stop && check_seed_decides(check);
    void (*const rest[])(arq_check *) = {check_time_limit, check_names,     arq_check_save_load,
                                         arq_check_render, arq_check_batch, check_after_end};
    for (size_t i = 0; i < sizeof(rest) / sizeof(rest[0]) && !check->stop && check->status == ARQ_OK; i++) {
        /* These compare with the recorded script, which must give the same each time. */
        if (decided || (rest[i] != arq_check_save_load && rest[i] != arq_check_render && rest[i] != arq_check_batch)) {
            rest[i](check);
        }
    }
    arq_free(check->context, check->slots, check->slots_bytes, 1);
}

static void run(arq_check *check)
{
    arq_player described;
    if (first_spec(check, &described)) {
        play(check);
    }
    arq_player_destroy(&described);
}

arq_status arq_env_check(arq_context *context, const arq_env_type *type, const char *options, uint64_t seed,
                         void (*report)(void *user, const char *line), void *user, uint32_t *broken)
{
    if (context == NULL || type == NULL || broken == NULL) {
        return arq_fail(context, ARQ_E_ARGUMENT, "arq_env_check: %s is NULL",
                        context == NULL ? "context"
                        : type == NULL  ? "type"
                                        : "broken");
    }
    *broken = 0;
    arq_check *check = arq_alloc(context, 1, sizeof(*check));
    if (check == NULL) {
        return arq_fail_memory(context, "a check", sizeof(*check));
    }
    check->context = context;
    check->seed = seed;
    check->report = report;
    check->user = user;
    arq_env_type named;
    check->type = type;
    if (type->struct_size >= sizeof(named) && type->id == NULL) {
        memcpy(&named, type, sizeof(named));
        named.id = "checked/environment";
        check->type = &named;
    }
    arq_status status = ARQ_OK;
    double values[ARQ_MAX_OPTIONS];
    if (arq_env_type_validate(context, ARQ_E_FORMAT, check->type) != ARQ_OK) {
        arq_check_report_error(check, ARQ_PROMISE_TABLE, "");
    } else {
        status = arq_env_options_parse(context, check->type, options, options == NULL ? 0 : strlen(options), values);
        if (status == ARQ_OK) {
            check->options = values;
            arq_env_methods_copy(context, check->type->id, check->type->methods, &check->methods);
            run(check);
            status = check->status;
        }
    }
    *broken = check->broken;
    arq_free(context, check, 1, sizeof(*check));
    return status;
}
