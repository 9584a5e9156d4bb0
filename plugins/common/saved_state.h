/* Saved states of environments: little-endian fields between the environment's id and a hash of all bytes.
 *
 * One function per environment names each field once, with the values it may have; the same function
 * counts, writes and reads, so that the three cannot drift apart.
 *
 *     u32 magic, u32 version, u32 length of the id, id, fields, u64 FNV-1a of everything before
 */
#ifndef ARQ_PLUGINS_SAVED_STATE_H
#define ARQ_PLUGINS_SAVED_STATE_H

#include "arq/env.h"

#include <stdbool.h>

struct saved_state {
    unsigned char *out;      /* writing: where to, or NULL to count only */
    const unsigned char *in; /* reading: where from; NULL when writing */
    size_t room;             /* bytes at out or in */
    size_t offset;           /* of the next field */
    bool failed;             /* reading: the state was refused; later fields are left alone */
    char *error;             /* where the reason goes */
    size_t error_size;
};

/* Starts writing (or, with out NULL, counting) the state of environment `id`. */
void saved_state_begin_write(struct saved_state *state, const char *id, uint32_t version, void *out, size_t room);

/* Appends the hash. ARQ_E_ARGUMENT if there was not enough room; *size is set in every case. */
arq_status saved_state_end_write(struct saved_state *state, size_t *size, char *error, size_t error_size);

/* Starts reading; a state with a wrong hash or of another environment or version fails here. */
void saved_state_begin_read(struct saved_state *state, const char *id, uint32_t version, const void *in, size_t size,
                            char *error, size_t error_size);

/* ARQ_OK, or ARQ_E_FORMAT if anything was refused or bytes are left over. */
arq_status saved_state_end_read(struct saved_state *state);

/* Fields. Reading refuses what is not within low..high; the target of a refused field is left alone. */
void saved_state_i32(struct saved_state *state, const char *name, int32_t *value, int32_t low, int32_t high);
void saved_state_i8(struct saved_state *state, const char *name, int8_t *value, int8_t low, int8_t high);
void saved_state_u8(struct saved_state *state, const char *name, uint8_t *value, uint8_t low, uint8_t high);
void saved_state_u32(struct saved_state *state, const char *name, uint32_t *value, uint32_t low, uint32_t high);
void saved_state_u64(struct saved_state *state, const char *name, uint64_t *value, uint64_t low, uint64_t high);
void saved_state_f64(struct saved_state *state, const char *name, double *value, double low, double high);

/* An option of the environment: it is part of the state, and reading refuses a state saved under another one. */
void saved_state_option(struct saved_state *state, const char *name, double value);

/* Refuses the state for a reason that no single field shows. Nothing when writing. */
void saved_state_require(struct saved_state *state, bool holds, const char *what);

/* The hash over `size` bytes. */
uint64_t saved_state_hash(const unsigned char *bytes, size_t size);

#endif
