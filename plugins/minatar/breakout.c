/* Breakout: a ball, a paddle on the bottom row and three rows of bricks. */
#include "frame.h"

enum channel { PADDLE, BALL, TRAIL, BRICK, CHANNELS };

#define TOP_BRICK_ROW 1
#define BRICK_BITS (3 * MINATAR_SIDE * CHANNELS) /* rows 1..3 of the observation: exactly bytes 5..19 */
#define BRICK_FIRST_BYTE (TOP_BRICK_ROW * MINATAR_SIDE * CHANNELS / 8)
#define PADDLE_ROW 9

/* What moves, eight bytes. */
struct ball {
    int8_t x, y;
    int8_t step_x, step_y; /* heading, each -1 or 1 */
    int8_t trail_x, trail_y;
    int8_t paddle_x;
    int8_t strike; /* the ball met a brick in the step before */
};

struct breakout {
    struct minatar_frame frame;
    uint64_t bricks[2]; /* bits of rows 1..3 of the observation, the brick channel alone */
    struct ball ball;
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
    game->ball.x = from_left ? 0 : 9;
    game->ball.y = 3;
    game->ball.step_x = from_left ? 1 : -1;
    game->ball.step_y = 1;
    game->ball.trail_x = game->ball.x;
    game->ball.trail_y = game->ball.y;
    game->ball.paddle_x = 4;
    game->ball.strike = 0;
}

/* Takes the brick at (x, y), unless the ball met one in the step before. Returns whether there is a brick, and in
 * *taken whether it was taken. */
static inline int8_t meet_brick(struct breakout *game, int32_t x, int32_t y, int8_t *taken)
{
    const uint32_t bit = (uint32_t)((y - TOP_BRICK_ROW) * MINATAR_SIDE + x) * CHANNELS + BRICK;
    uint64_t *bricks = &game->bricks[bit / 64 % 2];
    const uint32_t contact = (uint32_t)(*bricks >> bit % 64) & (bit < BRICK_BITS); /* in no other row */

    *taken = (int8_t)(contact & ~(uint32_t)game->ball.strike);
    *bricks ^= (uint64_t)*taken << bit % 64;
    return (int8_t)contact;
}

/* Each property of many games side by side, for compilers to make vectors of the loops. Conditions are numbers, 0 or 1:
 * there are no branches. */
static MINATAR_INLINE void breakout_advance(void *const *selves, uint32_t width, uint32_t count, const uint8_t *actions,
                                            uint8_t *rewards)
{
    int8_t x[MINATAR_LANES], y[MINATAR_LANES], step_x[MINATAR_LANES], step_y[MINATAR_LANES], old_x[MINATAR_LANES],
        old_y[MINATAR_LANES], paddle_x[MINATAR_LANES];
    int8_t contact[MINATAR_LANES] = {0}, taken[MINATAR_LANES] = {0}, bottom[MINATAR_LANES], ended[MINATAR_LANES];
    struct ball ball[MINATAR_LANES];

    for (uint32_t i = 0; i < width; i++) {
        const struct ball *now = &((const struct breakout *)selves[i])->ball;
        old_x[i] = now->x;
        old_y[i] = now->y;
        step_x[i] = now->step_x;
        step_y[i] = now->step_y;
        paddle_x[i] = now->paddle_x;
    }
    for (uint32_t i = 0; i < width; i++) {
        const int8_t left = (actions[i] == MINATAR_LEFT) & (paddle_x[i] > 0);
        const int8_t right = (actions[i] == MINATAR_RIGHT) & (paddle_x[i] < 9);
        const int8_t free_x = (int8_t)(old_x[i] + step_x[i]);
        const int8_t leaves = (free_x < 0) | (free_x > 9);
        paddle_x[i] = (int8_t)(paddle_x[i] + right - left);
        x[i] = leaves ? old_x[i] : free_x;
        y[i] = (int8_t)(old_y[i] + step_y[i]);
        step_x[i] = leaves ? (int8_t)-step_x[i] : step_x[i];
    }
    for (uint32_t i = 0; i < count; i++)
        contact[i] = meet_brick(selves[i], x[i], y[i], &taken[i]);
    for (uint32_t i = 0; i < width; i++) {
        const int8_t above = y[i] < 0;
        bottom[i] = y[i] == PADDLE_ROW;
        const int8_t on_top = bottom[i] & (old_x[i] == paddle_x[i]);
        const int8_t on_side = bottom[i] & (old_x[i] != paddle_x[i]) & (x[i] == paddle_x[i]);
        const int8_t returns = on_top | on_side | taken[i];
        ended[i] = bottom[i] & !returns;
        step_x[i] = on_side ? (int8_t)-step_x[i] : step_x[i];
        step_y[i] = (returns | above) ? (int8_t)-step_y[i] : step_y[i];
        y[i] = (returns | above) ? old_y[i] : y[i]; /* above the grid it comes from row 0 */
    }
    for (uint32_t i = 0; i < width; i++)
        ball[i] = (struct ball){x[i], y[i], step_x[i], step_y[i], old_x[i], old_y[i], paddle_x[i], contact[i]};
    for (uint32_t i = 0; i < count; i++) {
        struct breakout *game = selves[i];
        memcpy(&game->ball, &ball[i], sizeof *ball);
        if (!(game->bricks[0] | game->bricks[1]) && bottom[i]) /* in this order, as the first is seldom so */
            fill_bricks(game);
        game->frame.ended = (uint8_t)ended[i];
        rewards[i] = (uint8_t)taken[i];
    }
}

static MINATAR_INLINE void breakout_observe(const void *self, unsigned char *observation)
{
    const struct breakout *game = self;
    const int32_t ball = game->ball.y * MINATAR_SIDE + game->ball.x;
    const int32_t trail = game->ball.trail_y * MINATAR_SIDE + game->ball.trail_x;
    const int32_t paddle = PADDLE_ROW * MINATAR_SIDE + game->ball.paddle_x;

    memset(observation, 0, MINATAR_CELLS * CHANNELS / 8);
    minatar_store64(observation + BRICK_FIRST_BYTE, game->bricks[0]);
    minatar_store64(observation + BRICK_FIRST_BYTE + 8, game->bricks[1]);
    minatar_set_bit(observation, (uint32_t)paddle * CHANNELS + PADDLE);
    minatar_set_bit(observation, (uint32_t)ball * CHANNELS + BALL);
    minatar_set_bit(observation, (uint32_t)trail * CHANNELS + TRAIL);
}

static void breakout_fields(void *self, struct saved_state *state)
{
    struct breakout *game = self;

    saved_state_u64(state, "bricks of the upper rows", &game->bricks[0], 0, all_bricks[0]);
    saved_state_u64(state, "bricks of the lower rows", &game->bricks[1], 0, all_bricks[1]);
    saved_state_i8(state, "ball x", &game->ball.x, 0, 9);
    saved_state_i8(state, "ball y", &game->ball.y, 0, 9);
    saved_state_i8(state, "ball heading x", &game->ball.step_x, -1, 1);
    saved_state_i8(state, "ball heading y", &game->ball.step_y, -1, 1);
    saved_state_i8(state, "trail x", &game->ball.trail_x, 0, 9);
    saved_state_i8(state, "trail y", &game->ball.trail_y, 0, 9);
    saved_state_i8(state, "paddle x", &game->ball.paddle_x, 0, 9);
    saved_state_i8(state, "strike", &game->ball.strike, 0, 1);
    saved_state_require(state, game->ball.step_x != 0 && game->ball.step_y != 0, "the ball always moves");
    saved_state_require(state, game->frame.ended || game->ball.y != PADDLE_ROW, "a ball on the bottom row is lost");
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
