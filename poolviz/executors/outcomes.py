"""How calls end in a process pool: the journal first, then whoever waits.

Reading a result and resolving a future run anybody's code (`__setstate__`, done-callbacks). So what workers answer is only noted at first;
the manager gives them their next calls, and then resolves what is due, with no lock of the pool held.
"""

from __future__ import annotations

import logging
from array import array
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from typing import Any

from poolviz.batching import numbers
from poolviz.clock import now
from poolviz.events import Ended, Failed, Outcome
from poolviz.executors.future import Future
from poolviz.executors.mapping import MapRun
from poolviz.executors.placement import Message
from poolviz.observe import Journal
from poolviz.wording import words_of

logger = logging.getLogger("poolviz")


class Outcomes:
    """The ends of a pool's calls."""

    def __init__(self) -> None:
        self.journal: Journal | None = None
        self._due: deque[tuple[Callable[[], None], Sequence[Future | MapRun]]] = deque()

    def later(self, end: Callable[[], None], units: Sequence[Future | MapRun]) -> None:
        """Have calls ended by the next `resolve`; in the manager's thread.

        Args:
            end: ends them.
            units: the futures, or the map, that they are of.
        """
        self._due.append((end, units))

    def resolve(self) -> None:
        """End the calls that are due, in their order."""
        while self._due:
            end, units = self._due.popleft()
            try:
                end()
            except BaseException as error:  # such as MemoryError: nobody is to wait for these calls for good
                logger.exception("poolviz: calls could not be ended")
                for unit in units:
                    _give_up(unit, f"The end of this call could not be taken in: {type(error).__name__}")

    def returned(self, future: Future, worker: int, sent: int, start: int, end: int, value: Any, size: int) -> None:
        """End a call that returned; `size` is the bytes of its pickled result."""
        if self.journal is not None:
            row = (future._call, worker, sent, start, end, now(), Outcome.RETURNED, future._bytes_out, size)
            self.journal.ends += row
        _resolve(future.set_result, value)

    def failed(
        self,
        future: Future,
        worker: int,
        sent: int,
        start: int,
        end: int,
        outcome: int,
        error: BaseException,
        text: str,
        words: str = "",
    ) -> None:
        """End a call that raised, or whose worker died; `text` is the traceback, `words` are the worker's for the exception, if it has any:
        anybody's `__str__` need not run here once more."""
        if self.journal is not None:
            self.journal.batches.append(Failed(future._call, words or words_of(error), text))
            self.journal.ends += (future._call, worker, sent, start, end, now(), outcome, future._bytes_out, 0)
        _resolve(future.set_exception, error)

    def items(
        self, run: MapRun, message: Message, worker: int, first: int, starts: array[int], ends: array[int], outcome: int, size: int
    ) -> None:
        """Note the ends of neighbouring items of a map. Their block is delivered after that."""
        if self.journal is None:
            return
        n, call = len(ends), run.first_call + first

        def same(value: int) -> array[int]:
            return array("q", (value,)) * n

        calls = numbers(call, n)
        columns = (same(worker), same(message.sent), starts, ends, same(now()), same(outcome), same(message.size), same(size))
        self.journal.batches.append(Ended(self.journal.pool, calls, *columns))

    def failed_item(
        self,
        run: MapRun,
        message: Message,
        worker: int,
        item: int,
        start: int,
        end: int,
        outcome: int,
        error: BaseException,
        text: str,
        words: str = "",
    ) -> None:
        """End an item that raised, or whose worker died; see `failed`."""
        if self.journal is not None:
            self.journal.batches.append(Failed(run.first_call + item, words or words_of(error), text))
        self.items(run, message, worker, item, array("q", (start,)), array("q", (end,)), outcome, 0)
        run.deliver(item, error)

    def cancel_items(self, run: MapRun, ranges: list[tuple[int, int]], outcome: int = Outcome.CANCELLED) -> None:
        """Note items that end without having run. Resolves nothing; under the pool's lock."""
        for first, stop in ranges:
            n, call, end = stop - first, run.first_call + first, now()
            if n <= 0:
                continue
            run.close_items(n)
            if self.journal is not None:
                zeros, times = array("q", (0,)) * n, array("q", (end,)) * n
                calls = numbers(call, n)
                nobody, outcomes = array("q", (-1,)) * n, array("q", (outcome,)) * n
                self.journal.batches.append(Ended(self.journal.pool, calls, nobody, zeros, zeros, times, times, outcomes, zeros, zeros))


def _give_up(unit: Future | MapRun, why: str) -> None:
    if isinstance(unit, MapRun):
        unit.abort(partial(BrokenProcessPool, why))
    elif not unit.done():
        _resolve(unit.set_exception, BrokenProcessPool(why))


def _resolve(setter: Callable[[Any], None], value: Any) -> None:
    # A callback may raise anything, SystemExit too; the manager must live.
    try:
        setter(value)
    except BaseException:
        logger.exception("poolviz: a future could not be resolved, or a callback of it raised")
