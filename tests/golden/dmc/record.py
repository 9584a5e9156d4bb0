#!/usr/bin/env python3
"""Records episodes of dm_control's own tasks: record.py FOLDER TASK..., such as finger_spin. README.md says what is in a
file; tools/setup/dmc installs what this needs."""

import importlib.metadata
import os
import sys

os.environ.setdefault("MUJOCO_GL", "disable")

import mujoco
import numpy as np
from dm_control import suite
from safetensors.numpy import save_file

SEEDS = [0, 1, 2**32 - 1]
STEPS = 300
TRIES = 60


def bang_bang(random, components, held):
    """Actions that are low or high in each component, each held for so many steps."""
    return np.repeat(random.integers(2, size=(-(-STEPS // held), components)) * 2.0 - 1, held, axis=0)[:STEPS]


def anywhere(random, components, held):
    """Actions anywhere in the box."""
    return np.repeat(random.uniform(-1, 1, size=(-(-STEPS // held), components)), held, axis=0)[:STEPS]


def flat(timestep):
    return np.concatenate([np.asarray(part, np.float64).ravel() for part in timestep.observation.values()])


def play(task, seed, actions):
    """One episode as arrays by name."""
    domain, name = task.rsplit("_", 1)
    env = suite.load(domain, name, task_kwargs={"random": seed})
    first = env.reset()
    data = env.physics.data
    start = {"obs0": flat(first), "qpos0": data.qpos, "qvel0": data.qvel, "warmstart0": data.qacc_warmstart}
    start = {key: np.array(value) for key, value in start.items()}
    steps = {key: [] for key in ("obs", "reward", "qpos", "qvel", "qacc_warmstart")}
    for action in actions:
        timestep = env.step(action)
        steps["obs"].append(flat(timestep))
        steps["reward"].append(timestep.reward)
        for key in ("qpos", "qvel", "qacc_warmstart"):
            steps[key].append(getattr(data, key).copy())
    return {**start, **{key: np.array(value) for key, value in steps.items()}, "action": actions}, env


def best(task, seed, draw):
    """The episode with the most reward of a few with actions at random: most give none where rewards are rare."""
    components = suite.load(*task.rsplit("_", 1)).action_spec().shape[0]
    tries = (play(task, seed, draw(np.random.default_rng([seed, number]), components))
             for number in range(TRIES))
    return max(tries, key=lambda episode: episode[0]["reward"].sum())


def record(folder, task):
    draws = [lambda random, n: bang_bang(random, n, 1), lambda random, n: bang_bang(random, n, 16),
             lambda random, n: anywhere(random, n, 8)]
    episodes = [best(task, seed, draw) for seed, draw in zip(SEEDS, draws)]
    env = episodes[0][1]
    if env._step_limit != 1000:
        sys.exit(f"{task} has {env._step_limit} steps")
    tensors = {key: np.array([episode[key] for episode, _ in episodes], np.float64) for key in episodes[0][0]}
    tensors["seed"] = np.array(SEEDS, np.int64)
    save_file(tensors, os.path.join(folder, f"{task}.safetensors"), metadata={
        "task": task, "substeps": str(env._n_sub_steps), "timestep": repr(float(env.physics.timestep())),
        "dm_control": importlib.metadata.version("dm_control"), "mujoco": mujoco.__version__})
    print(task, "returns", tensors["reward"].sum(axis=1))


for wanted in sys.argv[2:]:
    record(sys.argv[1], wanted)
