/* Freeway: a chicken crosses eight lanes of cars. */
#include "frame.h"

enum channel { CHICKEN, CAR, TRAIL_1, TRAIL_2, TRAIL_3, TRAIL_4, TRAIL_5, CHANNELS };

#define CARS 8 /* car i drives on row i + 1 */
#define CHICKEN_X 4
#define START_Y 9
#define MOVE_INTERVAL 3
#define STEPS 2500
#define OBSERVATION_BYTES 88

struct freeway {
    struct minatar_frame frame;
    int8_t car_x[CARS];
    int8_t car_timer[CARS];
    int8_t car_speed[CARS]; /* 1..5: a car moves every car_speed + 1 steps */
    int8_t car_step[CARS];  /* -1 or 1 */
    int8_t chicken_y;
    int8_t move_timer;
    int32_t clock;
};

static const struct minatar_channel channels[CHANNELS] = {
    [CHICKEN] = {"chicken", COLOUR_WHITE},           [CAR] = {"car", COLOUR_VERMILLION},
    [TRAIL_1] = {"trail of speed 1", COLOUR_YELLOW}, [TRAIL_2] = {"trail of speed 2", COLOUR_SKY_BLUE},
    [TRAIL_3] = {"trail of speed 3", COLOUR_GREEN},  [TRAIL_4] = {"trail of speed 4", COLOUR_PURPLE},
    [TRAIL_5] = {"trail of speed 5", COLOUR_BLUE},
};

static void draw_speeds(struct freeway *game)
{
    for (int i = 0; i < CARS; i++)
        game->car_speed[i] = (int8_t)numpy_random_state_integer(&game->frame.random, 1, 6);
    for (int i = 0; i < CARS; i++) {
        game->car_step[i] = numpy_random_state_sample(&game->frame.random) < 0.5 ? -1 : 1;
        game->car_timer[i] = game->car_speed[i];
    }
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

/* The column next to `x`, the other end of the road beyond the last one. */
static int8_t wrapped(int32_t x)
{
    return (int8_t)(x < 0 ? 9 : x > 9 ? 0 : x);
}

/* No branches: cars of all speeds mix, a processor could not foresee which of them move. */
static void move_cars(struct freeway *game)
{
    for (int i = 0; i < CARS; i++) {
        bool moves = game->car_timer[i] == 0;
        game->car_timer[i] = (int8_t)(moves ? game->car_speed[i] : game->car_timer[i] - 1);
        game->car_x[i] = wrapped(game->car_x[i] + (moves ? game->car_step[i] : 0));
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

    memset(observation, 0, OBSERVATION_BYTES);
    minatar_set_bit(observation, (uint32_t)(game->chicken_y * MINATAR_SIDE + CHICKEN_X) * CHANNELS + CHICKEN);
    for (int i = 0; i < CARS; i++) {
        uint32_t row = (uint32_t)(i + 1) * MINATAR_SIDE;
        uint32_t x = (uint32_t)game->car_x[i];
        uint32_t behind = (uint32_t)wrapped(game->car_x[i] - game->car_step[i]);
        minatar_set_bit(observation, (row + x) * CHANNELS + CAR);
        minatar_set_bit(observation, (row + behind) * CHANNELS + TRAIL_1 - 1 + (uint32_t)game->car_speed[i]);
    }
}

static void freeway_fields(void *self, struct saved_state *state)
{
    struct freeway *game = self;

    for (int i = 0; i < CARS; i++) {
        saved_state_i8(state, "car x", &game->car_x[i], 0, 9);
        saved_state_i8(state, "car timer", &game->car_timer[i], 0, 5);
        saved_state_i8(state, "car speed", &game->car_speed[i], 1, 5);
        saved_state_i8(state, "car heading", &game->car_step[i], -1, 1);
        saved_state_require(state, game->car_step[i] != 0, "every car has a heading");
    }
    saved_state_i8(state, "chicken y", &game->chicken_y, 1, 9);
    saved_state_i8(state, "move timer", &game->move_timer, 0, MOVE_INTERVAL);
    saved_state_i32(state, "clock", &game->clock, -1, STEPS);
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
