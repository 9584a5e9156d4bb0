"""Which environments there are."""

from __future__ import annotations

import ctypes
import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import _prototypes as c
from . import errors
from ._library import lib
from .context import Context, default_context
from .environment import Environment

_logger = logging.getLogger("libarq")


@dataclass(frozen=True)
class Option:
    """An option of an environment."""

    name: str
    type: str
    """"bool", "int", "float" or "choice"."""
    low: float
    high: float
    default: Any
    choices: tuple[str, ...]
    doc: str


@dataclass(frozen=True)
class EnvironmentType:
    """An environment that can be opened by its id."""

    id: str
    doc: str
    options: tuple[Option, ...]


_TYPES = {
    c.ARQ_OPTION_BOOL: "bool",
    c.ARQ_OPTION_INT: "int",
    c.ARQ_OPTION_FLOAT: "float",
    c.ARQ_OPTION_CHOICE: "choice",
}


def _option(row: Any) -> Option:
    kind = _TYPES.get(row.type, "float")
    choices = tuple(row.choices.decode().split("|")) if row.choices else ()
    value: Any = row.default_value
    if kind == "choice":
        value = choices[int(value)]
    elif kind != "float":
        value = {"bool": bool, "int": int}[kind](value)
    return Option(row.name.decode(), kind, row.low, row.high, value, choices, (row.doc or b"").decode())


def _options(type_: Any) -> tuple[Option, ...]:
    """The rows lie at a stride of their own struct_size."""
    if not type_.option_count:
        return ()
    start = ctypes.addressof(type_.options.contents)
    rows = []
    for _ in range(type_.option_count):
        row = c.arq_env_option.from_address(start)
        rows.append(_option(row))
        start += row.struct_size
    return tuple(rows)


def _collections() -> list[str]:
    """Names of the plugins in the folders the library looks in, and of those that come with it."""
    folders = [Path(part) for part in os.environ.get("ARQ_PLUGIN_PATH", "").split(":") if part]
    folders.append(Path(__file__).parent / "_native" / "arq" / "plugins")
    found = [path.stem[len("arq_") :] for folder in folders for path in sorted(folder.glob("arq_*.so"))]
    return list(dict.fromkeys(["minatar", "classic", *found]))


def environments(context: Context | None = None) -> tuple[EnvironmentType, ...]:
    """Every environment that can be opened by id: the built-in games and those of plugins that are loaded or lie in
    a folder of ARQ_PLUGIN_PATH."""
    context = context or default_context()
    known = _known(context)
    loaded = {type_.id.partition("/")[0] for type_ in known}
    for collection in _collections():
        if collection not in loaded:
            _load(context, collection)
    return _known(context)


def _load(context: Context, collection: str) -> None:
    """The library loads a plugin when one of its ids is opened; this id is in none of them."""
    try:
        Environment.open(f"{collection}/-", context=context)
    except errors.NotFoundError:
        pass
    except errors.Error as error:
        _logger.warning("the environments of arq_%s.so cannot be used: %s", collection, error)


def _known(context: Context) -> tuple[EnvironmentType, ...]:
    found: list[EnvironmentType] = []
    with context._gate as pointer:
        while True:
            entry = lib.arq_plugin_type(pointer, len(found))
            if not entry:
                return tuple(found)
            type_ = entry.contents
            found.append(EnvironmentType(type_.id.decode(), (type_.doc or b"").decode(), _options(type_)))
