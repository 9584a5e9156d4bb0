#include "io/saved.h"

#include "io/header.h"
#include "system/fp.h"

#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const arq_range arq_range_finite = {-FLT_MAX, FLT_MAX, 0};
const arq_range arq_range_not_negative = {0, FLT_MAX, 0};

arq_full_name arq_record_name(const arq_record *record, const char *name)
{
    arq_full_name full;
    snprintf(full.text, sizeof(full.text), "%s%s", record->prefix, name);
    return full;
}

void arq_record_refuse(arq_record *record, arq_status status, const char *format, ...)
{
    char text[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    record->status = arq_fail(record->context, status, "%.200s: %s", arq_reader_path(record->reader), text);
}

const arq_tensor *arq_record_find(const arq_record *record, const char *name)
{
    return arq_reader_find(record->reader, arq_record_name(record, name).text);
}

void arq_record_text(arq_record *record, const char *key, const char *value)
{
    if (record->status == ARQ_OK && record->writer != NULL) {
        record->status = arq_writer_text(record->writer, key, value);
    }
}

/* ---- Ranges ---- */

static double value_at(const void *values, arq_dtype dtype, size_t index)
{
    switch (dtype) {
    case ARQ_DTYPE_U8:
        return ((const uint8_t *)values)[index];
    case ARQ_DTYPE_I32:
        return ((const int32_t *)values)[index];
    case ARQ_DTYPE_I64:
        return (double)((const int64_t *)values)[index];
    case ARQ_DTYPE_U64:
        return (double)((const uint64_t *)values)[index];
    case ARQ_DTYPE_F32:
        return (double)((const float *)values)[index];
    default:
        return ((const double *)values)[index];
    }
}

static int within(const arq_range *range, double value)
{
    return isnan(value) ? range->or_nan : value >= range->low && value <= range->high;
}

/* "finite", "0 or more", "0 .. 1" */
static void print_range(char *text, size_t size, const arq_range *range)
{
    if (range->high < (double)FLT_MAX) {
        snprintf(text, size, "%.16g .. %.16g%s", range->low, range->high, range->or_nan ? " or NaN" : "");
    } else if (range->low > -(double)FLT_MAX) {
        snprintf(text, size, "%g or more%s", range->low, range->or_nan ? " or NaN" : ", finite");
    } else {
        snprintf(text, size, "finite%s", range->or_nan ? " or NaN" : "");
    }
}

/* ---- Fields ---- */

static void check_values(arq_record *record, const arq_field *field, const arq_tensor *tensor)
{
    size_t count = tensor->bytes / arq_dtype_bytes(tensor->dtype);
    size_t i = 0;
    uint64_t mode = arq_fp_enter(); /* a host that flushes denormals would take a small negative value for 0 */
    while (i < count && within(field->range, value_at(tensor->data, tensor->dtype, i))) {
        i++;
    }
    arq_fp_leave(mode);
    if (i == count) {
        return;
    }
    char range[80];
    print_range(range, sizeof(range), field->range);
    arq_record_refuse(record, ARQ_E_FORMAT, "value %zu of '%s' is %g; accepted: %s", i,
                      arq_record_name(record, field->name).text, value_at(tensor->data, tensor->dtype, i), range);
}

void arq_record_field(arq_record *record, const arq_field *field)
{
    if (record->status != ARQ_OK) {
        return;
    }
    arq_full_name name = arq_record_name(record, field->name);
    if (record->writer != NULL) {
        record->status =
            arq_writer_tensor(record->writer, name.text, field->dtype, field->rank, field->shape, field->place);
        return;
    }
    if (field->absent != NULL && arq_reader_find(record->reader, name.text) == NULL) {
        if (record->takes) {
            uint64_t bytes;
            arq_tensor_size(field->dtype, field->rank, field->shape, &bytes);
            memcpy(field->place, field->absent, (size_t)bytes);
        }
        return;
    }
    const arq_tensor *tensor;
    record->status = arq_reader_need(record->reader, name.text, field->dtype, field->rank, field->shape, &tensor);
    if (record->status != ARQ_OK) {
        return;
    }
    if (record->takes) {
        memcpy(field->place, tensor->data, tensor->bytes);
    } else if (field->range != NULL) {
        check_values(record, field, tensor);
    }
}

/* Room for numbers as they lie in a file. */
typedef union file_numbers {
    uint64_t natural[ARQ_MAX_NUMBERS];
    int64_t whole[ARQ_MAX_NUMBERS];
    double real[ARQ_MAX_NUMBERS];
} file_numbers;

static void write_numbers(arq_record *record, const char *name, arq_dtype dtype, const arq_number *numbers,
                          uint32_t count)
{
    file_numbers values;
    for (uint32_t i = 0; i < count; i++) {
        if (dtype == ARQ_DTYPE_U64) {
            values.natural[i] = (uint64_t)numbers[i].value;
        } else if (dtype == ARQ_DTYPE_I64) {
            values.whole[i] = (int64_t)numbers[i].value;
        } else {
            values.real[i] = numbers[i].value;
        }
    }
    record->status = arq_writer_values(record->writer, name, dtype, count, &values);
}

void arq_record_check_number(arq_record *record, const char *name, const arq_number *number)
{
    if (!within(&number->range, number->value)) {
        char range[80];
        print_range(range, sizeof(range), &number->range);
        arq_record_refuse(record, ARQ_E_FORMAT, "%s of '%s' is %.16g; accepted: %s", number->name,
                          arq_record_name(record, name).text, number->value, range);
    }
}

void arq_record_numbers(arq_record *record, const char *name, arq_dtype dtype, arq_number *numbers, uint32_t count)
{
    if (record->status != ARQ_OK) {
        return;
    }
    arq_full_name full = arq_record_name(record, name);
    if (record->writer != NULL) {
        write_numbers(record, full.text, dtype, numbers, count);
        return;
    }
    const uint64_t shape[1] = {count};
    const arq_tensor *tensor;
    record->status = arq_reader_need(record->reader, full.text, dtype, 1, shape, &tensor);
    for (uint32_t i = 0; i < count && record->status == ARQ_OK; i++) {
        numbers[i].value = value_at(tensor->data, dtype, i);
        arq_record_check_number(record, name, &numbers[i]);
    }
}

void arq_record_randoms(arq_record *record, const char *name, arq_random *randoms, uint32_t count)
{
    _Static_assert(sizeof(arq_random) == 4 * sizeof(uint64_t), "streams lie without gaps");
    uint64_t values = 4 * (uint64_t)count;
    arq_record_field(record, &(arq_field){name, ARQ_DTYPE_U64, 1, {values}, randoms, NULL, NULL});
    if (record->status != ARQ_OK || record->writer != NULL) {
        return;
    }
    const uint64_t *state = arq_record_find(record, name)->data;
    for (uint32_t i = 0; i < count; i++, state += 4) {
        if ((state[0] | state[1] | state[2] | state[3]) == 0) {
            arq_record_refuse(record, ARQ_E_FORMAT, "the state of the random numbers '%s' is all 0",
                              arq_record_name(record, name).text);
            return;
        }
    }
}

void arq_record_random(arq_record *record, const char *name, arq_random *random)
{
    arq_record_randoms(record, name, random, 1);
}

/* ---- Files ---- */

static arq_status list_parts(arq_record *record, const arq_part *parts, size_t count)
{
    for (size_t i = 0; i < count && record->status == ARQ_OK; i++) {
        record->prefix = parts[i].prefix;
        parts[i].list(record, parts[i].thing);
    }
    return record->status;
}

arq_status arq_write_parts(arq_context *context, const char *kind, const arq_part *parts, size_t count,
                           arq_writer **out)
{
    arq_record record = {.context = context, .prefix = ""};
    *out = NULL;
    arq_status status = arq_writer_create(context, &record.writer);
    if (status != ARQ_OK) {
        return status;
    }
    arq_record_text(&record, "kind", kind);
    status = list_parts(&record, parts, count);
    if (status != ARQ_OK) {
        arq_writer_destroy(record.writer);
        return status;
    }
    *out = record.writer;
    return ARQ_OK;
}

arq_status arq_save_parts(arq_context *context, const char *path, const char *kind, const arq_part *parts, size_t count)
{
    arq_writer *writer;
    arq_status status = arq_write_parts(context, kind, parts, count, &writer);
    if (status != ARQ_OK) {
        return status;
    }
    status = arq_writer_commit(writer, path);
    arq_writer_destroy(writer);
    return status;
}

static int is_kind(const arq_reader *reader, const char *kind)
{
    const char *found = arq_reader_text(reader, "kind");
    return kind != NULL && found != NULL && strcmp(found, kind) == 0;
}

arq_status arq_open_kind(arq_context *context, const char *path, const char *kind, const char *or_kind,
                         arq_reader **out)
{
    arq_status status = arq_reader_open(context, path, out);
    if (status != ARQ_OK) {
        return status;
    }
    status = is_kind(*out, or_kind) ? ARQ_OK : arq_reader_kind(*out, kind);
    if (status != ARQ_OK) {
        arq_reader_close(*out);
        *out = NULL;
    }
    return status;
}

static void unlock_parts(const arq_part *parts, size_t count)
{
    for (size_t i = count; i-- > 0;) {
        if (parts[i].unlock != NULL) {
            parts[i].unlock(parts[i].thing);
        }
    }
}

arq_status arq_take_parts(const arq_reader *reader, const char *call, const arq_part *parts, size_t count)
{
    arq_record record = {.context = arq_reader_context(reader), .reader = reader};
    arq_status status = list_parts(&record, parts, count);
    if (status != ARQ_OK) {
        return status;
    }
    for (size_t i = 0; i < count; i++) {
        status = parts[i].lock == NULL ? ARQ_OK : parts[i].lock(parts[i].thing, call);
        if (status != ARQ_OK) {
            unlock_parts(parts, i);
            return status;
        }
    }
    record.takes = 1;
    list_parts(&record, parts, count);
    unlock_parts(parts, count);
    return ARQ_OK;
}

arq_status arq_load_parts(arq_context *context, const char *call, const char *path, const char *kind,
                          const arq_part *parts, size_t count)
{
    arq_reader *reader;
    arq_status status = arq_open_kind(context, path, kind, NULL, &reader);
    if (status != ARQ_OK) {
        return status;
    }
    status = arq_take_parts(reader, call, parts, count);
    arq_reader_close(reader);
    return status;
}
