/* Saved replays: what follows a load is what would have followed the save; broken files change nothing. */
#include "arq/env.h"
#include "io/safetensors.h"
#include "pair.h"

#include <math.h>

static const int32_t kinds[] = {ARQ_OBSERVATION_BIT, ARQ_OBSERVATION_U8, ARQ_OBSERVATION_F32, ARQ_OBSERVATION_F64,
                                ARQ_OBSERVATION_DISCRETE};

/* Feeds both the same events and draws; everything must come out the same. */
static void check_same_future(replay_pair *pair, arq_replay *twin)
{
    uint32_t most = pair->most;
    size_t row_bytes = (pair->model.window + 1) * pair->model.observation_bytes;
    unsigned char *rows = malloc(most * row_bytes);
    int32_t *lengths = malloc(most * sizeof(*lengths));
    int32_t *actions = malloc(most * sizeof(*actions));
    float *rewards = malloc(most * sizeof(*rewards));
    uint8_t *terminated = malloc(most);
    arq_replay *original = pair->replay;
    for (int step = 0; step < 60; step++) {
        ck_assert_uint_eq(arq_replay_size(twin), arq_replay_size(original));
        ck_assert_uint_eq(arq_replay_eligible(twin), arq_replay_eligible(original));
        uint32_t batch = arq_replay_eligible(twin) < most ? (uint32_t)arq_replay_eligible(twin) : most;
        if (batch > 0) {
            batch = step % 3 == 0 ? batch : 1;
            ck_assert_ok(pair->context,
                         arq_replay_sample(twin, batch, step % 2, rows, lengths, actions, rewards, terminated));
            pair_sample(pair, batch, step % 2, NULL);
            ck_assert_mem_eq(rows, pair->rows, batch * row_bytes);
            ck_assert_mem_eq(lengths, pair->lengths, batch * sizeof(*lengths));
            ck_assert_mem_eq(actions, pair->actions, batch * sizeof(*actions));
            ck_assert_mem_eq(rewards, pair->rewards, batch * sizeof(*rewards));
            ck_assert_mem_eq(terminated, pair->terminated, batch);
        }
        pair_step_both(pair, twin);
    }
    free(rows);
    free(lengths);
    free(actions);
    free(rewards);
    free(terminated);
}

START_TEST(a_load_continues_as_if_never_saved)
{
    test_folder folder = test_folder_create();
    for (uint64_t seed = 100; seed < 150; seed++) {
        test_random random = {seed};
        replay_pair pair;
        uint32_t capacity = 1 + test_random_below(&random, 40);
        uint32_t window = 1 + test_random_below(&random, 13);
        uint32_t size = seed == 101 ? 70000 : 1 + test_random_below(&random, 40);
        int32_t kind = kinds[seed % 5];
        pair_create(&pair, seed, kind, size, capacity, window, 1 + test_random_below(&random, 30), capacity);
        for (uint32_t steps = test_random_below(&random, 120); steps > 0; steps--) {
            pair_step(&pair);
        }
        arq_replay *twin;
        ck_assert_ok(pair.context, arq_replay_create(pair.context, kind, size, capacity, window, 1, &twin));
        ck_assert_ok(pair.context, arq_replay_save(pair.replay, test_path(&folder, "replay")));
        ck_assert_ok(pair.context, arq_replay_load(twin, folder.file));
        test_bytes first = test_read_file(folder.file);
        ck_assert_ok(pair.context, arq_replay_save(twin, folder.file));
        test_bytes second = test_read_file(folder.file);
        ck_assert_uint_eq(first.count, second.count);
        ck_assert_mem_eq(first.data, second.data, first.count);
        free(first.data);
        free(second.data);
        check_same_future(&pair, twin);
        arq_replay_destroy(twin);
        pair_destroy(&pair);
    }
    test_folder_remove(&folder);
}
END_TEST

/* A pair with something of everything, saved as "good"; its twin has loaded that. */
typedef struct replay_scene {
    replay_pair pair;
    arq_replay *twin;
    test_folder folder;
    test_bytes good;
} replay_scene;

static void scene_create(replay_scene *scene, int32_t kind)
{
    scene->folder = test_folder_create();
    pair_create(&scene->pair, 5, kind, 9, 8, 3, 4, 8);
    while (scene->pair.model.next_serial < 30 || !scene->pair.model.open || model_eligible(&scene->pair.model) != 7) {
        pair_step(&scene->pair);
    }
    ck_assert_ok(scene->pair.context, arq_replay_create(scene->pair.context, kind, 9, 8, 3, 1, &scene->twin));
    ck_assert_ok(scene->pair.context, arq_replay_save(scene->pair.replay, test_path(&scene->folder, "good")));
    ck_assert_ok(scene->pair.context, arq_replay_load(scene->twin, scene->folder.file));
    scene->good = test_read_file(scene->folder.file);
}

/* Nothing that happened meanwhile has touched the twin. */
static void scene_end(replay_scene *scene)
{
    check_same_future(&scene->pair, scene->twin);
    arq_replay_destroy(scene->twin);
    pair_destroy(&scene->pair);
    free(scene->good.data);
    test_folder_remove(&scene->folder);
}

/* A file that was taken must make a replay that works; returns whether it was. */
static int try_load(replay_scene *scene, const void *data, size_t count)
{
    arq_context *context = scene->pair.context;
    arq_replay *replay;
    unsigned char rows[8 * 4 * 72];
    int32_t lengths[8];
    int32_t actions[8];
    float rewards[8];
    uint8_t terminated[8];
    ck_assert_ok(context, arq_replay_create(context, scene->pair.kind, 9, 8, 3, 1, &replay));
    test_write_file(test_path(&scene->folder, "bad"), data, count);
    arq_status status = arq_replay_load(replay, scene->folder.file);
    if (status == ARQ_OK) {
        for (int step = 0; step < 20; step++) {
            uint64_t eligible = arq_replay_eligible(replay);
            ck_assert_uint_le(eligible, 8);
            ck_assert_int_eq(arq_replay_sample(replay, 8, 1, rows, lengths, actions, rewards, terminated),
                             eligible == 8 ? ARQ_OK : ARQ_E_ORDER);
            if (arq_replay_add(replay, 1, 1, scene->pair.observation, step % 5 == 0, 0) != ARQ_OK) {
                ck_assert_ok(context, arq_replay_begin(replay, scene->pair.observation));
            }
        }
    } else {
        ck_assert_int_eq(arq_replay_load(scene->twin, scene->folder.file), status);
        ck_assert_uint_gt(strlen(test_error(context)), 10);
        ck_assert_uint_eq(arq_replay_size(replay), 0);
        ck_assert(status == ARQ_E_FORMAT || status == ARQ_E_SHAPE);
    }
    arq_replay_destroy(replay);
    return status == ARQ_OK;
}

START_TEST(every_flipped_byte_is_survived)
{
    static const unsigned char flips[] = {0x01, 0x80, 0xff};
    replay_scene scene;
    int taken = 0;
    scene_create(&scene, kinds[_i]);
    for (size_t i = 0; i < scene.good.count; i++) {
        for (size_t flip = 0; flip < sizeof(flips); flip++) {
            scene.good.data[i] ^= flips[flip];
            taken += try_load(&scene, scene.good.data, scene.good.count);
            scene.good.data[i] ^= flips[flip];
        }
    }
    ck_assert_int_gt(taken, 0); /* another action or reward is as good as the first */
    scene_end(&scene);
}
END_TEST

START_TEST(every_truncation_is_refused)
{
    replay_scene scene;
    scene_create(&scene, ARQ_OBSERVATION_BIT);
    for (size_t count = 0; count < scene.good.count; count++) {
        ck_assert_msg(!try_load(&scene, scene.good.data, count), "a file cut to %zu bytes was taken", count);
    }
    ck_assert(try_load(&scene, scene.good.data, scene.good.count));
    scene_end(&scene);
}
END_TEST

/* Copies the good file with one tensor changed: `bytes` at `offset`. */
static void save_changed(replay_scene *scene, const char *tensor_name, size_t offset, const void *bytes, size_t count)
{
    arq_context *context = scene->pair.context;
    arq_reader *reader;
    arq_writer *writer;
    const char *name;
    const arq_tensor *tensor;
    void *copies[16];
    size_t i;
    ck_assert_ok(context, arq_reader_open(context, test_path(&scene->folder, "good"), &reader));
    ck_assert_ok(context, arq_writer_create(context, &writer));
    ck_assert_ok(context, arq_writer_text(writer, "kind", "replay"));
    for (i = 0; (tensor = arq_reader_at(reader, i, &name)) != NULL; i++) {
        copies[i] = malloc(tensor->bytes + 1);
        memcpy(copies[i], tensor->data, tensor->bytes);
        if (strcmp(name, tensor_name) == 0) {
            ck_assert_uint_le(offset + count, tensor->bytes);
            memcpy((char *)copies[i] + offset, bytes, count);
        }
        ck_assert_ok(context, arq_writer_tensor(writer, name, tensor->dtype, tensor->rank, tensor->shape, copies[i]));
    }
    ck_assert_ok(context, arq_writer_commit(writer, test_path(&scene->folder, "bad")));
    while (i-- > 0) {
        free(copies[i]);
    }
    arq_writer_destroy(writer);
    arq_reader_close(reader);
}

static void check_number_refused(replay_scene *scene, const char *tensor, size_t index, uint64_t value,
                                 arq_status status, const char *words)
{
    save_changed(scene, tensor, index * sizeof(value), &value, sizeof(value));
    ck_assert_fails(scene->pair.context, arq_replay_load(scene->twin, test_path(&scene->folder, "bad")), status, words);
}

START_TEST(numbers_that_lie_are_refused)
{
    replay_scene scene;
    scene_create(&scene, ARQ_OBSERVATION_U8);
    check_number_refused(&scene, "settings", 0, ARQ_OBSERVATION_BIT, ARQ_E_SHAPE, "observation kind 1, this one 2");
    check_number_refused(&scene, "settings", 1, 10, ARQ_E_SHAPE, "observation size 10, this one 9");
    check_number_refused(&scene, "settings", 2, UINT64_MAX, ARQ_E_SHAPE, "capacity 18446744073709551615, this one 8");
    check_number_refused(&scene, "settings", 3, 2, ARQ_E_SHAPE, "window 2, this one 3");
    check_number_refused(&scene, "state", 0, 7, ARQ_E_SHAPE, "shape");
    check_number_refused(&scene, "state", 0, UINT64_C(1) << 40, ARQ_E_SHAPE, "1099511627776");
    check_number_refused(&scene, "state", 1, 3, ARQ_E_FORMAT, "is 3; accepted: 0 .. 2");
    check_number_refused(&scene, "state", 1, UINT64_MAX, ARQ_E_FORMAT, "accepted: 0 .. 2");
    check_number_refused(&scene, "state", 2, 0, ARQ_E_FORMAT, "without an end");
    check_number_refused(&scene, "state", 2, 2, ARQ_E_FORMAT, "open of 'state' is 2; accepted: 0 .. 1");
    uint64_t zero[4] = {0, 0, 0, 0};
    save_changed(&scene, "random", 0, zero, sizeof(zero));
    ck_assert_fails(scene.pair.context, arq_replay_load(scene.twin, test_path(&scene.folder, "bad")), ARQ_E_FORMAT,
                    "all 0");
    scene_end(&scene);
}
END_TEST

START_TEST(more_than_the_capacity_is_refused)
{
    const uint64_t capacity = 7;
    replay_scene scene;
    arq_replay *smaller;
    scene_create(&scene, ARQ_OBSERVATION_U8);
    arq_context *context = scene.pair.context;
    ck_assert_ok(context, arq_replay_create(context, ARQ_OBSERVATION_U8, 9, capacity, 3, 1, &smaller));
    save_changed(&scene, "settings", 2 * sizeof(capacity), &capacity, sizeof(capacity));
    ck_assert_fails(context, arq_replay_load(smaller, scene.folder.file), ARQ_E_FORMAT, "more transitions");
    ck_assert_uint_eq(arq_replay_size(smaller), 0);
    arq_replay_destroy(smaller);
    scene_end(&scene);
}
END_TEST

/* Flags of an invented history of four slots in a buffer of 8: which are taken. */
static void check_flags(replay_scene *scene, const uint8_t flags[4], uint64_t open, int good)
{
    arq_context *context = scene->pair.context;
    uint64_t settings[4] = {ARQ_OBSERVATION_U8, 9, 8, 3};
    uint64_t state[3] = {4, 0, open};
    uint64_t random[4] = {1, 2, 3, 4};
    uint64_t rows[2] = {4, 9};
    const unsigned char zero[36] = {0};
    const int32_t actions[4] = {0};
    const float rewards[4] = {0};
    arq_writer *writer;
    ck_assert_ok(context, arq_writer_create(context, &writer));
    ck_assert_ok(context, arq_writer_text(writer, "kind", "replay"));
    ck_assert_ok(context, arq_writer_values(writer, "settings", ARQ_DTYPE_U64, 4, settings));
    ck_assert_ok(context, arq_writer_values(writer, "state", ARQ_DTYPE_U64, 3, state));
    ck_assert_ok(context, arq_writer_values(writer, "random", ARQ_DTYPE_U64, 4, random));
    ck_assert_ok(context, arq_writer_tensor(writer, "observations", ARQ_DTYPE_U8, 2, rows, zero));
    ck_assert_ok(context, arq_writer_tensor(writer, "actions", ARQ_DTYPE_I32, 1, rows, actions));
    ck_assert_ok(context, arq_writer_tensor(writer, "rewards", ARQ_DTYPE_F32, 1, rows, rewards));
    ck_assert_ok(context, arq_writer_tensor(writer, "flags", ARQ_DTYPE_U8, 1, rows, flags));
    ck_assert_ok(context, arq_writer_commit(writer, test_path(&scene->folder, "made")));
    arq_writer_destroy(writer);
    test_bytes made = test_read_file(scene->folder.file);
    ck_assert_msg(try_load(scene, made.data, made.count) == good, "flags %u %u %u %u, open %u", flags[0], flags[1],
                  flags[2], flags[3], (unsigned)open);
    free(made.data);
}

/* 1: a transition; 3: one that terminates; 5: one that is truncated; 0: none. */
START_TEST(histories_that_cannot_be_are_refused)
{
    replay_scene scene;
    scene_create(&scene, ARQ_OBSERVATION_U8);
    check_flags(&scene, (uint8_t[]){1, 1, 1, 0}, 1, 1);
    check_flags(&scene, (uint8_t[]){1, 1, 3, 0}, 0, 1);
    check_flags(&scene, (uint8_t[]){1, 7, 0, 0}, 1, 1);
    check_flags(&scene, (uint8_t[]){3, 0, 5, 0}, 0, 1);
    check_flags(&scene, (uint8_t[]){3, 0, 1, 0}, 1, 1);
    check_flags(&scene, (uint8_t[]){1, 1, 1, 0}, 0, 0); /* closed without an end */
    check_flags(&scene, (uint8_t[]){1, 1, 3, 0}, 1, 0); /* open behind its end */
    check_flags(&scene, (uint8_t[]){1, 1, 1, 1}, 1, 0); /* no next observation */
    check_flags(&scene, (uint8_t[]){1, 0, 1, 0}, 1, 0); /* no end */
    check_flags(&scene, (uint8_t[]){1, 3, 1, 0}, 1, 0); /* goes on behind its end */
    check_flags(&scene, (uint8_t[]){0, 1, 1, 0}, 1, 0); /* nothing before the first */
    check_flags(&scene, (uint8_t[]){3, 0, 0, 0}, 1, 0); /* an episode of nothing */
    check_flags(&scene, (uint8_t[]){3, 0, 0, 0}, 0, 0);
    check_flags(&scene, (uint8_t[]){1, 7, 2, 0}, 1, 0); /* an end without a transition */
    check_flags(&scene, (uint8_t[]){9, 1, 1, 0}, 1, 0); /* unknown flags */
    check_flags(&scene, (uint8_t[]){1, 1, 1, 128}, 1, 0);
    scene_end(&scene);
}
END_TEST

START_TEST(contents_that_are_not_allowed_are_refused)
{
    const float infinite = INFINITY;
    const unsigned char spare_bits[2] = {0xff, 0x03};
    const int32_t state = 9;
    const int32_t minus = -1;
    replay_scene scene;
    scene_create(&scene, ARQ_OBSERVATION_F32);
    save_changed(&scene, "observations", 8, &infinite, sizeof(infinite));
    ck_assert_fails(scene.pair.context, arq_replay_load(scene.twin, test_path(&scene.folder, "bad")), ARQ_E_FORMAT,
                    "observation");
    save_changed(&scene, "rewards", 0, &infinite, sizeof(infinite));
    ck_assert_fails(scene.pair.context, arq_replay_load(scene.twin, test_path(&scene.folder, "bad")), ARQ_E_FORMAT,
                    "reward");
    scene_end(&scene);
    scene_create(&scene, ARQ_OBSERVATION_BIT);
    save_changed(&scene, "observations", 0, spare_bits, sizeof(spare_bits));
    ck_assert_fails(scene.pair.context, arq_replay_load(scene.twin, test_path(&scene.folder, "bad")), ARQ_E_FORMAT,
                    "observation");
    scene_end(&scene);
    scene_create(&scene, ARQ_OBSERVATION_DISCRETE);
    save_changed(&scene, "observations", 4, &state, sizeof(state));
    ck_assert_fails(scene.pair.context, arq_replay_load(scene.twin, test_path(&scene.folder, "bad")), ARQ_E_FORMAT,
                    "observation");
    save_changed(&scene, "observations", 4, &minus, sizeof(minus));
    ck_assert_fails(scene.pair.context, arq_replay_load(scene.twin, test_path(&scene.folder, "bad")), ARQ_E_FORMAT,
                    "observation");
    scene_end(&scene);
}
END_TEST

START_TEST(files_that_are_not_there_or_hold_something_else)
{
    replay_scene scene;
    arq_writer *writer;
    scene_create(&scene, ARQ_OBSERVATION_U8);
    arq_context *context = scene.pair.context;
    ck_assert_ok(context, arq_writer_create(context, &writer));
    ck_assert_ok(context, arq_writer_commit(writer, test_path(&scene.folder, "mute")));
    ck_assert_ok(context, arq_writer_text(writer, "kind", "network"));
    ck_assert_ok(context, arq_writer_commit(writer, test_path(&scene.folder, "network")));
    arq_writer_destroy(writer);
    ck_assert_fails(context, arq_replay_load(scene.twin, test_path(&scene.folder, "network")), ARQ_E_FORMAT,
                    "holds a network, not a replay");
    ck_assert_fails(context, arq_replay_load(scene.twin, test_path(&scene.folder, "mute")), ARQ_E_FORMAT,
                    "does not say");
    ck_assert_fails(context, arq_replay_load(scene.twin, test_path(&scene.folder, "none")), ARQ_E_IO, "No such file");
    ck_assert_fails(context, arq_replay_save(scene.twin, test_path(&scene.folder, "no/where")), ARQ_E_IO,
                    "No such file");
    ck_assert_fails(context, arq_replay_load(scene.twin, NULL), ARQ_E_ARGUMENT, "path is NULL");
    ck_assert_fails(context, arq_replay_save(scene.twin, NULL), ARQ_E_ARGUMENT, "path is NULL");
    ck_assert_fails(context, arq_replay_save(scene.twin, ""), ARQ_E_IO, "");
    ck_assert_fails(context, arq_replay_load(scene.twin, ""), ARQ_E_IO, "");
    ck_assert_fails(NULL, arq_replay_load(NULL, "x"), ARQ_E_ARGUMENT, "replay is NULL");
    ck_assert_fails(NULL, arq_replay_save(NULL, "x"), ARQ_E_ARGUMENT, "replay is NULL");
    scene_end(&scene);
}
END_TEST

START_TEST(without_memory_files_and_replays_stay)
{
    replay_scene scene;
    scene_create(&scene, ARQ_OBSERVATION_U8);
    arq_context *context = scene.pair.context;
    test_memory *memory = &scene.pair.memory;
    size_t before = memory->bytes_out;
    for (int for_ever = 0; for_ever < 2; for_ever++) {
        for (int load = 0; load < 2; load++) {
            uint64_t failures = 0;
            arq_status status = ARQ_E_NOMEM;
            while (status == ARQ_E_NOMEM) {
                test_path(&scene.folder, "good");
                test_memory_fail(memory, failures + 1, for_ever);
                status = load ? arq_replay_load(scene.twin, scene.folder.file)
                              : arq_replay_save(scene.twin, scene.folder.file);
                test_memory_fail(memory, 0, 0);
                failures += status == ARQ_E_NOMEM;
                ck_assert_uint_eq(memory->bytes_out, before);
                test_bytes now = test_read_file(scene.folder.file);
                ck_assert_uint_eq(now.count, scene.good.count);
                ck_assert_mem_eq(now.data, scene.good.data, now.count);
                free(now.data);
            }
            ck_assert_ok(context, status);
            ck_assert_uint_ge(failures, 5);
        }
    }
    ck_assert_int_eq(test_folder_count(&scene.folder), 1);
    scene_end(&scene);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("replay files");
    TCase *test = tcase_create("replay files");
    tcase_set_timeout(test, 120);
    tcase_add_test(test, a_load_continues_as_if_never_saved);
    tcase_add_loop_test(test, every_flipped_byte_is_survived, 0, 5);
    tcase_add_test(test, every_truncation_is_refused);
    tcase_add_test(test, numbers_that_lie_are_refused);
    tcase_add_test(test, more_than_the_capacity_is_refused);
    tcase_add_test(test, histories_that_cannot_be_are_refused);
    tcase_add_test(test, contents_that_are_not_allowed_are_refused);
    tcase_add_test(test, files_that_are_not_there_or_hold_something_else);
    tcase_add_test(test, without_memory_files_and_replays_stay);
    suite_add_tcase(suite, test);
    return run_suite(suite);
}
