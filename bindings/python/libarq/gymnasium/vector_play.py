"""Playing whole episodes in a Gymnasium vector environment, without learning."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .. import _prototypes as c
from .. import errors
from .._arrays import Array
from .._interrupts import Deferred
from .worlds import VectorWorlds

if TYPE_CHECKING:
    from ..evaluation import EpisodeFunction
    from ..network import Network


class _Player:
    """Chooses actions for all instances, by a network or at random."""

    def __init__(self, network: Network | None, env: VectorWorlds, epsilon: float, seed: int) -> None:
        if network is not None and (network.observation.size, network.actions) != (
            env.spec.observation.size,
            env.spec.actions.count,
        ):
            text = f"the network takes {network.observation.size} values and has {network.actions} actions; "
            text += f"the environment has {env.spec.observation.size} values and {env.spec.actions.count} actions"
            raise errors.make(c.ARQ_E_SHAPE, text)
        self._network = network
        self._count = env.count
        self._actions = env.spec.actions.count
        self._epsilon = epsilon
        self._random = np.random.default_rng(seed)
        self._activations = None if network is None else network.activations(env.count)
        self._always = network is not None and network.parameter("context_on_explore")

    def begin(self, mask: Array) -> None:
        """Episodes begin."""
        if self._activations is not None:
            for i in np.flatnonzero(mask):
                self._activations.begin(int(i))

    def act(self, observations: Array) -> Array:
        """An action for each."""
        drawn = self._random.integers(0, self._actions, self._count, np.int32)
        if self._network is None or self._activations is None:
            return drawn
        explores = self._random.random(self._count) < self._epsilon
        flat = observations.reshape(self._count, -1) if observations.ndim > 1 else observations
        greedy = self._network.q(self._activations, flat).argmax(axis=1)
        for i in np.flatnonzero(~explores | self._always):
            self._activations.advance(int(i))
        return np.where(explores, drawn, greedy)


def play_vector(
    network: Network | None,
    env: VectorWorlds,
    *,
    episodes: int,
    epsilon: float,
    seed: int,
    max_steps: int,
    on_episode: EpisodeFunction | None = None,
) -> tuple[Array, Array]:
    """Returns and lengths, the same number of episodes from each instance: episode k N + i is the k-th of instance i.

    What an instance plays after its last one, and after max_steps in a single one, does not count.
    """
    count = env.count
    if episodes < 1 or episodes % count != 0:
        raise ValueError(f"episodes is {episodes}; accepted: a multiple of {count}, so that each instance plays as many")
    returns, lengths = np.zeros(episodes, np.float64), np.zeros(episodes, np.int64)
    player = _Player(network, env, epsilon, seed)
    episode, steps = np.arange(count), np.zeros(count, np.int64)
    resets = 0
    # Whose present episode does not count any more, or has not begun.
    out: Array = np.ones(count, np.bool_)
    observations = np.empty(0)
    with Deferred() as interrupt:
        while (episode < episodes).any():
            if interrupt.pending:
                raise KeyboardInterrupt
            if out[episode < episodes].all():
                observations = env.reset(seed if resets == 0 else None)
                resets += 1
                player.begin(out | True)
                out[:] = False
            counts = env.playing & ~out & (episode < episodes)
            outcome = env.step(player.act(observations))
            returns[episode[counts]] += outcome.rewards[counts]
            steps += counts
            own_end = outcome.terminated | outcome.truncated
            out |= counts & ~own_end & (steps == max_steps)
            for i in np.flatnonzero(counts & (own_end | out)):
                number = int(episode[i])
                lengths[number] = steps[i]
                steps[i] = 0
                episode[i] += count
                if on_episode is not None:
                    on_episode(number, float(returns[number]), int(lengths[number]))
            observations = outcome.observations
            if outcome.begun.any():
                observations = np.where(_column(outcome.begun, observations), outcome.first, observations)
                player.begin(outcome.begun)
                out &= ~outcome.begun
    return returns, lengths


def _column(mask: Array, rows: Array) -> Array:
    """The mask with as many dimensions as the rows."""
    return mask.reshape(-1, *[1] * (rows.ndim - 1))
