/*
 * A replay in a folder, in segments: files of many transitions each, written once, named by their hash and removed when
 * the replay has moved on. A checkpoint's own file lists them, oldest first, and holds the transitions that are not
 * enough for a segment. So a checkpoint writes what is new.
 *
 * Copying is one call, for the thread that the replay belongs to; writing is another, for any. What was copied counts
 * as written only after the checkpoint's file is in place: where that fails, or the copy is dropped, the next copy has
 * its transitions again.
 */
#ifndef ARQ_REPLAY_SEGMENT_FILES_H
#define ARQ_REPLAY_SEGMENT_FILES_H

#include "replay/columns.h"
#include "replay/replay.h"

typedef struct arq_segment_copy arq_segment_copy;

/* Copies into new segments what the folder does not have, except what no whole segment can be made of. One copy at a
 * time. ARQ_E_NOMEM. */
arq_status arq_segments_copy(arq_replay *replay, const char *folder, arq_segment_copy **out);

/* NULL is fine for each of the following: a checkpoint without a replay has no copy. */
void arq_segment_copy_destroy(arq_segment_copy *copy);

/* Adds the list of segments to the checkpoint's file, which is filled in by arq_segment_copy_write and borrowed. */
arq_status arq_segment_copy_list(arq_segment_copy *copy, arq_writer *writer, const char *prefix);

/* Writes the new segments, all or none; may be called again after a failure. ARQ_E_IO also where a segment that was
 * written earlier is gone: then the next copy has everything. */
arq_status arq_segment_copy_write(arq_segment_copy *copy);

/* The checkpoint's file could not be written: takes the new segments away again, for a full disk needs the room. */
void arq_segment_copy_undo(arq_segment_copy *copy);

/* The checkpoint's file is in place: removes from the folder the segments that neither it nor the one before lists. */
void arq_segment_copy_settle(arq_segment_copy *copy);

/* Removes all segments from a folder whose checkpoint has none. */
void arq_segments_remove(const char *folder);

/* The slots of each lane and the part of the order that are in no segment; without a copy all. */
arq_slot_span arq_segments_rest(const arq_segment_copy *copy, const arq_history *history, arq_slot_span *lanes);

/* Reads the segments that a checkpoint's file lists; `lanes` are what the file says of its own part. */
void arq_segments_read(arq_record *record, const arq_saved_replay *saved, const arq_saved_lane *lanes,
                       arq_history *history);

/* The next copy has everything. */
void arq_segments_forget(arq_history *history);

#endif
