/* arq check-env: runs an environment through every promise of the interface. */
#include "commands.h"

#include "cli/message.h"
#include "cli/session.h"

#include <stdio.h>
#include <string.h>

typedef struct check_settings {
    uint64_t seed;
} check_settings;

static const option options[] = {{"seed", OPTION_COUNT, offsetof(check_settings, seed), 0, 9007199254740991, "S",
                                  "Decides the actions and seeds of the check; default: 1."},
                                 {.name = NULL}};

/* An id taken apart: a plugin's file or an environment's name, the environment in that file, and options. */
typedef struct target {
    char head[4096]; /* up to the first ? or # */
    char name[256];  /* behind #, or the head itself when it is no file */
    char options[1024];
    int is_file;
} target;

static int copy_part(char *buffer, size_t size, const char *text, size_t length)
{
    if (length >= size) {
        return message_usage("a part of the id is %zu characters long; accepted: at most %zu", length, size - 1);
    }
    memcpy(buffer, text, length);
    buffer[length] = '\0';
    return 0;
}

static int parse_target(const char *id, target *out)
{
    memset(out, 0, sizeof(*out));
    if (strchr(id, '|') != NULL) {
        return message_usage("'%.200s' has wrappers; accepted: the environment alone, which is what is checked", id);
    }
    size_t length = strcspn(id, "?#");
    int result = copy_part(out->head, sizeof(out->head), id, length);
    for (const char *part = id + length; result == 0 && *part != '\0'; part += 1 + length) {
        length = strcspn(part + 1, "?#");
        result = *part == '?' ? copy_part(out->options, sizeof(out->options), part + 1, length)
                              : copy_part(out->name, sizeof(out->name), part + 1, length);
    }
    if (result != 0) {
        return result;
    }
    out->is_file = strstr(out->head, ".so") != NULL;
    return out->is_file ? 0 : copy_part(out->name, sizeof(out->name), out->head, strlen(out->head));
}

static int is_meant(const target *wanted, const arq_env_type *type)
{
    const char *slash = strchr(type->id, '/');
    return wanted->name[0] == '\0' || strcmp(wanted->name, type->id) == 0 ||
           (wanted->is_file && slash != NULL && strcmp(wanted->name, slash + 1) == 0);
}

static void report(void *user, const char *line)
{
    (void)user;
    printf("  %s\n", line);
}

static int check_type(arq_context *context, const arq_env_type *type, const target *wanted, uint64_t seed)
{
    uint32_t broken = 0;
    printf("%s\n", type->id);
    fflush(stdout);
    const char *given = wanted->options[0] == '\0' ? NULL : wanted->options;
    if (arq_env_check(context, type, given, seed, report, NULL, &broken) != ARQ_OK) {
        return message_library(context);
    }
    if (broken == 0) {
        printf("  keeps every promise\n");
        return 0;
    }
    printf("  %u promise%s broken (seed %llu)\n", broken, broken == 1 ? " is" : "s are", (unsigned long long)seed);
    return EXIT_FAILED;
}

/* Checks every environment that the id means; *found says whether there was one. */
static int check_all(arq_context *context, const target *wanted, uint64_t seed, int *found)
{
    const arq_env_type *type = NULL;
    int result = 0;
    *found = 0;
    for (uint32_t i = 0; (type = arq_plugin_type(context, i)) != NULL; i++) {
        if (is_meant(wanted, type)) {
            int one = check_type(context, type, wanted, seed);
            if (result == 0) {
                result = one; /* the others are checked all the same */
            }
            *found = 1;
        }
    }
    return result;
}

static int check(arq_context *context, const char *id, uint64_t seed)
{
    target wanted;
    int found = 0;
    int result = parse_target(id, &wanted);
    if (result != 0) {
        return result;
    }
    if (wanted.is_file) {
        if (arq_plugin_load(context, wanted.head) != ARQ_OK) {
            return message_library(context);
        }
        result = check_all(context, &wanted, seed, &found);
        return found ? result : message_fail("%s has no environment '%s'", wanted.head, wanted.name);
    }
    /* Only to load its plugin: an environment that fails to open is reported by the check. */
    arq_env *env = NULL;
    arq_status status = arq_env_open(context, wanted.name, &env);
    arq_env_destroy(env);
    if (status == ARQ_E_NOT_FOUND) {
        return message_library(context);
    }
    result = check_all(context, &wanted, seed, &found);
    return found ? result : message_library(context);
}

static int run(const command *self, int argc, char **argv)
{
    check_settings settings = {.seed = 1};
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
    result = check(context, given.positional[0], settings.seed);
    arq_context_destroy(context);
    return result;
}

const command command_check_env = {
    .name = "check-env",
    .synopsis = "ID|./PLUGIN.so [flags]",
    .doc = "Checks that an environment keeps the promises of the interface",
    .text = "A plugin's file means all its environments, FILE.so#NAME one of them; ?OPTIONS may follow an id.\n"
            "Prints one line for each broken promise; exit code 1 when there is one.\n",
    .options = options,
    .fewest_positionals = 1,
    .most_positionals = 1,
    .first_positional = "the environment's id or its plugin's file",
    .run = run,
};
