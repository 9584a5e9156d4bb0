/*
 * What changes with the number of environment steps.
 */
#ifndef ARQ_AGENT_SCHEDULE_H
#define ARQ_AGENT_SCHEDULE_H

#include "core/parameters.h"

/* epsilon(t); `from_start`: it falls from the first step on, whatever exploration_from says. */
double arq_schedule_epsilon(const arq_parameters *parameters, int from_start, uint64_t steps);

/* The learning rate after so many steps. */
double arq_schedule_learning_rate(const arq_parameters *parameters, uint64_t steps);

#endif
