"""Finds libarq's shared library and gives its functions their types."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
from pathlib import Path

from . import _prototypes

VARIABLE = "LIBARQ_LIBRARY"
"""The environment variable that names another library file than the package's own."""


def _candidates() -> list[str]:
    named = os.environ.get(VARIABLE)
    if named:
        return [named]
    package = Path(__file__).parent / "_native"
    own = [str(package / name) for name in ("libarq.so", "libarq.dylib") if (package / name).exists()]
    installed = ctypes.util.find_library("arq")
    return own or ([installed] if installed else [])


def _declare(library: ctypes.CDLL, path: str) -> None:
    for name, (result, parameters) in _prototypes.FUNCTIONS.items():
        try:
            function = getattr(library, name)
        except AttributeError:
            raise ImportError(f"{path} has no function {name}: it is of another version than this package") from None
        function.restype = result
        function.argtypes = parameters


def _load() -> ctypes.CDLL:
    candidates = _candidates()
    if not candidates:
        raise ImportError(
            "the shared library of libarq was not found: neither in the package, nor installed; "
            f"set {VARIABLE} to the path of libarq.so"
        )
    path = candidates[0]
    try:
        library = ctypes.CDLL(path)
    except OSError as error:
        source = f" (from the environment variable {VARIABLE})" if os.environ.get(VARIABLE) else ""
        raise ImportError(f"the shared library {path}{source} cannot be loaded: {error}") from None
    _declare(library, path)
    return library


lib = _load()


def version() -> str:
    """Version of the library that is running."""
    text: bytes = lib.arq_version()
    return text.decode()


def abi_version() -> tuple[int, int]:
    """ABI number of the library that is running: major and minor."""
    number: int = lib.arq_abi_version()
    return number >> 16, number & 0xFFFF
