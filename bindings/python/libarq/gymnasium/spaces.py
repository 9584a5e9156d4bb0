"""Gymnasium's spaces from libarq's specs, and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Union

import numpy as np
from gymnasium import spaces
from gymnasium.vector.utils import iterate

from .._arrays import Array
from ..environment import Box, Discrete, EnvironmentSpec
from ..errors import UnsupportedError
from .. import _prototypes as c
from ..observation import ObservationKind, ObservationSpec


def observation_space(spec: ObservationSpec) -> spaces.Space[Any]:
    """Bits become a Box of 0 and 1, states a Discrete, all others a Box of their dtype."""
    if spec.kind is ObservationKind.DISCRETE:
        return spaces.Discrete(spec.size)
    if spec.kind is ObservationKind.BIT:
        return spaces.Box(0, 1, spec.shape, np.uint8)
    if spec.kind is ObservationKind.U8:
        return spaces.Box(0, 255, spec.shape, np.uint8)
    kind: Any = spec.dtype.type
    low, high = _bound(spec.low, spec, -np.inf), _bound(spec.high, spec, np.inf)
    return spaces.Box(low.astype(kind), high.astype(kind), spec.shape, kind)


def _bound(values: Any, spec: ObservationSpec, otherwise: float) -> Any:
    """Gymnasium's checker wants bounds to be numbers: the largest of float32 stand for none."""
    bound = np.full(spec.shape, otherwise) if values is None else np.asarray(values).reshape(spec.shape)
    largest = float(np.finfo(np.float32).max)
    return np.clip(bound, -largest, largest)


def action_space(actions: Union[Discrete, Box]) -> spaces.Space[Any]:
    """Discrete, or a Box of float64."""
    if isinstance(actions, Discrete):
        return spaces.Discrete(actions.count)
    return spaces.Box(actions.low, actions.high, (actions.count,), np.float64)


def spec_of(env: Any) -> tuple[EnvironmentSpec, Callable[[Any], Any], Callable[[Any], Any]]:
    """The spec of a Gymnasium environment, what makes its observations libarq's, and libarq's actions its own."""
    return _spec_of(env.observation_space, env.action_space)


def _spec_of(
    observation_space: Any, action_space: Any
) -> tuple[EnvironmentSpec, Callable[[Any], Any], Callable[[Any], Any]]:
    observation, encode = _observation_of(observation_space)
    actions, decode = _actions_of(action_space)
    # Gymnasium's environments often leave the bounds they declare, so none are promised.
    return EnvironmentSpec(observation, actions), encode, decode


class VectorSpaces:
    """As spec_of() for the instances of a vector environment, whose arrays have a row for each."""

    def __init__(self, env: Any) -> None:
        self.spec, self.encode_one, _ = _spec_of(env.single_observation_space, env.single_action_space)
        self._count: int = env.num_envs
        self._observations = env.observation_space
        self._single = env.single_observation_space
        self._actions: Any = env.single_action_space

    def encode(self, observations: Any) -> Array:
        """A batch of observations as libarq's."""
        own, single = self.spec.observation, self._single
        if not isinstance(single, (spaces.Discrete, spaces.MultiBinary, spaces.Box)):
            rows = [self.encode_one(row) for row in iterate(self._observations, observations)]
            return np.stack(rows)
        given = np.asarray(observations)
        wanted = (self._count, *(single.shape or ()))
        if given.shape != wanted:
            raise ValueError(f"observations of the vector environment have shape {given.shape}; accepted: {wanted}")
        if isinstance(single, spaces.Discrete):
            given = given - single.start
        return np.ascontiguousarray(given, own.dtype).reshape(self._count, *own.shape)

    def decode(self, actions: Any) -> Any:
        """libarq's actions as the environment's, whole numbers or rows of float64."""
        own = self._actions
        if isinstance(own, spaces.Discrete):
            return actions.astype(own.dtype) + own.start
        return actions.reshape(self._count, *own.shape).astype(own.dtype)


def _observation_of(space: Any) -> tuple[ObservationSpec, Callable[[Any], Any]]:
    if isinstance(space, spaces.Discrete):
        start = int(space.start)
        return ObservationSpec.discrete(int(space.n)), lambda value: int(value) - start
    if isinstance(space, spaces.MultiBinary):
        shape = tuple(np.atleast_1d(space.shape))
        return ObservationSpec.bits(*map(int, shape)), lambda value: np.ascontiguousarray(value, np.bool_)
    if isinstance(space, spaces.Box):
        return _box_observation(space)
    if not space.is_np_flattenable:
        raise _unsupported("observation", space)
    flat = ObservationSpec.floats(int(spaces.flatdim(space)))
    return flat, lambda value: np.ascontiguousarray(spaces.flatten(space, value), np.float32)


def _box_observation(space: spaces.Box) -> tuple[ObservationSpec, Callable[[Any], Any]]:
    dtype = np.dtype(space.dtype)
    shape = tuple(map(int, space.shape)) or (1,)
    size = int(np.prod(shape))
    if dtype == np.bool_ or (dtype.kind in "iu" and (space.low == 0).all() and (space.high == 1).all()):
        return ObservationSpec(ObservationKind.BIT, size, shape), lambda value: _as(value, np.bool_, shape)
    if dtype == np.uint8:
        return ObservationSpec(ObservationKind.U8, size, shape), lambda value: _as(value, np.uint8, shape)
    if dtype == np.float64:
        return ObservationSpec(ObservationKind.F64, size, shape), lambda value: _as(value, np.float64, shape)
    return ObservationSpec(ObservationKind.F32, size, shape), lambda value: _as(value, np.float32, shape)


def _as(value: Any, dtype: Any, shape: tuple[int, ...]) -> Any:
    """The array itself where it fits; Gymnasium's environments may return lists or other dtypes."""
    return np.ascontiguousarray(value, dtype).reshape(shape)


def _actions_of(space: Any) -> tuple[Union[Discrete, Box], Callable[[Any], Any]]:
    if isinstance(space, spaces.Discrete):
        start = int(space.start)
        return Discrete(int(space.n)), lambda action: action + start
    if isinstance(space, spaces.Box):
        shape, dtype = space.shape, space.dtype
        low, high = (np.asarray(bound, np.float64).reshape(-1) for bound in (space.low, space.high))
        return Box(low, high), lambda action: action.reshape(shape).astype(dtype)
    raise _unsupported("action", space)


def _unsupported(what: str, space: Any) -> UnsupportedError:
    accepted = "Discrete or Box" if what == "action" else "Box, Discrete, MultiBinary, or one that flattens"
    return UnsupportedError(c.ARQ_E_UNSUPPORTED, f"{what} space {space}; accepted: {accepted}")
