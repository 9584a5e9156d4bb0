/*
 * What all tests of this folder use: a context and its last error.
 */
#ifndef TESTS_ENV_SUPPORT_H
#define TESTS_ENV_SUPPORT_H

#include "../support/counting_allocator.h"
#include "../support/suite.h"
#include "arq/environment.h"
#include "walk.h"

#include <check.h>

arq_context *new_context(void);
arq_context *new_counting_context(struct counting_allocator *allocator);

/* Text of the last failure. */
const char *last_error(const arq_context *context);

/* Whether the last failure's text holds the words; prints it if not. */
int error_says(const arq_context *context, const char *words);

/* Opens an id and fails the test with the text if that fails. */
arq_env *open_env(arq_context *context, const char *id);

#endif
