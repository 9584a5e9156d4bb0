#include "env/wrappers/wrapper.h"

#include "env/handle.h"

arq_status arq_wrapper_spec(void *self, arq_env_spec *spec)
{
    const arq_wrapper *outer = self;
    *spec = *arq_env_describe(outer->inner);
    return ARQ_OK;
}

arq_status arq_wrapper_reset(void *self, const uint64_t *seed, void *observation)
{
    arq_wrapper *outer = self;
    return arq_env_reset(outer->inner, seed, observation);
}

void arq_wrapper_destroy(void *self)
{
    arq_wrapper *outer = self;
    arq_env_release(outer->inner);
    arq_free(outer->context, outer, 1, outer->bytes);
}

arq_status arq_wrapper_save(void *self, void *buffer, size_t capacity, size_t *size)
{
    arq_wrapper *outer = self;
    return arq_env_save(outer->inner, buffer, capacity, size);
}

arq_status arq_wrapper_load(void *self, const void *buffer, size_t size)
{
    arq_wrapper *outer = self;
    return arq_env_load(outer->inner, buffer, size);
}

arq_status arq_wrapper_render(void *self, uint32_t cell_size, uint8_t *rgb, size_t capacity, uint32_t *width,
                              uint32_t *height)
{
    arq_wrapper *outer = self;
    return arq_env_render(outer->inner, cell_size, rgb, capacity, width, height);
}

const char *arq_wrapper_action_name(void *self, uint32_t action)
{
    arq_wrapper *outer = self;
    return arq_env_action_name(outer->inner, action);
}

const char *arq_wrapper_observation_name(void *self, uint32_t index)
{
    arq_wrapper *outer = self;
    return arq_env_observation_name(outer->inner, index);
}

arq_status arq_wrapper_begin(arq_env *env, size_t bytes, arq_wrapper **out)
{
    if (env->owned) {
        return arq_fail(env->context, ARQ_E_ARGUMENT,
                        "%s: a wrapper or a batch owns it already; wrap the outermost handle", env->name);
    }
    arq_status status = arq_env_check_idle(env, "wrapping");
    if (status != ARQ_OK) {
        return status;
    }
    arq_wrapper *outer = arq_alloc(env->context, 1, bytes);
    if (outer == NULL) {
        return arq_fail_memory(env->context, "a wrapper", bytes);
    }
    outer->context = env->context;
    outer->inner = env;
    outer->bytes = bytes;
    *out = outer;
    return ARQ_OK;
}

arq_status arq_wrapper_finish(arq_wrapper *outer, const arq_env_methods *methods, arq_env **out)
{
    const arq_env_methods *inner = &outer->inner->methods;
    arq_env_methods kept = *methods;
    kept.save = inner->save == NULL ? NULL : kept.save;
    kept.load = inner->load == NULL ? NULL : kept.load;
    kept.render = inner->render == NULL ? NULL : kept.render;
    kept.action_name = inner->action_name == NULL ? NULL : kept.action_name;
    kept.observation_name = inner->observation_name == NULL ? NULL : kept.observation_name;
    arq_status status = arq_env_make(outer->context, &kept, outer, outer->inner->name, 1, out);
    if (status != ARQ_OK) {
        arq_free(outer->context, outer, 1, outer->bytes);
        return status;
    }
    outer->inner->owned = 1;
    return ARQ_OK;
}

arq_env *arq_wrapper_undo(arq_env *env)
{
    arq_context *context = env->context;
    arq_wrapper *outer = env->self;
    arq_env *inner = outer->inner;
    inner->owned = 0;
    arq_free(context, outer, 1, outer->bytes);
    arq_free(context, env, 1, sizeof(*env));
    arq_context_release(context);
    return inner;
}
