/* What a subcommand is. */
#ifndef ARQ_TOOL_COMMAND_H
#define ARQ_TOOL_COMMAND_H

#include "cli/options.h"

/* Exit codes besides EXIT_SUCCESS. A command that a signal stopped returns EXIT_SIGNAL + the signal's number; main then
 * ends the program by that signal. */
#define EXIT_FAILED 1
#define EXIT_USAGE 2
#define EXIT_SIGNAL 128

typedef struct command {
    const char *name;
    const char *synopsis; /* what follows the name */
    const char *doc;      /* one line */
    const char *text;     /* further lines of its help, or NULL */
    const option *options;
    int takes_parameters;                     /* every parameter of the table is a flag too */
    int fewest_positionals, most_positionals; /* arguments that are no flags */
    const char *first_positional;             /* what it is called when it is missing */
    int (*run)(const struct command *command, int argc, char **argv);
} command;

#endif
