/* One job at a time in a thread beside the program's own. */
#ifndef ARQ_TOOL_WORKER_H
#define ARQ_TOOL_WORKER_H

typedef struct worker worker;

/* Starts job(data); NULL when no thread can be started. worker_wait() comes later, once. */
worker *worker_start(void (*job)(void *data), void *data);

/* Whether the job has returned. */
int worker_is_done(const worker *self);

/* Waits until the job has returned, and frees the worker. */
void worker_wait(worker *self);

#endif
