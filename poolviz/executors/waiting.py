"""`wait` and `as_completed`: the standard library's own, with a note of where the caller blocks and what it takes.

They accept futures of any executor, mixed; only those of our pools leave a note.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import _base
from types import TracebackType
from typing import Any

from poolviz.callers import here
from poolviz.clock import now
from poolviz.events import Blocked
from poolviz.executors.future import PENDING, RUNNING, Future
from poolviz.observe import Journal


class Block:
    """A time during which the calling thread waits for a call, or for several with it.

    Args:
        journal: where it is noted; None when nobody listens.
        call: the call, or one of them.
        kind: what it waits in.
    """

    def __init__(self, journal: Journal | None, call: int, kind: Blocked) -> None:
        self._journal = journal
        self._call = call
        self._kind = kind

    def __enter__(self) -> None:
        if self._journal is not None:
            self._start, self._caller = now(), here.number
            self._journal.blocked[self._caller] = (self._start, self._kind, self._call)

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None) -> None:
        if self._journal is not None:
            self._journal.blocked.pop(self._caller, None)
            self._journal.waits += (self._caller, self._start, now(), self._kind, self._call)


def _block(futures: deque[Any], kind: Blocked) -> Block:
    """For the first of ours that has not ended; those before it are taken off, so that looking again and again stays linear."""
    while futures:
        future = futures[0]
        if isinstance(future, Future) and future._journal is not None and future._state in (PENDING, RUNNING):
            return Block(future._journal, future._call, kind)
        futures.popleft()
    return Block(None, 0, kind)


def wait(fs: Iterable[Any], timeout: float | None = None, return_when: str = _base.ALL_COMPLETED) -> _base.DoneAndNotDoneFutures[Any]:
    """Wait for futures to end.

    As Python has it: https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.wait

    Args:
        fs: the futures, of any executors; a future that stands there twice counts once.
        timeout: the most seconds to wait; None for no limit.
        return_when: `ALL_COMPLETED`, `FIRST_COMPLETED` or `FIRST_EXCEPTION` (which is `ALL_COMPLETED` when none raises).

    Returns:
        A named tuple of two sets, ``done`` (ended or cancelled) and ``not_done``.

    Raises:
        ValueError: `return_when` is none of the three.
    """
    futures = set(fs)
    with _block(deque(futures), Blocked.WAIT):
        result = _base.wait(futures, timeout, return_when)
    for future in result.done:
        if isinstance(future, Future):
            future._take()
    return result


def as_completed(fs: Iterable[Any], timeout: float | None = None) -> Iterator[Any]:
    """Hand out futures in the order in which they end.

    As Python has it: https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.as_completed

    Args:
        fs: the futures, of any executors; a future that stands there twice is handed out once.
        timeout: the most seconds from the first `next` to the last future; None for no limit.

    Returns:
        An iterator of futures.

    Raises:
        TimeoutError: not all had ended in time; raised by `next`.
    """
    futures = set(fs)
    rest = deque(futures)
    completed = _base.as_completed(futures, timeout)
    del fs, futures
    while True:
        with _block(rest, Blocked.AS_COMPLETED):
            future = next(completed, None)
        if future is None:
            return
        if isinstance(future, Future):
            future._take()
        # Nothing here may keep the future alive while the caller has the turn.
        box = [future]
        del future
        yield box.pop()
