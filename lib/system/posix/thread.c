#include "system/thread.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

_Static_assert(sizeof(pthread_mutex_t) <= sizeof(((arq_mutex *)NULL)->room), "a mutex has room");
_Static_assert(sizeof(pthread_cond_t) <= sizeof(((arq_condition *)NULL)->room), "a condition has room");
_Static_assert(sizeof(pthread_t) <= sizeof(((arq_thread *)NULL)->room), "a thread has room");

static pthread_mutex_t *mutex_of(arq_mutex *mutex)
{
    return (pthread_mutex_t *)(void *)mutex->room;
}

static pthread_cond_t *condition_of(arq_condition *condition)
{
    return (pthread_cond_t *)(void *)condition->room;
}

static pthread_t *thread_of(arq_thread *thread)
{
    return (pthread_t *)(void *)thread->room;
}

void arq_mutex_create(arq_mutex *mutex)
{
    pthread_mutex_init(mutex_of(mutex), NULL);
}

void arq_mutex_destroy(arq_mutex *mutex)
{
    pthread_mutex_destroy(mutex_of(mutex));
}

void arq_mutex_lock(arq_mutex *mutex)
{
    pthread_mutex_lock(mutex_of(mutex));
}

void arq_mutex_unlock(arq_mutex *mutex)
{
    pthread_mutex_unlock(mutex_of(mutex));
}

void arq_condition_create(arq_condition *condition)
{
    pthread_cond_init(condition_of(condition), NULL);
}

void arq_condition_destroy(arq_condition *condition)
{
    pthread_cond_destroy(condition_of(condition));
}

void arq_condition_wait(arq_condition *condition, arq_mutex *mutex)
{
    pthread_cond_wait(condition_of(condition), mutex_of(mutex));
}

void arq_condition_wake_all(arq_condition *condition)
{
    pthread_cond_broadcast(condition_of(condition));
}

static void *run_thread(void *argument)
{
    const arq_thread *thread = argument;
    thread->run(thread->argument);
    return NULL;
}

int arq_thread_start(arq_thread *thread, void (*run)(void *argument), void *argument)
{
    thread->run = run;
    thread->argument = argument;
    /* A new thread has the mask of the one that starts it. */
    sigset_t all;
    sigset_t host;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &host);
    int number = pthread_create(thread_of(thread), NULL, run_thread, thread);
    pthread_sigmask(SIG_SETMASK, &host, NULL);
    return number;
}

void arq_thread_join(arq_thread *thread)
{
    pthread_join(*thread_of(thread), NULL);
}

void arq_thread_yield(void)
{
    sched_yield();
}

uint32_t arq_processor_count(void)
{
#if defined(__linux__)
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof(set), &set) == 0) {
        return (uint32_t)CPU_COUNT(&set);
    }
#endif
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (uint32_t)online : 1;
}
