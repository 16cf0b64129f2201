"""Which trace a call belongs to besides its pool's: the cell that runs, or the `with poolviz.trace()` around it.

A scope is entered for one thread (a notebook cell) or for all threads (`with poolviz.trace()`). A call keeps the number of the
innermost scope at its submission; a scope knows its parent, so a trace of the outer one includes the calls of the inner one.
"""

import threading
from collections.abc import Callable, Collection
from itertools import count
from threading import get_ident

_numbers = count(1)
_lock = threading.Lock()

#: For the number of each scope that of the scope around it. Kept beyond the scope's end, as calls may outlive their scope: see `forget`.
parents: dict[int, int] = {}

#: Scopes that are kept anyway: a call may be on its way that was submitted in one of the newest.
NEWEST = 1000


class Scope:
    """A span of a program's life whose calls belong together.

    Args:
        parent: the scope around it.
        on_first: called once, in the thread that submits the scope's first call, just before that call is submitted.
    """

    def __init__(self, parent: "Scope | None" = None, on_first: Callable[[], None] | None = None) -> None:
        self.id = next(_numbers) if parent is not None else 0
        self.parent = parent
        self._on_first = on_first
        self.waiting: bool = on_first is not None or (parent is not None and parent.waiting)
        """Whether `touch` has something to do: the one thing that the hot path looks at."""
        self.open = True
        if parent is not None:
            parents[self.id] = parent.id

    def touch(self) -> None:
        """Run `on_first` of this scope and of those around it, once each."""
        scope: Scope | None = self
        while scope is not None:
            scope.waiting = False
            first, scope._on_first = scope._on_first, None
            if first is not None:
                first()
            scope = scope.parent


#: The scope outside of all others: number 0.
ROOT = Scope()
_threads: dict[int, list[Scope]] = {}
_everywhere: list[Scope] = [ROOT]


def is_within(scope: int, outer: int) -> bool:
    """Whether the scope numbered `scope` is the one numbered `outer` or lies inside it."""
    while scope != outer and scope:
        scope = parents.get(scope, 0)
    return scope == outer


def current() -> Scope:
    """The innermost scope of the calling thread."""
    own = _threads.get(get_ident())
    return own[-1] if own else _everywhere[-1]


def enter(on_first: Callable[[], None] | None = None, *, thread_only: bool) -> Scope:
    """Open a scope inside the current one.

    Args:
        on_first: see `Scope`.
        thread_only: calls of the calling thread alone belong to it; else those of all threads that are in no scope of their own.
    """
    with _lock:
        scope = Scope(current(), on_first)
        own = _threads.get(get_ident())
        if thread_only:
            _threads.setdefault(get_ident(), []).append(scope)
        else:
            _everywhere.append(scope)
            if own:
                own.append(scope)
        return scope


def leave(scope: Scope) -> None:
    """Close a scope, whichever thread opened it and whatever was opened since."""
    with _lock:
        scope.open = False
        if scope._on_first is not None:
            parents.pop(scope.id, None)  # nobody submitted a call in it
        if scope in _everywhere:
            _everywhere.remove(scope)
        for ident, own in list(_threads.items()):
            if scope in own:
                own.remove(scope)
            if not own:
                del _threads[ident]


def forget(wanted: Collection[int]) -> None:
    """Keep no scopes but these, those around them, those that are open, and the newest.

    Args:
        wanted: the numbers of those whose calls can still be asked for.
    """
    with _lock:
        stay = {*wanted, *(scope.id for scope in _everywhere), *(scope.id for own in _threads.values() for scope in own)}
        stay.update(list(parents)[-NEWEST:])
        for scope in list(stay):
            while scope := parents.get(scope, 0):
                stay.add(scope)
        for scope in parents.keys() - stay:
            del parents[scope]
