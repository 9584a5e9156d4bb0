"""Tables of a training as CSV, which pandas.read_csv and the program `arq` read."""

from __future__ import annotations

import io
import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import files
from ._interrupts import whole
from .callbacks import Callback, Episode

if TYPE_CHECKING:
    from .evaluation import Evaluation
    from .training import Training


def _number(value: float) -> str:
    """A number that is not there yet is an empty field."""
    return "" if math.isnan(value) else f"{value:.16g}"


class _Table:
    """A CSV file, written as rows come. Rows that find no room wait for the next flush: the file has whole rows at any
    time."""

    def __init__(self, path: Path, heading: str) -> None:
        self._path = path
        self._file: io.FileIO | None = None
        self._waiting = bytearray(heading.encode() + b"\n")
        self._begun = False

    def go_on(self, size: int) -> None:
        """Goes on behind so many bytes of a file that is there."""
        present = self._path.stat().st_size
        if present < size:
            raise ValueError(f"{self._path} has {present} bytes; its run's checkpoint knows {size}: rows are missing")
        os.truncate(self._path, size)
        self._waiting.clear()
        self._begun = True

    def whole_size(self) -> int:
        """Bytes of the file once all rows are in it."""
        if self._file is not None:
            self.flush()
        elif self._waiting:
            self.open()
            self.close()
        return self._path.stat().st_size

    def open(self) -> None:
        """Begins the file, or goes on with it."""
        if not self._begun:
            self._path.write_bytes(b"")
            self._begun = True
        self._file = io.FileIO(self._path, "a")

    def add(self, row: str) -> None:
        self._waiting += row.encode() + b"\n"

    def flush(self) -> None:
        if self._file is None:
            return
        begin, written = self._file.seek(0, io.SEEK_END), 0
        try:
            while written < len(self._waiting):
                written += self._file.write(self._waiting[written:]) or 0
        except OSError:
            written = self._waiting.rfind(b"\n", 0, written) + 1
            self._file.truncate(begin + written)
            raise
        finally:
            del self._waiting[:written]

    def settle(self) -> None:
        """Returns when what was written is on the disk; in any thread, while rows are added in another."""
        with self._path.open("rb") as file:
            os.fsync(file.fileno())

    def close(self) -> None:
        try:
            self.flush()
        finally:
            if self._file is not None:
                self._file.close()
            self._file = None


class CsvLog(Callback):
    """Writes log.csv (every metric) and episodes.csv (every episode) into a folder."""

    def __init__(self, folder: Any) -> None:
        self._folder = Path(folder)
        self._log: _Table | None = None
        self._episodes = _Table(self._folder / files.EPISODES, "step,return,length,end,instance")

    def go_on(self, marks: dict[str, int]) -> None:
        """Goes on with the tables of a run behind what marks() said."""
        if marks[files.LOG] > 0:
            self._log = _Table(self._folder / files.LOG, "")
            self._log.go_on(marks[files.LOG])
        if marks[files.EPISODES] > 0:
            self._episodes.go_on(marks[files.EPISODES])

    def marks(self) -> dict[str, int]:
        """Bytes of both tables, after writing all that waits."""
        tables = {files.LOG: self._log, files.EPISODES: self._episodes}
        return {name: 0 if table is None else table.whole_size() for name, table in tables.items()}

    def settle(self) -> None:
        """Returns when the rows of both tables are on the disk: a checkpoint counts on them."""
        for table in (self._log, self._episodes):
            if table is not None:
                table.settle()

    def on_start(self, training: Training) -> None:
        if self._log is None:
            self._log = _Table(self._folder / files.LOG, ",".join(training.row()))
        self._log.open()
        self._episodes.open()

    def on_episode(self, training: Training, episode: Episode) -> None:
        row = (str(episode.step), _number(episode.total_reward), str(episode.length), episode.end, str(episode.instance))
        self._episodes.add(",".join(row))

    def on_row(self, training: Training, row: dict[str, float]) -> None:
        if self._log is not None:
            seconds, *others = row.values()
            self._log.add(",".join([f"{seconds:.3f}", *map(_number, others)]))
            self._log.flush()
            self._episodes.flush()

    def on_stop(self, training: Training) -> None:
        if self._log is None:
            return
        try:
            self._log.close()
        finally:
            self._episodes.close()


@whole
def write_result(path: Any, scores: dict[str, Evaluation]) -> None:
    """The evaluation's table: a row for each player."""
    lines = ["player,episodes,epsilon,seed,mean,standard_error,min,max,mean_length,environments"]
    for player, score in scores.items():
        numbers = (score.mean, score.standard_error, score.returns.min(), score.returns.max(), score.lengths.mean())
        head = f"{player},{len(score.returns)},{_number(score.epsilon)},{score.seed}"
        lines.append(",".join([head, *(_number(float(number)) for number in numbers), str(score.environments)]))
    Path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")
