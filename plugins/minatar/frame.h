/* What the five games share: the generator, sticky actions, action sets, options, saved states, pictures.
 *
 * A game is a struct that begins with a minatar_frame, a row of functions and one description (struct minatar_game).
 * MINATAR_DEFINE_TYPE turns these into the table that the library sees.
 *
 * Speed decides the layout of states: what a game draws is kept, as far as it lasts, in the bit order of the
 * observation, so that most of an observation is a copy.
 */
#ifndef ARQ_PLUGINS_MINATAR_FRAME_H
#define ARQ_PLUGINS_MINATAR_FRAME_H

#include "arq/env.h"
#include "common/colours.h"
#include "common/numpy_random_state.h"
#include "common/saved_state.h"

#include <stddef.h>
#include <string.h>

#define MINATAR_SIDE 10
#define MINATAR_CELLS 100
#define MINATAR_CACHE_LINE 64
#define MINATAR_ERROR_BYTES 192

/* The actions of the full set, in order. */
enum minatar_action {
    MINATAR_NONE,
    MINATAR_LEFT,
    MINATAR_UP,
    MINATAR_RIGHT,
    MINATAR_DOWN,
    MINATAR_FIRE,
    MINATAR_ACTIONS,
};

enum minatar_option {
    MINATAR_OPTION_ACTIONS,
    MINATAR_OPTION_STICKY,
    MINATAR_OPTION_RAMPING,
    MINATAR_OPTION_COMPAT,
    MINATAR_OPTION_COUNT,
};

extern const arq_env_option minatar_options[MINATAR_OPTION_COUNT];

struct minatar_channel {
    const char *name;
    uint32_t colour; /* 0xRRGGBB */
};

/* Whether the next step repeats the previous action. Its draw is the first the step makes, so it can be looked up when
 * the step before is over: then nothing waits for the generator's memory, least of all in a batch. */
enum minatar_foreseen {
    MINATAR_OBEYS,
    MINATAR_REPEATS,
    MINATAR_UNFORESEEN, /* the words at hand do not suffice */
};

struct minatar_frame {
    /* Seldom used. */
    char error[MINATAR_ERROR_BYTES - sizeof(double) - sizeof(void *)];
    const struct minatar_game *game;
    double sticky;

    /* The words of the generator, and on one cache line its index, the rest of the frame and the game. */
    struct numpy_random_state random;
    uint32_t action_count;
    uint64_t sticky53; /* the option in units of 2^-53, rounded up: a draw below it repeats the action before */
    uint8_t action_of[MINATAR_ACTIONS]; /* the full set's number of each action of this instance */
    uint8_t previous_action;            /* as executed */
    uint8_t foreseen;                   /* enum minatar_foreseen */
    uint8_t ended;
    uint8_t ramping;
    uint8_t compat;
};

/* A game as the frame sees it. `self` is always the game's own struct. */
struct minatar_game {
    const char *id;
    size_t bytes; /* of the game's struct */
    uint32_t channel_count;
    const struct minatar_channel *channels;
    uint32_t minimal_count;
    uint8_t minimal[MINATAR_ACTIONS];
    double reward_high;
    void (*begin)(void *self);                                     /* the start of an episode */
    void (*observe)(const void *self, unsigned char *observation); /* the packed observation */
    void (*fields)(void *self, struct saved_state *state);         /* names every field of the game's own */
};

arq_status minatar_create(const struct minatar_game *game, const double *options, void **self, char *error,
                          size_t error_size);
arq_status minatar_spec(void *self, arq_env_spec *spec);
arq_status minatar_reset(void *self, const uint64_t *seed, void *observation);
void minatar_destroy(void *self);
arq_status minatar_save(void *self, void *buffer, size_t capacity, size_t *size);
arq_status minatar_load(void *self, const void *buffer, size_t size);
arq_status minatar_render(void *self, uint32_t cell_size, uint8_t *rgb, size_t capacity, uint32_t *width,
                          uint32_t *height);
const char *minatar_action_name(void *self, uint32_t action);
const char *minatar_observation_name(void *self, uint32_t index);
const char *minatar_last_error(void *self);
arq_status minatar_refuse_action(struct minatar_frame *frame, int32_t action);

/* Bytes of a packed observation. */
static inline size_t minatar_observation_bytes(uint32_t channel_count)
{
    return (MINATAR_CELLS * channel_count + 7) / 8;
}

static inline void minatar_set_bit(unsigned char *observation, uint32_t bit)
{
    observation[bit / 8] |= (unsigned char)(1u << bit % 8);
}

/* Bits 0..63 of `bits` to eight bytes, lowest first. */
static inline void minatar_store64(unsigned char *bytes, uint64_t bits)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    bits = __builtin_bswap64(bits);
#endif
    memcpy(bytes, &bits, sizeof bits);
}

/* Index of the lowest bit of a number that is not 0. */
static inline uint32_t minatar_lowest_bit(uint64_t bits)
{
#if defined(__GNUC__)
    return (uint32_t)__builtin_ctzll(bits);
#else
    uint32_t index = 0;
    while (!(bits >> index & 1))
        index++;
    return index;
#endif
}

static inline int32_t minatar_clamp(int32_t value, int32_t low, int32_t high)
{
    return value < low ? low : value > high ? high : value;
}

typedef int32_t (*minatar_advance)(void *self, int32_t action);

/* The first of the draw's two words decides, but for one value in 2^27. */
static inline void minatar_foresee(struct minatar_frame *frame)
{
    uint32_t threshold = (uint32_t)(frame->sticky53 >> 26);

    if (numpy_random_state_left(&frame->random) < 2) {
        frame->foreseen = MINATAR_UNFORESEEN;
        return;
    }
    uint32_t upper = numpy_random_state_peek(&frame->random) >> 5;
    frame->foreseen = (uint8_t)((upper < threshold) * MINATAR_REPEATS + (upper == threshold) * MINATAR_UNFORESEEN);
}

static inline bool minatar_repeats(struct minatar_frame *frame)
{
    if (frame->foreseen == MINATAR_UNFORESEEN)
        return numpy_random_state_next53(&frame->random) < frame->sticky53;
    frame->random.index += 2;
    return frame->foreseen;
}

/* One step of any game. `advance` plays it and returns the reward; it sets `ended` where the game ends. */
static inline arq_status minatar_step(struct minatar_frame *frame, int32_t action, unsigned char *observation,
                                      double *reward, int32_t *terminated, int32_t *truncated, minatar_advance advance,
                                      void (*observe)(const void *, unsigned char *))
{
    if ((uint32_t)action >= frame->action_count)
        return minatar_refuse_action(frame, action);
    uint8_t choice[2] = {frame->action_of[action], frame->previous_action}; /* no branch: nobody could foresee it */
    uint8_t executed = choice[minatar_repeats(frame)];
    frame->previous_action = executed;
    *reward = frame->ended ? 0 : advance(frame, executed);
    minatar_foresee(frame);
    observe(frame, observation);
    *terminated = frame->ended;
    *truncated = 0;
    return ARQ_OK;
}

/* A macro, as compilers drop calls of functions that do nothing but prefetch. */
#if defined(__GNUC__)
#define MINATAR_PREFETCH(ADDRESS) __builtin_prefetch(ADDRESS)
#else
#define MINATAR_PREFETCH(ADDRESS) ((void)(ADDRESS))
#endif

/* Thousands of instances do not fit into the near caches: a batch asks early for what a step will touch. */
#define MINATAR_PREFETCH_STATE 8
#define MINATAR_PREFETCH_RANDOM 4

static inline arq_status minatar_step_batch(void *const *selves, uint32_t count, const int32_t *actions,
                                            unsigned char *observations, double *rewards, int32_t *terminated,
                                            int32_t *truncated, const struct minatar_game *game,
                                            minatar_advance advance, void (*observe)(const void *, unsigned char *))
{
    const size_t observation_bytes = minatar_observation_bytes(game->channel_count);

    for (uint32_t i = 0; i < count; i++) {
        if (i + MINATAR_PREFETCH_STATE < count) {
            const char *begin = selves[i + MINATAR_PREFETCH_STATE];
            for (size_t at = offsetof(struct minatar_frame, random.index); at < game->bytes; at += MINATAR_CACHE_LINE)
                MINATAR_PREFETCH(begin + at);
        }
        if (i + MINATAR_PREFETCH_RANDOM < count) {
            const struct numpy_random_state *random =
                &((const struct minatar_frame *)selves[i + MINATAR_PREFETCH_RANDOM])->random;
            MINATAR_PREFETCH(random->word + random->index);
        }
        arq_status status = minatar_step(selves[i], actions[i], observations + i * observation_bytes, &rewards[i],
                                         &terminated[i], &truncated[i], advance, observe);
        if (status != ARQ_OK)
            return status;
    }
    return ARQ_OK;
}

/* Defines `minatar_NAME_type` from NAME_game, NAME_advance and NAME_observe. */
#define MINATAR_DEFINE_TYPE(NAME, DOC)                                                                                 \
    static arq_status NAME##_step(void *self, int32_t action, void *observation, double *reward, int32_t *terminated,  \
                                  int32_t *truncated)                                                                  \
    {                                                                                                                  \
        return minatar_step(self, action, observation, reward, terminated, truncated, NAME##_advance, NAME##_observe); \
    }                                                                                                                  \
    static arq_status NAME##_step_batch(void *const *selves, uint32_t count, const int32_t *actions,                   \
                                        void *observations, double *rewards, int32_t *terminated, int32_t *truncated)  \
    {                                                                                                                  \
        return minatar_step_batch(selves, count, actions, observations, rewards, terminated, truncated, &NAME##_game,  \
                                  NAME##_advance, NAME##_observe);                                                     \
    }                                                                                                                  \
    static arq_status NAME##_create(void *user, const double *options, void **self, char *error, size_t error_size)    \
    {                                                                                                                  \
        (void)user;                                                                                                    \
        return minatar_create(&NAME##_game, options, self, error, error_size);                                         \
    }                                                                                                                  \
    static const arq_env_methods NAME##_methods = {                                                                    \
        .struct_size = sizeof(arq_env_methods),                                                                        \
        .spec = minatar_spec,                                                                                          \
        .reset = minatar_reset,                                                                                        \
        .step = NAME##_step,                                                                                           \
        .destroy = minatar_destroy,                                                                                    \
        .step_batch = NAME##_step_batch,                                                                               \
        .save = minatar_save,                                                                                          \
        .load = minatar_load,                                                                                          \
        .render = minatar_render,                                                                                      \
        .action_name = minatar_action_name,                                                                            \
        .observation_name = minatar_observation_name,                                                                  \
        .last_error = minatar_last_error,                                                                              \
    };                                                                                                                 \
    const arq_env_type minatar_##NAME##_type = {                                                                       \
        .struct_size = sizeof(arq_env_type),                                                                           \
        .option_count = MINATAR_OPTION_COUNT,                                                                          \
        .id = "minatar/" #NAME,                                                                                        \
        .doc = DOC,                                                                                                    \
        .options = minatar_options,                                                                                    \
        .methods = &NAME##_methods,                                                                                    \
        .create = NAME##_create,                                                                                       \
    }

extern const arq_env_type minatar_breakout_type;
extern const arq_env_type minatar_freeway_type;
extern const arq_env_type minatar_asterix_type;
extern const arq_env_type minatar_space_invaders_type;
extern const arq_env_type minatar_seaquest_type;

#endif
