#include "saved_state.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MAGIC 0x53515241u /* "ARQS" */
#define HASH_BYTES 8

uint64_t saved_state_hash(const unsigned char *bytes, size_t size)
{
    uint64_t hash = 0xcbf29ce484222325;

    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ bytes[i]) * 0x100000001b3;
    }
    return hash;
}

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static void
refuse(struct saved_state *state, const char *format, ...)
{
    if (state->failed) {
        return;
    }
    state->failed = true;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(state->error, state->error_size, format, arguments);
    va_end(arguments);
}

/* The next `bytes` bytes as a little-endian number; false where there is nothing to take over. */
static bool transfer(struct saved_state *state, uint64_t *value, size_t bytes)
{
    if (state->failed) {
        return false;
    }
    if (state->in == NULL) {
        for (size_t i = 0; state->out != NULL && i < bytes && state->offset + i < state->room; i++) {
            state->out[state->offset + i] = (unsigned char)(*value >> 8 * i);
        }
        state->offset += bytes;
        return false;
    }
    if (state->room - state->offset < bytes) {
        refuse(state, "load: the state ends after %zu bytes, in the middle of its fields", state->room);
        return false;
    }
    *value = 0;
    for (size_t i = 0; i < bytes; i++) {
        *value |= (uint64_t)state->in[state->offset + i] << 8 * i;
    }
    state->offset += bytes;
    return true;
}

void saved_state_begin_write(struct saved_state *state, const char *id, uint32_t version, void *out, size_t room)
{
    uint64_t magic = MAGIC;
    uint64_t format = version;
    uint64_t length = strlen(id);

    *state = (struct saved_state){.out = out, .room = room};
    transfer(state, &magic, 4);
    transfer(state, &format, 4);
    transfer(state, &length, 4);
    for (const char *next = id; *next != '\0'; next++) {
        uint64_t letter = (unsigned char)*next;
        transfer(state, &letter, 1);
    }
}

arq_status saved_state_end_write(struct saved_state *state, size_t *size, char *error, size_t error_size)
{
    size_t needed = state->offset + HASH_BYTES;

    *size = needed;
    if (state->out == NULL) {
        return ARQ_OK;
    }
    if (needed > state->room) {
        snprintf(error, error_size, "save: the state has %zu bytes, the buffer %zu", needed, state->room);
        return ARQ_E_ARGUMENT;
    }
    uint64_t hash = saved_state_hash(state->out, state->offset);
    transfer(state, &hash, HASH_BYTES);
    return ARQ_OK;
}

void saved_state_begin_read(struct saved_state *state, const char *id, uint32_t version, const void *in, size_t size,
                            char *error, size_t error_size)
{
    uint64_t magic = 0;
    uint64_t format = 0;
    uint64_t length = 0;
    uint64_t hash = 0;
    const size_t id_length = strlen(id);

    *state = (struct saved_state){.in = in, .room = size, .error = error, .error_size = error_size};
    if (in == NULL || size < 12 + HASH_BYTES) {
        refuse(state, "load: %zu bytes are too few for a state of %s", in != NULL ? size : 0, id);
        return;
    }
    state->offset = size - HASH_BYTES;
    transfer(state, &hash, HASH_BYTES);
    state->offset = 0;
    state->room = size - HASH_BYTES;
    transfer(state, &magic, 4);
    transfer(state, &format, 4);
    transfer(state, &length, 4);
    if (magic != MAGIC) {
        refuse(state, "load: the bytes are not a saved state (they begin with 0x%08" PRIx64 ")", magic);
    } else if (hash != saved_state_hash(in, state->room)) {
        refuse(state, "load: the state is damaged, its hash does not match");
    } else if (length != id_length || id_length > state->room - state->offset ||
               memcmp((const unsigned char *)in + state->offset, id, id_length) != 0) {
        refuse(state, "load: the state belongs to another environment than %s", id);
    } else if (format != version) {
        refuse(state, "load: the state has version %" PRIu64 ", %s reads version %" PRIu32, format, id, version);
    }
    state->offset += id_length;
}

arq_status saved_state_end_read(struct saved_state *state)
{
    if (!state->failed && state->offset != state->room) {
        refuse(state, "load: %zu bytes are left over after the last field", state->room - state->offset);
    }
    return state->failed ? ARQ_E_FORMAT : ARQ_OK;
}

/* Reads or writes a whole number of `bytes` bytes; true if a value within the range was read. */
static bool transfer_signed(struct saved_state *state, const char *name, int64_t *value, size_t bytes, int64_t low,
                            int64_t high)
{
    uint64_t bits = (uint64_t)*value;

    if (!transfer(state, &bits, bytes)) {
        return false;
    }
    uint64_t sign = (uint64_t)1 << (8 * bytes - 1);
    int64_t number = (int64_t)((bits ^ sign) - sign);
    if (number < low || number > high) {
        refuse(state, "load: %s is %" PRId64 ", accepted is %" PRId64 " to %" PRId64, name, number, low, high);
        return false;
    }
    *value = number;
    return true;
}

void saved_state_i32(struct saved_state *state, const char *name, int32_t *value, int32_t low, int32_t high)
{
    int64_t number = *value;

    if (transfer_signed(state, name, &number, 4, low, high)) {
        *value = (int32_t)number;
    }
}

void saved_state_i8(struct saved_state *state, const char *name, int8_t *value, int8_t low, int8_t high)
{
    int64_t number = *value;

    if (transfer_signed(state, name, &number, 1, low, high)) {
        *value = (int8_t)number;
    }
}

/* The same for numbers without a sign. */
static bool transfer_unsigned(struct saved_state *state, const char *name, uint64_t *value, size_t bytes, uint64_t low,
                              uint64_t high)
{
    uint64_t number = *value;

    if (!transfer(state, &number, bytes)) {
        return false;
    }
    if (number < low || number > high) {
        refuse(state, "load: %s is %" PRIu64 ", accepted is %" PRIu64 " to %" PRIu64, name, number, low, high);
        return false;
    }
    *value = number;
    return true;
}

void saved_state_u8(struct saved_state *state, const char *name, uint8_t *value, uint8_t low, uint8_t high)
{
    uint64_t number = *value;

    if (transfer_unsigned(state, name, &number, 1, low, high)) {
        *value = (uint8_t)number;
    }
}

void saved_state_u32(struct saved_state *state, const char *name, uint32_t *value, uint32_t low, uint32_t high)
{
    uint64_t number = *value;

    if (transfer_unsigned(state, name, &number, 4, low, high)) {
        *value = (uint32_t)number;
    }
}

void saved_state_u64(struct saved_state *state, const char *name, uint64_t *value, uint64_t low, uint64_t high)
{
    transfer_unsigned(state, name, value, 8, low, high);
}

void saved_state_f64(struct saved_state *state, const char *name, double *value, double low, double high)
{
    uint64_t bits;
    double number;

    memcpy(&bits, value, sizeof(bits));
    if (!transfer(state, &bits, 8)) {
        return;
    }
    memcpy(&number, &bits, sizeof(number));
    if (!(number >= low && number <= high)) {
        refuse(state, "load: %s is %g, accepted is %g to %g", name, number, low, high);
    } else {
        *value = number;
    }
}

void saved_state_option(struct saved_state *state, const char *name, double value)
{
    uint64_t bits;
    double saved;

    memcpy(&bits, &value, sizeof(bits));
    if (!transfer(state, &bits, 8)) {
        return;
    }
    memcpy(&saved, &bits, sizeof(saved));
    if (saved != value) {
        refuse(state, "load: the state was saved with option %s = %g, this instance has %g", name, saved, value);
    }
}

void saved_state_require(struct saved_state *state, bool holds, const char *what)
{
    if (state->in != NULL && !holds) {
        refuse(state, "load: the state breaks a rule: %s", what);
    }
}
