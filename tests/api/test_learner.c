/* Learners on the caller's own batches: arguments, progress, the target network, files. */
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define INPUTS 4u
#define ACTIONS 2u
#define BATCH 8u
#define WINDOW_MAX 16u

/* A batch of one-step problems: state i (one-hot), reward 1 when the action is the state's parity, terminal. */
struct batch {
    float observations[BATCH * (WINDOW_MAX + 1) * INPUTS];
    int32_t lengths[BATCH];
    int32_t actions[BATCH];
    float rewards[BATCH];
    uint8_t terminated[BATCH];
};

struct pupil {
    struct host host;
    arq_config *config;
    arq_network *network;
    arq_learner *learner;
    struct batch batch;
};

static void fill_batch(struct batch *batch, uint32_t window)
{
    memset(batch, 0, sizeof *batch);
    for (uint32_t row = 0; row < BATCH; row++) {
        uint32_t state = row % INPUTS;
        for (uint32_t i = 0; i <= window; i++)
            batch->observations[(row * (window + 1) + i) * INPUTS + state] = 1;
        batch->lengths[row] = 1;
        batch->actions[row] = (int32_t)(row / INPUTS);
        batch->rewards[row] = (float)((uint32_t)batch->actions[row] == state % 2);
        batch->terminated[row] = 1;
    }
}

static void enrol(struct pupil *pupil, const char *settings)
{
    struct host *host = &pupil->host;

    host_open(host);
    pupil->config = configured(host, settings);
    succeeds(host,
             arq_network_create(host->context, pupil->config, ARQ_OBSERVATION_F32, INPUTS, ACTIONS, &pupil->network));
    succeeds(host, arq_learner_create(pupil->network, pupil->config, &pupil->learner));
    fill_batch(&pupil->batch, arq_learner_window(pupil->learner));
}

static arq_status update(struct pupil *pupil)
{
    struct batch *batch = &pupil->batch;

    return arq_learner_update(pupil->learner, BATCH, batch->observations, batch->lengths, batch->actions,
                              batch->rewards, batch->terminated);
}

static void leave(struct pupil *pupil)
{
    arq_learner_destroy(pupil->learner);
    arq_network_destroy(pupil->network);
    arq_config_destroy(pupil->config);
    host_close(&pupil->host);
}

static double metric(struct pupil *pupil, const char *name, uint32_t cell)
{
    double value = -1;

    succeeds(&pupil->host, arq_learner_metric(pupil->learner, name, cell, &value));
    return value;
}

#define SETTINGS SMALL "batch=8 learning_rate=0.01 "

START_TEST(null_is_refused)
{
    struct pupil pupil;
    enrol(&pupil, SETTINGS);
    struct host *host = &pupil.host;
    struct batch *b = &pupil.batch;
    arq_learner *learner = pupil.learner;
    int anything;
    arq_learner *none = (arq_learner *)(void *)&anything;
    double value;

    ck_assert_int_eq(arq_learner_create(NULL, pupil.config, &none), ARQ_E_ARGUMENT);
    ck_assert_ptr_null(none);
    none = (arq_learner *)(void *)&anything;
    refuses(host, ARQ_E_BUSY, NULL, arq_learner_create(pupil.network, pupil.config, &none));
    ck_assert_ptr_null(none);
    refuses(host, ARQ_E_ARGUMENT, NULL, arq_learner_create(pupil.network, NULL, &none));
    refuses(host, ARQ_E_ARGUMENT, NULL, arq_learner_create(pupil.network, pupil.config, NULL));
    arq_learner_destroy(NULL);
    ck_assert_uint_eq(arq_learner_window(NULL), 0);
    ck_assert_int_eq(
        arq_learner_update(NULL, BATCH, b->observations, b->lengths, b->actions, b->rewards, b->terminated),
        ARQ_E_ARGUMENT);
    refuses(host, ARQ_E_ARGUMENT, NULL,
            arq_learner_update(learner, BATCH, NULL, b->lengths, b->actions, b->rewards, b->terminated));
    refuses(host, ARQ_E_ARGUMENT, NULL,
            arq_learner_update(learner, BATCH, b->observations, b->lengths, NULL, b->rewards, b->terminated));
    refuses(host, ARQ_E_ARGUMENT, NULL,
            arq_learner_update(learner, BATCH, b->observations, b->lengths, b->actions, NULL, b->terminated));
    refuses(host, ARQ_E_ARGUMENT, NULL,
            arq_learner_update(learner, BATCH, b->observations, b->lengths, b->actions, b->rewards, NULL));
    refuses(host, ARQ_E_ARGUMENT, "0",
            arq_learner_update(learner, 0, b->observations, b->lengths, b->actions, b->rewards, b->terminated));
    refuses(host, ARQ_E_SHAPE, "9;8",
            arq_learner_update(learner, 9, b->observations, b->lengths, b->actions, b->rewards, b->terminated));
    refuses(
        host, ARQ_E_SHAPE, "4294967295;8",
        arq_learner_update(learner, UINT32_MAX, b->observations, b->lengths, b->actions, b->rewards, b->terminated));
    ck_assert_int_eq(arq_learner_sync(NULL), ARQ_E_ARGUMENT);
    ck_assert_int_eq(arq_learner_metric(NULL, "loss", 0, &value), ARQ_E_ARGUMENT);
    refuses(host, ARQ_E_ARGUMENT, NULL, arq_learner_metric(learner, NULL, 0, &value));
    refuses(host, ARQ_E_ARGUMENT, NULL, arq_learner_metric(learner, "loss", 0, NULL));
    refuses(host, ARQ_E_ARGUMENT, "2", arq_learner_metric(learner, "loss", 2, &value));
    refuses(host, ARQ_E_NOT_FOUND, "los;loss;spread;gradient_norm", arq_learner_metric(learner, "los", 0, &value));
    ck_assert_int_eq(arq_learner_save(NULL, "x"), ARQ_E_ARGUMENT);
    ck_assert_int_eq(arq_learner_load(NULL, "x"), ARQ_E_ARGUMENT);
    refuses(host, ARQ_E_ARGUMENT, NULL, arq_learner_save(learner, NULL));
    refuses(host, ARQ_E_ARGUMENT, NULL, arq_learner_load(learner, NULL));
    succeeds(host, update(&pupil));
    leave(&pupil);
}
END_TEST

START_TEST(values_out_of_range_change_nothing)
{
    struct pupil pupil;
    enrol(&pupil, SETTINGS);
    struct host *host = &pupil.host;
    uint64_t hash = hash_network(host, pupil.network);
    uint32_t window = arq_learner_window(pupil.learner);

    pupil.batch.actions[5] = (int32_t)ACTIONS;
    refuses(host, ARQ_E_ARGUMENT, "5;2", update(&pupil));
    pupil.batch.actions[5] = -1;
    refuses(host, ARQ_E_ARGUMENT, "5;-1", update(&pupil));
    pupil.batch.actions[5] = 0;
    pupil.batch.lengths[3] = 0;
    refuses(host, ARQ_E_ARGUMENT, "3;0", update(&pupil));
    pupil.batch.lengths[3] = (int32_t)window + 1;
    refuses(host, ARQ_E_ARGUMENT, "3", update(&pupil));
    pupil.batch.lengths[3] = 1;
    pupil.batch.rewards[7] = NAN;
    refuses(host, ARQ_E_ARGUMENT, "7", update(&pupil));
    pupil.batch.rewards[7] = -INFINITY;
    refuses(host, ARQ_E_ARGUMENT, "7", update(&pupil));
    pupil.batch.rewards[7] = 0;
    pupil.batch.observations[(2 * (window + 1) + window) * INPUTS] = NAN;
    refuses(host, ARQ_E_ARGUMENT, NULL, update(&pupil));
    pupil.batch.observations[(2 * (window + 1) + window) * INPUTS] = 0;
    ck_assert_uint_eq(hash_network(host, pupil.network), hash);
    ck_assert(metric(&pupil, "updates", 0) == 0);
    succeeds(host, update(&pupil));
    ck_assert_uint_ne(hash_network(host, pupil.network), hash);
    leave(&pupil);
}
END_TEST

START_TEST(windows_follow_the_connections)
{
    struct pupil pupil;

    enrol(&pupil, SETTINGS "context_size=3");
    ck_assert_uint_eq(arq_learner_window(pupil.learner), 4);
    leave(&pupil);
    enrol(&pupil, SETTINGS "context_size=3 recurrent=false top_down=false");
    ck_assert_uint_eq(arq_learner_window(pupil.learner), 1);
    leave(&pupil);
}
END_TEST

START_TEST(every_kind_learns)
{
    static const char *const kinds[] = {
        SETTINGS,
        SETTINGS "network=ad",
        SETTINGS "goodness=mean_square loss=huber",
        SETTINGS "goodness=mean",
        SETTINGS "goodness=variance double_q=false",
        SETTINGS "goodness=rms_uncentered window_padding=zero-context",
        SETTINGS "action_input=output",
        SETTINGS "action_code=binary input_skip=false",
        SETTINGS "recurrent=false top_down=false",
        SETTINGS "context_alpha=0.5 q_from=last",
    };

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct pupil pupil;
        enrol(&pupil, kinds[i]);
        succeeds(&pupil.host, update(&pupil));
        double first[2] = {metric(&pupil, "loss", 0), metric(&pupil, "loss", 1)};
        for (int step = 0; step < 300; step++)
            succeeds(&pupil.host, update(&pupil));
        for (uint32_t cell = 0; cell < 2; cell++)
            ck_assert_msg(metric(&pupil, "loss", cell) < first[cell] / 4, "%s: loss of cell %u went from %g to %g",
                          kinds[i], cell, first[cell], metric(&pupil, "loss", cell));
        ck_assert(metric(&pupil, "updates", 0) == 301);
        leave(&pupil);
    }
}
END_TEST

START_TEST(metrics_are_there_from_the_first_update)
{
    static const char *const names[] = {"loss", "q", "target_q", "td_error", "spread", "gradient_norm", "dead", "zero"};
    struct pupil pupil;
    enrol(&pupil, SETTINGS);

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        ck_assert_msg(isnan(metric(&pupil, names[i], 0)), "%s before an update", names[i]);
    succeeds(&pupil.host, update(&pupil));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (uint32_t cell = 0; cell < 2; cell++)
            ck_assert_msg(isfinite(metric(&pupil, names[i], cell)), "%s", names[i]);
    ck_assert(metric(&pupil, "target_q", 1) == 0.5); /* half of the rows pay 1, all are terminal */
    leave(&pupil);
}
END_TEST

/* While the target stays, a bootstrapped update has the same target; a sync moves it. */
START_TEST(only_sync_moves_the_target)
{
    struct pupil pupil;
    enrol(&pupil, SETTINGS "double_q=false");
    struct host *host = &pupil.host;

    memset(pupil.batch.terminated, 0, sizeof pupil.batch.terminated);
    succeeds(host, update(&pupil));
    double target = metric(&pupil, "target_q", 0);
    for (int step = 0; step < 20; step++)
        succeeds(host, update(&pupil));
    ck_assert(metric(&pupil, "target_q", 0) == target);
    succeeds(host, arq_learner_sync(pupil.learner));
    succeeds(host, update(&pupil));
    ck_assert(metric(&pupil, "target_q", 0) != target);
    leave(&pupil);
}
END_TEST

START_TEST(divergence_changes_no_weight)
{
    struct pupil pupil;
    enrol(&pupil, SETTINGS);
    uint64_t hash = hash_network(&pupil.host, pupil.network);

    for (uint32_t row = 0; row < BATCH; row++)
        pupil.batch.rewards[row] = 3e38f;
    refuses(&pupil.host, ARQ_E_DIVERGED, "cell", update(&pupil));
    ck_assert_uint_eq(hash_network(&pupil.host, pupil.network), hash);
    fill_batch(&pupil.batch, arq_learner_window(pupil.learner));
    succeeds(&pupil.host, update(&pupil));

    struct pupil calm;
    enrol(&calm, SETTINGS);
    succeeds(&calm.host, update(&calm));
    ck_assert_uint_eq(hash_network(&calm.host, calm.network), hash_network(&pupil.host, pupil.network));
    leave(&calm);
    leave(&pupil);
}
END_TEST

START_TEST(a_saved_learner_goes_on_bit_for_bit)
{
    struct pupil pupil, heir;
    enrol(&pupil, SETTINGS);
    enrol(&heir, SETTINGS "seed=9");
    const char *learner = temporary_file("learner"), *network = temporary_file("network");

    memset(pupil.batch.terminated, 0, sizeof pupil.batch.terminated);
    memset(heir.batch.terminated, 0, sizeof heir.batch.terminated);
    for (int step = 0; step < 5; step++) {
        succeeds(&pupil.host, update(&pupil));
        if (step == 2)
            succeeds(&pupil.host, arq_learner_sync(pupil.learner));
    }
    succeeds(&pupil.host, arq_learner_save(pupil.learner, learner));
    succeeds(&pupil.host, arq_network_save(pupil.network, network));
    succeeds(&heir.host, arq_network_load(heir.network, network));
    succeeds(&heir.host, arq_learner_load(heir.learner, learner));
    ck_assert(metric(&heir, "updates", 0) == 5);
    for (int step = 0; step < 5; step++) {
        succeeds(&pupil.host, update(&pupil));
        succeeds(&heir.host, update(&heir));
    }
    ck_assert_uint_eq(hash_network(&pupil.host, pupil.network), hash_network(&heir.host, heir.network));
    leave(&heir);
    leave(&pupil);
}
END_TEST

START_TEST(files_that_do_not_fit_change_nothing)
{
    struct pupil pupil, wide, twin;
    enrol(&pupil, SETTINGS);
    enrol(&twin, SETTINGS);
    enrol(&wide, SETTINGS "widths=24,32");
    struct host *host = &pupil.host;
    const char *path = temporary_file("wide"), *cut = temporary_file("cut"), *own = temporary_file("own");
    size_t size;

    succeeds(host, update(&pupil));
    succeeds(&twin.host, update(&twin));
    succeeds(&wide.host, arq_learner_save(wide.learner, path));
    succeeds(host, arq_learner_save(pupil.learner, own));
    refuses(host, ARQ_E_SHAPE, NULL, arq_learner_load(pupil.learner, path));
    succeeds(host, arq_network_save(pupil.network, path));
    refuses(host, ARQ_E_FORMAT, NULL, arq_learner_load(pupil.learner, path));
    refuses(host, ARQ_E_IO, NULL, arq_learner_load(pupil.learner, "/no/such/file"));
    refuses(host, ARQ_E_IO, NULL, arq_learner_save(pupil.learner, "/no/such/folder/file"));
    unsigned char *bytes = file_bytes(own, &size);
    for (size_t length = 0; length < size; length += 1 + size / 61) {
        file_write(cut, bytes, length);
        refuses(host, ARQ_E_FORMAT, NULL, arq_learner_load(pupil.learner, cut));
    }
    free(bytes);
    succeeds(host, update(&pupil));
    succeeds(&twin.host, update(&twin));
    ck_assert_uint_eq(hash_network(host, pupil.network), hash_network(&twin.host, twin.network));
    leave(&wide);
    leave(&twin);
    leave(&pupil);
}
END_TEST

/* The network outlives its learner and can have another. */
START_TEST(one_network_has_one_learner_at_a_time)
{
    struct pupil pupil;
    enrol(&pupil, SETTINGS);

    arq_learner_destroy(pupil.learner);
    succeeds(&pupil.host, arq_learner_create(pupil.network, pupil.config, &pupil.learner));
    succeeds(&pupil.host, update(&pupil));
    leave(&pupil);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {null_is_refused,
                                  values_out_of_range_change_nothing,
                                  windows_follow_the_connections,
                                  every_kind_learns,
                                  metrics_are_there_from_the_first_update,
                                  only_sync_moves_the_target,
                                  divergence_changes_no_weight,
                                  a_saved_learner_goes_on_bit_for_bit,
                                  files_that_do_not_fit_change_nothing,
                                  one_network_has_one_learner_at_a_time};

    return RUN_TESTS("learner", tests);
}
