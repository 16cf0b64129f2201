"""A condition variable and an event that cost little, and that Ctrl-C leaves whole.

A future has a condition of its own, and most futures are never waited for. `threading.Condition` makes five bound methods and a deque for
each, 11 objects that the garbage collector visits; with 20,000 futures kept that is half of what a submit costs. So its parts are made when
somebody waits.

`threading.Condition`, and with it `threading.Event`, is entered by a function in Python, in which KeyboardInterrupt may be raised when the
lock is taken and the `with` block has not begun. Nobody would ever release it, and the thread that has the result would wait for good. Here
locks are entered in C, and who waits holds no lock that another needs:

    with condition: turn = condition.enlist()      condition.await_turn(turn)   <-- released by --   with condition: condition.notify_all()
"""

from __future__ import annotations

import threading
import time
from collections import deque
from operator import attrgetter
from typing import Any

from poolviz import interrupts
from poolviz.tracebacks import HIDE


class LeanCondition(threading.Condition):
    """`threading.Condition` in every respect.

    Args:
        lock: an RLock; None for one of its own.
    """

    _waiters: Any

    _lock: Any  # an RLock, whose private methods Condition calls too

    # Looked up and called without a step of Python.
    __enter__ = property(attrgetter("_lock.__enter__"))
    __exit__ = property(attrgetter("_lock.__exit__"))

    def __init__(self, lock: Any = None) -> None:
        # The parent's constructor is what costs: it is not called, and what it would set stands below.
        self._lock = threading.RLock() if lock is None else lock
        self._waiters = ()

    def acquire(self, *args: Any, **kwargs: Any) -> bool:
        """See `threading.RLock.acquire`."""
        return bool(self._lock.acquire(*args, **kwargs))

    def release(self) -> None:
        """See `threading.RLock.release`."""
        self._lock.release()

    def _is_owned(self) -> bool:
        return bool(self._lock._is_owned())

    def enlist(self) -> Any:
        """A lock that is held, and that the next `notify_all` releases; for a thread that has entered, and leaves before it waits."""
        turn = threading.Lock()
        turn.acquire()
        if type(self._waiters) is tuple:
            self._waiters = deque()
        self._waiters.append(turn)
        return turn

    def await_turn(self, turn: Any, timeout: float | None) -> bool:
        """Wait for what `enlist` gave, and forget it if it does not come; for a thread that holds no lock.

        Args:
            turn: what `enlist` gave.
            timeout: the most seconds; None for no limit.

        Returns:
            Whether it came.
        """
        __tracebackhide__ = HIDE
        came = False
        try:
            came = interrupts.acquire(turn, timeout)
        finally:
            if not came:
                self.forget(turn)
        return came

    def forget(self, turn: Any) -> None:
        """Note that nobody waits for what `enlist` gave."""
        with self._lock:
            if turn in self._waiters:
                self._waiters.remove(turn)

    def wait(self, timeout: float | None = None) -> bool:
        """See `threading.Condition.wait`."""
        if type(self._waiters) is tuple and self._is_owned():
            self._waiters = deque()
        self._release_save = self._lock._release_save
        self._acquire_restore = self._lock._acquire_restore
        return super().wait(timeout)

    def notify_all(self) -> None:
        """See `threading.Condition.notify_all`."""
        if not self._lock._is_owned():
            raise RuntimeError("cannot notify on un-acquired lock")
        waiters = self._waiters
        while waiters:
            if waiters[0].locked():  # not released by a `notify` that an exception has cut short
                waiters[0].release()
            waiters.popleft()


class LeanEvent:
    """`threading.Event`, as far as it is used here."""

    def __init__(self) -> None:
        self._set = False
        self._lock = threading.Lock()
        self._lock.acquire()

    def is_set(self) -> bool:
        """See `threading.Event.is_set`."""
        return self._set

    def set(self) -> None:
        """See `threading.Event.set`."""
        self._set = True
        try:
            self._lock.release()
        except RuntimeError:
            return  # it is set already, maybe by another thread and just now

    def clear(self) -> None:
        """See `threading.Event.clear`; not while another thread may set it."""
        self._set = False
        self._lock.acquire(False)

    def wait(self, timeout: float | None = None) -> bool:
        """See `threading.Event.wait`."""
        __tracebackhide__ = HIDE
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self._set:
            rest = interrupts.LOOK_AGAIN if deadline is None else min(deadline - time.monotonic(), interrupts.LOOK_AGAIN)
            if rest <= 0:
                break
            if self._lock.acquire(True, rest):
                self.set()  # for the next one who waits
        return self._set
