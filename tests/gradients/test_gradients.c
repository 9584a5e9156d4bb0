/*
 * Every gradient against finite differences, in double, for every kind and option: weights of every tensor of small
 * networks of random shapes, whose observations are numbers or bits. A cell's or layer's input is a constant to it, and
 * so are the targets.
 */
#include "nn/cells/features.h"
#include "nn/cells/update.h"
#include "nn/dense/dqn.h"
#include "nn/dense/ff_dqn.h"
#include "nn/kind.h"

#include "arq/arq.h"

#include <check.h>
#include <stdio.h>

#define STEP 1e-6
#define ALLOWED 1e-6 /* of the largest gradient of the tensor */
#define LEAST 1e-3   /* of the part's largest: a tensor of smaller gradients is held to this */
#define SHAPES 4     /* of each option, with 1 to 3 cells or hidden layers */
#define WEIGHTS 20   /* tried of each tensor, evenly spread */

typedef struct subject {
    const char *options;
    unsigned seed;
    uint64_t random;
    arq_context *context;
    arq_network *network;
    arq_learner *learner;
    arq_batch batch;
    void *frames;
    double *rewards;
    int32_t *actions, *lengths;
    uint8_t *terminated;
    double worst;
    char where[128];
} subject;

static double uniform(subject *s)
{
    uint64_t z = s->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

static uint32_t between(subject *s, uint32_t low, uint32_t high)
{
    return low + (uint32_t)(uniform(s) * (high - low + 1));
}

static void set(arq_config *config, const char *name, const char *value)
{
    ck_assert_msg(arq_config_set(config, name, value) == ARQ_OK, "%s = %s is refused", name, value);
}

static void apply(arq_config *config, const char *options)
{
    char text[256];
    snprintf(text, sizeof(text), "%s", options);
    char *rest = NULL;
    for (char *pair = strtok_r(text, " ", &rest); pair != NULL; pair = strtok_r(NULL, " ", &rest)) {
        char *value = strchr(pair, '=');
        *value++ = '\0';
        set(config, pair, value);
    }
}

static void make_frames(subject *s)
{
    const arq_network_shape *shape = &s->network->shape;
    size_t frames = (size_t)s->learner->batch * (s->learner->window + 1);
    size_t bytes = arq_observation_bytes(shape->observation_kind, shape->observation_size);
    s->frames = malloc(frames * bytes);
    for (size_t i = 0; shape->observation_kind == ARQ_OBSERVATION_BIT && i < frames * bytes; i++) {
        ((uint8_t *)s->frames)[i] = (uint8_t)between(s, 0, 255);
    }
    for (size_t i = 0; shape->observation_kind == ARQ_OBSERVATION_F64 && i < frames * shape->observation_size; i++) {
        ((double *)s->frames)[i] = 4 * uniform(s) - 2;
    }
}

static void make_batch(subject *s)
{
    uint32_t size = s->learner->batch;
    make_frames(s);
    s->rewards = malloc(size * sizeof(double));
    s->actions = malloc(size * sizeof(int32_t));
    s->lengths = malloc(size * sizeof(int32_t));
    s->terminated = malloc(size);
    for (uint32_t b = 0; b < size; b++) {
        s->rewards[b] = 4 * uniform(s) - 2;
        s->actions[b] = (int32_t)between(s, 0, s->network->shape.actions - 1);
        s->lengths[b] = (int32_t)between(s, 1, s->learner->window);
        s->terminated[b] = uniform(s) < 0.3;
    }
    s->batch = (arq_batch){.size = size,
                           .frames = s->frames,
                           .lengths = s->lengths,
                           .actions = s->actions,
                           .rewards = s->rewards,
                           .terminated = s->terminated};
}

/* A learner of random shape, its weights and those of its target network somewhere. */
static void make(subject *s, const char *options, unsigned seed)
{
    char widths[64];
    arq_config *config;
    int binary = strstr(options, "binary") != NULL;
    memset(s, 0, sizeof(*s));
    s->options = options;
    s->seed = seed;
    s->random = seed;
    ck_assert_int_eq(arq_context_create(ARQ_ABI_VERSION, NULL, &s->context), ARQ_OK);
    ck_assert_int_eq(arq_config_create(s->context, NULL, &config), ARQ_OK);
    uint32_t cells = between(s, 1, 3);
    for (uint32_t l = 0; l < cells; l++) {
        snprintf(widths + 2 * l, sizeof(widths) - 2 * l, l + 1 < cells ? "%u," : "%u", between(s, 5, 9));
    }
    set(config, "widths", widths);
    set(config, "context_size", "2");
    set(config, "batch", "5");
    arq_config_set_int(config, "heads", between(s, 2, 4));
    apply(config, options);
    uint32_t observation = between(s, 3, 12);
    int32_t kind = uniform(s) < 0.5 ? ARQ_OBSERVATION_F64 : ARQ_OBSERVATION_BIT;
    uint32_t actions = binary ? 4 : between(s, 2, 4);
    arq_status status =
        arq_network_make(s->context, arq_config_values(config), kind, observation, actions, &s->network);
    ck_assert_msg(status == ARQ_OK, "%s: no network", options);
    ck_assert_int_eq(arq_learner_make(s->network, arq_config_values(config), ARQ_LEARN_FROM_WINDOWS, &s->learner),
                     ARQ_OK);
    size_t count = arq_network_weight_count(&s->network->shape);
    for (size_t i = 0; i < count; i++) {
        s->network->weights[i] += 0.2 * uniform(s) - 0.1;
        s->learner->target[i] += 0.2 * uniform(s) - 0.1;
    }
    make_batch(s);
    arq_config_destroy(config);
}

static void end(subject *s)
{
    arq_learner_destroy(s->learner);
    arq_network_destroy(s->network);
    arq_context_destroy(s->context);
    free(s->frames);
    free(s->rewards);
    free(s->actions);
    free(s->lengths);
    free(s->terminated);
}

/* Loss of part l with the present weights, everything below it as it is. */
typedef double loss_function(subject *s, uint32_t l);

/* Slope of part l's loss along a weight, `step` to both sides. */
static double slope(subject *s, uint32_t l, double *weight, double step, loss_function *loss)
{
    double kept = *weight;
    *weight = kept + step;
    double above = loss(s, l);
    *weight = kept - step;
    double below = loss(s, l);
    *weight = kept;
    return (above - below) / (2 * step);
}

/* How far a gradient is from the slope. A step that crosses the kink of a ReLU or of Huber's loss sees the slopes of
 * both sides; a shorter one does not. */
static double error_of(subject *s, uint32_t l, double *weight, double gradient, double allowed, loss_function *loss)
{
    double error = INFINITY;
    for (double step = STEP; !(error <= 1) && step > STEP / 1000; step /= 10) {
        error = fmin(error, fabs(slope(s, l, weight, step, loss) - gradient) / allowed);
    }
    return error;
}

/* The weights of one tensor, whose gradient is at `gradient`. */
static void compare_tensor(subject *s, uint32_t l, const arq_weight_tensor *tensor, size_t count,
                           const double *gradient, double least, loss_function *loss)
{
    double largest = least;
    for (size_t i = 0; i < count; i++) {
        largest = fmax(largest, fabs(gradient[i]));
    }
    size_t stride = count / WEIGHTS + 1;
    for (size_t i = between(s, 0, (uint32_t)(stride < count ? stride : count) - 1); i < count; i += stride) {
        double *weight = &s->network->weights[tensor->offset + i];
        double error = error_of(s, l, weight, gradient[i], ALLOWED * largest, loss);
        if (!(error <= s->worst)) {
            s->worst = error;
            snprintf(s->where, sizeof(s->where), "%s, weight %zu of %zu", tensor->name, i, count);
        }
    }
}

/* Weights [first, first + count), which part l's loss depends on. */
static void compare(subject *s, uint32_t l, size_t first, size_t count, const double *gradient, loss_function *loss)
{
    double largest = 0;
    size_t seen = 0;
    for (size_t i = 0; i < count; i++) {
        largest = fmax(largest, fabs(gradient[i]));
    }
    ck_assert_msg(largest > 1e-9, "%s, seed %u: part %u has no gradient", s->options, s->seed, l);
    for (uint32_t t = 0; t < s->network->tensor_count; t++) {
        const arq_weight_tensor *tensor = &s->network->tensors[t];
        size_t values = (size_t)tensor->rows * (tensor->columns == 0 ? 1 : tensor->columns);
        if (tensor->offset >= first && tensor->offset < first + count) {
            compare_tensor(s, l, tensor, values, gradient + (tensor->offset - first), LEAST * largest, loss);
            seen += values;
        }
    }
    ck_assert_uint_eq(seen, count);
}

/* ---- Cells ---- */

static double cell_loss(subject *s, uint32_t l)
{
    arq_cells_learner *state = s->learner->state;
    const arq_network_shape *shape = &s->network->shape;
    arq_cells_features(s->context, &state->scratch, shape, s->network->weights, s->batch.size, &state->now.observation,
                       state->now.previous, state->u, state->now.h, state->features);
    ck_assert_int_eq(arq_cells_backward(s->learner, &s->batch, l), ARQ_OK);
    return s->learner->metric[l][ARQ_METRIC_LOSS];
}

static void check_cells(subject *s)
{
    const arq_cells_learner *state = s->learner->state;
    const arq_network_shape *shape = &s->network->shape;
    ck_assert_int_eq(arq_cells_prepare(s->learner, &s->batch), ARQ_OK);
    for (uint32_t l = 0; l < shape->cells; l++) {
        size_t count = arq_cell_at(shape, l)->offset[ARQ_CELL_TENSORS];
        double *gradient = malloc(count * sizeof(double));
        cell_loss(s, l);
        arq_cells_gradient(s->learner, &s->batch, l);
        memcpy(gradient, state->gradient, count * sizeof(double));
        compare(s, l, shape->weights[l], count, gradient, cell_loss);
        free(gradient);
    }
}

/* ---- DQN ---- */

static double dqn_loss(subject *s, uint32_t l)
{
    (void)l;
    ck_assert_int_eq(arq_dqn_backward(s->learner, &s->batch), ARQ_OK);
    return s->learner->metric[s->network->shape.cells - 1][ARQ_METRIC_LOSS];
}

static void check_dqn(subject *s)
{
    const arq_dense_learner *state = s->learner->state;
    size_t count = arq_network_weight_count(&s->network->shape);
    double *gradient = malloc(count * sizeof(double));
    ck_assert_int_eq(arq_dqn_prepare(s->learner, &s->batch), ARQ_OK);
    memcpy(gradient, state->gradient, count * sizeof(double));
    compare(s, 0, 0, count, gradient, dqn_loss);
    free(gradient);
}

/* ---- FF-DQN ---- */

static uint32_t positives_of(subject *s)
{
    arq_ff_learner *state = s->learner->state;
    double median;
    return arq_ff_classify(s->batch.size, state->dense.td_target, state->sorted, state->positive, &median);
}

static double ff_loss(subject *s, uint32_t l)
{
    arq_ff_learner *state = s->learner->state;
    const arq_network_shape *shape = &s->network->shape;
    if (l + 1 == shape->cells) {
        arq_ff_head_backward(s->learner, &s->batch);
    } else {
        arq_dense_forward_layer(s->context, &state->dense.scratch, shape, s->network->weights, s->batch.size, l,
                                &state->dense.now);
        arq_ff_backward(s->learner, s->batch.size, positives_of(s), l);
    }
    return s->learner->metric[l][ARQ_METRIC_LOSS];
}

static void check_ff(subject *s)
{
    const arq_ff_learner *state = s->learner->state;
    const arq_network_shape *shape = &s->network->shape;
    arq_dense_find_targets(s->learner, &s->batch, 0);
    for (uint32_t l = 0; l < shape->cells; l++) {
        size_t count = shape->weights[l + 1] - shape->weights[l];
        double *gradient = malloc(count * sizeof(double));
        ff_loss(s, l);
        memcpy(gradient, state->dense.gradient + shape->weights[l], count * sizeof(double));
        compare(s, l, shape->weights[l], count, gradient, ff_loss);
        ff_loss(s, l); /* what the layer above sees */
        free(gradient);
    }
}

/* ---- Every kind and option ---- */

static const char *const options[] = {
    "network=arq",
    "network=arq goodness=mean_square",
    "network=arq goodness=mean",
    "network=arq goodness=variance",
    "network=arq goodness=rms_uncentered",
    "network=arq action_input=output",
    "network=arq action_input=output goodness=mean_square",
    "network=arq action_input=output goodness=mean",
    "network=arq action_input=output goodness=variance",
    "network=arq action_input=output goodness=rms_uncentered",
    "network=arq action_code=binary",
    "network=arq loss=huber",
    "network=arq double_q=false",
    "network=arq double_q=false loss=huber action_input=output",
    "network=arq row_order=paper",
    "network=arq row_order=paper goodness=mean_square",
    "network=arq row_order=paper goodness=mean",
    "network=arq row_order=paper goodness=variance",
    "network=arq row_order=paper goodness=rms_uncentered",
    "network=arq row_order=paper action_input=output",
    "network=arq row_order=paper action_input=output goodness=variance",
    "network=arq row_order=paper action_code=binary",
    "network=arq input_skip=false",
    "network=arq recurrent=false",
    "network=arq top_down=false",
    "network=arq recurrent=false top_down=false input_skip=false",
    "network=arq context_alpha=0.6 window_padding=zero-context",
    "network=arq heads=1",
    "network=arq heads=16",
    "network=ad",
    "network=ad loss=huber",
    "network=ad loss=huber double_q=false",
    "network=ad action_input=input",
    "network=ad action_input=input action_code=binary",
    "network=ad action_input=input loss=huber",
    "network=ad row_order=paper",
    "network=ad row_order=paper action_input=input",
    "network=ad recurrent=false top_down=false input_skip=false",
    "network=ad context_alpha=0.6 window_padding=zero-context",
    "network=ad quantiles=5",
    "network=ad quantiles=10 double_q=false",
    "network=ad quantiles=5 loss=huber",
    "network=ad quantiles=5 action_input=input",
    "network=ad quantiles=5 action_input=input action_code=binary loss=huber",
    "network=ad quantiles=5 row_order=paper",
    "network=ad quantiles=5 row_order=paper action_input=input",
    "network=dqn",
    "network=dqn loss=huber",
    "network=dqn double_q=false",
    "network=dqn double_q=false loss=huber",
    "network=ff-dqn",
    "network=ff-dqn loss=huber",
    "network=ff-dqn ff_normalise=hidden ff_margin=0.5",
    "network=ff-dqn ff_normalise=none",
    "network=ff-dqn ff_normalise=homogeneous",
    "network=ff-dqn ff_variant=poster",
    "network=ff-dqn ff_variant=poster ff_normalise=hidden ff_margin=0.5",
    "network=ff-dqn ff_variant=poster ff_normalise=none loss=huber",
};

static void check(const char *option, unsigned seed, double *worst)
{
    subject s;
    make(&s, option, seed);
    if (s.network->shape.methods->update_from_windows == arq_cells_update_from_windows) {
        check_cells(&s);
    } else if (s.network->shape.methods == &arq_dqn_network) {
        check_dqn(&s);
    } else {
        check_ff(&s);
    }
    ck_assert_msg(s.worst <= 1, "%s, seed %u: %s is %.3g times the allowed error away", option, seed, s.where, s.worst);
    *worst = fmax(*worst, s.worst);
    end(&s);
}

START_TEST(gradients_are_derivatives)
{
    double worst = 0;
    for (unsigned seed = 1; seed <= SHAPES; seed++) {
        check(options[_i], seed * 1000 + (unsigned)_i, &worst);
    }
    printf("%-72s worst error %.3f of the allowed\n", options[_i], worst);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gradients");
    TCase *tests = tcase_create("gradients");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, gradients_are_derivatives, 0, sizeof(options) / sizeof(options[0]));
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
