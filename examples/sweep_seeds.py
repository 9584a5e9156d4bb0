"""A research sweep: two settings by three seeds, a process each, and a picture of the learning curves.

    python3 sweep_seeds.py [STEPS]

Prints something like:
    clip 1: mean return 2.99, 2.74, 3.32
    clip 0: mean return 2.83, 2.49, 2.69
"""

import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import libarq

SETTINGS = {"clip 1": {"clip": 1.0}, "clip 0": {"clip": 0.0}}
SEEDS = (1, 2, 3)


def run(root, steps, job):
    """One training in a process of its own; handles do not travel between processes, numbers do."""
    name, seed = job
    with libarq.train("minatar/breakout", seed=seed, total_steps=steps, out=f"{root}/{name}-{seed}",
                      progress=False, **SETTINGS[name]) as training:
        return training.evaluation.mean


def main():
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else 200000
    jobs = [(name, seed) for name in SETTINGS for seed in SEEDS]
    with tempfile.TemporaryDirectory() as root:
        with ProcessPoolExecutor() as processes:
            means = dict(zip(jobs, processes.map(partial(run, root, steps), jobs)))
        for name in SETTINGS:
            print(f"{name}: mean return", ", ".join(f"{means[name, seed]:.2f}" for seed in SEEDS))
        try:
            from libarq import plot

            curves = {name: [f"{root}/{name}-{seed}" for seed in SEEDS] for name in SETTINGS}
            plot.learning_curves(curves).figure.savefig("sweep.png")
        except ImportError:
            pass  # no matplotlib, no picture


if __name__ == "__main__":
    main()
