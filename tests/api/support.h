/*
 * What the tests of the public interface share: a host program with an allocator that counts and fails,
 * a log that is kept, and calls that must be refused with a status and a text of their own.
 */
#ifndef TESTS_API_SUPPORT_H
#define TESTS_API_SUPPORT_H

#include "../support/counting_allocator.h"
#include "arq/arq.h"

#include <check.h>

/* A program that embeds the library. */
struct host {
    arq_context *context;
    struct counting_allocator memory;
    atomic_int log_lines;
    char log_text[1024];   /* the last line */
    char complaints[4096]; /* calls that were not refused as they should; host_close() fails with them */
};

/* A context that counts its memory and keeps its log; 1 thread, best instruction set. */
void host_open(struct host *host);

/* Ends the context; fails the test when memory is left or was freed wrongly. */
void host_close(struct host *host);

/* The log behind host_open(), for tests that make the context themselves. */
arq_log host_log(struct host *host);

/* Text of the calling thread's last failure; in a static buffer of the thread. */
const char *error_text(const arq_context *context);

/* Fails the test with the library's text unless the call succeeds. */
#define succeeds(host, call) check_success((host), (call), #call, __FILE__, __LINE__)

/*
 * The call must return `expected` and leave a new text that holds every word of `words`, which are separated
 * by ';'. NULL: any text. The test goes on; host_close() fails it with all complaints at once.
 */
#define refuses(host, expected, words, call)                                                                           \
    check_refusal((host), (expected), (words), (leave_mark(host), (call)), #call, __FILE__, __LINE__)

void check_success(struct host *host, arq_status status, const char *call, const char *file, int line);
void check_refusal(struct host *host, arq_status expected, const char *words, arq_status status, const char *call,
                   const char *file, int line);

/* Puts a text in place that only a newer failure replaces. */
void leave_mark(struct host *host);

/* A config from "name=value name=value ..." on top of the defaults. */
arq_config *configured(struct host *host, const char *settings);

/* A small network with every kind of connection; further settings are put behind. */
#define SMALL "widths=24,16 heads=2 batch=16 context_size=3 learning_starts=8 replay_capacity=500 "

/* Path of a file in a folder of this process that is removed at its end. */
const char *temporary_file(const char *name);

/* Reads a whole file; the caller frees it. */
unsigned char *file_bytes(const char *path, size_t *size);
void file_write(const char *path, const void *bytes, size_t size);

/* 64-bit FNV-1a, to be chained: begin with HASH_START. */
#define HASH_START UINT64_C(0xcbf29ce484222325)
uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size);

/* Hash of every weight of a network. */
uint64_t hash_network(struct host *host, const arq_network *network);

/* Deterministic integers that no floating-point mode touches: xorshift64*. */
uint64_t next_random(uint64_t *state);

/* Seed of random tests: ARQ_TEST_SEED, or one that is printed. */
uint64_t test_seed(void);

/* Runs cases, each in a process of its own, and returns main's result. */
int run_tests(const char *name, const TTest *const *tests, size_t count);
#define RUN_TESTS(name, tests) run_tests((name), (tests), sizeof(tests) / sizeof *(tests))

#endif
