/* Replays recorded runs of classic control and FrozenLake, and the generator behind their first states.
 *
 * Three instances walk through a trace: one only resets (first states from the seed), one is put into the row before
 * and makes a single step (the dynamics, without accumulated error), one runs freely.
 */
#include "classic/classic.h"
#include "common/pcg64.h"
#include "common/saved_state.h"
#include "golden_files.h"
#include "../support/suite.h"

#include <check.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_COLUMNS 32
#define MOST_OBSERVATIONS 6
#define MOST_STATES 4
#define FIXED_COLUMNS 8 /* run seed episode t action reward terminated truncated */
#define LARGEST_SAVED 1024
#define ALLOWED_ULPS 1

struct row {
    uint64_t number; /* line of the file */
    uint64_t run, seed, episode, t;
    int32_t action, terminated, truncated;
    double reward;
    float observation[MOST_OBSERVATIONS];
    double state[MOST_STATES];
};

struct trace {
    const char *name;
    size_t observations, states;
    size_t count;
    struct row *rows;
};

/* How a task is compared; the tolerances are absolute, in units of the state. */
struct task {
    const char *id;
    size_t observations, states;
    double step_tolerance;
    double run_tolerance; /* negative: exact, and only where single steps are exact: the motion is unstable */
    size_t exact_first;   /* observations of a first row that must be exact, from this index on */
};

static const struct task tasks[] = {
    {"classic/cartpole", 4, 4, 1e-14, -1, 0},
    {"classic/mountaincar", 2, 2, 1e-14, 1e-12, 0},
    {"classic/acrobot", 6, 4, 1e-13, 1e-9, 4},
    {"classic/frozenlake", 1, 0, 0, 0, 0},
};

/* What was compared. Errors are kept relative to what is allowed: up to 1 is good. */
struct tally {
    uint64_t first_rows, single_steps, free_rows, mismatches;
    double single_error, single_largest, free_error, ulps;
};

struct world {
    const arq_env_methods *methods;
    void *self;
};

static size_t split(char *line, char **column)
{
    size_t count = 0;

    line[strcspn(line, "\r\n")] = 0;
    for (char *start = line; start && count < MOST_COLUMNS; count++) {
        char *tab = strchr(start, '\t');
        column[count] = start;
        if (tab)
            *tab++ = 0;
        start = tab;
    }
    return count;
}

static struct row parse_row(char **column, const struct trace *trace, uint64_t number)
{
    struct row row = {
        .number = number,
        .run = strtoull(column[0], NULL, 10),
        .seed = strtoull(column[1], NULL, 10),
        .episode = strtoull(column[2], NULL, 10),
        .t = strtoull(column[3], NULL, 10),
        .action = (int32_t)strtol(column[4], NULL, 10),
        .reward = strtod(column[5], NULL),
        .terminated = (int32_t)strtol(column[6], NULL, 10),
        .truncated = (int32_t)strtol(column[7], NULL, 10),
    };

    for (size_t i = 0; i < trace->observations; i++)
        row.observation[i] = strtof(column[FIXED_COLUMNS + i], NULL);
    for (size_t i = 0; i < trace->states; i++)
        row.state[i] = strtod(column[FIXED_COLUMNS + trace->observations + i], NULL);
    return row;
}

/* Counts the columns obs0.. and state0..; false if this is not the header of a trace. */
static bool parse_header(char *line, struct trace *trace)
{
    static const char *const fixed[FIXED_COLUMNS] = {"run",    "seed",   "episode",    "t",
                                                     "action", "reward", "terminated", "truncated"};
    char *column[MOST_COLUMNS];
    size_t count = split(line, column);

    for (size_t i = 0; i < FIXED_COLUMNS; i++) {
        if (i >= count || strcmp(column[i], fixed[i]) != 0)
            return false;
    }
    for (size_t i = FIXED_COLUMNS; i < count; i++) {
        trace->observations += strncmp(column[i], "obs", 3) == 0;
        trace->states += strncmp(column[i], "state", 5) == 0;
    }
    return trace->observations <= MOST_OBSERVATIONS && trace->states <= MOST_STATES;
}

static bool read_trace(FILE *file, struct trace *trace)
{
    char line[2048];
    size_t room = 0;

    if (!fgets(line, sizeof line, file) || !parse_header(line, trace))
        return false;
    for (uint64_t number = 2; fgets(line, sizeof line, file); number++) {
        char *column[MOST_COLUMNS];
        size_t count = split(line, column);
        if (count < FIXED_COLUMNS)
            continue;
        ck_assert_msg(count == FIXED_COLUMNS + trace->observations + trace->states, "%s:%" PRIu64 ": %zu columns",
                      trace->name, number, count);
        if (trace->count == room) {
            room = room ? 2 * room : 1024;
            trace->rows = realloc(trace->rows, room * sizeof *trace->rows);
            ck_assert_ptr_nonnull(trace->rows);
        }
        trace->rows[trace->count++] = parse_row(column, trace, number);
    }
    return trace->count > 0;
}

static const struct task *task_of(const struct trace *trace)
{
    for (size_t i = 0; i < sizeof tasks / sizeof tasks[0]; i++) {
        if (tasks[i].observations == trace->observations && tasks[i].states == trace->states)
            return &tasks[i];
    }
    return NULL;
}

static const arq_env_type *type_of(const struct task *task)
{
    const arq_plugin *plugin = arq_classic_plugin(ARQ_ABI_VERSION);

    ck_assert_ptr_nonnull(plugin);
    for (uint32_t i = 0; i < plugin->type_count; i++) {
        if (strcmp(plugin->types[i]->id, task->id) == 0)
            return plugin->types[i];
    }
    ck_abort_msg("no environment %s", task->id);
    return NULL;
}

/* The step limit of a trace is where it truncates; the larger lake is told by its states, the sure one by name. */
static void options_of(const struct trace *trace, const arq_env_type *type, double *options)
{
    double limit = 0;
    bool large = strstr(trace->name, "8x8") != NULL;

    for (size_t i = 0; i < trace->count; i++) {
        if (trace->rows[i].truncated && (limit == 0 || (double)trace->rows[i].t < limit))
            limit = (double)trace->rows[i].t;
        large = large || trace->rows[i].observation[0] > 15;
    }
    for (uint32_t i = 0; i < type->option_count; i++) {
        const arq_env_option *option = &type->options[i];
        options[i] = option->default_value;
        if (strcmp(option->name, "limit") == 0 && limit > 0)
            options[i] = limit;
        else if (strcmp(option->name, "map") == 0)
            options[i] = large;
        else if (strcmp(option->name, "slippery") == 0)
            options[i] = strstr(trace->name, "sure") == NULL;
    }
}

static struct world open_world(const arq_env_type *type, const double *options)
{
    struct world world = {.methods = type->methods};
    char error[256] = "";

    ck_assert_msg(type->create(type->user, options, &world.self, error, sizeof error) == ARQ_OK, "%s", error);
    return world;
}

static const char *error_of(const struct world *world)
{
    const char *text = world->methods->last_error(world->self);

    return text ? text : "no reason given";
}

static uint64_t get_u64(const unsigned char *bytes)
{
    uint64_t value = 0;

    for (int i = 0; i < 8; i++)
        value |= (uint64_t)bytes[i] << 8 * i;
    return value;
}

static void put_u64(unsigned char *bytes, uint64_t value)
{
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(value >> 8 * i);
}

/* A saved state ends with: u64 steps, i32 ended, f64 each of the state, u64 hash. */
static size_t save(const struct world *world, unsigned char *bytes)
{
    size_t size = 0;

    ck_assert_msg(world->methods->save(world->self, bytes, LARGEST_SAVED, &size) == ARQ_OK, "%s", error_of(world));
    return size;
}

static void get_state(const struct world *world, double *state, size_t count)
{
    unsigned char bytes[LARGEST_SAVED];
    size_t first = save(world, bytes) - 8 - 8 * count;

    for (size_t i = 0; i < count; i++) {
        uint64_t bits = get_u64(bytes + first + 8 * i);
        memcpy(&state[i], &bits, sizeof bits);
    }
}

static void set_state(const struct world *world, const double *state, size_t count, uint64_t steps)
{
    unsigned char bytes[LARGEST_SAVED];
    size_t size = save(world, bytes);
    size_t first = size - 8 - 8 * count;

    for (size_t i = 0; i < count; i++) {
        uint64_t bits;
        memcpy(&bits, &state[i], sizeof bits);
        put_u64(bytes + first + 8 * i, bits);
    }
    memset(bytes + first - 4, 0, 4);
    put_u64(bytes + first - 12, steps);
    put_u64(bytes + size - 8, saved_state_hash(bytes, size - 8));
    ck_assert_msg(world->methods->load(world->self, bytes, size) == ARQ_OK, "%s", error_of(world));
}

static void mismatch(struct tally *tally, const struct trace *trace, const struct row *row, const char *what)
{
    if (++tally->mismatches <= 10)
        printf("    %s:%" PRIu64 ": %s differs\n", trace->name, row->number, what);
}

/* How many floats lie between two. */
static double ulps_between(float a, float b)
{
    int32_t bits_a;
    int32_t bits_b;

    memcpy(&bits_a, &a, sizeof a);
    memcpy(&bits_b, &b, sizeof b);
    int64_t place_a = bits_a < 0 ? (int64_t)INT32_MIN - bits_a : bits_a;
    int64_t place_b = bits_b < 0 ? (int64_t)INT32_MIN - bits_b : bits_b;
    return fabs((double)(place_a - place_b));
}

/* Compares observations: exactly from index `exact` on, within an ulp before it. */
static void compare_observation(struct tally *tally, const struct trace *trace, const struct row *row,
                                const void *observation, size_t exact)
{
    for (size_t i = 0; i < trace->observations; i++) {
        float got = trace->states ? ((const float *)observation)[i] : (float)*(const int32_t *)observation;
        double ulps = ulps_between(got, row->observation[i]);
        tally->ulps = fmax(tally->ulps, ulps);
        if (ulps > (i >= exact ? 0 : ALLOWED_ULPS))
            mismatch(tally, trace, row, "observation");
    }
}

static double largest_error(const double *state, const struct row *row, size_t count)
{
    double error = 0;

    for (size_t i = 0; i < count; i++) {
        double difference = fabs(state[i] - row->state[i]);
        error = difference <= error ? error : difference;
    }
    return error;
}

static void check_first_row(struct tally *tally, const struct trace *trace, const struct task *task,
                            const struct world *world, const struct row *row)
{
    float observation[MOST_OBSERVATIONS];
    double state[MOST_STATES];

    ck_assert_int_eq(world->methods->reset(world->self, row->episode ? NULL : &row->seed, observation), ARQ_OK);
    get_state(world, state, trace->states);
    if (!(largest_error(state, row, trace->states) <= 0))
        mismatch(tally, trace, row, "first state");
    compare_observation(tally, trace, row, observation, task->exact_first);
    tally->first_rows++;
}

static void compare_outcome(struct tally *tally, const struct trace *trace, const struct row *row, double reward,
                            int32_t terminated, int32_t truncated)
{
    if (reward != row->reward)
        mismatch(tally, trace, row, "reward");
    if (terminated != row->terminated)
        mismatch(tally, trace, row, "terminated");
    if (truncated != row->truncated)
        mismatch(tally, trace, row, "truncated");
}

static void check_single_step(struct tally *tally, const struct trace *trace, const struct task *task,
                              const struct world *world, const struct row *row)
{
    float observation[MOST_OBSERVATIONS];
    double state[MOST_STATES];
    double reward = 0;
    int32_t terminated = -1;
    int32_t truncated = -1;

    set_state(world, row[-1].state, trace->states, row->t - 1);
    ck_assert_msg(world->methods->step(world->self, row->action, observation, &reward, &terminated, &truncated) ==
                      ARQ_OK,
                  "%s:%" PRIu64 ": %s", trace->name, row->number, error_of(world));
    compare_outcome(tally, trace, row, reward, terminated, truncated);
    compare_observation(tally, trace, row, observation, trace->observations);
    get_state(world, state, trace->states);
    double error = largest_error(state, row, trace->states);
    tally->single_largest = fmax(tally->single_largest, error);
    tally->single_error = fmax(tally->single_error, error / task->step_tolerance);
    if (!(error <= task->step_tolerance))
        mismatch(tally, trace, row, "state after a single step");
    tally->single_steps++;
}

static void check_free_row(struct tally *tally, const struct trace *trace, double tolerance, const struct world *world,
                           const struct row *row)
{
    float observation[MOST_OBSERVATIONS] = {0};
    int32_t place = -1;
    void *seen = trace->states ? (void *)observation : (void *)&place;
    double state[MOST_STATES];
    double reward = 0;
    int32_t terminated = 0;
    int32_t truncated = 0;

    if (row->t == 0)
        ck_assert_int_eq(world->methods->reset(world->self, row->episode ? NULL : &row->seed, seen), ARQ_OK);
    else
        ck_assert_msg(world->methods->step(world->self, row->action, seen, &reward, &terminated, &truncated) == ARQ_OK,
                      "%s:%" PRIu64 ": %s", trace->name, row->number, error_of(world));
    compare_outcome(tally, trace, row, reward, terminated, truncated);
    if (!trace->states)
        compare_observation(tally, trace, row, seen, 0);
    get_state(world, state, trace->states);
    double error = largest_error(state, row, trace->states);
    if (error > 0)
        tally->free_error = fmax(tally->free_error, tolerance > 0 ? error / tolerance : INFINITY);
    if (!(error <= tolerance))
        mismatch(tally, trace, row, "state of the free run");
    tally->free_rows++;
}

static void replay(const struct trace *trace, const struct task *task, struct tally *tally)
{
    const arq_env_type *type = type_of(task);
    double options[8];

    options_of(trace, type, options);
    struct world resetting = open_world(type, options);
    struct world stepping = open_world(type, options);
    struct world running = open_world(type, options);
    for (size_t i = 0; task->states && i < trace->count; i++) {
        if (trace->rows[i].t == 0)
            check_first_row(tally, trace, task, &resetting, &trace->rows[i]);
        else
            check_single_step(tally, trace, task, &stepping, &trace->rows[i]);
    }
    bool reproducible = task->run_tolerance >= 0 || tally->single_largest <= 0;
    for (size_t i = 0; reproducible && i < trace->count; i++)
        check_free_row(tally, trace, fmax(task->run_tolerance, 0), &running, &trace->rows[i]);
    resetting.methods->destroy(resetting.self);
    stepping.methods->destroy(stepping.self);
    running.methods->destroy(running.self);
}

static void report(const struct trace *trace, const struct task *task, const struct tally *tally)
{
    printf("classic/%s: %s, %zu rows: ", trace->name, task->id, trace->count);
    if (task->states)
        printf("%" PRIu64 " first states (exact), %" PRIu64
               " single steps (worst error %.3g = %.3g of the allowed %g, observations %g of 1 ulp), ",
               tally->first_rows, tally->single_steps, tally->single_largest, tally->single_error, task->step_tolerance,
               tally->ulps);
    if (tally->free_rows == 0)
        printf("free run SKIPPED: this machine's sin or cos rounds otherwise than the recording's");
    else if (task->run_tolerance > 0)
        printf("%" PRIu64 " free rows (worst error %.3g of the allowed %g)", tally->free_rows, tally->free_error,
               task->run_tolerance);
    else
        printf("%" PRIu64 " free rows (exact)", tally->free_rows);
    printf(": mismatches %" PRIu64 "\n", tally->mismatches);
}

/* False if the file is no trace of a known task. */
static bool replay_file(const char *path, const char *name)
{
    FILE *file = fopen(path, "r");
    struct trace trace = {.name = name};
    struct tally tally = {0};
    const struct task *task = NULL;

    ck_assert_msg(file != NULL, "cannot open %s", path);
    if (read_trace(file, &trace))
        task = task_of(&trace);
    fclose(file);
    if (task) {
        replay(&trace, task, &tally);
        report(&trace, task, &tally);
    }
    free(trace.rows);
    ck_assert_uint_eq(tally.mismatches, 0);
    return task != NULL;
}

static bool is_generator_file(const char *path)
{
    char line[64] = "";
    FILE *file = fopen(path, "r");

    ck_assert_msg(file != NULL, "cannot open %s", path);
    bool found = fgets(line, sizeof line, file) && strncmp(line, "seed\tpool\t", 10) == 0;
    fclose(file);
    return found;
}

START_TEST(every_trace)
{
    struct golden_files files = golden_files_list("classic", ".tsv");
    size_t replayed = 0;
    size_t skipped = 0;

    for (size_t i = 0; i < files.count; i++) {
        if (is_generator_file(files.path[i]))
            continue;
        if (replay_file(files.path[i], files.name[i])) {
            replayed++;
        } else {
            printf("classic/%s: SKIPPED, not in the format of a known task\n", files.name[i]);
            skipped++;
        }
    }
    printf("classic traces: %zu files, %zu skipped\n", replayed, skipped);
    ck_assert_uint_gt(replayed, 0);
    golden_files_free(&files);
}
END_TEST

/* The next number of a list separated by spaces. */
static uint64_t next_hex(char **text)
{
    return strtoull(*text, text, 16);
}

static uint64_t check_generator_row(char **column)
{
    struct pcg64 generator;
    struct pcg64 doubles;
    uint64_t seed = strtoull(column[0], NULL, 10);
    uint64_t words[4];
    uint32_t pool[4];
    uint64_t wrong = 0;
    char numbers[4][17];

    pcg64_seed_pool(seed, pool);
    pcg64_seed_words(seed, words);
    pcg64_seed(&generator, seed);
    doubles = generator;
    for (int i = 0; i < 4; i++) {
        wrong += pool[i] != next_hex(&column[1]);
        wrong += words[i] != next_hex(&column[2]);
    }
    snprintf(numbers[0], sizeof numbers[0], "%016" PRIx64, generator.state.high);
    snprintf(numbers[1], sizeof numbers[1], "%016" PRIx64, generator.state.low);
    snprintf(numbers[2], sizeof numbers[2], "%016" PRIx64, generator.increment.high);
    snprintf(numbers[3], sizeof numbers[3], "%016" PRIx64, generator.increment.low);
    for (int i = 0; i < 2; i++) {
        wrong += strlen(column[3 + i]) != 32;
        wrong += strncmp(column[3 + i], numbers[2 * i], 16) != 0;
        wrong += strcmp(column[3 + i] + 16, numbers[2 * i + 1]) != 0;
    }
    for (int i = 0; i < 6; i++) {
        wrong += pcg64_next(&generator) != next_hex(&column[5]);
        wrong += pcg64_random(&doubles) != strtod(column[6], &column[6]);
    }
    return wrong;
}

START_TEST(generator)
{
    struct golden_files files = golden_files_list("classic", ".tsv");
    size_t found = 0;

    for (size_t i = 0; i < files.count; i++) {
        char line[2048];
        char *column[MOST_COLUMNS];
        uint64_t seeds = 0;
        uint64_t wrong = 0;
        if (!is_generator_file(files.path[i]))
            continue;
        FILE *file = fopen(files.path[i], "r");
        ck_assert_ptr_nonnull(file);
        ck_assert_ptr_nonnull(fgets(line, sizeof line, file));
        while (fgets(line, sizeof line, file)) {
            ck_assert_uint_eq(split(line, column), 7);
            wrong += check_generator_row(column);
            seeds++;
        }
        fclose(file);
        printf("classic/%s: generator of %" PRIu64 " seeds, 24 numbers each (exact): mismatches %" PRIu64 "\n",
               files.name[i], seeds, wrong);
        ck_assert_uint_eq(wrong, 0);
        ck_assert_uint_gt(seeds, 0);
        found++;
    }
    if (found == 0)
        printf("classic: no file of generator numbers, SKIPPED\n");
    golden_files_free(&files);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("classic");
    TCase *recordings = tcase_create("recordings");

    setvbuf(stdout, NULL, _IOLBF, 0);
    tcase_set_timeout(recordings, 600);
    tcase_add_test(recordings, generator);
    tcase_add_test(recordings, every_trace);
    suite_add_tcase(suite, recordings);
    return run_suite(suite);
}
