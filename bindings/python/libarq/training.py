"""A whole training: environment, run, logs and evaluation."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from . import files
from ._arrays import Array
from ._documentation import with_parameters
from ._interrupts import Deferred
from .agent import Agent
from .callbacks import Callback, Episode
from .config import Config, resolve
from .context import Context
from .environment import Environment
from .evaluation import Evaluation, play
from .logs import CsvLog, write_result
from .network import Network
from .progress import ProgressBar, wanted
from .run import Run
from .sources import make_environment, opened

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._parameters import Parameters


class Interrupted(KeyboardInterrupt):
    """Ctrl-C during learn() or train(): `training` has everything that was learned, and its learn() goes on."""

    def __init__(self, training: Training) -> None:
        saved = "" if training.out is None else f"; the network is saved in {training.out}"
        goes_on = f"{'evaluate()' if training.complete else 'learn()'} of this exception's training goes on"
        super().__init__(f"stopped after {training.run.steps} steps{saved}; {goes_on}")
        self.training = training


@with_parameters
class Training:
    """A training that has not begun: an agent in an environment, with its logs.

    env: an id such as "minatar/breakout", a libarq.Environment, a Gymnasium environment with discrete or box actions,
        or an environment in Python (see CustomEnvironment). Box actions become discrete (Environment.bang_bang).
    preset: None: the table's defaults. config: instead of preset and parameters.
    out: a folder for config, network, logs and evaluation, which `arq eval` and `arq play` take too; None: none.
        A folder that holds a run already is refused unless force is True, which removes that run's files.
    threads: how many compute; 0: one for each processor. context: instead of threads.
    progress: a bar; None: where somebody would see it and tqdm is installed.
    callbacks: see Callback. log_every: steps between rows of metrics.
    """

    def __init__(
        self,
        env: Any,
        *,
        preset: str | None = "fast",
        config: Config | None = None,
        out: Any = None,
        force: bool = False,
        threads: int = 1,
        context: Context | None = None,
        progress: bool | None = None,
        callbacks: Sequence[Callback] = (),
        log_every: int = 2000,
        **parameters: Unpack[Parameters],
    ) -> None:
        preset = preset if config is None else None
        if isinstance(env, Environment):
            context = env.context
        self._context = context or Context(threads=threads)
        self._own_context = context is None
        self._env_given = env
        self.config = resolve(self._context, config, preset, parameters)
        self._own_env = not isinstance(env, Environment)
        self.env = make_environment(env, self._context) if self._own_env else env
        self.run = Run(self.env, config=self.config)
        self.total_steps: int = self.config["total_steps"]
        self.log_every = log_every
        self.out: Path | None = None if out is None else files.make_folder(out, force)
        self.callbacks: list[Callback] = list(callbacks)
        if self.out is not None:
            files.write_config(self.out, self.env.id, self.config)
            self.callbacks.insert(0, CsvLog(self.out))
        if wanted(progress):
            self.callbacks.append(ProgressBar())
        self.seconds = 0.0
        """Time spent learning."""
        self.episodes: list[Episode] = []
        """Every finished episode."""
        self.evaluation: Evaluation | None = None
        """Of the agent, once evaluate() has run."""
        self.random_evaluation: Evaluation | None = None
        """Of a player that acts at random, beside it."""

    @property
    def name(self) -> str:
        """The environment's id, its id in Gymnasium, or its class."""
        spec = getattr(self._env_given, "spec", None)
        return self.env.id or getattr(spec, "id", None) or type(self._env_given).__name__

    @property
    def agent(self) -> Agent:
        """Who learns."""
        return self.run.agent

    @property
    def network(self) -> Network:
        """What has been learned; copy() it to act while learning goes on."""
        return self.run.agent.network

    @property
    def complete(self) -> bool:
        """True once all of total_steps were made."""
        return self.run.steps >= self.total_steps

    @property
    def returns(self) -> Array:
        """Return of every finished episode."""
        return np.array([episode.total_reward for episode in self.episodes], np.float64)

    def row(self) -> dict[str, float]:
        """Every metric now."""
        return {"seconds": self.seconds, **self.run.metrics()}

    def learn(self, steps: int | None = None) -> Training:
        """Learns for some steps, or to the end of total_steps.

        On Ctrl-C it saves and raises Interrupted, which carries this training; learn() goes on from there.
        """
        target = self.total_steps if steps is None else min(self.total_steps, self.run.steps + steps)
        started: list[Callback] = []
        try:
            for callback in self.callbacks:
                started.append(callback)
                callback.on_start(self)
            self._advance_to(target)
        except KeyboardInterrupt as interrupt:
            raise Interrupted(self) from interrupt
        finally:
            self._stop(started)
        return self

    def _stop(self, callbacks: list[Callback]) -> None:
        """Whatever a callback raises, the network is saved."""
        try:
            for callback in callbacks:
                callback.on_stop(self)
        finally:
            if self.out is not None:
                self.network.save(self.out / files.NETWORK)

    def _advance_to(self, target: int) -> None:
        with Deferred() as interrupt:
            self._advance_until(target, interrupt)

    def _advance_until(self, target: int, interrupt: Deferred) -> None:
        """Ctrl-C waits until episodes and rows are told: none is lost."""
        next_row = (self.run.steps // self.log_every + 1) * self.log_every
        logged = -1
        while self.run.steps < target and not interrupt.pending:
            began = time.perf_counter()
            try:
                self.run.advance(min(target, next_row) - self.run.steps)
            finally:
                self.seconds += time.perf_counter() - began
                self._tell_steps()
            if self.run.steps >= next_row:
                logged = self._tell_row()
                next_row += self.log_every
        if logged != self.run.steps:
            self._tell_row()

    def _tell_steps(self) -> None:
        if self.run.metric("episodes") > len(self.episodes):
            length = int(self.run.metric("length"))
            episode = Episode(self.run.steps, self.run.metric("return"), length)
            self.episodes.append(episode)
            for callback in self.callbacks:
                callback.on_episode(self, episode)
        for callback in self.callbacks:
            callback.on_steps(self)

    def _tell_row(self) -> int:
        row = self.row()
        for callback in self.callbacks:
            callback.on_row(self, row)
        return self.run.steps

    def save(self, path: Any) -> None:
        """Saves the network."""
        self.network.save(path)

    def evaluate(
        self,
        env: Any = None,
        *,
        episodes: int | None = None,
        epsilon: float | None = None,
        seed: int | None = None,
        compare: bool = True,
    ) -> Evaluation:
        """Plays whole episodes without learning, the agent and (compare) a player that acts at random.

        env: a second instance; None: made by id, or from a Gymnasium environment's own spec. Other environments can
        only be used again when the training is complete.
        """
        config = self.config
        plan: dict[str, Any] = {
            "episodes": config["evaluation_episodes"] if episodes is None else episodes,
            "seed": config["seed"] + 1 if seed is None else seed,
        }
        chance = config["evaluation_epsilon"] if epsilon is None else epsilon
        with opened(self._second(env), self._context) as instance:
            self.evaluation = play(self.network, instance, epsilon=chance, **plan)
            self.random_evaluation = play(None, instance, **plan) if compare else None
        if self.out is not None:
            scores = {"agent": self.evaluation, "random": self.random_evaluation}
            present = {name: score for name, score in scores.items() if score is not None}
            write_result(self.out / files.RESULT, present)
        return self.evaluation

    def _second(self, env: Any) -> Any:
        """Another instance of the environment, since the run's own may be in the middle of an episode."""
        if env is not None:
            return env
        if self.env.id:
            return self.env.id
        if hasattr(self._env_given, "action_space"):
            from .gymnasium.adapter import another

            second = another(self._env_given)
            if second is not None:
                return second
        if not self.complete:
            raise ValueError("env is missing: while the training is not complete its evaluation needs a second one")
        return self.env

    def close(self) -> None:
        """Frees everything that the training has made. A Gymnasium environment stays open."""
        self.run.close()
        if self._own_env:
            self.env.close()
        if self._own_context:
            self._context.close()

    def __enter__(self) -> Training:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exception: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<libarq.Training {self.name}: {len(self.episodes)} episodes>"


@with_parameters
def train(
    env: Any,
    *,
    evaluate: bool = True,
    preset: str | None = "fast",
    config: Config | None = None,
    out: Any = None,
    force: bool = False,
    threads: int = 1,
    context: Context | None = None,
    progress: bool | None = None,
    callbacks: Sequence[Callback] = (),
    log_every: int = 2000,
    **parameters: Unpack[Parameters],
) -> Training:
    """Trains an agent in an environment and evaluates it beside a player that acts at random.

    Returns the Training, with its network, episodes and evaluation. On Ctrl-C it saves and raises Interrupted, whose
    `training` goes on with learn(). The arguments are those of Training; evaluate: whether to do so at the end.
    """
    training = Training(
        env,
        preset=preset,
        config=config,
        out=out,
        force=force,
        threads=threads,
        context=context,
        progress=progress,
        callbacks=callbacks,
        log_every=log_every,
        **parameters,
    )
    training.learn()
    if evaluate:
        try:
            training.evaluate()
        except KeyboardInterrupt as interrupt:
            raise Interrupted(training) from interrupt
    return training
