/* What swims and flies in Seaquest. */
#ifndef ARQ_PLUGINS_MINATAR_SEAQUEST_ITEMS_H
#define ARQ_PLUGINS_MINATAR_SEAQUEST_ITEMS_H

#include "lanes.h"

#define FULL_LOAD 6
#define DIVER_MOVE_INTERVAL 5
#define ENEMY_SHOT_INTERVAL 10

/* What swims or flies is one number, so that one operation works on several of them at once:
 *
 *     bits 0..7 cell, 8..10 timer, 11 whether it heads right, 12..15 what it is
 *
 * The timer is 0 where a kind has none. A cell is 16 y + x + 1: a move adds or subtracts 1, and outside of the grid
 * the lower four bits are 0 or 11. */
typedef uint16_t item;

#define CELL 0xffu
#define COLUMN 0xfu
#define TIMER 0x100u
#define TIMER_BITS 7u
#define HEADS_RIGHT 0x800u
#define WHAT_UNIT 0x1000u
#define WHAT(NAME) ((item)(WHAT_##NAME * WHAT_UNIT))
#define LOOK_BITS 31u /* what it is and its heading */

enum what {
    WHAT_SUB_READY,                          /* an enemy sub by its shot timer: from 0, when it shoots, */
    WHAT_SUB_HAS_SHOT = ENEMY_SHOT_INTERVAL, /* to this */
    WHAT_FISH,
    WHAT_NO_ENEMY, /* what has these two bits is neither sub nor fish */
    WHAT_DIVER = WHAT_NO_ENEMY,
    WHAT_ENEMY_BULLET,
    WHAT_BULLET, /* of the player */
    WHAT_ANYTHING,
};

/* In the order of their moves. */
enum kind { DIVERS, ENEMY_SUBS, ENEMY_BULLETS, FISHES, KINDS };

/* Stands for a bullet that the player has not fired: it hits nothing, and counts as inside the grid. */
#define NONE ((item)(0xc5u | WHAT(BULLET)))
#define NONE_BITS 0xc0u

/* The most that play can lead to, as divers + subs + their bullets + fish: a diver comes every 30 steps and is gone
 * after 60; an enemy comes at most every step, and when they come that fast each is gone after 30; a sub shoots every
 * eleventh step, so that only subs of the last 40 steps can have a bullet on its way, one each. (The player's own, at
 * most two, stand apart.) A loaded state may hold more: what there is no room for is dropped. */
#define ITEMS (4 + 32 + 44 + 32)
#define BULLETS 2
#define STRIDE 8 /* items of one instance that one pass of a loop works on */
_Static_assert(ITEMS % STRIDE == 0, "a loop in strides stays within the items");

#define PROPERTIES(ONE, MANY)                                                                                          \
    ONE(int32_t, carried)                                                                                              \
    ONE(int32_t, ramp_index)                                                                                           \
    ONE(int16_t, oxygen)                                                                                               \
    ONE(item, older_bullet) /* of the player: NONE where there is none, and never only a newer one */                  \
    ONE(item, newer_bullet)                                                                                            \
    ONE(int8_t, sub_x)                                                                                                 \
    ONE(int8_t, sub_y)                                                                                                 \
    ONE(int8_t, sub_step) /* which way the sub faces, -1 or 1 */                                                       \
    ONE(int8_t, surfaced)                                                                                              \
    ONE(int8_t, spawn_speed)                                                                                           \
    ONE(int8_t, spawn_timer)                                                                                           \
    ONE(int8_t, diver_timer)                                                                                           \
    ONE(int8_t, move_speed)                                                                                            \
    ONE(int8_t, shot_timer)                                                                                            \
    ONE(uint8_t, count)                                                                                                \
    MANY(item, items, ITEMS, count) /* the rest: the first `count`, those of each kind in the order of their age */

MINATAR_DEFINE_STATE(seaquest, PROPERTIES)

/* Ones where a condition holds. */
static ALWAYS_INLINE item where(bool holds)
{
    return (item)(0u - holds);
}

static ALWAYS_INLINE item choose(item condition, item yes, item no)
{
    return no ^ ((yes ^ no) & condition);
}

static inline item make(uint32_t what, int32_t x, int32_t y, int32_t step, uint32_t timer)
{
    return (item)((uint32_t)(16 * y + x + 1) | timer * TIMER | (step > 0 ? HEADS_RIGHT : 0) | what * WHAT_UNIT);
}

static inline uint32_t cell_of(item it)
{
    return it & CELL;
}

/* 1 or -1. */
static inline item step_of(item it)
{
    return (item)((where((it & HEADS_RIGHT) != 0) & 2) - 1);
}

static inline item move(item it)
{
    return (item)(it + step_of(it));
}

static inline bool is_none(item it)
{
    return (it & NONE_BITS) == NONE_BITS;
}

/* Neither of these two bits is set in 0 + 5 or 11 + 5; at least one is in every number between. */
static inline bool outside(item it)
{
    return (item)((it + 5) & 10) == 0;
}

static inline uint32_t timer_of(item it)
{
    return it / TIMER & TIMER_BITS;
}

static inline uint32_t what_is(item it)
{
    return it / WHAT_UNIT;
}

static inline enum kind kind_of(item it)
{
    const uint32_t what = what_is(it);

    return what <= WHAT_SUB_HAS_SHOT ? ENEMY_SUBS
           : what == WHAT_FISH       ? FISHES
           : what == WHAT_DIVER      ? DIVERS
                                     : ENEMY_BULLETS;
}

static inline item enemy_bullet_from(item sub)
{
    return (item)((sub & (CELL | HEADS_RIGHT)) | WHAT(ENEMY_BULLET));
}

static inline uint32_t cell_at(int32_t x, int32_t y)
{
    return (uint32_t)(16 * y + x + 1);
}

/* Of any lane. */
static ALWAYS_INLINE uint8_t most_items(struct seaquest_view game, uint32_t width)
{
    uint8_t most = 0;

    for (uint32_t i = 0; i < width; i++) {
        most = game.count[i] > most ? game.count[i] : most;
    }
    return most;
}

/* Behind the items of a lane, if there is room. */
static ALWAYS_INLINE void append(struct seaquest_view game, uint32_t width, uint32_t lane, item it)
{
    if (game.count[lane] < ITEMS) {
        game.items[game.count[lane]++ * width + lane] = it;
    }
}

/* What moving everything gives. */
struct outcome {
    uint8_t reward;
    uint8_t ended;
};

/* Moves everything one after the other, as the rules say. */
struct outcome seaquest_move_in_turn(struct seaquest_state *game);

#endif
