#include "train/run_file.h"

#include "env/handle.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static arq_env *env_at(const arq_run *run, uint32_t instance)
{
    return run->worlds.batch == NULL ? run->worlds.env : arq_env_batch_at(run->worlds.batch, instance);
}

arq_status arq_saved_run_create(arq_run *run, arq_saved_run *saved)
{
    *saved = (arq_saved_run){.run = run, .agent = {.agent = run->agent, .of_run = 1}};
    saved->sizes = arq_alloc(run->context, run->worlds.count, sizeof(*saved->sizes));
    return saved->sizes != NULL
               ? ARQ_OK
               : arq_fail_memory(run->context, "sizes of states", run->worlds.count * sizeof(*saved->sizes));
}

void arq_saved_run_clear(arq_saved_run *saved)
{
    arq_context *context = saved->run->context;
    arq_saved_replay_clear(&saved->agent.replay);
    arq_free(context, saved->sizes, saved->run->worlds.count, sizeof(*saved->sizes));
    arq_free(context, saved->states, saved->states_bytes, 1);
}

/* ---- States of environments ---- */

/* One that was never reset or has failed has none. */
static int has_state(const arq_env *env)
{
    return env->methods.save != NULL && env->methods.load != NULL &&
           (*env->phase == ARQ_PHASE_RUNNING || *env->phase == ARQ_PHASE_ENDED);
}

static arq_status ask_sizes(arq_saved_run *saved)
{
    const arq_run *run = saved->run;
    for (uint32_t i = 0; i < run->worlds.count; i++) {
        arq_env *env = env_at(run, i);
        size_t size = 0;
        if (!has_state(env)) {
            continue;
        }
        arq_status status = arq_env_save(env, NULL, 0, &size);
        if (status != ARQ_OK) {
            return status;
        }
        saved->sizes[i] = size;
        saved->states_bytes += size;
    }
    return ARQ_OK;
}

arq_status arq_saved_run_ask(arq_saved_run *saved)
{
    const arq_run *run = saved->run;
    arq_status status = ask_sizes(saved);
    if (status != ARQ_OK || saved->states_bytes == 0) {
        return status;
    }
    saved->states = arq_alloc(run->context, saved->states_bytes, 1);
    if (saved->states == NULL) {
        status = arq_fail_memory(run->context, "states of environments", saved->states_bytes);
        saved->states_bytes = 0;
        return status;
    }
    uint8_t *place = saved->states;
    for (uint32_t i = 0; i < run->worlds.count; i++) {
        size_t size = (size_t)saved->sizes[i];
        if (size == 0) {
            continue;
        }
        status = arq_env_save(env_at(run, i), place, size, &size);
        if (status != ARQ_OK) {
            return status;
        }
        if (size != saved->sizes[i]) {
            return arq_fail(run->context, ARQ_E_ENV, "save: the size of a state was %zu, then %zu; it must not change",
                            (size_t)saved->sizes[i], size);
        }
        place += size;
    }
    return ARQ_OK;
}

/* Where the states lie in a file, and how large they are. */
static void find_states(arq_record *record, arq_saved_run *saved)
{
    const arq_run *run = saved->run;
    uint64_t total = 0;
    memcpy(saved->sizes, arq_record_find(record, "sizes")->data, run->worlds.count * sizeof(*saved->sizes));
    for (uint32_t i = 0; i < run->worlds.count; i++) {
        total += saved->sizes[i]; /* of at most 65536 sizes, each in its range */
        if (saved->sizes[i] > 0 && env_at(run, i)->methods.load == NULL) {
            arq_record_refuse(record, ARQ_E_SHAPE, "it has a state of environment %u, which has no load method here",
                              i);
            return;
        }
    }
    const uint64_t shape[1] = {total};
    const arq_tensor *tensor;
    record->status =
        arq_reader_need(record->reader, arq_record_name(record, "states").text, ARQ_DTYPE_U8, 1, shape, &tensor);
    if (record->status == ARQ_OK) {
        saved->found = tensor->data;
    }
}

/* An instance without its state begins anew, differently from all beginnings before. */
static void begin_anew(arq_run *run, uint32_t instance)
{
    run->worlds.seeds[instance] = (uint64_t)run->parameters.seed + instance + run->steps;
    run->worlds.fresh[instance] = 1;
    run->resumed |= ARQ_RESUMED_NEW_EPISODES;
    if (run->playing[instance]) {
        arq_run_end_episode(run, instance, ARQ_EPISODE_FAILED);
    }
}

static void take_environments(const arq_saved_run *saved)
{
    arq_run *run = saved->run;
    uint32_t begun = 0;
    for (uint32_t i = 0; i < run->worlds.count; i++) {
        if (saved->sizes[i] == 0 && !run->worlds.fresh[i]) {
            begin_anew(run, i);
            begun++;
        }
    }
    if (begun > 0) {
        arq_log_line(run->context, ARQ_LOG_WARNING,
                     "resumed after %llu steps: %u of %u environments have no saved state and begin a new episode",
                     (unsigned long long)run->steps, begun, run->worlds.count);
    }
}

/* What comes last and may fail. */
static arq_status load_states(void *thing, const char *call)
{
    const arq_saved_run *saved = thing;
    const uint8_t *state = saved->found;
    (void)call;
    for (uint32_t i = 0; i < saved->run->worlds.count; i++) {
        size_t size = (size_t)saved->sizes[i];
        if (size == 0) {
            continue;
        }
        saved->run->playing[i] = 0; /* whatever comes of it, its present episode is over */
        arq_status status = arq_env_load(env_at(saved->run, i), state, size);
        if (status != ARQ_OK) {
            return status;
        }
        state += size;
    }
    return ARQ_OK;
}

static void list_environments(arq_record *record, void *thing)
{
    arq_saved_run *saved = thing;
    uint32_t n = saved->run->worlds.count;
    const arq_range sizes = {0, ARQ_COUNT_MOST / 65536, 0};
    arq_record_field(record, &(arq_field){"sizes", ARQ_DTYPE_U64, 1, {n}, saved->sizes, &sizes, NULL});
    if (record->status != ARQ_OK) {
        return;
    }
    if (record->writer != NULL) {
        arq_record_field(record,
                         &(arq_field){"states", ARQ_DTYPE_U8, 1, {saved->states_bytes}, saved->states, NULL, NULL});
    } else if (record->takes) {
        take_environments(saved);
    } else {
        find_states(record, saved);
    }
}

/* ---- The run itself ---- */

static void list_counts(arq_record *record, arq_run *run)
{
    const arq_range counts = {0, ARQ_COUNT_MOST, 0};
    const arq_range any_return = {-INFINITY, INFINITY, 1};
    const arq_range seconds = {0, DBL_MAX, 0};
    arq_number whole[] = {
        {"steps", (double)run->steps, counts},
        {"finished episodes", (double)run->finished, counts},
        {"length of the last episode", (double)run->last_length, counts},
    };
    arq_number real[] = {
        {"return of the last episode", run->last_return, any_return},
        {"seconds", run->seconds, seconds},
        {"seconds of learning", run->agent->learning_seconds, seconds},
    };
    arq_record_numbers(record, "counters", ARQ_DTYPE_U64, whole, 3);
    arq_record_numbers(record, "numbers", ARQ_DTYPE_F64, real, 3);
    arq_record_field(record,
                     &(arq_field){"recent", ARQ_DTYPE_F64, 1, {ARQ_RUN_RECENT}, run->recent, &any_return, NULL});
    if (record->takes) {
        run->steps = (uint64_t)whole[0].value;
        run->finished = (uint64_t)whole[1].value;
        run->last_length = (uint64_t)whole[2].value;
        run->last_return = real[0].value;
        run->seconds = real[1].value;
        run->agent->learning_seconds = real[2].value;
    }
}

/* An episode of the run is one of its agent. */
static void check_playing(arq_record *record, const arq_run *run)
{
    if (record->status != ARQ_OK || record->writer != NULL || record->takes) {
        return;
    }
    const uint8_t *playing = arq_record_find(record, "playing")->data;
    const uint8_t *states = arq_reader_find(record->reader, "agent.state")->data;
    for (uint32_t i = 0; i < run->worlds.count; i++) {
        if (playing[i] && !states[i]) {
            arq_record_refuse(record, ARQ_E_FORMAT, "an episode of instance %u is open by 'run.playing' alone", i);
            return;
        }
    }
}

static void list_episodes(arq_record *record, arq_run *run)
{
    uint32_t n = run->worlds.count;
    const arq_range flags = {0, 1, 0};
    const arq_range counts = {0, ARQ_COUNT_MOST, 0};
    const arq_range any_return = {-INFINITY, INFINITY, 1};
    for (uint32_t i = 0; i < n && record->writer != NULL; i++) {
        run->returns[i] = run->episode[i].episode_return;
        run->lengths[i] = run->episode[i].length;
    }
    arq_record_field(record, &(arq_field){"playing", ARQ_DTYPE_U8, 1, {n}, run->playing, &flags, NULL});
    arq_record_field(record, &(arq_field){"fresh", ARQ_DTYPE_U8, 1, {n}, run->worlds.fresh, &flags, NULL});
    arq_record_field(record, &(arq_field){"returns", ARQ_DTYPE_F64, 1, {n}, run->returns, &any_return, NULL});
    arq_record_field(record, &(arq_field){"lengths", ARQ_DTYPE_U64, 1, {n}, run->lengths, &counts, NULL});
    check_playing(record, run);
    for (uint32_t i = 0; i < n && record->takes; i++) {
        run->episode[i] = (run_episode){.episode_return = run->returns[i], .length = run->lengths[i]};
        run->worlds.seeds[i] = (uint64_t)run->parameters.seed + i;
    }
}

static void list_run(arq_record *record, void *thing)
{
    const arq_saved_run *saved = thing;
    arq_run *run = saved->run;
    list_counts(record, run);
    list_episodes(record, run);
    if (record->takes) {
        run->ended_count = 0;
        run->resumed = ARQ_RESUMED | (saved->agent.replay.left_out ? ARQ_RESUMED_NEW_REPLAY : 0);
    }
}

/* ---- What the file says of itself: where the config's values came from, and whether the replay is in it ---- */

static const char left_out[] = "left out";

/* A value that the run resolved, such as `auto`, stands with the network as what it came to. */
#define GIVEN_PREFIX "given."

static void write_given(arq_record *record, const arq_run *run)
{
    for (const arq_parameter *row = arq_parameter_table; row->name != NULL; row++) {
        char key[64];
        char given[256];
        char resolved[256];
        arq_parameter_format(row, &run->parameters, given, sizeof(given));
        arq_parameter_format(row, &run->agent->network->parameters, resolved, sizeof(resolved));
        if (strcmp(given, resolved) != 0) {
            snprintf(key, sizeof(key), GIVEN_PREFIX "%s", row->name);
            arq_record_text(record, key, given);
        }
    }
}

static void write_origins(arq_record *record, const arq_config *config)
{
    char names[ARQ_MAX_PARAMETERS * 32] = "";
    size_t used = 0;
    for (const arq_parameter *row = arq_parameter_table; row->name != NULL; row++) {
        if (arq_config_is_set(config, row->name)) {
            used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s", used == 0 ? "" : ",", row->name);
        }
    }
    const char *preset = arq_config_preset(config);
    arq_record_text(record, "preset", preset == NULL ? "" : preset);
    arq_record_text(record, "set", names);
}

static void list_texts(arq_record *record, void *thing)
{
    arq_saved_run *saved = thing;
    if (record->writer != NULL) {
        write_given(record, saved->run);
        write_origins(record, saved->run->config);
        arq_record_text(record, "replay", saved->agent.replay.left_out ? left_out : "kept");
    } else {
        const char *replay = arq_reader_text(record->reader, "replay");
        saved->agent.replay.left_out = replay != NULL && strcmp(replay, left_out) == 0;
    }
}

size_t arq_run_list_parts(arq_saved_run *saved, arq_part parts[ARQ_RUN_PARTS])
{
    parts[0] = (arq_part){.list = list_texts, .thing = saved, .prefix = ""};
    size_t count = 1 + arq_agent_list_parts(&saved->agent, &parts[1]);
    parts[count++] = (arq_part){.list = list_run, .thing = saved, .prefix = "run."};
    parts[count++] =
        (arq_part){.list = list_environments, .thing = saved, .prefix = "environment.", .lock = load_states};
    return count;
}

/* Whether a name is one of a list separated by commas. */
static int is_among(const char *list, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = list; at != NULL; at = strchr(at, ','), at = at == NULL ? NULL : at + 1) {
        if (strncmp(at, name, length) == 0 && (at[length] == ',' || at[length] == '\0')) {
            return 1;
        }
    }
    return 0;
}

static arq_status restore_values(const arq_reader *reader, const char *set, arq_config *config)
{
    for (const arq_parameter *row = arq_parameter_table; row->name != NULL; row++) {
        char key[64];
        snprintf(key, sizeof(key), GIVEN_PREFIX "%s", row->name);
        const char *given = arq_reader_text(reader, key);
        const char *value = given != NULL ? given : arq_reader_text(reader, row->name);
        arq_status status =
            value == NULL ? ARQ_OK : arq_config_restore(config, row->name, value, is_among(set, row->name));
        if (status != ARQ_OK) {
            return arq_fail(arq_reader_context(reader), ARQ_E_FORMAT, "%s: metadata '%s' is '%.40s'; accepted: %s",
                            arq_reader_path(reader), row->name, value, row->range);
        }
    }
    return ARQ_OK;
}

arq_status arq_run_file_config(const arq_reader *reader, arq_config **out)
{
    const char *preset = arq_reader_text(reader, "preset");
    const char *set = arq_reader_text(reader, "set");
    arq_config *config;
    arq_status status = arq_config_create(arq_reader_context(reader),
                                          preset == NULL || arq_preset_doc(preset) == NULL ? NULL : preset, &config);
    if (status != ARQ_OK) {
        return status;
    }
    status = restore_values(reader, set == NULL ? "" : set, config);
    if (status != ARQ_OK) {
        arq_config_destroy(config);
        return status;
    }
    *out = config;
    return ARQ_OK;
}
