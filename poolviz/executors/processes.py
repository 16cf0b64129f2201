"""The worker processes of one pool: how they start, are told to stop, are interrupted, and are forgotten.

Everything here runs in the manager's thread, except `interrupt` and `end`. A worker lives no longer than the thread that started it
(see `lifeline`), so the manager starts them itself and ends last.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable
from typing import Any, Literal

from poolviz.clock import now
from poolviz.events import WorkerExited, WorkerStarted
from poolviz.executors import launch, worker
from poolviz.executors.outcomes import Outcomes
from poolviz.executors.placement import Placement
from poolviz.executors.printed import parent_shows
from poolviz.executors.scheduler import Scheduler
from poolviz.executors.starter import Starter
from poolviz.executors.transport import INTERRUPT, Link

#: Seconds that an interrupted call has before its worker is killed.
GRACE = 0.5
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
        self._interrupted: dict[int, int] = {}
        """By the number of a worker the entry that must end; -1 when it was still starting."""
        self._ending: set[int] = set()
        self._launched = 0
        self._stillborn = 0

    def wanted(self) -> bool:
        """Whether there are calls without a worker, and room for another."""
        placements = self._scheduler.placements
        if len(placements) >= self.most and self.max_tasks is None:
            return False
        return sum(not placement.stopping for placement in placements) < min(self.most, self._scheduler.outstanding())

    def start(self, own_fds: tuple[int, ...]) -> Placement:
        """Start a worker.

        Args:
            own_fds: descriptors of this pool, besides the links, that a forked worker must close.

        Raises:
            Exception: it cannot be started, or what the initializer needs cannot be pickled.
        """
        link = Link(self._ctx, parent_shows())
        try:
            inherited = self._links(link) + own_fds if self.forks else ()
            parent = 0 if self._ctx.get_start_method() == "forkserver" else os.getpid()
            args = (link.end, self.starter, self._eager, parent, inherited)
            self.starter.sent = {}
            process = launch.make_process(self._ctx, worker.main, args)
            launch.start(process)
        except BaseException:
            link.close()
            raise
        link.started()
        placement = Placement(process, link)
        placement.definitions = self.starter.sent
        self._scheduler.placements.append(placement)
        self._launched += 1
        journal = self._outcomes.journal
        if journal is not None:
            name = f"worker {self._launched}"
            journal.batches.append(WorkerStarted(journal.pool, placement.number, now(), name, placement.pid))
        return placement

    def _links(self, new: Link) -> tuple[int, ...]:
        fds = [new.reader, new.writer, *new.streams]
        for placement in self._scheduler.placements:
            fds += (placement.link.reader, placement.link.writer, *placement.link.streams, placement.sentinel)
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

    def forget(self, placement: Placement, words: str) -> None:
        """Let go of a worker that is gone; `words` say how, empty for an orderly end."""
        self._interrupted.pop(placement.number, None)
        self._ending.discard(placement.number)
        self._scheduler.remove(placement)
        placement.close()
        journal = self._outcomes.journal
        if journal is not None:
            journal.batches.append(WorkerExited(journal.pool, placement.number, now(), words))

    def worth_replacing(self, placement: Placement) -> bool:
        """Whether a new worker may fare better than this dead one. Not if workers keep dying before they can run anything."""
        self._stillborn = 0 if placement.ready else self._stillborn + 1
        return self._stillborn < STILLBORN

    def end(self, how: Literal["terminate", "kill"]) -> None:
        """End all workers, whatever they do; those that do not mind SIGTERM are killed. Under the scheduler's lock, from any thread."""
        for placement in self._scheduler.placements:
            placement.stopping = True
            self.farewell(placement)
            if placement.alive():
                getattr(placement.process, how)()

    def farewell(self, placement: Placement) -> None:
        """Give a worker some time to end by itself."""
        self._ending.add(placement.number)
        self._not_later_than(time.monotonic() + FAREWELL)

    def _not_later_than(self, deadline: float) -> None:
        self.deadline = min(self.deadline or deadline, deadline)

    def interrupt(self) -> None:
        """Raise KeyboardInterrupt in each call that runs. Under the scheduler's lock, from any thread.

        Workers that are still starting get the same time: an initializer may take long, and nothing waits for it any more.
        """
        for placement in self._scheduler.placements:
            if not placement.ready:
                self._interrupted[placement.number] = -1
                continue
            current = placement.link.slot.current()
            if current is not None and placement.alive():
                placement.link.slot.words[INTERRUPT] = current[0] + 1
                self._interrupted[placement.number] = current[0]
                with contextlib.suppress(ProcessLookupError):
                    os.kill(placement.pid, signal.SIGINT)
        self._not_later_than(time.monotonic() + GRACE)

    def was_interrupted(self, placement: Placement) -> bool:
        """Whether we ended it, or tried to."""
        return placement.number in self._interrupted

    def kill_stubborn(self) -> None:
        """Kill the workers that should have ended, and those whose calls did not mind the interrupt, once their time is over."""
        if not self.deadline or time.monotonic() < self.deadline:
            return
        self.deadline = 0.0
        with self._scheduler.lock:
            for placement in self._scheduler.placements:
                if not self._still_runs(placement):
                    self._interrupted.pop(placement.number, None)
                if (placement.number in self._interrupted or placement.number in self._ending) and placement.alive():
                    placement.process.kill()

    def _still_runs(self, placement: Placement) -> bool:
        """Whether it is at what was interrupted. A call that catches the interrupt and goes on is as stubborn as one that never saw it."""
        entry = self._interrupted.get(placement.number, -1)
        current = placement.link.slot.current() if placement.ready else None
        return not placement.ready if entry < 0 else current is not None and current[0] == entry
