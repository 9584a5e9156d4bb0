/* Files that were written for something else: by other settings, or by a library that measures other things. */
#include "arq/arq.h"
#include "io/safetensors.h"
#include "test_support.h"

#include <math.h>

enum { INPUTS = 5, ACTIONS = 3 };

/* A network file of some settings loaded into a network of others: the words of the refusal, or NULL: it is taken. */
static void loads_elsewhere(const char *const saved[2], int32_t saved_kind, const char *const loaded[2],
                            int32_t loaded_kind, const char *words)
{
    const char *const *const settings[] = {saved, loaded};
    const int32_t observation[] = {saved_kind, loaded_kind};
    test_memory memory;
    test_folder folder = test_folder_create();
    arq_context *context = test_context(&memory);
    arq_network *networks[2];
    arq_learner *learners[2];
    for (int i = 0; i < 2; i++) {
        arq_config *config;
        ck_assert_ok(context, arq_config_create(context, NULL, &config));
        ck_assert_ok(context, arq_config_set(config, "widths", "8"));
        ck_assert_ok(context, arq_config_set(config, settings[i][0], settings[i][1]));
        ck_assert_ok(context, arq_network_create(context, config, observation[i], INPUTS, ACTIONS, &networks[i]));
        ck_assert_ok(context, arq_learner_create(networks[i], config, &learners[i]));
        arq_config_destroy(config);
    }
    ck_assert_ok(context, arq_network_save(networks[0], test_path(&folder, "network")));
    if (words == NULL) {
        ck_assert_ok(context, arq_network_load(networks[1], folder.file));
    } else {
        ck_assert_fails(context, arq_network_load(networks[1], folder.file), ARQ_E_SHAPE, words);
    }
    ck_assert_ok(context, arq_learner_save(learners[0], test_path(&folder, "learner")));
    if (words == NULL) {
        ck_assert_ok(context, arq_learner_load(learners[1], folder.file));
    } else {
        ck_assert_fails(context, arq_learner_load(learners[1], folder.file), ARQ_E_SHAPE, words);
    }
    for (int i = 0; i < 2; i++) {
        arq_learner_destroy(learners[i]);
        arq_network_destroy(networks[i]);
    }
    test_context_end(context, &memory);
    test_folder_remove(&folder);
}

START_TEST(weights_that_would_mean_something_else_are_refused)
{
    const int32_t f32 = ARQ_OBSERVATION_F32;
    const char *const arq[2] = {"network", "arq"};
    const char *const dqn[2] = {"network", "dqn"};
    const char *const ff_dqn[2] = {"network", "ff-dqn"};
    const char *const mean[2] = {"goodness", "mean"};
    const char *const paper[2] = {"row_order", "paper"};
    const char *const last[2] = {"q_from", "last"};
    const char *const input[2] = {"action_input", "input"};
    const char *const slow[2] = {"learning_rate", "0.5"};
    loads_elsewhere(dqn, f32, ff_dqn, f32, "network is dqn in the file, ff-dqn in this network");
    loads_elsewhere(mean, f32, arq, f32, "goodness is mean in the file, rms in this network");
    loads_elsewhere(arq, f32, paper, f32, "row_order is released in the file, paper in this network");
    loads_elsewhere(last, f32, arq, f32, "q_from is last in the file, mean in this network");
    loads_elsewhere(arq, ARQ_OBSERVATION_DISCRETE, arq, f32, "observation_kind is 5 in the file, 3 in this network");
    loads_elsewhere(input, f32, arq, f32, NULL); /* what auto means */
    loads_elsewhere(slow, f32, arq, f32, NULL);
    loads_elsewhere(arq, f32, arq, f32, NULL);
}
END_TEST

/* Files of libraries that measure more or less. */
START_TEST(a_new_metric_refuses_no_file)
{
    test_memory memory;
    test_folder folder = test_folder_create();
    arq_context *context = test_context(&memory);
    arq_config *config;
    arq_network *network;
    arq_learner *learner;
    arq_reader *good;
    arq_writer *writer;
    const char *name;
    const arq_tensor *tensor;
    const double values[2] = {1, 2};
    const uint64_t two = 2;
    const float observations[2 * INPUTS] = {1, 0, 0, 1};
    const int32_t action = 1;
    const float reward = 1;
    const uint8_t terminated = 0;
    double before, after;
    ck_assert_ok(context, arq_config_create(context, NULL, &config));
    ck_assert_ok(context, arq_config_set(config, "widths", "8,8"));
    ck_assert_ok(context, arq_config_set(config, "context_size", "0"));
    ck_assert_ok(context, arq_network_create(context, config, ARQ_OBSERVATION_F32, INPUTS, ACTIONS, &network));
    ck_assert_ok(context, arq_learner_create(network, config, &learner));
    ck_assert_ok(context, arq_learner_update(learner, 1, observations, NULL, &action, &reward, &terminated));
    ck_assert_ok(context, arq_learner_save(learner, test_path(&folder, "good")));
    ck_assert_ok(context, arq_reader_open(context, folder.file, &good));
    ck_assert_ok(context, arq_writer_create(context, &writer));
    ck_assert_ok(context, arq_writer_text(writer, "kind", "learner"));
    for (size_t i = 0; (tensor = arq_reader_at(good, i, &name)) != NULL; i++) {
        if (strcmp(name, "learner.metric.q") != 0) {
            ck_assert_ok(context,
                         arq_writer_tensor(writer, name, tensor->dtype, tensor->rank, tensor->shape, tensor->data));
        }
    }
    ck_assert_ok(context, arq_writer_tensor(writer, "learner.metric.of_tomorrow", ARQ_DTYPE_F64, 1, &two, values));
    ck_assert_ok(context, arq_writer_commit(writer, test_path(&folder, "other")));
    ck_assert_ok(context, arq_learner_metric(learner, "loss", 1, &before));
    ck_assert_ok(context, arq_learner_load(learner, folder.file));
    ck_assert_ok(context, arq_learner_metric(learner, "loss", 1, &after));
    ck_assert_double_eq(before, after);
    ck_assert_ok(context, arq_learner_metric(learner, "q", 1, &after));
    ck_assert(isnan(after)); /* not measured, as far as the file knows */
    arq_writer_destroy(writer);
    arq_reader_close(good);
    arq_learner_destroy(learner);
    arq_network_destroy(network);
    arq_config_destroy(config);
    test_context_end(context, &memory);
    test_folder_remove(&folder);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("files from elsewhere");
    TCase *test = tcase_create("files from elsewhere");
    tcase_add_test(test, weights_that_would_mean_something_else_are_refused);
    tcase_add_test(test, a_new_metric_refuses_no_file);
    suite_add_tcase(suite, test);
    return run_suite(suite);
}
