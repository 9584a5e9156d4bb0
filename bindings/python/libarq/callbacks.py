"""What can listen to a training."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .training import Training


class Episode(NamedTuple):
    """An episode that has ended."""

    step: int
    """Steps of the whole training at its end."""
    total_reward: float
    """Sum of its rewards: the return."""
    length: int
    end: str
    """How it ended: "terminated" by the rules, "truncated", or "failed" with its environment."""
    instance: int
    """Which of the environments side by side it was played in, from 0."""


class Callback:
    """Hears of a training; override what is wanted. What a method raises stops the training and comes out of learn();
    nothing that was learned is lost, and learn() can go on."""

    def on_start(self, training: Training) -> None:
        """Learning begins, or goes on."""

    def on_episode(self, training: Training, episode: Episode) -> None:
        """An episode has ended; called for each, in the order of their ends."""

    def on_steps(self, training: Training) -> None:
        """Some steps were made; about twenty times a second, and where episodes have ended."""

    def on_row(self, training: Training, row: dict[str, float]) -> None:
        """Every metric, every `log_every` steps (see Run.metrics(); "seconds" stands before them)."""

    def on_stop(self, training: Training) -> None:
        """Learning is complete, or was stopped."""
