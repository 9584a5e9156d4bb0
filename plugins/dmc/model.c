#include "model.h"

#include "places.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define MOST_MODELS 32

/* A compiled model and how many instances use it; `users` 0: the place is free. */
static struct shared {
    const char *file;
    mjModel *model;
    size_t users;
} models[MOST_MODELS];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

struct compilation {
    const char *path;
    mjModel *model;
    char error[160];
};

static void compile(void *argument)
{
    struct compilation *self = argument;

    self->model = mujoco.mj_loadXML(self->path, NULL, self->error, sizeof(self->error));
}

static arq_status load(const char *file, mjModel **model, char *error, size_t error_size)
{
    char path[PLACES_PATH_SIZE];
    struct compilation compilation = {.path = path};
    const void *symbol;

    memcpy(&symbol, &mujoco.mj_loadXML, sizeof(symbol));
    if (!places_find_model(file, symbol, path, error, error_size) ||
        !mujoco_run(compile, &compilation, error, error_size)) {
        return ARQ_E_NOT_FOUND;
    }
    if (compilation.model == NULL) {
        snprintf(error, error_size, "%.80s: %s", path, compilation.error);
        return ARQ_E_FORMAT;
    }
    *model = compilation.model;
    return ARQ_OK;
}

/* The place of a file's model, or a free one; NULL if there is neither. */
static struct shared *find(const char *file)
{
    struct shared *unused = NULL;

    for (size_t i = 0; i < MOST_MODELS; i++) {
        if (models[i].users == 0) {
            unused = &models[i];
        } else if (strcmp(models[i].file, file) == 0) {
            return &models[i];
        }
    }
    return unused;
}

arq_status model_take(const char *file, const mjModel **model, char *error, size_t error_size)
{
    arq_status status = ARQ_OK;

    pthread_mutex_lock(&lock);
    struct shared *place = find(file);
    if (place == NULL) {
        snprintf(error, error_size, "%s: more than %d different models at a time", file, MOST_MODELS);
        status = ARQ_E_NOMEM;
    } else if (place->users == 0) {
        place->file = file;
        status = load(file, &place->model, error, error_size);
    }
    if (status == ARQ_OK) {
        place->users++;
        *model = place->model;
    }
    pthread_mutex_unlock(&lock);
    return status;
}

void model_give_back(const mjModel *model)
{
    pthread_mutex_lock(&lock);
    for (size_t i = 0; model != NULL && i < MOST_MODELS; i++) {
        if (models[i].users > 0 && models[i].model == model && --models[i].users == 0) {
            mujoco.mj_deleteModel(models[i].model);
        }
    }
    pthread_mutex_unlock(&lock);
}
