"""Ctrl-C during long calls: it waits until the work in hand is whole."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any


class Deferred:
    """While it is entered, a first Ctrl-C only sets `pending`; leaving lets it through. A second one goes at once.

    Inside another one it tells that one too, and leaves it the letting through. Outside the main thread, where Python
    runs no signal handlers, it does nothing.
    """

    def __init__(self) -> None:
        self.pending = False
        self._previous: Any = None
        self._outer: Deferred | None = None

    def __enter__(self) -> Deferred:
        if threading.current_thread() is threading.main_thread():
            previous = signal.getsignal(signal.SIGINT)
            if callable(previous):
                self._previous = previous
                owner = getattr(previous, "__self__", None)
                self._outer = owner if isinstance(owner, Deferred) else None
                signal.signal(signal.SIGINT, self._hear)
        return self

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if self.pending:
            self._previous(number, frame)
        self.pending = True
        if self._outer is not None:
            self._outer.pending = True

    def __exit__(
        self, kind: type[BaseException] | None, exception: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._previous is None:
            return
        signal.signal(signal.SIGINT, self._previous)
        if self.pending and kind is None and self._outer is None:
            self._previous(signal.SIGINT, None)
