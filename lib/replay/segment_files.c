#include "replay/segment_files.h"

#include "io/file.h"
#include "replay/segment_shelf.h"
#include "system/folder.h"

#include <inttypes.h>
#include <string.h>

struct arq_segment_copy {
    arq_segment_shelf *shelf;
    size_t fresh;         /* the newest ones, which are to be written */
    arq_writer **writers; /* [fresh] */
    uint8_t *added;       /* [fresh] the file is there, and was not before */
};

void arq_segments_forget(arq_history *history)
{
    arq_shelf_release(history->shelf);
    arq_shelf_release(history->planned);
    history->shelf = NULL;
    history->planned = NULL;
}

/* Looks at what has become of the last copy. */
static void settle_plan(arq_history *history)
{
    arq_segment_shelf *planned = history->planned;
    int state = planned == NULL ? SHELF_PLANNED : atomic_load(&planned->state);
    history->planned = NULL;
    if (state == SHELF_PLANNED) {
        arq_shelf_release(planned);
        return;
    }
    arq_shelf_release(history->shelf);
    history->shelf = state == SHELF_WRITTEN ? planned : NULL;
    if (state == SHELF_LOST) {
        arq_shelf_release(planned);
    }
}

/* ---- Copying ---- */

/* Where what no segment has begins; what was lost before it came into one is gone. */
static uint64_t begin_of_rest(const arq_segment_shelf *shelf, const arq_history *history, uint32_t lane)
{
    uint64_t first = history->lane[lane].slots.first;
    return shelf == NULL || shelf->next[lane] < first ? first : shelf->next[lane];
}

static uint64_t begin_of_order(const arq_segment_shelf *shelf, const arq_history *history)
{
    uint64_t first = history->order.first;
    return shelf == NULL || shelf->order_next < first ? first : shelf->order_next;
}

arq_slot_span arq_segments_rest(const arq_segment_copy *copy, const arq_history *history, arq_slot_span *lanes)
{
    const arq_segment_shelf *shelf = copy == NULL ? NULL : copy->shelf;
    for (uint32_t i = 0; i < history->lanes; i++) {
        lanes[i] = (arq_slot_span){begin_of_rest(shelf, history, i), history->lane[i].slots.end};
    }
    return (arq_slot_span){begin_of_order(shelf, history), history->order.end};
}

static uint64_t count_rest(const arq_segment_shelf *shelf, const arq_history *history)
{
    if (history->lanes > 1) {
        return history->order.end - begin_of_order(shelf, history);
    }
    const arq_replay_slots *slots = &history->lane[0].slots;
    uint64_t count = 0;
    for (uint64_t position = begin_of_rest(shelf, history, 0); position < slots->end; position++) {
        count += *arq_replay_slots_flags(slots, position) & ARQ_SLOT_TRANSITION;
    }
    return count;
}

/* Moves the shelf's positions behind the next transition. */
static void pass_transition(arq_segment_shelf *shelf, const arq_history *history)
{
    uint32_t lane = 0;
    if (history->lanes > 1) {
        memcpy(&lane, arq_replay_slots_at(&history->order, ARQ_COLUMN_LANE, shelf->order_next), sizeof(lane));
        shelf->order_next++;
    }
    uint64_t *next = &shelf->next[lane];
    while ((*arq_replay_slots_flags(&history->lane[lane].slots, *next) & ARQ_SLOT_TRANSITION) == 0) {
        (*next)++;
    }
    (*next)++;
}

static void list_segment(arq_record *record, const arq_replay *replay, const arq_slot_span *lanes, arq_slot_span order,
                         uint64_t serial)
{
    uint32_t count = replay->history->lanes;
    uint64_t *slots = arq_alloc(record->context, count, sizeof(*slots));
    if (slots == NULL) {
        record->status = arq_fail_memory(record->context, "a replay segment", count * sizeof(*slots));
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        slots[i] = lanes[i].to - lanes[i].from;
    }
    arq_record_text(record, "kind", ARQ_SEGMENT_KIND);
    if (record->status == ARQ_OK) {
        record->status = arq_writer_values(record->writer, "serial", ARQ_DTYPE_U64, 1, &serial);
    }
    if (record->status == ARQ_OK) {
        record->status = arq_writer_values(record->writer, "slots", ARQ_DTYPE_U64, count, slots);
    }
    arq_free(record->context, slots, count, sizeof(*slots));
    arq_columns_write(record, replay, lanes, order);
    if (record->status == ARQ_OK) {
        record->status = arq_writer_keep(record->writer);
    }
}

/* The next segment, from where the shelf stands. `spans` is room for those of all lanes. */
static arq_status copy_segment(const arq_replay *replay, arq_segment_copy *copy, size_t index, arq_slot_span *spans)
{
    const arq_history *history = replay->history;
    arq_segment_shelf *shelf = copy->shelf;
    const segment_file *file = &shelf->files[shelf->count - copy->fresh + index];
    arq_record record = {.context = replay->context, .prefix = ""};
    arq_status status = arq_writer_create(replay->context, &record.writer);
    if (status != ARQ_OK) {
        return status;
    }
    arq_slot_span order = {.from = shelf->order_next};
    for (uint32_t i = 0; i < history->lanes; i++) {
        spans[i].from = shelf->next[i];
    }
    for (uint64_t t = 0; t < file->transitions; t++) {
        pass_transition(shelf, history);
    }
    order.to = shelf->order_next;
    for (uint32_t i = 0; i < history->lanes; i++) {
        spans[i].to = shelf->next[i];
    }
    copy->writers[index] = record.writer;
    list_segment(&record, replay, spans, order, file->serial);
    return record.status;
}

static arq_status copy_segments(const arq_replay *replay, arq_segment_copy *copy)
{
    uint32_t lanes = replay->history->lanes;
    arq_slot_span *spans = arq_alloc(replay->context, lanes, sizeof(*spans));
    if (spans == NULL) {
        return arq_fail_memory(replay->context, "replay segments", lanes * sizeof(*spans));
    }
    arq_status status = ARQ_OK;
    for (size_t i = 0; i < copy->fresh && status == ARQ_OK; i++) {
        status = copy_segment(replay, copy, i, spans);
    }
    arq_free(replay->context, spans, lanes, sizeof(*spans));
    return status;
}

/* The shelf as it will be: of the old one's segments the newest, which have so many transitions that are still stored,
 * and room for new ones. */
static arq_status plan_shelf(const arq_history *history, const arq_segment_shelf *old, const char *folder,
                             uint64_t stored, size_t fresh, arq_segment_shelf **out)
{
    uint64_t kept = 0;
    size_t carried = 0;
    while (kept < stored) {
        carried++;
        kept += old->files[old->count - carried].transitions;
    }
    size_t before = old == NULL ? 0 : old->count;
    arq_segment_shelf *shelf;
    arq_status status =
        arq_shelf_create(history->segments.context, folder, history->lanes, carried + fresh, before, &shelf);
    if (status != ARQ_OK) {
        return status;
    }
    shelf->follows = old != NULL;
    if (before > 0) {
        memcpy(shelf->before, old->hashes, before * sizeof(*shelf->before));
    }
    if (carried > 0) {
        memcpy(shelf->files, old->files + (before - carried), carried * sizeof(*shelf->files));
        memcpy(shelf->hashes, old->hashes + (before - carried), carried * sizeof(*shelf->hashes));
    }
    uint64_t serial = before == 0 ? 0 : old->files[before - 1].serial + 1;
    for (size_t i = carried; i < shelf->count; i++) {
        shelf->files[i] = (segment_file){.serial = serial++, .transitions = history->segment_transitions};
    }
    shelf->skipped = kept - stored;
    shelf->order_next = begin_of_order(old, history);
    for (uint32_t i = 0; i < history->lanes; i++) {
        shelf->next[i] = begin_of_rest(old, history, i);
    }
    *out = shelf;
    return ARQ_OK;
}

static arq_status fill_copy(const arq_replay *replay, const char *folder, arq_segment_copy *copy)
{
    arq_history *history = replay->history;
    const arq_segment_shelf *old = history->shelf;
    uint64_t rest = count_rest(old, history);
    uint64_t fresh = rest / history->segment_transitions;
    arq_status status = plan_shelf(history, old, folder, history->transitions - rest, (size_t)fresh, &copy->shelf);
    if (status != ARQ_OK) {
        return status;
    }
    copy->fresh = (size_t)fresh;
    if (fresh == 0) {
        return ARQ_OK;
    }
    copy->writers = arq_alloc(replay->context, copy->fresh, sizeof(arq_writer *));
    copy->added = arq_alloc(replay->context, copy->fresh, 1);
    if (copy->writers == NULL || copy->added == NULL) {
        return arq_fail_memory(replay->context, "replay segments", copy->fresh * sizeof(arq_writer *));
    }
    return copy_segments(replay, copy);
}

arq_status arq_segments_copy(arq_replay *replay, const char *folder, arq_segment_copy **out)
{
    arq_history *history = replay->history;
    *out = NULL;
    settle_plan(history);
    if (history->shelf != NULL && strcmp(history->shelf->folder, folder) != 0) {
        arq_segments_forget(history);
    }
    arq_segment_copy *copy = arq_alloc(replay->context, 1, sizeof(*copy));
    if (copy == NULL) {
        return arq_fail_memory(replay->context, "replay segments", sizeof(*copy));
    }
    arq_status status = fill_copy(replay, folder, copy);
    if (status != ARQ_OK) {
        arq_context *context = replay->context;
        if (copy->shelf == NULL) {
            arq_free(context, copy, 1, sizeof(*copy));
        } else {
            arq_segment_copy_destroy(copy);
        }
        return status;
    }
    atomic_fetch_add(&copy->shelf->owners, 1u);
    history->planned = copy->shelf;
    *out = copy;
    return ARQ_OK;
}

void arq_segment_copy_destroy(arq_segment_copy *copy)
{
    if (copy == NULL) {
        return;
    }
    arq_context *context = copy->shelf->context;
    for (size_t i = 0; copy->writers != NULL && i < copy->fresh; i++) {
        arq_writer_destroy(copy->writers[i]);
    }
    arq_free(context, copy->writers, copy->fresh, sizeof(arq_writer *));
    arq_free(context, copy->added, copy->fresh, 1);
    arq_shelf_release(copy->shelf);
    arq_free(context, copy, 1, sizeof(*copy));
}

/* ---- Writing ---- */

arq_status arq_segment_copy_list(arq_segment_copy *copy, arq_writer *writer, const char *prefix)
{
    if (copy == NULL || copy->shelf->count == 0) {
        return ARQ_OK;
    }
    const arq_segment_shelf *shelf = copy->shelf;
    const arq_record record = {.prefix = prefix};
    const uint64_t files[2] = {shelf->count, ARQ_SEGMENT_FIELDS};
    const uint64_t hashes[2] = {shelf->count, ARQ_SHA256_BYTES};
    arq_status status =
        arq_writer_values(writer, arq_record_name(&record, "segments_skipped").text, ARQ_DTYPE_U64, 1, &shelf->skipped);
    if (status != ARQ_OK) {
        return status;
    }
    status =
        arq_writer_tensor(writer, arq_record_name(&record, "segments").text, ARQ_DTYPE_U64, 2, files, shelf->files);
    if (status != ARQ_OK) {
        return status;
    }
    return arq_writer_tensor(writer, arq_record_name(&record, "segment_hashes").text, ARQ_DTYPE_U8, 2, hashes,
                             shelf->hashes);
}

/* The fresh segment of this index. */
static arq_status write_segment(arq_segment_copy *copy, size_t index)
{
    const arq_segment_shelf *shelf = copy->shelf;
    size_t place = shelf->count - copy->fresh + index;
    char path[ARQ_SEGMENT_PATH_SIZE];
    arq_sha256 sha;
    arq_file_image image;
    arq_status status = arq_writer_lay_out(copy->writers[index], &image);
    if (status != ARQ_OK) {
        return status;
    }
    arq_sha256_begin(&sha);
    for (size_t i = 0; i < image.count; i++) {
        arq_sha256_add(&sha, image.chunks[i].data, image.chunks[i].bytes);
    }
    shelf->files[place].bytes = sha.bytes;
    arq_sha256_end(&sha, shelf->hashes[place].bytes);
    arq_segment_path(path, shelf->folder, &shelf->hashes[place]);
    int was_there = arq_path_exists(path);
    status = arq_file_replace(shelf->context, path, image.chunks, image.count);
    copy->added[index] = status == ARQ_OK && !was_there;
    arq_file_image_clear(&image);
    return status;
}

/* One that was written earlier must still be there: the folder is not ours alone. */
static arq_status find_segment(arq_segment_shelf *shelf, size_t index)
{
    char path[ARQ_SEGMENT_PATH_SIZE];
    int file;
    uint64_t bytes;
    arq_segment_path(path, shelf->folder, &shelf->hashes[index]);
    arq_status status = arq_file_open(shelf->context, path, &file, &bytes);
    if (status != ARQ_OK) {
        return status;
    }
    arq_file_close(file);
    if (bytes != shelf->files[index].bytes) {
        return arq_fail(shelf->context, ARQ_E_IO, "%.200s: %" PRIu64 " bytes, %" PRIu64 " were written", path, bytes,
                        shelf->files[index].bytes);
    }
    return ARQ_OK;
}

static arq_status write_segments(arq_segment_copy *copy)
{
    arq_segment_shelf *shelf = copy->shelf;
    for (size_t i = 0; i < shelf->count - copy->fresh; i++) {
        arq_status status = find_segment(shelf, i);
        if (status != ARQ_OK) {
            atomic_store(&shelf->state, SHELF_LOST);
            return status;
        }
    }
    for (size_t i = 0; i < copy->fresh; i++) {
        arq_status status = write_segment(copy, i);
        if (status != ARQ_OK) {
            return status;
        }
    }
    return ARQ_OK;
}

arq_status arq_segment_copy_write(arq_segment_copy *copy)
{
    if (copy == NULL) {
        return ARQ_OK;
    }
    if (copy->shelf->follows) {
        arq_shelf_sweep(copy->shelf->folder, copy->shelf); /* what a process that was killed here has left */
    }
    arq_status status = write_segments(copy);
    if (status != ARQ_OK) {
        arq_segment_copy_undo(copy);
    }
    return status;
}

void arq_segment_copy_undo(arq_segment_copy *copy)
{
    for (size_t i = 0; copy != NULL && i < copy->fresh; i++) {
        char path[ARQ_SEGMENT_PATH_SIZE];
        arq_segment_path(path, copy->shelf->folder, &copy->shelf->hashes[copy->shelf->count - copy->fresh + i]);
        if (copy->added[i]) {
            arq_path_remove(path);
        }
        copy->added[i] = 0;
    }
}

void arq_segment_copy_settle(arq_segment_copy *copy)
{
    if (copy != NULL) {
        atomic_store(&copy->shelf->state, SHELF_WRITTEN);
        arq_shelf_sweep(copy->shelf->folder, copy->shelf);
    }
}

void arq_segments_remove(const char *folder)
{
    arq_shelf_sweep(folder, NULL);
}
