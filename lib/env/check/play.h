/*
 * Playing one instance, with buffers that notice what methods do to them.
 */
#ifndef ARQ_ENV_CHECK_PLAY_H
#define ARQ_ENV_CHECK_PLAY_H

#include "core/random.h"
#include "env/check/report.h"

/* One instance that is played. */
typedef struct arq_player {
    arq_check *check;
    void *self;
    arq_random script;
    uint64_t episode, step;
    int ended;
    int quiet;    /* observations, rewards and flags are not checked */
    uint8_t fill; /* what the outputs hold before a method is called */
    double reward;
    int32_t terminated, truncated;
    unsigned char *observation; /* copy of the last one */
} arq_player;

/* Reports a method that failed: returns 1 for ARQ_OK, otherwise the check ends. */
int arq_check_method(arq_player *player, const char *method, arq_status status);

int arq_slots_create(arq_check *check);
void arq_slots_poison(arq_check *check, uint8_t poison);
int arq_player_create(arq_check *check, arq_player *player);
/* `count` of them by one call, if the type can do that. */
int arq_players_create(arq_check *check, arq_player *players, uint32_t count);
void arq_player_destroy(arq_player *player);
/* Call a method and check everything that it may and may not do; 0 when the check cannot go on. */
int arq_player_reset(arq_player *player, const uint64_t *seed);
int arq_player_step(arq_player *player);
/* Begins the script: resets the instance with `seed`, and seeds the script's own random stream. */
int arq_player_begin(arq_player *player, uint64_t seed);
/* One move of the script. */
int arq_player_move(arq_player *player);
uint64_t arq_player_digest(const arq_player *player);
/* Plays the script from move `from` up to before `to` and compares with the trace. Returns the first move that
 * differs, `to` if none does, or UINT32_MAX if the check cannot go on. */
uint32_t arq_player_follow(arq_player *player, uint32_t from, uint32_t to);

#endif
