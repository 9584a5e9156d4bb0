#include "collections.h"

#include "message.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX "arq_"
#define SUFFIX ".so"

static int is_loaded(const arq_context *context, const char *collection)
{
    const arq_env_type *type = NULL;
    size_t length = strlen(collection);
    for (uint32_t i = 0; (type = arq_plugin_type(context, i)) != NULL; i++) {
        if (strncmp(type->id, collection, length) == 0 && type->id[length] == '/') {
            return 1;
        }
    }
    return 0;
}

/* The library loads a collection when one of its ids is opened; this one is in none of them. */
static void load(arq_context *context, const char *collection)
{
    char id[300];
    arq_env *env = NULL;
    if (is_loaded(context, collection)) {
        return;
    }
    snprintf(id, sizeof(id), "%s/-", collection);
    arq_status status = arq_env_open(context, id, &env);
    arq_env_destroy(env);
    if (status != ARQ_OK && status != ARQ_E_NOT_FOUND) {
        char text[512];
        arq_context_last_error(context, text, sizeof(text));
        message_warning("%s", text);
    }
}

static void load_folder(arq_context *context, const char *folder)
{
    DIR *entries = opendir(folder);
    if (entries == NULL) {
        return;
    }
    for (const struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        size_t length = strlen(entry->d_name);
        size_t fixed = strlen(PREFIX) + strlen(SUFFIX);
        if (length > fixed && strncmp(entry->d_name, PREFIX, strlen(PREFIX)) == 0 &&
            strcmp(entry->d_name + length - strlen(SUFFIX), SUFFIX) == 0) {
            char collection[256];
            snprintf(collection, sizeof(collection), "%.*s", (int)(length - fixed), entry->d_name + strlen(PREFIX));
            load(context, collection);
        }
    }
    closedir(entries);
}

void collections_load(arq_context *context)
{
    load(context, "minatar");
    load(context, "classic");
    const char *list = getenv("ARQ_PLUGIN_PATH");
    for (const char *part = list; part != NULL && *part != '\0';) {
        char folder[4096];
        size_t length = strcspn(part, ":");
        snprintf(folder, sizeof(folder), "%.*s", (int)length, part);
        load_folder(context, folder);
        part += length + (part[length] == ':');
    }
    load_folder(context, ARQ_PLUGIN_FOLDER);
}
