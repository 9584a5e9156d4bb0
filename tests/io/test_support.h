/*
 * What tests of files and memory share: an allocator that counts and can fail, a folder of their own, random numbers.
 */
#ifndef ARQ_TEST_SUPPORT_H
#define ARQ_TEST_SUPPORT_H

#include "../support/suite.h"
#include "arq/context.h"

#include <check.h>
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Counts what is out, fails the allocation number `fail_at` (1 is the next one) and, if `for_ever`, all behind it. */
typedef struct test_memory {
    size_t bytes_out;
    uint64_t calls;
    uint64_t fail_at; /* 0: never */
    int for_ever;
} test_memory;

static inline void *test_alloc(void *user, size_t size, size_t align)
{
    test_memory *memory = user;
    memory->calls++;
    if (memory->fail_at > 0 &&
        (memory->for_ever ? memory->calls >= memory->fail_at : memory->calls == memory->fail_at)) {
        return NULL;
    }
    void *pointer = NULL;
    if (posix_memalign(&pointer, align, size) != 0) {
        return NULL;
    }
    memset(pointer, 0xa5, size);
    memory->bytes_out += size;
    return pointer;
}

static inline void test_free(void *user, void *pointer, size_t size, size_t align)
{
    test_memory *memory = user;
    (void)align;
    memory->bytes_out -= size;
    memset(pointer, 0x5a, size);
    free(pointer);
}

static inline void test_memory_fail(test_memory *memory, uint64_t at, int for_ever)
{
    memory->calls = 0;
    memory->fail_at = at;
    memory->for_ever = for_ever;
}

static inline arq_context *test_context(test_memory *memory)
{
    arq_allocator allocator = {sizeof(allocator), 0, memory, test_alloc, test_free};
    arq_context *context;
    memset(memory, 0, sizeof(*memory));
    ck_assert_int_eq(arq_context_create(ARQ_ABI_VERSION, &allocator, &context), ARQ_OK);
    return context;
}

/* Ends the context; everything must have come back. */
static inline void test_context_end(arq_context *context, const test_memory *memory)
{
    arq_context_destroy(context);
    ck_assert_uint_eq(memory->bytes_out, 0);
}

static inline const char *test_error(const arq_context *context)
{
    static char text[512];
    arq_context_last_error(context, text, sizeof(text));
    return text;
}

#define ck_assert_ok(context, call)                                                                                    \
    do {                                                                                                               \
        arq_status status_of_call = (call);                                                                            \
        ck_assert_msg(status_of_call == ARQ_OK, "%s: %s: %s", #call, arq_status_name(status_of_call),                  \
                      test_error(context));                                                                            \
    } while (0)

/* Fails with this status, and the text contains the words. */
#define ck_assert_fails(context, call, expected, words)                                                                \
    do {                                                                                                               \
        arq_status status_of_call = (call);                                                                            \
        ck_assert_msg(status_of_call == (expected), "%s: %s, %s expected (%s)", #call,                                 \
                      arq_status_name(status_of_call), arq_status_name(expected), test_error(context));                \
        ck_assert_msg(strstr(test_error(context), (words)) != NULL, "%s: \"%s\" does not say \"%s\"", #call,           \
                      test_error(context), (words));                                                                   \
    } while (0)

/* splitmix64: the tests' own random numbers. */
typedef struct test_random {
    uint64_t state;
} test_random;

static inline uint64_t test_random_next(test_random *random)
{
    uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static inline uint32_t test_random_below(test_random *random, uint32_t bound)
{
    return (uint32_t)(test_random_next(random) % bound);
}

/* A fresh folder for the files of one test. */
typedef struct test_folder {
    char path[256];
    char file[512]; /* the last result of test_path */
} test_folder;

static inline test_folder test_folder_create(void)
{
    test_folder folder;
    const char *base = getenv("TMPDIR");
    snprintf(folder.path, sizeof(folder.path), "%.200s/arq-test-XXXXXX", base == NULL || base[0] == 0 ? "/tmp" : base);
    ck_assert_ptr_nonnull(mkdtemp(folder.path));
    return folder;
}

static inline const char *test_path(test_folder *folder, const char *name)
{
    snprintf(folder->file, sizeof(folder->file), "%s/%s", folder->path, name);
    return folder->file;
}

static inline int test_folder_count(const test_folder *folder)
{
    int count = 0;
    DIR *directory = opendir(folder->path);
    ck_assert_ptr_nonnull(directory);
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    }
    closedir(directory);
    return count;
}

/* Removes the folder with its files. */
static inline void test_folder_remove(test_folder *folder)
{
    DIR *directory = opendir(folder->path);
    ck_assert_ptr_nonnull(directory);
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            char path[sizeof(folder->path) + sizeof(entry->d_name) + 1];
            snprintf(path, sizeof(path), "%s/%s", folder->path, entry->d_name);
            ck_assert_int_eq(remove(path), 0);
        }
    }
    closedir(directory);
    ck_assert_int_eq(rmdir(folder->path), 0);
}

/* A whole small file. */
typedef struct test_bytes {
    size_t count;
    unsigned char *data; /* malloc'ed */
} test_bytes;

static inline test_bytes test_read_file(const char *path)
{
    test_bytes bytes = {0, NULL};
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "cannot open %s", path);
    ck_assert_int_eq(fseek(file, 0, SEEK_END), 0);
    bytes.count = (size_t)ftell(file);
    rewind(file);
    bytes.data = malloc(bytes.count + 1);
    ck_assert_ptr_nonnull(bytes.data);
    ck_assert_uint_eq(fread(bytes.data, 1, bytes.count, file), bytes.count);
    fclose(file);
    return bytes;
}

static inline void test_write_file(const char *path, const void *data, size_t count)
{
    remove(path); /* some file systems flush a file to disk that is cut to nothing and written again */
    FILE *file = fopen(path, "wb");
    ck_assert_msg(file != NULL, "cannot write %s", path);
    ck_assert_uint_eq(fwrite(data, 1, count, file), count);
    ck_assert_int_eq(fclose(file), 0);
}

#endif
