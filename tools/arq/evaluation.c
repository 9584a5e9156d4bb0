#include "evaluation.h"

#include "command.h"
#include "interrupt.h"
#include "message.h"
#include "session.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

evaluation_plan evaluation_plan_of(const arq_network *network)
{
    return (evaluation_plan){
        .episodes = (uint64_t)session_parameter(network, "evaluation_episodes", 100),
        .epsilon = session_parameter(network, "evaluation_epsilon", 0.01),
        .seed = (uint64_t)session_parameter(network, "seed", 0) + 1,
        .max_steps = EVALUATION_MAX_STEPS,
    };
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

/* Steps between looks at whether Ctrl-C was pressed. */
#define LOOK_PERIOD 64
#define STOPPED (ARQ_E_CALLER - 1)

static arq_status look(void *user, uint32_t episodes, uint64_t steps)
{
    (void)steps;
    *(uint64_t *)user = episodes;
    return interrupt_signal() == 0 ? ARQ_OK : STOPPED;
}

int evaluation_play(arq_context *context, const arq_network *network, arq_env *env, const evaluation_plan *plan,
                    evaluation_score *score)
{
    double *returns = calloc(plan->episodes, sizeof(*returns));
    uint64_t *lengths = calloc(plan->episodes, sizeof(*lengths));
    uint64_t ended = 0;
    const arq_progress progress = {sizeof(progress), .period = LOOK_PERIOD, .user = &ended, .report = look};
    int result = 0;
    *score = (evaluation_score){0};
    if (returns == NULL || lengths == NULL) {
        result = message_fail("no memory for %llu episodes", (unsigned long long)plan->episodes);
    } else {
        arq_status status = arq_evaluate(context, network, env, plan->seed, plan->epsilon, (uint32_t)plan->episodes,
                                         plan->max_steps, &progress, returns, lengths);
        int stopped = status == STOPPED && interrupt_signal() != 0; /* an environment may have such a code too */
        result = status == ARQ_OK || stopped ? 0 : message_library(context);
    }
    if (result == 0 && ended > 0) {
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

static void write_score(FILE *file, const char *player, double epsilon, const evaluation_plan *plan,
                        const evaluation_score *score)
{
    fprintf(file, "%s,%llu,%.16g,%llu,%.16g,", player, (unsigned long long)plan->episodes, epsilon,
            (unsigned long long)plan->seed, score->mean);
    if (!isnan(score->standard_error)) {
        fprintf(file, "%.16g", score->standard_error);
    }
    fprintf(file, ",%.16g,%.16g,%.16g\n", score->low, score->high, score->length);
}

static int write_scores(const char *path, const evaluation_plan *plan, const evaluation_score *agent,
                        const evaluation_score *random)
{
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        return message_fail("cannot write %s: %s", path, strerror(errno));
    }
    fprintf(file, "player,episodes,epsilon,seed,mean,standard_error,min,max,mean_length\n");
    write_score(file, "agent", plan->epsilon, plan, agent);
    write_score(file, "random", 1, plan, random);
    int failed = ferror(file);
    if (fclose(file) != 0 || failed) {
        return message_fail("cannot write %s: %s", path, strerror(errno));
    }
    return 0;
}

int evaluation_compare(arq_context *context, const arq_network *network, arq_env *env, const evaluation_plan *plan,
                       const char *path)
{
    evaluation_score agent;
    evaluation_score random;
    interrupt_hold();
    int result = evaluation_play(context, network, env, plan, &agent);
    result = result != 0 ? result : evaluation_play(context, NULL, env, plan, &random);
    int stopped = interrupt_signal();
    interrupt_release();
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
    return path == NULL ? 0 : write_scores(path, plan, &agent, &random);
}
