/* arq: trains, evaluates and shows agents of libarq. */
#include "commands.h"

#include "cli/message.h"
#include "host/files.h"
#include "host/interrupt.h"

#include "arq/version.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ADDRESS_OF_COMMAND(name) &command_##name,

static const command *const commands[] = {COMMAND_LIST(ADDRESS_OF_COMMAND)};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++) {
        if (strcmp(commands[i]->name, name) == 0) {
            return commands[i];
        }
    }
    return NULL;
}

static int refuse_command(const char *name)
{
    const char *nearest = NULL;
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < COMMANDS; i++) {
        options_nearest(name, commands[i]->name, &nearest, &best);
    }
    options_nearest(name, "help", &nearest, &best);
    if (options_is_near(name, best)) {
        return message_usage("unknown command '%s'; did you mean '%s'?", name, nearest);
    }
    return message_usage("unknown command '%s'; arq help lists them", name);
}

static void print_overview(void)
{
    printf("usage: arq COMMAND ...\n\n"
           "Local reinforcement learning without backpropagation: trains, evaluates and shows agents.\n\ncommands:\n");
    for (size_t i = 0; i < COMMANDS; i++) {
        printf("  %-10s %s\n", commands[i]->name, commands[i]->doc);
    }
    printf("  %-10s %s\n", "help", "Says more about a command: arq help train");
    printf("\narq --version prints the version. Exit codes: 0 done, 1 something failed, 2 the command line is wrong.\n"
           "\ntry:\n"
           "  arq train minatar/breakout --preset fast --out run1\n"
           "  arq play run1\n");
}

static int help(int argc, char **argv)
{
    if (argc == 0) {
        print_overview();
        return EXIT_SUCCESS;
    }
    const command *found = find_command(argv[0]);
    if (found == NULL) {
        return refuse_command(argv[0]);
    }
    options_help(found);
    return EXIT_SUCCESS;
}

static int wants_help(int argc, char **argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            return 1;
        }
    }
    return 0;
}

/* A command whose output could not be written has failed. */
static int finish(int result)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        return result == EXIT_SUCCESS ? message_fail("standard output cannot be written") : result;
    }
    return result;
}

int main(int argc, char **argv)
{
    files_guard_streams();
    if (argc < 2) {
        print_overview();
        return finish(EXIT_USAGE);
    }
    const char *name = argv[1];
    if (strcmp(name, "--version") == 0 || strcmp(name, "version") == 0) {
        printf("arq %s (ABI %u.%u)\n", arq_version(), arq_abi_version() >> 16, arq_abi_version() & 0xffff);
        return finish(EXIT_SUCCESS);
    }
    if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        return finish(help(argc - 2, argv + 2));
    }
    const command *found = find_command(name);
    if (found == NULL) {
        return refuse_command(name);
    }
    message_set_command(found->name);
    if (wants_help(argc - 2, argv + 2)) {
        options_help(found);
        return finish(EXIT_SUCCESS);
    }
    int result = finish(found->run(found, argc - 2, argv + 2));
    if (result == EXIT_SIGNAL + interrupt_signal()) {
        interrupt_end();
    }
    return result;
}
