/*
 * One ARQ cell on FrozenLake 4x4, beside the truth: Q of value iteration.
 *
 *   frozenlake OUT SLIPPERY STEPS UPDATES SEEDS [PARAMETER=VALUE...]
 *
 * SLIPPERY is true or false. STEPS transitions of random behaviour are collected, and learned from in four phases of
 * UPDATES updates, each with a third of the rate of the one before: what is left to learn in the end is smaller than
 * the noise of one large rate. Writes OUT.csv (every learned and true Q), OUT.svg (one over the other), and prints both
 * for each seed from 1 to SEEDS. Exit code 0 if the greedy action is optimal in every state, with every seed.
 */
#include <arq/arq.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATES 16
#define LIVING 11 /* states that are no end */
#define ACTIONS 4
#define DISCOUNT 0.95
#define MOST_BATCH 65536 /* of the parameter */

static const char map[STATES + 1] = "SFFFFHFHFFFHHFFG";
static const char *const arrows[ACTIONS] = {"left", "down", "right", "up"};
static const char *const rates[] = {"0.001", "0.0003", "0.0001", "0.00003"};

/* ---- The truth ---- */

static int is_end(int state)
{
    return map[state] == 'H' || map[state] == 'G';
}

static int move(int state, int action)
{
    int row = state / 4;
    int column = state % 4;
    column += action == 2 ? column < 3 : action == 0 ? -(column > 0) : 0;
    row += action == 1 ? row < 3 : action == 3 ? -(row > 0) : 0;
    return row * 4 + column;
}

static double value_of(const double q[ACTIONS])
{
    return fmax(fmax(q[0], q[1]), fmax(q[2], q[3]));
}

/* Q by value iteration: on ice each direction except the opposite one is as likely. */
static void iterate(int slippery, double q[STATES][ACTIONS])
{
    memset(q, 0, STATES * sizeof(q[0]));
    for (int sweep = 0; sweep < 20000; sweep++) {
        for (int state = 0; state < STATES; state++) {
            for (int action = 0; !is_end(state) && action < ACTIONS; action++) {
                double sum = 0;
                for (int turn = slippery ? -1 : 0; turn <= (slippery ? 1 : 0); turn++) {
                    int next = move(state, (action + turn + ACTIONS) % ACTIONS);
                    sum += (map[next] == 'G') + (is_end(next) ? 0 : DISCOUNT * value_of(q[next]));
                }
                q[state][action] = sum / (slippery ? 3 : 1);
            }
        }
    }
}

/* ---- Learning ---- */

typedef struct lake {
    arq_context *context;
    arq_config *config;
    arq_env *env;
    arq_network *network;
    arq_replay *replay;
    arq_activations *activations;
    uint32_t batch;
} lake;

static int configure(arq_config *config, int count, char **pairs)
{
    static const char *const own[][2] = {{"widths", "32"},      {"heads", "4"},  {"recurrent", "false"},
                                         {"top_down", "false"}, {"batch", "64"}, {"tau", "0.1"}};
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        if (arq_config_set(config, own[i][0], own[i][1]) != ARQ_OK) {
            return 1;
        }
    }
    for (int i = 0; i < count; i++) {
        char name[64];
        const char *value = strchr(pairs[i], '=');
        snprintf(name, sizeof(name), "%.*s", value == NULL ? 0 : (int)(value - pairs[i]), pairs[i]);
        if (arq_config_set(config, name, value == NULL ? pairs[i] : value + 1) != ARQ_OK) {
            return 1;
        }
    }
    return arq_config_set_float(config, "gamma", DISCOUNT) != ARQ_OK;
}

static int open_lake(lake *self, const char *slippery, uint64_t steps, uint64_t seed, int count, char **pairs)
{
    char id[64];
    double batch = 0;
    snprintf(id, sizeof(id), "classic/frozenlake?slippery=%s", slippery);
    int failed =
        arq_context_create(ARQ_ABI_VERSION, NULL, &self->context) ||
        arq_config_create(self->context, NULL, &self->config) || configure(self->config, count, pairs) ||
        arq_config_set_int(self->config, "seed", (int64_t)seed) ||
        arq_config_get_float(self->config, "batch", &batch) || arq_env_open(self->context, id, &self->env) ||
        arq_network_create(self->context, self->config, ARQ_OBSERVATION_DISCRETE, STATES, ACTIONS, &self->network) ||
        arq_activations_create(self->network, STATES, &self->activations) ||
        arq_replay_create(self->context, ARQ_OBSERVATION_DISCRETE, STATES, steps, 1, seed, &self->replay);
    self->batch = (uint32_t)batch;
    return failed;
}

static void close_lake(lake *self)
{
    arq_replay_destroy(self->replay);
    arq_activations_destroy(self->activations);
    arq_network_destroy(self->network);
    arq_env_destroy(self->env);
    arq_config_destroy(self->config);
    arq_context_destroy(self->context);
}

/* Knuth's linear congruential generator; its upper bits are good enough for four actions. */
static int32_t random_action(uint64_t *random)
{
    *random = *random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int32_t)(*random >> 62);
}

static int collect(const lake *self, uint64_t steps, uint64_t seed)
{
    uint64_t random = seed;
    int32_t observation, terminated = 0, truncated = 0;
    int ended = 1, failed = 0;
    for (uint64_t step = 0; !failed && step < steps; step++) {
        int32_t action = random_action(&random);
        double reward;
        failed = ended && (arq_env_reset(self->env, step == 0 ? &seed : NULL, &observation) ||
                           arq_replay_begin(self->replay, &observation));
        failed = failed || arq_env_step(self->env, action, &observation, &reward, &terminated, &truncated) ||
                 arq_replay_add(self->replay, action, reward, &observation, terminated, truncated);
        ended = !failed && (terminated || truncated);
    }
    return failed;
}

/* One phase: a learner of its own, whose target network begins as a copy. */
static int learn(const lake *self, const char *rate, uint64_t updates)
{
    static int32_t windows[MOST_BATCH][2], lengths[MOST_BATCH], actions[MOST_BATCH]; /* s_t and s_{t+1} */
    static float rewards[MOST_BATCH];
    static uint8_t terminated[MOST_BATCH];
    arq_learner *learner = NULL;
    uint32_t batch = self->batch;
    int failed = arq_config_set(self->config, "learning_rate", rate) ||
                 arq_learner_create(self->network, self->config, &learner);
    for (uint64_t update = 0; !failed && update < updates; update++) {
        failed = arq_replay_sample(self->replay, batch, 0, windows, lengths, actions, rewards, terminated) ||
                 arq_learner_update(learner, batch, windows, lengths, actions, rewards, terminated) ||
                 arq_learner_sync(learner);
    }
    arq_learner_destroy(learner);
    return failed;
}

static int learn_seed(const char *slippery, uint64_t steps, uint64_t updates, uint64_t seed, int count, char **pairs,
                      float q[STATES][ACTIONS])
{
    lake self = {.context = NULL};
    int32_t states[STATES];
    for (int state = 0; state < STATES; state++) {
        states[state] = state;
    }
    int failed = open_lake(&self, slippery, steps, seed, count, pairs) || collect(&self, steps, seed);
    for (size_t phase = 0; !failed && phase < sizeof(rates) / sizeof(rates[0]); phase++) {
        failed = learn(&self, rates[phase], updates);
    }
    failed = failed || arq_network_q(self.network, self.activations, states, q[0]);
    if (failed) {
        char text[512];
        arq_context_last_error(self.context, text, sizeof(text));
        fprintf(stderr, "frozenlake: %s\n", text);
    }
    close_lake(&self);
    return failed;
}

/* ---- Results ---- */

static int greedy(const float q[ACTIONS])
{
    int best = 0;
    for (int a = 1; a < ACTIONS; a++) {
        best = q[a] > q[best] ? a : best;
    }
    return best;
}

/* Prints learned beside true Q; returns the states whose greedy action is not optimal. */
static int print_table(uint64_t seed, const float learned[STATES][ACTIONS], const double truth[STATES][ACTIONS])
{
    int wrong = 0;
    double worst = 0;
    printf("state  learned Q: left   down  right     up   true Q: left   down  right     up   greedy\n");
    for (int state = 0; state < STATES; state++) {
        if (is_end(state)) {
            continue;
        }
        int best = greedy(learned[state]);
        int optimal = truth[state][best] > value_of(truth[state]) - 1e-9;
        wrong += !optimal;
        printf("%2d %c    ", state, map[state]);
        for (int a = 0; a < ACTIONS; a++) {
            printf(" %6.3f", (double)learned[state][a]);
            worst = fmax(worst, fabs((double)learned[state][a] - truth[state][a]));
        }
        printf("        ");
        for (int a = 0; a < ACTIONS; a++) {
            printf(" %6.3f", truth[state][a]);
        }
        printf("   %s%s\n", arrows[best], optimal ? "" : " (not optimal)");
    }
    printf("seed %llu: %d of %d states have an optimal greedy action; largest error of Q %.3f\n",
           (unsigned long long)seed, LIVING - wrong, LIVING, worst);
    fflush(stdout);
    return wrong;
}

static void write_values(uint64_t seed, const float learned[STATES][ACTIONS], const double truth[STATES][ACTIONS],
                         FILE *csv, FILE *picture)
{
    for (int i = 0; i < STATES * ACTIONS; i++) {
        int state = i / ACTIONS;
        int a = i % ACTIONS;
        if (!is_end(state)) {
            fprintf(csv, "%llu,%d,%s,%.9g,%.9g\n", (unsigned long long)seed, state, arrows[a],
                    (double)learned[state][a], truth[state][a]);
            fprintf(picture, "<circle cx='%.1f' cy='%.1f' r='2' fill='#0072b2' fill-opacity='0.5'/>\n",
                    40 + 400 * truth[state][a], 420 - 400 * (double)learned[state][a]);
        }
    }
}

/* Axes from 0 to 1 and the line where both are equal. */
static void begin_picture(FILE *picture)
{
    fprintf(picture, "<svg xmlns='http://www.w3.org/2000/svg' width='470' height='470' font-family='sans-serif' "
                     "font-size='12'>\n<rect width='100%%' height='100%%' fill='white'/>\n"
                     "<polyline fill='none' stroke='#888' points='40,420 440,20'/>\n"
                     "<rect x='40' y='20' width='400' height='400' fill='none' stroke='#888'/>\n");
    for (int tick = 0; tick <= 5; tick++) {
        fprintf(picture,
                "<text x='%d' y='436' text-anchor='middle'>%.1f</text>"
                "<text x='34' y='%d' text-anchor='end'>%.1f</text>\n",
                40 + 80 * tick, 0.2 * tick, 424 - 80 * tick, 0.2 * tick);
    }
    fprintf(picture,
            "<text x='240' y='456' text-anchor='middle'>learned Q (up) over true Q (right), all seeds</text>\n");
}

static FILE *open_output(const char *out, const char *ending)
{
    char path[1024];
    snprintf(path, sizeof(path), "%s%s", out, ending);
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        perror(path);
    }
    return file;
}

static int close_output(FILE *file)
{
    int failed = file == NULL || ferror(file);
    return (file != NULL && fclose(file) != 0) || failed;
}

int main(int count, char **arguments)
{
    if (count < 6) {
        fprintf(stderr, "usage: frozenlake OUT SLIPPERY STEPS UPDATES SEEDS [PARAMETER=VALUE...]\n");
        return 2;
    }
    uint64_t steps = strtoull(arguments[3], NULL, 10);
    uint64_t updates = strtoull(arguments[4], NULL, 10);
    uint64_t seeds = strtoull(arguments[5], NULL, 10);
    double truth[STATES][ACTIONS];
    float learned[STATES][ACTIONS];
    FILE *csv = open_output(arguments[1], ".csv");
    FILE *picture = open_output(arguments[1], ".svg");
    int failed = csv == NULL || picture == NULL;
    uint64_t optimal = 0;
    iterate(strcmp(arguments[2], "true") == 0, truth);
    if (!failed) {
        fprintf(csv, "seed,state,action,learned,true\n");
        begin_picture(picture);
    }
    for (uint64_t seed = 1; !failed && seed <= seeds; seed++) {
        failed = learn_seed(arguments[2], steps, updates, seed, count - 6, arguments + 6, learned);
        if (!failed) {
            optimal += print_table(seed, (const float(*)[ACTIONS])learned, (const double(*)[ACTIONS])truth) == 0;
            write_values(seed, (const float(*)[ACTIONS])learned, (const double(*)[ACTIONS])truth, csv, picture);
        }
    }
    if (!failed) {
        fprintf(picture, "</svg>\n");
        printf("slippery=%s: %llu of %llu seeds have the optimal policy\n", arguments[2], (unsigned long long)optimal,
               (unsigned long long)seeds);
    }
    failed = close_output(csv) || failed;
    failed = close_output(picture) || failed;
    return failed || optimal < seeds;
}
