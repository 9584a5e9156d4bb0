#include "life.h"

static void look(struct world *world)
{
    for (uint32_t i = 0; i < INPUTS; i++)
        world->x[i] = (float)(next_random(&world->random) >> 62);
}

uint64_t live(struct host *host, arq_agent *agent, struct world *world, int steps)
{
    uint64_t hash = HASH_START;
    int32_t action;
    uint32_t events;

    for (int step = 0; step < steps; step++, world->steps++) {
        if (!world->is_open) {
            look(world);
            succeeds(host, arq_agent_begin(agent, world->x));
        }
        succeeds(host, arq_agent_act(agent, &action));
        look(world);
        int terminated = world->steps % 11 == 10, truncated = world->steps % 23 == 22;
        succeeds(host,
                 arq_agent_observe(agent, ARQ_ACTION_CHOSEN, action == 1, world->x, terminated, truncated, &events));
        world->is_open = !terminated && !truncated;
        hash = hash_bytes(hash, &action, sizeof action);
        hash = hash_bytes(hash, &events, sizeof events);
        ck_assert_int_eq((events & ARQ_EVENT_EPISODE_END) != 0, terminated || truncated);
    }
    return hash;
}
