"""Pictures with matplotlib: learning curves over seeds, metrics of cells, and what neurons look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Union

import numpy as np

from . import files
from ._arrays import Array
from .network import Network
from .training import Training

Source = Union[Training, str, Path]
"""A training, or the folder of a run."""
Runs = Union[Source, Sequence[Source], Mapping[str, Union[Source, Sequence[Source]]]]
"""One run; several seeds of one setting; or settings by name, each with one or several seeds."""


def _axes(axes: Any) -> Any:
    if axes is not None:
        return axes
    import matplotlib.pyplot as plt

    return plt.subplots()[1]


def read_table(path: Any) -> dict[str, Array]:
    """The columns of a CSV file of a run; empty fields are NAN."""
    with open(path, encoding="utf-8") as file:
        names = file.readline().rstrip("\n").split(",")
        rows = np.genfromtxt(file, delimiter=",", ndmin=2)
    columns = rows.T if rows.size else np.empty((len(names), 0))
    return dict(zip(names, columns))


def episodes_of(source: Source) -> tuple[Array, Array]:
    """Step at the end, and return, of every finished episode."""
    if isinstance(source, Training):
        return np.array([episode.step for episode in source.episodes], np.float64), source.returns
    table = read_table(Path(source) / files.EPISODES)
    return table["step"], table["return"]


def _groups(runs: Runs) -> dict[str, list[Source]]:
    def many(what: Union[Source, Sequence[Source]]) -> list[Source]:
        return [what] if isinstance(what, (Training, str, Path)) else list(what)

    if isinstance(runs, Mapping):
        return {name: many(what) for name, what in runs.items()}
    return {"": many(runs)}


def smooth(values: Array, window: int) -> Array:
    """Mean of the last `window` values at each place, of fewer at the beginning."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(1, len(values) + 1)
    begins = np.maximum(0, ends - window)
    result: Array = (sums[ends] - sums[begins]) / (ends - begins)
    return result


def curves(sources: Sequence[Source], window: int = 100, points: int = 200) -> tuple[Array, Array]:
    """Steps [points], and mean return of the last `window` episodes there, [seeds, points].

    The steps reach from the last of the first episodes' ends to the earliest end of the runs: all seeds have a value.
    """
    found = [episodes_of(source) for source in sources]
    if not found or any(len(steps) == 0 for steps, _ in found):
        raise ValueError("a run has no finished episode yet")
    grid = np.linspace(max(steps[0] for steps, _ in found), min(steps[-1] for steps, _ in found), points)
    return grid, np.array([np.interp(grid, steps, smooth(returns, window)) for steps, returns in found])


def learning_curves(
    runs: Runs, *, window: int = 100, spread: str = "range", axes: Any = None, **options: Any
) -> Any:
    """Draws the mean over seeds with its spread, a line for each setting; returns the axes.

    spread: "range" (least to greatest seed), "std", or "none". Further keyword arguments go to Axes.plot.
    """
    if spread not in ("range", "std", "none"):
        raise ValueError(f"spread is {spread!r}; accepted: 'range', 'std' or 'none'")
    axes = _axes(axes)
    groups = _groups(runs)
    for name, sources in groups.items():
        steps, returns = curves(sources, window)
        mean = returns.mean(axis=0)
        (line,) = axes.plot(steps, mean, label=name or None, **options)
        if spread != "none" and len(returns) > 1:
            deviation = returns.std(axis=0)
            low, high = mean - deviation, mean + deviation
            if spread == "range":
                low, high = returns.min(axis=0), returns.max(axis=0)
            axes.fill_between(steps, low, high, color=line.get_color(), alpha=0.2, linewidth=0)
    axes.set_xlabel("environment steps")
    axes.set_ylabel(f"mean return of {window} episodes")
    if any(groups):
        axes.legend()
    return axes


def metric(run: Any, name: str, *, axes: Any = None) -> Any:
    """Draws a column of a run's log.csv over the steps; for one of cells, such as "loss", a line for each."""
    table = read_table(Path(run) / files.LOG)
    columns = [column for column in table if column == name or column.startswith(f"{name}_cell")]
    if not columns:
        raise KeyError(f"no metric {name!r}; there are {', '.join(table)}")
    axes = _axes(axes)
    for column in columns:
        axes.plot(table["steps"], table[column], label=column)
    axes.set_xlabel("environment steps")
    axes.set_ylabel(name)
    axes.legend()
    return axes


def neuron_weights(network: Network, cell: int = 0) -> Array:
    """Weights of a cell's units on the observation, [width, size]."""
    kernel = network.tensors[f"cell{cell}.fc_h.kernel"]
    size = network.observation.size
    if kernel.shape[0] < size:
        raise ValueError(f"cell {cell} does not see the observation: its kernel is {kernel.shape}")
    weights: Array = kernel[:size].T
    return weights


def neurons(
    network: Network,
    *,
    cell: int = 0,
    shape: Sequence[int] | None = None,
    count: int = 16,
    channel: int | None = None,
) -> Any:
    """Draws the weights of a cell's first units on the observation as pictures; returns the figure.

    shape: of the observation, such as (10, 10, 4); None: as the network knows it. channel: one entry of the last
    dimension; None: that of the largest weight, chosen for each unit.
    """
    import matplotlib.pyplot as plt

    weights = neuron_weights(network, cell)[:count]
    sides = tuple(shape or network.observation.shape)
    if len(sides) == 1:
        sides = (1, *sides)
    pictures = weights.reshape(len(weights), *sides[:2], -1)
    columns = int(np.ceil(np.sqrt(len(pictures))))
    figure, grid = plt.subplots(-(-len(pictures) // columns), columns, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    for unit, (axes, picture) in enumerate(zip(grid.flat, pictures)):
        chosen = int(np.abs(picture).max(axis=(0, 1)).argmax()) if channel is None else channel
        largest = float(np.abs(picture).max()) or 1.0
        axes.imshow(picture[:, :, chosen], cmap="RdBu", vmin=-largest, vmax=largest)
        axes.set_title(f"{unit}" if pictures.shape[3] == 1 else f"{unit}, channel {chosen}", fontsize=6)
    return figure
