#include "walk.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct walk {
    int32_t fault;
    int32_t kind;
    int32_t box;
    int32_t position;
    uint64_t elapsed;
    uint64_t random;
    int32_t ended;
    int32_t secret; /* what some faults keep where it does not belong */
    unsigned char *kept_observation;
    const double *kept_action;
    const uint64_t *kept_seed;
    char error[64];
};

/* What save writes. */
struct saved_walk {
    uint32_t magic;
    int32_t position;
    uint64_t elapsed;
    uint64_t random;
    int32_t ended;
    uint32_t check;
};

#define MAGIC 0x6b6c6177u

static atomic_int instances;
static uint64_t shared_random = 1;
static uint64_t calls;
static void (*step_hook)(void *user);
static void *step_hook_user;

static const double zeros[WALK_CELLS];
static const double ones[WALK_CELLS] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
static const double largest[WALK_CELLS] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
static const double box_low[1] = {-1};
static const double box_high[1] = {1};

int walk_count(void)
{
    return instances;
}

void walk_on_step(void (*hook)(void *user), void *user)
{
    step_hook = hook;
    step_hook_user = user;
}

static uint32_t draw(struct walk *walk)
{
    uint64_t *state = walk->fault == WALK_SHARED_STREAM ? &shared_random : &walk->random;
    if (walk->fault == WALK_UNSEEDED) {
        calls += 0x9e3779b97f4a7c15u;
        return (uint32_t)((calls ^ calls >> 31) >> 7);
    }
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (uint32_t)(*state >> 32);
}

static int32_t kind_of(const struct walk *walk)
{
    return walk->kind;
}

static arq_status walk_spec(void *self, arq_env_spec *spec)
{
    struct walk *walk = self;
    spec->observation_kind = kind_of(walk);
    spec->observation_size = WALK_CELLS;
    spec->observation_rank = 2;
    spec->observation_shape[0] = 5;
    spec->observation_shape[1] = 2;
    spec->observation_low = zeros;
    spec->observation_high = walk->kind == ARQ_OBSERVATION_U8 ? largest : ones;
    spec->action_kind = walk->box ? ARQ_ACTION_BOX : ARQ_ACTION_DISCRETE;
    spec->action_count = walk->box ? 1 : 2;
    spec->action_low = walk->box ? box_low : NULL;
    spec->action_high = walk->box ? box_high : NULL;
    spec->reward_range_known = 1;
    spec->reward_low = 0;
    spec->reward_high = 1;
    spec->time_limit = WALK_TIME_LIMIT;
    switch (walk->fault) {
    case WALK_SPEC_CHANGES:
        spec->action_count += walk->elapsed > 2;
        break;
    case WALK_SPEC_STRUCT_SIZE:
        spec->struct_size = 8;
        break;
    case WALK_SPEC_TOO_LONG:
        memset((char *)spec + sizeof(*spec), 0, 8);
        break;
    case WALK_SPEC_SHAPE:
        spec->observation_shape[0] = 7;
        break;
    case WALK_SPEC_KIND:
        spec->observation_kind = 9;
        break;
    case WALK_SPEC_BOUNDS:
        spec->observation_low = largest;
        spec->observation_high = ones;
        break;
    case WALK_SPEC_NO_ACTION:
        spec->action_count = 0;
        break;
    case WALK_TRUNCATES_UNDECLARED:
        spec->time_limit = 0;
        break;
    case WALK_EXCEEDS_TIME_LIMIT:
        spec->time_limit = 20;
        break;
    default:
        break;
    }
    return ARQ_OK;
}

static void observe_bits(const struct walk *walk, unsigned char *bytes, int short_by)
{
    uint32_t bits = UINT32_C(1) << walk->position;
    bits |= walk->fault == WALK_SPARE_BITS && walk->position == 3 ? 0x8000u : 0;
    bytes[0] = (unsigned char)bits;
    if (!short_by) {
        bytes[1] = (unsigned char)(bits >> 8);
    }
}

static void observe_floats(const struct walk *walk, void *observation, int short_by)
{
    for (int i = 0; i < WALK_CELLS - short_by; i++) {
        double value = i == walk->position ? 1 : i < walk->position ? (double)walk->elapsed / WALK_TIME_LIMIT : 0;
        if (i == 4 && walk->position == 4) {
            value = walk->fault == WALK_OBSERVATION_NAN        ? (double)NAN
                    : walk->fault == WALK_OBSERVATION_HUGE     ? -1e300
                    : walk->fault == WALK_OBSERVATION_TOO_HIGH ? 1.5
                    : walk->fault == WALK_OBSERVATION_TOO_LOW  ? -0.25
                                                               : value;
        }
        if (walk->kind == ARQ_OBSERVATION_F32) {
            ((float *)observation)[i] = (float)value;
        } else {
            ((double *)observation)[i] = value;
        }
    }
}

static void observe(const struct walk *walk, void *observation, int short_by)
{
    unsigned char *bytes = observation;
    switch (walk->kind) {
    case ARQ_OBSERVATION_BIT:
        observe_bits(walk, bytes, short_by);
        break;
    case ARQ_OBSERVATION_U8:
        for (int i = 0; i < WALK_CELLS - short_by; i++) {
            bytes[i] = i == walk->position ? 200 : (unsigned char)walk->elapsed;
        }
        break;
    case ARQ_OBSERVATION_DISCRETE:
        *(int32_t *)observation =
            walk->position + (walk->fault == WALK_STATE_TOO_HIGH && walk->position == 4 ? WALK_CELLS : 0);
        break;
    default:
        observe_floats(walk, observation, short_by);
        break;
    }
}

static size_t observation_bytes(const struct walk *walk)
{
    static const size_t bytes[] = {0, 2, WALK_CELLS, WALK_CELLS * sizeof(float), WALK_CELLS * sizeof(double), 4};
    return bytes[walk->kind];
}

static arq_status walk_reset(void *self, const uint64_t *seed, void *observation)
{
    struct walk *walk = self;
    if (seed != NULL) {
        walk->random = *seed * 0x9e3779b97f4a7c15u + 0x1234567;
        walk->random += walk->fault == WALK_DIFFERENT_INSTANCES ? (uint64_t)walk->secret * 77777 : 0;
        walk->random |= 1;
        walk->kept_seed = seed;
    }
    if (walk->fault == WALK_KEEPS_SEED && walk->kept_seed != NULL && seed == NULL) {
        walk->random ^= *walk->kept_seed & 0xff00;
        walk->random |= 1;
    }
    if (!(walk->fault == WALK_SURVIVES_RESET && seed != NULL)) {
        walk->position = (int32_t)(draw(walk) % 3);
    }
    walk->elapsed = 0;
    walk->ended = 0;
    observe(walk, observation, walk->fault == WALK_RESET_SHORT);
    return ARQ_OK;
}

static void disturb_memory(struct walk *walk, unsigned char *observation)
{
    if (walk->fault == WALK_WRITES_BEHIND && walk->position == 5) {
        observation[observation_bytes(walk)] ^= 1;
    }
    if (walk->fault == WALK_WRITES_BEFORE && walk->position == 5) {
        observation[-1] ^= 1;
    }
    if (walk->fault == WALK_KEEPS_OBSERVATION && walk->kept_observation != NULL) {
        walk->kept_observation[0] ^= 1;
    }
    walk->kept_observation = observation;
}

static void finish(struct walk *walk, double *reward, int32_t *terminated, int32_t *truncated)
{
    int reached = walk->position == WALK_CELLS - 1;
    *terminated = walk->fault == WALK_TERMINATED_TWO && reached ? 2 : reached;
    if (walk->fault != WALK_REWARD_UNWRITTEN) {
        *reward = walk->fault == WALK_REWARD_NAN && walk->position == 6        ? (double)NAN
                  : walk->fault == WALK_REWARD_HUGE && walk->position == 6     ? 3.5e38
                  : walk->fault == WALK_REWARD_TOO_HIGH && walk->position == 6 ? 3
                                                                               : reached;
    }
    uint64_t limit = walk->fault == WALK_TRUNCATES_UNDECLARED ? 7 : WALK_TIME_LIMIT;
    if (walk->fault != WALK_TRUNCATED_UNWRITTEN) {
        *truncated = walk->fault == WALK_TRUNCATED_NEGATIVE && reached ? -1 : walk->elapsed >= limit;
    }
    walk->ended = reached || walk->elapsed >= limit;
}

static arq_status fail(struct walk *walk, const char *text, arq_status status)
{
    snprintf(walk->error, sizeof(walk->error), "%s", text);
    return status;
}

static arq_status advance(struct walk *walk, int right, void *observation, double *reward, int32_t *terminated,
                          int32_t *truncated)
{
    if (step_hook != NULL) {
        step_hook(step_hook_user);
    }
    if (walk->ended && walk->fault != WALK_REWARD_AFTER_END) {
        return fail(walk, "the episode has ended", ARQ_E_ORDER);
    }
    if (walk->position == 5 && walk->fault == WALK_POSITIVE_CODE) {
        return 5;
    }
    if (walk->position == 5 && walk->fault == WALK_FAILS) {
        return fail(walk, "cell five is broken", ARQ_E_ORDER);
    }
    if (walk->position == 5 && walk->fault == WALK_FAILS_OWN_CODE) {
        return fail(walk, "cell five is mine", WALK_OWN_CODE);
    }
    int slips = draw(walk) % 4 == 0;
    walk->position += right != slips ? 1 : -1;
    walk->position = walk->position < 0 ? 0 : walk->position >= WALK_CELLS ? WALK_CELLS - 1 : walk->position;
    walk->elapsed++;
    observe(walk, observation, walk->fault == WALK_STEP_SHORT);
    disturb_memory(walk, observation);
    finish(walk, reward, terminated, truncated);
    return ARQ_OK;
}

static arq_status walk_step(void *self, int32_t action, void *observation, double *reward, int32_t *terminated,
                            int32_t *truncated)
{
    return advance(self, action, observation, reward, terminated, truncated);
}

static arq_status walk_step_box(void *self, const double *action, void *observation, double *reward,
                                int32_t *terminated, int32_t *truncated)
{
    struct walk *walk = self;
    double force = walk->fault == WALK_KEEPS_ACTION && walk->kept_action != NULL ? *walk->kept_action : *action;
    walk->kept_action = action;
    return advance(walk, force > 0, observation, reward, terminated, truncated);
}

static void walk_destroy(void *self)
{
    instances--;
    free(self);
}

static arq_status walk_step_batch(void *const *selves, uint32_t count, const int32_t *actions, void *observations,
                                  double *rewards, int32_t *terminated, int32_t *truncated)
{
    for (uint32_t i = 0; i < count; i++) {
        struct walk *walk = selves[i];
        unsigned char *observation = (unsigned char *)observations + i * observation_bytes(walk);
        int32_t action = walk->fault == WALK_BATCH_DIFFERS && i == 2 ? 0 : actions[i];
        arq_status status = walk_step(walk, action, observation, &rewards[i], &terminated[i], &truncated[i]);
        if (status != ARQ_OK) {
            return status;
        }
        if (walk->fault == WALK_BATCH_BEHIND && i + 1 == count) {
            rewards[count] = 0;
        }
    }
    return ARQ_OK;
}

static uint32_t sum(const struct saved_walk *saved)
{
    return (uint32_t)(saved->magic + (uint32_t)saved->position * 31u + saved->elapsed * 17u + saved->random % 10007u +
                      (uint32_t)saved->ended * 7u);
}

static arq_status walk_save(void *self, void *buffer, size_t capacity, size_t *size)
{
    struct walk *walk = self;
    struct saved_walk saved = {MAGIC, walk->position, walk->elapsed, walk->random, walk->ended, 0};
    *size = sizeof(saved);
    if (walk->fault == WALK_SAVE_SIZE && buffer == NULL) {
        *size += 8;
    }
    if (buffer == NULL) {
        return ARQ_OK;
    }
    if (capacity < sizeof(saved) && walk->fault != WALK_SAVE_SMALL_BUFFER) {
        return fail(walk, "the buffer is too small", ARQ_E_SHAPE);
    }
    if (walk->fault == WALK_SAVE_INCOMPLETE) {
        saved.random = 1;
    }
    if (walk->fault == WALK_SAVE_CHANGES) {
        draw(walk);
    }
    saved.check = sum(&saved);
    memcpy(buffer, &saved, sizeof(saved) - (walk->fault == WALK_SAVE_UNWRITTEN ? 1 : 0));
    if (walk->fault == WALK_SAVE_BEHIND) {
        ((unsigned char *)buffer)[sizeof(saved)] = 0;
    }
    return ARQ_OK;
}

static arq_status walk_load(void *self, const void *buffer, size_t size)
{
    struct walk *walk = self;
    struct saved_walk saved;
    memset(&saved, 0, sizeof(saved));
    memcpy(&saved, buffer, size < sizeof(saved) ? size : sizeof(saved));
    int trusting = walk->fault == WALK_LOAD_UNCHECKED || walk->fault == WALK_SAVE_UNWRITTEN;
    if (walk->fault == WALK_LOAD_HALF) {
        walk->position = saved.position % 3 == 0;
    }
    if (size != sizeof(saved) && walk->fault != WALK_LOAD_SHORT) {
        return fail(walk, "the state has a wrong size", ARQ_E_FORMAT);
    }
    if (!trusting && walk->fault != WALK_LOAD_SHORT && (saved.magic != MAGIC || saved.check != sum(&saved))) {
        return fail(walk, "the state is damaged", ARQ_E_FORMAT);
    }
    if (!trusting && (saved.position < 0 || saved.position >= WALK_CELLS || saved.elapsed > WALK_TIME_LIMIT)) {
        return fail(walk, "the state is impossible", ARQ_E_FORMAT);
    }
    walk->position = saved.position & 0x7ff;
    walk->elapsed = walk->fault == WALK_LOAD_INCOMPLETE ? walk->elapsed : saved.elapsed;
    walk->random = saved.random;
    walk->ended = saved.ended;
    return ARQ_OK;
}

static arq_status walk_render(void *self, uint32_t cell_size, uint8_t *rgb, size_t capacity, uint32_t *width,
                              uint32_t *height)
{
    struct walk *walk = self;
    *width = WALK_CELLS * cell_size + (walk->fault == WALK_RENDER_SIZE && rgb != NULL);
    *height = walk->fault == WALK_RENDER_EMPTY ? 0 : cell_size;
    if (rgb == NULL) {
        return ARQ_OK;
    }
    size_t bytes = (size_t)3 * WALK_CELLS * cell_size * cell_size;
    if (capacity < bytes) {
        return fail(walk, "the buffer is too small", ARQ_E_SHAPE);
    }
    for (size_t i = 0; i < bytes - (walk->fault == WALK_RENDER_UNWRITTEN); i++) {
        rgb[i] = i / 3 % *width / cell_size == (size_t)walk->position ? 255 : 20;
    }
    if (walk->fault == WALK_RENDER_BEHIND) {
        rgb[bytes] = 0;
    }
    if (walk->fault == WALK_RENDER_CHANGES) {
        walk->elapsed++;
    }
    return ARQ_OK;
}

static const char *walk_action_name(void *self, uint32_t action)
{
    static const char *const names[] = {"left", "right"};
    const struct walk *walk = self;
    return walk->fault == WALK_NAME_EMPTY ? "" : walk->box ? "force" : names[action];
}

static const char *walk_observation_name(void *self, uint32_t index)
{
    (void)self;
    return index == 0 ? "even cell" : "odd cell";
}

static const char *walk_last_error(void *self)
{
    const struct walk *walk = self;
    return walk->error;
}

const arq_env_methods walk_methods = {
    .struct_size = sizeof(arq_env_methods),
    .spec = walk_spec,
    .reset = walk_reset,
    .step = walk_step,
    .step_box = walk_step_box,
    .destroy = walk_destroy,
    .step_batch = walk_step_batch,
    .save = walk_save,
    .load = walk_load,
    .render = walk_render,
    .action_name = walk_action_name,
    .observation_name = walk_observation_name,
    .last_error = walk_last_error,
};

void *walk_new(int fault, int32_t kind, int box)
{
    static int32_t created;
    struct walk *walk = calloc(1, sizeof(*walk));
    if (walk == NULL) {
        return NULL;
    }
    instances++;
    walk->fault = fault;
    walk->kind = kind;
    walk->box = box;
    walk->secret = ++created;
    return walk;
}

static arq_status walk_create(void *user, const double *options, void **self, char *error, size_t error_size)
{
    int fault = (int)options[0];
    *self = NULL;
    if (user != NULL) {
        ++*(int *)user;
    }
    if (fault == WALK_CREATE_FAILS || fault == WALK_CREATE_OWN_CODE) {
        snprintf(error, error_size, "no ground to walk on");
        return fault == WALK_CREATE_FAILS ? ARQ_E_IO : WALK_OWN_CODE;
    }
    if (fault != WALK_CREATE_NULL) {
        *self = walk_new(fault, (int32_t)options[1] + ARQ_OBSERVATION_BIT, options[2] != 0);
    }
    return ARQ_OK;
}

static arq_status walk_create_batch(void *user, const double *options, uint32_t count, void **selves, char *error,
                                    size_t error_size)
{
    int fault = (int)options[0];
    uint32_t most = fault == WALK_CREATE_BATCH_NULL && count > 3 ? 3 : count;
    if (fault == WALK_CREATE_BATCH_FAILS) {
        snprintf(error, error_size, "too narrow for %u", count);
        return WALK_OWN_CODE;
    }
    for (uint32_t i = 0; i < most; i++) {
        arq_status status = walk_create(user, options, &selves[i], error, error_size);
        if (status != ARQ_OK) {
            return status; /* nothing was made: the first fails as all would */
        }
    }
    return ARQ_OK;
}

static const arq_env_option options[] = {
    {.struct_size = sizeof(arq_env_option),
     .type = ARQ_OPTION_INT,
     .name = "fault",
     .low = 0,
     .high = WALK_FAULTS - 1,
     .doc = "Which promise to break"},
    {.struct_size = sizeof(arq_env_option),
     .type = ARQ_OPTION_CHOICE,
     .name = "kind",
     .choices = "bit|u8|f32|f64|discrete",
     .doc = "Kind of the observations"},
    {.struct_size = sizeof(arq_env_option), .type = ARQ_OPTION_BOOL, .name = "box", .doc = "Whether actions are a box"},
    {.struct_size = sizeof(arq_env_option),
     .type = ARQ_OPTION_FLOAT,
     .name = "unused",
     .low = -1e6,
     .high = 1e6,
     .default_value = 0.5,
     .doc = "A number"},
};

const arq_env_type walk_type = {
    .struct_size = sizeof(arq_env_type),
    .option_count = 4,
    .id = "test/walk",
    .doc = "A walk along ten cells",
    .options = options,
    .methods = &walk_methods,
    .create = walk_create,
    .create_batch = walk_create_batch,
};

const arq_plugin *walk_plugin(uint32_t abi_version)
{
    static const arq_env_type *const types[] = {&walk_type};
    static const arq_plugin plugin = {
        .struct_size = sizeof(arq_plugin),
        .abi_version = ARQ_ABI_VERSION,
        .name = "test",
        .version = "1",
        .type_count = 1,
        .types = types,
    };
    return abi_version == ARQ_ABI_VERSION ? &plugin : NULL;
}
