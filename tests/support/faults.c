#include "faults.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct fault_plan fault = {.smallest_file = INT_MAX};

void fault_clear(void)
{
    fault = (struct fault_plan){.smallest_file = INT_MAX};
}

/* Calls may come from several threads. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void note_file(int file)
{
    pthread_mutex_lock(&lock);
    fault.smallest_file = file < fault.smallest_file ? file : fault.smallest_file;
    pthread_mutex_unlock(&lock);
}

static int decide(const char *name)
{
    if (fault.name == NULL || (strcmp(fault.name, name) != 0 && strcmp(fault.name, "any") != 0)) {
        return 0;
    }
    fault.at--;
    if (fault.at > 0 || (fault.at < 0 && !fault.for_ever)) {
        return 0;
    }
    if (fault.kills) {
        kill(getpid(), SIGKILL);
    }
    fault.happened = 1;
    return 1;
}

static int fails(const char *name)
{
    pthread_mutex_lock(&lock);
    int failed = decide(name);
    int error = fault.error;
    pthread_mutex_unlock(&lock);
    if (failed) {
        errno = error;
    }
    return failed;
}

static int interrupted(void)
{
    pthread_mutex_lock(&lock);
    int now = fault.interrupt && fault.calls++ % 2 == 0;
    pthread_mutex_unlock(&lock);
    if (now) {
        errno = EINTR;
    }
    return now;
}

/* The linker puts these in place of the system's own (--wrap). */
ssize_t __real_write(int file, const void *data, size_t bytes);
ssize_t __wrap_write(int file, const void *data, size_t bytes);
ssize_t __wrap_write(int file, const void *data, size_t bytes)
{
    note_file(file);
    if (fails("write") || interrupted()) {
        return -1;
    }
    return __real_write(file, data, fault.write_most > 0 && bytes > fault.write_most ? fault.write_most : bytes);
}

ssize_t __real_read(int file, void *data, size_t bytes);
ssize_t __wrap_read(int file, void *data, size_t bytes);
ssize_t __wrap_read(int file, void *data, size_t bytes)
{
    note_file(file);
    if (fails("read") || interrupted()) {
        return -1;
    }
    return __real_read(file, data, fault.write_most > 0 && bytes > fault.write_most ? fault.write_most : bytes);
}

/* Never the real one: a test has many, and what a kill leaves needs no disk. */
int __wrap_fsync(int file);
int __wrap_fsync(int file)
{
    (void)file;
    return fails("fsync") ? -1 : 0;
}

int __real_fchmod(int file, mode_t mode);
int __wrap_fchmod(int file, mode_t mode);
int __wrap_fchmod(int file, mode_t mode)
{
    return fails("fchmod") ? -1 : __real_fchmod(file, mode);
}

int __real_close(int file);
int __wrap_close(int file);
int __wrap_close(int file)
{
    int result = __real_close(file);
    return fails("close") ? -1 : result;
}

int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to)
{
    return fails("rename") ? -1 : __real_rename(from, to);
}

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = (flags & O_CREAT) != 0 ? (mode_t)va_arg(arguments, int) : 0;
    va_end(arguments);
    return fails("open") ? -1 : __real_open(path, flags, mode);
}

int __wrap_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = (flags & O_CREAT) != 0 ? (mode_t)va_arg(arguments, int) : 0;
    va_end(arguments);
    return fails("open") ? -1 : __real_open(path, flags, mode);
}

int __real_unlink(const char *path);
int __wrap_unlink(const char *path);
int __wrap_unlink(const char *path)
{
    return fails("unlink") ? -1 : __real_unlink(path);
}

int __real_mkdir(const char *path, mode_t mode);
int __wrap_mkdir(const char *path, mode_t mode);
int __wrap_mkdir(const char *path, mode_t mode)
{
    return fails("mkdir") ? -1 : __real_mkdir(path, mode);
}
