/* Freeway: a chicken crosses eight lanes of cars. */
#include "frame.h"

enum channel { CHICKEN, CAR, TRAIL_1, TRAIL_2, TRAIL_3, TRAIL_4, TRAIL_5, CHANNELS };

#define CARS 8 /* car i drives on row i + 1 */
#define CHICKEN_X 4
#define LAST_SPEED 5
#define START_Y 9
#define MOVE_INTERVAL 3
#define STEPS 2500

/* One array of bytes per property, so that all cars move at once. */
struct freeway {
    struct minatar_frame frame;
    uint8_t car_x[CARS];
    uint8_t car_timer[CARS];
    uint8_t car_speed[CARS]; /* 1..5: a car moves every car_speed + 1 steps */
    uint8_t car_step[CARS];  /* columns to the right per move, modulo 10: 1 or 9 */
    uint8_t car_lanes[CARS]; /* lanes[] of its speed and heading begin here */
    int8_t chicken_y;
    int8_t move_timer;
    int32_t clock;
};

#define RIGHT 1
#define LEFT (MINATAR_SIDE - RIGHT)

static const struct minatar_channel channels[CHANNELS] = {
    [CHICKEN] = {"chicken", COLOUR_WHITE},           [CAR] = {"car", COLOUR_VERMILLION},
    [TRAIL_1] = {"trail of speed 1", COLOUR_YELLOW}, [TRAIL_2] = {"trail of speed 2", COLOUR_SKY_BLUE},
    [TRAIL_3] = {"trail of speed 3", COLOUR_GREEN},  [TRAIL_4] = {"trail of speed 4", COLOUR_PURPLE},
    [TRAIL_5] = {"trail of speed 5", COLOUR_BLUE},
};

/* The 70 bits of a row of the observation with a car on it, for each speed, heading and column. */
struct lane {
    uint64_t low, high;
};

#define LOW_BIT(BIT) ((BIT) < 64 ? (uint64_t)1 << (BIT) % 64 : 0)
#define HIGH_BIT(BIT) ((BIT) < 64 ? 0 : (uint64_t)1 << (BIT) % 64)
#define CAR_BIT(X) ((X)*CHANNELS + CAR)
#define TRAIL_BIT(X, SPEED) ((X) % MINATAR_SIDE * CHANNELS + TRAIL_1 - 1 + (SPEED))
#define LANE(SPEED, STEP, X)                                                                                           \
    {                                                                                                                  \
        LOW_BIT(CAR_BIT(X)) | LOW_BIT(TRAIL_BIT((X) + MINATAR_SIDE - (STEP), SPEED)),                                  \
            HIGH_BIT(CAR_BIT(X)) | HIGH_BIT(TRAIL_BIT((X) + MINATAR_SIDE - (STEP), SPEED))                             \
    }
#define LANES(SPEED, STEP)                                                                                             \
    LANE(SPEED, STEP, 0), LANE(SPEED, STEP, 1), LANE(SPEED, STEP, 2), LANE(SPEED, STEP, 3), LANE(SPEED, STEP, 4),      \
        LANE(SPEED, STEP, 5), LANE(SPEED, STEP, 6), LANE(SPEED, STEP, 7), LANE(SPEED, STEP, 8), LANE(SPEED, STEP, 9)

static const struct lane lanes[] = {LANES(1, RIGHT), LANES(2, RIGHT), LANES(3, RIGHT), LANES(4, RIGHT), LANES(5, RIGHT),
                                    LANES(1, LEFT),  LANES(2, LEFT),  LANES(3, LEFT),  LANES(4, LEFT),  LANES(5, LEFT)};

static void find_lanes(struct freeway *game)
{
    for (int i = 0; i < CARS; i++)
        game->car_lanes[i] =
            (uint8_t)((game->car_speed[i] - 1 + (game->car_step[i] == LEFT ? LAST_SPEED : 0)) * MINATAR_SIDE);
}

static void draw_speeds(struct freeway *game)
{
    for (int i = 0; i < CARS; i++)
        game->car_speed[i] = (uint8_t)numpy_random_state_integer(&game->frame.random, 1, LAST_SPEED + 1);
    for (int i = 0; i < CARS; i++) {
        game->car_step[i] = numpy_random_state_sample(&game->frame.random) < 0.5 ? LEFT : RIGHT;
        game->car_timer[i] = game->car_speed[i];
    }
    find_lanes(game);
}

static void freeway_begin(void *self)
{
    struct freeway *game = self;

    draw_speeds(game);
    memset(game->car_x, 0, sizeof game->car_x);
    game->chicken_y = START_Y;
    game->move_timer = MOVE_INTERVAL;
    game->clock = STEPS;
}

/* No branches: cars of all speeds mix, a processor could not foresee which of them move. */
static void move_cars(struct freeway *game)
{
    for (int i = 0; i < CARS; i++) {
        uint8_t moves = game->car_timer[i] == 0 ? 0xff : 0;
        uint8_t x = (uint8_t)(game->car_x[i] + (game->car_step[i] & moves));
        game->car_timer[i] = (uint8_t)((game->car_timer[i] - 1) & ~moves) | (game->car_speed[i] & moves);
        game->car_x[i] = (uint8_t)(x - (x > 9 ? MINATAR_SIDE : 0));
    }
}

static int32_t freeway_advance(void *self, int32_t action)
{
    struct freeway *game = self;
    int32_t reward = 0;

    if (game->move_timer == 0 && (action == MINATAR_UP || action == MINATAR_DOWN)) {
        game->move_timer = MOVE_INTERVAL;
        game->chicken_y = (int8_t)minatar_clamp(game->chicken_y + (action == MINATAR_UP ? -1 : 1), 0, 9);
        if (game->chicken_y == 0) {
            reward = 1;
            draw_speeds(game);
            game->chicken_y = START_Y;
        }
    }
    /* Only the car of its own row can meet the chicken, before it moves or after. */
    int32_t lane = game->chicken_y - 1;
    bool met = lane < CARS && game->car_x[lane] == CHICKEN_X;
    move_cars(game);
    if (met || (lane < CARS && game->car_x[lane] == CHICKEN_X))
        game->chicken_y = START_Y;
    if (game->move_timer > 0)
        game->move_timer--;
    if (--game->clock < 0)
        game->frame.ended = 1;
    return reward;
}

static void freeway_observe(const void *self, unsigned char *observation)
{
    const struct freeway *game = self;

    uint64_t carry = 0;

    /* Row y begins 6 y bits after the beginning of word y. */
    minatar_store64(observation, 0);
    for (int y = 1; y <= CARS; y++) {
        const struct lane *lane = &lanes[game->car_lanes[y - 1] + game->car_x[y - 1]];
        minatar_store64(observation + 8 * y, carry | lane->low << 6 * y);
        carry = lane->low >> (64 - 6 * y) | lane->high << 6 * y;
    }
    minatar_store64(observation + 72, carry);
    minatar_store64(observation + 80, 0);
    minatar_set_bit(observation, (uint32_t)(game->chicken_y * MINATAR_SIDE + CHICKEN_X) * CHANNELS + CHICKEN);
}

static void freeway_fields(void *self, struct saved_state *state)
{
    struct freeway *game = self;

    for (int i = 0; i < CARS; i++) {
        saved_state_u8(state, "car x", &game->car_x[i], 0, 9);
        saved_state_u8(state, "car timer", &game->car_timer[i], 0, LAST_SPEED);
        saved_state_u8(state, "car speed", &game->car_speed[i], 1, LAST_SPEED);
        saved_state_u8(state, "car step", &game->car_step[i], RIGHT, LEFT);
        saved_state_require(state, game->car_step[i] == RIGHT || game->car_step[i] == LEFT, "a car's step is 1 or 9");
    }
    saved_state_i8(state, "chicken y", &game->chicken_y, 1, 9);
    saved_state_i8(state, "move timer", &game->move_timer, 0, MOVE_INTERVAL);
    saved_state_i32(state, "clock", &game->clock, -1, STEPS);
    find_lanes(game);
}

static const struct minatar_game freeway_game = {
    .id = "minatar/freeway",
    .bytes = sizeof(struct freeway),
    .channel_count = CHANNELS,
    .channels = channels,
    .minimal_count = 3,
    .minimal = {MINATAR_NONE, MINATAR_UP, MINATAR_DOWN},
    .reward_high = 1,
    .begin = freeway_begin,
    .observe = freeway_observe,
    .fields = freeway_fields,
};

MINATAR_DEFINE_TYPE(freeway, "Cross eight lanes of traffic as often as 2501 steps allow");
