/*
 * A replay that keeps itself in a folder, in segments, and what is compared with it.
 */
#ifndef ARQ_TEST_REPLAY_SCENE_H
#define ARQ_TEST_REPLAY_SCENE_H

#include "arq/environment.h"
#include "arq/replay.h"
#include "replay/segment_files.h"
#include "replay/segment_shelf.h"
#include "test_support.h"

#define MOST_LANES 5
#define SIZE 9u

/* A replay, and what is compared with it. */
typedef struct scene {
    test_memory memory;
    arq_context *context;
    test_folder folder; /* of the checkpoints */
    test_folder whole;  /* of whole replays, to compare */
    test_random random;
    uint64_t seed;
    uint32_t lanes;
    uint64_t capacity;
    uint64_t segment_transitions;
    int32_t kind;
    uint32_t window;
    arq_replay *replay;
    int open[MOST_LANES];
    uint64_t added;
    test_bytes written; /* the replay as the newest checkpoint holds it, as one file */
} scene;

/* A copy that is being written. */
typedef struct checkpoint {
    arq_segment_copy *copy;
    arq_writer *writer;
} checkpoint;

/* Everything random from the seed. */
void scene_open(scene *s, uint64_t seed);
void scene_close(scene *s);

/* An empty replay like the scene's. */
arq_replay *scene_make(const scene *s);

/* So many random events, each in one lane. */
void scene_live(scene *s, uint64_t steps);

/* A replay as one file. */
test_bytes scene_whole(scene *s, arq_replay *replay);

/* A checkpoint: copied, written, dropped; and all of it, which must succeed. */
arq_status scene_copy(scene *s, checkpoint *out);
arq_status scene_write(scene *s, checkpoint *point);
void scene_drop(checkpoint *point);
void scene_checkpoint(scene *s);

arq_status scene_load(scene *s, arq_replay *replay);

/* Goes on with what the folder holds, as another process would. */
void scene_resume(scene *s);

/* What the folder holds is what was there when the newest written checkpoint was copied. */
void scene_check(scene *s);

/* In the folder are at most the live segments, those of the checkpoint before, and its own file. */
void scene_check_count(scene *s);

#endif
