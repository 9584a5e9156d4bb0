#include "run/table.h"

#include "cli/message.h"
#include "host/files.h"
#include "run/folder.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Opens a file that must have at least so many bytes, and leaves it those. */
static int open_behind(table *self, const char *path, size_t size)
{
    size_t present;
    if (files_append(path, &self->file, &present) != 0) {
        return message_fail("cannot write %s: %s", path, strerror(errno));
    }
    self->size = size;
    int result = 0;
    if (present < size) {
        result =
            message_fail("%s has %zu bytes; its run's checkpoint knows %zu: rows are missing", path, present, size);
    } else if (files_cut(self->file, size) != 0) {
        result = message_fail("cannot cut %s: %s", path, strerror(errno));
    }
    if (result != 0) {
        files_close(self->file);
    }
    return result;
}

int table_open(table *self, const char *folder, const char *name, const size_t *size)
{
    char path[RUN_PATH_SIZE + 64];
    memset(self, 0, sizeof(*self));
    run_folder_file(folder, name, path, sizeof(path));
    if (size != NULL) {
        return open_behind(self, path, *size);
    }
    if (files_create(path, &self->file) != 0) {
        return message_fail("cannot write %s: %s", path, strerror(errno));
    }
    return 0;
}

void table_heading(table *self, const char *names)
{
    text_add(&self->waiting, "%s\n", names);
}

static void separate(table *self)
{
    const text *waiting = &self->waiting;
    if (waiting->count > 0 && waiting->bytes[waiting->count - 1] != '\n') {
        text_add(&self->waiting, ",");
    }
}

void table_text(table *self, const char *format, ...)
{
    char field[64];
    va_list list;
    va_start(list, format);
    vsnprintf(field, sizeof(field), format, list);
    va_end(list);
    separate(self);
    text_add(&self->waiting, "%s", field);
}

void table_number(table *self, double value)
{
    separate(self);
    if (!isnan(value)) {
        text_add(&self->waiting, "%.16g", value);
    }
}

void table_row_end(table *self)
{
    text_add(&self->waiting, "\n");
}

/* How many of the first `count` waiting bytes belong to whole rows. */
static size_t whole_rows(const text *waiting, size_t count)
{
    while (count > 0 && waiting->bytes[count - 1] != '\n') {
        count--;
    }
    return count;
}

int table_flush(table *self)
{
    size_t written = 0;
    if (files_write(self->file, self->waiting.bytes, self->waiting.count, &written) == 0) {
        self->size += written;
        text_drop(&self->waiting, written);
        return 0;
    }
    int error = errno;
    size_t whole = whole_rows(&self->waiting, written);
    /* If the file cannot be cut back to whole rows, it goes on where it is, in the middle of a row. */
    size_t kept = files_cut(self->file, self->size + whole) == 0 ? whole : written;
    self->size += kept;
    text_drop(&self->waiting, kept);
    errno = error;
    return -1;
}

int table_close(table *self)
{
    int failed = table_flush(self) != 0 || self->waiting.failed;
    failed = files_close(self->file) != 0 || failed;
    text_free(&self->waiting);
    return failed ? -1 : 0;
}
