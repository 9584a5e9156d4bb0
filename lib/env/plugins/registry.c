#include "env/plugins/registry.h"

#include "env/plugins/type.h"
#include "system/library.h"

#include <string.h>

/* One loaded plugin; the registry is their list in the order of loading. */
typedef struct loaded_plugin {
    struct loaded_plugin *next;
    const arq_plugin *table;
    void *object; /* of the dynamic loader, or NULL when linked in */
} loaded_plugin;

static void free_plugins(arq_context *context, void *plugins)
{
    for (loaded_plugin *plugin = plugins; plugin != NULL;) {
        loaded_plugin *next = plugin->next;
        if (plugin->object != NULL) {
            arq_library_close(plugin->object);
        }
        arq_free(context, plugin, 1, sizeof(*plugin));
        plugin = next;
    }
}

const arq_env_type *arq_plugin_type(const arq_context *context, uint32_t index)
{
    for (const loaded_plugin *plugin = context == NULL ? NULL : context->plugins; plugin != NULL;
         plugin = plugin->next) {
        if (index < plugin->table->type_count) {
            return plugin->table->types[index];
        }
        index -= plugin->table->type_count;
    }
    return NULL;
}

const arq_env_type *arq_registry_find(const arq_context *context, const char *id)
{
    const arq_env_type *type = NULL;
    for (uint32_t i = 0; (type = arq_plugin_type(context, i)) != NULL; i++) {
        if (strcmp(type->id, id) == 0) {
            break;
        }
    }
    return type;
}

int arq_registry_knows(const arq_context *context, const char *collection, size_t length)
{
    const arq_env_type *type = NULL;
    for (uint32_t i = 0; (type = arq_plugin_type(context, i)) != NULL; i++) {
        if (strncmp(type->id, collection, length) == 0 && type->id[length] == '/') {
            return 1;
        }
    }
    return 0;
}

static arq_status check_unknown(const arq_context *context, const arq_plugin *table)
{
    for (uint32_t i = 0; i < table->type_count; i++) {
        if (arq_registry_find(context, table->types[i]->id) != NULL) {
            return arq_fail(context, ARQ_E_FORMAT, "plugin '%.64s': id '%s' is taken by a plugin loaded before",
                            table->name, table->types[i]->id);
        }
    }
    return ARQ_OK;
}

arq_status arq_registry_add(arq_context *context, arq_plugin_entry_function entry, void *object, int *added,
                            const arq_plugin **table)
{
    *added = 0;
    *table = entry(ARQ_ABI_VERSION);
    if (*table == NULL) {
        return arq_fail(context, ARQ_E_ABI,
                        "plugin: its entry gave no table for ABI %d.%d; it was built for another one", ARQ_ABI_MAJOR,
                        ARQ_ABI_MINOR);
    }
    loaded_plugin *last = NULL;
    for (loaded_plugin *plugin = context->plugins; plugin != NULL; plugin = plugin->next) {
        if (plugin->table == *table) {
            return ARQ_OK;
        }
        last = plugin;
    }
    arq_status status = arq_plugin_validate(context, *table);
    if (status != ARQ_OK) {
        return status;
    }
    status = check_unknown(context, *table);
    if (status != ARQ_OK) {
        return status;
    }
    loaded_plugin *plugin = arq_alloc(context, 1, sizeof(*plugin));
    if (plugin == NULL) {
        return arq_fail_memory(context, "a plugin's record", sizeof(*plugin));
    }
    plugin->table = *table;
    plugin->object = object;
    if (last == NULL) {
        context->plugins = plugin;
        context->free_plugins = free_plugins;
    } else {
        last->next = plugin;
    }
    *added = 1;
    return ARQ_OK;
}

arq_status arq_plugin_register(arq_context *context, arq_plugin_entry_function entry)
{
    if (context == NULL || entry == NULL) {
        return arq_fail_null(context, "arq_plugin_register", context == NULL ? "context" : "entry");
    }
    int added;
    const arq_plugin *table;
    return arq_registry_add(context, entry, NULL, &added, &table);
}
