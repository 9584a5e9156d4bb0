/*
 * What is in a folder.
 */
#ifndef ARQ_SYSTEM_FOLDER_H
#define ARQ_SYSTEM_FOLDER_H

#include <stdbool.h>

/* Whether anything is there. */
bool arq_path_exists(const char *path);

/* Whether the path means the same from every folder. */
bool arq_path_is_absolute(const char *path);

/* Whether it is a folder into which every user of the machine may put files. */
bool arq_folder_is_anybodys(const char *folder);

/* Makes a folder, unless it is there. 0 or the system's number for what went wrong. */
int arq_folder_make(const char *path);

/* What stands between the paths of a list in an environment variable. */
char arq_path_list_mark(void);

/* visit(user, name) for everything in the folder, in any order; for nothing when it cannot be read. */
void arq_folder_visit(const char *folder, void (*visit)(void *user, const char *name), void *user);

#endif
