"""Handles: opaque pointers of the library that are used safely and freed once.

What a handle owns in C is a `Resource`. Resources know what was made from them, so that closing one frees first what
depends on it, in whatever order Python lets go of the handles. A gate stands before every use: it refuses a closed
handle, and a second thread where the library takes one at a time.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeVar

from . import _prototypes as c
from .errors import BusyError, ClosedError, raise_kept

_Self = TypeVar("_Self", bound="Handle")


class Gate:
    """Lets one thread at a time use a pointer: `with gate as pointer`. A borrowed pointer uses its owner's lock.

    Where every microsecond counts, enter() and leave() do the same.
    """

    __slots__ = ("_lock", "leave", "name", "pointer")

    def __init__(self, name: str, pointer: int, owner: Gate | None = None) -> None:
        self.name = name
        self.pointer: int | None = pointer
        self._lock: threading.Lock = threading.Lock() if owner is None else owner._lock
        self.leave: Callable[[], None] = self._lock.release

    def enter(self) -> int:
        """The pointer; leave() comes next."""
        if not self._lock.acquire(False):
            raise self.busy()
        pointer = self.pointer
        if pointer is None:
            self._lock.release()
            raise ClosedError(c.ARQ_E_ARGUMENT, f"this {self.name} is closed")
        return pointer

    def __enter__(self) -> int:
        return self.enter()

    def __exit__(self, *_: object) -> None:
        self.leave()

    def shut(self, held: list[Gate]) -> bool:
        """Keeps everybody out and adds itself to the held gates; False while somebody is in."""
        if any(gate._lock is self._lock for gate in held):
            return True
        if not self._lock.acquire(False):
            return False
        held.append(self)
        return True

    def open(self) -> None:
        """Undoes shut()."""
        self._lock.release()

    def busy(self) -> BusyError:
        """The refusal."""
        return BusyError(c.ARQ_E_BUSY, f"this {self.name} is in use: by another thread, or by the call that runs this")


class SharedGate(Gate):
    """Lets any number of threads use a pointer, but nobody while it is closed."""

    __slots__ = ("_users",)

    def __init__(self, name: str, pointer: int) -> None:
        super().__init__(name, pointer)
        self._users = 0
        self.leave = self._leave

    def enter(self) -> int:
        with self._lock:
            pointer = self.pointer
            if pointer is None or self._users < 0:
                raise ClosedError(c.ARQ_E_ARGUMENT, f"this {self.name} is closed")
            self._users += 1
        return pointer

    def _leave(self) -> None:
        with self._lock:
            self._users -= 1

    def shut(self, held: list[Gate]) -> bool:
        with self._lock:
            if self._users != 0:
                return False
            self._users = -1
        held.append(self)
        return True

    def open(self) -> None:
        with self._lock:
            self._users = 0


class Resource:
    """A pointer of the library, what frees it, and what depends on it."""

    __slots__ = ("children", "destroy", "gate", "keep", "parents")

    def __init__(self, gate: Gate, destroy: Callable[[int], None] | None, parents: tuple[Resource, ...]) -> None:
        self.gate = gate
        self.destroy = destroy
        self.parents = parents
        self.children: dict[Resource, None] = {}
        self.keep: Any = None
        for parent in parents:
            parent.children[self] = None

    def release(self) -> None:
        """Frees everything that depends on this, then this. Changes nothing if any of it is in use."""
        resources = self._in_order({})
        held: list[Gate] = []
        try:
            for resource in resources:
                if not resource.gate.shut(held):
                    raise resource.gate.busy()
            for resource in resources:
                resource._free()
        finally:
            for gate in held:
                gate.open()

    def _in_order(self, seen: dict[Resource, None]) -> list[Resource]:
        """What depends on this, the youngest first, and this at the end; each once."""
        if self.gate.pointer is None or self in seen:
            return []
        seen[self] = None
        order: list[Resource] = []
        for child in reversed(tuple(self.children)):
            order += child._in_order(seen)
        return [*order, self]

    def _free(self) -> None:
        pointer, self.gate.pointer = self.gate.pointer, None
        for parent in self.parents:
            parent.children.pop(self, None)
        if self.destroy is not None and pointer is not None:
            self.destroy(pointer)
        self.keep = None

    def forget(self) -> None:
        """The library has taken the pointer over: it is closed here, but not freed."""
        self.destroy = None
        self.release()


def _release_quietly(resource: Resource) -> None:
    """For handles that nobody holds any more; one that a thread still computes with is left alone."""
    try:
        resource.release()
    except BusyError:
        pass
    raise_kept()


class Handle:
    """Base of everything that has a counterpart in the library.

    A context manager; `close()` frees it, as does letting go of the last reference. Closing a handle also closes what
    was made from it. Using a closed handle raises ClosedError; using one from two threads at a time BusyError.
    """

    __slots__ = ("__weakref__", "_finalizer", "_gate", "_parents", "_resource")

    def __init__(
        self,
        pointer: int,
        destroy: Callable[[int], None] | None,
        parents: tuple[Handle, ...],
        gate: Gate | None = None,
    ) -> None:
        self._gate = Gate(type(self).__name__, pointer) if gate is None else gate
        self._parents = parents
        self._resource: Resource = Resource(self._gate, destroy, tuple(parent._resource for parent in parents))
        self._finalizer = weakref.finalize(self, _release_quietly, self._resource)

    def close(self) -> None:
        """Frees this handle and what was made from it. Closing twice is fine."""
        self._resource.release()
        self._finalizer.detach()
        raise_kept()

    @property
    def closed(self) -> bool:
        """True once it is closed."""
        return self._gate.pointer is None

    def __repr__(self) -> str:
        return f"<libarq.{type(self).__name__}{' closed' if self.closed else ''}>"

    def __enter__(self: _Self) -> _Self:
        with self._gate:
            return self

    def __exit__(
        self, kind: type[BaseException] | None, exception: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __copy__(self) -> Handle:
        raise TypeError(f"a {type(self).__name__} cannot be copied")

    def __deepcopy__(self, memo: object) -> Handle:
        raise TypeError(f"a {type(self).__name__} cannot be copied")

    def __reduce__(self) -> str:
        raise TypeError(f"a {type(self).__name__} cannot be pickled: make it in the process that uses it")
