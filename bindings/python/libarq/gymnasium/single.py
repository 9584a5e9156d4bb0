"""A libarq environment as a Gymnasium one."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np

from .. import _arrays
from ..environment import Discrete, Environment
from ..observation import ObservationKind
from .spaces import action_space, observation_space


class GameEnv(gymnasium.Env[Any, Any]):
    """An environment by its libarq id; options as keyword arguments. Bits are seen as uint8 0 and 1.

    Pictures: render_mode="rgb_array", `cell_size` pixels a side of one cell.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 10}

    def __init__(self, game: str, render_mode: str | None = None, cell_size: int = 16, **options: Any) -> None:
        if render_mode not in (None, *self.metadata["render_modes"]):
            raise ValueError(f"render_mode is {render_mode!r}; accepted: None or 'rgb_array'")
        self.render_mode = render_mode
        self._cell_size = cell_size
        self._env = Environment.open(game, **options)
        spec = self._env.spec
        self._kind = spec.observation
        self._discrete = isinstance(spec.actions, Discrete)
        self.observation_space = observation_space(spec.observation)
        self.action_space = action_space(spec.actions)

    @property
    def environment(self) -> Environment:
        """libarq's handle below."""
        return self._env

    def _view(self, observation: Any) -> Any:
        if self._kind.kind is ObservationKind.BIT:
            return observation.view(np.uint8)
        return observation

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Begins an episode."""
        super().reset(seed=seed)
        return self._view(self._env.reset(seed)), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """One step."""
        if not self._discrete:
            action = np.ascontiguousarray(action, np.float64)
        observation, reward, terminated, truncated = self._env.step(action)
        return self._view(observation), reward, terminated, truncated, {}

    def render(self) -> _arrays.Array | None:  # type: ignore[override, unused-ignore]  # gymnasium 1.1
        """The present picture, uint8 [height, width, 3]."""
        if self.render_mode is None:
            gymnasium.logger.warn("render() draws nothing: make the environment with render_mode='rgb_array'")
            return None
        return self._env.render(self._cell_size)

    def close(self) -> None:
        """Frees the environment."""
        self._env.close()
