"""Gymnasium environments as libarq's."""

from __future__ import annotations

from typing import Any

import gymnasium

from ..context import Context
from ..environment import Environment
from .spaces import spec_of


class Adapter:
    """A Gymnasium environment as libarq.CustomEnvironment says.

    Gymnasium's terminated and truncated are libarq's, and the observation of an episode's last step is its final one;
    libarq resets explicitly. So a truncated episode is bootstrapped from where it was cut.
    """

    def __init__(self, env: Any) -> None:
        self.env = env
        self.spec, self._encode, self._decode = spec_of(env)

    def reset(self, seed: int | None) -> Any:
        """Gymnasium takes seeds below 2^32 and more; those it refuses are its own exceptions."""
        observation, _ = self.env.reset(seed=seed)
        return self._encode(observation)

    def step(self, action: Any) -> tuple[Any, float, bool, bool]:
        observation, reward, terminated, truncated, _ = self.env.step(self._decode(action))
        return self._encode(observation), float(reward), bool(terminated), bool(truncated)


def from_gymnasium(env: Any, *, context: Context | None = None) -> Environment:
    """A libarq.Environment of a Gymnasium one, which stays the caller's to close.

    Observations: Box (bits, bytes, float32 and float64 as they are, other dtypes as float32), Discrete, MultiBinary,
    and whatever gymnasium.spaces.flatten() makes a vector of. Actions: Discrete or Box (see Environment.bang_bang).
    """
    if hasattr(env, "num_envs"):
        raise TypeError("env is a VectorEnv; accepted: a single gymnasium.Env")
    return Environment.from_python(Adapter(env), context=context)


class SecondInstance(Adapter):
    """An adapter that closes its environment at its end."""

    def close(self) -> None:
        """Called by the handle."""
        self.env.close()


def another(env: Any) -> SecondInstance | None:
    """A second instance by the environment's own spec, wrappers included; None where Gymnasium cannot make one."""
    spec = getattr(env, "spec", None)
    if spec is None:
        return None
    try:
        made = gymnasium.make(spec)
    except Exception:  # an entry point that needs more than its spec: there is no second instance then
        return None
    if made.observation_space != env.observation_space or made.action_space != env.action_space:
        made.close()  # type: ignore[no-untyped-call, unused-ignore]  # gymnasium 1.1
        return None
    return SecondInstance(made)
