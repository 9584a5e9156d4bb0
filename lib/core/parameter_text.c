#include "core/parameter_text.h"

#include "core/error.h"
#include "core/parameter_changes.h"
#include "system/fp.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const arq_parameter *arq_parameter_find(const char *name)
{
    for (const arq_parameter *row = arq_parameter_table; row->name != NULL; row++) {
        if (strcmp(row->name, name) == 0) {
            return row;
        }
    }
    return NULL;
}

/* Edit distance of two short words, for suggesting a name. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t previous[64];
    size_t length = strlen(b);
    if (length >= 64) {
        return SIZE_MAX;
    }
    for (size_t j = 0; j <= length; j++) {
        previous[j] = j;
    }
    for (size_t i = 0; a[i] != '\0'; i++) {
        size_t diagonal = previous[0];
        previous[0] = i + 1;
        for (size_t j = 0; j < length; j++) {
            size_t replaced = diagonal + (a[i] != b[j]);
            size_t shorter = previous[j] < previous[j + 1] ? previous[j] : previous[j + 1];
            diagonal = previous[j + 1];
            previous[j + 1] = replaced < shorter + 1 ? replaced : shorter + 1;
        }
    }
    return previous[length];
}

arq_status arq_fail_parameter(const arq_context *context, const char *name)
{
    const char *nearest = arq_parameter_table[0].name;
    size_t best = SIZE_MAX;
    for (const arq_parameter *row = arq_parameter_table; row->name != NULL; row++) {
        size_t distance = edit_distance(name, row->name);
        if (distance < best) {
            best = distance;
            nearest = row->name;
        }
    }
    return arq_fail(context, ARQ_E_NOT_FOUND, "unknown parameter '%.64s'; did you mean '%s'?", name, nearest);
}

/* Locale-independent number with a point; 0 when the text is not one number. strtod follows the host's
 * locale, so a locale with another decimal mark is worked around by putting that mark in. */
static int parse_number(const char *text, double *value)
{
    char copy[64];
    size_t length = strlen(text);
    if (length == 0 || length >= sizeof(copy) - 8 || strspn(text, "0123456789+-.eE") != length) {
        return 0;
    }
    char mark[8];
    snprintf(mark, sizeof(mark), "%.1f", 0.0);
    const char *point = strchr(text, '.');
    if (point == NULL) {
        memcpy(copy, text, length + 1);
    } else {
        snprintf(copy, sizeof(copy), "%.*s%.*s%s", (int)(point - text), text, (int)(strlen(mark) - 2), mark + 1,
                 point + 1);
    }
    char *end;
    arq_fp_host host = arq_fp_enter_text();
    *value = strtod(copy, &end);
    arq_fp_leave_text(host);
    return *end == '\0' && isfinite(*value);
}

void arq_format_float(double value, char *buffer, size_t size)
{
    arq_fp_host host = arq_fp_enter_text();
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(buffer, size, "%.*g", digits, value);
        if (strtod(buffer, NULL) == value) {
            break;
        }
    }
    arq_fp_leave_text(host);
    /* The host's decimal mark, whatever it is, becomes a point. */
    size_t plain = strspn(buffer, "0123456789+-");
    if (buffer[plain] != '\0' && buffer[plain] != 'e' && isfinite(value)) {
        size_t rest = plain + 1;
        while (buffer[rest] != '\0' && strchr("0123456789", buffer[rest]) == NULL) {
            rest++;
        }
        buffer[plain] = '.';
        memmove(buffer + plain + 1, buffer + rest, strlen(buffer + rest) + 1);
    }
}

static arq_status fail_range(const arq_context *context, const arq_parameter *row, const char *text)
{
    return arq_fail(context, ARQ_E_ARGUMENT, "%s is '%.64s'; accepted: %s%s", row->name, text,
                    row->type == ARQ_TYPE_INT ? "a whole number " : "",
                    arq_parameter_text(row->name, ARQ_PARAMETER_RANGE));
}

static int parse_bool(const char *text, int64_t *value)
{
    static const char *const words[2][4] = {{"false", "0", "no", "off"}, {"true", "1", "yes", "on"}};
    for (int truth = 0; truth < 2; truth++) {
        for (int i = 0; i < 4; i++) {
            if (strcmp(text, words[truth][i]) == 0) {
                *value = truth;
                return 1;
            }
        }
    }
    return 0;
}

static int parse_choice(const char *choices, const char *text, int64_t *value)
{
    size_t length = strlen(text);
    int64_t index = 0;
    for (const char *word = choices; word != NULL; index++) {
        const char *bar = strchr(word, '|');
        size_t word_length = bar == NULL ? strlen(word) : (size_t)(bar - word);
        if (length > 0 && word_length == length && memcmp(word, text, length) == 0) {
            *value = index;
            return 1;
        }
        word = bar == NULL ? NULL : bar + 1;
    }
    return 0;
}

static int parse_widths(const arq_parameter *row, const char *text, arq_widths *widths)
{
    memset(widths, 0, sizeof(*widths));
    for (;;) {
        size_t digits = strspn(text, "0123456789");
        if (digits == 0 || digits > 6 || widths->count == ARQ_MAX_CELLS) {
            return 0;
        }
        unsigned long width = strtoul(text, NULL, 10);
        if ((double)width < row->low || (double)width > row->high) {
            return 0;
        }
        widths->width[widths->count++] = (uint32_t)width;
        if (text[digits] == '\0') {
            return 1;
        }
        if (text[digits] != ',') {
            return 0;
        }
        text += digits + 1;
    }
}

arq_status arq_parameter_parse(const arq_context *context, const char *name, const char *text, arq_parameters *values)
{
    const arq_parameter *row = arq_parameter_find(name);
    if (row == NULL) {
        return arq_fail_parameter(context, name);
    }
    char *field = (char *)values + row->offset;
    double number = 0;
    int64_t whole = 0;
    arq_widths widths;
    switch (row->type) {
    case ARQ_TYPE_FLOAT:
        if (!parse_number(text, &number) || !(number >= row->low && number <= row->high)) {
            return fail_range(context, row, text);
        }
        memcpy(field, &number, sizeof(number));
        return ARQ_OK;
    case ARQ_TYPE_INT:
        if (!parse_number(text, &number) || !(number >= row->low && number <= row->high) || number != floor(number)) {
            return fail_range(context, row, text);
        }
        whole = (int64_t)number;
        break;
    case ARQ_TYPE_BOOL:
        if (!parse_bool(text, &whole)) {
            return fail_range(context, row, text);
        }
        break;
    case ARQ_TYPE_AUTO_BOOL:
        if (strcmp(text, "auto") == 0) {
            whole = ARQ_AUTO;
        } else if (!parse_bool(text, &whole)) {
            return fail_range(context, row, text);
        }
        break;
    case ARQ_TYPE_CHOICE:
        if (!parse_choice(row->choices, text, &whole)) {
            return fail_range(context, row, text);
        }
        break;
    case ARQ_TYPE_WIDTHS:
        if (!parse_widths(row, text, &widths)) {
            return fail_range(context, row, text);
        }
        memcpy(field, &widths, sizeof(widths));
        return ARQ_OK;
    }
    memcpy(field, &whole, sizeof(whole));
    return ARQ_OK;
}

void arq_choice_word(const char *choices, int64_t index, char *buffer, size_t size)
{
    const char *word = choices;
    for (int64_t i = 0; i < index && word != NULL; i++) {
        word = strchr(word, '|');
        word = word == NULL ? NULL : word + 1;
    }
    if (word == NULL) {
        word = "?";
    }
    snprintf(buffer, size, "%.*s", (int)strcspn(word, "|"), word);
}

size_t arq_parameter_format(const arq_parameter *parameter, const arq_parameters *values, char *buffer, size_t size)
{
    char text[256];
    const char *field = (const char *)values + parameter->offset;
    double number;
    int64_t whole;
    arq_widths widths;
    size_t used = 0;
    switch (parameter->type) {
    case ARQ_TYPE_FLOAT:
        memcpy(&number, field, sizeof(number));
        arq_format_float(number, text, sizeof(text));
        break;
    case ARQ_TYPE_INT:
        memcpy(&whole, field, sizeof(whole));
        snprintf(text, sizeof(text), "%lld", (long long)whole);
        break;
    case ARQ_TYPE_BOOL:
        memcpy(&whole, field, sizeof(whole));
        snprintf(text, sizeof(text), "%s", whole ? "true" : "false");
        break;
    case ARQ_TYPE_AUTO_BOOL:
        memcpy(&whole, field, sizeof(whole));
        snprintf(text, sizeof(text), "%s", whole == ARQ_AUTO ? "auto" : whole ? "true" : "false");
        break;
    case ARQ_TYPE_CHOICE:
        memcpy(&whole, field, sizeof(whole));
        arq_choice_word(parameter->choices, whole, text, sizeof(text));
        break;
    case ARQ_TYPE_WIDTHS:
        memcpy(&widths, field, sizeof(widths));
        for (uint32_t i = 0; i < widths.count; i++) {
            used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%u", i == 0 ? "" : ",", widths.width[i]);
        }
        break;
    }
    return (size_t)snprintf(buffer, size, "%s", text);
}

void arq_parameters_default(arq_parameters *values)
{
    memset(values, 0, sizeof(*values));
    for (const arq_parameter *row = arq_parameter_table; row->name != NULL; row++) {
        arq_parameter_parse(NULL, row->name, row->default_value, values);
    }
}

const char *arq_parameter_name(uint32_t index)
{
    for (uint32_t i = 0; i <= index; i++) {
        if (arq_parameter_table[i].name == NULL) {
            return NULL;
        }
    }
    return arq_parameter_table[index].name;
}

const char *arq_parameter_text(const char *name, int32_t field)
{
    static const char *const types[] = {"int", "float", "bool", "choice", "choice", "widths"};
    const arq_parameter *row = name == NULL ? NULL : arq_parameter_find(name);
    if (row == NULL) {
        return NULL;
    }
    switch (field) {
    case ARQ_PARAMETER_TYPE:
        return types[row->type];
    case ARQ_PARAMETER_RANGE:
        return row->range;
    case ARQ_PARAMETER_DEFAULT:
        return row->default_value;
    case ARQ_PARAMETER_UNIT:
        return row->unit;
    case ARQ_PARAMETER_DOC:
        return row->doc;
    case ARQ_PARAMETER_RESUME: {
        const arq_parameter_change *change = arq_parameter_find_change(name);
        return change == NULL ? "" : change->meaning;
    }
    case ARQ_PARAMETER_SOURCE:
        return row->source;
    default:
        return NULL;
    }
}
