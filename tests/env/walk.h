/*
 * A small environment for the tests: a walk along ten cells, the last of which ends the episode. It keeps every
 * promise of env.h unless it is told to break one.
 */
#ifndef TESTS_ENV_WALK_H
#define TESTS_ENV_WALK_H

#include "arq/env.h"

#define WALK_CELLS 10
#define WALK_TIME_LIMIT 60
#define WALK_OWN_CODE (-1234)

enum walk_fault {
    WALK_GOOD,
    WALK_REWARD_NAN,
    WALK_REWARD_HUGE, /* finite as a double, not as a float */
    WALK_REWARD_TOO_HIGH,
    WALK_TERMINATED_TWO,
    WALK_TRUNCATED_NEGATIVE,
    WALK_OBSERVATION_NAN,
    WALK_OBSERVATION_HUGE,
    WALK_OBSERVATION_TOO_HIGH,
    WALK_OBSERVATION_TOO_LOW,
    WALK_STATE_TOO_HIGH,
    WALK_SPARE_BITS,
    WALK_RESET_SHORT,
    WALK_STEP_SHORT,
    WALK_REWARD_UNWRITTEN,
    WALK_TRUNCATED_UNWRITTEN,
    WALK_WRITES_BEHIND,
    WALK_WRITES_BEFORE,
    WALK_KEEPS_OBSERVATION,
    WALK_KEEPS_ACTION,
    WALK_KEEPS_SEED,
    WALK_SURVIVES_RESET,
    WALK_DIFFERENT_INSTANCES,
    WALK_SHARED_STREAM,
    WALK_UNSEEDED,
    WALK_SPEC_CHANGES,
    WALK_SPEC_STRUCT_SIZE,
    WALK_SPEC_TOO_LONG,
    WALK_SPEC_SHAPE,
    WALK_SPEC_KIND,
    WALK_SPEC_BOUNDS,
    WALK_SPEC_NO_ACTION,
    WALK_TRUNCATES_UNDECLARED,
    WALK_EXCEEDS_TIME_LIMIT,
    WALK_SAVE_SIZE,
    WALK_SAVE_BEHIND,
    WALK_SAVE_SMALL_BUFFER,
    WALK_SAVE_UNWRITTEN,
    WALK_SAVE_CHANGES,
    WALK_SAVE_INCOMPLETE,
    WALK_LOAD_INCOMPLETE,
    WALK_LOAD_SHORT,
    WALK_LOAD_HALF,
    WALK_LOAD_UNCHECKED,
    WALK_RENDER_BEHIND,
    WALK_RENDER_SIZE,
    WALK_RENDER_EMPTY,
    WALK_RENDER_UNWRITTEN,
    WALK_RENDER_CHANGES,
    WALK_BATCH_DIFFERS,
    WALK_BATCH_BEHIND,
    WALK_POSITIVE_CODE,
    WALK_FAILS,
    WALK_FAILS_OWN_CODE,
    WALK_REWARD_AFTER_END,
    WALK_NAME_EMPTY,
    WALK_CREATE_FAILS,
    WALK_CREATE_OWN_CODE,
    WALK_CREATE_NULL,
    WALK_CREATE_BATCH_FAILS,
    WALK_CREATE_BATCH_NULL,
    WALK_FAULTS
};

/* Offers "test/walk" with the options fault, kind (bit, u8, f32, f64, discrete) and box. */
const arq_plugin *walk_plugin(uint32_t abi_version);

/* Its one type, and its methods. A copy's `user` is an int that counts calls of create. */
extern const arq_env_type walk_type;
extern const arq_env_methods walk_methods;

/* Makes an instance as the type does. Freed by walk_methods.destroy. */
void *walk_new(int fault, int32_t kind, int box);

/* How many instances there are. */
int walk_count(void);

/* Called at the start of every step if set: for tests of calling back. */
void walk_on_step(void (*hook)(void *user), void *user);

#endif
