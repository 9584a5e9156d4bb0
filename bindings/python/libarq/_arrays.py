"""Checks arrays before their addresses go to the library. Nothing is converted silently."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def address(array: Any) -> int:
    """Where an array's values begin. (Through the buffer, which is several times faster than numpy's own answer.)"""
    try:
        return ctypes.addressof(ctypes.c_char.from_buffer(array))
    except (TypeError, ValueError, BufferError):  # read-only, or without values
        data: int = array.ctypes.data
        return data


def with_article(noun: str) -> str:
    """"an Agent", "a Network"."""
    return f"{'an' if noun[:1] in 'AEIOaeio' else 'a'} {noun}"


def kind_of(value: Any) -> str:
    """What an error calls a value of the wrong type."""
    if isinstance(value, np.ndarray):
        return f"a numpy.ndarray of {value.dtype} with shape {_shape_text(value.shape)}"
    return with_article(type(value).__name__)


def _shape_text(shape: Sequence[int]) -> str:
    return "(" + ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "") + ")"


def check(name: str, array: Any, dtype: np.dtype[Any], shapes: Sequence[tuple[int, ...]]) -> Array:
    """The array itself, or an exception that names it and says what is wrong with it."""
    if not isinstance(array, np.ndarray):
        raise TypeError(f"{name} is {kind_of(array)}; accepted: a numpy.ndarray of {dtype.name}")
    if array.dtype != dtype:
        raise TypeError(f"{name} has dtype {array.dtype}; accepted: {dtype.name}")
    if array.shape not in shapes:
        wanted = " or ".join(dict.fromkeys(map(_shape_text, shapes)))
        raise ValueError(f"{name} has shape {_shape_text(array.shape)}; accepted: {wanted}")
    if not array.flags.c_contiguous:
        raise ValueError(f"{name} is not C-contiguous: numpy.ascontiguousarray({name}) makes a copy that is")
    return array


def in_rows(array: Any) -> Any:
    """An array that lies row behind row: itself, or a copy. Some vector environments give transposed ones."""
    scattered = isinstance(array, np.ndarray) and not array.flags.c_contiguous
    return np.ascontiguousarray(array) if scattered else array


def check_out(name: str, array: Any, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Array:
    """As check(), for an array the library writes to."""
    checked = check(name, array, dtype, [shape])
    if not checked.flags.writeable:
        raise ValueError(f"{name} is read-only; accepted: an array that can be written to")
    return checked


def out_or_new(name: str, array: Any, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Array:
    """The caller's array, checked, or a fresh one for None."""
    return np.empty(shape, dtype) if array is None else check_out(name, array, dtype, shape)


def integer(name: str, value: Any, low: int, high: int) -> int:
    """A whole number within bounds that ctypes would otherwise cut silently."""
    try:
        number = value.__index__()
    except (AttributeError, TypeError):
        raise TypeError(f"{name} is {kind_of(value)}; accepted: an int") from None
    if not low <= number <= high:
        raise ValueError(f"{name} is {number}; accepted: {low} .. {high}")
    return int(number)


def number(name: str, value: Any) -> float:
    """A number: no array, no text."""
    if isinstance(value, (float, int, np.number, np.bool_)):
        return float(value)
    if isinstance(value, np.ndarray) and value.ndim == 0 and value.dtype.kind in "biuf":
        return float(value)
    raise TypeError(f"{name} is {kind_of(value)}; accepted: a number")


def integers(name: str, values: Any, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Array:
    """An array of whole numbers of any type, or a list of them, in the dtype that the library reads."""
    array = np.asarray(values)
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name} is {kind_of(values)}; accepted: integers with shape {_shape_text(shape)}")
    if array.shape != shape:
        raise ValueError(f"{name} has shape {_shape_text(array.shape)}; accepted: {_shape_text(shape)}")
    bounds = np.iinfo(dtype)
    if array.size and not (bounds.min <= int(array.min()) and int(array.max()) <= bounds.max):
        raise ValueError(f"{name} is {int(array.min())} .. {int(array.max())}; accepted: {bounds.min} .. {bounds.max}")
    return np.ascontiguousarray(array, dtype)


U32 = 2**32 - 1
U64 = 2**64 - 1
I32 = np.dtype(np.int32)
F32 = np.dtype(np.float32)
F64 = np.dtype(np.float64)
U8 = np.dtype(np.uint8)
BOOL = np.dtype(np.bool_)


def path_bytes(path: Any) -> bytes:
    """A path as the library takes it."""
    encoded = os.fsencode(path)
    if b"\0" in encoded:
        raise ValueError("a path holds a NUL character")
    return encoded


def text_bytes(name: str, value: Any) -> bytes:
    """A text as the library takes it."""
    if not isinstance(value, str):
        raise TypeError(f"{name} is {kind_of(value)}; accepted: a str")
    if "\0" in value:
        raise ValueError(f"{name} holds a NUL character")
    return value.encode()
