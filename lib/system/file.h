/*
 * Files without texts and policy; lib/io/file.h adds those. A file is the system's number for it. What can fail returns
 * 0, the system's number for what went wrong (process.h has the text), or ARQ_NOT_ORDINARY.
 */
#ifndef ARQ_SYSTEM_FILE_H
#define ARQ_SYSTEM_FILE_H

#include <stddef.h>
#include <stdint.h>

/* There is a folder, a pipe, a device. */
#define ARQ_NOT_ORDINARY (-1)

/* Most bytes of a path, with the final 0. */
#define ARQ_PATH_SIZE 4096

/* Opens an ordinary file for reading; anything else is never waited for. */
int arq_raw_open(const char *path, int *file, uint64_t *size);

/* Up to `bytes` of what follows; 0 at the end. */
int arq_raw_read(int file, void *buffer, size_t bytes, size_t *got);

/* A new file for writing in the folder of `path`, under a name that nothing had, which is put into `temporary`. It is
 * seen to be in use until its descriptor is closed and every copy of that. */
int arq_raw_create_beside(const char *path, uint32_t permissions, char temporary[ARQ_PATH_SIZE + 64], int *file);

/* Removes what arq_raw_create_beside has made in that folder for writers that are no more. */
void arq_raw_sweep_beside(const char *path);

/* Another descriptor of the same file. */
int arq_raw_copy(int file, int *copy);

/* All of the bytes. */
int arq_raw_write(int file, const void *data, size_t bytes);

/* Permissions as arq_path_resolve tells them. */
int arq_raw_set_permissions(int file, uint32_t permissions);

/* Begins to bring to the disk what has been written, where the system can do that by the way: flushing has less to
 * wait for then. */
void arq_raw_begin_flush(int file);

/* Returns when the content is on the disk. */
int arq_raw_flush(int file);
int arq_raw_close(int file);

/* The folder of `path`, for arq_raw_flush_folder and arq_raw_close alone. */
int arq_raw_open_folder(const char *path, int *folder);

/* Returns when the names in it are on the disk, where the file system can do so at all. */
int arq_raw_flush_folder(int folder);

/* Follows links to the ordinary file that writing `path` would change, which must be allowed. `*permissions` are its
 * own where it exists, otherwise those that a new one asks for. */
int arq_path_resolve(const char *path, char target[ARQ_PATH_SIZE], int *exists, uint32_t *permissions);

/* Puts `from` in place of `to` at once: others see the old file or the new one, nothing else. */
int arq_path_replace(const char *from, const char *to);
void arq_path_remove(const char *path);

#endif
