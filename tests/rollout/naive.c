#include "naive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Making ---- */

static void common_settings(const naive *n, char text[1024])
{
    int length = snprintf(text, 1024, "%s batch=%u seed=%llu", n->settings, n->batch, (unsigned long long)n->seed);
    if (n->rate_steps > 0) {
        snprintf(text + length, 1024 - (size_t)length, " learning_rate=%.17g", n->rate);
    }
}

void naive_create(naive *n, struct host *host, const char *settings)
{
    char text[1024];
    n->host = host;
    n->settings = settings;
    common_settings(n, text);
    arq_config *config = configured(host, text);
    n->length = (n->rollout + n->instances - 1) / n->instances;
    ck_assert_uint_le(n->length, MOST_STEPS);
    succeeds(host, arq_network_create(host->context, config, ARQ_OBSERVATION_F32, SIZE, ACTIONS, &n->network[0]));
    n->cells = arq_network_cells(n->network[0]);
    n->learners = n->dense ? 1 : n->cells;
    ck_assert_uint_le(n->learners, MOST_CELLS);
    for (uint32_t l = 0; l < n->learners; l++) {
        if (l > 0) {
            succeeds(host,
                     arq_network_create(host->context, config, ARQ_OBSERVATION_F32, SIZE, ACTIONS, &n->network[l]));
        }
        succeeds(host, arq_learner_create(n->network[l], config, &n->learner[l]));
        ck_assert_uint_eq(arq_learner_window(n->learner[l]), 1);
    }
    succeeds(host, arq_activations_create(n->network[0], 1, &n->alone));
    for (uint32_t i = 0; i < n->instances; i++) {
        arq_random_seed_instance(&n->episode[i].exploration, n->seed, ARQ_STREAM_EXPLORATION, i);
    }
    const arq_rows_shape shape = {.instances = n->instances, .length = n->length, .observation_bytes = 4};
    succeeds(host, arq_rows_create(host->context, &shape, &n->places));
    succeeds(host, arq_minibatches_create(host->context, &shape, n->batch, n->seed, &n->minibatches));
    arq_config_destroy(config);
}

void naive_destroy(naive *n)
{
    arq_activations_destroy(n->alone);
    for (uint32_t l = 0; l < n->learners; l++) {
        arq_learner_destroy(n->learner[l]);
        arq_network_destroy(n->network[l]);
    }
    arq_rows_destroy(&n->places);
    arq_minibatches_destroy(&n->minibatches);
}

arq_agent *naive_twin(const naive *n)
{
    char common[1024];
    char text[2048];
    arq_agent *agent;
    common_settings(n, common);
    int length =
        snprintf(text, sizeof(text),
                 "%s experience=rollout rollout=%u epochs=%u minibatches_per_step=%u td_lambda=%.17g gamma=%.17g "
                 "epsilon_start=%.17g epsilon_end=%.17g exploration_steps=%.0f",
                 common, n->rollout, n->epochs, n->per_step, n->lambda, n->gamma, n->epsilon_start, n->epsilon_end,
                 n->exploration_steps);
    if (n->rate_steps > 0) {
        snprintf(text + length, sizeof(text) - (size_t)length, " learning_rate_end=%.17g learning_rate_steps=%.0f",
                 n->rate_end, n->rate_steps);
    }
    arq_config *config = configured(n->host, text);
    succeeds(n->host,
             arq_agent_create_many(n->host->context, config, ARQ_OBSERVATION_F32, SIZE, ACTIONS, n->instances, &agent));
    arq_config_destroy(config);
    return agent;
}

/* ---- Values ---- */

/* Q of the network and, where `values` is not NULL, every learner's largest own Q. */
static int32_t look_at(naive *n, const float observation[SIZE], float *values)
{
    float q[ACTIONS];
    succeeds(n->host, arq_activations_begin(n->alone, 0));
    succeeds(n->host, arq_network_q(n->network[0], n->alone, observation, q));
    int32_t greedy = 0;
    for (int32_t a = 1; a < (int32_t)ACTIONS; a++) {
        greedy = q[a] > q[greedy] ? a : greedy;
    }
    for (uint32_t l = 0; l < n->learners && values != NULL; l++) {
        float own[ACTIONS];
        size_t count;
        uint32_t cell = n->dense ? n->cells - 1 : l;
        succeeds(n->host, arq_activations_read(n->alone, ARQ_ACTIVATION_Q, cell, 0, own, ACTIONS, &count));
        ck_assert_uint_eq(count, ACTIONS);
        values[l] = own[0];
        for (uint32_t a = 1; a < ACTIONS; a++) {
            values[l] = own[a] > values[l] ? own[a] : values[l];
        }
    }
    return greedy;
}

static naive_transition *newest(naive *n, uint32_t i)
{
    naive_row *row = &n->rows[n->filling][i];
    return row->count == 0 ? NULL : &row->transition[row->count - 1];
}

static void value_newest(naive *n, uint32_t i)
{
    naive_transition *t = newest(n, i);
    if (t != NULL && t->end == ARQ_END_NONE) {
        look_at(n, n->episode[i].observation, t->value);
    }
}

/* ---- Learning ---- */

static double return_of(const naive *n, const naive_row *row, uint32_t t, uint32_t l)
{
    const naive_transition *transition = &row->transition[t];
    double value = (double)transition->value[l];
    if (transition->end == ARQ_END_TERMINATED) {
        return (double)transition->reward;
    }
    if (transition->end == ARQ_END_NONE && t + 1 < row->count) {
        value = (1 - n->lambda) * value + n->lambda * return_of(n, row, t + 1, l);
    }
    return (double)transition->reward + n->gamma * value;
}

/* Cell l of every network becomes that of network l. */
static void share_cells(naive *n)
{
    const char *name;
    uint32_t rows, columns;
    for (uint32_t index = 0; arq_network_tensor(n->network[0], index, &name, &rows, &columns) == ARQ_OK; index++) {
        unsigned owner;
        ck_assert_int_eq(sscanf(name, "cell%u.", &owner), 1);
        size_t count = (size_t)rows * (columns == 0 ? 1 : columns);
        float *values = malloc(count * sizeof(*values));
        succeeds(n->host, arq_network_read(n->network[owner], name, values, count));
        for (uint32_t l = 0; l < n->learners; l++) {
            succeeds(n->host, arq_network_write(n->network[l], name, values, count));
        }
        free(values);
    }
}

static void learn_minibatch(naive *n)
{
    arq_minibatches *m = &n->minibatches;
    arq_minibatches_gather(m, &n->places);
    float(*observations)[2][SIZE] = calloc(m->size, sizeof(*observations));
    int32_t *actions = calloc(m->size, sizeof(*actions));
    float *rewards = calloc(m->size, sizeof(*rewards));
    uint8_t *terminated = calloc(m->size, 1);
    for (uint32_t l = 0; l < n->learners; l++) {
        for (uint32_t b = 0; b < m->size; b++) {
            uint32_t name;
            memcpy(&name, m->observations + 4 * b, 4);
            const naive_transition *t = &n->rows[n->learning][name / n->length].transition[name % n->length];
            memcpy(observations[b][0], t->observation, sizeof(t->observation));
            memcpy(observations[b][1], t->observation, sizeof(t->observation));
            actions[b] = t->action;
            rewards[b] = t->target[l];
            terminated[b] = 1;
        }
        succeeds(n->host, arq_learner_update(n->learner[l], m->size, observations, NULL, actions, rewards, terminated));
    }
    if (n->learners > 1) {
        share_cells(n);
    }
    free(observations);
    free(actions);
    free(rewards);
    free(terminated);
    arq_minibatches_advance(m);
    n->minibatches_made++;
}

static void learn_at_most(naive *n, uint64_t most)
{
    for (uint32_t l = 0; l < n->learners && n->rate_steps > 0; l++) {
        double share = (double)n->steps / n->rate_steps;
        arq_learner_set_rate(n->learner[l], share >= 1 ? n->rate_end : n->rate + (n->rate_end - n->rate) * share);
    }
    for (uint64_t i = 0; i < most && arq_minibatches_left(&n->minibatches) > 0; i++) {
        learn_minibatch(n);
    }
}

static void end_rollout(naive *n)
{
    for (uint32_t i = 0; i < n->instances; i++) {
        if (!n->episode[i].acted) {
            value_newest(n, i);
        }
    }
    n->learning = n->filling;
    n->filling = n->per_step == 0 ? 0 : 1 - n->filling;
    for (uint32_t i = 0; i < n->instances && n->per_step > 0; i++) {
        n->rows[n->filling][i].count = 0;
    }
    arq_rows_clear(&n->places);
    for (uint32_t i = 0; i < n->instances; i++) {
        naive_row *row = &n->rows[n->learning][i];
        for (uint32_t t = 0; t < row->count; t++) {
            uint32_t name = i * n->length + t;
            arq_rows_add(&n->places, i, &name, 0, 0, ARQ_END_NONE);
            for (uint32_t l = 0; l < n->learners; l++) {
                row->transition[t].target[l] = (float)return_of(n, row, t, l);
            }
        }
    }
    arq_minibatches_start(&n->minibatches, &n->places, n->epochs);
}

static void learn_if_due(naive *n)
{
    int full = 0;
    for (uint32_t i = 0; i < n->instances; i++) {
        full |= n->rows[n->filling][i].count == n->length;
    }
    if (full) {
        learn_at_most(n, UINT64_MAX);
        end_rollout(n);
    }
    learn_at_most(n, n->per_step == 0 ? UINT64_MAX : n->per_step);
    for (uint32_t i = 0; i < n->instances && full && n->per_step == 0; i++) {
        n->rows[0][i].count = 0;
    }
}

/* ---- The calls ---- */

void naive_begin(naive *n, const uint8_t *mask, float (*observations)[SIZE])
{
    for (uint32_t i = 0; i < n->instances; i++) {
        if (mask != NULL && !mask[i]) {
            continue;
        }
        naive_transition *t = newest(n, i);
        if (t != NULL && t->end == ARQ_END_NONE) { /* cut at the newest observation */
            if (!n->episode[i].acted) {
                value_newest(n, i);
            }
            t->end = ARQ_END_TRUNCATED;
        }
        n->episode[i].open = 1;
        n->episode[i].acted = 0;
        memcpy(n->episode[i].observation, observations[i], sizeof(n->episode[i].observation));
    }
}

void naive_act(naive *n, const uint8_t *mask, int32_t *actions)
{
    double share = n->exploration_steps == 0 ? 1 : (double)n->steps / n->exploration_steps;
    double epsilon = share >= 1 ? n->epsilon_end : n->epsilon_start + (n->epsilon_end - n->epsilon_start) * share;
    for (uint32_t i = 0; i < n->instances; i++) {
        naive_episode *episode = &n->episode[i];
        if (mask != NULL && !mask[i]) {
            continue;
        }
        ck_assert(episode->open);
        if (!episode->acted) {
            value_newest(n, i);
            int32_t greedy = look_at(n, episode->observation, NULL);
            int explores = arq_random_uniform(&episode->exploration) < epsilon;
            episode->action = explores ? (int32_t)arq_random_below(&episode->exploration, ACTIONS) : greedy;
            episode->acted = 1;
        }
        actions[i] = episode->action;
    }
}

void naive_observe(naive *n, const uint8_t *mask, const worlds *w)
{
    uint64_t before = n->steps;
    for (uint32_t i = 0; i < n->instances; i++) {
        naive_episode *episode = &n->episode[i];
        if (mask != NULL && !mask[i]) {
            continue;
        }
        naive_row *row = &n->rows[n->filling][i];
        naive_transition *t = &row->transition[row->count++];
        memcpy(t->observation, episode->observation, sizeof(t->observation));
        t->action = episode->action;
        t->reward = (float)w->rewards[i];
        t->end = w->terminated[i] ? ARQ_END_TERMINATED : w->truncated[i] ? ARQ_END_TRUNCATED : ARQ_END_NONE;
        memcpy(episode->observation, w->observations[i], sizeof(episode->observation));
        if (t->end == ARQ_END_TRUNCATED) {
            look_at(n, episode->observation, t->value);
        }
        episode->acted = 0;
        episode->open = t->end == ARQ_END_NONE;
        n->steps++;
    }
    if (n->steps > before) { /* a call for nobody is no step */
        learn_if_due(n);
    }
}

void naive_compare(const naive *n, arq_agent *agent)
{
    double updates;
    succeeds(n->host, arq_agent_metric(agent, "updates", 0, &updates));
    ck_assert_uint_eq((uint64_t)updates, n->minibatches_made);
    ck_assert_msg(hash_network(n->host, n->network[0]) == hash_network(n->host, arq_agent_network(agent)),
                  "weights differ after %llu steps, %.0f updates", (unsigned long long)n->steps, updates);
}
