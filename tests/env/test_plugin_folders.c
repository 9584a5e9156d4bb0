/* Plugins come only from where the user said, and what would hang or end the process is refused before it is loaded. */
#include "support.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char logged[2000];

static void keep_line(void *user, int32_t level, const char *text)
{
    (void)user;
    ck_assert_int_eq(level, ARQ_LOG_WARNING);
    snprintf(logged, sizeof(logged), "%s", text);
}

static arq_context *new_listening_context(void)
{
    const arq_log log = {.struct_size = sizeof(log), .level = ARQ_LOG_WARNING, .write = keep_line};
    arq_context *context = new_context();
    ck_assert_int_eq(arq_context_set_log(context, &log), ARQ_OK);
    logged[0] = '\0';
    return context;
}

static void copy_file(const char *from, const char *to, long bytes)
{
    FILE *source = fopen(from, "rb");
    FILE *copy = fopen(to, "wb");
    ck_assert(source != NULL && copy != NULL);
    for (int byte = getc(source); byte != EOF && bytes-- > 0; byte = getc(source)) {
        putc(byte, copy);
    }
    fclose(source);
    ck_assert_int_eq(fclose(copy), 0);
}

/* A folder with the coin plugin, and within it another. */
typedef struct scene {
    char folder[PATH_MAX], plugin[PATH_MAX + 16], source[PATH_MAX];
} scene;

static void set_scene(scene *self)
{
    strcpy(self->folder, "/tmp/arq_test_XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(self->folder));
    snprintf(self->plugin, sizeof(self->plugin), "%s/arq_coin.so", self->folder);
    snprintf(self->source, sizeof(self->source), "%s/coin_plain.so", getenv("TEST_PLUGIN_DIR"));
    copy_file(self->source, self->plugin, LONG_MAX);
}

static void clear_scene(const scene *self)
{
    ck_assert_int_eq(unlink(self->plugin), 0);
    ck_assert_int_eq(rmdir(self->folder), 0);
}

/* Whether coin/plain is found with this ARQ_PLUGIN_PATH; if not, the words say why. */
static int is_found(const char *folders, const char *words)
{
    arq_context *context = new_listening_context();
    arq_env *env = NULL;
    ck_assert_int_eq(setenv("ARQ_PLUGIN_PATH", folders, 1), 0);
    arq_status status = arq_env_open(context, "coin/plain", &env);
    arq_env_destroy(env);
    if (status != ARQ_OK) {
        ck_assert_int_eq(status, ARQ_E_NOT_FOUND);
        ck_assert(error_says(context, words));
        ck_assert_msg(strstr(logged, words) != NULL, "log: %s", logged);
        logged[0] = '\0';
        ck_assert_int_eq(arq_plugin_load(context, NULL), ARQ_OK);
        ck_assert_ptr_null(arq_plugin_type(context, 0));
        ck_assert_msg(strstr(logged, words) != NULL, "log: %s", logged);
    } else {
        ck_assert_str_eq(logged, "");
    }
    arq_context_destroy(context);
    return status == ARQ_OK;
}

START_TEST(leaves_relative_folders_out)
{
    scene s;
    set_scene(&s);
    ck_assert(is_found(s.folder, NULL));
    ck_assert_int_eq(chdir(s.folder), 0);
    ck_assert(!is_found(".", "no plugin is loaded from '.': it is no absolute path"));
    ck_assert(!is_found("./", "no plugin is loaded from './': it is no absolute path"));
    char relative[2 * PATH_MAX];
    snprintf(relative, sizeof(relative), "../%s", strrchr(s.folder, '/') + 1);
    ck_assert(!is_found(relative, "it is no absolute path"));
    /* One bad folder does not spoil the others. */
    snprintf(relative, sizeof(relative), ".:%s", s.folder);
    arq_context *context = new_listening_context();
    ck_assert_int_eq(setenv("ARQ_PLUGIN_PATH", relative, 1), 0);
    arq_env_destroy(open_env(context, "coin/plain"));
    ck_assert_str_eq(logged, "no plugin is loaded from '.': it is no absolute path");
    arq_context_destroy(context);
    clear_scene(&s);
}
END_TEST

START_TEST(leaves_folders_out_that_everybody_may_write_into)
{
    scene s;
    set_scene(&s);
    ck_assert_int_eq(chmod(s.folder, 0775), 0);
    ck_assert(is_found(s.folder, NULL));
    ck_assert_int_eq(chmod(s.folder, 0777), 0);
    ck_assert(!is_found(s.folder, "everybody may write into it"));
    ck_assert_int_eq(chmod(s.folder, 01777), 0); /* who may not replace a file may still be the first to put one */
    ck_assert(!is_found(s.folder, "everybody may write into it"));
    clear_scene(&s);
}
END_TEST

/* Of a path that is too long, the part that fits is another folder. */
START_TEST(leaves_paths_out_that_are_too_long)
{
    scene s;
    set_scene(&s);
    char longest[6000];
    size_t length = strlen(s.folder);
    memcpy(longest, s.folder, length);
    while (length < sizeof(longest) - 2) {
        longest[length++] = '/';
        if (length == 4095) {
            longest[length++] = 'x';
        }
    }
    longest[length] = '\0';
    ck_assert(!is_found(longest, "its path is too long"));
    clear_scene(&s);
}
END_TEST

START_TEST(refuses_pipes_and_devices)
{
    scene s;
    set_scene(&s);
    ck_assert_int_eq(unlink(s.plugin), 0);
    ck_assert_int_eq(mkfifo(s.plugin, 0600), 0);
    ck_assert_int_eq(setenv("ARQ_PLUGIN_PATH", s.folder, 1), 0);
    arq_context *context = new_context();
    arq_env *env = NULL;
    ck_assert_int_eq(arq_plugin_load(context, s.plugin), ARQ_E_IO);
    ck_assert(error_says(context, "arq_coin.so: it is no plain file"));
    ck_assert_int_eq(arq_env_open(context, s.plugin, &env), ARQ_E_IO);
    ck_assert_int_eq(arq_env_open(context, "coin/plain", &env), ARQ_E_IO);
    ck_assert(error_says(context, "it is no plain file"));
    ck_assert_int_eq(arq_plugin_load(context, "/dev/zero"), ARQ_E_IO);
    ck_assert(error_says(context, "/dev/zero: it is no plain file"));
    arq_context_destroy(context);
    clear_scene(&s);
}
END_TEST

/* What the loader reads behind a file's end would end the process. */
START_TEST(refuses_files_that_were_cut_off)
{
    scene s;
    struct stat whole;
    uint32_t cut_off = 0;
    set_scene(&s);
    ck_assert_int_eq(stat(s.source, &whole), 0);
    const long step = (long)whole.st_size / 97 + 1;
    for (long bytes = 0; bytes <= (long)whole.st_size; bytes += bytes < 200 ? 8 : step) {
        arq_context *context = new_context();
        ck_assert_int_eq(unlink(s.plugin), 0);
        copy_file(s.source, s.plugin, bytes);
        arq_status status = arq_plugin_load(context, s.plugin);
        ck_assert_msg(status == ARQ_E_IO || status == ARQ_OK, "%ld bytes: %d", bytes, status);
        if (status != ARQ_OK) {
            char text[512];
            arq_context_last_error(context, text, sizeof(text));
            cut_off += strstr(text, "the file is cut off") != NULL;
        }
        arq_context_destroy(context);
    }
    ck_assert_uint_gt(cut_off, 20);
    clear_scene(&s);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("plugin folders");
    TCase *test_case = tcase_create("plugin folders");
    tcase_add_test(test_case, leaves_relative_folders_out);
    tcase_add_test(test_case, leaves_folders_out_that_everybody_may_write_into);
    tcase_add_test(test_case, leaves_paths_out_that_are_too_long);
    tcase_add_test(test_case, refuses_pipes_and_devices);
    tcase_add_test(test_case, refuses_files_that_were_cut_off);
    suite_add_tcase(suite, test_case);
    return run_suite(suite);
}
