/*
 * One way to save and load. What can be in a file is a part, and a part is one function that lists its fields: name,
 * type, shape, place and range of each stand together. The same list is gone through to write a file, to check one,
 * and to take from it. A file is taken from only when every field of every part is right; until then nothing changes.
 */
#ifndef ARQ_IO_SAVED_H
#define ARQ_IO_SAVED_H

#include "core/random.h"
#include "io/safetensors.h"

/* Where a list of fields is gone through. After a failure the rest of the list does nothing. */
typedef struct arq_record {
    arq_context *context;
    const char *prefix; /* before the names of the part's tensors */
    arq_writer *writer; /* writing; otherwise NULL */
    const arq_reader *reader;
    int takes; /* reading: everything has been checked, values go to their places; nothing fails */
    arq_status status;
} arq_record;

/* Values that are accepted. */
typedef struct arq_range {
    double low, high;
    int or_nan;
} arq_range;

extern const arq_range arq_range_finite;       /* of floats */
extern const arq_range arq_range_not_negative; /* and finite, of floats */

/* Counts stay exact as the doubles that metrics are. */
#define ARQ_COUNT_MOST 9007199254740992.0

/* A tensor whose values lie in one place as long as the thing lives. */
typedef struct arq_field {
    const char *name;
    arq_dtype dtype;
    uint32_t rank;
    uint64_t shape[2];
    void *place;
    const arq_range *range; /* NULL: every value of the type */
    const void *absent;     /* values that a file without the tensor means; NULL: such a file is refused */
} arq_field;

void arq_record_field(arq_record *record, const arq_field *field);

/* One value of a vector of whole numbers or doubles. */
typedef struct arq_number {
    const char *name; /* for texts */
    double value;     /* to write; reading, at the check too: what the file says */
    arq_range range;
} arq_number;

#define ARQ_MAX_NUMBERS 16
void arq_record_numbers(arq_record *record, const char *name, arq_dtype dtype, arq_number *numbers, uint32_t count);

/* Refuses a number of a vector that has more of them. */
void arq_record_check_number(arq_record *record, const char *name, const arq_number *number);

/* The state of a random stream, which is never all zero. */
void arq_record_random(arq_record *record, const char *name, arq_random *random);
void arq_record_randoms(arq_record *record, const char *name, arq_random *randoms, uint32_t count);

/* A text of the file's metadata, written only. */
void arq_record_text(arq_record *record, const char *key, const char *value);

/* The tensor of a file that is read, or NULL: for checks that no range can say. */
const arq_tensor *arq_record_find(const arq_record *record, const char *name);

/* The name of a tensor behind the record's prefix. */
typedef struct arq_full_name {
    char text[128];
} arq_full_name;
arq_full_name arq_record_name(const arq_record *record, const char *name);

/* Ends the list: "<path>: <text>". */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
void arq_record_refuse(arq_record *record, arq_status status, const char *format, ...);

typedef struct arq_part {
    void (*list)(arq_record *record, void *thing);
    void *thing;
    const char *prefix;
    /* Keeps others from a thing while it is taken: ARQ_E_BUSY, which names the call. Everything has been checked, so
     * that here, in the last part, the rest that may fail has its place. NULL: there is nothing to do. */
    arq_status (*lock)(void *thing, const char *call);
    void (*unlock)(void *thing);
} arq_part;

/* A thing that is saved is only read, though its list could change it. */
static inline void *arq_saved_thing(const void *thing)
{
    union {
        const void *saved;
        void *listed;
    } both = {thing};
    return both.listed;
}

/* A file of this kind from its parts, in their order, to be written; the parts' data is borrowed. */
arq_status arq_write_parts(arq_context *context, const char *kind, const arq_part *parts, size_t count,
                           arq_writer **out);

/* Writes it to its path. */
arq_status arq_save_parts(arq_context *context, const char *path, const char *kind, const arq_part *parts,
                          size_t count);

/* Opens a file that must be of this kind or, where it is not NULL, of the other. */
arq_status arq_open_kind(arq_context *context, const char *path, const char *kind, const char *or_kind,
                         arq_reader **out);

/* Checks all parts, then takes all of them. */
arq_status arq_take_parts(const arq_reader *reader, const char *call, const arq_part *parts, size_t count);

/* Both: arq_open_kind and arq_take_parts. */
arq_status arq_load_parts(arq_context *context, const char *call, const char *path, const char *kind,
                          const arq_part *parts, size_t count);

#endif
