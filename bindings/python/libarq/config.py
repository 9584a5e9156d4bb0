"""Hyperparameters: the library's table, and sets of values."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Union

from . import _arrays
from . import _prototypes as c
from ._handle import SharedGate
from ._library import lib
from .context import Context, Part, create, default_context

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._parameters import Parameters

Value = Union[bool, int, float, str, Sequence[int]]


@dataclass(frozen=True)
class Parameter:
    """A row of the table."""

    name: str
    type: str
    """"int", "float", "bool", "choice" or "widths"."""
    range: str
    """What is accepted, such as "0 .. 1" or "rms|mean"."""
    default: str
    unit: str
    doc: str
    source: str
    """Where the default and its name come from."""
    resume: str
    """What another value means when a saved run goes on; "": it must be the same."""


def _text(name: bytes, field: int) -> str:
    text: bytes = lib.arq_parameter_text(name, field)
    return text.decode()


def _row(name: bytes) -> Parameter:
    return Parameter(
        name.decode(),
        _text(name, c.ARQ_PARAMETER_TYPE),
        _text(name, c.ARQ_PARAMETER_RANGE),
        _text(name, c.ARQ_PARAMETER_DEFAULT),
        _text(name, c.ARQ_PARAMETER_UNIT),
        _text(name, c.ARQ_PARAMETER_DOC),
        _text(name, c.ARQ_PARAMETER_SOURCE),
        _text(name, c.ARQ_PARAMETER_RESUME),
    )


def _read_table() -> tuple[Parameter, ...]:
    rows: list[Parameter] = []
    while True:
        name = lib.arq_parameter_name(len(rows))
        if name is None:
            return tuple(rows)
        rows.append(_row(name))


_table = _read_table()
_types = {row.name: row.type for row in _table}


def parameters() -> tuple[Parameter, ...]:
    """Every parameter, in the order of the table."""
    return _table


def presets() -> dict[str, str]:
    """Name and one line of every preset."""
    found: dict[str, str] = {}
    while True:
        name = lib.arq_preset_name(len(found))
        if name is None:
            return found
        found[name.decode()] = lib.arq_preset_doc(name).decode()


def recommended(preset: str) -> int:
    """How many instances of an environment a preset is best used with, where they are opened by id."""
    count: int = lib.arq_preset_environments(_arrays.text_bytes("preset", preset))
    return count


def _value_text(name: str, value: Any) -> str:
    """A value as the library reads it."""
    if isinstance(value, str):
        return value
    if isinstance(value, Sequence) and all(hasattr(item, "__index__") for item in value):
        return ",".join(str(int(item)) for item in value)
    # Also numpy's numbers, without asking for numpy's types.
    for kind in (bool, int, float):
        item = getattr(value, "item", lambda: value)()
        if isinstance(item, kind):
            return str(item).lower() if kind is bool else repr(item)
    raise TypeError(f"{name} is {_arrays.kind_of(value)}; accepted: a number, True or False, a str, a list of ints")


class Config(Part):
    """A value for every parameter: those of a preset (None: the defaults), then the keyword arguments.

    config["learning_rate"] reads and sets, `**config` hands all of it on. An unknown name or a value out of range
    raises an error that says what is accepted.
    """

    __slots__ = ()

    def __init__(
        self, preset: str | None = None, *, context: Context | None = None, **parameters: Unpack[Parameters]
    ) -> None:
        context = context or default_context()
        name = None if preset is None else _arrays.text_bytes("preset", preset)
        with context._gate as context_pointer:
            pointer = create(context, lib.arq_config_create, context_pointer, name)
        super().__init__(context, pointer, lib.arq_config_destroy, (context,), SharedGate("Config", pointer))
        try:
            self.set(**parameters)
        except BaseException:
            self.close()
            raise

    def set(self, **parameters: Unpack[Parameters]) -> Config:
        """Sets parameters by name. Those before a wrong one stay set."""
        for name, value in parameters.items():
            self[name] = value
        return self

    def __setitem__(self, name: str, value: Any) -> None:
        with self._gate as pointer:
            name_bytes = _arrays.text_bytes("name", name)
            text = _arrays.text_bytes(name, _value_text(name, value))
            self._check(lib.arq_config_set(pointer, name_bytes, text))

    def text(self, name: str) -> str:
        """A value as text."""
        buffer = ctypes.create_string_buffer(256)
        with self._gate as pointer:
            name_bytes = _arrays.text_bytes("name", name)
            self._check(lib.arq_config_get(pointer, name_bytes, buffer, len(buffer)))
        return buffer.value.decode()

    def __getitem__(self, name: str) -> Any:
        return parse(name, self.text(name))

    def origin(self, name: str) -> str:
        """Where a value comes from: "default", "set", or the preset's name."""
        with self._gate as pointer:
            origin = lib.arq_config_origin(pointer, _arrays.text_bytes("name", name))
        if origin is None:
            self.text(name)  # raises the library's own error
        return str(origin.decode())

    def keys(self) -> Iterator[str]:
        """The names of the parameters."""
        return (row.name for row in _table)

    def __iter__(self) -> Iterator[str]:
        return self.keys()

    def __len__(self) -> int:
        return len(_table)

    def as_dict(self) -> dict[str, Any]:
        """Every value by name."""
        return {name: self[name] for name in self.keys()}

    def __repr__(self) -> str:
        if self.closed:
            return "Config(closed)"
        own = ", ".join(f"{name}={self[name]!r}" for name in self.keys() if self.origin(name) != "default")
        return f"Config({own})"


def parse(name: str, text: str) -> Any:
    """A parameter's value from its text."""
    kind = _types.get(name)
    # Also "auto|true|false", whose type is a choice.
    if text in ("true", "false"):
        return text == "true"
    if kind == "int":
        return int(text)
    if kind == "float":
        return float(text)
    if kind == "widths":
        return tuple(int(part) for part in text.split(","))
    return text


def resolve(context: Context | None, config: Config | None, preset: str | None, parameters: Mapping[str, Any]) -> Config:
    """The config that a constructor's arguments mean: one of the caller's own, or a preset with keyword arguments."""
    if config is None:
        return Config(preset, context=context, **parameters)
    if preset is not None or parameters:
        given = ["preset"] * (preset is not None) + list(parameters)
        raise TypeError(f"config and {', '.join(given)} exclude each other")
    return config
