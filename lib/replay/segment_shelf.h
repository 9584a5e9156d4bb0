/*
 * The segments that a checkpoint's file lists, and their names in its folder.
 */
#ifndef ARQ_REPLAY_SEGMENT_SHELF_H
#define ARQ_REPLAY_SEGMENT_SHELF_H

#include "core/arena.h"
#include "io/sha256.h"
#include "system/file.h"

#include <stdatomic.h>

#define ARQ_SEGMENT_KIND "replay segment"

/* A row of "segments", whose hash is a row of "hashes". */
typedef struct segment_file {
    uint64_t serial; /* of all the replay ever had: no two segments are alike */
    uint64_t transitions;
    uint64_t bytes; /* 0: not written yet */
} segment_file;
enum { ARQ_SEGMENT_FIELDS = 3 };
_Static_assert(sizeof(segment_file) == ARQ_SEGMENT_FIELDS * sizeof(uint64_t), "segments lie without gaps");

typedef struct segment_hash {
    unsigned char bytes[ARQ_SHA256_BYTES];
} segment_hash;

typedef enum shelf_state {
    SHELF_PLANNED,
    SHELF_WRITTEN, /* the checkpoint's file that lists them is in place */
    SHELF_LOST     /* one of them is gone */
} shelf_state;

/* The segments that a checkpoint lists. A history has that of the newest checkpoint; a copy makes another one, which
 * takes its place once it is written. Whoever lets go last frees it. */
typedef struct arq_segment_shelf {
    arq_context *context;
    atomic_uint owners;
    atomic_int state;
    int follows; /* it is known what the folder's checkpoint before it lists */
    uint32_t lanes;
    size_t count;
    size_t before_count;
    size_t folder_room;
    arq_arena arena;
    char *folder;
    uint64_t *next; /* [lanes] position of the first slot that no segment has */
    uint64_t order_next;
    uint64_t skipped;     /* transitions of the oldest segment that the replay has lost */
    segment_file *files;  /* [count] the oldest first */
    segment_hash *hashes; /* [count] */
    segment_hash *before; /* [before_count] of the checkpoint before */
} arq_segment_shelf;

/* With one owner. */
arq_status arq_shelf_create(arq_context *context, const char *folder, uint32_t lanes, size_t count, size_t before_count,
                            arq_segment_shelf **out);
void arq_shelf_release(arq_segment_shelf *shelf);

/* How many transitions a segment of such a replay has. */
uint64_t arq_segment_length(uint64_t slot_bytes, uint64_t capacity);

#define ARQ_SEGMENT_PATH_SIZE (ARQ_PATH_SIZE + 128)
void arq_segment_path(char path[ARQ_SEGMENT_PATH_SIZE], const char *folder, const segment_hash *hash);

/* Removes the folder's segments except those of the shelf, where it is not NULL, and of the checkpoint before it. */
void arq_shelf_sweep(const char *folder, const arq_segment_shelf *shelf);

#endif
