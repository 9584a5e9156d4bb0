#include "world.h"

#include <string.h>

world world_of(uint64_t seed)
{
    return (world){.random = seed * 2 + 1};
}

static void look(world *w, float observation[SIZE])
{
    for (uint32_t i = 0; i < SIZE; i++) {
        observation[i] = (float)(next_random(&w->random) >> 61) / 4 - 1;
    }
}

void world_begin(world *w, float observation[SIZE])
{
    w->length = 0;
    look(w, observation);
}

outcome world_step(world *w, int32_t action)
{
    outcome o = {.reward = (double)(next_random(&w->random) >> 62) / 4};
    w->random += (uint64_t)action * UINT64_C(0x9e3779b97f4a7c15) + (uint64_t)action;
    w->random |= 1;
    w->length++;
    look(w, o.observation);
    o.reward = (o.reward + (action == 1)) * (w->scale == 0 ? 1 : w->scale);
    uint64_t chance = next_random(&w->random) >> 40;
    o.terminated = !w->endless && chance % 11 == 0;
    o.truncated = !w->endless && chance % 7 == 0;
    return o;
}

worlds worlds_of(uint32_t count, uint64_t seed)
{
    worlds w = {.count = count};
    for (uint32_t i = 0; i < count; i++) {
        w.world[i] = world_of(seed * 100 + i);
        w.ended[i] = 1;
    }
    return w;
}

void worlds_begin(worlds *w, const uint8_t *mask)
{
    for (uint32_t i = 0; i < w->count; i++) {
        if (mask == NULL || mask[i]) {
            world_begin(&w->world[i], w->observations[i]);
            w->ended[i] = 0;
        }
    }
}

void worlds_step(worlds *w, const uint8_t *mask)
{
    for (uint32_t i = 0; i < w->count; i++) {
        if (mask == NULL || mask[i]) {
            outcome o = world_step(&w->world[i], w->actions[i]);
            memcpy(w->observations[i], o.observation, sizeof(o.observation));
            w->rewards[i] = o.reward;
            w->terminated[i] = o.terminated;
            w->truncated[i] = o.truncated;
            w->ended[i] = (uint8_t)(o.terminated || o.truncated);
        }
    }
}

uint64_t play(struct host *host, arq_agent *agent, worlds *w, int steps)
{
    uint64_t hash = HASH_START;
    for (int s = 0; s < steps; s++) {
        uint8_t begins[MOST_INSTANCES];
        memcpy(begins, w->ended, sizeof(begins));
        worlds_begin(w, begins);
        succeeds(host, arq_agent_begin_many(agent, begins, w->observations));
        succeeds(host, arq_agent_act_many(agent, NULL, w->actions));
        worlds_step(w, NULL);
        uint32_t events;
        succeeds(host, arq_agent_observe_many(agent, NULL, NULL, w->rewards, w->observations, w->terminated,
                                              w->truncated, &events));
        hash = hash_bytes(hash, w->actions, w->count * sizeof(w->actions[0]));
        hash = hash_bytes(hash, &events, sizeof(events));
    }
    return hash;
}
