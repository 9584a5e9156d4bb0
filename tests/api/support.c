#include "support.h"
#include "../support/suite.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char mark[] = "mark-left-by-the-test";

static void host_write(void *user, int32_t level, const char *text)
{
    struct host *host = user;

    snprintf(host->log_text, sizeof host->log_text, "%d %s", (int)level, text);
    atomic_fetch_add(&host->log_lines, 1);
}

arq_log host_log(struct host *host)
{
    return (arq_log){.struct_size = sizeof(arq_log), .level = ARQ_LOG_WARNING, .user = host, .write = host_write};
}

void host_open(struct host *host)
{
    memset(host, 0, sizeof *host);
    arq_allocator allocator = counting_hooks(&host->memory);
    arq_log log = host_log(host);

    ck_assert_int_eq(arq_context_create(ARQ_ABI_VERSION, &allocator, &host->context), ARQ_OK);
    ck_assert_ptr_nonnull(host->context);
    ck_assert_int_eq(arq_context_set_log(host->context, &log), ARQ_OK);
}

void host_close(struct host *host)
{
    int lines = atomic_load(&host->log_lines);

    if (host->complaints[0] != 0)
        ck_abort_msg("%s", host->complaints);
    arq_context_destroy(host->context);
    host->context = NULL;
    ck_assert_msg(atomic_load(&host->log_lines) == lines, "destroying the context logged: %s", host->log_text);
    ck_assert_msg(atomic_load(&host->memory.live) == 0, "%zu allocations leaked", atomic_load(&host->memory.live));
    ck_assert_msg(!atomic_load(&host->memory.mismatched),
                  "an allocation was asked for or freed with a wrong size or alignment");
}

const char *error_text(const arq_context *context)
{
    static _Thread_local char text[1024];

    arq_context_last_error(context, text, sizeof text);
    return text;
}

void check_success(struct host *host, arq_status status, const char *call, const char *file, int line)
{
    if (status != ARQ_OK)
        ck_abort_msg("%s:%d: %s: %s: %s", file, line, call, arq_status_name(status), error_text(host->context));
}

void leave_mark(struct host *host)
{
    arq_config *config;

    ck_assert_int_eq(arq_config_create(host->context, mark, &config), ARQ_E_NOT_FOUND);
}

static int holds_all(const char *text, const char *words)
{
    char word[256];

    while (words != NULL && *words != 0) {
        size_t length = strcspn(words, ";");
        snprintf(word, sizeof word, "%.*s", (int)length, words);
        if (strstr(text, word) == NULL)
            return 0;
        words += length + (words[length] == ';');
    }
    return 1;
}

__attribute__((format(printf, 2, 3))) static void complain(struct host *host, const char *format, ...)
{
    size_t used = strlen(host->complaints);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(host->complaints + used, sizeof host->complaints - used, format, arguments);
    va_end(arguments);
}

void check_refusal(struct host *host, arq_status expected, const char *words, arq_status status, const char *call,
                   const char *file, int line)
{
    const char *text = error_text(host->context);

    if (status != expected)
        complain(host, "\n%s:%d: %s: %s where %s was due; text: %s", file, line, call, arq_status_name(status),
                 arq_status_name(expected), text);
    else if (text[0] == 0 || strstr(text, mark) != NULL)
        complain(host, "\n%s:%d: %s: %s without a text", file, line, call, arq_status_name(status));
    else if (!holds_all(text, words))
        complain(host, "\n%s:%d: %s: \"%s\" does not say \"%s\"", file, line, call, text, words);
}

arq_config *configured(struct host *host, const char *settings)
{
    arq_config *config;
    char copy[1024];

    ck_assert_int_lt(snprintf(copy, sizeof copy, "%s", settings), (int)sizeof copy);
    succeeds(host, arq_config_create(host->context, NULL, &config));
    for (char *rest = copy, *setting; (setting = strtok_r(rest, " ", &rest)) != NULL;) {
        char *value = strchr(setting, '=');
        ck_assert_msg(value != NULL, "no = in %s", setting);
        *value++ = 0;
        succeeds(host, arq_config_set(config, setting, value));
    }
    return config;
}

static char folder[256];
static pid_t folder_owner;

static void remove_all(const char *name)
{
    char path[1024];
    struct dirent *entry;

    DIR *directory = opendir(name);
    if (directory == NULL)
        return;
    while ((entry = readdir(directory)) != NULL) {
        snprintf(path, sizeof path, "%s/%s", name, entry->d_name);
        if (entry->d_name[0] != '.' && unlink(path) != 0)
            remove_all(path);
        else if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlink(path);
    }
    closedir(directory);
    rmdir(name);
}

static void remove_folder(void)
{
    if (getpid() == folder_owner)
        remove_all(folder);
}

const char *temporary_file(const char *name)
{
    static char paths[4][512];
    static unsigned next;
    char *path = paths[next++ % 4];

    if (folder_owner != getpid()) {
        const char *root = getenv("TMPDIR");
        if (root == NULL) /* memory, where there is such a folder: saving waits for the disk each time */
            root = access("/dev/shm", R_OK | W_OK | X_OK) == 0 ? "/dev/shm" : "/tmp";
        snprintf(folder, sizeof folder, "%s/arq-test-XXXXXX", root);
        ck_assert_ptr_nonnull(mkdtemp(folder));
        folder_owner = getpid();
        atexit(remove_folder);
    }
    ck_assert_int_lt(snprintf(path, sizeof paths[0], "%s/%s", folder, name), (int)sizeof paths[0]);
    return path;
}

unsigned char *file_bytes(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");

    ck_assert_msg(file != NULL, "%s: %s", path, strerror(errno));
    ck_assert_int_eq(fseek(file, 0, SEEK_END), 0);
    *size = (size_t)ftell(file);
    rewind(file);
    unsigned char *bytes = malloc(*size + 1);
    ck_assert_ptr_nonnull(bytes);
    ck_assert_uint_eq(fread(bytes, 1, *size, file), *size);
    fclose(file);
    return bytes;
}

void file_write(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");

    ck_assert_msg(file != NULL, "%s: %s", path, strerror(errno));
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
}

uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size)
{
    const unsigned char *byte = bytes;

    for (size_t i = 0; i < size; i++)
        hash = (hash ^ byte[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static uint64_t hash_tensor(struct host *host, uint64_t hash, const arq_network *network, const char *name,
                            size_t count)
{
    float *values = malloc(count * sizeof *values);

    ck_assert_ptr_nonnull(values);
    succeeds(host, arq_network_read(network, name, values, count));
    hash = hash_bytes(hash, name, strlen(name));
    hash = hash_bytes(hash, values, count * sizeof *values);
    free(values);
    return hash;
}

uint64_t hash_network(struct host *host, const arq_network *network)
{
    uint64_t hash = HASH_START;
    const char *name;
    uint32_t index, rows, columns;

    for (index = 0; arq_network_tensor(network, index, &name, &rows, &columns) == ARQ_OK; index++)
        hash = hash_tensor(host, hash, network, name, (size_t)rows * (columns != 0 ? columns : 1));
    ck_assert_uint_gt(index, 0);
    return hash;
}

uint64_t next_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(0x2545f4914f6cdd1d);
}

uint64_t test_seed(void)
{
    const char *text = getenv("ARQ_TEST_SEED");
    uint64_t seed = text != NULL ? strtoull(text, NULL, 0) : (uint64_t)time(NULL);

    printf("ARQ_TEST_SEED=%llu repeats this\n", (unsigned long long)seed);
    fflush(stdout);
    return seed | 1;
}

int run_tests(const char *name, const TTest *const *tests, size_t count)
{
    Suite *suite = suite_create(name);
    TCase *cases = tcase_create(name);

    tcase_set_timeout(cases, 100);
    for (size_t i = 0; i < count; i++)
        tcase_add_test(cases, tests[i]);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
