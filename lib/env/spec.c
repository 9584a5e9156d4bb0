#include "env/spec.h"

#include "env/observation.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

arq_status arq_env_methods_copy(const arq_context *context, const char *name, const arq_env_methods *methods,
                                arq_env_methods *copy)
{
    char what[160];
    snprintf(what, sizeof(what), "%s: methods", name);
    arq_status status = arq_table_check_size(context, ARQ_E_ARGUMENT, what, methods->struct_size,
                                             offsetof(arq_env_methods, step_batch));
    if (status != ARQ_OK) {
        return status;
    }
    status = arq_table_check_reserved(context, ARQ_E_ARGUMENT, what, methods->reserved);
    if (status != ARQ_OK) {
        return status;
    }
    memset(copy, 0, sizeof(*copy));
    memcpy(copy, methods, methods->struct_size < sizeof(*copy) ? methods->struct_size : sizeof(*copy));
    const char *missing = copy->spec == NULL      ? "spec"
                          : copy->reset == NULL   ? "reset"
                          : copy->destroy == NULL ? "destroy"
                                                  : NULL;
    if (missing == NULL && copy->step == NULL && copy->step_box == NULL) {
        missing = "step (or step_box)";
    }
    if (missing == NULL && (copy->save == NULL) != (copy->load == NULL)) {
        missing = copy->save == NULL ? "save (load is there)" : "load (save is there)";
    }
    if (missing != NULL) {
        return arq_fail(context, ARQ_E_ARGUMENT, "%s: the required method %s is NULL", what, missing);
    }
    return ARQ_OK;
}

static arq_status check_range(const arq_context *context, const char *name, const char *what, int64_t index, double low,
                              double high)
{
    /* Written so that NaN fails too. */
    if (low <= high && low < INFINITY && high > -INFINITY) {
        return ARQ_OK;
    }
    char which[32] = "";
    if (index >= 0) {
        snprintf(which, sizeof(which), " %" PRId64, index);
    }
    return arq_fail(context, ARQ_E_ARGUMENT, "%s: spec: bounds of %s%s are %g .. %g; low <= high is needed", name, what,
                    which, low, high);
}

static arq_status check_ranges(const arq_context *context, const char *name, const char *what, uint32_t count,
                               const double *low, const double *high)
{
    for (uint32_t i = 0; i < count && (low != NULL || high != NULL); i++) {
        arq_status status =
            check_range(context, name, what, i, low == NULL ? -INFINITY : low[i], high == NULL ? INFINITY : high[i]);
        if (status != ARQ_OK) {
            return status;
        }
    }
    return ARQ_OK;
}

static arq_status check_shape(const arq_context *context, const char *name, const arq_env_spec *spec)
{
    if (spec->observation_rank > ARQ_OBSERVATION_MAX_RANK) {
        return arq_fail(context, ARQ_E_ARGUMENT, "%s: spec: observation_rank is %" PRIu32 "; accepted: 0 .. %d", name,
                        spec->observation_rank, ARQ_OBSERVATION_MAX_RANK);
    }
    if (spec->observation_rank == 0 || spec->observation_kind == ARQ_OBSERVATION_DISCRETE) {
        return ARQ_OK;
    }
    uint64_t product = 1;
    for (uint32_t i = 0; i < spec->observation_rank && product <= UINT32_MAX; i++) {
        product *= spec->observation_shape[i];
    }
    if (product != spec->observation_size) {
        return arq_fail(context, ARQ_E_ARGUMENT,
                        "%s: spec: the product of observation_shape is %s%" PRIu64 ", observation_size is %" PRIu32
                        "; they must be equal",
                        name, product > UINT32_MAX ? "at least " : "", product, spec->observation_size);
    }
    return ARQ_OK;
}

static arq_status check_observation(const arq_context *context, const char *name, const arq_env_spec *spec)
{
    arq_status status = arq_observation_validate(context, spec->observation_kind, spec->observation_size);
    if (status != ARQ_OK) {
        char text[256];
        arq_context_last_error(context, text, sizeof(text));
        return arq_fail(context, status, "%s: spec: %s", name, text);
    }
    status = check_shape(context, name, spec);
    if (status != ARQ_OK || spec->observation_kind == ARQ_OBSERVATION_DISCRETE) {
        return status;
    }
    return check_ranges(context, name, "observation value", spec->observation_size, spec->observation_low,
                        spec->observation_high);
}

static arq_status check_action(const arq_context *context, const char *name, const arq_env_spec *spec,
                               const arq_env_methods *methods)
{
    if (spec->action_kind != ARQ_ACTION_DISCRETE && spec->action_kind != ARQ_ACTION_BOX) {
        return arq_fail(context, ARQ_E_ARGUMENT,
                        "%s: spec: action_kind is %" PRId32 "; accepted: 1 (discrete), 2 (box)", name,
                        spec->action_kind);
    }
    if (spec->action_count == 0 || spec->action_count > INT32_MAX) {
        return arq_fail(context, ARQ_E_ARGUMENT, "%s: spec: action_count is %" PRIu32 "; accepted: 1 .. %d", name,
                        spec->action_count, INT32_MAX);
    }
    int box = spec->action_kind == ARQ_ACTION_BOX;
    if (box ? methods->step_box == NULL : methods->step == NULL) {
        return arq_fail(context, ARQ_E_ARGUMENT, "%s: methods: %s is NULL; %s actions need it", name,
                        box ? "step_box" : "step", box ? "box" : "discrete");
    }
    if (!box) {
        return ARQ_OK;
    }
    if (spec->action_low == NULL || spec->action_high == NULL) {
        return arq_fail(context, ARQ_E_ARGUMENT,
                        "%s: spec: %s is NULL; box actions need bounds (infinite if unbounded)", name,
                        spec->action_low == NULL ? "action_low" : "action_high");
    }
    return check_ranges(context, name, "action component", spec->action_count, spec->action_low, spec->action_high);
}

static arq_status check_reward(const arq_context *context, const char *name, const arq_env_spec *spec)
{
    if (spec->reward_range_known > 1) {
        return arq_fail(context, ARQ_E_ARGUMENT, "%s: spec: reward_range_known is %" PRIu32 "; accepted: 0 or 1", name,
                        spec->reward_range_known);
    }
    if (spec->reward_range_known == 0) {
        return ARQ_OK;
    }
    return check_range(context, name, "the reward", -1, spec->reward_low, spec->reward_high);
}

arq_status arq_env_spec_validate(const arq_context *context, const char *name, const arq_env_spec *spec,
                                 const arq_env_methods *methods)
{
    if (spec->struct_size != sizeof(*spec)) {
        return arq_fail(context, ARQ_E_ARGUMENT,
                        "%s: spec: struct_size came back as %" PRIu32 "; it must stay %zu as it was handed over", name,
                        spec->struct_size, sizeof(*spec));
    }
    arq_status status = check_observation(context, name, spec);
    if (status != ARQ_OK) {
        return status;
    }
    status = check_action(context, name, spec, methods);
    if (status != ARQ_OK) {
        return status;
    }
    status = check_reward(context, name, spec);
    if (status != ARQ_OK) {
        return status;
    }
    char what[160];
    snprintf(what, sizeof(what), "%s: spec", name);
    return arq_table_check_reserved(context, ARQ_E_ARGUMENT, what, spec->reserved);
}
