/* Compiled models. One is shared by all instances of its tasks: it is large, and only read. */
#ifndef ARQ_PLUGINS_DMC_MODEL_H
#define ARQ_PLUGINS_DMC_MODEL_H

#include "arq/env.h"
#include "mujoco_library.h"

/* The model of a file of dm_control's suite, such as "walker.xml". Any thread. */
arq_status model_take(const char *file, const mjModel **model, char *error, size_t error_size);

/* Gives one up that was taken; the last one frees it. NULL is fine. */
void model_give_back(const mjModel *model);

#endif
