/* Text that grows. */
#ifndef ARQ_TOOL_TEXT_H
#define ARQ_TOOL_TEXT_H

#include <stddef.h>

typedef struct text {
    char *bytes;
    size_t count, capacity;
    int failed; /* no memory: the rest is missing */
} text;

void text_add(text *self, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Takes the first `count` bytes away. */
void text_drop(text *self, size_t count);

void text_free(text *self);

#endif
