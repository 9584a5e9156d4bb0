/* Breakout: a ball, a paddle on the bottom row and three rows of bricks. */
#include "frame.h"

enum channel { PADDLE, BALL, TRAIL, BRICK, CHANNELS };

#define TOP_BRICK_ROW 1
#define BRICK_BITS (3 * MINATAR_SIDE * CHANNELS) /* rows 1..3 of the observation: exactly bytes 5..19 */
#define BRICK_FIRST_BYTE (TOP_BRICK_ROW * MINATAR_SIDE * CHANNELS / 8)
#define PADDLE_ROW 9

struct breakout {
    struct minatar_frame frame;
    uint64_t bricks[2]; /* bits of rows 1..3 of the observation, the brick channel alone */
    int8_t ball_x, ball_y;
    int8_t step_x, step_y; /* the ball's heading, each -1 or 1 */
    int8_t trail_x, trail_y;
    int8_t paddle_x;
    int8_t strike; /* the ball met a brick in the step before */
};

static const struct minatar_channel channels[CHANNELS] = {
    [PADDLE] = {"paddle", COLOUR_WHITE},
    [BALL] = {"ball", COLOUR_YELLOW},
    [TRAIL] = {"trail", COLOUR_GREY},
    [BRICK] = {"brick", COLOUR_VERMILLION},
};

static const uint64_t all_bricks[2] = {0x8888888888888888, 0x0088888888888888};

static void fill_bricks(struct breakout *game)
{
    memcpy(game->bricks, all_bricks, sizeof game->bricks);
}

static void breakout_begin(void *self)
{
    struct breakout *game = self;
    bool from_left = numpy_random_state_integer(&game->frame.random, 0, 2) == 0;

    fill_bricks(game);
    game->ball_x = from_left ? 0 : 9;
    game->ball_y = 3;
    game->step_x = from_left ? 1 : -1;
    game->step_y = 1;
    game->trail_x = game->ball_x;
    game->trail_y = game->ball_y;
    game->paddle_x = 4;
    game->strike = 0;
}

/* The ball comes to the paddle's row at column x; true if it bounces off the paddle. */
static bool meet_paddle(struct breakout *game, int32_t x)
{
    if (!(game->bricks[0] | game->bricks[1]))
        fill_bricks(game);
    if (game->ball_x == game->paddle_x) {
        game->step_y = (int8_t)-game->step_y;
        return true;
    }
    if (x == game->paddle_x) {
        game->step_x = (int8_t)-game->step_x;
        game->step_y = (int8_t)-game->step_y;
        return true;
    }
    game->frame.ended = 1;
    return false;
}

/* The ball comes to (x, y); true if it takes a brick there and bounces. */
static bool meet_brick(struct breakout *game, uint64_t *bricks, uint64_t brick)
{
    bool taken = !game->strike;

    if (taken) {
        *bricks &= ~brick;
        game->step_y = (int8_t)-game->step_y;
    }
    game->strike = 1;
    return taken;
}

static int32_t breakout_advance(void *self, int32_t action)
{
    struct breakout *game = self;
    int32_t paddle = game->paddle_x + (action == MINATAR_RIGHT) - (action == MINATAR_LEFT);
    int32_t x = game->ball_x + game->step_x;
    int32_t y = game->ball_y + game->step_y;
    int32_t reward = 0;

    game->paddle_x = (int8_t)minatar_clamp(paddle, 0, 9);
    game->trail_x = game->ball_x;
    game->trail_y = game->ball_y;
    if (x < 0 || x > 9) {
        x = minatar_clamp(x, 0, 9);
        game->step_x = (int8_t)-game->step_x;
    }
    uint32_t bit = (uint32_t)(((y - TOP_BRICK_ROW) * MINATAR_SIDE + x) * CHANNELS + BRICK);
    uint64_t brick = bit < BRICK_BITS ? game->bricks[bit / 64] & (uint64_t)1 << bit % 64 : 0;
    if (brick) {
        if (meet_brick(game, &game->bricks[bit / 64], brick)) {
            reward = 1;
            y = game->ball_y;
        }
    } else {
        game->strike = 0;
        if (y < 0) {
            y = 0;
            game->step_y = (int8_t)-game->step_y;
        } else if (y == PADDLE_ROW && meet_paddle(game, x)) {
            y = game->ball_y;
        }
    }
    game->ball_x = (int8_t)x;
    game->ball_y = (int8_t)y;
    return reward;
}

static void mark(unsigned char *observation, int32_t x, int32_t y, enum channel channel)
{
    minatar_set_bit(observation, (uint32_t)(y * MINATAR_SIDE + x) * CHANNELS + channel);
}

static void breakout_observe(const void *self, unsigned char *observation)
{
    const struct breakout *game = self;

    memset(observation, 0, MINATAR_CELLS * CHANNELS / 8);
    minatar_store64(observation + BRICK_FIRST_BYTE, game->bricks[0]);
    minatar_store64(observation + BRICK_FIRST_BYTE + 8, game->bricks[1]);
    mark(observation, game->paddle_x, PADDLE_ROW, PADDLE);
    mark(observation, game->ball_x, game->ball_y, BALL);
    mark(observation, game->trail_x, game->trail_y, TRAIL);
}

static void breakout_fields(void *self, struct saved_state *state)
{
    struct breakout *game = self;

    saved_state_u64(state, "bricks of the upper rows", &game->bricks[0], 0, all_bricks[0]);
    saved_state_u64(state, "bricks of the lower rows", &game->bricks[1], 0, all_bricks[1]);
    saved_state_i8(state, "ball x", &game->ball_x, 0, 9);
    saved_state_i8(state, "ball y", &game->ball_y, 0, 9);
    saved_state_i8(state, "ball heading x", &game->step_x, -1, 1);
    saved_state_i8(state, "ball heading y", &game->step_y, -1, 1);
    saved_state_i8(state, "trail x", &game->trail_x, 0, 9);
    saved_state_i8(state, "trail y", &game->trail_y, 0, 9);
    saved_state_i8(state, "paddle x", &game->paddle_x, 0, 9);
    saved_state_i8(state, "strike", &game->strike, 0, 1);
    saved_state_require(state, game->step_x != 0 && game->step_y != 0, "the ball always moves");
    saved_state_require(state, game->frame.ended || game->ball_y != PADDLE_ROW, "a ball on the bottom row is lost");
    saved_state_require(state, !(game->bricks[0] & ~all_bricks[0]) && !(game->bricks[1] & ~all_bricks[1]),
                        "bricks lie in the brick channel of rows 1 to 3");
}

static const struct minatar_game breakout_game = {
    .id = "minatar/breakout",
    .bytes = sizeof(struct breakout),
    .channel_count = CHANNELS,
    .channels = channels,
    .minimal_count = 3,
    .minimal = {MINATAR_NONE, MINATAR_LEFT, MINATAR_RIGHT},
    .reward_high = 1,
    .begin = breakout_begin,
    .observe = breakout_observe,
    .fields = breakout_fields,
};

MINATAR_DEFINE_TYPE(breakout, "Keep a ball in play and break three rows of bricks with it");
