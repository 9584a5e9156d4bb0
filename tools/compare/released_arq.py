"""Makes one update of the ARQ authors' code (github.com/agentic-learning-ai-lab/arq): a driver for compare_updates.py.

Their modules import packages that an update does not use (an environment suite, an experiment's writer, the base of
their replay buffer): names that stand for those are put in place first, so that only JAX is measured and installed.
The observations are Breakout's: 10 x 10 x 4 bits and 3 actions; the windows are of 11 steps, the settings their own
of MinAtar (scripts/train.py).
"""

import sys
import types
from pathlib import Path
from typing import NamedTuple

import numpy as np

WINDOW = 11
OBSERVATION = (10, 10, 4)
ACTIONS = 3


class ReplayBufferSamples(NamedTuple):
    observations: np.ndarray
    actions: np.ndarray
    next_observations: np.ndarray
    dones: np.ndarray
    rewards: np.ndarray


class Unused:
    """Stands for classes that an update creates or names, and never calls."""

    def __init__(self, *_arguments, **_keywords):
        pass


def stand_in(name, **attributes):
    module = types.ModuleType(name)
    for key, value in attributes.items():
        setattr(module, key, value)
    sys.modules[name] = module


def stand_ins():
    stand_in("dmc2gym")
    stand_in("orbax")
    stand_in("orbax.checkpoint")
    sys.modules["orbax"].checkpoint = sys.modules["orbax.checkpoint"]
    stand_in("tensorboardX", SummaryWriter=Unused)
    stand_in("stable_baselines3")
    stand_in("stable_baselines3.common")
    stand_in("stable_baselines3.common.buffers", ReplayBuffer=Unused, ReplayBufferSamples=ReplayBufferSamples)
    stand_in("stable_baselines3.common.vec_env", VecNormalize=Unused)
    stand_in("stable_baselines3.common.preprocessing", is_image_space=lambda *_: False,
             get_flattened_obs_dim=lambda space: int(np.prod(space.shape)))


def make_update(checkout, widths, batch):
    stand_ins()
    sys.path.insert(0, str(Path(checkout) / "src"))
    import gymnasium
    import jax
    import artificial_dopamine.ad_layers as cells
    from artificial_dopamine.algorithms import AD_DQN
    from artificial_dopamine.buffers import TrajectoryReplayBuffer

    TrajectoryReplayBuffer.__init__ = Unused.__init__
    task = types.SimpleNamespace(observation_space=gymnasium.spaces.Box(0, 1, OBSERVATION, np.float32),
                                 action_space=gymnasium.spaces.Discrete(ACTIONS), num_envs=1)
    agent = AD_DQN(task, net_arch=widths, input_skip_connections=True, recurrent_connections=True,
                   forward_connections=True, layer_cls=cells.AttentionADCell, layer_kwargs={"goodness_type": "std"},
                   context_size=WINDOW - 1, context_accumulation_alpha=1.0, learning_rate=1e-4, huber_loss=False,
                   max_grad_norm=1.0, batch_size=batch, double_q=True, gamma=0.99)
    random = np.random.default_rng(1)
    bits = (random.random((WINDOW + 1, batch, *OBSERVATION)) < 0.03).astype(np.float32)
    data = ReplayBufferSamples(bits[:-1], random.integers(0, ACTIONS, (WINDOW, batch, 1)), bits[1:],
                               np.zeros((WINDOW, batch, 1), np.float32),
                               random.random((WINDOW, batch, 1)).astype(np.float32))

    def update():
        agent._opt_step(data)
        jax.block_until_ready([state.params for state in agent._states])

    return update
