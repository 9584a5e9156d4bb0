"""Numbers that handles tell about themselves, by name."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import _arrays
from ._library import lib
from .context import Part


@dataclass(frozen=True)
class Metric:
    """A number that a run tells."""

    name: str
    per_cell: bool
    doc: str


def _read_names() -> tuple[Metric, ...]:
    found: list[Metric] = []
    per_cell, doc = ctypes.c_int32(), ctypes.c_char_p()
    while True:
        name = lib.arq_metric_name(len(found), ctypes.byref(per_cell), ctypes.byref(doc))
        if name is None:
            return tuple(found)
        found.append(Metric(name.decode(), per_cell.value != 0, (doc.value or b"").decode()))


_names = _read_names()


def metrics() -> tuple[Metric, ...]:
    """Every metric of runs."""
    return _names


def every(number: Callable[[str, int], float], cells: int) -> dict[str, float]:
    """Every number of a run: of the whole by its name, of cells as "loss_cell0"."""
    found: dict[str, float] = {}
    for metric in _names:
        for cell in range(cells if metric.per_cell else 1):
            found[f"{metric.name}_cell{cell}" if metric.per_cell else metric.name] = number(metric.name, cell)
    return found


def read(handle: Part, function: Any, name: str, cell: int) -> float:
    """One number; NAN while there is none."""
    value = ctypes.c_double()
    where = _arrays.text_bytes("name", name), _arrays.integer("cell", cell, 0, _arrays.U32)
    with handle._gate as pointer:
        handle._check(function(pointer, *where, ctypes.byref(value)))
    return value.value
