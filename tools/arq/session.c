#include "session.h"

#include "message.h"
#include "options.h"
#include "run_folder.h"

#include <time.h>

int session_open(const char *cpu, uint64_t threads, arq_context **out)
{
    return session_open_with(NULL, cpu, threads, out);
}

int session_open_with(const arq_allocator *allocator, const char *cpu, uint64_t threads, arq_context **out)
{
    if (arq_context_create(ARQ_ABI_VERSION, allocator, out) != ARQ_OK) {
        return message_library(NULL);
    }
    const arq_log log = {.struct_size = sizeof(log), .level = ARQ_LOG_WARNING, .write = message_log};
    int result = 0;
    if (arq_context_set_log(*out, &log) != ARQ_OK || arq_context_set_threads(*out, (uint32_t)threads) != ARQ_OK) {
        result = message_library(*out);
    } else if (cpu != NULL && arq_context_set_cpu(*out, cpu) != ARQ_OK) {
        result = message_library_usage(*out);
    }
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
    *out = NULL;
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
    return 0;
}

int session_network(arq_context *context, const char *run_or_file, arq_network **out, char *environment, size_t size)
{
    char path[RUN_PATH_SIZE];
    *out = NULL;
    int result = run_folder_network(run_or_file, path, sizeof(path));
    if (result != 0) {
        return result;
    }
    if (arq_network_open(context, path, out) != ARQ_OK) {
        return message_library(context);
    }
    run_folder_environment(path, environment, size);
    return 0;
}

double session_parameter(const arq_network *network, const char *name, double fallback)
{
    char text[64];
    double value = 0;
    if (arq_network_parameter(network, name, text, sizeof(text)) != ARQ_OK || !options_number(text, &value)) {
        return fallback;
    }
    return value;
}

double session_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}
