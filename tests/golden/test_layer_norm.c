/* Updates of DQN with LayerNorm towards given targets, against recorded ones. Allowed: 1e-5 (1 + largest entry). */
#include "golden_files.h"

#include "arq/arq.h"
#include "io/safetensors.h"
#include "nn/dense/learner.h"
#include "nn/learner.h"
#include "../support/suite.h"

#include <math.h>
#include <stdarg.h>

#define ALLOWED 1e-5

typedef struct norm_case {
    arq_reader *file;
    const char *name;
    arq_network *network;
    arq_learner *learner;
    uint32_t batch, layers, actions;
    double worst;
} norm_case;

static const arq_tensor *find(const norm_case *c, const char *format, ...)
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

static const char *text_of(const norm_case *c, const char *key)
{
    const char *text = arq_reader_text(c->file, key);
    ck_assert_msg(text != NULL, "%s: no text '%s'", c->name, key);
    return text;
}

/* Entry `step` of a recorded tensor of `count` values a step. */
static const float *at_step(const arq_tensor *tensor, size_t step, size_t count)
{
    ck_assert_uint_ge(tensor->bytes, (step + 1) * count * sizeof(float));
    return (const float *)tensor->data + step * count;
}

/* `ours`, [inputs, outputs] where outputs > 0, else a vector, against what is recorded as [outputs, inputs]. */
static void compare(norm_case *c, const char *what, size_t step, const float *ours, size_t inputs, size_t outputs,
                    const float *theirs)
{
    size_t count = inputs * (outputs == 0 ? 1 : outputs);
    double largest = 0;
    for (size_t i = 0; i < count; i++) {
        largest = fmax(largest, fabs((double)theirs[i]));
    }
    for (size_t i = 0; i < count; i++) {
        size_t at = outputs == 0 ? i : i % outputs * inputs + i / outputs;
        double ratio = fabs((double)ours[i] - (double)theirs[at]) / (ALLOWED * (1 + largest));
        ck_assert_msg(ratio <= 1, "%s, step %zu: %s[%zu] is %.9g, recorded %.9g", c->name, step, what, i,
                      (double)ours[i], (double)theirs[at]);
        c->worst = fmax(c->worst, ratio);
    }
}

static void compare_layers(norm_case *c, const char *what, size_t step, const float *ours)
{
    for (uint32_t l = 0; l < c->layers; l++) {
        arq_dense_layer layer = arq_dense_layer_at(&c->network->shape, l);
        size_t in = layer.inputs;
        size_t out = layer.outputs;
        compare(c, what, step, ours + layer.kernel, in, out, at_step(find(c, "%s.%u.w", what, l), step, in * out));
        compare(c, what, step, ours + layer.bias, out, 0, at_step(find(c, "%s.%u.b", what, l), step, out));
        if (l + 1 < c->layers) {
            compare(c, what, step, ours + layer.scale, out, 0, at_step(find(c, "%s.%u.scale", what, l), step, out));
            compare(c, what, step, ours + layer.scale + out, out, 0,
                    at_step(find(c, "%s.%u.shift", what, l), step, out));
        }
    }
}

static void load_start(const norm_case *c)
{
    for (uint32_t l = 0; l < c->layers; l++) {
        arq_dense_layer layer = arq_dense_layer_at(&c->network->shape, l);
        size_t in = layer.inputs;
        size_t out = layer.outputs;
        float *weights = c->network->weights;
        const float *w = at_step(find(c, "init.%u.w", l), 0, in * out);
        for (size_t i = 0; i < in * out; i++) {
            weights[layer.kernel + i] = w[i % out * in + i / out];
        }
        memcpy(weights + layer.bias, at_step(find(c, "init.%u.b", l), 0, out), out * sizeof(float));
        if (l + 1 < c->layers) {
            memcpy(weights + layer.scale, at_step(find(c, "init.%u.scale", l), 0, out), out * sizeof(float));
            memcpy(weights + layer.scale + out, at_step(find(c, "init.%u.shift", l), 0, out), out * sizeof(float));
        }
    }
}

static void set(arq_config *config, const char *name, const char *value)
{
    ck_assert_msg(arq_config_set(config, name, value) == ARQ_OK, "%s = %s is refused", name, value);
}

static void create(arq_context *context, norm_case *c)
{
    arq_config *config;
    char batch[16];
    char widths[64] = "";
    c->batch = (uint32_t)find(c, "y")->shape[1];
    c->actions = (uint32_t)find(c, "q")->shape[2];
    while (true) {
        char name[32];
        snprintf(name, sizeof(name), "init.%u.b", c->layers);
        const arq_tensor *bias = arq_reader_find(c->file, name);
        if (bias == NULL) {
            break;
        }
        snprintf(name, sizeof(name), "init.%u.scale", c->layers++);
        if (arq_reader_find(c->file, name) != NULL) {
            size_t used = strlen(widths);
            snprintf(widths + used, sizeof(widths) - used, "%s%u", used == 0 ? "" : ",", (unsigned)bias->shape[0]);
        }
    }
    snprintf(batch, sizeof(batch), "%u", c->batch);
    ck_assert_int_eq(arq_config_create(context, NULL, &config), ARQ_OK);
    set(config, "network", "dqn");
    set(config, "layer_norm", "true");
    set(config, "widths", widths);
    set(config, "batch", batch);
    set(config, "clip", text_of(c, "clip"));
    set(config, "learning_rate", text_of(c, "lr"));
    set(config, "beta2", text_of(c, "b2"));
    set(config, "loss", text_of(c, "loss"));
    uint32_t observed = (uint32_t)find(c, "s")->shape[2];
    ck_assert_int_eq(arq_network_create(context, config, ARQ_OBSERVATION_F32, observed, c->actions, &c->network),
                     ARQ_OK);
    ck_assert_int_eq(arq_learner_make(c->network, &c->network->parameters, ARQ_LEARN_FROM_TARGETS, &c->learner),
                     ARQ_OK);
    ck_assert_uint_eq(c->network->shape.cells, c->layers);
    arq_config_destroy(config);
}

static void check_step(norm_case *c, size_t step)
{
    const arq_dense_learner *s = c->learner->state;
    uint32_t head = c->layers - 1;
    size_t observed = find(c, "s")->shape[2];
    const float *targets[ARQ_MAX_CELLS] = {NULL};
    targets[head] = at_step(find(c, "y"), step, c->batch);
    const arq_target_batch batch = {
        .size = c->batch,
        .frames = at_step(find(c, "s"), step, c->batch * observed),
        .actions = (const int32_t *)find(c, "a")->data + step * c->batch,
        .targets = targets,
    };
    ck_assert_int_eq(arq_learner_update_towards(c->learner, &batch), ARQ_OK);
    size_t outputs = (size_t)c->batch * c->actions;
    compare(c, "q", step, s->now.h[head], outputs, 0, at_step(find(c, "q"), step, outputs));
    float loss = (float)c->learner->metric[head][ARQ_METRIC_LOSS];
    float norm = (float)c->learner->metric[head][ARQ_METRIC_GRADIENT_NORM];
    compare(c, "loss", step, &loss, 1, 0, at_step(find(c, "loss"), step, 1));
    compare(c, "grad_norm", step, &norm, 1, 0, at_step(find(c, "grad_norm"), step, 1));
    compare_layers(c, "grad", step, s->gradient);
    compare_layers(c, "layer", step, c->network->weights);
}

START_TEST(test_recorded_updates)
{
    struct golden_files files = golden_files_list("layer_norm", ".safetensors");
    ck_assert_msg(files.count > 0, "no recorded updates");
    arq_context *context = NULL;
    ck_assert_int_eq(arq_context_create(ARQ_ABI_VERSION, NULL, &context), ARQ_OK);
    for (size_t i = 0; i < files.count; i++) {
        norm_case c = {.name = files.name[i]};
        ck_assert_int_eq(arq_reader_open(context, files.path[i], &c.file), ARQ_OK);
        create(context, &c);
        load_start(&c);
        size_t steps = find(&c, "y")->shape[0];
        for (size_t step = 0; step < steps; step++) {
            check_step(&c, step);
        }
        printf("%-28s %zu updates, worst error %.3f of what is allowed\n", c.name, steps, c.worst);
        arq_learner_destroy(c.learner);
        arq_network_destroy(c.network);
        arq_reader_close(c.file);
    }
    arq_context_destroy(context);
    golden_files_free(&files);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("layer_norm");
    TCase *tests = tcase_create("recorded");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, test_recorded_updates);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
