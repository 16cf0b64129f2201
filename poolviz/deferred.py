"""What finalizers leave to others.

    the garbage collector, in any thread, between any two steps          a flush, a new pool, a map, a worker between two calls
    -----------------------------------------------------------          ------------------------------------------------------
    a finalizer: leave(work) ---> deque.append ---------------------->   run(): the work, in its order

A finalizer runs in the middle of whatever the thread was doing: under a lock of ours, inside a list that is half changed, deep in a
recursion. If it took a lock it could wait for its own thread, or for one that waits for a lock that this thread holds.

Invariants
- A finalizer of poolviz (a `__del__`, a callback of a weak reference, `weakref.finalize`, a generator that the collector closes) takes no
  lock, waits for nothing and runs no user code. It sets flags, appends to lists, writes to a wake-up pipe, and leaves the rest here.
- `run` is called with no lock of ours held, and never by the collector.
- What is left is done by one thread, and once; only what a signal's handler breaks off is done again. Each work must bear that.

A generator that a `break` closes and one that the collector closes see the same GeneratorExit. `collecting` tells them apart: a `break`
cancels at once, the collector leaves it here.
"""

from __future__ import annotations

import gc
import logging
import os
import threading
from collections import deque
from collections.abc import Callable
from threading import get_ident
from typing import Any

from poolviz import interrupts

logger = logging.getLogger("poolviz")

#: What is to be done. Whoever looks often asks whether it is empty before it calls `run`.
due: deque[Callable[[], object]] = deque()

_phases: dict[str, object] = {}
"""The last word of the collector, ``start`` or ``stop``, at the end; each with an object that is that word's alone."""
_here: Any = threading.local()
"""The same words in the thread in which they were said."""
_running: set[int] = set()


def collecting() -> bool:
    """Whether the garbage collector is calling: this is part of a finalizer, of ours or of somebody else's."""
    # A list of keys is made in one step.
    return list(_phases)[-1:] == ["start"] and getattr(_here, "start", None) is _phases.get("start")


def leave(work: Callable[[], object]) -> None:
    """Have `work` done soon, by another thread or later in this one. Takes no lock."""
    due.append(work)


def run() -> None:
    """Do what is due. Not under a lock of ours: the work may take each of them, and run callbacks of the user's."""
    me = get_ident()
    if collecting() or me in _running:
        return
    _running.add(me)
    try:
        while due:
            _do_next()
    finally:
        _running.discard(me)


def _do_next() -> None:
    work = None
    try:
        with interrupts.put_off():
            try:
                work = due.popleft()
            except IndexError:  # another thread was faster
                return
        # Signals' handlers have their turn meanwhile: this may run callbacks of the user's.
        work()
    except BaseException as error:
        alarm = interrupts.from_handler(error)
        if alarm is None:
            logger.exception("poolviz: what a finalizer had left to do failed")
            return
        if work is not None:
            due.appendleft(work)
        raise alarm from None


def _after_fork_in_child() -> None:
    # What is due belongs to the parent's pools, which the child cannot use.
    _running.clear()
    due.clear()


# Each is called with the word and an object. They are functions in C: before the first step of one in Python the handler of a signal that
# came during the collection would be called, and what it raises there, such as KeyboardInterrupt, is lost.
gc.callbacks += [_phases.pop, _phases.__setitem__, _here.__setattr__]
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
