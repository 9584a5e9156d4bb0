/* What most commands begin with: a context and environments. Those that return int return 0, or an exit code when they
 * have said why not. */
#ifndef ARQ_TOOL_SESSION_H
#define ARQ_TOOL_SESSION_H

#include "arq/environment.h"

/* A context whose warnings are shown. cpu NULL: the best there is; threads 0: one for each processor. */
int session_open(const char *cpu, uint64_t threads, arq_context **out);

/* The same with the program's own memory; NULL: the library's. */
int session_open_with(const arq_allocator *allocator, const char *cpu, uint64_t threads, arq_context **out);

/* Every plugin that can be found, for arq_plugin_type; those that cannot be loaded are warned of. */
void session_plugins(arq_context *context);

/* An environment with discrete actions: a box is wrapped. */
int session_environment(arq_context *context, const char *id, arq_env **out);

/* The same; says whether it is wrapped. */
int session_environment_wrapped(arq_context *context, const char *id, arq_env **out, int *wrapped);

#endif
