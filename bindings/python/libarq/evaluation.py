"""Playing whole episodes without learning."""

from __future__ import annotations

import ctypes
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Union

import numpy as np

from . import _arrays, errors
from . import _prototypes as c
from ._arrays import Array
from ._interrupts import Deferred
from ._library import lib
from .context import create
from .custom import method_table
from .environment import Environment
from .files import environment_of, network_file
from .network import Network

EpisodeFunction = Callable[[int, float, int], None]
"""Hears of every finished episode: its index, return and length."""

LONGEST = 100000
"""Steps after which an episode counts as it stands, as in `arq eval`."""


@dataclass(frozen=True)
class Evaluation:
    """Returns and lengths of episodes."""

    returns: Array
    lengths: Array
    epsilon: float
    seed: int

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


class _Relay:
    """An environment that hands every call on to another, so that Ctrl-C is heard and episodes are told."""

    def __init__(
        self, env: Environment, inner: int, tell: EpisodeFunction | None, interrupt: Deferred
    ) -> None:
        self._env = env
        self._interrupt = interrupt
        self._inner = inner
        self._tell = tell
        self._episode = -1
        self._return = 0.0
        self._length = 0

    def methods(self) -> c.arq_env_methods:
        return method_table({"spec": self.spec, "reset": self.reset, "step": self.step, "destroy": lambda _: None})

    def spec(self, _: int | None, spec: Any) -> int:
        size = spec.contents.struct_size
        ctypes.memmove(spec, lib.arq_env_describe(self._inner), size)
        return c.ARQ_OK

    def _failed(self, status: int) -> int:
        errors.keep(errors.raised.exception or errors.make(status, errors.last_text(self._env.context._gate.pointer)))
        return errors.RAISED

    def _finish(self) -> None:
        if self._tell is not None and self._length > 0:
            self._tell(self._episode, self._return, self._length)

    def reset(self, _: int | None, seed: int | None, observation: int) -> int:
        try:
            self._finish()
            self._episode += 1
            self._return, self._length = 0.0, 0
            status: int = lib.arq_env_reset(self._inner, seed, observation)
            return c.ARQ_OK if status == c.ARQ_OK else self._failed(status)
        except BaseException as exception:
            errors.keep(exception)
            return errors.RAISED

    def step(
        self, _: int | None, action: int, observation: int, reward: Any, terminated: Any, truncated: Any
    ) -> int:
        try:
            if self._interrupt.pending:
                raise KeyboardInterrupt
            status: int = lib.arq_env_step(self._inner, action, observation, reward, terminated, truncated)
            if status != c.ARQ_OK:
                return self._failed(status)
            self._return += reward[0]
            self._length += 1
            return c.ARQ_OK
        except BaseException as exception:
            errors.keep(exception)
            return errors.RAISED

    def end(self) -> None:
        self._finish()


def play(
    network: Network | None,
    env: Environment,
    *,
    episodes: int = 100,
    epsilon: float = 0.01,
    seed: int = 0,
    max_steps: int = LONGEST,
    on_episode: EpisodeFunction | None = None,
) -> Evaluation:
    """Plays whole episodes greedily but for epsilon; network None: at random. Ctrl-C stops it.

    max_steps: an episode's longest, it counts as it stands then; 0: no limit.
    """
    count = _arrays.integer("episodes", episodes, 0, _arrays.U32)
    returns, lengths = np.zeros(count, np.float64), np.zeros(count, np.uint64)
    number = _arrays.integer("seed", seed, 0, _arrays.U64)
    longest = _arrays.integer("max_steps", max_steps, 0, _arrays.U64)
    outputs = _arrays.address(returns), _arrays.address(lengths)
    arguments = (number, float(epsilon), count, longest, *outputs)
    watched = on_episode is not None or threading.current_thread() is threading.main_thread()
    context = env.context
    with context._gate as context_pointer, env._gate as inner:
        # Only the main thread hears Ctrl-C; elsewhere the relay would cost without use.
        if watched and env.spec.actions.count > 0 and env._discrete:
            with Deferred() as interrupt:
                relay = _Relay(env, inner, on_episode, interrupt)
                methods = relay.methods()
                outer = create(context, lib.arq_env_create, context_pointer, ctypes.byref(methods), None)
                try:
                    _evaluate(context, network, outer, arguments)
                finally:
                    lib.arq_env_destroy(outer)
                relay.end()
        else:
            _evaluate(context, network, inner, arguments)
    return Evaluation(returns, lengths.astype(np.int64), float(epsilon) if network is not None else 1.0, number)


def _evaluate(context: Any, network: Network | None, env: int, arguments: tuple[Any, ...]) -> None:
    pointer = context._gate.pointer
    if network is None:
        errors.check(pointer, lib.arq_evaluate(pointer, None, env, *arguments))
        return
    with network._gate as network_pointer:
        errors.check(pointer, lib.arq_evaluate(pointer, network_pointer, env, *arguments))


def evaluate(
    what: Any,
    env: Any = None,
    *,
    episodes: int | None = None,
    epsilon: float | None = None,
    seed: int | None = None,
    max_steps: int = LONGEST,
    on_episode: EpisodeFunction | None = None,
) -> Evaluation:
    """Plays whole episodes without learning.

    what: a Network, an Agent, the folder of a run, a saved file, or "random" for a player that acts at random.
    env: an id, an Environment, a Gymnasium environment; None: the one in the run's folder.
    episodes, epsilon, seed: None: those saved with the network, as `arq eval` does.
    """
    from .sources import opened

    network, close_network = _network_of(what)
    if env is None:
        env = environment_of(what)
    try:
        with opened(env) as instance:
            plan = _plan(network, episodes, epsilon, seed)
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
