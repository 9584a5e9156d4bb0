"""What a saved network is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .config import parameters
from .errors import Error
from .evaluation import _network_of
from .files import environment_of
from .observation import ObservationSpec


@dataclass(frozen=True)
class Inspection:
    """Method, sizes, parameters and tensors of a network; print() shows them."""

    method: str
    cells: int
    observation: ObservationSpec
    actions: int
    environment: str
    """The id it was trained on; "" if unknown."""
    parameters: dict[str, Any]
    tensors: dict[str, tuple[int, ...]]

    @property
    def weights(self) -> int:
        """How many numbers all tensors hold."""
        total = 0
        for shape in self.tensors.values():
            count = 1
            for side in shape:
                count *= side
            total += count
        return total

    def __str__(self) -> str:
        what = f"{self.observation.size} {self.observation.kind.name.lower()} values"
        lines = [f"{self.method} network of {self.cells} cells, {what}, {self.actions} actions"]
        if self.environment:
            lines.append(f"trained on {self.environment}")
        lines += ["", "parameters", *(f"  {name:22} {value}" for name, value in self.parameters.items())]
        lines += ["", "tensors", *(f"  {name:32} {list(shape)}" for name, shape in self.tensors.items())]
        return "\n".join([*lines, f"  {'all weights':32} {self.weights}"])


def inspect(what: Any) -> Inspection:
    """Describes the folder of a run, a saved network or agent, or a Network."""
    network, opened = _network_of(what)
    if network is None:
        raise TypeError("what is a player that acts at random; accepted: a network")
    try:
        environment = environment_of(what)
    except (TypeError, ValueError):
        environment = ""
    values: dict[str, Any] = {}
    for row in parameters():
        try:
            values[row.name] = network.parameter(row.name)
        except Error:
            continue
    try:
        return Inspection(
            str(values.get("network", "")),
            network.cells,
            network.observation,
            network.actions,
            environment,
            values,
            network.tensors.shapes(),
        )
    finally:
        if opened:
            network.close()
