/* arq eval: plays a saved network beside a random player. */
#include "commands.h"

#include "cli/id.h"
#include "cli/message.h"
#include "cli/session.h"
#include "run/evaluation.h"
#include "run/saved.h"

#include <stdio.h>

typedef struct eval_settings {
    uint64_t episodes, seed, threads, max_steps;
    double epsilon;
    int trust;
    const char *cpu;
} eval_settings;

/* A setting that was not given: the value in the network's file is used. */
#define OWN UINT64_MAX

static const option options[] = {
    {"episodes", OPTION_COUNT, offsetof(eval_settings, episodes), 1, EVALUATION_MAX_EPISODES, "N",
     "Episodes of each player; default: the run's evaluation_episodes."},
    {"epsilon", OPTION_NUMBER, offsetof(eval_settings, epsilon), 0, 1, "E",
     "Share of random actions; default: the run's evaluation_epsilon."},
    {"seed", OPTION_COUNT, offsetof(eval_settings, seed), 0, 9007199254740991, "S",
     "Of the first environment and its epsilon, each further one has the next; default: the run's seed + 1, as at the "
     "end of the training."},
    {"max-steps", OPTION_COUNT, offsetof(eval_settings, max_steps), 0, 1e15, "N",
     "An episode's longest, 0: no limit; default: 100000."},
    {"threads", OPTION_COUNT, offsetof(eval_settings, threads), 0, 256, "N",
     "Threads that compute; 0, the default: one for each processor."},
    {"cpu", OPTION_TEXT, offsetof(eval_settings, cpu), 0, 0, "NAME", "Instruction set; arq list cpu names them."},
    {"trust", OPTION_SWITCH, offsetof(eval_settings, trust), 0, 0, NULL,
     "Load the plugin's file that the run names: it may do whatever you may."},
    {.name = NULL}};

/* What has to be released at the end. */
typedef struct evaluating {
    arq_context *context;
    arq_network *network;
    instances environments;
} evaluating;

static void print_plan(const char *environment, const evaluation_plan *plan, uint32_t count)
{
    printf("%s, epsilon %g, ", environment, plan->epsilon);
    if (count == 1) {
        printf("seed %llu\n", (unsigned long long)plan->seed);
    } else {
        printf("seeds %llu .. %llu side by side\n", (unsigned long long)plan->seed,
               (unsigned long long)(plan->seed + count - 1));
    }
    fflush(stdout);
}

static int evaluate(evaluating *self, const arguments *given, const eval_settings *settings)
{
    char environment[ID_SIZE] = "";
    int result = saved_network(self->context, given->positional[0], &self->network, environment);
    if (result != 0) {
        return result;
    }
    if (given->positional_count == 2) {
        snprintf(environment, sizeof(environment), "%s", given->positional[1]);
    }
    if (environment[0] == '\0') {
        return message_usage("%s does not say its environment: name it, arq eval FILE ENV", given->positional[0]);
    }
    result =
        saved_environment_check(given->positional[0], environment, settings->trust || given->positional_count == 2);
    if (result != 0) {
        return result;
    }
    evaluation_plan plan = evaluation_plan_of(self->network);
    plan.episodes = settings->episodes == OWN ? plan.episodes : settings->episodes;
    plan.seed = settings->seed == OWN ? plan.seed : settings->seed;
    plan.epsilon = settings->epsilon < 0 ? plan.epsilon : settings->epsilon;
    plan.max_steps = settings->max_steps;
    const uint32_t count = evaluation_instances(plan.episodes);
    result = instances_open(self->context, environment, count, &self->environments);
    if (result != 0) {
        return result;
    }
    print_plan(environment, &plan, count);
    return evaluation_compare(self->context, self->network, &self->environments, &plan, NULL);
}

static int run(const command *self, int argc, char **argv)
{
    eval_settings settings = {.episodes = OWN, .seed = OWN, .max_steps = EVALUATION_MAX_STEPS, .epsilon = -1};
    evaluating work = {.context = NULL};
    arguments given;
    int result = options_parse(self, argc, argv, &settings, &given);
    if (result != 0) {
        return result;
    }
    result = session_open(settings.cpu, settings.threads, &work.context);
    if (result != 0) {
        return result;
    }
    result = evaluate(&work, &given, &settings);
    instances_close(&work.environments);
    arq_network_destroy(work.network);
    arq_context_destroy(work.context);
    return result;
}

const command command_eval = {
    .name = "eval",
    .synopsis = "RUN|FILE [ENV] [flags]",
    .doc = "Evaluates a saved network beside a random player",
    .text = "RUN is a folder that arq train wrote, FILE a network or agent in safetensors. ENV is the environment's\n"
            "id; without it the one of the run's config.txt. Ctrl-C stops it and shows the episodes until then.\n",
    .options = options,
    .fewest_positionals = 1,
    .most_positionals = 2,
    .first_positional = "the run's folder or the network's file",
    .run = run,
};
