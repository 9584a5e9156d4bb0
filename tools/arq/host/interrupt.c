#include "host/interrupt.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t noted;

static const int held[] = {SIGINT, SIGTERM, SIGHUP};
#define HELD (sizeof(held) / sizeof(held[0]))
static struct sigaction before[HELD];

static void note(int signal_number)
{
    if (noted != 0) {
        signal(signal_number, SIG_DFL);
        raise(signal_number);
    }
    noted = signal_number;
}

void interrupt_hold(void)
{
    struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < HELD; i++) {
        sigaction(held[i], NULL, &before[i]);
        if (before[i].sa_handler != SIG_IGN) { /* a signal that nohup has set to be ignored stays ignored */
            sigaction(held[i], &action, NULL);
        }
    }
    signal(SIGPIPE, SIG_IGN);
}

int interrupt_signal(void)
{
    return noted;
}

void interrupt_release(void)
{
    for (size_t i = 0; i < HELD; i++) {
        sigaction(held[i], &before[i], NULL);
    }
}

void interrupt_end(void)
{
    signal(noted, SIG_DFL);
    raise(noted);
}
