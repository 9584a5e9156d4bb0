#!/usr/bin/env python3
"""Measures what the package adds to calls of the library: medians of several runs beside measure.c, and many games.

    LIBARQ_LIBRARY=build/lib/libarq.so python3 bindings/python/measure.py [CALLS]
"""

from __future__ import annotations

import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import libarq
from libarq import _library

HERE = Path(__file__).resolve().parent
CALLS = int(sys.argv[1]) if len(sys.argv) > 1 else 50000
RUNS = 5
NAMES = ("agent.act", "agent.act + observe", "network.act")


def nanoseconds(call: Callable[[], Any], calls: int = CALLS) -> float:
    began = time.perf_counter()
    for _ in range(calls):
        call()
    return 1e9 * (time.perf_counter() - began) / calls


def in_c(program: Path) -> list[float]:
    said = subprocess.run([program], check=True, capture_output=True, text=True, timeout=60).stdout
    return [float(line) for line in said.split()]


def build(folder: str) -> Path:
    library = Path(_library.lib._name).resolve()
    program = Path(folder) / "measure"
    compiler = shlex.split(os.environ.get("CC", "cc"))
    source = [f"-I{HERE.parents[1] / 'include'}", str(HERE / "measure.c"), str(library), f"-Wl,-rpath,{library.parent}"]
    subprocess.run([*compiler, "-O2", "-std=c11", *source, "-o", str(program)], check=True, timeout=60)
    return program


def in_python() -> list[float]:
    settings: dict[str, Any] = {"preset": "replay-fast", "learning_starts": 10**9}
    agent = libarq.Agent(50, 4, **settings)
    network = libarq.Network(50, 4, **settings)
    activations = network.activations()
    observation = np.zeros(50, np.float32)
    actions = np.zeros(1, np.int32)
    agent.begin(observation)

    def step() -> None:
        agent.act()
        agent.observe(1.0, observation)

    return [
        nanoseconds(agent.act),
        nanoseconds(step),
        nanoseconds(lambda: network.act(activations, observation, out=actions)),
    ]


def per_game(count: int) -> float:
    """Nanoseconds of a step of one game of so many, resets of ended ones included."""
    with libarq.EnvironmentBatch("minatar/freeway", count) as batch:
        batch.reset(1)
        actions = np.zeros(count, np.int32)

        def step() -> None:
            batch.step_raw(actions)
            if batch.terminated.any() or batch.truncated.any():
                batch.reset(None, (batch.terminated | batch.truncated).astype(np.bool_))

        return nanoseconds(step, max(20, 4 * CALLS // count)) / count


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        program = build(folder)
        runs = [(in_c(program), in_python()) for _ in range(RUNS)]
    print(f"{'call':22}{'C':>10}{'Python':>10}{'added':>10}   microseconds, medians of {RUNS}")
    for i, name in enumerate(NAMES):
        c, python = (statistics.median(run[side][i] for run in runs) / 1000 for side in (0, 1))
        print(f"{name:22}{c:10.2f}{python:10.2f}{python - c:10.2f}")
    for count in (1, 16, 256, 1024, 4096):
        one = statistics.median(per_game(count) for _ in range(RUNS))
        print(f"{count:5} games by one call: {one:8.1f} ns a step of a game")


if __name__ == "__main__":
    main()
