#include "system/folder.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

bool arq_path_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

bool arq_path_is_absolute(const char *path)
{
    return path[0] == '/';
}

bool arq_folder_is_anybodys(const char *folder)
{
    struct stat what;
    return stat(folder, &what) == 0 && S_ISDIR(what.st_mode) && (what.st_mode & S_IWOTH) != 0;
}

int arq_folder_make(const char *path)
{
    struct stat found;
    if (mkdir(path, 0777) == 0) {
        return 0;
    }
    int number = errno;
    return number == EEXIST && stat(path, &found) == 0 && S_ISDIR(found.st_mode) ? 0 : number;
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
