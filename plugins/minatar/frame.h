/* What the five games share: the generator, sticky actions, action sets, options, saved states, pictures.
 *
 * A game is a struct that begins with a minatar_frame, a row of functions and one description (struct minatar_game).
 * MINATAR_DEFINE_TYPE turns these into the table that the library sees.
 *
 * Speed decides how games are written. What a step of a thousand instances costs is the branches that nobody could
 * foresee and the memory that is far away, so rules avoid branches where chance decides, several of a game's things are
 * one number, and what a step reads of an instance is little and lies next to the next one's.
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
#define MINATAR_ERROR_BYTES 176

/* Steps and batches of steps are compiled for each game as a whole. */
#if defined(__GNUC__)
#define MINATAR_INLINE inline __attribute__((always_inline))
#else
#define MINATAR_INLINE inline
#endif

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

/* What steps seldom need lies apart, so that the rest of many instances stays near. */
struct minatar_rare {
    struct minatar_group *group; /* that the instance was created with */
    const struct minatar_game *game;
    double sticky;
    uint64_t sticky53; /* the option in units of 2^-53, rounded up: a draw below it repeats the action before */
    uint8_t compat;
    char error[MINATAR_ERROR_BYTES];
    uint32_t random_word[NUMPY_RANDOM_STATE_WORDS];
};

struct minatar_frame {
    struct numpy_random_state random;
    struct minatar_rare *rare;
    uint8_t action_count;
    uint8_t action_of[MINATAR_ACTIONS]; /* the full set's number of each action of this instance */
    uint8_t previous_action;            /* as executed */
    uint8_t ended;
    uint8_t ramping;
    /* Every step begins with a draw that decides whether it repeats the previous action. They are looked up ahead, all
     * at once: a bit for each word of the generator that such a draw can begin at. */
    uint64_t repeats[NUMPY_RANDOM_STATE_BITS];
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

arq_status minatar_create(const struct minatar_game *game, const double *options, uint32_t count, void **selves,
                          char *error, size_t error_size);
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

/* Draws whether this step repeats the previous action where that was not foreseen, and foresees the next steps'. */
uint32_t minatar_draw_repeats(struct minatar_frame *frame);

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

/* Index of the highest bit of a number that is not 0. */
static inline uint32_t minatar_highest_bit(uint64_t bits)
{
#if defined(__GNUC__)
    return 63 - (uint32_t)__builtin_clzll(bits);
#else
    uint32_t index = 63;
    while (!(bits >> index & 1))
        index--;
    return index;
#endif
}

static inline int32_t minatar_clamp(int32_t value, int32_t low, int32_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* A choice without a branch, by a condition that is 0 or 1: compilers make branches of what is a choice in C. */
static inline int32_t minatar_choose(uint32_t condition, int32_t yes, int32_t no)
{
    return no + ((yes - no) & -(int32_t)condition);
}

/* Columns to the right and rows down that an action goes. */
static inline int32_t minatar_right(int32_t action)
{
    return (action == MINATAR_RIGHT) - (action == MINATAR_LEFT);
}

static inline int32_t minatar_down(int32_t action)
{
    return (action == MINATAR_DOWN) - (action == MINATAR_UP);
}

/* Plays one step of `count` instances side by side: of one, with `width` 1, or of up to MINATAR_LANES, with `width`
 * that number, whatever the count: then `selves` has so many entries, the surplus ones being repeated ones. Sets
 * `ended` where a game ends. */
typedef void (*minatar_advance)(void *const *selves, uint32_t width, uint32_t count, const uint8_t *actions,
                                uint8_t *rewards);

#define MINATAR_LANES 64

/* The action that this step executes. */
static inline uint8_t minatar_execute(struct minatar_frame *frame, int32_t action)
{
    const uint32_t index = frame->random.index;
    uint32_t repeats;

    if (index < frame->random.foreseen) {
        repeats = (uint32_t)(frame->repeats[index / 64] >> index % 64) & 1;
        frame->random.index = index + 2;
    } else {
        repeats = minatar_draw_repeats(frame);
    }
    frame->previous_action = (uint8_t)minatar_choose(repeats, frame->previous_action, frame->action_of[action]);
    return frame->previous_action;
}

/* A macro, as compilers drop calls of functions that do nothing but prefetch. */
#if defined(__GNUC__)
#define MINATAR_PREFETCH(ADDRESS) __builtin_prefetch(ADDRESS)
#else
#define MINATAR_PREFETCH(ADDRESS) ((void)(ADDRESS))
#endif

/* Asks early for the words that a game is going to draw, if it is: of many instances they are far away. Without a
 * branch, as nobody could foresee it. */
static inline void minatar_expect_draws(const struct minatar_frame *frame, bool draws)
{
    const void *places[2] = {frame, frame->random.word + frame->random.index};

    MINATAR_PREFETCH(places[draws]);
}

/* One step of any game. */
static MINATAR_INLINE arq_status minatar_step(struct minatar_frame *frame, int32_t action, unsigned char *observation,
                                              double *reward, int32_t *terminated, int32_t *truncated,
                                              minatar_advance advance, void (*observe)(const void *, unsigned char *))
{
    void *self = frame;
    uint8_t gained = 0;

    if ((uint32_t)action >= frame->action_count)
        return minatar_refuse_action(frame, action);
    uint8_t executed = minatar_execute(frame, action);
    if (!frame->ended)
        advance(&self, 1, 1, &executed, &gained);
    observe(frame, observation);
    *reward = gained;
    *terminated = frame->ended;
    *truncated = 0;
    return ARQ_OK;
}

/* A step of up to MINATAR_LANES instances. In turns rather than one instance after the other: what the processor waits
 * for in one of them it can do for the next. */
static MINATAR_INLINE arq_status minatar_step_lanes(void *const *selves, uint32_t count, const int32_t *actions,
                                                    unsigned char *observations, double *rewards, int32_t *terminated,
                                                    size_t observation_bytes, minatar_advance advance,
                                                    void (*observe)(const void *, unsigned char *))
{
    void *playing[MINATAR_LANES];
    uint8_t place[MINATAR_LANES];
    uint8_t executed[MINATAR_LANES] = {0};
    uint8_t gained[MINATAR_LANES];
    uint32_t players = 0;

    for (uint32_t i = 0; i < count; i++) {
        struct minatar_frame *frame = selves[i];
        if ((uint32_t)actions[i] >= frame->action_count)
            return minatar_refuse_action(frame, actions[i]);
        executed[players] = minatar_execute(frame, actions[i]);
        playing[players] = frame;
        place[players] = (uint8_t)i;
        players += !frame->ended;
    }
    for (uint32_t i = players; i < MINATAR_LANES; i++)
        playing[i] = selves[0];
    advance(playing, MINATAR_LANES, players, executed, gained);
    if (players == count) {
        for (uint32_t i = 0; i < count; i++)
            rewards[i] = gained[i];
    } else {
        for (uint32_t i = 0; i < count; i++)
            rewards[i] = 0;
        for (uint32_t i = 0; i < players; i++)
            rewards[place[i]] = gained[i];
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct minatar_frame *frame = selves[i];
        observe(frame, observations + i * observation_bytes);
        terminated[i] = frame->ended;
    }
    return ARQ_OK;
}

static MINATAR_INLINE arq_status minatar_step_batch(void *const *selves, uint32_t count, const int32_t *actions,
                                                    unsigned char *observations, double *rewards, int32_t *terminated,
                                                    int32_t *truncated, uint32_t channel_count, minatar_advance advance,
                                                    void (*observe)(const void *, unsigned char *))
{
    const size_t observation_bytes = minatar_observation_bytes(channel_count);
    arq_status status = ARQ_OK;

    for (uint32_t first = 0; first < count && status == ARQ_OK; first += MINATAR_LANES) {
        const uint32_t lanes = count - first < MINATAR_LANES ? count - first : MINATAR_LANES;
        status = minatar_step_lanes(selves + first, lanes, actions + first, observations + first * observation_bytes,
                                    rewards + first, terminated + first, observation_bytes, advance, observe);
    }
    memset(truncated, 0, count * sizeof *truncated);
    return status;
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
        return minatar_step_batch(selves, count, actions, observations, rewards, terminated, truncated, CHANNELS,      \
                                  NAME##_advance, NAME##_observe);                                                     \
    }                                                                                                                  \
    static arq_status NAME##_create(void *user, const double *options, void **self, char *error, size_t error_size)    \
    {                                                                                                                  \
        (void)user;                                                                                                    \
        return minatar_create(&NAME##_game, options, 1, self, error, error_size);                                      \
    }                                                                                                                  \
    static arq_status NAME##_create_batch(void *user, const double *options, uint32_t count, void **selves,            \
                                          char *error, size_t error_size)                                              \
    {                                                                                                                  \
        (void)user;                                                                                                    \
        return minatar_create(&NAME##_game, options, count, selves, error, error_size);                                \
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
        .create_batch = NAME##_create_batch,                                                                           \
    }

extern const arq_env_type minatar_breakout_type;
extern const arq_env_type minatar_freeway_type;
extern const arq_env_type minatar_asterix_type;
extern const arq_env_type minatar_space_invaders_type;
extern const arq_env_type minatar_seaquest_type;

#endif
