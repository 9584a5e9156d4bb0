/* Ctrl-C and other requests to end, while something must be saved before the program ends. */
#ifndef ARQ_TOOL_INTERRUPT_H
#define ARQ_TOOL_INTERRUPT_H

/* From now on the first SIGINT, SIGTERM or SIGHUP is only noted; the second ends the program at once. SIGPIPE is
 * ignored until the program ends, so that a reader of stdout may go away. */
void interrupt_hold(void);

/* The noted signal, or 0. */
int interrupt_signal(void);

/* SIGINT, SIGTERM and SIGHUP do again what they did before interrupt_hold(). */
void interrupt_release(void);

/* Ends the program by the noted signal, not by an exit code, so that a shell's loop around it ends too. */
void interrupt_end(void);

#endif
