/* Parts of files: all are taken or none, what a file lacks has a meaning or is refused, and ranges are said. */
#include "io/saved.h"
#include "test_support.h"

#include <math.h>

/* Something to save, in the form of yesterday or of today. */
typedef struct thing {
    float values[3];
    double later; /* only in files of today */
    uint64_t count;
    arq_random random;
    int is_of_today, may_be_absent;
    int locks, unlocks; /* how often; a lock is refused when `busy` */
    int busy;
} thing;

static const double nothing_later = 7;

static void list_thing(arq_record *record, void *listed)
{
    thing *it = listed;
    arq_number count = {"count", (double)it->count, {0, 10, 0}};
    arq_record_field(record, &(arq_field){"values", ARQ_DTYPE_F32, 1, {3}, it->values, &arq_range_not_negative, NULL});
    if (it->is_of_today) {
        arq_record_field(record, &(arq_field){"later",
                                              ARQ_DTYPE_F64,
                                              1,
                                              {1},
                                              &it->later,
                                              &arq_range_finite,
                                              it->may_be_absent ? &nothing_later : NULL});
    }
    arq_record_numbers(record, "count", ARQ_DTYPE_U64, &count, 1);
    arq_record_random(record, "random", &it->random);
    if (record->takes) {
        it->count = (uint64_t)count.value;
    }
}

static arq_status lock_thing(void *listed, const char *call)
{
    thing *it = listed;
    (void)call;
    it->locks++;
    return it->busy ? ARQ_E_BUSY : ARQ_OK;
}

static void unlock_thing(void *listed)
{
    ((thing *)listed)->unlocks++;
}

static arq_part part_of(thing *it, const char *prefix)
{
    return (arq_part){list_thing, it, prefix, lock_thing, unlock_thing};
}

static const thing saved_thing = {.values = {1, 0, 3}, .later = 2, .count = 4, .random = {{1, 2, 3, 4}}};

/* What a failed load must leave behind, its locks apart. */
static void is_untouched(const thing *it)
{
    ck_assert(it->values[0] == 0 && it->values[1] == 0 && it->values[2] == 0);
    ck_assert(it->later == 0 && it->count == 0 && it->random.state[0] == 0);
    ck_assert_int_eq(it->unlocks, it->busy ? 0 : it->locks);
}

START_TEST(what_a_file_lacks_has_a_meaning_or_is_refused)
{
    test_memory memory;
    test_folder folder = test_folder_create();
    arq_context *context = test_context(&memory);
    thing old = saved_thing, now = {.is_of_today = 1};
    const arq_part part = part_of(&old, "a.");
    const arq_part taken = part_of(&now, "a.");
    ck_assert_ok(context, arq_save_parts(context, test_path(&folder, "file"), "thing", &part, 1));
    ck_assert_fails(context, arq_load_parts(context, "load", folder.file, "thing", &taken, 1), ARQ_E_FORMAT,
                    "\"a.later\" is missing");
    is_untouched(&now);
    now.may_be_absent = 1;
    ck_assert_ok(context, arq_load_parts(context, "load", folder.file, "thing", &taken, 1));
    ck_assert_double_eq(now.later, nothing_later);
    ck_assert_uint_eq(now.count, 4);
    ck_assert_mem_eq(now.values, old.values, sizeof(old.values));
    ck_assert_mem_eq(&now.random, &old.random, sizeof(old.random));
    ck_assert_int_eq(now.locks, now.unlocks);
    old.is_of_today = 1;
    ck_assert_ok(context, arq_save_parts(context, folder.file, "thing", &part, 1));
    ck_assert_ok(context, arq_load_parts(context, "load", folder.file, "thing", &taken, 1));
    ck_assert_double_eq(now.later, 2);
    test_context_end(context, &memory);
    test_folder_remove(&folder);
}
END_TEST

START_TEST(all_parts_are_taken_or_none)
{
    test_memory memory;
    test_folder folder = test_folder_create();
    arq_context *context = test_context(&memory);
    thing first = saved_thing, last = saved_thing;
    const arq_part parts[] = {part_of(&first, "first."), part_of(&last, "last.")};
    thing into_first = {0}, into_last = {0};
    const arq_part into[] = {part_of(&into_first, "first."), part_of(&into_last, "last.")};
    last.random.state[0] = last.random.state[1] = last.random.state[2] = last.random.state[3] = 0;
    ck_assert_ok(context, arq_save_parts(context, test_path(&folder, "file"), "thing", parts, 2));
    ck_assert_fails(context, arq_load_parts(context, "load", folder.file, "thing", into, 2), ARQ_E_FORMAT,
                    "'last.random' is all 0");
    is_untouched(&into_first);
    is_untouched(&into_last);
    last = saved_thing;
    ck_assert_ok(context, arq_save_parts(context, folder.file, "thing", parts, 2));
    into_last.busy = 1;
    ck_assert_int_eq(arq_load_parts(context, "load", folder.file, "thing", into, 2), ARQ_E_BUSY);
    is_untouched(&into_first);
    is_untouched(&into_last);
    into_last.busy = 0;
    into_last.locks = 0;
    ck_assert_ok(context, arq_load_parts(context, "load", folder.file, "thing", into, 2));
    ck_assert_uint_eq(into_first.count + into_last.count, 8);
    ck_assert_int_eq(into_last.unlocks, 1);
    test_context_end(context, &memory);
    test_folder_remove(&folder);
}
END_TEST

START_TEST(a_file_is_of_one_kind)
{
    test_memory memory;
    test_folder folder = test_folder_create();
    arq_context *context = test_context(&memory);
    thing it = saved_thing;
    const arq_part part = part_of(&it, "");
    arq_reader *reader;
    ck_assert_ok(context, arq_save_parts(context, test_path(&folder, "file"), "thing", &part, 1));
    ck_assert_fails(context, arq_open_kind(context, folder.file, "one", "other", &reader), ARQ_E_FORMAT,
                    "holds a thing, not a one");
    ck_assert_ptr_null(reader);
    ck_assert_ok(context, arq_open_kind(context, folder.file, "one", "thing", &reader));
    arq_reader_close(reader);
    ck_assert_ok(context, arq_open_kind(context, folder.file, "thing", NULL, &reader));
    arq_reader_close(reader);
    test_context_end(context, &memory);
    test_folder_remove(&folder);
}
END_TEST

static void list_number(arq_record *record, void *listed)
{
    arq_number *number = listed;
    arq_number own = *number;
    arq_record_numbers(record, "number", ARQ_DTYPE_F64, &own, 1);
}

START_TEST(a_range_is_said)
{
    static const struct {
        double value;
        arq_range range;
        const char *words; /* NULL: accepted */
    } rows[] = {
        {1, {0, 1, 0}, NULL},
        {1.5, {0, 1, 0}, "it of 'number' is 1.5; accepted: 0 .. 1"},
        {-3, {0, 4294967295, 0}, "it of 'number' is -3; accepted: 0 .. 4294967295"},
        {NAN, {0, 1, 1}, NULL},
        {2, {0, 1, 1}, "accepted: 0 .. 1 or NaN"},
        {NAN, {0, 1, 0}, "is nan; accepted: 0 .. 1"},
        {-1, {0, INFINITY, 1}, "is -1; accepted: 0 or more or NaN"},
        {INFINITY, {0, INFINITY, 1}, NULL},
        {INFINITY, {-1e308, 1e308, 0}, "is inf; accepted: finite"},
    };
    test_memory memory;
    test_folder folder = test_folder_create();
    arq_context *context = test_context(&memory);
    test_path(&folder, "file");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        arq_number number = {"it", rows[i].value, rows[i].range};
        const arq_part part = {.list = list_number, .thing = &number, .prefix = ""};
        ck_assert_ok(context, arq_save_parts(context, folder.file, "number", &part, 1));
        if (rows[i].words == NULL) {
            ck_assert_ok(context, arq_load_parts(context, "load", folder.file, "number", &part, 1));
        } else {
            ck_assert_fails(context, arq_load_parts(context, "load", folder.file, "number", &part, 1), ARQ_E_FORMAT,
                            rows[i].words);
        }
    }
    test_context_end(context, &memory);
    test_folder_remove(&folder);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("saved");
    TCase *test = tcase_create("saved");
    tcase_add_test(test, what_a_file_lacks_has_a_meaning_or_is_refused);
    tcase_add_test(test, all_parts_are_taken_or_none);
    tcase_add_test(test, a_file_is_of_one_kind);
    tcase_add_test(test, a_range_is_said);
    suite_add_tcase(suite, test);
    return run_suite(suite);
}
