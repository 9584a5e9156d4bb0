/* A CSV file of a run, row by row. On a full disk rows wait in memory: the file always holds whole rows, and all of
 * them once the disk has room again. */
#ifndef ARQ_TOOL_TABLE_H
#define ARQ_TOOL_TABLE_H

#include "cli/text.h"

typedef struct table {
    int file;
    size_t size;  /* of the file, in bytes */
    text waiting; /* rows that are not in it yet */
} table;

/* Begins the file FOLDER/NAME; `size` not NULL: goes on behind so many bytes of it. 0, or an exit code when it has said
 * why not. */
int table_open(table *self, const char *folder, const char *name, const size_t *size);

/* Adds the first row: names with commas between them. */
void table_heading(table *self, const char *names);

/* Adds a field, as text or as a number with all its digits, or an empty one where the number is NAN. */
void table_text(table *self, const char *format, ...) __attribute__((format(printf, 2, 3)));
void table_number(table *self, double value);
void table_row_end(table *self);

/* Writes what waits. 0, or -1 with the reason in errno. */
int table_flush(table *self);

/* Writes what waits and closes. 0, or -1 when rows are missing. */
int table_close(table *self);

#endif
