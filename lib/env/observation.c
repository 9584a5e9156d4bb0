#include "env/observation.h"

#include "core/finite.h"

#include <inttypes.h>
#include <math.h>

size_t arq_observation_bytes(int32_t kind, uint32_t size)
{
    size_t bytes = 0;
    if (size == 0) {
        return 0;
    }
    switch (kind) {
    case ARQ_OBSERVATION_BIT:
        return (size_t)size / 8 + (size % 8 != 0);
    case ARQ_OBSERVATION_U8:
        return size;
    case ARQ_OBSERVATION_F32:
        return arq_multiply_sizes(size, sizeof(float), &bytes) ? bytes : 0;
    case ARQ_OBSERVATION_F64:
        return arq_multiply_sizes(size, sizeof(double), &bytes) ? bytes : 0;
    case ARQ_OBSERVATION_DISCRETE:
        return sizeof(int32_t);
    default:
        return 0;
    }
}

size_t arq_observation_alignment(int32_t kind)
{
    switch (kind) {
    case ARQ_OBSERVATION_F32:
        return _Alignof(float);
    case ARQ_OBSERVATION_F64:
        return _Alignof(double);
    case ARQ_OBSERVATION_DISCRETE:
        return _Alignof(int32_t);
    default:
        return 1;
    }
}

arq_status arq_observation_validate(const arq_context *context, int32_t kind, uint32_t size)
{
    if (kind < ARQ_OBSERVATION_BIT || kind > ARQ_OBSERVATION_DISCRETE) {
        return arq_fail(context, ARQ_E_ARGUMENT,
                        "observation kind is %" PRId32 "; accepted: 1 (bit), 2 (u8), 3 (f32), 4 (f64), 5 (discrete)",
                        kind);
    }
    if (kind == ARQ_OBSERVATION_DISCRETE && size > INT32_MAX) {
        return arq_fail(context, ARQ_E_ARGUMENT,
                        "observation size is %" PRIu32 "; a discrete one has at most %d states", size, INT32_MAX);
    }
    if (arq_observation_bytes(kind, size) == 0) {
        return arq_fail(context, ARQ_E_ARGUMENT,
                        "observation size is %" PRIu32 "; it must be at least 1 and fit memory", size);
    }
    return ARQ_OK;
}

/* Finite floats have an exponent below all ones; the loops run over the whole array so that they vectorise. */
static int all_finite_f32(const void *values, uint32_t size)
{
    const unsigned char *bytes = values;
    uint32_t infinite = 0;
    for (uint32_t i = 0; i < size; i++) {
        uint32_t bits;
        __builtin_memcpy(&bits, bytes + (size_t)i * sizeof(bits), sizeof(bits));
        infinite |= (bits & 0x7f800000u) == 0x7f800000u;
    }
    return infinite == 0;
}

/* Networks see them as floats. */
static int all_finite_f64(const void *values, uint32_t size)
{
    const unsigned char *bytes = values;
    uint64_t infinite = 0;
    for (uint32_t i = 0; i < size; i++) {
        uint64_t bits;
        __builtin_memcpy(&bits, bytes + (size_t)i * sizeof(bits), sizeof(bits));
        infinite |= (bits & INT64_MAX) > ARQ_LARGEST_AS_FLOAT_BITS;
    }
    return infinite == 0;
}

/* Value `index` of an observation that is not discrete. */
static double value_at(int32_t kind, const void *observation, uint32_t index)
{
    switch (kind) {
    case ARQ_OBSERVATION_BIT:
        return ((const uint8_t *)observation)[index / 8] >> index % 8 & 1;
    case ARQ_OBSERVATION_U8:
        return ((const uint8_t *)observation)[index];
    case ARQ_OBSERVATION_F32:
        return (double)((const float *)observation)[index];
    default:
        return ((const double *)observation)[index];
    }
}

int arq_observation_is_allowed(int32_t kind, uint32_t size, const void *observation)
{
    const uint8_t *bytes = observation;
    int32_t state;
    switch (kind) {
    case ARQ_OBSERVATION_BIT:
        return size % 8 == 0 || bytes[size / 8] >> size % 8 == 0;
    case ARQ_OBSERVATION_F32:
        return all_finite_f32(observation, size);
    case ARQ_OBSERVATION_F64:
        return all_finite_f64(observation, size);
    case ARQ_OBSERVATION_DISCRETE:
        __builtin_memcpy(&state, observation, sizeof(state));
        return state >= 0 && (uint32_t)state < size;
    default:
        return 1;
    }
}

static arq_status fail_not_finite(const arq_context *context, arq_status status, int32_t kind, uint32_t size,
                                  const void *observation, const char *what)
{
    uint32_t index = 0;
    while (index + 1 < size && arq_is_finite_as_float(value_at(kind, observation, index))) {
        index++;
    }
    const double value = value_at(kind, observation, index);
    return arq_fail(context, status, "%s: value %" PRIu32 " is %g; every value must be finite%s", what, index, value,
                    arq_finite_range(value));
}

arq_status arq_observation_check(const arq_context *context, arq_status status, int32_t kind, uint32_t size,
                                 const void *observation, const char *what)
{
    const uint8_t *bytes = observation;
    int32_t state;
    if (arq_observation_is_allowed(kind, size, observation)) {
        return ARQ_OK;
    }
    switch (kind) {
    case ARQ_OBSERVATION_BIT:
        return arq_fail(context, status,
                        "%s: the last byte is 0x%02x; only its lowest %" PRIu32
                        " bits are values, the spare bits must be 0",
                        what, bytes[size / 8], size % 8);
    case ARQ_OBSERVATION_DISCRETE:
        __builtin_memcpy(&state, observation, sizeof(state));
        return arq_fail(context, status, "%s: state is %" PRId32 "; declared are 0 .. %" PRIu32, what, state, size - 1);
    default:
        return fail_not_finite(context, status, kind, size, observation, what);
    }
}

int arq_observation_has_bounds(const arq_env_spec *spec)
{
    double lowest = spec->observation_kind <= ARQ_OBSERVATION_U8 ? 0 : -INFINITY;
    double highest = spec->observation_kind == ARQ_OBSERVATION_BIT  ? 1
                     : spec->observation_kind == ARQ_OBSERVATION_U8 ? UINT8_MAX
                                                                    : INFINITY;
    if (spec->observation_kind == ARQ_OBSERVATION_DISCRETE) {
        return 0;
    }
    for (uint32_t i = 0; i < spec->observation_size; i++) {
        if ((spec->observation_low != NULL && spec->observation_low[i] > lowest) ||
            (spec->observation_high != NULL && spec->observation_high[i] < highest)) {
            return 1;
        }
    }
    return 0;
}

/* Bounds are doubles. A float observation may lie on a bound that was rounded to float in any direction. */
static double slack(int32_t kind, double bound)
{
    return kind == ARQ_OBSERVATION_F32 ? fabs(bound) * 0x1p-23 : 0;
}

static double low_at(const arq_env_spec *spec, uint32_t index)
{
    return spec->observation_low == NULL ? -INFINITY : spec->observation_low[index];
}

static double high_at(const arq_env_spec *spec, uint32_t index)
{
    return spec->observation_high == NULL ? INFINITY : spec->observation_high[index];
}

uint32_t arq_observation_first_outside(const arq_env_spec *spec, const void *observation)
{
    int32_t kind = spec->observation_kind;
    uint32_t index = 0;
    for (; index < spec->observation_size; index++) {
        double value = value_at(kind, observation, index);
        double low = low_at(spec, index);
        double high = high_at(spec, index);
        if (value < low - slack(kind, low) || value > high + slack(kind, high)) {
            break;
        }
    }
    return index;
}

arq_status arq_observation_check_bounds(const arq_context *context, const arq_env_spec *spec, const void *observation,
                                        const char *what)
{
    uint32_t index = arq_observation_first_outside(spec, observation);
    if (index == spec->observation_size) {
        return ARQ_OK;
    }
    return arq_fail(context, ARQ_E_ENV, "%s: value %" PRIu32 " is %.17g; the declared bounds are %.17g .. %.17g", what,
                    index, value_at(spec->observation_kind, observation, index), low_at(spec, index),
                    high_at(spec, index));
}
