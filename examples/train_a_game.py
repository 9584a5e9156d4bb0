"""Trains MinAtar Breakout, evaluates it beside a random player, and opens what was saved.

    python3 train_a_game.py [STEPS]

Prints something like:
    100 episodes: mean return 2.540, random 0.370
    first tensor: [400, 32] floats
"""

import sys
import tempfile

import libarq

steps = int(sys.argv[1]) if len(sys.argv) > 1 else 300000
with tempfile.TemporaryDirectory() as folder:
    with libarq.train("minatar/breakout", preset="fast", seed=1, total_steps=steps, out=folder) as training:
        agent, chance = training.evaluation, training.random_evaluation
        print(f"{len(agent.returns)} episodes: mean return {agent.mean:.3f}, random {chance.mean:.3f}")
    with libarq.Network.open(f"{folder}/network.safetensors") as network:
        shape = next(iter(network.tensors.shapes().values()))
        print(f"first tensor: {list(shape)} floats")
