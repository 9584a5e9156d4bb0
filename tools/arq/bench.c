/* arq bench: measures environments, kernels, updates, acting, the replay, rollouts or checkpoints; each has its file in
 * bench/. */
#include "commands.h"

#include "bench/measure.h"
#include "bench/report.h"
#include "cli/message.h"
#include "host/machine.h"

#include "arq/version.h"

#include <string.h>

typedef struct bench_settings {
    const char *format;
    bench_plan plan;
} bench_settings;

static const option options[] = {
    {"repeats", OPTION_COUNT, offsetof(bench_settings, plan.repeats), 1, BENCH_MAX_REPEATS, "N",
     "Measurements of each kind, the median counts; default: 5."},
    {"seconds", OPTION_NUMBER, offsetof(bench_settings, plan.seconds), 0.001, 1000, "S",
     "Length of a measurement; default: 0.5."},
    {"format", OPTION_TEXT, offsetof(bench_settings, format), 0, 0, "NAME",
     "table, csv (a table after the other, remarks behind #) or json (one object); default: table."},
    {"cpu", OPTION_TEXT, offsetof(bench_settings, plan.cpu), 0, 0, "NAME",
     "kernels, update, act, rollout: instruction set; default: the best there is."},
    {"threads", OPTION_COUNT, offsetof(bench_settings, plan.threads), 1, 256, "N",
     "update, rollout: measured besides one thread, default: 2; act: default: 1."},
    {"preset", OPTION_TEXT, offsetof(bench_settings, plan.preset), 0, 0, "NAME",
     "update: whose network and rule, default: minatar-paper; rollout: default: fast; act: default: five of them."},
    {"network", OPTION_TEXT, offsetof(bench_settings, plan.network), 0, 0, "KIND",
     "update: kind of network, or all of them beside each other; rollout: kind; default: the preset's."},
    {"widths", OPTION_TEXT, offsetof(bench_settings, plan.widths), 0, 0, "LIST",
     "update, act, rollout: of the cells; default: the preset's."},
    {"batch", OPTION_COUNT, offsetof(bench_settings, plan.batch), 1, 1 << 20, "N",
     "update, rollout: samples, default: the preset's; replay: windows of a draw, default: 512."},
    {"transitions", OPTION_COUNT, offsetof(bench_settings, plan.transitions), 1000, 1e12, "N",
     "replay, checkpoint: stored; default: 5000000."},
    {"environments", OPTION_COUNT, offsetof(bench_settings, plan.environments), 1, 65536, "N",
     "rollout: instances side by side; default: what the preset recommends, 128 where that is one."},
    {.name = NULL}};

/* What can be measured. */
typedef struct subject {
    const char *name;
    int (*run)(const bench_plan *plan, int id_count, const char *const *ids);
    double share;     /* of the asked-for seconds that one of its many short measurements takes */
    uint64_t threads; /* where --threads is not given */
} subject;

static const subject subjects[] = {
    {"env", bench_environments, 1, 1},      {"kernels", bench_kernels, 0.2, 1},
    {"update", bench_update, 0.2, 2},       {"act", bench_act, 0.2, 1},
    {"replay", bench_replay, 0.2, 1},       {"rollout", bench_rollout, 0.2, 2},
    {"checkpoint", bench_checkpoint, 2, 1},
};

static const subject *find_subject(const char *name)
{
    for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
        if (strcmp(name, subjects[i].name) == 0) {
            return &subjects[i];
        }
    }
    message_usage("'%s' cannot be measured; accepted: env, kernels, update, act, replay, rollout, checkpoint", name);
    return NULL;
}

static void report_machine(void)
{
    char text[512];
    machine_text(text, sizeof(text));
    if (text[0] != '\0') {
        bench_report_note("machine", "%s, libarq %s", text, arq_version());
    }
}

static int run(const command *self, int argc, char **argv)
{
    bench_settings settings = {.plan = {.repeats = 5, .seconds = 0.5, .transitions = 5000000}};
    bench_plan *plan = &settings.plan;
    arguments given;
    int result = options_parse(self, argc, argv, &settings, &given);
    if (result != 0) {
        return result;
    }
    const subject *what = find_subject(given.positional[0]);
    if (what == NULL) {
        return EXIT_USAGE;
    }
    result = bench_report_open(settings.format);
    if (result != 0) {
        return result;
    }
    plan->seconds *= what->share;
    plan->threads = plan->threads > 0 ? plan->threads : what->threads;
    report_machine();
    result = what->run(plan, given.positional_count - 1, given.positional + 1);
    bench_report_close();
    return result;
}

const command command_bench = {
    .name = "bench",
    .synopsis = "env [ID ...] [flags]\n       arq bench kernels|update|act [flags]\n       arq bench "
                "replay|rollout|checkpoint [ID] [flags]",
    .doc = "Measures environments, kernels, updates, acting, the replay, rollouts or checkpoints",
    .text = "kernels: products and attention on one thread, beside the processor's peak and OpenBLAS if it is there.\n"
            "update: whole updates on MinAtar Breakout's shapes, beside the sum of their parts measured alone; with\n"
            "--network all every kind of network, its time and the memory it works in.\n"
            "act: one action from one observation, beside reading the dense weights once and the attention alone.\n"
            "replay: draws from a replay full of an environment's random play, and its memory; without an ID\n"
            "minatar/seaquest.\n"
            "rollout: whole runs that learn from rollouts in many instances, after exploration, beside the sum of\n"
            "their parts measured alone and beside a replay with one update of 128 samples every 8 steps; without\n"
            "an ID minatar/breakout. Storing transitions and the loop around all are no parts.\n"
            "checkpoint: copying and writing the checkpoint of an agent without its replay, beside a plain write of\n"
            "as many bytes, and of a run with a large replay, the first one and one after a minute of learning with\n"
            "preset replay-fast; without an ID minatar/breakout. Files are written below the current folder.\n\n"
            "env: without an ID all environments that can be found. \"one\" is one instance stepped again and again,\n"
            "resets counted in; \"deep\" the same from step 1000 of an episode on (half the time limit where that is\n"
            "less), - where random play does not get there or states cannot be saved; \"4096 singly\" as many\n"
            "instances by a call each, \"4096 batch\" by one call for all, steps alone. With the Python package\n"
            "MinAtar installed its games are measured in the same run. Environments with box actions have a table of\n"
            "their own: one instance, and batches of 64 on one thread and on two; with dm_control installed its tasks\n"
            "are measured in the same run.\n",
    .options = options,
    .fewest_positionals = 1,
    .most_positionals = MAX_POSITIONALS,
    .first_positional = "what to measure (env, kernels, update, act, replay, rollout or checkpoint)",
    .run = run,
};
