/*
 * The parameter table: every hyperparameter once. Setters, flags, help, the docs page and the metadata
 * of files are all made from it.
 */
#ifndef ARQ_CORE_PARAMETERS_H
#define ARQ_CORE_PARAMETERS_H

#include "core/network_kinds.h"

#include <stddef.h>
#include <stdint.h>

#define ARQ_MAX_CELLS 16
#define ARQ_MAX_WIDTH 4096

typedef enum arq_parameter_type {
    ARQ_TYPE_INT,
    ARQ_TYPE_FLOAT,
    ARQ_TYPE_BOOL,
    ARQ_TYPE_AUTO_BOOL, /* 0, 1 or ARQ_AUTO */
    ARQ_TYPE_CHOICE,
    ARQ_TYPE_WIDTHS
} arq_parameter_type;

/* Not set: whatever fits the other parameters. */
#define ARQ_AUTO 2

typedef struct arq_widths {
    uint32_t count;
    uint32_t width[ARQ_MAX_CELLS];
} arq_widths;

typedef enum arq_loss { ARQ_LOSS_MSE, ARQ_LOSS_HUBER } arq_loss;
typedef enum arq_action_input { ARQ_ACTION_AUTO, ARQ_ACTION_AT_INPUT, ARQ_ACTION_AT_OUTPUT } arq_action_input;
typedef enum arq_action_code { ARQ_CODE_ONE_HOT, ARQ_CODE_BINARY } arq_action_code;
typedef enum arq_window_padding { ARQ_PADDING_REPEAT, ARQ_PADDING_ZERO_CONTEXT } arq_window_padding;
typedef enum arq_q_from { ARQ_Q_MEAN, ARQ_Q_LAST } arq_q_from;
typedef enum arq_row_order { ARQ_ROWS_RELEASED, ARQ_ROWS_PAPER } arq_row_order;
typedef enum arq_experience { ARQ_EXPERIENCE_REPLAY, ARQ_EXPERIENCE_ROLLOUT } arq_experience;
typedef enum arq_exploration_from { ARQ_EXPLORATION_FROM_LEARNING, ARQ_EXPLORATION_FROM_START } arq_exploration_from;
typedef enum arq_ff_variant { ARQ_FF_CODE, ARQ_FF_POSTER } arq_ff_variant;
typedef enum arq_ff_normalise {
    ARQ_FF_NORMALISE_ALL,
    ARQ_FF_NORMALISE_HIDDEN,
    ARQ_FF_NORMALISE_NONE,
    ARQ_FF_NORMALISE_HOMOGENEOUS
} arq_ff_normalise;

/* Every value. One field a row of parameters.c; each value except the seed also fits a double exactly. */
typedef struct arq_parameters {
    int64_t network;
    arq_widths widths;
    double width_scale;
    int64_t heads;
    int64_t goodness;
    int64_t row_order;
    int64_t quantiles;
    int64_t action_input;
    int64_t action_code;
    int64_t input_skip;
    int64_t recurrent;
    int64_t top_down;
    int64_t context_size;
    double context_alpha;
    int64_t context_on_explore;
    int64_t window_padding;
    int64_t q_from;
    int64_t q_cells;
    int64_t layer_norm;
    int64_t ff_variant;
    double ff_margin;
    double ff_update_probability;
    int64_t ff_updates;
    int64_t ff_normalise;
    double gamma;
    int64_t double_q;
    int64_t loss;
    double learning_rate;
    double learning_rate_end;
    int64_t learning_rate_steps;
    double head_learning_rate;
    double clip;
    double beta1;
    double beta2;
    double adam_epsilon;
    int64_t batch;
    int64_t experience;
    int64_t rollout;
    double td_lambda;
    int64_t epochs;
    int64_t minibatches_per_step;
    int64_t train_period;
    int64_t learning_starts;
    int64_t target_period;
    double tau;
    int64_t replay_capacity;
    double epsilon_start;
    double epsilon_end;
    int64_t exploration_steps;
    int64_t exploration_from;
    int64_t total_steps;
    int64_t evaluation_episodes;
    double evaluation_epsilon;
    int64_t seed;
} arq_parameters;

typedef struct arq_parameter {
    const char *name;
    arq_parameter_type type;
    size_t offset; /* in arq_parameters */
    double low, high;
    const char *choices; /* separated by '|' */
    const char *range;   /* what is accepted, as text */
    const char *default_value;
    const char *unit;
    const char *doc;
    const char *source;
} arq_parameter;

/* Most rows. */
#define ARQ_MAX_PARAMETERS 64

/* The rows; a name of NULL ends them. */
extern const arq_parameter arq_parameter_table[];

typedef struct arq_preset_value {
    const char *name;
    const char *value;
} arq_preset_value;

typedef struct arq_preset {
    const char *name;
    const char *doc;
    const arq_preset_value *values; /* a name of NULL ends them */
    uint32_t environments;          /* recommended instances, where the library opens them by id itself */
} arq_preset;

/* The presets; a name of NULL ends them. */
extern const arq_preset arq_preset_table[];

#endif
