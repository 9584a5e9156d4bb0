#include "core/pool.h"

#include "core/error.h"
#include "core/memory.h"
#include "system/process.h"
#include "system/thread.h"

#include <stdatomic.h>
#include <stdbool.h>

/* Workers look this often for new work before they sleep, some tenth of a millisecond: an update is many short phases
 * in a row, and waking costs as much as several of them. */
#define SPINS 10000

/* A thread's share of the present work, on cache lines of its own. The ticket packs a generation (high half) and the
 * next index (low half), so that a thread that is late can never take an index of newer work. */
typedef struct pool_share {
    _Alignas(64) atomic_uint_fast64_t ticket;
} pool_share;

struct arq_pool {
    arq_mutex mutex;
    arq_condition work_ready;
    arq_condition work_done;
    arq_process_mark process; /* that started the threads: a fork has none of them */
    uint32_t workers;
    uint32_t sleeping;
    atomic_bool stopping;
    atomic_bool busy; /* one parallel_for at a time; a second one, nested or of another thread, runs serially */
    atomic_uint_fast32_t started; /* gives workers their numbers */
    /* The present work. */
    atomic_uint_fast32_t generation;
    atomic_uint_fast32_t count;
    atomic_uint_fast32_t finished;
    void (*task)(void *data, uint32_t index);
    void *data;
    arq_thread threads[ARQ_POOL_MAX_THREADS];
    pool_share share[ARQ_POOL_MAX_THREADS]; /* 0: the caller's */
};

#define GENERATION(ticket) ((uint32_t)((ticket) >> 32))
#define INDEX(ticket) ((uint32_t)(ticket))

/* First index of a thread's share. Loops over the same data have the same shares: it stays in the thread's cache. */
static uint32_t share_begin(const arq_pool *pool, uint32_t count, uint32_t thread)
{
    return (uint32_t)((uint64_t)count * thread / (pool->workers + 1));
}

static void finish_one(arq_pool *pool, uint32_t count)
{
    if (atomic_fetch_add(&pool->finished, 1) + 1 == count) {
        arq_mutex_lock(&pool->mutex);
        arq_condition_wake_all(&pool->work_done);
        arq_mutex_unlock(&pool->mutex);
    }
}

/* Runs what is left of one share. */
static void work_on_share(arq_pool *pool, uint32_t generation, uint32_t thread)
{
    atomic_uint_fast64_t *next = &pool->share[thread].ticket;
    for (;;) {
        uint64_t ticket = atomic_load(next);
        uint32_t count = (uint32_t)atomic_load(&pool->count);
        if (GENERATION(ticket) != generation || INDEX(ticket) >= share_begin(pool, count, thread + 1)) {
            return;
        }
        if (atomic_compare_exchange_weak(next, &ticket, ticket + 1)) {
            pool->task(pool->data, INDEX(ticket));
            finish_one(pool, count);
        }
    }
}

/* Runs indices of the given generation until none is left: the thread's own, then what others have not begun. */
static void work_on(arq_pool *pool, uint32_t generation, uint32_t thread)
{
    for (uint32_t i = 0; i <= pool->workers; i++) {
        work_on_share(pool, generation, (thread + i) % (pool->workers + 1));
    }
}

static void wait_for_work(arq_pool *pool, uint32_t seen)
{
    for (int i = 0; i < SPINS; i++) {
        if (atomic_load(&pool->generation) != seen || atomic_load(&pool->stopping)) {
            return;
        }
        arq_thread_relax();
    }
    arq_mutex_lock(&pool->mutex);
    while (atomic_load(&pool->generation) == seen && !atomic_load(&pool->stopping)) {
        pool->sleeping++;
        arq_condition_wait(&pool->work_ready, &pool->mutex);
        pool->sleeping--;
    }
    arq_mutex_unlock(&pool->mutex);
}

static void work(void *argument)
{
    arq_pool *pool = argument;
    uint32_t thread = (uint32_t)atomic_fetch_add(&pool->started, 1) + 1;
    uint32_t seen = 0;
    for (;;) {
        wait_for_work(pool, seen);
        if (atomic_load(&pool->stopping)) {
            return;
        }
        seen = (uint32_t)atomic_load(&pool->generation);
        work_on(pool, seen, thread);
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
        arq_thread_relax();
    }
    arq_mutex_lock(&pool->mutex);
    while (atomic_load(&pool->finished) != count) {
        arq_condition_wait(&pool->work_done, &pool->mutex);
    }
    arq_mutex_unlock(&pool->mutex);
}

static void set_tickets(arq_pool *pool, uint32_t generation, uint32_t count)
{
    for (uint32_t i = 0; i <= pool->workers; i++) {
        atomic_store(&pool->share[i].ticket, ((uint64_t)generation << 32) | share_begin(pool, count, i));
    }
}

static void pool_parallel_for(void *user, uint32_t count, void (*task)(void *data, uint32_t index), void *data)
{
    arq_pool *pool = user;
    if (count == 0) {
        return;
    }
    if (count == 1 || !arq_process_mark_is_ours(&pool->process) || atomic_exchange(&pool->busy, true)) {
        run_serially(count, task, data);
        return;
    }
    /* Two generations a call: the odd one is closed, so that nobody takes an index while the fields change. */
    uint32_t generation = (uint32_t)atomic_load(&pool->generation) + 2;
    arq_mutex_lock(&pool->mutex);
    set_tickets(pool, generation - 1, 0);
    pool->task = task;
    pool->data = data;
    atomic_store(&pool->finished, 0);
    atomic_store(&pool->count, count);
    set_tickets(pool, generation, count);
    atomic_store(&pool->generation, generation);
    if (pool->sleeping > 0) {
        arq_condition_wake_all(&pool->work_ready);
    }
    arq_mutex_unlock(&pool->mutex);
    work_on(pool, generation, 0);
    wait_until_finished(pool, count);
    /* No index is left: a late worker finds every share used up until the next generation. */
    atomic_store(&pool->busy, false);
}

arq_status arq_pool_create(arq_context *context, uint32_t threads, arq_pool **out)
{
    *out = NULL;
    if (threads == 0) {
        threads = arq_processor_count();
        if (threads > ARQ_POOL_MAX_THREADS) {
            threads = ARQ_POOL_MAX_THREADS;
        }
    }
    arq_pool *pool = arq_alloc(context, 1, sizeof(*pool));
    if (pool == NULL) {
        return arq_fail_memory(context, "the thread pool", sizeof(*pool));
    }
    arq_mutex_create(&pool->mutex);
    arq_condition_create(&pool->work_ready);
    arq_condition_create(&pool->work_done);
    arq_process_mark_create(&pool->process);
    for (uint32_t i = 0; i + 1 < threads; i++) {
        int error = arq_thread_start(&pool->threads[i], work, pool);
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
    if (arq_process_mark_is_ours(&pool->process)) {
        arq_mutex_lock(&pool->mutex);
        atomic_store(&pool->stopping, true);
        arq_condition_wake_all(&pool->work_ready);
        arq_mutex_unlock(&pool->mutex);
        for (uint32_t i = 0; i < pool->workers; i++) {
            arq_thread_join(&pool->threads[i]);
        }
        arq_condition_destroy(&pool->work_done);
        arq_condition_destroy(&pool->work_ready);
        arq_mutex_destroy(&pool->mutex);
    }
    arq_process_mark_destroy(&pool->process);
    arq_free(context, pool, 1, sizeof(*pool));
}

void arq_pool_executor(arq_pool *pool, arq_executor *executor)
{
    executor->struct_size = sizeof(*executor);
    executor->num_threads = pool->workers + 1;
    executor->user = pool;
    executor->parallel_for = pool_parallel_for;
}
