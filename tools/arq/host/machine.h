/* What this machine is and gives. */
#ifndef ARQ_TOOL_MACHINE_H
#define ARQ_TOOL_MACHINE_H

#include <stddef.h>

/* "PROCESSOR, SYSTEM RELEASE ARCHITECTURE", or "" where the system does not say. */
void machine_text(char *buffer, size_t size);

/* Bytes of this process that are in memory; NAN where the system does not say. */
double machine_resident_bytes(void);

#define MACHINE_LARGE_PAGE ((size_t)2 << 20)

/* Asks for large pages behind memory that is aligned to them; without effect where there are none. */
void machine_use_large_pages(void *memory, size_t bytes);

/* Looks for a shared library that may be installed: takes the functions `names` from the first of `files` that has them
 * all. 1, or 0 when there is none. */
int machine_find_symbols(const char *const *files, size_t file_count, const char *const *names, size_t name_count,
                         void **symbols);

#endif
