#include "env/plugins/type.h"

#include "core/finite.h"
#include "env/spec.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ARQ_E_ABI unless the major number is the library's and the minor not newer. */
static arq_status check_abi(const arq_context *context, const char *what, uint32_t abi_version)
{
    uint32_t major = abi_version >> 16;
    uint32_t minor = abi_version & 0xffffu;
    if (major != ARQ_ABI_MAJOR || minor > ARQ_ABI_MINOR) {
        return arq_fail(context, ARQ_E_ABI,
                        "%s: built for ABI %" PRIu32 ".%" PRIu32 ", the library has %d.%d: majors must be equal and "
                        "the library's minor not older",
                        what, major, minor, ARQ_ABI_MAJOR, ARQ_ABI_MINOR);
    }
    return ARQ_OK;
}

const arq_env_option *arq_env_option_at(const arq_env_type *type, uint32_t index)
{
    const char *row = (const char *)type->options;
    for (uint32_t i = 0; i < index; i++) {
        row += ((const arq_env_option *)(const void *)row)->struct_size;
    }
    return (const arq_env_option *)(const void *)row;
}

/* How many words a choice has; 0 if one is empty or stands twice. */
static uint32_t count_choices(const char *choices)
{
    uint32_t count = 0;
    for (const char *word = choices; word != NULL; count++) {
        size_t length = strcspn(word, "|");
        if (length == 0) {
            return 0;
        }
        for (const char *other = choices; other != word; other += strcspn(other, "|") + 1) {
            if (strcspn(other, "|") == length && memcmp(other, word, length) == 0) {
                return 0;
            }
        }
        word = word[length] == '\0' ? NULL : word + length + 1;
    }
    return count;
}

static int is_whole(double value)
{
    return fabs(value) <= 0x1p53 && value == floor(value);
}

/* What is wrong with an option's type, range and default; NULL if nothing is. */
static const char *option_fault(const arq_env_option *option)
{
    double low = option->low;
    double high = option->high;
    switch (option->type) {
    case ARQ_OPTION_BOOL:
        low = 0;
        high = 1;
        break;
    case ARQ_OPTION_INT:
        if (!is_whole(low) || !is_whole(high)) {
            return "low and high must be whole numbers";
        }
        break;
    case ARQ_OPTION_FLOAT:
        if (!arq_is_finite(low) || !arq_is_finite(high)) {
            return "low and high must be finite";
        }
        break;
    case ARQ_OPTION_CHOICE:
        if (option->struct_size < offsetof(arq_env_option, choices) + sizeof(option->choices) ||
            option->choices == NULL || count_choices(option->choices) == 0) {
            return "choices must be different words separated by |";
        }
        low = 0;
        high = count_choices(option->choices) - 1;
        break;
    default:
        return "type must be 1 (bool), 2 (int), 3 (float) or 4 (choice)";
    }
    if (!(low <= high)) {
        return "low must not be greater than high";
    }
    if (!(option->default_value >= low && option->default_value <= high)) {
        return "default_value must lie within low and high";
    }
    if (option->type != ARQ_OPTION_FLOAT && !is_whole(option->default_value)) {
        return "default_value must be a whole number";
    }
    return NULL;
}

#define LETTERS "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

static arq_status check_options(const arq_context *context, arq_status status, const arq_env_type *type)
{
    if (type->option_count > ARQ_MAX_OPTIONS || (type->option_count > 0 && type->options == NULL)) {
        return arq_fail(context, status, "%s: option_count is %" PRIu32 "%s; at most %d and their rows are needed",
                        type->id, type->option_count, type->options == NULL ? " and options is NULL" : "",
                        ARQ_MAX_OPTIONS);
    }
    for (uint32_t i = 0; i < type->option_count; i++) {
        const arq_env_option *option = arq_env_option_at(type, i);
        char what[160];
        snprintf(what, sizeof(what), "%s: option row %" PRIu32, type->id, i);
        arq_status checked =
            arq_table_check_size(context, status, what, option->struct_size, offsetof(arq_env_option, choices));
        if (checked != ARQ_OK) {
            return checked;
        }
        const char *name = option->name;
        if (name == NULL || name[0] == '\0' || name[strspn(name, LETTERS DIGITS "_")] != '\0') {
            return arq_fail(context, status, "%s: name is '%.64s'; lower-case letters, digits and _ are needed", what,
                            name == NULL ? "" : name);
        }
        for (uint32_t other = 0; other < i; other++) {
            if (strcmp(arq_env_option_at(type, other)->name, name) == 0) {
                return arq_fail(context, status, "%s: name '%.64s' stands twice", what, name);
            }
        }
        const char *fault = option_fault(option);
        if (fault != NULL) {
            return arq_fail(context, status, "%s: '%.64s' has type %" PRId32 ", %g .. %g, default %g: %s", what, name,
                            option->type, option->low, option->high, option->default_value, fault);
        }
    }
    return ARQ_OK;
}

static int is_id(const char *id)
{
    size_t collection = strspn(id, LETTERS DIGITS "_-");
    if (collection == 0 || id[collection] != '/') {
        return 0;
    }
    size_t name = strspn(id + collection + 1, LETTERS DIGITS "_-");
    return name > 0 && id[collection + 1 + name] == '\0' && collection + 1 + name <= 100;
}

arq_status arq_env_type_validate(const arq_context *context, arq_status status, const arq_env_type *type)
{
    arq_status checked = arq_table_check_size(context, status, "environment type", type->struct_size,
                                              offsetof(arq_env_type, create_batch));
    if (checked != ARQ_OK) {
        return checked;
    }
    if (type->id == NULL || !is_id(type->id)) {
        return arq_fail(context, status,
                        "environment type: id is '%.110s'; lower-case letters, digits, _ and - with one / between are "
                        "needed, at most 100 of them",
                        type->id == NULL ? "" : type->id);
    }
    if (type->methods == NULL || type->create == NULL) {
        return arq_fail(context, status, "%s: %s is NULL", type->id, type->methods == NULL ? "methods" : "create");
    }
    checked = check_options(context, status, type);
    if (checked != ARQ_OK) {
        return checked;
    }
    arq_env_methods methods;
    checked = arq_env_methods_copy(context, type->id, type->methods, &methods);
    return checked != ARQ_OK ? status : ARQ_OK;
}

/* The table itself, before its types. */
static arq_status check_table(const arq_context *context, const arq_plugin *plugin)
{
    const char *what = "plugin table";
    size_t least = offsetof(arq_plugin, abi_version) + sizeof(plugin->abi_version);
    arq_status status = arq_table_check_size(context, ARQ_E_FORMAT, what, plugin->struct_size, least);
    if (status != ARQ_OK) {
        return status;
    }
    /* Before the rest: a table of another major may be laid out differently. */
    status = check_abi(context, "plugin", plugin->abi_version);
    if (status != ARQ_OK) {
        return status;
    }
    status = arq_table_check_size(context, ARQ_E_FORMAT, what, plugin->struct_size, sizeof(*plugin));
    if (status != ARQ_OK) {
        return status;
    }
    status = arq_table_check_reserved(context, ARQ_E_FORMAT, what, plugin->reserved);
    if (status != ARQ_OK) {
        return status;
    }
    if (plugin->name == NULL || plugin->version == NULL || plugin->types == NULL || plugin->type_count == 0) {
        return arq_fail(context, ARQ_E_FORMAT,
                        "plugin table: name is '%.64s', version is '%.64s', type_count is %" PRIu32
                        "%s; all of them are needed",
                        plugin->name == NULL ? "" : plugin->name, plugin->version == NULL ? "" : plugin->version,
                        plugin->type_count, plugin->types == NULL ? ", types is NULL" : "");
    }
    return ARQ_OK;
}

static arq_status check_type(const arq_context *context, const arq_plugin *plugin, uint32_t index)
{
    const arq_env_type *type = plugin->types[index];
    if (type == NULL) {
        return arq_fail(context, ARQ_E_FORMAT, "plugin '%.64s': type %" PRIu32 " of %" PRIu32 " is NULL", plugin->name,
                        index, plugin->type_count);
    }
    arq_status status = arq_env_type_validate(context, ARQ_E_FORMAT, type);
    if (status != ARQ_OK) {
        return status;
    }
    for (uint32_t other = 0; other < index; other++) {
        if (strcmp(plugin->types[other]->id, type->id) == 0) {
            return arq_fail(context, ARQ_E_FORMAT, "plugin '%.64s': id '%s' stands twice", plugin->name, type->id);
        }
    }
    return ARQ_OK;
}

arq_status arq_plugin_validate(const arq_context *context, const arq_plugin *plugin)
{
    arq_status status = check_table(context, plugin);
    if (status != ARQ_OK) {
        return status;
    }
    for (uint32_t i = 0; i < plugin->type_count; i++) {
        status = check_type(context, plugin, i);
        if (status != ARQ_OK) {
            return status;
        }
    }
    return ARQ_OK;
}
