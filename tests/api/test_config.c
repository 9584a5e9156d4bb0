/* Every parameter at, below and above its limits, from the table itself. */
#include "support.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A parameter's row, with the range of a number read from its text. */
struct row {
    const char *name;
    const char *type;
    const char *range;
    double low;
    double high;
};

static int next_row(uint32_t index, struct row *row)
{
    row->name = arq_parameter_name(index);
    if (row->name == NULL)
        return 0;
    row->type = arq_parameter_text(row->name, ARQ_PARAMETER_TYPE);
    row->range = arq_parameter_text(row->name, ARQ_PARAMETER_RANGE);
    ck_assert_ptr_nonnull(row->type);
    ck_assert_ptr_nonnull(row->range);
    if (strcmp(row->type, "int") == 0 || strcmp(row->type, "float") == 0)
        ck_assert_msg(sscanf(row->range, "%lf .. %lf", &row->low, &row->high) == 2,
                      "%s: range \"%s\" is not \"a .. b\"", row->name, row->range);
    return 1;
}

static int is(const struct row *row, const char *type)
{
    return strcmp(row->type, type) == 0;
}

static const char *value_of(struct host *host, const arq_config *config, const char *name)
{
    static char text[256];

    succeeds(host, arq_config_get(config, name, text, sizeof text));
    return text;
}

/* The text is refused, says name and range, and nothing has changed. */
static void refuses_text(struct host *host, arq_config *config, const struct row *row, const char *value)
{
    char before[256], words[512];

    snprintf(before, sizeof before, "%s", value_of(host, config, row->name));
    const char *origin = arq_config_origin(config, row->name);
    snprintf(words, sizeof words, "%s;%s", row->name, row->range);
    leave_mark(host);
    arq_status status = arq_config_set(config, row->name, value);
    if (status == ARQ_OK)
        ck_abort_msg("%s took \"%s\"", row->name, value);
    check_refusal(host, ARQ_E_ARGUMENT, words, status, value, row->name, 0);
    ck_assert_str_eq(value_of(host, config, row->name), before);
    ck_assert_str_eq(arq_config_origin(config, row->name), origin);
}

static void takes_text(struct host *host, arq_config *config, const struct row *row, const char *value)
{
    if (arq_config_set(config, row->name, value) != ARQ_OK)
        ck_abort_msg("%s=%s: %s", row->name, value, error_text(host->context));
    ck_assert_str_eq(arq_config_origin(config, row->name), "set");
}

START_TEST(every_row_is_whole)
{
    struct host host;
    host_open(&host);
    arq_config *config = configured(&host, "");
    struct row row;
    uint32_t index;

    for (index = 0; next_row(index, &row); index++) {
        ck_assert_ptr_nonnull(strstr("int float bool choice widths", row.type));
        ck_assert_str_ne(row.range, "");
        ck_assert_ptr_nonnull(arq_parameter_text(row.name, ARQ_PARAMETER_UNIT));
        ck_assert_str_ne(arq_parameter_text(row.name, ARQ_PARAMETER_DOC), "");
        ck_assert_str_ne(arq_parameter_text(row.name, ARQ_PARAMETER_SOURCE), "");
        ck_assert_ptr_nonnull(arq_parameter_text(row.name, ARQ_PARAMETER_RESUME));
        ck_assert_str_eq(arq_config_origin(config, row.name), "default");
        char value[256];
        snprintf(value, sizeof value, "%s", value_of(&host, config, row.name));
        takes_text(&host, config, &row, arq_parameter_text(row.name, ARQ_PARAMETER_DEFAULT));
        ck_assert_str_eq(value_of(&host, config, row.name), value);
        ck_assert_ptr_null(arq_parameter_text(row.name, 0));
        ck_assert_ptr_null(arq_parameter_text(row.name, ARQ_PARAMETER_RESUME + 1));
        ck_assert_ptr_null(arq_parameter_text(row.name, INT32_MIN));
    }
    ck_assert_uint_gt(index, 20);
    ck_assert_ptr_null(arq_parameter_name(UINT32_MAX));
    ck_assert_ptr_null(arq_parameter_text("no_such", ARQ_PARAMETER_TYPE));
    ck_assert_ptr_null(arq_parameter_text(NULL, ARQ_PARAMETER_TYPE));
    arq_config_destroy(config);
    host_close(&host);
}
END_TEST

static void check_int_limits(struct host *host, arq_config *config, const struct row *row)
{
    int64_t low = (int64_t)row->low, high = (int64_t)row->high;
    double value;

    succeeds(host, arq_config_set_int(config, row->name, low));
    succeeds(host, arq_config_get_float(config, row->name, &value));
    ck_assert(value == row->low);
    succeeds(host, arq_config_set_int(config, row->name, high));
    succeeds(host, arq_config_get_float(config, row->name, &value));
    ck_assert(value == row->high);
    refuses(host, ARQ_E_ARGUMENT, row->range, arq_config_set_int(config, row->name, low - 1));
    refuses(host, ARQ_E_ARGUMENT, row->range, arq_config_set_int(config, row->name, high + 1));
    refuses(host, ARQ_E_ARGUMENT, row->range, arq_config_set_int(config, row->name, INT64_MIN));
    refuses(host, ARQ_E_ARGUMENT, row->range, arq_config_set_int(config, row->name, INT64_MAX));
    refuses(host, ARQ_E_ARGUMENT, row->name, arq_config_set_float(config, row->name, row->low + 0.5));
    succeeds(host, arq_config_get_float(config, row->name, &value));
    ck_assert(value == row->high);
    refuses_text(host, config, row, "1.5");
    refuses_text(host, config, row, "9223372036854775808");
    refuses_text(host, config, row, "18446744073709551617");
}

static void check_float_limits(struct host *host, arq_config *config, const struct row *row)
{
    double value;

    succeeds(host, arq_config_set_float(config, row->name, row->low));
    succeeds(host, arq_config_set_float(config, row->name, row->high));
    refuses(host, ARQ_E_ARGUMENT, row->range, arq_config_set_float(config, row->name, nextafter(row->low, -INFINITY)));
    refuses(host, ARQ_E_ARGUMENT, row->range, arq_config_set_float(config, row->name, nextafter(row->high, INFINITY)));
    refuses(host, ARQ_E_ARGUMENT, row->range, arq_config_set_float(config, row->name, NAN));
    refuses(host, ARQ_E_ARGUMENT, row->range, arq_config_set_float(config, row->name, INFINITY));
    refuses(host, ARQ_E_ARGUMENT, row->range, arq_config_set_float(config, row->name, -INFINITY));
    succeeds(host, arq_config_get_float(config, row->name, &value));
    ck_assert(value == row->high);
    refuses_text(host, config, row, "1e400");
    refuses_text(host, config, row, "-1e400");
    refuses_text(host, config, row, "0.1.2");
    refuses_text(host, config, row, "1e");
    refuses_text(host, config, row, "0,5");
}

START_TEST(numbers_keep_their_limits)
{
    static const char *const never[] = {"", " ", "x", "1x", "nan", "inf", "-inf", "true", "--1", "1 2", "1,2", "+"};
    struct host host;
    host_open(&host);
    arq_config *config = configured(&host, "");
    struct row row;
    char *nines = malloc(20001);

    memset(nines, '9', 20000);
    nines[20000] = 0;
    for (uint32_t index = 0; next_row(index, &row); index++) {
        if (!is(&row, "int") && !is(&row, "float"))
            continue;
        if (is(&row, "int"))
            check_int_limits(&host, config, &row);
        else
            check_float_limits(&host, config, &row);
        for (size_t i = 0; i < sizeof never / sizeof *never; i++)
            refuses_text(&host, config, &row, never[i]);
        leave_mark(&host);
        check_refusal(&host, ARQ_E_ARGUMENT, row.range, arq_config_set(config, row.name, nines), "999...", row.name, 0);
    }
    free(nines);
    arq_config_destroy(config);
    host_close(&host);
}
END_TEST

START_TEST(true_and_false)
{
    struct host host;
    host_open(&host);
    arq_config *config = configured(&host, "");
    struct row row;
    double value;

    for (uint32_t index = 0; next_row(index, &row); index++) {
        if (!is(&row, "bool"))
            continue;
        for (int64_t set = 0; set <= 1; set++) {
            succeeds(&host, arq_config_set_int(config, row.name, set));
            ck_assert_str_eq(value_of(&host, config, row.name), set ? "true" : "false");
            succeeds(&host, arq_config_get_float(config, row.name, &value));
            ck_assert(value == (double)set);
            takes_text(&host, config, &row, set ? "true" : "false");
        }
        refuses(&host, ARQ_E_ARGUMENT, row.name, arq_config_set_int(config, row.name, 2));
        refuses(&host, ARQ_E_ARGUMENT, row.name, arq_config_set_int(config, row.name, -1));
        refuses(&host, ARQ_E_ARGUMENT, row.name, arq_config_set_float(config, row.name, 0.5));
        refuses_text(&host, config, &row, "maybe");
        refuses_text(&host, config, &row, "");
        refuses_text(&host, config, &row, "2");
    }
    arq_config_destroy(config);
    host_close(&host);
}
END_TEST

START_TEST(words_are_those_of_the_range)
{
    struct host host;
    host_open(&host);
    arq_config *config = configured(&host, "");
    struct row row;
    double value;

    for (uint32_t index = 0; next_row(index, &row); index++) {
        if (!is(&row, "choice"))
            continue;
        char words[256];
        snprintf(words, sizeof words, "%s", row.range);
        for (char *rest = words, *word; (word = strtok_r(rest, "|", &rest)) != NULL;) {
            takes_text(&host, config, &row, word);
            ck_assert_str_eq(value_of(&host, config, row.name), word);
        }
        refuses_text(&host, config, &row, "");
        refuses_text(&host, config, &row, "|");
        refuses_text(&host, config, &row, "no-such-word");
        refuses_text(&host, config, &row, row.range);
        if (strcmp(row.range, "auto|true|false") == 0)
            continue; /* numbers, too: the next test */
        refuses(&host, ARQ_E_ARGUMENT, row.name, arq_config_set_int(config, row.name, 0));
        refuses(&host, ARQ_E_ARGUMENT, row.name, arq_config_set_float(config, row.name, 0));
        refuses(&host, ARQ_E_ARGUMENT, row.name, arq_config_get_float(config, row.name, &value));
    }
    arq_config_destroy(config);
    host_close(&host);
}
END_TEST

/* What was true or false in 0.1 takes the same texts and numbers, and is a number unless it is auto. */
START_TEST(auto_is_a_third_answer)
{
    static const char *const texts[][2] = {{"true", "true"}, {"1", "true"}, {"off", "false"}, {"auto", "auto"}};
    struct host host;
    host_open(&host);
    arq_config *config = configured(&host, "");
    double value;

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        succeeds(&host, arq_config_set(config, "context_on_explore", texts[i][0]));
        ck_assert_str_eq(value_of(&host, config, "context_on_explore"), texts[i][1]);
    }
    refuses(&host, ARQ_E_ARGUMENT, "'auto'", arq_config_get_float(config, "context_on_explore", &value));
    for (int64_t truth = 0; truth < 2; truth++) {
        succeeds(&host, arq_config_set_int(config, "context_on_explore", truth));
        succeeds(&host, arq_config_get_float(config, "context_on_explore", &value));
        ck_assert(value == (double)truth);
    }
    refuses(&host, ARQ_E_ARGUMENT, "auto|true|false", arq_config_set_int(config, "context_on_explore", 2));
    arq_config_destroy(config);
    host_close(&host);
}
END_TEST

START_TEST(widths_are_a_list)
{
    static const char *const good[] = {
        "1", "4096", "64,48,48", "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16",
        "4096,4096,4096,4096,4096,4096,4096,4096,4096,4096,4096,4096,4096,4096,4096,4096"};
    static const char *const bad[] = {"",
                                      ",",
                                      "0",
                                      "4097",
                                      "64,",
                                      ",64",
                                      "64,,48",
                                      "64;48",
                                      "64,0",
                                      "64,4097",
                                      "-1",
                                      "x",
                                      "64,x",
                                      "1.5",
                                      "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1",
                                      "18446744073709551617"};
    struct host host;
    host_open(&host);
    arq_config *config = configured(&host, "");
    struct row row = {"widths", "widths", arq_parameter_text("widths", ARQ_PARAMETER_RANGE), 0, 0};
    double value;

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        takes_text(&host, config, &row, good[i]);
        ck_assert_str_eq(value_of(&host, config, "widths"), good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refuses_text(&host, config, &row, bad[i]);
    refuses(&host, ARQ_E_ARGUMENT, "widths", arq_config_set_int(config, "widths", 64));
    refuses(&host, ARQ_E_ARGUMENT, "widths", arq_config_set_float(config, "widths", 64));
    refuses(&host, ARQ_E_ARGUMENT, "widths", arq_config_get_float(config, "widths", &value));
    arq_config_destroy(config);
    host_close(&host);
}
END_TEST

START_TEST(misspelt_names_get_the_nearest)
{
    struct host host;
    host_open(&host);
    arq_config *config = configured(&host, "");
    const char *name;
    double value;
    char buffer[256];

    for (uint32_t index = 0; (name = arq_parameter_name(index)) != NULL; index++) {
        char wrong[64];
        size_t middle = strlen(name) / 2;
        snprintf(wrong, sizeof wrong, "%.*s%s", (int)middle, name, name + middle + 1);
        char words[160];
        snprintf(words, sizeof words, "%s;%s", wrong, name);
        refuses(&host, ARQ_E_NOT_FOUND, words, arq_config_set(config, wrong, "1"));
        refuses(&host, ARQ_E_NOT_FOUND, words, arq_config_set_int(config, wrong, 1));
        refuses(&host, ARQ_E_NOT_FOUND, words, arq_config_set_float(config, wrong, 1));
        refuses(&host, ARQ_E_NOT_FOUND, wrong, arq_config_get(config, wrong, buffer, sizeof buffer));
        refuses(&host, ARQ_E_NOT_FOUND, wrong, arq_config_get_float(config, wrong, &value));
        ck_assert_ptr_null(arq_config_origin(config, wrong));
    }
    refuses(&host, ARQ_E_NOT_FOUND, NULL, arq_config_set(config, "", "1"));
    arq_config_destroy(config);
    host_close(&host);
}
END_TEST

START_TEST(null_is_refused)
{
    struct host host;
    host_open(&host);
    arq_config *config = configured(&host, "");
    char buffer[256];
    double value;
    int anything;
    arq_config *none = (arq_config *)(void *)&anything;

    ck_assert_int_eq(arq_config_create(NULL, NULL, &none), ARQ_E_ARGUMENT);
    ck_assert_ptr_null(none);
    none = (arq_config *)(void *)&anything;
    refuses(&host, ARQ_E_NOT_FOUND, "no-such;fast;minatar-paper", arq_config_create(host.context, "no-such", &none));
    ck_assert_ptr_null(none);
    refuses(&host, ARQ_E_ARGUMENT, NULL, arq_config_create(host.context, NULL, NULL));
    ck_assert_int_eq(arq_config_set(NULL, "batch", "1"), ARQ_E_ARGUMENT);
    ck_assert_int_eq(arq_config_set_int(NULL, "batch", 1), ARQ_E_ARGUMENT);
    ck_assert_int_eq(arq_config_set_float(NULL, "gamma", 1), ARQ_E_ARGUMENT);
    ck_assert_int_eq(arq_config_get(NULL, "batch", buffer, sizeof buffer), ARQ_E_ARGUMENT);
    ck_assert_int_eq(arq_config_get_float(NULL, "batch", &value), ARQ_E_ARGUMENT);
    refuses(&host, ARQ_E_ARGUMENT, NULL, arq_config_set(config, NULL, "1"));
    refuses(&host, ARQ_E_ARGUMENT, "batch", arq_config_set(config, "batch", NULL));
    refuses(&host, ARQ_E_ARGUMENT, NULL, arq_config_set_int(config, NULL, 1));
    refuses(&host, ARQ_E_ARGUMENT, NULL, arq_config_set_float(config, NULL, 1));
    refuses(&host, ARQ_E_ARGUMENT, NULL, arq_config_get(config, NULL, buffer, sizeof buffer));
    refuses(&host, ARQ_E_ARGUMENT, NULL, arq_config_get(config, "batch", NULL, 10));
    refuses(&host, ARQ_E_ARGUMENT, NULL, arq_config_get_float(config, NULL, &value));
    refuses(&host, ARQ_E_ARGUMENT, NULL, arq_config_get_float(config, "batch", NULL));
    ck_assert_ptr_null(arq_config_origin(NULL, "batch"));
    ck_assert_ptr_null(arq_config_origin(config, NULL));
    ck_assert_ptr_null(arq_preset_doc(NULL));
    ck_assert_ptr_null(arq_preset_doc("no-such"));
    ck_assert_uint_eq(arq_preset_environments(NULL), 0);
    ck_assert_uint_eq(arq_preset_environments("no-such"), 0);
    ck_assert_ptr_null(arq_preset_name(UINT32_MAX));
    arq_config_destroy(NULL);
    arq_config_destroy(config);
    host_close(&host);
}
END_TEST

START_TEST(small_buffers)
{
    struct host host;
    host_open(&host);
    arq_config *config = configured(&host, "widths=64,48,48");
    char buffer[16];

    for (size_t size = 1; size <= strlen("64,48,48"); size++) {
        memset(buffer, 'x', sizeof buffer);
        refuses(&host, ARQ_E_SHAPE, NULL, arq_config_get(config, "widths", buffer, size));
        ck_assert_ptr_nonnull(memchr(buffer, 0, size));
        ck_assert_int_eq(buffer[size], 'x');
    }
    succeeds(&host, arq_config_get(config, "widths", buffer, strlen("64,48,48") + 1));
    ck_assert_str_eq(buffer, "64,48,48");
    arq_config_destroy(config);
    host_close(&host);
}
END_TEST

START_TEST(presets_load_and_say_so)
{
    struct host host;
    host_open(&host);
    const char *preset, *name;
    uint32_t index, differing;

    for (index = 0; (preset = arq_preset_name(index)) != NULL; index++) {
        arq_config *config, *defaults = configured(&host, "");
        ck_assert_ptr_nonnull(arq_preset_doc(preset));
        ck_assert_str_ne(arq_preset_doc(preset), "");
        ck_assert_uint_ge(arq_preset_environments(preset), 1);
        succeeds(&host, arq_config_create(host.context, preset, &config));
        differing = 0;
        for (uint32_t i = 0; (name = arq_parameter_name(i)) != NULL; i++) {
            char value[256];
            snprintf(value, sizeof value, "%s", value_of(&host, config, name));
            if (strcmp(value, value_of(&host, defaults, name)) != 0) {
                ck_assert_str_eq(arq_config_origin(config, name), preset);
                differing++;
            }
            succeeds(&host, arq_config_set(config, name, value));
            ck_assert_str_eq(value_of(&host, config, name), value);
            ck_assert_str_eq(arq_config_origin(config, name), "set");
        }
        ck_assert_msg(differing > 0 || strcmp(preset, "minatar-paper") == 0, "%s is only the defaults", preset);
        arq_config_destroy(config);
        arq_config_destroy(defaults);
    }
    ck_assert_uint_ge(index, 3);
    host_close(&host);
}
END_TEST

START_TEST(text_gives_the_same_number)
{
    struct host host;
    host_open(&host);
    arq_config *config = configured(&host, ""), *copy = configured(&host, "");
    uint64_t random = test_seed();
    struct row row;

    for (uint32_t index = 0; next_row(index, &row); index++)
        for (int round = 0; is(&row, "float") && round < 200; round++) {
            double share = (double)(next_random(&random) >> 11) * 0x1p-53;
            double value = row.low + (row.high - row.low) * (round % 2 ? share : pow(share, 12)), again;
            if (!(value >= row.low && value <= row.high))
                continue;
            succeeds(&host, arq_config_set_float(config, row.name, value));
            succeeds(&host, arq_config_set(copy, row.name, value_of(&host, config, row.name)));
            succeeds(&host, arq_config_get_float(copy, row.name, &again));
            ck_assert_msg(memcmp(&value, &again, sizeof value) == 0, "%s: %a became %a by \"%s\"", row.name, value,
                          again, value_of(&host, config, row.name));
        }
    arq_config_destroy(config);
    arq_config_destroy(copy);
    host_close(&host);
}
END_TEST

/* A locale whose decimal point is a comma, built on the spot where the system has none. */
static int use_comma_locale(void)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "de_DE", "fr_FR.UTF-8", "nl_NL.UTF-8"};
    char command[1024];

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (setlocale(LC_ALL, names[i]) != NULL)
            return 1;
    const char *path = temporary_file("de_DE.UTF-8");
    snprintf(command, sizeof command, "localedef -i de_DE -f UTF-8 '%s' >/dev/null 2>&1", path);
    if (system(command) != 0)
        return 0;
    *strrchr(strcpy(command, path), '/') = 0;
    setenv("LOCPATH", command, 1);
    int found = setlocale(LC_ALL, "de_DE.UTF-8") != NULL;
    snprintf(command, sizeof command, "rm -r '%s'", path);
    return system(command) == 0 && found;
}

START_TEST(numbers_ignore_the_locale)
{
    struct host host;

    if (!use_comma_locale()) {
        printf("skipped: numbers_ignore_the_locale: no locale with a decimal comma and no localedef\n");
        return;
    }
    ck_assert_str_eq(localeconv()->decimal_point, ",");
    host_open(&host);
    arq_config *config = configured(&host, "gamma=0.625");
    double value;

    succeeds(&host, arq_config_get_float(config, "gamma", &value));
    ck_assert(value == 0.625);
    ck_assert_str_eq(value_of(&host, config, "gamma"), "0.625");
    refuses(&host, ARQ_E_ARGUMENT, "gamma", arq_config_set(config, "gamma", "0,5"));
    refuses(&host, ARQ_E_ARGUMENT, "1.5", arq_config_set_float(config, "gamma", 1.5));
    ck_assert_str_eq(localeconv()->decimal_point, ",");
    arq_config_destroy(config);
    host_close(&host);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {every_row_is_whole,
                                  numbers_keep_their_limits,
                                  true_and_false,
                                  words_are_those_of_the_range,
                                  widths_are_a_list,
                                  misspelt_names_get_the_nearest,
                                  null_is_refused,
                                  small_buffers,
                                  presets_load_and_say_so,
                                  text_gives_the_same_number,
                                  numbers_ignore_the_locale,
                                  auto_is_a_third_answer};

    return RUN_TESTS("config", tests);
}
