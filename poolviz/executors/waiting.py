"""`wait` and `as_completed`, with a note of where the caller blocks and what it takes.

They accept futures of any executor, mixed; only those of our pools leave a note. So they work as the standard library's do, with what every
`concurrent.futures.Future` has: a condition, a state, and waiters, which are told when it ends. What is different is that Ctrl-C ends the
waiting at once (`condition`), and finds no lock taken and no waiter left.

    wait, as_completed  -- installs a waiter -->  each future  -- add_result, add_exception, add_cancelled -->  waiter.event  -->  caller
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import _base
from functools import partial
from types import TracebackType
from typing import Any

from poolviz import deferred, interrupts
from poolviz.events import Blocked
from poolviz.executors.condition import LeanEvent
from poolviz.executors.future import CANCELLED_AND_NOTIFIED, FINISHED, PENDING, RUNNING, Future
from poolviz.observe import Journal
from poolviz.tracebacks import HIDE


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
            self._noted = self._journal.blocks(self._kind, self._call)

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None) -> None:
        if self._journal is not None:
            self._journal.waited(self._kind, self._noted)


def _block(futures: deque[Any], kind: Blocked) -> Block:
    """For the first of ours that has not ended; those before it are taken off, so that looking again and again stays linear."""
    while futures:
        future = futures[0]
        if isinstance(future, Future) and future._journal is not None and future._state in (PENDING, RUNNING):
            return Block(future._journal, future._call, kind)
        futures.popleft()
    return Block(None, 0, kind)


def _failed(future: Any) -> bool:
    # Not by `exception()`, which notes that the caller takes it: the conditions of all futures are held here.
    if isinstance(future, Future):
        return future._exception is not None
    return not future.cancelled() and future.exception() is not None


def _ended(futures: Iterable[Any]) -> set[Any]:
    return {future for future in futures if future._state in (CANCELLED_AND_NOTIFIED, FINISHED)}


def _install(futures: set[Any], return_when: str) -> Any:
    """A waiter of the standard library's, with an event of ours. Under the conditions of all the futures."""
    waiter = _base._create_and_install_waiters(futures, return_when)  # type: ignore[attr-defined]  # not in the stubs
    waiter.event = LeanEvent()
    return waiter


def _remove(waiter: Any, futures: Iterable[Any]) -> None:
    for future in futures:
        with future._condition:
            future._waiters.remove(waiter)


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
    __tracebackhide__ = HIDE
    futures = set(fs)
    waiter = None
    with interrupts.put_off(), _base._AcquireFutures(futures):
        done = _ended(futures)
        if not (
            len(done) == len(futures)
            or (return_when == _base.FIRST_COMPLETED and done)
            or (return_when == _base.FIRST_EXCEPTION and any(map(_failed, done)))
        ):
            waiter = _install(futures, return_when)
    if waiter is not None:
        try:
            with _block(deque(futures - done), Blocked.WAIT):
                waiter.event.wait(timeout)
        finally:
            with interrupts.put_off():
                _remove(waiter, futures)
        done.update(waiter.finished_futures)
    for future in done:
        if isinstance(future, Future):
            future._take()
    return _base.DoneAndNotDoneFutures(done, futures - done)


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
    __tracebackhide__ = HIDE
    deadline = None if timeout is None else time.monotonic() + timeout
    left = set(fs)
    total = len(left)
    del fs
    with interrupts.put_off(), _base._AcquireFutures(left):
        ended = list(_ended(left))
        waiter = _install(left, _base._AS_COMPLETED)  # type: ignore[attr-defined]
    unended = deque(left.difference(ended))
    try:
        while True:
            while ended:
                future = ended.pop()
                left.remove(future)
                _remove(waiter, [future])
                if isinstance(future, Future):
                    future._take()
                # Nothing here may keep the future alive while the caller has the turn.
                box = [future]
                del future
                yield box.pop()
            if not left:
                return
            rest = None if deadline is None else deadline - time.monotonic()
            if rest is not None and rest < 0:
                raise TimeoutError(f"{len(left)} (of {total}) futures unfinished")
            with _block(unended, Blocked.AS_COMPLETED):
                waiter.event.wait(rest)
            with interrupts.put_off(), waiter.lock:
                ended, waiter.finished_futures = waiter.finished_futures, []
                waiter.event.clear()
            ended.reverse()
    finally:
        if deferred.collecting():
            deferred.leave(partial(_remove, waiter, left))
        else:
            with interrupts.put_off():
                _remove(waiter, left)
