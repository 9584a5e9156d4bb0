#include "core/context.h"

#include "core/pool.h"
#include "core/table.h"
#include "system/fp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Names of the tiers that can be had here: "generic, avx2, avx512". */
static void list_tiers(char *buffer, size_t size)
{
    size_t used = 0;
    buffer[0] = '\0';
    for (uint32_t tier = 0; tier < ARQ_TIER_COUNT; tier++) {
        if (arq_kernels_of((arq_tier)tier) != NULL && used < size) {
            used += (size_t)snprintf(buffer + used, size - used, "%s%s", used == 0 ? "" : ", ", arq_kernels_name(tier));
        }
    }
}

/* The tier of that name and all slower ones. */
static arq_status find_tier(const arq_context *context, const char *what, const char *name, uint32_t *allowed)
{
    for (uint32_t tier = 0; tier < ARQ_TIER_COUNT; tier++) {
        if (strcmp(name, arq_kernels_name(tier)) == 0 && arq_kernels_of((arq_tier)tier) != NULL) {
            *allowed = (UINT32_C(2) << tier) - 1;
            return ARQ_OK;
        }
    }
    char names[64];
    list_tiers(names, sizeof(names));
    return arq_fail(context, ARQ_E_NOT_FOUND, "%s is '%.32s'; built and of this CPU: %s", what, name, names);
}

static arq_status check_abi(uint32_t abi_version)
{
    uint32_t major = abi_version >> 16;
    uint32_t minor = abi_version & 0xffffu;
    if (major != ARQ_ABI_MAJOR || minor > ARQ_ABI_MINOR) {
        return arq_fail(
            NULL, ARQ_E_ABI,
            "program built for ABI %u.%u, library has %d.%d: majors must be equal and the library's minor not older",
            major, minor, ARQ_ABI_MAJOR, ARQ_ABI_MINOR);
    }
    return ARQ_OK;
}

static arq_status check_allocator(const arq_allocator *allocator)
{
    arq_status status =
        arq_table_check_size(NULL, ARQ_E_ARGUMENT, "allocator", allocator->struct_size, sizeof(*allocator));
    if (status != ARQ_OK) {
        return status;
    }
    if (allocator->alloc == NULL || allocator->free == NULL) {
        return arq_fail_null(NULL, "allocator", allocator->alloc == NULL ? "alloc" : "free");
    }
    return ARQ_OK;
}

arq_status arq_context_create(uint32_t abi_version, const arq_allocator *allocator, arq_context **out)
{
    if (out == NULL) {
        return arq_fail_null(NULL, "arq_context_create", "out");
    }
    *out = NULL;
    arq_status status = check_abi(abi_version);
    if (status != ARQ_OK) {
        return status;
    }
    arq_allocator chosen = arq_default_allocator;
    if (allocator != NULL) {
        status = check_allocator(allocator);
        if (status != ARQ_OK) {
            return status;
        }
        memcpy(&chosen, allocator, sizeof(chosen));
    }
    uint32_t allowed = UINT32_MAX;
    const char *cap = getenv("ARQ_CPU");
    if (cap != NULL && cap[0] != '\0') {
        status = find_tier(NULL, "ARQ_CPU", cap, &allowed);
        if (status != ARQ_OK) {
            return status;
        }
    }
    arq_context *context = chosen.alloc(chosen.user, sizeof(*context), ARQ_ALIGNMENT);
    if (context == NULL) {
        return arq_fail_memory(NULL, "the context", sizeof(*context));
    }
    memset(context, 0, sizeof(*context));
    context->allocator = chosen;
    context->allowed_tiers = allowed;
    context->kernels = arq_kernels_select(allowed);
    context->id = arq_error_new_id();
    atomic_init(&context->handles, 0);
    *out = context;
    return ARQ_OK;
}

void arq_context_destroy(arq_context *context)
{
    if (context == NULL) {
        return;
    }
    uint64_t handles = atomic_load(&context->handles);
    if (handles != 0) {
        arq_log_line(context, ARQ_LOG_ERROR,
                     "arq_context_destroy: %llu handles made from this context still exist; it is leaked",
                     (unsigned long long)handles);
        return;
    }
    if (context->free_plugins != NULL) {
        context->free_plugins(context, context->plugins);
    }
    arq_pool_destroy(context, context->pool);
    arq_allocator allocator = context->allocator;
    allocator.free(allocator.user, context, sizeof(*context), ARQ_ALIGNMENT);
}

void arq_context_retain(arq_context *context)
{
    atomic_fetch_add(&context->handles, 1);
}

void arq_context_release(arq_context *context)
{
    atomic_fetch_sub(&context->handles, 1);
}

static arq_status check_settable(arq_context *context, const char *call)
{
    if (context == NULL) {
        return arq_fail_null(NULL, call, "context");
    }
    uint64_t handles = atomic_load(&context->handles);
    if (handles != 0) {
        return arq_fail(context, ARQ_E_BUSY,
                        "%s: %llu handles made from this context still exist; set it before the first one", call,
                        (unsigned long long)handles);
    }
    return ARQ_OK;
}

arq_status arq_context_set_log(arq_context *context, const arq_log *log)
{
    arq_status status = check_settable(context, "arq_context_set_log");
    if (status != ARQ_OK) {
        return status;
    }
    if (log == NULL) {
        memset(&context->log, 0, sizeof(context->log));
        return ARQ_OK;
    }
    status = arq_table_check_size(context, ARQ_E_ARGUMENT, "log", log->struct_size, sizeof(*log));
    if (status != ARQ_OK) {
        return status;
    }
    if (log->write == NULL) {
        return arq_fail_null(context, "log", "write");
    }
    memcpy(&context->log, log, sizeof(context->log));
    return ARQ_OK;
}

arq_status arq_context_set_executor(arq_context *context, const arq_executor *executor)
{
    arq_status status = check_settable(context, "arq_context_set_executor");
    if (status != ARQ_OK) {
        return status;
    }
    arq_executor chosen = {0};
    if (executor != NULL) {
        status = arq_table_check_size(context, ARQ_E_ARGUMENT, "executor", executor->struct_size, sizeof(*executor));
        if (status != ARQ_OK) {
            return status;
        }
        if (executor->parallel_for == NULL || executor->num_threads == 0) {
            return arq_fail(context, ARQ_E_ARGUMENT,
                            "executor: parallel_for is %s and num_threads is %u; both are needed",
                            executor->parallel_for == NULL ? "NULL" : "set", executor->num_threads);
        }
        memcpy(&chosen, executor, sizeof(chosen));
    }
    arq_pool_destroy(context, context->pool);
    context->pool = NULL;
    context->executor = chosen;
    return ARQ_OK;
}

arq_status arq_context_set_threads(arq_context *context, uint32_t threads)
{
    arq_status status = check_settable(context, "arq_context_set_threads");
    if (status != ARQ_OK) {
        return status;
    }
    if (threads > ARQ_POOL_MAX_THREADS) {
        return arq_fail(context, ARQ_E_ARGUMENT, "threads is %u; accepted: 0 (one for each processor) .. %d", threads,
                        ARQ_POOL_MAX_THREADS);
    }
    arq_pool *pool = NULL;
    if (threads != 1) {
        status = arq_pool_create(context, threads, &pool);
        if (status != ARQ_OK) {
            return status;
        }
    }
    arq_pool_destroy(context, context->pool);
    context->pool = pool;
    memset(&context->executor, 0, sizeof(context->executor));
    if (pool != NULL) {
        arq_pool_executor(pool, &context->executor);
    }
    return ARQ_OK;
}

arq_status arq_context_set_cpu(arq_context *context, const char *name)
{
    arq_status status = check_settable(context, "arq_context_set_cpu");
    if (status != ARQ_OK) {
        return status;
    }
    uint32_t allowed = UINT32_MAX;
    if (name != NULL) {
        status = find_tier(context, "instruction set", name, &allowed);
        if (status != ARQ_OK) {
            return status;
        }
    }
    context->allowed_tiers = allowed;
    context->kernels = arq_kernels_select(allowed);
    return ARQ_OK;
}

const char *arq_cpu_name(uint32_t index)
{
    return arq_kernels_name(index);
}

const char *arq_context_cpu(const arq_context *context)
{
    return context == NULL ? "" : context->kernels->name;
}

/* A task with the library's FP mode around it: executors' threads have the host's. */
typedef struct bracketed_task {
    void (*task)(void *data, uint32_t index);
    void *data;
} bracketed_task;

static void run_bracketed(void *data, uint32_t index)
{
    const bracketed_task *bracketed = data;
    uint64_t host = arq_fp_enter();
    bracketed->task(bracketed->data, index);
    arq_fp_leave(host);
}

void arq_parallel_for(const arq_context *context, uint32_t count, void (*task)(void *data, uint32_t index), void *data)
{
    bracketed_task bracketed = {task, data};
    if (context->executor.parallel_for != NULL && count > 1) {
        context->executor.parallel_for(context->executor.user, count, run_bracketed, &bracketed);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        run_bracketed(&bracketed, i);
    }
}
