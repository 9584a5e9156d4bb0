#include "mujoco_library.h"

#include "places.h"

#include <dlfcn.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#if mjVERSION_HEADER < 3017000
#error "MuJoCo 3.17.0 or newer is needed"
#endif

struct mujoco_library mujoco;

/* A call of mujoco_run. */
struct guard {
    jmp_buf before;
    char *error;
    size_t error_size;
};

static _Thread_local struct guard *guard;

/* What heard MuJoCo's messages before; it goes on to hear those of others who use the same library. */
static mjfLogHandler earlier_handler;

static void hear(const mjLogMessage *message)
{
    struct guard *mine = guard;

    if (mine == NULL) {
        if (earlier_handler != NULL) {
            earlier_handler(message);
        }
    } else if (message->level == mjLOG_ERROR) {
        snprintf(mine->error, mine->error_size, "MuJoCo: %.200s", message->subject);
        longjmp(mine->before, 1);
    }
}

bool mujoco_run(void (*function)(void *argument), void *argument, char *error, size_t error_size)
{
    struct guard mine = {.error = error, .error_size = error_size};

    if (setjmp(mine.before) != 0) {
        guard = NULL;
        return false;
    }
    guard = &mine;
    function(argument);
    guard = NULL;
    return true;
}

/* Looks up what the plugin calls; the name of a function that is missing, or NULL. */
static const char *find_functions(void *library, struct mujoco_library *found)
{
    void *symbol;

    /* C has no conversion from an object's address to a function's; POSIX says that the bytes are the same. */
#define FIND(NAME)                                                                                                     \
    symbol = dlsym(library, #NAME);                                                                                    \
    if (symbol == NULL) {                                                                                              \
        return #NAME;                                                                                                  \
    }                                                                                                                  \
    memcpy(&found->NAME, &symbol, sizeof(symbol));
    MUJOCO_FUNCTIONS(FIND)
#undef FIND
    return NULL;
}

static bool take(void *library, char *error, size_t error_size)
{
    struct mujoco_library found;
    const char *missing = find_functions(library, &found);

    if (missing != NULL) {
        snprintf(error, error_size, "MuJoCo's library has no %s: " PLACES_INSTALL, missing);
        return false;
    }
    if (found.mj_version() != mjVERSION_HEADER) {
        snprintf(error, error_size,
                 "MuJoCo's library has version %d, this plugin was compiled for %d (" DMC_MUJOCO_VERSION
                 "): " PLACES_INSTALL,
                 found.mj_version(), mjVERSION_HEADER);
        return false;
    }
    earlier_handler = found.mju_setLogHandler(hear);
    mujoco = found;
    return true;
}

bool mujoco_open(char *error, size_t error_size)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static void *library;

    pthread_mutex_lock(&lock);
    if (library == NULL) {
        library = places_open_library(error, error_size);
        if (library != NULL && !take(library, error, error_size)) {
            dlclose(library);
            library = NULL;
        }
    }
    bool is_open = library != NULL;
    pthread_mutex_unlock(&lock);
    return is_open;
}
