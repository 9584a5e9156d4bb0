/* arq eval: plays a saved network beside a random player. */
#include "command.h"
#include "evaluation.h"
#include "message.h"
#include "session.h"

#include <stdio.h>

typedef struct eval_settings {
    uint64_t episodes, seed, threads, max_steps;
    double epsilon;
    const char *cpu;
} eval_settings;

/* No value given: the network's own. */
#define OWN UINT64_MAX

static const option options[] = {
    {"episodes", OPTION_COUNT, offsetof(eval_settings, episodes), 1, EVALUATION_MAX_EPISODES, "N",
     "Episodes of each player; default: the run's evaluation_episodes."},
    {"epsilon", OPTION_NUMBER, offsetof(eval_settings, epsilon), 0, 1, "E",
     "Share of random actions; default: the run's evaluation_epsilon."},
    {"seed", OPTION_COUNT, offsetof(eval_settings, seed), 0, 9007199254740991, "S",
     "Of environment and epsilon; default: the run's seed + 1, as at the end of the training."},
    {"max-steps", OPTION_COUNT, offsetof(eval_settings, max_steps), 0, 1e15, "N",
     "An episode's longest, 0: no limit; default: 100000."},
    {"threads", OPTION_COUNT, offsetof(eval_settings, threads), 0, 256, "N",
     "Threads that compute; 0, the default: one for each processor."},
    {"cpu", OPTION_TEXT, offsetof(eval_settings, cpu), 0, 0, "NAME", "Instruction set; arq list cpu names them."},
    {.name = NULL}};

static int evaluate(arq_context *context, const arguments *given, const eval_settings *settings)
{
    char environment[512];
    arq_network *network = NULL;
    arq_env *env = NULL;
    int result = session_network(context, given->positional[0], &network, environment, sizeof(environment));
    if (result == 0 && given->positional_count == 2) {
        snprintf(environment, sizeof(environment), "%s", given->positional[1]);
    }
    if (result == 0 && environment[0] == '\0') {
        result = message_usage("%s does not say its environment: name it, arq eval FILE ENV", given->positional[0]);
    }
    result = result != 0 ? result : session_environment(context, environment, &env);
    if (result == 0) {
        evaluation_plan plan = evaluation_plan_of(network);
        plan.episodes = settings->episodes == OWN ? plan.episodes : settings->episodes;
        plan.seed = settings->seed == OWN ? plan.seed : settings->seed;
        plan.epsilon = settings->epsilon < 0 ? plan.epsilon : settings->epsilon;
        plan.max_steps = settings->max_steps;
        printf("%s, epsilon %g, seed %llu\n", environment, plan.epsilon, (unsigned long long)plan.seed);
        fflush(stdout);
        result = evaluation_compare(context, network, env, &plan, NULL);
    }
    arq_env_destroy(env);
    arq_network_destroy(network);
    return result;
}

static int run(const command *self, int argc, char **argv)
{
    eval_settings settings = {.episodes = OWN, .seed = OWN, .max_steps = EVALUATION_MAX_STEPS, .epsilon = -1};
    arguments given;
    arq_context *context = NULL;
    int result = options_parse(self, argc, argv, &settings, &given);
    result = result != 0 ? result : options_need(&given, 1, 2, "the run's folder or the network's file");
    result = result != 0 ? result : session_open(settings.cpu, settings.threads, &context);
    result = result != 0 ? result : evaluate(context, &given, &settings);
    arq_context_destroy(context);
    return result;
}

const command command_eval = {
    .name = "eval",
    .synopsis = "RUN|FILE [ENV] [flags]",
    .doc = "Evaluates a saved network beside a random player",
    .text = "RUN is a folder that arq train wrote, FILE a network or agent in safetensors. ENV is the environment's\n"
            "id; without it the one of the run's config.txt. Ctrl-C stops it and shows the episodes until then.\n",
    .options = options,
    .run = run,
};
