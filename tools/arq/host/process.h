/* Other programs that this one starts. */
#ifndef ARQ_TOOL_PROCESS_H
#define ARQ_TOOL_PROCESS_H

#include <stdio.h>

typedef struct process {
    FILE *input; /* its standard input */
    long id;
} process;

/* What is thrown away of what it prints. */
#define PROCESS_NO_OUTPUT 1
#define PROCESS_NO_ERRORS 2

/* Starts a program of the PATH; its arguments end with NULL. 0, or the reason as errno has it. From now on SIGPIPE is
 * ignored: if the program ends before it has read everything, writes to `input` fail instead of ending this program. */
int process_start(process *self, char *const *arguments, int silence);

/* Closes its input and waits; its exit code, or -1 when it did not end by itself or did not read everything. */
int process_end(process *self);

/* Whether a program is there and can say its version. */
int process_works(const char *program);

#endif
