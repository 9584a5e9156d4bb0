#include "host/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void files_guard_streams(void)
{
    for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++) {
        /* Opened in the other direction than the stream's own, so that using it still fails. The lowest free descriptor
         * is taken, which is this one. */
        if (fcntl(stream, F_GETFD) < 0) {
            open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY);
        }
    }
}

int files_exist(const char *path)
{
    return access(path, F_OK) == 0;
}

int files_is_folder(const char *path)
{
    struct stat entry;
    return stat(path, &entry) == 0 && S_ISDIR(entry.st_mode);
}

int files_is_plain(const char *path)
{
    struct stat entry;
    return stat(path, &entry) == 0 && S_ISREG(entry.st_mode);
}

int files_make_folder(const char *path)
{
    return mkdir(path, 0777);
}

int files_make_folders(const char *path)
{
    char *part = malloc(strlen(path) + 1);
    if (part == NULL) {
        return -1;
    }
    strcpy(part, path);
    for (char *slash = *part == '\0' ? NULL : strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(part, 0777); /* if one cannot be made, making the last fails */
        *slash = '/';
    }
    free(part);
    return mkdir(path, 0777) == 0 || (errno == EEXIST && files_is_folder(path)) ? 0 : -1;
}

int files_make_temporary_folder(const char *begin, char *path, size_t size)
{
    if ((size_t)snprintf(path, size, "%sXXXXXX", begin) >= size) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return mkdtemp(path) == NULL ? -1 : 0;
}

int files_rename(const char *from, const char *to)
{
    return rename(from, to);
}

int files_remove(const char *path)
{
    return unlink(path);
}

/* Calls visit(user, path) for every file in a folder. */
static void visit_files(const char *path, void (*visit)(void *user, const char *path), void *user)
{
    DIR *entries = opendir(path);
    if (entries == NULL) {
        return;
    }
    for (const struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        char whole[4096];
        if ((size_t)snprintf(whole, sizeof(whole), "%s/%s", path, entry->d_name) < sizeof(whole) &&
            files_is_plain(whole)) {
            visit(user, whole);
        }
    }
    closedir(entries);
}

static void remove_file(void *user, const char *path)
{
    (void)user;
    unlink(path);
}

int files_remove_folder(const char *path)
{
    visit_files(path, remove_file, NULL);
    return rmdir(path);
}

static void add_bytes(void *user, const char *path)
{
    double *sum = user;
    struct stat entry;
    *sum += stat(path, &entry) == 0 ? (double)entry.st_size : 0;
}

double files_folder_bytes(const char *path)
{
    double sum = 0;
    visit_files(path, add_bytes, &sum);
    return sum;
}

int files_current_folder(char *path, size_t size)
{
    return getcwd(path, size) == NULL ? -1 : 0;
}

int files_create(const char *path, int *file)
{
    *file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
    return *file < 0 ? -1 : 0;
}

int files_append(const char *path, int *file, size_t *size)
{
    struct stat entry;
    *file = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (*file < 0) {
        return -1;
    }
    if (fstat(*file, &entry) != 0) {
        close(*file);
        return -1;
    }
    *size = (size_t)entry.st_size;
    return 0;
}

int files_write(int file, const char *bytes, size_t count, size_t *written)
{
    *written = 0;
    while (*written < count) {
        ssize_t done = write(file, bytes + *written, count - *written);
        if (done < 0 && errno != EINTR) {
            return -1;
        }
        *written += done > 0 ? (size_t)done : 0;
    }
    return 0;
}

int files_cut(int file, size_t size)
{
    return ftruncate(file, (off_t)size);
}

int files_flush(int file)
{
    return fsync(file);
}

int files_close(int file)
{
    return close(file);
}
