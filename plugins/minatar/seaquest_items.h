/* What swims and flies in Seaquest. */
#ifndef ARQ_PLUGINS_MINATAR_SEAQUEST_ITEMS_H
#define ARQ_PLUGINS_MINATAR_SEAQUEST_ITEMS_H

#include "frame.h"

#define FULL_LOAD 6
#define DIVER_MOVE_INTERVAL 5
#define ENEMY_SHOT_INTERVAL 10

/* What swims or flies is one number, so that a few operations move several of them at once:
 *
 *     bits 0..7 cell, 8..11 timer, 12..15 shot timer, 16 whether it heads right, 17..18 kind
 *
 * The timers are 0 where a kind has none. A cell is 16 y + x + 1: a move adds or subtracts 1, and outside of the grid
 * the lower four bits are 0 or more than 10. */
typedef uint32_t item;

#define CELL 0xffu
#define COLUMN 0xfu
#define TIMER 0x100u
#define SHOT_TIMER 0x1000u
#define TIMER_BITS 0xfu
#define HEADS_RIGHT 0x10000u
#define KIND 0x20000u
#define KIND_BITS 3u
#define LOOK_BITS 7u /* kind and heading */

enum kind { DIVERS, ENEMY_SUBS, ENEMY_BULLETS, FISHES, KINDS };

/* An item that is none: it meets nothing, is not outside, and lies in no row of the grid. */
#define NONE (0xc5u | ENEMY_BULLETS * KIND)
#define NONE_BITS 0xc0u

/* There can be no more: the player shoots every fifth step, and a bullet is gone after nine more; a diver comes every
 * 30 steps and is gone after 60; an enemy comes at most every step, and once it does, enemies are gone after 30; a sub
 * shoots every eleventh step, so that only subs of the last 40 steps can have a bullet on its way, one each. A state
 * from elsewhere may hold more than play leads to: what there is no room for is dropped. */
#define BULLETS 2
#define ITEMS (4 + 32 + 44 + 32)
#define STRIDE 4 /* items that are gone through at once: they are filled up with as many that are none */

struct seaquest {
    struct minatar_frame frame;
    int32_t carried;
    int32_t ramp_index;
    int16_t oxygen;
    int8_t sub_x, sub_y;
    int8_t sub_step; /* which way the sub faces, -1 or 1 */
    int8_t surfaced;
    int8_t spawn_speed, spawn_timer;
    int8_t diver_timer;
    int8_t move_speed;
    int8_t shot_timer;
    uint8_t count;             /* of items */
    item bullet[BULLETS];      /* the player's, the older one first; NONE where there is none */
    item item[ITEMS + STRIDE]; /* all else, those of each kind in the order of their age */
};

static inline item make(enum kind kind, int32_t x, int32_t y, int32_t step, uint32_t timer, uint32_t shot_timer)
{
    return (uint32_t)(16 * y + x + 1) | timer * TIMER | shot_timer * SHOT_TIMER | (step > 0 ? HEADS_RIGHT : 0) |
           (uint32_t)kind * KIND;
}

static inline uint32_t cell_of(item it)
{
    return it & CELL;
}

static inline item move(item it)
{
    return it - 1 + (it / HEADS_RIGHT & 1) * 2;
}

static inline uint32_t is_none(item it)
{
    return (it & NONE_BITS) == NONE_BITS;
}

static inline uint32_t outside(item it)
{
    return ((it + 5) & COLUMN) < 6; /* 0 or more than 10, in one comparison */
}

static inline uint32_t timer_of(item it)
{
    return it / TIMER & TIMER_BITS;
}

static inline uint32_t shot_timer_of(item it)
{
    return it / SHOT_TIMER & TIMER_BITS;
}

static inline uint32_t kind_of(item it)
{
    return it / KIND & KIND_BITS;
}

static inline uint32_t sub_cell(const struct seaquest *game)
{
    return (uint32_t)(16 * game->sub_y + game->sub_x + 1);
}

/* Ones where a condition holds. */
static inline uint32_t where(bool holds)
{
    return holds ? ~0u : 0;
}

/* How many items to go through, several at once, for the rest are none. At least that many: few items are the rule, and
 * a branch would only be mispredicted. */
static inline uint32_t rounded_count(const struct seaquest *game)
{
    const uint32_t least = game->count + (game->count == 0);

    return (least + STRIDE - 1) / STRIDE * STRIDE;
}

/* All items from here on are none. */
static inline void cut_off(struct seaquest *game, uint32_t count)
{
    for (uint32_t i = count; i < game->count; i++)
        game->item[i] = NONE;
    game->count = (uint8_t)count;
}

static inline void append(struct seaquest *game, item it)
{
    if (game->count < ITEMS)
        game->item[game->count++] = it;
}

static inline void erase(struct seaquest *game, int32_t i)
{
    memmove(game->item + i, game->item + i + 1, (size_t)(game->count - 1 - i) * sizeof *game->item);
    cut_off(game, game->count - 1u);
}

static inline void erase_bullet(struct seaquest *game, int32_t i)
{
    game->bullet[0] = i == 0 ? game->bullet[1] : game->bullet[0];
    game->bullet[1] = NONE;
}

static inline void move_enemy_bullet(struct seaquest *game, int32_t i)
{
    const item before = game->item[i];
    const item after = move(before);

    if (cell_of(before) == sub_cell(game) || cell_of(after) == sub_cell(game))
        game->frame.ended = 1;
    game->item[i] = after;
    if (outside(after))
        erase(game, i);
}

/* Moves everything one after the other, as the rules say. Returns the reward. */
uint32_t seaquest_move_in_turn(struct seaquest *game);

#endif
