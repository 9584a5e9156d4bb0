/* What checkpoints promise besides the same bits: what may change, what is refused, what is told. */
#include "life.h"

#include "../api/worlds.h"
#include "../support/suite.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REPLAY " widths=12 heads=2 batch=16 learning_starts=40 train_period=3 target_period=50 exploration_steps=200 "
#define ROLLOUT " experience=rollout rollout=48 batch=16 widths=12 heads=2 "
#define GAME "classic/cartpole"

static const char *folder_path(const char *name)
{
    static char paths[3][512];
    static unsigned next;
    return strcpy(paths[next++ % 3], temporary_file(name));
}

static void advance(struct host *host, life *self, uint64_t to)
{
    tale told = {NULL, 0};
    life_advance(host, self, to, &told);
    free(told.text);
}

/* A run of `settings` that has made some steps, saved in a folder. */
static const char *saved(struct host *host, uint32_t instances, const char *settings, uint64_t steps)
{
    const char *folder = folder_path("saved");
    life self;
    life_open(host, GAME, instances, settings, &self);
    advance(host, &self, steps);
    succeeds(host, arq_run_save(self.run, folder));
    life_close(&self);
    return folder;
}

/* ---- Parameters ---- */

static void accepts_or_refuses(struct host *host, const char *folder, const char *settings, const char *words)
{
    life self;
    life_open(host, GAME, 1, settings, &self);
    if (words == NULL) {
        succeeds(host, arq_run_load(self.run, folder));
        advance(host, &self, 200);
    } else {
        refuses(host, ARQ_E_SHAPE, words, arq_run_load(self.run, folder));
        ck_assert_double_eq(life_metric(host, &self, "steps"), 0);
        ck_assert_uint_eq(arq_run_resumed(self.run), 0);
        advance(host, &self, 20);
    }
    life_close(&self);
}

START_TEST(some_parameters_may_change_and_others_may_not)
{
    struct host host;
    host_open(&host);
    const char *folder = saved(&host, 1, REPLAY "replay_capacity=60", 120);
    accepts_or_refuses(&host, folder, REPLAY "replay_capacity=60 learning_rate=0.5 learning_rate_end=0.1", NULL);
    accepts_or_refuses(&host, folder, REPLAY "replay_capacity=60 epsilon_start=0.3 epsilon_end=0.2 clip=3", NULL);
    accepts_or_refuses(&host, folder, REPLAY "replay_capacity=60 total_steps=9 evaluation_episodes=3", NULL);
    accepts_or_refuses(&host, folder, REPLAY "replay_capacity=200", NULL);
    accepts_or_refuses(&host, folder, REPLAY "replay_capacity=59", "replay_capacity is 60 in the file;59");
    accepts_or_refuses(&host, folder, REPLAY "replay_capacity=60 gamma=0.5", "gamma is 0.99 in the file;0.5");
    accepts_or_refuses(&host, folder, REPLAY "replay_capacity=60 seed=2", "seed is 1 in the file;2");
    accepts_or_refuses(&host, folder, REPLAY "replay_capacity=60 network=ad", "network;arq;ad");
    host_close(&host);
}
END_TEST

/* A text for each that may change, which an agent with another value accepts. */
START_TEST(the_table_says_what_may_change)
{
    ck_assert_str_eq(arq_parameter_text("gamma", ARQ_PARAMETER_RESUME), "");
    ck_assert_str_eq(arq_parameter_text("seed", ARQ_PARAMETER_RESUME), "");
    ck_assert_str_eq(arq_parameter_text("learning_rate", ARQ_PARAMETER_RESUME), "from the next update on");
    ck_assert_ptr_nonnull(strstr(arq_parameter_text("replay_capacity", ARQ_PARAMETER_RESUME), "not less"));
    ck_assert_ptr_null(arq_parameter_text("nothing", ARQ_PARAMETER_RESUME));
}
END_TEST

START_TEST(a_replay_grows)
{
    struct host host;
    host_open(&host);
    const char *folder = saved(&host, 3, REPLAY "replay_capacity=60", 120);
    life self;
    for (int i = 0; i < 2; i++) { /* the second time it is neither full nor from its beginning */
        life_open(&host, GAME, 3, REPLAY "replay_capacity=200", &self);
        succeeds(&host, arq_run_load(self.run, folder));
        ck_assert_double_eq(life_metric(&host, &self, "replay_size"), 60 + 60 * i);
        advance(&host, &self, 180 + 60 * (uint64_t)i);
        ck_assert_double_eq(life_metric(&host, &self, "replay_size"), 120 + 60 * i);
        succeeds(&host, arq_run_save(self.run, folder));
        life_close(&self);
    }
    host_close(&host);
}
END_TEST

START_TEST(instances_stay)
{
    struct host host;
    host_open(&host);
    const char *folder = saved(&host, 3, ROLLOUT, 60);
    life self;
    life_open(&host, GAME, 2, ROLLOUT, &self);
    refuses(&host, ARQ_E_SHAPE, "instances is 3 in the file;2", arq_run_load(self.run, folder));
    life_close(&self);
    life_open(&host, GAME, 1, ROLLOUT, &self);
    refuses(&host, ARQ_E_SHAPE, "instances is 3 in the file;1", arq_run_load(self.run, folder));
    life_close(&self);
    life_open(&host, "classic/acrobot", 3, ROLLOUT, &self);
    refuses(&host, ARQ_E_SHAPE, "saved", arq_run_load(self.run, folder));
    life_close(&self);
    host_close(&host);
}
END_TEST

/* ---- What a checkpoint says of itself ---- */

START_TEST(a_checkpoint_knows_its_config_and_the_texts_beside_it)
{
    struct host host;
    host_open(&host);
    const char *folder = folder_path("told");
    arq_config *config;
    arq_env_batch *batch;
    arq_run *run;
    succeeds(&host, arq_config_create(host.context, "small", &config));
    succeeds(&host, arq_config_set(config, "learning_rate", "0.25"));
    succeeds(&host, arq_env_batch_open(host.context, GAME, 3, &batch));
    succeeds(&host, arq_run_create_batch(host.context, config, batch, &run));
    arq_config_destroy(config);
    arq_checkpoint *copied;
    succeeds(&host, arq_run_checkpoint(run, folder, 0, &copied));
    succeeds(&host, arq_checkpoint_set_text(copied, "log.csv", "1234"));
    succeeds(&host, arq_checkpoint_set_text(copied, "", "nameless"));
    refuses(&host, ARQ_E_ARGUMENT, "log.csv;twice", arq_checkpoint_set_text(copied, "log.csv", "1"));
    refuses(&host, ARQ_E_ARGUMENT, "UTF-8", arq_checkpoint_set_text(copied, "bad", "\xff"));
    ck_assert_ptr_null(arq_checkpoint_text(copied, "log.csv"));
    ck_assert_uint_eq(arq_checkpoint_instances(copied), 0);
    refuses(&host, ARQ_E_ORDER, "copied from a run", arq_checkpoint_config(copied, &config));
    succeeds(&host, arq_checkpoint_write(copied));
    arq_checkpoint_destroy(copied);
    arq_run_destroy(run);
    arq_env_batch_destroy(batch);

    arq_checkpoint *opened;
    succeeds(&host, arq_checkpoint_open(host.context, folder, &opened));
    ck_assert_str_eq(arq_checkpoint_text(opened, "log.csv"), "1234");
    ck_assert_str_eq(arq_checkpoint_text(opened, ""), "nameless");
    ck_assert_ptr_null(arq_checkpoint_text(opened, "episodes.csv"));
    ck_assert_ptr_null(arq_checkpoint_text(opened, "bad"));
    ck_assert_uint_eq(arq_checkpoint_instances(opened), 3);
    refuses(&host, ARQ_E_ORDER, "opened", arq_checkpoint_write(opened));
    refuses(&host, ARQ_E_ORDER, "opened", arq_checkpoint_set_text(opened, "a", "b"));
    succeeds(&host, arq_checkpoint_config(opened, &config));
    arq_checkpoint_destroy(opened);
    char text[256];
    succeeds(&host, arq_config_get(config, "learning_rate", text, sizeof(text)));
    ck_assert_str_eq(text, "0.25");
    ck_assert_str_eq(arq_config_origin(config, "learning_rate"), "set");
    succeeds(&host, arq_config_get(config, "widths", text, sizeof(text)));
    ck_assert_str_eq(text, "64,48,48");
    ck_assert_str_eq(arq_config_origin(config, "widths"), "small");
    ck_assert_str_eq(arq_config_origin(config, "gamma"), "default");
    succeeds(&host, arq_config_get(config, "context_on_explore", text, sizeof(text)));
    ck_assert_str_eq(text, "auto"); /* not what it came to */
    arq_config_destroy(config);
    host_close(&host);
}
END_TEST

/* A preset's value that would do nothing is no reason to refuse, before a save or after. */
START_TEST(a_config_comes_back_with_what_its_preset_says_of_the_other_experience)
{
    struct host host;
    host_open(&host);
    const char *folder = folder_path("preset");
    arq_config *config;
    arq_env *env;
    arq_run *run;
    succeeds(&host, arq_config_create(host.context, "fast", &config));
    succeeds(&host, arq_config_set(config, "experience", "rollout"));
    succeeds(&host, arq_env_open(host.context, GAME, &env));
    succeeds(&host, arq_run_create(host.context, config, env, &run));
    succeeds(&host, arq_run_save(run, folder));
    arq_run_destroy(run);
    arq_config_destroy(config);
    arq_checkpoint *opened;
    succeeds(&host, arq_checkpoint_open(host.context, folder, &opened));
    succeeds(&host, arq_checkpoint_config(opened, &config));
    arq_checkpoint_destroy(opened);
    succeeds(&host, arq_run_create(host.context, config, env, &run));
    succeeds(&host, arq_run_load(run, folder));
    arq_run_destroy(run);
    arq_env_destroy(env);
    arq_config_destroy(config);
    host_close(&host);
}
END_TEST

/* ---- Copying and writing ---- */

typedef struct writing {
    arq_checkpoint *checkpoint;
    arq_status status;
} writing;

static void *write_elsewhere(void *argument)
{
    writing *self = argument;
    self->status = arq_checkpoint_write(self->checkpoint);
    arq_checkpoint_destroy(self->checkpoint);
    return NULL;
}

START_TEST(a_checkpoint_is_what_it_was_when_it_was_copied)
{
    struct host host;
    host_open(&host);
    const char *folder = folder_path("elsewhere");
    const char *settings = _i == 0 ? REPLAY : ROLLOUT;
    life self;
    life again;
    tale told = {NULL, 0};
    tale told_again = {NULL, 0};
    life_open(&host, GAME, 3, settings, &self);
    advance(&host, &self, 90);
    writing job = {NULL, ARQ_E_IO};
    pthread_t thread;
    succeeds(&host, arq_run_checkpoint(self.run, folder, 0, &job.checkpoint));
    life_advance(&host, &self, 120, &told); /* before it is written */
    ck_assert_int_eq(pthread_create(&thread, NULL, write_elsewhere, &job), 0);
    life_advance(&host, &self, 300, &told);
    life_row(&host, &self, &told);
    pthread_join(thread, NULL);
    ck_assert_int_eq(job.status, ARQ_OK);
    life_open(&host, GAME, 3, settings, &again);
    succeeds(&host, arq_run_load(again.run, folder));
    ck_assert_double_eq(life_metric(&host, &again, "steps"), 90);
    life_advance(&host, &again, 300, &told_again);
    life_row(&host, &again, &told_again);
    ck_assert_str_eq(told.text, told_again.text);
    life_close(&again);
    life_close(&self);
    free(told.text);
    free(told_again.text);
    host_close(&host);
}
END_TEST

START_TEST(one_checkpoint_of_a_run_at_a_time)
{
    struct host host;
    host_open(&host);
    const char *folder = folder_path("one");
    life self;
    arq_checkpoint *first;
    arq_checkpoint *second;
    life_open(&host, GAME, 1, ROLLOUT, &self);
    succeeds(&host, arq_run_checkpoint(self.run, folder, 0, &first));
    refuses(&host, ARQ_E_BUSY, "earlier checkpoint", arq_run_checkpoint(self.run, folder, 0, &second));
    ck_assert_ptr_null(second);
    refuses(&host, ARQ_E_BUSY, "arq_run_save;earlier", arq_run_save(self.run, folder));
    refuses(&host, ARQ_E_BUSY, "arq_run_load;earlier", arq_run_load(self.run, folder));
    arq_checkpoint_destroy(first);
    refuses(&host, ARQ_E_ARGUMENT, "flags is 6", arq_run_checkpoint(self.run, folder, 6, &second));
    refuses(&host, ARQ_E_ARGUMENT, "folder is 0 bytes", arq_run_save(self.run, ""));
    succeeds(&host, arq_run_checkpoint(self.run, folder, 0, &second));
    life_close(&self);
    succeeds(&host, arq_checkpoint_write(second)); /* it outlives its run */
    arq_checkpoint_destroy(second);
    ck_assert_int_eq(access(folder, R_OK), 0);
    host_close(&host);
}
END_TEST

START_TEST(what_cannot_be_written_can_be_tried_again)
{
    struct host host;
    host_open(&host);
    char above[512];
    char folder[600];
    strcpy(above, folder_path("above"));
    snprintf(folder, sizeof(folder), "%s/checkpoint", above);
    life self;
    arq_checkpoint *checkpoint;
    life_open(&host, GAME, 1, ROLLOUT, &self);
    advance(&host, &self, 30);
    succeeds(&host, arq_run_checkpoint(self.run, folder, 0, &checkpoint));
    refuses(&host, ARQ_E_IO, "cannot make the folder;checkpoint", arq_checkpoint_write(checkpoint));
    refuses(&host, ARQ_E_IO, "run.safetensors", arq_run_load((arq_checkpoint_destroy(checkpoint), self.run), folder));
    succeeds(&host, arq_run_checkpoint(self.run, folder, 0, &checkpoint));
    refuses(&host, ARQ_E_IO, "cannot make the folder", arq_checkpoint_write(checkpoint));
    ck_assert_int_eq(mkdir(above, 0700), 0);
    succeeds(&host, arq_checkpoint_write(checkpoint));
    arq_checkpoint_destroy(checkpoint);
    succeeds(&host, arq_run_load(self.run, folder));
    life_close(&self);
    host_close(&host);
}
END_TEST

/* ---- Without the replay, without the environment's state ---- */

START_TEST(without_its_replay_a_run_fills_it_anew)
{
    struct host host;
    host_open(&host);
    const char *folder = folder_path("without");
    const uint32_t instances = _i == 0 ? 1 : 3;
    life self;
    arq_checkpoint *checkpoint;
    life_open(&host, GAME, instances, REPLAY, &self);
    advance(&host, &self, 150);
    uint64_t weights = hash_network(&host, arq_agent_network(arq_run_agent(self.run)));
    double updates = life_metric(&host, &self, "updates");
    ck_assert_double_gt(updates, 10);
    succeeds(&host, arq_run_checkpoint(self.run, folder, ARQ_CHECKPOINT_WITHOUT_REPLAY, &checkpoint));
    succeeds(&host, arq_checkpoint_write(checkpoint));
    arq_checkpoint_destroy(checkpoint);
    life_close(&self);
    life_open(&host, GAME, instances, REPLAY, &self);
    succeeds(&host, arq_run_load(self.run, folder));
    ck_assert_uint_eq(arq_run_resumed(self.run), ARQ_RESUMED | ARQ_RESUMED_NEW_REPLAY);
    ck_assert_uint_eq(hash_network(&host, arq_agent_network(arq_run_agent(self.run))), weights);
    ck_assert_double_eq(life_metric(&host, &self, "replay_size"), 0);
    advance(&host, &self, 162);
    ck_assert_double_eq(life_metric(&host, &self, "updates"), updates); /* there is no batch yet */
    ck_assert_double_eq(life_metric(&host, &self, "replay_size"), 12);
    advance(&host, &self, 300);
    ck_assert_double_gt(life_metric(&host, &self, "updates"), updates + 30);
    succeeds(&host, arq_run_save(self.run, folder)); /* now with it */
    life_close(&self);
    life_open(&host, GAME, instances, REPLAY, &self);
    succeeds(&host, arq_run_load(self.run, folder));
    ck_assert_uint_eq(arq_run_resumed(self.run), ARQ_RESUMED);
    ck_assert_double_eq(life_metric(&host, &self, "replay_size"), 150);
    life_close(&self);
    host_close(&host);
}
END_TEST

static void open_corridors(struct host *host, struct corridor corridors[2], const char *settings, life *self)
{
    arq_env *envs[2];
    arq_config *config = configured(host, settings);
    memset(corridors, 0, 2 * sizeof(*corridors));
    *self = (life){NULL, NULL, NULL};
    for (int i = 0; i < 2; i++) {
        succeeds(host, arq_env_create(host->context, &corridor_methods, &corridors[i], &envs[i]));
    }
    succeeds(host, arq_env_batch_create(envs, 2, &self->batch));
    succeeds(host, arq_run_create_batch(host->context, config, self->batch, &self->run));
    arq_config_destroy(config);
}

/* Corridors have no save. Their steps are those of the run all the same, and the log has every episode. */
START_TEST(environments_that_cannot_be_saved_begin_a_new_episode)
{
    struct host host;
    host_open(&host);
    const char *folder = folder_path("corridor");
    const char *settings = _i == 0 ? REPLAY : ROLLOUT;
    struct corridor corridors[2];
    life self;
    open_corridors(&host, corridors, settings, &self);
    do {
        advance(&host, &self, (uint64_t)life_metric(&host, &self, "steps") + 2);
    } while (life_metric(&host, &self, "steps") < 90 || corridors[0].steps == 0 || corridors[1].steps == 0 ||
             corridors[0].place == CORRIDOR_LENGTH - 1 || corridors[1].place == CORRIDOR_LENGTH - 1 ||
             corridors[0].steps == 30 || corridors[1].steps == 30);
    uint64_t lengths[2] = {corridors[0].steps, corridors[1].steps};
    double steps = life_metric(&host, &self, "steps");
    double mean = life_metric(&host, &self, "mean_return");
    succeeds(&host, arq_run_save(self.run, folder));
    life_close(&self);
    open_corridors(&host, corridors, settings, &self);
    int lines = atomic_load(&host.log_lines);
    succeeds(&host, arq_run_load(self.run, folder));
    ck_assert_int_eq(atomic_load(&host.log_lines), lines + 1);
    ck_assert_ptr_nonnull(strstr(host.log_text, "2 of 2 environments have no saved state and begin a new episode"));
    ck_assert_uint_eq(arq_run_resumed(self.run), ARQ_RESUMED | ARQ_RESUMED_NEW_EPISODES);
    for (uint32_t i = 0; i < 2; i++) {
        uint32_t instance;
        uint64_t length;
        uint64_t step;
        int32_t end;
        succeeds(&host, arq_run_episode(self.run, i, &instance, NULL, &length, &step, &end));
        ck_assert_uint_eq(instance, i);
        ck_assert_uint_eq(length, lengths[i]);
        ck_assert_uint_eq(step, (uint64_t)steps);
        ck_assert_int_eq(end, ARQ_EPISODE_FAILED);
    }
    refuses(&host, ARQ_E_NOT_FOUND, NULL, arq_run_episode(self.run, 2, NULL, NULL, NULL, NULL, NULL));
    ck_assert_double_eq(life_metric(&host, &self, "mean_return"), mean);
    advance(&host, &self, (uint64_t)steps + 2);
    for (uint32_t i = 0; i < 2; i++) {
        uint64_t random = (1 + i + (uint64_t)steps) * 2 + 1; /* the seed, the instance and the steps made */
        next_random(&random);
        ck_assert_uint_eq(corridors[i].steps, 1);
        ck_assert_uint_eq(corridors[i].random, random);
    }
    advance(&host, &self, (uint64_t)steps + 200);
    life_close(&self);
    host_close(&host);
}
END_TEST

/* ---- From the wrong place ---- */

START_TEST(the_agent_of_a_run_is_not_loaded_from_outside)
{
    struct host host;
    host_open(&host);
    const char *path = folder_path("agent");
    life self;
    life_open(&host, GAME, 1, ROLLOUT, &self);
    advance(&host, &self, 50);
    succeeds(&host, arq_agent_save(arq_run_agent(self.run), path));
    refuses(&host, ARQ_E_ORDER, "belongs to a run;arq_run_load", arq_agent_load(arq_run_agent(self.run), path));
    refuses(&host, ARQ_E_IO, "run.safetensors", arq_run_load(self.run, path));
    advance(&host, &self, 100);
    life_close(&self);
    host_close(&host);
}
END_TEST

typedef struct meddler {
    arq_run *run;
    arq_status save, load, copy;
} meddler;

static void meddle(void *user)
{
    meddler *self = user;
    arq_checkpoint *checkpoint;
    self->save = arq_run_save(self->run, temporary_file("inside"));
    self->load = arq_run_load(self->run, temporary_file("inside"));
    self->copy = arq_run_checkpoint(self->run, temporary_file("inside"), 0, &checkpoint);
}

START_TEST(an_environment_may_not_save_its_run)
{
    struct host host;
    host_open(&host);
    struct corridor corridors[2];
    life self;
    open_corridors(&host, corridors, ROLLOUT, &self);
    meddler user = {self.run, ARQ_OK, ARQ_OK, ARQ_OK};
    corridors[1].on_step = meddle;
    corridors[1].user = &user;
    advance(&host, &self, 2);
    ck_assert_int_eq(user.save, ARQ_E_BUSY);
    ck_assert_int_eq(user.load, ARQ_E_BUSY);
    ck_assert_int_eq(user.copy, ARQ_E_BUSY);
    life_close(&self);
    host_close(&host);
}
END_TEST

/* ---- Infinite returns ---- */

static arq_status rich_spec(void *self, arq_env_spec *spec)
{
    (void)self;
    spec->observation_kind = ARQ_OBSERVATION_F32;
    spec->observation_size = 2;
    spec->action_kind = ARQ_ACTION_DISCRETE;
    spec->action_count = 2;
    return ARQ_OK;
}

static arq_status rich_reset(void *self, const uint64_t *seed, void *observation)
{
    (void)self;
    (void)seed;
    memset(observation, 0, 2 * sizeof(float));
    return ARQ_OK;
}

/* A reward that a float holds once, and no sum of it. */
static arq_status rich_step(void *self, int32_t action, void *observation, double *reward, int32_t *terminated,
                            int32_t *truncated)
{
    (void)action;
    *reward = 3e38;
    *terminated = 0;
    *truncated = 0;
    return rich_reset(self, NULL, observation);
}

static void rich_destroy(void *self)
{
    (void)self;
}

static const arq_env_methods rich_methods = {.struct_size = sizeof(arq_env_methods),
                                             .spec = rich_spec,
                                             .reset = rich_reset,
                                             .step = rich_step,
                                             .destroy = rich_destroy};

static void open_rich(struct host *host, life *self)
{
    arq_config *config = configured(host, ROLLOUT "minibatches_per_step=1 rollout=16 batch=2 gamma=1 td_lambda=1");
    *self = (life){NULL, NULL, NULL};
    succeeds(host, arq_env_create(host->context, &rich_methods, NULL, &self->env));
    succeeds(host, arq_run_create(host->context, config, self->env, &self->run));
    arq_config_destroy(config);
}

/* What an update met that was refused stands in the rollout's memory, and in the file. */
START_TEST(returns_that_are_infinite_do_not_lock_a_run_out)
{
    struct host host;
    host_open(&host);
    const char *folder = folder_path("infinite");
    life self;
    uint64_t done;
    open_rich(&host, &self);
    refuses(&host, ARQ_E_DIVERGED, "minibatch", arq_run_advance(self.run, 64, &done));
    succeeds(&host, arq_run_save(self.run, folder));
    life_close(&self);
    open_rich(&host, &self);
    succeeds(&host, arq_run_load(self.run, folder));
    refuses(&host, ARQ_E_DIVERGED, "minibatch", arq_run_advance(self.run, 64, &done));
    life_close(&self);
    host_close(&host);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        some_parameters_may_change_and_others_may_not,
        the_table_says_what_may_change,
        a_replay_grows,
        instances_stay,
        a_checkpoint_knows_its_config_and_the_texts_beside_it,
        a_config_comes_back_with_what_its_preset_says_of_the_other_experience,
        one_checkpoint_of_a_run_at_a_time,
        what_cannot_be_written_can_be_tried_again,
        the_agent_of_a_run_is_not_loaded_from_outside,
        an_environment_may_not_save_its_run,
        returns_that_are_infinite_do_not_lock_a_run_out,
    };
    Suite *suite = suite_create("resume_conduct");
    TCase *test = tcase_create("conduct");
    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        tcase_add_test(test, tests[i]);
    }
    tcase_add_loop_test(test, a_checkpoint_is_what_it_was_when_it_was_copied, 0, 2);
    tcase_add_loop_test(test, without_its_replay_a_run_fills_it_anew, 0, 2);
    tcase_add_loop_test(test, environments_that_cannot_be_saved_begin_a_new_episode, 0, 2);
    tcase_set_timeout(test, 120);
    suite_add_tcase(suite, test);
    return run_suite(suite);
}
