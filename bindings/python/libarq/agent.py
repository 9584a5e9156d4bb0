"""A learner for a program that owns the loop."""

from __future__ import annotations

import ctypes
import enum
from typing import TYPE_CHECKING, Any

from . import _arrays, _metrics
from . import _prototypes as c
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


@with_parameters
class Agent(Part):
    """Network, replay, exploration and schedule in one, for a program that owns the loop:

        agent.begin(observation)
        while not (terminated or truncated):
            action = agent.act()
            ...                                 # the world moves
            agent.observe(reward, next_observation, terminated, truncated)

    observation: an ObservationSpec, or an int or a shape: so many float32 values. actions: how many.
    config: instead of preset and parameters.
    """

    __slots__ = ("_action", "_action_at", "_actions", "_events", "_events_at", "_observation")

    def __init__(
        self,
        observation: ObservationLike,
        actions: int,
        *,
        preset: str | None = None,
        config: Config | None = None,
        context: Context | None = None,
        **parameters: Unpack[Parameters],
    ) -> None:
        context = context or default_context()
        spec = ObservationSpec.of(observation)
        count = _arrays.integer("actions", actions, 0, _arrays.U32)
        settings = resolve(context, config, preset, parameters)
        with context._gate as context_pointer, settings._gate as config_pointer:
            arguments = (context_pointer, config_pointer, spec.kind, spec.size, count)
            pointer = create(context, lib.arq_agent_create, *arguments)
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
        arguments = (number, float(reward), _arrays.address(raw), bool(terminated), bool(truncated), self._events_at)
        pointer = self._gate.enter()
        try:
            status = _observe(pointer, *arguments)
            if status != 0 or raised.exception is not None:
                self._check(status)
            return _EVENTS[self._events.value & 31]
        finally:
            self._gate.leave()

    @property
    def network(self) -> Network:
        """The network that learns, to read, write, save or copy between calls; it belongs to the agent."""
        with self._gate as pointer:
            network: int = lib.arq_agent_network(pointer)
        return Network._wrap(self._context, network, (self,), self._observation)

    @property
    def activations(self) -> Activations:
        """What the cells computed for the last greedy act(); to be read only, it belongs to the agent.

        An exploring act() computes nothing (but with context_on_explore): the numbers stay those of the greedy one.
        """
        with self._gate as pointer:
            activations: int = lib.arq_agent_activations(pointer)
        return Activations(self._context, activations, 1, self._observation, self._actions, self)

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
