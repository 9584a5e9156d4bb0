/* Acrobot (Sutton, 1996; equations of Sutton and Barto's book) with the constants of Gymnasium's Acrobot-v1: two links
 * of length and mass 1, centres of mass at their middles, moments of inertia 1. */
#include "frame.h"

#define GRAVITY 9.8
#define TIME_STEP 0.2
#define LARGEST_SPEED_1 (4 * CLASSIC_PI)
#define LARGEST_SPEED_2 (9 * CLASSIC_PI)

/* Joint angles from hanging straight down, the second relative to the first link, and their speeds. */
struct motion {
    double angle_1, angle_2, speed_1, speed_2;
};

struct acrobot {
    struct classic_frame frame;
    struct motion motion;
};

static const arq_env_option acrobot_options[] = {CLASSIC_LIMIT_OPTION(500)};

static void configure(void *self, const double *options)
{
    ((struct acrobot *)self)->frame.limit = (uint64_t)options[0];
}

static void begin(void *self)
{
    struct acrobot *task = self;
    struct pcg64 *random = &task->frame.random;
    float first[4];

    for (int i = 0; i < 4; i++) {
        first[i] = (float)pcg64_uniform(random, -0.1, 0.1);
    }
    task->motion = (struct motion){first[0], first[1], first[2], first[3]};
}

/* Time derivative of a motion under a torque at the second joint. */
static struct motion derivative(struct motion m, double torque)
{
    double sine_2 = sin(m.angle_2);
    double cosine_2 = cos(m.angle_2);
    double d1 = ((0.25 + (1.25 + cosine_2)) + 1.0) + 1.0;
    double d2 = (0.25 + 0.5 * cosine_2) + 1.0;
    double phi2 = 0.5 * GRAVITY * cos((m.angle_1 + m.angle_2) - CLASSIC_PI / 2);
    double phi1 = ((-0.5 * (m.speed_2 * m.speed_2) * sine_2 - 1.0 * m.speed_2 * m.speed_1 * sine_2) +
                   1.5 * GRAVITY * cos(m.angle_1 - CLASSIC_PI / 2)) +
                  phi2;
    double acceleration_2 =
        (((torque + d2 / d1 * phi1) - 0.5 * (m.speed_1 * m.speed_1) * sine_2) - phi2) / ((0.25 + 1.0) - d2 * d2 / d1);
    double acceleration_1 = -(d2 * acceleration_2 + phi1) / d1;

    return (struct motion){m.speed_1, m.speed_2, acceleration_1, acceleration_2};
}

static struct motion after(struct motion m, double time, struct motion rate)
{
    return (struct motion){m.angle_1 + time * rate.angle_1, m.angle_2 + time * rate.angle_2,
                           m.speed_1 + time * rate.speed_1, m.speed_2 + time * rate.speed_2};
}

static double weighted(double k1, double k2, double k3, double k4)
{
    return ((k1 + 2 * k2) + 2 * k3) + k4;
}

/* One classical Runge-Kutta step of fourth order. */
static struct motion integrate(struct motion m, double torque)
{
    struct motion k1 = derivative(m, torque);
    struct motion k2 = derivative(after(m, TIME_STEP / 2, k1), torque);
    struct motion k3 = derivative(after(m, TIME_STEP / 2, k2), torque);
    struct motion k4 = derivative(after(m, TIME_STEP, k3), torque);
    struct motion sum = {weighted(k1.angle_1, k2.angle_1, k3.angle_1, k4.angle_1),
                         weighted(k1.angle_2, k2.angle_2, k3.angle_2, k4.angle_2),
                         weighted(k1.speed_1, k2.speed_1, k3.speed_1, k4.speed_1),
                         weighted(k1.speed_2, k2.speed_2, k3.speed_2, k4.speed_2)};

    return after(m, TIME_STEP / 6, sum);
}

static double wrap(double angle)
{
    while (angle > CLASSIC_PI) {
        angle -= 2 * CLASSIC_PI;
    }
    while (angle < -CLASSIC_PI) {
        angle += 2 * CLASSIC_PI;
    }
    return angle;
}

static double clip(double value, double bound)
{
    return value < -bound ? -bound : value > bound ? bound : value;
}

static double advance(void *self, int32_t action, int32_t *terminated)
{
    struct acrobot *task = self;
    struct motion m = integrate(task->motion, action - 1);

    m.angle_1 = wrap(m.angle_1);
    m.angle_2 = wrap(m.angle_2);
    m.speed_1 = clip(m.speed_1, LARGEST_SPEED_1);
    m.speed_2 = clip(m.speed_2, LARGEST_SPEED_2);
    task->motion = m;
    *terminated = -cos(m.angle_1) - cos(m.angle_2 + m.angle_1) > 1;
    return *terminated ? 0 : -1;
}

static void observe(const void *self, void *observation)
{
    const struct acrobot *task = self;
    const struct motion *m = &task->motion;
    float *values = observation;

    if (task->frame.steps == 0) { /* Gymnasium's first state is of single precision, and so are its functions */
        values[0] = cosf((float)m->angle_1);
        values[1] = sinf((float)m->angle_1);
        values[2] = cosf((float)m->angle_2);
        values[3] = sinf((float)m->angle_2);
    } else {
        values[0] = (float)cos(m->angle_1);
        values[1] = (float)sin(m->angle_1);
        values[2] = (float)cos(m->angle_2);
        values[3] = (float)sin(m->angle_2);
    }
    values[4] = (float)m->speed_1;
    values[5] = (float)m->speed_2;
}

static void fields(void *self, struct saved_state *state)
{
    struct motion *m = &((struct acrobot *)self)->motion;

    saved_state_f64(state, "first angle", &m->angle_1, -CLASSIC_PI, CLASSIC_PI);
    saved_state_f64(state, "second angle", &m->angle_2, -CLASSIC_PI, CLASSIC_PI);
    saved_state_f64(state, "first angular velocity", &m->speed_1, -LARGEST_SPEED_1, LARGEST_SPEED_1);
    saved_state_f64(state, "second angular velocity", &m->speed_2, -LARGEST_SPEED_2, LARGEST_SPEED_2);
}

static void draw(const void *self, struct picture *picture)
{
    const struct motion *m = &((const struct acrobot *)self)->motion;
    const double link = 10; /* in cells */
    struct picture_point fixed = {24, 24};
    struct picture_point joint = {fixed.x + link * sin(m->angle_1), fixed.y + link * cos(m->angle_1)};
    struct picture_point tip = {joint.x + link * sin(m->angle_1 + m->angle_2),
                                joint.y + link * cos(m->angle_1 + m->angle_2)};

    picture_rectangle(picture, (struct picture_point){0, fixed.y - link - 0.5},
                      (struct picture_point){48, fixed.y - link + 0.5}, COLOUR_GREY);
    picture_line(picture, fixed, joint, 2.4, COLOUR_SKY_BLUE);
    picture_line(picture, joint, tip, 2.4, COLOUR_ORANGE);
    picture_line(picture, fixed, fixed, 2, COLOUR_WHITE);
    picture_line(picture, joint, joint, 2, COLOUR_WHITE);
}

static const double low[] = {-1, -1, -1, -1, -LARGEST_SPEED_1, -LARGEST_SPEED_2};
static const double high[] = {1, 1, 1, 1, LARGEST_SPEED_1, LARGEST_SPEED_2};
static const char *const action_names[] = {"torque left", "none", "torque right"};
static const char *const observation_names[] = {"cos of first angle",     "sin of first angle",
                                                "cos of second angle",    "sin of second angle",
                                                "first angular velocity", "second angular velocity"};

static const struct classic_task acrobot_task = {
    .id = "classic/acrobot",
    .bytes = sizeof(struct acrobot),
    .spec = {.observation_kind = ARQ_OBSERVATION_F32,
             .observation_size = 6,
             .observation_low = low,
             .observation_high = high,
             .action_kind = ARQ_ACTION_DISCRETE,
             .action_count = 3,
             .reward_range_known = 1,
             .reward_low = -1,
             .reward_high = 0},
    .action_names = action_names,
    .observation_names = observation_names,
    .options = acrobot_options,
    .option_count = 1,
    .picture_columns = 48,
    .picture_rows = 48,
    .configure = configure,
    .begin = begin,
    .advance = advance,
    .observe = observe,
    .fields = fields,
    .draw = draw,
};

CLASSIC_DEFINE_TYPE(acrobot, "Swing two linked arms above a line (Gymnasium's Acrobot-v1)");
