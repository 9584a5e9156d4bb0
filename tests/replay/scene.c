#include "scene.h"

arq_replay *scene_make(const scene *s)
{
    arq_replay *replay;
    ck_assert_ok(s->context,
                 arq_replay_make(s->context, s->kind, SIZE, s->capacity, s->window, s->seed, s->lanes, &replay));
    if (s->segment_transitions > 0) {
        replay->history->segment_transitions = s->segment_transitions;
    }
    return replay;
}

void scene_open(scene *s, uint64_t seed)
{
    static const int32_t kinds[] = {ARQ_OBSERVATION_U8, ARQ_OBSERVATION_BIT, ARQ_OBSERVATION_DISCRETE};
    memset(s, 0, sizeof(*s));
    s->seed = seed;
    s->random.state = seed;
    s->context = test_context(&s->memory);
    s->folder = test_folder_create();
    s->whole = test_folder_create();
    s->lanes = seed % 2 == 0 ? 1 : 2 + test_random_below(&s->random, MOST_LANES - 1);
    s->capacity = 4 + test_random_below(&s->random, 60);
    s->segment_transitions = 1 + test_random_below(&s->random, 9);
    s->window = 1 + test_random_below(&s->random, 6);
    s->kind = kinds[seed % 3];
    s->replay = scene_make(s);
}

void scene_close(scene *s)
{
    free(s->written.data);
    arq_replay_destroy(s->replay);
    test_context_end(s->context, &s->memory);
    test_folder_remove(&s->folder);
    test_folder_remove(&s->whole);
}

void scene_live(scene *s, uint64_t steps)
{
    for (uint64_t i = 0; i < steps; i++) {
        unsigned char observation[4 * SIZE] = {0};
        uint32_t lane = test_random_below(&s->random, s->lanes);
        if (s->seed % 5 == 0 && lane == 1) {
            lane = test_random_below(&s->random, 20) == 0; /* one that rests for long */
        }
        observation[0] = (unsigned char)(s->added++ % SIZE);
        uint32_t cut = test_random_below(&s->random, 12);
        if (!s->open[lane] || cut == 0) {
            ck_assert_ok(s->context, arq_replay_open_episode(s->replay, lane, observation));
            s->open[lane] = 1;
            continue;
        }
        int ends = test_random_below(&s->random, 6) == 0;
        int terminated = ends && test_random_below(&s->random, 2);
        ck_assert_ok(s->context,
                     arq_replay_store(s->replay, lane, (int32_t)test_random_below(&s->random, 7),
                                      (float)(s->added % 100), observation, terminated, ends && !terminated));
        s->open[lane] = !ends;
    }
}

test_bytes scene_whole(scene *s, arq_replay *replay)
{
    ck_assert_ok(s->context, arq_replay_save(replay, test_path(&s->whole, "whole")));
    return test_read_file(s->whole.file);
}

arq_status scene_copy(scene *s, checkpoint *out)
{
    arq_saved_replay saved = {.replay = s->replay, .folder = s->folder.path, .actions = 7};
    const arq_part part = arq_replay_part(&saved, "replay.");
    *out = (checkpoint){NULL, NULL};
    arq_status status = arq_write_parts(s->context, "run", &part, 1, &out->writer);
    out->copy = saved.copy;
    if (status == ARQ_OK) {
        status = arq_writer_keep(out->writer);
    }
    return status == ARQ_OK ? arq_segment_copy_list(out->copy, out->writer, "replay.") : status;
}

arq_status scene_write(scene *s, checkpoint *point)
{
    arq_status status = arq_segment_copy_write(point->copy);
    if (status == ARQ_OK) {
        status = arq_writer_commit(point->writer, test_path(&s->folder, "run.safetensors"));
    }
    if (status == ARQ_OK) {
        arq_segment_copy_settle(point->copy);
    } else {
        arq_segment_copy_undo(point->copy);
    }
    return status;
}

void scene_drop(checkpoint *point)
{
    arq_writer_destroy(point->writer);
    arq_segment_copy_destroy(point->copy);
    *point = (checkpoint){NULL, NULL};
}

arq_status scene_load(scene *s, arq_replay *replay)
{
    arq_saved_replay saved = {.replay = replay, .folder = s->folder.path, .actions = 7};
    const arq_part part = arq_replay_part(&saved, "replay.");
    arq_status status = arq_load_parts(s->context, "test", test_path(&s->folder, "run.safetensors"), "run", &part, 1);
    arq_saved_replay_clear(&saved);
    return status;
}

void scene_check(scene *s)
{
    arq_replay *twin = scene_make(s);
    ck_assert_ok(s->context, scene_load(s, twin));
    test_bytes now = scene_whole(s, twin);
    ck_assert_msg(now.count == s->written.count && memcmp(now.data, s->written.data, now.count) == 0,
                  "seed %llu: another replay was loaded", (unsigned long long)s->seed);
    free(now.data);
    arq_replay_destroy(twin);
}

void scene_checkpoint(scene *s)
{
    checkpoint point;
    ck_assert_ok(s->context, scene_copy(s, &point));
    free(s->written.data);
    s->written = scene_whole(s, s->replay);
    ck_assert_ok(s->context, scene_write(s, &point));
    scene_drop(&point);
}

void scene_resume(scene *s)
{
    arq_replay *twin = scene_make(s);
    ck_assert_ok(s->context, scene_load(s, twin));
    arq_replay_destroy(s->replay);
    s->replay = twin;
    for (uint32_t i = 0; i < s->lanes; i++) {
        s->open[i] = twin->history->lane[i].open;
    }
}

void scene_check_count(scene *s)
{
    uint64_t live = s->capacity / s->segment_transitions + 2;
    ck_assert_uint_le((uint64_t)test_folder_count(&s->folder), 2 * live + 1);
}
