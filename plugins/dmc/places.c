#include "places.h"

#include <dlfcn.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Folders of packages in a virtual environment. */
#define PACKAGES "lib/python3*/site-packages"

#if defined(__APPLE__)
#define LIBRARY "libmujoco." DMC_MUJOCO_VERSION ".dylib"
#else
#define LIBRARY "libmujoco.so." DMC_MUJOCO_VERSION
#endif

static const char *variable(const char *name)
{
#if defined(__GLIBC__)
    const char *value = secure_getenv(name);
#else
    const char *value = getenv(name);
#endif
    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* The first file that a pattern finds. */
static bool find(const char *pattern, char path[PLACES_PATH_SIZE])
{
    glob_t found;

    if (glob(pattern, 0, NULL, &found) != 0) {
        return false;
    }
    bool fits = strlen(found.gl_pathv[0]) < PLACES_PATH_SIZE;
    if (fits) {
        strcpy(path, found.gl_pathv[0]);
    }
    globfree(&found);
    return fits;
}

static bool is_file(const char *path)
{
    FILE *file = fopen(path, "rb");

    if (file != NULL) {
        fclose(file);
    }
    return file != NULL;
}

/* What lies below the packages of the virtual environment that is in use. */
static bool find_in_environment(const char *rest, char path[PLACES_PATH_SIZE])
{
    const char *folder = variable("VIRTUAL_ENV");
    char pattern[PLACES_PATH_SIZE];

    return folder != NULL &&
           snprintf(pattern, sizeof(pattern), "%s/" PACKAGES "/%s", folder, rest) < (int)sizeof(pattern) &&
           find(pattern, path);
}

void *places_open_library(char *error, size_t error_size)
{
    const char *chosen = variable(PLACES_LIBRARY_VARIABLE);
    char path[PLACES_PATH_SIZE];

    if (chosen != NULL) {
        void *library = dlopen(chosen, RTLD_NOW | RTLD_LOCAL);
        if (library == NULL) {
            snprintf(error, error_size, PLACES_LIBRARY_VARIABLE " is '%.90s', which cannot be loaded: %.90s", chosen,
                     dlerror());
        }
        return library;
    }
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL && find_in_environment("mujoco/" LIBRARY, path)) {
        library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    }
    if (library == NULL) {
        library = dlopen(DMC_BUILT_LIBRARY, RTLD_NOW | RTLD_LOCAL);
    }
    if (library == NULL) {
        snprintf(error, error_size,
                 LIBRARY " was not found: " PLACES_INSTALL
                         " in the virtual environment in use, or name the file in " PLACES_LIBRARY_VARIABLE);
    }
    return library;
}

/* The models beside the library's package. */
static bool find_beside(const void *symbol, const char *file, char path[PLACES_PATH_SIZE])
{
    Dl_info info;

    if (dladdr(symbol, &info) == 0 || info.dli_fname == NULL || strlen(info.dli_fname) >= PLACES_PATH_SIZE) {
        return false;
    }
    char folder[PLACES_PATH_SIZE];
    strcpy(folder, info.dli_fname);
    for (int i = 0; i < 2; i++) {
        char *slash = strrchr(folder, '/');
        if (slash == NULL) {
            return false;
        }
        *slash = '\0';
    }
    return snprintf(path, PLACES_PATH_SIZE, "%s/dm_control/suite/%s", folder, file) < PLACES_PATH_SIZE && is_file(path);
}

bool places_find_model(const char *file, const void *symbol, char path[PLACES_PATH_SIZE], char *error,
                       size_t error_size)
{
    const char *chosen = variable(PLACES_MODELS_VARIABLE);
    char rest[64];

    if (chosen != NULL) {
        if (snprintf(path, PLACES_PATH_SIZE, "%s/%s", chosen, file) < PLACES_PATH_SIZE && is_file(path)) {
            return true;
        }
        snprintf(error, error_size, PLACES_MODELS_VARIABLE " is '%.150s', where there is no %s", chosen, file);
        return false;
    }
    snprintf(rest, sizeof(rest), "dm_control/suite/%s", file);
    if (find_beside(symbol, file, path) || find_in_environment(rest, path)) {
        return true;
    }
    if (snprintf(path, PLACES_PATH_SIZE, "%s/%s", DMC_BUILT_MODELS, file) < PLACES_PATH_SIZE && is_file(path)) {
        return true;
    }
    snprintf(error, error_size,
             "dm_control's %s was not found: " PLACES_INSTALL " in the virtual environment in use, or name its folder "
             "suite in " PLACES_MODELS_VARIABLE,
             file);
    return false;
}
