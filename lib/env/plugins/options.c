#include "env/plugins/options.h"

#include "system/fp.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Most bytes of one option's value. */
#define VALUE_SIZE 64

static int digit(char character)
{
    return character >= '0' && character <= '9';
}

/* Rounded once, by the library's rounding. The volatiles keep the operation between enter and leave. */
static double times_or_divided(double digits, double power, int divides)
{
    volatile double left = digits;
    volatile double right = power;
    uint64_t mode = arq_fp_enter();
    volatile double result = divides ? left / right : left * right;
    arq_fp_leave(mode);
    return result;
}

/*
 * A decimal number of at most 15 digits and a power of ten up to 22: then digits and power are exact doubles and
 * one correctly rounded operation gives the nearest double, in any locale. 0 if the text is not such a number.
 */
static int parse_number(const char *text, double *value)
{
    double sign = *text == '-' ? -1 : 1;
    text += *text == '-' || *text == '+';
    uint64_t digits = 0;
    int count = 0;
    int any = 0;
    int exponent = 0;
    int after_point = 0;
    for (; digit(*text) || (*text == '.' && !after_point); text++) {
        if (*text == '.') {
            after_point = 1;
            continue;
        }
        any = 1;
        digits = digits * 10 + (uint64_t)(*text - '0');
        count += count > 0 || *text != '0';
        exponent -= after_point;
        if (count > 15) {
            return 0;
        }
    }
    if (any && (*text == 'e' || *text == 'E')) {
        int negative = text[1] == '-';
        text += 1 + (text[1] == '-' || text[1] == '+');
        int power = 0;
        any = digit(*text);
        for (; digit(*text) && power < 1000; text++) {
            power = power * 10 + (*text - '0');
        }
        exponent += negative ? -power : power;
    }
    if (!any || *text != '\0' || exponent < -22 || exponent > 22) {
        return 0;
    }
    double power = 1;
    for (int i = 0; i < (exponent < 0 ? -exponent : exponent); i++) {
        power *= 10;
    }
    *value = sign * times_or_divided((double)digits, power, exponent < 0);
    return 1;
}

static int parse_bool(const char *text, double *value)
{
    *value = strcmp(text, "1") == 0 || strcmp(text, "true") == 0;
    return *value != 0 || strcmp(text, "0") == 0 || strcmp(text, "false") == 0;
}

static int parse_choice(const char *choices, const char *text, double *value)
{
    size_t length = strlen(text);
    *value = 0;
    for (const char *word = choices; length > 0; *value += 1) {
        size_t word_length = strcspn(word, "|");
        if (word_length == length && memcmp(word, text, length) == 0) {
            return 1;
        }
        if (word[word_length] == '\0') {
            return 0;
        }
        word += word_length + 1;
    }
    return 0;
}

static arq_status parse_value(const arq_context *context, const arq_env_type *type, const arq_env_option *option,
                              const char *text, double *value)
{
    char accepted[200];
    int parsed = 0;
    switch (option->type) {
    case ARQ_OPTION_BOOL:
        parsed = parse_bool(text, value);
        snprintf(accepted, sizeof(accepted), "0, 1, false, true");
        break;
    case ARQ_OPTION_CHOICE:
        parsed = parse_choice(option->choices, text, value);
        snprintf(accepted, sizeof(accepted), "%s", option->choices);
        break;
    default:
        parsed = parse_number(text, value) && *value >= option->low && *value <= option->high &&
                 (option->type == ARQ_OPTION_FLOAT || *value == floor(*value));
        snprintf(accepted, sizeof(accepted), "%s %.15g .. %.15g",
                 option->type == ARQ_OPTION_FLOAT ? "a number" : "a whole number", option->low, option->high);
        break;
    }
    if (!parsed) {
        return arq_fail(context, ARQ_E_ARGUMENT, "%s: option %s is '%s'; accepted: %s", type->id, option->name, text,
                        accepted);
    }
    return ARQ_OK;
}

static arq_status fail_unknown(const arq_context *context, const arq_env_type *type, const char *name, size_t length)
{
    char known[256] = "it has no options";
    size_t used = 0;
    for (uint32_t i = 0; i < type->option_count && used < sizeof(known); i++) {
        used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s", i == 0 ? "known: " : ", ",
                                 arq_env_option_at(type, i)->name);
    }
    return arq_fail(context, ARQ_E_ARGUMENT, "%s: unknown option '%.*s'; %s", type->id,
                    (int)(length < 64 ? length : 64), name, known);
}

/* One "name=value" of `length` bytes. */
static arq_status parse_option(const arq_context *context, const arq_env_type *type, const char *text, size_t length,
                               uint64_t *given, double *values)
{
    const char *equals = memchr(text, '=', length);
    size_t name_length = equals == NULL ? length : (size_t)(equals - text);
    uint32_t index = 0;
    const arq_env_option *option = NULL;
    for (; index < type->option_count; index++) {
        option = arq_env_option_at(type, index);
        if (strlen(option->name) == name_length && memcmp(option->name, text, name_length) == 0) {
            break;
        }
    }
    if (index == type->option_count) {
        return fail_unknown(context, type, text, name_length);
    }
    char value[VALUE_SIZE] = "";
    size_t value_length = equals == NULL ? 0 : length - name_length - 1;
    if (value_length == 0 || value_length >= sizeof(value)) {
        return arq_fail(context, ARQ_E_ARGUMENT,
                        "%s: option %s has a value of %zu characters; accepted: %s=value with "
                        "1 .. %d",
                        type->id, option->name, value_length, option->name, VALUE_SIZE - 1);
    }
    if (*given >> index & 1) {
        return arq_fail(context, ARQ_E_ARGUMENT, "%s: option %s is given twice; once is accepted", type->id,
                        option->name);
    }
    *given |= UINT64_C(1) << index;
    memcpy(value, text + name_length + 1, value_length);
    return parse_value(context, type, option, value, &values[index]);
}

arq_status arq_env_options_parse(const arq_context *context, const arq_env_type *type, const char *text, size_t length,
                                 double *values)
{
    _Static_assert(ARQ_MAX_OPTIONS <= 64, "given options are the bits of one word");
    uint64_t given = 0;
    memset(values, 0, ARQ_MAX_OPTIONS * sizeof(*values));
    for (uint32_t i = 0; i < type->option_count; i++) {
        values[i] = arq_env_option_at(type, i)->default_value;
    }
    while (length > 0) {
        const char *end = memchr(text, '&', length);
        size_t part = end == NULL ? length : (size_t)(end - text);
        arq_status status = parse_option(context, type, text, part, &given, values);
        if (status != ARQ_OK) {
            return status;
        }
        if (end != NULL && part + 1 == length) {
            return arq_fail(context, ARQ_E_ARGUMENT, "%s: the options end with '&'; another option is missing",
                            type->id);
        }
        text += end == NULL ? part : part + 1;
        length -= end == NULL ? part : part + 1;
    }
    return ARQ_OK;
}
