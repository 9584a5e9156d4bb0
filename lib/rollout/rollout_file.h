/*
 * A rollout as part of a file: its rows, and the minibatches of them that are still to be learned from.
 */
#ifndef ARQ_ROLLOUT_ROLLOUT_FILE_H
#define ARQ_ROLLOUT_ROLLOUT_FILE_H

#include "io/saved.h"
#include "rollout/minibatches.h"

/* Stored actions are less than `actions`; observations are of this kind and size. */
typedef struct arq_saved_rows {
    arq_rows *rows;
    uint32_t actions;
    int32_t observation_kind;
    uint32_t observation_size;
} arq_saved_rows;

/* Lists of fields, as arq_part.list: of an arq_saved_rows, and of an arq_minibatches. */
void arq_rows_list_fields(arq_record *record, void *saved_rows);
void arq_minibatches_list_fields(arq_record *record, void *minibatches);

#endif
