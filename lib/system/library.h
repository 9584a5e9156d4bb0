/*
 * Shared libraries that are loaded while the program runs.
 */
#ifndef ARQ_SYSTEM_LIBRARY_H
#define ARQ_SYSTEM_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

/* Any function; the caller knows which and converts it. */
typedef void (*arq_library_function)(void);

/* What the name of a file with loadable code ends with, the dot included. */
const char *arq_library_suffix(void);

/* NULL when it cannot be loaded, and then the reason in `reason`. What is no file, or one that was cut off, is not tried.
 */
void *arq_library_open(const char *path, char *reason, size_t size);
void arq_library_close(void *library);

/* NULL when the library exports no such name. */
arq_library_function arq_library_find(void *library, const char *name);

/* The folder of the program or library that `address` belongs to, as an absolute path without a mark at its end. False if
 * the system does not say it for certain, and in a process with more rights than its user, who may have put the program
 * there. */
bool arq_library_folder(const void *address, char *folder, size_t size);

#endif
