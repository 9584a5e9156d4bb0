/* Freeway: a chicken crosses eight lanes of cars. */
#include "lanes.h"

enum channel { CHICKEN, CAR, TRAIL_1, TRAIL_2, TRAIL_3, TRAIL_4, TRAIL_5, CHANNELS };

#define CARS 8 /* car i drives on row i + 1 */
#define CHICKEN_X 4
#define LAST_SPEED 5
#define START_Y 9
#define MOVE_INTERVAL 3
#define STEPS 2500
#define OBSERVATION_BYTES 88

/* A property of all cars, a byte each, car 0 lowest: one operation on the number works on all of them. */
typedef uint64_t cars;

#define EVERY_CAR(VALUE) ((cars)0x0101010101010101 * (VALUE))
#define BITS_OF_CAR 8

#define PROPERTIES(ONE, MANY)                                                                                          \
    ONE(cars, x)                                                                                                       \
    ONE(cars, timer)                                                                                                   \
    ONE(cars, speed)    /* 1..5: a car moves every speed + 1 steps */                                                  \
    ONE(cars, step)     /* columns to the right per move, modulo 10: 1 or 9 */                                         \
    ONE(cars, pictures) /* car_rows of its speed and heading begin at this entry */                                    \
    ONE(int16_t, clock)                                                                                                \
    ONE(int8_t, chicken_y)                                                                                             \
    ONE(int8_t, move_timer)

MINATAR_DEFINE_STATE(freeway, PROPERTIES)

#define RIGHT 1
#define LEFT (MINATAR_SIDE - RIGHT)

static const struct minatar_channel channels[CHANNELS] = {
    [CHICKEN] = {"chicken", COLOUR_WHITE},           [CAR] = {"car", COLOUR_VERMILLION},
    [TRAIL_1] = {"trail of speed 1", COLOUR_YELLOW}, [TRAIL_2] = {"trail of speed 2", COLOUR_SKY_BLUE},
    [TRAIL_3] = {"trail of speed 3", COLOUR_GREEN},  [TRAIL_4] = {"trail of speed 4", COLOUR_PURPLE},
    [TRAIL_5] = {"trail of speed 5", COLOUR_BLUE},
};

/* Row y of the observation is the 70 bits from bit 6 y of word y on. The table says what a car on it sets in word y and
 * in the next one, for each row, speed, heading and column. */
#define ROW_BIT(Y, X, CHANNEL) (6 * (Y) + (X) % MINATAR_SIDE * CHANNELS + (CHANNEL))
#define LOW(BIT) ((BIT) < 64 ? (uint64_t)1 << (BIT) % 64 : 0)
#define HIGH(BIT) ((BIT) < 64 ? 0 : (uint64_t)1 << (BIT) % 64)
#define PICTURE(Y, SPEED, STEP, X)                                                                                     \
    LOW(ROW_BIT(Y, X, CAR)) | LOW(ROW_BIT(Y, (X) + MINATAR_SIDE - (STEP), TRAIL_1 - 1 + (SPEED))),                     \
        HIGH(ROW_BIT(Y, X, CAR)) | HIGH(ROW_BIT(Y, (X) + MINATAR_SIDE - (STEP), TRAIL_1 - 1 + (SPEED)))
#define PICTURES(Y, SPEED, STEP)                                                                                       \
    PICTURE(Y, SPEED, STEP, 0), PICTURE(Y, SPEED, STEP, 1), PICTURE(Y, SPEED, STEP, 2), PICTURE(Y, SPEED, STEP, 3),    \
        PICTURE(Y, SPEED, STEP, 4), PICTURE(Y, SPEED, STEP, 5), PICTURE(Y, SPEED, STEP, 6),                            \
        PICTURE(Y, SPEED, STEP, 7), PICTURE(Y, SPEED, STEP, 8), PICTURE(Y, SPEED, STEP, 9)
#define PICTURES_OF_ROW(Y)                                                                                             \
    {                                                                                                                  \
        PICTURES(Y, 1, RIGHT), PICTURES(Y, 2, RIGHT), PICTURES(Y, 3, RIGHT), PICTURES(Y, 4, RIGHT),                    \
            PICTURES(Y, 5, RIGHT), PICTURES(Y, 1, LEFT), PICTURES(Y, 2, LEFT), PICTURES(Y, 3, LEFT),                   \
            PICTURES(Y, 4, LEFT), PICTURES(Y, 5, LEFT)                                                                 \
    }

static const uint64_t car_pictures[CARS][2 * MINATAR_SIDE * 2 * LAST_SPEED] = {
    PICTURES_OF_ROW(1), PICTURES_OF_ROW(2), PICTURES_OF_ROW(3), PICTURES_OF_ROW(4),
    PICTURES_OF_ROW(5), PICTURES_OF_ROW(6), PICTURES_OF_ROW(7), PICTURES_OF_ROW(8),
};

static uint8_t of_car(cars property, int32_t car)
{
    return (uint8_t)(property >> car * BITS_OF_CAR);
}

static cars find_pictures(cars speed, cars step)
{
    cars pictures = 0;

    for (int32_t i = 0; i < CARS; i++) {
        int32_t kind = of_car(speed, i) - 1 + (of_car(step, i) == LEFT ? LAST_SPEED : 0);
        pictures |= (cars)(kind * MINATAR_SIDE * 2) << i * BITS_OF_CAR;
    }
    return pictures;
}

static void draw_speeds(struct freeway_view game, uint32_t lane, struct numpy_random_state *random)
{
    cars speed = 0, step = 0;

    for (int32_t i = 0; i < CARS; i++) {
        speed |= (cars)numpy_random_state_integer(random, 1, LAST_SPEED + 1) << i * BITS_OF_CAR;
    }
    for (int32_t i = 0; i < CARS; i++) {
        step |= (cars)(numpy_random_state_sample(random) < 0.5 ? LEFT : RIGHT) << i * BITS_OF_CAR;
    }
    game.speed[lane] = speed;
    game.step[lane] = step;
    game.timer[lane] = speed;
    game.pictures[lane] = find_pictures(speed, step);
}

static void freeway_begin(void *self)
{
    struct freeway *game = self;
    struct freeway_state *state = &game->state;

    draw_speeds(freeway_view(state), 0, &game->frame.random);
    state->x = 0;
    state->chicken_y = START_Y;
    state->move_timer = MOVE_INTERVAL;
    state->clock = STEPS;
}

/* A byte of ones for each car whose byte, less than 128, is at least `least`. */
static inline cars where_at_least(cars property, uint8_t least)
{
    cars reached = (property + EVERY_CAR(128 - least)) >> 7 & EVERY_CAR(1);

    return (reached << BITS_OF_CAR) - reached;
}

/* The highest bit of each car's byte, less than 128, that is `value`. */
static inline cars where_equal(cars property, uint8_t value)
{
    return ~((property ^ EVERY_CAR(value)) + EVERY_CAR(127)) & EVERY_CAR(128);
}

/* Conditions are numbers, 0 or 1, so that there are no branches. */
static ALWAYS_INLINE void freeway_advance(struct freeway_view game, struct minatar_turn turn)
{
    const uint32_t width = turn.width;
    uint32_t row[MINATAR_LANES], hit[MINATAR_LANES];

    for (uint32_t i = 0; i < width; i++) {
        const int8_t moves = game.move_timer[i] == 0;
        const int8_t up = (turn.actions[i] == MINATAR_UP) & moves;
        const int8_t down = (turn.actions[i] == MINATAR_DOWN) & moves;
        const int8_t timer = (up | down) ? MOVE_INTERVAL : game.move_timer[i];
        game.move_timer[i] = (int8_t)(timer - (timer > 0));
        game.chicken_y[i] = (int8_t)(game.chicken_y[i] - up + (down & (game.chicken_y[i] < START_Y)));
        turn.rewards[i] = game.chicken_y[i] == 0;
    }
    uint64_t crossed = minatar_lanes_where(turn.rewards, width, turn.count) & minatar_lanes_playing(turn);
    while (crossed != 0) {
        const uint32_t i = minatar_next_lane(&crossed);
        draw_speeds(game, i, minatar_generator(turn, i));
        minatar_have_drawn(turn, i);
    }
    for (uint32_t i = 0; i < width; i++) {
        game.chicken_y[i] = turn.rewards[i] ? START_Y : game.chicken_y[i];
        row[i] = (uint32_t)game.chicken_y[i];
    }
    for (uint32_t i = 0; i < width; i++) {
        const cars waits = where_at_least(game.timer[i], 1);
        const cars x = game.x[i];
        const cars next_x = x + (game.step[i] & ~waits);
        const cars now_x = next_x - (EVERY_CAR(MINATAR_SIDE) & where_at_least(next_x, MINATAR_SIDE));
        const cars meets = where_equal(x, CHICKEN_X) | where_equal(now_x, CHICKEN_X);
        /* Only the car of its own row can meet the chicken, before it moves or after. */
        const cars place = ((cars)row[i] * BITS_OF_CAR - 1) % 64;
        hit[i] = (uint32_t)(meets >> place & (row[i] <= CARS));
        game.timer[i] = (game.timer[i] - (EVERY_CAR(1) & waits)) | (game.speed[i] & ~waits);
        game.x[i] = now_x;
    }
    for (uint32_t i = 0; i < width; i++) {
        game.chicken_y[i] = hit[i] ? START_Y : game.chicken_y[i];
        game.clock[i]--;
        turn.ended[i] |= game.clock[i] < 0;
    }
}

static ALWAYS_INLINE void freeway_observe(struct freeway_view game, uint32_t width, uint32_t count,
                                          unsigned char *observations)
{
    (void)width;
    for (uint32_t k = 0; k < count; k++) {
        unsigned char *observation = observations + k * OBSERVATION_BYTES;
        const cars pictures = game.pictures[k] + 2 * game.x[k];
        uint64_t carry = 0;

        store64(observation, 0);
        for (int32_t i = 0; i < CARS; i++) {
            const uint64_t *picture = &car_pictures[i][of_car(pictures, i)];
            store64(observation + 8 * (i + 1), carry | picture[0]);
            carry = picture[1];
        }
        store64(observation + 72, carry);
        store64(observation + 80, 0);
        minatar_set_bit(observation, (uint32_t)(game.chicken_y[k] * MINATAR_SIDE + CHICKEN_X) * CHANNELS + CHICKEN);
    }
}

static void car_field(struct saved_state *state, const char *name, cars *property, int32_t car, uint8_t low,
                      uint8_t high)
{
    uint8_t value = of_car(*property, car);

    saved_state_u8(state, name, &value, low, high);
    *property &= ~((cars)0xff << car * BITS_OF_CAR);
    *property |= (cars)value << car * BITS_OF_CAR;
}

static void freeway_fields(void *self, struct saved_state *state)
{
    struct freeway_state *game = &((struct freeway *)self)->state;
    int32_t clock = game->clock;

    for (int32_t i = 0; i < CARS; i++) {
        car_field(state, "car x", &game->x, i, 0, 9);
        car_field(state, "car timer", &game->timer, i, 0, LAST_SPEED);
        car_field(state, "car speed", &game->speed, i, 1, LAST_SPEED);
        car_field(state, "car step", &game->step, i, RIGHT, LEFT);
        saved_state_require(state, of_car(game->step, i) == RIGHT || of_car(game->step, i) == LEFT,
                            "a car's step is 1 or 9");
    }
    saved_state_i8(state, "chicken y", &game->chicken_y, 1, START_Y);
    saved_state_i8(state, "move timer", &game->move_timer, 0, MOVE_INTERVAL);
    saved_state_i32(state, "clock", &clock, -1, STEPS);
    game->clock = (int16_t)clock;
    game->pictures = find_pictures(game->speed, game->step);
}

static const struct minatar_rules freeway_rules = {
    .id = "minatar/freeway",
    .channel_count = CHANNELS,
    .channels = channels,
    .minimal_count = 3,
    .minimal = {MINATAR_NONE, MINATAR_UP, MINATAR_DOWN},
    .reward_high = 1,
    .begin = freeway_begin,
    .fields = freeway_fields,
};

MINATAR_DEFINE_TYPE(freeway, "Cross eight lanes of traffic as often as 2501 steps allow");
