/* The commands of the program: each is one row of a table and one file. */
#ifndef ARQ_TOOL_COMMAND_H
#define ARQ_TOOL_COMMAND_H

#include "options.h"

/* Exit codes besides EXIT_SUCCESS. What a signal stopped gives EXIT_SIGNAL + its number, and main ends by it. */
#define EXIT_FAILED 1
#define EXIT_USAGE 2
#define EXIT_SIGNAL 128

typedef struct command {
    const char *name;
    const char *synopsis; /* what follows the name */
    const char *doc;      /* one line */
    const char *text;     /* further lines of its help, or NULL */
    const option *options;
    int takes_parameters; /* every parameter of the table is a flag too */
    int (*run)(const struct command *command, int argc, char **argv);
} command;

extern const command command_train;
extern const command command_eval;
extern const command command_play;
extern const command command_info;
extern const command command_inspect;
extern const command command_list;
extern const command command_bench;
extern const command command_check_env;

#endif
