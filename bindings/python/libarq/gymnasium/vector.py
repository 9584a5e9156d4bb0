"""Many instances of a game as one Gymnasium VectorEnv, stepped by one call of the library."""

from __future__ import annotations

from typing import Any, Union

import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from .. import _arrays
from .._arrays import Array
from ..batch import EnvironmentBatch
from ..environment import Discrete
from ..observation import ObservationKind
from .spaces import action_space, observation_space


class GameVectorEnv(VectorEnv[Any, Any, Any]):
    """`num_envs` instances by a libarq id; options as keyword arguments. No step costs Python per instance.

    autoreset_mode: SAME_STEP: an ended instance is reset in the same step, its final observation stands in
    infos["final_obs"] with the mask infos["_final_obs"]. DISABLED: the caller resets, with
    reset(options={"reset_mask": mask}). NEXT_STEP is not there: the batch call steps every instance.
    """

    metadata: dict[str, Any] = {
        "render_modes": ["rgb_array"],
        "render_fps": 10,
        "autoreset_mode": AutoresetMode.SAME_STEP,
    }

    def __init__(
        self,
        game: str,
        num_envs: int = 1,
        *,
        render_mode: str | None = None,
        cell_size: int = 16,
        autoreset_mode: Union[AutoresetMode, str] = AutoresetMode.SAME_STEP,
        **options: Any,
    ) -> None:
        mode = AutoresetMode(autoreset_mode)
        if mode not in (AutoresetMode.SAME_STEP, AutoresetMode.DISABLED):
            raise ValueError(f"autoreset_mode is {mode}; accepted: SAME_STEP or DISABLED")
        self.metadata = {**type(self).metadata, "autoreset_mode": mode}
        self.render_mode = render_mode
        self._cell_size = cell_size
        self._same_step = mode is AutoresetMode.SAME_STEP
        self._batch = EnvironmentBatch(game, num_envs, **options)
        self.num_envs = num_envs
        self._kind = self._batch.spec.observation
        self.single_observation_space = observation_space(self._kind)
        self.single_action_space = action_space(self._batch.spec.actions)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)

    @property
    def batch(self) -> EnvironmentBatch:
        """libarq's handle below."""
        return self._batch

    def _observations(self) -> Array:
        """A fresh array, so that the caller's stays what it was."""
        raw = self._batch.raw_observations
        if self._kind.kind is ObservationKind.BIT:
            return self._kind.decode(raw).view(np.uint8)
        return raw.astype(np.int64) if self._kind.kind is ObservationKind.DISCRETE else raw.copy()

    def reset(
        self, *, seed: Any = None, options: dict[str, Any] | None = None
    ) -> tuple[Array, dict[str, Any]]:
        """Resets all instances, or those of options["reset_mask"]; seed: an int (that, that + 1, ...) or one each."""
        mask = None if options is None else options.get("reset_mask")
        if isinstance(seed, (list, tuple)):
            if any((one is None) != (seed[0] is None) for one in seed):
                raise ValueError("seed has None beside ints; accepted: an int, None, or an int for each instance")
            seed = None if seed and seed[0] is None else seed
        self._batch.reset(seed, mask)
        return self._observations(), {}

    def step(self, actions: Any) -> tuple[Array, Array, Array, Array, dict[str, Any]]:
        """One step of every instance."""
        batch = self._batch
        if isinstance(batch.spec.actions, Discrete):
            given = _arrays.integers("actions", actions, _arrays.I32, (self.num_envs,))
        else:
            given = np.ascontiguousarray(actions, np.float64)
        batch.step_raw(given)
        terminated = batch.terminated.astype(np.bool_)
        truncated = batch.truncated.astype(np.bool_)
        rewards = batch.rewards.copy()
        ended = terminated | truncated
        if not self._same_step or not ended.any():
            return self._observations(), rewards, terminated, truncated, {}
        final = self._observations()
        batch.reset(None, ended)
        finals = np.full(self.num_envs, None, dtype=object)
        for index in np.flatnonzero(ended):
            finals[index] = final[index]
        infos = {"final_obs": finals, "_final_obs": ended, "final_info": {}, "_final_info": ended}
        return self._observations(), rewards, terminated, truncated, infos

    def render(self) -> tuple[Array, ...] | None:  # type: ignore[override, unused-ignore]  # gymnasium 1.1
        """A picture of every instance."""
        if self.render_mode is None:
            return None
        return tuple(self._batch[index].render(self._cell_size) for index in range(self.num_envs))

    def close_extras(self, **kwargs: Any) -> None:
        """Frees the batch."""
        self._batch.close()
