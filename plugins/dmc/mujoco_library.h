/* MuJoCo's library: loaded while the program runs, so that a program that has the plugin does not need it, and only in
 * the version whose header the plugin was compiled with, because structs change between versions. */
#ifndef ARQ_PLUGINS_DMC_MUJOCO_LIBRARY_H
#define ARQ_PLUGINS_DMC_MUJOCO_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

#include <mujoco/mujoco.h>

/* What the plugin calls. */
#define MUJOCO_FUNCTIONS(FUNCTION)                                                                                     \
    FUNCTION(mj_deleteData)                                                                                            \
    FUNCTION(mj_deleteModel)                                                                                           \
    FUNCTION(mj_forward)                                                                                               \
    FUNCTION(mj_id2name)                                                                                               \
    FUNCTION(mj_loadXML)                                                                                               \
    FUNCTION(mj_makeData)                                                                                              \
    FUNCTION(mj_name2id)                                                                                               \
    FUNCTION(mj_resetData)                                                                                             \
    FUNCTION(mj_step)                                                                                                  \
    FUNCTION(mj_step1)                                                                                                 \
    FUNCTION(mj_step2)                                                                                                 \
    FUNCTION(mj_version)                                                                                               \
    FUNCTION(mjr_freeContext)                                                                                          \
    FUNCTION(mjr_makeContext)                                                                                          \
    FUNCTION(mjr_readPixels)                                                                                           \
    FUNCTION(mjr_render)                                                                                               \
    FUNCTION(mjr_resizeOffscreen)                                                                                      \
    FUNCTION(mjr_setBuffer)                                                                                            \
    FUNCTION(mju_setLogHandler)                                                                                        \
    FUNCTION(mjv_defaultCamera)                                                                                        \
    FUNCTION(mjv_defaultOption)                                                                                        \
    FUNCTION(mjv_freeScene)                                                                                            \
    FUNCTION(mjv_makeScene)                                                                                            \
    FUNCTION(mjv_updateScene)

struct mujoco_library {
#define DECLARE(NAME) __typeof__(NAME) *NAME;
    MUJOCO_FUNCTIONS(DECLARE)
#undef DECLARE
};

/* Filled by the first mujoco_open that succeeds. */
extern struct mujoco_library mujoco;

/* Loads the library unless it is loaded; false with what to install in `error`. Any thread. */
bool mujoco_open(char *error, size_t error_size);

/* Runs what calls MuJoCo; false with MuJoCo's text in `error` where it met a fatal error, which would end the program
 * otherwise. Its warnings are dropped. Any thread. */
bool mujoco_run(void (*function)(void *argument), void *argument, char *error, size_t error_size);

#endif
