/*
 * Tables of methods that others hand in, checked before anything trusts them.
 */
#ifndef ARQ_CORE_TABLE_H
#define ARQ_CORE_TABLE_H

#include "arq/context.h"

/* Whether a table's struct_size and reserved field can be right; `status` is what a bad one becomes. */
arq_status arq_table_check_size(const arq_context *context, arq_status status, const char *what, uint32_t struct_size,
                                size_t least);
arq_status arq_table_check_reserved(const arq_context *context, arq_status status, const char *what, uint32_t reserved);

#endif
