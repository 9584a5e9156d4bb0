/* Steps of the instances of a block side by side. */
#include "lanes.h"

void minatar_fetch_frame(struct minatar_frame *frame)
{
    const struct minatar_block *block = frame->block;

    minatar_give_back(frame);
    frame->previous_action = block->previous_action[frame->lane];
    frame->ended = block->ended[frame->lane];
}

void minatar_fetch_lane(struct minatar_frame *frame)
{
    minatar_fetch_frame(frame);
    frame->rare->game->fetch(frame);
}

void minatar_put_lane(struct minatar_frame *frame)
{
    struct minatar_block *block = frame->block;

    block->previous_action[frame->lane] = frame->previous_action;
    block->ended[frame->lane] = frame->ended;
    frame->rare->game->put(frame);
}

/* Bits 0, 2, 4 ... 62 next to each other. */
static uint32_t every_second_bit(uint64_t bits)
{
    bits &= 0x5555555555555555;
    bits = (bits | bits >> 1) & 0x3333333333333333;
    bits = (bits | bits >> 2) & 0x0f0f0f0f0f0f0f0f;
    bits = (bits | bits >> 4) & 0x00ff00ff00ff00ff;
    bits = (bits | bits >> 8) & 0x0000ffff0000ffff;
    return (uint32_t)(bits | bits >> 16);
}

#define MOST_DRAWS 32

void minatar_take_draws(struct minatar_frame *frame)
{
    struct minatar_block *block = frame->block;
    struct numpy_random_state *random = &frame->random;
    const uint32_t word = random->index / 64;
    const uint32_t bit = random->index % 64;

    if (random->index >= random->foreseen) {
        block->repeats[frame->lane] = minatar_draw_repeats(frame);
        block->taken[frame->lane] = 1;
        return;
    }
    uint64_t repeats = frame->repeats[word] >> bit;
    if (bit != 0 && word + 1 < NUMPY_RANDOM_STATE_BITS) {
        repeats |= frame->repeats[word + 1] << (64 - bit);
    }
    const uint32_t foreseen = (random->foreseen - random->index + 1) / 2;
    const uint32_t count = foreseen < MOST_DRAWS ? foreseen : MOST_DRAWS;
    block->repeats[frame->lane] = every_second_bit(repeats);
    block->taken[frame->lane] = (uint8_t)count;
    random->index += 2 * count;
}

/* What each lane executes in this step, to previous_action: the action given, or the one before again. */
static ALWAYS_INLINE void execute(struct minatar_block *block, void *const *selves, const int32_t *actions)
{
    const uint32_t action_of = ((const struct minatar_frame *)selves[0])->action_of;
    uint32_t given[MINATAR_LANES] = {0};
    uint8_t has_none[MINATAR_LANES];

    for (uint32_t i = 0; i < MINATAR_LANES; i++) {
        has_none[i] = block->taken[i] == 0;
    }
    uint64_t lanes = minatar_lanes_where(has_none, MINATAR_LANES, block->count);
    while (lanes != 0) {
        minatar_take_draws(selves[minatar_next_lane(&lanes)]);
    }
    memcpy(given, actions, block->count * sizeof(*actions));
    for (uint32_t i = 0; i < MINATAR_LANES; i++) {
        const uint32_t action = minatar_full_action(action_of, given[i]);
        block->previous_action[i] = (uint8_t)(block->repeats[i] & 1 ? block->previous_action[i] : action);
        block->repeats[i] >>= 1;
        block->taken[i]--;
    }
}

static arq_status refuse_actions(void *const *selves, uint32_t count, const int32_t *actions)
{
    arq_status status = ARQ_OK;

    for (uint32_t i = 0; i < count && status == ARQ_OK; i++) {
        struct minatar_frame *frame = selves[i];
        if ((uint32_t)actions[i] >= frame->action_count) {
            status = minatar_refuse_action(frame, actions[i]);
        }
    }
    return status;
}

/* One step of all lanes of a block. Lanes whose game had ended go along, and are then put back to what they were. */
static ALWAYS_INLINE arq_status step_block(struct minatar_block *block, void *const *selves, const int32_t *actions,
                                           unsigned char *observations, double *rewards, int32_t *terminated)
{
    const struct minatar_frame *frame = selves[0];
    const struct minatar_game *game = frame->rare->game;
    const uint32_t count = block->count;
    uint8_t gained[MINATAR_LANES] = {0}, had_ended[MINATAR_LANES];
    uint32_t refused = 0, any_ended = 0;

    for (uint32_t i = 0; i < count; i++) {
        refused |= (uint32_t)actions[i] >= frame->action_count;
        any_ended |= block->ended[i];
    }
    if (refused) {
        return refuse_actions(selves, count, actions);
    }
    execute(block, selves, actions);
    memcpy(had_ended, block->ended, sizeof(had_ended));
    for (uint32_t i = 0; i < count && any_ended; i++) {
        if (had_ended[i]) {
            minatar_fetch_lane(selves[i]);
        }
    }
    const struct minatar_turn turn = {MINATAR_LANES, count,        selves,        block->previous_action,
                                      gained,        block->ended, frame->ramping};
    game->advance_lanes[block->wide](block, &turn);
    for (uint32_t i = 0; i < count && any_ended; i++) {
        if (had_ended[i]) {
            gained[i] = 0;
            minatar_put_lane(selves[i]);
        }
    }
    game->observe_lanes[block->wide](block, count, observations);
    for (uint32_t i = 0; i < count; i++) {
        rewards[i] = gained[i];
        terminated[i] = block->ended[i];
    }
    return ARQ_OK;
}

WIDE static arq_status step_block_wide(struct minatar_block *block, void *const *selves, const int32_t *actions,
                                       unsigned char *observations, double *rewards, int32_t *terminated)
{
    return step_block(block, selves, actions, observations, rewards, terminated);
}

/* The block whose lanes are the next instances, one for one; NULL: the first of them is stepped by itself. */
static struct minatar_block *whole_block(void *const *selves, uint32_t count)
{
    const struct minatar_frame *first = selves[0];
    struct minatar_block *block = first->block;
    const char *expected = selves[0];
    uint32_t others = 0;

    if (block == NULL || first->lane != 0 || block->count > count) {
        return NULL;
    }
    /* Its instances lie one after the other. */
    for (uint32_t i = 0; i < block->count; i++) {
        others |= selves[i] != expected + i * block->instance_bytes;
    }
    return others ? NULL : block;
}

arq_status minatar_step_batch(void *const *selves, uint32_t count, const int32_t *actions, void *observations,
                              double *rewards, int32_t *terminated, int32_t *truncated)
{
    const struct minatar_game *game = ((const struct minatar_frame *)selves[0])->rare->game;
    const size_t observation_bytes = minatar_observation_bytes(game->rules->channel_count);
    arq_status status = ARQ_OK;

    for (uint32_t i = 0, stepped = 1; i < count && status == ARQ_OK; i += stepped) {
        unsigned char *observation = (unsigned char *)observations + i * observation_bytes;
        struct minatar_block *block = whole_block(selves + i, count - i);
        stepped = block != NULL ? block->count : 1;
        if (block == NULL) {
            status = game->step(selves[i], actions[i], observation, rewards + i, terminated + i, truncated + i);
        } else if (block->wide) {
            status = step_block_wide(block, selves + i, actions + i, observation, rewards + i, terminated + i);
        } else {
            status = step_block(block, selves + i, actions + i, observation, rewards + i, terminated + i);
        }
    }
    memset(truncated, 0, count * sizeof(*truncated));
    return status;
}
