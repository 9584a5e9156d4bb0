"""Gymnasium's vector environments as libarq learns from them: whatever the autoreset mode, an episode for each."""

from __future__ import annotations

import os
import signal
from typing import Any, NamedTuple

import numpy as np
from gymnasium.vector import AsyncVectorEnv, AutoresetMode

from .. import _arrays
from .._arrays import Array
from ..context import Context, default_context
from ..environment import Box, Environment, EnvironmentSpec
from .spaces import VectorSpaces


class Outcome(NamedTuple):
    """What a step gave; rows of instances that did not play mean nothing."""

    observations: Array
    """The final one where an episode ended."""
    rewards: Array
    terminated: Array
    truncated: Array
    begun: Array
    """Which instances have begun their next episode, bool."""
    first: Array
    """Its first observation, in their rows."""


class VectorWorlds:
    """A VectorEnv with discrete actions, or with box actions as discrete ones (see Environment.bang_bang).

    NEXT_STEP: the step that resets an ended instance is none of its own: it does not play then. SAME_STEP: what the
    step gives is the next episode's first observation, the final one stands in infos["final_obs"]. DISABLED: ended
    instances are reset with options={"reset_mask": mask}.
    """

    id = ""

    def __init__(self, env: Any, *, context: Context | None = None, owned: bool = False) -> None:
        self.context = context or default_context()
        self.env = env
        self.count: int = env.num_envs
        self._owned = owned
        self._mode = _autoreset_mode(env)
        self._spaces = VectorSpaces(env)
        spec = self._spaces.spec
        self._box = spec.actions if isinstance(spec.actions, Box) else None
        self.spec = spec if self._box is None else _bang_bang(spec, self.context)
        self.playing: Array = np.ones(self.count, np.bool_)
        """Which instances are inside an episode, and so take part in the next step."""

    def reset(self, seed: int | None) -> Array:
        """Begins an episode in every instance."""
        observations, _ = self.env.reset(seed=seed)
        self.playing = np.ones(self.count, np.bool_)
        return self._spaces.encode(observations)

    def step(self, actions: Array) -> Outcome:
        """One step of all that play, with int32 [count]; where the mode says so, ended ones are reset."""
        given = np.where(self.playing, actions, 0)
        if self._box is not None:
            bits = given[:, None] >> np.arange(self._box.count) & 1
            given = np.where(bits == 1, self._box.high, self._box.low)
        seen, rewards, terminated, truncated, infos = self.env.step(self._spaces.decode(given))
        observations = self._spaces.encode(seen)
        gained = np.ascontiguousarray(rewards, np.float64)
        terminated, truncated = self._flag("terminated", terminated), self._flag("truncated", truncated)
        ended: Array = (terminated | truncated) & self.playing
        if self._mode is AutoresetMode.NEXT_STEP:
            begun, self.playing = ~self.playing, ~ended
            return Outcome(observations, gained, terminated, truncated, begun, observations)
        first = observations
        if ended.any():
            if self._mode is AutoresetMode.SAME_STEP:
                observations = self._with_finals(observations, infos, ended)
            else:
                observations = observations.copy()
                first = self._spaces.encode(self.env.reset(options={"reset_mask": ended.copy()})[0])
        return Outcome(observations, gained, terminated, truncated, ended, first)

    def _flag(self, name: str, value: Any) -> Array:
        return _arrays.check(f"{name} of the vector environment", value, _arrays.BOOL, [(self.count,)])

    def _with_finals(self, observations: Array, infos: dict[str, Any], ended: Array) -> Array:
        finals = infos.get("final_obs")
        missing = [int(i) for i in np.flatnonzero(ended) if finals is None or finals[i] is None]
        if missing:
            raise ValueError(
                f"instance {missing[0]} has ended, and infos has no final_obs of it; accepted with autoreset_mode "
                "SAME_STEP: infos['final_obs'] with the final observation of every instance that has ended"
            )
        assert finals is not None
        observations = observations.copy()
        for i in np.flatnonzero(ended):
            observations[i] = self._spaces.encode_one(finals[i])
        return observations

    def close(self) -> None:
        """Ends the processes of factories; a caller's own environment stays open."""
        if self._owned:
            self.env.close()


def _autoreset_mode(env: Any) -> AutoresetMode:
    mode = (env.metadata or {}).get("autoreset_mode")
    try:
        return AutoresetMode(mode)
    except ValueError:
        accepted = ", ".join(str(one) for one in AutoresetMode)
        raise ValueError(
            f"metadata['autoreset_mode'] of the vector environment is {mode!r}; accepted: {accepted}"
        ) from None


class _Still:
    """Something with a spec, that is never played."""

    def __init__(self, spec: EnvironmentSpec) -> None:
        self.spec = spec

    def reset(self, seed: int | None) -> Any:
        raise NotImplementedError

    def step(self, action: Any) -> tuple[Any, float, bool, bool]:
        raise NotImplementedError


def _bang_bang(spec: EnvironmentSpec, context: Context) -> EnvironmentSpec:
    """The library's own answer to what box actions become, or its refusal."""
    with Environment.from_python(_Still(spec), context=context) as box, box.bang_bang() as discrete:
        return EnvironmentSpec(spec.observation, discrete.spec.actions)


class _Factory:
    """Makes an environment in a process of its own, which Ctrl-C must not stop: the training's process decides."""

    def __init__(self, make: Any) -> None:
        self.make = make
        self._home = os.getpid()

    def __call__(self) -> Any:
        if os.getpid() != self._home:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        return self.make()


def from_factories(factories: list[Any], context: Context | None) -> VectorWorlds:
    """The environments that these make, each in a process, by Gymnasium's AsyncVectorEnv."""
    for index, make in enumerate(factories):
        if not callable(make):
            raise TypeError(
                f"env[{index}] is {_arrays.kind_of(make)}; accepted: a function that makes a Gymnasium environment"
            )
    env = AsyncVectorEnv([_Factory(make) for make in factories], autoreset_mode=AutoresetMode.SAME_STEP)
    return VectorWorlds(env, context=context, owned=True)
