/* A game on the screen: the environment, who plays, and the score. */
#ifndef ARQ_TOOL_GAME_H
#define ARQ_TOOL_GAME_H

#include "play/picture.h"

#include "arq/network.h"

typedef struct game {
    arq_context *context;
    arq_env *env;
    const char *id;
    const arq_network *network; /* NULL: a person plays */
    arq_activations *activations;
    void *observation;
    float *q; /* [actions] of the network for the present observation */
    uint32_t actions;
    double epsilon;
    int advances_on_explore;
    uint64_t random;
    double score, best;       /* of this and of all episodes */
    uint64_t steps, episodes; /* of this episode; finished ones */
    int ended;
    int32_t action; /* the last one */
} game;

/* Prepares a game; network NULL for a person. 0 or an exit code. */
int game_open(game *self, arq_context *context, arq_env *env, const char *id, const arq_network *network,
              double epsilon);
void game_close(game *self);

/* Begins an episode; seed NULL: the random stream goes on. 0 or an exit code. */
int game_begin(game *self, const uint64_t *seed);

/* The network's action for the present observation, or a random one. 0 or an exit code. */
int game_choose(game *self, int32_t *action);

/* One step. 0 or an exit code. */
int game_step(game *self, int32_t action);

/* The index of the action of that name ("left" also finds "push left"); -1 when there is none. */
int32_t game_find_action(game *self, const char *name);

/* The action's name, or its number. */
void game_action_text(game *self, uint32_t action, char *buffer, size_t size);

#endif
