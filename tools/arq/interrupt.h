/* Ctrl-C and its like, while something must be saved before the program ends. */
#ifndef ARQ_TOOL_INTERRUPT_H
#define ARQ_TOOL_INTERRUPT_H

/* From now on the first SIGINT, SIGTERM or SIGHUP is only noted; the second ends the program at once. A reader of
 * stdout that goes away ends nothing. */
void interrupt_hold(void);

/* The noted signal, or 0. */
int interrupt_signal(void);

/* Signals do again what they did at the program's start. */
void interrupt_release(void);

#endif
