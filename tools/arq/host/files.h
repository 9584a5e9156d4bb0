/* Folders, and files that are written piece by piece. */
#ifndef ARQ_TOOL_FILES_H
#define ARQ_TOOL_FILES_H

#include <stddef.h>

/* Opens /dev/null in place of standard streams that are closed. Otherwise the next file would get such a stream's
 * descriptor, and what is printed would go into it. Printing to a closed stream fails as before. */
void files_guard_streams(void);

int files_exist(const char *path);
int files_is_folder(const char *path);
int files_is_plain(const char *path); /* a file, no folder or device */

/* These return 0, or -1 with the reason in errno. */

/* Makes one folder; it is an error when something of that name exists. */
int files_make_folder(const char *path);

/* Makes a folder and those above it; one that exists is fine. */
int files_make_folders(const char *path);

/* Makes a folder in the current one whose name begins like this and was nobody's. */
int files_make_temporary_folder(const char *begin, char *path, size_t size);

/* The new name's older file is replaced at once. */
int files_rename(const char *from, const char *to);

/* Removes a file; a folder with the files in it. */
int files_remove(const char *path);
int files_remove_folder(const char *path);

/* How many bytes the files in a folder have; 0 when it cannot be read. */
double files_folder_bytes(const char *path);

/* The folder that relative paths begin in. */
int files_current_folder(char *path, size_t size);

/* Opens a file that is empty from now on; what is written goes to its end. */
int files_create(const char *path, int *file);

/* Opens a file that is there; *size: its bytes. What is written goes to its end. */
int files_append(const char *path, int *file, size_t *size);

/* *written: how many of the bytes are in the file, also on failure. */
int files_write(int file, const char *bytes, size_t count, size_t *written);

/* Cuts a file after its first `size` bytes. */
int files_cut(int file, size_t size);
/* Returns when the content is on the disk. */
int files_flush(int file);
int files_close(int file);

#endif
