#include "core/pool.h"

#include <pthread.h>
#include <stdbool.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

/* Workers look this often for new work before they sleep, some tenth of a millisecond: an update is many short phases
 * in a row, and waking costs as much as several of them. */
#define SPINS 10000

/* A thread's share of the present work, on cache lines of its own. The ticket packs a generation (high half) and the
 * next index (low half), so that a thread that is late can never take an index of newer work. */
typedef struct pool_share {
    _Alignas(64) atomic_uint_fast64_t ticket;
} pool_share;

struct arq_pool {
    pthread_mutex_t mutex;
    pthread_cond_t work_ready;
    pthread_cond_t work_done;
    pid_t owner;         /* the process that started the threads: a fork has none of them */
    unsigned char *ours; /* a page that says 1 here and 0 in a fork; NULL: the owner is asked for */
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
    pthread_t threads[ARQ_POOL_MAX_THREADS];
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
        pthread_mutex_lock(&pool->mutex);
        pthread_cond_broadcast(&pool->work_done);
        pthread_mutex_unlock(&pool->mutex);
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

static void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void wait_for_work(arq_pool *pool, uint32_t seen)
{
    for (int i = 0; i < SPINS; i++) {
        if (atomic_load(&pool->generation) != seen || atomic_load(&pool->stopping)) {
            return;
        }
        relax();
    }
    pthread_mutex_lock(&pool->mutex);
    while (atomic_load(&pool->generation) == seen && !atomic_load(&pool->stopping)) {
        pool->sleeping++;
        pthread_cond_wait(&pool->work_ready, &pool->mutex);
        pool->sleeping--;
    }
    pthread_mutex_unlock(&pool->mutex);
}

static void *worker(void *argument)
{
    arq_pool *pool = argument;
    uint32_t thread = (uint32_t)atomic_fetch_add(&pool->started, 1) + 1;
    uint32_t seen = 0;
    for (;;) {
        wait_for_work(pool, seen);
        if (atomic_load(&pool->stopping)) {
            return NULL;
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
        relax();
    }
    pthread_mutex_lock(&pool->mutex);
    while (atomic_load(&pool->finished) != count) {
        pthread_cond_wait(&pool->work_done, &pool->mutex);
    }
    pthread_mutex_unlock(&pool->mutex);
}

#define FORK_PAGE ((size_t)4096)

/* Asking for the process's number is a system call; a page that forks find empty is not. */
static unsigned char *make_fork_page(void)
{
#if defined(MADV_WIPEONFORK)
    void *page = mmap(NULL, FORK_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page != MAP_FAILED && madvise(page, FORK_PAGE, MADV_WIPEONFORK) == 0) {
        *(unsigned char *)page = 1;
        return page;
    }
    if (page != MAP_FAILED) {
        munmap(page, FORK_PAGE);
    }
#endif
    return NULL;
}

static bool is_fork(const arq_pool *pool)
{
    return pool->ours != NULL ? *pool->ours == 0 : getpid() != pool->owner;
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
    if (count == 1 || is_fork(pool) || atomic_exchange(&pool->busy, true)) {
        run_serially(count, task, data);
        return;
    }
    /* Two generations a call: the odd one is closed, so that nobody takes an index while the fields change. */
    uint32_t generation = (uint32_t)atomic_load(&pool->generation) + 2;
    pthread_mutex_lock(&pool->mutex);
    set_tickets(pool, generation - 1, 0);
    pool->task = task;
    pool->data = data;
    atomic_store(&pool->finished, 0);
    atomic_store(&pool->count, count);
    set_tickets(pool, generation, count);
    atomic_store(&pool->generation, generation);
    if (pool->sleeping > 0) {
        pthread_cond_broadcast(&pool->work_ready);
    }
    pthread_mutex_unlock(&pool->mutex);
    work_on(pool, generation, 0);
    wait_until_finished(pool, count);
    /* No index is left: a late worker finds every share used up until the next generation. */
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
    pool->ours = make_fork_page();
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
    if (!is_fork(pool)) {
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
    if (pool->ours != NULL) {
        munmap(pool->ours, FORK_PAGE);
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
