"""What observations look like: how their values lie in memory, and as which numpy arrays Python sees them."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Union

import numpy as np

from . import _arrays
from . import _prototypes as c
from ._arrays import Array
from ._library import lib


class ObservationKind(enum.IntEnum):
    """How the values of an observation lie in memory."""

    BIT = c.ARQ_OBSERVATION_BIT
    """Bits; as bool arrays, or packed as uint8 (numpy.packbits with bitorder "little")."""
    U8 = c.ARQ_OBSERVATION_U8
    """Bytes; a network sees value / 255."""
    F32 = c.ARQ_OBSERVATION_F32
    """float32."""
    F64 = c.ARQ_OBSERVATION_F64
    """float64; a network sees them rounded."""
    DISCRETE = c.ARQ_OBSERVATION_DISCRETE
    """One whole number below `size`; a network sees it one-hot."""


_DTYPES = {
    ObservationKind.BIT: _arrays.BOOL,
    ObservationKind.U8: _arrays.U8,
    ObservationKind.F32: _arrays.F32,
    ObservationKind.F64: _arrays.F64,
    ObservationKind.DISCRETE: _arrays.I32,
}


@dataclass(frozen=True)
class ObservationSpec:
    """Kind and shape of an observation.

    Python's form of one: a bool array for bits, else an array of the kind's dtype, of this shape or flat; for the
    discrete kind an int. Several: the same with one more dimension in front. Bits may also come as the bytes they are
    packed in (uint8, [bytes]): those go to the library without a copy, as do all other kinds.
    """

    kind: ObservationKind
    size: int
    """How many values; for the discrete kind how many states there are."""
    shape: tuple[int, ...] = ()
    """Of one observation; () for the discrete kind."""
    low: Array | None = field(default=None, compare=False)
    """Lowest values, flat; None: unknown."""
    high: Array | None = field(default=None, compare=False)
    """Highest values, flat; None: unknown."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", ObservationKind(self.kind))
        _arrays.integer("size", self.size, 1, _arrays.U32)
        discrete = self.kind is ObservationKind.DISCRETE
        if not discrete and not self.shape:
            object.__setattr__(self, "shape", (self.size,))
        if int(np.prod(self.shape, dtype=np.int64)) != self.size and not discrete or (discrete and self.shape):
            raise ValueError(f"shape {self.shape} does not fit {self.size} values of kind {self.kind.name}")

    @classmethod
    def floats(cls, *shape: int) -> ObservationSpec:
        """float32 values of a shape."""
        return cls(ObservationKind.F32, int(np.prod(shape, dtype=np.int64)), tuple(shape))

    @classmethod
    def bits(cls, *shape: int) -> ObservationSpec:
        """Bits of a shape."""
        return cls(ObservationKind.BIT, int(np.prod(shape, dtype=np.int64)), tuple(shape))

    @classmethod
    def bytes(cls, *shape: int) -> ObservationSpec:
        """Bytes of a shape, such as pixels."""
        return cls(ObservationKind.U8, int(np.prod(shape, dtype=np.int64)), tuple(shape))

    @classmethod
    def discrete(cls, states: int) -> ObservationSpec:
        """One of so many states."""
        return cls(ObservationKind.DISCRETE, states)

    @classmethod
    def of(cls, what: ObservationLike) -> ObservationSpec:
        """A spec as it is; an int or a shape: so many float32 values."""
        if isinstance(what, ObservationSpec):
            return what
        if hasattr(what, "__index__"):
            return cls.floats(what.__index__())
        if isinstance(what, Sequence) and not isinstance(what, str):
            return cls.floats(*what)
        raise TypeError(f"observation is {_arrays.kind_of(what)}; accepted: an int, a shape or an ObservationSpec")

    @cached_property
    def dtype(self) -> np.dtype[Any]:
        """Of Python's form."""
        return _DTYPES[self.kind]

    @cached_property
    def row_bytes(self) -> int:
        """Of one observation in memory."""
        return int(lib.arq_observation_bytes(self.kind, self.size))

    @cached_property
    def _plain(self) -> np.dtype[Any] | None:
        """Dtype of arrays that need nothing but to be looked at."""
        return None if self.kind in (ObservationKind.BIT, ObservationKind.DISCRETE) else self.dtype

    @cached_property
    def _row(self) -> tuple[np.dtype[Any], tuple[int, ...]]:
        """Dtype and shape of one observation in memory."""
        if self.kind is ObservationKind.BIT:
            return _arrays.U8, (self.row_bytes,)
        return self.dtype, self.shape

    def raw(self, *lead: int) -> Array:
        """Memory for observations, as the library writes them."""
        dtype, shape = self._row
        return np.zeros((*lead, *shape), dtype)

    def decode(self, raw: Array) -> Array:
        """Python's form of what the library wrote: bits are unpacked, the others are the array itself."""
        if self.kind is not ObservationKind.BIT:
            return raw
        bits = np.unpackbits(raw, axis=-1, count=self.size, bitorder="little")
        return bits.view(np.bool_).reshape(*raw.shape[:-1], *self.shape)

    def encode(self, name: str, value: Any, *lead: int) -> Array:
        """The array as the library reads it: the caller's own, except for bools, which are packed, and ints."""
        if (
            type(value) is np.ndarray
            and value.dtype is self._plain
            and value.shape == ((*lead, *self.shape) if lead else self.shape)
            and value.flags.c_contiguous
        ):
            return value
        return self._encode(name, value, lead)

    def _encode(self, name: str, value: Any, lead: tuple[int, ...]) -> Array:
        if self.kind is ObservationKind.DISCRETE and not lead and not isinstance(value, np.ndarray):
            return np.array(_arrays.integer(name, value, 0, self.size - 1), np.int32)
        dtype, shape = self._row
        if self.kind is ObservationKind.BIT and isinstance(value, np.ndarray) and value.dtype != dtype:
            shapes = [(*lead, *self.shape), (*lead, self.size)]
            bits = _arrays.check(name, value, _arrays.BOOL, shapes)
            return np.packbits(bits.reshape(*lead, self.size), axis=-1, bitorder="little")
        if self.kind is ObservationKind.BIT or not shape:
            return _arrays.check(name, value, dtype, [(*lead, *shape)])
        return _arrays.check(name, value, dtype, [(*lead, *shape), (*lead, self.size)])

    def is_one(self, values: Array) -> bool:
        """Whether an array has the shape of one observation, not of a batch of them."""
        return values.shape in (self.shape, (self.size,), self._row[1])

    def as_floats(self, observations: Any) -> Array:
        """What a network sees of observations [count, ...]: float32 [count, size]."""
        count = len(observations)
        raw = self.encode("observations", observations, count)
        values = np.empty((count, self.size), np.float32)
        status = lib.arq_observation_floats(
            self.kind, self.size, count, _arrays.address(raw), _arrays.address(values)
        )
        if status != 0:
            raise ValueError(f"observations: a state is not within 0 .. {self.size - 1}")
        return values


ObservationLike = Union[ObservationSpec, int, Sequence[int]]
"""A spec; an int or a shape means so many float32 values."""
