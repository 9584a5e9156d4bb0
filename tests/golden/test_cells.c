/* Updates of cell networks against the recorded ones of the authors' code: every tensor of every file. */
#include "cell_case.h"
#include "golden_files.h"

#include <stdlib.h>

#include "arq/arq.h"
#include "system/fp.h"

#include <math.h>

/* X of a batch as one dense matrix. */
static float *dense_inputs(uint32_t batch, const arq_inputs *x)
{
    uint32_t size = arq_inputs_size(x);
    float *out = calloc((size_t)batch * size, sizeof(float));
    for (uint32_t b = 0; b < batch; b++) {
        float *row = out + (size_t)b * size;
        for (uint32_t i = 0; i < x->count; i++) {
            const arq_segment *segment = &x->segment[i];
            for (uint32_t j = 0; j < segment->size; j++) {
                row[j] = segment->bits == NULL ? segment->dense[b * segment->stride + j]
                                               : (float)(segment->bits[b * segment->stride + j / 8] >> (j % 8) & 1);
            }
            row += segment->size;
        }
    }
    return out;
}

/* The recorded order of quantiles is [B, N, A]; ours is sorted by action. */
static void compare_quantiles(cell_case *c, const arq_cell_shape *cell, const float *y, const char *label, uint32_t l)
{
    size_t n = arq_cell_quantiles(cell);
    size_t actions = cell->actions;
    float *sorted = malloc(c->batch * n * actions * sizeof(float));
    for (size_t i = 0; i < c->batch * n * actions; i++) {
        size_t sample = i / (n * actions);
        sorted[i] = y[(sample * actions + i % actions) * n + i / actions % n];
    }
    case_compare(c, sorted, c->batch * n * actions, "step1.%s.cell%u.q", label, l);
    free(sorted);
}

/* Everything a pass computes for every action, by the functions that acting uses. */
static void compare_pass(cell_case *c, const arq_cells_pass *pass, const float *weights, const char *label)
{
    const arq_cells_learner *s = c->learner->state;
    const arq_network_shape *shape = &c->network->shape;
    for (uint32_t l = 0; l < shape->cells; l++) {
        const arq_cell_shape *cell = arq_cell_at(shape, l);
        arq_inputs x = arq_cell_inputs(shape, l, &pass->observation, l == 0 ? NULL : pass->h[l - 1], pass->previous);
        float *dense = dense_inputs(c->batch, &x);
        case_compare(c, dense, (size_t)c->batch * cell->inputs, "step1.%s.cell%u.X", label, l);
        case_compare(c, pass->h[l], (size_t)c->batch * cell->width, "step1.%s.cell%u.h", label, l);
        size_t z1 = (size_t)cell->heads * cell->width;
        size_t z2 = (size_t)cell->heads * cell->rows;
        arq_projections p = {malloc(c->batch * z1 * 4), malloc(c->batch * z2 * 4), malloc(cell->actions * z1 * 4),
                             malloc(cell->actions * z2 * 4)};
        void *codes_memory = malloc(arq_action_codes_bytes(cell, cell->actions) + 1);
        arq_segment codes = arq_action_codes(cell, cell->actions, NULL, codes_memory);
        arq_cell_project(c->context, &s->scratch, cell, weights + shape->weights[l], c->batch, &x, &codes, &p);
        size_t outputs = arq_cell_all_outputs(cell);
        float *y = malloc(c->batch * outputs * 4);
        float *q = malloc(c->batch * cell->actions * 4);
        float *workspace = malloc(arq_cell_workspace(cell) * 4);
        for (uint32_t b = 0; b < c->batch; b++) {
            arq_cell_all_actions(c->context->kernels, cell, &p, b, pass->h[l] + (size_t)b * cell->width, workspace,
                                 y + b * outputs, q + (size_t)b * cell->actions);
        }
        if (cell->kind == ARQ_NETWORK_ARQ) {
            case_compare(c, y, c->batch * outputs, "step1.%s.cell%u.y", label, l);
        }
        if (arq_cell_quantiles(cell) > 1) {
            compare_quantiles(c, cell, y, label, l);
        } else {
            case_compare(c, q, (size_t)c->batch * cell->actions, "step1.%s.cell%u.q", label, l);
        }
        float *buffers[] = {dense, p.z1, p.z2, p.code1, p.code2, codes_memory, y, q, workspace};
        for (size_t i = 0; i < sizeof(buffers) / sizeof(buffers[0]); i++) {
            free(buffers[i]);
        }
    }
}

/* A network that sees no context computes none; the recorded ones are zeros, then h of s_t. */
static void remember_contexts(const cell_case *c, arq_cells_learner *s)
{
    const arq_network_shape *shape = &c->network->shape;
    arq_cells_features(c->context, &s->scratch, shape, c->learner->target, c->batch, &s->now.observation, NULL, s->u,
                       s->next_target.previous, NULL);
    for (uint32_t l = 0; l < shape->cells; l++) {
        memcpy(s->next.previous[l], s->now.h[l], (size_t)c->batch * shape->width[l] * sizeof(float));
    }
}

static void compare_contexts(cell_case *c)
{
    arq_cells_learner *s = c->learner->state;
    if (!arq_cells_see_previous(&c->network->shape)) {
        remember_contexts(c, s);
    }
    for (uint32_t l = 0; l < c->network->shape.cells; l++) {
        size_t count = (size_t)c->batch * c->network->shape.width[l];
        case_compare(c, s->now.previous[l], count, "step1.context_s.cell%u", l);
        case_compare(c, s->next.previous[l], count, "step1.context_next.cell%u", l);
        case_compare(c, s->next_target.previous[l], count, "step1.context_next_target.cell%u", l);
    }
}

/* Acting from the recorded contexts: the network's Q from the first m cells. */
static void compare_network_q(cell_case *c, const case_rows *rows)
{
    const arq_cells_learner *s = c->learner->state;
    const arq_network_shape *shape = &c->network->shape;
    arq_cells_shape *own = (arq_cells_shape *)(void *)c->network->shape.own;
    uint32_t all = own->q_cells;
    size_t bytes = arq_observation_bytes(shape->observation_kind, shape->observation_size);
    unsigned char *observations = malloc(c->batch * bytes);
    float *q = malloc((size_t)c->batch * c->actions * sizeof(float));
    for (uint32_t b = 0; b < c->batch; b++) {
        memcpy(observations + b * bytes, (unsigned char *)rows->frames + (b * (c->window + 1) + c->window - 1) * bytes,
               bytes);
    }
    for (uint32_t m = 1; m <= shape->cells; m++) {
        arq_activations *activations;
        own->q_cells = m;
        ck_assert_int_eq(arq_activations_create(c->network, c->batch, &activations), ARQ_OK);
        for (uint32_t l = 0; l < shape->cells && arq_cells_see_previous(shape); l++) {
            size_t count;
            float *previous = arq_activations_previous(activations, l, &count);
            memcpy(previous, s->now.previous[l], count * sizeof(float));
        }
        ck_assert_int_eq(arq_network_q(c->network, activations, observations, q), ARQ_OK);
        case_compare_mean(c, q, (size_t)c->batch * c->actions, arq_cell_quantiles(arq_cell_at(shape, 0)),
                          "step1.network_q.cells%u", m);
        arq_activations_destroy(activations);
    }
    own->q_cells = all;
    free(observations);
    free(q);
}

static void compare_targets(cell_case *c, int step)
{
    const arq_cells_learner *s = c->learner->state;
    int equal_rows = strcmp(c->name, "degenerate_arq_equal_rows.safetensors") == 0;
    const float *terminals = case_tensor(c, "batch%d.terminals", step - 1)->data;
    for (uint32_t l = 0; l < c->network->shape.cells; l++) {
        /* Q of its cell 0 is 0 up to rounding: the README calls its choice arbitrary. */
        case_compare_actions(c, s->next_action[l], terminals, equal_rows && l == 0, "step%d.next_action.cell%u", step,
                             l);
        case_compare(c, s->td_target[l], (size_t)c->batch * arq_cell_quantiles(arq_cell_at(&c->network->shape, l)),
                     "step%d.td_target.cell%u", step, l);
    }
}

static void compare_cell(cell_case *c, const float *values, float scale, const char *what, int step, uint32_t l)
{
    const arq_cell_shape *cell = arq_cell_at(&c->network->shape, l);
    for (int id = 0; id < ARQ_CELL_TENSORS; id++) {
        size_t count = cell->offset[id + 1] - cell->offset[id];
        float *scaled = malloc(count * sizeof(float));
        for (size_t i = 0; i < count; i++) {
            scaled[i] = values[cell->offset[id] + i] * scale;
        }
        case_compare(c, scaled, count, "step%d.%s.cell%u.%s", step, what, l, arq_cell_tensor_names[id]);
        free(scaled);
    }
}

/* The first update, part by part as arq_cells_update has them. */
static void first_update(cell_case *c)
{
    arq_learner *learner = c->learner;
    arq_cells_learner *s = learner->state;
    const arq_network_shape *shape = &c->network->shape;
    case_rows rows = case_batch(c, 0);
    arq_batch batch = {c->batch, rows.frames, NULL, rows.actions, rows.rewards, rows.terminated};
    ck_assert_int_eq(arq_cells_prepare(learner, &batch), ARQ_OK);
    compare_contexts(c);
    compare_pass(c, &s->now, c->network->weights, "s");
    if (learner->parameters.double_q || case_tensor(c, "step1.next.cell0.q") == NULL) {
        compare_pass(c, &s->next, c->network->weights, "next");
    } else { /* an update without double Q has no use for this pass */
        arq_segment observation = s->next_target.observation;
        s->next.observation = observation;
        arq_cells_features(c->context, &s->scratch, shape, c->network->weights, c->batch, &observation,
                           s->next.previous, s->u, s->next.h, NULL);
        compare_pass(c, &s->next, c->network->weights, "next");
    }
    compare_pass(c, &s->next_target, learner->target, "next_target");
    compare_network_q(c, &rows);
    compare_targets(c, 1);
    learner->beta1_power *= learner->parameters.beta1;
    learner->beta2_power *= learner->parameters.beta2;
    for (uint32_t l = 0; l < shape->cells; l++) {
        double norm = arq_cells_gradient(learner, &batch, l);
        learner->metric[l][ARQ_METRIC_GRADIENT_NORM] = norm;
        double clip = learner->parameters.clip;
        compare_cell(c, s->gradient, 1, "grad", 1, l);
        compare_cell(c, s->gradient, clip > 0 && norm >= clip ? (float)(clip / norm) : 1, "clipped", 1, l);
        arq_cells_step(learner, l, norm);
        compare_cell(c, learner->m + shape->weights[l], 1, "adam_m", 1, l);
        compare_cell(c, learner->v + shape->weights[l], 1, "adam_v", 1, l);
        compare_cell(c, c->network->weights + shape->weights[l], 1, "params", 1, l);
    }
    learner->updates++;
    case_free_rows(&rows);
}

static void compare_metric(cell_case *c, int step, const char *metric, const char *tensor)
{
    float values[ARQ_MAX_CELLS];
    for (uint32_t l = 0; l < c->network->shape.cells; l++) {
        double value;
        ck_assert_int_eq(arq_learner_metric(c->learner, metric, l, &value), ARQ_OK);
        values[l] = (float)value;
    }
    case_compare(c, values, c->network->shape.cells, "step%d.%s", step, tensor);
}

static void check_case(cell_case *c)
{
    uint64_t mode = arq_fp_enter();
    first_update(c);
    arq_fp_leave(mode);
    int steps = (int)case_number(c, "steps");
    for (int step = 1; step <= steps; step++) {
        if (step > 1) {
            case_rows rows = case_batch(c, step - 1);
            ck_assert_int_eq(arq_learner_update(c->learner, c->batch, rows.frames, NULL, rows.actions, rows.rewards,
                                                rows.terminated),
                             ARQ_OK);
            case_free_rows(&rows);
        }
        compare_metric(c, step, "loss", "loss");
        compare_metric(c, step, "gradient_norm", "grad_norm");
    }
    for (uint32_t l = 0; steps > 1 && l < c->network->shape.cells; l++) {
        compare_cell(c, c->network->weights + c->network->shape.weights[l], 1, "params", steps, l);
    }
}

/* Every tensor that is a result must have been compared with something. */
static int count_forgotten(const cell_case *c)
{
    int forgotten = 0;
    const char *name;
    for (size_t i = 0; arq_reader_at(c->file, i, &name) != NULL; i++) {
        if (!c->compared[i] && (strncmp(name, "step", 4) == 0 || strncmp(name, "init", 4) == 0)) {
            printf("  %s: %s was not compared\n", c->name, name);
            forgotten++;
        }
    }
    return forgotten;
}

static void run_all(uint32_t threads, const char *cpu)
{
    struct golden_files files = golden_files_list("cells", ".safetensors");
    arq_context *context;
    ck_assert_int_eq(arq_context_create(ARQ_ABI_VERSION, NULL, &context), ARQ_OK);
    ck_assert_int_eq(arq_context_set_threads(context, threads), ARQ_OK);
    ck_assert_int_eq(arq_context_set_cpu(context, cpu), ARQ_OK);
    int checked = 0;
    int skipped = 0;
    int failed = 0;
    for (size_t i = 0; i < files.count; i++) {
        cell_case c;
        char reason[128];
        if (!cell_case_open(context, files.path[i], files.name[i], &c, reason)) {
            printf("%-42s skipped: %s\n", files.name[i], reason);
            skipped++;
            continue;
        }
        check_case(&c);
        int forgotten = count_forgotten(&c);
        printf("%-42s %4zu tensors, worst error %.3f of its allowance (%s)\n", c.name, c.compared_count, c.worst,
               c.worst_tensor);
        failed += c.failures > 0 || forgotten > 0;
        checked++;
        cell_case_close(&c);
    }
    printf("cells on %s: %d checked, %d skipped, %d failed\n", arq_context_cpu(context), checked, skipped, failed);
    arq_context_destroy(context);
    golden_files_free(&files);
    ck_assert_msg(checked > 0, "no file of a known format in cells");
    ck_assert_int_eq(failed, 0);
}

START_TEST(best_instructions)
{
    run_all(2, NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("golden cells");
    TCase *tests = tcase_create("cells");
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, best_instructions);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
