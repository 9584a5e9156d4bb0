/* Replays recorded runs of the MinAtar games: every reward, every end, every observation. */
#include "golden_files.h"
#include "minatar/minatar.h"
#include "../support/suite.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LARGEST_OBSERVATION 125 /* packed bytes */
#define CELLS 100

/* In the innermost loops: libcheck writes to a file at every assertion, which takes longer than a step. */
#define REQUIRE(CONDITION)                                                                                             \
    do {                                                                                                               \
        if (!(CONDITION))                                                                                              \
            ck_abort_msg("%s does not hold", #CONDITION);                                                              \
    } while (0)

#define BATCH 150 /* two blocks that are stepped side by side, and a rest of one */
#define BATCH_STEPS 3000

struct player {
    const arq_env_methods *methods;
    void *self;
    uint32_t channels;
    unsigned char packed[LARGEST_OBSERVATION];
};

/* What a step of a batch takes and gives. */
struct results {
    int32_t actions[BATCH], terminated[BATCH], truncated[BATCH];
    double rewards[BATCH];
    unsigned char observations[BATCH * LARGEST_OBSERVATION];
};

static bool open_player(struct player *player, const char *game, double full, double sticky, double ramping)
{
    const arq_plugin *plugin = arq_minatar_plugin(ARQ_ABI_VERSION);
    char error[256] = "";
    char id[96];

    ck_assert_ptr_nonnull(plugin);
    snprintf(id, sizeof id, "minatar/%s", game);
    for (uint32_t i = 0; i < plugin->type_count; i++) {
        const arq_env_type *type = plugin->types[i];
        const double options[] = {full, sticky, ramping, 0};
        arq_env_spec spec = {.struct_size = sizeof spec};
        if (strcmp(type->id, id) != 0)
            continue;
        ck_assert_uint_eq(type->option_count, sizeof options / sizeof options[0]);
        ck_assert_msg(type->create(type->user, options, &player->self, error, sizeof error) == ARQ_OK, "%s", error);
        player->methods = type->methods;
        ck_assert_int_eq(type->methods->spec(player->self, &spec), ARQ_OK);
        ck_assert_int_eq(spec.observation_kind, ARQ_OBSERVATION_BIT);
        player->channels = spec.observation_shape[2];
        return true;
    }
    return false;
}

/* Makes the instances of a batch by one call; the players must have been opened with the same options. */
static void create_together(struct player *players, uint32_t count, const arq_env_type *type)
{
    const double options[] = {1, 0.1, 1, 0};
    void *selves[BATCH] = {NULL};
    char error[256] = "";

    REQUIRE(type->create_batch(type->user, options, count, selves, error, sizeof error) == ARQ_OK);
    for (uint32_t i = 0; i < count; i++) {
        players[i].methods->destroy(players[i].self);
        players[i].self = selves[i];
    }
}

static void close_player(struct player *player)
{
    player->methods->destroy(player->self);
}

static void reset(struct player *player, const uint64_t *seed)
{
    memset(player->packed, 0xaa, sizeof player->packed);
    REQUIRE(player->methods->reset(player->self, seed, player->packed) == ARQ_OK);
}

static double step(struct player *player, int32_t action, int32_t *terminated)
{
    int32_t truncated = -1;
    double reward = -1;

    memset(player->packed, 0xaa, sizeof player->packed);
    REQUIRE(player->methods->step(player->self, action, player->packed, &reward, terminated, &truncated) == ARQ_OK);
    REQUIRE(truncated == 0);
    return reward;
}

/* Saves the state, loads it into a new instance and goes on with that one. */
static void move_to_new_instance(struct player *player, const char *game)
{
    struct player next;
    size_t size = 0;

    ck_assert_int_eq(player->methods->save(player->self, NULL, 0, &size), ARQ_OK);
    unsigned char *state = malloc(size);
    ck_assert_ptr_nonnull(state);
    ck_assert_int_eq(player->methods->save(player->self, state, size, &size), ARQ_OK);
    open_player(&next, game, 1, 0.1, 1);
    ck_assert_msg(next.methods->load(next.self, state, size) == ARQ_OK, "%s", next.methods->last_error(next.self));
    free(state);
    close_player(player);
    *player = next;
}

/* The observation as the recordings have it: one byte a value. Returns how many there are. */
static size_t unpack(const struct player *player, unsigned char *values)
{
    size_t count = (size_t)CELLS * player->channels;

    for (size_t i = 0; i < count; i++)
        values[i] = player->packed[i / 8] >> i % 8 & 1;
    for (size_t i = count; i < (count + 7) / 8 * 8; i++)
        REQUIRE((player->packed[i / 8] >> i % 8 & 1) == 0); /* no value: a spare bit */
    return count;
}

static uint32_t observation_crc(const struct player *player)
{
    unsigned char values[8 * LARGEST_OBSERVATION];
    size_t count = unpack(player, values);
    uint32_t crc = 0xffffffff;

    for (size_t i = 0; i < count; i++) {
        crc ^= values[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (0xedb88320 & (0 - (crc & 1)));
    }
    return ~crc;
}

/* A trace file: its game is the longest known one that its name begins with. */
static bool game_of_file(const char *name, char *game, size_t size)
{
    const arq_plugin *plugin = arq_minatar_plugin(ARQ_ABI_VERSION);
    size_t longest = 0;

    for (uint32_t i = 0; i < plugin->type_count; i++) {
        const char *candidate = strchr(plugin->types[i]->id, '/') + 1;
        size_t length = strlen(candidate);
        if (length > longest && strncmp(name, candidate, length) == 0) {
            snprintf(game, size, "%s", candidate);
            longest = length;
        }
    }
    return longest > 0;
}

struct tally {
    uint64_t runs;
    uint64_t steps;
    uint64_t observations;
    uint64_t mismatches;
};

static void report_mismatch(struct tally *tally, const char *file, uint64_t line, const char *what)
{
    if (++tally->mismatches <= 10)
        printf("    %s:%" PRIu64 ": %s differs\n", file, line, what);
}

static void begin_run(struct tally *tally, struct player *player, bool *open, const char *game, const char *line,
                      const char *file, uint64_t number)
{
    uint64_t seed = 0;
    double sticky = 0;
    double ramping = 0;
    uint32_t crc = 0;
    const char *crc_text = strstr(line, "crc0=");

    ck_assert_msg(sscanf(line, "run seed=%" SCNu64 " sticky=%lf ramping=%lf", &seed, &sticky, &ramping) == 3 &&
                      crc_text && sscanf(crc_text, "crc0=%" SCNx32, &crc) == 1,
                  "%s:%" PRIu64 ": not a run's first line: %s", file, number, line);
    if (*open)
        close_player(player);
    *open = open_player(player, game, 1, sticky, ramping);
    ck_assert(*open);
    reset(player, &seed);
    tally->runs++;
    tally->observations++;
    if (observation_crc(player) != crc)
        report_mismatch(tally, file, number, "observation after the seeded reset");
}

static void replay_line(struct tally *tally, struct player *player, const char *line, const char *file, uint64_t number)
{
    int32_t action = 0;
    int32_t reward = 0;
    int32_t terminated = 0;
    int32_t ended = 0;
    uint32_t crc = 0;

    if (line[0] == 'R') {
        ck_assert_msg(sscanf(line, "R %" SCNx32, &crc) == 1, "%s:%" PRIu64 ": %s", file, number, line);
        reset(player, NULL);
    } else {
        ck_assert_msg(
            sscanf(line, "%" SCNd32 " %" SCNd32 " %" SCNd32 " %" SCNx32, &action, &reward, &terminated, &crc) == 4,
            "%s:%" PRIu64 ": %s", file, number, line);
        tally->steps++;
        if (step(player, action, &ended) != reward)
            report_mismatch(tally, file, number, "reward");
        if (ended != terminated)
            report_mismatch(tally, file, number, "end");
    }
    tally->observations++;
    if (observation_crc(player) != crc)
        report_mismatch(tally, file, number, "observation");
}

static void replay_trace(const char *path, const char *name, const char *game, struct tally *tally)
{
    FILE *file = fopen(path, "r");
    char line[256];
    struct player player;
    bool open = false;

    ck_assert_msg(file != NULL, "cannot open %s", path);
    for (uint64_t number = 1; fgets(line, sizeof line, file); number++) {
        if (line[0] == '#' || line[0] == '\n')
            continue;
        if (strncmp(line, "run ", 4) == 0) {
            begin_run(tally, &player, &open, game, line, name, number);
        } else {
            ck_assert_msg(open, "%s:%" PRIu64 ": a step before the first run", name, number);
            replay_line(tally, &player, line, name, number);
        }
    }
    if (open)
        close_player(&player);
    fclose(file);
}

/* Returns how many files were replayed. */
static size_t replay_traces(void)
{
    struct golden_files files = golden_files_list("minatar", ".trace");
    size_t skipped = 0;

    for (size_t i = 0; i < files.count; i++) {
        struct tally tally = {0};
        char game[64];
        if (!game_of_file(files.name[i], game, sizeof game)) {
            printf("minatar/%s: SKIPPED, its name begins with no game's\n", files.name[i]);
            skipped++;
            continue;
        }
        replay_trace(files.path[i], files.name[i], game, &tally);
        printf("minatar/%s: %s, %" PRIu64 " runs, %" PRIu64 " steps, %" PRIu64
               " observations (exact): mismatches %" PRIu64 "\n",
               files.name[i], game, tally.runs, tally.steps, tally.observations, tally.mismatches);
        ck_assert_uint_eq(tally.mismatches, 0);
        ck_assert_uint_gt(tally.steps, 0);
    }
    size_t replayed = files.count - skipped;
    golden_files_free(&files);
    printf("minatar traces: %zu files replayed, %zu skipped\n", replayed, skipped);
    return replayed;
}

static uint64_t hash_bytes(uint64_t hash, const unsigned char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3;
    return hash;
}

static uint64_t hash_observation(uint64_t hash, const struct player *player)
{
    unsigned char values[8 * LARGEST_OBSERVATION];

    return hash_bytes(hash, values, unpack(player, values));
}

static uint64_t splitmix64(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

struct long_run {
    char game[64];
    uint64_t seed;
    double sticky;
    double ramping;
    uint64_t steps;
    int64_t reward;
    uint64_t terminals;
    uint64_t hash;
};

/* Plays a row with random actions of the minimal set and fills in what came out. */
static void play_long_run(struct long_run *run)
{
    struct player player;
    arq_env_spec spec = {.struct_size = sizeof spec};
    uint64_t random = run->seed;
    uint64_t hash = 0xcbf29ce484222325;

    ck_assert_msg(open_player(&player, run->game, 0, run->sticky, run->ramping), "no game %s", run->game);
    ck_assert_int_eq(player.methods->spec(player.self, &spec), ARQ_OK);
    reset(&player, &run->seed);
    hash = hash_observation(hash, &player);
    run->reward = 0;
    run->terminals = 0;
    for (uint64_t i = 0; i < run->steps; i++) {
        int32_t ended = 0;
        int32_t reward = (int32_t)step(&player, (int32_t)(splitmix64(&random) % spec.action_count), &ended);
        const unsigned char outcome[3] = {(unsigned char)reward, (unsigned char)(reward >> 8), (unsigned char)ended};
        hash = hash_bytes(hash, outcome, sizeof outcome);
        hash = hash_observation(hash, &player);
        run->reward += reward;
        if (ended) {
            run->terminals++;
            reset(&player, NULL);
            hash = hash_observation(hash, &player);
        }
    }
    run->hash = hash;
    close_player(&player);
}

/* True if the row was replayed, false if its game is unknown. */
static bool replay_row(const char *line, const char *file, uint64_t number, struct tally *tally)
{
    struct long_run run;
    char known[64];

    ck_assert_msg(sscanf(line, "%63s %" SCNu64 " %lf %lf %" SCNu64 " %" SCNd64 " %" SCNu64 " %" SCNx64, run.game,
                         &run.seed, &run.sticky, &run.ramping, &run.steps, &run.reward, &run.terminals, &run.hash) == 8,
                  "%s:%" PRIu64 ": %s", file, number, line);
    if (!game_of_file(run.game, known, sizeof known) || strcmp(known, run.game) != 0) {
        printf("    %s:%" PRIu64 ": SKIPPED, unknown game %s\n", file, number, run.game);
        return false;
    }
    struct long_run played = run;
    play_long_run(&played);
    tally->runs++;
    tally->steps += run.steps;
    if (played.reward != run.reward)
        report_mismatch(tally, file, number, "sum of rewards");
    if (played.terminals != run.terminals)
        report_mismatch(tally, file, number, "number of ends");
    if (played.hash != run.hash)
        report_mismatch(tally, file, number, "hash");
    return true;
}

/* True if the file's header is that of long runs and its rows were replayed. */
static bool replay_rows(const char *path, const char *name)
{
    FILE *file = fopen(path, "r");
    struct tally tally = {0};
    size_t skipped = 0;
    char line[512] = "";

    ck_assert_msg(file != NULL, "cannot open %s", path);
    bool known = fgets(line, sizeof line, file) && strncmp(line, "game\tseed\t", 10) == 0;
    for (uint64_t number = 2; known && fgets(line, sizeof line, file); number++) {
        if (line[0] != '\n' && !replay_row(line, name, number, &tally))
            skipped++;
    }
    fclose(file);
    if (!known) {
        printf("minatar/%s: SKIPPED, not a table of long runs\n", name);
        return false;
    }
    printf("minatar/%s: %" PRIu64 " rows, %" PRIu64 " steps (exact hashes): mismatches %" PRIu64 ", %zu rows skipped\n",
           name, tally.runs, tally.steps, tally.mismatches, skipped);
    ck_assert_uint_eq(tally.mismatches, 0);
    return tally.runs > 0;
}

static size_t replay_long_runs(void)
{
    struct golden_files files = golden_files_list("minatar", ".tsv");
    size_t replayed = 0;

    for (size_t i = 0; i < files.count; i++)
        replayed += replay_rows(files.path[i], files.name[i]);
    golden_files_free(&files);
    return replayed;
}

START_TEST(every_recording)
{
    size_t replayed = replay_traces();

    replayed += replay_long_runs();
    ck_assert_msg(replayed > 0, "no recording was found");
}
END_TEST

/* Saved states of an instance of a batch and of a single one are the same bytes, and each goes on with the other's. */
static void exchange_states(struct player *one, struct player *other)
{
    size_t size = 0, other_size = 0;

    REQUIRE(one->methods->save(one->self, NULL, 0, &size) == ARQ_OK);
    unsigned char *state = malloc(2 * size);
    ck_assert_ptr_nonnull(state);
    REQUIRE(one->methods->save(one->self, state, size, &size) == ARQ_OK);
    REQUIRE(other->methods->save(other->self, state + size, size, &other_size) == ARQ_OK);
    REQUIRE(other_size == size && memcmp(state, state + size, size) == 0);
    REQUIRE(one->methods->load(one->self, state + size, size) == ARQ_OK);
    REQUIRE(other->methods->load(other->self, state, size) == ARQ_OK);
    free(state);
}

/* One step of all by one call, and at times by two calls that meet in the middle of what lies together. */
static void step_together(const struct player *batch, void *const *selves, int n, struct results *results)
{
    const uint32_t first = n % 5 == 4 ? BATCH / 2 : BATCH;
    const size_t bytes = (CELLS * batch[0].channels + 7) / 8;

    REQUIRE(batch[0].methods->step_batch(selves, first, results->actions, results->observations, results->rewards,
                                         results->terminated, results->truncated) == ARQ_OK);
    if (first < BATCH)
        REQUIRE(batch[0].methods->step_batch(selves + first, BATCH - first, results->actions + first,
                                             results->observations + first * bytes, results->rewards + first,
                                             results->terminated + first, results->truncated + first) == ARQ_OK);
}

/* A batch of instances and as many single ones see the same; states move between them and to new instances. */
static void compare_batch(const arq_env_type *type)
{
    const char *game = strchr(type->id, '/') + 1;
    struct player single[BATCH];
    struct player batch[BATCH];
    void *selves[BATCH];
    struct results results;
    uint64_t random = 1;

    for (uint64_t i = 0; i < BATCH; i++) {
        open_player(&single[i], game, 1, 0.1, 1);
        open_player(&batch[i], game, 1, 0.1, 1);
    }
    create_together(batch, BATCH, type);
    for (uint64_t i = 0; i < BATCH; i++) {
        reset(&single[i], &i);
        reset(&batch[i], &i);
        selves[i] = batch[i].self;
    }
    size_t bytes = (CELLS * single[0].channels + 7) / 8;
    for (int n = 0; n < BATCH_STEPS; n++) {
        for (int i = 0; i < BATCH; i++)
            results.actions[i] = (int32_t)(splitmix64(&random) % 6);
        step_together(batch, selves, n, &results);
        for (int i = 0; i < BATCH; i++) {
            int32_t ended = 0;
            REQUIRE(step(&single[i], results.actions[i], &ended) == results.rewards[i]);
            REQUIRE(ended == results.terminated[i]);
            REQUIRE(results.truncated[i] == 0);
            REQUIRE(memcmp(single[i].packed, results.observations + (size_t)i * bytes, bytes) == 0);
            if (ended && n % 3) { /* else a few steps beyond the end are compared, too */
                reset(&single[i], NULL);
                reset(&batch[i], NULL);
            }
        }
        exchange_states(&single[n % BATCH], &batch[n % BATCH]);
        move_to_new_instance(&single[n % BATCH], game);
    }
    for (int i = 0; i < BATCH; i++) {
        close_player(&single[i]);
        close_player(&batch[i]);
    }
}

START_TEST(batches_and_saved_states)
{
    const arq_plugin *plugin = arq_minatar_plugin(ARQ_ABI_VERSION);

    for (uint32_t i = 0; i < plugin->type_count; i++) {
        compare_batch(plugin->types[i]);
        printf("%s: %d instances, %d steps, batch against single, %d states saved and loaded: mismatches 0\n",
               plugin->types[i]->id, BATCH, BATCH_STEPS, BATCH_STEPS);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("minatar");
    TCase *traces = tcase_create("recordings");

    setvbuf(stdout, NULL, _IOLBF, 0);
    tcase_set_timeout(traces, 600);
    tcase_add_test(traces, every_recording);
    tcase_add_test(traces, batches_and_saved_states);
    suite_add_tcase(suite, traces);
    return run_suite(suite);
}
