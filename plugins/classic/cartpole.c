/* Cart-pole (Barto, Sutton and Anderson, 1983) with the constants of Gymnasium's CartPole-v1. */
#include "frame.h"

#define GRAVITY 9.8
#define POLE_MASS 0.1
#define TOTAL_MASS (0.1 + 1.0)
#define HALF_LENGTH 0.5
#define POLE_MASS_LENGTH (0.1 * 0.5)
#define FORCE 10.0
#define TAU 0.02
#define X_LIMIT 2.4
#define ANGLE_LIMIT (24.0 * CLASSIC_PI / 360.0)
/* Bound of what is loaded: far outside of what play leads to, harmless to compute with. */
#define LARGEST_STATE 1000.0
/* Factors that bring what play sees to about one size. */
#define EVEN_LENGTH 0.8
#define EVEN_ANGLE 6
#define EVEN_X_BOUND (2 * X_LIMIT * EVEN_LENGTH)
#define EVEN_ANGLE_BOUND (2 * ANGLE_LIMIT * EVEN_ANGLE)

enum option { LIMIT, SCALED, OPTIONS };

struct cartpole {
    struct classic_frame frame;
    double x, x_speed, angle, angle_speed;
};

static const arq_env_option cartpole_options[OPTIONS] = {
    [LIMIT] = CLASSIC_LIMIT_OPTION(500),
    [SCALED] = {.struct_size = sizeof(arq_env_option),
                .type = ARQ_OPTION_BOOL,
                .name = "scaled",
                .low = 0,
                .high = 1,
                .default_value = 0,
                .doc = "Observe 0.8 x position, 0.8 x speed, 6 x angle, 0.8 x angular speed: values of one size"},
};

static const float si_scale[] = {1, 1, 1, 1};
static const float even_scale[] = {(float)EVEN_LENGTH, (float)EVEN_LENGTH, EVEN_ANGLE, (float)EVEN_LENGTH};

static const float *scale_of(const struct cartpole *task)
{
    return task->frame.options[SCALED] != 0 ? even_scale : si_scale;
}

static void configure(void *self, const double *options)
{
    ((struct cartpole *)self)->frame.limit = (uint64_t)options[LIMIT];
}

static void begin(void *self)
{
    struct cartpole *task = self;
    struct pcg64 *random = &task->frame.random;

    task->x = pcg64_uniform(random, -0.05, 0.05);
    task->x_speed = pcg64_uniform(random, -0.05, 0.05);
    task->angle = pcg64_uniform(random, -0.05, 0.05);
    task->angle_speed = pcg64_uniform(random, -0.05, 0.05);
}

static double advance(void *self, int32_t action, int32_t *terminated)
{
    struct cartpole *task = self;
    double force = action == 1 ? FORCE : -FORCE;
    double cosine = cos(task->angle);
    double sine = sin(task->angle);
    double temp = (force + POLE_MASS_LENGTH * (task->angle_speed * task->angle_speed) * sine) / TOTAL_MASS;
    double angle_acceleration =
        (GRAVITY * sine - cosine * temp) / (HALF_LENGTH * (4.0 / 3.0 - POLE_MASS * (cosine * cosine) / TOTAL_MASS));
    double x_acceleration = temp - POLE_MASS_LENGTH * angle_acceleration * cosine / TOTAL_MASS;

    task->x += TAU * task->x_speed;
    task->x_speed += TAU * x_acceleration;
    task->angle += TAU * task->angle_speed;
    task->angle_speed += TAU * angle_acceleration;
    *terminated = task->x < -X_LIMIT || task->x > X_LIMIT || task->angle < -ANGLE_LIMIT || task->angle > ANGLE_LIMIT;
    return 1;
}

static void observe(const void *self, void *observation)
{
    const struct cartpole *task = self;
    const float *scale = scale_of(task);
    float *values = observation;

    values[0] = scale[0] * (float)task->x;
    values[1] = scale[1] * (float)task->x_speed;
    values[2] = scale[2] * (float)task->angle;
    values[3] = scale[3] * (float)task->angle_speed;
}

static void fields(void *self, struct saved_state *state)
{
    struct cartpole *task = self;

    saved_state_f64(state, "cart position", &task->x, -LARGEST_STATE, LARGEST_STATE);
    saved_state_f64(state, "cart velocity", &task->x_speed, -LARGEST_STATE, LARGEST_STATE);
    saved_state_f64(state, "pole angle", &task->angle, -LARGEST_STATE, LARGEST_STATE);
    saved_state_f64(state, "pole angular velocity", &task->angle_speed, -LARGEST_STATE, LARGEST_STATE);
}

static void draw(const void *self, struct picture *picture)
{
    const struct cartpole *task = self;
    const double metre = 10;                           /* in cells */
    const double pole = 2 * HALF_LENGTH * metre * 1.6; /* longer than to scale: its angle is what matters */
    struct picture_point hinge = {30 + task->x * metre, 27};
    struct picture_point tip = {hinge.x + pole * sin(task->angle), hinge.y - pole * cos(task->angle)};

    picture_rectangle(picture, (struct picture_point){0, 32}, (struct picture_point){60, 33}, COLOUR_GREY);
    picture_rectangle(picture, (struct picture_point){30 - X_LIMIT * metre - 1, 30},
                      (struct picture_point){30 - X_LIMIT * metre, 35}, COLOUR_GREY);
    picture_rectangle(picture, (struct picture_point){30 + X_LIMIT * metre, 30},
                      (struct picture_point){30 + X_LIMIT * metre + 1, 35}, COLOUR_GREY);
    picture_rectangle(picture, (struct picture_point){hinge.x - 5, hinge.y}, (struct picture_point){hinge.x + 5, 32},
                      COLOUR_SKY_BLUE);
    picture_line(picture, hinge, tip, 2, COLOUR_ORANGE);
    picture_line(picture, hinge, hinge, 2, COLOUR_WHITE);
}

static const double low[] = {-2 * X_LIMIT, -INFINITY, -2 * ANGLE_LIMIT, -INFINITY};
static const double high[] = {2 * X_LIMIT, INFINITY, 2 * ANGLE_LIMIT, INFINITY};
static const double scaled_low[] = {-EVEN_X_BOUND, -INFINITY, -EVEN_ANGLE_BOUND, -INFINITY};
static const double scaled_high[] = {EVEN_X_BOUND, INFINITY, EVEN_ANGLE_BOUND, INFINITY};

static void describe(const void *self, arq_env_spec *spec)
{
    if (((const struct cartpole *)self)->frame.options[SCALED] != 0) {
        spec->observation_low = scaled_low;
        spec->observation_high = scaled_high;
    }
}

static const char *const action_names[] = {"push left", "push right"};
static const char *const observation_names[] = {"cart position", "cart velocity", "pole angle",
                                                "pole angular velocity"};

static const struct classic_task cartpole_task = {
    .id = "classic/cartpole",
    .bytes = sizeof(struct cartpole),
    .spec = {.observation_kind = ARQ_OBSERVATION_F32,
             .observation_size = 4,
             .observation_low = low,
             .observation_high = high,
             .action_kind = ARQ_ACTION_DISCRETE,
             .action_count = 2,
             .reward_range_known = 1,
             .reward_low = 1,
             .reward_high = 1},
    .action_names = action_names,
    .observation_names = observation_names,
    .options = cartpole_options,
    .option_count = OPTIONS,
    .picture_columns = 60,
    .picture_rows = 40,
    .configure = configure,
    .describe = describe,
    .begin = begin,
    .advance = advance,
    .observe = observe,
    .fields = fields,
    .draw = draw,
};

CLASSIC_DEFINE_TYPE(cartpole, "Balance a pole on a cart (Gymnasium's CartPole-v1)");
