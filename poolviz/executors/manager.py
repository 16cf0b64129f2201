"""The thread that manages a process pool.

    submit(), map()              manager thread                       worker processes
      | Scheduler.submit            |                                    |
      | wake pipe ---------------> | Scheduler.place -> messages -----> | claim, call, stamp
                                   | <---------------- results -------- |
      futures, map runs <--------- | Replies, Outcomes                  |

It waits in one `select` for: the wake pipe, results, room in a full pipe, and the end of a process. It never blocks in a write.

Locks, in the order in which they may be taken: a future's condition, the scheduler's lock, a worker's claim lock. Futures are resolved
while none of them is held.
"""

from __future__ import annotations

import contextlib
import logging
import selectors
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError
from functools import partial
from typing import Any, Literal

from poolviz import interrupts
from poolviz.events import WorkerReady
from poolviz.executors import base, launch
from poolviz.executors.casualties import ABRUPT, Casualties
from poolviz.executors.future import Future
from poolviz.executors.mapping import MapRun
from poolviz.executors.outcomes import Outcomes
from poolviz.executors.placement import Message, Placement
from poolviz.executors.printed import Printing
from poolviz.executors.processes import Processes
from poolviz.executors.replies import Replies
from poolviz.executors.scheduler import Scheduler
from poolviz.executors.serialize import Buffer
from poolviz.executors.wakeup import Wakeup
from poolviz.observe import FULL, Journal

logger = logging.getLogger("poolviz")

#: Seconds after which the manager looks again whether an idle worker can take something from a busy one.
LOOK_AGAIN = 0.002
#: Seconds that whoever asks for the processes waits until they are started.
LAUNCH = 5.0
INITIALIZER = "A process in the process pool failed its initializer, the pool is not usable anymore"


class Manager:
    """A process pool without its public face. The executor holds it; it does not hold the executor.

    Args:
        ctx: a context of `multiprocessing`.
        max_workers: the most worker processes.
        initializer: called first in each; None for none.
        initargs: its arguments.
        max_tasks: calls after which a worker is replaced; None for no limit.
        replace: whether a worker that died is replaced, instead of breaking the pool.
    """

    def __init__(
        self,
        ctx: Any,
        max_workers: int,
        initializer: Callable[..., object] | None,
        initargs: tuple[Any, ...],
        max_tasks: int | None,
        replace: bool,
    ) -> None:
        self.replace = replace
        self.outcomes = Outcomes()
        self.scheduler = Scheduler(self.outcomes, max_tasks)
        self.replies = Replies(self.scheduler, self.outcomes)
        self.casualties = Casualties(self.scheduler, self.outcomes)
        self.printing = Printing(self.outcomes)
        self.processes = Processes(ctx, max_workers, initializer, initargs, max_tasks, replace, self.scheduler, self.outcomes)
        self.closed = False
        self.broken: str | None = None
        self.forked = False
        """Whether this is a copy in a child process, where nothing of it works."""
        self.thread: threading.Thread | None = None
        self.ended = threading.Event()
        """Whether the thread is done. To be waited for instead of `join`, which takes a thread for ended when a signal interrupts it."""
        self._ending: str | None = None
        """Who ended the workers, if somebody did."""
        self._launched = threading.Condition(self.scheduler.lock)
        self._wakeup = Wakeup()
        self._polled: selectors.BaseSelector | None = None

    @property
    def journal(self) -> Journal | None:
        """Where the pool reports to."""
        return self.outcomes.journal

    # Called from any thread

    def submit(self, unit: Future | MapRun, calls: int) -> None:
        """Take in a call or a map. Under the scheduler's lock, after `begin`."""
        if self.scheduler.submit(unit, calls):
            self._wakeup.wake()

    def begin(self) -> None:
        """Start the manager's thread if it has not been. Under the scheduler's lock.

        Raises:
            OSError, RuntimeError: there are no more descriptors, or threads, to be had.
        """
        if self.thread is not None:
            return
        self._wakeup.open()
        thread = threading.Thread(target=self._run, name="poolviz-manager")
        try:
            thread.start()
        except BaseException:
            self._wakeup.close()
            raise
        self.thread = thread
        managers.append(self)

    def after_fork(self) -> None:
        """In a child process: let go of workers, memory and pipes, which belong to the parent, and of locks that nobody will release."""
        self.forked = True
        self.scheduler.lock = threading.RLock()
        self._launched = threading.Condition(self.scheduler.lock)
        self.scheduler.placements.clear()
        self.scheduler.clear()
        self._wakeup = Wakeup()
        self.ended = threading.Event()
        self.ended.set()

    def close(self) -> None:
        """Let everything end after what was submitted. Takes no lock of the pool: the garbage collector calls it too."""
        self.closed = True
        self._wakeup.wake()

    def withdraw(self, future: Future) -> bool:
        """See `future.Owner`."""
        if self.forked:
            return True  # nothing here waits for it, and the parent's copy is the parent's
        with self.scheduler.lock:
            withdrawn = self.scheduler.withdraw(future)
        self._wakeup.wake()
        return withdrawn

    def claimed(self, future: Future) -> bool:
        """See `future.Owner`."""
        with self.scheduler.lock:
            return self.scheduler.claimed(future)

    def withdraw_run(self, run: MapRun) -> None:
        """Take back all items of a map that no worker has begun; who waits for one of them gets CancelledError."""
        with interrupts.put_off():
            with self.scheduler.lock:
                ranges = self.scheduler.withdraw_run(run)
            for first, _ in ranges:
                run.deliver(first, CancelledError())
            self._wakeup.wake()

    def cancel_pending(self) -> None:
        """Cancel everything that no worker has claimed."""
        with self.scheduler.lock:
            units = self.scheduler.units()
        for unit in units:
            if isinstance(unit, MapRun):
                self.withdraw_run(unit)
            else:
                unit.cancel()

    def interrupt(self) -> None:
        """Cancel what no worker has begun, and raise KeyboardInterrupt in what runs; workers that do not mind are killed."""
        self.cancel_pending()
        with interrupts.put_off():
            with self.scheduler.lock:
                self.processes.interrupt()
            self._wakeup.wake()

    def running(self) -> list[tuple[int, int, int]]:
        """What runs now, read from the workers' slots: call, worker, start."""
        found = []
        with self.scheduler.lock:
            for placement in self.scheduler.placements:
                current = placement.link.slot.current() if placement.ready else None
                message = placement.find(current[0]) if current is not None else None
                if current is not None and message is not None:
                    entry, started, item, item_started = current
                    call = message.call_of(entry, item)
                    if call:
                        found.append((call, placement.number, item_started or started))
        return found

    def by_pid(self) -> dict[int, Any]:
        """The worker processes by their ids. Who submits a call and then asks finds the process that was started for it."""
        if self.forked:
            return {}
        with self._launched:
            if self.thread is not None and self.thread is not threading.current_thread():
                self._launched.wait_for(self._has_launched, LAUNCH)
            return {placement.pid: placement.process for placement in self.scheduler.placements}

    def _has_launched(self) -> bool:
        return self.broken is not None or self._ending is not None or not self.processes.wanted()

    def end_workers(self, how: Literal["terminate", "kill"]) -> None:
        """Shut the pool down and end its processes; what has not ended then fails."""
        with interrupts.put_off(), self.scheduler.lock:
            self._ending = f"The workers of this process pool were ended by {how}_workers()."
            self.closed = True
            self.replace = False
            self.processes.end(how)
        self._wakeup.wake()

    # The manager's thread

    def _run(self) -> None:
        try:
            with selectors.DefaultSelector() as self._polled:
                self._watch(self._wakeup.reader, selectors.EVENT_READ, self._wakeup.drain)
                while self._look():
                    self.outcomes.resolve()
                    self._flush_journal()
                    self._wait()
        except BaseException:
            logger.critical("poolviz: the manager of a process pool failed", exc_info=True)
            self._break("The manager of this process pool failed; the log says why.", [])
        finally:
            self._end()

    def _watch(self, fd: int, events: int, then: Callable[[int], None]) -> None:
        assert self._polled is not None
        self._polled.register(fd, events, then)

    def _unwatch(self, fd: int) -> None:
        assert self._polled is not None
        with contextlib.suppress(KeyError, ValueError):  # not watched; already closed
            self._polled.unregister(fd)

    def _wait(self) -> None:
        assert self._polled is not None
        timeout = None
        if self.processes.deadline:
            timeout = max(0.0, self.processes.deadline - time.monotonic())
        elif self.scheduler.unbalanced():
            timeout = LOOK_AGAIN
        ready = self._polled.select(timeout if self._wakeup.may_sleep() else 0)
        self._wakeup.awake()
        for key, events in ready:
            key.data(events)
        self.processes.kill_stubborn()

    def _look(self) -> bool:
        """Place what can be placed. False when all is done and every worker is gone."""
        scheduler = self.scheduler
        with scheduler.lock:
            if self._ending is not None and not scheduler.placements:
                self._break(self._ending, [])
            if self.broken is None:
                self._grow()
                scheduler.place()
                for placement in scheduler.placements:
                    if placement.link.backlog and not placement.watched:
                        placement.watched = True
                        self._watch(placement.link.writer, selectors.EVENT_WRITE, partial(self._writable, placement))
            done = self.broken is not None or (self.closed and not scheduler.outstanding())
            if done or self.processes.max_tasks is not None:
                self.processes.stop(done)
            return not done or bool(scheduler.placements)

    def _grow(self) -> None:
        """Start a worker for each call that has none, up to the limit."""
        while not self._has_launched():
            try:
                placement = self.processes.start((self._wakeup.reader, self._wakeup.writer))
            except BaseException as error:
                logger.exception("poolviz: a worker process could not be started")
                self._break(f"A worker process could not be started: {type(error).__name__}: {error}", [])
                return
            self._watch(placement.link.reader, selectors.EVENT_READ, partial(self._readable, placement))
            for which, fd in enumerate(placement.link.streams):
                self._watch(fd, selectors.EVENT_READ, partial(self._printed, placement, which))
            self._watch(placement.sentinel, selectors.EVENT_READ, partial(self._died, placement))
            self._launched.notify_all()

    def _writable(self, placement: Placement, events: int) -> None:
        with self.scheduler.lock:
            if placement.gone:
                return
            placement.link.push()
            if not placement.link.backlog:
                placement.watched = False
                self._unwatch(placement.link.writer)

    def _readable(self, placement: Placement, events: int) -> None:
        if placement.gone:
            return
        try:
            frames = placement.link.frames.read()
        except EOFError:
            self._unwatch(placement.link.reader)  # the process is ending; its sentinel tells more
            return
        for message, parts in frames:
            self._heard(placement, message, parts)

    def _heard(self, placement: Placement, message: tuple[Any, ...], parts: list[Buffer]) -> None:
        kind = message[0]
        if kind == "done":
            self.replies.done(placement, message, parts)
        elif kind == "error":
            self.replies.error(placement, message, parts)
        elif kind == "output":
            with self.scheduler.lock:
                self.printing.heard(placement, message)
        elif kind == "ready":
            with self.scheduler.lock:
                self.scheduler.join(placement)
            if self.journal is not None:
                self.journal.batches.append(WorkerReady(self.journal.pool, placement.number, message[1]))
        elif kind == "broken":
            # The pool breaks when the worker has ended, which may have log records to hand over.
            placement.failure = message[1]
            self.processes.farewell(placement)

    def _printed(self, placement: Placement, which: int, events: int) -> None:
        if placement.gone:
            return
        with self.scheduler.lock:
            more = self.printing.read(placement, which)
        if not more:
            self._unwatch(placement.link.streams[which])

    # Ends

    def _died(self, placement: Placement, events: int) -> None:
        if placement.gone:
            return
        self._read_rest(placement)
        placement.process.join()
        code = placement.process.exitcode
        with self.scheduler.lock:
            orderly = placement.stopping and code == 0
            interrupted = self.processes.was_interrupted(placement)
            words = "" if orderly else launch.exit_words(code, interrupted or self._ending is not None)
            rest = self.casualties.lose(placement, words, interrupted)
            self.printing.read_rest(placement)
            for fd in (placement.link.reader, placement.link.writer, *placement.link.streams, placement.sentinel):
                self._unwatch(fd)
            self.processes.forget(placement, words)
            if placement.failure:
                self._break(f"{INITIALIZER}: {placement.failure}", rest)
            elif orderly or interrupted or self.broken is not None or (self.replace and self.processes.worth_replacing(placement)):
                for message in reversed(rest):
                    self.scheduler.put_back(message)
            else:
                self._break(self._ending or f"{ABRUPT} Worker process {placement.pid} {words}.", rest)

    def _read_rest(self, placement: Placement) -> None:
        """Read what a worker wrote before it ended."""
        with contextlib.suppress(EOFError, OSError):
            while True:
                frames = placement.link.frames.read()
                for message, parts in frames:
                    self._heard(placement, message, parts)
                if not frames and not launch.readable(placement.link.reader):
                    return

    def _break(self, message: str, rest: list[Message]) -> None:
        """End everything that was submitted with BrokenProcessPool, and the workers too."""
        with self.scheduler.lock:
            if self.broken is not None:
                return
            self.broken = message
            self.closed = True
            self.casualties.end_all(message, rest)
            self.processes.end("terminate")
            self._launched.notify_all()

    def _flush_journal(self) -> None:
        journal = self.journal
        if journal is not None and (len(journal.ends) >= FULL or len(journal.batches) >= 1024 or len(journal.submits) >= FULL):
            journal.flush()

    def _end(self) -> None:
        self.outcomes.resolve()
        self.closed = True
        self._wakeup.close()
        managers.remove(self)
        base.close_journal(self.journal)
        self.ended.set()


#: Managers whose thread runs.
managers: list[Manager] = []
