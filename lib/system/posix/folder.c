#include "system/folder.h"

#include <dirent.h>
#include <unistd.h>

bool arq_path_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

char arq_path_list_mark(void)
{
    return ':';
}

void arq_folder_visit(const char *folder, void (*visit)(void *user, const char *name), void *user)
{
    DIR *entries = opendir(folder);
    if (entries == NULL) {
        return;
    }
    for (const struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        visit(user, entry->d_name);
    }
    closedir(entries);
}
