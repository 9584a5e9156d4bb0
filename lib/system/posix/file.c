#include "system/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(PATH_MAX)
_Static_assert(PATH_MAX <= ARQ_PATH_SIZE, "realpath has room");
#endif

/* Open as a descriptor above those of standard input, output and error: where the host has closed one of these, what
 * it or another library prints must not land in our file. -1 and errno on failure. */
static int open_apart(const char *path, int flags)
{
    int file = open(path, flags | O_CLOEXEC, 0666);
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
    *file = open_apart(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
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

int arq_raw_create_beside(const char *path, char temporary[ARQ_PATH_SIZE + 64], int *file)
{
    /* Another writer of the same process, or one that was killed, may have taken a name. */
    for (int attempt = 0; attempt < 1000; attempt++) {
        snprintf(temporary, ARQ_PATH_SIZE + 64, "%.*s.arq-%ld-%d.tmp", (int)folder_length(path), path, (long)getpid(),
                 attempt);
        *file = open_apart(temporary, O_WRONLY | O_CREAT | O_EXCL);
        if (*file >= 0) {
            return 0;
        }
        if (errno != EEXIST) {
            return errno;
        }
    }
    return EEXIST;
}

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
    *folder = open_apart(name, O_RDONLY | O_DIRECTORY);
    return *folder >= 0 ? 0 : errno;
}

int arq_raw_flush_folder(int folder)
{
    return fsync(folder) == 0 || errno == EINVAL ? 0 : errno;
}

int arq_path_resolve(const char *path, char target[ARQ_PATH_SIZE], uint32_t *permissions)
{
    *permissions = 0;
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
