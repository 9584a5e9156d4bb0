#include "run/evaluation.h"

#include "cli/command.h"
#include "cli/message.h"
#include "host/interrupt.h"
#include "run/result.h"
#include "run/saved.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

evaluation_plan evaluation_plan_of(const arq_network *network)
{
    return (evaluation_plan){
        .episodes = (uint64_t)saved_parameter(network, "evaluation_episodes", 100),
        .epsilon = saved_parameter(network, "evaluation_epsilon", 0.01),
        .seed = (uint64_t)saved_parameter(network, "seed", 0) + 1,
        .max_steps = EVALUATION_MAX_STEPS,
    };
}

uint32_t evaluation_instances(uint64_t episodes)
{
    uint32_t count = EVALUATION_MAX_INSTANCES;
    while (episodes % count != 0) {
        count--;
    }
    return count;
}

/* Moves the episodes that have ended (those with a length) to the front; returns how many. Episodes that are played
 * side by side do not end in the order of their numbers. */
static uint64_t keep_ended(double *returns, uint64_t *lengths, uint64_t episodes)
{
    uint64_t ended = 0;
    for (uint64_t i = 0; i < episodes; i++) {
        if (lengths[i] > 0) {
            returns[ended] = returns[i];
            lengths[ended++] = lengths[i];
        }
    }
    return ended;
}

static void summarise(const double *returns, const uint64_t *lengths, uint64_t count, evaluation_score *score)
{
    double n = (double)count;
    *score = (evaluation_score){.episodes = count, .low = returns[0], .high = returns[0]};
    for (uint64_t i = 0; i < count; i++) {
        score->mean += returns[i];
        score->length += (double)lengths[i];
        score->low = fmin(score->low, returns[i]);
        score->high = fmax(score->high, returns[i]);
    }
    score->mean /= n;
    score->length /= n;
    double squares = 0;
    for (uint64_t i = 0; i < count; i++) {
        squares += (returns[i] - score->mean) * (returns[i] - score->mean);
    }
    score->standard_error = count > 1 ? sqrt(squares / (n - 1) / n) : (double)NAN;
}

/* Steps of one environment after which it looks whether Ctrl-C was pressed; with several at once fewer. */
#define LOOK_PERIOD 64
#define STOPPED (ARQ_E_CALLER - 1)

static arq_status look(void *user, uint32_t episodes, uint64_t steps)
{
    (void)user;
    (void)episodes;
    (void)steps;
    return interrupt_signal() == 0 ? ARQ_OK : STOPPED;
}

/* Plays, and writes return and length of each episode that has ended. */
static int play(arq_context *context, const arq_network *network, const instances *environments,
                const evaluation_plan *plan, double *returns, uint64_t *lengths)
{
    const uint32_t period = (LOOK_PERIOD + environments->count - 1) / environments->count;
    const arq_progress progress = {sizeof(progress), .period = period, .report = look};
    const uint32_t episodes = (uint32_t)plan->episodes;
    arq_status status = environments->env != NULL
                            ? arq_evaluate(context, network, environments->env, plan->seed, plan->epsilon, episodes,
                                           plan->max_steps, &progress, returns, lengths)
                            : arq_evaluate_batch(context, network, environments->batch, plan->seed, plan->epsilon,
                                                 episodes, plan->max_steps, &progress, returns, lengths);
    int stopped = status == STOPPED && interrupt_signal() != 0; /* an environment may return that status, too */
    return status == ARQ_OK || stopped ? 0 : message_library(context);
}

/* Plays as planned, or until interrupt_signal() has one; network NULL: at random. 0 or an exit code. */
static int play_one(arq_context *context, const arq_network *network, const instances *environments,
                    const evaluation_plan *plan, evaluation_score *score)
{
    size_t count = (size_t)plan->episodes;
    double *returns = calloc(count, sizeof(*returns));
    uint64_t *lengths = calloc(count, sizeof(*lengths));
    int result = returns == NULL || lengths == NULL
                     ? message_fail("no memory for %llu episodes", (unsigned long long)plan->episodes)
                     : play(context, network, environments, plan, returns, lengths);
    *score = (evaluation_score){0};
    uint64_t ended = result == 0 ? keep_ended(returns, lengths, plan->episodes) : 0;
    if (ended > 0) {
        summarise(returns, lengths, ended, score);
    }
    free(returns);
    free(lengths);
    return result;
}

static void print_score(const char *player, const evaluation_score *score)
{
    if (score->episodes == 0) {
        return;
    }
    char error[32] = "-";
    if (!isnan(score->standard_error)) {
        snprintf(error, sizeof(error), "%.3f", score->standard_error);
    }
    printf("%-8s %9llu %10.3f %15s %10g %10g %12.1f\n", player, (unsigned long long)score->episodes, score->mean, error,
           score->low, score->high, score->length);
}

/* The agent, then a random player, until both are done or Ctrl-C comes; *stopped is the signal. */
static int play_both(arq_context *context, const arq_network *network, const instances *environments,
                     const evaluation_plan *plan, evaluation_score *agent, evaluation_score *random, int *stopped)
{
    interrupt_hold();
    int result = play_one(context, network, environments, plan, agent);
    if (result == 0) {
        result = play_one(context, NULL, environments, plan, random);
    }
    *stopped = interrupt_signal();
    interrupt_release();
    return result;
}

int evaluation_compare(arq_context *context, const arq_network *network, const instances *environments,
                       const evaluation_plan *plan, const char *folder)
{
    evaluation_score agent;
    evaluation_score random;
    int stopped = 0;
    int result = play_both(context, network, environments, plan, &agent, &random, &stopped);
    if (result != 0) {
        return result;
    }
    printf("%-8s %9s %10s %15s %10s %10s %12s\n", "player", "episodes", "mean", "standard error", "min", "max",
           "mean length");
    print_score("agent", &agent);
    print_score("random", &random);
    if (stopped != 0) {
        printf("stopped; %llu episodes of each were planned\n", (unsigned long long)plan->episodes);
        return EXIT_SIGNAL + stopped;
    }
    return folder == NULL ? 0 : result_write(folder, plan, environments->count, &agent, &random);
}
