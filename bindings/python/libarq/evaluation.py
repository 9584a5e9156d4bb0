"""Playing whole episodes without learning."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Union

import numpy as np

from . import _arrays, errors
from . import _prototypes as c
from ._arrays import Array
from ._interrupts import Deferred
from ._library import lib
from .batch import EnvironmentBatch
from .environment import Environment
from .files import environment_to_play, network_file
from .network import Network
from .sources import Opened, opened

EpisodeFunction = Callable[[int, float, int], None]
"""Hears of every finished episode: its index, return and length. Side by side they end in another order."""

LONGEST = 100000
"""Steps after which an episode counts as it stands, as in `arq eval`."""


@dataclass(frozen=True)
class Evaluation:
    """Returns and lengths of episodes."""

    returns: Array
    lengths: Array
    epsilon: float
    seed: int
    environments: int = 1
    """How many instances played side by side, each the same number of episodes."""

    @property
    def mean(self) -> float:
        """Mean return."""
        return float(self.returns.mean())

    @property
    def standard_error(self) -> float:
        """Of the mean; NAN for one episode."""
        count = len(self.returns)
        return float(self.returns.std(ddof=1) / math.sqrt(count)) if count > 1 else math.nan

    def __str__(self) -> str:
        error = "" if math.isnan(self.standard_error) else f" +- {self.standard_error:.3f}"
        return f"mean return {self.mean:.3f}{error} over {len(self.returns)} episodes"


_PERIOD = 16
"""Steps between looks at whether Ctrl-C was pressed."""


class _Progress:
    """Hears how far the evaluation is: tells episodes and stops on Ctrl-C."""

    def __init__(self, returns: Array, lengths: Array, tell: EpisodeFunction | None, interrupt: Deferred) -> None:
        self._returns = returns
        self._lengths = lengths
        self._tell = tell
        self._told = np.zeros(len(lengths), np.bool_)
        self._interrupt = interrupt
        self.table = c.arq_progress(struct_size=ctypes.sizeof(c.arq_progress), period=_PERIOD)
        self.table.report = type(self.table.report)(self.report)

    def report(self, _: int | None, episodes: int, steps: int) -> int:
        try:
            if self._tell is not None and steps == 0:
                # An episode that has ended has a length. Side by side they do not end in the order of their numbers.
                last = int(np.flatnonzero((self._lengths != 0) & ~self._told)[0])
                self._told[last] = True
                self._tell(last, float(self._returns[last]), int(self._lengths[last]))
            if self._interrupt.pending:
                raise KeyboardInterrupt
            return c.ARQ_OK
        except BaseException as exception:
            errors.keep(exception)
            return errors.RAISED


def play(
    network: Network | None,
    env: Opened,
    *,
    episodes: int = 100,
    epsilon: float = 0.01,
    seed: int = 0,
    max_steps: int = LONGEST,
    on_episode: EpisodeFunction | None = None,
) -> Evaluation:
    """Plays whole episodes, greedily except for a share of epsilon; network None: at random. Ctrl-C stops it.

    env: several instances play side by side, each the same number of episodes: `episodes` is a multiple of theirs.
    max_steps: an episode's longest, it counts as it stands then; 0: no limit.
    """
    count = _arrays.integer("episodes", episodes, 0, _arrays.U32)
    chance = float(epsilon) if network is not None else 1.0
    if not isinstance(env, (Environment, EnvironmentBatch)):
        from .gymnasium.vector_play import play_vector

        plan: dict[str, Any] = {"episodes": count, "epsilon": chance, "seed": seed, "max_steps": max_steps}
        return Evaluation(*play_vector(network, env, on_episode=on_episode, **plan), chance, seed, env.count)
    returns, lengths = np.zeros(count, np.float64), np.zeros(count, np.uint64)
    number = _arrays.integer("seed", seed, 0, _arrays.U64)
    longest = _arrays.integer("max_steps", max_steps, 0, _arrays.U64)
    with Deferred() as interrupt, env.context._gate as context, env._gate as inner:
        progress = _Progress(returns, lengths, on_episode, interrupt)
        arguments = (
            inner,
            number,
            float(epsilon),
            count,
            longest,
            ctypes.byref(progress.table),
            _arrays.address(returns),
            _arrays.address(lengths),
        )
        function = lib.arq_evaluate_batch if isinstance(env, EnvironmentBatch) else lib.arq_evaluate
        if network is None:
            errors.check(context, function(context, None, *arguments))
        else:
            with network._gate as weights:
                errors.check(context, function(context, weights, *arguments))
    return Evaluation(returns, lengths.astype(np.int64), chance, number, _instances(env))


def _instances(env: Opened) -> int:
    return 1 if isinstance(env, Environment) else env.count


def side_by_side(episodes: int) -> int:
    """How many instances play so many episodes where libarq opens them itself: as many as may be, up to 128, of which
    each plays the same number."""
    return max(count for count in range(1, min(episodes, 128) + 1) if episodes % count == 0) if episodes > 0 else 1


def whole_rounds(episodes: int, env: Opened) -> int:
    """The next multiple of the number of instances."""
    count = _instances(env)
    return -(-episodes // count) * count


def evaluate(
    what: Any,
    env: Any = None,
    *,
    episodes: int | None = None,
    epsilon: float | None = None,
    seed: int | None = None,
    max_steps: int = LONGEST,
    on_episode: EpisodeFunction | None = None,
    trust: bool = False,
) -> Evaluation:
    """Plays whole episodes without learning.

    what: a Network, an Agent, the folder of a run, a saved file, or "random" for a player that acts at random.
    env: whatever train() takes; None: the one in the run's folder. Several instances play side by side, each the same
        number of episodes; of an id there are as many as divide the episodes, up to 128.
    episodes, epsilon, seed: None: those saved with the network, as `arq eval` does; where there are several instances
        the next multiple of their number.
    trust: load the plugin's file that a run names, which may do whatever you may.
    """
    network, close_network = _network_of(what)
    if env is None:
        env = environment_to_play(what, trust)
    try:
        plan = _plan(network, episodes, epsilon, seed)
        count = side_by_side(plan["episodes"]) if isinstance(env, str) else None
        with opened(env, environments=count) as instance:
            if episodes is None:
                plan["episodes"] = whole_rounds(plan["episodes"], instance)
            return play(network, instance, max_steps=max_steps, on_episode=on_episode, **plan)
    finally:
        if network is not None and close_network:
            network.close()


def _network_of(what: Any) -> tuple[Union[Network, None], bool]:
    if isinstance(what, Network):
        return what, False
    if isinstance(what, str) and what == "random":
        return None, False
    network = getattr(what, "network", None)
    if isinstance(network, Network):
        return network, False
    return Network.open(network_file(what)), True


def _plan(network: Network | None, episodes: int | None, epsilon: float | None, seed: int | None) -> dict[str, Any]:
    def saved(name: str, otherwise: Any) -> Any:
        return otherwise if network is None else network.parameter(name)

    return {
        "episodes": saved("evaluation_episodes", 100) if episodes is None else episodes,
        "epsilon": saved("evaluation_epsilon", 0.01) if epsilon is None else epsilon,
        "seed": saved("seed", 0) + 1 if seed is None else seed,
    }
