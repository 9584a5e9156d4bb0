/* Put before a program (LD_PRELOAD): writes to the file ARQ_WATCHED which files it writes to, flushes and renames to.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static void note(const char *what, const char *path)
{
    char line[4200];
    const char *report = getenv("ARQ_WATCHED");
    int file = report == NULL ? -1 : open(report, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (file >= 0) {
        int bytes = snprintf(line, sizeof(line), "%s %s\n", what, path);
        syscall(SYS_write, file, line, (size_t)bytes);
        close(file);
    }
}

static void note_file(const char *what, int file)
{
    char link[64];
    char path[4096];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", file);
    ssize_t bytes = readlink(link, path, sizeof(path) - 1);
    if (bytes > 0) {
        path[bytes] = '\0';
        note(what, path);
    }
}

ssize_t write(int file, const void *data, size_t bytes)
{
    note_file("write", file);
    return syscall(SYS_write, file, data, bytes);
}

int fsync(int file)
{
    note_file("fsync", file);
    return 0; /* nobody waits for the disk here */
}

int rename(const char *from, const char *to)
{
    note("rename", to);
    return (int)syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
}
