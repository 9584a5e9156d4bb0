#include "core/table.h"

#include "core/error.h"

#include <inttypes.h>

/* Far more than any table will have: a larger number is no struct_size but garbage. */
#define LARGEST_TABLE 4096u

/* Tables only grow at their end: an older caller's may be shorter, but has the required fields, and a newer caller's
 * may be longer than the library knows. */
arq_status arq_table_check_size(const arq_context *context, arq_status status, const char *what, uint32_t struct_size,
                                size_t least)
{
    if (struct_size < least || struct_size > LARGEST_TABLE || struct_size % sizeof(void *) != 0) {
        return arq_fail(context, status,
                        "%s: struct_size is %" PRIu32 "; at least %zu, at most %u and a multiple of %zu is needed",
                        what, struct_size, least, LARGEST_TABLE, sizeof(void *));
    }
    return ARQ_OK;
}

arq_status arq_table_check_reserved(const arq_context *context, arq_status status, const char *what, uint32_t reserved)
{
    if (reserved != 0) {
        return arq_fail(context, status, "%s: reserved is %" PRIu32 "; it must be 0", what, reserved);
    }
    return ARQ_OK;
}
