#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- Memory ---- */

#define MOST_BYTES ((size_t)16 << 20)

static size_t live;

static void *take(void *user, size_t size, size_t align)
{
    (void)user;
    void *pointer = NULL;
    if (size > MOST_BYTES - live ||
        posix_memalign(&pointer, align < sizeof(void *) ? sizeof(void *) : align, size) != 0) {
        return NULL;
    }
    live += size;
    return pointer;
}

static void give(void *user, void *pointer, size_t size, size_t align)
{
    (void)user;
    (void)align;
    live -= size;
    free(pointer);
}

/* ---- Contexts and configs ---- */

void require_fail(const arq_context *context, const char *what, const char *file, int line)
{
    char text[512] = "";
    arq_context_last_error(context, text, sizeof(text));
    fprintf(stderr, "%s:%d: not so: %s; last error: %s\n", file, line, what, text);
    abort();
}

arq_context *fuzz_context(void)
{
    const arq_allocator allocator = {.struct_size = sizeof(allocator), .alloc = take, .free = give};
    arq_context *context = NULL;
    REQUIRE_OK(NULL, arq_context_create(ARQ_ABI_VERSION, &allocator, &context));
    return context;
}

void fuzz_context_end(arq_context *context)
{
    arq_context_destroy(context);
    REQUIRE(NULL, live == 0);
}

arq_config *fuzz_config(arq_context *context, const char *settings)
{
    char copy[512];
    arq_config *config = NULL;
    snprintf(copy, sizeof(copy), "%s", settings);
    REQUIRE_OK(context, arq_config_create(context, NULL, &config));
    char *rest = copy;
    for (char *setting = strtok_r(rest, " ", &rest); setting != NULL; setting = strtok_r(NULL, " ", &rest)) {
        char *value = strchr(setting, '=');
        *value = '\0';
        REQUIRE_OK(context, arq_config_set(config, setting, value + 1));
    }
    return config;
}

/* ---- Files ---- */

static char folder[64];
static pid_t owner;

static void remove_folder(void)
{
    char command[128];
    snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    if (getpid() == owner && system(command) != 0) {
        fprintf(stderr, "%s is left\n", folder);
    }
}

const char *fuzz_folder(void)
{
    if (folder[0] == '\0') {
        snprintf(folder, sizeof(folder), "%s/arq-fuzz-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
        REQUIRE(NULL, mkdtemp(folder) != NULL);
        owner = getpid();
        atexit(remove_folder);
    }
    return folder;
}

static char path[256];

const char *fuzz_write(const char *name, const uint8_t *data, size_t size)
{
    snprintf(path, sizeof(path), "%s/%s", fuzz_folder(), name);
    FILE *file = fopen(path, "wb");
    REQUIRE(NULL, file != NULL && (size == 0 || fwrite(data, 1, size, file) == size) && fclose(file) == 0);
    return path;
}

uint8_t *fuzz_read(const char *name, size_t *size)
{
    snprintf(path, sizeof(path), "%s/%s", fuzz_folder(), name);
    FILE *file = fopen(path, "rb");
    REQUIRE(NULL, file != NULL && fseek(file, 0, SEEK_END) == 0);
    *size = (size_t)ftell(file);
    uint8_t *bytes = malloc(*size + 1);
    rewind(file);
    REQUIRE(NULL, bytes != NULL && fread(bytes, 1, *size, file) == *size && fclose(file) == 0);
    return bytes;
}
