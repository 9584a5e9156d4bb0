"""Environments written in Python, as the library's own: callbacks, checks and exceptions."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from . import _arrays, errors
from . import _prototypes as c
from ._interrupts import Deferred, whole
from ._library import lib
from .context import Context, create, default_context
from .environment import Box, Environment, EnvironmentSpec


class CustomEnvironment(Protocol):
    """What an environment in Python has to have. These methods may come too, and are used then:

    close() at the end; save() -> bytes and load(bytes) for a resume bit for bit; render(cell_size) -> uint8
    [height, width, 3]; action_name(index) and observation_name(index) -> str or None.
    """

    spec: EnvironmentSpec
    """Must never change."""

    def reset(self, seed: int | None) -> Any:
        """Begins an episode; with a seed all that follows is a function of it and the actions."""

    def step(self, action: Any) -> tuple[Any, float, bool, bool]:
        """One step with an int, or float64 [count]: observation, reward, terminated, truncated."""


def method_table(given: dict[str, Callable[..., int | None]]) -> c.arq_env_methods:
    """The methods of env.h by name; the table must live as long as the handle that is made of it."""
    table = c.arq_env_methods(struct_size=ctypes.sizeof(c.arq_env_methods))
    kinds: dict[str, Any] = {name: kind for name, kind, *_ in c.arq_env_methods._fields_}
    for name, method in given.items():
        setattr(table, name, kinds[name](method))
    return table


class _Bridge:
    """The methods of env.h for one Python environment."""

    def __init__(self, environment: CustomEnvironment) -> None:
        self.environment: Any = environment
        self.spec = environment.spec
        if not isinstance(self.spec, EnvironmentSpec):
            raise TypeError(f"spec is {_arrays.kind_of(self.spec)}; accepted: an EnvironmentSpec")
        self._failure = ctypes.create_string_buffer(b"")
        self._texts: dict[Any, ctypes.Array[ctypes.c_char] | None] = {}
        self._bounds = [_bound(b) for b in (self.spec.observation.low, self.spec.observation.high)]
        actions = self.spec.actions
        self._box = isinstance(actions, Box)
        self._bounds += [_bound(actions.low), _bound(actions.high)] if isinstance(actions, Box) else [None, None]

    def methods(self) -> c.arq_env_methods:
        """The table; it must live as long as the handle."""
        given: dict[str, Callable[..., int | None]] = {
            "spec": self._guarded(self.describe),
            "reset": self._guarded(self.reset),
            "step_box" if self._box else "step": self._guarded(self.step),
            "destroy": self.destroy,
            "last_error": self.last_error,
        }
        optional: dict[str, Callable[..., int | None]] = {
            "save": self._guarded(self.save),
            "load": self._guarded(self.load),
            "render": self._guarded(self.render),
            "action_name": self._namer("action_name"),
            "observation_name": self._namer("observation_name"),
        }
        present = {name: method for name, method in optional.items() if hasattr(self.environment, name)}
        return method_table({**given, **present})

    def _guarded(self, method: Callable[..., None]) -> Callable[..., int]:
        """A callback that never lets an exception into C: it is kept for the call that ran it."""

        def run(_: int | None, *arguments: Any) -> int:
            try:
                method(*arguments)
            except BaseException as exception:
                errors.keep(exception)
                text = f"{type(exception).__name__}: {exception}"
                self._failure = ctypes.create_string_buffer(text.encode("utf-8", "replace"))
                return errors.RAISED
            return c.ARQ_OK

        return run

    def last_error(self, _: int | None) -> int:
        return ctypes.addressof(self._failure)

    def describe(self, spec: Any) -> None:
        out, own, actions = spec.contents, self.spec.observation, self.spec.actions
        out.observation_kind = own.kind
        out.observation_size = own.size
        out.observation_rank = len(own.shape) if len(own.shape) <= c.ARQ_OBSERVATION_MAX_RANK else 0
        for i, side in enumerate(own.shape[: out.observation_rank]):
            out.observation_shape[i] = side
        out.action_kind = c.ARQ_ACTION_BOX if self._box else c.ARQ_ACTION_DISCRETE
        out.action_count = actions.count
        out.observation_low, out.observation_high, out.action_low, out.action_high = (
            None if bound is None else _arrays.address(bound) for bound in self._bounds
        )
        if self.spec.reward_range is not None:
            out.reward_range_known = 1
            out.reward_low, out.reward_high = self.spec.reward_range
        out.time_limit = self.spec.time_limit

    def _write(self, value: Any, observation: int) -> None:
        raw = self.spec.observation.encode("observation", value)
        ctypes.memmove(observation, _arrays.address(raw), self.spec.observation.row_bytes)

    def reset(self, seed: int | None, observation: int) -> None:
        number = None if seed is None else ctypes.c_uint64.from_address(seed).value
        self._write(self.environment.reset(number), observation)

    def step(self, action: Any, observation: int, reward: Any, terminated: Any, truncated: Any) -> None:
        if self._box:
            values = (ctypes.c_double * self.spec.actions.count).from_address(action)
            action = np.array(values, np.float64)
        value, gained, ended, cut = self.environment.step(action)
        self._write(value, observation)
        reward[0] = _arrays.number("the reward of step", gained)
        terminated[0] = bool(ended)
        truncated[0] = bool(cut)

    def destroy(self, _: int | None) -> None:
        try:
            close = getattr(self.environment, "close", None)
            if close is not None:
                close()
        except BaseException as exception:
            errors.keep(exception)

    def save(self, buffer: int | None, capacity: int, size: Any) -> None:
        state = bytes(self.environment.save())
        size[0] = len(state)
        if buffer is not None and len(state) <= capacity:
            ctypes.memmove(buffer, state, len(state))

    def load(self, buffer: int, size: int) -> None:
        self.environment.load(ctypes.string_at(buffer, size))

    def render(self, cell_size: int, rgb: int | None, capacity: int, width: Any, height: Any) -> None:
        picture = np.ascontiguousarray(self.environment.render(cell_size))
        if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3:
            raise ValueError(f"render gave {picture.dtype} {picture.shape}; accepted: uint8 [height, width, 3]")
        height[0], width[0] = picture.shape[:2]
        if rgb is not None and picture.nbytes <= capacity:
            ctypes.memmove(rgb, _arrays.address(picture), picture.nbytes)

    def _namer(self, method: str) -> Callable[[int | None, int], int | None]:
        def name(_: int | None, index: int) -> int | None:
            try:
                if (method, index) not in self._texts:
                    text = getattr(self.environment, method)(index)
                    self._texts[method, index] = None if text is None else ctypes.create_string_buffer(text.encode())
                buffer = self._texts[method, index]
                return None if buffer is None else ctypes.addressof(buffer)
            except BaseException as exception:
                errors.keep(exception)
                return None

        return name


def _bound(values: Any) -> _arrays.Array | None:
    return None if values is None else np.ascontiguousarray(values, np.float64).reshape(-1)


@whole
def bridge(environment: CustomEnvironment, context: Context) -> Environment:
    """The handle of a Python environment; it closes the environment at its end."""
    methods = _Bridge(environment).methods()
    with context._gate as context_pointer:
        pointer = create(context, lib.arq_env_create, context_pointer, ctypes.byref(methods), None)
    handle = Environment(context, pointer, (context,))
    handle._resource.keep = methods
    return handle


def check_environment(
    make: Callable[[], CustomEnvironment], *, seed: int = 0, context: Context | None = None
) -> list[str]:
    """Runs an environment through every promise of the interface; returns a line for each broken one.

    make: makes an instance; called several times. What methods raise is told in the lines: to refuse a step after the
    end is right, for example.
    """
    context = context or default_context()
    instances: dict[int, Any] = {}
    lines: list[str] = []
    type_ = c.arq_env_type(struct_size=ctypes.sizeof(c.arq_env_type), id=b"python/checked", doc=b"checked")
    table = _dispatching_methods(instances, make())
    type_.methods = ctypes.pointer(table)

    def build(user: int | None, options: int | None, out: Any, error: int | None, size: int) -> int:
        try:
            instance = _Bridge(make())
            number = len(instances) + 1
            instances[number] = instance.methods()
            out[0] = number
        except BaseException as exception:
            errors.keep(exception)
            return errors.RAISED
        return c.ARQ_OK

    type_.create = type(type_.create)(build)

    def report(user: int | None, line: bytes) -> None:
        lines.append(line.decode("utf-8", "replace"))

    broken = ctypes.c_uint32()
    callback = lib.arq_env_check.argtypes[4](report)
    number = _arrays.integer("seed", seed, 0, _arrays.U64)
    with context._gate as pointer, Deferred():
        status = lib.arq_env_check(pointer, ctypes.byref(type_), None, number, callback, None, ctypes.byref(broken))
    if isinstance(errors.raised.exception, Exception) and status == c.ARQ_OK:
        errors.raised.exception = None
    errors.check(context._gate.pointer, status)
    return lines


def _dispatching_methods(instances: dict[int, Any], sample: CustomEnvironment) -> c.arq_env_methods:
    """One table for all instances, as a plugin has: each call goes to the instance that `self` numbers."""
    pattern = _Bridge(sample)
    present = pattern.methods()

    def dispatch(name: str) -> Callable[..., int | None]:
        return lambda self, *arguments: getattr(instances[self], name)(self, *arguments)

    names = [name for name, kind, *_ in c.arq_env_methods._fields_ if name not in ("struct_size", "reserved")]
    table = method_table({name: dispatch(name) for name in names if getattr(present, name)})
    pattern.destroy(None)
    return table
