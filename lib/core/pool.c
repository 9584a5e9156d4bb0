#include "core/pool.h"

#include <pthread.h>
#include <stdbool.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

/* Workers look this often for new work before they sleep, some tenth of a millisecond: an update is many short phases
 * in a row, and waking costs as much as several of them. */
#define SPINS 10000

struct arq_pool {
    pthread_mutex_t mutex;
    pthread_cond_t work_ready;
    pthread_cond_t work_done;
    pid_t owner; /* the process that started the threads: a fork has none of them */
    uint32_t workers;
    uint32_t sleeping;
    atomic_bool stopping;
    atomic_bool busy; /* one parallel_for at a time; a second one, nested or of another thread, runs serially */
    /* The present work. `ticket` packs a generation (high half) and the next index (low half), so that a worker
     * that is late can never take an index of newer work. */
    atomic_uint_fast64_t ticket;
    atomic_uint_fast32_t count;
    atomic_uint_fast32_t finished;
    void (*task)(void *data, uint32_t index);
    void *data;
    pthread_t threads[ARQ_POOL_MAX_THREADS];
};

#define GENERATION(ticket) ((ticket) >> 32)
#define INDEX(ticket) ((uint32_t)(ticket))

/* Runs indices of the given generation until none is left. */
static void work_on(arq_pool *pool, uint64_t generation)
{
    for (;;) {
        uint64_t ticket = atomic_load(&pool->ticket);
        if (GENERATION(ticket) != generation || INDEX(ticket) >= atomic_load(&pool->count)) {
            return;
        }
        if (!atomic_compare_exchange_weak(&pool->ticket, &ticket, ticket + 1)) {
            continue;
        }
        pool->task(pool->data, INDEX(ticket));
        if (atomic_fetch_add(&pool->finished, 1) + 1 == atomic_load(&pool->count)) {
            pthread_mutex_lock(&pool->mutex);
            pthread_cond_broadcast(&pool->work_done);
            pthread_mutex_unlock(&pool->mutex);
        }
    }
}

static void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void wait_for_work(arq_pool *pool, uint64_t seen)
{
    for (int i = 0; i < SPINS; i++) {
        if (GENERATION(atomic_load(&pool->ticket)) != seen || atomic_load(&pool->stopping)) {
            return;
        }
        relax();
    }
    pthread_mutex_lock(&pool->mutex);
    while (GENERATION(atomic_load(&pool->ticket)) == seen && !atomic_load(&pool->stopping)) {
        pool->sleeping++;
        pthread_cond_wait(&pool->work_ready, &pool->mutex);
        pool->sleeping--;
    }
    pthread_mutex_unlock(&pool->mutex);
}

static void *worker(void *argument)
{
    arq_pool *pool = argument;
    uint64_t seen = 0;
    for (;;) {
        wait_for_work(pool, seen);
        if (atomic_load(&pool->stopping)) {
            return NULL;
        }
        seen = GENERATION(atomic_load(&pool->ticket));
        work_on(pool, seen);
    }
}

static void run_serially(uint32_t count, void (*task)(void *data, uint32_t index), void *data)
{
    for (uint32_t i = 0; i < count; i++) {
        task(data, i);
    }
}

static void wait_until_finished(arq_pool *pool, uint32_t count)
{
    for (int i = 0; i < SPINS; i++) {
        if (atomic_load(&pool->finished) == count) {
            return;
        }
        relax();
    }
    pthread_mutex_lock(&pool->mutex);
    while (atomic_load(&pool->finished) != count) {
        pthread_cond_wait(&pool->work_done, &pool->mutex);
    }
    pthread_mutex_unlock(&pool->mutex);
}

static void pool_parallel_for(void *user, uint32_t count, void (*task)(void *data, uint32_t index), void *data)
{
    arq_pool *pool = user;
    if (count == 0) {
        return;
    }
    if (count == 1 || getpid() != pool->owner || atomic_exchange(&pool->busy, true)) {
        run_serially(count, task, data);
        return;
    }
    /* Two generations a call: the odd one is closed, so that nobody takes an index while the fields change. */
    uint64_t generation = GENERATION(atomic_load(&pool->ticket)) + 2;
    pthread_mutex_lock(&pool->mutex);
    atomic_store(&pool->ticket, ((generation - 1) << 32) | UINT32_MAX);
    pool->task = task;
    pool->data = data;
    atomic_store(&pool->finished, 0);
    atomic_store(&pool->count, count);
    atomic_store(&pool->ticket, generation << 32);
    if (pool->sleeping > 0) {
        pthread_cond_broadcast(&pool->work_ready);
    }
    pthread_mutex_unlock(&pool->mutex);
    work_on(pool, generation);
    wait_until_finished(pool, count);
    /* No index is left: a late worker finds INDEX >= count until the next generation. */
    atomic_store(&pool->busy, false);
}

static uint32_t processor_count(void)
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

/* The host's signals are the host's: no handler runs on our threads. */
static int start_worker(arq_pool *pool, pthread_t *thread)
{
    sigset_t all;
    sigset_t host;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &host);
    int error = pthread_create(thread, NULL, worker, pool);
    pthread_sigmask(SIG_SETMASK, &host, NULL);
    return error;
}

arq_status arq_pool_create(arq_context *context, uint32_t threads, arq_pool **out)
{
    *out = NULL;
    if (threads == 0) {
        threads = processor_count();
        if (threads > ARQ_POOL_MAX_THREADS) {
            threads = ARQ_POOL_MAX_THREADS;
        }
    }
    arq_pool *pool = arq_alloc(context, 1, sizeof(*pool));
    if (pool == NULL) {
        return arq_fail_memory(context, "the thread pool", sizeof(*pool));
    }
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->work_ready, NULL);
    pthread_cond_init(&pool->work_done, NULL);
    pool->owner = getpid();
    for (uint32_t i = 0; i + 1 < threads; i++) {
        int error = start_worker(pool, &pool->threads[i]);
        if (error != 0) {
            arq_pool_destroy(context, pool);
            char room[128];
            return arq_fail(context, ARQ_E_IO, "thread %u of %u cannot be started: %s", i + 2, threads,
                            arq_system_reason(error, room, sizeof(room)));
        }
        pool->workers++;
    }
    *out = pool;
    return ARQ_OK;
}

void arq_pool_destroy(arq_context *context, arq_pool *pool)
{
    if (pool == NULL) {
        return;
    }
    if (getpid() == pool->owner) {
        pthread_mutex_lock(&pool->mutex);
        atomic_store(&pool->stopping, true);
        pthread_cond_broadcast(&pool->work_ready);
        pthread_mutex_unlock(&pool->mutex);
        for (uint32_t i = 0; i < pool->workers; i++) {
            pthread_join(pool->threads[i], NULL);
        }
        pthread_cond_destroy(&pool->work_done);
        pthread_cond_destroy(&pool->work_ready);
        pthread_mutex_destroy(&pool->mutex);
    }
    arq_free(context, pool, 1, sizeof(*pool));
}

void arq_pool_executor(arq_pool *pool, arq_executor *executor)
{
    executor->struct_size = sizeof(*executor);
    executor->num_threads = pool->workers + 1;
    executor->user = pool;
    executor->parallel_for = pool_parallel_for;
}
