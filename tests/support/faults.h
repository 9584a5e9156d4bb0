/*
 * System calls that fail, are short, are interrupted or kill the process when a test says so. A program that links this
 * has the linker put these in place of the system's own (--wrap): no hook is needed in the library.
 */
#ifndef TESTS_SUPPORT_FAULTS_H
#define TESTS_SUPPORT_FAULTS_H

#include <stddef.h>

/* The call that fails: the `at`-th of this name, with this error; a name of NULL: none. */
struct fault_plan {
    const char *name; /* open, read, write, fsync, fchmod, close, rename, unlink, mkdir; "any": whatever comes */
    int at;
    int error;
    int kills;    /* the process, instead */
    int for_ever; /* and all behind it */
    int happened;
    size_t write_most; /* short writes and reads: at most so many bytes each; 0: whole */
    int interrupt;     /* every second read or write is interrupted */
    unsigned calls;
    int smallest_file; /* the smallest descriptor that was read from or written to */
};

extern struct fault_plan fault;

/* Nothing fails from here on. */
void fault_clear(void);

#endif
