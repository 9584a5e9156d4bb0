/* A run that was saved and loaded again and again is the run that was never interrupted. */
#include "life.h"
#include "../support/suite.h"

#include <stdlib.h>
#include <string.h>

#define REPLAY " batch=16 learning_starts=40 train_period=3 target_period=50 exploration_steps=200 epsilon_end=0.2 "
#define ROLLOUT                                                                                                        \
    " experience=rollout rollout=48 batch=16 epochs=2 epsilon_start=0.9 epsilon_end=0.1 exploration_steps=200 "        \
    "learning_rate=0.01 learning_rate_end=0.001 learning_rate_steps=400 "
#define STACK " widths=12,8 heads=2 "

static const life_story stories[] = {
    {"minatar/breakout", 1, "replay_capacity=150" STACK " context_size=3" REPLAY},
    {"minatar/breakout", 5, "replay_capacity=150" STACK " context_size=3" REPLAY},
    {"minatar/seaquest|time_limit=30", 1, "network=ad quantiles=3" STACK " context_size=3" REPLAY},
    {"classic/cartpole", 1, "network=ff-dqn widths=12,8 ff_update_probability=0.5" REPLAY},
    {"classic/cartpole", 3, "network=dqn widths=12,8 tau=0.5" REPLAY},
    {"classic/cartpole", 2, "context_on_explore=true context_alpha=0.5" STACK " context_size=3" REPLAY},
    {"minatar/breakout", 1, STACK ROLLOUT},
    {"minatar/asterix", 5, STACK ROLLOUT},
    {"minatar/freeway|time_limit=25", 4, "minibatches_per_step=1" STACK ROLLOUT " epochs=1 "},
    {"classic/cartpole", 3, "network=ad quantiles=3 minibatches_per_step=2" STACK ROLLOUT},
    {"classic/frozenlake", 1, "network=dqn layer_norm=true widths=12,8" ROLLOUT},
    {"classic/cartpole", 2, "network=ff-dqn widths=12,8 ff_update_probability=0.5 minibatches_per_step=1" ROLLOUT},
};
#define STORIES ((int)(sizeof(stories) / sizeof(stories[0])))

#define LENGTH 600u
#define ROW 60u

/* Between two rows the run is saved, ends, and goes on in another handle, unless `seed` is 0. */
static void live(struct host *host, const life_story *s, uint64_t seed, life *self, tale *told)
{
    char folder[512];
    strcpy(folder, temporary_file("checkpoint"));
    life_begin(host, s, self);
    for (uint64_t row = ROW; row <= LENGTH; row += ROW) {
        if (seed != 0) {
            life_advance(host, self, row - next_random(&seed) % ROW, told);
            succeeds(host, arq_run_save(self->run, folder));
            life_close(self);
            life_begin(host, s, self);
            succeeds(host, arq_run_load(self->run, folder));
            ck_assert_uint_eq(arq_run_resumed(self->run), ARQ_RESUMED);
        }
        life_advance(host, self, row, told);
        life_row(host, self, told);
    }
}

START_TEST(nobody_sees_where_a_run_was_interrupted)
{
    struct host host;
    host_open(&host);
    const life_story *s = &stories[_i];
    life whole;
    tale told = {NULL, 0};
    live(&host, s, 0, &whole, &told);
    ck_assert_double_ge(life_metric(&host, &whole, "updates"), 10);
    ck_assert_double_ge(life_metric(&host, &whole, "episodes"), 3);
    uint64_t seed = test_seed();
    for (int i = 0; i < 3; i++) {
        life broken;
        tale again = {NULL, 0};
        live(&host, s, next_random(&seed) | 1, &broken, &again);
        ck_assert_str_eq(again.text, told.text);
        ck_assert(life_same_agent(&host, &broken, &whole));
        life_close(&broken);
        free(again.text);
    }
    free(told.text);
    life_close(&whole);
    host_close(&host);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("resume_same_bits");
    TCase *test = tcase_create("same bits");
    tcase_add_loop_test(test, nobody_sees_where_a_run_was_interrupted, 0, STORIES);
    tcase_set_timeout(test, 120);
    suite_add_tcase(suite, test);
    return run_suite(suite);
}
