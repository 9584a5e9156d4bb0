/*
 * An agent from inside: for the training run, and for its file.
 */
#ifndef ARQ_AGENT_AGENT_H
#define ARQ_AGENT_AGENT_H

#include "arq/agent.h"
#include "agent/experience.h"
#include "agent/schedule.h"
#include "core/life.h"
#include "core/random.h"
#include "nn/activations.h"
#include "nn/learner.h"

/* The episode that an instance is in. */
typedef struct agent_episode {
    arq_random exploration;
    arq_random exploration_before_act; /* so that a saved agent chooses its pending action again */
    int32_t action;                    /* what act chose */
    uint8_t open;                      /* an episode is running */
    uint8_t acted;                     /* act has chosen, observe has not come yet */
    uint8_t explored;                  /* ... at random */
} agent_episode;

struct arq_agent {
    arq_context *context;
    arq_parameters parameters;
    arq_network *network;
    arq_learner *learner;
    arq_activations *activations;
    uint32_t instances; /* N */
    size_t observation_bytes;
    uint8_t *observations;  /* [N] the newest */
    agent_episode *episode; /* [N] */
    agent_step *step;       /* [N] the step that observe is storing */
    uint8_t *mask;          /* [N] work space: who needs Q now, who advances */
    arq_random *streams;    /* [N] work space of its file */
    int32_t *actions;       /* [N] likewise */
    const agent_experience *experience;
    void *memory; /* the experience's */
    uint64_t steps;
    uint64_t episodes;
    int32_t update_due; /* an update waits until enough can be drawn */
    double learning_seconds;
    int32_t lent;  /* the agent's own run is calling its environment, which may not use the agent */
    int32_t owned; /* it belongs to a run, which counts its steps and alone may destroy it */
    arq_life life; /* held by calls that may run callbacks */
};

/* For the next environment step; after so many. */
double arq_agent_epsilon(const arq_agent *agent);
double arq_agent_learning_rate(const arq_agent *agent, uint64_t steps);

static inline const void *arq_agent_observation(const arq_agent *agent, uint32_t instance)
{
    return agent->observations + instance * agent->observation_bytes;
}

/* For owners, as arq_agent_destroy() is for users; and the end of a hold of its life. */
void arq_agent_release(arq_agent *agent);
void arq_agent_let_go(arq_agent *agent);

/* ARQ_E_BUSY: the call comes from inside the environment of the agent's own run. */
arq_status arq_agent_fail_lent(const arq_agent *agent, const char *call);

/* Q of every instance of the mask (NULL: all) at its newest observation; ARQ_E_BUSY. */
arq_status arq_agent_compute(arq_agent *agent, const uint8_t *mask, const char *call);

/* As the public calls of many episodes, without their checks: in a run the environment handle has made them. */
arq_status arq_agent_enter(arq_agent *agent, const uint8_t *mask, const void *observations);
arq_status arq_agent_choose(arq_agent *agent, const uint8_t *mask, int32_t *actions);
arq_status arq_agent_learn_from(arq_agent *agent, const uint8_t *mask, const int32_t *actions, const double *rewards,
                                const void *next_observations, const int32_t *terminated, const int32_t *truncated,
                                uint32_t *events);

/* Lets the experience make updates, with the learning rate that belongs to so many environment steps. Measures their
 * time and sets ARQ_EVENT_COLLAPSED. */
typedef arq_status agent_learn(arq_agent *agent, uint32_t *events);
arq_status arq_agent_learn(arq_agent *agent, uint64_t steps, agent_learn *learn, uint32_t *events);

/* The parts of an agent in a file, its own or its run's; returns their number. After a load:
 * arq_saved_replay_clear(&saved->replay). */
#define ARQ_AGENT_PARTS 7
size_t arq_agent_list_parts(agent_saved *saved, arq_part parts[ARQ_AGENT_PARTS]);

#endif
