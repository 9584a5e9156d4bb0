#include "core/error.h"

#include "core/context_fields.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TEXT_SIZE 512
#define SLOTS 4

/* The last texts of this thread, for the few contexts it used most recently. Id 0 stands for "no context". */
typedef struct error_slot {
    uint64_t context_id;
    uint64_t used; /* when, on this thread's own clock; 0: never */
    char text[TEXT_SIZE];
} error_slot;

static _Thread_local error_slot slots[SLOTS];
static _Thread_local uint64_t clock_ticks;

uint64_t arq_error_new_id(void)
{
    static atomic_uint_fast64_t next_id = 1;
    return atomic_fetch_add(&next_id, 1);
}

static error_slot *find_slot(uint64_t id)
{
    for (int i = 0; i < SLOTS; i++) {
        if (slots[i].used != 0 && slots[i].context_id == id) {
            return &slots[i];
        }
    }
    return NULL;
}

static error_slot *take_slot(uint64_t id)
{
    error_slot *slot = find_slot(id);
    if (slot == NULL) {
        slot = &slots[0];
        for (int i = 1; i < SLOTS; i++) {
            if (slots[i].used < slot->used) {
                slot = &slots[i];
            }
        }
        slot->context_id = id;
    }
    slot->used = ++clock_ticks;
    return slot;
}

static int steers_terminals(const unsigned char *c)
{
    return (*c < 0x20 && *c != '\n' && *c != '\t') || *c == 0x7f || (*c == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0);
}

/* Formats a text of TEXT_SIZE bytes. What comes from files and callbacks may hold characters that steer a terminal;
 * they are written out: \x1b. */
static void write_text(char *text, const char *format, va_list arguments)
{
    char raw[TEXT_SIZE];
    size_t length = 0;
    vsnprintf(raw, sizeof(raw), format, arguments);
    for (const unsigned char *c = (const unsigned char *)raw; *c != '\0'; c++) {
        char shown[sizeof("\\xff")] = {(char)*c};
        if (steers_terminals(c)) {
            c += *c == 0xc2;
            snprintf(shown, sizeof(shown), "\\x%02x", (unsigned)*c);
        }
        if (length + strlen(shown) >= TEXT_SIZE) {
            break;
        }
        memcpy(text + length, shown, strlen(shown));
        length += strlen(shown);
    }
    text[length] = '\0';
}

arq_status arq_fail(const arq_context *context, arq_status status, const char *format, ...)
{
    error_slot *slot = take_slot(context == NULL ? 0 : context->id);
    /* The arguments may point into the slot itself, as when a text is extended. */
    char text[TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    write_text(text, format, arguments);
    va_end(arguments);
    memcpy(slot->text, text, sizeof(text));
    return status;
}

arq_status arq_fail_memory(const arq_context *context, const char *what, size_t bytes)
{
    return arq_fail(context, ARQ_E_NOMEM, "no memory for %s (%zu bytes)", what, bytes);
}

arq_status arq_fail_null(const arq_context *context, const char *call, const char *name)
{
    return arq_fail(context, ARQ_E_ARGUMENT, "%s: %s is NULL", call, name);
}

arq_status arq_check_required(const arq_context *context, const char *call, const arq_required *required)
{
    for (; required->name != NULL; required++) {
        if (required->pointer == NULL) {
            return arq_fail_null(context, call, required->name);
        }
    }
    return ARQ_OK;
}

arq_status arq_fail_callback(const arq_context *context, const char *what, arq_status status, const char *detail)
{
    const char *separator = detail != NULL && detail[0] != '\0' ? ": " : "";
    const char *text = detail != NULL ? detail : "";
    if (status <= ARQ_E_CALLER || status == ARQ_E_NOMEM || status == ARQ_E_FORMAT) {
        return arq_fail(context, status, "%s failed with code %d%s%s", what, status, separator, text);
    }
    return arq_fail(context, ARQ_E_CALLBACK, "%s failed with code %d (its own codes are %d and below)%s%s", what,
                    status, ARQ_E_CALLER, separator, text);
}

size_t arq_context_last_error(const arq_context *context, char *buffer, size_t size)
{
    const error_slot *slot = find_slot(context == NULL ? 0 : context->id);
    const char *text = slot == NULL ? "" : slot->text;
    size_t length = strlen(text);
    if (buffer != NULL && size > 0) {
        size_t kept = length < size ? length : size - 1;
        memcpy(buffer, text, kept);
        buffer[kept] = '\0';
    }
    return length;
}

void arq_log_line(const arq_context *context, int32_t level, const char *format, ...)
{
    if (context->log.write == NULL || level > context->log.level) {
        return;
    }
    char text[TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    write_text(text, format, arguments);
    va_end(arguments);
    context->log.write(context->log.user, level, text);
}

const char *arq_status_name(arq_status status)
{
    switch (status) {
    case ARQ_OK:
        return "ARQ_OK";
    case ARQ_E_ARGUMENT:
        return "ARQ_E_ARGUMENT";
    case ARQ_E_NOMEM:
        return "ARQ_E_NOMEM";
    case ARQ_E_NOT_FOUND:
        return "ARQ_E_NOT_FOUND";
    case ARQ_E_ORDER:
        return "ARQ_E_ORDER";
    case ARQ_E_BUSY:
        return "ARQ_E_BUSY";
    case ARQ_E_ABI:
        return "ARQ_E_ABI";
    case ARQ_E_IO:
        return "ARQ_E_IO";
    case ARQ_E_FORMAT:
        return "ARQ_E_FORMAT";
    case ARQ_E_SHAPE:
        return "ARQ_E_SHAPE";
    case ARQ_E_ENV:
        return "ARQ_E_ENV";
    case ARQ_E_CALLBACK:
        return "ARQ_E_CALLBACK";
    case ARQ_E_DIVERGED:
        return "ARQ_E_DIVERGED";
    case ARQ_E_UNSUPPORTED:
        return "ARQ_E_UNSUPPORTED";
    default:
        return status <= ARQ_E_CALLER ? "ARQ_E_CALLER" : "unknown status";
    }
}

#define TEXT_OF(x) #x
#define VERSION_TEXT(major, minor, patch) TEXT_OF(major) "." TEXT_OF(minor) "." TEXT_OF(patch)

const char *arq_version(void)
{
    return VERSION_TEXT(ARQ_VERSION_MAJOR, ARQ_VERSION_MINOR, ARQ_VERSION_PATCH);
}

uint32_t arq_abi_version(void)
{
    return ARQ_ABI_VERSION;
}
