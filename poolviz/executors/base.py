"""What thread and process pools share: the interface, labels, and a pool's first and last event."""

from __future__ import annotations

import itertools
import os
import weakref
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import _base
from functools import partial
from operator import attrgetter
from typing import Any, ParamSpec, TypeVar

from poolviz import deferred, interrupts, observe
from poolviz.clock import now
from poolviz.events import PoolClosed, PoolOpened
from poolviz.executors.submitted import Submit, map_by_submit
from poolviz.tracebacks import HIDE

P = ParamSpec("P")
T = TypeVar("T")
Label = str | Callable[..., str] | None


def usable_cpus() -> int:
    """How many CPUs this process may use, as `os.process_cpu_count` of Python 3.13 tells."""
    if hasattr(os, "process_cpu_count"):
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def check_initializer(initializer: object) -> None:
    """Raise TypeError if it cannot be called, in the standard library's words."""
    __tracebackhide__ = HIDE
    if initializer is not None and not callable(initializer):
        raise TypeError("initializer must be a callable")


def check_map(chunksize: int | None, buffersize: int | None) -> None:
    """Raise the errors that `map` owes its caller at once."""
    __tracebackhide__ = HIDE
    if chunksize is not None and chunksize < 1:
        raise ValueError("chunksize must be >= 1.")
    if buffersize is not None and not isinstance(buffersize, int):
        raise TypeError("buffersize must be an integer or None")
    if buffersize is not None and buffersize < 1:
        raise ValueError("buffersize must be None or > 0")


def label_for(label: Label, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> int:
    """The label of one call: a fixed name, what a labelling function says of the arguments, or the function's own name."""
    __tracebackhide__ = HIDE
    if label is None:
        return observe.label_of(fn)
    return observe.label_id(label if isinstance(label, str) else str(label(*args, **kwargs)))


def open_journal(
    running: Callable[[], list[tuple[int, int, int]]], *, trace: bool, kind: str, name: str, workers: int, method: str = ""
) -> observe.Journal | None:
    """The journal of a new pool, its first event written; None when the pool is not to be traced."""
    interrupts.watch()
    if not trace:
        return None
    journal = observe.Journal(running)
    journal.batches.append(PoolOpened(journal.pool, now(), kind, name, workers, method))
    return journal


def close_journal(journal: observe.Journal | None) -> None:
    """Write the pool's last event and hand over what is left."""
    if journal is not None and not journal.closed:
        with interrupts.put_off():
            journal.closed = True
            journal.batches.append(PoolClosed(journal.pool, now()))
            journal.close()


def leave_journal(journal: observe.Journal | None) -> None:
    """Have the journal of a pool that was dropped closed soon; for a finalizer."""
    if journal is not None and not journal.closed:
        deferred.leave(partial(close_journal, journal))


class Options:
    """An executor seen with settings for its calls; made by `Executor.options`.

    It has `submit` and `map` with the executor's own signatures, and shares its workers.
    """

    def __init__(self, executor: Executor, label: Label) -> None:
        self._executor = executor
        self._label = label

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> _base.Future[T]:
        """As the executor's `submit`."""
        __tracebackhide__ = HIDE
        return self._executor._submit(fn, args, kwargs, self._label)

    def map(
        self,
        fn: Callable[..., T],
        *iterables: Iterable[Any],
        timeout: float | None = None,
        chunksize: int | None = None,
        buffersize: int | None = None,
    ) -> Iterator[T]:
        """As the executor's `map`."""
        __tracebackhide__ = HIDE
        return self._executor._map(fn, iterables, timeout, chunksize, buffersize, self._label)


class Executor(_base.Executor):
    """The interface of all pools: `submit`, `map`, `shutdown` and `with`.

    As Python has it: https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.Executor
    """

    _has_chunks = True
    """Whether `map` makes chunks; a pool that does not ignores their size, whatever it is."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> _base.Future[T]:
        """Have ``fn(*args, **kwargs)`` called by a worker.

        As Python has it: https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.Executor.submit

        Args:
            fn: what to call. A process pool sends it by reference when workers can import it, else by value.
            args: its positional arguments; a process pool pickles them at once.
            kwargs: its named arguments.

        Returns:
            The future of the call.

        Raises:
            RuntimeError: the executor has been shut down.
            BrokenExecutor: it can run nothing more.
        """
        __tracebackhide__ = HIDE
        return self._submit(fn, args, kwargs, None)

    def _submit(self, fn: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any], label: Label) -> _base.Future[T]:
        __tracebackhide__ = HIDE
        return self._enqueue(fn, args, kwargs, label, -1)

    def _enqueue(self, fn: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any], label: Label, item: int) -> _base.Future[T]:
        """Submit a call; `item` is its place in a `map`, -1 outside of one."""
        raise NotImplementedError

    def map(
        self,
        fn: Callable[..., T],
        *iterables: Iterable[Any],
        timeout: float | None = None,
        chunksize: int | None = None,
        buffersize: int | None = None,
    ) -> Iterator[T]:
        """Call `fn` with the items of `iterables` taken together, and hand out the results in the order of the items.

        As Python has it: https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.Executor.map
        Parameters that only the newest Python knows are there on each.

        Args:
            fn: what to call; it takes as many arguments as there are iterables.
            iterables: the items. All are read at once, unless there is a `buffersize`; the shortest iterable ends the calls.
            timeout: the most seconds from this call to the last result; None for no limit.
            chunksize: how many items go to a worker process as one piece. None lets the pool adapt: small calls go together, long
                calls one by one. A thread pool has no use for it.
            buffersize: the most results that may be under way or waiting to be taken; items beyond that are not read yet. None reads
                all items at once.

        Returns:
            An iterator. When it is closed, or raises, the calls that have not started are cancelled.

        Raises:
            TimeoutError: from `next`, when a result was not there in time.
            TypeError, ValueError: `buffersize` or `chunksize` is no positive integer.
        """
        __tracebackhide__ = HIDE
        return self._map(fn, iterables, timeout, chunksize, buffersize, None)

    def _map(
        self,
        fn: Callable[..., T],
        iterables: tuple[Iterable[Any], ...],
        timeout: float | None,
        chunksize: int | None,
        buffersize: int | None,
        label: Label,
    ) -> Iterator[T]:
        __tracebackhide__ = HIDE
        check_map(chunksize if self._has_chunks else None, buffersize)
        if deferred.due:
            deferred.run()
        if "submit" in self.__dict__ or type(self).submit is not Executor.submit:
            # Somebody replaced it, on this instance or in a subclass, and expects to see the calls.
            return map_by_submit(self._while_alive(attrgetter("submit")), fn, iterables, timeout, buffersize, self._interruption())
        if buffersize is not None:
            return self._map_by_enqueue(fn, iterables, timeout, buffersize, label)
        return self._map_at_once(fn, iterables, timeout, chunksize, label)

    def _map_at_once(
        self, fn: Callable[..., T], iterables: tuple[Iterable[Any], ...], timeout: float | None, chunksize: int | None, label: Label
    ) -> Iterator[T]:
        """`map` of items that are all read now."""
        __tracebackhide__ = HIDE
        return self._map_by_enqueue(fn, iterables, timeout, None, label)

    def _map_by_enqueue(
        self, fn: Callable[..., T], iterables: tuple[Iterable[Any], ...], timeout: float | None, buffersize: int | None, label: Label
    ) -> Iterator[T]:
        """`map` with a future for each item."""
        __tracebackhide__ = HIDE
        numbers = itertools.count()
        submit = self._while_alive(lambda executor: partial(executor._enqueue_item, label, numbers))
        return map_by_submit(submit, fn, iterables, timeout, buffersize, self._interruption())

    def _enqueue_item(self, label: Label, numbers: Iterator[int], fn: Callable[..., T], /, *args: Any) -> _base.Future[T]:
        __tracebackhide__ = HIDE
        return self._enqueue(fn, args, {}, label, next(numbers))

    def _while_alive(self, submit: Callable[[Any], Submit]) -> Callable[[], Submit | None]:
        # An iterator that nobody has finished must not keep the pool from being collected.
        found = weakref.ref(self)

        def get() -> Submit | None:
            executor = found()
            return None if executor is None else submit(executor)

        return get

    def _interruption(self) -> Callable[[], None]:
        """What is done when a `map` of this executor is left by Ctrl-C. Holds no executor either."""
        return lambda: None

    def options(self, *, label: Label = None) -> Options:
        """This executor with settings for its calls.

        Args:
            label: a name for the calls in the timeline, or a function of a call's arguments that makes one. Nothing else of the
                arguments is ever recorded.

        Returns:
            An object with the same `submit` and `map`.
        """
        return Options(self, label)
