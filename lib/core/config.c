#include "core/config.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arq_config {
    arq_context *context;
    arq_parameters values;
    const char *preset;                     /* static, or NULL */
    const char *origin[ARQ_MAX_PARAMETERS]; /* by table row */
};

static const char origin_default[] = "default";
static const char origin_set[] = "set";

static size_t row_index(const arq_parameter *parameter)
{
    return (size_t)(parameter - arq_parameter_table);
}

const arq_parameters *arq_config_values(const arq_config *config)
{
    return &config->values;
}

static const arq_preset *find_preset(const char *name)
{
    for (const arq_preset *preset = arq_preset_table; preset->name != NULL; preset++) {
        if (strcmp(preset->name, name) == 0) {
            return preset;
        }
    }
    return NULL;
}

static void list_presets(char *buffer, size_t size)
{
    size_t used = 0;
    buffer[0] = '\0';
    for (const arq_preset *preset = arq_preset_table; preset->name != NULL && used < size; preset++) {
        used += (size_t)snprintf(buffer + used, size - used, "%s%s", used == 0 ? "" : ", ", preset->name);
    }
}

static arq_status apply_preset(arq_config *config, const char *name)
{
    const arq_preset *preset = find_preset(name);
    if (preset == NULL) {
        char names[256];
        list_presets(names, sizeof(names));
        return arq_fail(config->context, ARQ_E_NOT_FOUND, "unknown preset '%s'; there are: %s", name, names);
    }
    for (const arq_preset_value *value = preset->values; value->name != NULL; value++) {
        arq_status status = arq_parameter_parse(config->context, value->name, value->value, &config->values);
        if (status != ARQ_OK) {
            return status;
        }
        config->origin[row_index(arq_parameter_find(value->name))] = preset->name;
    }
    config->preset = preset->name;
    return ARQ_OK;
}

arq_status arq_config_create(arq_context *context, const char *preset, arq_config **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    arq_status status = ARQ_REQUIRE(context, "arq_config_create", {"context", context}, {"out", out});
    if (status != ARQ_OK) {
        return status;
    }
    arq_config *config = arq_alloc(context, 1, sizeof(*config));
    if (config == NULL) {
        return arq_fail_memory(context, "a config", sizeof(*config));
    }
    config->context = context;
    arq_parameters_default(&config->values);
    for (size_t i = 0; i < ARQ_MAX_PARAMETERS; i++) {
        config->origin[i] = origin_default;
    }
    if (preset != NULL) {
        status = apply_preset(config, preset);
        if (status != ARQ_OK) {
            arq_free(context, config, 1, sizeof(*config));
            return status;
        }
    }
    arq_context_retain(context);
    *out = config;
    return ARQ_OK;
}

arq_status arq_config_copy(const arq_config *config, arq_config **out)
{
    *out = arq_alloc(config->context, 1, sizeof(**out));
    if (*out == NULL) {
        return arq_fail_memory(config->context, "a config", sizeof(**out));
    }
    **out = *config;
    arq_context_retain(config->context);
    return ARQ_OK;
}

void arq_config_destroy(arq_config *config)
{
    if (config != NULL) {
        arq_context *context = config->context;
        arq_free(context, config, 1, sizeof(*config));
        arq_context_release(context);
    }
}

static arq_status check_config(const arq_config *config, const char *name, const char *call)
{
    return ARQ_REQUIRE(ARQ_CONTEXT_OF(config), call, {"config", config}, {"name", name});
}

arq_status arq_config_set(arq_config *config, const char *name, const char *value)
{
    arq_status status = check_config(config, name, "arq_config_set");
    if (status != ARQ_OK) {
        return status;
    }
    if (value == NULL) {
        return arq_fail(config->context, ARQ_E_ARGUMENT, "arq_config_set: value of '%s' is NULL", name);
    }
    status = arq_parameter_parse(config->context, name, value, &config->values);
    if (status != ARQ_OK) {
        return status;
    }
    config->origin[row_index(arq_parameter_find(name))] = origin_set;
    return ARQ_OK;
}

arq_status arq_config_restore(arq_config *config, const char *name, const char *value, int by_hand)
{
    arq_status status = arq_parameter_parse(config->context, name, value, &config->values);
    if (status == ARQ_OK && by_hand) {
        config->origin[row_index(arq_parameter_find(name))] = origin_set;
    }
    return status;
}

int arq_config_is_set(const arq_config *config, const char *name)
{
    return config->origin[row_index(arq_parameter_find(name))] == origin_set;
}

const char *arq_config_preset(const arq_config *config)
{
    return config->preset;
}

/* A list or a word is no number, even where its text would do. */
static arq_status check_number(const arq_config *config, const char *name, const char *call)
{
    arq_status status = check_config(config, name, call);
    if (status != ARQ_OK) {
        return status;
    }
    const arq_parameter *parameter = arq_parameter_find(name);
    if (parameter == NULL) {
        return arq_fail_parameter(config->context, name);
    }
    if (parameter->type == ARQ_TYPE_CHOICE || parameter->type == ARQ_TYPE_WIDTHS) {
        return arq_fail(config->context, ARQ_E_ARGUMENT, "%s: '%s' is no number (type %s); accepted: the text %s", call,
                        name, arq_parameter_text(name, ARQ_PARAMETER_TYPE), parameter->range);
    }
    return ARQ_OK;
}

arq_status arq_config_set_int(arq_config *config, const char *name, int64_t value)
{
    char text[32];
    snprintf(text, sizeof(text), "%lld", (long long)value);
    arq_status status = check_number(config, name, "arq_config_set_int");
    return status == ARQ_OK ? arq_config_set(config, name, text) : status;
}

arq_status arq_config_set_float(arq_config *config, const char *name, double value)
{
    char text[40];
    arq_format_float(value, text, sizeof(text));
    arq_status status = check_number(config, name, "arq_config_set_float");
    return status == ARQ_OK ? arq_config_set(config, name, text) : status;
}

arq_status arq_config_get(const arq_config *config, const char *name, char *buffer, size_t size)
{
    arq_status status = check_config(config, name, "arq_config_get");
    if (status != ARQ_OK) {
        return status;
    }
    const arq_parameter *parameter = arq_parameter_find(name);
    if (parameter == NULL) {
        return arq_fail_parameter(config->context, name);
    }
    if (buffer == NULL) {
        return arq_fail(config->context, ARQ_E_ARGUMENT, "arq_config_get: buffer for '%s' is NULL", name);
    }
    size_t needed = arq_parameter_format(parameter, &config->values, buffer, size);
    if (needed >= size) {
        return arq_fail(config->context, ARQ_E_SHAPE, "'%s' needs a buffer of %zu bytes, got %zu", name, needed + 1,
                        size);
    }
    return ARQ_OK;
}

arq_status arq_config_get_float(const arq_config *config, const char *name, double *value)
{
    arq_status status = check_number(config, name, "arq_config_get_float");
    if (status != ARQ_OK) {
        return status;
    }
    if (value == NULL) {
        return arq_fail(config->context, ARQ_E_ARGUMENT, "arq_config_get_float: value for '%s' is NULL", name);
    }
    const arq_parameter *parameter = arq_parameter_find(name);
    const char *field = (const char *)&config->values + parameter->offset;
    if (parameter->type == ARQ_TYPE_FLOAT) {
        memcpy(value, field, sizeof(*value));
    } else {
        int64_t whole;
        memcpy(&whole, field, sizeof(whole));
        if (parameter->type == ARQ_TYPE_AUTO_BOOL && whole == ARQ_AUTO) {
            return arq_fail(config->context, ARQ_E_ARGUMENT, "arq_config_get_float: '%s' is 'auto', no number", name);
        }
        *value = (double)whole;
    }
    return ARQ_OK;
}

const char *arq_config_origin(const arq_config *config, const char *name)
{
    const arq_parameter *parameter = name == NULL ? NULL : arq_parameter_find(name);
    return config == NULL || parameter == NULL ? NULL : config->origin[row_index(parameter)];
}

const char *arq_preset_name(uint32_t index)
{
    for (uint32_t i = 0; i <= index; i++) {
        if (arq_preset_table[i].name == NULL) {
            return NULL;
        }
    }
    return arq_preset_table[index].name;
}

const char *arq_preset_doc(const char *name)
{
    const arq_preset *preset = name == NULL ? NULL : find_preset(name);
    return preset == NULL ? NULL : preset->doc;
}

uint32_t arq_preset_environments(const char *name)
{
    const arq_preset *preset = name == NULL ? NULL : find_preset(name);
    return preset == NULL ? 0 : preset->environments;
}
