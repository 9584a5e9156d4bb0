/*
 * Slots in a file: column by column, one lane behind the other, and where there are several lanes the order of their
 * transitions. A whole replay lies in a file like this, and in pieces a segment of it and what no segment has yet.
 */
#ifndef ARQ_REPLAY_COLUMNS_H
#define ARQ_REPLAY_COLUMNS_H

#include "io/saved.h"
#include "replay/history.h"

/* Positions of a queue. */
typedef struct arq_slot_span {
    uint64_t from;
    uint64_t to;
} arq_slot_span;

/* Adds these slots of each lane and, of several lanes, this part of their order. */
void arq_columns_write(arq_record *record, const arq_replay *replay, const arq_slot_span *lanes, arq_slot_span order);

/* What a file says of a lane. */
typedef struct arq_saved_lane {
    uint64_t slots;
    uint64_t first_age; /* of the oldest slot that is kept: more than 0 where its episode has lost its beginning */
    int open;           /* the newest slot awaits its transition */
    uint64_t skipped;   /* while it is read: its first transitions that are no longer kept */
    uint64_t left;      /* likewise: transitions that the order has not named yet */
} arq_saved_lane;

/* The columns of one file. */
typedef struct arq_columns {
    const arq_replay *replay;
    uint32_t actions;      /* a stored action is less than this; 0: any */
    arq_saved_lane *lanes; /* [lanes] */
    int has_earlier;       /* other files hold what came before, and the oldest of that may be lost */
    int has_later;         /* other files hold what follows: each lane ends with a transition */
    uint64_t skipped;      /* the first transitions, which are no longer kept */
    uint64_t transitions;  /* with these; counted as it is read */
    const unsigned char *place[ARQ_COLUMN_COUNT];
} arq_columns;

/* Checks the slots of a file and stores them behind those of the history. */
void arq_columns_read(arq_record *record, arq_columns *columns, arq_history *history);

#endif
