#include "system/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(PATH_MAX)
_Static_assert(PATH_MAX <= ARQ_PATH_SIZE, "realpath has room");
#endif

/* Of a new file, less what the process masks. */
#define NEW_PERMISSIONS 0666u

/* Open as a descriptor above those of standard input, output and error: where the host has closed one of these, what
 * it or another library prints must not land in our file. -1 and errno on failure. */
static int open_apart(const char *path, int flags, mode_t permissions)
{
    int file = open(path, flags | O_CLOEXEC, permissions);
    if (file < 0 || file > STDERR_FILENO) {
        return file;
    }
    int apart = fcntl(file, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    int number = errno;
    close(file);
    errno = number;
    return apart;
}

int arq_raw_open(const char *path, int *file, uint64_t *size)
{
    /* Without O_NONBLOCK opening a pipe would wait for its writer. */
    *file = open_apart(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    if (*file < 0) {
        return errno;
    }
    struct stat found;
    int number = fstat(*file, &found) != 0 ? errno : S_ISREG(found.st_mode) ? 0 : ARQ_NOT_ORDINARY;
    if (number != 0) {
        close(*file);
        return number;
    }
    *size = (uint64_t)found.st_size;
    return 0;
}

int arq_raw_read(int file, void *buffer, size_t bytes, size_t *got)
{
    ssize_t result;
    do {
        result = read(file, buffer, bytes);
    } while (result < 0 && errno == EINTR);
    if (result < 0) {
        return errno;
    }
    *got = (size_t)result;
    return 0;
}

/* Bytes of the path before the file's own name. */
static size_t folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? 0 : (size_t)(slash - path) + 1;
}

/* ---- Temporary files ---- */

/* Their names begin and end like this. A writer keeps its own locked: it is let go when the process ends, however that
 * ends, and it says more than a process's number, which another process or container may have by now. */
static const char temporary_begin[] = ".arq-";
static const char temporary_end[] = ".tmp";

static int is_temporary(const char *name)
{
    size_t length = strlen(name);
    size_t end = sizeof(temporary_end) - 1;
    return strncmp(name, temporary_begin, sizeof(temporary_begin) - 1) == 0 && length > end &&
           strcmp(name + length - end, temporary_end) == 0;
}

static int is_at(int file, const char *path)
{
    struct stat opened;
    struct stat named;
    return fstat(file, &opened) == 0 && lstat(path, &named) == 0 && opened.st_dev == named.st_dev &&
           opened.st_ino == named.st_ino;
}

/* Whether a new file is its writer's: a sweep may have come upon it before it was locked. Where the file system has no
 * locks no sweep removes anything. */
static int claim(int file, const char *path)
{
    return (flock(file, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) && is_at(file, path);
}

int arq_raw_create_beside(const char *path, uint32_t permissions, char temporary[ARQ_PATH_SIZE + 64], int *file)
{
    /* Another writer of the same process, or one that was killed, may have taken a name. */
    for (int attempt = 0; attempt < 1000; attempt++) {
        snprintf(temporary, ARQ_PATH_SIZE + 64, "%.*s%s%ld-%d%s", (int)folder_length(path), path, temporary_begin,
                 (long)getpid(), attempt, temporary_end);
        *file = open_apart(temporary, O_WRONLY | O_CREAT | O_EXCL, (mode_t)permissions);
        if (*file < 0 && errno != EEXIST) {
            return errno;
        }
        if (*file >= 0 && claim(*file, temporary)) {
            return 0;
        }
        if (*file >= 0) {
            close(*file);
        }
    }
    return EEXIST;
}

/* A name that is locked here can be another file's only after it was removed here. */
static void remove_if_left(const char *path)
{
    int file = open_apart(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW, 0);
    if (file < 0) {
        return;
    }
    if (flock(file, LOCK_EX | LOCK_NB) == 0 && is_at(file, path)) {
        unlink(path);
    }
    close(file);
}

void arq_raw_sweep_beside(const char *path)
{
    char name[ARQ_PATH_SIZE + 2 + NAME_MAX];
    size_t length = folder_length(path);
    snprintf(name, sizeof(name), "%.*s", length == 0 ? 2 : (int)length, length == 0 ? "./" : path);
    length = strlen(name);
    DIR *entries = opendir(name);
    if (entries == NULL) {
        return;
    }
    for (const struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        if (is_temporary(entry->d_name)) {
            snprintf(name + length, sizeof(name) - length, "%s", entry->d_name);
            remove_if_left(name);
        }
    }
    closedir(entries);
}

int arq_raw_copy(int file, int *copy)
{
    *copy = fcntl(file, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    return *copy >= 0 ? 0 : errno;
}

/* ---- Descriptors ---- */

int arq_raw_write(int file, const void *data, size_t bytes)
{
    const char *at = data;
    for (size_t left = bytes; left > 0;) {
        ssize_t written = write(file, at, left);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return written == 0 ? ENOSPC : errno;
        }
        at += written;
        left -= (size_t)written;
    }
    return 0;
}

int arq_raw_set_permissions(int file, uint32_t permissions)
{
    return fchmod(file, (mode_t)permissions) == 0 ? 0 : errno;
}

void arq_raw_begin_flush(int file)
{
#if defined(__linux__) && defined(SYNC_FILE_RANGE_WRITE)
    sync_file_range(file, 0, 0, SYNC_FILE_RANGE_WRITE);
#else
    (void)file;
#endif
}

int arq_raw_flush(int file)
{
    return fsync(file) == 0 ? 0 : errno;
}

int arq_raw_close(int file)
{
    return close(file) == 0 ? 0 : errno;
}

int arq_raw_open_folder(const char *path, int *folder)
{
    char name[ARQ_PATH_SIZE + 2];
    size_t length = folder_length(path);
    snprintf(name, sizeof(name), "%.*s", length == 0 ? 2 : (int)length, length == 0 ? "./" : path);
    *folder = open_apart(name, O_RDONLY | O_DIRECTORY, 0);
    return *folder >= 0 ? 0 : errno;
}

int arq_raw_flush_folder(int folder)
{
    return fsync(folder) == 0 || errno == EINVAL ? 0 : errno;
}

int arq_path_resolve(const char *path, char target[ARQ_PATH_SIZE], int *exists, uint32_t *permissions)
{
    *exists = 0;
    *permissions = NEW_PERMISSIONS;
    if (strlen(path) >= ARQ_PATH_SIZE) {
        return ENAMETOOLONG;
    }
    strcpy(target, path);
    struct stat found;
    if (lstat(path, &found) != 0) {
        return errno == ENOENT && path[0] != '\0' ? 0 : errno;
    }
    if (realpath(path, target) == NULL || stat(target, &found) != 0) {
        return errno;
    }
    if (!S_ISREG(found.st_mode)) {
        return ARQ_NOT_ORDINARY;
    }
    /* A rename asks the folder alone. */
    if (faccessat(AT_FDCWD, target, W_OK, AT_EACCESS) != 0) {
        return errno;
    }
    *exists = 1;
    *permissions = found.st_mode & 0777;
    return 0;
}

int arq_path_replace(const char *from, const char *to)
{
    return rename(from, to) == 0 ? 0 : errno;
}

void arq_path_remove(const char *path)
{
    unlink(path);
}
