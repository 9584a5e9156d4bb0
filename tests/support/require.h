/*
 * What must hold, in code that tests and fuzzing programs share: each says what a failure is there.
 */
#ifndef TESTS_SUPPORT_REQUIRE_H
#define TESTS_SUPPORT_REQUIRE_H

#include "arq/context.h"

/* Ends the test unless the condition holds. */
#define REQUIRE(context, condition)                                                                                    \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            require_fail((context), #condition, __FILE__, __LINE__);                                                   \
        }                                                                                                              \
    } while (0)
#define REQUIRE_OK(context, call) REQUIRE((context), (call) == ARQ_OK)

/* The program's own; does not return. */
void require_fail(const arq_context *context, const char *what, const char *file, int line);

#endif
