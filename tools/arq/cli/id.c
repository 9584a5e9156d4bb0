#include "cli/id.h"

#include "host/files.h"

#include <stdio.h>
#include <string.h>

/* What ends the path in an id. */
#define PATH_END "?#|"

int id_names_file(const char *id)
{
    /* The library looks for the suffix of plugins, and no collection's name has a dot. */
    return memchr(id, '.', strcspn(id, PATH_END)) != NULL;
}

int id_make_absolute(const char *id, char *absolute, size_t size)
{
    char folder[ID_SIZE] = "";
    const char *slash = "";
    if (id_names_file(id) && id[0] != '/') {
        if (files_current_folder(folder, sizeof(folder)) != 0 || strpbrk(folder, PATH_END "\n") != NULL) {
            return -1;
        }
        slash = strcmp(folder, "/") == 0 ? "" : "/";
        id += strncmp(id, "./", 2) == 0 ? 2 : 0;
    }
    int length = snprintf(absolute, size, "%s%s%s", folder, slash, id);
    return length >= 0 && (size_t)length < size ? 0 : -1;
}
