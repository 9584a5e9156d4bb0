#include "env/plugins/folders.h"

#include "core/error.h"
#include "env/plugins/install_folder.h"
#include "system/folder.h"
#include "system/library.h"
#include "system/process.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define FOLDER_SIZE 4096
#define FAULTS_SIZE 512
#define PREFIX "arq_"

#define OWN_FOLDER "/arq/plugins"

/* Why nothing is loaded from a folder, or NULL. */
static const char *find_fault(const char *folder)
{
    if (!arq_path_is_absolute(folder)) {
        return "it is no absolute path";
    }
    return arq_folder_is_anybodys(folder) ? "everybody may write into it" : NULL;
}

/* A folder is as safe as those above it that come with the library. */
static const char *find_own_fault(char *folder, size_t library_length)
{
    const char *fault = NULL;
    for (size_t length = strlen(folder); fault == NULL && length > 0 && length >= library_length; length--) {
        const char mark = folder[length];
        if (mark == '/' || mark == '\0') {
            folder[length] = '\0';
            fault = find_fault(folder);
            folder[length] = mark;
        }
    }
    return fault;
}

/* One of the places where plugins may be. */
typedef struct plugin_folder {
    char path[FOLDER_SIZE];
    const char *fault; /* why it is left out, or NULL */
    bool is_named;     /* in ARQ_PLUGIN_PATH */
} plugin_folder;

/* Writes folder `index` and returns true, or false behind the last. */
static bool folder_at(uint32_t index, plugin_folder *out)
{
    const char *list = arq_process_trusted_variable("ARQ_PLUGIN_PATH");
    const char mark[2] = {arq_path_list_mark(), '\0'};
    for (const char *folder = list; folder != NULL && *folder != '\0';) {
        size_t length = strcspn(folder, mark);
        if (length > 0 && index-- == 0) {
            snprintf(out->path, sizeof(out->path), "%.*s", (int)(length < FOLDER_SIZE ? length : FOLDER_SIZE - 1),
                     folder);
            out->fault = length < FOLDER_SIZE ? find_fault(out->path) : "its path is too long";
            out->is_named = true;
            return true;
        }
        folder += length + (folder[length] != '\0');
    }
    out->is_named = false;
    if (index == 0) {
        snprintf(out->path, sizeof(out->path), "%s", ARQ_PLUGIN_FOLDER);
        out->fault = find_fault(out->path);
        return true;
    }
    if (index == 1 && arq_library_folder(ARQ_PLUGIN_FOLDER, out->path, sizeof(out->path) - sizeof(OWN_FOLDER))) {
        const size_t length = strlen(out->path);
        memcpy(out->path + length, OWN_FOLDER, sizeof(OWN_FOLDER));
        out->fault = find_own_fault(out->path, length);
        return true;
    }
    return false;
}

/* As arq_plugin_find, in the first `folders` folders. */
static int find(uint32_t folders, const char *collection, size_t length, char path[ARQ_PLUGIN_PATH_SIZE])
{
    plugin_folder folder;
    for (uint32_t i = 0; i < folders && folder_at(i, &folder); i++) {
        if (folder.fault != NULL) {
            continue;
        }
        int written = snprintf(path, ARQ_PLUGIN_PATH_SIZE, "%s/" PREFIX "%.*s%s", folder.path, (int)length, collection,
                               arq_library_suffix());
        if (written < ARQ_PLUGIN_PATH_SIZE && arq_path_exists(path)) {
            return 1;
        }
    }
    return 0;
}

void arq_plugin_faulty_folders(char *text, size_t size)
{
    plugin_folder folder;
    size_t used = 0;
    text[0] = '\0';
    for (uint32_t i = 0; used < size && folder_at(i, &folder); i++) {
        if (folder.fault != NULL && (folder.is_named || arq_path_exists(folder.path))) {
            used += (size_t)snprintf(text + used, size - used, "%sno plugin is loaded from '%.200s': %s",
                                     used == 0 ? "" : "; ", folder.path, folder.fault);
        }
    }
}

/* Whoever named a folder shall hear that it is left out. */
static void log_faulty_folders(const arq_context *context)
{
    char text[FAULTS_SIZE];
    arq_plugin_faulty_folders(text, sizeof(text));
    if (text[0] != '\0') {
        arq_log_line(context, ARQ_LOG_WARNING, "%s", text);
    }
}

int arq_plugin_find(const arq_context *context, const char *collection, size_t length, char path[ARQ_PLUGIN_PATH_SIZE])
{
    log_faulty_folders(context);
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

void arq_plugin_visit_all(const arq_context *context, arq_plugin_visitor visit, void *user)
{
    plugin_folder folder;
    log_faulty_folders(context);
    for (uint32_t i = 0; folder_at(i, &folder); i++) {
        char file[256] = "";
        while (folder.fault == NULL && next_file(folder.path, file)) {
            char path[ARQ_PLUGIN_PATH_SIZE];
            const char *collection = file + strlen(PREFIX);
            if (!find(i, collection, collection_length(file), path)) {
                snprintf(path, sizeof(path), "%s/%s", folder.path, file);
                visit(user, path, collection, collection_length(file));
            }
        }
    }
}
