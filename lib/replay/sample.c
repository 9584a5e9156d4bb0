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
    arq_replay_slots *slots;
    arq_random *random;
    draw_kind kind;
    uint64_t first; /* the oldest position that can be drawn */
    uint64_t next;  /* scanning: the next position to look at */
    uint64_t left;  /* scanning: those that can be drawn from there on */
    uint64_t wanted;
    arq_random start; /* of the random numbers, to find the marks again */
} sampling;

static sampling begin_draw(arq_replay *replay, uint32_t batch, int32_t distinct)
{
    arq_history *history = &replay->history;
    sampling draw = {.slots = &history->slots, .random = &replay->random, .wanted = batch, .left = history->eligible};
    /* Only the oldest transitions can lack a part of their windows, and there is none between them. */
    draw.first = history->slots.first + (history->transitions - history->eligible);
    draw.next = draw.first;
    draw.start = replay->random;
    if (distinct) {
        draw.kind = batch > history->eligible / 2 ? DRAW_SCANNING : DRAW_MARKING;
    }
    return draw;
}

static uint64_t any_position(const sampling *draw, arq_random *random)
{
    return draw->first + arq_random_below(random, draw->slots->end - draw->first);
}

/* At least one slot in four has a transition here (an episode has at least one, then its final observation), so that
 * this ends soon; marks are on at most half of them. */
static uint64_t draw_anywhere(sampling *draw)
{
    for (;;) {
        uint64_t position = any_position(draw, draw->random);
        uint8_t *flags = arq_replay_slots_flags(draw->slots, position);
        if ((*flags & (ARQ_SLOT_TRANSITION | ARQ_SLOT_DRAWN)) == ARQ_SLOT_TRANSITION) {
            *flags |= draw->kind == DRAW_MARKING ? ARQ_SLOT_DRAWN : 0;
            return position;
        }
    }
}

static uint64_t draw_scanning(sampling *draw)
{
    for (;;) {
        uint64_t position = draw->next++;
        if ((*arq_replay_slots_flags(draw->slots, position) & ARQ_SLOT_TRANSITION) != 0 &&
            arq_random_below(draw->random, draw->left--) < draw->wanted) {
            draw->wanted--;
            return position;
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
        *arq_replay_slots_flags(draw->slots, any_position(draw, &again)) &= (uint8_t)~ARQ_SLOT_DRAWN;
    }
}

/* Where the next draws will look, unless one of them is drawn again: the same random numbers, ahead of time. */
static void prefetch_draws(const sampling *draw, uint32_t count)
{
    arq_random random = *draw->random;
    for (uint32_t i = 0; i < count && draw->kind != DRAW_SCANNING; i++) {
        uint64_t position = any_position(draw, &random);
        __builtin_prefetch(arq_replay_slots_flags(draw->slots, position));
        __builtin_prefetch(arq_replay_slots_age(draw->slots, position));
    }
}

static void prefetch(const arq_replay_slots *slots, uint64_t position)
{
    uint64_t head = position - *arq_replay_slots_age(slots, position);
    const char *from = arq_replay_slots_at(slots, ARQ_COLUMN_OBSERVATION, head);
    size_t bytes = (size_t)(position - head + 2) * slots->bytes[ARQ_COLUMN_OBSERVATION];
    size_t whole = arq_replay_slots_run(slots, head) * slots->bytes[ARQ_COLUMN_OBSERVATION];
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
    size_t bytes = slots->bytes[ARQ_COLUMN_OBSERVATION];
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
    size_t bytes = slots->bytes[ARQ_COLUMN_OBSERVATION];
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
    size_t bytes = replay->history.slots.bytes[ARQ_COLUMN_OBSERVATION];
    if (batch < 1) {
        return arq_fail(replay->context, ARQ_E_ARGUMENT, "batch is 0, at least 1 is expected");
    }
    if (distinct != 0 && distinct != 1) {
        return arq_fail(replay->context, ARQ_E_ARGUMENT, "distinct is %" PRId32 ", accepted are 0 and 1", distinct);
    }
    if (!arq_multiply_sizes(bytes, (size_t)replay->window + 1, &bytes) || !arq_multiply_sizes(bytes, batch, &bytes)) {
        return arq_fail(replay->context, ARQ_E_ARGUMENT, "batch is %" PRIu32 ": no memory could hold its windows",
                        batch);
    }
    if (replay->history.eligible < batch) {
        return arq_fail(replay->context, ARQ_E_ORDER,
                        "a batch of %" PRIu32 " was asked for, %" PRIu64 " transitions can be drawn", batch,
                        replay->history.eligible);
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
    const arq_replay_slots *slots = &replay->history.slots;
    size_t row_bytes = slots->bytes[ARQ_COLUMN_OBSERVATION] * ((size_t)replay->window + 1);
    sampling draw = begin_draw(replay, batch, distinct);
    uint64_t positions[AHEAD];
    for (uint32_t done = 0, count; done < batch; done += count) {
        count = batch - done < AHEAD ? batch - done : AHEAD;
        prefetch_draws(&draw, count);
        for (uint32_t i = 0; i < count; i++) {
            positions[i] = draw.kind == DRAW_SCANNING ? draw_scanning(&draw) : draw_anywhere(&draw);
            prefetch(slots, positions[i]);
        }
        for (uint32_t i = 0; i < count; i++) {
            uint32_t row = done + i;
            copy_window(slots, positions[i], replay->window, (unsigned char *)observations + row * row_bytes);
            lengths[row] = *arq_replay_slots_age(slots, positions[i]) + 1;
            memcpy(&actions[row], arq_replay_slots_at(slots, ARQ_COLUMN_ACTION, positions[i]), sizeof(*actions));
            memcpy(&rewards[row], arq_replay_slots_at(slots, ARQ_COLUMN_REWARD, positions[i]), sizeof(*rewards));
            terminated[row] = (*arq_replay_slots_flags(slots, positions[i]) & ARQ_SLOT_TERMINATED) != 0;
        }
    }
    end_draw(&draw);
    return ARQ_OK;
}
