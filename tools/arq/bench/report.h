/* What benchmarks print: tables for people, CSV or JSON for programs. Rows come out as they are measured. */
#ifndef ARQ_TOOL_BENCH_REPORT_H
#define ARQ_TOOL_BENCH_REPORT_H

#include <stddef.h>

/* "table", "csv" or "json"; NULL is "table". 0, or EXIT_USAGE when it has said why. */
int bench_report_open(const char *format);

/* A remark about the whole run, or about the next table: a line, a comment of CSV, a member of the JSON object. */
void bench_report_note(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Begins a table; columns are separated by '|', names in CSV and JSON are those of the heading with '_' for spaces.
 * The first column holds text. */
void bench_report_table(const char *name, const char *columns);

/* A row: text and numbers in the order of the columns. A number that is not known is NAN. */
void bench_report_row(const char *text);
void bench_report_text(const char *text);
void bench_report_number(double value, int decimals);
void bench_report_row_end(void);

void bench_report_close(void);

/* The report's format, for those who print something of their own between tables. */
const char *bench_report_format(void);

#endif
