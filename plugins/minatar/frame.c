#include "frame.h"
#include "common/picture.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#define STATE_VERSION 1
#define LARGEST_OBSERVATION 125

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

_Static_assert(offsetof(struct minatar_frame, random.index) % MINATAR_CACHE_LINE == 0,
               "the generator's index begins a cache line");

static struct minatar_frame *allocate(size_t bytes)
{
    size_t lines = (bytes + MINATAR_CACHE_LINE - 1) / MINATAR_CACHE_LINE;

    return aligned_alloc(MINATAR_CACHE_LINE, lines * MINATAR_CACHE_LINE);
}

arq_status minatar_create(const struct minatar_game *game, const double *options, void **self, char *error,
                          size_t error_size)
{
    struct minatar_frame *frame = allocate(game->bytes);

    *self = NULL;
    if (!frame) {
        snprintf(error, error_size, "create %s: no memory for %zu bytes", game->id, game->bytes);
        return ARQ_E_NOMEM;
    }
    memset(frame, 0, game->bytes);
    frame->game = game;
    frame->sticky = options[MINATAR_OPTION_STICKY];
    double scaled = frame->sticky * 9007199254740992.0;
    frame->sticky53 = (uint64_t)scaled;
    frame->sticky53 += (double)frame->sticky53 < scaled;
    frame->ramping = options[MINATAR_OPTION_RAMPING] != 0;
    frame->compat = options[MINATAR_OPTION_COMPAT] != 0;
    if (options[MINATAR_OPTION_ACTIONS] != 0) {
        frame->action_count = MINATAR_ACTIONS;
        for (uint8_t action = 0; action < MINATAR_ACTIONS; action++)
            frame->action_of[action] = action;
    } else {
        frame->action_count = game->minimal_count;
        memcpy(frame->action_of, game->minimal, sizeof frame->action_of);
    }
    numpy_random_state_seed(&frame->random, 0);
    game->begin(frame);
    minatar_foresee(frame);
    *self = frame;
    return ARQ_OK;
}

void minatar_destroy(void *self)
{
    free(self);
}

arq_status minatar_spec(void *self, arq_env_spec *spec)
{
    const struct minatar_frame *frame = self;

    spec->observation_kind = ARQ_OBSERVATION_BIT;
    spec->observation_size = MINATAR_CELLS * frame->game->channel_count;
    spec->observation_rank = 3;
    spec->observation_shape[0] = MINATAR_SIDE;
    spec->observation_shape[1] = MINATAR_SIDE;
    spec->observation_shape[2] = frame->game->channel_count;
    spec->action_kind = ARQ_ACTION_DISCRETE;
    spec->action_count = frame->action_count;
    spec->reward_range_known = 1;
    spec->reward_low = 0;
    spec->reward_high = frame->game->reward_high;
    return ARQ_OK;
}

arq_status minatar_reset(void *self, const uint64_t *seed, void *observation)
{
    struct minatar_frame *frame = self;

    if (seed) {
        numpy_random_state_seed(&frame->random, *seed);
        if (!frame->compat)
            frame->previous_action = MINATAR_NONE;
    }
    frame->ended = 0;
    frame->game->begin(frame);
    minatar_foresee(frame);
    frame->game->observe(frame, observation);
    return ARQ_OK;
}

arq_status minatar_refuse_action(struct minatar_frame *frame, int32_t action)
{
    snprintf(frame->error, sizeof frame->error, "step: action is %" PRId32 ", accepted is 0 to %" PRIu32, action,
             frame->action_count - 1);
    return ARQ_E_ARGUMENT;
}

static void frame_fields(struct minatar_frame *frame, struct saved_state *state)
{
    uint32_t previous = frame->previous_action;
    uint32_t ended = frame->ended;

    saved_state_option(state, "actions", frame->action_count == MINATAR_ACTIONS);
    saved_state_option(state, "sticky", frame->sticky);
    saved_state_option(state, "ramping", frame->ramping);
    saved_state_option(state, "compat", frame->compat);
    for (uint32_t i = 0; i < NUMPY_RANDOM_STATE_WORDS; i++)
        saved_state_u32(state, "generator word", &frame->random.word[i], 0, UINT32_MAX);
    saved_state_u32(state, "generator index", &frame->random.index, 0, NUMPY_RANDOM_STATE_WORDS);
    saved_state_u32(state, "previous action", &previous, 0, MINATAR_ACTIONS - 1);
    saved_state_u32(state, "ended", &ended, 0, 1);
    frame->previous_action = (uint8_t)previous;
    frame->ended = (uint8_t)ended;
    frame->game->fields(frame, state);
    minatar_foresee(frame);
}

arq_status minatar_save(void *self, void *buffer, size_t capacity, size_t *size)
{
    struct minatar_frame *frame = self;
    struct saved_state state;

    saved_state_begin_write(&state, frame->game->id, STATE_VERSION, buffer, capacity);
    frame_fields(frame, &state);
    return saved_state_end_write(&state, size, frame->error, sizeof frame->error);
}

arq_status minatar_load(void *self, const void *buffer, size_t size)
{
    struct minatar_frame *frame = self;
    struct minatar_frame *trial = allocate(frame->game->bytes);
    struct saved_state state;

    if (!trial) {
        snprintf(frame->error, sizeof frame->error, "load: no memory for %zu bytes", frame->game->bytes);
        return ARQ_E_NOMEM;
    }
    memcpy(trial, frame, frame->game->bytes);
    saved_state_begin_read(&state, frame->game->id, STATE_VERSION, buffer, size, frame->error, sizeof frame->error);
    frame_fields(trial, &state);
    arq_status status = saved_state_end_read(&state);
    if (status == ARQ_OK)
        memcpy(frame, trial, frame->game->bytes);
    free(trial);
    return status;
}

/* The colour of the first channel that is set in a cell. */
static uint32_t cell_colour(const struct minatar_game *game, const unsigned char *observation, uint32_t cell)
{
    for (uint32_t channel = 0; channel < game->channel_count; channel++) {
        uint32_t bit = cell * game->channel_count + channel;
        if (observation[bit / 8] >> bit % 8 & 1)
            return game->channels[channel].colour;
    }
    return COLOUR_BLACK;
}

arq_status minatar_render(void *self, uint32_t cell_size, uint8_t *rgb, size_t capacity, uint32_t *width,
                          uint32_t *height)
{
    struct minatar_frame *frame = self;
    unsigned char observation[LARGEST_OBSERVATION];
    struct picture picture;
    arq_status status = picture_begin(&picture, MINATAR_SIDE, MINATAR_SIDE, cell_size, rgb, capacity, COLOUR_BLACK,
                                      frame->error, sizeof frame->error);

    if (status != ARQ_OK)
        return status;
    *width = picture.width;
    *height = picture.height;
    if (!rgb)
        return ARQ_OK;
    frame->game->observe(frame, observation);
    for (uint32_t cell = 0; cell < MINATAR_CELLS; cell++) {
        struct picture_point corner = {cell % MINATAR_SIDE, cell / MINATAR_SIDE};
        struct picture_point opposite = {corner.x + 1, corner.y + 1};
        picture_rectangle(&picture, corner, opposite, cell_colour(frame->game, observation, cell));
    }
    return ARQ_OK;
}

const char *minatar_action_name(void *self, uint32_t action)
{
    const struct minatar_frame *frame = self;

    return action < frame->action_count ? action_names[frame->action_of[action]] : NULL;
}

const char *minatar_observation_name(void *self, uint32_t index)
{
    const struct minatar_frame *frame = self;

    return index < frame->game->channel_count ? frame->game->channels[index].name : NULL;
}

const char *minatar_last_error(void *self)
{
    const struct minatar_frame *frame = self;

    return frame->error[0] ? frame->error : NULL;
}
