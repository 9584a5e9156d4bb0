/* Pictures of an environment's state. */
#include "env/handle.h"
#include "env/promises.h"

#include <inttypes.h>

arq_status arq_env_render(arq_env *env, uint32_t cell_size, uint8_t *rgb, size_t capacity, uint32_t *width,
                          uint32_t *height)
{
    arq_status status = arq_env_check_idle(env, "arq_env_render");
    if (status != ARQ_OK) {
        return status;
    }
    if (env->methods.render == NULL) {
        return arq_fail(env->context, ARQ_E_UNSUPPORTED, "%s: arq_env_render: the environment has no render method",
                        env->name);
    }
    if (cell_size == 0 || width == NULL || height == NULL) {
        return arq_fail(env->context, ARQ_E_ARGUMENT,
                        "arq_env_render: cell_size is %" PRIu32 ", width and height are "
                        "%s; at least 1 and both are needed",
                        cell_size, width == NULL || height == NULL ? "not both set" : "set");
    }
    if (rgb != NULL && *env->phase == ARQ_PHASE_FRESH) {
        return arq_fail(env->context, ARQ_E_ORDER, "%s: arq_env_render: it was never reset; reset it first", env->name);
    }
    uint32_t size[2] = {0, 0};
    arq_env_enter(env);
    status = env->methods.render(env->self, cell_size, NULL, 0, &size[0], &size[1]);
    size_t pixels = 0;
    size_t bytes = 0;
    int fits = arq_multiply_sizes(size[0], size[1], &pixels) && arq_multiply_sizes(pixels, 3, &bytes);
    if (status == ARQ_OK && rgb != NULL && fits && bytes <= capacity) {
        status = env->methods.render(env->self, cell_size, rgb, capacity, &size[0], &size[1]);
    }
    if (status != ARQ_OK) {
        status = arq_env_method_failed(env, "render", status);
    }
    arq_env_leave(env);
    if (status != ARQ_OK) {
        return status;
    }
    if (!fits || bytes == 0) {
        return arq_fail(env->context, ARQ_E_ENV,
                        "%s: render: the picture is %" PRIu32 " x %" PRIu32
                        " pixels; it must not be empty and must fit memory",
                        env->name, size[0], size[1]);
    }
    *width = size[0];
    *height = size[1];
    if (rgb != NULL && bytes > capacity) {
        return arq_fail(env->context, ARQ_E_SHAPE,
                        "%s: arq_env_render: capacity is %zu bytes; %" PRIu32 " x %" PRIu32 " pixels need %zu",
                        env->name, capacity, size[0], size[1], bytes);
    }
    return ARQ_OK;
}
