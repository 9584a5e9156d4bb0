/* Where MuJoCo's library and dm_control's models are: in the places that the environment variables name, otherwise
 * where Python packages are installed. */
#ifndef ARQ_PLUGINS_DMC_PLACES_H
#define ARQ_PLUGINS_DMC_PLACES_H

#include <stdbool.h>
#include <stddef.h>

#define PLACES_LIBRARY_VARIABLE "ARQ_MUJOCO"
#define PLACES_MODELS_VARIABLE "ARQ_DMC_MODELS"

/* What helps where something is missing. */
#define PLACES_INSTALL "pip install --no-deps mujoco==" DMC_MUJOCO_VERSION " dm_control==1.0.50"

#define PLACES_PATH_SIZE 4096

/* As dlopen; NULL with what to install in `error`. */
void *places_open_library(char *error, size_t error_size);

/* Writes the path of a model of dm_control's suite, such as "walker.xml". `symbol` lies in MuJoCo's library. */
bool places_find_model(const char *file, const void *symbol, char path[PLACES_PATH_SIZE], char *error,
                       size_t error_size);

#endif
