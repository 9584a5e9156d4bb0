/* How the state of a game lies in memory, and the table that the library sees of a game.
 *
 * An instance by itself has its state in one struct. Instances that were created together have theirs in blocks of
 * MINATAR_LANES, each property of a block's instances side by side, so that compilers make vectors of loops over them:
 * an instance is a lane of its block. Rules are written once, on a view: for each property a pointer to `width` values,
 * one for each lane. The view of an instance by itself has the width 1.
 *
 * A game lists its properties in a macro: ONE(type, name) for a value, MANY(type, name, most, count) for an array of
 * `most`, whose element k of lane i is name[k * width + i]; only as many count as the property `count` says.
 */
#ifndef ARQ_PLUGINS_MINATAR_LANES_H
#define ARQ_PLUGINS_MINATAR_LANES_H

#include "frame.h"

/* Defines from the list of properties: struct NAME_state, struct NAME_lanes and struct NAME_view as above, struct NAME,
 * an instance, the views NAME_view of a state and NAME_view_lanes of a block, NAME_copy_lane from a lane of a view to a
 * lane of another, and NAME_fetch and NAME_put from a block to the own state of an instance and back. */
#define MINATAR_STATE_ONE(TYPE, MEMBER) TYPE MEMBER;
#define MINATAR_STATE_MANY(TYPE, MEMBER, MOST, COUNT) TYPE MEMBER[MOST];
#define MINATAR_LANES_ONE(TYPE, MEMBER) TYPE MEMBER[MINATAR_LANES];
#define MINATAR_LANES_MANY(TYPE, MEMBER, MOST, COUNT) TYPE MEMBER[(MOST)*MINATAR_LANES];
#define MINATAR_VIEW_ONE(TYPE, MEMBER) TYPE *MEMBER;
#define MINATAR_VIEW_MANY(TYPE, MEMBER, MOST, COUNT) TYPE *MEMBER;
#define MINATAR_POINT_TO_ONE(TYPE, MEMBER) .MEMBER = &state->MEMBER,
#define MINATAR_POINT_TO_MANY(TYPE, MEMBER, MOST, COUNT) .MEMBER = state->MEMBER,
#define MINATAR_POINT_TO_LANES_ONE(TYPE, MEMBER) .MEMBER = lanes->MEMBER,
#define MINATAR_POINT_TO_LANES_MANY(TYPE, MEMBER, MOST, COUNT) .MEMBER = lanes->MEMBER,
#define MINATAR_COPY_ONE(TYPE, MEMBER) to.MEMBER[to_lane] = from.MEMBER[from_lane];
#define MINATAR_COPY_MANY(TYPE, MEMBER, MOST, COUNT)                                                                   \
    for (uint32_t k = 0; k < from.COUNT[from_lane]; k++) {                                                             \
        to.MEMBER[k * to_width + to_lane] = from.MEMBER[k * from_width + from_lane];                                   \
    }

#define MINATAR_DEFINE_STATE(NAME, PROPERTIES)                                                                         \
    struct NAME##_state {                                                                                              \
        PROPERTIES(MINATAR_STATE_ONE, MINATAR_STATE_MANY)                                                              \
    };                                                                                                                 \
    struct NAME##_lanes {                                                                                              \
        struct minatar_block block;                                                                                    \
        PROPERTIES(MINATAR_LANES_ONE, MINATAR_LANES_MANY)                                                              \
    };                                                                                                                 \
    struct NAME##_view {                                                                                               \
        PROPERTIES(MINATAR_VIEW_ONE, MINATAR_VIEW_MANY)                                                                \
    };                                                                                                                 \
    struct NAME {                                                                                                      \
        struct minatar_frame frame;                                                                                    \
        struct NAME##_state state;                                                                                     \
    };                                                                                                                 \
    static ALWAYS_INLINE struct NAME##_view NAME##_view(struct NAME##_state *state)                                    \
    {                                                                                                                  \
        return (struct NAME##_view){PROPERTIES(MINATAR_POINT_TO_ONE, MINATAR_POINT_TO_MANY)};                          \
    }                                                                                                                  \
    static ALWAYS_INLINE struct NAME##_view NAME##_view_lanes(struct NAME##_lanes *lanes)                              \
    {                                                                                                                  \
        return (struct NAME##_view){PROPERTIES(MINATAR_POINT_TO_LANES_ONE, MINATAR_POINT_TO_LANES_MANY)};              \
    }                                                                                                                  \
    static ALWAYS_INLINE void NAME##_copy_lane(struct NAME##_view to, uint32_t to_width, uint32_t to_lane,             \
                                               struct NAME##_view from, uint32_t from_width, uint32_t from_lane)       \
    {                                                                                                                  \
        (void)to_width, (void)from_width;                                                                              \
        PROPERTIES(MINATAR_COPY_ONE, MINATAR_COPY_MANY)                                                                \
    }                                                                                                                  \
    static inline void NAME##_fetch(void *self)                                                                        \
    {                                                                                                                  \
        struct NAME *game = self;                                                                                      \
        NAME##_copy_lane(NAME##_view(&game->state), 1, 0, NAME##_view_lanes((void *)game->frame.block), MINATAR_LANES, \
                         game->frame.lane);                                                                            \
    }                                                                                                                  \
    static inline void NAME##_put(void *self)                                                                          \
    {                                                                                                                  \
        struct NAME *game = self;                                                                                      \
        NAME##_copy_lane(NAME##_view_lanes((void *)game->frame.block), MINATAR_LANES, game->frame.lane,                \
                         NAME##_view(&game->state), 1, 0);                                                             \
    }

/* Whatever is done rarely (a reset, a save, a picture, a step alone) works on the instance's own state, so that it is
 * written once: fetch copies the instance's lane of its block there, put copies it back. fetch_frame leaves out the
 * game's properties. */
void minatar_fetch_frame(struct minatar_frame *frame);
void minatar_fetch_lane(struct minatar_frame *frame);
void minatar_put_lane(struct minatar_frame *frame);

static inline void minatar_fetch(struct minatar_frame *frame)
{
    if (frame->block != NULL) {
        minatar_fetch_lane(frame);
    }
}

static inline void minatar_put(struct minatar_frame *frame)
{
    if (frame->block != NULL) {
        minatar_put_lane(frame);
    }
}

/* Takes the next draws of sticky actions from the generator of an instance that has none left. */
void minatar_take_draws(struct minatar_frame *frame);

/* Gives draws that were taken and not yet used back to the generator, which other draws come from too. */
static inline void minatar_give_back(struct minatar_frame *frame)
{
    frame->random.index -= 2u * frame->block->taken[frame->lane];
    frame->block->taken[frame->lane] = 0;
}

/* The generator of lane i, for rules that draw: it stands where the game's own draws come next. */
static inline struct numpy_random_state *minatar_generator(struct minatar_turn turn, uint32_t i)
{
    struct minatar_frame *frame = turn.selves[i];

    if (frame->block != NULL) {
        minatar_give_back(frame);
    }
    return &frame->random;
}

/* A macro, as compilers drop calls of functions that do nothing but prefetch. */
#if defined(__GNUC__)
#define MINATAR_PREFETCH(ADDRESS) __builtin_prefetch(ADDRESS)
#else
#define MINATAR_PREFETCH(ADDRESS) ((void)(ADDRESS))
#endif

/* Which lanes in use have a flag of 1: bit i stands for lane i. Where that is rare, a loop over the set bits beats a
 * loop over all lanes. `flags` holds 0 or 1 for each of `width` lanes, the first `count` of which are in use. */
static ALWAYS_INLINE uint64_t minatar_lanes_where(const uint8_t *flags, uint32_t width, uint32_t count)
{
    uint64_t lanes = 0;

    for (uint32_t i = 0; i < width && width > 1; i += 8) {
        lanes |= bits_of_flags(flags + i) << i;
    }
    return (width > 1 ? lanes : *flags) & UINT64_MAX >> (MINATAR_LANES - count);
}

/* Which lanes in use play on, bit i for lane i: their game had not ended before this step. */
static ALWAYS_INLINE uint64_t minatar_lanes_playing(struct minatar_turn turn)
{
    return minatar_lanes_where(turn.ended, turn.width, turn.count) ^ UINT64_MAX >> (MINATAR_LANES - turn.count);
}

/* The lowest set bit's lane, and takes that bit out; at least one must be set. */
static ALWAYS_INLINE uint32_t minatar_next_lane(uint64_t *lanes)
{
    const uint32_t lane = minatar_lowest_bit(*lanes);

    *lanes &= *lanes - 1;
    return lane;
}

/* Prefetches the words of the generators that these lanes are about to draw from: with many instances they are not in
 * the cache. */
static ALWAYS_INLINE void minatar_expect_draws(struct minatar_turn turn, uint64_t lanes)
{
    while (lanes != 0 && turn.width > 1) {
        const struct minatar_frame *frame = turn.selves[minatar_next_lane(&lanes)];
        MINATAR_PREFETCH(frame->random.word + frame->random.index - 2u * frame->block->taken[frame->lane]);
    }
}

/* Call it when the rules have drawn for lane i: takes its next draws of sticky actions now, while its generator is in
 * the cache, which the next step would otherwise wait for. */
static inline void minatar_have_drawn(struct minatar_turn turn, uint32_t i)
{
    struct minatar_frame *frame = turn.selves[i];

    if (frame->block != NULL && frame->random.index < frame->random.foreseen) {
        minatar_take_draws(frame);
    }
}

arq_status minatar_step_batch(void *const *selves, uint32_t count, const int32_t *actions, void *observations,
                              double *rewards, int32_t *terminated, int32_t *truncated);

/* The same turn with its width as a constant, so that compilers can unroll loops over lanes. */
static ALWAYS_INLINE struct minatar_turn minatar_turn_of(const struct minatar_turn *turn, uint32_t width)
{
    struct minatar_turn copy = *turn;

    copy.width = width;
    return copy;
}

/* One step of an instance whose state is its own. */
static ALWAYS_INLINE arq_status minatar_step_one(struct minatar_frame *frame, int32_t action, double *reward,
                                                 int32_t *terminated, int32_t *truncated,
                                                 void (*advance)(void *self, const struct minatar_turn *turn))
{
    void *const self = frame;
    uint8_t gained = 0;

    if ((uint32_t)action >= frame->action_count) {
        return minatar_refuse_action(frame, action);
    }
    const uint8_t executed = minatar_execute(frame, action);
    if (!frame->ended) {
        const struct minatar_turn turn = {1, 1, &self, &executed, &gained, &frame->ended, frame->ramping};
        advance(self, &turn);
    }
    *reward = gained;
    *terminated = frame->ended;
    *truncated = 0;
    return ARQ_OK;
}

/* Defines the functions of a game that follow from its rules,
 *
 *     NAME_advance(view, turn)                            one step of all lanes of a view
 *     NAME_observe(view, width, count, observations)      what the first `count` of them show, one after the other
 *
 * and `minatar_NAME_type` from them, NAME_rules and CHANNELS, how many channels it has. */
#define MINATAR_DEFINE_TYPE(NAME, DOC)                                                                                 \
    static ALWAYS_INLINE void NAME##_advance_one(void *self, const struct minatar_turn *turn)                          \
    {                                                                                                                  \
        struct NAME *game = self;                                                                                      \
        NAME##_advance(NAME##_view(&game->state), minatar_turn_of(turn, 1));                                           \
    }                                                                                                                  \
    static ALWAYS_INLINE void NAME##_observe_one(void *self, unsigned char *observation)                               \
    {                                                                                                                  \
        struct NAME *game = self;                                                                                      \
        NAME##_observe(NAME##_view(&game->state), 1, 1, observation);                                                  \
    }                                                                                                                  \
    static arq_status NAME##_step(void *self, int32_t action, void *observation, double *reward, int32_t *terminated,  \
                                  int32_t *truncated)                                                                  \
    {                                                                                                                  \
        minatar_fetch(self);                                                                                           \
        arq_status status = minatar_step_one(self, action, reward, terminated, truncated, NAME##_advance_one);         \
        if (status == ARQ_OK) {                                                                                        \
            NAME##_observe_one(self, observation);                                                                     \
        }                                                                                                              \
        minatar_put(self);                                                                                             \
        return status;                                                                                                 \
    }                                                                                                                  \
    static void NAME##_advance_lanes(void *block, const struct minatar_turn *turn)                                     \
    {                                                                                                                  \
        NAME##_advance(NAME##_view_lanes(block), minatar_turn_of(turn, MINATAR_LANES));                                \
    }                                                                                                                  \
    static void NAME##_observe_lanes(void *block, uint32_t count, unsigned char *observations)                         \
    {                                                                                                                  \
        NAME##_observe(NAME##_view_lanes(block), MINATAR_LANES, count, observations);                                  \
    }                                                                                                                  \
    WIDE static void NAME##_advance_lanes_wide(void *block, const struct minatar_turn *turn)                           \
    {                                                                                                                  \
        NAME##_advance(NAME##_view_lanes(block), minatar_turn_of(turn, MINATAR_LANES));                                \
    }                                                                                                                  \
    WIDE static void NAME##_observe_lanes_wide(void *block, uint32_t count, unsigned char *observations)               \
    {                                                                                                                  \
        NAME##_observe(NAME##_view_lanes(block), MINATAR_LANES, count, observations);                                  \
    }                                                                                                                  \
    _Static_assert(CHANNELS <= MINATAR_MOST_CHANNELS, "a picture's observation has room for every channel");           \
    static const struct minatar_game NAME##_game = {                                                                   \
        .rules = &NAME##_rules,                                                                                        \
        .bytes = sizeof(struct NAME),                                                                                  \
        .block_bytes = sizeof(struct NAME##_lanes),                                                                    \
        .step = NAME##_step,                                                                                           \
        .observe = NAME##_observe_one,                                                                                 \
        .fetch = NAME##_fetch,                                                                                         \
        .put = NAME##_put,                                                                                             \
        .advance_lanes = {NAME##_advance_lanes, NAME##_advance_lanes_wide},                                            \
        .observe_lanes = {NAME##_observe_lanes, NAME##_observe_lanes_wide},                                            \
    };                                                                                                                 \
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
        .step_batch = minatar_step_batch,                                                                              \
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

#endif
