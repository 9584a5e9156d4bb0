#include "bench/python.h"

#include "bench/control.h"
#include "bench/report.h"
#include "host/process.h"

#include <stdio.h>
#include <string.h>

/* The same work as our loop: random actions, every observation fetched, resets included in the time. */
static const char games_script[] = "import json, random, statistics, sys, time\n"
                                   "try:\n"
                                   "    from minatar import Environment\n"
                                   "except ImportError:\n"
                                   "    sys.exit(3)\n"
                                   "repeats, seconds, form = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3]\n"
                                   "start = '\\n  '\n"
                                   "def measure(env, actions):\n"
                                   "    steps, begin = 0, time.perf_counter()\n"
                                   "    while True:\n"
                                   "        for action in actions:\n"
                                   "            reward, ended = env.act(action)\n"
                                   "            env.state()\n"
                                   "            if ended:\n"
                                   "                env.reset()\n"
                                   "        steps += len(actions)\n"
                                   "        passed = time.perf_counter() - begin\n"
                                   "        if passed >= seconds:\n"
                                   "            return steps / passed\n"
                                   "for game in ('breakout', 'freeway', 'asterix', 'seaquest', 'space_invaders'):\n"
                                   "    env = Environment(game)\n"
                                   "    env.reset()\n"
                                   "    actions = [random.Random(1).randrange(env.num_actions()) for _ in range(256)]\n"
                                   "    speed = statistics.median(measure(env, actions) for _ in range(repeats))\n"
                                   "    row = {'game': game, 'million_steps/s': round(speed * 1e-6, 4)}\n"
                                   "    if form == 'json':\n"
                                   "        print(start + json.dumps(row), end='', flush=True)\n"
                                   "        start = ',\\n  '\n"
                                   "    elif form == 'csv':\n"
                                   "        print('%s,%.4f' % tuple(row.values()), flush=True)\n"
                                   "    else:\n"
                                   "        print('%-28s%16.4f' % tuple(row.values()), flush=True)\n";

/* The same of dm_control; arguments behind the form are id=steps a second of ours. */
static const char control_script[] =
    "import json, os, random, statistics, sys, time\n"
    "os.environ.setdefault('MUJOCO_GL', 'disable')\n"
    "try:\n"
    "    from dm_control import suite\n"
    "    import numpy\n"
    "except ImportError:\n"
    "    sys.exit(3)\n"
    "repeats, seconds, form = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3]\n"
    "start = '\\n  '\n"
    "def measure(env, actions):\n"
    "    steps, begin = 0, time.process_time()\n"
    "    while True:\n"
    "        for action in actions:\n"
    "            if env.step(action).last():\n"
    "                env.reset()\n"
    "        steps += len(actions)\n"
    "        passed = time.process_time() - begin\n"
    "        if passed >= seconds:\n"
    "            return steps / passed\n"
    "for given in sys.argv[4:]:\n"
    "    name, ours = given.split('=')\n"
    "    env = suite.load(*name.rsplit('-', 1))\n"
    "    env.reset()\n"
    "    size, draw = env.action_spec().shape[0], random.Random(1)\n"
    "    actions = numpy.array([[draw.choice((-1.0, 1.0)) for _ in range(size)] for _ in range(256)])\n"
    "    speed = statistics.median(measure(env, actions) for _ in range(repeats))\n"
    "    row = {'task': name, 'thousand_steps/s': round(speed * 1e-3, 2), 'ours_beside': round(float(ours) / speed, "
    "2)}\n"
    "    if form == 'json':\n"
    "        print(start + json.dumps(row), end='', flush=True)\n"
    "        start = ',\\n  '\n"
    "    elif form == 'csv':\n"
    "        print('%s,%.2f,%.2f' % tuple(row.values()), flush=True)\n"
    "    else:\n"
    "        print('%-28s%16.2f%16.2f' % tuple(row.values()), flush=True)\n";

#define FIXED_WORDS 5 /* python3 - repeats seconds form */
#define MOST_WORDS (FIXED_WORDS + BENCH_CONTROL_MOST)

/* Runs a script, which exits with another code than 0 where its package is missing. */
static void run(const char *script, const char *missing, uint64_t repeats, double seconds, int count,
                char words[MOST_WORDS][96])
{
    char *arguments[MOST_WORDS + 1];
    process python;
    snprintf(words[0], sizeof(words[0]), "python3");
    snprintf(words[1], sizeof(words[1]), "-");
    snprintf(words[2], sizeof(words[2]), "%llu", (unsigned long long)repeats);
    snprintf(words[3], sizeof(words[3]), "%g", seconds);
    snprintf(words[4], sizeof(words[4]), "%s", bench_report_format());
    for (int i = 0; i < FIXED_WORDS + count; i++) {
        arguments[i] = words[i];
    }
    arguments[FIXED_WORDS + count] = NULL;
    fflush(stdout);
    if (process_start(&python, arguments, PROCESS_NO_ERRORS) != 0) {
        bench_report_note("python_missing", "python3 cannot be started");
        return;
    }
    fputs(script, python.input);
    if (process_end(&python) != 0) {
        bench_report_note("python_missing", "not measured: python3 has no package %s", missing);
    }
}

void bench_python_games(uint64_t repeats, double seconds)
{
    char words[MOST_WORDS][96];
    bench_report_note("package", "Python package MinAtar");
    bench_report_table("python", "game|million steps/s");
    run(games_script, "minatar", repeats, seconds, 0, words);
}

void bench_python_control(uint64_t repeats, double seconds, int count, const char *const *ids, const double *speeds)
{
    static const char collection[] = "dmc/";
    char words[MOST_WORDS][96];
    int known = 0;
    for (int i = 0; i < count; i++) {
        if (strncmp(ids[i], collection, strlen(collection)) == 0) {
            const char *name = ids[i] + strlen(collection);
            snprintf(words[FIXED_WORDS + known++], sizeof(words[0]), "%.*s=%g", (int)strcspn(name, "?|"), name,
                     speeds[i]);
        }
    }
    if (known == 0) {
        return;
    }
    bench_report_note("control_package", "Python package dm_control, a second of the processor");
    bench_report_table("dm_control", "task|thousand steps/s|ours beside");
    run(control_script, "dm_control", repeats, seconds, known, words);
}
