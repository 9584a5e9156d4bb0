"""Registers libarq's environments with Gymnasium."""

from __future__ import annotations

from gymnasium.envs import registration

from ..registry import environments


def gymnasium_id(id: str) -> str:
    """minatar/breakout is libarq/minatar-breakout-v0: Gymnasium's ids have one slash and a version."""
    return f"libarq/{id.replace('/', '-')}-v0"


def register() -> None:
    """Registers every environment that libarq can open by id; those that are registered already stay."""
    for type_ in environments():
        name = gymnasium_id(type_.id)
        if name not in registration.registry:
            registration.register(
                id=name,
                entry_point="libarq.gymnasium.single:GameEnv",
                vector_entry_point="libarq.gymnasium.vector:GameVectorEnv",
                kwargs={"game": type_.id},
            )
