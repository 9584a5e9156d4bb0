"""Training runs kept in a folder, to go on with them bit for bit."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any

from . import _arrays
from . import _prototypes as c
from ._handle import SharedGate
from ._interrupts import whole
from ._library import lib
from .config import Config
from .context import Context, Part, create, default_context

if TYPE_CHECKING:
    from .run import Run


class Resumed(enum.IntFlag):
    """How a run was resumed."""

    RESUMED = c.ARQ_RESUMED
    """It was."""
    NEW_EPISODES = c.ARQ_RESUMED_NEW_EPISODES
    """In some environments a new episode begins: they have no saved state."""
    NEW_REPLAY = c.ARQ_RESUMED_NEW_REPLAY
    """The replay was left out: it fills anew."""


class Checkpoint(Part):
    """A run as it was: copied from it by copy(), to be written; or opened by open(), to be read.

    Run.save() and Run.load() are the short way.
    """

    __slots__ = ()

    def __init__(self) -> None:
        raise TypeError("Checkpoint.copy() makes one from a run, Checkpoint.open() from a folder")

    @classmethod
    def _wrap(cls, context: Context, pointer: int) -> Checkpoint:
        checkpoint = cls.__new__(cls)
        Part.__init__(checkpoint, context, pointer, lib.arq_checkpoint_destroy, (context,))
        return checkpoint

    @classmethod
    @whole
    def copy(cls, run: Run, folder: Any, *, replay: bool = True) -> Checkpoint:
        """Copies all that is needed out of a run; of a replay only what the folder does not have yet.

        replay: False leaves it out. One checkpoint of a run at a time: close() it before the next.
        """
        flags = 0 if replay else c.ARQ_CHECKPOINT_WITHOUT_REPLAY
        path = _arrays.path_bytes(folder)
        with run._gate as pointer, run.env._gate:
            made = create(run.context, lib.arq_run_checkpoint, pointer, path, flags)
        return cls._wrap(run.context, made)

    @classmethod
    @whole
    def open(cls, folder: Any, *, context: Context | None = None) -> Checkpoint:
        """The checkpoint in a folder."""
        context = context or default_context()
        with context._gate as pointer:
            made = create(context, lib.arq_checkpoint_open, pointer, _arrays.path_bytes(folder))
        return cls._wrap(context, made)

    def set_text(self, name: str, value: str) -> None:
        """Puts a short text beside the run."""
        with self._gate as pointer:
            texts = _arrays.text_bytes("name", name), _arrays.text_bytes("value", value)
            self._check(lib.arq_checkpoint_set_text(pointer, *texts))

    def write(self) -> None:
        """Writes it into its folder, all or nothing; in any thread, while the run goes on."""
        with self._gate as pointer:
            self._check(lib.arq_checkpoint_write(pointer))

    def text(self, name: str) -> str | None:
        """A text of one that was opened."""
        with self._gate as pointer:
            found: bytes | None = lib.arq_checkpoint_text(pointer, _arrays.text_bytes("name", name))
        return None if found is None else found.decode()

    @whole
    def config(self) -> Config:
        """The config of the run of one that was opened."""
        with self._gate as own:
            pointer = create(self._context, lib.arq_checkpoint_config, own)
        config = Config.__new__(Config)
        gate = SharedGate("Config", pointer)
        Part.__init__(config, self._context, pointer, lib.arq_config_destroy, (self._context,), gate)
        return config

    @property
    def instances(self) -> int:
        """How many environments the run of one that was opened played; 0 of one that was copied."""
        with self._gate as pointer:
            return int(lib.arq_checkpoint_instances(pointer))
