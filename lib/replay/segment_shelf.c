#include "replay/segment_shelf.h"

#include "system/folder.h"

#include <stdio.h>
#include <string.h>

/* A segment's file is at most about this large, and a full replay has at least so many segments: what belongs to none
 * yet is written with every checkpoint. */
#define FILE_BYTES_MOST ((uint64_t)4 << 20)
#define SEGMENTS_LEAST 16u
#define TRANSITIONS_LEAST 64u

#define NAME_BEGIN "replay-"
#define NAME_END ".safetensors"

static void lay_out(void *owner, arq_arena *arena)
{
    arq_segment_shelf *shelf = owner;
    shelf->folder = arq_arena_take(arena, shelf->folder_room, 1);
    shelf->next = arq_arena_take(arena, shelf->lanes, sizeof(*shelf->next));
    shelf->files = arq_arena_take(arena, shelf->count, sizeof(*shelf->files));
    shelf->hashes = arq_arena_take(arena, shelf->count, sizeof(*shelf->hashes));
    shelf->before = arq_arena_take(arena, shelf->before_count, sizeof(*shelf->before));
}

arq_status arq_shelf_create(arq_context *context, const char *folder, uint32_t lanes, size_t count, size_t before_count,
                            arq_segment_shelf **out)
{
    arq_segment_shelf *shelf = arq_alloc(context, 1, sizeof(*shelf));
    if (shelf == NULL) {
        return arq_fail_memory(context, "a list of segments", sizeof(*shelf));
    }
    shelf->context = context;
    shelf->lanes = lanes;
    shelf->count = count;
    shelf->before_count = before_count;
    shelf->folder_room = strlen(folder) + 1;
    atomic_init(&shelf->owners, 1u);
    atomic_init(&shelf->state, SHELF_PLANNED);
    arq_status status = arq_arena_create(context, "a list of segments", lay_out, shelf, &shelf->arena);
    if (status != ARQ_OK) {
        arq_free(context, shelf, 1, sizeof(*shelf));
        return status;
    }
    memcpy(shelf->folder, folder, shelf->folder_room);
    *out = shelf;
    return ARQ_OK;
}

void arq_shelf_release(arq_segment_shelf *shelf)
{
    if (shelf != NULL && atomic_fetch_sub(&shelf->owners, 1u) == 1) {
        arq_arena_destroy(shelf->context, &shelf->arena);
        arq_free(shelf->context, shelf, 1, sizeof(*shelf));
    }
}

uint64_t arq_segment_length(uint64_t slot_bytes, uint64_t capacity)
{
    uint64_t length = TRANSITIONS_LEAST;
    while (length * 2 <= capacity / SEGMENTS_LEAST && length * 2 * slot_bytes <= FILE_BYTES_MOST) {
        length *= 2;
    }
    while (length > 1 && length * slot_bytes > FILE_BYTES_MOST) {
        length /= 2;
    }
    return length;
}

/* ---- Names ---- */

void arq_segment_path(char path[ARQ_SEGMENT_PATH_SIZE], const char *folder, const segment_hash *hash)
{
    char digits[2 * ARQ_SHA256_BYTES + 1];
    arq_sha256_print(hash->bytes, digits);
    snprintf(path, ARQ_SEGMENT_PATH_SIZE, "%s/" NAME_BEGIN "%s" NAME_END, folder, digits);
}

/* Whether it is the name of a segment; of which one, is put into the hash. */
static int read_name(const char *name, segment_hash *hash)
{
    static const char digits[] = "0123456789abcdef";
    const size_t begin = sizeof(NAME_BEGIN) - 1;
    const size_t count = 2 * (size_t)ARQ_SHA256_BYTES;
    if (strncmp(name, NAME_BEGIN, begin) != 0 || strspn(name + begin, digits) != count ||
        strcmp(name + begin + count, NAME_END) != 0) {
        return 0;
    }
    for (size_t i = 0; i < ARQ_SHA256_BYTES; i++) {
        const char *pair = name + begin + 2 * i;
        hash->bytes[i] = (unsigned char)((strchr(digits, pair[0]) - digits) << 4 | (strchr(digits, pair[1]) - digits));
    }
    return 1;
}

static int is_among(const segment_hash *hash, const segment_hash *hashes, size_t count)
{
    size_t i = 0;
    while (i < count && memcmp(hash, &hashes[i], sizeof(segment_hash)) != 0) {
        i++;
    }
    return i < count;
}

typedef struct sweep {
    const char *folder;
    const arq_segment_shelf *shelf;
} sweep;

static void sweep_name(void *user, const char *name)
{
    const sweep *job = user;
    const arq_segment_shelf *shelf = job->shelf;
    segment_hash hash;
    if (!read_name(name, &hash) || (shelf != NULL && (is_among(&hash, shelf->hashes, shelf->count) ||
                                                      is_among(&hash, shelf->before, shelf->before_count)))) {
        return;
    }
    char path[ARQ_SEGMENT_PATH_SIZE];
    arq_segment_path(path, job->folder, &hash);
    arq_path_remove(path);
}

void arq_shelf_sweep(const char *folder, const arq_segment_shelf *shelf)
{
    arq_folder_visit(folder, sweep_name, &(sweep){folder, shelf});
}
