#include "play/game.h"

#include "cli/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int check_fit(const game *self, const arq_env_spec *spec)
{
    int32_t kind = 0;
    uint32_t size = 0;
    if (arq_network_observation(self->network, &kind, &size) != ARQ_OK) {
        return message_library(self->context);
    }
    if (kind != spec->observation_kind || size != spec->observation_size ||
        arq_network_actions(self->network) != spec->action_count) {
        return message_fail("the network takes observations of kind %d with %u values and has %u actions; %s has kind "
                            "%d with %u values and %u actions",
                            kind, size, arq_network_actions(self->network), self->id, spec->observation_kind,
                            spec->observation_size, spec->action_count);
    }
    return 0;
}

static int prepare_network(game *self, const arq_env_spec *spec)
{
    char value[16] = "";
    int result = check_fit(self, spec);
    if (result != 0) {
        return result;
    }
    self->advances_on_explore =
        arq_network_parameter(self->network, "context_on_explore", value, sizeof(value)) == ARQ_OK &&
        strcmp(value, "true") == 0;
    self->q = calloc(self->actions, sizeof(*self->q));
    if (self->q == NULL) {
        return message_fail("no memory for %u actions", self->actions);
    }
    return arq_activations_create(self->network, 1, &self->activations) == ARQ_OK ? 0 : message_library(self->context);
}

int game_open(game *self, arq_context *context, arq_env *env, const char *id, const arq_network *network,
              double epsilon)
{
    const arq_env_spec *spec = arq_env_describe(env);
    memset(self, 0, sizeof(*self));
    self->context = context;
    self->env = env;
    self->id = id;
    self->network = network;
    self->epsilon = epsilon;
    self->actions = spec->action_count;
    self->observation = calloc(1, arq_observation_bytes(spec->observation_kind, spec->observation_size));
    if (self->observation == NULL) {
        return message_fail("no memory for an observation of %u values", spec->observation_size);
    }
    return network == NULL ? 0 : prepare_network(self, spec);
}

void game_close(game *self)
{
    arq_activations_destroy(self->activations);
    free(self->observation);
    free(self->q);
    memset(self, 0, sizeof(*self));
}

int game_begin(game *self, const uint64_t *seed)
{
    self->score = 0;
    self->steps = 0;
    self->ended = 0;
    self->action = -1;
    if (seed != NULL) {
        self->random = *seed;
    }
    if (arq_env_reset(self->env, seed, self->observation) != ARQ_OK ||
        (self->network != NULL && arq_activations_begin(self->activations, 0) != ARQ_OK)) {
        return message_library(self->context);
    }
    return 0;
}

/* A number of splitmix64, for epsilon. */
static uint64_t draw(game *self)
{
    uint64_t z = self->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

int game_choose(game *self, int32_t *action)
{
    int explores = (double)(draw(self) >> 11) * 0x1p-53 < self->epsilon;
    if (arq_network_q(self->network, self->activations, self->observation, self->q) != ARQ_OK ||
        ((!explores || self->advances_on_explore) && arq_activations_advance(self->activations, 0) != ARQ_OK)) {
        return message_library(self->context);
    }
    *action = 0;
    for (uint32_t i = 1; i < self->actions; i++) {
        *action = self->q[i] > self->q[*action] ? (int32_t)i : *action;
    }
    if (explores) {
        *action = (int32_t)(draw(self) % self->actions);
    }
    return 0;
}

int game_step(game *self, int32_t action)
{
    double reward = 0;
    int32_t terminated = 0;
    int32_t truncated = 0;
    if (arq_env_step(self->env, action, self->observation, &reward, &terminated, &truncated) != ARQ_OK) {
        return message_library(self->context);
    }
    self->action = action;
    self->score += reward;
    self->steps++;
    self->ended = terminated || truncated;
    if (self->ended) {
        self->best = self->episodes == 0 || self->score > self->best ? self->score : self->best;
        self->episodes++;
    }
    return 0;
}

int32_t game_find_action(game *self, const char *name)
{
    size_t length = strlen(name);
    for (uint32_t i = 0; i < self->actions; i++) {
        const char *known = arq_env_action_name(self->env, i);
        size_t known_length = known == NULL ? 0 : strlen(known);
        if (known_length >= length && strcmp(known + known_length - length, name) == 0 &&
            (known_length == length || known[known_length - length - 1] == ' ')) {
            return (int32_t)i;
        }
    }
    return -1;
}

void game_action_text(game *self, uint32_t action, char *buffer, size_t size)
{
    const char *name = arq_env_action_name(self->env, action);
    if (name != NULL) {
        snprintf(buffer, size, "%s", name);
    } else {
        snprintf(buffer, size, "%u", action);
    }
}
