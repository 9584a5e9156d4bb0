#include "io/file.h"

#include "system/file.h"
#include "system/folder.h"
#include "system/process.h"

/* ARQ_E_IO with the system's reason. */
static arq_status fail_system(const arq_context *context, int number, const char *what, const char *path)
{
    char room[128] = "";
    if (number == ARQ_NOT_ORDINARY) {
        return arq_fail(context, ARQ_E_IO, "cannot %s %.200s: not an ordinary file", what, path);
    }
    return arq_fail(context, ARQ_E_IO, "cannot %s %.200s: %s", what, path,
                    arq_system_reason(number, room, sizeof(room)));
}

/* A file that is being replaced. */
typedef struct replacement {
    arq_context *context;
    const char *path;                   /* as the caller named it */
    char target[ARQ_PATH_SIZE];         /* the file behind it, links followed */
    char temporary[ARQ_PATH_SIZE + 64]; /* beside target, so that renaming is atomic */
    int exists;                         /* an older file, whose permissions the new one gets */
    uint32_t permissions;
    int file;
    int hold; /* of the temporary file until it is in place, so that no other writer sweeps it away */
} replacement;

static arq_status open_temporary(replacement *job)
{
    int number = arq_path_resolve(job->path, job->target, &job->exists, &job->permissions);
    if (number != 0) {
        return fail_system(job->context, number, "write", job->path);
    }
    arq_raw_sweep_beside(job->target);
    number = arq_raw_create_beside(job->target, job->permissions, job->temporary, &job->file);
    if (number != 0) {
        return fail_system(job->context, number, "create a temporary file beside", job->path);
    }
    number = arq_raw_copy(job->file, &job->hold);
    if (number != 0) {
        arq_raw_close(job->file);
        arq_path_remove(job->temporary);
        return fail_system(job->context, number, "keep a temporary file beside", job->path);
    }
    return ARQ_OK;
}

/* The disk is kept busy from so many bytes on, while further ones are written. */
#define FLUSHED_BYTES ((size_t)16 << 20)

static arq_status fill_temporary(const replacement *job, const arq_chunk *chunks, size_t count)
{
    size_t dirty = 0;
    for (size_t i = 0; i < count; i++) {
        int number = arq_raw_write(job->file, chunks[i].data, chunks[i].bytes);
        if (number != 0) {
            return fail_system(job->context, number, "write", job->path);
        }
        dirty += chunks[i].bytes;
        if (dirty >= FLUSHED_BYTES) {
            arq_raw_begin_flush(job->file);
            dirty = 0;
        }
    }
    int number = !job->exists ? 0 : arq_raw_set_permissions(job->file, job->permissions);
    if (number != 0) {
        return fail_system(job->context, number, "set the permissions of", job->path);
    }
    number = arq_raw_flush(job->file);
    if (number != 0) {
        return fail_system(job->context, number, "flush", job->path);
    }
    return ARQ_OK;
}

/* The temporary file with its whole content on the disk, closed. */
static arq_status write_temporary(const replacement *job, const arq_chunk *chunks, size_t count)
{
    arq_status status = fill_temporary(job, chunks, count);
    int number = arq_raw_close(job->file);
    if (status != ARQ_OK) {
        return status;
    }
    return number == 0 ? ARQ_OK : fail_system(job->context, number, "close", job->path);
}

static arq_status move_into_place(const replacement *job)
{
    int folder;
    int number = arq_raw_open_folder(job->target, &folder);
    if (number != 0) {
        return fail_system(job->context, number, "open the folder of", job->path);
    }
    arq_status status = ARQ_OK;
    number = arq_path_replace(job->temporary, job->target);
    if (number != 0) {
        status = fail_system(job->context, number, "replace", job->path);
    } else if (arq_raw_flush_folder(folder) != 0) {
        /* The new file is whole and in place; only after a power cut might the old one, as whole, be back. */
        arq_log_line(job->context, ARQ_LOG_WARNING, "the folder of %.200s could not be flushed", job->path);
    }
    arq_raw_close(folder);
    return status;
}

arq_status arq_file_replace(arq_context *context, const char *path, const arq_chunk *chunks, size_t count)
{
    replacement job = {.context = context, .path = path};
    arq_status status = open_temporary(&job);
    if (status != ARQ_OK) {
        return status;
    }
    status = write_temporary(&job, chunks, count);
    if (status == ARQ_OK) {
        status = move_into_place(&job);
    }
    if (status != ARQ_OK) {
        arq_path_remove(job.temporary);
    }
    arq_raw_close(job.hold);
    return status;
}

arq_status arq_file_make_folder(arq_context *context, const char *path)
{
    if (arq_path_exists(path)) {
        return ARQ_OK; /* or no folder: whoever writes into it hears that */
    }
    int number = arq_folder_make(path);
    if (number != 0) {
        return fail_system(context, number, "make the folder", path);
    }
    int above;
    if (arq_raw_open_folder(path, &above) == 0) {
        arq_raw_flush_folder(above); /* after a power cut it might be missing, with what it held: nobody was told */
        arq_raw_close(above);
    }
    return ARQ_OK;
}

arq_status arq_file_open(arq_context *context, const char *path, int *file, uint64_t *size)
{
    int number = arq_raw_open(path, file, size);
    return number == 0 ? ARQ_OK : fail_system(context, number, "open", path);
}

arq_status arq_file_read(arq_context *context, const char *path, int file, void *buffer, size_t bytes)
{
    char *at = buffer;
    for (size_t left = bytes; left > 0;) {
        size_t got;
        int number = arq_raw_read(file, at, left, &got);
        if (number != 0) {
            return fail_system(context, number, "read", path);
        }
        if (got == 0) {
            return arq_fail(context, ARQ_E_IO, "cannot read %.200s: it became shorter meanwhile", path);
        }
        at += got;
        left -= got;
    }
    return ARQ_OK;
}

void arq_file_close(int file)
{
    arq_raw_close(file);
}
