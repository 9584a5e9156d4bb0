#include "cli/options.h"

#include "cli/command.h"
#include "cli/message.h"

#include "arq/config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORD_SIZE 64
#define HELP_COLUMN 26

static char plain(char character)
{
    return character == '-' ? '_' : character;
}

static int same_name(const char *a, size_t a_length, const char *b)
{
    if (strlen(b) != a_length) {
        return 0;
    }
    for (size_t i = 0; i < a_length; i++) {
        if (plain(a[i]) != plain(b[i])) {
            return 0;
        }
    }
    return 1;
}

/* Edits (insert, remove, replace) from a to b. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t row[WORD_SIZE];
    size_t length = strlen(b);
    if (length >= WORD_SIZE) {
        return SIZE_MAX;
    }
    for (size_t j = 0; j <= length; j++) {
        row[j] = j;
    }
    for (size_t i = 0; a[i] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < length; j++) {
            size_t best = diagonal + (plain(a[i]) != plain(b[j]));
            best = row[j] + 1 < best ? row[j] + 1 : best;
            best = row[j + 1] + 1 < best ? row[j + 1] + 1 : best;
            diagonal = row[j + 1];
            row[j + 1] = best;
        }
    }
    return row[length];
}

void options_nearest(const char *text, const char *word, const char **nearest, size_t *best)
{
    size_t distance = edit_distance(text, word);
    if (distance < *best) {
        *best = distance;
        *nearest = word;
    }
}

int options_is_near(const char *text, size_t distance)
{
    return distance <= 1 + strlen(text) / 3;
}

static const option *find_option(const command *self, const char *name, size_t length)
{
    for (const option *row = self->options; row->name != NULL; row++) {
        if (same_name(name, length, row->name)) {
            return row;
        }
    }
    return NULL;
}

static const char *find_parameter(const command *self, const char *name, size_t length)
{
    const char *known = NULL;
    for (uint32_t i = 0; self->takes_parameters && (known = arq_parameter_name(i)) != NULL; i++) {
        if (same_name(name, length, known)) {
            return known;
        }
    }
    return NULL;
}

static int refuse_flag(const command *self, const char *name, size_t length)
{
    char text[WORD_SIZE];
    const char *nearest = NULL;
    size_t best = SIZE_MAX;
    snprintf(text, sizeof(text), "%.*s", (int)length, name);
    for (const option *row = self->options; row->name != NULL; row++) {
        options_nearest(text, row->name, &nearest, &best);
    }
    const char *known = NULL;
    for (uint32_t i = 0; self->takes_parameters && (known = arq_parameter_name(i)) != NULL; i++) {
        options_nearest(text, known, &nearest, &best);
    }
    if (nearest != NULL && options_is_near(text, best)) {
        return message_usage("unknown flag --%s; did you mean --%s?", text, nearest);
    }
    return message_usage("unknown flag --%s; see arq help %s", text, self->name);
}

int options_number(const char *text, double *value)
{
    char *end = NULL;
    *value = strtod(text, &end);
    return end != text && *end == '\0' && isfinite(*value);
}

static int set_option(const option *row, const char *text, void *settings)
{
    void *field = (char *)settings + row->offset;
    double number = 0;
    switch (row->type) {
    case OPTION_SWITCH:
        *(int *)field = 1;
        return 0;
    case OPTION_TEXT:
        *(const char **)field = text;
        return 0;
    case OPTION_COUNT:
        if (!options_number(text, &number) || number < row->low || number > row->high || number != floor(number)) {
            return message_usage("--%s is '%s'; accepted: a whole number, %.15g .. %.15g", row->name, text, row->low,
                                 row->high);
        }
        *(uint64_t *)field = (uint64_t)number;
        return 0;
    default:
        if (!options_number(text, &number) || number < row->low || number > row->high) {
            return message_usage("--%s is '%s'; accepted: a number, %.15g .. %.15g", row->name, text, row->low,
                                 row->high);
        }
        *(double *)field = number;
        return 0;
    }
}

static int add_positional(arguments *out, const char *text)
{
    if (out->positional_count == MAX_POSITIONALS) {
        return message_usage("more than %d arguments", MAX_POSITIONALS);
    }
    out->positional[out->positional_count++] = text;
    return 0;
}

static int add_parameter(arguments *out, const char *name, const char *value)
{
    if (out->parameter_count == MAX_PARAMETERS) {
        return message_usage("more than %d parameters", MAX_PARAMETERS);
    }
    out->parameter_name[out->parameter_count] = name;
    out->parameter_value[out->parameter_count++] = value;
    return 0;
}

/* One flag, argv[*i]; moves *i on when its value is the next argument. */
static int parse_flag(const command *self, int argc, char **argv, int *i, void *settings, arguments *out)
{
    const char *name = argv[*i] + strspn(argv[*i], "-");
    size_t length = strcspn(name, "=");
    const option *row = find_option(self, name, length);
    const char *parameter = row == NULL ? find_parameter(self, name, length) : NULL;
    if (row == NULL && parameter == NULL) {
        return refuse_flag(self, name, length);
    }
    const char *value = name[length] == '=' ? name + length + 1 : NULL;
    if (row != NULL && row->type == OPTION_SWITCH) {
        return value == NULL ? set_option(row, NULL, settings) : message_usage("--%s takes no value", row->name);
    }
    if (value == NULL && (*i + 1 >= argc || strncmp(argv[*i + 1], "--", 2) == 0)) {
        return message_usage("--%.*s needs a value", (int)length, name);
    }
    value = value == NULL ? argv[++*i] : value;
    return row != NULL ? set_option(row, value, settings) : add_parameter(out, parameter, value);
}

static int check_positionals(const command *self, const arguments *given)
{
    if (given->positional_count < self->fewest_positionals) {
        return message_usage("%s is missing", self->first_positional);
    }
    if (given->positional_count > self->most_positionals) {
        return message_usage("'%s' is too much", given->positional[self->most_positionals]);
    }
    return 0;
}

int options_parse(const command *self, int argc, char **argv, void *settings, arguments *out)
{
    int flags_end = 0;
    memset(out, 0, sizeof(*out));
    for (int i = 0; i < argc; i++) {
        if (!flags_end && strcmp(argv[i], "--") == 0) {
            flags_end = 1;
            continue;
        }
        int is_flag = !flags_end && argv[i][0] == '-' && argv[i][1] != '\0';
        int result = is_flag ? parse_flag(self, argc, argv, &i, settings, out) : add_positional(out, argv[i]);
        if (result != 0) {
            return result;
        }
    }
    return check_positionals(self, out);
}

static void help_row(const char *name, const char *value, const char *doc)
{
    char left[WORD_SIZE + 32];
    int length = snprintf(left, sizeof(left), "--%s%s%s", name, *value == '\0' ? "" : " ", value);
    if (length > HELP_COLUMN) {
        printf("  %s\n  %*s%s\n", left, HELP_COLUMN + 1, "", doc);
    } else {
        printf("  %-*s %s\n", HELP_COLUMN, left, doc);
    }
}

void options_help(const command *self)
{
    printf("usage: arq %s %s\n\n%s\n", self->name, self->synopsis, self->doc);
    if (self->text != NULL) {
        printf("\n%s", self->text);
    }
    if (self->options[0].name != NULL) {
        printf("\nflags:\n");
    }
    for (const option *row = self->options; row->name != NULL; row++) {
        help_row(row->name, row->value == NULL ? "" : row->value, row->doc);
    }
    if (!self->takes_parameters) {
        return;
    }
    printf("\nparameters (accepted; default without a preset):\n");
    const char *name = NULL;
    for (uint32_t i = 0; (name = arq_parameter_name(i)) != NULL; i++) {
        char doc[512];
        snprintf(doc, sizeof(doc), "%s (%s; %s)", arq_parameter_text(name, ARQ_PARAMETER_DOC),
                 arq_parameter_text(name, ARQ_PARAMETER_RANGE), arq_parameter_text(name, ARQ_PARAMETER_DEFAULT));
        help_row(name, "", doc);
    }
}
