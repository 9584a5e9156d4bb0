#include "frame.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATE_VERSION 1

arq_status classic_create(const struct classic_task *task, const double *options, void **self, char *error,
                          size_t error_size)
{
    struct classic_frame *frame = calloc(1, task->bytes);

    *self = NULL;
    if (frame == NULL) {
        snprintf(error, error_size, "create %s: no memory for %zu bytes", task->id, task->bytes);
        return ARQ_E_NOMEM;
    }
    frame->task = task;
    memcpy(frame->options, options, task->option_count * sizeof(*options));
    task->configure(frame, options);
    pcg64_seed(&frame->random, 0);
    task->begin(frame);
    *self = frame;
    return ARQ_OK;
}

static void destroy(void *self)
{
    free(self);
}

static arq_status spec(void *self, arq_env_spec *out)
{
    const struct classic_frame *frame = self;
    uint32_t struct_size = out->struct_size;

    *out = frame->task->spec;
    out->struct_size = struct_size;
    out->time_limit = frame->limit;
    if (frame->task->describe) {
        frame->task->describe(frame, out);
    }
    return ARQ_OK;
}

static arq_status reset(void *self, const uint64_t *seed, void *observation)
{
    struct classic_frame *frame = self;

    if (seed != NULL) {
        pcg64_seed(&frame->random, *seed);
    }
    frame->steps = 0;
    frame->ended = 0;
    frame->task->begin(frame);
    frame->task->observe(frame, observation);
    return ARQ_OK;
}

static arq_status step(void *self, int32_t action, void *observation, double *reward, int32_t *terminated,
                       int32_t *truncated)
{
    struct classic_frame *frame = self;

    if (action < 0 || (uint32_t)action >= frame->task->spec.action_count) {
        snprintf(frame->error, sizeof(frame->error), "step: action is %" PRId32 ", accepted is 0 to %" PRIu32, action,
                 frame->task->spec.action_count - 1);
        return ARQ_E_ARGUMENT;
    }
    if (frame->ended) {
        snprintf(frame->error, sizeof(frame->error),
                 "step: the episode ended after %" PRIu64 " steps; a reset begins the next", frame->steps);
        return ARQ_E_ORDER;
    }
    *reward = frame->task->advance(frame, action, terminated);
    frame->steps++;
    *truncated = frame->steps >= frame->limit;
    frame->ended = *terminated || *truncated;
    frame->task->observe(frame, observation);
    return ARQ_OK;
}

static void frame_fields(struct classic_frame *frame, struct saved_state *state)
{
    struct pcg64 *random = &frame->random;

    for (uint32_t i = 0; i < frame->task->option_count; i++) {
        saved_state_option(state, frame->task->options[i].name, frame->options[i]);
    }
    saved_state_u64(state, "generator state, high", &random->state.high, 0, UINT64_MAX);
    saved_state_u64(state, "generator state, low", &random->state.low, 0, UINT64_MAX);
    saved_state_u64(state, "generator increment, high", &random->increment.high, 0, UINT64_MAX);
    saved_state_u64(state, "generator increment, low", &random->increment.low, 0, UINT64_MAX);
    saved_state_require(state, random->increment.low & 1, "the generator's increment is odd");
    saved_state_u64(state, "steps since the reset", &frame->steps, 0, frame->limit);
    saved_state_i32(state, "ended", &frame->ended, 0, 1);
    saved_state_require(state, frame->steps < frame->limit || frame->ended, "an episode ends at its limit");
    frame->task->fields(frame, state);
}

static arq_status save(void *self, void *buffer, size_t capacity, size_t *size)
{
    struct classic_frame *frame = self;
    struct saved_state state;

    saved_state_begin_write(&state, frame->task->id, STATE_VERSION, buffer, capacity);
    frame_fields(frame, &state);
    return saved_state_end_write(&state, size, frame->error, sizeof(frame->error));
}

static arq_status load(void *self, const void *buffer, size_t size)
{
    struct classic_frame *frame = self;
    struct classic_frame *trial = malloc(frame->task->bytes);
    struct saved_state state;

    if (trial == NULL) {
        snprintf(frame->error, sizeof(frame->error), "load: no memory for %zu bytes", frame->task->bytes);
        return ARQ_E_NOMEM;
    }
    memcpy(trial, frame, frame->task->bytes);
    saved_state_begin_read(&state, frame->task->id, STATE_VERSION, buffer, size, frame->error, sizeof(frame->error));
    frame_fields(trial, &state);
    arq_status status = saved_state_end_read(&state);
    if (status == ARQ_OK) {
        memcpy(frame, trial, frame->task->bytes);
    }
    free(trial);
    return status;
}

static arq_status render(void *self, uint32_t cell_size, uint8_t *rgb, size_t capacity, uint32_t *width,
                         uint32_t *height)
{
    struct classic_frame *frame = self;
    struct picture picture;
    arq_status status = picture_begin(&picture, frame->task->picture_columns, frame->task->picture_rows, cell_size, rgb,
                                      capacity, COLOUR_BLACK, frame->error, sizeof(frame->error));

    if (status != ARQ_OK) {
        return status;
    }
    *width = picture.width;
    *height = picture.height;
    if (rgb != NULL) {
        frame->task->draw(frame, &picture);
    }
    return ARQ_OK;
}

static const char *action_name(void *self, uint32_t action)
{
    const struct classic_task *task = ((struct classic_frame *)self)->task;

    return action < task->spec.action_count ? task->action_names[action] : NULL;
}

static const char *observation_name(void *self, uint32_t index)
{
    const struct classic_task *task = ((struct classic_frame *)self)->task;

    return task->observation_names && index < task->spec.observation_size ? task->observation_names[index] : NULL;
}

static const char *last_error(void *self)
{
    const struct classic_frame *frame = self;

    return frame->error[0] ? frame->error : NULL;
}

const arq_env_methods classic_methods = {
    .struct_size = sizeof(arq_env_methods),
    .spec = spec,
    .reset = reset,
    .step = step,
    .destroy = destroy,
    .save = save,
    .load = load,
    .render = render,
    .action_name = action_name,
    .observation_name = observation_name,
    .last_error = last_error,
};
