/* A replay of several instances against naive ones, a model each, that share a capacity and serial numbers. */
#include "model.h"
#include "test_support.h"

#include "arq/env.h"
#include "io/safetensors.h"
#include "replay/history.h"
#include "replay/replay.h"

#include <math.h>

#define MOST_INSTANCES 7u
#define MOST_CAPACITY 80u
#define MOST_WINDOW 13u
#define BYTES 3u

typedef struct crowd {
    uint64_t seed;
    arq_context *context;
    test_memory memory;
    test_random random;
    arq_replay *replay;
    replay_model model[MOST_INSTANCES];
    uint32_t instances;
    uint32_t capacity;
    uint32_t window;
    uint32_t longest; /* most transitions of an episode */
    int32_t next_serial;
    unsigned char rows[MOST_CAPACITY * (MOST_WINDOW + 1) * BYTES];
    int32_t lengths[MOST_CAPACITY];
    int32_t actions[MOST_CAPACITY];
    float rewards[MOST_CAPACITY];
    uint8_t terminated[MOST_CAPACITY];
} crowd;

static void crowd_create(crowd *c, uint64_t seed, uint32_t instances, uint32_t capacity, uint32_t window,
                         uint32_t longest)
{
    memset(c, 0, sizeof(*c));
    c->seed = seed;
    c->random.state = seed;
    c->instances = instances;
    c->capacity = capacity;
    c->window = window;
    c->longest = longest;
    c->context = test_context(&c->memory);
    ck_assert_ok(c->context,
                 arq_replay_make(c->context, ARQ_OBSERVATION_U8, BYTES, capacity, window, seed, instances, &c->replay));
    for (uint32_t i = 0; i < instances; i++) {
        model_create(&c->model[i], BYTES, UINT64_MAX, window);
    }
}

static void crowd_destroy(crowd *c)
{
    arq_replay_destroy(c->replay);
    for (uint32_t i = 0; i < c->instances; i++) {
        model_destroy(&c->model[i]);
    }
    test_context_end(c->context, &c->memory);
}

static uint64_t stored(const crowd *c)
{
    uint64_t size = 0;
    for (uint32_t i = 0; i < c->instances; i++) {
        size += model_size(&c->model[i]);
    }
    return size;
}

static uint64_t eligible(const crowd *c)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < c->instances; i++) {
        count += model_eligible(&c->model[i]);
    }
    return count;
}

static void lose_oldest(crowd *c)
{
    replay_model *oldest = &c->model[0];
    for (uint32_t i = 1; i < c->instances; i++) {
        oldest = model_oldest(&c->model[i]) < model_oldest(oldest) ? &c->model[i] : oldest;
    }
    model_lose_oldest(oldest);
}

/* An event of one instance, also for a twin: a transition, a begin, or a begin that cuts the episode. */
static void crowd_event(crowd *c, uint32_t i, arq_replay *twin)
{
    arq_replay *const replays[] = {c->replay, twin};
    replay_model *model = &c->model[i];
    unsigned char observation[BYTES];
    for (size_t k = 0; k < BYTES; k++) {
        observation[k] = (unsigned char)test_random_next(&c->random);
    }
    if (!model->open || test_random_below(&c->random, 2 * c->longest) == 0) {
        model_begin(model, observation);
        for (int r = 0; r < 2 && replays[r] != NULL; r++) {
            ck_assert_ok(c->context, arq_replay_open_episode(replays[r], i, observation));
        }
        return;
    }
    float reward = (float)test_random_below(&c->random, 2000) - 1000.0f;
    int ends = test_random_below(&c->random, c->longest) == 0;
    int terminated = ends && test_random_below(&c->random, 3) != 0;
    int truncated = ends && !terminated;
    model->next_serial = c->next_serial++;
    int32_t serial = model_add(model, reward, observation, terminated, truncated);
    for (int r = 0; r < 2 && replays[r] != NULL; r++) {
        ck_assert_ok(c->context, arq_replay_store(replays[r], i, serial, reward, observation, terminated, truncated));
    }
    if (stored(c) > c->capacity) {
        lose_oldest(c);
    }
}

/* A step of all or of some instances, or for a while of one alone. */
static void crowd_step(crowd *c, arq_replay *twin)
{
    uint32_t kind = test_random_below(&c->random, 8);
    if (kind == 0) {
        uint32_t alone = test_random_below(&c->random, c->instances);
        for (uint32_t count = test_random_below(&c->random, c->capacity + 5); count > 0; count--) {
            crowd_event(c, alone, twin);
        }
        return;
    }
    for (uint32_t i = 0; i < c->instances; i++) {
        if (kind < 4 || test_random_below(&c->random, 2) == 0) {
            crowd_event(c, i, twin);
        }
    }
}

static void sample(crowd *c, uint32_t batch, int32_t distinct, uint32_t *counts)
{
    size_t row_bytes = (c->window + 1) * (size_t)BYTES;
    ck_assert_ok(c->context, arq_replay_sample(c->replay, batch, distinct, c->rows, c->lengths, c->actions, c->rewards,
                                               c->terminated));
    for (uint32_t row = 0; row < batch; row++) {
        unsigned char expected[(MOST_WINDOW + 1) * BYTES];
        int32_t length = 0;
        float reward = 0;
        uint8_t terminated = 0;
        int found = 0;
        for (uint32_t i = 0; i < c->instances && !found; i++) {
            found = model_window(&c->model[i], c->actions[row], expected, &length, &reward, &terminated);
        }
        ck_assert_msg(found, "seed %llu: transition %d must not be drawn", (unsigned long long)c->seed,
                      c->actions[row]);
        ck_assert_msg(memcmp(c->rows + row * row_bytes, expected, row_bytes) == 0 && c->lengths[row] == length &&
                          c->rewards[row] == reward && c->terminated[row] == terminated,
                      "seed %llu: transition %d is not what was stored", (unsigned long long)c->seed, c->actions[row]);
        counts[c->actions[row]]++;
    }
}

/* Sizes agree; all that can be drawn is drawn at once, each once. */
static void compare(crowd *c)
{
    uint32_t count = (uint32_t)eligible(c);
    ck_assert_msg(arq_replay_size(c->replay) == stored(c) && arq_replay_eligible(c->replay) == count,
                  "seed %llu: %llu stored and %llu to draw, %llu and %u expected", (unsigned long long)c->seed,
                  (unsigned long long)arq_replay_size(c->replay), (unsigned long long)arq_replay_eligible(c->replay),
                  (unsigned long long)stored(c), count);
    const uint32_t batches[] = {count, count / 2, count / 3};
    for (int b = 0; b < 3; b++) {
        uint32_t *counts = calloc((size_t)c->next_serial + 1, sizeof(*counts));
        if (batches[b] > 0) {
            sample(c, batches[b], 1, counts);
        }
        for (int32_t serial = 0; serial < c->next_serial; serial++) {
            ck_assert_msg(counts[serial] <= 1, "seed %llu: transition %d drawn twice", (unsigned long long)c->seed,
                          serial);
        }
        free(counts);
    }
}

static void crowd_at_random(crowd *c, uint64_t seed)
{
    test_random random = {seed};
    uint32_t instances = 1 + test_random_below(&random, MOST_INSTANCES);
    uint32_t capacity = 1 + test_random_below(&random, seed % 3 == 0 ? 9 : MOST_CAPACITY);
    uint32_t window = 1 + test_random_below(&random, MOST_WINDOW);
    crowd_create(c, seed, instances, capacity, window, 1 + test_random_below(&random, seed % 2 == 0 ? 4 : 40));
}

START_TEST(random_histories_equal_the_models)
{
    for (uint64_t seed = 1; seed <= 150; seed++) {
        static crowd c;
        crowd_at_random(&c, seed);
        for (int step = 0; step < 80; step++) {
            crowd_step(&c, NULL);
            compare(&c);
        }
        crowd_destroy(&c);
    }
}
END_TEST

/* Every transition that can be drawn is drawn equally often, though instances have stored unlike numbers of them. */
START_TEST(draws_are_uniform_over_all_instances)
{
    for (uint64_t seed = 20; seed < 26; seed++) {
        static crowd c;
        crowd_create(&c, seed, 5, 60, seed % 2 == 0 ? 6 : 2, seed % 3 == 0 ? 2 : 15);
        while (c.next_serial < 200 || eligible(&c) < 20) {
            crowd_step(&c, NULL);
        }
        uint32_t count = (uint32_t)eligible(&c);
        for (int32_t distinct = 0; distinct < 2; distinct++) {
            uint32_t *counts = calloc((size_t)c.next_serial, sizeof(*counts));
            const uint32_t batch = 7;
            const uint32_t batches = 400 * count / batch;
            for (uint32_t i = 0; i < batches; i++) {
                sample(&c, batch, distinct, counts);
            }
            double expected = (double)batches * batch / count;
            double chi_square = 0;
            uint32_t drawn = 0;
            for (int32_t serial = 0; serial < c.next_serial; serial++) {
                double off = counts[serial] - expected;
                drawn += counts[serial] > 0;
                chi_square += counts[serial] > 0 ? off * off / expected : 0;
            }
            free(counts);
            ck_assert_uint_eq(drawn, count);
            ck_assert_msg(chi_square <= count - 1.0 + 6 * sqrt(2.0 * count), "seed %llu, distinct %d: chi-square %g",
                          (unsigned long long)seed, distinct, chi_square);
        }
        crowd_destroy(&c);
    }
}
END_TEST

static void check_same_future(crowd *c, arq_replay *twin)
{
    for (int step = 0; step < 30; step++) {
        ck_assert_uint_eq(arq_replay_size(twin), arq_replay_size(c->replay));
        ck_assert_uint_eq(arq_replay_eligible(twin), arq_replay_eligible(c->replay));
        uint32_t batch = (uint32_t)arq_replay_eligible(twin);
        batch = step % 3 == 0 ? batch : batch > 0;
        if (batch > 0) {
            static crowd other;
            uint32_t *counts = calloc((size_t)c->next_serial, sizeof(*counts));
            sample(c, batch, step % 2, counts);
            ck_assert_ok(c->context, arq_replay_sample(twin, batch, step % 2, other.rows, other.lengths, other.actions,
                                                       other.rewards, other.terminated));
            ck_assert_mem_eq(other.rows, c->rows, batch * (c->window + 1) * BYTES);
            ck_assert_mem_eq(other.actions, c->actions, batch * sizeof(*c->actions));
            free(counts);
        }
        crowd_step(c, twin);
    }
}

START_TEST(a_load_continues_as_if_never_saved)
{
    test_folder folder = test_folder_create();
    for (uint64_t seed = 200; seed < 260; seed++) {
        static crowd c;
        arq_replay *twin;
        crowd_at_random(&c, seed);
        for (uint64_t steps = seed % 20; steps > 0; steps--) {
            crowd_step(&c, NULL);
        }
        ck_assert_ok(c.context, arq_replay_make(c.context, ARQ_OBSERVATION_U8, BYTES, c.capacity, c.window, 99,
                                                c.instances, &twin));
        ck_assert_ok(c.context, arq_replay_save(c.replay, test_path(&folder, "saved")));
        test_bytes first = test_read_file(folder.file);
        ck_assert_ok(c.context, arq_replay_load(twin, folder.file));
        ck_assert_ok(c.context, arq_replay_save(twin, folder.file));
        test_bytes second = test_read_file(folder.file);
        ck_assert_uint_eq(first.count, second.count);
        ck_assert_mem_eq(first.data, second.data, first.count);
        free(first.data);
        free(second.data);
        check_same_future(&c, twin);
        compare(&c);
        arq_replay_destroy(twin);
        crowd_destroy(&c);
    }
    test_folder_remove(&folder);
}
END_TEST

/* Copies a saved replay with one value changed, and loads that. */
static arq_status load_changed(crowd *c, test_folder *folder, const char *tensor_name, size_t offset, const void *bytes,
                               size_t count)
{
    arq_reader *reader;
    arq_writer *writer;
    const char *name;
    const arq_tensor *tensor;
    void *copies[16];
    size_t i;
    ck_assert_ok(c->context, arq_replay_save(c->replay, test_path(folder, "good")));
    ck_assert_ok(c->context, arq_reader_open(c->context, folder->file, &reader));
    ck_assert_ok(c->context, arq_writer_create(c->context, &writer));
    ck_assert_ok(c->context, arq_writer_text(writer, "kind", "replay"));
    for (i = 0; (tensor = arq_reader_at(reader, i, &name)) != NULL; i++) {
        copies[i] = malloc(tensor->bytes + 1);
        memcpy(copies[i], tensor->data, tensor->bytes);
        if (strcmp(name, tensor_name) == 0) {
            ck_assert_uint_le(offset + count, tensor->bytes);
            memcpy((char *)copies[i] + offset, bytes, count);
        }
        ck_assert_ok(c->context,
                     arq_writer_tensor(writer, name, tensor->dtype, tensor->rank, tensor->shape, copies[i]));
    }
    ck_assert_ok(c->context, arq_writer_commit(writer, test_path(folder, "bad")));
    while (i-- > 0) {
        free(copies[i]);
    }
    arq_writer_destroy(writer);
    arq_reader_close(reader);
    uint64_t size = arq_replay_size(c->replay);
    arq_status status = arq_replay_load(c->replay, folder->file);
    ck_assert_uint_eq(arq_replay_size(c->replay), size);
    return status;
}

START_TEST(files_that_lie_are_refused)
{
    test_folder folder = test_folder_create();
    static crowd c;
    crowd_create(&c, 5, 3, 40, 4, 6);
    while (c.next_serial < 90) {
        crowd_step(&c, NULL);
    }
    const int32_t lanes[] = {3, -1, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < sizeof(lanes) / sizeof(lanes[0]); i++) {
        ck_assert_fails(c.context, load_changed(&c, &folder, "order", 8, &lanes[i], 4), ARQ_E_FORMAT, "value 2 of");
    }
    /* The right instances, one of them too often. */
    const int32_t one_lane[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    ck_assert_uint_lt(model_size(&c.model[0]), 40);
    ck_assert_fails(c.context, load_changed(&c, &folder, "order", 0, one_lane, sizeof(one_lane)), ARQ_E_FORMAT,
                    "without such a transition");
    const uint64_t wrong[] = {7, UINT64_MAX};
    ck_assert_fails(c.context, load_changed(&c, &folder, "state", 3 * 8, &wrong[1], 8), ARQ_E_FORMAT,
                    "slots of 'state' is");
    const uint64_t large = UINT64_C(1) << 53;
    ck_assert_fails(c.context, load_changed(&c, &folder, "state", 3 * 8, &large, 8), ARQ_E_FORMAT, "more slots");
    ck_assert_fails(c.context, load_changed(&c, &folder, "state", 7 * 8, &wrong[0], 8), ARQ_E_FORMAT,
                    "age of the oldest slot of 'state' is 7; accepted: 0 .. 3");
    ck_assert_fails(c.context, load_changed(&c, &folder, "state", 5 * 8, &wrong[0], 8), ARQ_E_FORMAT,
                    "open of 'state' is 7");
    crowd_destroy(&c);
    static crowd other;
    crowd_create(&other, 5, 2, 40, 4, 6);
    ck_assert_fails(other.context, arq_replay_load(other.replay, test_path(&folder, "good")), ARQ_E_SHAPE, "state");
    crowd_destroy(&other);
    test_folder_remove(&folder);
}
END_TEST

/* Of a buffer with little in it each instance has a segment that is hardly filled. */
START_TEST(many_instances_take_little_memory)
{
    static const unsigned char observation[50];
    test_memory memory;
    arq_context *context = test_context(&memory);
    arq_replay *replay;
    size_t before = memory.bytes_out;
    ck_assert_ok(context, arq_replay_make(context, ARQ_OBSERVATION_U8, 50, 1000000, 11, 1, 128, &replay));
    for (uint32_t i = 0; i < 128; i++) {
        ck_assert_ok(context, arq_replay_open_episode(replay, i, observation));
    }
    for (int step = 0; step < 10; step++) {
        for (uint32_t i = 0; i < 128; i++) {
            ck_assert_ok(context, arq_replay_store(replay, i, 0, 0, observation, 0, 0));
        }
    }
    ck_assert_uint_lt(memory.bytes_out - before, 512 * 1024);
    arq_replay_destroy(replay);
    test_context_end(context, &memory);
}
END_TEST

/* What one instance's old transitions took, another's new ones take. */
START_TEST(memory_stays_flat_when_instances_take_turns)
{
    static const unsigned char observation[5000];
    test_memory memory;
    arq_context *context = test_context(&memory);
    arq_replay *replay;
    ck_assert_ok(context, arq_replay_make(context, ARQ_OBSERVATION_U8, 5000, 1000, 3, 1, 3, &replay));
    for (uint32_t i = 0; i < 3; i++) {
        ck_assert_ok(context, arq_replay_open_episode(replay, i, observation));
    }
    for (int step = 0; step < 1000; step++) {
        ck_assert_ok(context, arq_replay_store(replay, 0, 0, 0, observation, 0, 0));
    }
    size_t full = memory.bytes_out;
    for (int step = 0; step < 9000; step++) {
        ck_assert_ok(context, arq_replay_store(replay, (uint32_t)(step / 1500) % 3, 0, 0, observation, 0, 0));
    }
    ck_assert_uint_eq(arq_replay_size(replay), 1000);
    ck_assert_uint_le(memory.bytes_out, full + full / 2);
    arq_replay_destroy(replay);
    test_context_end(context, &memory);
}
END_TEST

/* Every allocation of a history fails once: what was reserved for a part of the instances does no harm. */
START_TEST(without_memory_nothing_changes)
{
    uint64_t failures = 0;
    for (uint64_t fail_at = 1, before = UINT64_MAX; failures != before; fail_at++) {
        static crowd c;
        before = failures;
        crowd_create(&c, 3, 4, 70, 5, 6);
        test_memory_fail(&c.memory, fail_at, 0);
        for (int step = 0; step < 60; step++) {
            uint64_t size = arq_replay_size(c.replay);
            uint64_t can_be_drawn = arq_replay_eligible(c.replay);
            arq_status status = ARQ_OK;
            for (uint32_t i = 0; i < c.instances && status == ARQ_OK; i++) {
                status = arq_replay_reserve(c.replay, i);
            }
            ck_assert_uint_eq(arq_replay_size(c.replay), size);
            ck_assert_uint_eq(arq_replay_eligible(c.replay), can_be_drawn);
            if (status == ARQ_E_NOMEM) {
                failures++;
                test_memory_fail(&c.memory, 0, 0);
                compare(&c);
                continue;
            }
            ck_assert_ok(c.context, status);
            uint64_t calls = c.memory.calls;
            for (uint32_t i = 0; i < c.instances; i++) {
                crowd_event(&c, i, NULL);
            }
            ck_assert_uint_eq(c.memory.calls, calls);
        }
        compare(&c);
        crowd_destroy(&c);
    }
    ck_assert_uint_ge(failures, 10);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("replay of several instances");
    TCase *test = tcase_create("instances");
    tcase_set_timeout(test, 120);
    tcase_add_test(test, random_histories_equal_the_models);
    tcase_add_test(test, draws_are_uniform_over_all_instances);
    tcase_add_test(test, a_load_continues_as_if_never_saved);
    tcase_add_test(test, files_that_lie_are_refused);
    tcase_add_test(test, many_instances_take_little_memory);
    tcase_add_test(test, memory_stays_flat_when_instances_take_turns);
    tcase_add_test(test, without_memory_nothing_changes);
    suite_add_tcase(suite, test);
    return run_suite(suite);
}
