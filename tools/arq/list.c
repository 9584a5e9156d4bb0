/* arq list: environments, presets, parameters and instruction sets, as text or as Markdown. */
#include "commands.h"

#include "cli/message.h"
#include "cli/session.h"

#include "arq/config.h"

#include <stdio.h>
#include <string.h>

#define MAX_PRESETS 16

typedef struct list_settings {
    int markdown;
} list_settings;

static const option options[] = {{"markdown", OPTION_SWITCH, offsetof(list_settings, markdown), 0, 0, NULL,
                                  "Tables for a page; docs/parameters.md is made so."},
                                 {.name = NULL}};

/* A cell of a Markdown table, its bars escaped: a bar would end the cell. */
static void print_cell(const char *text)
{
    printf("| ");
    for (const char *c = text; *c != '\0'; c++) {
        printf(*c == '|' ? "\\|" : "%c", *c);
    }
    putchar(' ');
}

static void print_head(const char *const *heads, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        print_cell(heads[i]);
    }
    printf("|\n");
    for (size_t i = 0; i < count; i++) {
        printf("|---");
    }
    printf("|\n");
}

/* The value of an option as an id would have it. */
static void format_option(const arq_env_option *row, double value, char *buffer, size_t size)
{
    const char *word = row->choices;
    if (row->type == ARQ_OPTION_BOOL) {
        snprintf(buffer, size, "%s", value != 0 ? "true" : "false");
        return;
    }
    if (row->type != ARQ_OPTION_CHOICE) {
        snprintf(buffer, size, "%g", value);
        return;
    }
    for (int i = 0; i < (int)value; i++) {
        word += strcspn(word, "|") + 1;
    }
    snprintf(buffer, size, "%.*s", (int)strcspn(word, "|"), word);
}

static void format_range(const arq_env_option *row, char *buffer, size_t size)
{
    if (row->type == ARQ_OPTION_BOOL) {
        snprintf(buffer, size, "true|false");
    } else if (row->type == ARQ_OPTION_CHOICE) {
        snprintf(buffer, size, "%s", row->choices);
    } else {
        snprintf(buffer, size, "%g .. %g", row->low, row->high);
    }
}

static void print_options(const arq_env_type *type)
{
    /* struct_size is the stride: a newer plugin has longer rows. */
    const unsigned char *bytes = (const unsigned char *)type->options;
    for (uint32_t i = 0; i < type->option_count; i++) {
        char value[64];
        char range[256];
        const arq_env_option *row = (const void *)bytes;
        format_option(row, row->default_value, value, sizeof(value));
        format_range(row, range, sizeof(range));
        printf("      ?%s=%s (%s)  %s\n", row->name, value, range, row->doc);
        bytes += row->struct_size;
    }
}

static int list_environments(arq_context *context, int markdown)
{
    static const char *const heads[] = {"environment", "what it is"};
    const arq_env_type *type = NULL;
    session_plugins(context);
    if (markdown) {
        print_head(heads, 2);
    }
    for (uint32_t i = 0; (type = arq_plugin_type(context, i)) != NULL; i++) {
        if (markdown) {
            print_cell(type->id);
            print_cell(type->doc);
            printf("|\n");
        } else {
            printf("  %-24s %s\n", type->id, type->doc);
            print_options(type);
        }
    }
    if (arq_plugin_type(context, 0) == NULL) {
        message_warning("no plugin was found; ARQ_PLUGIN_PATH names further folders");
    }
    return 0;
}

static int list_presets(arq_context *context, int markdown)
{
    (void)context;
    static const char *const heads[] = {"preset", "environments", "what it is"};
    const char *name = NULL;
    if (markdown) {
        print_head(heads, 3);
    }
    for (uint32_t i = 0; (name = arq_preset_name(i)) != NULL; i++) {
        char environments[16];
        snprintf(environments, sizeof(environments), "%u", arq_preset_environments(name));
        if (markdown) {
            print_cell(name);
            print_cell(environments);
            print_cell(arq_preset_doc(name));
            printf("|\n");
        } else {
            printf("  %-16s %4s  %s\n", name, environments, arq_preset_doc(name));
        }
    }
    return 0;
}

static void print_parameter_row(const char *name, arq_config *const *presets, uint32_t preset_count)
{
    static const int32_t before[] = {ARQ_PARAMETER_TYPE, ARQ_PARAMETER_RANGE, ARQ_PARAMETER_DEFAULT};
    static const int32_t behind[] = {ARQ_PARAMETER_UNIT, ARQ_PARAMETER_DOC, ARQ_PARAMETER_SOURCE};
    print_cell(name);
    for (int i = 0; i < 3; i++) {
        print_cell(arq_parameter_text(name, before[i]));
    }
    for (uint32_t i = 0; i < preset_count; i++) {
        char value[256] = "";
        if (strcmp(arq_config_origin(presets[i], name), "default") != 0) {
            arq_config_get(presets[i], name, value, sizeof(value));
        }
        print_cell(value);
    }
    for (int i = 0; i < 3; i++) {
        print_cell(arq_parameter_text(name, behind[i]));
    }
    printf("|\n");
}

/* A config for each preset; *count says how many there are, also on failure. */
static int open_presets(arq_context *context, arq_config *presets[MAX_PRESETS], uint32_t *count)
{
    const char *name = NULL;
    for (*count = 0; *count < MAX_PRESETS && (name = arq_preset_name(*count)) != NULL; ++*count) {
        if (arq_config_create(context, name, &presets[*count]) != ARQ_OK) {
            return message_library(context);
        }
    }
    return 0;
}

/* One column for each preset, with the values it sets. */
static void print_parameter_table(arq_config *const *presets, uint32_t count)
{
    const char *heads[7 + MAX_PRESETS] = {"parameter", "type", "accepted", "default"};
    const char *name = NULL;
    for (uint32_t i = 0; i < count; i++) {
        heads[4 + i] = arq_preset_name(i);
    }
    heads[4 + count] = "unit";
    heads[5 + count] = "what it is";
    heads[6 + count] = "source";
    print_head(heads, 7 + count);
    for (uint32_t i = 0; (name = arq_parameter_name(i)) != NULL; i++) {
        print_parameter_row(name, presets, count);
    }
}

/* What may have another value when a saved run goes on. */
static void print_change_table(void)
{
    static const char *const heads[] = {"parameter", "another value counts"};
    const char *name = NULL;
    printf(
        "\n## What may change when a run is resumed\n\nEverything else must be the same; the refusal has both values."
        "\n\n");
    print_head(heads, 2);
    for (uint32_t i = 0; (name = arq_parameter_name(i)) != NULL; i++) {
        const char *meaning = arq_parameter_text(name, ARQ_PARAMETER_RESUME);
        if (*meaning != '\0') {
            print_cell(name);
            print_cell(meaning);
            printf("|\n");
        }
    }
}

static int list_parameters_markdown(arq_context *context)
{
    arq_config *presets[MAX_PRESETS];
    uint32_t count = 0;
    int result = open_presets(context, presets, &count);
    if (result == 0) {
        print_parameter_table(presets, count);
        print_change_table();
    }
    while (count > 0) {
        arq_config_destroy(presets[--count]);
    }
    return result;
}

static int list_parameters(arq_context *context, int markdown)
{
    if (markdown) {
        return list_parameters_markdown(context);
    }
    const char *name = NULL;
    for (uint32_t i = 0; (name = arq_parameter_name(i)) != NULL; i++) {
        const char *unit = arq_parameter_text(name, ARQ_PARAMETER_UNIT);
        printf("  %s = %s  (%s)%s%s\n      %s [%s]\n", name, arq_parameter_text(name, ARQ_PARAMETER_DEFAULT),
               arq_parameter_text(name, ARQ_PARAMETER_RANGE), *unit == '\0' ? "" : " ", unit,
               arq_parameter_text(name, ARQ_PARAMETER_DOC), arq_parameter_text(name, ARQ_PARAMETER_SOURCE));
    }
    return 0;
}

static int list_cpu(arq_context *context, int markdown)
{
    static const char *const heads[] = {"instruction set", "here"};
    const char *chosen = arq_context_cpu(context);
    const char *name;
    if (markdown) {
        print_head(heads, 2);
    }
    for (uint32_t i = 0; (name = arq_cpu_name(i)) != NULL; i++) {
        int usable = arq_context_set_cpu(context, name) == ARQ_OK;
        const char *text = strcmp(name, chosen) == 0 ? "in use" : usable ? "usable" : "not of this machine";
        if (markdown) {
            print_cell(name);
            print_cell(text);
            printf("|\n");
        } else {
            printf("  %-16s %s\n", name, text);
        }
    }
    arq_context_set_cpu(context, chosen);
    return 0;
}

typedef struct topic {
    const char *name;
    int (*list)(arq_context *context, int markdown);
} topic;

static const topic topics[] = {
    {"environments", list_environments},
    {"presets", list_presets},
    {"parameters", list_parameters},
    {"cpu", list_cpu},
};
#define TOPICS (sizeof(topics) / sizeof(topics[0]))

static int list_everything(arq_context *context, int markdown)
{
    for (size_t i = 0; i < TOPICS; i++) {
        printf(markdown ? "%s## %s\n\n" : "%s%s\n", i > 0 ? "\n" : "", topics[i].name);
        int result = topics[i].list(context, markdown);
        if (result != 0) {
            return result;
        }
    }
    return 0;
}

static int list_topic(arq_context *context, const char *what, int markdown)
{
    const char *nearest = NULL;
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < TOPICS; i++) {
        if (strcmp(what, topics[i].name) == 0) {
            return topics[i].list(context, markdown);
        }
        options_nearest(what, topics[i].name, &nearest, &best);
    }
    return message_usage("'%s' cannot be listed%s%s; accepted: environments, presets, parameters, cpu", what,
                         options_is_near(what, best) ? "; did you mean " : "",
                         options_is_near(what, best) ? nearest : "");
}

static int run(const command *self, int argc, char **argv)
{
    list_settings settings = {0};
    arguments given;
    arq_context *context = NULL;
    int result = options_parse(self, argc, argv, &settings, &given);
    if (result != 0) {
        return result;
    }
    result = session_open(NULL, 1, &context);
    if (result != 0) {
        return result;
    }
    result = given.positional_count == 0 ? list_everything(context, settings.markdown)
                                         : list_topic(context, given.positional[0], settings.markdown);
    arq_context_destroy(context);
    return result;
}

const command command_list = {
    .name = "list",
    .synopsis = "[environments|presets|parameters|cpu] [flags]",
    .doc = "Lists what there is to choose from, with ranges and sources",
    .options = options,
    .most_positionals = 1,
    .run = run,
};
