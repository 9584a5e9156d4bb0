"""Experience replay: whole trajectories in one copy, sampled as windows."""

from __future__ import annotations

from typing import Any, NamedTuple


from . import _arrays
from ._arrays import Array
from ._library import lib
from .context import Context, Part, create, default_context
from .observation import ObservationLike, ObservationSpec


class Sample(NamedTuple):
    """Transitions that were drawn."""

    observations: Array
    """As they lie in memory, [batch, window + 1, ...]: the window ending at s_t, then s_{t+1}; bits are packed."""
    lengths: Array
    """int32 [batch], how many observations of the window are real; the others fill it up where an episode is young."""
    actions: Array
    """int32 [batch]."""
    rewards: Array
    """float32 [batch]."""
    terminated: Array
    """uint8 [batch], 1 where no bootstrap follows."""


class Replay(Part):
    """A replay buffer; when `capacity` transitions are stored the oldest make room.

    window: observations of a window ending at s_t (a network without contexts wants 1; see Learner.window).
    """

    __slots__ = ("_observation", "capacity", "window")

    def __init__(
        self,
        observation: ObservationLike,
        capacity: int,
        *,
        window: int = 1,
        seed: int = 0,
        context: Context | None = None,
    ) -> None:
        context = context or default_context()
        spec = ObservationSpec.of(observation)
        self._observation = spec
        self.capacity = _arrays.integer("capacity", capacity, 0, _arrays.U64)
        self.window = _arrays.integer("window", window, 0, _arrays.U32)
        number = _arrays.integer("seed", seed, 0, _arrays.U64)
        with context._gate as context_pointer:
            arguments = (context_pointer, spec.kind, spec.size, self.capacity, self.window, number)
            pointer = create(context, lib.arq_replay_create, *arguments)
        super().__init__(context, pointer, lib.arq_replay_destroy, (context,))

    @property
    def observation(self) -> ObservationSpec:
        """What is stored."""
        return self._observation

    def begin(self, observation: Any) -> None:
        """Begins an episode. One that is still open is closed as truncated."""
        raw = self._observation.encode("observation", observation)
        with self._gate as pointer:
            self._check(lib.arq_replay_begin(pointer, _arrays.address(raw)))

    def add(
        self, action: int, reward: float, next_observation: Any, terminated: bool = False, truncated: bool = False
    ) -> None:
        """Adds the transition from the newest observation."""
        raw = self._observation.encode("next_observation", next_observation)
        number = _arrays.integer("action", action, -(2**31), 2**31 - 1)
        gained = _arrays.number("reward", reward)
        flags = bool(terminated), bool(truncated)
        with self._gate as pointer:
            self._check(lib.arq_replay_add(pointer, number, gained, _arrays.address(raw), *flags))

    def __len__(self) -> int:
        """Transitions stored."""
        with self._gate as pointer:
            return int(lib.arq_replay_size(pointer))

    def __bool__(self) -> bool:
        return True

    @property
    def eligible(self) -> int:
        """Transitions that can be drawn."""
        with self._gate as pointer:
            return int(lib.arq_replay_eligible(pointer))

    def sample(self, batch: int, *, distinct: bool = False, out: Sample | None = None) -> Sample:
        """Draws transitions uniformly, with replacement or each at most once. out: a sample to write into."""
        count = _arrays.integer("batch", batch, 1, _arrays.U32)
        blank = self._observation.raw(0)
        shape = (count, self.window + 1, *blank.shape[1:])
        given = out or (None,) * 5
        result = Sample(
            _arrays.out_or_new("out.observations", given[0], blank.dtype, shape),
            _arrays.out_or_new("out.lengths", given[1], _arrays.I32, (count,)),
            _arrays.out_or_new("out.actions", given[2], _arrays.I32, (count,)),
            _arrays.out_or_new("out.rewards", given[3], _arrays.F32, (count,)),
            _arrays.out_or_new("out.terminated", given[4], _arrays.U8, (count,)),
        )
        with self._gate as pointer:
            self._check(lib.arq_replay_sample(pointer, count, bool(distinct), *map(_arrays.address, result)))
        return result

    def save(self, path: Any) -> None:
        """Saves everything, sampling state included, as safetensors; all or nothing."""
        with self._gate as pointer:
            self._check(lib.arq_replay_save(pointer, _arrays.path_bytes(path)))

    def load(self, path: Any) -> None:
        """Takes over a saved buffer of the same kind, size, capacity and window."""
        with self._gate as pointer:
            self._check(lib.arq_replay_load(pointer, _arrays.path_bytes(path)))
