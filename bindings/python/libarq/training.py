"""A whole training: environment, run, logs and evaluation."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Union

import numpy as np

from . import _checkpoints, files
from ._arrays import Array
from ._checkpoints import Ending, Keeper
from ._documentation import with_parameters
from ._interrupts import Deferred, whole
from .agent import Agent
from .batch import EnvironmentBatch
from .callbacks import Callback, Episode
from .checkpoint import Resumed
from .config import Config, recommended, resolve
from .context import Context
from .environment import Environment
from .evaluation import Evaluation, play, side_by_side, whole_rounds
from .logs import CsvLog, write_result
from .network import Network
from .progress import ProgressBar, wanted
from .run import Run
from .sources import Opened, is_handle, make_environment, opened

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._parameters import Parameters
    from .gymnasium.vector_run import VectorRun


def _run_in(env: Opened, config: Config) -> Union[Run, VectorRun]:
    if isinstance(env, (Environment, EnvironmentBatch)):
        return Run(env, config=config)
    from .gymnasium.vector_run import VectorRun

    return VectorRun(env, config)


class Interrupted(KeyboardInterrupt):
    """Ctrl-C during learn() or train(): `training` has everything that was learned, and its learn() goes on."""

    def __init__(self, training: Training) -> None:
        saved = "" if training.out is None else f"; the network is saved in {training.out}"
        goes_on = f"{'evaluate()' if training.complete else 'learn()'} of this exception's training goes on"
        super().__init__(f"stopped after {training.run.steps} steps{saved}; {goes_on}")
        self.training = training


@with_parameters
class Training:
    """A training that has not begun: an agent in an environment or in several side by side, with its logs.

    env: an id such as "minatar/breakout", a libarq.Environment or EnvironmentBatch, a Gymnasium environment or
        VectorEnv with discrete or box actions, a list of functions that make Gymnasium environments, each in a process
        of its own (Gymnasium's AsyncVectorEnv), or an environment in Python (see CustomEnvironment). Box actions become
        discrete (Environment.bang_bang).
    environments: how many instances of an id play side by side; None: what the preset recommends (one without a
        preset). A step of all counts so many steps.
    preset: None: the table's defaults. config: instead of preset and parameters.
    out: a folder for config, network, logs and evaluation, which `arq eval` and `arq play` take too; None: none.
        A folder that holds a run already is refused unless force is True, which removes that run's files.
    threads: how many compute; 0: one for each processor. context: instead of threads.
    progress: a bar; None: where somebody would see it and tqdm is installed.
    callbacks: see Callback. log_every: steps between rows of metrics.
    resume: goes on with the run in `out` from its last checkpoint, where there is one, bit for bit; otherwise it begins.
    checkpoint: seconds between checkpoints in `out`, written in a thread; 0: only at the end. In a Gymnasium vector
        environment learning waits for the disk. keep_replay: in the checkpoint of a complete training, too.
    """

    def __init__(
        self,
        env: Any,
        *,
        environments: int | None = None,
        preset: str | None = "fast",
        config: Config | None = None,
        out: Any = None,
        force: bool = False,
        threads: int = 1,
        context: Context | None = None,
        progress: bool | None = None,
        callbacks: Sequence[Callback] = (),
        log_every: int = 2000,
        resume: bool = False,
        checkpoint: float = 60,
        keep_replay: bool = False,
        **parameters: Unpack[Parameters],
    ) -> None:
        preset = preset if config is None else None
        if is_handle(env):
            context = env.context
        self._context = context or Context(threads=threads)
        self._own_context = context is None
        self._env_given = env
        self.config = resolve(self._context, config, preset, parameters)
        if isinstance(env, str) and environments is None and preset is not None:
            environments = recommended(preset)
        self.env: Opened = make_environment(env, environments, self._context)
        self._own_env = self.env is not env
        self.run = _run_in(self.env, self.config)
        self.total_steps: int = self.config["total_steps"]
        self.log_every = log_every
        self.callbacks: list[Callback] = list(callbacks)
        self.seconds = 0.0
        """Time spent learning."""
        self.episodes: list[Episode] = []
        """Every episode that has ended."""
        self.out: Path | None = None if out is None else Path(out)
        self.keep_replay = keep_replay
        self._keeper: Keeper | None = None
        self._open_folder(resume, force, checkpoint)
        if wanted(progress):
            self.callbacks.append(ProgressBar())
        self.evaluation: Evaluation | None = None
        """Of the agent, once evaluate() has run."""
        self.random_evaluation: Evaluation | None = None
        """Of a player that acts at random, beside it."""

    def _open_folder(self, resume: bool, force: bool, period: float) -> None:
        """Begins the folder, or goes on with the run in it."""
        if self.out is None:
            if resume:
                raise TypeError("resume needs out, the folder of the run")
            return
        log = CsvLog(self.out)
        if resume and _checkpoints.exists(self.out):
            self._go_on(self.out, log)
        else:
            files.make_folder(self.out, force)
            files.write_config(self.out, self.env.id, self.run.instances, self.config)
        self.callbacks.insert(0, log)
        self._keeper = Keeper(self.out, self.run, log, period)

    def _go_on(self, folder: Path, log: CsvLog) -> None:
        run = self.run
        self.seconds, marks = _checkpoints.read_back(folder, self._context)
        run.load(folder / files.CHECKPOINT)
        log.go_on(marks)
        self.episodes = _checkpoints.episodes_of(folder)
        for episode in run.ended:  # of environments that have no saved state
            log.on_episode(self, episode)
        self.episodes += run.ended
        (folder / files.RESULT).unlink(missing_ok=True)
        files.write_config(folder, self.env.id, run.instances, self.config)

    @property
    def resumed(self) -> Resumed:
        """How a training that goes on with a saved one was resumed."""
        return self.run.resumed

    @property
    def name(self) -> str:
        """The environment's id, its id in Gymnasium, or its class."""
        spec = getattr(self._env_given, "spec", None)
        one = self._env_given[0] if isinstance(self._env_given, (list, tuple)) else None
        name = getattr(one, "__name__", type(self._env_given).__name__)
        return self.env.id or getattr(spec, "id", None) or name

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
        """Return of every episode, except those whose environment failed."""
        ended = [episode.total_reward for episode in self.episodes if episode.end != "failed"]
        return np.array(ended, np.float64)

    def row(self) -> dict[str, float]:
        """Every metric now."""
        return {"seconds": self.seconds, **self.run.metrics()}

    def learn(self, steps: int | None = None) -> Training:
        """Learns for some steps, or to the end of total_steps.

        On Ctrl-C it saves and raises Interrupted, which carries this training; learn() goes on from there. On SIGTERM
        and SIGHUP it saves, and the process ends, unless the program handles these itself.
        """
        target = self.total_steps if steps is None else min(self.total_steps, self.run.steps + steps)
        with Ending():
            try:
                with Deferred() as interrupt:
                    self._learn_to(target, interrupt)
            except KeyboardInterrupt as interrupted:
                raise Interrupted(self) from interrupted
        return self

    def _learn_to(self, target: int, interrupt: Deferred) -> None:
        started: list[Callback] = []
        try:
            for callback in self.callbacks:
                started.append(callback)
                callback.on_start(self)
            self._advance_until(target, interrupt)
        finally:
            self._stop(started)

    def _stop(self, callbacks: list[Callback]) -> None:
        """Whatever a callback raises, the network is saved."""
        try:
            for callback in callbacks:
                callback.on_stop(self)
        finally:
            if self._keeper is not None:
                self._keeper.wait()  # what it writes is older
            if self.out is not None:
                self.network.save(self.out / files.NETWORK)

    def _advance_until(self, target: int, interrupt: Deferred) -> None:
        """Ctrl-C waits until episodes and rows are told: none is lost."""
        next_row = (self.run.steps // self.log_every + 1) * self.log_every
        logged = -1
        try:
            while self.run.steps < target and not interrupt.pending:
                began = time.perf_counter()
                try:
                    self.run.advance(min(target, next_row) - self.run.steps)
                finally:
                    self.seconds += time.perf_counter() - began
                    self._tell_steps()
                if self.run.steps >= next_row:
                    logged = self._tell_row()
                    next_row = (self.run.steps // self.log_every + 1) * self.log_every
                if self._keeper is not None:
                    self._keeper.update(self.seconds)
        except Exception:
            self._keep_last(quietly=True)
            raise
        if self.complete or interrupt.pending:
            self._keep_last()  # before the last row, which a training that goes on from here does not have
        if logged != self.run.steps:
            self._tell_row()

    def _keep_last(self, quietly: bool = False) -> None:
        if self._keeper is not None:
            self._keeper.finish(self.seconds, replay=self.keep_replay or not self.complete, quietly=quietly)

    def _tell_steps(self) -> None:
        """Whatever a callback raises, the others hear of every episode."""
        ended = self.run.ended
        self.episodes += ended
        failure: BaseException | None = None
        for callback in self.callbacks:
            try:
                for episode in ended:
                    callback.on_episode(self, episode)
                callback.on_steps(self)
            except BaseException as exception:
                failure = failure or exception
        if failure is not None:
            raise failure

    def _tell_row(self) -> int:
        row = self.row()
        for callback in self.callbacks:
            callback.on_row(self, row)
        return self.run.steps

    def save(self, folder: Any = None) -> None:
        """Saves the whole training, to go on with it bit for bit: into its folder `out`, or another one.

        The network alone is saved by `network.save(path)`.
        """
        if folder is not None and os.fspath(folder).endswith(".safetensors"):
            raise ValueError(f"{folder} is the name of a file; network.save() saves the network, save() a whole folder")
        if folder is not None:
            self.run.save(folder)
        elif self._keeper is None:
            raise TypeError("folder is missing: the training has no folder of its own (out)")
        else:
            self._keeper.finish(self.seconds, replay=True)

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

        env: a second instance, or several; None: made by id, or from a Gymnasium environment's own spec. Other
        environments can only be used again when the training is complete. Several instances play side by side, each the
        same number of episodes; episodes None: the parameter's number, or the next multiple of theirs.
        """
        config = self.config
        plan: dict[str, Any] = {
            "episodes": config["evaluation_episodes"] if episodes is None else episodes,
            "seed": config["seed"] + 1 if seed is None else seed,
        }
        chance = config["evaluation_epsilon"] if epsilon is None else epsilon
        with self._second(env, plan["episodes"]) as instance:
            if episodes is None:
                plan["episodes"] = whole_rounds(plan["episodes"], instance)
            self.evaluation = play(self.network, instance, epsilon=chance, **plan)
            self.random_evaluation = play(None, instance, **plan) if compare else None
        if self.out is not None:
            scores = {"agent": self.evaluation, "random": self.random_evaluation}
            present = {name: score for name, score in scores.items() if score is not None}
            write_result(self.out / files.RESULT, present)
        return self.evaluation

    def _second(self, env: Any, episodes: int) -> AbstractContextManager[Opened]:
        """Other instances of the environment, since the run's own may be in the middle of an episode."""
        if env is not None:
            return opened(env, self._context)
        if self.env.id:
            return opened(self.env.id, self._context, environments=side_by_side(episodes))
        if hasattr(self._env_given, "action_space") and not hasattr(self._env_given, "num_envs"):
            from .gymnasium.adapter import another

            second = another(self._env_given)
            if second is not None:
                return opened(second, self._context)
        if not self.complete:
            raise ValueError("env is missing: while the training is not complete its evaluation needs a second one")
        return nullcontext(self.env)

    def close(self) -> None:
        """Frees everything that the training has made. A Gymnasium environment stays open."""
        if self._keeper is not None:
            self._keeper.wait()
        self._free()

    @whole
    def _free(self) -> None:
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
    environments: int | None = None,
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
    resume: bool = False,
    checkpoint: float = 60,
    keep_replay: bool = False,
    **parameters: Unpack[Parameters],
) -> Training:
    """Trains an agent in an environment and evaluates it beside a player that acts at random.

    Returns the Training, with its network, episodes and evaluation. On Ctrl-C it saves and raises Interrupted, whose
    `training` goes on with learn(). The arguments are those of Training; evaluate: whether to do so at the end.
    """
    training = Training(
        env,
        environments=environments,
        preset=preset,
        config=config,
        out=out,
        force=force,
        threads=threads,
        context=context,
        progress=progress,
        callbacks=callbacks,
        log_every=log_every,
        resume=resume,
        checkpoint=checkpoint,
        keep_replay=keep_replay,
        **parameters,
    )
    return _learn_and_evaluate(training, evaluate)


@with_parameters
def resume(
    run: Any,
    env: Any = None,
    *,
    evaluate: bool = True,
    trust: bool = False,
    threads: int = 1,
    context: Context | None = None,
    progress: bool | None = None,
    callbacks: Sequence[Callback] = (),
    log_every: int = 2000,
    checkpoint: float = 60,
    keep_replay: bool = False,
    **parameters: Unpack[Parameters],
) -> Training:
    """Goes on with a saved run to its end, as train() or `arq train` would have done without the interruption.

    run: its folder. env: where it was trained, if config.txt does not tell its id; trust: load the plugin's file that
    only the run names. Parameters may change where Parameter.resume says what that means. The other arguments are those
    of Training, and so is what comes back; `resumed` says whether all of it went on.
    """
    folder = Path(run)
    if is_handle(env):
        context = env.context
    context = context or Context(threads=threads)
    with _checkpoints.open_saved(folder, context) as saved:
        config = saved.config().set(**parameters)
        instances = saved.instances
    env = files.environment_to_play(folder, trust) if env is None else env
    training = Training(
        env,
        environments=instances if isinstance(env, str) else None,
        config=config,
        out=folder,
        resume=True,
        context=None if is_handle(env) else context,
        progress=progress,
        callbacks=callbacks,
        log_every=log_every,
        checkpoint=checkpoint,
        keep_replay=keep_replay,
    )
    return _learn_and_evaluate(training, evaluate)


def _learn_and_evaluate(training: Training, evaluate: bool) -> Training:
    training.learn()
    if evaluate:
        try:
            training.evaluate()
        except KeyboardInterrupt as interrupt:
            raise Interrupted(training) from interrupt
    return training
