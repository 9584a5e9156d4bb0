#include "env/registry.h"

#include "env/folders.h"
#include "env/handle.h"
#include "env/id.h"
#include "env/spec.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <stdio.h>
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
            dlclose(plugin->object);
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

static const arq_env_type *find_type(const arq_context *context, const char *id)
{
    const arq_env_type *type = NULL;
    for (uint32_t i = 0; (type = arq_plugin_type(context, i)) != NULL; i++) {
        if (strcmp(type->id, id) == 0) {
            break;
        }
    }
    return type;
}

static arq_status check_unknown(const arq_context *context, const arq_plugin *table)
{
    for (uint32_t i = 0; i < table->type_count; i++) {
        if (find_type(context, table->types[i]->id) != NULL) {
            return arq_fail(context, ARQ_E_FORMAT, "plugin '%.64s': id '%s' is taken by a plugin loaded before",
                            table->name, table->types[i]->id);
        }
    }
    return ARQ_OK;
}

/* Asks the entry for its table and adds it. A table that is there already is fine: `*added` is 0 then. */
static arq_status add_plugin(arq_context *context, arq_plugin_entry_function entry, void *object, int *added,
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
    if (status == ARQ_OK) {
        status = check_unknown(context, *table);
    }
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
        return arq_fail(context, ARQ_E_ARGUMENT, "arq_plugin_register: %s is NULL",
                        context == NULL ? "context" : "entry");
    }
    int added;
    const arq_plugin *table;
    return add_plugin(context, entry, NULL, &added, &table);
}

/* Puts the file in front of the last error. */
static arq_status fail_file(const arq_context *context, const char *path, arq_status status)
{
    char text[400];
    arq_context_last_error(context, text, sizeof(text));
    return arq_fail(context, status, "%.100s: %s", path, text);
}

static arq_status load(arq_context *context, const char *path, const arq_plugin **table)
{
    void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (object == NULL) {
        const char *reason = dlerror();
        return arq_fail(context, ARQ_E_IO, "plugin cannot be loaded: %s", reason == NULL ? path : reason);
    }
    arq_plugin_entry_function entry = NULL;
    void *symbol = dlsym(object, ARQ_PLUGIN_ENTRY);
    memcpy(&entry, &symbol, sizeof(entry));
    int added = 0;
    arq_status status = ARQ_OK;
    if (entry == NULL) {
        status = arq_fail(context, ARQ_E_FORMAT, "%.300s: no plugin: it does not export %s", path, ARQ_PLUGIN_ENTRY);
    } else {
        status = add_plugin(context, entry, object, &added, table);
        status = status == ARQ_OK ? ARQ_OK : fail_file(context, path, status);
    }
    if (!added) {
        dlclose(object);
    }
    return status;
}

/* What became of loading all plugins. */
typedef struct load_all_result {
    arq_context *context;
    arq_status status; /* of the first that failed */
    uint32_t failed;
    char text[400]; /* of the first that failed */
} load_all_result;

static int is_known(const arq_context *context, const char *collection, size_t length)
{
    const arq_env_type *type = NULL;
    for (uint32_t i = 0; (type = arq_plugin_type(context, i)) != NULL; i++) {
        if (strncmp(type->id, collection, length) == 0 && type->id[length] == '/') {
            return 1;
        }
    }
    return 0;
}

static void load_one(void *user, const char *path, const char *collection, size_t length)
{
    load_all_result *result = user;
    const arq_plugin *table;
    /* One that is known already came from another place: it stays, as when one of its ids is opened. */
    arq_status status = is_known(result->context, collection, length) ? ARQ_OK : load(result->context, path, &table);
    if (status != ARQ_OK && result->failed++ == 0) {
        result->status = status;
        arq_context_last_error(result->context, result->text, sizeof(result->text));
    }
}

static arq_status load_all(arq_context *context)
{
    load_all_result result = {.context = context};
    arq_plugin_visit_all(load_one, &result);
    if (result.failed > 1) {
        return arq_fail(context, result.status, "%s (and %" PRIu32 " more)", result.text, result.failed - 1);
    }
    return result.failed == 0 ? ARQ_OK : arq_fail(context, result.status, "%s", result.text);
}

arq_status arq_plugin_load(arq_context *context, const char *path)
{
    if (context == NULL || (path != NULL && path[0] == '\0')) {
        return arq_fail(context, ARQ_E_ARGUMENT, "arq_plugin_load: %s",
                        context == NULL ? "context is NULL" : "path is empty; NULL means all plugins");
    }
    if (path == NULL) {
        return load_all(context);
    }
    arq_env_id id;
    if (strchr(path, '/') == NULL && strlen(path) < sizeof(id.path) - 2) {
        /* The loader would search its own folders for a name without a slash. */
        snprintf(id.path, sizeof(id.path), "./%s", path);
        path = id.path;
    }
    const arq_plugin *table;
    return load(context, path, &table);
}

/* Loads the plugin of an id's collection if there is one in the folders. */
static arq_status load_collection(arq_context *context, const char *id)
{
    char path[ARQ_PLUGIN_PATH_SIZE];
    const arq_plugin *table;
    size_t length = strcspn(id, "/");
    if (length == 0 || strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789_-") != length || id[length] != '/') {
        return ARQ_OK;
    }
    return arq_plugin_find(id, length, path) ? load(context, path, &table) : ARQ_OK;
}

/* Lists the types of one plugin, or of all. */
static arq_status fail_not_found(const arq_context *context, const char *name, const arq_plugin *table)
{
    char known[360] = "no environment is known";
    size_t used = 0;
    for (uint32_t i = 0; used < sizeof(known); i++) {
        const arq_env_type *type = table == NULL           ? arq_plugin_type(context, i)
                                   : i < table->type_count ? table->types[i]
                                                           : NULL;
        if (type == NULL) {
            break;
        }
        used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s", i == 0 ? "known: " : ", ", type->id);
    }
    const char *slash = strchr(name, '/');
    if (table == NULL && slash != NULL && slash != name && used == 0) {
        return arq_fail(context, ARQ_E_NOT_FOUND,
                        "unknown environment '%.64s'; %s, and there is no arq_%.*s.so in ARQ_PLUGIN_PATH or the "
                        "library's folder",
                        name, known, slash - name < 64 ? (int)(slash - name) : 64, name);
    }
    return arq_fail(context, ARQ_E_NOT_FOUND, "unknown environment '%.64s'; %s", name, known);
}

/* The type of a plugin's own that "#name" means: its whole id, the part behind the slash, or "" for the only one. */
static arq_status pick_type(const arq_context *context, const arq_plugin *table, const arq_env_id *id,
                            const arq_env_type **type)
{
    for (uint32_t i = 0; i < table->type_count; i++) {
        const char *known = table->types[i]->id;
        if (strcmp(known, id->name) == 0 || strcmp(strchr(known, '/') + 1, id->name) == 0 ||
            (id->name[0] == '\0' && table->type_count == 1)) {
            *type = table->types[i];
            return ARQ_OK;
        }
    }
    return fail_not_found(context, id->name[0] == '\0' ? "(add #id)" : id->name, table);
}

static arq_status find_or_load(arq_context *context, const arq_env_id *id, const arq_env_type **type)
{
    if (id->path[0] != '\0') {
        const arq_plugin *table;
        arq_status status = load(context, id->path, &table);
        return status == ARQ_OK ? pick_type(context, table, id, type) : status;
    }
    *type = find_type(context, id->name);
    if (*type == NULL) {
        arq_status status = load_collection(context, id->name);
        if (status != ARQ_OK) {
            return status;
        }
        *type = find_type(context, id->name);
    }
    return *type != NULL ? ARQ_OK : fail_not_found(context, id->name, NULL);
}

arq_status arq_registry_resolve(arq_context *context, const char *id, const arq_env_type **type, double *values)
{
    arq_env_id parsed;
    arq_status status = arq_env_id_parse(context, id, &parsed);
    if (status == ARQ_OK) {
        status = find_or_load(context, &parsed, type);
    }
    if (status == ARQ_OK) {
        status = arq_env_options_parse(context, *type, parsed.options, parsed.options_length, values);
    }
    return status;
}

static arq_status fail_create(const arq_context *context, const arq_env_type *type, const char *method,
                              arq_status status, char error[256])
{
    char what[160];
    snprintf(what, sizeof(what), "%s: %s", type->id, method);
    error[255] = '\0';
    return arq_fail_callback(context, what, status, error);
}

/* An instance of a type, without a handle. */
static arq_status create_self(const arq_context *context, const arq_env_type *type, const double *values, void **self)
{
    char error[256] = "";
    arq_status status = type->create(type->user, values, self, error, sizeof(error));
    if (status != ARQ_OK) {
        *self = NULL;
        return fail_create(context, type, "create", status, error);
    }
    if (*self == NULL) {
        return arq_fail(context, ARQ_E_ENV, "%s: create returned ARQ_OK and left self NULL; it must set it", type->id);
    }
    return ARQ_OK;
}

arq_status arq_env_type_create(arq_context *context, const arq_env_type *type, const double *values, arq_env **out)
{
    void *self = NULL;
    arq_status status = create_self(context, type, values, &self);
    if (status != ARQ_OK) {
        return status;
    }
    status = arq_env_make(context, type->methods, self, type->id, 0, out);
    if (status != ARQ_OK) {
        type->methods->destroy(self);
    }
    return status;
}

/* Instances by the type's own create_batch. */
static arq_status create_together(const arq_context *context, const arq_env_type *type, const double *values,
                                  uint32_t count, void **selves)
{
    char error[256] = "";
    arq_status status = type->create_batch(type->user, values, count, selves, error, sizeof(error));
    if (status != ARQ_OK) {
        memset(selves, 0, count * sizeof(*selves));
        return fail_create(context, type, "create_batch", status, error);
    }
    uint32_t missing = 0;
    while (missing < count && selves[missing] != NULL) {
        missing++;
    }
    if (missing < count) {
        return arq_fail(context, ARQ_E_ENV,
                        "%s: create_batch returned ARQ_OK and left instance %" PRIu32 " NULL; it must set it", type->id,
                        missing);
    }
    return ARQ_OK;
}

arq_status arq_env_type_create_selves(const arq_context *context, const arq_env_type *type, const double *values,
                                      uint32_t count, void **selves)
{
    arq_status status = ARQ_OK;
    if (type->struct_size > offsetof(arq_env_type, create_batch) && type->create_batch != NULL) {
        status = create_together(context, type, values, count, selves);
    } else {
        for (uint32_t i = 0; i < count && status == ARQ_OK; i++) {
            status = create_self(context, type, values, &selves[i]);
        }
    }
    for (uint32_t i = 0; i < count && status != ARQ_OK; i++) {
        if (selves[i] != NULL) {
            type->methods->destroy(selves[i]);
            selves[i] = NULL;
        }
    }
    return status;
}

arq_status arq_env_open(arq_context *context, const char *id, arq_env **out)
{
    if (out == NULL) {
        return arq_fail(context, ARQ_E_ARGUMENT, "arq_env_open: out is NULL");
    }
    *out = NULL;
    if (context == NULL || id == NULL) {
        return arq_fail(context, ARQ_E_ARGUMENT, "arq_env_open: %s is NULL", context == NULL ? "context" : "id");
    }
    const arq_env_type *type = NULL;
    double values[ARQ_MAX_OPTIONS];
    arq_status status = arq_registry_resolve(context, id, &type, values);
    return status == ARQ_OK ? arq_env_type_create(context, type, values, out) : status;
}
