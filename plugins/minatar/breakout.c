/* Breakout: a ball, a paddle on the bottom row and three rows of bricks. */
#include "lanes.h"

enum channel { PADDLE, BALL, TRAIL, BRICK, CHANNELS };

#define TOP_BRICK_ROW 1
#define OBSERVATION_BYTES (MINATAR_CELLS * CHANNELS / 8)
#define BRICK_FIRST_BYTE (TOP_BRICK_ROW * MINATAR_SIDE * CHANNELS / 8) /* rows 1..3 are exactly bytes 5..19 */
#define PADDLE_ROW 9

#define PROPERTIES(ONE, MANY)                                                                                          \
    ONE(uint64_t, upper_bricks) /* bits of rows 1..3 of the observation, the brick channel alone */                    \
    ONE(uint64_t, lower_bricks)                                                                                        \
    ONE(int8_t, x) /* of the ball */                                                                                   \
    ONE(int8_t, y)                                                                                                     \
    ONE(int8_t, step_x) /* its heading, each -1 or 1 */                                                                \
    ONE(int8_t, step_y)                                                                                                \
    ONE(int8_t, trail_x)                                                                                               \
    ONE(int8_t, trail_y)                                                                                               \
    ONE(int8_t, paddle_x)                                                                                              \
    ONE(int8_t, strike) /* the ball met a brick in the step before */

MINATAR_DEFINE_STATE(breakout, PROPERTIES)

static const struct minatar_channel channels[CHANNELS] = {
    [PADDLE] = {"paddle", COLOUR_WHITE},
    [BALL] = {"ball", COLOUR_YELLOW},
    [TRAIL] = {"trail", COLOUR_GREY},
    [BRICK] = {"brick", COLOUR_VERMILLION},
};

#define ALL_UPPER_BRICKS UINT64_C(0x8888888888888888)
#define ALL_LOWER_BRICKS UINT64_C(0x0088888888888888)

static void breakout_begin(void *self)
{
    struct breakout *game = self;
    struct breakout_state *state = &game->state;
    bool from_left = numpy_random_state_integer(&game->frame.random, 0, 2) == 0;

    state->upper_bricks = ALL_UPPER_BRICKS;
    state->lower_bricks = ALL_LOWER_BRICKS;
    state->x = from_left ? 0 : 9;
    state->y = 3;
    state->step_x = from_left ? 1 : -1;
    state->step_y = 1;
    state->trail_x = state->x;
    state->trail_y = state->y;
    state->paddle_x = 4;
    state->strike = 0;
}

/* Where the ball and the paddle would go if nothing else were there: y may leave the grid at its top. */
static ALWAYS_INLINE void move_ball(struct breakout_view game, struct minatar_turn turn)
{
    for (uint32_t i = 0; i < turn.width; i++) {
        const int8_t x = game.x[i], y = game.y[i], paddle_x = game.paddle_x[i], step_x = game.step_x[i];
        const int8_t left = (turn.actions[i] == MINATAR_LEFT) & (paddle_x > 0);
        const int8_t right = (turn.actions[i] == MINATAR_RIGHT) & (paddle_x < 9);
        const int8_t free_x = (int8_t)(x + step_x);
        const int8_t leaves = (free_x < 0) | (free_x > 9);
        game.paddle_x[i] = (int8_t)(paddle_x + right - left);
        game.trail_x[i] = x;
        game.trail_y[i] = y;
        game.x[i] = leaves ? x : free_x;
        game.y[i] = (int8_t)(y + game.step_y[i]);
        game.step_x[i] = leaves ? (int8_t)-step_x : step_x;
    }
}

/* Takes the brick where the ball is, unless it met one in the step before. */
static ALWAYS_INLINE void meet_bricks(struct breakout_view game, struct minatar_turn turn)
{
    uint32_t place[MINATAR_LANES], may_take[MINATAR_LANES], contact[MINATAR_LANES], taken[MINATAR_LANES];

    for (uint32_t i = 0; i < turn.width; i++) {
        place[i] = (uint8_t)((game.y[i] - TOP_BRICK_ROW) * MINATAR_SIDE + game.x[i]); /* large outside of these rows */
        may_take[i] = !game.strike[i];
    }
    for (uint32_t i = 0; i < turn.width; i++) {
        const uint64_t bit = (uint64_t)place[i] * CHANNELS + BRICK;
        const uint64_t shift = bit % 64;
        const uint64_t in_upper = -(uint64_t)(bit / 64 == 0);
        const uint64_t in_lower = -(uint64_t)(bit / 64 == 1);
        const uint64_t found = ((game.upper_bricks[i] & in_upper) | (game.lower_bricks[i] & in_lower)) >> shift & 1;
        const uint64_t takes = found & may_take[i];
        const uint64_t brick = takes << shift;
        game.upper_bricks[i] ^= brick & in_upper;
        game.lower_bricks[i] ^= brick & in_lower;
        contact[i] = (uint32_t)found;
        taken[i] = (uint32_t)takes;
    }
    for (uint32_t i = 0; i < turn.width; i++) {
        game.strike[i] = (int8_t)contact[i];
        turn.rewards[i] = (uint8_t)taken[i];
    }
}

/* Conditions are numbers, 0 or 1, so that there are no branches except for rare events. */
static ALWAYS_INLINE void breakout_advance(struct breakout_view game, struct minatar_turn turn)
{
    int8_t bottom[MINATAR_LANES];

    move_ball(game, turn);
    meet_bricks(game, turn);
    for (uint32_t i = 0; i < turn.width; i++) {
        const int8_t x = game.x[i], y = game.y[i], step_x = game.step_x[i], step_y = game.step_y[i];
        const int8_t trail_x = game.trail_x[i], trail_y = game.trail_y[i], paddle_x = game.paddle_x[i];
        const int8_t taken = (int8_t)turn.rewards[i];
        const int8_t above = y < 0;
        const int8_t at_bottom = y == PADDLE_ROW;
        const int8_t on_top = at_bottom & (trail_x == paddle_x);
        const int8_t on_side = at_bottom & (trail_x != paddle_x) & (x == paddle_x);
        const int8_t returns = on_top | on_side | taken;
        bottom[i] = at_bottom;
        turn.ended[i] |= (uint8_t)(at_bottom & !returns);
        game.step_x[i] = on_side ? (int8_t)-step_x : step_x;
        game.step_y[i] = (returns | above) ? (int8_t)-step_y : step_y;
        game.y[i] = (returns | above) ? trail_y : y; /* above the grid it comes from row 0 */
    }
    for (uint32_t i = 0; i < turn.count; i++) {
        if (!(game.upper_bricks[i] | game.lower_bricks[i]) && bottom[i]) { /* the rarer condition first */
            game.upper_bricks[i] = ALL_UPPER_BRICKS;
            game.lower_bricks[i] = ALL_LOWER_BRICKS;
        }
    }
}

static ALWAYS_INLINE void breakout_observe(struct breakout_view game, uint32_t width, uint32_t count,
                                           unsigned char *observations)
{
    uint16_t ball[MINATAR_LANES], trail[MINATAR_LANES], paddle[MINATAR_LANES];

    for (uint32_t i = 0; i < width; i++) {
        ball[i] = (uint16_t)((game.y[i] * MINATAR_SIDE + game.x[i]) * CHANNELS + BALL);
        trail[i] = (uint16_t)((game.trail_y[i] * MINATAR_SIDE + game.trail_x[i]) * CHANNELS + TRAIL);
        paddle[i] = (uint16_t)((PADDLE_ROW * MINATAR_SIDE + game.paddle_x[i]) * CHANNELS + PADDLE);
    }
    for (uint32_t i = 0; i < count; i++) {
        unsigned char *observation = observations + i * OBSERVATION_BYTES;

        memset(observation, 0, OBSERVATION_BYTES);
        store64(observation + BRICK_FIRST_BYTE, game.upper_bricks[i]);
        store64(observation + BRICK_FIRST_BYTE + 8, game.lower_bricks[i]);
        minatar_set_bit(observation, paddle[i]);
        minatar_set_bit(observation, ball[i]);
        minatar_set_bit(observation, trail[i]);
    }
}

static void breakout_fields(void *self, struct saved_state *state)
{
    struct breakout *game = self;
    struct breakout_state *own = &game->state;

    saved_state_u64(state, "bricks of the upper rows", &own->upper_bricks, 0, ALL_UPPER_BRICKS);
    saved_state_u64(state, "bricks of the lower rows", &own->lower_bricks, 0, ALL_LOWER_BRICKS);
    saved_state_i8(state, "ball x", &own->x, 0, 9);
    saved_state_i8(state, "ball y", &own->y, 0, 9);
    saved_state_i8(state, "ball heading x", &own->step_x, -1, 1);
    saved_state_i8(state, "ball heading y", &own->step_y, -1, 1);
    saved_state_i8(state, "trail x", &own->trail_x, 0, 9);
    saved_state_i8(state, "trail y", &own->trail_y, 0, 9);
    saved_state_i8(state, "paddle x", &own->paddle_x, 0, 9);
    saved_state_i8(state, "strike", &own->strike, 0, 1);
    saved_state_require(state, own->step_x != 0 && own->step_y != 0, "the ball always moves");
    saved_state_require(state, game->frame.ended || own->y != PADDLE_ROW, "a ball on the bottom row is lost");
    saved_state_require(state, !(own->upper_bricks & ~ALL_UPPER_BRICKS) && !(own->lower_bricks & ~ALL_LOWER_BRICKS),
                        "bricks lie in the brick channel of rows 1 to 3");
}

static const struct minatar_rules breakout_rules = {
    .id = "minatar/breakout",
    .channel_count = CHANNELS,
    .channels = channels,
    .minimal_count = 3,
    .minimal = {MINATAR_NONE, MINATAR_LEFT, MINATAR_RIGHT},
    .reward_high = 1,
    .begin = breakout_begin,
    .fields = breakout_fields,
};

MINATAR_DEFINE_TYPE(breakout, "Keep a ball in play and break three rows of bricks with it");
