/*
 * Where an agent's transitions go and when it learns from them: a replay, or rollouts. One file and one line of
 * arq_experiences for each.
 */
#ifndef ARQ_AGENT_EXPERIENCE_H
#define ARQ_AGENT_EXPERIENCE_H

#include "arq/agent.h"
#include "core/config.h"
#include "nn/learner.h"
#include "replay/replay.h"
#include "rollout/rollout_file.h"

/* One instance's share of an observe. */
typedef struct agent_step {
    uint8_t stepped; /* the instance is in the mask */
    uint8_t end;     /* arq_end */
    int32_t action;  /* executed */
    float reward;
} agent_step;

/* An agent while it is saved or loaded. */
typedef struct agent_saved {
    arq_agent *agent;
    int of_run; /* with its run: nothing is chosen again after a load, even where there is one instance */
    arq_saved_replay replay;
    arq_saved_rows rows[2];
} agent_saved;

/* A parameter that has no effect with this experience. */
typedef struct agent_idle_parameter {
    const char *name;
    const char *reason;
} agent_idle_parameter;

typedef struct agent_experience {
    const char *name;                 /* the parameter's word */
    const agent_idle_parameter *idle; /* refused when set by hand; the last has name NULL */
    arq_learning learning;            /* where the learner's targets come from */
    int values_every_step;            /* act computes Q even where it explores */
    int explores_from_start;          /* epsilon begins to fall at the first step */

    arq_status (*create)(arq_agent *agent);
    void (*destroy)(arq_agent *agent);
    /* Episodes are about to begin in the instances of the mask (NULL: all); nothing changes on failure. */
    arq_status (*begin)(arq_agent *agent, const uint8_t *mask, const void *observations);
    /* Q at the newest observation has just been computed for the instances of the mask. */
    void (*valued)(arq_agent *agent, const uint8_t *mask);
    /* Keeps agent->step, acted from the newest observations; nothing changes on failure. */
    arq_status (*store)(arq_agent *agent, const void *next_observations);
    /* Called after agent->step was stored and counted, to learn if it is time; `first` is the number of its first
     * environment step. */
    arq_status (*advance)(arq_agent *agent, uint64_t first, uint32_t count, uint32_t *events);
    /* Its parts of an agent's file, three at most; returns their number. */
    size_t (*list_parts)(agent_saved *saved, arq_part *parts);
    /* A metric that this experience alone has; 0 if it has none of that name. */
    int (*metric)(const arq_agent *agent, const char *name, double *value);
} agent_experience;

extern const agent_experience arq_replay_experience;
extern const agent_experience arq_rollout_experience;

/* By value of the parameter `experience`. */
extern const agent_experience *const arq_experiences[];

/* Refuses parameters that were set by hand and would do nothing: ARQ_E_UNSUPPORTED with the reason. */
arq_status arq_experience_check(const arq_context *context, const arq_config *config,
                                const agent_experience *experience);

#endif
