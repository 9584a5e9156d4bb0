/* Ctrl-C and its like, while something must be saved before the program ends. */
#ifndef ARQ_TOOL_INTERRUPT_H
#define ARQ_TOOL_INTERRUPT_H

/* From now on the first SIGINT, SIGTERM or SIGHUP is only noted; the second ends the program at once. A reader of
 * stdout that goes away ends nothing, from now on to the program's end. */
void interrupt_hold(void);

/* The noted signal, or 0. */
int interrupt_signal(void);

/* The noted ones do again what they did at the program's start. */
void interrupt_release(void);

/* Ends the program by the noted signal: a shell's loop around it ends too then, as it would not after an exit. */
void interrupt_end(void);

#endif
