"""The preset control on small problems, kind by kind: what docs/data/control.csv holds.

    python3 control.py COMMIT SEEDS TASK[,NAME=VALUE...] ...

Trains each task with seeds 1 .. SEEDS and preset control, changed by what follows the task (environments=N, too),
evaluates greedily, and prints a row of CSV for each. Seconds are processor seconds, evaluation left out.
"""

import platform
import sys
import time

import libarq

EPISODES = {"classic/frozenlake": 1000}


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        found = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return (found or [platform.machine()])[0]


def run(what, seed):
    task, *changes = what.split(",")
    settings = dict(change.split("=", 1) for change in changes)
    environments = int(settings.pop("environments", 1))
    config = libarq.Config("control", seed=seed, **settings)
    began = time.process_time()
    with libarq.Training(task, environments=environments, config=config, progress=False, log_every=10**9) as training:
        training.learn()
        seconds = time.process_time() - began
        score = training.evaluate(episodes=EPISODES.get(task, 100), epsilon=0, compare=False)
        changed = " ".join(f"{name}={value}" for name, value in settings.items())
        return [task, config["network"], changed, environments, seed, training.run.steps, f"{score.mean:.4g}",
                f"{training.run.mean_return:.4g}", f"{seconds:.2f}"]


def main():
    commit, seeds, tasks = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    print(f"# python3 examples/experiments/control.py {' '.join(sys.argv[1:])}")
    print(f"# libarq {libarq.version()} at {commit}, one thread of {processor()}, shared with other work")
    print("task,network,changed,environments,seed,steps,evaluation,last_100,seconds")
    for what in tasks:
        for seed in range(1, seeds + 1):
            print(",".join(map(str, run(what, seed))), flush=True)


main()
