"""Environments: opened by id, stepped, wrapped, saved and drawn."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Union

import numpy as np

from . import _arrays, errors
from . import _prototypes as c
from ._arrays import Array
from ._handle import Gate
from ._interrupts import Deferred, whole
from ._library import lib
from .context import Context, Part, create, default_context
from .observation import ObservationKind, ObservationSpec

if TYPE_CHECKING:
    from .custom import CustomEnvironment


_NOTHING: AbstractContextManager[Any] = nullcontext()


@dataclass(frozen=True)
class Discrete:
    """Actions 0 .. count-1."""

    count: int


@dataclass(frozen=True)
class Box:
    """Actions of several numbers, each within its bounds; infinite where there is none."""

    low: Array
    high: Array

    @property
    def count(self) -> int:
        """How many numbers an action has."""
        return len(self.low)


@dataclass(frozen=True)
class EnvironmentSpec:
    """What an environment looks like from outside."""

    observation: ObservationSpec
    actions: Union[Discrete, Box]
    reward_range: tuple[float, float] | None = None
    """Lowest and highest reward of a step, if known."""
    time_limit: int = 0
    """Steps after which the environment itself truncates an episode; 0: never."""


def _doubles(pointer: int | None, count: int) -> Array | None:
    if pointer is None:
        return None
    return np.ctypeslib.as_array((ctypes.c_double * count).from_address(pointer)).copy()


def spec_from_c(spec: Any) -> EnvironmentSpec:
    """Python's form of an arq_env_spec."""
    kind = ObservationKind(spec.observation_kind)
    shape = tuple(spec.observation_shape[: spec.observation_rank])
    size = spec.observation_size
    values = 0 if kind is ObservationKind.DISCRETE else size
    observation = ObservationSpec(
        kind,
        size,
        () if kind is ObservationKind.DISCRETE else shape,
        _doubles(spec.observation_low, values) if values else None,
        _doubles(spec.observation_high, values) if values else None,
    )
    count = spec.action_count
    actions: Union[Discrete, Box] = Discrete(count)
    if spec.action_kind == c.ARQ_ACTION_BOX:
        low, high = _doubles(spec.action_low, count), _doubles(spec.action_high, count)
        actions = Box(
            np.full(count, -np.inf) if low is None else low, np.full(count, np.inf) if high is None else high
        )
    reward = (spec.reward_low, spec.reward_high) if spec.reward_range_known else None
    return EnvironmentSpec(observation, actions, reward, spec.time_limit)


def full_id(id: str, options: Mapping[str, Any]) -> str:
    """An id with options behind it, before its wrappers: minatar/breakout?sticky=0|time_limit=500."""
    id, bar, wrappers = id.partition("|")
    parts = [f"{name}={str(value).lower() if isinstance(value, bool) else value}" for name, value in options.items()]
    return (id if not parts else id + ("&" if "?" in id else "?") + "&".join(parts)) + bar + wrappers


class Environment(Part):
    """One environment instance.

    Made by Environment.open("minatar/breakout", sticky=0) or Environment.from_python(own). Python's form of
    observations is told by `spec.observation`. Reset is explicit: after an end, step raises OrderError.
    """

    __slots__ = ("_discrete", "_ended", "_flags", "_outputs", "_reward", "_spec", "id")

    def __init__(self, context: Context, pointer: int, parents: tuple[Any, ...], id: str = "", gate: Any = None) -> None:
        destroy = lib.arq_env_destroy if gate is None else None
        super().__init__(context, pointer, destroy, parents, gate)
        self.id = id
        """The id it was opened by; "" for one of the program's own."""
        self._spec = spec_from_c(lib.arq_env_describe(pointer).contents)
        self._discrete = isinstance(self._spec.actions, Discrete)
        self._reward = ctypes.c_double()
        self._flags = (ctypes.c_int32 * 2)()
        flags = ctypes.addressof(self._flags)
        self._outputs = (ctypes.addressof(self._reward), flags, flags + 4)

    @classmethod
    @whole
    def open(cls, id: str, *, context: Context | None = None, **options: Any) -> Environment:
        """Opens a built-in game, or one of a plugin: options in the id or as keyword arguments."""
        context = context or default_context()
        whole = full_id(id, options)
        with context._gate as context_pointer:
            pointer = create(context, lib.arq_env_open, context_pointer, _arrays.text_bytes("id", whole))
        return cls(context, pointer, (context,), whole)

    @classmethod
    def from_python(cls, environment: CustomEnvironment, *, context: Context | None = None) -> Environment:
        """An environment written in Python (see CustomEnvironment); what its methods raise comes out of the call."""
        from .custom import bridge

        return bridge(environment, context or default_context())

    @property
    def spec(self) -> EnvironmentSpec:
        """What it looks like."""
        return self._spec

    def reset(self, seed: int | None = None) -> Any:
        """Begins an episode and returns the first observation. None: the present random stream goes on."""
        raw = self._spec.observation.raw()
        self.reset_raw(_arrays.address(raw), seed)
        return self._decode(raw)

    def reset_raw(self, observation: int, seed: int | None = None) -> None:
        """reset() into memory of the caller's, spec.observation.row_bytes at this address."""
        number = None
        if seed is not None:
            number = ctypes.byref(ctypes.c_uint64(_arrays.integer("seed", seed, 0, _arrays.U64)))
        with self._gate as pointer, self._guard():
            self._check(lib.arq_env_reset(pointer, number, observation))

    def step(self, action: Any) -> tuple[Any, float, bool, bool]:
        """One step: observation (the final one at an end), reward, terminated, truncated."""
        raw = self._spec.observation.raw()
        reward, terminated, truncated = self.step_raw(action, _arrays.address(raw))
        return self._decode(raw), reward, terminated, truncated

    def step_raw(self, action: Any, observation: int) -> tuple[float, bool, bool]:
        """step() with the observation written to memory of the caller's."""
        if self._discrete:
            function, given = lib.arq_env_step, _arrays.integer("action", action, -(2**31), 2**31 - 1)
        else:
            box = _arrays.check("action", action, _arrays.F64, [(self._spec.actions.count,)])
            function, given = lib.arq_env_step_box, _arrays.address(box)
        with self._gate as pointer, self._guard():
            self._check(function(pointer, given, observation, *self._outputs))
            return self._reward.value, self._flags[0] != 0, self._flags[1] != 0

    def _guard(self) -> AbstractContextManager[Any]:
        """Ctrl-C must not strike on the way from C into methods in Python, where nothing can catch it."""
        return _NOTHING if self._resource.keep is None else Deferred()

    def _decode(self, raw: Array) -> Any:
        spec = self._spec.observation
        return int(raw) if spec.kind is ObservationKind.DISCRETE else spec.decode(raw)

    def save(self) -> bytes:
        """The complete state, random stream included; UnsupportedError where the environment cannot."""
        size = ctypes.c_size_t()
        with self._gate as pointer, self._guard():
            self._check(lib.arq_env_save(pointer, None, 0, ctypes.byref(size)))
            buffer = ctypes.create_string_buffer(max(size.value, 1))
            self._check(lib.arq_env_save(pointer, buffer, size.value, ctypes.byref(size)))
        return buffer.raw[: size.value]

    def load(self, state: bytes) -> None:
        """Takes over a state; what follows is the same as after the save."""
        if not isinstance(state, bytes):
            raise TypeError(f"state is {_arrays.kind_of(state)}; accepted: the bytes of save()")
        with self._gate as pointer, self._guard():
            self._check(lib.arq_env_load(pointer, state, len(state)))

    def render(self, cell_size: int = 16) -> Array:
        """A picture of the present state, uint8 [height, width, 3]."""
        size = _arrays.integer("cell_size", cell_size, 1, 4096)
        width, height = ctypes.c_uint32(), ctypes.c_uint32()
        sides = ctypes.byref(width), ctypes.byref(height)
        with self._gate as pointer, self._guard():
            self._check(lib.arq_env_render(pointer, size, None, 0, *sides))
            picture = np.empty((height.value, width.value, 3), np.uint8)
            self._check(lib.arq_env_render(pointer, size, _arrays.address(picture), picture.nbytes, *sides))
        return picture

    def _name(self, function: Any, index: int) -> str | None:
        with self._gate as pointer, self._guard():
            name: bytes | None = function(pointer, _arrays.integer("index", index, 0, _arrays.U32))
            errors.raise_kept()
        return None if name is None else name.decode("utf-8", "replace")

    def action_name(self, action: int) -> str | None:
        """Name of an action, or of a box action's component."""
        return self._name(lib.arq_env_action_name, action)

    def observation_name(self, index: int) -> str | None:
        """Name of an entry of the observation's last dimension (a channel)."""
        return self._name(lib.arq_env_observation_name, index)

    @whole
    def _wrapped(self, function: Any, *arguments: Any) -> Environment:
        """A wrapper owns the environment: this handle is closed then."""
        if self._resource.destroy is None or self._resource.children:
            raise errors.make(c.ARQ_E_BUSY, "this environment is lent; accepted: one that nothing else depends on")
        with self._gate as pointer:
            wrapper = create(self._context, function, pointer, *arguments)
        keep = self._resource.keep
        self._resource.forget()
        wrapped = Environment(self._context, wrapper, self._parents, self.id)
        wrapped._resource.keep = keep
        return wrapped

    def time_limit(self, steps: int) -> Environment:
        """This environment with episodes truncated after so many steps. It moves into what is returned."""
        return self._wrapped(lib.arq_env_time_limit, _arrays.integer("steps", steps, 0, _arrays.U64))

    def bang_bang(self) -> Environment:
        """This environment with its box actions as discrete ones: bit k of the action puts component k at its low (0)
        or high (1) bound. It moves into what is returned."""
        return self._wrapped(lib.arq_env_bang_bang)

    def __repr__(self) -> str:
        state = "closed" if self.closed else self.id or "own"
        return f"<libarq.Environment {state}>"


def borrowed(context: Context, pointer: int, owner: Any, gate: Gate) -> Environment:
    """An instance that belongs to another handle, such as a batch's."""
    return Environment(context, pointer, (owner,), gate=Gate("Environment", pointer, gate))
