"""Every metric as TensorBoard files, through tensorboardX or torch's own writer."""

from __future__ import annotations

import importlib
import math
from typing import TYPE_CHECKING, Any

from .callbacks import Callback, Episode

if TYPE_CHECKING:
    from .training import Training


def _make_writer(folder: str) -> Any:
    for module in ("tensorboardX", "torch.utils.tensorboard"):
        try:
            return importlib.import_module(module).SummaryWriter(folder)
        except ImportError:
            continue
    raise ImportError("TensorBoard files need tensorboardX, or torch with tensorboard")


class TensorBoardLog(Callback):
    """Writes returns and lengths of episodes and every metric; cells stand below "cell0", "cell1", ...

    writer: one with add_scalar(), instead of a folder's own.
    """

    def __init__(self, folder: Any = None, *, writer: Any = None) -> None:
        if (folder is None) == (writer is None):
            raise TypeError("accepted: either folder or writer")
        self._own = writer is None
        self._writer = _make_writer(str(folder)) if writer is None else writer

    def on_episode(self, training: Training, episode: Episode) -> None:
        self._writer.add_scalar("episode/return", episode.total_reward, episode.step)
        self._writer.add_scalar("episode/length", episode.length, episode.step)

    def on_row(self, training: Training, row: dict[str, float]) -> None:
        step = int(row["steps"])
        for name, value in row.items():
            if name == "steps" or math.isnan(value):
                continue
            metric, separator, cell = name.rpartition("_cell")
            tag = f"cell{cell}/{metric}" if separator else f"run/{name}"
            self._writer.add_scalar(tag, value, step)

    def on_stop(self, training: Training) -> None:
        self._writer.flush()

    def close(self) -> None:
        """Ends the writer this log has made."""
        if self._own:
            self._writer.close()
