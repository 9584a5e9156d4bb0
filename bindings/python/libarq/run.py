"""A training run: an agent in an environment, some steps a call."""

from __future__ import annotations

import ctypes
import time
from typing import TYPE_CHECKING

from . import _arrays, _metrics
from ._documentation import with_parameters
from ._interrupts import Deferred
from ._library import lib
from .agent import Agent
from .config import Config, resolve
from .context import Part, create
from .environment import Environment

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._parameters import Parameters

_SLICE_SECONDS = 0.05
_LARGEST_SLICE = 4096


@with_parameters
class Run(Part):
    """A run that has not begun: an agent in an environment with discrete actions.

    env: lent for the life of the run; stepping it elsewhere meanwhile breaks the episode, so evaluate on a second
    instance. config: instead of preset and parameters.
    """

    __slots__ = ("_env", "_slice")

    def __init__(
        self,
        env: Environment,
        *,
        preset: str | None = None,
        config: Config | None = None,
        **parameters: Unpack[Parameters],
    ) -> None:
        if not isinstance(env, Environment):
            raise TypeError(f"env is a {type(env).__name__}; accepted: a libarq.Environment")
        context = env.context
        settings = resolve(context, config, preset, parameters)
        with context._gate as context_pointer, settings._gate as config_pointer, env._gate as env_pointer:
            pointer = create(context, lib.arq_run_create, context_pointer, config_pointer, env_pointer)
        super().__init__(context, pointer, lib.arq_run_destroy, (env,))
        self._env = env
        self._slice = 16

    @property
    def env(self) -> Environment:
        """Where it learns."""
        return self._env

    @property
    def agent(self) -> Agent:
        """Who learns; it belongs to the run."""
        with self._gate as pointer:
            agent: int = lib.arq_run_agent(pointer)
        spec = self._env.spec
        return Agent._borrow(self, agent, spec.observation, spec.actions.count)

    def advance(self, steps: int) -> int:
        """Goes on for some steps, at most to the end of the present episode; returns how many. 0: it is complete.

        Ctrl-C is let through between steps: nothing is lost, and the next call goes on. An exception of an
        environment in Python comes out of here; the next call goes on with a new episode.
        """
        wanted = _arrays.integer("steps", steps, 0, _arrays.U64)
        made = 0
        with Deferred() as interrupt:
            episodes = self.metric("episodes")
            while made < wanted and not interrupt.pending:
                done = self._advance_slice(min(wanted - made, self._slice))
                made += done
                if done == 0 or self.metric("episodes") != episodes:
                    break
        return made

    def _advance_slice(self, steps: int) -> int:
        """One call of the library; the next one shall take about _SLICE_SECONDS."""
        done = ctypes.c_uint64()
        began = time.perf_counter()
        with self._gate as pointer, self._env._gate:
            self._check(lib.arq_run_advance(pointer, steps, ctypes.byref(done)))
        seconds = time.perf_counter() - began
        if done.value == self._slice:
            factor = min(2.0, _SLICE_SECONDS / max(seconds, 1e-9))
            self._slice = max(1, min(_LARGEST_SLICE, int(self._slice * factor)))
        return done.value

    def metric(self, name: str, cell: int = 0) -> float:
        """A number about the run, such as "mean_return" or "loss" of a cell (see metrics()); NAN while there is
        none."""
        return _metrics.read(self, lib.arq_run_metric, name, cell)

    def metrics(self) -> dict[str, float]:
        """Every number: of the whole run by its name, of cells as "loss_cell0"."""
        cells = self.agent.network.cells
        found: dict[str, float] = {}
        for metric in _metrics.metrics():
            for cell in range(cells if metric.per_cell else 1):
                found[f"{metric.name}_cell{cell}" if metric.per_cell else metric.name] = self.metric(metric.name, cell)
        return found

    @property
    def steps(self) -> int:
        """Steps made."""
        return int(self.metric("steps"))

    @property
    def mean_return(self) -> float:
        """Mean return of the last 100 finished episodes; NAN before the first."""
        return self.metric("mean_return")
