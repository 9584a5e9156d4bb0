/* Asterix: collect gold and avoid enemies that sweep along eight rows. */
#include "frame.h"

enum channel { PLAYER, ENEMY, TRAIL, GOLD, CHANNELS };

#define SLOTS 8 /* slot i is row i + 1 */
#define ROW_BYTES (MINATAR_SIDE * CHANNELS / 8)
#define FIRST_SPAWN_SPEED 10
#define FIRST_MOVE_SPEED 5
#define RAMP_INTERVAL 100
#define LAST_RAMP_INDEX 1000 /* far beyond what ramping can reach */

/* A byte for each slot, slot 0 lowest: bits 0..3 hold the column + 1, or 0 in an empty slot; one operation on the
 * number works on all of them. */
typedef uint64_t slots;

#define EVERY_SLOT(VALUE) ((slots)0x0101010101010101 * (VALUE))
#define BITS_OF_SLOT 8
#define COLUMN 15
#define MOVES_RIGHT 16
#define IS_GOLD 32

struct asterix {
    struct minatar_frame frame;
    slots slots;
    int8_t player_x, player_y;
    int8_t spawn_speed, spawn_timer;
    int8_t move_speed, move_timer;
    int8_t ramp_timer;
    int32_t ramp_index;
};

static const struct minatar_channel channels[CHANNELS] = {
    [PLAYER] = {"player", COLOUR_WHITE},
    [ENEMY] = {"enemy", COLOUR_VERMILLION},
    [TRAIL] = {"trail", COLOUR_GREY},
    [GOLD] = {"gold", COLOUR_YELLOW},
};

/* The 40 bits of a row of the observation, by the byte of its slot. */
#define BIT(X, CHANNEL) ((X) < 0 || (X) > 9 ? 0 : (uint64_t)1 << (((X) + 10) % 10 * CHANNELS + (CHANNEL)))
#define ROW(X, STEP, CHANNEL) BIT(X, CHANNEL) | BIT((X) - (STEP), TRAIL)
#define ROWS(STEP, CHANNEL)                                                                                            \
    0, ROW(0, STEP, CHANNEL), ROW(1, STEP, CHANNEL), ROW(2, STEP, CHANNEL), ROW(3, STEP, CHANNEL),                     \
        ROW(4, STEP, CHANNEL), ROW(5, STEP, CHANNEL), ROW(6, STEP, CHANNEL), ROW(7, STEP, CHANNEL),                    \
        ROW(8, STEP, CHANNEL), ROW(9, STEP, CHANNEL), 0, 0, 0, 0, 0

static const uint64_t row_bits[] = {ROWS(-1, ENEMY), ROWS(1, ENEMY), ROWS(-1, GOLD), ROWS(1, GOLD)};

static uint32_t of_slot(slots all, int32_t slot)
{
    return (uint32_t)(all >> slot * BITS_OF_SLOT) & 0xff;
}

static void asterix_begin(void *self)
{
    struct asterix *game = self;

    game->slots = 0;
    game->player_x = 5;
    game->player_y = 5;
    game->spawn_speed = FIRST_SPAWN_SPEED;
    game->spawn_timer = FIRST_SPAWN_SPEED;
    game->move_speed = FIRST_MOVE_SPEED;
    game->move_timer = FIRST_MOVE_SPEED;
    game->ramp_timer = RAMP_INTERVAL;
    game->ramp_index = 0;
}

/* 1 for each slot whose column is at least `least`, counted from 1. */
static inline slots where_at_least(slots all, uint32_t least)
{
    return ((all & EVERY_SLOT(COLUMN)) + EVERY_SLOT(128 - least)) >> 7 & EVERY_SLOT(1);
}

/* The number below 2^53 that a random double in units of 2^-53 must stay below to be less than 1/3. */
#define THIRD UINT64_C(3002399751580331)

static void spawn(struct asterix *game)
{
    struct numpy_random_state *random = &game->frame.random;
    const slots right = numpy_random_state_next53(random) >> 52 == 0;
    const slots gold = numpy_random_state_next53(random) < THIRD;
    const slots empty = EVERY_SLOT(1) - where_at_least(game->slots, 1);
    const slots empty_up_to = empty * EVERY_SLOT(1); /* byte i: how many of the slots 0..i are empty */
    const int32_t count = (int32_t)(empty_up_to >> 7 * BITS_OF_SLOT);

    if (count == 0)
        return;
    /* As many slots lie before the chosen one as have no more empty ones up to them than were passed over. */
    const slots passed = (slots)numpy_random_state_integer(random, 0, count);
    const slots before = (EVERY_SLOT(128 + passed) - empty_up_to) >> 7 & EVERY_SLOT(1);
    const slots slot = before * EVERY_SLOT(1) >> 7 * BITS_OF_SLOT;
    game->slots |= ((right ? 1 : 10) | right * MOVES_RIGHT | gold * IS_GOLD) << slot * BITS_OF_SLOT;
}

/* What the player meets: the highest bit of a slot's byte. */
struct meeting {
    slots gold, enemy;
};

/* The player stands on the slot whose byte `row` covers, at the column in that byte of `column`: gold there goes. */
static inline slots meet_player(slots all, slots row, slots column, struct meeting *meeting)
{
    const slots differs = ((all & row & EVERY_SLOT(COLUMN)) ^ column) + EVERY_SLOT(127);
    const slots met = ~differs & row & EVERY_SLOT(128);
    const slots gold = met & all * (128 / IS_GOLD);

    meeting->gold |= gold;
    meeting->enemy |= met & ~gold;
    return all & ~((gold << 1) - (gold >> 7));
}

/* All slots move by one column where `moves` is all ones, and stay where it is 0. */
static inline slots move_slots(slots all, slots moves)
{
    const slots right = all / MOVES_RIGHT & EVERY_SLOT(1);
    const slots left = where_at_least(all, 1) & ~right;
    const slots moved = all + (right & moves) - (left & moves);
    const slots inside = where_at_least(moved, 1) & ~where_at_least(moved, MINATAR_SIDE + 1);

    return moved & ((inside << BITS_OF_SLOT) - inside);
}

static void ramp(struct asterix *game)
{
    if (game->spawn_speed <= 1 && game->move_speed <= 1)
        return;
    if (game->ramp_timer >= 0) {
        game->ramp_timer--;
        return;
    }
    if (game->move_speed > 1 && game->ramp_index % 2)
        game->move_speed--;
    if (game->spawn_speed > 1)
        game->spawn_speed--;
    game->ramp_index++;
    game->ramp_timer = RAMP_INTERVAL;
}

/* Each property of many games side by side, for compilers to make vectors of the loops. Conditions are numbers, 0 or 1:
 * there are no branches but for what is seldom. */
static MINATAR_INLINE void asterix_advance(void *const *selves, uint32_t width, uint32_t count, const uint8_t *actions,
                                           uint8_t *rewards)
{
    int8_t x[MINATAR_LANES], y[MINATAR_LANES], move_timer[MINATAR_LANES], moves[MINATAR_LANES];
    slots all[MINATAR_LANES], row[MINATAR_LANES], column[MINATAR_LANES], may_move[MINATAR_LANES];
    struct meeting meeting[MINATAR_LANES];

    for (uint32_t i = 0; i < count && width > 1; i++)
        minatar_expect_draws(selves[i], ((const struct asterix *)selves[i])->spawn_timer == 0);
    for (uint32_t i = 0; i < width; i++) {
        const struct asterix *game = selves[i];
        x[i] = game->player_x;
        y[i] = game->player_y;
        move_timer[i] = game->move_timer;
    }
    for (uint32_t i = 0; i < width; i++) {
        x[i] =
            (int8_t)(x[i] + ((actions[i] == MINATAR_RIGHT) & (x[i] < 9)) - ((actions[i] == MINATAR_LEFT) & (x[i] > 0)));
        y[i] = (int8_t)(y[i] + ((actions[i] == MINATAR_DOWN) & (y[i] < SLOTS)) -
                        ((actions[i] == MINATAR_UP) & (y[i] > 1)));
        moves[i] = move_timer[i] == 0;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct asterix *game = selves[i];
        if (game->spawn_timer == 0) {
            spawn(game);
            game->spawn_timer = game->spawn_speed;
        }
    }
    for (uint32_t i = 0; i < width; i++) {
        const int32_t shift = (y[i] - 1) * BITS_OF_SLOT;
        all[i] = ((const struct asterix *)selves[i])->slots;
        row[i] = (slots)0xff << shift;
        column[i] = (slots)(x[i] + 1) << shift;
        may_move[i] = -(slots)moves[i];
        meeting[i] = (struct meeting){0, 0};
    }
    for (uint32_t i = 0; i < width; i++) {
        all[i] = meet_player(all[i], row[i], column[i], &meeting[i]);
        all[i] = move_slots(all[i], may_move[i]);
        all[i] = meet_player(all[i], row[i], column[i], &meeting[i]);
    }
    for (uint32_t i = 0; i < count; i++) {
        struct asterix *game = selves[i];
        game->slots = all[i];
        game->player_x = x[i];
        game->player_y = y[i];
        game->spawn_timer--;
        game->move_timer = (int8_t)(minatar_choose((uint32_t)moves[i], game->move_speed, game->move_timer) - 1);
        game->frame.ended = meeting[i].enemy != 0;
        rewards[i] = meeting[i].gold != 0;
        if (game->frame.ramping)
            ramp(game);
    }
}

static MINATAR_INLINE void asterix_observe(const void *self, unsigned char *observation)
{
    const struct asterix *game = self;
    const uint32_t player = (uint32_t)(game->player_y * MINATAR_SIDE + game->player_x);

    /* In rising order: each word's surplus bytes are overwritten by the next row. */
    minatar_store64(observation, 0);
    for (int32_t i = 0; i < SLOTS; i++)
        minatar_store64(observation + (i + 1) * ROW_BYTES, row_bits[of_slot(game->slots, i)]);
    memset(observation + (SLOTS + 1) * ROW_BYTES, 0, ROW_BYTES);
    minatar_set_bit(observation, player * CHANNELS + PLAYER);
}

static void slot_fields(struct asterix *game, struct saved_state *state, int32_t i)
{
    const uint32_t now = of_slot(game->slots, i);
    uint8_t column = now & COLUMN;
    uint8_t right = now / MOVES_RIGHT & 1;
    uint8_t gold = (uint8_t)(now / IS_GOLD);

    saved_state_u8(state, "slot column", &column, 0, MINATAR_SIDE);
    saved_state_u8(state, "slot moves right", &right, 0, column > 0);
    saved_state_u8(state, "slot gold", &gold, 0, column > 0);
    game->slots &= ~((slots)0xff << i * BITS_OF_SLOT);
    game->slots |= (slots)(column | right * MOVES_RIGHT | gold * IS_GOLD) << i * BITS_OF_SLOT;
}

static void asterix_fields(void *self, struct saved_state *state)
{
    struct asterix *game = self;

    for (int32_t i = 0; i < SLOTS; i++)
        slot_fields(game, state, i);
    saved_state_i8(state, "player x", &game->player_x, 0, 9);
    saved_state_i8(state, "player y", &game->player_y, 1, SLOTS);
    saved_state_i8(state, "spawn speed", &game->spawn_speed, 1, FIRST_SPAWN_SPEED);
    saved_state_i8(state, "spawn timer", &game->spawn_timer, 0, FIRST_SPAWN_SPEED);
    saved_state_i8(state, "move speed", &game->move_speed, 1, FIRST_MOVE_SPEED);
    saved_state_i8(state, "move timer", &game->move_timer, 0, FIRST_MOVE_SPEED);
    saved_state_i8(state, "ramp timer", &game->ramp_timer, -1, RAMP_INTERVAL);
    saved_state_i32(state, "ramp index", &game->ramp_index, 0, LAST_RAMP_INDEX);
}

static const struct minatar_game asterix_game = {
    .id = "minatar/asterix",
    .bytes = sizeof(struct asterix),
    .channel_count = CHANNELS,
    .channels = channels,
    .minimal_count = 5,
    .minimal = {MINATAR_NONE, MINATAR_LEFT, MINATAR_UP, MINATAR_RIGHT, MINATAR_DOWN},
    .reward_high = 1,
    .begin = asterix_begin,
    .observe = asterix_observe,
    .fields = asterix_fields,
};

MINATAR_DEFINE_TYPE(asterix, "Collect gold and keep out of the enemies' way");
