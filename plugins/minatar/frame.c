#include "lanes.h"

#include "common/picture.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#define STATE_VERSION 2

/* Parts of one block of memory begin at multiples of a cache line's usual size. */
#define ROUND_UP(BYTES) (((BYTES) + 63) / 64 * 64)

const arq_env_option minatar_options[MINATAR_OPTION_COUNT] = {
    [MINATAR_OPTION_ACTIONS] = {.struct_size = sizeof(arq_env_option),
                                .type = ARQ_OPTION_CHOICE,
                                .name = "actions",
                                .low = 0,
                                .high = 1,
                                .default_value = 0,
                                .choices = "minimal|full",
                                .doc = "Only the actions that matter in this game, or all six"},
    [MINATAR_OPTION_STICKY] = {.struct_size = sizeof(arq_env_option),
                               .type = ARQ_OPTION_FLOAT,
                               .name = "sticky",
                               .low = 0,
                               .high = 1,
                               .default_value = 0.1,
                               .doc = "Probability that the previous action is executed again instead"},
    [MINATAR_OPTION_RAMPING] = {.struct_size = sizeof(arq_env_option),
                                .type = ARQ_OPTION_BOOL,
                                .name = "ramping",
                                .low = 0,
                                .high = 1,
                                .default_value = 1,
                                .doc = "Whether asterix, seaquest and space_invaders get harder with time"},
    [MINATAR_OPTION_COMPAT] = {.struct_size = sizeof(arq_env_option),
                               .type = ARQ_OPTION_BOOL,
                               .name = "compat",
                               .low = 0,
                               .high = 1,
                               .default_value = 0,
                               .doc = "Whether the previous action survives a seeded reset, as in the Python package"},
};

static const char *const action_names[MINATAR_ACTIONS] = {
    [MINATAR_NONE] = "none",   [MINATAR_LEFT] = "left", [MINATAR_UP] = "up",
    [MINATAR_RIGHT] = "right", [MINATAR_DOWN] = "down", [MINATAR_FIRE] = "fire",
};

/* Instances that were created together lie in one piece of memory: this, the blocks of lanes, the instances, and what
 * is rare about them. */
struct minatar_group {
    uint32_t alive;
};

/* Fewer are stepped one by one. */
#define LEAST_LANES 16

static void set_options(struct minatar_frame *frame, const double *options)
{
    const struct minatar_rules *rules = frame->rare->game->rules;
    const bool full = options[MINATAR_OPTION_ACTIONS] != 0;
    double scaled = options[MINATAR_OPTION_STICKY] * 9007199254740992.0;

    frame->rare->sticky = options[MINATAR_OPTION_STICKY];
    frame->rare->sticky53 = (uint64_t)scaled;
    frame->rare->sticky53 += (double)frame->rare->sticky53 < scaled;
    frame->rare->compat = options[MINATAR_OPTION_COMPAT] != 0;
    frame->ramping = options[MINATAR_OPTION_RAMPING] != 0;
    frame->action_count = full ? MINATAR_ACTIONS : (uint8_t)rules->minimal_count;
    for (uint32_t i = 0; i < MINATAR_ACTIONS; i++) {
        frame->action_of |= (full ? i : rules->minimal[i]) << MINATAR_ACTION_BITS * i;
    }
}

/* Gives an instance its lane, if it is to have one. */
static void set_lane(struct minatar_frame *frame, unsigned char *blocks, uint32_t index, uint32_t count)
{
    const uint32_t first = index / MINATAR_LANES * MINATAR_LANES;
    const uint32_t lanes = count - first < MINATAR_LANES ? count - first : MINATAR_LANES;
    struct minatar_block *block = (void *)(blocks + first / MINATAR_LANES * ROUND_UP(frame->rare->game->block_bytes));

    if (lanes < LEAST_LANES) {
        return;
    }
    if (index == first) {
        block->count = lanes;
        block->wide = has_wide_vectors();
        block->instance_bytes = ROUND_UP(frame->rare->game->bytes);
        memset(block->ended, 1, sizeof(block->ended));
    }
    frame->block = block;
    frame->lane = index - first;
}

/* Lanes without an instance are computed with the others, so they need a state, too. */
static void fill_other_lanes(struct minatar_frame *first)
{
    for (first->lane = first->block->count; first->lane < MINATAR_LANES; first->lane++) {
        first->rare->game->put(first);
    }
    first->lane = 0;
}

arq_status minatar_create(const struct minatar_game *game, const double *options, uint32_t count, void **selves,
                          char *error, size_t error_size)
{
    const size_t header = ROUND_UP(sizeof(struct minatar_group));
    const size_t block_bytes = ROUND_UP(game->block_bytes);
    const size_t blocks = ((size_t)count + MINATAR_LANES - LEAST_LANES) / MINATAR_LANES;
    const size_t bytes = ROUND_UP(game->bytes);
    const size_t rare_bytes = ROUND_UP(sizeof(struct minatar_rare));
    const bool fits = count <= (SIZE_MAX - header) / (bytes + rare_bytes + block_bytes);
    unsigned char *memory = fits ? calloc(1, header + blocks * block_bytes + count * (bytes + rare_bytes)) : NULL;

    if (memory == NULL) {
        snprintf(error, error_size, "create %s: no memory for %" PRIu32 " x %zu bytes", game->rules->id, count,
                 bytes + rare_bytes + block_bytes / MINATAR_LANES);
        return ARQ_E_NOMEM;
    }
    struct minatar_group *group = (void *)memory;
    unsigned char *instances = memory + header + blocks * block_bytes;
    group->alive = count;
    for (uint32_t i = 0; i < count; i++) {
        struct minatar_frame *frame = (void *)(instances + i * bytes);
        struct minatar_rare *rare = (void *)(instances + count * bytes + i * rare_bytes);
        frame->rare = rare;
        frame->random.word = rare->random_word;
        rare->group = group;
        rare->game = game;
        set_options(frame, options);
        numpy_random_state_seed(&frame->random, 0);
        set_lane(frame, memory + header, i, count);
        game->rules->begin(frame);
        minatar_put(frame);
        if (frame->block != NULL && frame->lane == 0) {
            fill_other_lanes(frame);
        }
        selves[i] = frame;
    }
    return ARQ_OK;
}

void minatar_destroy(void *self)
{
    struct minatar_frame *frame = self;
    struct minatar_group *group = frame->rare->group;

    if (--group->alive == 0) {
        free(group);
    }
}

uint32_t minatar_draw_repeats(struct minatar_frame *frame)
{
    const uint64_t bound = frame->rare->sticky53;
    const uint32_t repeats = numpy_random_state_next53(&frame->random) < bound;

    if (frame->random.foreseen == 0) {
        numpy_random_state_foresee(&frame->random, bound, frame->repeats);
    }
    return repeats;
}

arq_status minatar_spec(void *self, arq_env_spec *spec)
{
    const struct minatar_frame *frame = self;

    spec->observation_kind = ARQ_OBSERVATION_BIT;
    spec->observation_size = MINATAR_CELLS * frame->rare->game->rules->channel_count;
    spec->observation_rank = 3;
    spec->observation_shape[0] = MINATAR_SIDE;
    spec->observation_shape[1] = MINATAR_SIDE;
    spec->observation_shape[2] = frame->rare->game->rules->channel_count;
    spec->action_kind = ARQ_ACTION_DISCRETE;
    spec->action_count = frame->action_count;
    spec->reward_range_known = 1;
    spec->reward_low = 0;
    spec->reward_high = frame->rare->game->rules->reward_high;
    return ARQ_OK;
}

arq_status minatar_reset(void *self, const uint64_t *seed, void *observation)
{
    struct minatar_frame *frame = self;

    if (frame->block != NULL) {
        minatar_fetch_frame(frame);
    }
    if (seed != NULL) {
        numpy_random_state_seed(&frame->random, *seed);
        if (!frame->rare->compat) {
            frame->previous_action = MINATAR_NONE;
        }
    }
    frame->ended = 0;
    frame->rare->game->rules->begin(frame);
    frame->rare->game->observe(frame, observation);
    minatar_put(frame);
    return ARQ_OK;
}

arq_status minatar_refuse_action(struct minatar_frame *frame, int32_t action)
{
    snprintf(frame->rare->error, sizeof(frame->rare->error), "step: action is %" PRId32 ", accepted is 0 to %" PRIu32,
             action, frame->action_count - 1);
    return ARQ_E_ARGUMENT;
}

static void frame_fields(struct minatar_frame *frame, struct saved_state *state)
{
    uint32_t previous = frame->previous_action;
    uint32_t ended = frame->ended;

    saved_state_option(state, "actions", frame->action_count == MINATAR_ACTIONS);
    saved_state_option(state, "sticky", frame->rare->sticky);
    saved_state_option(state, "ramping", frame->ramping);
    saved_state_option(state, "compat", frame->rare->compat);
    for (uint32_t i = 0; i < NUMPY_RANDOM_STATE_WORDS; i++) {
        saved_state_u32(state, "generator word", &frame->random.word[i], 0, UINT32_MAX);
    }
    saved_state_u32(state, "generator index", &frame->random.index, 0, NUMPY_RANDOM_STATE_WORDS);
    saved_state_u32(state, "previous action", &previous, 0, MINATAR_ACTIONS - 1);
    saved_state_u32(state, "ended", &ended, 0, 1);
    frame->previous_action = (uint8_t)previous;
    frame->ended = (uint8_t)ended;
    frame->rare->game->rules->fields(frame, state);
}

arq_status minatar_save(void *self, void *buffer, size_t capacity, size_t *size)
{
    struct minatar_frame *frame = self;
    struct saved_state state;

    minatar_fetch(frame);
    saved_state_begin_write(&state, frame->rare->game->rules->id, STATE_VERSION, buffer, capacity);
    frame_fields(frame, &state);
    return saved_state_end_write(&state, size, frame->rare->error, sizeof(frame->rare->error));
}

arq_status minatar_load(void *self, const void *buffer, size_t size)
{
    struct minatar_frame *frame = self;
    struct minatar_rare *rare = frame->rare;
    const size_t bytes = ROUND_UP(rare->game->bytes);
    unsigned char *trial_memory = malloc(bytes + sizeof(rare->random_word));
    struct saved_state state;

    if (trial_memory == NULL) {
        snprintf(rare->error, sizeof(rare->error), "load: no memory for %zu bytes", bytes + sizeof(rare->random_word));
        return ARQ_E_NOMEM;
    }
    struct minatar_frame *trial = (void *)trial_memory;
    uint32_t *trial_words = (void *)(trial_memory + bytes);
    minatar_fetch(frame);
    memcpy(trial, frame, rare->game->bytes);
    trial->random.word = trial_words;
    saved_state_begin_read(&state, rare->game->rules->id, STATE_VERSION, buffer, size, rare->error,
                           sizeof(rare->error));
    frame_fields(trial, &state);
    arq_status status = saved_state_end_read(&state);
    if (status == ARQ_OK) {
        memcpy(rare->random_word, trial_words, sizeof(rare->random_word));
        memcpy(frame, trial, rare->game->bytes);
        frame->random.word = rare->random_word;
        numpy_random_state_foresee(&frame->random, rare->sticky53, frame->repeats);
        minatar_put(frame);
    }
    free(trial_memory);
    return status;
}

/* The colour of the first channel that is set in a cell. */
static uint32_t cell_colour(const struct minatar_rules *rules, const unsigned char *observation, uint32_t cell)
{
    for (uint32_t channel = 0; channel < rules->channel_count; channel++) {
        uint32_t bit = cell * rules->channel_count + channel;
        if (observation[bit / 8] >> bit % 8 & 1) {
            return rules->channels[channel].colour;
        }
    }
    return COLOUR_BLACK;
}

arq_status minatar_render(void *self, uint32_t cell_size, uint8_t *rgb, size_t capacity, uint32_t *width,
                          uint32_t *height)
{
    struct minatar_frame *frame = self;
    unsigned char observation[MINATAR_OBSERVATION_BYTES(MINATAR_MOST_CHANNELS)];
    struct picture picture;
    arq_status status = picture_begin(&picture, MINATAR_SIDE, MINATAR_SIDE, cell_size, rgb, capacity, COLOUR_BLACK,
                                      frame->rare->error, sizeof(frame->rare->error));

    if (status != ARQ_OK) {
        return status;
    }
    *width = picture.width;
    *height = picture.height;
    if (rgb == NULL) {
        return ARQ_OK;
    }
    minatar_fetch(frame);
    frame->rare->game->observe(frame, observation);
    for (uint32_t cell = 0; cell < MINATAR_CELLS; cell++) {
        struct picture_point corner = {cell % MINATAR_SIDE, cell / MINATAR_SIDE};
        struct picture_point opposite = {corner.x + 1, corner.y + 1};
        picture_rectangle(&picture, corner, opposite, cell_colour(frame->rare->game->rules, observation, cell));
    }
    return ARQ_OK;
}

const char *minatar_action_name(void *self, uint32_t action)
{
    const struct minatar_frame *frame = self;

    return action < frame->action_count ? action_names[minatar_full_action(frame->action_of, action)] : NULL;
}

const char *minatar_observation_name(void *self, uint32_t index)
{
    const struct minatar_frame *frame = self;

    return index < frame->rare->game->rules->channel_count ? frame->rare->game->rules->channels[index].name : NULL;
}

const char *minatar_last_error(void *self)
{
    const struct minatar_frame *frame = self;

    return frame->rare->error[0] ? frame->rare->error : NULL;
}
