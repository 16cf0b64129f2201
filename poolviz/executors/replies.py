"""What workers answer: frames of results and errors become ends of calls."""

from __future__ import annotations

import pickle
from array import array
from concurrent.futures.process import _RemoteTraceback
from typing import Any

from poolviz.events import Outcome
from poolviz.executors.future import Future
from poolviz.executors.mapping import MapRun
from poolviz.executors.outcomes import Outcomes
from poolviz.executors.placement import Message, Placement
from poolviz.executors.scheduler import Scheduler
from poolviz.executors.serialize import Buffer, load
from poolviz.observe import words_of


class Replies:
    """Reads the answers of a pool's workers, in the manager's thread. Answers of one worker come in the order of the entries."""

    def __init__(self, scheduler: Scheduler, outcomes: Outcomes) -> None:
        self._scheduler = scheduler
        self._outcomes = outcomes

    def _message(self, placement: Placement, entry: int, item: int, n: int) -> Message:
        sent = placement.find(entry)
        assert sent is not None, "a worker answers for what it was sent"
        sent.reported = (item if sent.items else entry - sent.first) + n
        return sent

    def done(self, placement: Placement, message: tuple[Any, ...], parts: list[Buffer]) -> None:
        """Take the results of neighbouring entries, or of items of one chunk."""
        _, entry, n, item, packed, last = message
        starts, ends = array("q"), array("q")
        starts.frombytes(parts[0])
        ends.frombytes(parts[1])
        size = sum(map(len, parts[2:])) // n
        values: list[Any] = []
        error: BaseException | None = None
        try:
            values = pickle.loads(parts[2]) if packed else [load(parts[2:])]
        except BaseException as broken:
            error = _unreadable(broken)
        spent = sum(ends) - sum(starts)
        with self._scheduler.lock:
            sent = self._message(placement, entry, item, n)
            if sent.run is None:
                futures = self._finish(placement, sent, entry, n)
                self._scheduler.learn(spent, n)
        if sent.run is None:
            number, time = placement.number, sent.sent
            for i, future in enumerate(futures):
                if error is None:
                    self._outcomes.returned(future, number, time, starts[i], ends[i], values[i], size)
                else:
                    self._outcomes.failed(future, number, time, starts[i], ends[i], Outcome.RAISED, error, "")
            return
        run, first = sent.run, sent.item_of(entry, item)
        run.learn(spent, n)
        if error is not None:
            self._item_failed(placement, sent, run, first, starts[0], ends[0], Outcome.RAISED, error, "", last)
            return
        self._outcomes.items(run, sent, placement.number, first, starts, ends, Outcome.RETURNED, size)
        self._settle_items(placement, sent, run, n, last)
        run.deliver(first, values)

    def error(self, placement: Placement, message: tuple[Any, ...], parts: list[Buffer]) -> None:
        """Take the exception of one entry, or of one item of a chunk."""
        _, entry, item, start, end, outcome, words, text, last = message
        error: BaseException
        try:
            error = load(parts)
            if not isinstance(error, BaseException):
                raise TypeError(f"it came back as {type(error).__qualname__}")
        except BaseException as broken:
            error = RuntimeError(f"{words} (the exception itself could not be unpickled: {words_of(broken)})")
        error.__cause__ = _RemoteTraceback(f'\n"""\n{text}"""')  # type: ignore[arg-type]  # the stub is wrong: it takes the text
        with self._scheduler.lock:
            sent = self._message(placement, entry, item, 1)
            futures = self._finish(placement, sent, entry, 1) if sent.run is None else []
        if sent.run is not None:
            self._item_failed(placement, sent, sent.run, sent.item_of(entry, item), start, end, outcome, error, text, last)
        for future in futures:
            self._outcomes.failed(future, placement.number, sent.sent, start, end, outcome, error, text)

    def _finish(self, placement: Placement, sent: Message, entry: int, n: int) -> list[Future]:
        at = entry - sent.first
        futures = [future for future in sent.futures[at : at + n] if future is not None]
        assert len(futures) == n, "a call that was taken back is not run"
        sent.futures[at : at + n] = [None] * n
        self._scheduler.settle(placement, sent, n)
        for future in futures:
            future._function.uses -= 1
        return futures

    def _settle_items(self, placement: Placement, sent: Message, run: MapRun, n: int, last: bool) -> None:
        with self._scheduler.lock:
            run.close_items(n)
            if not sent.items:
                self._scheduler.settle(placement, sent, n)
            elif last:
                self._scheduler.settle(placement, sent, 1)

    def _item_failed(
        self,
        placement: Placement,
        sent: Message,
        run: MapRun,
        item: int,
        start: int,
        end: int,
        outcome: int,
        error: BaseException,
        text: str,
        last: bool,
    ) -> None:
        self._outcomes.failed_item(run, sent, placement.number, item, start, end, outcome, error, text)
        self._settle_items(placement, sent, run, 1, last)
        run.deliver(item, error)
        if sent.items and last:  # the items of the chunk behind it are not run
            with self._scheduler.lock:
                self._outcomes.cancel_items(run, [(item + 1, sent.item + sent.items)])


def _unreadable(error: BaseException) -> BaseException:
    # An ordinary exception, so that the SystemExit of somebody's __setstate__ does not end the caller's program.
    return error if isinstance(error, Exception) else RuntimeError(f"a result could not be unpickled: {words_of(error)}")
