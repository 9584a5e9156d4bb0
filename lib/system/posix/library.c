#include "system/library.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

const char *arq_library_suffix(void)
{
#if defined(__APPLE__)
    return ".dylib";
#else
    return ".so";
#endif
}

void *arq_library_open(const char *path, char *reason, size_t size)
{
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

bool arq_library_folder(const void *address, char *folder, size_t size)
{
    Dl_info info;
    if (dladdr(address, &info) == 0 || info.dli_fname == NULL) {
        return false;
    }
    const char *slash = strrchr(info.dli_fname, '/');
    if (slash == NULL) {
        snprintf(folder, size, ".");
    } else {
        snprintf(folder, size, "%.*s", (int)(slash - info.dli_fname), info.dli_fname);
    }
    return true;
}
