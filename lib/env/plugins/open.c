#include "env/plugins/open.h"

#include "core/context.h"
#include "env/plugins/folders.h"
#include "env/plugins/id.h"
#include "env/plugins/instances.h"
#include "env/plugins/load.h"
#include "env/plugins/options.h"
#include "env/plugins/registry.h"
#include "env/wrappers/list.h"
#include "system/library.h"

#include <stdio.h>
#include <string.h>

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
        char left_out[300];
        arq_plugin_faulty_folders(left_out, sizeof(left_out));
        return arq_fail(context, ARQ_E_NOT_FOUND,
                        "unknown environment '%.64s'; %s, and there is no arq_%.*s%s in ARQ_PLUGIN_PATH or the "
                        "library's folder%s%s",
                        name, known, slash - name < 64 ? (int)(slash - name) : 64, name, arq_library_suffix(),
                        left_out[0] == '\0' ? "" : "; ", left_out);
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
        arq_status status = arq_plugin_load_file(context, id->path, &table);
        return status != ARQ_OK ? status : pick_type(context, table, id, type);
    }
    *type = arq_registry_find(context, id->name);
    if (*type == NULL) {
        arq_status status = arq_plugin_load_collection(context, id->name);
        if (status != ARQ_OK) {
            return status;
        }
        *type = arq_registry_find(context, id->name);
    }
    return *type != NULL ? ARQ_OK : fail_not_found(context, id->name, NULL);
}

arq_status arq_env_id_resolve(arq_context *context, const char *id, arq_resolved_id *resolved)
{
    arq_env_id parsed;
    arq_status status = arq_env_id_parse(context, id, &parsed);
    if (status != ARQ_OK) {
        return status;
    }
    status = find_or_load(context, &parsed, &resolved->type);
    if (status != ARQ_OK) {
        return status;
    }
    status = arq_env_options_parse(context, resolved->type, parsed.options, parsed.options_length, resolved->values);
    if (status != ARQ_OK) {
        return status;
    }
    resolved->wrappers = parsed.wrappers;
    return arq_wrappers_check(context, parsed.wrappers);
}

arq_status arq_env_open(arq_context *context, const char *id, arq_env **out)
{
    if (out == NULL) {
        return arq_fail_null(context, "arq_env_open", "out");
    }
    *out = NULL;
    if (context == NULL || id == NULL) {
        return arq_fail_null(context, "arq_env_open", context == NULL ? "context" : "id");
    }
    arq_resolved_id resolved;
    arq_status status = arq_env_id_resolve(context, id, &resolved);
    if (status != ARQ_OK) {
        return status;
    }
    arq_env *env = NULL;
    status = arq_env_type_create(context, resolved.type, resolved.values, &env);
    if (status != ARQ_OK) {
        return status;
    }
    for (const char *rest = resolved.wrappers; *rest != '\0';) {
        arq_named_wrapper wrapper;
        arq_wrapper_parse(context, &rest, &wrapper);
        arq_env *inner = env;
        status = wrapper.wrap(inner, wrapper.value, &env);
        if (status != ARQ_OK) {
            arq_env_destroy(inner);
            return status;
        }
    }
    *out = env;
    return ARQ_OK;
}
