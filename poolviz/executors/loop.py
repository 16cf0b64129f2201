"""What the manager's thread of a process pool does: it waits for whatever happens first, and looks at everything.

    wake pipe ------------+                 +--> place what can be placed, start workers, tell them to stop   `_look`
    a worker's results ---+                 |
    room in a full pipe --+--> one select --+--> resolve the calls whose ends have come in, no lock held      `outcomes.resolve`
    a process's end ------+                 |
    its prints -----------+                 +--> wait again

Invariants
- It never blocks in a write, and waits nowhere else without a limit.
- Workers are started and buried here and nowhere else: the kernel ends them with this thread (`lifeline`).
- What other threads do to the same state (`manager`) they do under the scheduler's lock, and wake this thread then.
"""

from __future__ import annotations

import contextlib
import logging
import selectors
import signal
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from poolviz import deferred
from poolviz.events import Exit, WorkerReady
from poolviz.executors import base, launch
from poolviz.executors.casualties import ABRUPT, Casualties
from poolviz.executors.child import readable
from poolviz.executors.condition import LeanCondition
from poolviz.executors.oom import OomKills
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
#: Up to how many workers are watched by `poll`, which looks at all of them each time.
FEW = 8
INITIALIZER = "A process in the process pool failed its initializer, the pool is not usable anymore"


class Loop:
    """A process pool's calls, workers and flags, and the thread's work on them.

    Args:
        scheduler: the calls that have not ended, and the workers; its lock covers everything here.
        outcomes: ends calls.
        processes: starts and ends workers.
        replace: whether a worker that died is replaced, instead of breaking the pool.
    """

    def __init__(self, scheduler: Scheduler, outcomes: Outcomes, processes: Processes, replace: bool) -> None:
        self.scheduler = scheduler
        self.outcomes = outcomes
        self.processes = processes
        self.replace = replace
        self.closed = False
        """Whether nothing more may be submitted."""
        self.broken: str | None = None
        """Why the pool is broken, if it is."""
        self.ended_by: str | None = None
        """Who ended the workers, if somebody did."""
        self.wakeup = Wakeup()
        self.launched = LeanCondition(scheduler.lock)
        """Told when workers have been started, or never will be."""
        self._replies = Replies(scheduler, outcomes)
        self._casualties = Casualties(scheduler, outcomes)
        self._printing = Printing(outcomes)
        self._polled: selectors.BaseSelector | None = None

    @property
    def journal(self) -> Journal | None:
        """Where the pool reports to."""
        return self.outcomes.journal

    def has_launched(self) -> bool:
        """Whether there is a worker for each call, as far as there will be."""
        return self.broken is not None or self.ended_by is not None or not self.processes.wanted()

    def run(self) -> None:
        """What the manager's thread does, until everything is done and every worker is gone."""
        try:
            self._oom_kills = OomKills()  # before any worker starts
            with self._selector() as self._polled:
                self._watch(self.wakeup.reader, selectors.EVENT_READ, self.wakeup.drain)
                while self._look():
                    self.scheduler.dropped = []
                    self.outcomes.resolve()
                    if deferred.due:
                        deferred.run()
                    self._flush_journal()
                    self._wait()
        except BaseException:
            logger.critical("poolviz: the manager of a process pool failed", exc_info=True)
            self._break("The manager of this process pool failed; the log says why.", [])
        finally:
            self._bury_all()
            self.outcomes.resolve()
            self.scheduler.dropped = []
            self.closed = True
            self.wakeup.close()
            base.close_journal(self.journal)

    def _selector(self) -> selectors.BaseSelector:
        # For few workers one that takes no descriptor, and as little time.
        if self.processes.most <= FEW and hasattr(selectors, "PollSelector"):
            return selectors.PollSelector()
        return selectors.DefaultSelector()

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
        ready = self._polled.select(timeout if self.wakeup.may_sleep() else 0)
        self.wakeup.awake()
        for key, events in ready:
            key.data(events)
        self.processes.kill_stubborn()

    def _look(self) -> bool:
        """Place what can be placed. False when all is done and every worker is gone."""
        scheduler = self.scheduler
        with scheduler.lock:
            if self.ended_by is not None and not scheduler.placements:
                self._break(self.ended_by, [])
        self._grow()
        with scheduler.lock:
            if self.broken is None:
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
        """Start a worker for each call that has none, up to the limit. Under no lock, see `Processes.start`."""
        while True:
            with self.scheduler.lock:
                if self.has_launched():
                    return
            try:
                placement = self.processes.start((self.wakeup.reader, self.wakeup.writer))
            except BaseException as error:
                logger.exception("poolviz: a worker process could not be started")
                self._break(f"A worker process could not be started: {type(error).__name__}: {error}", [])
                return
            self._watch(placement.link.reader, selectors.EVENT_READ, partial(self._readable, placement))
            for which, fd in enumerate(placement.link.streams):
                self._watch(fd, selectors.EVENT_READ, partial(self._printed, placement, which))
            self._watch(placement.child.sentinel, selectors.EVENT_READ, partial(self._died, placement))
            with self.scheduler.lock:
                self.processes.add(placement)
                self.launched.notify_all()

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
        if self.broken is not None and kind != "output":
            return  # what it answers for has been failed
        if kind == "done":
            self._replies.done(placement, message, parts)
        elif kind == "error":
            self._replies.error(placement, message, parts)
        elif kind == "output":
            with self.scheduler.lock:
                self._printing.heard(placement, message)
        elif kind == "ready":
            with self.scheduler.lock:
                self.scheduler.join(placement)
            if self.journal is not None:
                self.journal.batches.append(WorkerReady(self.journal.pool, placement.number, message[1]))
        elif kind == "broken":
            # The pool breaks when the worker has ended, which may have log records to hand over.
            placement.failure = message[1]
            with self.scheduler.lock:
                self.processes.farewell(placement)

    def _printed(self, placement: Placement, which: int, events: int) -> None:
        if placement.gone:
            return
        with self.scheduler.lock:
            more = self._printing.read(placement, which)
        if not more:
            self._unwatch(placement.link.streams[which])

    # Ends

    def _died(self, placement: Placement, events: int) -> None:
        if placement.gone:
            return
        placement.child.make_sure()
        self._read_rest(placement)
        code = placement.child.status()
        with self.scheduler.lock:
            # One that was told to stop, had nothing left to do and is gone has stopped, whatever became of it on its way out.
            orderly = placement.stopping and not placement.load
            interrupted = self.processes.was_interrupted(placement)
            quiet = placement.stopping and (code == 0 or (orderly and code is None))
            how = self._exit_of(orderly, quiet, interrupted)
            words = "" if quiet else launch.exit_words(code, self._oom_kills.evidence(code) if how is Exit.DIED else "")
            rest = self._casualties.lose(placement, words, interrupted)
            self._printing.read_rest(placement)
            for fd in (placement.link.reader, placement.link.writer, *placement.link.streams, placement.child.sentinel):
                self._unwatch(fd)
            self.processes.forget(placement, f"failed its initializer: {placement.failure}" if placement.failure else words, how)
            if placement.failure:
                self._break(f"{INITIALIZER}: {placement.failure}", rest)
            elif orderly or interrupted or self.broken is not None or (self.replace and self.processes.worth_replacing(placement)):
                for message in reversed(rest):
                    self.scheduler.put_back(message)
            else:
                self._break(self.ended_by or f"{ABRUPT} Worker process {placement.pid} {words}.", rest)

    def _exit_of(self, orderly: bool, quiet: bool, interrupted: bool) -> Exit:
        """How a worker ended that is gone. Of several that die in one moment, the first whose end is seen breaks the pool."""
        if quiet:
            return Exit.ORDERLY
        if interrupted or self.ended_by is not None:
            return Exit.ENDED
        if self.broken is not None:
            return Exit.STOPPED
        return Exit.ORDERLY if orderly else Exit.DIED

    def _bury_all(self) -> None:
        """End the workers that are left when the manager has failed."""
        for placement in list(self.scheduler.placements):
            placement.child.send(signal.SIGKILL)
            placement.child.status()
            with self.scheduler.lock:
                self.processes.forget(placement, "stopped with the manager of its pool", Exit.STOPPED)

    def _read_rest(self, placement: Placement) -> None:
        """Read what a worker wrote before it ended."""
        with contextlib.suppress(EOFError, OSError):
            while True:
                frames = placement.link.frames.read()
                for message, parts in frames:
                    self._heard(placement, message, parts)
                if not frames and not readable(placement.link.reader):
                    return

    def _break(self, message: str, rest: list[Message]) -> None:
        """End everything that was submitted with BrokenProcessPool, and the workers too."""
        with self.scheduler.lock:
            if self.broken is not None:
                return
            self.broken = message
            self.closed = True
            self._casualties.end_all(message, rest)
            self.processes.end("terminate")
            self.launched.notify_all()

    def _flush_journal(self) -> None:
        journal = self.journal
        if journal is not None and (len(journal.ends) >= FULL or len(journal.batches) >= 1024 or len(journal.submits) >= FULL):
            journal.flush()
