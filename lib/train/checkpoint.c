/* Checkpoints of runs: copied on the run's thread, written on any. */
#include "arq/checkpoint.h"

#include "io/file.h"
#include "replay/segment_files.h"
#include "system/file.h"
#include "train/run_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RUN_KIND "run"
#define RUN_FILE "run.safetensors"

/* Before the names of the program's own texts in the file. */
#define TEXT_PREFIX "text."
#define TEXT_NAME_MOST 200

struct arq_checkpoint {
    arq_context *context;
    run_checkpoints *shared; /* of one that is copied from a run */
    arq_writer *writer;      /* likewise */
    arq_segment_copy *copy;  /* likewise, of its replay, if it has one */
    arq_reader *reader;      /* of one that was opened */
    char folder[ARQ_PATH_SIZE];
    char file[ARQ_PATH_SIZE + sizeof("/" RUN_FILE)]; /* of the run, in it */
};

/* ---- Handles ---- */

static arq_status create_shared(arq_run *run)
{
    if (run->checkpoints != NULL) {
        return ARQ_OK;
    }
    run_checkpoints *shared = arq_alloc(run->context, 1, sizeof(*shared));
    if (shared == NULL) {
        return arq_fail_memory(run->context, "checkpoints of a run", sizeof(*shared));
    }
    shared->context = run->context;
    atomic_init(&shared->users, 1);
    atomic_init(&shared->pending, 0);
    run->checkpoints = shared;
    return ARQ_OK;
}

static arq_status create(arq_context *context, const char *folder, const char *call, arq_checkpoint **out)
{
    size_t length = strlen(folder);
    if (length == 0 || length >= ARQ_PATH_SIZE - 64) {
        return arq_fail(context, ARQ_E_ARGUMENT, "%s: folder is %zu bytes long; accepted: 1 .. %zu", call, length,
                        (size_t)ARQ_PATH_SIZE - 65);
    }
    arq_checkpoint *checkpoint = arq_alloc(context, 1, sizeof(*checkpoint));
    if (checkpoint == NULL) {
        return arq_fail_memory(context, "a checkpoint", sizeof(*checkpoint));
    }
    arq_context_retain(context);
    checkpoint->context = context;
    memcpy(checkpoint->folder, folder, length + 1);
    snprintf(checkpoint->file, sizeof(checkpoint->file), "%s%s" RUN_FILE, folder, folder[length - 1] == '/' ? "" : "/");
    *out = checkpoint;
    return ARQ_OK;
}

void arq_checkpoint_destroy(arq_checkpoint *checkpoint)
{
    if (checkpoint == NULL) {
        return;
    }
    arq_context *context = checkpoint->context;
    if (checkpoint->reader != NULL) {
        arq_reader_close(checkpoint->reader);
    }
    arq_writer_destroy(checkpoint->writer);
    arq_segment_copy_destroy(checkpoint->copy);
    if (checkpoint->shared != NULL) {
        atomic_store(&checkpoint->shared->pending, 0);
        arq_run_release_checkpoints(checkpoint->shared);
    }
    arq_free(context, checkpoint, 1, sizeof(*checkpoint));
    arq_context_release(context);
}

/* ---- Copying and writing ---- */

/* Puts all parts into the checkpoint's own memory. */
static arq_status copy_parts(arq_saved_run *saved, arq_checkpoint *checkpoint)
{
    arq_part parts[ARQ_RUN_PARTS];
    arq_agent *agent = saved->run->agent;
    agent->lent = 1;
    arq_status status = arq_saved_run_ask(saved);
    agent->lent = 0;
    if (status != ARQ_OK) {
        return status;
    }
    size_t count = arq_run_list_parts(saved, parts);
    status = arq_write_parts(checkpoint->context, RUN_KIND, parts, count, &checkpoint->writer);
    checkpoint->copy = saved->agent.replay.copy;
    if (status != ARQ_OK) {
        return status;
    }
    status = arq_writer_keep(checkpoint->writer);
    if (status != ARQ_OK) {
        return status;
    }
    return arq_segment_copy_list(checkpoint->copy, checkpoint->writer, "replay.");
}

/* Everything, copied; of a replay what the folder does not have. */
static arq_status copy_run(arq_run *run, uint32_t flags, arq_checkpoint *checkpoint)
{
    arq_saved_run saved;
    arq_status status = arq_saved_run_create(run, &saved);
    if (status != ARQ_OK) {
        return status;
    }
    saved.agent.replay.left_out =
        (flags & ARQ_CHECKPOINT_WITHOUT_REPLAY) != 0 && run->parameters.experience == ARQ_EXPERIENCE_REPLAY;
    saved.agent.replay.folder = checkpoint->folder;
    status = copy_parts(&saved, checkpoint);
    arq_saved_run_clear(&saved);
    return status;
}

static arq_status check_run(const arq_run *run, const char *folder, const char *call)
{
    arq_status status = ARQ_REQUIRE(ARQ_CONTEXT_OF(run), call, {"run", run}, {"folder", folder});
    if (status != ARQ_OK) {
        return status;
    }
    if (run->agent->lent) {
        return arq_agent_fail_lent(run->agent, call);
    }
    if (run->checkpoints != NULL && atomic_load(&run->checkpoints->pending)) {
        return arq_fail(run->context, ARQ_E_BUSY, "%s: an earlier checkpoint of this run is not destroyed yet", call);
    }
    return ARQ_OK;
}

static arq_status make_checkpoint(arq_run *run, const char *folder, uint32_t flags, const char *call,
                                  arq_checkpoint **out)
{
    arq_status status = create_shared(run);
    if (status != ARQ_OK) {
        return status;
    }
    arq_checkpoint *checkpoint = NULL;
    status = create(run->context, folder, call, &checkpoint);
    if (status != ARQ_OK) {
        return status;
    }
    status = copy_run(run, flags, checkpoint);
    if (status != ARQ_OK) {
        arq_checkpoint_destroy(checkpoint);
        return status;
    }
    checkpoint->shared = run->checkpoints;
    atomic_fetch_add(&checkpoint->shared->users, 1);
    atomic_store(&checkpoint->shared->pending, 1);
    *out = checkpoint;
    return ARQ_OK;
}

/* Holds the run, which a callback may destroy while its environment is saved. */
static arq_status take_checkpoint(arq_run *run, const char *folder, uint32_t flags, const char *call,
                                  arq_checkpoint **out)
{
    arq_life_hold(&run->life);
    arq_status status = make_checkpoint(run, folder, flags, call, out);
    arq_run_let_go(run);
    return status;
}

arq_status arq_run_checkpoint(arq_run *run, const char *folder, uint32_t flags, arq_checkpoint **out)
{
    static const char call[] = "arq_run_checkpoint";
    if (out != NULL) {
        *out = NULL;
    }
    arq_status status = check_run(run, folder, call);
    if (status != ARQ_OK) {
        return status;
    }
    if (out == NULL) {
        return arq_fail_null(run->context, call, "out");
    }
    if ((flags & ~ARQ_CHECKPOINT_WITHOUT_REPLAY) != 0) {
        return arq_fail(run->context, ARQ_E_ARGUMENT, "%s: flags is %u; accepted: 0 or ARQ_CHECKPOINT_WITHOUT_REPLAY",
                        call, (unsigned)flags);
    }
    return take_checkpoint(run, folder, flags, call, out);
}

/* Only one that was copied from a run can be written. */
static arq_status check_copied(const arq_checkpoint *checkpoint, const char *call)
{
    if (checkpoint->writer == NULL) {
        return arq_fail(checkpoint->context, ARQ_E_ORDER, "%s: this checkpoint was opened, to be read", call);
    }
    return ARQ_OK;
}

arq_status arq_checkpoint_set_text(arq_checkpoint *checkpoint, const char *name, const char *value)
{
    static const char call[] = "arq_checkpoint_set_text";
    arq_status status =
        ARQ_REQUIRE(ARQ_CONTEXT_OF(checkpoint), call, {"checkpoint", checkpoint}, {"name", name}, {"value", value});
    if (status != ARQ_OK) {
        return status;
    }
    status = check_copied(checkpoint, call);
    if (status != ARQ_OK) {
        return status;
    }
    if (strlen(name) > TEXT_NAME_MOST) {
        return arq_fail(checkpoint->context, ARQ_E_ARGUMENT, "%s: name is %zu bytes long; accepted: 0 .. %d", call,
                        strlen(name), TEXT_NAME_MOST);
    }
    char key[sizeof(TEXT_PREFIX) + TEXT_NAME_MOST];
    snprintf(key, sizeof(key), TEXT_PREFIX "%s", name);
    return arq_writer_text(checkpoint->writer, key, value);
}

arq_status arq_checkpoint_write(arq_checkpoint *checkpoint)
{
    static const char call[] = "arq_checkpoint_write";
    if (checkpoint == NULL) {
        return arq_fail_null(NULL, call, "checkpoint");
    }
    arq_status status = check_copied(checkpoint, call);
    if (status != ARQ_OK) {
        return status;
    }
    status = arq_file_make_folder(checkpoint->context, checkpoint->folder);
    if (status != ARQ_OK) {
        return status;
    }
    status = arq_segment_copy_write(checkpoint->copy);
    if (status != ARQ_OK) {
        return status;
    }
    status = arq_writer_commit(checkpoint->writer, checkpoint->file);
    if (status != ARQ_OK) {
        arq_segment_copy_undo(checkpoint->copy);
        return status;
    }
    if (checkpoint->copy == NULL) {
        arq_segments_remove(checkpoint->folder);
    } else {
        arq_segment_copy_settle(checkpoint->copy);
    }
    return ARQ_OK;
}

arq_status arq_run_save(arq_run *run, const char *folder)
{
    static const char call[] = "arq_run_save";
    arq_status status = check_run(run, folder, call);
    if (status != ARQ_OK) {
        return status;
    }
    arq_checkpoint *checkpoint = NULL;
    status = take_checkpoint(run, folder, 0, call, &checkpoint);
    if (status != ARQ_OK) {
        return status;
    }
    status = arq_checkpoint_write(checkpoint);
    arq_checkpoint_destroy(checkpoint);
    return status;
}

/* ---- Reading ---- */

static arq_status open_folder(arq_context *context, const char *folder, const char *call, arq_checkpoint **out)
{
    arq_checkpoint *checkpoint = NULL;
    arq_status status = create(context, folder, call, &checkpoint);
    if (status != ARQ_OK) {
        return status;
    }
    status = arq_open_kind(context, checkpoint->file, RUN_KIND, NULL, &checkpoint->reader);
    if (status != ARQ_OK) {
        arq_checkpoint_destroy(checkpoint);
        return status;
    }
    *out = checkpoint;
    return ARQ_OK;
}

arq_status arq_checkpoint_open(arq_context *context, const char *folder, arq_checkpoint **out)
{
    static const char call[] = "arq_checkpoint_open";
    if (out != NULL) {
        *out = NULL;
    }
    arq_status status = ARQ_REQUIRE(context, call, {"context", context}, {"folder", folder}, {"out", out});
    return status != ARQ_OK ? status : open_folder(context, folder, call, out);
}

const char *arq_checkpoint_text(const arq_checkpoint *checkpoint, const char *name)
{
    if (checkpoint == NULL || checkpoint->reader == NULL || name == NULL || strlen(name) > TEXT_NAME_MOST) {
        return NULL;
    }
    char key[sizeof(TEXT_PREFIX) + TEXT_NAME_MOST];
    snprintf(key, sizeof(key), TEXT_PREFIX "%s", name);
    return arq_reader_text(checkpoint->reader, key);
}

uint32_t arq_checkpoint_instances(const arq_checkpoint *checkpoint)
{
    if (checkpoint == NULL || checkpoint->reader == NULL) {
        return 0;
    }
    const char *instances = arq_reader_text(checkpoint->reader, "instances");
    unsigned long count = instances == NULL ? 1 : strtoul(instances, NULL, 10);
    return count >= 1 && count <= UINT32_MAX ? (uint32_t)count : 1;
}

arq_status arq_checkpoint_config(const arq_checkpoint *checkpoint, arq_config **out)
{
    static const char call[] = "arq_checkpoint_config";
    if (out != NULL) {
        *out = NULL;
    }
    arq_status status = ARQ_REQUIRE(ARQ_CONTEXT_OF(checkpoint), call, {"checkpoint", checkpoint}, {"out", out});
    if (status != ARQ_OK) {
        return status;
    }
    if (checkpoint->reader == NULL) {
        return arq_fail(checkpoint->context, ARQ_E_ORDER, "%s: this checkpoint was copied from a run, to be written",
                        call);
    }
    return arq_run_file_config(checkpoint->reader, out);
}

static arq_status take_run(arq_run *run, const arq_checkpoint *checkpoint)
{
    arq_saved_run saved;
    arq_part parts[ARQ_RUN_PARTS];
    arq_status status = arq_saved_run_create(run, &saved);
    if (status != ARQ_OK) {
        return status;
    }
    saved.agent.replay.folder = checkpoint->folder;
    size_t count = arq_run_list_parts(&saved, parts);
    run->agent->lent = 1;
    status = arq_take_parts(checkpoint->reader, "arq_run_load", parts, count);
    run->agent->lent = 0;
    arq_saved_run_clear(&saved);
    return status;
}

arq_status arq_run_load(arq_run *run, const char *folder)
{
    static const char call[] = "arq_run_load";
    arq_status status = check_run(run, folder, call);
    if (status != ARQ_OK) {
        return status;
    }
    arq_checkpoint *checkpoint;
    status = open_folder(run->context, folder, call, &checkpoint);
    if (status != ARQ_OK) {
        return status;
    }
    arq_life_hold(&run->life);
    status = take_run(run, checkpoint);
    arq_run_let_go(run);
    arq_checkpoint_destroy(checkpoint);
    return status;
}

uint32_t arq_run_resumed(const arq_run *run)
{
    return run == NULL ? 0 : run->resumed;
}
