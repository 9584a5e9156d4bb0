#include "host/terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define ENTER_SCREEN "\033[?1049h\033[?25l\033[2J\033[H"
#define LEAVE_SCREEN "\033[0m\033[?25h\033[?1049l"

static struct termios cooked; /* the terminal's settings as found */
static volatile sig_atomic_t raw;

/* Signals that end or stop the program, also those of a crash in an environment. */
static const int handled[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGABRT, SIGSEGV,
                              SIGBUS, SIGFPE,  SIGILL, SIGPIPE, SIGTSTP};
#define HANDLED (sizeof(handled) / sizeof(handled[0]))

static struct winsize window(void)
{
    struct winsize size = {.ws_row = 24, .ws_col = 80};
    struct winsize found;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &found) == 0 && found.ws_col > 0 && found.ws_row > 0) {
        size = found;
    }
    return size;
}

size_t terminal_width(void)
{
    return window().ws_col;
}

size_t terminal_height(void)
{
    return window().ws_row;
}

int terminal_is_input(void)
{
    return isatty(STDIN_FILENO);
}

int terminal_is_output(void)
{
    return isatty(STDOUT_FILENO);
}

void terminal_lock_output(void)
{
    flockfile(stdout);
}

void terminal_unlock_output(void)
{
    funlockfile(stdout);
}

/* Only calls that a signal handler may make. */
static void set_raw(void)
{
    struct termios mode = cooked;
    mode.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    mode.c_cc[VMIN] = 0;
    mode.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSANOW, &mode);
    terminal_write(ENTER_SCREEN, sizeof(ENTER_SCREEN) - 1);
    raw = 1;
}

static void restore(void)
{
    if (raw) {
        raw = 0;
        terminal_write(LEAVE_SCREEN, sizeof(LEAVE_SCREEN) - 1);
        tcsetattr(STDIN_FILENO, TCSANOW, &cooked);
    }
}

/* Restores the terminal, then lets the signal do its default; only from a stop (Ctrl-Z) the program comes back. */
static void handle(int signal_number)
{
    int error = errno;
    struct sigaction own;
    struct sigaction usual = {.sa_handler = SIG_DFL};
    sigset_t one;
    restore();
    sigemptyset(&usual.sa_mask);
    sigaction(signal_number, &usual, &own);
    sigemptyset(&one);
    sigaddset(&one, signal_number);
    raise(signal_number);
    sigprocmask(SIG_UNBLOCK, &one, NULL);
    sigaction(signal_number, &own, NULL);
    set_raw();
    errno = error;
}

int terminal_enter(void)
{
    static int prepared;
    if (tcgetattr(STDIN_FILENO, &cooked) != 0) {
        return -1;
    }
    struct sigaction action = {.sa_handler = handle};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < HANDLED; i++) {
        sigaction(handled[i], &action, NULL);
    }
    if (!prepared) {
        prepared = 1;
        atexit(restore);
    }
    set_raw();
    return 0;
}

void terminal_leave(void)
{
    restore();
    for (size_t i = 0; i < HANDLED; i++) {
        signal(handled[i], SIG_DFL);
    }
}

int terminal_write(const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t written = write(STDOUT_FILENO, bytes, count);
        if (written < 0 && errno != EINTR) {
            return -1;
        }
        if (written > 0) {
            bytes += written;
            count -= (size_t)written;
        }
    }
    return 0;
}

/* One byte, or KEY_NONE or KEY_END. */
static int read_byte(double seconds)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    unsigned char byte = 0;
    int ready = poll(&input, 1, seconds <= 0 ? 0 : (int)(seconds * 1000 + 0.999));
    if (ready <= 0) {
        return KEY_NONE;
    }
    if (read(STDIN_FILENO, &byte, 1) != 1) {
        return KEY_END;
    }
    return byte == 0 ? KEY_OTHER : byte;
}

int terminal_key(double seconds)
{
    int key = read_byte(seconds);
    if (key != '\033') {
        return key;
    }
    /* An arrow is ESC [ A or ESC O A. Other sequences are read to their end and ignored. */
    key = read_byte(0.02);
    if (key != '[' && key != 'O') {
        return KEY_OTHER;
    }
    do {
        key = read_byte(0.02);
    } while (key == ';' || (key >= '0' && key <= '9'));
    switch (key) {
    case 'A':
        return KEY_UP;
    case 'B':
        return KEY_DOWN;
    case 'C':
        return KEY_RIGHT;
    case 'D':
        return KEY_LEFT;
    default:
        return KEY_OTHER;
    }
}
