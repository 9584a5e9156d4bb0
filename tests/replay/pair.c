#include "pair.h"

#include "arq/env.h"
#include "arq/environment.h"

void pair_create(replay_pair *pair, uint64_t seed, int32_t kind, uint32_t size, uint64_t capacity, uint32_t window,
                 uint32_t longest, uint32_t most)
{
    memset(pair, 0, sizeof(*pair));
    pair->seed = seed;
    pair->random.state = seed;
    pair->kind = kind;
    pair->observation_size = size;
    pair->longest = longest;
    pair->most = most;
    size_t bytes = arq_observation_bytes(kind, size);
    pair->context = test_context(&pair->memory);
    ck_assert_ok(pair->context, arq_replay_create(pair->context, kind, size, capacity, window, seed, &pair->replay));
    model_create(&pair->model, bytes, capacity, window);
    pair->observation = malloc(bytes);
    pair->rows = malloc(most * (window + 1) * bytes);
    pair->expected = malloc((window + 1) * bytes);
    pair->lengths = malloc(most * sizeof(*pair->lengths));
    pair->actions = malloc(most * sizeof(*pair->actions));
    pair->rewards = malloc(most * sizeof(*pair->rewards));
    pair->terminated = malloc(most);
}

void pair_destroy(replay_pair *pair)
{
    arq_replay_destroy(pair->replay);
    model_destroy(&pair->model);
    test_context_end(pair->context, &pair->memory);
    free(pair->observation);
    free(pair->rows);
    free(pair->expected);
    free(pair->lengths);
    free(pair->actions);
    free(pair->rewards);
    free(pair->terminated);
}

/* An observation that is allowed for its kind and unlike its neighbours as far as its size permits. */
static void draw_observation(replay_pair *pair)
{
    size_t bytes = pair->model.observation_bytes;
    uint32_t state = pair->next_state++;
    for (size_t i = 0; i < bytes; i++) {
        pair->observation[i] = (unsigned char)test_random_next(&pair->random);
    }
    if (pair->kind == ARQ_OBSERVATION_BIT && pair->observation_size % 8 != 0) {
        pair->observation[bytes - 1] &= (unsigned char)((1u << pair->observation_size % 8) - 1);
    }
    for (uint32_t i = 0; i < pair->observation_size; i++) {
        float single = (float)(state + i);
        double both = (double)(state + i);
        if (pair->kind == ARQ_OBSERVATION_F32) {
            memcpy(pair->observation + i * sizeof(single), &single, sizeof(single));
        } else if (pair->kind == ARQ_OBSERVATION_F64) {
            memcpy(pair->observation + i * sizeof(both), &both, sizeof(both));
        }
    }
    if (pair->kind == ARQ_OBSERVATION_DISCRETE) {
        int32_t discrete = (int32_t)(state % pair->observation_size);
        memcpy(pair->observation, &discrete, sizeof(discrete));
    }
}

static void give(const replay_pair *pair, arq_replay *replay, int32_t serial, float reward, int terminated,
                 int truncated)
{
    if (replay != NULL) {
        ck_assert_ok(pair->context,
                     arq_replay_add(replay, serial, (double)reward, pair->observation, terminated, truncated));
    }
}

void pair_step(replay_pair *pair)
{
    pair_step_both(pair, NULL);
}

void pair_step_both(replay_pair *pair, arq_replay *twin)
{
    draw_observation(pair);
    if (!pair->model.open || test_random_below(&pair->random, 2 * pair->longest) == 0) {
        model_begin(&pair->model, pair->observation);
        ck_assert_ok(pair->context, arq_replay_begin(pair->replay, pair->observation));
        if (twin != NULL) {
            ck_assert_ok(pair->context, arq_replay_begin(twin, pair->observation));
        }
        return;
    }
    float reward = (float)test_random_below(&pair->random, 2000) - 1000.0f;
    int ends = test_random_below(&pair->random, pair->longest) == 0;
    int terminated = ends && test_random_below(&pair->random, 3) != 0;
    int truncated = ends && (!terminated || test_random_below(&pair->random, 2) == 0);
    int32_t serial = model_add(&pair->model, reward, pair->observation, terminated, truncated);
    give(pair, pair->replay, serial, reward, terminated, truncated);
    give(pair, twin, serial, reward, terminated, truncated);
}

void pair_sample(replay_pair *pair, uint32_t batch, int32_t distinct, uint32_t *counts)
{
    size_t row_bytes = (pair->model.window + 1) * pair->model.observation_bytes;
    ck_assert_uint_le(batch, pair->most);
    ck_assert_ok(pair->context, arq_replay_sample(pair->replay, batch, distinct, pair->rows, pair->lengths,
                                                  pair->actions, pair->rewards, pair->terminated));
    for (uint32_t i = 0; i < batch; i++) {
        int32_t length;
        float reward;
        uint8_t terminated;
        int32_t serial = pair->actions[i];
        ck_assert_msg(model_window(&pair->model, serial, pair->expected, &length, &reward, &terminated),
                      "seed %llu: transition %d must not be drawn", (unsigned long long)pair->seed, serial);
        ck_assert_msg(memcmp(pair->rows + i * row_bytes, pair->expected, row_bytes) == 0 &&
                          pair->lengths[i] == length && pair->rewards[i] == reward && pair->terminated[i] == terminated,
                      "seed %llu: transition %d is not what was stored", (unsigned long long)pair->seed, serial);
        if (counts != NULL) {
            counts[serial]++;
        }
        for (uint32_t j = 0; distinct && batch <= 64 && j < i; j++) {
            ck_assert_msg(pair->actions[j] != serial, "seed %llu: transition %d drawn twice",
                          (unsigned long long)pair->seed, serial);
        }
    }
}

void pair_compare(replay_pair *pair)
{
    uint64_t eligible = model_eligible(&pair->model);
    ck_assert_msg(
        arq_replay_size(pair->replay) == model_size(&pair->model) && arq_replay_eligible(pair->replay) == eligible,
        "seed %llu: %llu stored and %llu to draw, %llu and %llu expected", (unsigned long long)pair->seed,
        (unsigned long long)arq_replay_size(pair->replay), (unsigned long long)arq_replay_eligible(pair->replay),
        (unsigned long long)model_size(&pair->model), (unsigned long long)eligible);
    if (eligible == 0) {
        return;
    }
    uint32_t *counts = calloc((size_t)pair->model.next_serial, sizeof(*counts));
    pair_sample(pair, (uint32_t)eligible, 1, counts);
    for (int32_t serial = 0; serial < pair->model.next_serial; serial++) {
        ck_assert_msg(counts[serial] <= 1, "seed %llu: transition %d drawn twice", (unsigned long long)pair->seed,
                      serial);
    }
    free(counts);
}
