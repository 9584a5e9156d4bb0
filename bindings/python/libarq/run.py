"""A training run: an agent in an environment, or in several side by side, some steps a call."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Union

from . import _arrays, _metrics
from . import _prototypes as c
from ._documentation import with_parameters
from ._interrupts import Deferred
from ._library import lib
from .agent import Agent
from .batch import EnvironmentBatch
from .callbacks import Episode
from .checkpoint import Checkpoint, Resumed
from .config import Config, resolve
from .context import Part, create
from .environment import Environment

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._parameters import Parameters

_SLICE_SECONDS = 0.05
_LARGEST_SLICE = 4096
_ENDS = {
    c.ARQ_EPISODE_TERMINATED: "terminated",
    c.ARQ_EPISODE_TRUNCATED: "truncated",
    c.ARQ_EPISODE_FAILED: "failed",
}


@with_parameters
class Run(Part):
    """A run that has not begun: an agent in an environment with discrete actions, or in a batch of them.

    env: lent for the life of the run; stepping it elsewhere meanwhile breaks the episode, so evaluate on a second
    instance. A step of a whole batch counts so many environment steps. config: instead of preset and parameters.
    """

    __slots__ = ("_ended", "_env", "_slice")

    def __init__(
        self,
        env: Union[Environment, EnvironmentBatch],
        *,
        preset: str | None = None,
        config: Config | None = None,
        **parameters: Unpack[Parameters],
    ) -> None:
        if not isinstance(env, (Environment, EnvironmentBatch)):
            raise TypeError(f"env is {_arrays.kind_of(env)}; accepted: a libarq.Environment or EnvironmentBatch")
        context = env.context
        settings = resolve(context, config, preset, parameters)
        function = lib.arq_run_create_batch if isinstance(env, EnvironmentBatch) else lib.arq_run_create
        with context._gate as context_pointer, settings._gate as config_pointer, env._gate as env_pointer:
            pointer = create(context, function, context_pointer, config_pointer, env_pointer)
        super().__init__(context, pointer, lib.arq_run_destroy, (env,))
        self._env = env
        self._slice = 16
        self._ended: tuple[Episode, ...] = ()

    @property
    def env(self) -> Union[Environment, EnvironmentBatch]:
        """Where it learns."""
        return self._env

    @property
    def instances(self) -> int:
        """How many environments play side by side."""
        with self._gate as pointer:
            return int(lib.arq_run_instances(pointer))

    @property
    def agent(self) -> Agent:
        """Who learns; it belongs to the run."""
        with self._gate as pointer:
            agent: int = lib.arq_run_agent(pointer)
        spec = self._env.spec
        return Agent._borrow(self, agent, spec.observation, spec.actions.count)

    def advance(self, steps: int) -> int:
        """Goes on for some steps, but returns soon once episodes have `ended`; returns how many. 0: it is complete.

        With one environment it stops at the end of the episode; with a batch the steps are whole steps of all, so they
        may be a few more. Ctrl-C is let through between steps: nothing is lost, and the next call goes on. An exception
        of an environment in Python comes out of here; the next call goes on with a new episode.
        """
        wanted = _arrays.integer("steps", steps, 0, _arrays.U64)
        made = 0
        self._ended = ()
        with Deferred() as interrupt:
            while made < wanted and not interrupt.pending and not self._ended:
                done = self._advance_slice(min(wanted - made, self._slice))
                made += done
                if done == 0:
                    break
        return made

    @property
    def ended(self) -> tuple[Episode, ...]:
        """The episodes that ended in the last advance(), also in one that raised, in the order of their ends."""
        return self._ended

    def _advance_slice(self, steps: int) -> int:
        """One call of the library; the next one shall take about _SLICE_SECONDS."""
        done = ctypes.c_uint64()
        began = time.perf_counter()
        with self._gate as pointer, self._env._gate:
            try:
                self._check(lib.arq_run_advance(pointer, steps, ctypes.byref(done)))
            finally:
                self._ended = tuple(_episodes(pointer))
        seconds = time.perf_counter() - began
        if done.value >= self._slice:
            factor = min(2.0, _SLICE_SECONDS / max(seconds, 1e-9))
            self._slice = max(1, min(_LARGEST_SLICE, int(self._slice * factor)))
        return done.value

    def metric(self, name: str, cell: int = 0) -> float:
        """A number about the run, such as "mean_return" or "loss" of a cell (see metrics()); NAN while there is
        none."""
        return _metrics.read(self, lib.arq_run_metric, name, cell)

    def metrics(self) -> dict[str, float]:
        """Every number: of the whole run by its name, of cells as "loss_cell0"."""
        return _metrics.every(self.metric, self.agent.network.cells)

    def checkpoint(self, folder: Any, *, replay: bool = True) -> Checkpoint:
        """Checkpoint.copy() of this run: a copy, to be written into the folder in any thread."""
        return Checkpoint.copy(self, folder, replay=replay)

    def save(self, folder: Any) -> None:
        """Saves the whole run into a folder, for this run alone; all or nothing. See Checkpoint."""
        with self._gate as pointer, self._env._gate:
            self._check(lib.arq_run_save(pointer, _arrays.path_bytes(folder)))

    def load(self, folder: Any) -> None:
        """Takes over a saved run; everything goes on as if it had not been interrupted, bit for bit.

        The run is made with the same config, instances and environment; what may change, Parameter.resume says. Where
        an environment has no saved state a new episode begins: see `resumed` and `ended`.
        """
        with self._gate as pointer, self._env._gate:
            try:
                self._check(lib.arq_run_load(pointer, _arrays.path_bytes(folder)))
            finally:
                self._ended = tuple(_episodes(pointer))

    @property
    def resumed(self) -> Resumed:
        """How the last load() went; 0 before one."""
        with self._gate as pointer:
            return Resumed(lib.arq_run_resumed(pointer))

    @property
    def steps(self) -> int:
        """Steps made."""
        return int(self.metric("steps"))

    @property
    def mean_return(self) -> float:
        """Mean return of the last 100 finished episodes; NAN before the first."""
        return self.metric("mean_return")


def _episodes(run: int) -> Iterator[Episode]:
    """Those that ended in the library's last advance."""
    instance, total, end = ctypes.c_uint32(), ctypes.c_double(), ctypes.c_int32()
    length, step = ctypes.c_uint64(), ctypes.c_uint64()
    outputs = [ctypes.byref(value) for value in (instance, total, length, step, end)]
    index = 0
    while lib.arq_run_episode(run, index, *outputs) == c.ARQ_OK:
        yield Episode(step.value, total.value, length.value, _ENDS[end.value], instance.value)
        index += 1
