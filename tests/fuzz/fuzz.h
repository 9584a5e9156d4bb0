/*
 * What the fuzzing programs share. Each is one reader, or public calls in any order; with libFuzzer it searches, with
 * replay.c it goes through what was found and kept.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include "../support/require.h"
#include "arq/arq.h"

#include <stddef.h>
#include <stdint.h>

/* One input. What a program does with it is a function of its bytes alone. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Hands a good input to `emit`, for each kind that the program knows: where a search begins. */
void fuzz_seeds(void (*emit)(const uint8_t *data, size_t size));

/* A context with little memory: what asks for more gets ARQ_E_NOMEM, as a liar's sizes should. */
arq_context *fuzz_context(void);

/* Ends it; every allocation must have been given back. */
void fuzz_context_end(arq_context *context);

/* A config of "name=value name=value ...". */
arq_config *fuzz_config(arq_context *context, const char *settings);

/* A folder of this process, in memory where the system has that. */
const char *fuzz_folder(void);

/* Writes a file of that folder and returns its path, which stays until the next call. */
const char *fuzz_write(const char *name, const uint8_t *data, size_t size);

/* Reads a file of that folder; the caller frees the bytes. */
uint8_t *fuzz_read(const char *name, size_t *size);

#endif
