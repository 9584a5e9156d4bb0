/* Flags on the command line, and their help. */
#ifndef ARQ_TOOL_OPTIONS_H
#define ARQ_TOOL_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

typedef enum option_type {
    OPTION_SWITCH, /* an int that becomes 1 */
    OPTION_TEXT,   /* a const char * */
    OPTION_COUNT,  /* a uint64_t */
    OPTION_NUMBER  /* a double */
} option_type;

typedef struct option {
    const char *name; /* without dashes; NULL ends a table */
    option_type type;
    size_t offset;     /* in the command's settings */
    double low, high;  /* of a count or a number */
    const char *value; /* what help calls the value */
    const char *doc;
} option;

#define MAX_POSITIONALS 32
#define MAX_PARAMETERS 256

/* What a command line holds besides the options of its table. */
typedef struct arguments {
    const char *positional[MAX_POSITIONALS];
    int positional_count;
    const char *parameter_name[MAX_PARAMETERS]; /* as the parameter table has it */
    const char *parameter_value[MAX_PARAMETERS];
    int parameter_count;
} arguments;

struct command;

/* Reads the arguments behind the command's name; `settings` hold their defaults. 0, or EXIT_USAGE when it has said why.
 * Dash and underscore are the same in a flag; "--" ends the flags. */
int options_parse(const struct command *self, int argc, char **argv, void *settings, arguments *out);

/* A finite number that is all of the text; 0 if it is not one. */
int options_number(const char *text, double *value);

void options_help(const struct command *self);

/* Call for each word: *nearest becomes the word most like `text`, *best its distance (begin with SIZE_MAX). */
void options_nearest(const char *text, const char *word, const char **nearest, size_t *best);

/* Whether a word at that distance is worth a suggestion. */
int options_is_near(const char *text, size_t distance);

#endif
