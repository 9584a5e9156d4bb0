#include "bench/python.h"

#include "bench/report.h"
#include "host/process.h"

#include <stdio.h>

/* The same work as our loop: random actions, every observation fetched, resets included in the time. */
static const char script[] = "import json, random, statistics, sys, time\n"
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

void bench_python(uint64_t repeats, double seconds)
{
    char words[5][32] = {"python3", "-"};
    char *arguments[] = {words[0], words[1], words[2], words[3], words[4], NULL};
    process python;
    snprintf(words[2], sizeof(words[2]), "%llu", (unsigned long long)repeats);
    snprintf(words[3], sizeof(words[3]), "%g", seconds);
    snprintf(words[4], sizeof(words[4]), "%s", bench_report_format());
    bench_report_note("package", "Python package MinAtar");
    bench_report_table("python", "game|million steps/s");
    fflush(stdout);
    if (process_start(&python, arguments, PROCESS_NO_ERRORS) != 0) {
        bench_report_note("python_missing", "python3 cannot be started");
        return;
    }
    fputs(script, python.input);
    if (process_end(&python) != 0) {
        bench_report_note("python_missing", "not measured: python3 has no package minatar");
    }
}
