#include "host/worker.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

struct worker {
    pthread_t thread;
    void (*job)(void *data);
    void *data;
    atomic_int done;
};

static void *work(void *argument)
{
    worker *self = argument;
    self->job(self->data);
    atomic_store(&self->done, 1);
    return NULL;
}

worker *worker_start(void (*job)(void *data), void *data)
{
    worker *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        return NULL;
    }
    self->job = job;
    self->data = data;
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals stay with the program's own thread */
    int error = pthread_create(&self->thread, NULL, work, self);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error != 0) {
        free(self);
        return NULL;
    }
    return self;
}

int worker_is_done(const worker *self)
{
    return atomic_load(&self->done);
}

void worker_wait(worker *self)
{
    pthread_join(self->thread, NULL);
    free(self);
}
