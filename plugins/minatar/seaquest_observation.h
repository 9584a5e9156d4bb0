/* What Seaquest shows. */
#ifndef ARQ_PLUGINS_MINATAR_SEAQUEST_OBSERVATION_H
#define ARQ_PLUGINS_MINATAR_SEAQUEST_OBSERVATION_H

#include "seaquest_items.h"

enum channel {
    SUB_FRONT,
    SUB_BACK,
    FRIENDLY_BULLET,
    TRAIL,
    ENEMY_BULLET,
    FISH,
    ENEMY_SUB,
    OXYGEN,
    CARRIED,
    DIVER,
    CHANNELS
};

#define OXYGEN_OF_COLUMN 20
#define OBSERVATION_BYTES MINATAR_OBSERVATION_BYTES(CHANNELS)

/* Where x is the column: bits of row 9, which are the last 100 of the observation, from its fifth bit on: the first
 * eight bytes and, overlapping, the last eight. */
struct last_row {
    uint64_t low, high;
};

#define ROW_BIT(X, CHANNEL) (4 + (X)*CHANNELS + (CHANNEL))
#define LOW(BIT) ((BIT) < 64 ? (uint64_t)1 << (BIT) % 64 : 0)
#define HIGH(BIT) ((BIT) < 40 ? 0 : (uint64_t)1 << ((BIT) + 64 - 40) % 64)

/* A channel in the columns from one on and before another. */
#define IN(WORD, X, FROM, TO, CHANNEL) ((X) >= (FROM) && (X) < (TO) ? WORD(ROW_BIT(X, CHANNEL)) : 0)
#define ALONG(WORD, FROM, TO, CHANNEL)                                                                                 \
    (IN(WORD, 0, FROM, TO, CHANNEL) | IN(WORD, 1, FROM, TO, CHANNEL) | IN(WORD, 2, FROM, TO, CHANNEL) |                \
     IN(WORD, 3, FROM, TO, CHANNEL) | IN(WORD, 4, FROM, TO, CHANNEL) | IN(WORD, 5, FROM, TO, CHANNEL) |                \
     IN(WORD, 6, FROM, TO, CHANNEL) | IN(WORD, 7, FROM, TO, CHANNEL) | IN(WORD, 8, FROM, TO, CHANNEL) |                \
     IN(WORD, 9, FROM, TO, CHANNEL))
#define LAST_ROW(FROM, TO, CHANNEL)                                                                                    \
    {                                                                                                                  \
        ALONG(LOW, FROM, TO, CHANNEL), ALONG(HIGH, FROM, TO, CHANNEL)                                                  \
    }

/* By how many columns of oxygen are left. */
static const struct last_row oxygen_rows[MINATAR_SIDE + 1] = {
    LAST_ROW(0, 0, OXYGEN), LAST_ROW(0, 1, OXYGEN), LAST_ROW(0, 2, OXYGEN), LAST_ROW(0, 3, OXYGEN),
    LAST_ROW(0, 4, OXYGEN), LAST_ROW(0, 5, OXYGEN), LAST_ROW(0, 6, OXYGEN), LAST_ROW(0, 7, OXYGEN),
    LAST_ROW(0, 8, OXYGEN), LAST_ROW(0, 9, OXYGEN), LAST_ROW(0, 10, OXYGEN)};

/* By how many divers are carried: they end in column 8. */
static const struct last_row carried_rows[FULL_LOAD + 1] = {
    LAST_ROW(9, 9, CARRIED), LAST_ROW(8, 9, CARRIED), LAST_ROW(7, 9, CARRIED), LAST_ROW(6, 9, CARRIED),
    LAST_ROW(5, 9, CARRIED), LAST_ROW(4, 9, CARRIED), LAST_ROW(3, 9, CARRIED)};

/* Where an item and its trail are shown, from the byte on that its row begins in, by what it is and its heading, and by
 * the lower five bits of its cell: of rows with odd numbers the first bit is the fifth of a byte. What leaves no trail
 * is shown twice. */
struct marks {
    uint8_t own_byte, own_bit;
    uint8_t trail_byte, trail_bit;
};

#define LOW_CELLS 32
#define BYTE_AND_BIT(BIT) (BIT) / 8, 1 << (BIT) % 8
#define IN_ROW(X, CHANNEL, FIRST) ((FIRST) + (X)*CHANNELS + (CHANNEL))
#define LEAVES_TRAIL(X, STEP, CHANNEL)                                                                                 \
    ((CHANNEL) != ENEMY_BULLET && (CHANNEL) != FRIENDLY_BULLET && (X) - (STEP) >= 0 && (X) - (STEP) <= 9)
#define MARK(X, STEP, CHANNEL, FIRST)                                                                                  \
    {                                                                                                                  \
        BYTE_AND_BIT(IN_ROW(X, CHANNEL, FIRST)),                                                                       \
            BYTE_AND_BIT(LEAVES_TRAIL(X, STEP, CHANNEL) ? IN_ROW((X) - (STEP), TRAIL, FIRST)                           \
                                                        : IN_ROW(X, CHANNEL, FIRST))                                   \
    }
#define MARKS_IN_ROW(STEP, CHANNEL, FIRST)                                                                             \
    MARK(0, STEP, CHANNEL, FIRST), MARK(1, STEP, CHANNEL, FIRST), MARK(2, STEP, CHANNEL, FIRST),                       \
        MARK(3, STEP, CHANNEL, FIRST), MARK(4, STEP, CHANNEL, FIRST), MARK(5, STEP, CHANNEL, FIRST),                   \
        MARK(6, STEP, CHANNEL, FIRST), MARK(7, STEP, CHANNEL, FIRST), MARK(8, STEP, CHANNEL, FIRST),                   \
        MARK(9, STEP, CHANNEL, FIRST)
#define MARKS(LOOK, STEP, CHANNEL)                                                                                     \
    [(LOOK)*LOW_CELLS + 1] = MARKS_IN_ROW(STEP, CHANNEL, 0), [(LOOK)*LOW_CELLS + 17] = MARKS_IN_ROW(STEP, CHANNEL, 4)
#define MARKS_OF(WHAT, CHANNEL) MARKS(2 * (WHAT), -1, CHANNEL), MARKS(2 * (WHAT) + 1, 1, CHANNEL)

static const struct marks marks_of[(LOOK_BITS + 1) * LOW_CELLS] = {
    MARKS_OF(0, ENEMY_SUB),
    MARKS_OF(1, ENEMY_SUB),
    MARKS_OF(2, ENEMY_SUB),
    MARKS_OF(3, ENEMY_SUB),
    MARKS_OF(4, ENEMY_SUB),
    MARKS_OF(5, ENEMY_SUB),
    MARKS_OF(6, ENEMY_SUB),
    MARKS_OF(7, ENEMY_SUB),
    MARKS_OF(8, ENEMY_SUB),
    MARKS_OF(9, ENEMY_SUB),
    MARKS_OF(10, ENEMY_SUB),
    MARKS_OF(WHAT_FISH, FISH),
    MARKS_OF(WHAT_DIVER, DIVER),
    MARKS_OF(WHAT_ENEMY_BULLET, ENEMY_BULLET),
    MARKS_OF(WHAT_BULLET, FRIENDLY_BULLET),
};

/* Marks an item of each lane that has it. */
static ALWAYS_INLINE void mark_lanes(unsigned char *observations, const uint8_t *exists, uint32_t width, uint32_t count,
                                     const item *items)
{
    uint64_t lanes = minatar_lanes_where(exists, width, count);
    uint16_t look[MINATAR_LANES], row[MINATAR_LANES];

    if (lanes == 0) {
        return;
    }
    for (uint32_t i = 0; i < width; i++) {
        look[i] = (uint16_t)(items[i] / HEADS_RIGHT * LOW_CELLS | items[i] % LOW_CELLS);
        row[i] = (uint16_t)(cell_of(items[i]) / 16 * MINATAR_SIDE * CHANNELS / 8);
    }
    while (lanes != 0) {
        const uint32_t i = minatar_next_lane(&lanes);
        const struct marks *marks = &marks_of[look[i]];
        unsigned char *bytes = observations + i * OBSERVATION_BYTES + row[i];
        bytes[marks->own_byte] |= marks->own_bit;
        bytes[marks->trail_byte] |= marks->trail_bit;
    }
}

/* Everything except the items: where nothing is, the sub and the last row. */
static ALWAYS_INLINE void show_all_else(struct seaquest_view game, uint32_t width, uint32_t count,
                                        unsigned char *observations)
{
    uint16_t first_bit[MINATAR_LANES], sub_bits[MINATAR_LANES]; /* from there on */
    uint8_t oxygen[MINATAR_LANES], carried[MINATAR_LANES];

    for (uint32_t i = 0; i < width; i++) {
        const uint16_t front = (uint16_t)((game.sub_y[i] * MINATAR_SIDE + game.sub_x[i]) * CHANNELS + SUB_FRONT);
        const uint16_t right = where(game.sub_step[i] > 0);
        first_bit[i] = (uint16_t)(front - (right & (CHANNELS - SUB_BACK)));
        sub_bits[i] = choose(right, 1 << (CHANNELS - SUB_BACK) | 1, 1 << (CHANNELS + SUB_BACK) | 1);
    }
    for (uint32_t i = 0; i < width; i++) {
        oxygen[i] = (uint8_t)((game.oxygen[i] < 0 ? 0 : game.oxygen[i]) / OXYGEN_OF_COLUMN);
    }
    for (uint32_t i = 0; i < width; i++) {
        carried[i] = (uint8_t)minatar_clamp(game.carried[i], 0, FULL_LOAD);
    }
    for (uint32_t i = 0; i < count; i++) {
        unsigned char *observation = observations + i * OBSERVATION_BYTES;
        const struct last_row *row_of_oxygen = &oxygen_rows[oxygen[i]];
        const struct last_row *row_of_carried = &carried_rows[carried[i]];
        /* In parts, as one of the whole size is compiled into a slow string instruction. */
        memset(observation, 0, 64);
        memset(observation + 64, 0, 48);
        store64(observation + first_bit[i] / 8, (uint64_t)sub_bits[i] << first_bit[i] % 8);
        store64(observation + OBSERVATION_BYTES - 13, row_of_oxygen->low | row_of_carried->low);
        store64(observation + OBSERVATION_BYTES - 8, row_of_oxygen->high | row_of_carried->high);
    }
}

static ALWAYS_INLINE void seaquest_observe(struct seaquest_view game, uint32_t width, uint32_t count,
                                           unsigned char *observations)
{
    uint8_t exists[MINATAR_LANES];
    uint8_t item_count[MINATAR_LANES]; /* a copy, that compilers know from the observation */
    const uint8_t most = most_items(game, width);

    memcpy(item_count, game.count, width);
    show_all_else(game, width, count, observations);
    for (uint32_t i = 0; i < width; i++) {
        exists[i] = !is_none(game.older_bullet[i]);
    }
    mark_lanes(observations, exists, width, count, game.older_bullet);
    for (uint32_t i = 0; i < width; i++) {
        exists[i] = !is_none(game.newer_bullet[i]);
    }
    mark_lanes(observations, exists, width, count, game.newer_bullet);
    for (uint32_t k = 0; k < most; k++) {
        for (uint32_t i = 0; i < width; i++) {
            exists[i] = k < item_count[i];
        }
        mark_lanes(observations, exists, width, count, game.items + k * width);
    }
}

#endif
