#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef PATH_MAX
#define PATH_MAX 4096
#endif

/* ARQ_E_IO with errno's text. */
static arq_status fail_system(const arq_context *context, const char *what, const char *path)
{
    char room[128] = "";
    int number = errno;
    return arq_fail(context, ARQ_E_IO, "cannot %s %.200s: %s", what, path,
                    arq_system_reason(number, room, sizeof(room)));
}

/* A file that is being replaced. */
typedef struct replacement {
    arq_context *context;
    const char *path;              /* as the caller named it */
    char target[PATH_MAX];         /* the file behind it, links followed */
    char folder[PATH_MAX];         /* where target is */
    char temporary[PATH_MAX + 64]; /* in the same folder, so that renaming is atomic */
    mode_t mode;                   /* permissions, or 0: as usual for a new file */
    int file;
} replacement;

/* Finds the file behind links; only an ordinary file or nothing at all may stand there. */
static arq_status resolve(replacement *job)
{
    struct stat found;
    if (strlen(job->path) >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return fail_system(job->context, "write", job->path);
    }
    strcpy(job->target, job->path);
    if (lstat(job->path, &found) != 0) {
        if (errno != ENOENT || job->path[0] == 0) {
            return fail_system(job->context, "write", job->path);
        }
    } else {
        if (realpath(job->path, job->target) == NULL || stat(job->target, &found) != 0) {
            return fail_system(job->context, "write", job->path);
        }
        if (!S_ISREG(found.st_mode)) {
            return arq_fail(job->context, ARQ_E_IO, "cannot write %.200s: not an ordinary file", job->path);
        }
        job->mode = found.st_mode & 0777;
    }
    const char *slash = strrchr(job->target, '/');
    size_t folder_bytes = slash == NULL ? 0 : (size_t)(slash - job->target) + 1;
    memcpy(job->folder, job->target, folder_bytes);
    strcpy(job->folder + folder_bytes, folder_bytes == 0 ? "./" : "");
    return ARQ_OK;
}

/* Another writer of the same process, or one that was killed, may have taken a name. */
static arq_status open_temporary(replacement *job)
{
    for (int attempt = 0; attempt < 1000; attempt++) {
        snprintf(job->temporary, sizeof(job->temporary), "%s.arq-%ld-%d.tmp", job->folder, (long)getpid(), attempt);
        job->file = open(job->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (job->file >= 0) {
            return ARQ_OK;
        }
        if (errno != EEXIST) {
            break;
        }
    }
    return fail_system(job->context, "create a temporary file beside", job->path);
}

static arq_status write_chunk(const replacement *job, const arq_chunk *chunk)
{
    const char *at = chunk->data;
    for (size_t left = chunk->bytes; left > 0;) {
        ssize_t written = write(job->file, at, left);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written == 0) {
            errno = ENOSPC;
        }
        if (written <= 0) {
            return fail_system(job->context, "write", job->path);
        }
        at += written;
        left -= (size_t)written;
    }
    return ARQ_OK;
}

/* The temporary file with its whole content on the disk, closed. */
static arq_status write_temporary(replacement *job, const arq_chunk *chunks, size_t count)
{
    arq_status status = ARQ_OK;
    for (size_t i = 0; i < count && status == ARQ_OK; i++) {
        status = write_chunk(job, &chunks[i]);
    }
    if (status == ARQ_OK && job->mode != 0 && fchmod(job->file, job->mode) != 0) {
        status = fail_system(job->context, "set the permissions of", job->path);
    }
    if (status == ARQ_OK && fsync(job->file) != 0) {
        status = fail_system(job->context, "flush", job->path);
    }
    if (close(job->file) != 0 && status == ARQ_OK) {
        status = fail_system(job->context, "close", job->path);
    }
    return status;
}

static arq_status move_into_place(const replacement *job)
{
    int folder = open(job->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        return fail_system(job->context, "open the folder of", job->path);
    }
    arq_status status = ARQ_OK;
    if (rename(job->temporary, job->target) != 0) {
        status = fail_system(job->context, "replace", job->path);
    } else if (fsync(folder) != 0 && errno != EINVAL) { /* some file systems cannot flush folders */
        /* The new file is whole and in place; only after a power cut might the old one, as whole, be back. */
        arq_log_line(job->context, ARQ_LOG_WARNING, "the folder of %.200s could not be flushed", job->path);
    }
    close(folder);
    return status;
}

arq_status arq_file_replace(arq_context *context, const char *path, const arq_chunk *chunks, size_t count)
{
    replacement job = {.context = context, .path = path};
    arq_status status = resolve(&job);
    if (status == ARQ_OK) {
        status = open_temporary(&job);
    }
    if (status != ARQ_OK) {
        return status;
    }
    status = write_temporary(&job, chunks, count);
    if (status == ARQ_OK) {
        status = move_into_place(&job);
    }
    if (status != ARQ_OK) {
        unlink(job.temporary);
    }
    return status;
}

arq_status arq_file_open(arq_context *context, const char *path, int *file, uint64_t *size)
{
    struct stat found;
    /* Without O_NONBLOCK opening a pipe would wait for its writer. */
    *file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (*file < 0) {
        return fail_system(context, "open", path);
    }
    arq_status status = ARQ_OK;
    if (fstat(*file, &found) != 0) {
        status = fail_system(context, "open", path);
    } else if (!S_ISREG(found.st_mode)) {
        status = arq_fail(context, ARQ_E_IO, "cannot open %.200s: not an ordinary file", path);
    }
    if (status == ARQ_OK) {
        *size = (uint64_t)found.st_size;
    } else {
        close(*file);
    }
    return status;
}

arq_status arq_file_read(arq_context *context, const char *path, int file, void *buffer, size_t bytes)
{
    char *at = buffer;
    for (size_t left = bytes; left > 0;) {
        ssize_t got = read(file, at, left);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return fail_system(context, "read", path);
        }
        if (got == 0) {
            return arq_fail(context, ARQ_E_IO, "cannot read %.200s: it became shorter meanwhile", path);
        }
        at += got;
        left -= (size_t)got;
    }
    return ARQ_OK;
}

void arq_file_close(int file)
{
    close(file);
}
