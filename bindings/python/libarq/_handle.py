"""Handles: opaque pointers of the library that are used safely and freed once.

What a handle owns in C is a `Resource`. Resources know what was made from them, so that closing one frees first what
depends on it, in whatever order Python lets go of the handles. A gate stands before every use: it refuses a closed
handle, and a second thread where the library takes one at a time.
"""

from __future__ import annotations

import sys
import threading
import weakref
from collections import deque
from collections.abc import Callable
from types import CodeType, FrameType, TracebackType
from typing import Any, TypeVar

from . import _prototypes as c
from ._arrays import with_article
from ._interrupts import InFinalizer, whole
from .errors import BusyError, ClosedError, raise_kept

_Self = TypeVar("_Self", bound="Handle")


_Use = tuple[int, CodeType]
"""Who uses a gate: a frame's id and code. The frame itself would keep alive whatever it refers to."""

_taking_over = threading.Lock()


def _user(frame: FrameType) -> _Use:
    return id(frame), frame.f_code


def _is_running(use: _Use) -> bool:
    """Whether the frame is on the stack of some thread."""
    for top in sys._current_frames().values():
        frame: FrameType | None = top
        while frame is not None:
            if id(frame) == use[0] and frame.f_code is use[1]:
                return True
            frame = frame.f_back
    return False


class Gate:
    """Lets one user at a time have a pointer: `with gate as pointer`. A borrowed pointer uses its owner's gate.

    Where every microsecond counts, enter() and leave() do the same: the frame that calls the one calls the other.

    A KeyboardInterrupt can fall between any two steps of Python, also between entering and the block that leaves. So
    what is kept is which frame has entered, and one that no longer runs has left. Taking and noting are one step.
    """

    __slots__ = ("_holder", "leave", "name", "pointer")

    def __init__(self, name: str, pointer: int, owner: Gate | None = None) -> None:
        self.name = name
        self.pointer: int | None = pointer
        self._holder: dict[int, _Use] = {} if owner is None else owner._holder
        self.leave: Callable[[], None] = self._holder.clear

    def enter(self) -> int:
        """The pointer; leave() comes next."""
        frame = sys._getframe(1)
        use = (id(frame), frame.f_code)
        if self._holder.setdefault(0, use) is not use and not self._take_over(use):
            raise self.busy()
        pointer = self.pointer
        if pointer is None:
            self._holder.clear()
            raise ClosedError(c.ARQ_E_ARGUMENT, f"this {self.name} is closed")
        return pointer

    __enter__ = enter

    def __exit__(self, *_: object) -> None:
        self._holder.clear()

    def _take_over(self, use: _Use) -> bool:
        """Takes it from a frame that was interrupted before it could leave."""
        if not _taking_over.acquire(False):
            return False
        try:
            holder = self._holder.setdefault(0, use)
            if holder is not use and not _is_running(holder):
                self._holder[0] = use
            return self._holder[0] is use
        finally:
            _taking_over.release()

    def shut(self, held: list[Gate], use: _Use) -> bool:
        """Keeps everybody out and adds itself to the held gates; False while somebody is in."""
        if any(gate._holder is self._holder for gate in held):
            return True
        if self._holder.setdefault(0, use) is not use and not self._take_over(use):
            return False
        held.append(self)
        return True

    def open(self) -> None:
        """Undoes shut()."""
        self._holder.clear()

    def busy(self) -> BusyError:
        """The refusal."""
        return BusyError(c.ARQ_E_BUSY, f"this {self.name} is in use: by another thread, or by the call that runs this")


class SharedGate(Gate):
    """Lets any number of users have a pointer, but nobody while it is closed."""

    __slots__ = ("_users",)

    def __init__(self, name: str, pointer: int) -> None:
        super().__init__(name, pointer)
        self._users: list[_Use] = []
        self.leave = self._leave

    def enter(self) -> int:
        use = _user(sys._getframe(1))
        self._users.append(use)
        pointer = self.pointer
        if pointer is None or self._holder:
            self._users.remove(use)
            raise ClosedError(c.ARQ_E_ARGUMENT, f"this {self.name} is closed")
        return pointer

    __enter__ = enter

    def _leave(self) -> None:
        self._users.remove(_user(sys._getframe(1)))

    def __exit__(self, *_: object) -> None:
        self._users.remove(_user(sys._getframe(1)))

    def shut(self, held: list[Gate], use: _Use) -> bool:
        if not super().shut(held, use):
            return False
        if any(map(_is_running, tuple(self._users))):
            held.remove(self)
            self.open()
            return False
        return True


class Resource:
    """A pointer of the library, what frees it, and what depends on it."""

    __slots__ = ("children", "destroy", "drop", "gate", "keep", "parents")

    def __init__(self, gate: Gate, destroy: Callable[[int], None] | None, parents: tuple[Resource, ...]) -> None:
        self.gate = gate
        self.destroy = destroy
        self.parents = parents
        self.children: dict[Resource, None] = {}
        self.keep: Any = None
        self.drop: _Drop | None = None

    def depend(self) -> None:
        """From now on closing a parent closes this first."""
        for parent in self.parents:
            parent.children[self] = None

    def release(self) -> None:
        """Frees everything that depends on this, then this. Changes nothing if any of it is in use.

        To be called where no Ctrl-C can leave it half done.
        """
        resources = self._in_order({})
        held: list[Gate] = []
        use = _user(sys._getframe())
        try:
            for resource in resources:
                if not resource.gate.shut(held, use):
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
        self.keep = self.drop = None

    def forget(self) -> None:
        """The library has taken the pointer over: it is closed here, but not freed."""
        self.destroy = None
        self.release()


class _Drop(weakref.ref[Any]):
    """Tells the queue below when its handle is dropped, without a single instruction of Python."""

    __slots__ = ("resource",)
    resource: Resource


_dropped: deque[_Drop] = deque()


def _release_dropped() -> None:
    """A Ctrl-C that strikes a finalizer at its very beginning ends it: then what was dropped is freed here."""
    while _dropped:
        _release_quietly(_dropped.popleft().resource)


def _release_quietly(resource: Resource) -> None:
    """For handles that nobody holds any more; one that a thread still computes with is left alone."""
    with InFinalizer():
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
        _release_dropped()
        self._finalizer = weakref.finalize(self, _release_quietly, self._resource)
        self._resource.drop = _Drop(self, _dropped.append)
        self._resource.drop.resource = self._resource
        self._resource.depend()

    def __init_subclass__(cls, **keywords: Any) -> None:
        """Whatever a constructor makes in the library has its finalizer before a Ctrl-C can come."""
        super().__init_subclass__(**keywords)
        if "__init__" in cls.__dict__:
            setattr(cls, "__init__", whole(cls.__dict__["__init__"]))

    @whole
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
        raise TypeError(f"{self._called()} cannot be copied")

    def __deepcopy__(self, memo: object) -> Handle:
        raise TypeError(f"{self._called()} cannot be copied")

    def __reduce__(self) -> str:
        moves = "; save() and load() move what it holds" if hasattr(self, "save") and hasattr(self, "load") else ""
        raise TypeError(f"{self._called()} cannot be pickled: make it in the process that uses it{moves}")

    def _called(self) -> str:
        return with_article(type(self).__name__)
