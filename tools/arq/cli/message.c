#include "cli/message.h"

#include "cli/command.h"
#include "host/terminal.h"

#include <stdarg.h>
#include <stdio.h>

#define ERASE_LINE "\r\033[K"

static const char *command_name = "";
static int live; /* a live line stands on the terminal; under stdout's lock */

void message_set_command(const char *name)
{
    command_name = name;
}

void message_live(const char *text)
{
    terminal_lock_output();
    if (live || text != NULL) {
        fputs(ERASE_LINE, stdout);
    }
    if (text != NULL) {
        fputs(text, stdout);
    }
    live = text != NULL;
    fflush(stdout);
    terminal_unlock_output();
}

void message_live_keep(void)
{
    terminal_lock_output();
    if (live) {
        fputc('\n', stdout);
    }
    live = 0;
    fflush(stdout);
    terminal_unlock_output();
}

static void say(const char *kind, const char *format, va_list list)
{
    terminal_lock_output();
    message_live(NULL);
    fprintf(stderr, "arq%s%s: %s", *command_name == '\0' ? "" : " ", command_name, kind);
    vfprintf(stderr, format, list);
    fputc('\n', stderr);
    terminal_unlock_output();
}

int message_fail(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    say("", format, list);
    va_end(list);
    return EXIT_FAILED;
}

int message_usage(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    say("", format, list);
    va_end(list);
    return EXIT_USAGE;
}

int message_library(const arq_context *context)
{
    char text[512];
    arq_context_last_error(context, text, sizeof(text));
    return message_fail("%s", text);
}

int message_library_usage(const arq_context *context)
{
    message_library(context);
    return EXIT_USAGE;
}

void message_warning(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    say("warning: ", format, list);
    va_end(list);
}

void message_log(void *user, int32_t level, const char *text)
{
    (void)user;
    if (level <= ARQ_LOG_WARNING) {
        message_warning("%s", text);
    }
}
