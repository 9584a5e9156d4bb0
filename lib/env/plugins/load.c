#include "env/plugins/load.h"

#include "env/plugins/folders.h"
#include "env/plugins/id.h"
#include "env/plugins/registry.h"
#include "system/library.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Puts the file in front of the last error. */
static arq_status fail_file(const arq_context *context, const char *path, arq_status status)
{
    char text[400];
    arq_context_last_error(context, text, sizeof(text));
    return arq_fail(context, status, "%.100s: %s", path, text);
}

arq_status arq_plugin_load_file(arq_context *context, const char *path, const arq_plugin **table)
{
    char reason[512];
    void *object = arq_library_open(path, reason, sizeof(reason));
    if (object == NULL) {
        return arq_fail(context, ARQ_E_IO, "plugin cannot be loaded: %s", reason);
    }
    arq_plugin_entry_function entry = (arq_plugin_entry_function)arq_library_find(object, ARQ_PLUGIN_ENTRY);
    if (entry == NULL) {
        arq_library_close(object);
        return arq_fail(context, ARQ_E_FORMAT, "%.300s: no plugin: it does not export %s", path, ARQ_PLUGIN_ENTRY);
    }
    int added = 0;
    arq_status status = arq_registry_add(context, entry, object, &added, table);
    if (status != ARQ_OK) {
        status = fail_file(context, path, status);
    }
    if (!added) {
        arq_library_close(object);
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

static void load_one(void *user, const char *path, const char *collection, size_t length)
{
    load_all_result *result = user;
    const arq_plugin *table;
    if (arq_registry_knows(result->context, collection, length)) {
        return; /* it came from another place, and stays, as when one of its ids is opened */
    }
    arq_status status = arq_plugin_load_file(result->context, path, &table);
    if (status != ARQ_OK && result->failed++ == 0) {
        result->status = status;
        arq_context_last_error(result->context, result->text, sizeof(result->text));
    }
}

static arq_status load_all(arq_context *context)
{
    load_all_result result = {.context = context};
    arq_plugin_visit_all(context, load_one, &result);
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
    return arq_plugin_load_file(context, path, &table);
}

arq_status arq_plugin_load_collection(arq_context *context, const char *id)
{
    char path[ARQ_PLUGIN_PATH_SIZE];
    const arq_plugin *table;
    size_t length = strcspn(id, "/");
    if (length == 0 || strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789_-") != length || id[length] != '/') {
        return ARQ_OK;
    }
    return arq_plugin_find(context, id, length, path) ? arq_plugin_load_file(context, path, &table) : ARQ_OK;
}
