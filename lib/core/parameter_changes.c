#include "core/parameter_changes.h"

#include <string.h>

static const arq_parameter_change changes[] = {
    {"learning_rate", "from the next update on", 0},
    {"learning_rate_end", "from the next update on, by the steps of the whole run", 0},
    {"learning_rate_steps", "from the next update on, by the steps of the whole run", 0},
    {"head_learning_rate", "from the next update on", 0},
    {"clip", "from the next update on", 0},
    {"td_lambda", "from the next end of a rollout on", 0},
    {"epochs", "from the next end of a rollout on", 0},
    {"train_period", "from the next step on", 0},
    {"learning_starts", "from the next step on", 0},
    {"target_period", "from the next step on", 0},
    {"tau", "from the next move of the target network on", 0},
    {"replay_capacity", "not less than before: the replay grows on", 1},
    {"epsilon_start", "from the next step on, by the steps of the whole run", 0},
    {"epsilon_end", "from the next step on, by the steps of the whole run", 0},
    {"exploration_steps", "from the next step on, by the steps of the whole run", 0},
    {"exploration_from", "from the next step on, by the steps of the whole run", 0},
    {"total_steps", "where the run ends, counted from its beginning; a rate that falls over it follows", 0},
    {"evaluation_episodes", "of the evaluation after the run", 0},
    {"evaluation_epsilon", "of the evaluation after the run", 0},
};

const arq_parameter_change *arq_parameter_find_change(const char *name)
{
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        if (strcmp(changes[i].name, name) == 0) {
            return &changes[i];
        }
    }
    return NULL;
}
