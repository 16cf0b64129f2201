"""A condition variable whose parts are made when somebody waits.

A future has a condition of its own, and most futures are never waited for. `threading.Condition` makes five bound methods and a deque for
each, 11 objects that the garbage collector visits; with 20,000 futures kept that is half of what a submit costs.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import Any


class LeanCondition(threading.Condition):
    """`threading.Condition` over an RLock of its own, in every respect."""

    _waiters: Any

    _lock: Any  # an RLock, whose private methods Condition calls too

    def __init__(self) -> None:
        # The parent's constructor is what costs: it is not called, and what it would set stands below.
        self._lock = threading.RLock()
        self._waiters = ()

    def acquire(self, *args: Any, **kwargs: Any) -> bool:
        """See `threading.RLock.acquire`."""
        return bool(self._lock.acquire(*args, **kwargs))

    def release(self) -> None:
        """See `threading.RLock.release`."""
        self._lock.release()

    def _is_owned(self) -> bool:
        return bool(self._lock._is_owned())

    def wait(self, timeout: float | None = None) -> bool:
        """See `threading.Condition.wait`."""
        if type(self._waiters) is tuple and self._is_owned():
            self._waiters = deque()
            self._release_save = self._lock._release_save
            self._acquire_restore = self._lock._acquire_restore
        return super().wait(timeout)

    def notify_all(self) -> None:
        """See `threading.Condition.notify_all`."""
        if self._waiters or not self._is_owned():
            super().notify_all()
