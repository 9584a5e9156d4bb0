#include "replay/history.h"

#include <inttypes.h>
#include <string.h>

/* Positions drawn ahead, so that their memory is on its way when it is copied. */
#define AHEAD 32u

typedef enum draw_kind {
    DRAW_WITH_REPLACEMENT,
    DRAW_MARKING, /* distinct: drawn ones are marked and drawn again if met */
    DRAW_SCANNING /* distinct, for a large share: in order, each with the probability that is left (Knuth, algorithm S)
                   */
} draw_kind;

typedef struct sampling {
    arq_history *history;
    arq_random *random;
    draw_kind kind;
    uint64_t reach; /* slots that a draw may meet, of all lanes one behind the other */
    uint64_t next;  /* scanning: the next of them to look at */
    uint64_t left;  /* scanning: those that can be drawn from there on */
    uint64_t wanted;
    arq_random start; /* of the random numbers, to find the marks again */
} sampling;

typedef struct slot_place {
    const arq_replay_slots *slots;
    uint64_t position;
} slot_place;

static sampling begin_draw(arq_replay *replay, uint32_t batch, int32_t distinct)
{
    arq_history *history = replay->history;
    if (!history->measured) {
        arq_history_measure(history);
    }
    sampling draw = {.history = history, .random = &replay->random, .wanted = batch, .left = history->eligible};
    draw.reach = history->lane[history->lanes - 1].reach;
    draw.start = replay->random;
    if (distinct) {
        draw.kind = batch > history->eligible / 2 ? DRAW_SCANNING : DRAW_MARKING;
    }
    return draw;
}

/* The lane is the first whose reach is beyond the index. */
static slot_place place_at(const sampling *draw, uint64_t index)
{
    const arq_lane *lane = draw->history->lane;
    uint32_t low = 0;
    uint32_t high = draw->history->lanes - 1;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (lane[middle].reach > index) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return (slot_place){&lane[low].slots, lane[low].slots.end - (lane[low].reach - index)};
}

static slot_place any_place(const sampling *draw, arq_random *random)
{
    return place_at(draw, arq_random_below(random, draw->reach));
}

static uint8_t *flags_at(slot_place place)
{
    return arq_replay_slots_flags(place.slots, place.position);
}

/* At least one slot in four has a transition here (an episode has at least one, then its final observation), so that
 * this ends soon; marks are on at most half of them. */
static slot_place draw_anywhere(sampling *draw)
{
    for (;;) {
        slot_place place = any_place(draw, draw->random);
        uint8_t *flags = flags_at(place);
        if ((*flags & (ARQ_SLOT_TRANSITION | ARQ_SLOT_DRAWN)) == ARQ_SLOT_TRANSITION) {
            *flags |= draw->kind == DRAW_MARKING ? ARQ_SLOT_DRAWN : 0;
            return place;
        }
    }
}

static slot_place draw_scanning(sampling *draw)
{
    for (;;) {
        slot_place place = place_at(draw, draw->next++);
        if ((*flags_at(place) & ARQ_SLOT_TRANSITION) != 0 &&
            arq_random_below(draw->random, draw->left--) < draw->wanted) {
            draw->wanted--;
            return place;
        }
    }
}

/* Draws the same random numbers once more: every mark is at one of them. */
static void end_draw(const sampling *draw)
{
    if (draw->kind != DRAW_MARKING) {
        return;
    }
    arq_random again = draw->start;
    while (memcmp(&again, draw->random, sizeof(again)) != 0) {
        *flags_at(any_place(draw, &again)) &= (uint8_t)~ARQ_SLOT_DRAWN;
    }
}

/* Where the next draws will look, unless one of them is drawn again: the same random numbers, ahead of time. */
static void prefetch_draws(const sampling *draw, uint32_t count)
{
    arq_random random = *draw->random;
    for (uint32_t i = 0; i < count && draw->kind != DRAW_SCANNING; i++) {
        slot_place place = any_place(draw, &random);
        __builtin_prefetch(flags_at(place));
        __builtin_prefetch(arq_replay_slots_age(place.slots, place.position));
    }
}

static void prefetch(const arq_replay_slots *slots, uint64_t position)
{
    uint64_t head = position - *arq_replay_slots_age(slots, position);
    const char *from = arq_replay_slots_at(slots, ARQ_COLUMN_OBSERVATION, head);
    size_t of_one = slots->segments->bytes[ARQ_COLUMN_OBSERVATION];
    size_t bytes = (size_t)(position - head + 2) * of_one;
    size_t whole = arq_replay_slots_run(slots, head) * of_one;
    bytes = bytes < whole ? bytes : whole;
    bytes = bytes < 4096 ? bytes : 4096;
    for (size_t i = 0; i < bytes; i += 64) {
        __builtin_prefetch(from + i);
    }
    __builtin_prefetch(from + bytes - 1); /* a line more, when they begin within one */
    __builtin_prefetch(arq_replay_slots_at(slots, ARQ_COLUMN_ACTION, position));
    __builtin_prefetch(arq_replay_slots_at(slots, ARQ_COLUMN_REWARD, position));
}

/* The observations from a position on, segment by segment. */
static void copy_observations(const arq_replay_slots *slots, uint64_t position, uint64_t count, unsigned char *out)
{
    size_t bytes = slots->segments->bytes[ARQ_COLUMN_OBSERVATION];
    while (count > 0) {
        size_t run = arq_replay_slots_run(slots, position);
        run = run < count ? run : (size_t)count;
        memcpy(out, arq_replay_slots_at(slots, ARQ_COLUMN_OBSERVATION, position), run * bytes);
        out += run * bytes;
        position += run;
        count -= run;
    }
}

/* [window + 1] observations: the window that ends at the position, then the next one. */
static void copy_window(const arq_replay_slots *slots, uint64_t position, uint32_t window, unsigned char *out)
{
    size_t bytes = slots->segments->bytes[ARQ_COLUMN_OBSERVATION];
    uint32_t age = *arq_replay_slots_age(slots, position);
    uint32_t filling = window - 1 - age;
    unsigned char *head = out + filling * bytes;
    copy_observations(slots, position - age, (uint64_t)age + 2, head);
    for (uint32_t i = 0; i < filling; i++) {
        memcpy(out + i * bytes, head, bytes);
    }
}

static arq_status check_sample(const arq_replay *replay, uint32_t batch, int32_t distinct)
{
    size_t bytes = arq_history_observation_bytes(replay->history);
    if (batch < 1) {
        return arq_fail(replay->context, ARQ_E_ARGUMENT, "batch is 0, at least 1 is expected");
    }
    if (distinct != 0 && distinct != 1) {
        return arq_fail(replay->context, ARQ_E_ARGUMENT, "distinct is %" PRId32 ", accepted are 0 and 1", distinct);
    }
    if (!arq_multiply_sizes(bytes, (size_t)replay->history->window + 1, &bytes) ||
        !arq_multiply_sizes(bytes, batch, &bytes)) {
        return arq_fail(replay->context, ARQ_E_ARGUMENT, "batch is %" PRIu32 ": no memory could hold its windows",
                        batch);
    }
    if (replay->history->eligible < batch) {
        return arq_fail(replay->context, ARQ_E_ORDER,
                        "a batch of %" PRIu32 " was asked for, %" PRIu64 " transitions can be drawn", batch,
                        replay->history->eligible);
    }
    return ARQ_OK;
}

arq_status arq_replay_sample(arq_replay *replay, uint32_t batch, int32_t distinct, void *observations, int32_t *lengths,
                             int32_t *actions, float *rewards, uint8_t *terminated)
{
    if (replay == NULL || observations == NULL || lengths == NULL || actions == NULL || rewards == NULL ||
        terminated == NULL) {
        return arq_fail(replay == NULL ? NULL : replay->context, ARQ_E_ARGUMENT, "arq_replay_sample: %s is NULL",
                        replay == NULL ? "replay" : "an output");
    }
    arq_status status = check_sample(replay, batch, distinct);
    if (status != ARQ_OK) {
        return status;
    }
    size_t row_bytes = arq_history_observation_bytes(replay->history) * ((size_t)replay->history->window + 1);
    sampling draw = begin_draw(replay, batch, distinct);
    slot_place places[AHEAD];
    for (uint32_t done = 0, count; done < batch; done += count) {
        count = batch - done < AHEAD ? batch - done : AHEAD;
        prefetch_draws(&draw, count);
        for (uint32_t i = 0; i < count; i++) {
            places[i] = draw.kind == DRAW_SCANNING ? draw_scanning(&draw) : draw_anywhere(&draw);
            prefetch(places[i].slots, places[i].position);
        }
        for (uint32_t i = 0; i < count; i++) {
            const arq_replay_slots *slots = places[i].slots;
            uint64_t position = places[i].position;
            uint32_t row = done + i;
            copy_window(slots, position, replay->history->window, (unsigned char *)observations + row * row_bytes);
            lengths[row] = *arq_replay_slots_age(slots, position) + 1;
            memcpy(&actions[row], arq_replay_slots_at(slots, ARQ_COLUMN_ACTION, position), sizeof(*actions));
            memcpy(&rewards[row], arq_replay_slots_at(slots, ARQ_COLUMN_REWARD, position), sizeof(*rewards));
            terminated[row] = (*arq_replay_slots_flags(slots, position) & ARQ_SLOT_TERMINATED) != 0;
        }
    }
    end_draw(&draw);
    return ARQ_OK;
}
