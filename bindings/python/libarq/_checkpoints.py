"""The checkpoints that a training takes by itself: copied between steps, written in a thread."""

from __future__ import annotations

import csv
import logging
import signal
import threading
import time
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Union

from . import files
from ._interrupts import whole
from .callbacks import Episode
from .checkpoint import Checkpoint
from .network import Network

if TYPE_CHECKING:
    from .context import Context
    from .gymnasium.vector_checkpoint import SavedVectorRun, VectorCheckpoint
    from .gymnasium.vector_run import VectorRun
    from .logs import CsvLog
    from .run import Run

AnyRun = Union["Run", "VectorRun"]
AnyCheckpoint = Union[Checkpoint, "VectorCheckpoint"]

_logger = logging.getLogger("libarq")
SECONDS = "seconds"


class Ending:
    """SIGTERM and SIGHUP while learning stop it as Ctrl-C does; on leaving they end the process. A second one ends it at
    once. Only where nobody else handles them."""

    def __init__(self) -> None:
        self.pending: int | None = None
        self._held: list[int] = []

    def __enter__(self) -> Ending:
        if threading.current_thread() is threading.main_thread():
            self._held = [n for n in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(n) is signal.SIG_DFL]
            for number in self._held:
                signal.signal(number, self._hear)
        return self

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if self.pending is not None:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        self.pending = number
        if callable(signal.getsignal(signal.SIGINT)):
            signal.raise_signal(signal.SIGINT)

    def __exit__(
        self, kind: type[BaseException] | None, exception: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number in self._held:
            signal.signal(number, signal.SIG_DFL)
        if self.pending is not None:
            signal.raise_signal(self.pending)


class Keeper:
    """Takes the checkpoints of a run in its folder, with the network of the same moment."""

    def __init__(self, folder: Path, run: AnyRun, log: CsvLog, period: float) -> None:
        self._folder = folder
        self._run = run
        self._log = log
        self._period = period
        self._next = time.monotonic()  # the first at once: from then on no kill loses the run
        self._thread: threading.Thread | None = None
        self._failure: Exception | None = None

    def update(self, seconds: float) -> None:
        """Takes a checkpoint when it is time for one; what cannot be written is told in the log."""
        if self._thread is not None and not self._thread.is_alive():
            self.wait()
        now = time.monotonic()
        if self._period == 0 or self._thread is not None or now < self._next:
            return
        self._next = now + self._period
        try:
            checkpoint, network = self._copy(seconds, replay=True)
        except OSError as error:
            _logger.warning("no checkpoint was taken: %s; the training goes on", error)
            return
        self._thread = threading.Thread(target=self._write, args=(checkpoint, network), name="libarq checkpoint")
        self._thread.start()

    def finish(self, seconds: float, *, replay: bool, quietly: bool = False) -> None:
        """The last one: waits for what is being written, then writes it. quietly: a failure is only logged."""
        self.wait()
        try:
            self._write(*self._copy(seconds, replay=replay))
        except OSError as error:
            self._failure = error
        failure, self._failure = self._failure, None
        if failure is not None and not quietly:
            raise failure
        if failure is not None:
            _logger.warning("%s", failure)

    def wait(self) -> None:
        """Waits for what is being written."""
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        failure, self._failure = self._failure, None
        if failure is not None:
            _logger.warning("%s; the training goes on", failure)

    @whole
    def _copy(self, seconds: float, replay: bool) -> tuple[AnyCheckpoint, Network]:
        marks = self._log.marks()
        checkpoint = self._run.checkpoint(self._folder / files.CHECKPOINT, replay=replay)
        try:
            for name, size in marks.items():
                checkpoint.set_text(name, str(size))
            checkpoint.set_text(SECONDS, f"{seconds:.3f}")
            return checkpoint, self._run.agent.network.copy()
        except BaseException:
            checkpoint.close()
            raise

    def _write(self, checkpoint: AnyCheckpoint, network: Network) -> None:
        try:
            self._log.settle()
            checkpoint.write()
            network.save(self._folder / files.NETWORK)
        except Exception as failure:
            self._failure = failure
        finally:
            checkpoint.close()
            network.close()


def exists(folder: Path) -> bool:
    """Whether a run's folder has a checkpoint."""
    return any((folder / files.CHECKPOINT / name).exists() for name in (files.RUN, files.VECTOR_RUN))


def open_saved(folder: Path, context: Context) -> Union[Checkpoint, SavedVectorRun]:
    """The checkpoint of a run's folder."""
    if (folder / files.CHECKPOINT / files.VECTOR_RUN).exists():
        from .gymnasium.vector_checkpoint import SavedVectorRun

        return SavedVectorRun(folder / files.CHECKPOINT, context)
    return Checkpoint.open(folder / files.CHECKPOINT, context=context)


def read_back(folder: Path, context: Context) -> tuple[float, dict[str, int]]:
    """The seconds spent until a folder's checkpoint, and how long its tables were."""
    with open_saved(folder, context) as checkpoint:
        texts = {name: checkpoint.text(name) for name in (files.LOG, files.EPISODES, SECONDS)}
    if None in texts.values():
        raise ValueError(f"{folder} holds a checkpoint of another program: it does not say how long the tables were")
    return float(texts.pop(SECONDS) or 0), {name: int(text or 0) for name, text in texts.items()}


def episodes_of(folder: Path) -> list[Episode]:
    """The episodes of a folder's table."""
    with open(folder / files.EPISODES, encoding="utf-8", newline="") as file:
        return [
            Episode(int(row["step"]), float(row["return"]), int(row["length"]), row["end"], int(row["instance"]))
            for row in csv.DictReader(file)
        ]
