#include "model.h"

#include <stdlib.h>
#include <string.h>

void model_create(replay_model *model, size_t observation_bytes, uint64_t capacity, uint32_t window)
{
    memset(model, 0, sizeof(*model));
    model->observation_bytes = observation_bytes;
    model->capacity = capacity;
    model->window = window;
}

static void *wider(void *items, size_t bytes)
{
    void *result = realloc(items, bytes);
    if (result == NULL) {
        abort();
    }
    return result;
}

void model_destroy(replay_model *model)
{
    for (size_t i = 0; i < model->episode_count; i++) {
        free(model->episodes[i].observations);
        free(model->episodes[i].rewards);
        free(model->episodes[i].serials);
        free(model->episodes[i].terminated);
    }
    free(model->episodes);
}

static void put_observation(const replay_model *model, model_episode *episode, uint32_t index, const void *observation)
{
    size_t bytes = model->observation_bytes;
    episode->observations = wider(episode->observations, (index + 1) * bytes);
    memcpy(episode->observations + index * bytes, observation, bytes);
}

void model_begin(replay_model *model, const void *observation)
{
    model->episodes = wider(model->episodes, (model->episode_count + 1) * sizeof(*model->episodes));
    model_episode *episode = &model->episodes[model->episode_count++];
    memset(episode, 0, sizeof(*episode));
    put_observation(model, episode, 0, observation);
    model->open = 1;
}

void model_lose_oldest(replay_model *model)
{
    for (size_t i = 0; i < model->episode_count; i++) {
        if (model->episodes[i].lost < model->episodes[i].transitions) {
            model->episodes[i].lost++;
            return;
        }
    }
}

int32_t model_add(replay_model *model, float reward, const void *next_observation, int terminated, int truncated)
{
    model_episode *episode = &model->episodes[model->episode_count - 1];
    uint32_t index = episode->transitions++;
    episode->rewards = wider(episode->rewards, episode->transitions * sizeof(*episode->rewards));
    episode->serials = wider(episode->serials, episode->transitions * sizeof(*episode->serials));
    episode->terminated = wider(episode->terminated, episode->transitions);
    episode->rewards[index] = reward;
    episode->serials[index] = model->next_serial++;
    episode->terminated[index] = (uint8_t)terminated;
    put_observation(model, episode, index + 1, next_observation);
    model->open = !terminated && !truncated;
    if (model_size(model) > model->capacity) {
        model_lose_oldest(model);
    }
    return episode->serials[index];
}

uint64_t model_size(const replay_model *model)
{
    uint64_t size = 0;
    for (size_t i = 0; i < model->episode_count; i++) {
        size += model->episodes[i].transitions - model->episodes[i].lost;
    }
    return size;
}

/* The window begins at observation index - (window - 1), or at the episode's beginning if that is stored. */
static int can_be_drawn(const replay_model *model, const model_episode *episode, uint32_t index)
{
    return index >= episode->lost && (episode->lost == 0 || index >= episode->lost + model->window - 1);
}

uint64_t model_eligible(const replay_model *model)
{
    uint64_t eligible = 0;
    for (size_t i = 0; i < model->episode_count; i++) {
        for (uint32_t t = 0; t < model->episodes[i].transitions; t++) {
            eligible += can_be_drawn(model, &model->episodes[i], t);
        }
    }
    return eligible;
}

static const model_episode *find(const replay_model *model, int32_t serial, uint32_t *index)
{
    for (size_t i = 0; i < model->episode_count; i++) {
        const model_episode *episode = &model->episodes[i];
        for (*index = 0; *index < episode->transitions; ++*index) {
            if (episode->serials[*index] == serial) {
                return episode;
            }
        }
    }
    return NULL;
}

int32_t model_oldest(const replay_model *model)
{
    for (size_t i = 0; i < model->episode_count; i++) {
        const model_episode *episode = &model->episodes[i];
        if (episode->lost < episode->transitions) {
            return episode->serials[episode->lost];
        }
    }
    return INT32_MAX;
}

int model_window(const replay_model *model, int32_t serial, unsigned char *observations, int32_t *length, float *reward,
                 uint8_t *terminated)
{
    uint32_t index;
    const model_episode *episode = find(model, serial, &index);
    if (episode == NULL || !can_be_drawn(model, episode, index)) {
        return 0;
    }
    size_t bytes = model->observation_bytes;
    for (uint32_t i = 0; i < model->window + 1; i++) {
        int64_t from = (int64_t)index - (model->window - 1) + i;
        memcpy(observations + i * bytes, episode->observations + (size_t)(from < 0 ? 0 : from) * bytes, bytes);
    }
    *length = (int32_t)(index + 1 < model->window ? index + 1 : model->window);
    *reward = episode->rewards[index];
    *terminated = episode->terminated[index];
    return 1;
}
