#include "host/machine.h"

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif

static void find_processor(char *buffer, size_t size)
{
    char line[512];
    snprintf(buffer, size, "unknown processor");
    FILE *file = fopen("/proc/cpuinfo", "r");
    if (file == NULL) {
        return;
    }
    while (fgets(line, sizeof(line), file) != NULL) {
        const char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) == 0 && colon != NULL) {
            snprintf(buffer, size, "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
            break;
        }
    }
    fclose(file);
}

void machine_text(char *buffer, size_t size)
{
    struct utsname system;
    char processor[256];
    buffer[0] = '\0';
    if (uname(&system) == 0) {
        find_processor(processor, sizeof(processor));
        snprintf(buffer, size, "%s, %s %s %s", processor, system.sysname, system.release, system.machine);
    }
}

double machine_resident_bytes(void)
{
    unsigned long pages[2] = {0, 0};
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL) {
        return (double)NAN;
    }
    int found = fscanf(file, "%lu %lu", &pages[0], &pages[1]);
    fclose(file);
    return found == 2 ? (double)pages[1] * (double)sysconf(_SC_PAGESIZE) : (double)NAN;
}

void machine_use_large_pages(void *memory, size_t bytes)
{
#if defined(MADV_HUGEPAGE)
    madvise(memory, bytes / MACHINE_LARGE_PAGE * MACHINE_LARGE_PAGE, MADV_HUGEPAGE);
#else
    (void)memory;
    (void)bytes;
#endif
}

int machine_find_symbols(const char *const *files, size_t file_count, const char *const *names, size_t name_count,
                         void **symbols)
{
    for (size_t i = 0; i < file_count; i++) {
        void *library = dlopen(files[i], RTLD_NOW | RTLD_LOCAL);
        size_t found = 0;
        while (library != NULL && found < name_count && (symbols[found] = dlsym(library, names[found])) != NULL) {
            found++;
        }
        if (found == name_count) {
            return 1;
        }
    }
    return 0;
}
