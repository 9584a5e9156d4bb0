/* Ids of environments as the user gave them, and as a file keeps them. */
#ifndef ARQ_TOOL_ID_H
#define ARQ_TOOL_ID_H

#include <stddef.h>

/* Most bytes of an id, with the final 0. */
#define ID_SIZE 4096

/* Whether opening it loads a file that it names, instead of a collection from where plugins lie. */
int id_names_file(const char *id);

/* The id as it works from any folder: with the whole path of a file. 0, or -1 where there is no such id, because the
 * path is too long or has characters that end a path in an id. */
int id_make_absolute(const char *id, char *absolute, size_t size);

#endif
