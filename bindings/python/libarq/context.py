"""The library handle: who computes, with which instructions, and who hears the log."""

from __future__ import annotations

import ctypes
import logging
import threading
from collections.abc import Callable
from typing import Any, Union

from . import _arrays, errors
from . import _prototypes as c
from ._handle import Handle, SharedGate
from ._library import lib

LogFunction = Callable[[int, str], None]
"""Hears a level of Python's logging, such as logging.WARNING, and a line."""

_LEVELS = {c.ARQ_LOG_ERROR: logging.ERROR, c.ARQ_LOG_WARNING: logging.WARNING, c.ARQ_LOG_INFO: logging.INFO}
_logger = logging.getLogger("libarq")


def _log_to_logging(level: int, text: str) -> None:
    _logger.log(level, "%s", text)


def cpu_names() -> list[str]:
    """Names of the instruction sets that the library knows: "generic", then better ones later. Context(cpu=...) says
    which of them this machine can run."""
    names: list[str] = []
    while True:
        name = lib.arq_cpu_name(len(names))
        if name is None:
            return names
        names.append(name.decode())


class Context(Handle):
    """Where everything else comes from; most programs never make one and use default_context().

    threads: how many compute; 1: the caller alone, 0: one for each processor. The results do not depend on it.
    cpu: caps the instruction set, by a name of cpu_names(). The results do not depend on it either.
    log: a function of (level, text), or a logging.Logger; None: the logger "libarq". What it raises comes out of the
        call that logged.
    """

    __slots__ = ("__dict__",)

    def __init__(
        self,
        *,
        threads: int = 1,
        cpu: str | None = None,
        log: Union[LogFunction, logging.Logger, None] = None,
    ) -> None:
        out = ctypes.c_void_p()
        errors.check(None, lib.arq_context_create(c.ARQ_ABI_VERSION, None, ctypes.byref(out)))
        assert out.value is not None
        super().__init__(out.value, lib.arq_context_destroy, (), SharedGate("Context", out.value))
        try:
            self._set_log(log)
            if cpu is not None:
                self._check(lib.arq_context_set_cpu(out, _arrays.text_bytes("cpu", cpu)))
            count = _arrays.integer("threads", threads, 0, 256)
            if count != 1:
                self._check(lib.arq_context_set_threads(out, count))
        except BaseException:
            self.close()
            raise

    def _set_log(self, log: Union[LogFunction, logging.Logger, None]) -> None:
        if log is None:
            write: LogFunction = _log_to_logging
        elif isinstance(log, logging.Logger):
            logger = log

            def write(level: int, text: str) -> None:
                logger.log(level, "%s", text)

        elif callable(log):
            write = log
        else:
            raise TypeError(f"log is {_arrays.kind_of(log)}; accepted: a function of (level, text) or a logging.Logger")

        def hear(user: int | None, level: int, text: bytes) -> None:
            try:
                write(_LEVELS.get(level, logging.INFO), text.decode("utf-8", "replace"))
            except BaseException as exception:
                errors.keep(exception)

        table = c.arq_log(struct_size=ctypes.sizeof(c.arq_log), level=c.ARQ_LOG_INFO)
        table.write = type(table.write)(hear)
        self._check(lib.arq_context_set_log(self._gate.pointer, ctypes.byref(table)))
        self._resource.keep = table

    def _check(self, status: Any) -> None:
        errors.check(self._gate.pointer, status)

    @property
    def cpu(self) -> str:
        """Name of the instruction set in use."""
        with self._gate as pointer:
            name: bytes = lib.arq_context_cpu(pointer)
        return name.decode()

    def load_plugin(self, path: str) -> None:
        """Loads a plugin file, so that Environment.open() knows its environments."""
        with self._gate as pointer:
            self._check(lib.arq_plugin_load(pointer, _arrays.path_bytes(path)))


class _Default:
    """The context of everything that is not given one; made at its first use."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._context: Context | None = None

    def get(self) -> Context:
        with self._lock:
            if self._context is None or self._context.closed:
                self._context = Context()
            return self._context


_default = _Default()


def default_context() -> Context:
    """The context of everything that is made without one: serial, logging to Python's logger "libarq"."""
    return _default.get()


class Part(Handle):
    """A handle made from a context."""

    __slots__ = ("_context",)

    def __init__(
        self,
        context: Context,
        pointer: int,
        destroy: Callable[[int], None] | None,
        parents: tuple[Handle, ...],
        gate: Any = None,
    ) -> None:
        super().__init__(pointer, destroy, parents, gate)
        self._context = context

    @property
    def context(self) -> Context:
        """The context it was made from."""
        return self._context

    def _check(self, status: Any) -> None:
        if status != 0 or errors.raised.exception is not None:
            errors.check(self._context._gate.pointer, status)


def create(context: Context, function: Any, *arguments: Any) -> int:
    """Runs a library function whose last parameter is where the new handle goes."""
    out = ctypes.c_void_p()
    errors.check(context._gate.pointer, function(*arguments, ctypes.byref(out)))
    assert out.value is not None
    return out.value
