"""A process pool as every thread may use it. The manager's thread, which does the rest, is in `loop`.

    submit(), map()              manager thread                       worker processes
      | Scheduler.submit            |                                    |
      | wake pipe ---------------> | Scheduler.place -> messages -----> | claim, call, stamp
                                   | <---------------- results -------- |
      futures, map runs <--------- | Replies, Outcomes                  |

Locks, in the order in which they may be taken: a future's condition, the scheduler's lock, a worker's claim lock. Futures are resolved
while none of them is held.

Invariants
- What is changed here is changed under the scheduler's lock, and the manager's thread is woken after that.
- In the main thread a change is whole: Ctrl-C is put off until its end.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError
from functools import partial
from typing import Any, Literal

from poolviz import deferred, interrupts
from poolviz.executors.condition import LeanCondition, LeanEvent
from poolviz.executors.future import Future, cancel_all
from poolviz.executors.loop import Loop
from poolviz.executors.mapping import MapRun
from poolviz.executors.outcomes import Outcomes
from poolviz.executors.processes import Processes
from poolviz.executors.scheduler import Scheduler
from poolviz.executors.wakeup import Wakeup
from poolviz.living import Living

#: Seconds that whoever asks for the processes waits until they are started.
LAUNCH = 5.0


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
        self.outcomes = Outcomes()
        self.scheduler = Scheduler(self.outcomes, max_tasks)
        self.processes = Processes(ctx, max_workers, initializer, initargs, max_tasks, replace, self.scheduler, self.outcomes)
        self.loop = Loop(self.scheduler, self.outcomes, self.processes, replace)
        self.forked = False
        """Whether this is a copy in a child process, where nothing of it works."""
        self.thread: threading.Thread | None = None
        self.ended = LeanEvent()
        """Whether the thread is done. To be waited for instead of `join`, which takes a thread for ended when a signal interrupts it."""
        managers.add(self)

    def submit(self, unit: Future | MapRun, calls: int) -> None:
        """Take in a call or a map. Under the scheduler's lock, after `begin`."""
        # Also for a call that only a further worker could take: those that there are may be busy with their initializers.
        if self.scheduler.submit(unit, calls) or self.processes.wanted():
            self.loop.wakeup.wake()

    def prepare(self, calls: int) -> None:
        """Pickle the initializer for the workers that so many calls need. Under no lock.

        Raises:
            Exception: the initializer, or an argument of it, cannot be sent.
        """
        starter = self.processes.starter
        if starter.prepared < self.processes.most and starter.initializer is not None and not self.processes.forks:
            # Read without the lock: at worst a worker is prepared too many or too few.
            busy = self.scheduler.outstanding() + calls
            starter.prepare(min(self.processes.most, busy))

    def begin(self) -> None:
        """Start the manager's thread if it has not been. Under the scheduler's lock, so whoever closes the pool comes before or after.

        Raises:
            OSError, RuntimeError: there are no more descriptors, or threads, to be had.
        """
        if self.thread is not None:
            return
        self.loop.wakeup.open()
        thread = threading.Thread(target=self._run, name="poolviz-manager")
        try:
            thread.start()
        except BaseException:
            self.loop.wakeup.close()
            raise
        self.thread = thread

    def _run(self) -> None:
        try:
            self.loop.run()
        finally:
            self.ended.set()

    def after_fork(self) -> None:
        """In a child process: let go of workers, memory and pipes, which belong to the parent, and of locks that nobody will release."""
        self.scheduler.lock = threading.RLock()
        self.loop.launched = LeanCondition(self.scheduler.lock)
        if self.thread is None:
            return
        self.forked = True
        self.scheduler.placements.clear()
        self.scheduler.clear()
        self.loop.wakeup = Wakeup()
        self.ended = LeanEvent()
        self.ended.set()

    def close(self) -> None:
        """Take no further calls, and let everything end after what was submitted. A call of another thread is in, or will be refused."""
        with interrupts.put_off():
            with self.scheduler.lock:
                self.loop.closed = True
            self.loop.wakeup.wake()

    def abandon(self) -> None:
        """As `close`, for a pool that nobody can submit to any more. Takes no lock of the pool: the garbage collector calls it."""
        with interrupts.put_off():
            self.loop.closed = True
            self.loop.wakeup.wake()

    def withdraw(self, future: Future) -> bool:
        """See `future.Owner`."""
        if self.forked:
            return True  # nothing here waits for it, and the parent's copy is the parent's
        with self.scheduler.lock:
            withdrawn = self.scheduler.withdraw(future)
        self.loop.wakeup.wake()
        return withdrawn

    def claimed(self, future: Future) -> bool:
        """See `future.Owner`."""
        with self.scheduler.lock:
            return self.scheduler.claimed(future)

    def withdraw_run(self, run: MapRun) -> None:
        """Take back all items of a map that no worker has begun; who waits for one of them gets CancelledError."""
        if self.forked:
            return  # the items are the parent's, and so is who holds the locks
        if deferred.collecting():
            deferred.leave(partial(self.withdraw_run, run))
            self.loop.wakeup.wake()
            return
        with interrupts.put_off():
            with self.scheduler.lock:
                ranges = self.scheduler.withdraw_run(run)
            for first, _ in ranges:
                run.deliver(first, CancelledError())
            self.loop.wakeup.wake()

    def cancel_pending(self) -> None:
        """Cancel everything that no worker has claimed."""
        with interrupts.put_off(), self.scheduler.lock:
            units = self.scheduler.units()
        for unit in units:
            if isinstance(unit, MapRun):
                self.withdraw_run(unit)
        cancel_all(unit for unit in units if isinstance(unit, Future))

    def interrupt(self) -> None:
        """Cancel what no worker has begun, and raise KeyboardInterrupt in what runs; workers that do not mind are killed."""
        try:
            self.cancel_pending()
        finally:
            with interrupts.put_off():
                with self.scheduler.lock:
                    self.processes.interrupt()
                self.loop.wakeup.wake()

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
        launched, deadline = self.loop.launched, time.monotonic() + LAUNCH
        while True:
            with launched:
                awaited = self.thread is not None and self.thread is not threading.current_thread() and not self.loop.has_launched()
                if not awaited or time.monotonic() >= deadline:
                    return {placement.pid: placement.child.process for placement in self.scheduler.placements}
                turn = launched.enlist()
            launched.await_turn(turn, deadline - time.monotonic())

    def end_workers(self, how: Literal["terminate", "kill"]) -> None:
        """Shut the pool down and end its processes; what has not ended then fails."""
        with interrupts.put_off(), self.scheduler.lock:
            self.loop.ended_by = f"The workers of this process pool were ended by {how}_workers()."
            self.loop.closed = True
            self.loop.replace = False
            self.processes.end(how)
        self.loop.wakeup.wake()


#: All managers of this process.
managers: Living[Manager] = Living()
