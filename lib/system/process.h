/*
 * The process: its forks, its environment, and the system's words for what went wrong.
 */
#ifndef ARQ_SYSTEM_PROCESS_H
#define ARQ_SYSTEM_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Tells the process that made it from its forks, which have a copy of its memory and none of its threads. */
typedef struct arq_process_mark {
    unsigned char *page; /* says 1 here and 0 in a fork; NULL: the owner is compared */
    int64_t owner;
} arq_process_mark;

void arq_process_mark_create(arq_process_mark *mark);
void arq_process_mark_destroy(arq_process_mark *mark);
bool arq_process_mark_is_ours(const arq_process_mark *mark);

/* Whether the process has more rights than its user, who chose its arguments, environment and current folder. */
bool arq_process_is_privileged(void);

/* An environment variable that says what code is loaded: NULL too in a process with more rights than its user. */
const char *arq_process_trusted_variable(const char *name);

/* The text for one of the system's error numbers; in `room` or static. */
const char *arq_system_reason(int number, char *room, size_t size);

#endif
