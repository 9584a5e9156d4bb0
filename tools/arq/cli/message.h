/* What the program prints: errors and warnings on stderr, and on stdout a live line that they must not cut in two. */
#ifndef ARQ_TOOL_MESSAGE_H
#define ARQ_TOOL_MESSAGE_H

#include "arq/context.h"

/* The name that errors begin with: "arq train". */
void message_set_command(const char *name);

/* Each says one line, "arq COMMAND: ...", and returns the exit code that goes with it. */
int message_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
int message_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The library's own text about its last failure, as a failure or as a mistake on the command line. */
int message_library(const arq_context *context);
int message_library_usage(const arq_context *context);

void message_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* For arq_context_set_log(): prints the library's warnings and errors as warnings. Any thread. */
void message_log(void *user, int32_t level, const char *text);

/* Writes the live line in place of the one before; NULL: takes it away. Only for a terminal. */
void message_live(const char *text);

/* Ends the live line so that it stays. */
void message_live_keep(void);

#endif
