#include "system/process.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__linux__)
#include <sys/auxv.h>
#endif

#define PAGE ((size_t)4096)

/* Asking for the process's number is a system call; looking at a page that is empty in a fork is not. */
static unsigned char *make_page(void)
{
#if defined(MADV_WIPEONFORK)
    void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) {
        return NULL;
    }
    if (madvise(page, PAGE, MADV_WIPEONFORK) != 0) {
        munmap(page, PAGE);
        return NULL;
    }
    *(unsigned char *)page = 1;
    return page;
#else
    return NULL;
#endif
}

void arq_process_mark_create(arq_process_mark *mark)
{
    mark->page = make_page();
    mark->owner = getpid();
}

void arq_process_mark_destroy(arq_process_mark *mark)
{
    if (mark->page != NULL) {
        munmap(mark->page, PAGE);
        mark->page = NULL;
    }
}

bool arq_process_mark_is_ours(const arq_process_mark *mark)
{
    return mark->page != NULL ? *mark->page == 1 : mark->owner == getpid();
}

bool arq_process_is_privileged(void)
{
#if defined(__linux__)
    return getauxval(AT_SECURE) != 0;
#elif defined(__APPLE__) || defined(__FreeBSD__) || defined(__NetBSD__) || defined(__OpenBSD__)
    return issetugid() != 0;
#else
    return geteuid() != getuid() || getegid() != getgid();
#endif
}

const char *arq_process_trusted_variable(const char *name)
{
    return arq_process_is_privileged() ? NULL : getenv(name);
}

const char *arq_system_reason(int number, char *room, size_t size)
{
#if defined(__GLIBC__) && defined(_GNU_SOURCE)
    return strerror_r(number, room, size);
#else
    return strerror_r(number, room, size) == 0 ? room : "unknown reason";
#endif
}
