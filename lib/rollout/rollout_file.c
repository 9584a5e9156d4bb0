#include "rollout/rollout_file.h"

#include "env/observation.h"

#include <stdio.h>

static void list_array(arq_record *record, const char *name, arq_dtype dtype, uint64_t values, void *place,
                       const arq_range *range)
{
    arq_record_field(record, &(arq_field){name, dtype, 1, {values}, place, range, NULL});
}

/* Checks the stored observations as if an environment gave them; memory behind a row's end is never read. */
static void check_observations(arq_record *record, const arq_saved_rows *saved)
{
    const arq_rows *rows = saved->rows;
    if (record->status != ARQ_OK || record->writer != NULL) {
        return;
    }
    const int32_t *count = arq_record_find(record, "count")->data;
    const uint8_t *observations = arq_record_find(record, "observations")->data;
    char what[384];
    snprintf(what, sizeof(what), "%.200s: '%s'", arq_reader_path(record->reader),
             arq_record_name(record, "observations").text);
    for (uint32_t i = 0; i < rows->shape.instances; i++) {
        for (uint32_t t = 0; t < (uint32_t)count[i] && record->status == ARQ_OK; t++) {
            record->status =
                arq_observation_check(rows->context, ARQ_E_FORMAT, saved->observation_kind, saved->observation_size,
                                      observations + arq_rows_at(rows, i, t) * rows->shape.observation_bytes, what);
        }
    }
}

void arq_rows_list_fields(arq_record *record, void *saved_rows)
{
    const arq_saved_rows *saved = saved_rows;
    arq_rows *rows = saved->rows;
    const arq_rows_shape *shape = &rows->shape;
    uint64_t total = (uint64_t)shape->instances * shape->length;
    const arq_range counts = {0, shape->length, 0};
    const arq_range actions = {0, (double)saved->actions - 1, 0};
    const arq_range ends = {ARQ_END_NONE, ARQ_END_TRUNCATED, 0};
    list_array(record, "count", ARQ_DTYPE_I32, shape->instances, rows->count, &counts);
    list_array(record, "observations", ARQ_DTYPE_U8, total * shape->observation_bytes, rows->observations, NULL);
    list_array(record, "actions", ARQ_DTYPE_I32, total, rows->actions, &actions);
    list_array(record, "rewards", ARQ_DTYPE_F32, total, rows->rewards, &arq_range_finite);
    list_array(record, "ends", ARQ_DTYPE_U8, total, rows->ends, &ends);
    for (uint32_t l = 0; l < shape->cells; l++) {
        char name[32];
        if (shape->value[l] > 0) {
            snprintf(name, sizeof(name), "values%u", l);
            /* A return may be infinite or none: the update that meets it is refused then, now as after a load. */
            list_array(record, name, ARQ_DTYPE_F32, total * shape->value[l], rows->values[l], NULL);
        }
        if (shape->previous[l] > 0) {
            snprintf(name, sizeof(name), "previous%u", l);
            list_array(record, name, ARQ_DTYPE_F32, total * shape->previous[l], rows->previous[l], &arq_range_finite);
        }
    }
    check_observations(record, saved);
}

void arq_minibatches_list_fields(arq_record *record, void *minibatches)
{
    arq_minibatches *m = minibatches;
    uint64_t total = (uint64_t)m->shape.instances * m->shape.length;
    const arq_range indices = {0, (double)total - 1, 0};
    arq_number numbers[] = {
        {"count", m->count, {0, (double)total, 0}},
        {"total", (double)m->total, {0, ARQ_COUNT_MOST, 0}},
        {"made", (double)m->made, {0, ARQ_COUNT_MOST, 0}},
    };
    arq_record_numbers(record, "minibatches", ARQ_DTYPE_U64, numbers, 3);
    if (record->status == ARQ_OK && record->writer == NULL &&
        (numbers[2].value > numbers[1].value || (numbers[0].value == 0 && numbers[1].value > 0))) {
        arq_record_refuse(record, ARQ_E_FORMAT, "'%s' says %.0f made of %.0f, of %.0f transitions",
                          arq_record_name(record, "minibatches").text, numbers[2].value, numbers[1].value,
                          numbers[0].value);
    }
    list_array(record, "order", ARQ_DTYPE_I32, total, m->order, &indices);
    arq_record_random(record, "shuffle", &m->random);
    if (record->takes) {
        m->count = (uint32_t)numbers[0].value;
        m->total = (uint64_t)numbers[1].value;
        m->made = (uint64_t)numbers[2].value;
        m->per_epoch = (m->count + m->largest - 1) / m->largest;
    }
}
