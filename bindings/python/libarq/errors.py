"""Exceptions: every failure of the library carries its status and its text."""

from __future__ import annotations

import ctypes
import threading
from typing import Any, NoReturn

from . import _prototypes as c
from ._library import lib


class Error(Exception):
    """A call of the library failed."""

    status: int
    """The number of status.h, such as -9."""
    text: str
    """What failed, the value it got and what is accepted."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(status, text)
        self.status = status
        self.text = text

    @property
    def name(self) -> str:
        """The status by name, such as "ARQ_E_SHAPE"."""
        name: bytes = lib.arq_status_name(self.status)
        return name.decode()

    def __str__(self) -> str:
        return f"{self.text} [{self.name}]"


class ArgumentError(Error, ValueError):
    """A value out of range, or one that is missing."""


class OutOfMemoryError(Error, MemoryError):
    """The allocator had no more; nothing changed."""


class NotFoundError(Error, LookupError):
    """No parameter, preset, tensor, metric, environment or file of that name."""


class OrderError(Error):
    """A call that needs another one first, such as step before reset."""


class BusyError(Error):
    """The handle is in use by another call or another thread."""


class AbiError(Error):
    """The package, a plugin and the library were built for ABIs that do not mix."""


class FileError(Error, OSError):
    """The operating system refused to open, read or write."""

    def __str__(self) -> str:
        return Error.__str__(self)


class FormatError(Error, ValueError):
    """A file or a state that is not what it should be."""


class ShapeError(Error, ValueError):
    """Sizes or kinds that do not fit each other."""


class EnvironmentBroken(Error):
    """An environment broke its promises; the text says which."""


class CallbackError(Error):
    """A callback in C failed."""


class DivergedError(Error, ArithmeticError):
    """A loss or gradient was not finite; no weight changed."""


class UnsupportedError(Error, NotImplementedError):
    """A combination that has no meaning or is not built."""


class ClosedError(Error, ValueError):
    """The handle was closed."""


_CLASSES: dict[int, type[Error]] = {
    c.ARQ_E_ARGUMENT: ArgumentError,
    c.ARQ_E_NOMEM: OutOfMemoryError,
    c.ARQ_E_NOT_FOUND: NotFoundError,
    c.ARQ_E_ORDER: OrderError,
    c.ARQ_E_BUSY: BusyError,
    c.ARQ_E_ABI: AbiError,
    c.ARQ_E_IO: FileError,
    c.ARQ_E_FORMAT: FormatError,
    c.ARQ_E_SHAPE: ShapeError,
    c.ARQ_E_ENV: EnvironmentBroken,
    c.ARQ_E_CALLBACK: CallbackError,
    c.ARQ_E_DIVERGED: DivergedError,
    c.ARQ_E_UNSUPPORTED: UnsupportedError,
}

RAISED = c.ARQ_E_CALLER - 1
"""What our own callbacks return when Python code raised."""


class _Raised(threading.local):
    """The exception a callback of this thread raised, until the call that ran it returns."""

    exception: BaseException | None = None


raised = _Raised()


def keep(exception: BaseException) -> None:
    """Called by a callback whose Python code raised: the call that ran it will raise the first one."""
    if raised.exception is None:
        raised.exception = exception


def raise_kept() -> None:
    """Raises what a callback kept, if one did."""
    exception = raised.exception
    if exception is not None:
        raised.exception = None
        raise exception


def make(status: int, text: str) -> Error:
    """The exception of a status."""
    return _CLASSES.get(status, Error)(status, text)


def last_text(context: int | None) -> str:
    """Text of this thread's last failure in a context."""
    buffer = ctypes.create_string_buffer(1024)
    lib.arq_context_last_error(context, buffer, len(buffer))
    return buffer.value.decode("utf-8", "replace")


def fail(context: int | None, status: int) -> NoReturn:
    """Raises what stands behind a failed call."""
    raise_kept()
    raise make(status, last_text(context))


def check(context: int | None, status: Any) -> None:
    """Raises if a call failed, or if a callback raised during it."""
    if status != 0:
        fail(context, status)
    if raised.exception is not None:
        raise_kept()
