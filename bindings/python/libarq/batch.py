"""Several instances of one environment that are stepped by one call."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Union

import numpy as np

from . import _arrays, errors
from . import _prototypes as c
from ._arrays import Array
from ._interrupts import Deferred, whole
from ._library import lib
from .context import Context, Part, create, default_context
from .environment import Discrete, Environment, EnvironmentSpec, borrowed, full_id


class EnvironmentBatch(Part):
    """`count` instances of one id, or environments that exist already (of()). A step is one call of the library,
    whatever the count.

    The arrays that reset() and step() return are the batch's own and hold until the next call: copy what should stay.
    `raw_observations` are the observations as they lie in memory: what networks, agents and replays take uncopied.
    Nothing resets by itself: an instance that has ended keeps its final observation until it is reset.
    """

    __slots__ = ("_addresses", "_box", "_spec", "count", "id", "raw_observations", "rewards", "terminated", "truncated")

    def __init__(self, id: str, count: int, *, context: Context | None = None, **options: Any) -> None:
        context = context or default_context()
        id = full_id(id, options)
        count = _arrays.integer("count", count, 1, _arrays.U32)
        with context._gate as context_pointer:
            pointer = create(context, lib.arq_env_batch_open, context_pointer, _arrays.text_bytes("id", id), count)
        self._take(context, pointer, id)

    def _take(self, context: Context, pointer: int, id: str) -> None:
        super().__init__(context, pointer, lib.arq_env_batch_destroy, (context,))
        self.id = id
        """The id it was opened by; "" for environments that existed already."""
        self.count: int = lib.arq_env_batch_count(pointer)
        self._spec = self[0].spec
        self._box = 0 if isinstance(self._spec.actions, Discrete) else self._spec.actions.count
        self.raw_observations: Array = self._spec.observation.raw(self.count)
        """The observations as they lie in memory."""
        self.rewards: Array = np.zeros(self.count, np.float64)
        self.terminated: Array = np.zeros(self.count, np.int32)
        self.truncated: Array = np.zeros(self.count, np.int32)
        arrays = (self.raw_observations, self.rewards, self.terminated, self.truncated)
        self._addresses = tuple(map(_arrays.address, arrays))

    @classmethod
    @whole
    def of(cls, environments: Sequence[Environment]) -> EnvironmentBatch:
        """A batch of environments that exist already, each wrapped as one likes; they move into it.

        With a context of several threads, methods written in Python run on all of them, one at a time.
        """
        environments = list(environments)
        if not environments:
            raise errors.make(c.ARQ_E_ARGUMENT, "there are no environments; accepted: at least one")
        context = environments[0]._context
        for environment in environments:
            if environment._resource.destroy is None or environment._resource.children:
                raise errors.make(c.ARQ_E_BUSY, "an environment is lent; accepted: those that nothing else depends on")
        pointers: list[int] = []
        try:
            for environment in environments:
                pointers.append(environment._gate.enter())
            array = (ctypes.c_void_p * len(pointers))(*pointers)
            pointer = create(context, lib.arq_env_batch_create, array, len(pointers))
        finally:
            for environment in environments[: len(pointers)]:
                environment._gate.leave()
        kept = [environment._resource.keep for environment in environments]
        for environment in environments:
            environment._resource.forget()
        batch = cls.__new__(cls)
        batch._take(context, pointer, "")
        batch._resource.keep = kept if any(kept) else None
        return batch

    @whole
    def _wrapped(self, function: Any, *arguments: Any) -> EnvironmentBatch:
        """The wrapped batch owns this one: this handle is closed then."""
        if self._resource.children:
            raise errors.make(c.ARQ_E_BUSY, "this batch is lent; accepted: one that nothing else depends on")
        with self._gate as pointer:
            wrapper = create(self._context, function, pointer, *arguments)
        keep = self._resource.keep
        self._resource.forget()
        wrapped = type(self).__new__(type(self))
        wrapped._take(self._context, wrapper, self.id)
        wrapped._resource.keep = keep
        return wrapped

    def time_limit(self, steps: int) -> EnvironmentBatch:
        """As Environment.time_limit() for every instance."""
        return self._wrapped(lib.arq_env_batch_time_limit, _arrays.integer("steps", steps, 0, _arrays.U64))

    def bang_bang(self) -> EnvironmentBatch:
        """As Environment.bang_bang() for every instance."""
        return self._wrapped(lib.arq_env_batch_bang_bang)

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

        seeds: integers [count]; an int: that, that + 1, ...; None: the random streams go on.
        """
        if isinstance(seeds, (int, np.integer)):
            seeds = np.arange(self.count, dtype=np.uint64) + np.uint64(_arrays.integer("seeds", seeds, 0, 2**63))
        elif isinstance(seeds, (list, tuple)):
            seeds = np.array([_arrays.integer("seeds", seed, 0, _arrays.U64) for seed in seeds], np.uint64)
        seeds_at = None
        if seeds is not None:
            seeds = _arrays.integers("seeds", seeds, np.dtype(np.uint64), (self.count,))
            seeds_at = _arrays.address(seeds)
        mask_at = None
        if mask is not None:
            mask_at = _arrays.address(_arrays.check("mask", mask, _arrays.BOOL, [(self.count,)]))
        with self._gate as pointer, self._guard():
            self._check(lib.arq_env_batch_reset(pointer, seeds_at, mask_at, self._addresses[0]))
        return self._spec.observation.decode(self.raw_observations)

    def _guard(self) -> AbstractContextManager[Any]:
        """As Environment._guard()."""
        return nullcontext() if self._resource.keep is None else Deferred()

    def _step(self, function: Any, actions: Array, masks: tuple[int | None, ...]) -> None:
        if self._box:
            given = _arrays.check("actions", actions, _arrays.F64, [(self.count, self._box)])
        else:
            given = _arrays.check("actions", actions, _arrays.I32, [(self.count,)])
        with self._gate as pointer, self._guard():
            self._check(function(pointer, *masks, _arrays.address(given), *self._addresses))

    def step_raw(self, actions: Array) -> None:
        """step() without unpacking the observations: the results are in the batch's arrays."""
        if self._box:
            everyone = np.ones(self.count, np.bool_)
            self._step(lib.arq_env_batch_step_box, actions, (_arrays.address(everyone),))
        else:
            self._step(lib.arq_env_batch_step, actions, ())

    def step(self, actions: Array) -> tuple[Array, Array, Array, Array]:
        """One step of every instance with int32 [count], or float64 [count, components] for box actions: observations,
        rewards, terminated, truncated (bool).

        Refused with OrderError, changing nothing, while one of them has ended: reset() those first, or step_masked().
        """
        self.step_raw(actions)
        return self._results()

    def step_masked(self, actions: Array, mask: Array | None = None) -> tuple[Array, Array, Array, Array]:
        """As step() for those of the mask (bool [count]), or for all that are inside an episode.

        What the arrays hold for the others stays. Raises what the first instance that failed raised; `statuses` tells
        which failed, and the others have stepped.
        """
        mask_at = None
        if mask is not None:
            mask_at = _arrays.address(_arrays.check("mask", mask, _arrays.BOOL, [(self.count,)]))
        function = lib.arq_env_batch_step_box if self._box else lib.arq_env_batch_step_masked
        self._step(function, actions, (mask_at,))
        return self._results()

    def _results(self) -> tuple[Array, Array, Array, Array]:
        ended = self.terminated.astype(np.bool_), self.truncated.astype(np.bool_)
        return self._spec.observation.decode(self.raw_observations), self.rewards, *ended

    @property
    def statuses(self) -> Array:
        """How the last reset or step ended for each instance, int32 [count]: 0, or the code of its failure."""
        with self._gate as pointer:
            first = ctypes.cast(lib.arq_env_batch_statuses(pointer), ctypes.c_void_p).value
        return np.ctypeslib.as_array((ctypes.c_int32 * self.count).from_address(first or 0)).copy()
