/* No lie of a checkpoint's list of segments or of a segment is believed, and none is followed out of bounds. */
#include "scene.h"

typedef struct change {
    const char *tensor;
    size_t offset;
    uint64_t value;
    size_t bytes;
    arq_status status;
    const char *words;
} change;

/* run.safetensors again with one value changed, as a file of its own. */
static void write_changed(scene *s, const change *changed)
{
    arq_reader *reader;
    arq_writer *writer;
    const char *name;
    const arq_tensor *tensor;
    int found = 0;
    ck_assert_ok(s->context, arq_reader_open(s->context, test_path(&s->folder, "run.safetensors"), &reader));
    ck_assert_ok(s->context, arq_writer_create(s->context, &writer));
    ck_assert_ok(s->context, arq_writer_text(writer, "kind", "run"));
    for (size_t i = 0; (tensor = arq_reader_at(reader, i, &name)) != NULL; i++) {
        ck_assert_ok(s->context,
                     arq_writer_tensor(writer, name, tensor->dtype, tensor->rank, tensor->shape, tensor->data));
        if (strcmp(name, changed->tensor) == 0) {
            ck_assert_uint_le(changed->offset + changed->bytes, tensor->bytes);
            memcpy((char *)(uintptr_t)tensor->data + changed->offset, &changed->value, changed->bytes);
            found = 1;
        }
    }
    ck_assert(found);
    ck_assert_ok(s->context, arq_writer_commit(writer, s->folder.file));
    arq_writer_destroy(writer);
    arq_reader_close(reader);
}

static void open_full_scene(scene *s, uint64_t seed)
{
    scene_open(s, seed);
    s->capacity = 20;
    s->segment_transitions = 4;
    arq_replay_destroy(s->replay);
    s->replay = scene_make(s);
    scene_live(s, 100);
    while (s->replay->history->transitions < 20 || s->replay->history->shelf == NULL ||
           s->replay->history->shelf->skipped == 0) {
        scene_live(s, 1);
        scene_checkpoint(s);
        checkpoint point;
        ck_assert_ok(s->context, scene_copy(s, &point)); /* settles what was written */
        scene_drop(&point);
    }
}

START_TEST(lists_that_lie_are_refused)
{
    static const change changes[] = {
        {"replay.segments", 0, UINT64_MAX, 8, ARQ_E_FORMAT, "accepted"},
        {"replay.segments", 24, 1000, 8, ARQ_E_FORMAT, "expected"},
        {"replay.segments", 8, 0, 8, ARQ_E_FORMAT, "accepted"},
        {"replay.segments", 8, UINT64_MAX, 8, ARQ_E_FORMAT, "accepted"},
        {"replay.segments", 8, UINT64_C(1) << 52, 8, ARQ_E_FORMAT, "capacity"},
        {"replay.segments", 32, 5, 8, ARQ_E_FORMAT, ""},
        {"replay.segments", 16, 3, 8, ARQ_E_FORMAT, "bytes, 3 expected"},
        {"replay.segments", 16, UINT64_MAX, 8, ARQ_E_FORMAT, "accepted"},
        {"replay.segment_hashes", 5, 0, 8, ARQ_E_IO, "No such file"},
        {"replay.segments_skipped", 0, 4, 8, ARQ_E_FORMAT, "left out"},
        {"replay.segments_skipped", 0, UINT64_MAX, 8, ARQ_E_FORMAT, "left out"},
        {"replay.segments_skipped", 0, 0, 8, ARQ_E_FORMAT, "capacity"},
        {"replay.state", 8, 100, 8, ARQ_E_FORMAT, "accepted"},
        {"replay.state", 0, 0, 8, ARQ_E_SHAPE, "shape"},
    };
    scene s;
    open_full_scene(&s, (uint64_t)_i);
    arq_replay *twin = scene_make(&s);
    test_bytes good = test_read_file(test_path(&s.folder, "run.safetensors"));
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        write_changed(&s, &changes[i]);
        ck_assert_fails(s.context, scene_load(&s, twin), changes[i].status, changes[i].words);
        ck_assert_uint_eq(arq_replay_size(twin), 0);
        test_write_file(s.folder.file, good.data, good.count);
    }
    free(good.data);
    arq_replay_destroy(twin);
    scene_check(&s);
    scene_close(&s);
}
END_TEST

/* A replay that was taken in spite of a changed byte must work. */
static void use(scene *s, arq_replay *replay)
{
    unsigned char rows[8 * 7 * 4 * SIZE];
    int32_t lengths[8];
    int32_t actions[8];
    float rewards[8];
    uint8_t terminated[8];
    arq_replay *own = s->replay;
    s->replay = replay;
    for (uint32_t i = 0; i < s->lanes; i++) {
        s->open[i] = replay->history->lane[i].open;
    }
    for (int i = 0; i < 10; i++) {
        scene_live(s, 5);
        arq_status status = arq_replay_sample(replay, 4, 1, rows, lengths, actions, rewards, terminated);
        ck_assert(status == ARQ_OK || status == ARQ_E_ORDER);
    }
    s->replay = own;
}

START_TEST(every_flipped_byte_of_the_list_is_survived)
{
    scene s;
    open_full_scene(&s, 2 + (uint64_t)_i);
    test_bytes good = test_read_file(test_path(&s.folder, "run.safetensors"));
    for (size_t i = 0; i < good.count; i++) {
        arq_replay *twin = scene_make(&s);
        good.data[i] ^= (unsigned char)(i % 3 == 0 ? 1 : i % 3 == 1 ? 0x80 : 0xff);
        test_write_file(test_path(&s.folder, "run.safetensors"), good.data, good.count);
        good.data[i] ^= (unsigned char)(i % 3 == 0 ? 1 : i % 3 == 1 ? 0x80 : 0xff);
        if (scene_load(&s, twin) == ARQ_OK) {
            use(&s, twin);
        } else {
            ck_assert_uint_eq(arq_replay_size(twin), 0);
        }
        arq_replay_destroy(twin);
    }
    free(good.data);
    scene_close(&s);
}
END_TEST

/* A changed byte of a segment is noticed by its hash; where the liar has named the file anew, by what it says. */
START_TEST(segments_that_lie_are_refused_or_survived)
{
    scene s;
    int taken = 0;
    open_full_scene(&s, 4 + (uint64_t)_i);
    const arq_segment_shelf *shelf = s.replay->history->shelf;
    char path[ARQ_SEGMENT_PATH_SIZE];
    arq_segment_path(path, s.folder.path, &shelf->hashes[1]);
    test_bytes good = test_read_file(path);
    test_bytes list = test_read_file(test_path(&s.folder, "run.safetensors"));
    for (size_t i = 0; i < good.count; i++) {
        arq_replay *twin = scene_make(&s);
        good.data[i] ^= (unsigned char)(i % 3 == 0 ? 1 : i % 3 == 1 ? 0x80 : 0xff);
        test_write_file(path, good.data, good.count);
        ck_assert_fails(s.context, scene_load(&s, twin), ARQ_E_FORMAT, "changed since it was written");
        arq_sha256 sha;
        segment_hash hash;
        char renamed[ARQ_SEGMENT_PATH_SIZE];
        arq_sha256_begin(&sha);
        arq_sha256_add(&sha, good.data, good.count);
        arq_sha256_end(&sha, hash.bytes);
        arq_segment_path(renamed, s.folder.path, &hash);
        test_write_file(renamed, good.data, good.count);
        for (size_t b = 0; b < sizeof(hash); b += 8) {
            change named = {"replay.segment_hashes", sizeof(hash) + b, 0, 8, ARQ_OK, ""};
            memcpy(&named.value, hash.bytes + b, 8);
            write_changed(&s, &named);
        }
        if (scene_load(&s, twin) == ARQ_OK) {
            taken++;
            use(&s, twin);
        } else {
            ck_assert_uint_eq(arq_replay_size(twin), 0);
        }
        good.data[i] ^= (unsigned char)(i % 3 == 0 ? 1 : i % 3 == 1 ? 0x80 : 0xff);
        arq_replay_destroy(twin);
        ck_assert_int_eq(remove(renamed), 0);
        test_write_file(test_path(&s.folder, "run.safetensors"), list.data, list.count);
    }
    ck_assert_int_gt(taken, 0); /* another action or reward is as good as the first */
    test_write_file(path, good.data, good.count - 1);
    ck_assert_fails(s.context, scene_load(&s, s.replay), ARQ_E_FORMAT, "expected");
    test_write_file(path, good.data, good.count);
    scene_check(&s);
    free(good.data);
    free(list.data);
    scene_close(&s);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("segments that lie");
    TCase *test = tcase_create("segments that lie");
    tcase_set_timeout(test, 200);
    tcase_add_loop_test(test, lists_that_lie_are_refused, 2, 4);
    tcase_add_loop_test(test, every_flipped_byte_of_the_list_is_survived, 0, 2);
    tcase_add_loop_test(test, segments_that_lie_are_refused_or_survived, 0, 2);
    suite_add_tcase(suite, test);
    return run_suite(suite);
}
