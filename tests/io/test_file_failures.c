/* Every system call that a save makes fails in turn: the old file stays as it was and nothing is left behind. */
#include "io/safetensors.h"
#include "../support/faults.h"
#include "test_support.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static arq_status save(arq_context *context, const char *path, uint64_t number)
{
    arq_writer *writer;
    uint64_t many[1000] = {number};
    ck_assert_ok(context, arq_writer_create(context, &writer));
    ck_assert_ok(context, arq_writer_tensor(writer, "many", ARQ_DTYPE_U64, 1, (uint64_t[]){1000}, many));
    ck_assert_ok(context, arq_writer_values(writer, "number", ARQ_DTYPE_U64, 1, &number));
    arq_status status = arq_writer_commit(writer, path);
    arq_writer_destroy(writer);
    return status;
}

static arq_status load(arq_context *context, const char *path, uint64_t *number)
{
    arq_reader *reader;
    arq_status status = arq_reader_open(context, path, &reader);
    if (status == ARQ_OK) {
        ck_assert_ok(context, arq_reader_values(reader, "number", ARQ_DTYPE_U64, 1, number));
    }
    arq_reader_close(reader);
    return status;
}

static void check_number(arq_context *context, const char *path, uint64_t expected)
{
    uint64_t number;
    ck_assert_ok(context, load(context, path, &number));
    ck_assert_uint_eq(number, expected);
}

/* How many descriptors are open, so that none is lost. */
static int count_descriptors(void)
{
    int count = 0;
    for (int i = 0; i < 256; i++) {
        count += fcntl(i, F_GETFD) >= 0;
    }
    return count;
}

static const struct {
    const char *name;
    int error;
    const char *words;
} faults[] = {
    {"open", EACCES, "Permission denied"},        {"open", EMFILE, "Too many open files"},
    {"write", ENOSPC, "No space left on device"}, {"write", EIO, "Input/output error"},
    {"fchmod", EPERM, "Operation not permitted"}, {"fsync", EIO, "Input/output error"},
    {"close", EDQUOT, "Disk quota exceeded"},     {"rename", EXDEV, "cross-device"},
};

START_TEST(a_failed_save_leaves_the_old_file)
{
    test_memory memory;
    test_folder folder = test_folder_create();
    arq_context *context = test_context(&memory);
    ck_assert_ok(context, save(context, test_path(&folder, "file"), 1));
    int descriptors = count_descriptors();
    int happened = 0;
    uint64_t present = 1;
    for (int at = 1; at == 1 || fault.happened; at++) {
        fault_clear();
        fault.name = faults[_i].name;
        fault.error = faults[_i].error;
        fault.at = at;
        fault.write_most = 1000;
        arq_status status = save(context, folder.file, present + 1);
        fault.name = NULL;
        happened += fault.happened;
        if (status == ARQ_OK) {
            present++; /* only closing or flushing the folder, behind the rename, may fail like this */
            ck_assert(!fault.happened || strcmp(faults[_i].name, "close") == 0 ||
                      strcmp(faults[_i].name, "fsync") == 0);
        } else {
            ck_assert_int_eq(status, ARQ_E_IO);
            ck_assert_ptr_nonnull(strstr(test_error(context), faults[_i].words));
            ck_assert_ptr_nonnull(strstr(test_error(context), folder.file));
        }
        ck_assert_int_eq(test_folder_count(&folder), 1);
        check_number(context, folder.file, present);
        ck_assert_int_eq(count_descriptors(), descriptors);
    }
    ck_assert_int_ge(happened, 1);
    test_context_end(context, &memory);
    test_folder_remove(&folder);
}
END_TEST

START_TEST(a_failed_read_is_an_error)
{
    test_memory memory;
    test_folder folder = test_folder_create();
    arq_context *context = test_context(&memory);
    ck_assert_ok(context, save(context, test_path(&folder, "file"), 1));
    size_t before = memory.bytes_out;
    int descriptors = count_descriptors();
    int happened = 0;
    for (int at = 1; at == 1 || fault.happened; at++) {
        uint64_t number;
        fault_clear();
        fault.name = "read";
        fault.error = EIO;
        fault.at = at;
        fault.write_most = 1000;
        arq_status status = load(context, folder.file, &number);
        fault.name = NULL;
        happened += fault.happened;
        ck_assert_int_eq(status, fault.happened ? ARQ_E_IO : ARQ_OK);
        ck_assert(!fault.happened || strstr(test_error(context), "Input/output error") != NULL);
        ck_assert_uint_eq(memory.bytes_out, before);
        ck_assert_int_eq(count_descriptors(), descriptors);
    }
    ck_assert_int_ge(happened, 9);
    test_context_end(context, &memory);
    test_folder_remove(&folder);
}
END_TEST

START_TEST(short_and_interrupted_calls_go_on)
{
    test_memory memory;
    test_folder folder = test_folder_create();
    arq_context *context = test_context(&memory);
    fault_clear();
    fault.write_most = 7;
    fault.interrupt = 1;
    ck_assert_ok(context, save(context, test_path(&folder, "file"), 3));
    check_number(context, folder.file, 3);
    ck_assert_uint_gt(fault.calls, 2 * 8000 / 7);
    fault_clear();
    check_number(context, folder.file, 3);
    test_context_end(context, &memory);
    test_folder_remove(&folder);
}
END_TEST

/* A folder that cannot be flushed (EINVAL) is common; one that fails is told to the log, for the file is in place. */
START_TEST(a_folder_that_cannot_be_flushed)
{
    const int errors[] = {EINVAL, EIO};
    test_memory memory;
    test_folder folder = test_folder_create();
    arq_context *context = test_context(&memory);
    for (uint64_t i = 0; i < 2; i++) {
        fault_clear();
        fault.name = "fsync";
        fault.error = errors[i];
        fault.at = 2;
        ck_assert_ok(context, save(context, test_path(&folder, "file"), i));
        ck_assert(fault.happened);
        check_number(context, folder.file, i);
    }
    test_context_end(context, &memory);
    test_folder_remove(&folder);
}
END_TEST

/* A real full disk, as far as one can be had: a limit on the size of files. */
START_TEST(a_full_disk_leaves_the_old_file)
{
    test_memory memory;
    test_folder folder = test_folder_create();
    arq_context *context = test_context(&memory);
    struct rlimit old;
    fault_clear();
    ck_assert_ok(context, save(context, test_path(&folder, "file"), 1));
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &old), 0);
    struct rlimit small = {4000, old.rlim_max};
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    arq_status status = save(context, folder.file, 2);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &old), 0);
    signal(SIGXFSZ, handler);
    ck_assert_fails(context, status, ARQ_E_IO, "File too large");
    ck_assert_int_eq(test_folder_count(&folder), 1);
    check_number(context, folder.file, 1);
    test_context_end(context, &memory);
    test_folder_remove(&folder);
}
END_TEST

/* A host may have closed standard input, output or error; what is later printed there must not land in our file. */
START_TEST(standard_descriptors_are_left_alone)
{
    test_memory memory;
    test_folder folder = test_folder_create();
    arq_context *context = test_context(&memory);
    fault_clear();
    int kept[3];
    for (int i = 0; i < 3; i++) {
        kept[i] = fcntl(i, F_DUPFD_CLOEXEC, 10);
        ck_assert_int_ge(kept[i], 10);
        close(i);
    }
    fault_clear();
    arq_status status = save(context, test_path(&folder, "file"), 4);
    int written = fault.smallest_file;
    fault_clear();
    arq_reader *reader = NULL;
    arq_status opened = arq_reader_open(context, folder.file, &reader);
    int read_from = fault.smallest_file;
    arq_reader_close(reader);
    for (int i = 0; i < 3; i++) {
        dup2(kept[i], i);
        close(kept[i]);
    }
    ck_assert_ok(context, status);
    ck_assert_ok(context, opened);
    ck_assert(written > STDERR_FILENO && written < INT_MAX);
    ck_assert(read_from > STDERR_FILENO && read_from < INT_MAX);
    check_number(context, folder.file, 4);
    test_context_end(context, &memory);
    test_folder_remove(&folder);
}
END_TEST

/* What killed saves have left behind goes with the next save, whatever their number; what is being written stays, and
 * so does what only looks alike. */
START_TEST(left_over_temporary_files_are_removed)
{
    test_memory memory;
    test_folder folder = test_folder_create();
    arq_context *context = test_context(&memory);
    char name[64];
    fault_clear();
    for (int i = 0; i < 1100; i++) {
        snprintf(name, sizeof(name), ".arq-%ld-%d.tmp", (long)getpid(), i);
        test_write_file(test_path(&folder, name), "left", 4);
    }
    int writer = open(test_path(&folder, ".arq-1-7.tmp"), O_WRONLY | O_CREAT, 0666);
    ck_assert_int_eq(flock(writer, LOCK_EX), 0);
    test_write_file(test_path(&folder, ".arq-1-8.tmp.mine"), "kept", 4);
    ck_assert_int_eq(mkfifo(test_path(&folder, ".arq-1-9.tmp"), 0600), 0);
    ck_assert_ok(context, save(context, test_path(&folder, "file"), 1));
    ck_assert_int_eq(test_folder_count(&folder), 4);
    close(writer);
    ck_assert_ok(context, save(context, folder.file, 2));
    ck_assert_int_eq(test_folder_count(&folder), 3);
    check_number(context, folder.file, 2);
    test_context_end(context, &memory);
    test_folder_remove(&folder);
}
END_TEST

/* A process that is killed in the middle of a save leaves its temporary file, which the next save removes. */
START_TEST(killed_saves_leave_nothing_for_good)
{
    test_memory memory;
    test_folder folder = test_folder_create();
    arq_context *context = test_context(&memory);
    int left = 0;
    fault_clear();
    ck_assert_ok(context, save(context, test_path(&folder, "file"), 1));
    for (int at = 1; at <= 9; at++) {
        pid_t child = fork();
        ck_assert_int_ge(child, 0);
        if (child == 0) {
            fault = (struct fault_plan){.name = "write", .at = at, .write_most = 1000, .kills = 1};
            save(context, folder.file, 2);
            _exit(1);
        }
        int status;
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        left += test_folder_count(&folder) == 2;
        check_number(context, folder.file, (uint64_t)at);
        ck_assert_ok(context, save(context, folder.file, (uint64_t)at + 1));
        ck_assert_int_eq(test_folder_count(&folder), 1);
    }
    ck_assert_int_eq(left, 9);
    test_context_end(context, &memory);
    test_folder_remove(&folder);
}
END_TEST

static mode_t mode_of(const char *path)
{
    struct stat found;
    ck_assert_int_eq(stat(path, &found), 0);
    return found.st_mode & 07777;
}

START_TEST(a_save_keeps_the_mode_of_the_file)
{
    const mode_t modes[] = {0600, 0640, 0664, 0777, 0200};
    test_memory memory;
    test_folder folder = test_folder_create();
    arq_context *context = test_context(&memory);
    fault_clear();
    mode_t mask = umask(027);
    ck_assert_ok(context, save(context, test_path(&folder, "file"), 1));
    ck_assert_uint_eq(mode_of(folder.file), 0640);
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        ck_assert_int_eq(chmod(folder.file, modes[i]), 0);
        ck_assert_ok(context, save(context, folder.file, i));
        ck_assert_uint_eq(mode_of(folder.file), modes[i]);
    }
    umask(mask);
    test_context_end(context, &memory);
    test_folder_remove(&folder);
}
END_TEST

/* Root may write every file, so somebody else tries. */
START_TEST(a_file_that_may_not_be_written_is_not_replaced)
{
    test_memory memory;
    test_folder folder = test_folder_create();
    arq_context *context = test_context(&memory);
    fault_clear();
    ck_assert_ok(context, save(context, test_path(&folder, "file"), 1));
    ck_assert_int_eq(chmod(folder.file, 0444), 0);
    ck_assert_int_eq(chmod(folder.path, 0777), 0);
    uid_t self = geteuid();
    ck_assert(self != 0 || seteuid(65534) == 0);
    arq_status status = save(context, folder.file, 2);
    ck_assert(self != 0 || seteuid(self) == 0);
    ck_assert_fails(context, status, ARQ_E_IO, "Permission denied");
    ck_assert_int_eq(test_folder_count(&folder), 1);
    check_number(context, folder.file, 1);
    test_context_end(context, &memory);
    test_folder_remove(&folder);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("file failures");
    TCase *test = tcase_create("file failures");
    tcase_set_timeout(test, 120);
    tcase_add_loop_test(test, a_failed_save_leaves_the_old_file, 0, sizeof(faults) / sizeof(faults[0]));
    tcase_add_test(test, a_failed_read_is_an_error);
    tcase_add_test(test, short_and_interrupted_calls_go_on);
    tcase_add_test(test, a_folder_that_cannot_be_flushed);
    tcase_add_test(test, a_full_disk_leaves_the_old_file);
    tcase_add_test(test, standard_descriptors_are_left_alone);
    tcase_add_test(test, left_over_temporary_files_are_removed);
    tcase_add_test(test, killed_saves_leave_nothing_for_good);
    tcase_add_test(test, a_save_keeps_the_mode_of_the_file);
    tcase_add_test(test, a_file_that_may_not_be_written_is_not_replaced);
    suite_add_tcase(suite, test);
    return run_suite(suite);
}
