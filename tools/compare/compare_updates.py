#!/usr/bin/env python3
"""Times one learner update of the authors' released JAX code and of libarq on the same machine.

    git clone https://github.com/agentic-learning-ai-lab/arq CHECKOUT
    python3 tools/compare/compare_updates.py --arq BUILD/tools/arq CHECKOUT

CHECKOUT is the reader's own copy of the authors' repository; nothing of it is shipped here. released_arq.py says how to
make one update of it; for a checkout of another layout, --driver names a file that defines
`make_update(checkout, widths, batch)` and returns a function without arguments that runs one update and waits for
its result. The script makes a virtual environment with JAX beside the checkout (or takes --venv), runs the driver
there and `arq bench update` beside it, each on one core and on two, and prints both medians. Where anything that is
needed is missing it says what and ends with 77, which Meson takes for skipped.
"""

import argparse
import json
import os
import subprocess
import sys
import venv
from pathlib import Path

SKIPPED = 77
PACKAGES = ["jax", "flax", "optax", "numpy", "gymnasium", "tqdm", "rich"]
CASES = [("400,200,200", 512), ("128,96,96", 512), ("128,96,96", 64)]

TIMER = """
import importlib.util, statistics, sys, time
driver, checkout, widths, batch, repeats = sys.argv[1:6]
sys.path.insert(0, checkout)
spec = importlib.util.spec_from_file_location("driver", driver)
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
update = module.make_update(checkout, [int(w) for w in widths.split(",")], int(batch))
update()
times = []
for _ in range(int(repeats)):
    begin = time.perf_counter()
    update()
    times.append(time.perf_counter() - begin)
print("median", statistics.median(times))
"""


def skip(why):
    print(f"skipped: {why}")
    sys.exit(SKIPPED)


def python_with_jax(folder):
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
    if subprocess.run([python, "-c", "import " + ", ".join(PACKAGES)], capture_output=True).returncode != 0:
        done = subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], capture_output=True, text=True)
        if done.returncode != 0:
            lines = done.stderr.strip().splitlines() or ["no reason was given"]
            skip(f"JAX cannot be installed: {lines[-1]}")
    return python


def on_cores(command, cores):
    """The same command held to the first `cores` processors, with the variables that JAX's thread pools read."""
    allowed = sorted(os.sched_getaffinity(0))[:cores]
    if len(allowed) < cores:
        return None
    done = subprocess.run(command, capture_output=True, text=True,
                          preexec_fn=lambda: os.sched_setaffinity(0, allowed))
    if done.returncode != 0:
        skip(f"{command[0]} failed:\n{done.stderr.strip()[-1000:]}")
    return done.stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--driver", type=Path, default=Path(__file__).parent / "released_arq.py")
    parser.add_argument("--arq", type=Path, default=Path("build/tools/arq"))
    parser.add_argument("--venv", type=Path)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    for path in (given.checkout, given.driver, given.arq):
        if not path.exists():
            skip(f"{path} does not exist")
    if not hasattr(os, "sched_setaffinity"):
        skip("this system cannot hold a program to some of its processors")
    python = python_with_jax(given.venv or given.checkout.resolve().parent / "venv-jax")
    print(f"{'widths':<14} {'batch':>5} {'cores':>5} {'JAX, ms':>10} {'libarq, ms':>10} {'ratio':>7}")
    for widths, batch in CASES:
        for cores in (1, 2):
            other = on_cores([python, "-c", TIMER, given.driver, given.checkout, widths, str(batch),
                              str(given.repeats)], cores)
            ours = on_cores([given.arq, "bench", "update", "--widths", widths, "--batch", str(batch), "--threads",
                             str(cores), "--format", "json"], cores)
            if other is None or ours is None:
                print(f"{widths:<14} {batch:>5} {cores:>5}  fewer processors than that")
                continue
            jax = 1e3 * float(other.split()[-1])
            arq = json.loads(ours)["update"][-1]["ms"]
            print(f"{widths:<14} {batch:>5} {cores:>5} {jax:>10.1f} {arq:>10.2f} {jax / arq:>7.1f}")


if __name__ == "__main__":
    main()
