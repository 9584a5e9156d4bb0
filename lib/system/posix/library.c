#include "system/library.h"

#include "system/folder.h"
#include "system/process.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__linux__)
#include <link.h>
#include <sys/auxv.h>
#endif

const char *arq_library_suffix(void)
{
#if defined(__APPLE__)
    return ".dylib";
#else
    return ".so";
#endif
}

#if defined(__linux__)
/* Whether the file lacks something of what its own table of segments says is in it. */
static bool is_cut_off(int file, uint64_t size)
{
    ElfW(Ehdr) header;
    if (pread(file, &header, sizeof(header), 0) != (ssize_t)sizeof(header) ||
        memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_phentsize != sizeof(ElfW(Phdr))) {
        return false; /* no such file at all: the loader sees that and says what it is */
    }
    for (uint64_t i = 0; i < header.e_phnum; i++) {
        ElfW(Phdr) segment;
        const uint64_t place = header.e_phoff + i * sizeof(segment);
        if (place > size || pread(file, &segment, sizeof(segment), (off_t)place) != (ssize_t)sizeof(segment) ||
            segment.p_filesz > size || segment.p_offset > size - segment.p_filesz) {
            return true;
        }
    }
    return false;
}
#else
static bool is_cut_off(int file, uint64_t size)
{
    (void)file;
    (void)size;
    return false;
}
#endif

/* What the loader would not survive: it waits for somebody to write into a pipe, and what it reads behind a file's end
 * ends the process. NULL when there is nothing, also where it will say itself what is wrong. */
static const char *find_fault(const char *path)
{
    struct stat what;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0) {
        return NULL;
    }
    const char *fault = NULL;
    if (fstat(file, &what) != 0 || !S_ISREG(what.st_mode)) {
        fault = "it is no plain file";
    } else if (is_cut_off(file, (uint64_t)what.st_size)) {
        fault = "the file is cut off";
    }
    close(file);
    return fault;
}

void *arq_library_open(const char *path, char *reason, size_t size)
{
    const char *fault = find_fault(path);
    if (fault != NULL) {
        snprintf(reason, size, "%s: %s", path, fault);
        return NULL;
    }
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        const char *text = dlerror();
        snprintf(reason, size, "%s", text == NULL ? path : text);
    }
    return library;
}

void arq_library_close(void *library)
{
    dlclose(library);
}

arq_library_function arq_library_find(void *library, const char *name)
{
    /* C has no conversion from an object's address to a function's; POSIX says that the bytes are the same. */
    void *symbol = dlsym(library, name);
    arq_library_function function;
    memcpy(&function, &symbol, sizeof(function));
    return function;
}

/* The path of the program that runs. What the loader calls it is whatever the one who started it called it. */
static bool find_program(char *path, size_t size)
{
#if defined(__linux__)
    ssize_t length = readlink("/proc/self/exe", path, size);
    if (length <= 0 || (size_t)length >= size) {
        return false;
    }
    path[length] = '\0';
    return true;
#else
    (void)path;
    (void)size;
    return false;
#endif
}

static bool is_program(const Dl_info *info)
{
#if defined(__linux__)
    Dl_info program;
    const uintptr_t headers = getauxval(AT_PHDR);
    return headers != 0 && dladdr((const void *)headers, &program) != 0 && program.dli_fbase == info->dli_fbase;
#else
    (void)info;
    return false;
#endif
}

bool arq_library_folder(const void *address, char *folder, size_t size)
{
    Dl_info info;
    if (arq_process_is_privileged() || dladdr(address, &info) == 0) {
        return false;
    }
    if (!is_program(&info)) {
        int length = snprintf(folder, size, "%s", info.dli_fname == NULL ? "" : info.dli_fname);
        if (length < 0 || (size_t)length >= size) {
            return false;
        }
    } else if (!find_program(folder, size)) {
        return false;
    }
    if (!arq_path_is_absolute(folder)) {
        return false;
    }
    *strrchr(folder, '/') = '\0';
    return true;
}
