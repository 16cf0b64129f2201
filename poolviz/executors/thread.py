"""The thread pool.

    submit()  --- (future, fn, args, kwargs) --->  SimpleQueue  --->  worker thread: claim, stamp, call, stamp, resolve
       | first event                                                       | last event
       +------------------------------->  Journal  <-----------------------+

A worker thread holds the crew (queue, flags, journal) and not the executor, so that an executor that nobody refers to is collected;
its threads then end after what was submitted. `None` in the queue wakes a thread to look at the flags; it passes the `None` on.

Invariants
- A future leaves PENDING once: by its worker's claim or by `cancel()`, both under the future's condition.
- A call is in the queue or was taken out by exactly one thread. When a crew is broken or discarded under its lock, the queue is emptied.
- The end of a call is in the journal before its future resolves: who sees a result finds it in the trace.
"""

from __future__ import annotations

import itertools
import logging
import os
import queue
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import _base
from concurrent.futures import thread as _stdlib
from typing import Any, TypeVar

from poolviz import observe, scopes
from poolviz.clock import now
from poolviz.events import Failed, Outcome, WorkerExited, WorkerReady, WorkerStarted
from poolviz.executors import base
from poolviz.executors.future import Future

T = TypeVar("T")
BrokenThreadPool = _stdlib.BrokenThreadPool
logger = logging.getLogger("concurrent.futures")  # where users of the standard library look for a failed initializer

_crews: weakref.WeakSet[_Crew] = weakref.WeakSet()
_exiting = False


class _Worker:
    """A thread of a crew."""

    def __init__(self) -> None:
        self.number = observe.new_worker()
        self.done = 0
        """Calls taken out of the queue and dealt with; written by this thread alone."""
        self.current: tuple[int, int, int] | None = None
        """What it runs: call, worker number, start."""


class _Crew:
    """What executor and threads share."""

    def __init__(self, max_workers: int, prefix: str, initializer: Callable[..., object] | None, initargs: tuple[Any, ...]) -> None:
        self.max_workers = max_workers
        self.prefix = prefix
        self.initializer = initializer
        self.initargs = initargs
        self.queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        # Reentrant: the garbage collector may find the executor, and close the crew, while this thread holds the lock.
        self.lock = threading.RLock()
        self.threads: set[threading.Thread] = set()
        self.workers: list[_Worker] = []
        self.submitted = 0
        self.alive = 0
        self.closed = False
        self.broken: str | None = None
        self.journal: observe.Journal | None = None
        _crews.add(self)

    def running(self) -> list[tuple[int, int, int]]:
        return [current for worker in list(self.workers) if (current := worker.current) is not None]

    def grow(self) -> None:
        """Start a thread if every one that there is has something to do. Called under the lock, after `submitted` was counted."""
        if self.submitted - sum(worker.done for worker in self.workers) <= len(self.workers):
            return
        worker = _Worker()
        name = f"{self.prefix}_{len(self.workers)}"
        thread = threading.Thread(name=name, target=_work, args=(self, worker))
        self.workers.append(worker)
        self.threads.add(thread)
        self.alive += 1
        try:
            thread.start()
        except BaseException:
            self.alive -= 1
            self.threads.discard(thread)
            self.workers.remove(worker)
            if not self.workers:
                raise
            # The limit of threads of this machine is reached: those that run will do the work.
            logger.warning("poolviz: no further thread can be started; going on with %d", len(self.workers))
            self.max_workers = len(self.workers)

    def close(self) -> None:
        """Let the threads end after what is queued."""
        with self.lock:
            self.closed = True
            self.queue.put(None)
            idle = not self.alive
        if idle:
            base.close_journal(self.journal)

    def drain(self) -> list[Any]:
        """Take out all that is queued, for a caller that holds the lock."""
        items: list[Any] = []
        while True:
            try:
                item = self.queue.get_nowait()
            except queue.Empty:
                return items
            if item is not None:
                items.append(item)

    def fail(self) -> None:
        """Break the crew because an initializer failed."""
        with self.lock:
            self.broken = "A thread initializer failed, the thread pool is not usable anymore"
            items = self.drain()
            self.queue.put(None)
        for future, _, _, _ in items:
            if future._claim():
                _end(self.journal, future._call, -1, 0, Outcome.LOST)
                future.set_exception(BrokenThreadPool(self.broken))

    def leave(self, worker: _Worker) -> None:
        with self.lock:
            self.alive -= 1
            last = not self.alive and (self.closed or _exiting or self.broken is not None)
        if self.journal is not None:
            self.journal.batches.append(WorkerExited(self.journal.pool, worker.number, now(), ""))
        if last:
            base.close_journal(self.journal)

    def after_fork(self) -> None:
        """In the child: no thread survived, and what is queued belongs to the parent."""
        self.lock = threading.RLock()
        self.queue = queue.SimpleQueue()
        self.threads, self.workers = set(), []
        self.submitted = self.alive = 0
        self.journal = None


def _end(journal: observe.Journal | None, call: int, worker: int, started: int, outcome: int) -> None:
    if journal is not None:
        finished = now()
        journal.ends += (call, worker, 0, started, finished, finished, outcome, 0, 0)
        if len(journal.ends) >= observe.FULL:
            journal.flush()


def _work(crew: _Crew, worker: _Worker) -> None:
    journal = crew.journal
    if journal is not None:
        thread = threading.current_thread()
        journal.batches.append(WorkerStarted(journal.pool, worker.number, now(), thread.name, thread.native_id or 0))
    try:
        if crew.initializer is not None:
            try:
                crew.initializer(*crew.initargs)
            except BaseException:
                logger.critical("Exception in initializer:", exc_info=True)
                crew.fail()
                return
        if journal is not None:
            journal.batches.append(WorkerReady(journal.pool, worker.number, now()))
        _serve(crew, worker)
    except BaseException:
        logger.critical("Exception in worker", exc_info=True)
    finally:
        crew.leave(worker)


def _serve(crew: _Crew, worker: _Worker) -> None:
    get, journal, number = crew.queue.get, crew.journal, worker.number
    while True:
        item = get()
        if item is None:
            if crew.closed or _exiting or crew.broken is not None:
                crew.queue.put(None)
                return
            continue
        future, fn, args, kwargs = item
        del item
        if future._claim():
            call = future._call
            started = now()
            worker.current = (call, number, started)
            try:
                result = fn(*args, **kwargs)
            except BaseException as error:
                worker.current = None
                if journal is not None:
                    journal.batches.append(Failed(call, observe.words_of(error), ""))
                _end(journal, call, number, started, Outcome.RAISED)
                future.set_exception(error)
            else:
                worker.current = None
                _end(journal, call, number, started, Outcome.RETURNED)
                future.set_result(result)
                del result
        # While this thread waits for more, nothing may keep the call's objects alive.
        del future, fn, args, kwargs
        worker.done += 1


class ThreadPoolExecutor(base.Executor, _stdlib.ThreadPoolExecutor):
    """A pool of threads, as `concurrent.futures.ThreadPoolExecutor`.

    Args:
        max_workers: the most threads; None for the usable CPUs plus 4, at most 32 (the default of Python 3.13).
        thread_name_prefix: names of the threads begin with it.
        initializer: called in each thread before its first call. If it raises, the pool is broken.
        initargs: the initializer's arguments.
        trace: whether the pool reports what it does.

    Raises:
        ValueError: `max_workers` is not above 0.
        TypeError: the initializer cannot be called.
    """

    _names = itertools.count().__next__

    def __init__(
        self,
        max_workers: int | None = None,
        thread_name_prefix: str = "",
        initializer: Callable[..., object] | None = None,
        initargs: tuple[Any, ...] = (),
        *,
        trace: bool = True,
    ) -> None:
        if max_workers is None:
            max_workers = min(32, base.usable_cpus() + 4)
        if max_workers <= 0:
            raise ValueError("max_workers must be greater than 0")
        base.check_initializer(initializer)
        prefix = thread_name_prefix or f"ThreadPoolExecutor-{ThreadPoolExecutor._names()}"
        self._max_workers = max_workers
        self._crew = crew = _Crew(max_workers, prefix, initializer, initargs)
        self._journal = crew.journal = base.open_journal(
            crew.running, trace=trace, kind="thread", name=thread_name_prefix or type(self).__name__, workers=max_workers
        )
        weakref.finalize(self, crew.close).atexit = False

    # What other libraries read of the standard library's class.
    _threads = property(lambda self: self._crew.threads)
    _work_queue = property(lambda self: self._crew.queue)
    _shutdown = property(lambda self: self._crew.closed)
    _broken = property(lambda self: self._crew.broken or False)
    _thread_name_prefix = property(lambda self: self._crew.prefix)
    _initializer = property(lambda self: self._crew.initializer)
    _initargs = property(lambda self: self._crew.initargs)

    def _submit(self, fn: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any], label: base.Label) -> _base.Future[T]:
        return self._enqueue(fn, args, kwargs, label, -1)

    def _enqueue(
        self, fn: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any], label: base.Label, item: int
    ) -> _base.Future[T]:
        crew, journal = self._crew, self._crew.journal
        future = Future()
        future._pooled = True
        if journal is not None:
            scope = scopes.current()
            if scope.waiting and not crew.closed:
                scope.touch()
            label_number = base.label_for(label, fn, args, kwargs)
        with crew.lock:
            if crew.broken is not None:
                raise BrokenThreadPool(crew.broken)
            if crew.closed:
                raise RuntimeError("cannot schedule new futures after shutdown")
            if _exiting:
                raise RuntimeError("cannot schedule new futures after interpreter shutdown")
            if journal is not None:
                future._journal = journal
                future._call = call = observe.new_calls()
                journal.submits += (call, 1, now(), label_number, item, scope.id)
            crew.queue.put((future, fn, args, kwargs))
            crew.submitted += 1
            if len(crew.workers) < crew.max_workers:
                crew.grow()
        if journal is not None and len(journal.submits) >= observe.FULL:
            journal.flush()
        return future

    def _map(
        self,
        fn: Callable[..., T],
        iterables: tuple[Iterable[Any], ...],
        timeout: float | None,
        chunksize: int | None,
        buffersize: int | None,
        label: base.Label,
    ) -> Iterator[T]:
        if type(self).submit is not base.Executor.submit:  # a subclass that wants to see each call
            return base.map_by_submit(self.submit, fn, iterables, timeout, buffersize)
        items = itertools.count()

        def submit(fn: Callable[..., T], *args: Any) -> _base.Future[T]:
            return self._enqueue(fn, args, {}, label, next(items))

        return base.map_by_submit(submit, fn, iterables, timeout, buffersize)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no further calls.

        Args:
            wait: whether to return only when all calls have ended and all threads are gone. What is pending runs in any case, also at
                the interpreter's exit.
            cancel_futures: whether to cancel the calls that no thread has taken yet.
        """
        crew = self._crew
        cancelled = []
        if cancel_futures:
            with crew.lock:
                crew.closed = True
                cancelled = crew.drain()
        crew.close()
        for future, _, _, _ in cancelled:
            future.cancel()
        if wait:
            for thread in list(crew.threads):
                thread.join()


def _at_exit() -> None:
    global _exiting
    _exiting = True
    crews = list(_crews)
    for crew in crews:
        crew.queue.put(None)
    for crew in crews:
        for thread in list(crew.threads):
            thread.join()


def _after_fork_in_child() -> None:
    for crew in list(_crews):
        crew.after_fork()


# Before the interpreter joins its threads, as in the standard library: an ordinary atexit function would come after that.
threading._register_atexit(_at_exit)  # type: ignore[attr-defined]
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
