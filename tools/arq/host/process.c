#include "host/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int throw_away(posix_spawn_file_actions_t *files, int stream)
{
    return posix_spawn_file_actions_addopen(files, stream, "/dev/null", O_WRONLY, 0);
}

static int set_streams(posix_spawn_file_actions_t *files, int input, int silence)
{
    int error = posix_spawn_file_actions_adddup2(files, input, STDIN_FILENO);
    if (error == 0 && (silence & PROCESS_NO_OUTPUT) != 0) {
        error = throw_away(files, STDOUT_FILENO);
    }
    if (error == 0 && (silence & PROCESS_NO_ERRORS) != 0) {
        error = throw_away(files, STDERR_FILENO);
    }
    return error;
}

/* This program may ignore SIGPIPE; the other one must not inherit that. */
static int start_with(posix_spawn_file_actions_t *files, char *const *arguments, pid_t *id)
{
    posix_spawnattr_t attributes;
    sigset_t usual;
    int error = posix_spawnattr_init(&attributes);
    if (error != 0) {
        return error;
    }
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    posix_spawnattr_setsigdefault(&attributes, &usual);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    error = posix_spawnp(id, arguments[0], files, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    return error;
}

static int start(char *const *arguments, int input, int silence, pid_t *id)
{
    posix_spawn_file_actions_t files;
    int error = posix_spawn_file_actions_init(&files);
    if (error != 0) {
        return error;
    }
    error = set_streams(&files, input, silence);
    if (error == 0) {
        error = start_with(&files, arguments, id);
    }
    posix_spawn_file_actions_destroy(&files);
    return error;
}

int process_start(process *self, char *const *arguments, int silence)
{
    int ends[2];
    pid_t id = 0;
    if (pipe(ends) != 0) {
        return errno;
    }
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    int error = start(arguments, ends[0], silence, &id);
    close(ends[0]);
    self->id = id;
    self->input = error == 0 ? fdopen(ends[1], "wb") : NULL;
    if (self->input == NULL) {
        error = error == 0 ? errno : error;
        close(ends[1]);
        return error;
    }
    signal(SIGPIPE, SIG_IGN);
    return 0;
}

int process_end(process *self)
{
    int status = 0;
    int failed = fclose(self->input) != 0;
    self->input = NULL;
    while (waitpid((pid_t)self->id, &status, 0) < 0) {
        if (errno != EINTR) {
            return -1;
        }
    }
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return code == 0 && failed ? -1 : code;
}

int process_works(const char *program)
{
    char name[16] = "";
    char flag[] = "-version";
    char *arguments[] = {name, flag, NULL};
    process self;
    strncat(name, program, sizeof(name) - 1);
    return process_start(&self, arguments, PROCESS_NO_OUTPUT | PROCESS_NO_ERRORS) == 0 && process_end(&self) == 0;
}
