"""A training run in a Gymnasium vector environment: what the library does in Run, with the loop in Python."""

from __future__ import annotations

import logging
import math
import time
from collections import deque
from typing import Any

import numpy as np

from .. import _arrays, _metrics
from .._arrays import Array
from .._interrupts import Deferred
from .._prototypes import ARQ_E_SHAPE
from ..agent import Agent
from ..callbacks import Episode
from ..checkpoint import Resumed
from ..config import Config
from ..errors import DivergedError, ShapeError
from .vector_checkpoint import SavedVectorRun, VectorCheckpoint
from .worlds import Outcome, VectorWorlds

_SLICE_SECONDS = 0.05
_logger = logging.getLogger("libarq")


class VectorRun:
    """What Run is, in a vector environment."""

    def __init__(self, env: VectorWorlds, config: Config) -> None:
        self.env = env
        self._config = config
        self.agent = Agent(
            env.spec.observation, env.spec.actions.count, instances=env.count, config=config, context=env.context
        )
        self._total: int = config["total_steps"]
        self._seed: int | None = config["seed"]
        self._begun = False
        self._returns: Array = np.zeros(env.count, np.float64)
        self._lengths: Array = np.zeros(env.count, np.int64)
        self._recent: deque[float] = deque(maxlen=100)
        self._last: Episode | None = None
        self._finished = 0
        self._seconds = 0.0
        self._ended: list[Episode] = []
        self.steps = 0
        """Steps made."""
        self.resumed = Resumed(0)
        """As Run.resumed."""

    @property
    def instances(self) -> int:
        """How many environments play side by side."""
        return self.env.count

    @property
    def ended(self) -> tuple[Episode, ...]:
        """As Run.ended."""
        return tuple(self._ended)

    def advance(self, steps: int) -> int:
        """As Run.advance(). Where the environment raises, all of its episodes have failed."""
        wanted = _arrays.integer("steps", steps, 0, _arrays.U64)
        before, began = self.steps, time.perf_counter()
        self._ended = []
        try:
            with Deferred() as interrupt:
                while self.steps < min(before + wanted, self._total) and not interrupt.pending and not self._ended:
                    self._step()
                    if self.steps > before and time.perf_counter() - began > _SLICE_SECONDS:
                        break
        finally:
            self._seconds += time.perf_counter() - began
        return self.steps - before

    def _step(self) -> None:
        try:
            if not self._begun:
                self._begin()
            playing = self.env.playing
            actions = self.agent.act_many(mask=playing)
            outcome = self.env.step(actions)
        except BaseException:
            self._fail()
            raise
        rest = outcome.rewards, outcome.observations, outcome.terminated, outcome.truncated
        try:
            self.agent.observe_many(*rest, mask=playing)
        except DivergedError:
            self._count(outcome, playing)  # it is stored, and the run can go on
            raise
        except BaseException:
            self._fail()
            raise
        self._count(outcome, playing)

    def _begin(self) -> None:
        self.agent.begin_many(self.env.reset(self._seed))
        self._seed = None  # later the random streams go on
        self._returns[:] = 0
        self._lengths[:] = 0
        self._begun = True

    def _count(self, outcome: Outcome, playing: Array) -> None:
        self.steps += int(playing.sum())
        self._returns[playing] += outcome.rewards[playing]
        self._lengths += playing
        ended = (outcome.terminated | outcome.truncated) & playing
        for i in np.flatnonzero(ended):
            self._end(int(i), "terminated" if outcome.terminated[i] else "truncated")
        if outcome.begun.any():
            self.agent.begin_many(outcome.first, mask=outcome.begun)

    def _end(self, instance: int, end: str) -> None:
        episode = Episode(self.steps, float(self._returns[instance]), int(self._lengths[instance]), end, instance)
        self._returns[instance] = self._lengths[instance] = 0
        self._ended.append(episode)
        if end != "failed":
            self._last = episode
            self._recent.append(episode.total_reward)
            self._finished += 1

    def _fail(self) -> None:
        if self._begun:
            for i in np.flatnonzero(self.env.playing):
                self._end(int(i), "failed")
        self._begun = False

    def checkpoint(self, folder: Any, *, replay: bool = True) -> VectorCheckpoint:
        """As Run.checkpoint(), but the agent is written at once, and always with its replay."""
        state = {
            "instances": self.instances,
            "steps": self.steps,
            "finished": self._finished,
            "recent": list(self._recent),
            "last": self._last,
            "seconds": self._seconds,
            "returns": self._returns.tolist(),
            "lengths": self._lengths.tolist(),
        }
        return VectorCheckpoint(self.agent, self._config, folder, state)

    def save(self, folder: Any) -> None:
        """As Run.save()."""
        self.checkpoint(folder).write()

    def load(self, folder: Any) -> None:
        """As Run.load(). The environments cannot be saved: all begin a new episode."""
        saved = SavedVectorRun(folder, self.env.context)
        state = saved.state
        if saved.instances != self.instances:
            raise ShapeError(
                ARQ_E_SHAPE, f"{folder}: instances is {saved.instances} in the file, {self.instances} in this run"
            )
        self.agent.load(saved.agent)
        self.steps, self._finished = int(state["steps"]), int(state["finished"])
        self._recent = deque(map(float, state["recent"]), maxlen=100)
        self._last = None if state["last"] is None else Episode(*state["last"])
        self._seconds = float(state["seconds"])
        self._returns[:], self._lengths[:] = state["returns"], state["lengths"]
        self._ended, self._begun = [], False
        self._seed = self._config["seed"] + self.steps  # not as any episode began before
        for i in np.flatnonzero(self._lengths):
            self._end(int(i), "failed")
        self.resumed = Resumed.RESUMED | Resumed.NEW_EPISODES
        _logger.warning("resumed after %d steps: the environments have no saved state and begin new episodes", self.steps)

    def metric(self, name: str, cell: int = 0) -> float:
        """As Run.metric()."""
        if name == "steps":
            return float(self.steps)
        if name == "episodes":
            return float(self._finished)
        if name == "return":
            return math.nan if self._last is None else self._last.total_reward
        if name == "length":
            return math.nan if self._last is None else float(self._last.length)
        if name == "mean_return":
            return self.mean_return
        if name == "rollout_seconds":
            return self._seconds - self.agent.metric("learning_seconds")
        return self.agent.metric(name, cell)

    def metrics(self) -> dict[str, float]:
        """As Run.metrics()."""
        return _metrics.every(self.metric, self.agent.network.cells)

    @property
    def mean_return(self) -> float:
        """As Run.mean_return."""
        return math.fsum(self._recent) / len(self._recent) if self._recent else math.nan

    def close(self) -> None:
        """Frees the agent."""
        self.agent.close()
