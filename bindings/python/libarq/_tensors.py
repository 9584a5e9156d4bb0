"""Named parameter tensors of cells and networks, as numpy arrays."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from typing import Any


from . import _arrays, errors
from . import _prototypes as c
from ._arrays import Array
from ._library import lib
from .context import Part


class Tensors:
    """Reads and sets the tensors of a cell or network by name: `tensors["cell0.fc_h.kernel"]`.

    What is read is a copy; what is set must have the tensor's dtype (float32) and shape and be finite.
    """

    def __init__(self, owner: Part, prefix: str) -> None:
        self._owner = owner
        self._describe = getattr(lib, f"{prefix}_tensor")
        self._read = getattr(lib, f"{prefix}_read")
        self._write = getattr(lib, f"{prefix}_write")

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of every tensor, in order."""
        found: dict[str, tuple[int, ...]] = {}
        name, rows, columns = ctypes.c_char_p(), ctypes.c_uint32(), ctypes.c_uint32()
        outputs = ctypes.byref(name), ctypes.byref(rows), ctypes.byref(columns)
        with self._owner._gate as pointer:
            while True:
                status = self._describe(pointer, len(found), *outputs)
                if status == c.ARQ_E_NOT_FOUND:
                    return found
                self._owner._check(status)
                shape = (rows.value, columns.value) if columns.value else (rows.value,)
                found[(name.value or b"").decode()] = shape

    def _shape(self, name: str) -> tuple[int, ...]:
        shapes = self.shapes()
        if name not in shapes:
            raise errors.make(c.ARQ_E_NOT_FOUND, f"no tensor {name!r}; there are {', '.join(shapes)}")
        return shapes[name]

    def __getitem__(self, name: str) -> Array:
        return self.read(name)

    def read(self, name: str, out: Array | None = None) -> Array:
        """Copies a tensor out, into `out` (float32) if given."""
        values = _arrays.out_or_new("out", out, _arrays.F32, self._shape(name))
        with self._owner._gate as pointer:
            self._owner._check(self._read(pointer, name.encode(), _arrays.address(values), values.size))
        return values

    def __setitem__(self, name: str, values: Any) -> None:
        array = _arrays.check(name, values, _arrays.F32, [self._shape(name)])
        with self._owner._gate as pointer:
            self._owner._check(self._write(pointer, name.encode(), _arrays.address(array), array.size))

    def __iter__(self) -> Iterator[str]:
        return iter(self.shapes())

    def keys(self) -> Iterator[str]:
        """The names."""
        return iter(self.shapes())

    def __len__(self) -> int:
        return len(self.shapes())

    def __contains__(self, name: object) -> bool:
        return name in self.shapes()

    def as_dict(self) -> dict[str, Array]:
        """A copy of every tensor."""
        return {name: self.read(name) for name in self.shapes()}

    def set(self, values: dict[str, Array]) -> None:
        """Sets tensors by name."""
        for name, array in values.items():
            self[name] = array

    def __repr__(self) -> str:
        return f"Tensors({self.shapes()})"


