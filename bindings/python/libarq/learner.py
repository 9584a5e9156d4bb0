"""Lets a network learn from the caller's own batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from . import _arrays, _metrics
from ._arrays import Array
from ._documentation import with_parameters
from ._library import lib
from .config import Config, resolve
from .context import Part, create
from .network import Network

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._parameters import Parameters
    from .replay import Sample


@with_parameters
class Learner(Part):
    """Target network, optimiser and working memory of one network that learns; the target begins as a copy.

    config: instead of preset and parameters; its `batch` is the largest batch of an update.
    """

    __slots__ = ("_network", "window")

    def __init__(
        self,
        network: Network,
        /,
        *,
        preset: str | None = None,
        config: Config | None = None,
        **parameters: Unpack[Parameters],
    ) -> None:
        if not isinstance(network, Network):
            raise TypeError(f"network is {_arrays.kind_of(network)}; accepted: a libarq.Network")
        context = network.context
        settings = resolve(context, config, preset, parameters)
        with network._gate as network_pointer, settings._gate as config_pointer:
            pointer = create(context, lib.arq_learner_create, network_pointer, config_pointer)
        super().__init__(context, pointer, lib.arq_learner_destroy, (network,))
        self._network = network
        self.window = int(lib.arq_learner_window(pointer))
        """Observations of the window ending at s_t that an update wants."""

    @property
    def network(self) -> Network:
        """What learns."""
        return self._network

    def update(
        self,
        observations: Any,
        actions: Array,
        rewards: Array,
        terminated: Array,
        lengths: Array | None = None,
    ) -> None:
        """One update of every cell from its own temporal-difference error; never moves the target network.

        observations: [batch, window + 1] observations: the window ending at s_t, then s_{t+1}. actions: int32 [batch].
        rewards: float32 [batch]. terminated: uint8 or bool [batch], no bootstrap where it is 1.
        lengths: int32 [batch], observations of the window that are no filling; None: all.
        """
        batch = len(actions)
        raw = self._network.observation.encode("observations", observations, batch, self.window + 1)
        ended = terminated.view(np.uint8) if getattr(terminated, "dtype", None) == np.bool_ else terminated
        lengths_at = None
        if lengths is not None:
            lengths_at = _arrays.address(_arrays.check("lengths", lengths, _arrays.I32, [(batch,)]))
        arguments = (
            _arrays.address(raw),
            lengths_at,
            _arrays.address(_arrays.check("actions", actions, _arrays.I32, [(batch,)])),
            _arrays.address(_arrays.check("rewards", rewards, _arrays.F32, [(batch,)])),
            _arrays.address(_arrays.check("terminated", ended, _arrays.U8, [(batch,)])),
        )
        with self._gate as pointer:
            self._check(lib.arq_learner_update(pointer, batch, *arguments))

    def update_from(self, sample: Sample) -> None:
        """update() with what a replay drew."""
        self.update(sample.observations, sample.actions, sample.rewards, sample.terminated, sample.lengths)

    def sync(self) -> None:
        """Moves the target network: target = (1 - tau) target + tau online."""
        with self._gate as pointer:
            self._check(lib.arq_learner_sync(pointer))

    def metric(self, name: str, cell: int = 0) -> float:
        """A number about the last update, such as "loss" or "td_error" of a cell; "updates" counts them."""
        return _metrics.read(self, lib.arq_learner_metric, name, cell)

    def save(self, path: Any) -> None:
        """Saves target network, optimiser and counters (not the online weights) as safetensors; all or nothing."""
        with self._gate as pointer:
            self._check(lib.arq_learner_save(pointer, _arrays.path_bytes(path)))

    def load(self, path: Any) -> None:
        """Takes over a saved learner of the same shape."""
        with self._gate as pointer:
            self._check(lib.arq_learner_load(pointer, _arrays.path_bytes(path)))
