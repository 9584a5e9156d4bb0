"""A progress bar through tqdm, on terminals and in notebooks."""

from __future__ import annotations

import importlib.util
import math
import sys
from typing import TYPE_CHECKING, Any

from .callbacks import Callback

if TYPE_CHECKING:
    from .training import Training


class ProgressBar(Callback):
    """Steps, episodes, mean return of the last 100, epsilon, steps/s and the time left. Needs tqdm.

    Keyword arguments go to tqdm.
    """

    def __init__(self, **options: Any) -> None:
        from tqdm.auto import tqdm

        self._make = tqdm
        self._options = options
        self._bar: Any = None

    def on_start(self, training: Training) -> None:
        steps = training.run.steps
        defaults = {"desc": training.name, "unit": "step", "unit_scale": True, "initial": steps}
        self._bar = self._make(total=training.total_steps, **{**defaults, **self._options})

    def on_steps(self, training: Training) -> None:
        run = training.run
        self._bar.update(run.steps - self._bar.n)

    def on_row(self, training: Training, row: dict[str, float]) -> None:
        mean = row["mean_return"]
        text = {"episodes": int(row["episodes"]), "epsilon": f"{row['epsilon']:.3f}"}
        if not math.isnan(mean):
            text["return"] = f"{mean:.3f}"
        self._bar.set_postfix(text, refresh=False)

    def on_stop(self, training: Training) -> None:
        if self._bar is not None:
            self.on_steps(training)
            self.on_row(training, training.row())
            self._bar.close()


def wanted(progress: bool | None) -> bool:
    """None means: if somebody would see it and tqdm is installed."""
    if progress is not None:
        return progress
    seen = sys.stderr is not None and sys.stderr.isatty() or "ipykernel" in sys.modules
    return seen and importlib.util.find_spec("tqdm") is not None
