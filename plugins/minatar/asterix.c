/* Asterix: collect gold and avoid enemies that sweep along eight rows. */
#include "lanes.h"

enum channel { PLAYER, ENEMY, TRAIL, GOLD, CHANNELS };

#define SLOTS 8 /* slot i is row i + 1 */
#define ROW_BYTES (MINATAR_SIDE * CHANNELS / 8)
#define OBSERVATION_BYTES (MINATAR_SIDE * ROW_BYTES)
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

#define PROPERTIES(ONE, MANY)                                                                                          \
    ONE(slots, slots)                                                                                                  \
    ONE(int32_t, ramp_index)                                                                                           \
    ONE(int8_t, player_x)                                                                                              \
    ONE(int8_t, player_y)                                                                                              \
    ONE(int8_t, spawn_speed)                                                                                           \
    ONE(int8_t, spawn_timer)                                                                                           \
    ONE(int8_t, move_speed)                                                                                            \
    ONE(int8_t, move_timer)                                                                                            \
    ONE(int8_t, ramp_timer)

MINATAR_DEFINE_STATE(asterix, PROPERTIES)

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
    struct asterix_state *game = &((struct asterix *)self)->state;

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

/* All slots, with one more taken if there is an empty one. */
static slots spawn(slots all, struct numpy_random_state *random)
{
    const slots right = minatar_half_the_time(random);
    const slots gold = minatar_a_third_of_the_time(random);
    const slots empty = EVERY_SLOT(1) - where_at_least(all, 1);
    const slots empty_up_to = empty * EVERY_SLOT(1); /* byte i: how many of the slots 0..i are empty */
    const int32_t count = (int32_t)(empty_up_to >> 7 * BITS_OF_SLOT);

    if (count == 0) {
        return all;
    }
    /* The slots before the chosen one are those with no more empty slots up to them than are passed over. */
    const slots passed = (slots)numpy_random_state_integer(random, 0, count);
    const slots before = (EVERY_SLOT(128 + passed) - empty_up_to) >> 7 & EVERY_SLOT(1);
    const slots slot = before * EVERY_SLOT(1) >> 7 * BITS_OF_SLOT;
    return all | ((right ? 1 : 10) | right * MOVES_RIGHT | gold * IS_GOLD) << slot * BITS_OF_SLOT;
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

/* The game gets faster. */
static ALWAYS_INLINE void speed_up(struct asterix_view game, uint32_t i)
{
    if (game.move_speed[i] > 1 && game.ramp_index[i] % 2) {
        game.move_speed[i]--;
    }
    if (game.spawn_speed[i] > 1) {
        game.spawn_speed[i]--;
    }
    game.ramp_index[i]++;
    game.ramp_timer[i] = RAMP_INTERVAL;
}

static ALWAYS_INLINE void ramp(struct asterix_view game, struct minatar_turn turn)
{
    uint8_t speeds_up[MINATAR_LANES];

    for (uint32_t i = 0; i < turn.width; i++) {
        const int8_t timer = game.ramp_timer[i];
        const int8_t goes_on = (game.spawn_speed[i] > 1) | (game.move_speed[i] > 1);
        speeds_up[i] = (uint8_t)(goes_on & (timer < 0));
        game.ramp_timer[i] = (int8_t)(timer - (goes_on & (timer >= 0)));
    }
    for (uint32_t i = 0; i < turn.count; i++) {
        if (speeds_up[i]) {
            speed_up(game, i);
        }
    }
}

/* Conditions are numbers, 0 or 1, so that there are no branches except for rare events. */
static ALWAYS_INLINE void asterix_advance(struct asterix_view game, struct minatar_turn turn)
{
    uint8_t spawns[MINATAR_LANES];
    uint32_t row_and_column[MINATAR_LANES], shift[MINATAR_LANES], moves[MINATAR_LANES], gold[MINATAR_LANES],
        enemy[MINATAR_LANES];

    for (uint32_t i = 0; i < turn.width; i++) {
        spawns[i] = (game.spawn_timer[i] == 0) & !turn.ended[i];
    }
    uint64_t spawning = minatar_lanes_where(spawns, turn.width, turn.count);
    minatar_expect_draws(turn, spawning);
    for (uint32_t i = 0; i < turn.width; i++) {
        const int8_t x = game.player_x[i], y = game.player_y[i];
        const int8_t move_timer = game.move_timer[i], move_speed = game.move_speed[i];
        const uint8_t action = turn.actions[i];
        game.player_x[i] = (int8_t)(x + ((action == MINATAR_RIGHT) & (x < 9)) - ((action == MINATAR_LEFT) & (x > 0)));
        game.player_y[i] = (int8_t)(y + ((action == MINATAR_DOWN) & (y < SLOTS)) - ((action == MINATAR_UP) & (y > 1)));
        game.move_timer[i] = (int8_t)((move_timer == 0 ? move_speed : move_timer) - 1);
        moves[i] = move_timer == 0;
    }
    while (spawning != 0) {
        const uint32_t i = minatar_next_lane(&spawning);
        game.slots[i] = spawn(game.slots[i], minatar_generator(turn, i));
        minatar_have_drawn(turn, i);
        game.spawn_timer[i] = game.spawn_speed[i];
    }
    for (uint32_t i = 0; i < turn.width; i++) {
        game.spawn_timer[i]--;
        row_and_column[i] = 0xff00u | (uint32_t)(game.player_x[i] + 1);
        shift[i] = (uint32_t)(game.player_y[i] - 1) * BITS_OF_SLOT;
    }
    for (uint32_t i = 0; i < turn.width; i++) {
        const slots where = shift[i];
        const slots row = (slots)(row_and_column[i] >> 8) << where;
        const slots column = (slots)(row_and_column[i] & 0xff) << where;
        struct meeting meeting = {0, 0};
        slots all = meet_player(game.slots[i], row, column, &meeting);
        all = move_slots(all, -(slots)moves[i]);
        game.slots[i] = meet_player(all, row, column, &meeting);
        gold[i] = meeting.gold != 0;
        enemy[i] = meeting.enemy != 0;
    }
    for (uint32_t i = 0; i < turn.width; i++) {
        turn.rewards[i] = (uint8_t)gold[i];
        turn.ended[i] |= (uint8_t)enemy[i];
    }
    if (turn.ramping) {
        ramp(game, turn);
    }
}

static ALWAYS_INLINE void asterix_observe(struct asterix_view game, uint32_t width, uint32_t count,
                                          unsigned char *observations)
{
    (void)width;
    for (uint32_t k = 0; k < count; k++) {
        unsigned char *observation = observations + k * OBSERVATION_BYTES;
        const uint32_t player = (uint32_t)(game.player_y[k] * MINATAR_SIDE + game.player_x[k]);

        /* In rising order: each word's surplus bytes are overwritten by the next row. */
        store64(observation, 0);
        for (int32_t i = 0; i < SLOTS; i++) {
            store64(observation + (i + 1) * ROW_BYTES, row_bits[of_slot(game.slots[k], i)]);
        }
        memset(observation + (SLOTS + 1) * ROW_BYTES, 0, ROW_BYTES);
        minatar_set_bit(observation, player * CHANNELS + PLAYER);
    }
}

static void slot_fields(struct asterix_state *game, struct saved_state *state, int32_t i)
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
    struct asterix_state *game = &((struct asterix *)self)->state;

    for (int32_t i = 0; i < SLOTS; i++) {
        slot_fields(game, state, i);
    }
    saved_state_i8(state, "player x", &game->player_x, 0, 9);
    saved_state_i8(state, "player y", &game->player_y, 1, SLOTS);
    saved_state_i8(state, "spawn speed", &game->spawn_speed, 1, FIRST_SPAWN_SPEED);
    saved_state_i8(state, "spawn timer", &game->spawn_timer, 0, FIRST_SPAWN_SPEED);
    saved_state_i8(state, "move speed", &game->move_speed, 1, FIRST_MOVE_SPEED);
    saved_state_i8(state, "move timer", &game->move_timer, 0, FIRST_MOVE_SPEED);
    saved_state_i8(state, "ramp timer", &game->ramp_timer, -1, RAMP_INTERVAL);
    saved_state_i32(state, "ramp index", &game->ramp_index, 0, LAST_RAMP_INDEX);
}

static const struct minatar_rules asterix_rules = {
    .id = "minatar/asterix",
    .channel_count = CHANNELS,
    .channels = channels,
    .minimal_count = 5,
    .minimal = {MINATAR_NONE, MINATAR_LEFT, MINATAR_UP, MINATAR_RIGHT, MINATAR_DOWN},
    .reward_high = 1,
    .begin = asterix_begin,
    .fields = asterix_fields,
};

MINATAR_DEFINE_TYPE(asterix, "Collect gold and keep out of the enemies' way");
