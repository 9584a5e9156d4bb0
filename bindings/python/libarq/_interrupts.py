"""Ctrl-C, wherever it falls: it waits until the work in hand is whole."""

from __future__ import annotations

import _thread
import functools
import importlib
import signal
import sys
import threading
import time
import weakref
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, TypeVar, cast

_Function = TypeVar("_Function", bound=Callable[..., Any])

# What stands behind the module signal, which spends most of its time on making enumerations of what it returns.
_signal: Any = importlib.import_module("_signal")
_getsignal, _setsignal, _SIGINT = _signal.getsignal, _signal.signal, int(signal.SIGINT)


class Deferred:
    """While it is entered, a first Ctrl-C only sets `pending`; leaving lets it through. A second one goes at once.

    Inside another one it tells that one too, and leaves it the letting through. Outside the main thread, where Python
    runs no signal handlers, it does nothing.
    """

    strikes = True
    """Whether a second Ctrl-C goes at once, so that a step that hangs can be stopped."""

    def __init__(self) -> None:
        self.pending = False
        self._previous: Any = None
        self._outer: Deferred | None = None

    def __enter__(self) -> Deferred:
        previous = _getsignal(_SIGINT)
        if callable(previous):
            owner = getattr(previous, "__self__", None)
            self._outer = owner if isinstance(owner, Deferred) else None
            self._previous = previous
            try:
                _setsignal(_SIGINT, self._hear)
            except ValueError:  # not the main thread
                self._previous = None
        return self

    def _hear(self, number: int, frame: FrameType | None) -> None:
        second, strikes = self.pending, True
        deferred: Deferred | None = self
        previous = self._previous
        while deferred is not None:
            deferred.pending = True
            strikes = strikes and deferred.strikes
            previous, deferred = deferred._previous, deferred._outer
        if second and strikes:
            previous(number, frame)

    def __exit__(
        self, kind: type[BaseException] | None, exception: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._previous is None:
            return
        _setsignal(_SIGINT, self._previous)
        if self.pending and self._outer is None and not isinstance(exception, KeyboardInterrupt):
            self._let_through()

    def _let_through(self) -> None:
        self._previous(signal.SIGINT, None)


class _Whole(Deferred):
    """For work of microseconds that must not be left half done: no Ctrl-C goes before its end."""

    strikes = False


_FINALIZER = weakref.finalize.__call__.__code__


def _is_finalizing(thread: int) -> bool:
    frame = sys._current_frames().get(thread)
    while frame is not None and frame.f_code is not _FINALIZER:
        frame = frame.f_back
    return frame is not None


def _press_again(thread: int) -> None:
    time.sleep(0.01)
    while _is_finalizing(thread):
        time.sleep(0.01)
    signal.pthread_kill(thread, _SIGINT)


class InFinalizer(_Whole):
    """For what runs when a handle is dropped, where Python would swallow an exception: Ctrl-C comes again right after."""

    def _let_through(self) -> None:
        try:
            _thread.start_new_thread(_press_again, (threading.get_ident(),))
        except RuntimeError:  # the interpreter is ending
            pass


def is_whole() -> bool:
    """True inside work that no Ctrl-C can leave half done."""
    owner = getattr(_getsignal(_SIGINT), "__self__", None)
    return isinstance(owner, Deferred) and not owner.strikes


def whole(function: _Function) -> _Function:
    """Ctrl-C waits for the function's end."""

    @functools.wraps(function)
    def run(*arguments: Any, **keywords: Any) -> Any:
        if is_whole():
            return function(*arguments, **keywords)
        with _Whole():
            return function(*arguments, **keywords)

    return cast(_Function, run)
