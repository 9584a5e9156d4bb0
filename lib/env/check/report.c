#include "env/check/report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void arq_check_report(arq_check *check, arq_promise promise, const char *format, ...)
{
    _Static_assert(ARQ_PROMISE_AFTER_END < 64, "promises are the bits of one word");
    if (check->said >> promise & 1) {
        return;
    }
    check->said |= UINT64_C(1) << promise;
    check->broken++;
    if (check->report != NULL) {
        char line[512];
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(line, sizeof(line), format, arguments);
        va_end(arguments);
        check->report(check->user, line);
    }
}

void arq_check_report_error(arq_check *check, arq_promise promise, const char *prefix)
{
    char text[480];
    arq_context_last_error(check->context, text, sizeof(text));
    arq_check_report(check, promise, "%s%s", prefix, text);
}

void arq_check_status_sign(arq_check *check, const char *method, arq_status status)
{
    if (status > 0) {
        arq_check_report(check, ARQ_PROMISE_STATUS_SIGN, "%s returned %" PRId32 "; a failure is a negative code",
                         method, status);
    }
}

unsigned char *arq_guarded_alloc(arq_check *check, size_t bytes, uint8_t fill)
{
    unsigned char *memory = arq_alloc(check->context, bytes + 2 * ARQ_CHECK_GUARD, 1);
    if (memory == NULL) {
        check->status = arq_fail_memory(check->context, "a buffer of a check", bytes + 2 * ARQ_CHECK_GUARD);
        return NULL;
    }
    memset(memory, 0x96, bytes + 2 * ARQ_CHECK_GUARD);
    memset(memory + ARQ_CHECK_GUARD, fill, bytes);
    return memory + ARQ_CHECK_GUARD;
}

void arq_guarded_free(arq_check *check, unsigned char *buffer, size_t bytes)
{
    if (buffer != NULL) {
        arq_free(check->context, buffer - ARQ_CHECK_GUARD, bytes + 2 * ARQ_CHECK_GUARD, 1);
    }
}

int arq_guarded_intact(const unsigned char *buffer, size_t bytes)
{
    for (size_t i = 0; i < ARQ_CHECK_GUARD; i++) {
        if (buffer[i - ARQ_CHECK_GUARD] != 0x96 || buffer[bytes + i] != 0x96) {
            return 0;
        }
    }
    return 1;
}
