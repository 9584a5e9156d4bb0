/* MuJoCo's own pictures of a model, drawn without a window by OpenGL on EGL, which is loaded when the first is drawn.
 */
#ifndef ARQ_PLUGINS_DMC_CAMERA_H
#define ARQ_PLUGINS_DMC_CAMERA_H

#include "mujoco_library.h"

#include <stdint.h>

struct camera;

/* Draws width x height pixels as the model's first camera sees them: rows from the top, three bytes a pixel. The first
 * call makes *camera, which camera_close ends. False with the reason in `error`. */
bool camera_draw(struct camera **camera, mjModel *model, mjData *data, uint32_t width, uint32_t height, uint8_t *rgb,
                 char *error, size_t error_size);

/* NULL is fine. */
void camera_close(struct camera *camera);

#endif
