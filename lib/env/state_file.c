/*
 * An instance's state: eight bytes of the handle, then what the instance's own save method wrote. It is plain memory
 * without checksum or names, so that a tree search can save and load at every step.
 */
#include "env/handle.h"
#include "env/promises.h"

#include <inttypes.h>
#include <string.h>

/* "ARQE", the layout's version, the phase (byte 5), and two zeros. Then what the save method wrote. */
#define HEADER_BYTES 8
static const uint8_t magic[5] = {'A', 'R', 'Q', 'E', 1};

static arq_status check_call(const arq_env *env, const char *call)
{
    arq_status status = arq_env_check_idle(env, call);
    if (status != ARQ_OK) {
        return status;
    }
    if (env->methods.save == NULL) {
        return arq_fail(env->context, ARQ_E_UNSUPPORTED, "%s: %s: the environment has no save and load methods",
                        env->name, call);
    }
    return ARQ_OK;
}

static arq_status run_save(arq_env *env, void *buffer, size_t capacity, size_t *size)
{
    arq_env_enter(env);
    arq_status status = env->methods.save(env->self, buffer, capacity, size);
    if (status != ARQ_OK) {
        status = arq_env_method_failed(env, "save", status);
    }
    arq_env_leave(env);
    return status;
}

static arq_status run_load(arq_env *env, const void *state, size_t size)
{
    arq_env_enter(env);
    arq_status status = env->methods.load(env->self, state, size);
    if (status == ARQ_E_FORMAT && !env->wrapper) {
        const char *detail = env->methods.last_error == NULL ? NULL : env->methods.last_error(env->self);
        arq_fail(env->context, status, "%s: load refused a state of %zu bytes%s%s", env->name, size + HEADER_BYTES,
                 detail == NULL ? "" : ": ", detail == NULL ? "" : detail);
    } else if (status != ARQ_OK) {
        status = arq_env_method_failed(env, "load", status);
    }
    arq_env_leave(env);
    return status;
}

/* Only an episode that runs or has ended can be saved: from any other phase nothing but a reset follows. */
static int may_be_saved(uint8_t phase)
{
    return phase == ARQ_PHASE_RUNNING || phase == ARQ_PHASE_ENDED;
}

static void write_header(uint8_t *bytes, uint8_t phase)
{
    memset(bytes, 0, HEADER_BYTES);
    memcpy(bytes, magic, sizeof(magic));
    bytes[sizeof(magic)] = phase;
}

static arq_status check_header(const arq_env *env, const uint8_t *bytes, size_t size)
{
    if (size < HEADER_BYTES || memcmp(bytes, magic, sizeof(magic)) != 0) {
        return arq_fail(env->context, ARQ_E_FORMAT,
                        "%s: arq_env_load: %zu bytes that do not begin as a saved environment does", env->name, size);
    }
    if (!may_be_saved(bytes[5]) || bytes[6] != 0 || bytes[7] != 0) {
        return arq_fail(env->context, ARQ_E_FORMAT,
                        "%s: arq_env_load: the header's bytes 5 to 7 are %d %d %d; "
                        "accepted: 1 or 2, 0, 0",
                        env->name, bytes[5], bytes[6], bytes[7]);
    }
    return ARQ_OK;
}

arq_status arq_env_save(arq_env *env, void *buffer, size_t capacity, size_t *size)
{
    arq_status status = check_call(env, "arq_env_save");
    if (status != ARQ_OK) {
        return status;
    }
    if (size == NULL) {
        return arq_fail_null(env->context, "arq_env_save", "size");
    }
    uint8_t phase = *env->phase;
    if (!may_be_saved(phase)) {
        return arq_fail(env->context, ARQ_E_ORDER, "%s: arq_env_save: %s; reset it first", env->name,
                        phase == ARQ_PHASE_FRESH ? "it was never reset" : "its last step or reset failed");
    }
    size_t needed = 0;
    status = run_save(env, NULL, 0, &needed);
    if (status != ARQ_OK) {
        return status;
    }
    if (needed > SIZE_MAX - HEADER_BYTES) {
        return arq_fail(env->context, ARQ_E_ENV, "%s: save: the state's size is %zu; it must fit memory", env->name,
                        needed);
    }
    *size = needed + HEADER_BYTES;
    if (buffer == NULL) {
        return ARQ_OK;
    }
    if (capacity < *size) {
        return arq_fail(env->context, ARQ_E_SHAPE, "%s: arq_env_save: capacity is %zu bytes; %zu are needed", env->name,
                        capacity, *size);
    }
    uint8_t *bytes = buffer;
    size_t written = 0;
    status = run_save(env, bytes + HEADER_BYTES, needed, &written);
    if (status != ARQ_OK) {
        return status;
    }
    if (written != needed) {
        return arq_fail(env->context, ARQ_E_ENV, "%s: save: the state's size was %zu, then %zu; it must not change",
                        env->name, needed, written);
    }
    write_header(bytes, phase);
    return ARQ_OK;
}

arq_status arq_env_load(arq_env *env, const void *buffer, size_t size)
{
    arq_status status = check_call(env, "arq_env_load");
    if (status != ARQ_OK) {
        return status;
    }
    if (buffer == NULL) {
        return arq_fail_null(env->context, "arq_env_load", "buffer");
    }
    const uint8_t *bytes = buffer;
    status = check_header(env, bytes, size);
    if (status != ARQ_OK) {
        return status;
    }
    status = run_load(env, bytes + HEADER_BYTES, size - HEADER_BYTES);
    if (status != ARQ_OK) {
        return status;
    }
    *env->phase = bytes[5];
    return ARQ_OK;
}
