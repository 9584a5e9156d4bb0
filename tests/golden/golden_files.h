/* The recorded files of one folder below ARQ_GOLDEN_DIR. */
#ifndef ARQ_TESTS_GOLDEN_FILES_H
#define ARQ_TESTS_GOLDEN_FILES_H

#include <check.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GOLDEN_FILES_MAX 256

struct golden_files {
    size_t count;
    char *path[GOLDEN_FILES_MAX];
    const char *name[GOLDEN_FILES_MAX]; /* the last part of each path */
};

static inline int golden_files_ends_with(const char *text, const char *end)
{
    size_t length = strlen(text);
    size_t end_length = strlen(end);

    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

static inline int golden_files_compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* All files of `folder` whose names end with `ending`, sorted by name; fails the test if there is no such folder. */
static inline struct golden_files golden_files_list(const char *folder, const char *ending)
{
    const char *chosen = getenv("ARQ_GOLDEN_DIR");
    const char *root = chosen != NULL && chosen[0] != '\0' ? chosen : ARQ_GOLDEN_DEFAULT;
    struct golden_files files = {0};
    char path[4096];
    struct dirent *entry;

    snprintf(path, sizeof path, "%s/%s", root, folder);
    DIR *directory = opendir(path);
    ck_assert_msg(directory != NULL, "cannot open folder %s", path);
    while ((entry = readdir(directory)) != NULL) {
        if (!golden_files_ends_with(entry->d_name, ending))
            continue;
        ck_assert_uint_lt(files.count, GOLDEN_FILES_MAX);
        int length = snprintf(path, sizeof path, "%s/%s/%s", root, folder, entry->d_name);
        ck_assert_int_lt(length, (int)sizeof path);
        files.path[files.count] = strdup(path);
        ck_assert_ptr_nonnull(files.path[files.count]);
        files.count++;
    }
    closedir(directory);
    qsort(files.path, files.count, sizeof files.path[0], golden_files_compare);
    for (size_t i = 0; i < files.count; i++)
        files.name[i] = strrchr(files.path[i], '/') + 1;
    return files;
}

static inline void golden_files_free(struct golden_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        free(files->path[i]);
    files->count = 0;
}

#endif
