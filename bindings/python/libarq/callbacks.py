"""What can listen to a training."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .training import Training


class Episode(NamedTuple):
    """A finished episode."""

    step: int
    """Steps of the whole training at its end."""
    total_reward: float
    """Sum of its rewards: the return."""
    length: int


class Callback:
    """Hears of a training; override what is wanted. What a method raises stops the training and comes out of learn();
    nothing that was learned is lost, and learn() can go on."""

    def on_start(self, training: Training) -> None:
        """Learning begins, or goes on."""

    def on_episode(self, training: Training, episode: Episode) -> None:
        """An episode has ended."""

    def on_steps(self, training: Training) -> None:
        """Some steps were made; at every episode's end and about twenty times a second."""

    def on_row(self, training: Training, row: dict[str, float]) -> None:
        """Every metric, every `log_every` steps (see Run.metrics(); "seconds" stands before them)."""

    def on_stop(self, training: Training) -> None:
        """Learning is complete, or was stopped."""
