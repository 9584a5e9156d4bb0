#include "bench/report.h"

#include "cli/command.h"
#include "cli/message.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FIRST_WIDTH 28
#define MAX_COLUMNS 12

typedef enum report_format { FORMAT_TABLE, FORMAT_CSV, FORMAT_JSON } report_format;

/* One report at a time, to stdout. */
static struct {
    report_format format;
    int members;  /* of the JSON object so far */
    int in_table; /* rows are being written */
    int rows;     /* of the table so far */
    int column;   /* next of the row */
    char columns[256];
    const char *name[MAX_COLUMNS];
} report;

static const char *const formats[] = {"table", "csv", "json"};

int bench_report_open(const char *format)
{
    memset(&report, 0, sizeof(report));
    for (int i = 0; format != NULL && strcmp(format, formats[i]) != 0; report.format = (report_format)++i) {
        if (i == FORMAT_JSON) {
            return message_usage("--format is '%s'; accepted: table, csv, json", format);
        }
    }
    if (report.format == FORMAT_JSON) {
        printf("{");
    }
    return 0;
}

const char *bench_report_format(void)
{
    return formats[report.format];
}

static void print_json(const char *text)
{
    putchar('"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            putchar('\\');
        }
        putchar((unsigned char)*text < ' ' ? ' ' : *text);
    }
    putchar('"');
}

static void print_csv(const char *text)
{
    int quoted = strpbrk(text, ",\"\n") != NULL;
    if (quoted) {
        putchar('"');
    }
    for (; *text != '\0'; text++) {
        if (*text == '"') {
            putchar('"');
        }
        putchar(*text);
    }
    if (quoted) {
        putchar('"');
    }
}

/* A heading as a name in CSV and JSON. */
static void print_name(const char *heading)
{
    for (; *heading != '\0'; heading++) {
        putchar(*heading == ' ' ? '_' : *heading);
    }
}

static void end_table(void)
{
    if (report.in_table && report.format == FORMAT_JSON) {
        printf("\n]");
    }
    report.in_table = 0;
}

static void begin_member(const char *name)
{
    end_table();
    printf("%s\n\"", report.members++ == 0 ? "" : ",");
    print_name(name);
    printf("\": ");
}

void bench_report_note(const char *name, const char *format, ...)
{
    char text[512];
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof(text), format, values);
    va_end(values);
    if (report.format == FORMAT_JSON) {
        begin_member(name);
        print_json(text);
        return;
    }
    end_table();
    printf("%s%s%s\n", report.format == FORMAT_CSV ? "# " : "", text, "");
}

static int cut_columns(const char *columns)
{
    int count = 0;
    snprintf(report.columns, sizeof(report.columns), "%s", columns);
    for (char *at = strtok(report.columns, "|"); at != NULL && count < MAX_COLUMNS; at = strtok(NULL, "|")) {
        report.name[count++] = at;
    }
    return count;
}

static int column_width(const char *name)
{
    return strlen(name) < 11 ? 12 : (int)strlen(name) + 2;
}

void bench_report_table(const char *name, const char *columns)
{
    int count = cut_columns(columns);
    if (report.format == FORMAT_JSON) {
        begin_member(name);
        printf("[");
    } else {
        printf("\n");
    }
    for (int i = 0; i < count && report.format == FORMAT_CSV; i++) {
        printf("%s", i == 0 ? "" : ",");
        print_name(report.name[i]);
    }
    for (int i = 0; i < count && report.format == FORMAT_TABLE; i++) {
        printf("%*s", i == 0 ? -FIRST_WIDTH : column_width(report.name[i]), report.name[i]);
    }
    printf("%s", report.format == FORMAT_JSON ? "" : "\n");
    report.in_table = 1;
    report.rows = 0;
}

/* What CSV or JSON wants before the next entry: commas, or the line's beginning. */
static void begin_entry(void)
{
    if (report.format == FORMAT_CSV && report.column > 0) {
        putchar(',');
    } else if (report.format == FORMAT_JSON) {
        printf("%s\"", report.column > 0 ? ", " : "");
        print_name(report.name[report.column]);
        printf("\": ");
    }
}

void bench_report_text(const char *text)
{
    begin_entry();
    if (report.format == FORMAT_JSON) {
        print_json(text);
    } else if (report.format == FORMAT_CSV) {
        print_csv(text);
    } else {
        printf("%*s", report.column == 0 ? -FIRST_WIDTH : column_width(report.name[report.column]), text);
    }
    report.column++;
}

void bench_report_row(const char *text)
{
    report.column = 0;
    if (report.format == FORMAT_JSON) {
        printf("%s\n  {", report.rows > 0 ? "," : "");
    }
    report.rows++;
    bench_report_text(text);
}

void bench_report_number(double value, int decimals)
{
    char text[48] = "-";
    if (!isnan(value)) {
        snprintf(text, sizeof(text), "%.*f", decimals, value);
    }
    if (report.format == FORMAT_TABLE) {
        bench_report_text(text);
        return;
    }
    begin_entry();
    printf("%s", !isnan(value) ? text : report.format == FORMAT_JSON ? "null" : "");
    report.column++;
}

void bench_report_row_end(void)
{
    printf("%s", report.format == FORMAT_JSON ? "}" : "\n");
    fflush(stdout);
}

void bench_report_close(void)
{
    end_table();
    if (report.format == FORMAT_JSON) {
        printf("\n}\n");
    }
}
