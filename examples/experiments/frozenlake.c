/*
 * One ARQ cell on FrozenLake 4x4, beside the truth: Q of value iteration.
 *
 *   frozenlake SLIPPERY STEPS SEED [PARAMETER=VALUE...]
 *
 * SLIPPERY is true or false. The behaviour is random throughout, so that every state is seen; prints each state's Q,
 * learned and true, and how many states have an optimal greedy action. Exit code 0 if all have.
 */
#include <arq/arq.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATES 16
#define ACTIONS 4
#define DISCOUNT 0.95

static const char map[STATES + 1] = "SFFFFHFHFFFHHFFG";
static const char *const arrows[ACTIONS] = {"left", "down", "right", "up"};

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

/* Q by value iteration: on ice each of three directions, all but the opposite one, is as likely. */
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

static int configure(arq_config *config, int count, char **pairs)
{
    static const char *const own[][2] = {{"widths", "32"},
                                         {"heads", "4"},
                                         {"recurrent", "false"},
                                         {"top_down", "false"},
                                         {"learning_rate", "0.0005"},
                                         {"batch", "64"},
                                         {"train_period", "2"},
                                         {"learning_starts", "500"},
                                         {"target_period", "4"},
                                         {"epsilon_start", "1"},
                                         {"epsilon_end", "1"},
                                         {"replay_capacity", "100000"},
                                         {"gamma", "0.95"},
                                         {"tau", "0.1"},
                                         {"total_steps", "1e12"}};
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        if (arq_config_set(config, own[i][0], own[i][1]) != ARQ_OK) {
            return 1;
        }
    }
    for (int i = 0; i < count; i++) {
        char *value = strchr(pairs[i], '=');
        if (value == NULL) {
            return 1;
        }
        *value++ = '\0';
        if (arq_config_set(config, pairs[i], value) != ARQ_OK) {
            return 1;
        }
    }
    return 0;
}

/* Prints learned beside true Q; returns the states whose greedy action is not optimal. */
static int compare(const float *learned, const double truth[STATES][ACTIONS])
{
    int wrong = 0;
    double worst = 0;
    printf("state  learned Q: left   down  right     up   true Q: left   down  right     up   greedy\n");
    for (int state = 0; state < STATES; state++) {
        if (is_end(state)) {
            continue;
        }
        const float *q = learned + state * ACTIONS;
        int best = 0;
        for (int a = 0; a < ACTIONS; a++) {
            best = q[a] > q[best] ? a : best;
            worst = fmax(worst, fabs((double)q[a] - truth[state][a]));
        }
        int optimal = truth[state][best] > value_of(truth[state]) - 1e-9;
        wrong += !optimal;
        printf("%2d %c    ", state, map[state]);
        for (int a = 0; a < ACTIONS; a++) {
            printf(" %6.3f", (double)q[a]);
        }
        printf("        ");
        for (int a = 0; a < ACTIONS; a++) {
            printf(" %6.3f", truth[state][a]);
        }
        printf("   %s%s\n", arrows[best], optimal ? "" : " (not optimal)");
    }
    printf("%d of 11 states have an optimal greedy action; largest error of Q %.3f\n", 11 - wrong, worst);
    return wrong;
}

int main(int count, char **arguments)
{
    if (count < 4) {
        fprintf(stderr, "usage: frozenlake SLIPPERY STEPS SEED [PARAMETER=VALUE...]\n");
        return 2;
    }
    char id[64];
    snprintf(id, sizeof(id), "classic/frozenlake?slippery=%s", arguments[1]);
    int slippery = strcmp(arguments[1], "true") == 0;
    uint64_t steps = strtoull(arguments[2], NULL, 10);
    uint64_t done = 1;
    double truth[STATES][ACTIONS];
    float learned[STATES * ACTIONS];
    int32_t states[STATES];
    arq_context *context = NULL;
    arq_config *config = NULL;
    arq_env *env = NULL;
    arq_run *run = NULL;
    arq_activations *activations = NULL;
    int failed = arq_context_create(ARQ_ABI_VERSION, NULL, &context) || arq_config_create(context, NULL, &config) ||
                 configure(config, count - 4, arguments + 4) || arq_config_set(config, "seed", arguments[3]) ||
                 arq_env_open(context, id, &env) || arq_run_create(context, config, env, &run);
    for (uint64_t made = 0; !failed && made < steps && done > 0; made += done) {
        failed = arq_run_advance(run, steps - made, &done);
    }
    for (int state = 0; state < STATES; state++) {
        states[state] = state;
    }
    const arq_network *network = arq_agent_network(arq_run_agent(run));
    failed = failed || arq_activations_create(network, STATES, &activations) ||
             arq_network_q(network, activations, states, learned);
    if (failed) {
        char text[512];
        arq_context_last_error(context, text, sizeof(text));
        fprintf(stderr, "frozenlake: %s\n", text);
    } else {
        iterate(slippery, truth);
        failed = compare(learned, (const double(*)[ACTIONS])truth) > 0;
    }
    arq_activations_destroy(activations);
    arq_run_destroy(run);
    arq_env_destroy(env);
    arq_config_destroy(config);
    arq_context_destroy(context);
    return failed;
}
