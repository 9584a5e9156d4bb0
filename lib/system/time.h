/*
 * A clock for measuring how long something took.
 */
#ifndef ARQ_SYSTEM_TIME_H
#define ARQ_SYSTEM_TIME_H

/* Seconds since some moment of the past; never goes back. */
double arq_seconds(void);

#endif
