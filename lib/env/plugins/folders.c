#include "env/plugins/folders.h"

#include "env/plugins/install_folder.h"

#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FOLDER_SIZE 4096
#define PREFIX "arq_"
#define SUFFIX ".so"

/* Writes folder `index` and returns 1, or 0 behind the last. */
static int folder_at(uint32_t index, char buffer[FOLDER_SIZE])
{
#if defined(__linux__)
    const char *list = secure_getenv("ARQ_PLUGIN_PATH");
#else
    const char *list = getenv("ARQ_PLUGIN_PATH");
#endif
    for (const char *folder = list; folder != NULL && *folder != '\0';) {
        size_t length = strcspn(folder, ":");
        if (length > 0 && index-- == 0) {
            snprintf(buffer, FOLDER_SIZE, "%.*s", (int)(length < FOLDER_SIZE ? length : FOLDER_SIZE - 1), folder);
            return 1;
        }
        folder += length + (folder[length] == ':');
    }
    Dl_info info;
    if (index == 0) {
        snprintf(buffer, FOLDER_SIZE, "%s", ARQ_PLUGIN_FOLDER);
        return 1;
    }
    if (index == 1 && dladdr(ARQ_PLUGIN_FOLDER, &info) != 0 && info.dli_fname != NULL) {
        const char *slash = strrchr(info.dli_fname, '/');
        snprintf(buffer, FOLDER_SIZE, "%.*s/arq/plugins", slash == NULL ? 1 : (int)(slash - info.dli_fname),
                 slash == NULL ? "." : info.dli_fname);
        return 1;
    }
    return 0;
}

/* As arq_plugin_find, in the first `folders` folders. */
static int find(uint32_t folders, const char *collection, size_t length, char path[ARQ_PLUGIN_PATH_SIZE])
{
    char folder[FOLDER_SIZE];
    for (uint32_t i = 0; i < folders && folder_at(i, folder); i++) {
        int written = snprintf(path, ARQ_PLUGIN_PATH_SIZE, "%s/" PREFIX "%.*s" SUFFIX, folder, (int)length, collection);
        if (written < ARQ_PLUGIN_PATH_SIZE && access(path, F_OK) == 0) {
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
    size_t fixed = strlen(PREFIX) + strlen(SUFFIX);
    size_t length = strlen(file);
    return length > fixed && strncmp(file, PREFIX, strlen(PREFIX)) == 0 &&
                   strcmp(file + length - strlen(SUFFIX), SUFFIX) == 0
               ? length - fixed
               : 0;
}

/* Writes the name of the plugin that follows `file` and returns 1, or 0 behind the last. Goes through the whole folder
 * for each: there are few, and nothing needs to be kept. */
static int next_file(DIR *entries, char file[256])
{
    char next[256] = "";
    rewinddir(entries);
    for (const struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        if (collection_length(entry->d_name) > 0 && strcmp(entry->d_name, file) > 0 &&
            (next[0] == '\0' || strcmp(entry->d_name, next) < 0)) {
            snprintf(next, sizeof(next), "%s", entry->d_name);
        }
    }
    memcpy(file, next, sizeof(next));
    return file[0] != '\0';
}

void arq_plugin_visit_all(arq_plugin_visitor visit, void *user)
{
    char folder[FOLDER_SIZE];
    for (uint32_t i = 0; folder_at(i, folder); i++) {
        char file[256] = "";
        DIR *entries = opendir(folder);
        while (entries != NULL && next_file(entries, file)) {
            char path[ARQ_PLUGIN_PATH_SIZE];
            const char *collection = file + strlen(PREFIX);
            if (!find(i, collection, collection_length(file), path)) {
                snprintf(path, sizeof(path), "%s/%s", folder, file);
                visit(user, path, collection, collection_length(file));
            }
        }
        if (entries != NULL) {
            closedir(entries);
        }
    }
}
