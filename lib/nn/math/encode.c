#include "nn/math/encode.h"

#include "system/fp.h"

#include <string.h>

static int read_as_bits(int32_t kind)
{
    return kind == ARQ_OBSERVATION_BIT || kind == ARQ_OBSERVATION_DISCRETE;
}

static size_t encoded_bytes(int32_t kind, uint32_t size)
{
    return read_as_bits(kind) ? ((size_t)size + 7) / 8 : (size_t)size * sizeof(float);
}

size_t arq_encode_bytes(int32_t kind, uint32_t size, size_t count)
{
    if (kind == ARQ_OBSERVATION_BIT || kind == ARQ_OBSERVATION_F32) {
        return 0;
    }
    return encoded_bytes(kind, size) * count;
}

static void encode_states(uint32_t size, size_t count, const void *observations, uint8_t *out)
{
    size_t bytes = ((size_t)size + 7) / 8;
    memset(out, 0, bytes * count);
    for (size_t i = 0; i < count; i++) {
        int32_t state;
        memcpy(&state, (const char *)observations + i * sizeof(state), sizeof(state));
        out[i * bytes + (uint32_t)state / 8] = (uint8_t)(1u << ((uint32_t)state % 8));
    }
}

const void *arq_encode(int32_t kind, uint32_t size, size_t count, const void *observations, void *space)
{
    size_t values = (size_t)size * count;
    float *floats = space;
    switch (kind) {
    case ARQ_OBSERVATION_DISCRETE:
        encode_states(size, count, observations, space);
        return space;
    case ARQ_OBSERVATION_U8:
        for (size_t i = 0; i < values; i++) {
            floats[i] = (float)((const uint8_t *)observations)[i] / 255.0f;
        }
        return space;
    case ARQ_OBSERVATION_F64:
        for (size_t i = 0; i < values; i++) {
            double value;
            memcpy(&value, (const char *)observations + i * sizeof(value), sizeof(value));
            floats[i] = (float)value;
        }
        return space;
    default:
        return observations;
    }
}

arq_segment arq_encoded_segment(int32_t kind, uint32_t size, const void *encoded, uint32_t per_row, uint32_t index)
{
    arq_segment segment = {.size = size};
    if (read_as_bits(kind)) {
        size_t bytes = encoded_bytes(kind, size);
        segment.bits = (const uint8_t *)encoded + index * bytes;
        segment.stride = bytes * per_row;
    } else {
        segment.dense = (const float *)encoded + (size_t)index * size;
        segment.stride = (size_t)size * per_row;
    }
    return segment;
}

arq_status arq_observation_floats(int32_t kind, uint32_t size, size_t count, const void *observations, float *values)
{
    size_t bytes = arq_observation_bytes(kind, size);
    if (bytes == 0 || observations == NULL || values == NULL) {
        return ARQ_E_ARGUMENT;
    }
    for (size_t i = 0; i < count; i++) {
        const char *from = (const char *)observations + i * bytes;
        float *to = values + i * size;
        if (kind == ARQ_OBSERVATION_DISCRETE) {
            int32_t state;
            memcpy(&state, from, sizeof(state));
            if (state < 0 || (uint32_t)state >= size) {
                return ARQ_E_ARGUMENT;
            }
            memset(to, 0, size * sizeof(float));
            to[state] = 1.0f;
        } else if (kind == ARQ_OBSERVATION_BIT) {
            for (uint32_t j = 0; j < size; j++) {
                to[j] = (float)((uint8_t)from[j / 8] >> (j % 8) & 1);
            }
        } else if (kind == ARQ_OBSERVATION_F32) {
            memcpy(to, from, bytes);
        } else {
            uint64_t mode = arq_fp_enter();
            arq_encode(kind, size, 1, from, to);
            arq_fp_leave(mode);
        }
    }
    return ARQ_OK;
}
