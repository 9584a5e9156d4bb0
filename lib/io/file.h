/*
 * Whole files: replaced all at once or not at all, read from end to end. Texts name the path and the reason.
 */
#ifndef ARQ_IO_FILE_H
#define ARQ_IO_FILE_H

#include "io/safetensors.h"

/* Puts the chunks, one after the other, in place of the file. On failure an older file is as it was. */
arq_status arq_file_replace(arq_context *context, const char *path, const arq_chunk *chunks, size_t count);

/* Makes a folder, unless it is there, so that it stays there. */
arq_status arq_file_make_folder(arq_context *context, const char *path);

/* Opens an ordinary file for reading; anything else (a folder, a pipe) is refused and never waited for. */
arq_status arq_file_open(arq_context *context, const char *path, int *file, uint64_t *size);
arq_status arq_file_read(arq_context *context, const char *path, int file, void *buffer, size_t bytes);
void arq_file_close(int file);

#endif
