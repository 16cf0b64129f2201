"""`map` made of submitted calls: a future for each item, handed out in the items' order.

    items --> submit --> futures: all of them at once, or at most `buffersize` ahead of the caller --> next(): the oldest one's result

Invariant: when the iterator ends, by its last result, an exception or `close`, what has not started is cancelled.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import _base
from functools import partial
from itertools import islice, starmap
from typing import Any, TypeVar

from poolviz import deferred
from poolviz.events import Blocked
from poolviz.executors import leaving
from poolviz.executors.future import Future, cancel_all
from poolviz.tracebacks import HIDE

T = TypeVar("T")
Submit = Callable[..., _base.Future[Any]]


def map_by_submit(
    submit: Callable[[], Submit | None],
    fn: Callable[..., T],
    iterables: tuple[Iterable[Any], ...],
    timeout: float | None,
    buffersize: int | None,
    interrupt: Callable[[], None],
) -> Iterator[T]:
    """`Executor.map` made of futures. Submits at once; the iterator cancels what is left when it ends early.

    Args:
        submit: gives the executor's submit, as long as there is an executor: no further item is read then.
        fn, iterables, timeout, buffersize: see `Executor.map`.
        interrupt: called when the iterator is left by KeyboardInterrupt.
    """
    __tracebackhide__ = HIDE
    first = submit()
    assert first is not None, "the executor's own method has called"
    deadline = None if timeout is None else timeout + time.monotonic()
    # No comprehension below: it would be a frame of its own in a caller's traceback.
    rows: Iterator[tuple[Any, ...]] = zip(*iterables, strict=False)
    futures: list[_base.Future[T]]
    if buffersize is None:
        futures = list(starmap(partial(first, fn), rows))
        futures.reverse()
        return _interruptible(_results(futures, deadline), futures, interrupt)
    ahead = deque(starmap(partial(first, fn), islice(rows, buffersize)))
    return _interruptible(_buffered_results(ahead, rows, submit, fn, deadline), ahead, interrupt)


def _interruptible(results: Iterator[T], futures: Collection[_base.Future[T]], interrupt: Callable[[], None]) -> Iterator[T]:
    __tracebackhide__ = HIDE
    before = leaving.handled()
    try:
        yield from results
    except KeyboardInterrupt:
        interrupt()
        raise
    except GeneratorExit as closing:
        if not deferred.collecting() and not all(future.done() for future in futures):
            leaving.note(closing, before, interrupt)
        raise


def _results(futures: list[_base.Future[T]], deadline: float | None) -> Iterator[T]:
    __tracebackhide__ = HIDE
    # Takes from the end, so that no taken future stays alive.
    try:
        while futures:
            yield _take(futures.pop(), deadline)
    finally:
        _cancel(futures)


def _buffered_results(
    futures: deque[_base.Future[T]],
    rows: Iterator[tuple[Any, ...]],
    submit: Callable[[], Submit | None],
    fn: Callable[..., T],
    deadline: float | None,
) -> Iterator[T]:
    __tracebackhide__ = HIDE
    try:
        while futures:
            # The next item is read before the oldest result is handed out: the buffer stays full.
            submit_next = submit()
            if submit_next is not None:
                args = next(rows, None)
                if args is not None:
                    futures.append(submit_next(fn, *args))
            del submit_next  # it holds the executor
            yield _take(futures.popleft(), deadline)
    finally:
        _cancel(futures)


def _cancel(futures: Collection[_base.Future[Any]]) -> None:
    if deferred.collecting():
        if futures:
            deferred.leave(partial(_cancel, list(futures)))
        return
    cancel_all(futures)


def _rest(deadline: float | None) -> float | None:
    return None if deadline is None else deadline - time.monotonic()


def _take(future: _base.Future[T], deadline: float | None) -> T:
    __tracebackhide__ = HIDE
    try:
        try:
            if isinstance(future, Future):
                future._wait(_rest(deadline), Blocked.MAP)
            return future.result(_rest(deadline))
        finally:
            future.cancel()
    finally:
        del future  # it is in the traceback of what is raised here
