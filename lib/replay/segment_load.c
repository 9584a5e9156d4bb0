/* Reading a checkpoint's segments: each must be the file that is listed, to the byte, and then hold what fits what came
 * before it. */
#include "replay/segment_files.h"

#include "io/file.h"
#include "replay/segment_shelf.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define PIECE_BYTES ((size_t)1 << 16)

/* What a checkpoint's file says of its segments. */
typedef struct segment_list {
    const arq_saved_replay *saved;
    size_t count;
    const uint64_t *files; /* [count, ARQ_SEGMENT_FIELDS] */
    const segment_hash *hashes;
    uint64_t skipped;
} segment_list;

/* ---- The list ---- */

static segment_file file_at(const segment_list *list, size_t index)
{
    const uint64_t *row = list->files + index * ARQ_SEGMENT_FIELDS;
    return (segment_file){.serial = row[0], .transitions = row[1], .bytes = row[2]};
}

/* Rows that say more transitions than the history has room for would make the reader take more memory than it may;
 * serial numbers that rise by one keep a segment from being listed twice. */
static void check_list(arq_record *record, const segment_list *list, const arq_history *history)
{
    const uint64_t most = (uint64_t)ARQ_COUNT_MOST;
    uint64_t transitions = 0;
    for (size_t i = 0; i < list->count; i++) {
        segment_file file = file_at(list, i);
        if (file.serial > most || file.bytes > most || file.transitions < 1 || file.transitions > most) {
            arq_record_refuse(record, ARQ_E_FORMAT,
                              "segment %zu of '%ssegments' has number %" PRIu64 ", %" PRIu64 " transitions and %" PRIu64
                              " bytes; accepted: 0 .. 2^53, of transitions 1 .. 2^53",
                              i, record->prefix, file.serial, file.transitions, file.bytes);
            return;
        }
        if (i > 0 && file.serial != file_at(list, i - 1).serial + 1) {
            arq_record_refuse(record, ARQ_E_FORMAT,
                              "segment %zu of '%ssegments' has number %" PRIu64 ", %" PRIu64 " expected", i,
                              record->prefix, file.serial, file_at(list, i - 1).serial + 1);
            return;
        }
        transitions += i == 0 ? file.transitions - list->skipped : file.transitions;
        if ((i == 0 && list->skipped >= file.transitions) || transitions > history->capacity) {
            arq_record_refuse(
                record, ARQ_E_FORMAT,
                "'%ssegments' lists %" PRIu64 " transitions up to segment %zu, %" PRIu64
                " of the first left out; accepted: fewer than that one has, and up to the capacity %" PRIu64,
                record->prefix, transitions, i, list->skipped, history->capacity);
            return;
        }
    }
}

/* A file without segments has no list. */
static void find_list(arq_record *record, segment_list *list, const arq_history *history)
{
    const arq_tensor *files = arq_record_find(record, "segments");
    const arq_tensor *found;
    if (files == NULL) {
        return;
    }
    const uint64_t count = files->rank == 2 ? files->shape[0] : 0;
    const uint64_t file_shape[2] = {count, ARQ_SEGMENT_FIELDS};
    const uint64_t hash_shape[2] = {count, ARQ_SHA256_BYTES};
    record->status =
        arq_reader_need(record->reader, arq_record_name(record, "segments").text, ARQ_DTYPE_U64, 2, file_shape, &found);
    if (record->status != ARQ_OK) {
        return;
    }
    list->files = found->data;
    record->status = arq_reader_need(record->reader, arq_record_name(record, "segment_hashes").text, ARQ_DTYPE_U8, 2,
                                     hash_shape, &found);
    if (record->status != ARQ_OK) {
        return;
    }
    list->hashes = found->data;
    list->count = (size_t)count;
    record->status = arq_reader_values(record->reader, arq_record_name(record, "segments_skipped").text, ARQ_DTYPE_U64,
                                       1, &list->skipped);
    if (record->status == ARQ_OK) {
        check_list(record, list, history);
    }
}

/* ---- A segment ---- */

static arq_status digest_file(arq_context *context, const char *path, int file, uint64_t bytes, segment_hash *hash)
{
    unsigned char *piece = arq_alloc(context, PIECE_BYTES, 1);
    if (piece == NULL) {
        return arq_fail_memory(context, "reading a replay segment", PIECE_BYTES);
    }
    arq_sha256 sha;
    arq_status status = ARQ_OK;
    arq_sha256_begin(&sha);
    for (uint64_t left = bytes, part; left > 0 && status == ARQ_OK; left -= part) {
        part = left < PIECE_BYTES ? left : PIECE_BYTES;
        status = arq_file_read(context, path, file, piece, (size_t)part);
        arq_sha256_add(&sha, piece, (size_t)part);
    }
    arq_sha256_end(&sha, hash->bytes);
    arq_free(context, piece, PIECE_BYTES, 1);
    return status;
}

/* Whether the file is the one that was written. */
static arq_status check_file(arq_context *context, const char *path, uint64_t bytes, const segment_hash *expected)
{
    segment_hash hash = {{0}};
    int file;
    uint64_t found;
    arq_status status = arq_file_open(context, path, &file, &found);
    if (status != ARQ_OK) {
        return status;
    }
    if (found != bytes) {
        status = arq_fail(context, ARQ_E_FORMAT, "%.200s: %" PRIu64 " bytes, %" PRIu64 " expected", path, found, bytes);
    } else {
        status = digest_file(context, path, file, bytes, &hash);
    }
    arq_file_close(file);
    if (status == ARQ_OK && memcmp(&hash, expected, sizeof(hash)) != 0) {
        char digits[2 * ARQ_SHA256_BYTES + 1];
        arq_sha256_print(hash.bytes, digits);
        status = arq_fail(context, ARQ_E_FORMAT,
                          "%.200s: it has changed since it was written: its SHA-256 is %.16s..., unlike its name", path,
                          digits);
    }
    return status;
}

static void read_segment(arq_record *record, const segment_list *list, size_t index, arq_saved_lane *lanes,
                         arq_history *history)
{
    const segment_file listed = file_at(list, index);
    const uint64_t shape[1] = {history->lanes};
    const arq_tensor *slots;
    uint64_t serial;
    arq_columns columns = {.replay = list->saved->replay,
                           .actions = list->saved->actions,
                           .lanes = lanes,
                           .has_earlier = 1,
                           .has_later = 1,
                           .skipped = index == 0 ? list->skipped : 0};
    record->status = arq_reader_values(record->reader, "serial", ARQ_DTYPE_U64, 1, &serial);
    if (record->status != ARQ_OK) {
        return;
    }
    record->status = arq_reader_need(record->reader, "slots", ARQ_DTYPE_U64, 1, shape, &slots);
    if (record->status != ARQ_OK) {
        return;
    }
    for (uint32_t i = 0; i < history->lanes; i++) {
        lanes[i].slots = ((const uint64_t *)slots->data)[i];
        if (lanes[i].slots > (uint64_t)ARQ_COUNT_MOST) {
            arq_record_refuse(record, ARQ_E_FORMAT, "value %" PRIu32 " of 'slots' is %" PRIu64 "; accepted: 0 .. 2^53",
                              i, lanes[i].slots);
            return;
        }
    }
    arq_columns_read(record, &columns, history);
    if (record->status == ARQ_OK && (serial != listed.serial || columns.transitions != listed.transitions)) {
        arq_record_refuse(record, ARQ_E_FORMAT,
                          "it is segment %" PRIu64 " with %" PRIu64 " transitions, %" PRIu64 " with %" PRIu64
                          " expected",
                          serial, columns.transitions, listed.serial, listed.transitions);
    }
}

static arq_status load_segment(arq_context *context, const segment_list *list, size_t index, arq_saved_lane *lanes,
                               arq_history *history)
{
    char path[ARQ_SEGMENT_PATH_SIZE];
    const segment_hash *hash = &list->hashes[index];
    arq_segment_path(path, list->saved->folder, hash);
    arq_status status = check_file(context, path, file_at(list, index).bytes, hash);
    if (status != ARQ_OK) {
        return status;
    }
    arq_reader *reader;
    status = arq_open_kind(context, path, ARQ_SEGMENT_KIND, NULL, &reader);
    if (status != ARQ_OK) {
        return status;
    }
    arq_record record = {.context = context, .prefix = "", .reader = reader};
    read_segment(&record, list, index, lanes, history);
    arq_reader_close(reader);
    return record.status;
}

/* ---- All of them ---- */

/* The history's own list: its next copy goes on from here. */
static arq_status keep_list(const segment_list *list, arq_history *history)
{
    arq_segment_shelf *shelf;
    arq_status status =
        arq_shelf_create(history->segments.context, list->saved->folder, history->lanes, list->count, 0, &shelf);
    if (status != ARQ_OK) {
        return status;
    }
    for (size_t i = 0; i < list->count; i++) {
        shelf->files[i] = file_at(list, i);
        shelf->hashes[i] = list->hashes[i];
    }
    for (uint32_t i = 0; i < history->lanes; i++) {
        shelf->next[i] = history->lane[i].slots.end;
    }
    shelf->order_next = history->order.end;
    shelf->skipped = list->skipped;
    atomic_store(&shelf->state, SHELF_WRITTEN);
    history->shelf = shelf;
    return ARQ_OK;
}

void arq_segments_read(arq_record *record, const arq_saved_replay *saved, const arq_saved_lane *lanes,
                       arq_history *history)
{
    segment_list list = {.saved = saved};
    find_list(record, &list, history);
    if (record->status != ARQ_OK || list.count == 0) {
        return;
    }
    arq_saved_lane *own = arq_alloc(record->context, history->lanes, sizeof(*own));
    if (own == NULL) {
        record->status = arq_fail_memory(record->context, "loading a replay", history->lanes * sizeof(*own));
        return;
    }
    for (uint32_t i = 0; i < history->lanes; i++) {
        own[i].first_age = lanes[i].first_age;
    }
    for (size_t i = 0; i < list.count && record->status == ARQ_OK; i++) {
        record->status = load_segment(record->context, &list, i, own, history);
    }
    arq_free(record->context, own, history->lanes, sizeof(*own));
    if (record->status == ARQ_OK) {
        record->status = keep_list(&list, history);
    }
}
