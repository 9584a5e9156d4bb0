#!/usr/bin/env python3
"""Writes libarq/_prototypes.py from the public headers and libarq/_parameters.py from the library's table.

    python3 generate.py            both
    python3 generate.py --check    changes nothing; fails when one of them is not what it would write

The table is asked of the library that libarq itself loads (see LIBARQ_LIBRARY in docs/python.md).
"""

from __future__ import annotations

import sys
from pathlib import Path

from headers import Declaration, Function, Interface, Struct, declaration, read_headers, signature

HERE = Path(__file__).resolve().parent
PROTOTYPES = HERE / "libarq" / "_prototypes.py"
PARAMETERS = HERE / "libarq" / "_parameters.py"

SCALARS = {
    "arq_status": "c_int32",
    "int32_t": "c_int32",
    "uint32_t": "c_uint32",
    "int64_t": "c_int64",
    "uint64_t": "c_uint64",
    "size_t": "c_size_t",
    "double": "c_double",
    "float": "c_float",
}


class Writer:
    """Turns C types into ctypes expressions."""

    def __init__(self, interface: Interface) -> None:
        self.interface = interface
        self.structs = {struct.name for struct in interface.structs}
        self.callbacks = {callback.name for callback in interface.callbacks}

    def type(self, c_type: str, returned_by_callback: bool = False) -> str:
        base = c_type.replace("const ", "").strip()
        if base in SCALARS:
            return SCALARS[base]
        if base in self.callbacks:
            return base
        if "(*)" in c_type:
            return self.callback_type(*_parse_signature(c_type))
        if base == "char *" and "const" in c_type:
            # ctypes would leak a text it made for C.
            return "c_void_p" if returned_by_callback else "c_char_p"
        if base == "char **":
            return "POINTER(c_char_p)"
        stars = base.count("*")
        name = base.rstrip("* ")
        if stars == 1 and name in self.structs:
            return f"POINTER({name})"
        if stars == 2 and (name in self.interface.opaque or name == "void"):
            return "POINTER(c_void_p)"
        if stars == 1 and (name in self.interface.opaque or name in SCALARS or name in ("void", "char", "uint8_t")):
            return "c_void_p"
        if "*const *" in c_type:
            return "c_void_p"
        raise SystemExit(f"no ctypes type for {c_type!r}")

    def callback_type(self, result: str, parameters: list[str]) -> str:
        returned = "None" if result == "void" else self.type(result, returned_by_callback=True)
        return f"CFUNCTYPE({', '.join([returned, *map(self.callback_parameter, parameters)])})"

    def callback_parameter(self, c_type: str) -> str:
        base = c_type.replace("const ", "").strip()
        pointer = base.rstrip("* ")
        # What a callback gets is read or written where it lies.
        if base.count("*") == 1 and pointer in SCALARS and "const" not in c_type:
            return f"POINTER({SCALARS[pointer]})"
        return self.type(c_type)

    def field(self, item: Declaration | Function) -> str:
        if isinstance(item, Function):
            return f'("{item.name}", {self.callback_type(item.result, [p.type for p in item.parameters])})'
        c_type = self.type(item.type)
        return f'("{item.name}", {c_type}{" * " + item.length if item.length else ""})'

    def struct(self, struct: Struct) -> str:
        fields = "\n".join(f"    {self.field(item)}," for item in struct.fields)
        return f"{struct.name}._fields_ = [\n{fields}\n]"

    def function(self, function: Function) -> str:
        result = "None" if function.result == "void" else self.type(function.result)
        parameters = "".join(self.type(p.type) + ", " for p in function.parameters)
        return f'    # {declaration(function)}\n    "{function.name}": ({result}, ({parameters.strip()})),'


def _parse_signature(text: str) -> tuple[str, list[str]]:
    result, _, parameters = text.partition("(*)(")
    return result.strip(), [p.strip() for p in parameters.rstrip(")").split(",")]


def _constant(name: str, value: str) -> str:
    if name == "ARQ_ABI_VERSION":
        value = "(ARQ_ABI_MAJOR << 16) | ARQ_ABI_MINOR"
    elif value.endswith("u") and value[:-1].isdigit():
        value = value[:-1]
    return f"{name} = {value.strip('()') if value.startswith('(-') else value}"


def prototypes(include: Path) -> str:
    """Text of _prototypes.py."""
    interface = read_headers(include)
    writer = Writer(interface)
    lines = [
        '"""Constants, structs and functions of include/arq. Written by generate.py; not to be edited."""',
        "",
        "# fmt: off",
        "from __future__ import annotations",
        "",
        "from ctypes import (CFUNCTYPE, POINTER, Structure, c_char_p, c_double, c_float, c_int32, c_int64, c_size_t,",
        "                    c_uint32, c_uint64, c_void_p)",
        "from typing import Any",
        "",
        *(_constant(name, value) for name, value in interface.constants.items()),
        "",
    ]
    lines += [f"\nclass {s.name}(Structure):\n    pass\n" for s in interface.structs]
    lines += [""]
    for callback in interface.callbacks:
        c_types = [p.type for p in callback.parameters]
        lines += [f"# {signature(callback)}", f"{callback.name} = {writer.callback_type(callback.result, c_types)}"]
    for struct in interface.structs:
        lines += ["", writer.struct(struct)]
    lines += ["", "FUNCTIONS: dict[str, tuple[Any, tuple[Any, ...]]] = {"]
    lines += [writer.function(function) for function in interface.functions]
    return "\n".join(lines) + "\n}\n"


_TYPES = {"int": "int", "float": "float", "bool": "bool", "widths": "Union[int, str, Sequence[int]]"}


def _choice(words: str) -> str:
    """The type of "rms|mean", or of "auto|true|false", whose last two are bools."""
    given = words.split("|")
    own = [word for word in given if word not in ("true", "false")]
    literal = "Literal[" + ", ".join(f'"{word}"' for word in own) + "]"
    return literal if own == given else f"Union[bool, {literal}]"


def parameters() -> str:
    """Text of _parameters.py."""
    from libarq.config import parameters as table

    lines = [
        '"""The parameters as a type, for editors and type checkers. Written by generate.py; not to be edited."""',
        "",
        "# fmt: off",
        "from __future__ import annotations",
        "",
        "from collections.abc import Sequence",
        "from typing import Literal, TypedDict, Union",
        "",
        "",
        "class Parameters(TypedDict, total=False):",
        '    """Keyword arguments of everything that learns; libarq.parameters() has ranges and sources."""',
        "",
    ]
    for row in table():
        lines.append(f"    {row.name}: {_choice(row.range) if row.type == 'choice' else _TYPES[row.type]}")
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    check = arguments == ["--check"]
    if arguments and not check:
        sys.exit(__doc__)
    stale = 0
    for path, text in ((PROTOTYPES, lambda: prototypes(HERE.parents[1] / "include" / "arq")), (PARAMETERS, parameters)):
        wanted = text()
        if path.exists() and path.read_text(encoding="utf-8") == wanted:
            continue
        if check:
            print(f"{path.relative_to(HERE)} is not what the headers and the library say: run generate.py")
            stale = 1
        else:
            path.write_text(wanted, encoding="utf-8")
            print(f"wrote {path.relative_to(HERE)}")
    return stale


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
