"""Networks to act with, and the activations that episodes carry along."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _arrays
from . import _prototypes as c
from ._arrays import Array
from ._documentation import with_parameters
from ._handle import Gate, SharedGate
from ._interrupts import whole
from ._library import lib
from ._tensors import Tensors
from .config import Config, parse, resolve
from .context import Context, Part, create, default_context
from .observation import ObservationKind, ObservationLike, ObservationSpec

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._parameters import Parameters


@with_parameters
class Network(Part):
    """The weights of a network with fresh values; Network.open(path) takes them from a file.

    observation: an ObservationSpec, or an int or a shape: so many float32 values. actions: how many.
    config: instead of preset and parameters.

    Many threads may act with one network, each with its own Activations; a change meanwhile raises BusyError.
    """

    __slots__ = ("_actions", "_observation")

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
            pointer = create(context, lib.arq_network_create, *arguments)
        self._begin(context, pointer, (context,), spec)

    def _begin(self, context: Context, pointer: int, parents: tuple[Any, ...], spec: ObservationSpec | None) -> None:
        borrowed = not isinstance(parents[0], Context)
        destroy = None if borrowed else lib.arq_network_destroy
        Part.__init__(self, context, pointer, destroy, parents, SharedGate("Network", pointer))
        self._observation = spec or self._ask_observation()
        self._actions = int(lib.arq_network_actions(pointer))

    def _ask_observation(self) -> ObservationSpec:
        kind, size = ctypes.c_int32(), ctypes.c_uint32()
        with self._gate as pointer:
            self._check(lib.arq_network_observation(pointer, ctypes.byref(kind), ctypes.byref(size)))
        return ObservationSpec(ObservationKind(kind.value), size.value)

    @classmethod
    def _wrap(
        cls, context: Context, pointer: int, parents: tuple[Any, ...], spec: ObservationSpec | None = None
    ) -> Network:
        network = cls.__new__(cls)
        network._begin(context, pointer, parents, spec)
        return network

    @classmethod
    @whole
    def open(cls, path: Any, *, context: Context | None = None) -> Network:
        """A network from a file: shape and weights. An agent's file will do."""
        context = context or default_context()
        with context._gate as context_pointer:
            pointer = create(context, lib.arq_network_open, context_pointer, _arrays.path_bytes(path))
        return cls._wrap(context, pointer, (context,))

    @whole
    def copy(self) -> Network:
        """A copy, for acting on while this one learns."""
        with self._gate as own:
            pointer = create(self._context, lib.arq_network_copy, own)
        return self._wrap(self._context, pointer, (self._context,), self._observation)

    @property
    def observation(self) -> ObservationSpec:
        """What it looks at."""
        return self._observation

    @property
    def actions(self) -> int:
        """Number of actions."""
        return self._actions

    @property
    def cells(self) -> int:
        """Number of cells (layers)."""
        with self._gate as pointer:
            return int(lib.arq_network_cells(pointer))

    def parameter(self, name: str) -> Any:
        """The value a parameter had when this network was made or saved."""
        buffer = ctypes.create_string_buffer(256)
        with self._gate as pointer:
            name_bytes = _arrays.text_bytes("name", name)
            self._check(lib.arq_network_parameter(pointer, name_bytes, buffer, len(buffer)))
        return parse(name, buffer.value.decode())

    @property
    def tensors(self) -> Tensors:
        """The weights by name."""
        return Tensors(self, "arq_network")

    def save(self, path: Any) -> None:
        """Saves shape and weights as safetensors; all or nothing."""
        with self._gate as pointer:
            self._check(lib.arq_network_save(pointer, _arrays.path_bytes(path)))

    def load(self, path: Any) -> None:
        """Takes over saved weights of the same shape."""
        with self._gate as pointer:
            self._check(lib.arq_network_load(pointer, _arrays.path_bytes(path)))

    @whole
    def activations(self, episodes: int = 1) -> Activations:
        """What `episodes` that run side by side carry from step to step, all at their beginning."""
        count = _arrays.integer("episodes", episodes, 0, _arrays.U32)
        with self._gate as own:
            pointer = create(self._context, lib.arq_activations_create, own, count)
        return Activations(self._context, pointer, count, self._observation, self._actions)

    def q(self, activations: Activations, observations: Any, out: Array | None = None) -> Array:
        """Q for the present observation of every episode, float32 [episodes, actions]. No context moves on."""
        raw = activations.encode(observations)
        values = _arrays.out_or_new("out", out, _arrays.F32, (activations.episodes, self._actions))
        self._run(lib.arq_network_q, activations, raw, values)
        return values

    def act(self, activations: Activations, observations: Any, out: Array | None = None) -> Array:
        """Plays one greedy step of every episode: int32 [episodes]. Every context moves on."""
        raw = activations.encode(observations)
        actions = _arrays.out_or_new("out", out, _arrays.I32, (activations.episodes,))
        self._run(lib.arq_network_act, activations, raw, actions)
        return actions

    def _run(self, function: Any, activations: Activations, observations: Array, out: Array) -> None:
        state = activations._gate.enter()
        try:
            with self._gate as pointer:
                self._check(function(pointer, state, _arrays.address(observations), _arrays.address(out)))
        finally:
            activations._gate.leave()

    def __repr__(self) -> str:
        if self.closed:
            return "<libarq.Network closed>"
        kind = self.parameter("network")
        return f"<libarq.Network {kind}, {self.cells} cells, {self._observation.size} values, {self._actions} actions>"


class Activations(Part):
    """What the cells of one or several episodes did at the step before; made by Network.activations().

    Any network of the same shape can act with them, so that a newer copy can take over in the middle of an episode.
    """

    __slots__ = ("_actions", "_observation", "episodes")

    def __init__(
        self,
        context: Context,
        pointer: int,
        episodes: int,
        observation: ObservationSpec,
        actions: int,
        owner: Part | None = None,
    ) -> None:
        if owner is None:
            super().__init__(context, pointer, lib.arq_activations_destroy, (context,))
        else:
            super().__init__(context, pointer, None, (owner,), Gate("Activations", pointer, owner._gate))
        self.episodes = episodes
        """How many run side by side."""
        self._observation = observation
        self._actions = actions

    def encode(self, observations: Any) -> Array:
        """Observations as the library reads them; for one episode the first dimension may be missing."""
        spec = self._observation
        if self.episodes == 1 and (not isinstance(observations, np.ndarray) or spec.is_one(observations)):
            return spec.encode("observations", observations)
        return spec.encode("observations", observations, self.episodes)

    def begin(self, episode: int = 0) -> None:
        """Begins an episode: its context becomes zero."""
        with self._gate as pointer:
            self._check(lib.arq_activations_begin(pointer, _arrays.integer("episode", episode, 0, _arrays.U32)))

    def advance(self, episode: int = 0) -> None:
        """Moves an episode's context on to what the last Network.q() computed."""
        with self._gate as pointer:
            self._check(lib.arq_activations_advance(pointer, _arrays.integer("episode", episode, 0, _arrays.U32)))

    def _read(self, what: int, cell: int, episode: int) -> Array:
        count = ctypes.c_size_t()
        where = _arrays.integer("cell", cell, 0, _arrays.U32), _arrays.integer("episode", episode, 0, _arrays.U32)
        with self._gate as pointer:
            self._check(lib.arq_activations_read(pointer, what, *where, None, 0, ctypes.byref(count)))
            values = np.empty(count.value, np.float32)
            address = _arrays.address(values)
            self._check(lib.arq_activations_read(pointer, what, *where, address, count.value, ctypes.byref(count)))
        return values

    def previous(self, cell: int = 0, episode: int = 0) -> Array:
        """The papers' context: what this cell carried into the step, [width]."""
        return self._read(c.ARQ_ACTIVATION_CONTEXT, cell, episode)

    def h(self, cell: int = 0, episode: int = 0) -> Array:
        """Hidden activations of the last Network.q(), [width]."""
        return self._read(c.ARQ_ACTIVATION_H, cell, episode)

    def y(self, cell: int = 0, episode: int = 0) -> Array:
        """Outputs before the goodness, [actions, outputs]."""
        return self._read(c.ARQ_ACTIVATION_Y, cell, episode).reshape(self._actions, -1)

    def q(self, cell: int = 0, episode: int = 0) -> Array:
        """The cell's own Q, [actions]."""
        return self._read(c.ARQ_ACTIVATION_Q, cell, episode)
