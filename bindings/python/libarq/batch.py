"""Several instances of one environment that are stepped by one call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Union

import numpy as np

from . import _arrays
from ._arrays import Array
from ._library import lib
from .context import Context, Part, create, default_context
from .environment import Environment, EnvironmentSpec, borrowed, full_id


class EnvironmentBatch(Part):
    """`count` instances of one id. A step is one call of the library, whatever the count.

    The arrays that reset() and step() return are the batch's own and hold until the next call: copy what should stay.
    `raw_observations` are the observations as they lie in memory: what networks, agents and replays take uncopied.
    """

    __slots__ = ("_addresses", "_spec", "count", "id", "raw_observations", "rewards", "terminated", "truncated")

    def __init__(self, id: str, count: int, *, context: Context | None = None, **options: Any) -> None:
        context = context or default_context()
        self.id = full_id(id, options)
        self.count = _arrays.integer("count", count, 1, _arrays.U32)
        with context._gate as context_pointer:
            id_bytes = _arrays.text_bytes("id", self.id)
            pointer = create(context, lib.arq_env_batch_open, context_pointer, id_bytes, self.count)
        super().__init__(context, pointer, lib.arq_env_batch_destroy, (context,))
        self._spec = self[0].spec
        self.raw_observations: Array = self._spec.observation.raw(self.count)
        """The observations as they lie in memory."""
        self.rewards: Array = np.zeros(self.count, np.float64)
        self.terminated: Array = np.zeros(self.count, np.int32)
        self.truncated: Array = np.zeros(self.count, np.int32)
        arrays = (self.raw_observations, self.rewards, self.terminated, self.truncated)
        self._addresses = tuple(map(_arrays.address, arrays))

    @property
    def spec(self) -> EnvironmentSpec:
        """What each instance looks like."""
        return self._spec

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Environment:
        """One instance, for its names, pictures and state. Stepping it alone is refused."""
        if not 0 <= index < self.count:
            raise IndexError(f"index is {index}; accepted: 0 .. {self.count - 1}")
        with self._gate as pointer:
            instance: int = lib.arq_env_batch_at(pointer, index)
        return borrowed(self._context, instance, self, self._gate)

    def reset(self, seeds: Union[Array, Sequence[int], int, None] = None, mask: Array | None = None) -> Array:
        """Resets all, or those of the mask (bool [count]), and returns all observations.

        seeds: uint64 [count]; an int: that, that + 1, ...; None: the random streams go on.
        """
        if isinstance(seeds, (int, np.integer)):
            seeds = np.arange(self.count, dtype=np.uint64) + np.uint64(_arrays.integer("seeds", seeds, 0, 2**63))
        elif seeds is not None and not isinstance(seeds, np.ndarray):
            seeds = np.array([_arrays.integer("seeds", seed, 0, _arrays.U64) for seed in seeds], np.uint64)
        seeds_at = None
        if seeds is not None:
            seeds_at = _arrays.address(_arrays.check("seeds", seeds, np.dtype(np.uint64), [(self.count,)]))
        mask_at = None
        if mask is not None:
            mask_at = _arrays.address(_arrays.check("mask", mask, _arrays.BOOL, [(self.count,)]))
        with self._gate as pointer:
            self._check(lib.arq_env_batch_reset(pointer, seeds_at, mask_at, self._addresses[0]))
        return self._spec.observation.decode(self.raw_observations)

    def step_raw(self, actions: Array) -> None:
        """step() without unpacking the observations: the results are in the batch's arrays."""
        given = _arrays.check("actions", actions, _arrays.I32, [(self.count,)])
        with self._gate as pointer:
            self._check(lib.arq_env_batch_step(pointer, _arrays.address(given), *self._addresses))

    def step(self, actions: Array) -> tuple[Array, Array, Array, Array]:
        """One step of every instance with int32 [count]: observations, rewards, terminated, truncated (bool).

        Refused with OrderError, changing nothing, while one of them has ended: reset() those first.
        """
        self.step_raw(actions)
        ended = self.terminated.astype(np.bool_), self.truncated.astype(np.bool_)
        return self._spec.observation.decode(self.raw_observations), self.rewards, *ended
