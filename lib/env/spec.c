#include "env/spec.h"

#include "env/handle.h"
#include "env/observation.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* No table of ours will come near this; more is no struct_size. */
#define LARGEST_TABLE 4096u

/* Tables only ever grow at the end. One needs the fields up to the last required one and may have more than
 * the library knows. */
static arq_status check_struct_size(const arq_context *context, arq_status status, const char *what,
                                    uint32_t struct_size, size_t least)
{
    if (struct_size < least || struct_size > LARGEST_TABLE || struct_size % sizeof(void *) != 0) {
        return arq_fail(context, status,
                        "%s: struct_size is %" PRIu32 "; at least %zu, at most %u and a multiple of %zu is needed",
                        what, struct_size, least, LARGEST_TABLE, sizeof(void *));
    }
    return ARQ_OK;
}

static arq_status check_reserved(const arq_context *context, arq_status status, const char *what, uint32_t reserved)
{
    if (reserved != 0) {
        return arq_fail(context, status, "%s: reserved is %" PRIu32 "; it must be 0", what, reserved);
    }
    return ARQ_OK;
}

arq_status arq_env_methods_copy(const arq_context *context, const char *name, const arq_env_methods *methods,
                                arq_env_methods *copy)
{
    char what[160];
    snprintf(what, sizeof(what), "%s: methods", name);
    arq_status status =
        check_struct_size(context, ARQ_E_ARGUMENT, what, methods->struct_size, offsetof(arq_env_methods, step_batch));
    if (status == ARQ_OK) {
        status = check_reserved(context, ARQ_E_ARGUMENT, what, methods->reserved);
    }
    if (status != ARQ_OK) {
        return status;
    }
    memset(copy, 0, sizeof(*copy));
    memcpy(copy, methods, methods->struct_size < sizeof(*copy) ? methods->struct_size : sizeof(*copy));
    const char *missing = copy->spec == NULL      ? "spec"
                          : copy->reset == NULL   ? "reset"
                          : copy->destroy == NULL ? "destroy"
                                                  : NULL;
    if (missing == NULL && copy->step == NULL && copy->step_box == NULL) {
        missing = "step (or step_box)";
    }
    if (missing == NULL && (copy->save == NULL) != (copy->load == NULL)) {
        missing = copy->save == NULL ? "save (load is there)" : "load (save is there)";
    }
    if (missing != NULL) {
        return arq_fail(context, ARQ_E_ARGUMENT, "%s: the required method %s is NULL", what, missing);
    }
    return ARQ_OK;
}

static arq_status check_range(const arq_context *context, const char *name, const char *what, int64_t index, double low,
                              double high)
{
    /* Written so that NaN fails too. */
    if (low <= high && low < INFINITY && high > -INFINITY) {
        return ARQ_OK;
    }
    char which[32] = "";
    if (index >= 0) {
        snprintf(which, sizeof(which), " %" PRId64, index);
    }
    return arq_fail(context, ARQ_E_ARGUMENT, "%s: spec: bounds of %s%s are %g .. %g; low <= high is needed", name, what,
                    which, low, high);
}

static arq_status check_ranges(const arq_context *context, const char *name, const char *what, uint32_t count,
                               const double *low, const double *high)
{
    for (uint32_t i = 0; i < count && (low != NULL || high != NULL); i++) {
        arq_status status =
            check_range(context, name, what, i, low == NULL ? -INFINITY : low[i], high == NULL ? INFINITY : high[i]);
        if (status != ARQ_OK) {
            return status;
        }
    }
    return ARQ_OK;
}

static arq_status check_shape(const arq_context *context, const char *name, const arq_env_spec *spec)
{
    if (spec->observation_rank > ARQ_OBSERVATION_MAX_RANK) {
        return arq_fail(context, ARQ_E_ARGUMENT, "%s: spec: observation_rank is %" PRIu32 "; accepted: 0 .. %d", name,
                        spec->observation_rank, ARQ_OBSERVATION_MAX_RANK);
    }
    if (spec->observation_rank == 0 || spec->observation_kind == ARQ_OBSERVATION_DISCRETE) {
        return ARQ_OK;
    }
    uint64_t product = 1;
    for (uint32_t i = 0; i < spec->observation_rank && product <= UINT32_MAX; i++) {
        product *= spec->observation_shape[i];
    }
    if (product != spec->observation_size) {
        return arq_fail(context, ARQ_E_ARGUMENT,
                        "%s: spec: the product of observation_shape is %s%" PRIu64 ", observation_size is %" PRIu32
                        "; they must be equal",
                        name, product > UINT32_MAX ? "at least " : "", product, spec->observation_size);
    }
    return ARQ_OK;
}

static arq_status check_observation(const arq_context *context, const char *name, const arq_env_spec *spec)
{
    arq_status status = arq_observation_validate(context, spec->observation_kind, spec->observation_size);
    if (status != ARQ_OK) {
        char text[256];
        arq_context_last_error(context, text, sizeof(text));
        return arq_fail(context, status, "%s: spec: %s", name, text);
    }
    status = check_shape(context, name, spec);
    if (status == ARQ_OK && spec->observation_kind != ARQ_OBSERVATION_DISCRETE) {
        status = check_ranges(context, name, "observation value", spec->observation_size, spec->observation_low,
                              spec->observation_high);
    }
    return status;
}

static arq_status check_action(const arq_context *context, const char *name, const arq_env_spec *spec,
                               const arq_env_methods *methods)
{
    if (spec->action_kind != ARQ_ACTION_DISCRETE && spec->action_kind != ARQ_ACTION_BOX) {
        return arq_fail(context, ARQ_E_ARGUMENT,
                        "%s: spec: action_kind is %" PRId32 "; accepted: 1 (discrete), 2 (box)", name,
                        spec->action_kind);
    }
    if (spec->action_count == 0 || spec->action_count > INT32_MAX) {
        return arq_fail(context, ARQ_E_ARGUMENT, "%s: spec: action_count is %" PRIu32 "; accepted: 1 .. %d", name,
                        spec->action_count, INT32_MAX);
    }
    int box = spec->action_kind == ARQ_ACTION_BOX;
    if (box ? methods->step_box == NULL : methods->step == NULL) {
        return arq_fail(context, ARQ_E_ARGUMENT, "%s: methods: %s is NULL; %s actions need it", name,
                        box ? "step_box" : "step", box ? "box" : "discrete");
    }
    if (!box) {
        return ARQ_OK;
    }
    if (spec->action_low == NULL || spec->action_high == NULL) {
        return arq_fail(context, ARQ_E_ARGUMENT,
                        "%s: spec: %s is NULL; box actions need bounds (infinite if unbounded)", name,
                        spec->action_low == NULL ? "action_low" : "action_high");
    }
    return check_ranges(context, name, "action component", spec->action_count, spec->action_low, spec->action_high);
}

arq_status arq_env_spec_validate(const arq_context *context, const char *name, const arq_env_spec *spec,
                                 const arq_env_methods *methods)
{
    if (spec->struct_size != sizeof(*spec)) {
        return arq_fail(context, ARQ_E_ARGUMENT,
                        "%s: spec: struct_size came back as %" PRIu32 "; it must stay %zu as it was handed over", name,
                        spec->struct_size, sizeof(*spec));
    }
    arq_status status = check_observation(context, name, spec);
    if (status == ARQ_OK) {
        status = check_action(context, name, spec, methods);
    }
    if (status == ARQ_OK && spec->reward_range_known > 1) {
        return arq_fail(context, ARQ_E_ARGUMENT, "%s: spec: reward_range_known is %" PRIu32 "; accepted: 0 or 1", name,
                        spec->reward_range_known);
    }
    if (status == ARQ_OK && spec->reward_range_known == 1) {
        status = check_range(context, name, "the reward", -1, spec->reward_low, spec->reward_high);
    }
    if (status == ARQ_OK) {
        char what[160];
        snprintf(what, sizeof(what), "%s: spec", name);
        status = check_reserved(context, ARQ_E_ARGUMENT, what, spec->reserved);
    }
    return status;
}

arq_status arq_abi_validate(const arq_context *context, const char *what, uint32_t abi_version)
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
            check_struct_size(context, status, what, option->struct_size, offsetof(arq_env_option, choices));
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
    arq_status checked =
        check_struct_size(context, status, "environment type", type->struct_size, offsetof(arq_env_type, create_batch));
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
    if (checked == ARQ_OK) {
        arq_env_methods methods;
        checked = arq_env_methods_copy(context, type->id, type->methods, &methods) == ARQ_OK ? ARQ_OK : status;
    }
    return checked;
}

arq_status arq_plugin_validate(const arq_context *context, const arq_plugin *plugin)
{
    arq_status status = check_struct_size(context, ARQ_E_FORMAT, "plugin table", plugin->struct_size,
                                          offsetof(arq_plugin, abi_version) + sizeof(plugin->abi_version));
    if (status == ARQ_OK) {
        /* Before the rest: a table of another major may be laid out differently. */
        status = arq_abi_validate(context, "plugin", plugin->abi_version);
    }
    if (status == ARQ_OK) {
        status = check_struct_size(context, ARQ_E_FORMAT, "plugin table", plugin->struct_size, sizeof(*plugin));
    }
    if (status == ARQ_OK) {
        status = check_reserved(context, ARQ_E_FORMAT, "plugin table", plugin->reserved);
    }
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
    for (uint32_t i = 0; i < plugin->type_count && status == ARQ_OK; i++) {
        if (plugin->types[i] == NULL) {
            return arq_fail(context, ARQ_E_FORMAT, "plugin '%.64s': type %" PRIu32 " of %" PRIu32 " is NULL",
                            plugin->name, i, plugin->type_count);
        }
        status = arq_env_type_validate(context, ARQ_E_FORMAT, plugin->types[i]);
        for (uint32_t other = 0; other < i && status == ARQ_OK; other++) {
            if (strcmp(plugin->types[other]->id, plugin->types[i]->id) == 0) {
                status = arq_fail(context, ARQ_E_FORMAT, "plugin '%.64s': id '%s' stands twice", plugin->name,
                                  plugin->types[i]->id);
            }
        }
    }
    return status;
}
