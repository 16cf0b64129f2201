"""One `map` in a process pool: no future for each item, but blocks of results that the caller takes in the items' order.

    map()  ->  MapRun: rows or payloads  --- ranges of items --->  manager, workers
                       blocks by first item  <--- results ---------  manager
    caller <- results(): takes the block that begins at the next item

A block is what one message brought, so blocks follow one another without a gap. A range that a busy worker had not begun may be taken
back and given to another; it then makes a block of its own.
"""

from __future__ import annotations

import time
from array import array
from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from poolviz import deferred
from poolviz.batching import numbers
from poolviz.callers import here
from poolviz.clock import now
from poolviz.events import Blocked, Consumed
from poolviz.executors import leaving
from poolviz.executors.condition import LeanCondition
from poolviz.executors.future import raise_as_result
from poolviz.executors.serialize import Payload
from poolviz.tracebacks import HIDE

if TYPE_CHECKING:
    from poolviz.executors.definitions import Snapshot
    from poolviz.executors.functions import SentFunction
    from poolviz.observe import Journal

#: How much work one message should carry, in nanoseconds, and the most items of one.
TARGET = 2_000_000
MOST = 4096
#: How much work should be on its way to a worker, in nanoseconds, and the most messages. The manager shares the interpreter with the
#: caller, who may keep it waiting for a switch interval, 5 ms, each time.
AHEAD = 16_000_000
MESSAGES = 32
#: From this many nanoseconds on a message is long: to send the next one only when it has ended costs less than a hundredth.
LONG = 10_000_000


class MapRun:
    """The items of one `map`, and the results that are there.

    `rows` holds the tuples of arguments when all are plain, else `payloads` holds one pickle for each item. Ranges are handed out
    under the pool's lock, results under the run's own condition.
    """

    def __init__(
        self,
        function: SentFunction,
        snapshot: Snapshot,
        rows: list[tuple[Any, ...]] | None,
        payloads: list[Payload] | None,
        chunk: int | None,
        journal: Journal | None,
        first_call: int,
    ) -> None:
        self.function = function
        self.snapshot = snapshot
        self.rows = rows
        self.payloads = payloads
        self.total = len(rows) if rows is not None else len(payloads or ())
        self.chunk = chunk
        self.journal = journal
        self.first_call = first_call
        self.condition = LeanCondition()
        self.blocks: dict[int, list[Any] | BaseException] = {}
        self.next = 0
        self.again: deque[tuple[int, int]] = deque()
        self.waiting = self.total
        """Items that no worker has been given."""
        self.open = self.total
        """Items that have not ended."""
        self.pace = 0.0
        """Nanoseconds that an item takes, averaged; 0 while unknown."""
        self.withdrawn = False
        self.failure: Callable[[], BaseException] | None = None
        """Makes the error of every item that has no result, once the pool is broken."""

    # Under the pool's lock

    def take(self, workers: int) -> tuple[int, int]:
        """Hand out the next items as ``(first, stop)``; the caller knows that there are some."""
        size = self.chunk or self._size(workers)
        if self.again:
            first, stop = self.again.popleft()
            if stop - first > size and not self.chunk:
                self.again.appendleft((first + size, stop))
                stop = first + size
        else:
            first, stop = self.next, min(self.next + size, self.total)
            self.next = stop
        self.waiting -= stop - first
        return first, stop

    def ahead(self) -> int:
        """How many messages a worker may have: one while nothing is known or items are long, so that they start in their order."""
        if not self.pace:
            return 1
        work = self.pace * (self.chunk or min(MOST, max(1, TARGET // self.pace)))
        return 1 if work > LONG else max(2, min(MESSAGES, int(AHEAD / work)))

    def _size(self, workers: int) -> int:
        if not self.pace:
            return 1
        size = min(MOST, int(TARGET / self.pace))
        # Towards the end pieces get smaller, so that the workers end together.
        return max(1, min(size, self.waiting // (2 * workers)))

    def give_back(self, first: int, stop: int) -> None:
        """Take back a range that no worker had begun."""
        self.again.appendleft((first, stop))
        self.waiting += stop - first

    def learn(self, nanoseconds: int, items: int) -> None:
        """Note how long items took."""
        pace = max(1.0, nanoseconds / items)
        self.pace = pace if not self.pace else 0.5 * self.pace + 0.5 * pace

    def close_items(self, n: int) -> None:
        """Note that `n` items have ended."""
        self.open -= n
        if not self.open:
            self.function.uses -= 1

    def drop_rest(self) -> list[tuple[int, int]]:
        """Forget the items that no worker has; the ranges of those that were waiting."""
        ranges = [*self.again, (self.next, self.total)]
        self.again.clear()
        self.next, self.waiting, self.withdrawn = self.total, 0, True
        return [(first, stop) for first, stop in ranges if first < stop]

    # Results

    def deliver(self, first: int, block: list[Any] | BaseException) -> None:
        """Put what came for the items from `first` on."""
        with self.condition:
            self.blocks[first] = block
            self.condition.notify_all()

    def abort(self, failure: Callable[[], BaseException]) -> None:
        """Have every item that has no result raise."""
        with self.condition:
            self.failure = failure
            self.condition.notify_all()

    def _wait(self, at: int, deadline: float | None) -> list[Any]:
        __tracebackhide__ = HIDE
        journal = self.journal
        if journal is not None:
            noted = journal.blocks(Blocked.MAP, self.first_call + at)
        try:
            while True:
                with self.condition:
                    if at in self.blocks:
                        return self._pop(at)
                    if self.failure is not None:
                        raise self.failure()
                    turn = self.condition.enlist()
                if not self.condition.await_turn(turn, None if deadline is None else deadline - time.monotonic()):
                    raise TimeoutError
        finally:
            if journal is not None:
                journal.waited(Blocked.MAP, noted)

    def _pop(self, at: int) -> list[Any]:
        block = self.blocks.pop(at)
        if isinstance(block, BaseException):
            __tracebackhide__ = HIDE
            try:
                raise_as_result(block)
            finally:
                del block
        return block

    def results(self, deadline: float | None, withdraw: Callable[[MapRun], None], interrupt: Callable[[], None]) -> Iterator[Any]:
        """Hand out the results in order; `withdraw` is called when the iterator ends before they do."""
        __tracebackhide__ = HIDE
        at, before = 0, leaving.handled()
        try:
            while at < self.total:
                block = self._pop(at) if at in self.blocks else self._wait(at, deadline)
                self._consumed(at, len(block))
                at += len(block)
                # Taken from the end, so that nothing here keeps a result alive that the caller has let go.
                block.reverse()
                while block:
                    yield block.pop()
        except KeyboardInterrupt:
            interrupt()
            raise
        except GeneratorExit as closing:
            if self.open and not deferred.collecting():
                leaving.note(closing, before, interrupt)
            raise
        finally:
            if self.open:
                withdraw(self)

    def _consumed(self, first: int, n: int) -> None:
        if self.journal is not None:
            call, time, caller = self.first_call + first, now(), here.number
            if n == 1:
                self.journal.takes += (call, time, caller)
            else:
                columns = (numbers(call, n), array("q", (time,)) * n, array("q", (caller,)) * n)
                self.journal.batches.append(Consumed(*columns))
            # The pool's own thread, which also looks, may have ended.
            self.journal.flush_if_full()
