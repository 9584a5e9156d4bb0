#include "env/wrappers/list.h"

#include "core/context.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

arq_status arq_wrap_bang_bang(arq_env *env, uint64_t value, arq_env **out)
{
    (void)value;
    return arq_env_bang_bang(env, out);
}

/* Every wrapper an id may name. */
static const struct {
    const char *name;
    const char *value; /* what it is, "" for a wrapper without one */
    arq_wrap_function wrap;
} rows[] = {
    {"time_limit", "steps", arq_env_time_limit},
    {"bang_bang", "", arq_wrap_bang_bang},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* A whole number from 1 on; 0 for anything else. */
static uint64_t parse_value(const char *text, size_t length)
{
    uint64_t value = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9' || value > UINT64_MAX / 10 - 1) {
            return 0;
        }
        value = value * 10 + (uint64_t)(text[i] - '0');
    }
    return value;
}

static arq_status fail_unknown(const arq_context *context, const char *text, size_t length)
{
    char known[200] = "";
    size_t used = 0;
    for (size_t i = 0; i < ROWS && used < sizeof(known); i++) {
        const char *equals = rows[i].value[0] == '\0' ? "" : "=";
        used += (size_t)snprintf(known + used, sizeof(known) - used, "%s|%s%s%s", i == 0 ? "" : ", ", rows[i].name,
                                 equals, rows[i].value);
    }
    return arq_fail(context, ARQ_E_ARGUMENT, "environment id: wrapper '%.*s'; accepted: %s",
                    (int)(length < 64 ? length : 64), text, known);
}

arq_status arq_wrapper_parse(const arq_context *context, const char **text, arq_named_wrapper *wrapper)
{
    const char *word = *text + 1; /* behind the bar */
    size_t length = strcspn(word, "|");
    const char *equals = memchr(word, '=', length);
    size_t name_length = equals == NULL ? length : (size_t)(equals - word);
    for (size_t i = 0; i < ROWS; i++) {
        if (strlen(rows[i].name) != name_length || memcmp(rows[i].name, word, name_length) != 0) {
            continue;
        }
        int takes_value = rows[i].value[0] != '\0';
        uint64_t value = equals == NULL ? 0 : parse_value(equals + 1, length - name_length - 1);
        if (takes_value != (equals != NULL) || (takes_value && value == 0)) {
            break;
        }
        *wrapper = (arq_named_wrapper){rows[i].wrap, value};
        *text = word + length;
        return ARQ_OK;
    }
    return fail_unknown(context, *text, length + 1);
}

arq_status arq_wrappers_check(const arq_context *context, const char *text)
{
    while (*text != '\0') {
        arq_named_wrapper wrapper;
        arq_status status = arq_wrapper_parse(context, &text, &wrapper);
        if (status != ARQ_OK) {
            return status;
        }
    }
    return ARQ_OK;
}
