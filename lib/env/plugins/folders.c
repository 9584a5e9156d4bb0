#include "env/plugins/folders.h"

#include "env/plugins/install_folder.h"
#include "system/folder.h"
#include "system/library.h"
#include "system/process.h"

#include <stdio.h>
#include <string.h>

#define FOLDER_SIZE 4096
#define PREFIX "arq_"

/* Writes folder `index` and returns 1, or 0 behind the last. */
static int folder_at(uint32_t index, char buffer[FOLDER_SIZE])
{
    const char *list = arq_process_trusted_variable("ARQ_PLUGIN_PATH");
    const char mark[2] = {arq_path_list_mark(), '\0'};
    for (const char *folder = list; folder != NULL && *folder != '\0';) {
        size_t length = strcspn(folder, mark);
        if (length > 0 && index-- == 0) {
            snprintf(buffer, FOLDER_SIZE, "%.*s", (int)(length < FOLDER_SIZE ? length : FOLDER_SIZE - 1), folder);
            return 1;
        }
        folder += length + (folder[length] != '\0');
    }
    if (index == 0) {
        snprintf(buffer, FOLDER_SIZE, "%s", ARQ_PLUGIN_FOLDER);
        return 1;
    }
    char own[FOLDER_SIZE - sizeof("/arq/plugins")];
    if (index == 1 && arq_library_folder(ARQ_PLUGIN_FOLDER, own, sizeof(own))) {
        snprintf(buffer, FOLDER_SIZE, "%s/arq/plugins", own);
        return 1;
    }
    return 0;
}

/* As arq_plugin_find, in the first `folders` folders. */
static int find(uint32_t folders, const char *collection, size_t length, char path[ARQ_PLUGIN_PATH_SIZE])
{
    char folder[FOLDER_SIZE];
    for (uint32_t i = 0; i < folders && folder_at(i, folder); i++) {
        int written = snprintf(path, ARQ_PLUGIN_PATH_SIZE, "%s/" PREFIX "%.*s%s", folder, (int)length, collection,
                               arq_library_suffix());
        if (written < ARQ_PLUGIN_PATH_SIZE && arq_path_exists(path)) {
            return 1;
        }
    }
    return 0;
}

int arq_plugin_find(const char *collection, size_t length, char path[ARQ_PLUGIN_PATH_SIZE])
{
    return find(UINT32_MAX, collection, length, path);
}

/* How long the collection's name in a file's name is; 0 for other files. */
static size_t collection_length(const char *file)
{
    const char *suffix = arq_library_suffix();
    size_t fixed = strlen(PREFIX) + strlen(suffix);
    size_t length = strlen(file);
    return length > fixed && strncmp(file, PREFIX, strlen(PREFIX)) == 0 &&
                   strcmp(file + length - strlen(suffix), suffix) == 0
               ? length - fixed
               : 0;
}

/* The first plugin's name behind another, in a folder that lists them in any order. */
typedef struct name_search {
    const char *after;
    char found[256]; /* empty: none so far */
} name_search;

static void keep_smallest(void *user, const char *name)
{
    name_search *search = user;
    size_t bytes = strlen(name) + 1;
    if (bytes <= sizeof(search->found) && collection_length(name) > 0 && strcmp(name, search->after) > 0 &&
        (search->found[0] == '\0' || strcmp(name, search->found) < 0)) {
        memcpy(search->found, name, bytes);
    }
}

/* Writes the name of the plugin that follows `file` and returns 1, or 0 behind the last. Goes through the whole folder
 * for each: there are few, and nothing needs to be kept. */
static int next_file(const char *folder, char file[256])
{
    name_search search = {.after = file};
    arq_folder_visit(folder, keep_smallest, &search);
    memcpy(file, search.found, sizeof(search.found));
    return file[0] != '\0';
}

void arq_plugin_visit_all(arq_plugin_visitor visit, void *user)
{
    char folder[FOLDER_SIZE];
    for (uint32_t i = 0; folder_at(i, folder); i++) {
        char file[256] = "";
        while (next_file(folder, file)) {
            char path[ARQ_PLUGIN_PATH_SIZE];
            const char *collection = file + strlen(PREFIX);
            if (!find(i, collection, collection_length(file), path)) {
                snprintf(path, sizeof(path), "%s/%s", folder, file);
                visit(user, path, collection, collection_length(file));
            }
        }
    }
}
