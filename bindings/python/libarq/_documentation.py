"""Puts the table of parameters into the signatures and docstrings of what takes them, so that help() shows it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from .config import Parameter, parameters, presets

_T = TypeVar("_T", bound=Callable[..., Any])


def _entry(row: Parameter) -> str:
    unit = f" {row.unit}" if row.unit else ""
    return f"    {row.name} ({row.range}; default {row.default}{unit})\n        {row.doc} [{row.source}]"


def table() -> str:
    """The table as help() shows it."""
    rows = "\n".join(_entry(row) for row in parameters())
    lines = "\n".join(f"    {name}: {doc}" for name, doc in presets().items())
    return f"Presets\n{lines}\n\nParameters, as keyword arguments\n{rows}"


def with_parameters(subject: _T) -> _T:
    """Adds the table to a function or class whose keyword arguments are parameters."""
    subject.__doc__ = f"{inspect.cleandoc(subject.__doc__ or '')}\n\n{table()}\n"
    signature = inspect.signature(subject)
    own = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
    names = {p.name for p in own}
    added = [
        inspect.Parameter(row.name, inspect.Parameter.KEYWORD_ONLY, default=_Default(row.default))
        for row in parameters()
        if row.name not in names
    ]
    subject.__signature__ = signature.replace(parameters=[*own, *added])  # type: ignore[attr-defined]
    return subject


class _Default:
    """Shows a default in a signature; a preset may have another."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


