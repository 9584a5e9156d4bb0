#include "core/parameters.h"

#include "kernels/kernels.h"

_Static_assert(ARQ_MAX_HEADS == 16 && ARQ_MAX_CELLS == 16, "the ranges below say 16");

#define ROW_INT(name_, low_, high_, default_, unit_, doc_, source_)                                                    \
    {                                                                                                                  \
#name_, ARQ_TYPE_INT, offsetof(arq_parameters, name_), low_, high_, NULL, #low_ " .. " #high_, default_,       \
            unit_, doc_, source_                                                                                       \
    }
#define ROW_FLOAT(name_, low_, high_, default_, unit_, doc_, source_)                                                  \
    {                                                                                                                  \
#name_, ARQ_TYPE_FLOAT, offsetof(arq_parameters, name_), low_, high_, NULL, #low_ " .. " #high_, default_,     \
            unit_, doc_, source_                                                                                       \
    }
#define ROW_BOOL(name_, default_, doc_, source_)                                                                       \
    {                                                                                                                  \
#name_, ARQ_TYPE_BOOL, offsetof(arq_parameters, name_), 0, 1, NULL, "true|false", default_, "", doc_, source_  \
    }
/* true, false, or what fits the rest. */
#define ROW_AUTO_BOOL(name_, doc_, source_)                                                                            \
    {                                                                                                                  \
#name_, ARQ_TYPE_AUTO_BOOL, offsetof(arq_parameters, name_), 0, ARQ_AUTO, NULL, "auto|true|false", "auto", "", \
            doc_, source_                                                                                              \
    }
#define ROW_CHOICE(name_, choices_, default_, doc_, source_)                                                           \
    {                                                                                                                  \
#name_, ARQ_TYPE_CHOICE, offsetof(arq_parameters, name_), 0, 0, choices_, choices_, default_, "", doc_,        \
            source_                                                                                                    \
    }
#define ROW_WIDTHS(name_, default_, doc_, source_)                                                                     \
    {                                                                                                                  \
#name_, ARQ_TYPE_WIDTHS, offsetof(arq_parameters, name_), 1, 4096, NULL,                                       \
            "1 to 16 widths of 1 .. 4096, such as 64,48,48", default_, "units", doc_, source_                          \
    }

#define ARQ_PAPER "ARQ, arXiv 2510.06649"
#define AD_PAPER "AD, arXiv 2411.03604"
#define RELEASED "ARQ, released code"
#define DQN_PAPER "DQN, Mnih 2015"
#define PQN_PAPER "PQN, arXiv 2407.04811"
#define FF_DQN "FF-DQN, Krutsylo 2025"

#define KIND_WORD(number, methods, word) "|" word
#define KIND_WORDS (&(ARQ_NETWORK_KIND_LIST(KIND_WORD))[1]) /* without the first bar */

#define GOODNESS_WORD(NAME, word) "|" #word
#define GOODNESS_WORDS (&(ARQ_GOODNESS_LIST(GOODNESS_WORD))[1])

const arq_parameter arq_parameter_table[] = {
    /* The network's shape. */
    ROW_CHOICE(network, KIND_WORDS, "arq", "Learning method.", ARQ_PAPER),
    ROW_WIDTHS(widths, "400,200,200", "Units of each cell or hidden layer from the input up.", ARQ_PAPER),
    ROW_FLOAT(width_scale, 0, 16, "0", "",
              "arq, ad: scales all widths so that the network has about so many times the weights of ad at the given "
              "widths; 0: no.",
              ARQ_PAPER),
    ROW_INT(heads, 1, 16, "8", "heads", "Heads of the attention inside a cell.", RELEASED),
    ROW_CHOICE(goodness, GOODNESS_WORDS, "rms",
               "How Q(s, a) comes from y; the released code's std, msq, mean, variance, rms.", ARQ_PAPER),
    ROW_CHOICE(row_order, "released|paper", "released",
               "Rows of the attention: standardised, then tanh as released; or tanh, then standardised as printed.",
               RELEASED),
    ROW_INT(quantiles, 1, 256, "1", "quantiles", "ad: quantiles of the return, 10 as released; 1: its mean alone.",
            "AD, released code"),
    ROW_CHOICE(action_input, "auto|input|output", "auto",
               "Where the action enters a cell; auto: the input for arq, the output for ad.", ARQ_PAPER),
    ROW_CHOICE(action_code, "one-hot|binary", "one-hot", "Code of the action at the input; binary needs 2^k actions.",
               RELEASED),
    ROW_BOOL(input_skip, "true", "Cells above the first also see the observation.", AD_PAPER),
    ROW_BOOL(recurrent, "true", "Cells also see their own activations of the step before.", RELEASED),
    ROW_BOOL(top_down, "true", "Cells also see the activations above of the step before.", AD_PAPER),
    ROW_INT(context_size, 0, 1024, "10", "observations",
            "Observations before s_t from which an update rebuilds the contexts.", RELEASED),
    ROW_FLOAT(context_alpha, 0, 1, "1", "", "Context moves by this share towards the new activations.", RELEASED),
    ROW_AUTO_BOOL(context_on_explore,
                  "Contexts advance on exploring steps too, not on greedy ones alone; auto: so with rollouts, not so "
                  "with a replay.",
                  RELEASED),
    ROW_CHOICE(window_padding, "repeat|zero-context", "repeat",
               "Windows of young episodes: repeat the first observation, or start there with zero contexts.", RELEASED),
    ROW_CHOICE(q_from, "mean|last", "mean", "The network's Q: mean over cells, or the last of them.", ARQ_PAPER),
    ROW_INT(q_cells, 0, 16, "0", "cells", "Only the first so many cells make the network's Q; 0: all.", RELEASED),
    ROW_BOOL(layer_norm, "false", "dqn: normalisation with scale and shift before each ReLU.", PQN_PAPER),
    ROW_CHOICE(ff_variant, "code|poster", "code",
               "ff-dqn: goodness and loss as in the released code, or as on the poster.", FF_DQN),
    ROW_FLOAT(ff_margin, 0, 1000, "2", "", "ff-dqn: the goodness that divides positive from negative samples.", FF_DQN),
    ROW_FLOAT(ff_update_probability, 0, 1, "0.1", "per update",
              "ff-dqn: how often the features learn; 1 on the poster.", FF_DQN),
    ROW_INT(ff_updates, 0, 1e15, "0", "updates",
            "ff-dqn: the features learn in the first so many updates and then stay; 0: always.", "libarq"),
    ROW_CHOICE(ff_normalise, "all|hidden|none|homogeneous", "all",
               "ff-dqn: layers that divide their input by its length; hidden: all but the first; homogeneous: all, a 1 "
               "beside the observation.",
               FF_DQN),
    /* The learning rule. */
    ROW_FLOAT(gamma, 0, 1, "0.99", "per step", "Discount.", DQN_PAPER),
    ROW_BOOL(double_q, "true", "Online network chooses the next action, target network rates it.", "van Hasselt 2016"),
    ROW_CHOICE(loss, "mse|huber", "mse", "Loss of the temporal-difference error.", RELEASED),
    ROW_FLOAT(learning_rate, 0, 1, "0.0001", "", "Adam's step.", RELEASED),
    ROW_FLOAT(learning_rate_end, 0, 1, "0", "", "Adam's step from learning_rate_steps on.", PQN_PAPER),
    ROW_INT(learning_rate_steps, -1, 1e15, "0", "environment steps",
            "Steps over which Adam's step falls from learning_rate to learning_rate_end; 0: it stays; -1: total_steps. "
            "For agents.",
            PQN_PAPER),
    ROW_FLOAT(head_learning_rate, 0, 1, "0", "", "ff-dqn: Adam's step of the Q-head; 0: learning_rate.", FF_DQN),
    ROW_FLOAT(clip, 0, 1e9, "1", "",
              "Largest gradient norm of a cell (dqn: of the network; ff-dqn: of a feature layer); 0: no clipping.",
              RELEASED),
    ROW_FLOAT(beta1, 0, 0.999999, "0.9", "", "Adam's decay of the mean.", "Kingma and Ba 2015"),
    ROW_FLOAT(beta2, 0, 0.999999, "0.99", "", "Adam's decay of the second moment.", RELEASED),
    ROW_FLOAT(adam_epsilon, 1e-12, 1, "1e-8", "", "Adam's epsilon.", "Kingma and Ba 2015"),
    ROW_INT(batch, 1, 65536, "512", "transitions", "Transitions of an update.", ARQ_PAPER),
    ROW_CHOICE(experience, "replay|rollout", "replay",
               "What an agent learns from: a replay and a target network, or the last rollout alone.", "libarq"),
    ROW_INT(rollout, 1, 1000000000, "2048", "transitions",
            "rollout: transitions between learnings, over all instances: each makes rollout / N, rounded up.",
            PQN_PAPER),
    ROW_FLOAT(td_lambda, 0, 1, "0.65", "",
              "rollout: lambda of the returns; 0: one step of Q-learning, 1: the rewards of the rollout.", PQN_PAPER),
    ROW_INT(epochs, 1, 1000, "1", "passes", "rollout: how often each transition is learned from.", PQN_PAPER),
    ROW_INT(minibatches_per_step, 0, 1000000000, "0", "minibatches",
            "rollout: most of them in one step, while the next rollout fills; 0: all when the rollout is full.",
            "libarq"),
    /* The schedule. */
    ROW_INT(train_period, 1, 1000000000, "4", "environment steps", "Steps between updates.", ARQ_PAPER),
    ROW_INT(learning_starts, 0, 1e15, "50000", "environment steps", "Steps before the first update.", RELEASED),
    ROW_INT(target_period, 1, 1e15, "1000", "environment steps", "Steps between moves of the target network.",
            RELEASED),
    ROW_FLOAT(tau, 0, 1, "1", "", "Share by which the target network moves.", RELEASED),
    ROW_INT(replay_capacity, 1, 1099511627776, "5000000", "transitions", "Most transitions kept.", ARQ_PAPER),
    ROW_FLOAT(epsilon_start, 0, 1, "1", "", "Share of random actions at the start.", DQN_PAPER),
    ROW_FLOAT(epsilon_end, 0, 1, "0.01", "", "Share of random actions from the end of exploration on.", RELEASED),
    ROW_INT(exploration_steps, 0, 1e15, "400000", "environment steps", "Steps over which epsilon falls.", RELEASED),
    ROW_CHOICE(exploration_from, "learning|start", "learning",
               "Epsilon begins to fall at learning_starts, or at the first step.", RELEASED),
    /* The run. */
    ROW_INT(total_steps, 1, 1e15, "4000000", "environment steps", "Length of a run.", ARQ_PAPER),
    ROW_INT(evaluation_episodes, 1, 1000000, "100", "episodes", "Episodes of the evaluation after a run.", "libarq"),
    ROW_FLOAT(evaluation_epsilon, 0, 1, "0.01", "", "Share of random actions while evaluating.", "libarq"),
    ROW_INT(seed, 0, 9007199254740991, "1", "", "Decides everything random.", "libarq"),
    {.name = NULL}};

_Static_assert(sizeof(arq_parameter_table) / sizeof(arq_parameter_table[0]) <= ARQ_MAX_PARAMETERS + 1,
               "a config has no room for so many parameters");

static const arq_preset_value minatar_paper[] = {{"widths", "400,200,200"},
                                                 {"learning_rate", "0.0001"},
                                                 {"clip", "1"},
                                                 {"batch", "512"},
                                                 {"train_period", "4"},
                                                 {"replay_capacity", "5000000"},
                                                 {"exploration_steps", "400000"},
                                                 {"total_steps", "4000000"},
                                                 {NULL, NULL}};

static const arq_preset_value dmc_paper[] = {{"widths", "128,96,96"},
                                             {"learning_rate", "0.00025"},
                                             {"clip", "0.1"},
                                             {"batch", "512"},
                                             {"train_period", "4"},
                                             {"replay_capacity", "4000000"},
                                             {"exploration_steps", "1000000"},
                                             {"total_steps", "4000000"},
                                             {NULL, NULL}};

static const arq_preset_value ad_released[] = {{"network", "ad"},
                                               {"widths", "128,96,96"},
                                               {"learning_rate", "0.00025"},
                                               {"clip", "1"},
                                               {"batch", "512"},
                                               {"train_period", "2"},
                                               {"replay_capacity", "4000000"},
                                               {"exploration_steps", "400000"},
                                               {"total_steps", "4000000"},
                                               {NULL, NULL}};

/* The released schedule of FF-DQN and of its backprop baseline: 700 episodes of CartPole capped at 200. Steps count
 * from 0 here and from 1 there, so the first update after step 1000 is that of t = 999. */
#define FF_DQN_SCHEDULE                                                                                                \
    {"widths", "128,64"}, {"beta2", "0.999"}, {"batch", "128"}, {"train_period", "1"}, {"learning_starts", "998"},     \
        {"target_period", "1000"}, {"replay_capacity", "50000"}, {"epsilon_start", "0.1"}, {"epsilon_end", "0.01"},    \
        {"exploration_steps", "10000"}, {"exploration_from", "start"}, {"total_steps", "140000"},                      \
    {                                                                                                                  \
        "double_q", "false"                                                                                            \
    }

static const arq_preset_value ffdqn_released[] = {
    {"network", "ff-dqn"}, {"learning_rate", "0.0001"}, {"head_learning_rate", "0.001"}, {"clip", "1"}, FF_DQN_SCHEDULE,
    {NULL, NULL}};

static const arq_preset_value dqn_released[] = {
    {"network", "dqn"}, {"learning_rate", "0.001"}, {"clip", "1"}, FF_DQN_SCHEDULE, {NULL, NULL}};

/* What a search found for CartPole capped at 200 with observations of one size (docs/results.md). */
static const arq_preset_value ff_dqn[] = {{"network", "ff-dqn"},
                                          {"widths", "128,64"},
                                          {"ff_normalise", "homogeneous"},
                                          {"ff_margin", "0.01"},
                                          {"ff_updates", "5000"},
                                          {"learning_rate", "0.00003"},
                                          {"head_learning_rate", "0.006"},
                                          {"clip", "1"},
                                          {"gamma", "0.95"},
                                          {"double_q", "false"},
                                          {"beta2", "0.999"},
                                          {"batch", "128"},
                                          {"train_period", "1"},
                                          {"learning_starts", "998"},
                                          {"target_period", "1"},
                                          {"tau", "0.01"},
                                          {"replay_capacity", "140000"},
                                          {"epsilon_start", "0.1"},
                                          {"epsilon_end", "0"},
                                          {"exploration_steps", "10000"},
                                          {"exploration_from", "start"},
                                          {"total_steps", "140000"},
                                          {NULL, NULL}};

/* One cell without contexts that learns from rollouts, at a rate that falls to 0 over the run. */
#define ROLLOUTS_OF_MINATAR                                                                                            \
    {"widths", "64"}, {"heads", "4"}, {"recurrent", "false"}, {"top_down", "false"}, {"learning_rate_end", "0"},       \
        {"learning_rate_steps", "-1"}, {"beta2", "0.999"}, {"batch", "128"}, {"experience", "rollout"},                \
        {"rollout", "2048"}, {"td_lambda", "0.65"}, {"epochs", "2"},                                                   \
    {                                                                                                                  \
        "exploration_steps", "200000"                                                                                  \
    }

static const arq_preset_value fast[] = {
    ROLLOUTS_OF_MINATAR, {"learning_rate", "0.001"}, {"total_steps", "20000000"}, {NULL, NULL}};

static const arq_preset_value minatar[] = {
    ROLLOUTS_OF_MINATAR, {"learning_rate", "0.0005"}, {"total_steps", "24000000"}, {NULL, NULL}};

/* The goodness can be negative, as returns of many such tasks are. */
static const arq_preset_value control[] = {{"widths", "64"},           {"heads", "2"},
                                           {"goodness", "mean"},       {"recurrent", "false"},
                                           {"top_down", "false"},      {"learning_rate", "0.001"},
                                           {"learning_rate_end", "0"}, {"learning_rate_steps", "-1"},
                                           {"beta2", "0.999"},         {"batch", "128"},
                                           {"experience", "rollout"},  {"rollout", "1024"},
                                           {"td_lambda", "0.9"},       {"epochs", "4"},
                                           {"epsilon_end", "0.02"},    {"exploration_steps", "100000"},
                                           {"total_steps", "400000"},  {NULL, NULL}};

static const arq_preset_value replay_fast[] = {{"widths", "32"},
                                               {"heads", "4"},
                                               {"recurrent", "false"},
                                               {"top_down", "false"},
                                               {"learning_rate", "0.001"},
                                               {"batch", "128"},
                                               {"train_period", "16"},
                                               {"learning_starts", "5000"},
                                               {"replay_capacity", "1000000"},
                                               {"exploration_steps", "100000"},
                                               {"total_steps", "3600000"},
                                               {NULL, NULL}};

static const arq_preset_value small[] = {
    {"widths", "64,48,48"},          {"learning_rate", "0.0005"}, {"batch", "128"},
    {"train_period", "8"},           {"learning_starts", "5000"}, {"replay_capacity", "1000000"},
    {"exploration_steps", "100000"}, {"total_steps", "1500000"},  {NULL, NULL}};

const arq_preset arq_preset_table[] = {
    {"fast", "One small cell that learns MinAtar Breakout from rollouts, in about three minutes on two cores.", fast,
     64},
    {"minatar", "The same for all five MinAtar games, at half the rate, with a fifth more steps.", minatar, 64},
    {"control", "One small cell and one environment: classic control and other small problems in seconds.", control, 1},
    {"replay-fast", "One smaller cell and a replay: MinAtar Breakout in about three minutes on two cores.", replay_fast,
     1},
    {"small", "Three small cells, all connections on: the whole method in about half an hour.", small, 1},
    {"minatar-paper", "The paper's MinAtar setting.", minatar_paper, 1},
    {"dmc-paper", "The paper's setting for control tasks with bang-bang actions.", dmc_paper, 1},
    {"ad-released", "AD's setting for every task.", ad_released, 1},
    {"ffdqn-released", "FF-DQN on CartPole capped at 200 as released: features by Forward-Forward, a linear Q-head.",
     ffdqn_released, 1},
    {"dqn-released", "FF-DQN's backprop baseline: the same network and schedule, trained end to end.", dqn_released, 1},
    {"ff-dqn", "FF-DQN that learns CartPole: a few Forward-Forward steps at the start, then the head alone.", ff_dqn,
     1},
    {NULL, NULL, NULL, 0}};
