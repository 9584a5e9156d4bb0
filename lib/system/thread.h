/*
 * Threads, and what they wait on. The objects are room for the system's own, which no header outside an implementation
 * names; they stay where they were made.
 */
#ifndef ARQ_SYSTEM_THREAD_H
#define ARQ_SYSTEM_THREAD_H

#include <stdint.h>

typedef struct arq_mutex {
    _Alignas(16) unsigned char room[64];
} arq_mutex;

typedef struct arq_condition {
    _Alignas(16) unsigned char room[64];
} arq_condition;

typedef struct arq_thread {
    _Alignas(16) unsigned char room[16];
    void (*run)(void *argument);
    void *argument;
} arq_thread;

void arq_mutex_create(arq_mutex *mutex);
void arq_mutex_destroy(arq_mutex *mutex);
void arq_mutex_lock(arq_mutex *mutex);
void arq_mutex_unlock(arq_mutex *mutex);

void arq_condition_create(arq_condition *condition);
void arq_condition_destroy(arq_condition *condition);

/* Gives the mutex back while it waits. May return without having been woken. */
void arq_condition_wait(arq_condition *condition, arq_mutex *mutex);
void arq_condition_wake_all(arq_condition *condition);

/* Runs run(argument) on a thread of its own, where no handler of the host's signals ever runs. Returns 0 or the
 * system's number for what went wrong. */
int arq_thread_start(arq_thread *thread, void (*run)(void *argument), void *argument);
void arq_thread_join(arq_thread *thread);

/* Lets others run. */
void arq_thread_yield(void);

/* Tells the processor that this thread only waits for another to write something. */
static inline void arq_thread_relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* How many processors this process may use; at least 1. */
uint32_t arq_processor_count(void);

#endif
