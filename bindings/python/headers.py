"""Reads the public headers: their constants, structs and functions.

The headers keep to a small part of C (no bitfields, no unions, fixed-width types), so a few regular expressions
read them whole; whatever they do not understand is an error, never skipped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

class HeaderError(Exception):
    """Something in a header that this reader does not know."""


@dataclass(frozen=True)
class Declaration:
    """A name with its C type, such as ("out", "arq_agent **"); arrays carry their length."""

    name: str
    type: str
    length: str = ""


@dataclass(frozen=True)
class Function:
    """A function, or the signature of a callback."""

    name: str
    result: str
    parameters: tuple[Declaration, ...]


@dataclass(frozen=True)
class Struct:
    """A struct whose fields are public."""

    name: str
    fields: tuple[Declaration | Function, ...]


@dataclass
class Interface:
    """All of the headers."""

    constants: dict[str, str] = field(default_factory=dict)
    opaque: set[str] = field(default_factory=set)
    callbacks: list[Function] = field(default_factory=list)
    structs: list[Struct] = field(default_factory=list)
    functions: list[Function] = field(default_factory=list)


def _squeeze(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def _split(parameters: str) -> list[str]:
    """Splits at commas that stand in no parentheses."""
    parts, depth, start = [], 0, 0
    for i, c in enumerate(parameters):
        depth += (c == "(") - (c == ")")
        if c == "," and depth == 0:
            parts.append(parameters[start:i])
            start = i + 1
    return [_squeeze(part) for part in [*parts, parameters[start:]]]


_CALLBACK = re.compile(r"^(?P<result>.*?)\(\*(?P<name>\w*)\)\s*\((?P<parameters>.*)\)$", re.S)
_PLAIN = re.compile(r"^(?P<type>.*?[\s*])(?P<name>\w+)(?:\[(?P<length>\w+)\])?$", re.S)


def _declaration(text: str) -> Declaration | Function:
    callback = _CALLBACK.match(text)
    if callback:
        return _function(callback["name"], callback["result"], callback["parameters"])
    plain = _PLAIN.match(text)
    if not plain:
        raise HeaderError(f"not understood: {text!r}")
    return Declaration(plain["name"], _squeeze(plain["type"]), plain["length"] or "")


def _function(name: str, result: str, parameters: str) -> Function:
    declared = [] if _squeeze(parameters) in ("", "void") else [_declaration(p) for p in _split(parameters)]
    flat = tuple(d if isinstance(d, Declaration) else Declaration(d.name, signature(d)) for d in declared)
    return Function(name, _squeeze(result), flat)


def signature(function: Function) -> str:
    """The C text of a callback's type, such as "void (*)(void *, const char *)"."""
    return f"{function.result} (*)({', '.join(p.type for p in function.parameters)})"


def declaration(function: Function) -> str:
    """The C text of a function's prototype."""
    parameters = ", ".join(
        (p.type if p.type.endswith("*") else p.type + " ") + p.name for p in function.parameters
    )
    return f"{function.result} {function.name}({parameters or 'void'})".replace("* ", "*")


def _read_one(text: str, interface: Interface) -> None:
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
    for name, value in re.findall(r"^#define (ARQ_\w+) +(.+?)\s*$", text, flags=re.M):
        if name not in ("ARQ_API", "ARQ_PLUGIN_EXPORT"):
            interface.constants[name] = value
    text = re.sub(r"^\s*#.*$", "", text, flags=re.M)
    text = re.sub(r'extern "C" \{|^\}\s*$', "", text, flags=re.M)
    position = 0
    statement = re.compile(r"\s*((?:[^;{]|\{[^}]*\})+);", re.S)
    while True:
        found = statement.match(text, position)
        if not found:
            break
        position = found.end()
        _statement(found[1].strip(), interface)
    if text[position:].strip():
        raise HeaderError(f"not understood: {text[position:].strip()[:200]!r}")


def _statement(text: str, interface: Interface) -> None:
    struct = re.match(r"^typedef struct (\w+) \{(.*)\} (\w+)$", text, flags=re.S)
    opaque = re.match(r"^typedef struct (\w+) (\w+)$", text)
    if struct:
        fields = [_declaration(_squeeze(f)) for f in struct[2].split(";") if f.strip()]
        interface.structs.append(Struct(struct[3], tuple(fields)))
    elif opaque:
        interface.opaque.add(opaque[2])
    elif text.startswith("ARQ_API "):
        prototype = re.match(r"^(.*?[\s*])(\w+)\s*\((.*)\)$", _squeeze(text[len("ARQ_API ") :]))
        if not prototype:
            raise HeaderError(f"not understood: {text!r}")
        interface.functions.append(_function(prototype[2], prototype[1], prototype[3]))
    elif text.startswith("typedef ") and "(*" in text:
        callback = _declaration(_squeeze(text[len("typedef ") :]))
        assert isinstance(callback, Function)
        interface.callbacks.append(callback)
    elif not (text.startswith("ARQ_PLUGIN_EXPORT ") or re.match(r"^typedef \w+ arq_status$", text)):
        raise HeaderError(f"not understood: {text!r}")


def read_headers(folder: Path) -> Interface:
    """Reads every header of include/arq but arq.h, which only includes the others."""
    interface = Interface()
    for path in sorted(folder.glob("*.h")):
        if path.stem == "arq":
            continue
        try:
            _read_one(path.read_text(encoding="utf-8"), interface)
        except HeaderError as error:
            raise HeaderError(f"{path.name}: {error}") from None
    return interface
