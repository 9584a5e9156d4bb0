"""A learner for a program that owns the loop."""

from __future__ import annotations

import ctypes
import enum
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _arrays, _metrics
from . import _prototypes as c
from ._arrays import Array
from ._documentation import with_parameters
from ._handle import Gate
from ._library import lib
from .config import Config, resolve
from .context import Context, Part, create, default_context
from .errors import raised
from .network import Activations, Network
from .observation import ObservationLike, ObservationSpec

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._parameters import Parameters


class Events(enum.IntFlag):
    """What an observe did."""

    UPDATED = c.ARQ_EVENT_UPDATED
    """The network made an update."""
    SYNCED = c.ARQ_EVENT_SYNCED
    """The target network moved."""
    EPISODE_END = c.ARQ_EVENT_EPISODE_END
    """The episode ended; begin comes next."""
    COLLAPSED = c.ARQ_EVENT_COLLAPSED
    """A cell's spread has collapsed (reported once a cell, also in the log)."""
    EXPLORED = c.ARQ_EVENT_EXPLORED
    """The action was drawn at random, not greedy."""


_act, _observe = lib.arq_agent_act, lib.arq_agent_observe
_EVENTS = tuple(Events(bits) for bits in range(32))


def _address(array: Array | None) -> int | None:
    return None if array is None else _arrays.address(array)


def _flags(name: str, flags: Array, count: int) -> Array:
    """int32 as the library reads it: the caller's own, or a copy of bools."""
    if isinstance(flags, np.ndarray) and flags.dtype == _arrays.I32:
        return _arrays.check(name, flags, _arrays.I32, [(count,)])
    return _arrays.check(name, flags, _arrays.BOOL, [(count,)]).astype(np.int32)


@with_parameters
class Agent(Part):
    """Network, replay, exploration and schedule in one, for a program that owns the loop:

        agent.begin(observation)
        while not (terminated or truncated):
            action = agent.act()
            ...                                 # the world moves
            agent.observe(reward, next_observation, terminated, truncated)

    Several instances of an environment side by side have an episode each, and arrays with a row for each:

        agent.begin_many(observations)
        while True:
            actions = agent.act_many()
            ...                                 # the worlds move
            agent.observe_many(rewards, next_observations, terminated, truncated)
            ...                                 # those that ended begin anew
            agent.begin_many(observations, mask=terminated | truncated)

    observation: an ObservationSpec, or an int or a shape: so many float32 values. actions: how many.
    instances: episodes side by side. config: instead of preset and parameters.
    """

    __slots__ = ("_action", "_action_at", "_actions", "_events", "_events_at", "_instances", "_observation")

    def __init__(
        self,
        observation: ObservationLike,
        actions: int,
        *,
        instances: int = 1,
        preset: str | None = None,
        config: Config | None = None,
        context: Context | None = None,
        **parameters: Unpack[Parameters],
    ) -> None:
        context = context or default_context()
        spec = ObservationSpec.of(observation)
        count = _arrays.integer("actions", actions, 0, _arrays.U32)
        side_by_side = _arrays.integer("instances", instances, 1, 65536)
        settings = resolve(context, config, preset, parameters)
        with context._gate as context_pointer, settings._gate as config_pointer:
            arguments = (context_pointer, config_pointer, spec.kind, spec.size, count, side_by_side)
            pointer = create(context, lib.arq_agent_create_many, *arguments)
        self._begin(context, pointer, (context,), spec, count)

    def _begin(
        self,
        context: Context,
        pointer: int,
        parents: tuple[Any, ...],
        spec: ObservationSpec,
        actions: int,
        owner: Gate | None = None,
    ) -> None:
        gate = Gate("Agent", pointer, owner)
        Part.__init__(self, context, pointer, lib.arq_agent_destroy if owner is None else None, parents, gate)
        self._observation = spec
        self._actions = actions
        self._instances: int = lib.arq_agent_instances(pointer)
        self._action = ctypes.c_int32()
        self._action_at = ctypes.addressof(self._action)
        self._events = ctypes.c_uint32()
        self._events_at = ctypes.addressof(self._events)

    @classmethod
    def _borrow(cls, owner: Part, pointer: int, spec: ObservationSpec, actions: int) -> Agent:
        agent = cls.__new__(cls)
        agent._begin(owner.context, pointer, (owner,), spec, actions, owner._gate)
        return agent

    @property
    def observation(self) -> ObservationSpec:
        """What it looks at."""
        return self._observation

    @property
    def actions(self) -> int:
        """Number of actions."""
        return self._actions

    @property
    def instances(self) -> int:
        """Episodes side by side. With more than one, begin(), act() and observe() are refused with OrderError."""
        return self._instances

    def begin(self, observation: Any) -> None:
        """Begins an episode. One that is still open is closed as truncated."""
        raw = self._observation.encode("observation", observation)
        with self._gate as pointer:
            self._check(lib.arq_agent_begin(pointer, _arrays.address(raw)))

    def act(self) -> int:
        """The action for the newest observation, epsilon-greedy. Asking twice gives the same."""
        pointer = self._gate.enter()
        try:
            status = _act(pointer, self._action_at)
            if status != 0 or raised.exception is not None:
                self._check(status)
            return self._action.value
        finally:
            self._gate.leave()

    def observe(
        self,
        reward: float,
        next_observation: Any,
        terminated: bool = False,
        truncated: bool = False,
        *,
        action: int | None = None,
    ) -> Events:
        """Says what came of the action: stores the transition and learns when it is due.

        action: the one really executed, if it was another than act() gave. terminated wins over truncated.
        """
        raw = self._observation.encode("next_observation", next_observation)
        number = c.ARQ_ACTION_CHOSEN if action is None else _arrays.integer("action", action, 0, 2**31 - 1)
        gained = reward if type(reward) is float else _arrays.number("reward", reward)
        arguments = (number, gained, _arrays.address(raw), bool(terminated), bool(truncated), self._events_at)
        pointer = self._gate.enter()
        try:
            status = _observe(pointer, *arguments)
            if status != 0 or raised.exception is not None:
                self._check(status)
            return _EVENTS[self._events.value & 31]
        finally:
            self._gate.leave()

    def _mask(self, mask: Array | None) -> Array | None:
        return None if mask is None else _arrays.check("mask", mask, _arrays.BOOL, [(self._instances,)])

    def begin_many(self, observations: Array, *, mask: Array | None = None) -> None:
        """Begins an episode in every instance of the mask (bool [instances]; None: all). One that is still open is
        closed as truncated.

        observations: [instances, ...]; the rows of instances outside the mask are not looked at, here and below.
        """
        raw = self._observation.encode("observations", _arrays.in_rows(observations), self._instances)
        chosen = self._mask(mask)
        with self._gate as pointer:
            self._check(lib.arq_agent_begin_many(pointer, _address(chosen), _arrays.address(raw)))

    def act_many(self, *, mask: Array | None = None, out: Array | None = None) -> Array:
        """Actions for the newest observations of the instances of the mask, epsilon-greedy. Asking twice gives the same.

        out: int32 [instances] to write to, where entries outside the mask stay; None: a fresh array, with -1 there.
        """
        chosen = self._mask(mask)
        if out is None:
            out = np.full(self._instances, c.ARQ_ACTION_CHOSEN, np.int32)
        actions = _arrays.check_out("out", out, _arrays.I32, (self._instances,))
        with self._gate as pointer:
            self._check(lib.arq_agent_act_many(pointer, _address(chosen), _arrays.address(actions)))
        return actions

    def observe_many(
        self,
        rewards: Array,
        next_observations: Array,
        terminated: Array,
        truncated: Array,
        *,
        mask: Array | None = None,
        actions: Array | None = None,
    ) -> Events:
        """Says what came of the actions of the instances of the mask: stores the transitions and learns when it is due.

        rewards: float64 [instances]. next_observations: [instances, ...], the final one where an episode ended.
        terminated, truncated: bool [instances], or int32 as in EnvironmentBatch; terminated wins. actions: int32
        [instances], those really executed if they were others than act_many() gave; -1: as given.
        """
        shape = [(self._instances,)]
        raw = self._observation.encode("next_observations", _arrays.in_rows(next_observations), self._instances)
        gained = _arrays.check("rewards", rewards, _arrays.F64, shape)
        ended = _flags("terminated", terminated, self._instances), _flags("truncated", truncated, self._instances)
        done = None if actions is None else _arrays.check("actions", actions, _arrays.I32, shape)
        arrays = (self._mask(mask), done, gained, raw, *ended)
        with self._gate as pointer:
            self._check(lib.arq_agent_observe_many(pointer, *map(_address, arrays), self._events_at))
            return _EVENTS[self._events.value & 31]

    @property
    def network(self) -> Network:
        """The network that learns, to read, write, save or copy between calls; it belongs to the agent."""
        with self._gate as pointer:
            network: int = lib.arq_agent_network(pointer)
        return Network._wrap(self._context, network, (self,), self._observation)

    @property
    def activations(self) -> Activations:
        """What the cells computed for the last greedy act(); to be read only, it belongs to the agent.

        An exploring act() computes nothing (unless context_on_explore is set): the numbers stay those of the greedy one.
        """
        with self._gate as pointer:
            activations: int = lib.arq_agent_activations(pointer)
        return Activations(self._context, activations, self._instances, self._observation, self._actions, self)

    def metric(self, name: str, cell: int = 0) -> float:
        """A number about the agent: "steps", "epsilon", "replay_size", "loss" of a cell, ..."""
        return _metrics.read(self, lib.arq_agent_metric, name, cell)

    def save(self, path: Any) -> None:
        """Saves everything (network, learner, replay, random streams, counters) as safetensors; all or nothing."""
        with self._gate as pointer:
            self._check(lib.arq_agent_save(pointer, _arrays.path_bytes(path)))

    def load(self, path: Any) -> None:
        """Takes over a saved agent made with the same config and sizes; it goes on bit for bit."""
        with self._gate as pointer:
            self._check(lib.arq_agent_load(pointer, _arrays.path_bytes(path)))
