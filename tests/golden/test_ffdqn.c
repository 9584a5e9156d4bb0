/* Updates of DQN and FF-DQN against recorded ones, tensor by tensor. Allowed: 2e-6 max(1, largest recorded entry). */
#include "golden_files.h"

#include "arq/arq.h"
#include "io/safetensors.h"
#include "nn/dense/dqn.h"
#include "nn/dense/ff_dqn.h"
#include "nn/kind.h"
#include "system/fp.h"

#include <check.h>
#include <math.h>
#include <stdarg.h>

#define RELATIVE 2e-6

typedef struct ff_case {
    arq_context *context;
    arq_reader *file;
    const char *name;
    arq_network *network;
    arq_learner *learner;
    uint32_t batch;
    int steps;
    int compared;
    int failures;
    double worst;
    char worst_tensor[64];
} ff_case;

static const arq_tensor *find(const ff_case *c, const char *format, ...)
{
    char name[64];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(name, sizeof(name), format, arguments);
    va_end(arguments);
    const arq_tensor *tensor = arq_reader_find(c->file, name);
    ck_assert_msg(tensor != NULL, "%s: no tensor '%s'", c->name, name);
    return tensor;
}

static void compare_value(ff_case *c, const char *name, double ours, double theirs, double allowed)
{
    double ratio = ours == theirs ? 0 : fabs(ours - theirs) / allowed;
    if (!(ratio <= 1)) {
        c->failures++;
        printf("  %s: %s is %.9g, recorded %.9g, allowed %.3g\n", c->name, name, ours, theirs, allowed);
    }
    if (!(ratio <= c->worst)) {
        c->worst = ratio;
        snprintf(c->worst_tensor, sizeof(c->worst_tensor), "%s", name);
    }
}

/* `ours` against entry `step` of a recorded tensor [steps, count]; [rows, columns] transposed where columns > 0. */
static void compare(ff_case *c, int step, const float *ours, uint32_t rows, uint32_t columns, const char *format, ...)
{
    char name[64];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(name, sizeof(name), format, arguments);
    va_end(arguments);
    const arq_tensor *tensor = find(c, "%s", name);
    size_t count = (size_t)rows * (columns == 0 ? 1 : columns);
    const float *theirs = (const float *)tensor->data + (size_t)step * count;
    ck_assert_uint_ge(tensor->bytes, ((size_t)step + 1) * count * sizeof(float));
    double largest = 1;
    for (size_t i = 0; i < count; i++) {
        largest = fmax(largest, fabs((double)theirs[i]));
    }
    for (size_t i = 0; i < count; i++) {
        size_t at = columns == 0 ? i : i % columns * rows + i / columns;
        compare_value(c, name, (double)ours[i], (double)theirs[at], RELATIVE * largest);
    }
    c->compared++;
}

/* Kernel and bias of layer l, which lie in `values` as in the weights. */
static void compare_layer(ff_case *c, int step, const float *values, uint32_t l, const char *owner, const char *what)
{
    arq_dense_layer layer = arq_dense_layer_at(&c->network->shape, l);
    compare(c, step, values + layer.kernel, layer.inputs, layer.outputs, "%s.%sw", owner, what);
    compare(c, step, values + layer.bias, layer.outputs, 0, "%s.%sb", owner, what);
}

static const char *text_of(const ff_case *c, const char *key)
{
    const char *text = arq_reader_text(c->file, key);
    ck_assert_msg(text != NULL, "%s: no metadata '%s'", c->name, key);
    return text;
}

static void set(arq_config *config, const char *name, const char *value)
{
    ck_assert_msg(arq_config_set(config, name, value) == ARQ_OK, "%s = %s is refused", name, value);
}

static void configure(const ff_case *c, int ff, arq_config *config)
{
    char widths[32];
    snprintf(widths, sizeof(widths), "%u,%u", (unsigned)find(c, "init.0.b")->shape[0],
             (unsigned)find(c, "init.1.b")->shape[0]);
    set(config, "network", ff ? "ff-dqn" : "dqn");
    set(config, "widths", widths);
    set(config, "clip", text_of(c, "clip"));
    set(config, "beta1", text_of(c, "b1"));
    set(config, "beta2", text_of(c, "b2"));
    set(config, "adam_epsilon", text_of(c, "eps"));
    set(config, "gamma", text_of(c, "gamma"));
    arq_config_set_int(config, "batch", c->batch);
    if (ff) {
        set(config, "ff_variant", text_of(c, "variant"));
        set(config, "ff_margin", text_of(c, "threshold"));
        set(config, "ff_update_probability", "1");
        set(config, "learning_rate", text_of(c, "lr_ff"));
        set(config, "head_learning_rate", text_of(c, "lr_head"));
    } else {
        set(config, "loss", text_of(c, "loss"));
        set(config, "learning_rate", text_of(c, "lr"));
        set(config, "double_q", text_of(c, "double"));
    }
}

static const char *layer_name(int ff, uint32_t l)
{
    static const char *const names[2][3] = {{"0", "1", "2"}, {"0", "1", "head"}};
    return names[ff][l];
}

static void load_weights(const ff_case *c, int ff, const char *net, float *weights)
{
    for (uint32_t l = 0; l < 3; l++) {
        arq_dense_layer layer = arq_dense_layer_at(&c->network->shape, l);
        const arq_tensor *w = find(c, "%s.%s.w", net, layer_name(ff, l));
        const arq_tensor *b = find(c, "%s.%s.b", net, layer_name(ff, l));
        ck_assert_uint_eq(w->bytes, (size_t)layer.inputs * layer.outputs * sizeof(float));
        ck_assert_uint_eq(b->bytes, layer.outputs * sizeof(float));
        for (size_t i = 0; i < layer.inputs; i++) {
            for (size_t j = 0; j < layer.outputs; j++) {
                weights[layer.kernel + i * layer.outputs + j] = ((const float *)w->data)[j * layer.inputs + i];
            }
        }
        memcpy(weights + layer.bias, b->data, b->bytes);
    }
}

typedef struct rows {
    arq_batch batch;
    float *frames;
    uint8_t *terminated;
} rows;

static rows rows_of(const ff_case *c, int step)
{
    size_t n = c->network->shape.observation_size;
    const float *s = (const float *)find(c, "s")->data + (size_t)step * c->batch * n;
    const float *next = (const float *)find(c, "s2")->data + (size_t)step * c->batch * n;
    const float *terminal = (const float *)find(c, "terminal")->data + (size_t)step * c->batch;
    rows r = {.frames = malloc(2 * c->batch * n * sizeof(float)), .terminated = malloc(c->batch)};
    for (size_t b = 0; b < c->batch; b++) {
        memcpy(r.frames + 2 * b * n, s + b * n, n * sizeof(float));
        memcpy(r.frames + (2 * b + 1) * n, next + b * n, n * sizeof(float));
        r.terminated[b] = terminal[b] != 0;
    }
    r.batch = (arq_batch){.size = c->batch,
                          .frames = r.frames,
                          .actions = (const int32_t *)find(c, "a")->data + (size_t)step * c->batch,
                          .rewards = (const float *)find(c, "r")->data + (size_t)step * c->batch,
                          .terminated = r.terminated};
    return r;
}

static void free_rows(const rows *r)
{
    free(r->frames);
    free(r->terminated);
}

static void compare_metric(ff_case *c, int step, uint32_t l, const char *metric, const char *tensor)
{
    double value;
    ck_assert_int_eq(arq_learner_metric(c->learner, metric, l, &value), ARQ_OK);
    float number = (float)value;
    compare(c, step, &number, 1, 0, "%s", tensor);
}

/* ---- DQN ---- */

static void check_dqn_step(ff_case *c, int step)
{
    static const char *const owners[] = {"layer0", "layer1", "layer2"};
    arq_learner *learner = c->learner;
    const arq_dense_learner *s = learner->state;
    rows r = rows_of(c, step);
    ck_assert_int_eq(arq_dqn_prepare(learner, &r.batch), ARQ_OK);
    const int32_t *best = (const int32_t *)find(c, "best")->data + (size_t)step * c->batch;
    for (uint32_t b = 0; b < c->batch; b++) {
        compare_value(c, "best", s->next_action[b], best[b], 0.5);
    }
    compare(c, step, s->td_target, c->batch, 0, "td_target");
    compare(c, step, s->now.h[2], c->batch * c->network->shape.actions, 0, "q");
    for (uint32_t l = 0; l < 3; l++) {
        compare_layer(c, step, s->gradient, l, owners[l], "grad.");
    }
    uint64_t mode = arq_fp_enter();
    ck_assert_int_eq(c->network->shape.methods->update_from_windows(learner, &r.batch), ARQ_OK);
    arq_fp_leave(mode);
    learner->updates++;
    compare_metric(c, step, 2, "loss", "loss");
    compare_metric(c, step, 2, "gradient_norm", "grad_norm");
    for (uint32_t l = 0; l < 3; l++) {
        compare_layer(c, step, c->network->weights, l, owners[l], "");
    }
    free_rows(&r);
}

/* ---- FF-DQN ---- */

static void check_ff_layer(ff_case *c, int step, const rows *r, uint32_t positives, uint32_t l)
{
    static const char *const owners[] = {"layer0", "layer1"};
    arq_learner *learner = c->learner;
    arq_ff_learner *s = learner->state;
    const arq_network_shape *shape = &c->network->shape;
    char name[32];
    ck_assert_int_eq(arq_ff_learn_layer(learner, r->batch.size, positives, l), ARQ_OK);
    compare(c, step, s->goodness, c->batch, 0, "%s.goodness", owners[l]);
    compare(c, step, s->dense.now.h[l], c->batch * shape->width[l], 0, "%s.h", owners[l]);
    compare_layer(c, step, s->dense.gradient, l, owners[l], "grad.");
    compare_layer(c, step, c->network->weights, l, owners[l], "");
    snprintf(name, sizeof(name), "%s.loss", owners[l]);
    compare_metric(c, step, l, "loss", name);
    snprintf(name, sizeof(name), "%s.grad_norm", owners[l]);
    compare_metric(c, step, l, "gradient_norm", name);
    if (step == 4) {
        compare_layer(c, 0, learner->m, l, owners[l], "adam_m.");
        compare_layer(c, 0, learner->v, l, owners[l], "adam_v.");
    }
    arq_dense_forward_layer(c->context, &s->dense.scratch, shape, c->network->weights, c->batch, l, &s->dense.now);
}

static void check_ff_step(ff_case *c, int step)
{
    arq_learner *learner = c->learner;
    arq_ff_learner *s = learner->state;
    rows r = rows_of(c, step);
    float median;
    arq_dense_find_targets(learner, &r.batch, 0);
    compare(c, step, s->dense.td_target, c->batch, 0, "td_target");
    uint32_t positives = arq_ff_classify(c->batch, s->dense.td_target, s->sorted, s->positive, &median);
    const uint8_t *classes = (const uint8_t *)find(c, "positive")->data + (size_t)step * c->batch;
    for (uint32_t b = 0; b < c->batch; b++) {
        compare_value(c, "positive", s->positive[b], classes[b], 0.5);
    }
    compare(c, step, &median, 1, 0, "median");
    learner->own.beta1_power *= learner->parameters.beta1;
    learner->own.beta2_power *= learner->parameters.beta2;
    for (uint32_t l = 0; l < 2; l++) {
        check_ff_layer(c, step, &r, positives, l);
    }
    arq_ff_head_backward(learner, &r.batch);
    compare(c, step, s->dense.now.h[1], c->batch * c->network->shape.width[1], 0, "head.features");
    compare(c, step, s->dense.now.h[2], c->batch * c->network->shape.actions, 0, "head.q");
    compare_metric(c, step, 2, "loss", "head.loss");
    compare_layer(c, step, s->dense.gradient, 2, "head", "grad.");
    arq_ff_head_step(learner);
    compare_layer(c, step, c->network->weights, 2, "head", "");
    free_rows(&r);
}

/* The public update does the same as the steps above. */
static void check_whole_update(ff_case *c, int ff)
{
    size_t count = arq_network_weight_count(&c->network->shape);
    float *stepped = malloc(count * sizeof(float));
    memcpy(stepped, c->network->weights, count * sizeof(float));
    load_weights(c, ff, "init", c->network->weights);
    load_weights(c, ff, "target", c->learner->target);
    memset(c->learner->m, 0, count * sizeof(float));
    memset(c->learner->v, 0, count * sizeof(float));
    c->learner->beta1_power = c->learner->beta2_power = 1;
    c->learner->own.beta1_power = c->learner->own.beta2_power = 1;
    for (int step = 0; step < c->steps; step++) {
        rows r = rows_of(c, step);
        ck_assert_int_eq(
            arq_learner_update(c->learner, c->batch, r.frames, NULL, r.batch.actions, r.batch.rewards, r.terminated),
            ARQ_OK);
        if (step == 2) {
            ck_assert_int_eq(arq_learner_sync(c->learner), ARQ_OK);
        }
        free_rows(&r);
    }
    ck_assert_msg(memcmp(stepped, c->network->weights, count * sizeof(float)) == 0,
                  "%s: arq_learner_update does not give the weights of its own steps", c->name);
    free(stepped);
}

static void check_learner_file(ff_case *c, int ff)
{
    arq_config *config;
    c->batch = (uint32_t)find(c, "a")->shape[1];
    c->steps = (int)find(c, "a")->shape[0];
    ck_assert_int_eq(arq_config_create(c->context, NULL, &config), ARQ_OK);
    configure(c, ff, config);
    uint32_t actions = (uint32_t)find(c, ff ? "init.head.b" : "init.2.b")->shape[0];
    ck_assert_int_eq(arq_network_create(c->context, config, ARQ_OBSERVATION_F32, (uint32_t)find(c, "s")->shape[2],
                                        actions, &c->network),
                     ARQ_OK);
    ck_assert_int_eq(arq_learner_create(c->network, config, &c->learner), ARQ_OK);
    load_weights(c, ff, "init", c->network->weights);
    load_weights(c, ff, "target", c->learner->target);
    for (int step = 0; step < c->steps; step++) {
        if (ff) {
            check_ff_step(c, step);
        } else {
            check_dqn_step(c, step);
        }
        if (step == 2) {
            ck_assert_int_eq(arq_learner_sync(c->learner), ARQ_OK);
        }
    }
    check_whole_update(c, ff);
    arq_learner_destroy(c->learner);
    arq_network_destroy(c->network);
    arq_config_destroy(config);
}

/* Classes of small vectors, and the softplus far out. */
static void check_split_file(ff_case *c)
{
    const arq_tensor *values = find(c, "values");
    size_t columns = values->shape[1];
    for (size_t i = 0; i < values->shape[0]; i++) {
        uint32_t count = (uint32_t)((const int32_t *)find(c, "count")->data)[i];
        float sorted[64];
        uint8_t positive[64];
        float median;
        uint32_t positives =
            arq_ff_classify(count, (const float *)values->data + i * columns, sorted, positive, &median);
        compare(c, (int)i, &median, 1, 0, "median");
        compare_value(c, "skipped", positives == 0, ((const uint8_t *)find(c, "skipped")->data)[i], 0.5);
        for (uint32_t b = 0; b < count; b++) {
            uint8_t theirs = ((const uint8_t *)find(c, "positive")->data)[i * columns + b];
            compare_value(c, "positive", positive[b], theirs, 0.5);
        }
    }
    const arq_tensor *x = find(c, "softplus.x");
    for (size_t i = 0; i < x->shape[0]; i++) {
        float value = ((const float *)x->data)[i];
        float y = (float)arq_softplus(c->context->kernels, (double)value);
        float slope = (float)arq_softplus_slope(c->context->kernels, (double)value);
        compare(c, (int)i, &y, 1, 0, "softplus.y");
        compare(c, (int)i, &slope, 1, 0, "softplus.slope");
    }
}

static int check_file(arq_context *context, const char *path, const char *name)
{
    ff_case c = {.context = context, .name = name};
    ck_assert_msg(arq_reader_open(context, path, &c.file) == ARQ_OK, "%s cannot be read", path);
    int known = 1;
    if (strncmp(name, "ff_", 3) == 0 || strncmp(name, "dqn_", 4) == 0) {
        check_learner_file(&c, name[0] == 'f');
    } else if (arq_reader_find(c.file, "softplus.x") != NULL) {
        check_split_file(&c);
    } else {
        printf("%-36s skipped: neither ff_*, dqn_* nor a split file\n", name);
        known = 0;
    }
    if (known) {
        printf("%-36s %4d tensors, worst error %.3f of its allowance (%s)\n", name, c.compared, c.worst,
               c.worst_tensor);
    }
    arq_reader_close(c.file);
    ck_assert_msg(c.failures == 0, "%s: %d values differ", name, c.failures);
    return known;
}

START_TEST(recorded_steps)
{
    struct golden_files files = golden_files_list("ffdqn", ".safetensors");
    arq_context *context;
    int checked = 0;
    ck_assert_int_eq(arq_context_create(ARQ_ABI_VERSION, NULL, &context), ARQ_OK);
    ck_assert_int_eq(arq_context_set_threads(context, 2), ARQ_OK);
    for (size_t i = 0; i < files.count; i++) {
        checked += check_file(context, files.path[i], files.name[i]);
    }
    printf("ffdqn: %d checked, %zu skipped\n", checked, files.count - (size_t)checked);
    ck_assert_msg(checked > 0, "no file of a known format in ffdqn");
    arq_context_destroy(context);
    golden_files_free(&files);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("golden ffdqn");
    TCase *tests = tcase_create("ffdqn");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, recorded_steps);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
