#include "cell_case.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *case_text(const cell_case *c, const char *key)
{
    const char *text = arq_reader_text(c->file, key);
    ck_assert_msg(text != NULL, "%s: no metadata '%s'", c->name, key);
    return text;
}

double case_number(const cell_case *c, const char *key)
{
    return strtod(case_text(c, key), NULL);
}

const arq_tensor *case_tensor(const cell_case *c, const char *format, ...)
{
    char name[128];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(name, sizeof(name), format, arguments);
    va_end(arguments);
    return arq_reader_find(c->file, name);
}

/* ---- The network of a case ---- */

static void set(arq_config *config, const char *name, const char *value)
{
    ck_assert_msg(arq_config_set(config, name, value) == ARQ_OK, "%s = %s is refused", name, value);
}

static void set_flag(const cell_case *c, arq_config *config, const char *name, const char *key)
{
    set(config, name, case_text(c, key));
}

/* The released names of the goodness: its std is our rms, its rms our rms_uncentered, its msq our mean_square. */
static const char *goodness_name(const char *released)
{
    static const char *const names[][2] = {{"std", "rms"},   {"rms", "rms_uncentered"}, {"msq", "mean_square"},
                                           {"mean", "mean"}, {"variance", "variance"},  {"", "rms"}};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(released, names[i][0]) == 0) {
            return names[i][1];
        }
    }
    return NULL;
}

static int configure(const cell_case *c, arq_config *config, char reason[128])
{
    const char *algorithm = case_text(c, "algorithm");
    const char *goodness = goodness_name(case_text(c, "goodness"));
    int quantiles = strcmp(algorithm, "ad_qr") == 0;
    if (arq_config_set(config, "network", quantiles ? "ad" : algorithm) != ARQ_OK) {
        snprintf(reason, 128, "algorithm '%s' is not built", algorithm);
        return 0;
    }
    if (goodness == NULL || case_number(c, "q_offset") != 0) {
        snprintf(reason, 128, "goodness '%s' or q_offset %s is not built", case_text(c, "goodness"),
                 case_text(c, "q_offset"));
        return 0;
    }
    if (quantiles) {
        set(config, "quantiles", case_text(c, "num_quantiles"));
    }
    set(config, "goodness", goodness);
    set(config, "widths", case_text(c, "net"));
    set(config, "heads", case_text(c, "heads"));
    int at_input = strcmp(algorithm, "arq") == 0 && case_number(c, "input_conditioning") != 0;
    set(config, "action_input", at_input ? "input" : "output");
    set(config, "action_code", case_number(c, "binary_actions") != 0 ? "binary" : "one-hot");
    set(config, "q_from", case_number(c, "average_predictions") != 0 ? "mean" : "last");
    set(config, "loss", case_number(c, "huber") != 0 ? "huber" : "mse");
    set_flag(c, config, "input_skip", "input_skip");
    set_flag(c, config, "recurrent", "recurrent");
    set_flag(c, config, "top_down", "top_down");
    set_flag(c, config, "double_q", "double_q");
    set(config, "context_size", case_text(c, "context_size"));
    set(config, "context_alpha", case_text(c, "context_alpha"));
    set(config, "gamma", case_text(c, "gamma"));
    set(config, "learning_rate", case_text(c, "lr"));
    set(config, "clip", case_text(c, "max_grad_norm"));
    set(config, "beta1", case_text(c, "adam_b1"));
    set(config, "beta2", case_text(c, "adam_b2"));
    set(config, "adam_epsilon", case_text(c, "adam_eps"));
    set(config, "batch", case_text(c, "batch"));
    return 1;
}

/* Weights by formula, for the files that hold digests only (README of the folder). */
static void formula_weights(const cell_case *c, int net, uint32_t cell, int id, float *values, uint32_t rows,
                            uint32_t columns)
{
    uint64_t seed = (uint64_t)(1000 * case_number(c, "seed")) + 100u * (unsigned)net + 10u * cell + (unsigned)id;
    float amplitude = id == 1 || id == 3 ? 0.1f : (float)sqrt(3.0 / rows);
    size_t count = (size_t)rows * (columns == 0 ? 1 : columns);
    for (size_t e = 0; e < count; e++) {
        uint64_t z = seed + (e + 1) * UINT64_C(0x9e3779b97f4a7c15);
        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        z ^= z >> 31;
        float u = (float)(z >> 40) * 0x1p-23f - 1.0f;
        float scaled = u * (id == 2 ? 0.1f : amplitude);
        values[e] = id == 2 ? 1.0f + scaled : scaled;
    }
}

static void load_weights(cell_case *c, int net, float *weights)
{
    static const char *const net_names[] = {"online", "target"};
    const arq_network_shape *shape = &c->network->shape;
    for (uint32_t l = 0; l < shape->cells; l++) {
        for (int id = 0; id < ARQ_CELL_TENSORS; id++) {
            uint32_t rows;
            uint32_t columns;
            arq_cell_tensor_size(arq_cell_at(shape, l), (arq_cell_tensor_id)id, &rows, &columns);
            size_t count = (size_t)rows * (columns == 0 ? 1 : columns);
            float *values = weights + shape->weights[l] + arq_cell_at(shape, l)->offset[id];
            const arq_tensor *tensor =
                case_tensor(c, "init.%s.cell%u.%s", net_names[net], l, arq_cell_tensor_names[id]);
            if (tensor == NULL) {
                formula_weights(c, net, l, id, values, rows, columns);
            } else {
                ck_assert_uint_eq(tensor->bytes, count * sizeof(float));
                memcpy(values, tensor->data, tensor->bytes);
            }
            case_compare(c, values, count, "init.%s.cell%u.%s", net_names[net], l, arq_cell_tensor_names[id]);
        }
    }
}

int cell_case_open(arq_context *context, const char *path, const char *name, cell_case *c, char reason[128])
{
    memset(c, 0, sizeof(*c));
    c->context = context;
    c->name = name;
    char text[512] = "";
    arq_status status = arq_reader_open(context, path, &c->file);
    arq_context_last_error(context, text, sizeof(text));
    ck_assert_msg(status == ARQ_OK, "%s: %s", path, text);
    arq_config *config = NULL;
    ck_assert_int_eq(arq_config_create(context, NULL, &config), ARQ_OK);
    if (!configure(c, config, reason)) {
        arq_config_destroy(config);
        arq_reader_close(c->file);
        return 0;
    }
    c->batch = (uint32_t)case_number(c, "batch");
    c->observation_size = (uint32_t)case_number(c, "obs_dim");
    c->actions = (uint32_t)case_number(c, "n_actions");
    c->bits = case_tensor(c, "batch0.window")->dtype == ARQ_DTYPE_U8;
    status = arq_network_create(context, config, c->bits ? ARQ_OBSERVATION_BIT : ARQ_OBSERVATION_F32,
                                c->observation_size, c->actions, &c->network);
    ck_assert_int_eq(status, ARQ_OK);
    ck_assert_int_eq(arq_learner_create(c->network, config, &c->learner), ARQ_OK);
    arq_config_destroy(config);
    c->window = arq_learner_window(c->learner);
    ck_assert_uint_eq(case_tensor(c, "batch0.window")->shape[0], c->window);
    size_t tensors = 0;
    const char *unused;
    while (arq_reader_at(c->file, tensors, &unused) != NULL) {
        tensors++;
    }
    c->compared = calloc(tensors, 1);
    load_weights(c, 0, c->network->weights);
    load_weights(c, 1, c->learner->target);
    return 1;
}

void cell_case_close(cell_case *c)
{
    arq_learner_destroy(c->learner);
    arq_network_destroy(c->network);
    arq_reader_close(c->file);
    free(c->compared);
}

/* ---- Comparison ---- */

/* 2e-5 of the largest entry, 1e-4 for gradients, moments and parameters (README of the folder). */
static double relative_allowance(const char *name)
{
    static const char *const loose[] = {".grad.", ".clipped.", ".adam_m.", ".adam_v.", ".params."};
    for (size_t i = 0; i < sizeof(loose) / sizeof(loose[0]); i++) {
        if (strstr(name, loose[i]) != NULL) {
            return 1e-4;
        }
    }
    return 2e-5;
}

static double value_of(const arq_tensor *tensor, size_t i)
{
    return tensor->dtype == ARQ_DTYPE_F64 ? ((const double *)tensor->data)[i]
                                          : (double)((const float *)tensor->data)[i];
}

static size_t count_of(const arq_tensor *tensor)
{
    return tensor->bytes / (tensor->dtype == ARQ_DTYPE_F64 ? 8 : 4);
}

static double allowance(const cell_case *c, const char *name, const arq_tensor *tensor)
{
    char key[160];
    snprintf(key, sizeof(key), "tol.%s", name);
    const char *text = arq_reader_text(c->file, key);
    double tolerance = text == NULL ? 0 : 10 * strtod(text, NULL);
    double largest = 0;
    for (size_t i = 0; i < count_of(tensor); i++) {
        double size = fabs(value_of(tensor, i));
        largest = isfinite(size) && size > largest ? size : largest;
    }
    double relative = relative_allowance(name) * largest;
    double allowed = isfinite(tolerance) && tolerance > relative ? tolerance : relative;
    if (strstr(name, ".params.") != NULL) {
        allowed = fmax(allowed, 0.02 * case_number(c, "lr"));
    }
    return allowed;
}

static void mark(cell_case *c, const char *name)
{
    const char *other;
    for (size_t i = 0; arq_reader_at(c->file, i, &other) != NULL; i++) {
        if (strcmp(name, other) == 0 && !c->compared[i]) {
            c->compared[i] = 1;
            c->compared_count++;
        }
    }
}

static void compare_value(cell_case *c, const char *name, size_t i, double ours, double theirs, double allowed)
{
    double error = isfinite(theirs) ? fabs(ours - theirs) : 0;
    double ratio = error == 0 ? 0 : error / allowed;
    if (!isfinite(ours)) {
        ratio = INFINITY;
    }
    if (ratio > c->worst) {
        c->worst = ratio;
        snprintf(c->worst_tensor, sizeof(c->worst_tensor), "%s", name);
    }
    if (ratio > 1) {
        c->failures++;
        if (c->failures <= 10) {
            printf("  %s: %s[%zu] is %.9g, recorded %.9g, allowed %.3g\n", c->name, name, i, ours, theirs, allowed);
        }
    }
}

static void compare_digest(cell_case *c, const char *base, const float *ours, size_t count)
{
    char name[160];
    double sum = 0;
    double squares = 0;
    for (size_t i = 0; i < count; i++) {
        sum += (double)ours[i];
        squares += (double)ours[i] * (double)ours[i];
    }
    const struct {
        const char *suffix;
        double value;
    } digests[] = {{"sum", sum}, {"sumsq", squares}};
    for (int i = 0; i < 2; i++) {
        snprintf(name, sizeof(name), "%s.%s", base, digests[i].suffix);
        const arq_tensor *tensor = arq_reader_find(c->file, name);
        mark(c, name);
        /* The gradient of fc_z1 sums to 0 but for rounding. */
        if (tensor != NULL && !(i == 0 && strstr(name, ".grad.") != NULL && strstr(name, "fc_z1") != NULL)) {
            compare_value(c, name, 0, digests[i].value, value_of(tensor, 0), allowance(c, name, tensor));
        }
    }
    snprintf(name, sizeof(name), "%s.index", base);
    const arq_tensor *index = arq_reader_find(c->file, name);
    mark(c, name);
    snprintf(name, sizeof(name), "%s.value", base);
    const arq_tensor *value = arq_reader_find(c->file, name);
    mark(c, name);
    for (size_t i = 0; index != NULL && value != NULL && i < count_of(value); i++) {
        size_t at = (size_t)((const int32_t *)index->data)[i];
        ck_assert_uint_lt(at, count);
        compare_value(c, name, i, (double)ours[at], value_of(value, i), allowance(c, name, value));
    }
}

void case_compare(cell_case *c, const float *ours, size_t count, const char *format, ...)
{
    char name[128];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(name, sizeof(name), format, arguments);
    va_end(arguments);
    const arq_tensor *tensor = arq_reader_find(c->file, name);
    if (tensor == NULL) {
        compare_digest(c, name, ours, count);
        return;
    }
    mark(c, name);
    ck_assert_msg(count_of(tensor) == count, "%s: %s has %zu values, ours %zu", c->name, name, count_of(tensor), count);
    double allowed = allowance(c, name, tensor);
    for (size_t i = 0; i < count; i++) {
        compare_value(c, name, i, (double)ours[i], value_of(tensor, i), allowed);
    }
}

void case_compare_mean(cell_case *c, const float *ours, size_t count, uint32_t n, const char *format, ...)
{
    char name[128];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(name, sizeof(name), format, arguments);
    va_end(arguments);
    const arq_tensor *tensor = arq_reader_find(c->file, name);
    if (tensor == NULL) {
        return;
    }
    mark(c, name);
    ck_assert_uint_eq(count_of(tensor), count * n);
    double allowed = allowance(c, name, tensor);
    for (size_t i = 0; i < count; i++) {
        double sum = 0;
        for (uint32_t j = 0; j < n; j++) {
            sum += value_of(tensor, (i / c->actions * n + j) * c->actions + i % c->actions);
        }
        compare_value(c, name, i, (double)ours[i], sum / n, allowed);
    }
}

void case_compare_actions(cell_case *c, const int32_t *ours, const float *terminals, int arbitrary, const char *format,
                          ...)
{
    char name[128];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(name, sizeof(name), format, arguments);
    va_end(arguments);
    const arq_tensor *tensor = arq_reader_find(c->file, name);
    if (tensor == NULL) {
        return;
    }
    mark(c, name);
    for (uint32_t b = 0; b < c->batch && !arbitrary; b++) {
        /* A terminal sample needs no next action: none is computed. */
        if (terminals[b] == 0 && ours[b] != ((const int32_t *)tensor->data)[b]) {
            compare_value(c, name, b, ours[b], ((const int32_t *)tensor->data)[b], 0.5);
        }
    }
}

/* ---- Batches ---- */

static void pack_row(const cell_case *c, const arq_tensor *from, size_t row, unsigned char *out)
{
    size_t n = c->observation_size;
    if (!c->bits) {
        memcpy(out, (const float *)from->data + row * n, n * sizeof(float));
        return;
    }
    memset(out, 0, (n + 7) / 8);
    for (size_t i = 0; i < n; i++) {
        out[i / 8] |= (unsigned char)(((const uint8_t *)from->data)[row * n + i] << (i % 8));
    }
}

case_rows case_batch(const cell_case *c, int i)
{
    case_rows rows;
    size_t bytes = arq_observation_bytes(c->bits ? ARQ_OBSERVATION_BIT : ARQ_OBSERVATION_F32, c->observation_size);
    const arq_tensor *window = case_tensor(c, "batch%d.window", i);
    const arq_tensor *next = case_tensor(c, "batch%d.next_obs", i);
    rows.frames = malloc(c->batch * (c->window + 1) * bytes);
    rows.actions = malloc(c->batch * sizeof(int32_t));
    rows.rewards = malloc(c->batch * sizeof(float));
    rows.terminated = malloc(c->batch);
    memcpy(rows.actions, case_tensor(c, "batch%d.actions", i)->data, c->batch * sizeof(int32_t));
    memcpy(rows.rewards, case_tensor(c, "batch%d.rewards", i)->data, c->batch * sizeof(float));
    for (uint32_t b = 0; b < c->batch; b++) {
        unsigned char *row = (unsigned char *)rows.frames + b * (c->window + 1) * bytes;
        for (uint32_t t = 0; t < c->window; t++) {
            pack_row(c, window, (size_t)t * c->batch + b, row + t * bytes);
        }
        pack_row(c, next, b, row + c->window * bytes);
        rows.terminated[b] = ((const float *)case_tensor(c, "batch%d.terminals", i)->data)[b] != 0;
    }
    return rows;
}

void case_free_rows(case_rows *rows)
{
    free(rows->frames);
    free(rows->actions);
    free(rows->rewards);
    free(rows->terminated);
}
