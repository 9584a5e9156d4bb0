#include "env/plugins/instances.h"

#include "env/handle.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static arq_status fail_create(const arq_context *context, const arq_env_type *type, const char *method,
                              arq_status status, char error[256])
{
    char what[160];
    snprintf(what, sizeof(what), "%s: %s", type->id, method);
    error[255] = '\0';
    return arq_fail_callback(context, what, status, error);
}

/* An instance of a type, without a handle. */
static arq_status create_self(const arq_context *context, const arq_env_type *type, const double *values, void **self)
{
    char error[256] = "";
    arq_status status = type->create(type->user, values, self, error, sizeof(error));
    if (status != ARQ_OK) {
        *self = NULL;
        return fail_create(context, type, "create", status, error);
    }
    if (*self == NULL) {
        return arq_fail(context, ARQ_E_ENV, "%s: create returned ARQ_OK and left self NULL; it must set it", type->id);
    }
    return ARQ_OK;
}

arq_status arq_env_type_create(arq_context *context, const arq_env_type *type, const double *values, arq_env **out)
{
    void *self = NULL;
    arq_status status = create_self(context, type, values, &self);
    if (status != ARQ_OK) {
        return status;
    }
    status = arq_env_make(context, type->methods, self, type->id, 0, out);
    if (status != ARQ_OK) {
        type->methods->destroy(self);
    }
    return status;
}

/* Instances by the type's own create_batch. */
static arq_status create_together(const arq_context *context, const arq_env_type *type, const double *values,
                                  uint32_t count, void **selves)
{
    char error[256] = "";
    arq_status status = type->create_batch(type->user, values, count, selves, error, sizeof(error));
    if (status != ARQ_OK) {
        memset(selves, 0, count * sizeof(*selves));
        return fail_create(context, type, "create_batch", status, error);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (selves[i] == NULL) {
            return arq_fail(context, ARQ_E_ENV,
                            "%s: create_batch returned ARQ_OK and left instance %" PRIu32 " NULL; it must set it",
                            type->id, i);
        }
    }
    return ARQ_OK;
}

static arq_status create_each(const arq_context *context, const arq_env_type *type, const double *values,
                              uint32_t count, void **selves)
{
    for (uint32_t i = 0; i < count; i++) {
        arq_status status = create_self(context, type, values, &selves[i]);
        if (status != ARQ_OK) {
            return status;
        }
    }
    return ARQ_OK;
}

arq_status arq_env_type_create_selves(const arq_context *context, const arq_env_type *type, const double *values,
                                      uint32_t count, void **selves)
{
    int together = type->struct_size > offsetof(arq_env_type, create_batch) && type->create_batch != NULL;
    arq_status status = together ? create_together(context, type, values, count, selves)
                                 : create_each(context, type, values, count, selves);
    if (status == ARQ_OK) {
        return ARQ_OK;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (selves[i] != NULL) {
            type->methods->destroy(selves[i]);
            selves[i] = NULL;
        }
    }
    return status;
}
