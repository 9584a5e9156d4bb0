"""What may stand for an environment: an id, a handle, one in Python, one or several of Gymnasium."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Union

from . import _arrays
from .batch import EnvironmentBatch
from .context import Context, default_context
from .environment import Box, Environment, EnvironmentSpec
from .errors import NotFoundError

if TYPE_CHECKING:
    from .gymnasium.worlds import VectorWorlds

_logger = logging.getLogger("libarq")

Opened = Union[Environment, EnvironmentBatch, "VectorWorlds"]
"""Where learning and evaluation can go on."""


def make_environment(what: Any, environments: int | None = None, context: Context | None = None) -> Opened:
    """Something with discrete actions for whatever train() takes; a libarq handle of the caller's as it is.

    environments: how many instances of an id; None: one. Everything else has its own number.
    """
    if environments is not None:
        environments = _arrays.integer("environments", environments, 1, 65536)
    if isinstance(what, str):
        return _discrete(_open(what, environments or 1, context or default_context()))
    made = _own(what, context)
    count = 1 if isinstance(made, Environment) else made.count
    if environments not in (None, count):
        if made is not what:
            made.close()
        raise ValueError(
            f"environments is {environments}, but env is {count} of them; accepted: {count} or None, and any number "
            "where env is an id"
        )
    return made


def _own(what: Any, context: Context | None) -> Opened:
    """All but ids."""
    if isinstance(what, (Environment, EnvironmentBatch)):
        return what
    if hasattr(what, "num_envs"):
        from .gymnasium.worlds import VectorWorlds

        return VectorWorlds(what, context=context)
    if isinstance(what, (list, tuple)) and what:
        from .gymnasium.worlds import from_factories

        return from_factories(list(what), context)
    context = context or default_context()
    if hasattr(what, "action_space") and hasattr(what, "observation_space"):
        from .gymnasium import from_gymnasium

        return _discrete(from_gymnasium(what, context=context))
    if isinstance(getattr(what, "spec", None), EnvironmentSpec):
        return _discrete(Environment.from_python(what, context=context))
    given = "an empty list" if isinstance(what, (list, tuple)) else _arrays.kind_of(what)
    raise TypeError(
        f"env is {given}; accepted: an id such as 'minatar/breakout', a libarq.Environment or EnvironmentBatch, a "
        "Gymnasium environment or VectorEnv, a list of functions that make Gymnasium environments, or an object as "
        "libarq.CustomEnvironment says"
    )


def _discrete(made: Union[Environment, EnvironmentBatch]) -> Opened:
    """Box actions are wrapped as discrete ones (see Environment.bang_bang), which the log says."""
    if not isinstance(made.spec.actions, Box):
        return made
    wrapped = made.bang_bang()
    components, actions = made.spec.actions.count, wrapped.spec.actions.count
    _logger.info("%s: %d components, each at its low or high bound: %d actions", made.id, components, actions)
    return wrapped


def _open(name: str, count: int, context: Context) -> Union[Environment, EnvironmentBatch]:
    try:
        if count == 1:
            return Environment.open(name, context=context)
        return EnvironmentBatch(name, count, context=context)
    except NotFoundError as error:
        if not _gymnasium_knows(name):
            raise
        several = "" if count == 1 else f", or for many side by side gymnasium.make_vec({name!r}, num_envs={count})"
        text = f"{error.text}; Gymnasium has one: give gymnasium.make({name!r}){several}"
        raise NotFoundError(error.status, text) from None


def _gymnasium_knows(name: str) -> bool:
    try:
        import gymnasium
    except ImportError:
        return False
    return name in gymnasium.registry


def is_handle(what: Any) -> bool:
    """True for what make_environment() gives back as it is."""
    return isinstance(what, (Environment, EnvironmentBatch))


@contextmanager
def opened(what: Any, context: Context | None = None, *, environments: int | None = None) -> Iterator[Opened]:
    """make_environment() for a while; a handle of the caller's stays open."""
    made = make_environment(what, environments, context)
    try:
        yield made
    finally:
        if made is not what:
            made.close()
