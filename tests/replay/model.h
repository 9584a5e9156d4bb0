/*
 * A replay as one would write it without any thought of speed: a list of episodes, each with all its observations.
 * The action of a transition is its serial number, so that a drawn one can be recognised.
 */
#ifndef ARQ_TEST_REPLAY_MODEL_H
#define ARQ_TEST_REPLAY_MODEL_H

#include <stddef.h>
#include <stdint.h>

typedef struct model_episode {
    unsigned char *observations; /* [transitions + 1] */
    float *rewards;
    int32_t *serials;
    uint8_t *terminated;
    uint32_t transitions;
    uint32_t lost; /* of them, from the beginning */
} model_episode;

typedef struct replay_model {
    size_t observation_bytes;
    uint64_t capacity;
    uint32_t window;
    model_episode *episodes;
    size_t episode_count;
    int open;
    int32_t next_serial;
} replay_model;

void model_create(replay_model *model, size_t observation_bytes, uint64_t capacity, uint32_t window);
void model_destroy(replay_model *model);
void model_begin(replay_model *model, const void *observation);
/* The transition's serial number, which the replay gets as its action. */
int32_t model_add(replay_model *model, float reward, const void *next_observation, int terminated, int truncated);
/* The oldest transition: its serial number, or INT32_MAX where there is none; and away with it. */
int32_t model_oldest(const replay_model *model);
void model_lose_oldest(replay_model *model);
uint64_t model_size(const replay_model *model);
uint64_t model_eligible(const replay_model *model);

/* Whether the transition with this serial number may be drawn; if so, what must come with it. */
int model_window(const replay_model *model, int32_t serial, unsigned char *observations, int32_t *length, float *reward,
                 uint8_t *terminated);

#endif
