#include "agent/schedule.h"

/* The share of a schedule's length that has passed, 0 to 1. */
static double share_of(double steps, int64_t length)
{
    double share = steps <= 0 ? 0 : length == 0 ? 1 : steps / (double)length;
    return share >= 1 ? 1 : share;
}

static double between(double first, double last, double share)
{
    return share == 1 ? last : first + (last - first) * share;
}

double arq_schedule_epsilon(const arq_parameters *parameters, int from_start, uint64_t steps)
{
    const arq_parameters *p = parameters;
    int waits = !from_start && p->exploration_from == ARQ_EXPLORATION_FROM_LEARNING;
    double since = (double)steps - (waits ? (double)p->learning_starts : 0);
    return between(p->epsilon_start, p->epsilon_end, share_of(since, p->exploration_steps));
}

double arq_schedule_learning_rate(const arq_parameters *parameters, uint64_t steps)
{
    const arq_parameters *p = parameters;
    if (p->learning_rate_steps == 0) {
        return p->learning_rate;
    }
    int64_t length = p->learning_rate_steps < 0 ? p->total_steps : p->learning_rate_steps;
    return between(p->learning_rate, p->learning_rate_end, share_of((double)steps, length));
}
