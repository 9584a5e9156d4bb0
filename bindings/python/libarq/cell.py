"""One cell as a trainable layer."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from . import _arrays
from ._arrays import Array
from ._documentation import with_parameters
from ._library import lib
from ._tensors import Tensors
from .config import Config, resolve
from .context import Context, Part, create, default_context

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._parameters import Parameters


class Forward(NamedTuple):
    """What a cell computes."""

    h: Array
    """Hidden activations, [batch, width]."""
    y: Array
    """Outputs before the goodness: [batch, actions, outputs], or [batch, outputs] for one action a row."""
    q: Array
    """[batch, actions], or [batch] for one action a row."""


@with_parameters
class Cell(Part):
    """One cell: it predicts Q by itself and learns from its own error towards targets of the caller's.

    inputs: values of a row of x. width: units, the length of h. actions: how many.
    config: instead of preset and parameters; its `batch` is the largest batch of a call.
    """

    __slots__ = ("actions", "inputs", "width")

    def __init__(
        self,
        inputs: int,
        width: int,
        actions: int,
        *,
        preset: str | None = None,
        config: Config | None = None,
        context: Context | None = None,
        **parameters: Unpack[Parameters],
    ) -> None:
        context = context or default_context()
        self.inputs = _arrays.integer("inputs", inputs, 0, _arrays.U32)
        self.width = _arrays.integer("width", width, 0, _arrays.U32)
        self.actions = _arrays.integer("actions", actions, 0, _arrays.U32)
        settings = resolve(context, config, preset, parameters)
        with context._gate as context_pointer, settings._gate as config_pointer:
            sizes = (self.inputs, self.width, self.actions)
            pointer = create(context, lib.arq_cell_create, context_pointer, config_pointer, *sizes)
        super().__init__(context, pointer, lib.arq_cell_destroy, (context,))

    @property
    def outputs(self) -> int:
        """Length of y for one action."""
        with self._gate as pointer:
            return int(lib.arq_cell_outputs(pointer))

    @property
    def tensors(self) -> Tensors:
        """The parameters by name."""
        return Tensors(self, "arq_cell")

    def _rows(self, x: Any) -> Array:
        batch = x.shape[0] if isinstance(x, np.ndarray) and x.ndim == 2 else 1
        return _arrays.check("x", x, _arrays.F32, [(batch, self.inputs)])

    def forward(self, x: Array, actions: Array | None = None) -> Forward:
        """Forward pass of x, float32 [batch, inputs], for every action, or for one a row (int32 [batch])."""
        rows = self._rows(x)
        batch = rows.shape[0]
        lead = (batch, self.actions) if actions is None else (batch,)
        result = Forward(
            np.empty((batch, self.width), np.float32),
            np.empty((*lead, self.outputs), np.float32),
            np.empty(lead, np.float32),
        )
        outputs = tuple(map(_arrays.address, result))
        with self._gate as pointer:
            if actions is None:
                self._check(lib.arq_cell_forward(pointer, batch, _arrays.address(rows), *outputs))
            else:
                chosen = _arrays.check("actions", actions, _arrays.I32, [(batch,)])
                addresses = _arrays.address(rows), _arrays.address(chosen)
                self._check(lib.arq_cell_forward_actions(pointer, batch, *addresses, *outputs))
        return result

    def update(self, x: Array, actions: Array, targets: Array) -> float:
        """One local update of Q(x, action) towards targets, float32 [batch]; returns the loss before it."""
        rows = self._rows(x)
        batch = rows.shape[0]
        chosen = _arrays.check("actions", actions, _arrays.I32, [(batch,)])
        wanted = _arrays.check("targets", targets, _arrays.F32, [(batch,)])
        loss = ctypes.c_float()
        addresses = (_arrays.address(rows), _arrays.address(chosen), _arrays.address(wanted))
        with self._gate as pointer:
            self._check(lib.arq_cell_update(pointer, batch, *addresses, ctypes.byref(loss)))
        return loss.value

    def save(self, path: Any) -> None:
        """Saves weights and optimiser state as safetensors; all or nothing."""
        with self._gate as pointer:
            self._check(lib.arq_cell_save(pointer, _arrays.path_bytes(path)))

    def load(self, path: Any) -> None:
        """Takes over a saved cell of the same shape."""
        with self._gate as pointer:
            self._check(lib.arq_cell_load(pointer, _arrays.path_bytes(path)))
