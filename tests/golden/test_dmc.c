/* Replays episodes of DeepMind Control tasks that dm_control has played: freely from the seed, and each step from the
 * recorded state before it.
 *
 * With the MuJoCo that recorded them on the same kind of processor, positions and velocities must be the same bits;
 * with another one the tasks' contacts soon lead elsewhere, so that only single steps are compared, within what the
 * versions of MuJoCo differ by.
 */
#include "golden_files.h"

#include "arq/arq.h"
#include "common/saved_state.h"
#include "dmc/dmc.h"
#include "io/safetensors.h"
#include "../support/suite.h"

#include <inttypes.h>
#include <math.h>

#define SKIPPED 77
#define LARGEST_SAVED 8192
#define MOST_OBSERVATIONS 64
#define MOST_COORDINATES 32
#define MOST_ACTUATORS 16

/* Of observations, relative, and rewards: log1p and exp differ in the last place from NumPy's. */
#define OBSERVATION_TOLERANCE 2e-15
#define REWARD_TOLERANCE 1e-15
/* The same for single steps of another MuJoCo. */
#define OTHER_TOLERANCE 2e-12

struct trace {
    const char *name;
    bool is_exact; /* recorded by a simulation that must give the same bits */
    uint32_t runs, steps, observations, coordinates, actuators, drawn;
    const int64_t *seed;     /* [runs] */
    const int8_t *bang_bang; /* [runs, steps, actuators] -1 or 1; NULL where actions lie anywhere in the box */
    const double *action;    /* the same, otherwise */
    const double *observation0, *qpos0, *qvel0, *warmstart0, *drawn0; /* [runs, .] */
    const double *observation, *reward, *qpos, *qvel, *warmstart;     /* [runs, steps, .] */
};

struct world {
    const arq_env_methods *methods;
    void *self;
};

/* What was compared; differences where bits must be equal count as mismatches. */
struct tally {
    uint64_t free_steps, single_steps, mismatches;
    double observation_error, reward_error, state_error;
};

static const double *doubles(const arq_reader *file, const char *name, uint32_t rank, uint64_t last)
{
    const arq_tensor *tensor = arq_reader_find(file, name);
    ck_assert_msg(tensor != NULL && tensor->dtype == ARQ_DTYPE_F64 && tensor->rank == rank, "no tensor '%s'", name);
    ck_assert_uint_eq(tensor->shape[rank - 1], last);
    return tensor->data;
}

static bool is_same_simulation(const arq_reader *file)
{
    const char *version = arq_reader_text(file, "mujoco");
    ck_assert_ptr_nonnull(version);
#if defined(__x86_64__)
    return strcmp(version, arq_dmc_mujoco_version()) == 0;
#else
    return false;
#endif
}

static struct trace open_trace(const arq_reader *file, const char *name)
{
    const arq_tensor *seed = arq_reader_find(file, "seed");
    const arq_tensor *action = arq_reader_find(file, "action");
    const arq_tensor *observation = arq_reader_find(file, "obs");
    const arq_tensor *qpos = arq_reader_find(file, "qpos");
    const arq_tensor *target = arq_reader_find(file, "target0");

    ck_assert_msg(seed != NULL && action != NULL && observation != NULL && qpos != NULL, "%s: tensors are missing",
                  name);
    ck_assert(seed->dtype == ARQ_DTYPE_I64 && (action->dtype == ARQ_DTYPE_U8 || action->dtype == ARQ_DTYPE_F64));
    ck_assert_uint_eq(action->rank, 3);
    struct trace trace = {
        .name = name,
        .is_exact = is_same_simulation(file),
        .runs = (uint32_t)action->shape[0],
        .steps = (uint32_t)action->shape[1],
        .observations = (uint32_t)observation->shape[2],
        .coordinates = (uint32_t)qpos->shape[2],
        .actuators = (uint32_t)action->shape[2],
        .drawn = target == NULL ? 0 : (uint32_t)target->shape[1],
        .seed = seed->data,
        .bang_bang = action->dtype == ARQ_DTYPE_U8 ? action->data : NULL,
        .action = action->dtype == ARQ_DTYPE_F64 ? action->data : NULL,
        .drawn0 = target == NULL ? NULL : target->data,
    };
    ck_assert_uint_ge(trace.steps, 1);
    ck_assert_uint_le(trace.observations, MOST_OBSERVATIONS);
    ck_assert_uint_le(trace.coordinates, MOST_COORDINATES);
    ck_assert_uint_le(trace.actuators, MOST_ACTUATORS);
    trace.observation0 = doubles(file, "obs0", 2, trace.observations);
    trace.qpos0 = doubles(file, "qpos0", 2, trace.coordinates);
    trace.qvel0 = doubles(file, "qvel0", 2, trace.coordinates);
    trace.warmstart0 = doubles(file, "warmstart0", 2, trace.coordinates);
    trace.observation = doubles(file, "obs", 3, trace.observations);
    trace.reward = doubles(file, "reward", 2, trace.steps);
    trace.qpos = doubles(file, "qpos", 3, trace.coordinates);
    trace.qvel = doubles(file, "qvel", 3, trace.coordinates);
    trace.warmstart = doubles(file, "qacc_warmstart", 3, trace.coordinates);
    return trace;
}

/* The task of a file: ball_in_cup_catch is dmc/ball_in_cup-catch. */
static const arq_env_type *type_of(const arq_reader *file)
{
    const arq_plugin *plugin = arq_dmc_plugin(ARQ_ABI_VERSION);
    const char *task = arq_reader_text(file, "task");
    char id[64];

    ck_assert_ptr_nonnull(task);
    snprintf(id, sizeof(id), "dmc/%s", task);
    char *mark = strrchr(id, '_');
    ck_assert_ptr_nonnull(mark);
    *mark = '-';
    for (uint32_t i = 0; i < plugin->type_count; i++) {
        if (strcmp(plugin->types[i]->id, id) == 0) {
            return plugin->types[i];
        }
    }
    return NULL;
}

static struct world open_world(const arq_env_type *type)
{
    struct world world = {.methods = type->methods};
    double options[8];
    char error[256] = "";

    ck_assert_uint_le(type->option_count, 8);
    for (uint32_t i = 0; i < type->option_count; i++) {
        options[i] = strcmp(type->options[i].name, "observation") == 0 ? 1 : type->options[i].default_value;
    }
    ck_assert_msg(type->create(type->user, options, &world.self, error, sizeof(error)) == ARQ_OK, "%s: %s", type->id,
                  error);
    return world;
}

static double load_double(const unsigned char *bytes)
{
    uint64_t bits = 0;
    double value;

    for (int i = 0; i < 8; i++) {
        bits |= (uint64_t)bytes[i] << 8 * i;
    }
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static void store(unsigned char *bytes, const void *value)
{
    uint64_t bits;

    memcpy(&bits, value, sizeof(bits));
    for (int i = 0; i < 8; i++) {
        bytes[i] = (unsigned char)(bits >> 8 * i);
    }
}

/* The saved state's last fields are what the task drew, qpos, qvel, qacc_warmstart and a hash. */
static unsigned char *last_fields(const struct trace *trace, unsigned char *saved, size_t size)
{
    size_t bytes = 8 * (1 + trace->drawn + 3 * (size_t)trace->coordinates);
    ck_assert_uint_gt(size, bytes);
    return saved + size - bytes;
}

static void save(const struct world *world, unsigned char saved[LARGEST_SAVED], size_t *size)
{
    ck_assert_int_eq(world->methods->save(world->self, saved, LARGEST_SAVED, size), ARQ_OK);
}

/* Whether both states hold the same numbers; what they differ by at most is kept. */
static bool is_state(const struct trace *trace, const struct world *world, const double *qpos, const double *qvel,
                     const double *warmstart, double *error)
{
    unsigned char saved[LARGEST_SAVED];
    const double *expected[3] = {qpos, qvel, warmstart};
    bool same = true;
    size_t size;

    save(world, saved, &size);
    const unsigned char *field = last_fields(trace, saved, size) + 8 * trace->drawn;
    for (uint32_t i = 0; i < 3 * trace->coordinates; i++) {
        double want = expected[i / trace->coordinates][i % trace->coordinates];
        double got = load_double(field + 8 * (size_t)i);
        same = same && got == want;
        if (i < 2 * trace->coordinates) {
            *error = fmax(*error, fabs(got - want) / (1 + fabs(want)));
        }
    }
    return same;
}

static void put_state(const struct trace *trace, const struct world *world, const double *drawn, const double *qpos,
                      const double *qvel, const double *warmstart)
{
    unsigned char saved[LARGEST_SAVED];
    const double *parts[4] = {drawn, qpos, qvel, warmstart};
    const uint32_t counts[4] = {trace->drawn, trace->coordinates, trace->coordinates, trace->coordinates};
    size_t size;

    save(world, saved, &size);
    unsigned char *field = last_fields(trace, saved, size);
    for (int part = 0; part < 4; part++) {
        for (uint32_t i = 0; i < counts[part]; i++, field += 8) {
            store(field, &parts[part][i]);
        }
    }
    uint64_t hash = saved_state_hash(saved, size - 8);
    store(field, &hash);
    ck_assert_int_eq(world->methods->load(world->self, saved, size), ARQ_OK);
}

static double largest_error(const double *got, const double *want, uint32_t count)
{
    double error = 0;

    for (uint32_t i = 0; i < count; i++) {
        double difference = fabs(got[i] - want[i]) / (1 + fabs(want[i]));
        error = difference <= error ? error : difference;
    }
    return error;
}

/* One step with the recorded action. */
static void step(const struct trace *trace, const struct world *world, size_t at, struct tally *tally)
{
    double action[MOST_ACTUATORS];
    double observation[MOST_OBSERVATIONS];
    double reward = NAN;
    int32_t terminated = -1;
    int32_t truncated = -1;

    for (uint32_t k = 0; k < trace->actuators; k++) {
        size_t component = at * trace->actuators + k;
        action[k] = trace->bang_bang != NULL ? trace->bang_bang[component] : trace->action[component];
    }
    ck_assert_int_eq(world->methods->step_box(world->self, action, observation, &reward, &terminated, &truncated),
                     ARQ_OK);
    ck_assert_int_eq(terminated, 0);
    ck_assert_int_eq(truncated, 0);
    tally->observation_error =
        fmax(tally->observation_error,
             largest_error(observation, trace->observation + at * trace->observations, trace->observations));
    ck_assert_msg(reward >= 0 && reward <= 1, "%s: reward %g", trace->name, reward);
    tally->reward_error = fmax(tally->reward_error, fabs(reward - trace->reward[at]));
}

static void run_freely(const struct trace *trace, const struct world *world, uint32_t run, struct tally *tally)
{
    const size_t n = trace->coordinates;

    for (uint32_t t = 0; t < trace->steps; t++) {
        size_t at = (size_t)run * trace->steps + t;
        step(trace, world, at, tally);
        tally->mismatches += !is_state(trace, world, trace->qpos + at * n, trace->qvel + at * n,
                                       trace->warmstart + at * n, &tally->state_error);
        tally->free_steps++;
    }
}

static void run_step_by_step(const struct trace *trace, const struct world *world, uint32_t run, struct tally *tally)
{
    const size_t n = trace->coordinates;
    const double *drawn = trace->drawn == 0 ? NULL : trace->drawn0 + (size_t)run * trace->drawn;

    for (uint32_t t = 0; t < trace->steps; t++) {
        size_t at = (size_t)run * trace->steps + t;
        if (t == 0) {
            put_state(trace, world, drawn, trace->qpos0 + run * n, trace->qvel0 + run * n, trace->warmstart0 + run * n);
        } else {
            put_state(trace, world, drawn, trace->qpos + (at - 1) * n, trace->qvel + (at - 1) * n,
                      trace->warmstart + (at - 1) * n);
        }
        step(trace, world, at, tally);
        bool same = is_state(trace, world, trace->qpos + at * n, trace->qvel + at * n, trace->warmstart + at * n,
                             &tally->state_error);
        tally->mismatches += trace->is_exact && !same;
        tally->single_steps++;
    }
}

static void check_start(const struct trace *trace, const struct world *world, uint32_t run, struct tally *tally)
{
    const size_t n = trace->coordinates;
    double observation[MOST_OBSERVATIONS];
    uint64_t seed = (uint64_t)trace->seed[run];

    ck_assert_int_eq(world->methods->reset(world->self, &seed, observation), ARQ_OK);
    bool same = is_state(trace, world, trace->qpos0 + run * n, trace->qvel0 + run * n, trace->warmstart0 + run * n,
                         &tally->state_error);
    tally->mismatches += trace->is_exact && !same;
    tally->observation_error =
        fmax(tally->observation_error,
             largest_error(observation, trace->observation0 + (size_t)run * trace->observations, trace->observations));
}

static uint64_t replay(const struct trace *trace, const arq_env_type *type)
{
    struct world world = open_world(type);
    struct tally tally = {0};

    for (uint32_t run = 0; run < trace->runs; run++) {
        check_start(trace, &world, run, &tally);
        if (trace->is_exact) {
            run_freely(trace, &world, run, &tally);
        }
        check_start(trace, &world, run, &tally);
        run_step_by_step(trace, &world, run, &tally);
    }
    world.methods->destroy(world.self);
    printf("dmc/%s: %s, %" PRIu64 " free steps, %" PRIu64 " single steps: state off by %.3g, observations by %.3g, "
           "rewards by %.3g: mismatches %" PRIu64 "\n",
           trace->name, trace->is_exact ? "exact" : "another MuJoCo or processor", tally.free_steps, tally.single_steps,
           tally.state_error, tally.observation_error, tally.reward_error, tally.mismatches);
    uint64_t beyond = tally.observation_error > (trace->is_exact ? OBSERVATION_TOLERANCE : OTHER_TOLERANCE);
    beyond += tally.reward_error > (trace->is_exact ? REWARD_TOLERANCE : OTHER_TOLERANCE);
    beyond += !trace->is_exact && tally.state_error > OTHER_TOLERANCE;
    return tally.mismatches + beyond;
}

START_TEST(every_trace)
{
    struct golden_files files = golden_files_list("dmc", ".safetensors");
    arq_context *context = NULL;
    uint64_t wrong = 0;
    size_t replayed = 0;

    ck_assert_int_eq(arq_context_create(ARQ_ABI_VERSION, NULL, &context), ARQ_OK);
    for (size_t i = 0; i < files.count; i++) {
        arq_reader *file = NULL;
        ck_assert_int_eq(arq_reader_open(context, files.path[i], &file), ARQ_OK);
        const arq_env_type *type = type_of(file);
        if (type != NULL) {
            struct trace trace = open_trace(file, files.name[i]);
            wrong += replay(&trace, type);
            replayed++;
        } else {
            printf("dmc/%s: SKIPPED, the plugin does not have this task\n", files.name[i]);
        }
        arq_reader_close(file);
    }
    arq_context_destroy(context);
    golden_files_free(&files);
    ck_assert_uint_gt(replayed, 0);
    ck_assert_uint_eq(wrong, 0);
}
END_TEST

/* Whether MuJoCo and dm_control's models are there; says what is missing. */
static bool can_simulate(void)
{
    const arq_env_type *type = arq_dmc_plugin(ARQ_ABI_VERSION)->types[0];
    double options[8] = {0};
    char error[256] = "";
    void *self = NULL;

    for (uint32_t i = 0; i < type->option_count; i++) {
        options[i] = type->options[i].default_value;
    }
    arq_status status = type->create(type->user, options, &self, error, sizeof(error));
    if (status == ARQ_OK) {
        type->methods->destroy(self);
    } else {
        printf("SKIPPED: %s\n", error);
    }
    return status != ARQ_E_UNSUPPORTED && status != ARQ_E_NOT_FOUND;
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (!can_simulate()) {
        return SKIPPED;
    }
    Suite *suite = suite_create("dmc");
    TCase *recordings = tcase_create("recordings");
    tcase_set_timeout(recordings, 600);
    tcase_add_test(recordings, every_trace);
    suite_add_tcase(suite, recordings);
    return run_suite(suite);
}
