#include "cli/session.h"

#include "cli/message.h"

int session_open(const char *cpu, uint64_t threads, arq_context **out)
{
    return session_open_with(NULL, cpu, threads, out);
}

static int set_up(arq_context *context, const char *cpu, uint64_t threads)
{
    const arq_log log = {.struct_size = sizeof(log), .level = ARQ_LOG_WARNING, .write = message_log};
    if (arq_context_set_log(context, &log) != ARQ_OK || arq_context_set_threads(context, (uint32_t)threads) != ARQ_OK) {
        return message_library(context);
    }
    if (cpu != NULL && arq_context_set_cpu(context, cpu) != ARQ_OK) {
        return message_library_usage(context);
    }
    return 0;
}

int session_open_with(const arq_allocator *allocator, const char *cpu, uint64_t threads, arq_context **out)
{
    if (arq_context_create(ARQ_ABI_VERSION, allocator, out) != ARQ_OK) {
        return message_library(NULL);
    }
    int result = set_up(*out, cpu, threads);
    if (result != 0) {
        arq_context_destroy(*out);
        *out = NULL;
    }
    return result;
}

void session_plugins(arq_context *context)
{
    if (arq_plugin_load(context, NULL) != ARQ_OK) {
        char text[512];
        arq_context_last_error(context, text, sizeof(text));
        message_warning("%s", text);
    }
}

int session_environment(arq_context *context, const char *id, arq_env **out)
{
    int wrapped;
    return session_environment_wrapped(context, id, out, &wrapped);
}

int session_environment_wrapped(arq_context *context, const char *id, arq_env **out, int *wrapped)
{
    *out = NULL;
    *wrapped = 0;
    arq_env *env = NULL;
    if (arq_env_open(context, id, &env) != ARQ_OK) {
        return message_library(context);
    }
    if (arq_env_describe(env)->action_kind == ARQ_ACTION_DISCRETE) {
        *out = env;
        return 0;
    }
    if (arq_env_bang_bang(env, out) != ARQ_OK) {
        arq_env_destroy(env);
        return message_library(context);
    }
    *wrapped = 1;
    return 0;
}
