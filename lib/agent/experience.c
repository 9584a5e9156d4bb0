#include "agent/experience.h"

#include <string.h>

const agent_experience *const arq_experiences[] = {
    [ARQ_EXPERIENCE_REPLAY] = &arq_replay_experience,
    [ARQ_EXPERIENCE_ROLLOUT] = &arq_rollout_experience,
};

arq_status arq_experience_check(const arq_context *context, const arq_config *config,
                                const agent_experience *experience)
{
    for (const agent_idle_parameter *idle = experience->idle; idle->name != NULL; idle++) {
        if (strcmp(arq_config_origin(config, idle->name), "set") != 0) {
            continue;
        }
        char value[256];
        arq_parameter_format(arq_parameter_find(idle->name), arq_config_values(config), value, sizeof(value));
        return arq_fail(context, ARQ_E_UNSUPPORTED, "%s is '%s', but experience '%s' %s; leave it out", idle->name,
                        value, experience->name, idle->reason);
    }
    return ARQ_OK;
}
