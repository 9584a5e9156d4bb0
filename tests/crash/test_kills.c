/*
 * Runs that are killed again and again, at any moment and in the middle of any system call, and gone on with by another
 * process each time: at the end their log and their agent are those of a run that nobody killed.
 *
 *   test_crash_kills [KILLS]
 */
#include "../resume/life.h"
#include "../support/faults.h"
#include "../support/suite.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LENGTH 900u
#define ROW 30u

#define REPLAY " batch=16 learning_starts=40 train_period=3 target_period=50 exploration_steps=200 epsilon_end=0.2 "
#define ROLLOUT                                                                                                        \
    " experience=rollout rollout=48 batch=16 epochs=2 epsilon_start=0.9 epsilon_end=0.1 exploration_steps=200 "
#define STACK " widths=12,8 heads=2 "

/* The replays have several segments and lose their oldest ones. */
static const life_story stories[] = {
    {"minatar/breakout", 1, "replay_capacity=400 context_size=3" STACK REPLAY},
    {"minatar/seaquest|time_limit=40", 5, "replay_capacity=400 context_size=3" STACK REPLAY},
    {"minatar/breakout", 1, STACK ROLLOUT},
    {"minatar/asterix", 5, STACK ROLLOUT},
};
#define STORIES (sizeof(stories) / sizeof(stories[0]))

/* Where a run keeps itself. */
typedef struct place {
    char checkpoint[512];
    char log[512];
    char agent[512];
} place;

static unsigned kills_wanted = 25;

/* ---- A life ---- */

/* Writes a checkpoint beside the run, as a program would. */
typedef struct writer {
    pthread_t thread;
    arq_checkpoint *checkpoint;
} writer;

static void *write_checkpoint(void *data)
{
    const writer *job = data;
    if (arq_checkpoint_write(job->checkpoint) != ARQ_OK) {
        fprintf(stderr, "a checkpoint was not written: %s\n", error_text(NULL));
        _exit(3);
    }
    return NULL;
}

static void finish_writing(writer *job)
{
    if (job->checkpoint != NULL) {
        pthread_join(job->thread, NULL);
        arq_checkpoint_destroy(job->checkpoint);
        job->checkpoint = NULL;
    }
}

static void begin_writing(struct host *host, const life *self, const place *at, long log_bytes, writer *job)
{
    char bytes[32];
    finish_writing(job);
    snprintf(bytes, sizeof(bytes), "%ld", log_bytes);
    succeeds(host, arq_run_checkpoint(self->run, at->checkpoint, 0, &job->checkpoint));
    succeeds(host, arq_checkpoint_set_text(job->checkpoint, "log", bytes));
    ck_assert_int_eq(pthread_create(&job->thread, NULL, write_checkpoint, job), 0);
}

/* Goes on from the folder's checkpoint, if there is one; returns how long the log was then. */
static long resume(struct host *host, life *self, const place *at)
{
    arq_checkpoint *checkpoint;
    if (arq_checkpoint_open(host->context, at->checkpoint, &checkpoint) != ARQ_OK) {
        ck_assert_msg(strstr(error_text(host->context), "No such file") != NULL, "%s", error_text(host->context));
        return 0;
    }
    const char *bytes = arq_checkpoint_text(checkpoint, "log");
    ck_assert_ptr_nonnull(bytes);
    long length = strtol(bytes, NULL, 10);
    arq_checkpoint_destroy(checkpoint);
    succeeds(host, arq_run_load(self->run, at->checkpoint));
    ck_assert_uint_eq(arq_run_resumed(self->run), ARQ_RESUMED);
    return length;
}

/* From wherever the run is to its end. */
static void live(struct host *host, const life_story *s, const place *at)
{
    life self;
    writer job = {.checkpoint = NULL};
    life_begin(host, s, &self);
    long length = resume(host, &self, at);
    int log = open(at->log, O_WRONLY | O_CREAT, 0666);
    ck_assert_int_ge(log, 0);
    ck_assert_int_eq(ftruncate(log, length), 0);
    ck_assert_int_eq(lseek(log, length, SEEK_SET), length);
    while (life_metric(host, &self, "steps") < LENGTH) {
        tale told = {NULL, 0};
        uint64_t row = (uint64_t)life_metric(host, &self, "steps") / ROW * ROW + ROW;
        life_advance(host, &self, row, &told);
        life_row(host, &self, &told);
        ck_assert_int_eq(write(log, told.text, told.used), (ssize_t)told.used);
        length += (long)told.used;
        free(told.text);
        begin_writing(host, &self, at, length, &job);
    }
    finish_writing(&job);
    close(log);
    succeeds(host, arq_agent_save(arq_run_agent(self.run), at->agent));
    life_close(&self);
}

/* ---- Kills ---- */

static void name_place(place *at, const char *name)
{
    char base[400];
    strcpy(base, temporary_file(name));
    snprintf(at->checkpoint, sizeof(at->checkpoint), "%s", base);
    snprintf(at->log, sizeof(at->log), "%s.log", base);
    snprintf(at->agent, sizeof(at->agent), "%s.agent", base);
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void sleep_microseconds(uint64_t count)
{
    const struct timespec pause = {(time_t)(count / 1000000), (long)(count % 1000000) * 1000};
    nanosleep(&pause, NULL);
}

/* When a process is killed: at a moment, or in a system call. */
typedef struct killing {
    int by_call;
    uint64_t moment; /* microseconds, or calls; 0: never */
} killing;

/* Every fourth process or so gets to its run's end. */
static killing draw_killing(uint64_t *seed, double whole_seconds)
{
    int by_call = next_random(seed) % 2 != 0;
    uint64_t most = by_call ? 250 : (uint64_t)(1e6 * whole_seconds * 0.7);
    return (killing){by_call, 1 + next_random(seed) % (most + 1)};
}

/* One process; returns whether it was killed before the run's end. */
static int live_until_killed(const life_story *s, const place *at, const killing *end)
{
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        struct host host;
        if (end->by_call) {
            fault.name = "any";
            fault.at = (int)end->moment;
            fault.kills = 1;
        }
        host_open(&host);
        live(&host, s, at);
        host_close(&host);
        _exit(0);
    }
    if (!end->by_call && end->moment > 0) {
        sleep_microseconds(end->moment);
        kill(child, SIGKILL);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    int killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    ck_assert_msg(killed || (WIFEXITED(status) && WEXITSTATUS(status) == 0), "a resumed run failed: status %d", status);
    return killed;
}

static void check_same_file(const char *path, const char *expected)
{
    size_t sizes[2];
    unsigned char *bytes[2] = {file_bytes(path, &sizes[0]), file_bytes(expected, &sizes[1])};
    ck_assert_msg(sizes[0] == sizes[1] && memcmp(bytes[0], bytes[1], sizes[0]) == 0,
                  "%s has other bytes than the uninterrupted run's", path);
    free(bytes[0]);
    free(bytes[1]);
}

START_TEST(killed_runs_end_as_if_nobody_had)
{
    const life_story *s = &stories[_i];
    place whole;
    place broken;
    struct host host;
    unsigned kills = 0;
    unsigned runs = 0;
    uint64_t seed = test_seed() + (uint64_t)_i;
    name_place(&whole, "whole");
    double whole_seconds = seconds();
    host_open(&host);
    live(&host, s, &whole);
    host_close(&host);
    whole_seconds = seconds() - whole_seconds;
    unsigned wanted = (kills_wanted + (unsigned)STORIES - 1) / (unsigned)STORIES;
    while (kills < wanted) {
        char name[32];
        snprintf(name, sizeof(name), "broken%u", runs++);
        name_place(&broken, name);
        killing end = draw_killing(&seed, whole_seconds);
        while (live_until_killed(s, &broken, &end)) {
            kills++;
            end = kills < wanted ? draw_killing(&seed, whole_seconds) : (killing){0, 0};
        }
        check_same_file(broken.log, whole.log);
        check_same_file(broken.agent, whole.agent);
    }
    printf("%s, %u instances: %u kills of %u runs\n", s->id, s->instances, kills, runs);
}
END_TEST

int main(int argc, char **argv)
{
    if (argc > 1) {
        kills_wanted = (unsigned)strtoul(argv[1], NULL, 10);
    }
    Suite *suite = suite_create("crash_kills");
    TCase *test = tcase_create("kills");
    tcase_add_loop_test(test, killed_runs_end_as_if_nobody_had, 0, (int)STORIES);
    tcase_set_timeout(test, 60.0 + kills_wanted);
    suite_add_tcase(suite, test);
    return run_suite(suite);
}
