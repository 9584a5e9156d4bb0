#include "nn/options.h"

#include <string.h>

int arq_option_is_chosen(const arq_config *config, const char *name)
{
    const arq_parameter *row = arq_parameter_find(name);
    char value[256];
    arq_parameter_format(row, arq_config_values(config), value, sizeof(value));
    return strcmp(arq_config_origin(config, name), "set") == 0 && strcmp(value, row->default_value) != 0;
}

/* Presets serve every kind, so only what was set by hand can be a mistake. */
static int is_mistake(const arq_config *config, const arq_meaningless *option)
{
    if (option->only == NULL) {
        return arq_option_is_chosen(config, option->name);
    }
    char value[256];
    arq_parameter_format(arq_parameter_find(option->name), arq_config_values(config), value, sizeof(value));
    return strcmp(arq_config_origin(config, option->name), "set") == 0 && strcmp(value, option->only) != 0;
}

arq_status arq_network_check_options(const arq_context *context, const arq_config *config,
                                     const arq_network_methods *methods)
{
    for (const arq_meaningless *option = methods->meaningless; option->name != NULL; option++) {
        if (is_mistake(config, option)) {
            char value[256];
            arq_parameter_format(arq_parameter_find(option->name), arq_config_values(config), value, sizeof(value));
            return arq_fail(context, ARQ_E_UNSUPPORTED, "%s is '%s', but network '%s' %s; leave it out", option->name,
                            value, methods->name, option->reason);
        }
    }
    return methods->check == NULL ? ARQ_OK : methods->check(context, config);
}
