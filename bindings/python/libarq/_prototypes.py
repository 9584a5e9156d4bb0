"""Constants, structs and functions of include/arq. Written by generate.py; not to be edited."""

# fmt: off
from __future__ import annotations

from ctypes import (CFUNCTYPE, POINTER, Structure, c_char_p, c_double, c_float, c_int32, c_int64, c_size_t,
                    c_uint32, c_uint64, c_void_p)
from typing import Any

ARQ_ACTION_CHOSEN = -1
ARQ_EVENT_UPDATED = 1
ARQ_EVENT_SYNCED = 2
ARQ_EVENT_EPISODE_END = 4
ARQ_EVENT_COLLAPSED = 8
ARQ_EVENT_EXPLORED = 16
ARQ_CHECKPOINT_WITHOUT_REPLAY = 1
ARQ_RESUMED = 1
ARQ_RESUMED_NEW_EPISODES = 2
ARQ_RESUMED_NEW_REPLAY = 4
ARQ_PARAMETER_TYPE = 1
ARQ_PARAMETER_RANGE = 2
ARQ_PARAMETER_DEFAULT = 3
ARQ_PARAMETER_UNIT = 4
ARQ_PARAMETER_DOC = 5
ARQ_PARAMETER_SOURCE = 6
ARQ_PARAMETER_RESUME = 7
ARQ_LOG_ERROR = 1
ARQ_LOG_WARNING = 2
ARQ_LOG_INFO = 3
ARQ_ACTION_DISCRETE = 1
ARQ_ACTION_BOX = 2
ARQ_OBSERVATION_MAX_RANK = 4
ARQ_OPTION_BOOL = 1
ARQ_OPTION_INT = 2
ARQ_OPTION_FLOAT = 3
ARQ_OPTION_CHOICE = 4
ARQ_PLUGIN_ENTRY = "arq_plugin_entry"
ARQ_ACTIVATION_CONTEXT = 1
ARQ_ACTIVATION_H = 2
ARQ_ACTIVATION_Y = 3
ARQ_ACTIVATION_Q = 4
ARQ_OBSERVATION_BIT = 1
ARQ_OBSERVATION_U8 = 2
ARQ_OBSERVATION_F32 = 3
ARQ_OBSERVATION_F64 = 4
ARQ_OBSERVATION_DISCRETE = 5
ARQ_EPISODE_TERMINATED = 1
ARQ_EPISODE_TRUNCATED = 2
ARQ_EPISODE_FAILED = 3
ARQ_OK = 0
ARQ_E_ARGUMENT = -1
ARQ_E_NOMEM = -2
ARQ_E_NOT_FOUND = -3
ARQ_E_ORDER = -4
ARQ_E_BUSY = -5
ARQ_E_ABI = -6
ARQ_E_IO = -7
ARQ_E_FORMAT = -8
ARQ_E_SHAPE = -9
ARQ_E_ENV = -10
ARQ_E_CALLBACK = -11
ARQ_E_DIVERGED = -12
ARQ_E_UNSUPPORTED = -13
ARQ_E_CALLER = -1000
ARQ_VERSION_MAJOR = 0
ARQ_VERSION_MINOR = 1
ARQ_VERSION_PATCH = 0
ARQ_ABI_MAJOR = 0
ARQ_ABI_MINOR = 2
ARQ_ABI_VERSION = (ARQ_ABI_MAJOR << 16) | ARQ_ABI_MINOR


class arq_allocator(Structure):
    pass


class arq_log(Structure):
    pass


class arq_executor(Structure):
    pass


class arq_env_spec(Structure):
    pass


class arq_env_methods(Structure):
    pass


class arq_env_option(Structure):
    pass


class arq_env_type(Structure):
    pass


class arq_plugin(Structure):
    pass


class arq_progress(Structure):
    pass


# const arq_plugin * (*)(uint32_t)
arq_plugin_entry_function = CFUNCTYPE(POINTER(arq_plugin), c_uint32)

arq_allocator._fields_ = [
    ("struct_size", c_uint32),
    ("reserved", c_uint32),
    ("user", c_void_p),
    ("alloc", CFUNCTYPE(c_void_p, c_void_p, c_size_t, c_size_t)),
    ("free", CFUNCTYPE(None, c_void_p, c_void_p, c_size_t, c_size_t)),
]

arq_log._fields_ = [
    ("struct_size", c_uint32),
    ("level", c_int32),
    ("user", c_void_p),
    ("write", CFUNCTYPE(None, c_void_p, c_int32, c_char_p)),
]

arq_executor._fields_ = [
    ("struct_size", c_uint32),
    ("num_threads", c_uint32),
    ("user", c_void_p),
    ("parallel_for", CFUNCTYPE(None, c_void_p, c_uint32, CFUNCTYPE(None, c_void_p, c_uint32), c_void_p)),
]

arq_env_spec._fields_ = [
    ("struct_size", c_uint32),
    ("observation_kind", c_int32),
    ("observation_size", c_uint32),
    ("observation_rank", c_uint32),
    ("observation_shape", c_uint32 * ARQ_OBSERVATION_MAX_RANK),
    ("observation_low", c_void_p),
    ("observation_high", c_void_p),
    ("action_kind", c_int32),
    ("action_count", c_uint32),
    ("action_low", c_void_p),
    ("action_high", c_void_p),
    ("reward_range_known", c_uint32),
    ("reserved", c_uint32),
    ("reward_low", c_double),
    ("reward_high", c_double),
    ("time_limit", c_uint64),
]

arq_env_methods._fields_ = [
    ("struct_size", c_uint32),
    ("reserved", c_uint32),
    ("spec", CFUNCTYPE(c_int32, c_void_p, POINTER(arq_env_spec))),
    ("reset", CFUNCTYPE(c_int32, c_void_p, c_void_p, c_void_p)),
    ("step", CFUNCTYPE(c_int32, c_void_p, c_int32, c_void_p, POINTER(c_double), POINTER(c_int32), POINTER(c_int32))),
    ("step_box", CFUNCTYPE(c_int32, c_void_p, c_void_p, c_void_p, POINTER(c_double), POINTER(c_int32), POINTER(c_int32))),
    ("destroy", CFUNCTYPE(None, c_void_p)),
    ("step_batch", CFUNCTYPE(c_int32, POINTER(c_void_p), c_uint32, c_void_p, c_void_p, POINTER(c_double), POINTER(c_int32), POINTER(c_int32))),
    ("save", CFUNCTYPE(c_int32, c_void_p, c_void_p, c_size_t, POINTER(c_size_t))),
    ("load", CFUNCTYPE(c_int32, c_void_p, c_void_p, c_size_t)),
    ("render", CFUNCTYPE(c_int32, c_void_p, c_uint32, c_void_p, c_size_t, POINTER(c_uint32), POINTER(c_uint32))),
    ("action_name", CFUNCTYPE(c_void_p, c_void_p, c_uint32)),
    ("observation_name", CFUNCTYPE(c_void_p, c_void_p, c_uint32)),
    ("last_error", CFUNCTYPE(c_void_p, c_void_p)),
]

arq_env_option._fields_ = [
    ("struct_size", c_uint32),
    ("type", c_int32),
    ("name", c_char_p),
    ("low", c_double),
    ("high", c_double),
    ("default_value", c_double),
    ("choices", c_char_p),
    ("doc", c_char_p),
]

arq_env_type._fields_ = [
    ("struct_size", c_uint32),
    ("option_count", c_uint32),
    ("id", c_char_p),
    ("doc", c_char_p),
    ("options", POINTER(arq_env_option)),
    ("methods", POINTER(arq_env_methods)),
    ("user", c_void_p),
    ("create", CFUNCTYPE(c_int32, c_void_p, c_void_p, POINTER(c_void_p), c_void_p, c_size_t)),
    ("create_batch", CFUNCTYPE(c_int32, c_void_p, c_void_p, c_uint32, POINTER(c_void_p), c_void_p, c_size_t)),
]

arq_plugin._fields_ = [
    ("struct_size", c_uint32),
    ("abi_version", c_uint32),
    ("name", c_char_p),
    ("version", c_char_p),
    ("type_count", c_uint32),
    ("reserved", c_uint32),
    ("types", c_void_p),
]

arq_progress._fields_ = [
    ("struct_size", c_uint32),
    ("period", c_uint32),
    ("user", c_void_p),
    ("report", CFUNCTYPE(c_int32, c_void_p, c_uint32, c_uint64)),
]

FUNCTIONS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    # arq_status arq_agent_create(arq_context *context, const arq_config *config, int32_t observation_kind, uint32_t observation_size, uint32_t actions, arq_agent **out)
    "arq_agent_create": (c_int32, (c_void_p, c_void_p, c_int32, c_uint32, c_uint32, POINTER(c_void_p),)),
    # void arq_agent_destroy(arq_agent *agent)
    "arq_agent_destroy": (None, (c_void_p,)),
    # arq_status arq_agent_begin(arq_agent *agent, const void *observation)
    "arq_agent_begin": (c_int32, (c_void_p, c_void_p,)),
    # arq_status arq_agent_act(arq_agent *agent, int32_t *action)
    "arq_agent_act": (c_int32, (c_void_p, c_void_p,)),
    # arq_status arq_agent_observe(arq_agent *agent, int32_t action, double reward, const void *next_observation, int32_t terminated, int32_t truncated, uint32_t *events)
    "arq_agent_observe": (c_int32, (c_void_p, c_int32, c_double, c_void_p, c_int32, c_int32, c_void_p,)),
    # arq_status arq_agent_create_many(arq_context *context, const arq_config *config, int32_t observation_kind, uint32_t observation_size, uint32_t actions, uint32_t instances, arq_agent **out)
    "arq_agent_create_many": (c_int32, (c_void_p, c_void_p, c_int32, c_uint32, c_uint32, c_uint32, POINTER(c_void_p),)),
    # uint32_t arq_agent_instances(const arq_agent *agent)
    "arq_agent_instances": (c_uint32, (c_void_p,)),
    # arq_status arq_agent_begin_many(arq_agent *agent, const uint8_t *mask, const void *observations)
    "arq_agent_begin_many": (c_int32, (c_void_p, c_void_p, c_void_p,)),
    # arq_status arq_agent_act_many(arq_agent *agent, const uint8_t *mask, int32_t *actions)
    "arq_agent_act_many": (c_int32, (c_void_p, c_void_p, c_void_p,)),
    # arq_status arq_agent_observe_many(arq_agent *agent, const uint8_t *mask, const int32_t *actions, const double *rewards, const void *next_observations, const int32_t *terminated, const int32_t *truncated, uint32_t *events)
    "arq_agent_observe_many": (c_int32, (c_void_p, c_void_p, c_void_p, c_void_p, c_void_p, c_void_p, c_void_p, c_void_p,)),
    # arq_network *arq_agent_network(arq_agent *agent)
    "arq_agent_network": (c_void_p, (c_void_p,)),
    # const arq_activations *arq_agent_activations(const arq_agent *agent)
    "arq_agent_activations": (c_void_p, (c_void_p,)),
    # arq_status arq_agent_metric(const arq_agent *agent, const char *name, uint32_t cell, double *value)
    "arq_agent_metric": (c_int32, (c_void_p, c_char_p, c_uint32, c_void_p,)),
    # arq_status arq_agent_save(arq_agent *agent, const char *path)
    "arq_agent_save": (c_int32, (c_void_p, c_char_p,)),
    # arq_status arq_agent_load(arq_agent *agent, const char *path)
    "arq_agent_load": (c_int32, (c_void_p, c_char_p,)),
    # arq_status arq_cell_create(arq_context *context, const arq_config *config, uint32_t inputs, uint32_t width, uint32_t actions, arq_cell **out)
    "arq_cell_create": (c_int32, (c_void_p, c_void_p, c_uint32, c_uint32, c_uint32, POINTER(c_void_p),)),
    # void arq_cell_destroy(arq_cell *cell)
    "arq_cell_destroy": (None, (c_void_p,)),
    # uint32_t arq_cell_outputs(const arq_cell *cell)
    "arq_cell_outputs": (c_uint32, (c_void_p,)),
    # arq_status arq_cell_forward(arq_cell *cell, uint32_t batch, const float *x, float *h, float *y, float *q)
    "arq_cell_forward": (c_int32, (c_void_p, c_uint32, c_void_p, c_void_p, c_void_p, c_void_p,)),
    # arq_status arq_cell_forward_actions(arq_cell *cell, uint32_t batch, const float *x, const int32_t *actions, float *h, float *y, float *q)
    "arq_cell_forward_actions": (c_int32, (c_void_p, c_uint32, c_void_p, c_void_p, c_void_p, c_void_p, c_void_p,)),
    # arq_status arq_cell_update(arq_cell *cell, uint32_t batch, const float *x, const int32_t *actions, const float *targets, float *loss)
    "arq_cell_update": (c_int32, (c_void_p, c_uint32, c_void_p, c_void_p, c_void_p, c_void_p,)),
    # arq_status arq_cell_tensor(const arq_cell *cell, uint32_t index, const char **name, uint32_t *rows, uint32_t *columns)
    "arq_cell_tensor": (c_int32, (c_void_p, c_uint32, POINTER(c_char_p), c_void_p, c_void_p,)),
    # arq_status arq_cell_read(const arq_cell *cell, const char *name, float *values, size_t count)
    "arq_cell_read": (c_int32, (c_void_p, c_char_p, c_void_p, c_size_t,)),
    # arq_status arq_cell_write(arq_cell *cell, const char *name, const float *values, size_t count)
    "arq_cell_write": (c_int32, (c_void_p, c_char_p, c_void_p, c_size_t,)),
    # arq_status arq_cell_save(const arq_cell *cell, const char *path)
    "arq_cell_save": (c_int32, (c_void_p, c_char_p,)),
    # arq_status arq_cell_load(arq_cell *cell, const char *path)
    "arq_cell_load": (c_int32, (c_void_p, c_char_p,)),
    # arq_status arq_run_checkpoint(arq_run *run, const char *folder, uint32_t flags, arq_checkpoint **out)
    "arq_run_checkpoint": (c_int32, (c_void_p, c_char_p, c_uint32, POINTER(c_void_p),)),
    # arq_status arq_checkpoint_set_text(arq_checkpoint *checkpoint, const char *name, const char *value)
    "arq_checkpoint_set_text": (c_int32, (c_void_p, c_char_p, c_char_p,)),
    # arq_status arq_checkpoint_write(arq_checkpoint *checkpoint)
    "arq_checkpoint_write": (c_int32, (c_void_p,)),
    # void arq_checkpoint_destroy(arq_checkpoint *checkpoint)
    "arq_checkpoint_destroy": (None, (c_void_p,)),
    # arq_status arq_checkpoint_open(arq_context *context, const char *folder, arq_checkpoint **out)
    "arq_checkpoint_open": (c_int32, (c_void_p, c_char_p, POINTER(c_void_p),)),
    # const char *arq_checkpoint_text(const arq_checkpoint *checkpoint, const char *name)
    "arq_checkpoint_text": (c_char_p, (c_void_p, c_char_p,)),
    # arq_status arq_checkpoint_config(const arq_checkpoint *checkpoint, arq_config **out)
    "arq_checkpoint_config": (c_int32, (c_void_p, POINTER(c_void_p),)),
    # uint32_t arq_checkpoint_instances(const arq_checkpoint *checkpoint)
    "arq_checkpoint_instances": (c_uint32, (c_void_p,)),
    # arq_status arq_run_save(arq_run *run, const char *folder)
    "arq_run_save": (c_int32, (c_void_p, c_char_p,)),
    # arq_status arq_run_load(arq_run *run, const char *folder)
    "arq_run_load": (c_int32, (c_void_p, c_char_p,)),
    # uint32_t arq_run_resumed(const arq_run *run)
    "arq_run_resumed": (c_uint32, (c_void_p,)),
    # arq_status arq_config_create(arq_context *context, const char *preset, arq_config **out)
    "arq_config_create": (c_int32, (c_void_p, c_char_p, POINTER(c_void_p),)),
    # void arq_config_destroy(arq_config *config)
    "arq_config_destroy": (None, (c_void_p,)),
    # arq_status arq_config_set(arq_config *config, const char *name, const char *value)
    "arq_config_set": (c_int32, (c_void_p, c_char_p, c_char_p,)),
    # arq_status arq_config_set_int(arq_config *config, const char *name, int64_t value)
    "arq_config_set_int": (c_int32, (c_void_p, c_char_p, c_int64,)),
    # arq_status arq_config_set_float(arq_config *config, const char *name, double value)
    "arq_config_set_float": (c_int32, (c_void_p, c_char_p, c_double,)),
    # arq_status arq_config_get(const arq_config *config, const char *name, char *buffer, size_t size)
    "arq_config_get": (c_int32, (c_void_p, c_char_p, c_void_p, c_size_t,)),
    # arq_status arq_config_get_float(const arq_config *config, const char *name, double *value)
    "arq_config_get_float": (c_int32, (c_void_p, c_char_p, c_void_p,)),
    # const char *arq_config_origin(const arq_config *config, const char *name)
    "arq_config_origin": (c_char_p, (c_void_p, c_char_p,)),
    # const char *arq_parameter_name(uint32_t index)
    "arq_parameter_name": (c_char_p, (c_uint32,)),
    # const char *arq_parameter_text(const char *name, int32_t field)
    "arq_parameter_text": (c_char_p, (c_char_p, c_int32,)),
    # const char *arq_preset_name(uint32_t index)
    "arq_preset_name": (c_char_p, (c_uint32,)),
    # const char *arq_preset_doc(const char *name)
    "arq_preset_doc": (c_char_p, (c_char_p,)),
    # uint32_t arq_preset_environments(const char *name)
    "arq_preset_environments": (c_uint32, (c_char_p,)),
    # arq_status arq_context_create(uint32_t abi_version, const arq_allocator *allocator, arq_context **out)
    "arq_context_create": (c_int32, (c_uint32, POINTER(arq_allocator), POINTER(c_void_p),)),
    # void arq_context_destroy(arq_context *context)
    "arq_context_destroy": (None, (c_void_p,)),
    # arq_status arq_context_set_log(arq_context *context, const arq_log *log)
    "arq_context_set_log": (c_int32, (c_void_p, POINTER(arq_log),)),
    # arq_status arq_context_set_executor(arq_context *context, const arq_executor *executor)
    "arq_context_set_executor": (c_int32, (c_void_p, POINTER(arq_executor),)),
    # arq_status arq_context_set_threads(arq_context *context, uint32_t threads)
    "arq_context_set_threads": (c_int32, (c_void_p, c_uint32,)),
    # arq_status arq_context_set_cpu(arq_context *context, const char *name)
    "arq_context_set_cpu": (c_int32, (c_void_p, c_char_p,)),
    # const char *arq_cpu_name(uint32_t index)
    "arq_cpu_name": (c_char_p, (c_uint32,)),
    # const char *arq_context_cpu(const arq_context *context)
    "arq_context_cpu": (c_char_p, (c_void_p,)),
    # size_t arq_context_last_error(const arq_context *context, char *buffer, size_t size)
    "arq_context_last_error": (c_size_t, (c_void_p, c_void_p, c_size_t,)),
    # arq_status arq_env_create(arq_context *context, const arq_env_methods *methods, void *self, arq_env **out)
    "arq_env_create": (c_int32, (c_void_p, POINTER(arq_env_methods), c_void_p, POINTER(c_void_p),)),
    # arq_status arq_plugin_load(arq_context *context, const char *path)
    "arq_plugin_load": (c_int32, (c_void_p, c_char_p,)),
    # arq_status arq_plugin_register(arq_context *context, arq_plugin_entry_function entry)
    "arq_plugin_register": (c_int32, (c_void_p, arq_plugin_entry_function,)),
    # const arq_env_type *arq_plugin_type(const arq_context *context, uint32_t index)
    "arq_plugin_type": (POINTER(arq_env_type), (c_void_p, c_uint32,)),
    # arq_status arq_env_open(arq_context *context, const char *id, arq_env **out)
    "arq_env_open": (c_int32, (c_void_p, c_char_p, POINTER(c_void_p),)),
    # void arq_env_destroy(arq_env *env)
    "arq_env_destroy": (None, (c_void_p,)),
    # const arq_env_spec *arq_env_describe(const arq_env *env)
    "arq_env_describe": (POINTER(arq_env_spec), (c_void_p,)),
    # arq_status arq_env_reset(arq_env *env, const uint64_t *seed, void *observation)
    "arq_env_reset": (c_int32, (c_void_p, c_void_p, c_void_p,)),
    # arq_status arq_env_step(arq_env *env, int32_t action, void *observation, double *reward, int32_t *terminated, int32_t *truncated)
    "arq_env_step": (c_int32, (c_void_p, c_int32, c_void_p, c_void_p, c_void_p, c_void_p,)),
    # arq_status arq_env_step_box(arq_env *env, const double *action, void *observation, double *reward, int32_t *terminated, int32_t *truncated)
    "arq_env_step_box": (c_int32, (c_void_p, c_void_p, c_void_p, c_void_p, c_void_p, c_void_p,)),
    # arq_status arq_env_save(arq_env *env, void *buffer, size_t capacity, size_t *size)
    "arq_env_save": (c_int32, (c_void_p, c_void_p, c_size_t, c_void_p,)),
    # arq_status arq_env_load(arq_env *env, const void *buffer, size_t size)
    "arq_env_load": (c_int32, (c_void_p, c_void_p, c_size_t,)),
    # arq_status arq_env_render(arq_env *env, uint32_t cell_size, uint8_t *rgb, size_t capacity, uint32_t *width, uint32_t *height)
    "arq_env_render": (c_int32, (c_void_p, c_uint32, c_void_p, c_size_t, c_void_p, c_void_p,)),
    # const char *arq_env_action_name(arq_env *env, uint32_t action)
    "arq_env_action_name": (c_char_p, (c_void_p, c_uint32,)),
    # const char *arq_env_observation_name(arq_env *env, uint32_t index)
    "arq_env_observation_name": (c_char_p, (c_void_p, c_uint32,)),
    # arq_status arq_env_time_limit(arq_env *env, uint64_t steps, arq_env **out)
    "arq_env_time_limit": (c_int32, (c_void_p, c_uint64, POINTER(c_void_p),)),
    # arq_status arq_env_bang_bang(arq_env *env, arq_env **out)
    "arq_env_bang_bang": (c_int32, (c_void_p, POINTER(c_void_p),)),
    # arq_status arq_env_batch_open(arq_context *context, const char *id, uint32_t count, arq_env_batch **out)
    "arq_env_batch_open": (c_int32, (c_void_p, c_char_p, c_uint32, POINTER(c_void_p),)),
    # arq_status arq_env_batch_create(arq_env *const *envs, uint32_t count, arq_env_batch **out)
    "arq_env_batch_create": (c_int32, (POINTER(c_void_p), c_uint32, POINTER(c_void_p),)),
    # arq_status arq_env_batch_time_limit(arq_env_batch *batch, uint64_t steps, arq_env_batch **out)
    "arq_env_batch_time_limit": (c_int32, (c_void_p, c_uint64, POINTER(c_void_p),)),
    # arq_status arq_env_batch_bang_bang(arq_env_batch *batch, arq_env_batch **out)
    "arq_env_batch_bang_bang": (c_int32, (c_void_p, POINTER(c_void_p),)),
    # void arq_env_batch_destroy(arq_env_batch *batch)
    "arq_env_batch_destroy": (None, (c_void_p,)),
    # uint32_t arq_env_batch_count(const arq_env_batch *batch)
    "arq_env_batch_count": (c_uint32, (c_void_p,)),
    # arq_env *arq_env_batch_at(arq_env_batch *batch, uint32_t index)
    "arq_env_batch_at": (c_void_p, (c_void_p, c_uint32,)),
    # arq_status arq_env_batch_reset(arq_env_batch *batch, const uint64_t *seeds, const uint8_t *mask, void *observations)
    "arq_env_batch_reset": (c_int32, (c_void_p, c_void_p, c_void_p, c_void_p,)),
    # arq_status arq_env_batch_step(arq_env_batch *batch, const int32_t *actions, void *observations, double *rewards, int32_t *terminated, int32_t *truncated)
    "arq_env_batch_step": (c_int32, (c_void_p, c_void_p, c_void_p, c_void_p, c_void_p, c_void_p,)),
    # arq_status arq_env_batch_step_masked(arq_env_batch *batch, const uint8_t *mask, const int32_t *actions, void *observations, double *rewards, int32_t *terminated, int32_t *truncated)
    "arq_env_batch_step_masked": (c_int32, (c_void_p, c_void_p, c_void_p, c_void_p, c_void_p, c_void_p, c_void_p,)),
    # arq_status arq_env_batch_step_box(arq_env_batch *batch, const uint8_t *mask, const double *actions, void *observations, double *rewards, int32_t *terminated, int32_t *truncated)
    "arq_env_batch_step_box": (c_int32, (c_void_p, c_void_p, c_void_p, c_void_p, c_void_p, c_void_p, c_void_p,)),
    # const arq_status *arq_env_batch_statuses(const arq_env_batch *batch)
    "arq_env_batch_statuses": (c_void_p, (c_void_p,)),
    # arq_status arq_env_check(arq_context *context, const arq_env_type *type, const char *options, uint64_t seed, void (*)(void *, const char *) report, void *user, uint32_t *broken)
    "arq_env_check": (c_int32, (c_void_p, POINTER(arq_env_type), c_char_p, c_uint64, CFUNCTYPE(None, c_void_p, c_char_p), c_void_p, c_void_p,)),
    # arq_status arq_learner_create(arq_network *network, const arq_config *config, arq_learner **out)
    "arq_learner_create": (c_int32, (c_void_p, c_void_p, POINTER(c_void_p),)),
    # void arq_learner_destroy(arq_learner *learner)
    "arq_learner_destroy": (None, (c_void_p,)),
    # uint32_t arq_learner_window(const arq_learner *learner)
    "arq_learner_window": (c_uint32, (c_void_p,)),
    # arq_status arq_learner_update(arq_learner *learner, uint32_t batch, const void *observations, const int32_t *lengths, const int32_t *actions, const float *rewards, const uint8_t *terminated)
    "arq_learner_update": (c_int32, (c_void_p, c_uint32, c_void_p, c_void_p, c_void_p, c_void_p, c_void_p,)),
    # arq_status arq_learner_sync(arq_learner *learner)
    "arq_learner_sync": (c_int32, (c_void_p,)),
    # arq_status arq_learner_metric(const arq_learner *learner, const char *name, uint32_t cell, double *value)
    "arq_learner_metric": (c_int32, (c_void_p, c_char_p, c_uint32, c_void_p,)),
    # arq_status arq_learner_save(const arq_learner *learner, const char *path)
    "arq_learner_save": (c_int32, (c_void_p, c_char_p,)),
    # arq_status arq_learner_load(arq_learner *learner, const char *path)
    "arq_learner_load": (c_int32, (c_void_p, c_char_p,)),
    # arq_status arq_network_create(arq_context *context, const arq_config *config, int32_t observation_kind, uint32_t observation_size, uint32_t actions, arq_network **out)
    "arq_network_create": (c_int32, (c_void_p, c_void_p, c_int32, c_uint32, c_uint32, POINTER(c_void_p),)),
    # arq_status arq_network_open(arq_context *context, const char *path, arq_network **out)
    "arq_network_open": (c_int32, (c_void_p, c_char_p, POINTER(c_void_p),)),
    # arq_status arq_network_copy(const arq_network *network, arq_network **out)
    "arq_network_copy": (c_int32, (c_void_p, POINTER(c_void_p),)),
    # void arq_network_destroy(arq_network *network)
    "arq_network_destroy": (None, (c_void_p,)),
    # uint32_t arq_network_cells(const arq_network *network)
    "arq_network_cells": (c_uint32, (c_void_p,)),
    # uint32_t arq_network_actions(const arq_network *network)
    "arq_network_actions": (c_uint32, (c_void_p,)),
    # arq_status arq_network_observation(const arq_network *network, int32_t *kind, uint32_t *size)
    "arq_network_observation": (c_int32, (c_void_p, c_void_p, c_void_p,)),
    # arq_status arq_network_parameter(const arq_network *network, const char *name, char *buffer, size_t size)
    "arq_network_parameter": (c_int32, (c_void_p, c_char_p, c_void_p, c_size_t,)),
    # arq_status arq_network_tensor(const arq_network *network, uint32_t index, const char **name, uint32_t *rows, uint32_t *columns)
    "arq_network_tensor": (c_int32, (c_void_p, c_uint32, POINTER(c_char_p), c_void_p, c_void_p,)),
    # arq_status arq_network_read(const arq_network *network, const char *name, float *values, size_t count)
    "arq_network_read": (c_int32, (c_void_p, c_char_p, c_void_p, c_size_t,)),
    # arq_status arq_network_write(arq_network *network, const char *name, const float *values, size_t count)
    "arq_network_write": (c_int32, (c_void_p, c_char_p, c_void_p, c_size_t,)),
    # arq_status arq_network_save(const arq_network *network, const char *path)
    "arq_network_save": (c_int32, (c_void_p, c_char_p,)),
    # arq_status arq_network_load(arq_network *network, const char *path)
    "arq_network_load": (c_int32, (c_void_p, c_char_p,)),
    # arq_status arq_activations_create(const arq_network *network, uint32_t episodes, arq_activations **out)
    "arq_activations_create": (c_int32, (c_void_p, c_uint32, POINTER(c_void_p),)),
    # void arq_activations_destroy(arq_activations *activations)
    "arq_activations_destroy": (None, (c_void_p,)),
    # arq_status arq_activations_begin(arq_activations *activations, uint32_t episode)
    "arq_activations_begin": (c_int32, (c_void_p, c_uint32,)),
    # arq_status arq_network_q(const arq_network *network, arq_activations *activations, const void *observations, float *q)
    "arq_network_q": (c_int32, (c_void_p, c_void_p, c_void_p, c_void_p,)),
    # arq_status arq_network_act(const arq_network *network, arq_activations *activations, const void *observations, int32_t *actions)
    "arq_network_act": (c_int32, (c_void_p, c_void_p, c_void_p, c_void_p,)),
    # arq_status arq_activations_advance(arq_activations *activations, uint32_t episode)
    "arq_activations_advance": (c_int32, (c_void_p, c_uint32,)),
    # arq_status arq_activations_read(const arq_activations *activations, int32_t what, uint32_t cell, uint32_t episode, float *values, size_t capacity, size_t *count)
    "arq_activations_read": (c_int32, (c_void_p, c_int32, c_uint32, c_uint32, c_void_p, c_size_t, c_void_p,)),
    # size_t arq_observation_bytes(int32_t kind, uint32_t size)
    "arq_observation_bytes": (c_size_t, (c_int32, c_uint32,)),
    # arq_status arq_observation_floats(int32_t kind, uint32_t size, size_t count, const void *observations, float *values)
    "arq_observation_floats": (c_int32, (c_int32, c_uint32, c_size_t, c_void_p, c_void_p,)),
    # arq_status arq_replay_create(arq_context *context, int32_t observation_kind, uint32_t observation_size, uint64_t capacity, uint32_t window, uint64_t seed, arq_replay **out)
    "arq_replay_create": (c_int32, (c_void_p, c_int32, c_uint32, c_uint64, c_uint32, c_uint64, POINTER(c_void_p),)),
    # void arq_replay_destroy(arq_replay *replay)
    "arq_replay_destroy": (None, (c_void_p,)),
    # arq_status arq_replay_begin(arq_replay *replay, const void *observation)
    "arq_replay_begin": (c_int32, (c_void_p, c_void_p,)),
    # arq_status arq_replay_add(arq_replay *replay, int32_t action, double reward, const void *next_observation, int32_t terminated, int32_t truncated)
    "arq_replay_add": (c_int32, (c_void_p, c_int32, c_double, c_void_p, c_int32, c_int32,)),
    # uint64_t arq_replay_size(const arq_replay *replay)
    "arq_replay_size": (c_uint64, (c_void_p,)),
    # uint64_t arq_replay_eligible(const arq_replay *replay)
    "arq_replay_eligible": (c_uint64, (c_void_p,)),
    # arq_status arq_replay_sample(arq_replay *replay, uint32_t batch, int32_t distinct, void *observations, int32_t *lengths, int32_t *actions, float *rewards, uint8_t *terminated)
    "arq_replay_sample": (c_int32, (c_void_p, c_uint32, c_int32, c_void_p, c_void_p, c_void_p, c_void_p, c_void_p,)),
    # arq_status arq_replay_save(arq_replay *replay, const char *path)
    "arq_replay_save": (c_int32, (c_void_p, c_char_p,)),
    # arq_status arq_replay_load(arq_replay *replay, const char *path)
    "arq_replay_load": (c_int32, (c_void_p, c_char_p,)),
    # arq_status arq_run_create(arq_context *context, const arq_config *config, arq_env *env, arq_run **out)
    "arq_run_create": (c_int32, (c_void_p, c_void_p, c_void_p, POINTER(c_void_p),)),
    # arq_status arq_run_create_batch(arq_context *context, const arq_config *config, arq_env_batch *batch, arq_run **out)
    "arq_run_create_batch": (c_int32, (c_void_p, c_void_p, c_void_p, POINTER(c_void_p),)),
    # void arq_run_destroy(arq_run *run)
    "arq_run_destroy": (None, (c_void_p,)),
    # arq_status arq_run_advance(arq_run *run, uint64_t steps, uint64_t *done)
    "arq_run_advance": (c_int32, (c_void_p, c_uint64, c_void_p,)),
    # arq_status arq_run_episode(const arq_run *run, uint32_t index, uint32_t *instance, double *episode_return, uint64_t *length, uint64_t *step, int32_t *end)
    "arq_run_episode": (c_int32, (c_void_p, c_uint32, c_void_p, c_void_p, c_void_p, c_void_p, c_void_p,)),
    # arq_agent *arq_run_agent(arq_run *run)
    "arq_run_agent": (c_void_p, (c_void_p,)),
    # arq_status arq_run_metric(const arq_run *run, const char *name, uint32_t cell, double *value)
    "arq_run_metric": (c_int32, (c_void_p, c_char_p, c_uint32, c_void_p,)),
    # uint32_t arq_run_instances(const arq_run *run)
    "arq_run_instances": (c_uint32, (c_void_p,)),
    # const char *arq_metric_name(uint32_t index, int32_t *per_cell, const char **doc)
    "arq_metric_name": (c_char_p, (c_uint32, c_void_p, POINTER(c_char_p),)),
    # arq_status arq_evaluate(arq_context *context, const arq_network *network, arq_env *env, uint64_t seed, double epsilon, uint32_t episodes, uint64_t max_steps, const arq_progress *progress, double *returns, uint64_t *lengths)
    "arq_evaluate": (c_int32, (c_void_p, c_void_p, c_void_p, c_uint64, c_double, c_uint32, c_uint64, POINTER(arq_progress), c_void_p, c_void_p,)),
    # arq_status arq_evaluate_batch(arq_context *context, const arq_network *network, arq_env_batch *batch, uint64_t seed, double epsilon, uint32_t episodes, uint64_t max_steps, const arq_progress *progress, double *returns, uint64_t *lengths)
    "arq_evaluate_batch": (c_int32, (c_void_p, c_void_p, c_void_p, c_uint64, c_double, c_uint32, c_uint64, POINTER(arq_progress), c_void_p, c_void_p,)),
    # const char *arq_status_name(arq_status status)
    "arq_status_name": (c_char_p, (c_int32,)),
    # const char *arq_version(void)
    "arq_version": (c_char_p, ()),
    # uint32_t arq_abi_version(void)
    "arq_abi_version": (c_uint32, ()),
}
