/* The library handle: handshake, hooks, instruction sets, texts, and the numbers and names of status. */
#include "support.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void ignore_log(void *user, int32_t level, const char *text)
{
    (void)user, (void)level, (void)text;
}

static void run_in_order(void *user, uint32_t count, void (*task)(void *, uint32_t), void *data)
{
    (void)user;
    for (uint32_t i = 0; i < count; i++)
        task(data, i);
}

/* A context must not come from these arguments, and the text is kept without one. */
static void refuses_context(arq_status expected, const char *word, uint32_t abi, const arq_allocator *allocator)
{
    int anything;
    arq_context *context = (arq_context *)(void *)&anything;

    ck_assert_int_eq(arq_context_create(abi, allocator, &context), expected);
    ck_assert_ptr_null(context);
    ck_assert_msg(strstr(error_text(NULL), word) != NULL, "\"%s\" does not say \"%s\"", error_text(NULL), word);
}

START_TEST(abi_numbers_are_checked)
{
    arq_context *context;
    uint32_t older = (uint32_t)ARQ_ABI_MAJOR << 16;

    ck_assert_uint_eq(arq_abi_version(), ARQ_ABI_VERSION);
    refuses_context(ARQ_E_ABI, "1.0", (ARQ_ABI_MAJOR + 1) << 16, NULL);
    refuses_context(ARQ_E_ABI, "0.2", ARQ_ABI_VERSION + 1, NULL);
    refuses_context(ARQ_E_ABI, "65535", UINT32_MAX, NULL);
    ck_assert_int_eq(arq_context_create(older, NULL, &context), ARQ_OK);
    arq_context_destroy(context);
    ck_assert_int_eq(arq_context_create(ARQ_ABI_VERSION, NULL, NULL), ARQ_E_ARGUMENT);
    ck_assert_str_ne(error_text(NULL), "");
    arq_context_destroy(NULL);
}
END_TEST

START_TEST(allocators_are_checked_and_copied)
{
    struct host host = {0};
    arq_allocator good = counting_hooks(&host.memory);
    arq_allocator bad = good;

    bad.struct_size = 0;
    refuses_context(ARQ_E_ARGUMENT, "struct_size", ARQ_ABI_VERSION, &bad);
    bad.struct_size = UINT32_MAX - 7;
    refuses_context(ARQ_E_ARGUMENT, "allocator: struct_size is 4294967288", ARQ_ABI_VERSION, &bad);
    bad.struct_size = sizeof bad - 1;
    refuses_context(ARQ_E_ARGUMENT, "struct_size", ARQ_ABI_VERSION, &bad);
    bad = good;
    bad.alloc = NULL;
    refuses_context(ARQ_E_ARGUMENT, "alloc", ARQ_ABI_VERSION, &bad);
    bad = good;
    bad.free = NULL;
    refuses_context(ARQ_E_ARGUMENT, "free", ARQ_ABI_VERSION, &bad);
    atomic_store(&host.memory.fail_at, 1);
    refuses_context(ARQ_E_NOMEM, "", ARQ_ABI_VERSION, &good);
    ck_assert_uint_eq(atomic_load(&host.memory.live), 0);

    ck_assert_int_eq(arq_context_create(ARQ_ABI_VERSION, &good, &host.context), ARQ_OK);
    ck_assert_uint_gt(atomic_load(&host.memory.total), 0);
    memset(&good, 0, sizeof good);
    arq_config_destroy(configured(&host, "batch=3"));
    host_close(&host);
}
END_TEST

START_TEST(hooks_are_checked)
{
    struct host host;
    host_open(&host);
    arq_log log = {.struct_size = sizeof log, .level = ARQ_LOG_INFO, .write = ignore_log};
    arq_executor executor = {.struct_size = sizeof executor, .num_threads = 2, .parallel_for = run_in_order};

    log.struct_size = UINT32_MAX - 7; /* garbage, not a longer table */
    refuses(&host, ARQ_E_ARGUMENT, "log;struct_size", arq_context_set_log(host.context, &log));
    log.struct_size = sizeof log - 1;
    refuses(&host, ARQ_E_ARGUMENT, "struct_size", arq_context_set_log(host.context, &log));
    log.struct_size = sizeof log;
    log.write = NULL;
    refuses(&host, ARQ_E_ARGUMENT, "write", arq_context_set_log(host.context, &log));
    executor.struct_size = UINT32_MAX - 7;
    refuses(&host, ARQ_E_ARGUMENT, "executor;struct_size", arq_context_set_executor(host.context, &executor));
    executor.struct_size = 4;
    refuses(&host, ARQ_E_ARGUMENT, "struct_size", arq_context_set_executor(host.context, &executor));
    executor.struct_size = sizeof executor;
    executor.num_threads = 0;
    refuses(&host, ARQ_E_ARGUMENT, "num_threads;0", arq_context_set_executor(host.context, &executor));
    executor.num_threads = 1;
    executor.parallel_for = NULL;
    refuses(&host, ARQ_E_ARGUMENT, "parallel_for", arq_context_set_executor(host.context, &executor));
    executor.parallel_for = run_in_order;
    succeeds(&host, arq_context_set_executor(host.context, &executor));
    succeeds(&host, arq_context_set_executor(host.context, NULL));
    succeeds(&host, arq_context_set_log(host.context, NULL));
    ck_assert_int_eq(arq_context_set_log(NULL, NULL), ARQ_E_ARGUMENT);
    ck_assert_int_eq(arq_context_set_executor(NULL, NULL), ARQ_E_ARGUMENT);
    host_close(&host);
}
END_TEST

START_TEST(threads_have_a_range)
{
    struct host host;
    host_open(&host);

    refuses(&host, ARQ_E_ARGUMENT, "257;256", arq_context_set_threads(host.context, 257));
    refuses(&host, ARQ_E_ARGUMENT, "4294967295;256", arq_context_set_threads(host.context, UINT32_MAX));
    ck_assert_int_eq(arq_context_set_threads(NULL, 1), ARQ_E_ARGUMENT);
    succeeds(&host, arq_context_set_threads(host.context, 0));
    succeeds(&host, arq_context_set_threads(host.context, 1));
    succeeds(&host, arq_context_set_threads(host.context, 256));
    succeeds(&host, arq_context_set_threads(host.context, 3));
    host_close(&host);
}
END_TEST

START_TEST(nothing_changes_under_living_handles)
{
    struct host host;
    host_open(&host);
    arq_config *config = configured(&host, "");
    arq_log log = host_log(&host);

    refuses(&host, ARQ_E_BUSY, NULL, arq_context_set_log(host.context, &log));
    refuses(&host, ARQ_E_BUSY, NULL, arq_context_set_executor(host.context, NULL));
    refuses(&host, ARQ_E_BUSY, NULL, arq_context_set_threads(host.context, 2));
    refuses(&host, ARQ_E_BUSY, NULL, arq_context_set_cpu(host.context, "generic"));
    arq_config_destroy(config);
    succeeds(&host, arq_context_set_cpu(host.context, "generic"));
    host_close(&host);
}
END_TEST

START_TEST(a_context_with_handles_is_leaked_not_left_dangling)
{
    static arq_context *leaked; /* known to leak checkers */
    struct host host;
    host_open(&host);
    leaked = host.context;
    arq_config *config = configured(&host, "batch=7");
    double batch;

    arq_context_destroy(leaked);
    ck_assert_int_eq(atomic_load(&host.log_lines), 1);
    ck_assert_int_eq(host.log_text[0], '0' + ARQ_LOG_ERROR);
    ck_assert_int_eq(arq_config_get_float(config, "batch", &batch), ARQ_OK);
    ck_assert(batch == 7);
    arq_config_destroy(config);
}
END_TEST

START_TEST(instruction_sets_are_chosen_by_name)
{
    struct host host;
    host_open(&host);
    char best[32];

    ck_assert_str_eq(arq_context_cpu(NULL), "");
    ck_assert_int_eq(arq_context_set_cpu(NULL, "generic"), ARQ_E_ARGUMENT);
    snprintf(best, sizeof best, "%s", arq_context_cpu(host.context));
    ck_assert_str_ne(best, "");
    refuses(&host, ARQ_E_NOT_FOUND, "z80;generic", arq_context_set_cpu(host.context, "z80"));
    refuses(&host, ARQ_E_NOT_FOUND, NULL, arq_context_set_cpu(host.context, ""));
    ck_assert_str_eq(arq_context_cpu(host.context), best);
    succeeds(&host, arq_context_set_cpu(host.context, "generic"));
    ck_assert_str_eq(arq_context_cpu(host.context), "generic");
    succeeds(&host, arq_context_set_cpu(host.context, best));
    ck_assert_str_eq(arq_context_cpu(host.context), best);
    succeeds(&host, arq_context_set_cpu(host.context, "generic"));
    succeeds(&host, arq_context_set_cpu(host.context, NULL));
    ck_assert_str_eq(arq_context_cpu(host.context), best);
    host_close(&host);
}
END_TEST

/* Every name can be asked for: it is usable, or refused with what is. One of them is in use. */
START_TEST(instruction_sets_have_names)
{
    struct host host;
    host_open(&host);
    char best[32];
    const char *name;
    uint32_t in_use = 0, usable = 0;

    snprintf(best, sizeof best, "%s", arq_context_cpu(host.context));
    ck_assert_str_eq(arq_cpu_name(0), "generic");
    for (uint32_t i = 0; (name = arq_cpu_name(i)) != NULL; i++) {
        in_use += strcmp(name, best) == 0;
        if (arq_context_set_cpu(host.context, name) == ARQ_OK) {
            ck_assert_str_eq(arq_context_cpu(host.context), name);
            usable++;
        } else {
            refuses(&host, ARQ_E_NOT_FOUND, name, arq_context_set_cpu(host.context, name));
        }
    }
    ck_assert_uint_eq(in_use, 1);
    ck_assert_uint_ge(usable, 1);
    ck_assert_ptr_null(arq_cpu_name(UINT32_MAX));
    host_close(&host);
}
END_TEST

START_TEST(the_environment_variable_caps_the_instruction_set)
{
    struct host host;

    setenv("ARQ_CPU", "generic", 1);
    host_open(&host);
    ck_assert_str_eq(arq_context_cpu(host.context), "generic");
    host_close(&host);
    setenv("ARQ_CPU", "z80", 1);
    refuses_context(ARQ_E_NOT_FOUND, "z80", ARQ_ABI_VERSION, NULL);
    ck_assert_msg(strstr(error_text(NULL), "ARQ_CPU") != NULL, "%s", error_text(NULL));
}
END_TEST

START_TEST(texts_are_cut_to_fit)
{
    struct host host;
    host_open(&host);
    char text[1024], small[9];

    memset(text, 'x', sizeof text);
    ck_assert_uint_eq(arq_context_last_error(host.context, NULL, 0), 0);
    ck_assert_uint_eq(arq_context_last_error(host.context, text, sizeof text), 0);
    ck_assert_str_eq(text, "");
    leave_mark(&host);
    size_t length = arq_context_last_error(host.context, NULL, 0);
    ck_assert_uint_eq(arq_context_last_error(host.context, text, sizeof text), length);
    ck_assert_uint_eq(strlen(text), length);
    ck_assert_uint_lt(length, 512);
    ck_assert_uint_eq(arq_context_last_error(host.context, small, sizeof small), length);
    ck_assert_uint_eq(strlen(small), sizeof small - 1);
    ck_assert_mem_eq(small, text, sizeof small - 1);
    small[1] = 'x';
    ck_assert_uint_eq(arq_context_last_error(host.context, small, 1), length);
    ck_assert_int_eq(small[0], 0);
    ck_assert_int_eq(small[1], 'x');
    arq_config_destroy(configured(&host, ""));
    ck_assert_str_eq(error_text(host.context), text);
    host_close(&host);
}
END_TEST

static void *text_of_another_thread(void *data)
{
    static char other_text[] = "a text of another thread", no_failure[] = "an unknown preset made",
                not_own_text[] = "a text that is not its own";
    struct host *host = data;
    arq_config *config;

    if (arq_context_last_error(host->context, NULL, 0) != 0)
        return other_text;
    if (arq_config_create(host->context, "preset-of-another-thread", &config) != ARQ_E_NOT_FOUND)
        return no_failure;
    if (strstr(error_text(host->context), "preset-of-another-thread") == NULL)
        return not_own_text;
    return NULL;
}

/* Whatever a file or a caller puts into a text, the terminal that shows it is not steered. */
START_TEST(texts_steer_no_terminal)
{
    struct host host;
    host_open(&host);
    arq_config *config;

    refuses(&host, ARQ_E_NOT_FOUND, "'\\x1b]0;owned\\x07\\x9b2J\\x7f\xc3\xa9'",
            arq_config_create(host.context,
                              "\x1b]0;owned\x07\xc2\x9b"
                              "2J\x7f\xc3\xa9",
                              &config));
    char longest[600];
    memset(longest, 0x1b, sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    ck_assert_int_eq(arq_plugin_load(host.context, longest), ARQ_E_IO);
    ck_assert_ptr_null(strchr(error_text(host.context), 0x1b));
    host_close(&host);
}
END_TEST

START_TEST(texts_belong_to_a_thread_and_a_context)
{
    struct host host, other;
    host_open(&host);
    host_open(&other);
    pthread_t thread;
    void *complaint = NULL;
    char text[1024];

    leave_mark(&host);
    snprintf(text, sizeof text, "%s", error_text(host.context));
    ck_assert_str_eq(error_text(other.context), "");
    ck_assert_int_eq(pthread_create(&thread, NULL, text_of_another_thread, &host), 0);
    ck_assert_int_eq(pthread_join(thread, &complaint), 0);
    ck_assert_msg(complaint == NULL, "the other thread saw %s", (const char *)complaint);
    ck_assert_str_eq(error_text(host.context), text);
    host_close(&other);
    ck_assert_str_eq(error_text(host.context), text);
    host_close(&host);
}
END_TEST

START_TEST(a_long_name_does_not_make_a_long_text)
{
    struct host host;
    host_open(&host);
    arq_config *config;
    char *name = malloc(100001);

    memset(name, 'a', 100000);
    name[100000] = 0;
    ck_assert_int_eq(arq_config_create(host.context, name, &config), ARQ_E_NOT_FOUND);
    ck_assert_uint_lt(arq_context_last_error(host.context, NULL, 0), 512);
    ck_assert_uint_gt(arq_context_last_error(host.context, NULL, 0), 0);
    free(name);
    host_close(&host);
}
END_TEST

START_TEST(status_has_names)
{
    static const char *const names[] = {"ARQ_OK",         "ARQ_E_ARGUMENT",   "ARQ_E_NOMEM", "ARQ_E_NOT_FOUND",
                                        "ARQ_E_ORDER",    "ARQ_E_BUSY",       "ARQ_E_ABI",   "ARQ_E_IO",
                                        "ARQ_E_FORMAT",   "ARQ_E_SHAPE",      "ARQ_E_ENV",   "ARQ_E_CALLBACK",
                                        "ARQ_E_DIVERGED", "ARQ_E_UNSUPPORTED"};
    static const arq_status unknown[] = {1, 1000, INT32_MAX, -14, -999};

    for (int32_t i = 0; i < (int32_t)(sizeof names / sizeof *names); i++)
        ck_assert_str_eq(arq_status_name(-i), names[i]);
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        ck_assert_str_eq(arq_status_name(unknown[i]), "unknown status");
    ck_assert_str_eq(arq_status_name(ARQ_E_CALLER), "ARQ_E_CALLER");
    ck_assert_str_eq(arq_status_name(ARQ_E_CALLER - 5), "ARQ_E_CALLER");
    ck_assert_str_eq(arq_status_name(INT32_MIN), "ARQ_E_CALLER");
}
END_TEST

START_TEST(version_is_that_of_the_headers)
{
    char text[32];

    snprintf(text, sizeof text, "%d.%d.%d", ARQ_VERSION_MAJOR, ARQ_VERSION_MINOR, ARQ_VERSION_PATCH);
    ck_assert_str_eq(arq_version(), text);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {abi_numbers_are_checked,
                                  allocators_are_checked_and_copied,
                                  hooks_are_checked,
                                  threads_have_a_range,
                                  nothing_changes_under_living_handles,
                                  a_context_with_handles_is_leaked_not_left_dangling,
                                  instruction_sets_are_chosen_by_name,
                                  instruction_sets_have_names,
                                  the_environment_variable_caps_the_instruction_set,
                                  texts_are_cut_to_fit,
                                  texts_steer_no_terminal,
                                  texts_belong_to_a_thread_and_a_context,
                                  a_long_name_does_not_make_a_long_text,
                                  status_has_names,
                                  version_is_that_of_the_headers};

    return RUN_TESTS("context", tests);
}
