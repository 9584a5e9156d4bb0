/* The host process is left alone, forked processes go on, and contexts in different threads do not meet. */
#include "fp_mode.h"
#include "life.h"
#include "worlds.h"

#include <dirent.h>
#include <fcntl.h>
#include <fenv.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SETTINGS SMALL "batch=8 train_period=2 target_period=10 exploration_steps=60 total_steps=120 "
#define SIGNALS 65
#define PATH_SIZE 4096

extern char **environ;

/* All of the process that a library could change by mistake. */
struct process {
    uint64_t fp_bits;
    struct sigaction actions[SIGNALS];
    sigset_t mask;
    char locale[1024];
    char folder[PATH_SIZE];
    mode_t umask;
    int files;
    int variables;
};

static int count_entries(const char *folder)
{
    DIR *directory = opendir(folder);
    int count = 0;

    if (directory == NULL)
        return -1;
    while (readdir(directory) != NULL)
        count++;
    closedir(directory);
    return count;
}

static void look_at_process(struct process *process)
{
    memset(process, 0, sizeof *process);
    process->fp_bits = fp_mode_bits();
    for (int number = 1; number < SIGNALS; number++)
        sigaction(number, NULL, &process->actions[number]);
    pthread_sigmask(SIG_SETMASK, NULL, &process->mask);
    snprintf(process->locale, sizeof process->locale, "%s", setlocale(LC_ALL, NULL));
    ck_assert_ptr_nonnull(getcwd(process->folder, sizeof process->folder));
    process->umask = umask(077);
    umask(process->umask);
    process->files = count_entries("/proc/self/fd");
    while (environ[process->variables] != NULL)
        process->variables++;
}

static void compare_processes(const struct process *before, const struct process *after)
{
    ck_assert_msg(before->fp_bits == after->fp_bits, "floating-point mode %llx became %llx",
                  (unsigned long long)before->fp_bits, (unsigned long long)after->fp_bits);
    for (int number = 1; number < SIGNALS; number++)
        ck_assert_msg(before->actions[number].sa_handler == after->actions[number].sa_handler &&
                          before->actions[number].sa_flags == after->actions[number].sa_flags,
                      "the handling of signal %d has changed", number);
    ck_assert_mem_eq(&before->mask, &after->mask, sizeof before->mask);
    ck_assert_str_eq(before->locale, after->locale);
    ck_assert_str_eq(before->folder, after->folder);
    ck_assert_uint_eq(before->umask, after->umask);
    ck_assert_int_eq(before->files, after->files);
    ck_assert_int_eq(before->variables, after->variables);
}

static void note_mode(void *user)
{
    uint64_t *bits = user;

    *bits = fp_mode_bits();
}

/* Some of everything: threads, a plugin, a run that fails on the way, files that are there and that are not. */
static void use_library(uint64_t *mode_in_callback)
{
    struct host host;
    host_open(&host);
    struct corridor corridor = {
        .on_step = note_mode, .user = mode_in_callback, .fault = FAULT_REWARD_NAN, .fault_step = 50};
    arq_env *env, *game, *none;
    arq_run *run;
    uint64_t done = 1;

    succeeds(&host, arq_context_set_threads(host.context, 3));
    arq_config *config = configured(&host, SETTINGS);
    succeeds(&host, arq_env_create(host.context, &corridor_methods, &corridor, &env));
    succeeds(&host, arq_run_create(host.context, config, env, &run));
    for (int failures = 0; done > 0;)
        if (arq_run_advance(run, 1000, &done) != ARQ_OK) {
            ck_assert_int_eq(failures++, 0);
            done = 1;
        }
    arq_agent *agent = arq_run_agent(run);
    succeeds(&host, arq_agent_save(agent, temporary_file("agent")));
    refuses(&host, ARQ_E_ORDER, "run", arq_agent_load(agent, temporary_file("agent")));
    succeeds(&host, arq_run_save(run, temporary_file("checkpoint")));
    succeeds(&host, arq_run_load(run, temporary_file("checkpoint")));
    refuses(&host, ARQ_E_IO, NULL, arq_run_load(run, "/no/such/folder"));
    succeeds(&host, arq_env_open(host.context, "minatar/breakout", &game));
    refuses(&host, ARQ_E_NOT_FOUND, NULL, arq_env_open(host.context, "no/such", &none));
    arq_env_destroy(game);
    arq_run_destroy(run);
    arq_env_destroy(env);
    arq_config_destroy(config);
    host_close(&host);
}

START_TEST(the_process_is_left_alone)
{
    static const struct fp_mode modes[] = {{FE_UPWARD, 1}, {FE_TONEAREST, 0}};
    struct process before, after;

    setlocale(LC_ALL, "");
    temporary_file("first"); /* the folder is the test's own doing */
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        uint64_t mode_in_callback = 0;
        fp_mode_set(modes[i]);
        look_at_process(&before);
        use_library(&mode_in_callback);
        look_at_process(&after);
        compare_processes(&before, &after);
        ck_assert_msg(mode_in_callback == before.fp_bits, "the callback ran in mode %llx, the host in %llx",
                      (unsigned long long)mode_in_callback, (unsigned long long)before.fp_bits);
    }
}
END_TEST

/* Both streams go to a file meanwhile, which must stay empty. */
START_TEST(nothing_is_printed)
{
    uint64_t mode;
    struct stat status;
    int file = open(temporary_file("printed"), O_RDWR | O_CREAT | O_TRUNC, 0600);
    int kept[2];

    ck_assert_int_ge(file, 0);
    for (int stream = 0; stream < 2; stream++) {
        fflush(stream == 0 ? stdout : stderr);
        kept[stream] = dup(stream + 1);
        dup2(file, stream + 1);
    }
    use_library(&mode);
    for (int stream = 0; stream < 2; stream++) {
        fflush(stream == 0 ? stdout : stderr);
        dup2(kept[stream], stream + 1);
        close(kept[stream]);
    }
    ck_assert_int_eq(fstat(file, &status), 0);
    ck_assert_msg(status.st_size == 0, "%lld bytes were printed", (long long)status.st_size);
    close(file);
}
END_TEST

/* A forked process has none of the pool's threads. It computes the same all the same, and can end everything. */
START_TEST(a_fork_goes_on)
{
    struct host host;
    host_open(&host);
    struct world world = {.random = 5};
    arq_agent *agent;
    uint64_t hash[2];
    int ends[2], status;

    succeeds(&host, arq_context_set_threads(host.context, 3));
    arq_config *config = configured(&host, SETTINGS "widths=64,48 batch=64 learning_starts=64");
    succeeds(&host, arq_agent_create(host.context, config, ARQ_OBSERVATION_F32, INPUTS, ACTIONS, &agent));
    live(&host, agent, &world, 80);
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0)
        alarm(60); /* rather than waiting for threads that are not there */
    live(&host, agent, &world, 40);
    uint64_t own = hash_network(&host, arq_agent_network(agent));
    arq_agent_destroy(agent);
    arq_config_destroy(config);
    host_close(&host);
    if (child == 0)
        _exit(write(ends[1], &own, sizeof own) == (ssize_t)sizeof own ? 0 : 1);
    hash[0] = own;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the forked process ended with status %#x",
                  (unsigned)status);
    ck_assert_int_eq((int)read(ends[0], &hash[1], sizeof hash[1]), (int)sizeof hash[1]);
    ck_assert_uint_eq(hash[0], hash[1]);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

struct embedder {
    uint64_t seed;
    uint64_t hash;
};

static void *embed(void *data)
{
    struct embedder *embedder = data;
    struct host host;
    host_open(&host);
    struct world world = {.random = embedder->seed};
    arq_agent *agent;

    arq_config *config = configured(&host, SETTINGS);
    succeeds(&host, arq_config_set_int(config, "seed", (int64_t)embedder->seed));
    succeeds(&host, arq_agent_create(host.context, config, ARQ_OBSERVATION_F32, INPUTS, ACTIONS, &agent));
    arq_config_destroy(config);
    live(&host, agent, &world, 150);
    embedder->hash = hash_network(&host, arq_agent_network(agent));
    leave_mark(&host);
    arq_agent_destroy(agent);
    host_close(&host);
    return NULL;
}

START_TEST(contexts_side_by_side_do_not_meet)
{
    struct embedder alone[3] = {{1, 0}, {2, 0}, {3, 0}}, together[3] = {{1, 0}, {2, 0}, {3, 0}};
    pthread_t thread[3];

    for (int i = 0; i < 3; i++)
        embed(&alone[i]);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_create(&thread[i], NULL, embed, &together[i]), 0);
    for (int i = 0; i < 3; i++)
        pthread_join(thread[i], NULL);
    for (int i = 0; i < 3; i++)
        ck_assert_uint_eq(alone[i].hash, together[i].hash);
    ck_assert_uint_ne(alone[0].hash, alone[1].hash);
}
END_TEST

#define ACTORS 3
#define ACTS 400

struct actor {
    const arq_network *network;
    atomic_int *is_over;
    int acted, busy;
    arq_status failure;
};

static void *act(void *data)
{
    struct actor *actor = data;
    arq_activations *activations;
    float x[INPUTS] = {1, 0, 1, 0, 1};
    int32_t action;
    arq_status status;

    do { /* its memory is that of the context: made while the other thread updates */
        status = arq_activations_create(actor->network, 1, &activations);
    } while (status == ARQ_E_BUSY);
    while (status == ARQ_OK && !atomic_load(actor->is_over)) {
        arq_status answer = arq_network_act(actor->network, activations, x, &action);
        actor->acted += answer == ARQ_OK;
        actor->busy += answer == ARQ_E_BUSY;
        status = answer == ARQ_E_BUSY ? ARQ_OK : answer;
    }
    actor->failure = status;
    arq_activations_destroy(activations);
    return NULL;
}

/* Many threads may act on one network; who would change it meanwhile is refused, or refuses them. */
START_TEST(acting_while_learning_is_refused_not_raced)
{
    struct host host;
    host_open(&host);
    arq_config *config = configured(&host, SETTINGS "recurrent=false top_down=false");
    arq_network *network;
    arq_learner *learner;
    atomic_int is_over = 0;
    struct actor actors[ACTORS];
    pthread_t thread[ACTORS];
    static float observations[8 * 2 * INPUTS], rewards[8];
    int32_t actions[8] = {0};
    uint8_t terminated[8] = {1, 1, 1, 1, 1, 1, 1, 1};
    int updated = 0;

    succeeds(&host, arq_network_create(host.context, config, ARQ_OBSERVATION_F32, INPUTS, ACTIONS, &network));
    succeeds(&host, arq_learner_create(network, config, &learner));
    for (int i = 0; i < ACTORS; i++) {
        actors[i] = (struct actor){.network = network, .is_over = &is_over};
        ck_assert_int_eq(pthread_create(&thread[i], NULL, act, &actors[i]), 0);
    }
    for (int i = 0; i < ACTS; i++) {
        arq_status status = arq_learner_update(learner, 8, observations, NULL, actions, rewards, terminated);
        ck_assert_msg(status == ARQ_OK || status == ARQ_E_BUSY, "%s", arq_status_name(status));
        updated += status == ARQ_OK;
    }
    atomic_store(&is_over, 1);
    for (int i = 0; i < ACTORS; i++) {
        pthread_join(thread[i], NULL);
        ck_assert_msg(actors[i].failure == ARQ_OK, "an actor: %s", arq_status_name(actors[i].failure));
    }
    double updates;
    succeeds(&host, arq_learner_metric(learner, "updates", 0, &updates));
    ck_assert(updates == updated);
    succeeds(&host, arq_learner_update(learner, 8, observations, NULL, actions, rewards, terminated));
    arq_learner_destroy(learner);
    arq_network_destroy(network);
    arq_config_destroy(config);
    host_close(&host);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {the_process_is_left_alone, nothing_is_printed, a_fork_goes_on,
                                  contexts_side_by_side_do_not_meet, acting_while_learning_is_refused_not_raced};

    return RUN_TESTS("host", tests);
}
