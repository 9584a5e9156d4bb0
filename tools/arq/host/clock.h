/* Time that passes. */
#ifndef ARQ_TOOL_CLOCK_H
#define ARQ_TOOL_CLOCK_H

/* Seconds of a clock that only goes forward. */
double clock_seconds(void);

#endif
