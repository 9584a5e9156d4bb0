"""What may stand for an environment: an id, a handle, one in Python, one of Gymnasium."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .context import Context, default_context
from .environment import Box, Environment, EnvironmentSpec
from .errors import NotFoundError


def make_environment(what: Any, context: Context | None = None) -> Environment:
    """A handle with discrete actions for an id, a Gymnasium environment or a CustomEnvironment.

    Box actions are wrapped as discrete ones (see Environment.bang_bang).
    """
    context = context or default_context()
    if isinstance(what, str):
        environment = _open(what, context)
    elif hasattr(what, "action_space") and hasattr(what, "observation_space"):
        from .gymnasium import from_gymnasium

        environment = from_gymnasium(what, context=context)
    elif isinstance(getattr(what, "spec", None), EnvironmentSpec):
        environment = Environment.from_python(what, context=context)
    else:
        raise TypeError(
            f"env is a {type(what).__name__}; accepted: an id such as 'minatar/breakout', a libarq.Environment, a "
            "Gymnasium environment, or an object as libarq.CustomEnvironment says"
        )
    return environment.bang_bang() if isinstance(environment.spec.actions, Box) else environment


def _open(name: str, context: Context) -> Environment:
    try:
        return Environment.open(name, context=context)
    except NotFoundError as error:
        if not _gymnasium_knows(name):
            raise
        text = f"{error.text}; Gymnasium has one: give gymnasium.make({name!r})"
        raise NotFoundError(error.status, text) from None


def _gymnasium_knows(name: str) -> bool:
    try:
        import gymnasium
    except ImportError:
        return False
    return name in gymnasium.registry


@contextmanager
def opened(what: Any, context: Context | None = None) -> Iterator[Environment]:
    """make_environment() for a while; a handle of the caller's stays open."""
    if isinstance(what, Environment):
        yield what
        return
    with make_environment(what, context) as environment:
        yield environment
