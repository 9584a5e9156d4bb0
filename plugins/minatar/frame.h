/* What the five games share: the generator, sticky actions, action sets, options, saved states, pictures.
 *
 * A game is a list of properties, its rules on them, and one description (struct minatar_rules); lanes.h turns these
 * into the table that the library sees.
 *
 * Speed decides how games are written. What a step of a thousand instances costs is the branches that nobody could
 * foresee and the memory that is far away, so rules avoid branches where chance decides, several of a game's things are
 * one number, and each property of many instances lies side by side.
 */
#ifndef ARQ_PLUGINS_MINATAR_FRAME_H
#define ARQ_PLUGINS_MINATAR_FRAME_H

#include "arq/env.h"
#include "common/bytes.h"
#include "common/colours.h"
#include "common/numpy_random_state.h"
#include "common/saved_state.h"
#include "common/wide.h"

#include <stddef.h>
#include <string.h>

#define MINATAR_SIDE 10
#define MINATAR_CELLS 100
#define MINATAR_MOST_CHANNELS 10
#define MINATAR_ERROR_BYTES 176

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

/* What steps rarely need lies apart, so that more instances fit a cache. */
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
    struct minatar_block *block; /* that the state lies in; NULL: it is the instance's own */
    uint32_t lane;               /* of the block */
    uint32_t action_of;          /* the full set's number of each action of this instance, in ACTION_BITS each */
    uint8_t action_count;
    uint8_t previous_action; /* as executed */
    uint8_t ended;
    uint8_t ramping;
    /* Every step begins with a draw that decides whether it repeats the previous action. They are looked up ahead, all
     * at once: a bit for each word of the generator that such a draw can begin at. */
    uint64_t repeats[NUMPY_RANDOM_STATE_BITS];
};

#define MINATAR_ACTION_BITS 4
#define MINATAR_LANES 64

/* What all games have of the instances of a block. For each lane the next draws of sticky actions have been taken from
 * its generator: a bit each, the next one lowest. */
struct minatar_block {
    uint32_t count;        /* of lanes in use, from lane 0 on */
    bool wide;             /* which functions step it */
    size_t instance_bytes; /* from one instance of the lanes to the next */
    uint8_t previous_action[MINATAR_LANES];
    uint8_t ended[MINATAR_LANES]; /* 1 too where no instance is */
    uint8_t taken[MINATAR_LANES]; /* how many draws */
    uint32_t repeats[MINATAR_LANES];
};

/* What a step of `width` instances is given and what it gives. */
struct minatar_turn {
    uint32_t width;
    uint32_t count;         /* of them are there: what becomes of the others does not matter */
    void *const *selves;    /* [count] */
    const uint8_t *actions; /* [width], of enum minatar_action */
    uint8_t *rewards;       /* [width], to be set */
    uint8_t *ended; /* [width], to be set to 1 where a game ends; where it is 1 already, nothing may be drawn, and
                       what becomes of the state does not matter */
    bool ramping;
};

/* What is a game's own. `self` is always the game's struct, which begins with a minatar_frame. */
struct minatar_rules {
    const char *id;
    uint32_t channel_count;
    const struct minatar_channel *channels;
    uint32_t minimal_count;
    uint8_t minimal[MINATAR_ACTIONS];
    double reward_high;
    void (*begin)(void *self);                             /* the start of an episode, of its own state */
    void (*fields)(void *self, struct saved_state *state); /* names every field of its own state */
};

/* A game as the frame sees it, by MINATAR_DEFINE_TYPE. */
struct minatar_game {
    const struct minatar_rules *rules;
    size_t bytes;       /* of the game's struct */
    size_t block_bytes; /* of MINATAR_LANES instances, beginning with a minatar_block */
    arq_status (*step)(void *self, int32_t action, void *observation, double *reward, int32_t *terminated,
                       int32_t *truncated);
    void (*observe)(void *self, unsigned char *observation); /* its own state, as packed observation */
    void (*fetch)(void *self);                               /* copies its lane of a block to its own state */
    void (*put)(void *self);                                 /* and back */
    /* Of all lanes of a block: for any processor, and for wide vectors. */
    void (*advance_lanes[2])(void *block, const struct minatar_turn *turn);
    void (*observe_lanes[2])(void *block, uint32_t count, unsigned char *observations);
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

#define MINATAR_OBSERVATION_BYTES(CHANNELS) ((MINATAR_CELLS * (size_t)(CHANNELS) + 7) / 8)

/* Bytes of a packed observation. */
static inline size_t minatar_observation_bytes(uint32_t channel_count)
{
    return MINATAR_OBSERVATION_BYTES(channel_count);
}

static inline void minatar_set_bit(unsigned char *observation, uint32_t bit)
{
    observation[bit / 8] |= (unsigned char)(1u << bit % 8);
}

/* Index of the lowest bit of a number that is not 0. */
static inline uint32_t minatar_lowest_bit(uint64_t bits)
{
#if defined(__GNUC__)
    return (uint32_t)__builtin_ctzll(bits);
#else
    uint32_t index = 0;
    while (!(bits >> index & 1)) {
        index++;
    }
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
    while (!(bits >> index & 1)) {
        index--;
    }
    return index;
#endif
}

static inline int32_t minatar_clamp(int32_t value, int32_t low, int32_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* yes where the condition is 1, no where it is 0, by arithmetic: compilers turn C's ?: into a branch. */
static inline int32_t minatar_choose(uint32_t condition, int32_t yes, int32_t no)
{
    return no + ((yes - no) & -(int32_t)condition);
}

/* Chances of 1/2 and 1/3: a random double below it, in units of 2^-53. */
static inline bool minatar_half_the_time(struct numpy_random_state *random)
{
    return numpy_random_state_next53(random) < UINT64_C(1) << 52;
}

static inline bool minatar_a_third_of_the_time(struct numpy_random_state *random)
{
    return numpy_random_state_next53(random) < UINT64_C(3002399751580331);
}

/* The full set's number of an action, from a frame's action_of. */
static inline uint32_t minatar_full_action(uint32_t action_of, uint32_t action)
{
    return action_of >> MINATAR_ACTION_BITS * action & ((1u << MINATAR_ACTION_BITS) - 1);
}

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
    frame->previous_action = (uint8_t)minatar_choose(repeats, frame->previous_action,
                                                     (int32_t)minatar_full_action(frame->action_of, (uint32_t)action));
    return frame->previous_action;
}

extern const arq_env_type minatar_breakout_type;
extern const arq_env_type minatar_freeway_type;
extern const arq_env_type minatar_asterix_type;
extern const arq_env_type minatar_space_invaders_type;
extern const arq_env_type minatar_seaquest_type;

#endif
