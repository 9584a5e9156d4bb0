/* The subcommands, in the order of `arq help`. COMMAND(name) is the file name.c beside this one, which defines
 * command_name; the build takes its sources from this list too. */
#ifndef ARQ_TOOL_COMMANDS_H
#define ARQ_TOOL_COMMANDS_H

#include "cli/command.h"

#define COMMAND_LIST(COMMAND)                                                                                          \
    COMMAND(train)                                                                                                     \
    COMMAND(eval)                                                                                                      \
    COMMAND(play)                                                                                                      \
    COMMAND(info)                                                                                                      \
    COMMAND(inspect)                                                                                                   \
    COMMAND(list)                                                                                                      \
    COMMAND(bench)                                                                                                     \
    COMMAND(check_env)

#define DECLARE_COMMAND(name) extern const command command_##name;
COMMAND_LIST(DECLARE_COMMAND)
#undef DECLARE_COMMAND

#endif
