"""The worker processes of one pool: how they start, are told to stop, are interrupted, and are forgotten.

Everything here runs in the manager's thread, except `interrupt` and `end`. A worker lives no longer than the thread that started it
(see `lifeline`), so the manager starts them itself and ends last.

    start (no lock: it runs code of the user's)  -->  add (the lock)  -->  ready  -->  stop, end, interrupt, kill  -->  forget

A worker that is being started is in no list. What happens to the others meanwhile, `add` does to it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable
from typing import Any, Literal

from poolviz.clock import now
from poolviz.events import Exit, WorkerExited, WorkerStarted
from poolviz.executors import launch, worker
from poolviz.executors.child import Child
from poolviz.executors.outcomes import Outcomes
from poolviz.executors.placement import Placement
from poolviz.executors.printed import parent_shows
from poolviz.executors.scheduler import Scheduler
from poolviz.executors.slots import INTERRUPT, Slots
from poolviz.executors.starter import Starter
from poolviz.executors.transport import Link

#: Seconds that an interrupted call has to notice it, which code in C may never do, and to end; then its worker is killed. Whoever has
#: pressed a key once should see the end of it within a second, on a busy machine too.
NOTICE, GRACE = 0.3, 0.5
#: How many workers in a row may die before they are ready, when dead workers are replaced.
STILLBORN = 3
#: Seconds that a worker has to end by itself, once it was told to or its initializer has failed.
FAREWELL = 5.0


class Processes:
    """Starts and ends a pool's workers.

    Args:
        ctx: a context of `multiprocessing`.
        most: the most workers at a time.
        initializer: called first in each; None for none.
        initargs: its arguments.
        max_tasks: calls after which a worker is replaced; None for no limit.
        eager: whether workers send each result at once, so that none is lost with them.
        scheduler: what knows the workers.
        outcomes: has the journal.
    """

    def __init__(
        self,
        ctx: Any,
        most: int,
        initializer: Callable[..., object] | None,
        initargs: tuple[Any, ...],
        max_tasks: int | None,
        eager: bool,
        scheduler: Scheduler,
        outcomes: Outcomes,
    ) -> None:
        self.most = most
        self.starter = Starter(initializer, initargs, scheduler.functions.namespace)
        self.max_tasks = max_tasks
        self.deadline = 0.0
        """When those are killed that should have ended; 0 when there are none."""
        self.forks = ctx.get_start_method() == "fork"
        """Whether workers inherit what they need, instead of being sent it."""
        self._ctx = ctx
        self._eager = eager
        self._scheduler = scheduler
        self._outcomes = outcomes
        self._interrupted: dict[int, tuple[int, float]] = {}
        """By the number of a worker the entry that must end, -1 when it was still starting; and the time by which it must have ended."""
        self._ending: dict[int, float] = {}
        """By the number of a worker that was told to end the time by which it must have."""
        self._due: dict[int, float] = {}
        """By the number of a worker when to look whether it is to be killed."""
        self._slots = Slots(most)
        self._launched = 0
        self._stillborn = 0
        self._how: Literal["terminate", "kill"] | None = None
        """How all workers were ended, if they were."""
        self._interrupts = self._interrupts_before = 0
        """How often the pool was interrupted, now and when the newest worker was begun to be started."""

    def wanted(self) -> bool:
        """Whether there are calls without a worker, and room for another."""
        placements = self._scheduler.placements
        if len(placements) >= self.most and self.max_tasks is None:
            return False
        return sum(not placement.stopping for placement in placements) < min(self.most, self._scheduler.outstanding())

    def start(self, own_fds: tuple[int, ...]) -> Placement:
        """Start a worker; `add` makes it one of the pool's.

        Under no lock of ours: the initializer's arguments are pickled, and hooks of `os.register_at_fork` run.

        Args:
            own_fds: descriptors of this pool, besides the links, that a forked worker must close.

        Raises:
            Exception: it cannot be started, or what the initializer needs cannot be pickled.
        """
        self._interrupts_before = self._interrupts
        link = Link(self._ctx, parent_shows(), self._slots)
        try:
            inherited = self._links(link) + own_fds if self.forks else ()
            parent = 0 if self._ctx.get_start_method() == "forkserver" else os.getpid()
            args = (link.end, self.starter, self._eager, parent, inherited)
            self.starter.sent = {}
            process = launch.make_process(self._ctx, worker.main, args)
            launch.start(process)
            try:
                link.started()
                placement = Placement(Child(process), link)
            except BaseException:  # no descriptor is left for what is needed to look after it
                process.kill()
                process.join()
                with contextlib.suppress(ValueError):  # somebody else has its status
                    process.close()
                raise
        except BaseException:
            link.close()
            raise
        placement.definitions = self.starter.sent
        return placement

    def add(self, placement: Placement) -> None:
        """Take in a worker that was started. Under the scheduler's lock."""
        self._scheduler.placements.append(placement)
        self._launched += 1
        if self._how is not None:
            self._end(placement, self._how)
        if self._interrupts != self._interrupts_before:
            self._interrupted[placement.number] = (-1, 0.0)
            self._look_at(placement, time.monotonic() + NOTICE)
        journal = self._outcomes.journal
        if journal is not None:
            name = f"worker {self._launched}"
            journal.batches.append(WorkerStarted(journal.pool, placement.number, now(), name, placement.pid))

    def _links(self, new: Link) -> tuple[int, ...]:
        fds = [new.reader, new.writer, *new.streams]
        for placement in self._scheduler.placements:
            fds += (placement.link.reader, placement.link.writer, *placement.link.streams, *placement.child.descriptors())
        return tuple(fds)

    def stop(self, all_of_them: bool) -> None:
        """Tell workers to stop: all, or those that have run as many calls as they may."""
        for placement in self._scheduler.placements:
            spent = self.max_tasks is not None and placement.given >= self.max_tasks and not placement.load
            # One that is not ready yet is told when it is.
            if (all_of_them or spent) and placement.ready and not placement.stopping:
                placement.stopping = True
                placement.link.send(("stop",), [])
                placement.link.push()

    def forget(self, placement: Placement, words: str, how: Exit) -> None:
        """Let go of a worker that is gone; `words` say what became of it, and are empty for an orderly end."""
        self._interrupted.pop(placement.number, None)
        self._ending.pop(placement.number, None)
        self._due.pop(placement.number, None)
        self._scheduler.remove(placement)
        placement.close()
        journal = self._outcomes.journal
        if journal is not None:
            journal.batches.append(WorkerExited(journal.pool, placement.number, now(), words, how))

    def worth_replacing(self, placement: Placement) -> bool:
        """Whether a new worker may fare better than this dead one. Not if workers keep dying before they can run anything."""
        self._stillborn = 0 if placement.ready else self._stillborn + 1
        return self._stillborn < STILLBORN

    def end(self, how: Literal["terminate", "kill"]) -> None:
        """End all workers, whatever they do; those that do not mind SIGTERM are killed. Under the scheduler's lock, from any thread."""
        self._how = how
        for placement in self._scheduler.placements:
            self._end(placement, how)

    def _end(self, placement: Placement, how: Literal["terminate", "kill"]) -> None:
        placement.stopping = True
        self.farewell(placement)
        placement.child.send(signal.SIGKILL if how == "kill" else signal.SIGTERM)

    def farewell(self, placement: Placement) -> None:
        """Give a worker some time to end by itself. Under the scheduler's lock."""
        self._ending[placement.number] = limit = time.monotonic() + FAREWELL
        self._look_at(placement, limit)

    def _look_at(self, placement: Placement, due: float) -> None:
        self._due[placement.number] = min(self._due.get(placement.number, due), due)
        self.deadline = min(self._due.values())

    def interrupt(self) -> None:
        """Raise KeyboardInterrupt in each call that runs. Under the scheduler's lock, from any thread.

        Workers that are still starting are given time too: an initializer may take long, and nothing waits for it any more.
        """
        begin = time.monotonic()
        self._interrupts += 1
        for placement in self._scheduler.placements:
            current = placement.link.slot.current() if placement.ready else None
            if current is not None:
                placement.link.slot.words[INTERRUPT] = current[0] + 1
                placement.child.send(signal.SIGINT)
            if current is not None or not placement.ready:
                self._interrupted[placement.number] = (-1 if current is None else current[0], begin + GRACE)
                self._look_at(placement, begin + NOTICE)

    def was_interrupted(self, placement: Placement) -> bool:
        """Whether we ended it, or tried to."""
        return placement.number in self._interrupted

    def kill_stubborn(self) -> None:
        """Kill the workers that should have ended, and those whose calls did not mind the interrupt, once their time is over."""
        time_now = time.monotonic()
        if not self.deadline or time_now < self.deadline:
            return
        with self._scheduler.lock:
            for placement in self._scheduler.placements:
                due = self._due.get(placement.number)
                if due is None or time_now < due:
                    continue
                del self._due[placement.number]
                limit = self._limit(placement)
                if limit > time_now:
                    self._due[placement.number] = limit
                elif limit >= 0:
                    placement.child.send(signal.SIGKILL)
            self.deadline = min(self._due.values(), default=0.0)

    def _limit(self, placement: Placement) -> float:
        """When a worker whose time is over is killed: a little later if its call has noticed the interrupt; -1 if it may live.

        A call that catches the interrupt and goes on is as stubborn as one that never saw it.
        """
        if placement.number in self._interrupted:
            entry, limit = self._interrupted[placement.number]
            current = placement.link.slot.current() if placement.ready else None
            if entry < 0 and not placement.ready:
                return 0.0
            if current is not None and current[0] == entry:
                return limit if placement.link.slot.words[INTERRUPT] == 0 else 0.0
            del self._interrupted[placement.number]
        return self._ending.get(placement.number, -1.0)
