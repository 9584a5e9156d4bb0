/* Plugins: found, loaded, refused with a reason; ids and options. TEST_PLUGIN_DIR holds the variants. */
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *variant_path(const char *name)
{
    static char path[512];
    snprintf(path, sizeof(path), "%s/coin_%s.so", getenv("TEST_PLUGIN_DIR"), name);
    return path;
}

static void play_coin(arq_context *context, const char *id)
{
    arq_env *env = NULL;
    unsigned char observation = 9;
    double reward;
    int32_t terminated, truncated;
    ck_assert_msg(arq_env_open(context, id, &env) == ARQ_OK, "%s: %s", id, last_error(context));
    ck_assert_int_eq(arq_env_reset(env, NULL, &observation), ARQ_OK);
    ck_assert_int_eq(arq_env_step(env, 1, &observation, &reward, &terminated, &truncated), ARQ_OK);
    ck_assert_int_eq(observation, 1);
    arq_env_destroy(env);
}

static const struct {
    const char *variant;
    arq_status status;
    const char *words;
} unusable[] = {
    {"missing", ARQ_E_IO, "cannot open shared object file"},
    {"no_entry", ARQ_E_FORMAT, "does not export arq_plugin_entry"},
    {"null_table", ARQ_E_ABI, "gave no table for ABI"},
    {"other_major", ARQ_E_ABI, "majors must be equal"},
    {"newer_minor", ARQ_E_ABI, "the library's minor not older"},
    {"null_type", ARQ_E_FORMAT, "type 0 of 2 is NULL"},
    {"no_types", ARQ_E_FORMAT, "type_count is 0"},
    {"twice", ARQ_E_FORMAT, "id 'coin/plain' stands twice"},
    {"bad_option", ARQ_E_FORMAT, "'bias' has type 3, 1 .. 0, default 0: low must not be greater than high"},
    {"bad_id", ARQ_E_FORMAT, "id is 'Coin'"},
};

/* A clear error, nothing leaked, nothing loaded, and the next plugin loads. */
START_TEST(refuses_unusable_files)
{
    struct counting_allocator allocator;
    arq_context *context = new_counting_context(&allocator);
    size_t live = allocator.live;
    const char *path = variant_path(unusable[_i].variant);
    arq_env *env = NULL;
    ck_assert_int_eq(arq_plugin_load(context, path), unusable[_i].status);
    ck_assert(error_says(context, unusable[_i].words));
    ck_assert(error_says(context, path));
    ck_assert_int_eq(arq_env_open(context, path, &env), unusable[_i].status);
    ck_assert_ptr_null(env);
    ck_assert_ptr_null(arq_plugin_type(context, 0));
    ck_assert_uint_eq(allocator.live, live);
    play_coin(context, variant_path("plain"));
    arq_context_destroy(context);
    ck_assert_uint_eq(allocator.live, 0);
}
END_TEST

START_TEST(refuses_files_that_are_no_objects)
{
    arq_context *context = new_context();
    char path[] = "/tmp/arq_test_XXXXXX";
    int file = mkstemp(path);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(write(file, "not an object\n", 14), 14);
    close(file);
    ck_assert_int_eq(arq_plugin_load(context, path), ARQ_E_IO);
    ck_assert(error_says(context, path));
    unlink(path);
    ck_assert_int_eq(arq_plugin_load(context, "/"), ARQ_E_IO);
    ck_assert_int_eq(arq_plugin_load(context, ""), ARQ_E_ARGUMENT);
    ck_assert_int_eq(arq_plugin_load(NULL, path), ARQ_E_ARGUMENT);
    ck_assert_int_eq(arq_plugin_register(context, NULL), ARQ_E_ARGUMENT);
    ck_assert_int_eq(arq_plugin_register(NULL, walk_plugin), ARQ_E_ARGUMENT);
    ck_assert_ptr_null(arq_plugin_type(NULL, 0));
    arq_context_destroy(context);
}
END_TEST

START_TEST(reads_tables_of_other_versions)
{
    arq_context *context = new_context();
    char id[600];
    snprintf(id, sizeof(id), "%s?bias=0.25&heavy=true", variant_path("later_tables"));
    play_coin(context, id);
    arq_context_destroy(context);
    context = new_context();
    play_coin(context, variant_path("earlier_tables"));
    arq_context_destroy(context);
}
END_TEST

START_TEST(passes_a_failing_create_on)
{
    struct counting_allocator allocator;
    arq_context *context = new_counting_context(&allocator);
    arq_env *env = NULL;
    ck_assert_int_eq(arq_env_open(context, variant_path("failing_create"), &env), -1077);
    ck_assert(error_says(context, "coin/plain: create failed"));
    ck_assert(error_says(context, "the mint is closed"));
    ck_assert_ptr_null(env);
    ck_assert_int_eq(arq_plugin_register(context, walk_plugin), ARQ_OK);
    char id[64];
    snprintf(id, sizeof(id), "test/walk?fault=%d", WALK_CREATE_FAILS);
    ck_assert_int_eq(arq_env_open(context, id, &env), ARQ_E_CALLBACK);
    ck_assert(error_says(context, "code -7"));
    ck_assert(error_says(context, "no ground to walk on"));
    snprintf(id, sizeof(id), "test/walk?fault=%d", WALK_CREATE_NULL);
    ck_assert_int_eq(arq_env_open(context, id, &env), ARQ_E_ENV);
    /* An instance whose spec is refused is destroyed. */
    snprintf(id, sizeof(id), "test/walk?fault=%d", WALK_SPEC_SHAPE);
    ck_assert_int_eq(arq_env_open(context, id, &env), ARQ_E_ARGUMENT);
    ck_assert_int_eq(walk_count(), 0);
    arq_context_destroy(context);
    ck_assert_uint_eq(allocator.live, 0);
}
END_TEST

START_TEST(finds_plugins_by_collection)
{
    arq_context *context = new_context();
    char folders[700];
    arq_env *env = NULL;
    setenv("ARQ_PLUGIN_PATH", "", 1);
    ck_assert_int_eq(arq_env_open(context, "coin/plain", &env), ARQ_E_NOT_FOUND);
    ck_assert(error_says(context, "arq_coin.so"));
    snprintf(folders, sizeof(folders), "/nowhere::%s:/nowhere/else", getenv("TEST_PLUGIN_DIR"));
    setenv("ARQ_PLUGIN_PATH", folders, 1);
    play_coin(context, "coin/plain?heavy=1");
    play_coin(context, "coin/other");
    ck_assert_str_eq(arq_plugin_type(context, 0)->id, "coin/plain");
    ck_assert_str_eq(arq_plugin_type(context, 1)->id, "coin/other");
    ck_assert_ptr_null(arq_plugin_type(context, 2));
    ck_assert_ptr_null(arq_plugin_type(context, UINT32_MAX));
    ck_assert_int_eq(arq_env_open(context, "coin/third", &env), ARQ_E_NOT_FOUND);
    ck_assert(error_says(context, "known: coin/plain, coin/other"));
    arq_context_destroy(context);
}
END_TEST

/* A variant under another name in a folder of this test. */
static void put_plugin(const char *folder, const char *name, const char *variant)
{
    char path[300];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    ck_assert_int_eq(symlink(variant_path(variant), path), 0);
}

static void remove_folder(const char *folder, const char *const *names)
{
    for (; *names != NULL; names++) {
        char path[300];
        snprintf(path, sizeof(path), "%s/%s", folder, *names);
        ck_assert_int_eq(unlink(path), 0);
    }
    ck_assert_int_eq(rmdir(folder), 0);
}

/* Broken ones are named and counted; all others are there, each from the first folder that has it. */
START_TEST(loads_all_plugins)
{
    struct counting_allocator allocator;
    char first[] = "/tmp/arq_test_XXXXXX";
    char second[] = "/tmp/arq_test_XXXXXX";
    char folders[300];
    ck_assert_ptr_nonnull(mkdtemp(first));
    ck_assert_ptr_nonnull(mkdtemp(second));
    put_plugin(first, "arq_aaa.so", "no_entry");
    put_plugin(first, "arq_coin.so", "plain");
    put_plugin(first, "coin.so", "bad_id");
    put_plugin(second, "arq_coin.so", "two");
    put_plugin(second, "arq_zzz.so", "other_major");
    snprintf(folders, sizeof(folders), "/nowhere:%s:%s", first, second);
    setenv("ARQ_PLUGIN_PATH", folders, 1);
    arq_context *context = new_counting_context(&allocator);
    ck_assert_int_eq(arq_plugin_load(context, NULL), ARQ_E_FORMAT);
    ck_assert(error_says(context, "/arq_aaa.so: no plugin: it does not export arq_plugin_entry (and 1 more)"));
    ck_assert_str_eq(arq_plugin_type(context, 0)->id, "coin/plain");
    play_coin(context, "coin/plain");
    for (uint32_t i = 0; arq_plugin_type(context, i) != NULL; i++) {
        ck_assert_str_ne(arq_plugin_type(context, i)->id, "coin/other");
    }
    setenv("ARQ_PLUGIN_PATH", second, 1);
    ck_assert_int_eq(arq_plugin_load(context, NULL), ARQ_E_ABI); /* coin is known: only the other one fails */
    ck_assert(error_says(context, "/arq_zzz.so: "));
    setenv("ARQ_PLUGIN_PATH", "", 1);
    ck_assert_int_eq(arq_plugin_load(context, NULL), ARQ_OK);
    arq_context_destroy(context);
    ck_assert_uint_eq(allocator.live, 0);
    remove_folder(first, (const char *const[]){"arq_aaa.so", "arq_coin.so", "coin.so", NULL});
    remove_folder(second, (const char *const[]){"arq_coin.so", "arq_zzz.so", NULL});
}
END_TEST

START_TEST(takes_paths_with_names_and_options)
{
    arq_context *context = new_context();
    char id[700];
    arq_env *env = NULL;
    const char *path = variant_path("two");
    ck_assert_int_eq(arq_env_open(context, path, &env), ARQ_E_NOT_FOUND);
    ck_assert(error_says(context, "add #id"));
    static const char *const endings[] = {"#coin/plain", "#plain", "#other", "?heavy=0#plain", "#plain?heavy=0"};
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        snprintf(id, sizeof(id), "%s%s", path, endings[i]);
        play_coin(context, id);
    }
    snprintf(id, sizeof(id), "%s#third", path);
    ck_assert_int_eq(arq_env_open(context, id, &env), ARQ_E_NOT_FOUND);
    snprintf(id, sizeof(id), "%s?heavy=0?heavy=1#plain", path);
    ck_assert_int_eq(arq_env_open(context, id, &env), ARQ_E_ARGUMENT);
    snprintf(id, sizeof(id), "%s#plain#other", path);
    ck_assert_int_eq(arq_env_open(context, id, &env), ARQ_E_ARGUMENT);
    /* What was loaded by path is known by id. */
    play_coin(context, "coin/other");
    /* A name without a slash is a file of this folder. */
    ck_assert_int_eq(chdir(getenv("TEST_PLUGIN_DIR")), 0);
    play_coin(context, "coin_two.so#plain");
    ck_assert_int_eq(arq_plugin_load(context, "coin_two.so"), ARQ_OK);
    arq_context_destroy(context);
}
END_TEST

START_TEST(refuses_a_second_plugin_with_the_same_id)
{
    arq_context *context = new_context();
    ck_assert_int_eq(arq_plugin_load(context, variant_path("plain")), ARQ_OK);
    ck_assert_int_eq(arq_plugin_load(context, variant_path("plain")), ARQ_OK);
    ck_assert_int_eq(arq_plugin_load(context, variant_path("two")), ARQ_E_FORMAT);
    ck_assert(error_says(context, "id 'coin/plain' is taken"));
    ck_assert_ptr_null(arq_plugin_type(context, 1));
    play_coin(context, "coin/plain");
    arq_context_destroy(context);
}
END_TEST

static const struct {
    const char *options;
    const char *words; /* of the failure; NULL: accepted */
} options[] = {
    {"", NULL},
    {"?", NULL},
    {"?fault=0", NULL},
    {"?kind=f32&box=true", NULL},
    {"?box=false&kind=discrete&fault=0", NULL},
    {"?unused=-1e6", NULL},
    {"?unused=1e+6", NULL},
    {"?unused=.5", NULL},
    {"?unused=000000000000000000000.25", NULL},
    {"?unused=123456.789012345", NULL},
    {"?unused=1000000.1", "accepted: a number -1000000 .. 1000000"},
    {"?unused=1e7", "option unused is '1e7'"},
    {"?unused=1e400", "option unused is '1e400'"},
    {"?unused=nan", "option unused is 'nan'"},
    {"?unused=inf", "option unused is 'inf'"},
    {"?unused=0x10", "option unused is '0x10'"},
    {"?unused=1,5", "option unused is '1,5'"},
    {"?unused=1.5.5", "option unused is"},
    {"?unused=.", "option unused is '.'"},
    {"?unused=-", "option unused is '-'"},
    {"?unused=1e", "option unused is '1e'"},
    {"?unused= 1", "option unused is ' 1'"},
    {"?unused=1234567890123456", "option unused is"},
    {"?fault=-1", "accepted: a whole number 0 .. "},
    {"?fault=0.5", "option fault is '0.5'"},
    {"?fault=100", "option fault is '100'"},
    {"?fault=99999999999999999999", "option fault is"},
    {"?box=2", "accepted: 0, 1, false, true"},
    {"?box=", "accepted: box=value"},
    {"?box", "accepted: box=value"},
    {"?kind=f16", "accepted: bit|u8|f32|f64|discrete"},
    {"?kind=bi", "option kind is 'bi'"},
    {"?kind=bit|u8", "wrapper '|u8'"},
    {"?colour=1", "unknown option 'colour'; known: fault, kind, box, unused"},
    {"?=1", "unknown option ''"},
    {"?fault=0&fault=1", "option fault is given twice"},
    {"?fault=0&", "another option is missing"},
    {"?fault=0&&box=1", "unknown option ''"},
    {"?&", "unknown option ''"},
    {"?fault=0?box=1", "'?box=1' is too much"},
};

START_TEST(reads_options)
{
    arq_context *context = new_context();
    char id[256];
    arq_env *env = NULL;
    ck_assert_int_eq(arq_plugin_register(context, walk_plugin), ARQ_OK);
    snprintf(id, sizeof(id), "test/walk%s", options[_i].options);
    arq_status status = arq_env_open(context, id, &env);
    if (options[_i].words == NULL) {
        ck_assert_msg(status == ARQ_OK, "%s: %s", id, last_error(context));
    } else {
        ck_assert_msg(status == ARQ_E_ARGUMENT, "%s gave %d", id, status);
        ck_assert(error_says(context, options[_i].words));
        ck_assert_ptr_null(env);
    }
    arq_env_destroy(env);
    arq_context_destroy(context);
}
END_TEST

static double given_value;

/* `user` is where the value goes. */
static arq_status keep_value(void *user, const double *values, void **self, char *error, size_t error_size)
{
    (void)error;
    (void)error_size;
    *(double *)user = values[0];
    *self = NULL;
    return -1000;
}

static arq_env_option row;
static arq_env_type row_type;
static const arq_plugin *row_plugin(uint32_t abi_version)
{
    static const arq_env_type *const types[] = {&row_type};
    static arq_plugin plugin;
    plugin = (arq_plugin){.struct_size = sizeof(plugin),
                          .abi_version = abi_version,
                          .name = "row",
                          .version = "1",
                          .type_count = 1,
                          .types = types};
    return &plugin;
}

static arq_status register_row(arq_context *context)
{
    row_type = walk_type;
    row_type.id = "test/row";
    row_type.options = &row;
    row_type.option_count = 1;
    row_type.create = keep_value;
    row_type.user = &given_value;
    return arq_plugin_register(context, row_plugin);
}

/* Decimal texts become the nearest double, as the compiler makes them. */
START_TEST(reads_numbers_exactly)
{
#define NUMBER(text)                                                                                                   \
    {                                                                                                                  \
#text, text                                                                                                    \
    }
    static const struct {
        const char *text;
        double value;
    } numbers[] = {NUMBER(0.1),      NUMBER(0.3),   NUMBER(1e-5), NUMBER(123456789.012345),
                   NUMBER(-0.7),     NUMBER(9e15),  NUMBER(1e22), NUMBER(1.5e-21),
                   NUMBER(0.000123), NUMBER(2.5E3), NUMBER(7.),   NUMBER(0.99)};
    arq_context *context = new_context();
    row =
        (arq_env_option){.struct_size = sizeof(row), .type = ARQ_OPTION_FLOAT, .name = "x", .low = -1e30, .high = 1e30};
    ck_assert_int_eq(register_row(context), ARQ_OK);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        char id[64];
        arq_env *env = NULL;
        snprintf(id, sizeof(id), "test/row?x=%s", numbers[i].text);
        ck_assert_msg(arq_env_open(context, id, &env) == -1000, "%s: %s", id, last_error(context));
        ck_assert_msg(given_value == numbers[i].value, "%s became %.17g", numbers[i].text, given_value);
    }
    arq_context_destroy(context);
}
END_TEST

START_TEST(checks_option_rows)
{
    static const struct {
        arq_env_option row;
        const char *words; /* NULL: accepted */
    } rows[] = {
        {{.type = ARQ_OPTION_BOOL, .name = "x"}, NULL},
        {{.type = ARQ_OPTION_INT, .name = "x_1", .low = -3, .high = 9, .default_value = 9}, NULL},
        {{.type = ARQ_OPTION_CHOICE, .name = "x", .choices = "a|b", .default_value = 1}, NULL},
        {{.type = 0, .name = "x"}, "type must be"},
        {{.type = 5, .name = "x"}, "type must be"},
        {{.type = ARQ_OPTION_BOOL, .name = NULL}, "name is ''"},
        {{.type = ARQ_OPTION_BOOL, .name = ""}, "name is ''"},
        {{.type = ARQ_OPTION_BOOL, .name = "X"}, "name is 'X'"},
        {{.type = ARQ_OPTION_BOOL, .name = "a=b"}, "name is 'a=b'"},
        {{.type = ARQ_OPTION_BOOL, .name = "x", .default_value = 0.5}, "must be a whole number"},
        {{.type = ARQ_OPTION_BOOL, .name = "x", .default_value = 2}, "within low and high"},
        {{.type = ARQ_OPTION_INT, .name = "x", .low = 0.5, .high = 2}, "must be whole numbers"},
        {{.type = ARQ_OPTION_INT, .name = "x", .high = 1e300}, "must be whole numbers"},
        {{.type = ARQ_OPTION_INT, .name = "x", .high = 3, .default_value = 4}, "within low and high"},
        {{.type = ARQ_OPTION_FLOAT, .name = "x", .high = (double)INFINITY}, "must be finite"},
        {{.type = ARQ_OPTION_FLOAT, .name = "x", .high = 1, .default_value = (double)NAN}, "within low and high"},
        {{.type = ARQ_OPTION_CHOICE, .name = "x"}, "different words"},
        {{.type = ARQ_OPTION_CHOICE, .name = "x", .choices = ""}, "different words"},
        {{.type = ARQ_OPTION_CHOICE, .name = "x", .choices = "a||b"}, "different words"},
        {{.type = ARQ_OPTION_CHOICE, .name = "x", .choices = "a|b|a"}, "different words"},
        {{.type = ARQ_OPTION_CHOICE, .name = "x", .choices = "a|b", .default_value = 2}, "within low and high"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        arq_context *context = new_context();
        row = rows[i].row;
        row.struct_size = sizeof(row);
        arq_status status = register_row(context);
        ck_assert_msg(status == (rows[i].words == NULL ? ARQ_OK : ARQ_E_FORMAT), "row %zu: %s", i, last_error(context));
        ck_assert(rows[i].words == NULL || error_says(context, rows[i].words));
        row.struct_size = 8;
        arq_context_destroy(context);
        context = new_context();
        ck_assert_int_eq(register_row(context), ARQ_E_FORMAT);
        ck_assert(error_says(context, "option row 0: struct_size is 8"));
        arq_context_destroy(context);
    }
}
END_TEST

START_TEST(refuses_bad_ids)
{
    arq_context *context = new_context();
    arq_env *env = (arq_env *)(void *)context;
    static char longest[5000];
    memset(longest, 'a', sizeof(longest) - 1);
    ck_assert_int_eq(arq_env_open(NULL, "test/walk", &env), ARQ_E_ARGUMENT);
    ck_assert_ptr_null(env);
    ck_assert_int_eq(arq_env_open(context, NULL, &env), ARQ_E_ARGUMENT);
    ck_assert_int_eq(arq_env_open(context, "test/walk", NULL), ARQ_E_ARGUMENT);
    ck_assert_int_eq(arq_env_open(context, "", &env), ARQ_E_ARGUMENT);
    ck_assert_int_eq(arq_env_open(context, longest, &env), ARQ_E_ARGUMENT);
    ck_assert(error_says(context, "4999 characters"));
    static const char *const ids[] = {"walk",        "/",        "test/", "/walk",    "../walk/x",
                                      "test/walk/x", "?fault=0", "#walk", "TEST/walk"};
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        ck_assert_msg(arq_env_open(context, ids[i], &env) == ARQ_E_NOT_FOUND, "%s", ids[i]);
        ck_assert_ptr_null(env);
    }
    ck_assert_int_eq(arq_plugin_register(context, walk_plugin), ARQ_OK);
    ck_assert_int_eq(arq_env_open(context, "test/wlak", &env), ARQ_E_NOT_FOUND);
    ck_assert(error_says(context, "unknown environment 'test/wlak'; known: test/walk"));
    arq_context_destroy(context);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("plugins");
    TCase *test_case = tcase_create("plugins");
    tcase_add_loop_test(test_case, refuses_unusable_files, 0, (int)(sizeof(unusable) / sizeof(unusable[0])));
    tcase_add_test(test_case, refuses_files_that_are_no_objects);
    tcase_add_test(test_case, reads_tables_of_other_versions);
    tcase_add_test(test_case, passes_a_failing_create_on);
    tcase_add_test(test_case, finds_plugins_by_collection);
    tcase_add_test(test_case, loads_all_plugins);
    tcase_add_test(test_case, takes_paths_with_names_and_options);
    tcase_add_test(test_case, refuses_a_second_plugin_with_the_same_id);
    tcase_add_loop_test(test_case, reads_options, 0, (int)(sizeof(options) / sizeof(options[0])));
    tcase_add_test(test_case, reads_numbers_exactly);
    tcase_add_test(test_case, checks_option_rows);
    tcase_add_test(test_case, refuses_bad_ids);
    suite_add_tcase(suite, test_case);
    return run_suite(suite);
}
