/* A replay in segments: what a folder holds is the replay at the time of the copy, whatever was dropped, failed or was
 * lost on the way. */
#include "../support/faults.h"
#include "scene.h"

#include <errno.h>

START_TEST(a_folder_holds_what_was_copied)
{
    for (uint64_t seed = 1; seed < 150; seed++) {
        scene s;
        scene_open(&s, seed);
        scene_checkpoint(&s);
        for (int round = 0; round < 25; round++) {
            checkpoint point;
            scene_live(&s, test_random_below(&s.random, (uint32_t)s.capacity));
            switch (test_random_below(&s.random, 6)) {
            case 0: /* dropped */
                ck_assert_ok(s.context, scene_copy(&s, &point));
                scene_drop(&point);
                break;
            case 1: /* killed while it was written: what was done so far is in the folder */
                ck_assert_ok(s.context, scene_copy(&s, &point));
                ck_assert_ok(s.context, arq_segment_copy_write(point.copy));
                scene_drop(&point);
                scene_resume(&s);
                break;
            case 2: /* written while the replay goes on */
                ck_assert_ok(s.context, scene_copy(&s, &point));
                free(s.written.data);
                s.written = scene_whole(&s, s.replay);
                scene_live(&s, test_random_below(&s.random, (uint32_t)s.capacity));
                ck_assert_ok(s.context, scene_write(&s, &point));
                scene_drop(&point);
                scene_check_count(&s);
                break;
            case 3:
                scene_resume(&s);
                break;
            default:
                scene_checkpoint(&s);
                scene_check_count(&s);
                break;
            }
            scene_check(&s);
        }
        scene_close(&s);
    }
}
END_TEST

/* The resumed replay goes on as the first one would have. */
START_TEST(a_resumed_replay_has_the_same_future)
{
    for (uint64_t seed = 200; seed < 260; seed++) {
        scene s;
        scene_open(&s, seed);
        scene_live(&s, 3 * s.capacity);
        scene_checkpoint(&s);
        arq_replay *first = s.replay;
        test_random random = s.random;
        uint64_t added = s.added;
        int open[MOST_LANES];
        memcpy(open, s.open, sizeof(open));
        scene_live(&s, 2 * s.capacity);
        test_bytes expected = scene_whole(&s, first);
        s.replay = scene_make(&s);
        scene_resume(&s);
        s.random = random;
        s.added = added;
        ck_assert_mem_eq(s.open, open, s.lanes * sizeof(open[0]));
        scene_live(&s, 2 * s.capacity);
        test_bytes now = scene_whole(&s, s.replay);
        ck_assert_uint_eq(now.count, expected.count);
        ck_assert_mem_eq(now.data, expected.data, now.count);
        ck_assert_uint_eq(arq_replay_eligible(s.replay), arq_replay_eligible(first));
        free(now.data);
        free(expected.data);
        arq_replay_destroy(first);
        scene_close(&s);
    }
}
END_TEST

/* Resumed with more room, and with segments of another length from there on. */
START_TEST(a_larger_replay_goes_on)
{
    for (uint64_t seed = 800; seed < 840; seed++) {
        scene s;
        scene_open(&s, seed);
        scene_live(&s, 3 * s.capacity);
        scene_checkpoint(&s);
        test_bytes whole = scene_whole(&s, s.replay);
        s.capacity *= 2;
        s.segment_transitions += 3;
        arq_replay *other = scene_make(&s);
        ck_assert_ok(s.context, arq_replay_load(other, s.whole.file));
        scene_resume(&s);
        arq_replay *resumed = s.replay;
        test_random random = s.random;
        uint64_t added = s.added;
        int open[MOST_LANES];
        memcpy(open, s.open, sizeof(open));
        scene_live(&s, s.capacity);
        scene_checkpoint(&s);
        scene_check(&s);
        scene_live(&s, s.capacity);
        test_bytes now = scene_whole(&s, resumed);
        s.replay = other;
        s.random = random;
        s.added = added;
        memcpy(s.open, open, sizeof(open));
        scene_live(&s, s.capacity);
        scene_live(&s, s.capacity);
        test_bytes expected = scene_whole(&s, other);
        ck_assert_uint_eq(now.count, expected.count);
        ck_assert_mem_eq(now.data, expected.data, now.count);
        s.replay = resumed;
        scene_checkpoint(&s);
        scene_check(&s);
        scene_check_count(&s);
        free(whole.data);
        free(now.data);
        free(expected.data);
        arq_replay_destroy(other);
        scene_close(&s);
    }
}
END_TEST

static uint64_t count_segments(scene *s)
{
    uint64_t sum = 0;
    DIR *directory = opendir(s->folder.path);
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        sum += strncmp(entry->d_name, "replay-", 7) == 0;
    }
    closedir(directory);
    return sum;
}

/* However many checkpoints there are, each segment is written once. */
START_TEST(a_checkpoint_writes_what_is_new)
{
    scene s;
    scene_open(&s, 2);
    s.capacity = 1000;
    s.segment_transitions = 50;
    arq_replay_destroy(s.replay);
    s.replay = scene_make(&s);
    scene_live(&s, 3000);
    scene_checkpoint(&s);
    ck_assert_uint_ge(count_segments(&s), 19);
    for (int i = 0; i < 40; i++) {
        scene_live(&s, 20);
        checkpoint point;
        ck_assert_ok(s.context, scene_copy(&s, &point));
        fault_clear();
        fault.name = "rename";
        fault.at = 1000;
        ck_assert_ok(s.context, scene_write(&s, &point));
        ck_assert_int_ge(fault.at, 998); /* a segment at most, and run.safetensors */
        fault_clear();
        scene_drop(&point);
        ck_assert_uint_le(count_segments(&s), 22);
    }
    free(s.written.data);
    s.written = scene_whole(&s, s.replay);
    scene_checkpoint(&s);
    scene_check(&s);
    scene_close(&s);
}
END_TEST

static const struct {
    const char *name;
    int error;
} faults[] = {{"open", EMFILE},   {"write", ENOSPC}, {"write", EIO},    {"fsync", EIO},
              {"rename", ENOSPC}, {"close", EIO},    {"unlink", EPERM}, {"any", EIO}};

/* Each call that a write makes fails once, or it and all behind it: the folder holds the checkpoint before or this one.
 * The write can be tried again, and the next copy loses nothing. */
START_TEST(failing_calls_lose_nothing)
{
    int happened = 0;
    for (uint64_t seed = 300; seed < 304; seed++) {
        scene s;
        scene_open(&s, seed);
        scene_live(&s, 2 * s.capacity);
        scene_checkpoint(&s);
        for (int at = 1, more = 1; more; at++) {
            checkpoint point;
            scene_live(&s, s.capacity / 2);
            ck_assert_ok(s.context, scene_copy(&s, &point));
            test_bytes copied = scene_whole(&s, s.replay);
            int files_before = test_folder_count(&s.folder);
            fault_clear();
            fault.name = faults[_i].name;
            fault.error = faults[_i].error;
            fault.at = at;
            fault.for_ever = at % 2;
            fault.write_most = 200;
            arq_status status = scene_write(&s, &point);
            more = fault.happened || at < 6;
            happened += fault.happened;
            fault_clear();
            ck_assert(status == ARQ_OK || status == ARQ_E_IO);
            if (status != ARQ_OK) {
                ck_assert_ptr_nonnull(strstr(test_error(s.context), s.folder.path));
                /* A full disk gets its room back. */
                ck_assert(strcmp(faults[_i].name, "any") == 0 || test_folder_count(&s.folder) <= files_before);
                scene_check(&s);
                if (at % 3 == 0) {
                    ck_assert_ok(s.context, scene_write(&s, &point));
                    status = ARQ_OK;
                }
            }
            if (status == ARQ_OK) {
                free(s.written.data);
                s.written = copied;
            } else {
                free(copied.data);
            }
            scene_check(&s);
            scene_drop(&point);
        }
        scene_checkpoint(&s);
        scene_check(&s);
        scene_check_count(&s);
        scene_close(&s);
    }
    ck_assert_int_ge(happened, 4);
}
END_TEST

/* Reading fails at every call, and for want of every allocation: the replay is as it was. */
START_TEST(a_failed_load_changes_nothing)
{
    scene s;
    scene_open(&s, 401);
    scene_live(&s, 3 * s.capacity);
    scene_checkpoint(&s);
    arq_replay *twin = scene_make(&s);
    test_bytes before = scene_whole(&s, twin);
    arq_status status = ARQ_E_IO;
    for (int at = 1; status != ARQ_OK; at++) {
        fault_clear();
        fault.name = _i == 0 ? "read" : "open";
        fault.error = EIO;
        fault.at = _i < 2 ? at : 0;
        test_memory_fail(&s.memory, _i < 2 ? 0 : (uint64_t)at, _i == 3);
        status = scene_load(&s, twin);
        test_memory_fail(&s.memory, 0, 0);
        fault_clear();
        ck_assert_int_eq(status, status == ARQ_OK ? ARQ_OK : _i < 2 ? ARQ_E_IO : ARQ_E_NOMEM);
        if (status != ARQ_OK) {
            test_bytes now = scene_whole(&s, twin);
            ck_assert_uint_eq(now.count, before.count);
            ck_assert_mem_eq(now.data, before.data, now.count);
            free(now.data);
        }
        ck_assert(status != ARQ_OK || at > 5);
    }
    free(before.data);
    arq_replay_destroy(twin);
    scene_check(&s);
    scene_close(&s);
}
END_TEST

START_TEST(without_memory_nothing_is_lost)
{
    for (uint64_t seed = 500; seed < 504; seed++) {
        scene s;
        scene_open(&s, seed);
        scene_live(&s, 2 * s.capacity);
        scene_checkpoint(&s);
        scene_live(&s, 2 * s.segment_transitions + s.capacity / 2);
        arq_status status = ARQ_E_NOMEM;
        for (uint64_t at = 1; status != ARQ_OK; at++) {
            checkpoint point;
            size_t before = s.memory.bytes_out;
            test_bytes copied = scene_whole(&s, s.replay);
            test_memory_fail(&s.memory, at, at % 2);
            status = scene_copy(&s, &point);
            status = status == ARQ_OK ? scene_write(&s, &point) : status;
            test_memory_fail(&s.memory, 0, 0);
            scene_drop(&point);
            if (status == ARQ_OK) {
                free(s.written.data);
                s.written = copied;
                ck_assert_uint_gt(at, 10);
            } else {
                ck_assert_int_eq(status, ARQ_E_NOMEM);
                free(copied.data);
                ck_assert_uint_le(s.memory.bytes_out, before + 4096); /* a plan that the next copy settles */
            }
            scene_check(&s);
        }
        scene_close(&s);
    }
}
END_TEST

/* Another program has removed a segment: the write says so, and the next checkpoint has everything again. */
START_TEST(segments_that_are_gone_are_written_again)
{
    scene s;
    checkpoint point;
    scene_open(&s, 600);
    scene_live(&s, 3 * s.capacity);
    scene_checkpoint(&s);
    char path[ARQ_SEGMENT_PATH_SIZE];
    const arq_segment_shelf *shelf = s.replay->history->planned;
    arq_segment_path(path, s.folder.path, &shelf->hashes[shelf->count - 1]);
    ck_assert_int_eq(remove(path), 0);
    ck_assert_ok(s.context, scene_copy(&s, &point));
    ck_assert_fails(s.context, scene_write(&s, &point), ARQ_E_IO, "replay-");
    scene_drop(&point);
    ck_assert_fails(s.context, scene_load(&s, s.replay), ARQ_E_IO, "No such file");
    scene_checkpoint(&s);
    scene_check(&s);
    scene_close(&s);
}
END_TEST

/* Another folder gets everything, and the first one keeps what it has. */
START_TEST(another_folder_gets_everything)
{
    scene s;
    scene_open(&s, 700);
    scene_live(&s, 3 * s.capacity);
    scene_checkpoint(&s);
    scene_check(&s);
    test_folder first = s.folder;
    s.folder = test_folder_create();
    scene_checkpoint(&s);
    scene_check(&s);
    test_folder second = s.folder;
    s.folder = first;
    scene_check(&s);
    s.folder = second;
    test_folder_remove(&first);
    scene_check(&s);
    scene_close(&s);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("segments");
    TCase *test = tcase_create("segments");
    tcase_set_timeout(test, 200);
    tcase_add_test(test, a_folder_holds_what_was_copied);
    tcase_add_test(test, a_resumed_replay_has_the_same_future);
    tcase_add_test(test, a_larger_replay_goes_on);
    tcase_add_test(test, a_checkpoint_writes_what_is_new);
    tcase_add_loop_test(test, failing_calls_lose_nothing, 0, sizeof(faults) / sizeof(faults[0]));
    tcase_add_loop_test(test, a_failed_load_changes_nothing, 0, 4);
    tcase_add_test(test, without_memory_nothing_is_lost);
    tcase_add_test(test, segments_that_are_gone_are_written_again);
    tcase_add_test(test, another_folder_gets_everything);
    suite_add_tcase(suite, test);
    return run_suite(suite);
}
