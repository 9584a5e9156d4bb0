#include "run/folder.h"

#include "cli/id.h"
#include "cli/message.h"
#include "host/files.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const run_files[] = {RUN_CONFIG, RUN_NETWORK, RUN_LOG, RUN_EPISODES, RUN_RESULT, RUN_CHECKPOINT};
#define RUN_FILES (sizeof(run_files) / sizeof(run_files[0]))

void run_folder_file(const char *folder, const char *name, char *path, size_t size)
{
    size_t length = strlen(folder);
    snprintf(path, size, "%s%s%s", folder, length > 0 && folder[length - 1] == '/' ? "" : "/", name);
}

/* The first file of a run in a folder, or NULL. */
static const char *find_run_file(const char *folder)
{
    char path[RUN_PATH_SIZE];
    for (size_t i = 0; i < RUN_FILES; i++) {
        run_folder_file(folder, run_files[i], path, sizeof(path));
        if (files_exist(path)) {
            return run_files[i];
        }
    }
    return NULL;
}

static void remove_run_files(const char *folder)
{
    char path[RUN_PATH_SIZE];
    for (size_t i = 0; i < RUN_FILES; i++) {
        run_folder_file(folder, run_files[i], path, sizeof(path));
        if (files_is_folder(path)) {
            files_remove_folder(path);
        } else {
            files_remove(path);
        }
    }
}

/* Makes runs/minatar-breakout-1: the id up to its options, with a dash for whatever is no letter, digit, underscore or
 * dot. When that exists a number is appended; another program that starts at the same time gets another folder. */
static int make_default_folder(const char *environment, const char *seed, char *path, size_t size)
{
    char name[128];
    snprintf(name, sizeof(name), "%.*s", (int)strcspn(environment, "?#|"), environment);
    const char *start = name + strspn(name, "./");
    for (char *c = name; *c != '\0'; c++) {
        if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.", *c) == NULL) {
            *c = '-';
        }
    }
    snprintf(path, size, "runs/%s-%s", start, seed);
    size_t length = strlen(path);
    if (files_make_folders("runs") != 0) {
        return message_fail("cannot make the folder %s: %s", path, strerror(errno));
    }
    int made = files_make_folder(path);
    for (int number = 2; made != 0 && errno == EEXIST; number++) {
        snprintf(path + length, size - length, "-%d", number);
        made = files_make_folder(path);
    }
    return made == 0 ? 0 : message_fail("cannot make the folder %s: %s", path, strerror(errno));
}

int run_folder_create(const char *wanted, const char *environment, const char *seed, int force, char *path, size_t size)
{
    if (wanted == NULL) {
        return make_default_folder(environment, seed, path, size);
    }
    if (*wanted == '\0' || strlen(wanted) > size - 64) {
        return message_usage("--out is %zu characters long; accepted: 1 .. %zu", strlen(wanted), size - 64);
    }
    snprintf(path, size, "%s", wanted);
    const char *found = find_run_file(path);
    if (found != NULL && !force) {
        return message_fail("%s holds a run already (%s); --force overwrites it", path, found);
    }
    if (files_make_folders(path) != 0) {
        return message_fail("cannot make the folder %s: %s", path, strerror(errno));
    }
    remove_run_files(path);
    return 0;
}

/* What config.txt says of the environment. */
static void portable_id(const char *environment, char id[ID_SIZE])
{
    if (id_make_absolute(environment, id, ID_SIZE) != 0) {
        snprintf(id, ID_SIZE, "%s", environment);
        message_warning("the path of %.200s cannot be kept: this run finds its plugin from this folder alone",
                        environment);
    }
}

int run_folder_write_config(const char *folder, const char *environment, uint32_t environments,
                            const arq_config *config)
{
    char path[RUN_PATH_SIZE];
    char written[RUN_PATH_SIZE];
    run_folder_file(folder, RUN_CONFIG, path, sizeof(path));
    run_folder_file(folder, RUN_CONFIG ".new", written, sizeof(written));
    char id[ID_SIZE];
    portable_id(environment, id);
    FILE *file = fopen(written, "w");
    if (file == NULL) {
        return message_fail("cannot write %s: %s", path, strerror(errno));
    }
    fprintf(file, "version = %s\nenvironment = %s\nenvironments = %u\n", arq_version(), id, environments);
    const char *name = NULL;
    for (uint32_t i = 0; (name = arq_parameter_name(i)) != NULL; i++) {
        char value[256] = "";
        arq_config_get(config, name, value, sizeof(value));
        fprintf(file, "%s = %s  # %s\n", name, value, arq_config_origin(config, name));
    }
    int failed = ferror(file);
    failed = fclose(file) != 0 || failed;
    if (failed || files_rename(written, path) != 0) {
        return message_fail("cannot write %s: %s", path, strerror(errno));
    }
    return 0;
}

int run_folder_network(const char *run_or_file, char *path, size_t size)
{
    if (strlen(run_or_file) > size - 64) {
        return message_usage("a path is %zu characters long; accepted: at most %zu", strlen(run_or_file), size - 64);
    }
    if (!files_exist(run_or_file)) {
        return message_fail("%s: %s", run_or_file, strerror(errno));
    }
    if (!files_is_folder(run_or_file)) {
        snprintf(path, size, "%s", run_or_file);
        return 0;
    }
    run_folder_file(run_or_file, RUN_NETWORK, path, size);
    if (!files_exist(path)) {
        return message_fail("%s holds no %s: it is no run of arq train, or one that has not saved yet", run_or_file,
                            RUN_NETWORK);
    }
    return 0;
}

/* A file's text must not steer the terminal that shows it. */
static int is_plain_text(const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
        if (*c < 0x20 || *c == 0x7f || (*c == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0)) {
            return 0;
        }
    }
    return 1;
}

int run_folder_environment(const char *network_path, char *environment, size_t size)
{
    char path[RUN_PATH_SIZE];
    const char *slash = strrchr(network_path, '/');
    snprintf(path, sizeof(path), "%.*s" RUN_CONFIG, slash == NULL ? 0 : (int)(slash + 1 - network_path), network_path);
    *environment = '\0';
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return 0;
    }
    static const char key[] = "environment = ";
    char line[ID_SIZE + sizeof(key)];
    int result = 0;
    while (fgets(line, sizeof(line), file) != NULL) {
        if (strncmp(line, key, sizeof(key) - 1) == 0) {
            line[strcspn(line, "\n")] = '\0';
            if (strlen(line) - (sizeof(key) - 1) >= size || !is_plain_text(line)) {
                result = message_fail("%s: its environment is no id: too long, or with control characters", path);
            } else {
                snprintf(environment, size, "%s", line + sizeof(key) - 1);
            }
            break;
        }
    }
    fclose(file);
    return result;
}

int run_folder_exists(const char *text)
{
    return files_is_folder(text) || (files_is_plain(text) && strstr(text, ".so") == NULL);
}
