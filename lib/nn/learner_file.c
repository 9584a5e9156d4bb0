/* A learner as part of a file: target network, Adam's moments, and what updates count and measure. */
#include "nn/learner.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Measured values may be anything: an update that was refused leaves behind what it met. */
static const arq_range any = {-INFINITY, INFINITY, 1};
static const arq_range spread = {0, INFINITY, 1};

static void list_powers(arq_record *record, arq_learner *learner)
{
    double *places[] = {&learner->beta1_power, &learner->beta2_power, &learner->own.beta1_power,
                        &learner->own.beta2_power};
    arq_number powers[] = {
        {"beta1^updates", 0, {0, 1, 0}},
        {"beta2^updates", 0, {0, 1, 0}},
        {"beta1^updates of the kind's own", 0, {0, 1, 0}},
        {"beta2^updates of the kind's own", 0, {0, 1, 0}},
    };
    for (int i = 0; i < 4; i++) {
        powers[i].value = *places[i];
    }
    arq_record_numbers(record, "learner.beta_powers", ARQ_DTYPE_F64, powers, 4);
    for (int i = 0; i < 4 && record->takes; i++) {
        *places[i] = powers[i].value;
    }
}

static void list_low_spread(arq_record *record, arq_learner *learner)
{
    arq_number updates[ARQ_MAX_CELLS];
    for (uint32_t l = 0; l < ARQ_MAX_CELLS; l++) {
        updates[l] = (arq_number){"updates of a cell", learner->low_spread_updates[l], {0, UINT32_MAX, 0}};
    }
    arq_record_numbers(record, "learner.low_spread", ARQ_DTYPE_I64, updates, ARQ_MAX_CELLS);
    for (uint32_t l = 0; l < ARQ_MAX_CELLS && record->takes; l++) {
        learner->low_spread_updates[l] = (uint32_t)updates[l].value;
    }
}

/* ---- Metrics, each a tensor of its name: a file may lack some and have others ---- */

/* The one tensor that 0.1 wrote: these columns, a row for each of the most cells. */
static const arq_cell_metric metrics_of_0_1[] = {
    ARQ_METRIC_LOSS,          ARQ_METRIC_Q,    ARQ_METRIC_TARGET_Q, ARQ_METRIC_TD_ERROR,  ARQ_METRIC_SPREAD,
    ARQ_METRIC_GRADIENT_NORM, ARQ_METRIC_DEAD, ARQ_METRIC_ZERO,     ARQ_METRIC_COLLAPSED, ARQ_METRIC_SKIPPED};
#define METRICS_OF_0_1 (sizeof(metrics_of_0_1) / sizeof(metrics_of_0_1[0]))

/* Whether the file has its metrics as 0.1 wrote them. */
static int list_metrics_of_0_1(arq_record *record, arq_learner *learner)
{
    if (record->status != ARQ_OK || record->writer != NULL || arq_record_find(record, "learner.metrics") == NULL) {
        return 0;
    }
    const uint64_t shape[1] = {ARQ_MAX_CELLS * METRICS_OF_0_1};
    const arq_tensor *tensor;
    record->status = arq_reader_need(record->reader, "learner.metrics", ARQ_DTYPE_F64, 1, shape, &tensor);
    if (!record->takes || record->status != ARQ_OK) {
        return 1;
    }
    const double *values = tensor->data;
    for (size_t l = 0; l < ARQ_MAX_CELLS; l++) {
        for (size_t i = 0; i < METRICS_OF_0_1; i++) {
            learner->metric[l][metrics_of_0_1[i]] = values[l * METRICS_OF_0_1 + i];
        }
    }
    return 1;
}

static void list_metrics(arq_record *record, arq_learner *learner)
{
    uint32_t cells = learner->network->shape.cells;
    if (record->takes) {
        for (uint32_t l = 0; l < ARQ_MAX_CELLS; l++) {
            arq_metrics_clear(learner->metric[l]); /* what the file does not know has not been measured */
        }
    }
    if (list_metrics_of_0_1(record, learner)) {
        return;
    }
    for (int i = 0; i < ARQ_METRICS && record->status == ARQ_OK; i++) {
        char name[64];
        arq_number values[ARQ_MAX_CELLS];
        snprintf(name, sizeof(name), "learner.metric.%s", arq_cell_metrics[i].name);
        if (record->writer == NULL && arq_record_find(record, name) == NULL) {
            continue;
        }
        for (uint32_t l = 0; l < cells; l++) {
            values[l] = (arq_number){"a cell's value", learner->metric[l][i], any};
        }
        arq_record_numbers(record, name, ARQ_DTYPE_F64, values, cells);
        for (uint32_t l = 0; l < cells && record->takes; l++) {
            learner->metric[l][i] = values[l].value;
        }
    }
}

/* ---- How well Q foresaw the targets so far: sums over the updates of a rollout's first epoch ---- */

static void list_fit(arq_record *record, arq_learner *learner)
{
    static const char name[] = "learner.fit";
    if (record->writer == NULL && record->status == ARQ_OK && arq_record_find(record, name) == NULL) {
        if (record->takes) { /* an older file, without them */
            memset(learner->fit, 0, sizeof(learner->fit));
            learner->fits_span = 0;
        }
        return;
    }
    arq_number span = {"within a rollout's first epoch", learner->fits_span, {0, 1, 0}};
    arq_record_numbers(record, name, ARQ_DTYPE_U64, &span, 1);
    for (uint32_t l = 0; l < learner->network->shape.cells; l++) {
        arq_td_sums *fit = &learner->fit[l];
        double *places[] = {&fit->loss,       &fit->q,     &fit->target,        &fit->spread,
                            &fit->error_size, &fit->error, &fit->error_squared, &fit->target_squared};
        enum { SUMS = sizeof(places) / sizeof(places[0]) };
        arq_number sums[1 + SUMS] = {{"samples", (double)fit->count, {0, ARQ_COUNT_MOST, 0}}};
        for (int i = 0; i < SUMS; i++) {
            sums[1 + i] = (arq_number){"a sum", *places[i], any};
        }
        char of_cell[32];
        snprintf(of_cell, sizeof(of_cell), "learner.fit%u", l);
        arq_record_numbers(record, of_cell, ARQ_DTYPE_F64, sums, 1 + SUMS);
        if (record->takes) {
            fit->count = (uint64_t)sums[0].value;
            for (int i = 0; i < SUMS; i++) {
                *places[i] = sums[1 + i].value;
            }
        }
    }
    if (record->takes) {
        learner->fits_span = (int)span.value;
    }
}

static void list_learner(arq_record *record, void *thing)
{
    arq_learner *learner = thing;
    const arq_network_shape *shape = &learner->network->shape;
    arq_number updates = {"updates", (double)learner->updates, {0, ARQ_COUNT_MOST, 0}};
    if (learner->target != NULL) {
        arq_list_weights(record, shape, "target.", learner->target, &arq_range_finite);
    }
    arq_list_weights(record, shape, "adam_m.", learner->m, &arq_range_finite);
    arq_list_weights(record, shape, "adam_v.", learner->v, &arq_range_not_negative);
    arq_record_numbers(record, "learner.updates", ARQ_DTYPE_U64, &updates, 1);
    list_powers(record, learner);
    arq_record_random(record, "learner.random", &learner->own.random);
    arq_record_field(
        record,
        &(arq_field){"learner.first_spread", ARQ_DTYPE_F64, 1, {ARQ_MAX_CELLS}, learner->first_spread, &spread, NULL});
    list_low_spread(record, learner);
    list_metrics(record, learner);
    list_fit(record, learner);
    if (record->takes) {
        learner->updates = (uint64_t)updates.value;
        learner->loads++;
    }
}

arq_part arq_learner_part(const arq_learner *learner)
{
    return (arq_part){.list = list_learner, .thing = arq_saved_thing(learner), .prefix = ""};
}

arq_status arq_learner_save(const arq_learner *learner, const char *path)
{
    arq_status status = ARQ_REQUIRE(ARQ_CONTEXT_OF(learner), "arq_learner_save", {"learner", learner}, {"path", path});
    if (status != ARQ_OK) {
        return status;
    }
    const arq_part parts[] = {arq_network_texts_part(learner->network), arq_learner_part(learner)};
    return arq_save_parts(learner->context, path, "learner", parts, 2);
}

arq_status arq_learner_load(arq_learner *learner, const char *path)
{
    arq_status status = ARQ_REQUIRE(ARQ_CONTEXT_OF(learner), "arq_learner_load", {"learner", learner}, {"path", path});
    if (status != ARQ_OK) {
        return status;
    }
    /* The texts last: of another size, the text has both shapes. */
    const arq_part parts[] = {arq_learner_part(learner), arq_network_texts_part(learner->network)};
    return arq_load_parts(learner->context, "arq_learner_load", path, "learner", parts, 2);
}
