#include "cli/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void text_add(text *self, const char *format, ...)
{
    for (;;) {
        va_list list;
        va_start(list, format);
        size_t room = self->capacity - self->count;
        int length = vsnprintf(self->bytes == NULL ? NULL : self->bytes + self->count, room, format, list);
        va_end(list);
        if (length < 0 || self->failed) {
            return;
        }
        if ((size_t)length < room) {
            self->count += (size_t)length;
            return;
        }
        size_t capacity = 2 * (self->capacity + (size_t)length + 1);
        char *grown = realloc(self->bytes, capacity);
        if (grown == NULL) {
            self->failed = 1;
            return;
        }
        self->bytes = grown;
        self->capacity = capacity;
    }
}

void text_drop(text *self, size_t count)
{
    if (count > 0) {
        memmove(self->bytes, self->bytes + count, self->count - count);
        self->count -= count;
    }
}

void text_free(text *self)
{
    free(self->bytes);
    memset(self, 0, sizeof(*self));
}
