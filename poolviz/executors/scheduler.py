"""Which worker gets what, and when.

    submit, map --> pending --> messages to workers --> (ended)
                       ^             |
                       +-- rob ------+   what waits behind a long call, when another worker has nothing to do

How much a worker is given follows from how long calls take: a few milliseconds of work, so that short calls travel together and long
ones one by one. A worker's second message waits in its pipe while it works on the first.

Invariants, all under `lock`
- A call that has not ended is in one place: in `pending`, or in one message of one placement.
- `waiting` counts the calls in `pending`, the items of maps included.
- What is withdrawn or taken back is taken under the worker's claim lock, so that no worker runs it.
- No last reference to a future or a map is let go of here: the user's objects that hang on it may have a `__del__`. See `dropped`.
"""

from __future__ import annotations

import threading
from collections import deque

from poolviz.executors.definitions import Snapshot
from poolviz.executors.functions import Functions
from poolviz.executors.future import Future
from poolviz.executors.mapping import AHEAD, LONG, MapRun
from poolviz.executors.outcomes import Outcomes
from poolviz.executors.placement import Message, Placement
from poolviz.executors.sending import forget, send_calls, send_items
from poolviz.executors.slots import CLAIMED

#: The most calls of one message, and the most that wait in one worker.
BATCH, DEPTH = 64, 1024


class Scheduler:
    """The calls of a pool that have not ended, and its workers."""

    def __init__(self, outcomes: Outcomes, max_tasks: int | None) -> None:
        # Reentrant: the garbage collector may run code that needs it while this thread holds it.
        self.lock = threading.RLock()
        self.functions = Functions()
        self.placements: list[Placement] = []
        self.pending: deque[Future | MapRun] = deque()
        self.waiting = 0
        self.dropped: list[Future | MapRun] = []
        """What was withdrawn; the manager lets go of it once it has left the lock."""
        self.hungry = True
        """Whether something newly submitted might be placed at once."""
        self._outcomes = outcomes
        self._max_tasks = max_tasks
        self._idle: set[Placement] = set()
        self._pace = 0.0
        """Nanoseconds that a submitted call takes, averaged; 0 while unknown."""

    # Submitting and withdrawing, from any thread

    def submit(self, unit: Future | MapRun, calls: int) -> bool:
        """Take in a call or a map. An idle worker is given a call at once, which spares a change of threads.

        Returns:
            Whether the manager should look at it.
        """
        if isinstance(unit, Future) and not self.pending:
            placement = self._idle_placement()
            if placement is not None:
                self._idle.discard(placement)
                send_calls(placement, [unit])
                placement.link.push()
                return placement.link.backlog > 0
        self.pending.append(unit)
        self.waiting += calls
        return self.hungry

    def _idle_placement(self) -> Placement | None:
        for placement in self._idle:
            if placement.room(1) and self._may_take(placement):
                return placement
        return None

    def withdraw(self, future: Future) -> bool:
        """Take a call back unless a worker has claimed it."""
        if future._withdrawn or future._ended:
            return False
        message, placement = future._message, future._placement
        if message is None or placement is None:
            self.waiting -= 1
        elif not placement.revoke(message, future, future._entry):
            return False
        else:
            self._note_load(placement)
        future._let_go()
        future._withdrawn = True
        return True

    def claimed(self, future: Future) -> bool:
        """Whether a worker has claimed the call."""
        placement = future._placement
        return future._ended or (placement is not None and not placement.gone and placement.link.slot.words[CLAIMED] >= future._entry)

    def withdraw_run(self, run: MapRun) -> list[tuple[int, int]]:
        """Take back all items of a map that no worker has begun; their ranges."""
        self.waiting -= run.waiting
        ranges = run.drop_rest()
        for placement in self.placements:
            ranges += [part.item_range() for part in placement.take_back(1.0, run)]
            self._note_load(placement)
        self._outcomes.cancel_items(run, ranges)
        return ranges

    def units(self) -> list[Future | MapRun]:
        """Everything that has not ended."""
        units = dict.fromkeys(self.pending)
        for placement in self.placements:
            for message in placement.messages:
                units.update(dict.fromkeys([message.run] if message.run is not None else [f for f in message.futures if f is not None]))
        return list(units)

    def clear(self) -> None:
        """Forget everything that has not ended: the pool is broken."""
        self.dropped += self.pending
        self.pending.clear()
        self.waiting = 0
        for placement in self.placements:
            placement.messages.clear()
            placement.load = 0

    # Giving, in the manager's thread

    def outstanding(self) -> int:
        """Calls that have not ended."""
        return self.waiting + sum(placement.load for placement in self.placements)

    def place(self) -> None:
        """Give workers what they can take, and move what waits behind long calls to those that have nothing."""
        self._give()
        if self.unbalanced() and self._rob():
            self._give()
        self.hungry = not self.pending
        for number in self.functions.unused():
            for placement in self.placements:
                forget(placement, number)
        for placement in self.placements:
            if placement.link.backlog:
                placement.link.push()

    def unbalanced(self) -> bool:
        """Whether a worker has nothing to do while calls wait behind another's."""
        return bool(self._idle) and not self.waiting and any(placement.load > 1 for placement in self.placements)

    def join(self, placement: Placement) -> None:
        """Note a worker that has become ready."""
        placement.ready = True
        self._note_load(placement)

    def settle(self, placement: Placement, message: Message, n: int) -> None:
        """Note that `n` entries of a message have ended."""
        placement.settle(message, n)
        self._note_load(placement)

    def learn(self, nanoseconds: int, calls: int) -> None:
        """Note how long submitted calls took."""
        pace = max(1.0, nanoseconds / calls)
        self._pace = pace if not self._pace else 0.7 * self._pace + 0.3 * pace

    def put_back(self, part: Message) -> None:
        """Put what was taken from a worker in front of everything that waits."""
        if part.run is not None:
            first, stop = part.item_range()
            if part.run.withdrawn:
                self.dropped.append(part.run)
                self._outcomes.cancel_items(part.run, [(first, stop)])
                return
            part.run.give_back(first, stop)
            self.waiting += stop - first
            if part.run not in self.pending:
                self.pending.appendleft(part.run)
            return
        for future in reversed(part.futures):
            if future is not None:
                future._message = future._placement = None
                self.pending.appendleft(future)
                self.waiting += 1

    def remove(self, placement: Placement) -> None:
        """Forget a worker."""
        self.placements.remove(placement)
        self._idle.discard(placement)

    def _note_load(self, placement: Placement) -> None:
        if placement.load or not placement.ready:
            self._idle.discard(placement)
        else:
            self._idle.add(placement)

    def _may_take(self, placement: Placement) -> bool:
        return self._max_tasks is None or placement.given < self._max_tasks

    def _depth(self) -> int:
        """How many calls a worker may have: one while nothing is known or calls are long, so that they start in their order."""
        if not self._pace or self._pace > LONG:
            return 1
        return max(2, min(DEPTH, int(AHEAD / self._pace)))

    def _give(self) -> None:
        while self.pending:
            unit = self.pending[0]
            if isinstance(unit, MapRun):
                if not unit.waiting:
                    self.dropped.append(self.pending.popleft())
                    continue
                ahead = unit.ahead()
                candidates = [p for p in self.placements if len(p.messages) < ahead and p.room(1) and self._may_take(p)]
            elif unit._withdrawn:
                self.dropped.append(self.pending.popleft())
                continue
            else:
                depth = self._depth()
                candidates = [p for p in self.placements if p.load < depth and p.room(1) and self._may_take(p)]
            if not candidates:
                return
            placement = min(candidates, key=_load)
            if isinstance(unit, MapRun):
                self._give_items(placement, unit)
            else:
                self._give_calls(placement, len(candidates))

    def _give_calls(self, placement: Placement, candidates: int) -> None:
        most = min(BATCH, self._depth() - placement.load, -(-len(self.pending) // candidates))
        if self._max_tasks is not None:
            most = min(most, self._max_tasks - placement.given)
        most = placement.room(max(1, most))
        futures: list[Future] = []
        snapshots: set[Snapshot] = set()
        while self.pending and len(futures) < most:
            unit = self.pending[0]
            if isinstance(unit, MapRun):
                break
            if unit._withdrawn:
                self.dropped.append(self.pending.popleft())
                continue
            # What one message holds is run with one `__main__`.
            if not all(unit._snapshot.agrees(other) for other in snapshots):
                break
            snapshots.add(unit._snapshot)
            futures.append(unit)
            self.pending.popleft()
        if futures:
            self.waiting -= len(futures)
            self._idle.discard(placement)
            send_calls(placement, futures)

    def _give_items(self, placement: Placement, run: MapRun) -> None:
        first, stop = run.take(len(self.placements))
        n = stop - first
        if not run.chunk:
            fits = placement.room(n)
            if self._max_tasks is not None:
                fits = min(fits, self._max_tasks - placement.given)
            if fits < n:
                run.give_back(first + fits, stop)
                stop, n = first + fits, fits
        self.waiting -= n
        self._idle.discard(placement)
        send_items(placement, run, first, stop)

    def _work(self, placement: Placement) -> float:
        """Nanoseconds of work that a worker has, as far as is known."""
        return sum(m.left * (m.run.pace * (m.items or 1) if m.run is not None else self._pace) for m in placement.messages)

    def _rob(self) -> bool:
        idle = sum(placement.room(1) > 0 and self._may_take(placement) for placement in self._idle)
        robbed = False
        if idle:
            for placement in self.placements:
                if placement.ready and (placement.stuck() or self._work(placement) > LONG):
                    for part in reversed(placement.take_back(idle / (idle + 1))):
                        self.put_back(part)
                        robbed = True
        return robbed


def _load(placement: Placement) -> int:
    return placement.load
