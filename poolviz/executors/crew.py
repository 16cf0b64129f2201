"""The threads of a thread pool, and what they share.

    submit()  --- (future, fn, args, kwargs) --->  SimpleQueue  --->  worker thread: claim, stamp, call, stamp, resolve
       | first event                                                       | last event
       +------------------------------->  Journal  <-----------------------+

A worker thread holds the crew (queue, flags, journal) and not the executor, so that an executor that nobody refers to is collected;
its threads then end after what was submitted. `None` in the queue wakes a thread to look at the flags; it passes the `None` on, and
leaves if nothing else is queued.

Invariants
- A future leaves PENDING once: by its worker's claim or by `cancel()`, both under the future's condition.
- A call is in the queue or was taken out by exactly one thread. When a crew is broken or discarded under its lock, the queue is emptied.
- The end of a call is in the journal before its future resolves: who sees a result finds it in the trace.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
from collections.abc import Callable
from concurrent.futures.thread import BrokenThreadPool
from typing import Any

from poolviz import deferred, interrupts, observe, scopes, tracebacks
from poolviz.clock import now
from poolviz.events import Failed, Outcome, WorkerExited, WorkerReady, WorkerStarted
from poolviz.executors import base
from poolviz.executors.condition import LeanEvent
from poolviz.living import Living
from poolviz.wording import words_of

logger = logging.getLogger("concurrent.futures")  # where users of the standard library look for a failed initializer

_crews: Living[Crew] = Living()
exiting = False


class Worker:
    """A thread of a crew."""

    def __init__(self) -> None:
        self.number = observe.new_worker()
        self.done = 0
        """Calls taken out of the queue and dealt with; written by this thread alone."""
        self.current: tuple[int, int, int] | None = None
        """What it runs: call, worker number, start."""


class Crew:
    """What executor and threads share."""

    def __init__(self, max_workers: int, prefix: str, initializer: Callable[..., object] | None, initargs: tuple[Any, ...]) -> None:
        self.max_workers = max_workers
        self.prefix = prefix
        self.initializer = initializer
        self.initargs = initargs
        self.queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        # Reentrant: a finalizer of the user's may submit a call while this thread holds the lock.
        self.lock = threading.RLock()
        self.threads: set[threading.Thread] = set()
        self.workers: list[Worker] = []
        self.submitted = 0
        self.alive = 0
        self.closed = False
        self.broken: str | None = None
        self.journal: observe.Journal | None = None
        self.over = LeanEvent()
        """Whether the last thread has left. To be waited for instead of `join`, which takes a thread for ended when a signal comes."""
        _crews.add(self)

    def running(self) -> list[tuple[int, int, int]]:
        return [current for worker in list(self.workers) if (current := worker.current) is not None]

    def grow(self) -> bool:
        """Start a thread if every one that there is has something to do. Under the lock, after `submitted` was counted.

        Returns:
            False when the system lets no more threads start: those that run will do the work.
        """
        if self.submitted - sum(worker.done for worker in self.workers) <= len(self.workers):
            return True
        worker = Worker()
        name = f"{self.prefix}_{len(self.workers)}"
        thread = threading.Thread(name=name, target=_work, args=(self, worker))
        self.workers.append(worker)
        self.threads.add(thread)
        self.alive += 1
        try:
            with interrupts.put_off():  # a thread that runs must be known here
                thread.start()
        except Exception:
            self.alive -= 1
            self.threads.discard(thread)
            self.workers.remove(worker)
            if not self.workers:
                raise
            self.max_workers = len(self.workers)
            return False
        return True

    def close(self) -> None:
        """Let the threads end after what is queued."""
        with self.lock:
            self.closed = True
            self.queue.put(None)
            idle = not self.alive
        if idle:
            base.close_journal(self.journal)
            self.over.set()

    def queued(self) -> list[Any]:
        """All that is queued, which stays where it is, before the `None` that dismisses."""
        with interrupts.put_off(), self.lock:
            items = self.drain()
            for item in items:
                self.queue.put(item)
            self.queue.put(None)
        return items

    def abandon(self) -> None:
        """As `close`, for a finalizer: takes no lock."""
        self.closed = True
        self.queue.put(None)
        # The last thread to leave looks at `closed` after it has counted itself out. So one of the two closes the journal, or both do.
        if not self.alive:
            base.leave_journal(self.journal)
            self.over.set()

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

    def leave(self, worker: Worker) -> None:
        with self.lock:
            self.alive -= 1
            last = not self.alive and (self.closed or exiting or self.broken is not None)
        if self.journal is not None:
            self.journal.batches.append(WorkerExited(self.journal.pool, worker.number, now(), ""))
        if last:
            base.close_journal(self.journal)
            self.over.set()

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


def _work(crew: Crew, worker: Worker) -> None:
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


def _serve(crew: Crew, worker: Worker) -> None:
    get, journal, number, due = crew.queue.get, crew.journal, worker.number, deferred.due
    block = None
    scopes.hand_on(None)
    while True:
        item = get()
        if due:  # it may be that this very call is to be cancelled
            deferred.run()
        if item is None:
            if (crew.closed or exiting or crew.broken is not None) and not crew.queued():
                return
            continue
        future, fn, args, kwargs = item
        del item
        if future._claim():
            call = future._call
            if future._block is not block:
                block = future._block
                scopes.hand_on(block)
            started = now()
            worker.current = (call, number, started)
            try:
                result = fn(*args, **kwargs)
            except BaseException as error:
                worker.current = None
                _end(journal, call, number, started, Outcome.RAISED)
                tracebacks.without_ours(error)
                if journal is not None:
                    journal.batches.append(Failed(call, words_of(error), tracebacks.text_of(error)))
                future.set_exception(error)
            else:
                worker.current = None
                _end(journal, call, number, started, Outcome.RETURNED)
                future.set_result(result)
                del result
        # While this thread waits for more, nothing may keep the call's objects alive.
        del future, fn, args, kwargs
        worker.done += 1


def _at_exit() -> None:
    global exiting
    # A crew made after this refuses its first call. To those that are there the same is said under their locks: what another thread is
    # about to submit is in the queue by then, or is refused.
    exiting = True
    crews = _crews.all()
    for crew in crews:
        with crew.lock:
            crew.queue.put(None)
    for crew in crews:
        for thread in list(crew.threads):
            thread.join()


def _after_fork_in_child() -> None:
    for crew in _crews.all():
        crew.after_fork()


# Before the interpreter joins its threads, as in the standard library: an ordinary atexit function would come after that.
threading._register_atexit(_at_exit)  # type: ignore[attr-defined]
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
