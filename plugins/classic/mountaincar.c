/* Mountain car (Moore, 1990) with the constants of Gymnasium's MountainCar-v0. */
#include "frame.h"

#define LEFT_END (-1.2)
#define RIGHT_END 0.6
#define GOAL 0.5
#define LARGEST_SPEED 0.07
#define ENGINE 0.001
#define GRAVITY 0.0025

struct mountaincar {
    struct classic_frame frame;
    double position, speed;
};

static const arq_env_option mountaincar_options[] = {CLASSIC_LIMIT_OPTION(200)};

static void configure(void *self, const double *options)
{
    ((struct mountaincar *)self)->frame.limit = (uint64_t)options[0];
}

static void begin(void *self)
{
    struct mountaincar *task = self;

    task->position = pcg64_uniform(&task->frame.random, -0.6, -0.4);
    task->speed = 0;
}

static double clip(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

static double advance(void *self, int32_t action, int32_t *terminated)
{
    struct mountaincar *task = self;

    task->speed += (action - 1) * ENGINE + cos(3 * task->position) * -GRAVITY;
    task->speed = clip(task->speed, -LARGEST_SPEED, LARGEST_SPEED);
    task->position += task->speed;
    task->position = clip(task->position, LEFT_END, RIGHT_END);
    if (task->position <= LEFT_END && task->speed < 0) {
        task->speed = 0;
    }
    *terminated = task->position >= GOAL && task->speed >= 0;
    return -1;
}

static void observe(const void *self, void *observation)
{
    const struct mountaincar *task = self;
    float *values = observation;

    values[0] = (float)task->position;
    values[1] = (float)task->speed;
}

static void fields(void *self, struct saved_state *state)
{
    struct mountaincar *task = self;

    saved_state_f64(state, "position", &task->position, LEFT_END, RIGHT_END);
    saved_state_f64(state, "velocity", &task->speed, -LARGEST_SPEED, LARGEST_SPEED);
}

/* Where a position on the track lies in the picture. */
static struct picture_point on_track(double position)
{
    return (struct picture_point){(position - LEFT_END) / (RIGHT_END - LEFT_END) * 60,
                                  34 - 26 * (sin(3 * position) * 0.5 + 0.5)};
}

static void draw(const void *self, struct picture *picture)
{
    const struct mountaincar *task = self;
    const int segments = 60;
    const double segment = (RIGHT_END - LEFT_END) / segments;
    struct picture_point car = on_track(task->position);
    struct picture_point goal = on_track(GOAL);

    for (int i = 0; i < segments; i++) {
        picture_line(picture, on_track(LEFT_END + i * segment), on_track(LEFT_END + (i + 1) * segment), 1, COLOUR_GREY);
    }
    picture_line(picture, goal, (struct picture_point){goal.x, goal.y - 6}, 0.8, COLOUR_WHITE);
    picture_rectangle(picture, (struct picture_point){goal.x - 4, goal.y - 7},
                      (struct picture_point){goal.x, goal.y - 4}, COLOUR_YELLOW);
    car.y -= 2;
    picture_line(picture, car, car, 4, COLOUR_SKY_BLUE);
}

static const double low[] = {LEFT_END, -LARGEST_SPEED};
static const double high[] = {RIGHT_END, LARGEST_SPEED};
static const char *const action_names[] = {"push left", "none", "push right"};
static const char *const observation_names[] = {"position", "velocity"};

static const struct classic_task mountaincar_task = {
    .id = "classic/mountaincar",
    .bytes = sizeof(struct mountaincar),
    .spec = {.observation_kind = ARQ_OBSERVATION_F32,
             .observation_size = 2,
             .observation_low = low,
             .observation_high = high,
             .action_kind = ARQ_ACTION_DISCRETE,
             .action_count = 3,
             .reward_range_known = 1,
             .reward_low = -1,
             .reward_high = -1},
    .action_names = action_names,
    .observation_names = observation_names,
    .options = mountaincar_options,
    .option_count = 1,
    .picture_columns = 60,
    .picture_rows = 40,
    .configure = configure,
    .begin = begin,
    .advance = advance,
    .observe = observe,
    .fields = fields,
    .draw = draw,
};

CLASSIC_DEFINE_TYPE(mountaincar, "Swing a weak car up a hill (Gymnasium's MountainCar-v0)");
