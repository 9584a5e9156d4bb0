"""Tables of a training as CSV, which pandas.read_csv and the program `arq` read."""

from __future__ import annotations

import math
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from . import files
from .callbacks import Callback, Episode

if TYPE_CHECKING:
    from .evaluation import Evaluation
    from .training import Training


def _number(value: float) -> str:
    """A number that is not there yet is an empty field."""
    return "" if math.isnan(value) else f"{value:.16g}"


class CsvLog(Callback):
    """Writes log.csv (every metric) and episodes.csv (step, return, length) into a folder."""

    def __init__(self, folder: Any) -> None:
        self._folder = Path(folder)
        self._log: IO[str] | None = None
        self._episodes: IO[str] | None = None
        self._begun = False

    def on_start(self, training: Training) -> None:
        mode = "a" if self._begun else "w"
        self._log = open(self._folder / files.LOG, mode, encoding="utf-8")
        self._episodes = open(self._folder / files.EPISODES, mode, encoding="utf-8")
        if not self._begun:
            self._log.write(",".join(training.row()) + "\n")
            self._episodes.write("step,return,length\n")
        self._begun = True

    def on_episode(self, training: Training, episode: Episode) -> None:
        if self._episodes is not None:
            self._episodes.write(f"{episode.step},{_number(episode.total_reward)},{episode.length}\n")

    def on_row(self, training: Training, row: dict[str, float]) -> None:
        if self._log is not None and self._episodes is not None:
            seconds, *others = row.values()
            self._log.write(",".join([f"{seconds:.3f}", *map(_number, others)]) + "\n")
            self._log.flush()
            self._episodes.flush()

    def on_stop(self, training: Training) -> None:
        for file in (self._log, self._episodes):
            if file is not None:
                file.close()
        self._log = self._episodes = None


def write_result(path: Any, scores: dict[str, Evaluation]) -> None:
    """The evaluation's table: a row for each player."""
    lines = ["player,episodes,epsilon,seed,mean,standard_error,min,max,mean_length"]
    for player, score in scores.items():
        numbers = (score.mean, score.standard_error, score.returns.min(), score.returns.max(), score.lengths.mean())
        head = f"{player},{len(score.returns)},{_number(score.epsilon)},{score.seed}"
        lines.append(",".join([head, *(_number(float(number)) for number in numbers)]))
    Path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")
