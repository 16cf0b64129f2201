"""What workers answer: frames of results and errors become ends of calls."""

from __future__ import annotations

import pickle
from array import array
from collections.abc import Sequence
from concurrent.futures.process import BrokenProcessPool, _RemoteTraceback
from functools import partial
from typing import Any

from poolviz.events import Outcome
from poolviz.executors.future import Future
from poolviz.executors.mapping import MapRun
from poolviz.executors.outcomes import Outcomes
from poolviz.executors.placement import Message, Placement
from poolviz.executors.scheduler import Scheduler
from poolviz.executors.serialize import Buffer, load, unreadable
from poolviz.tracebacks import Missing, complete
from poolviz.wording import words_of


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
        units: Sequence[Future | MapRun]
        starts.frombytes(parts[0])
        ends.frombytes(parts[1])
        with self._scheduler.lock:
            sent = self._message(placement, entry, item, n)
            # The items of a chunk begin where those before them end.
            spent = ends[-1] - starts[0] if sent.items else sum(ends) - sum(starts)
            if sent.run is None:
                futures = self._finish(placement, sent, entry, n)
                units = futures
                self._scheduler.learn(spent, n)
                end = partial(self._end_calls, placement.number, sent, futures, starts, ends, packed, parts[2:])
            else:
                first = sent.item_of(entry, item)
                units = [sent.run]
                sent.run.learn(spent, n)
                self._settle_items(placement, sent, n, last)
                end = partial(self._end_items, placement.number, sent, sent.run, first, starts, ends, packed, parts[2:])
        self._outcomes.later(end, units)

    def _end_calls(
        self, worker: int, sent: Message, futures: list[Future], starts: array[int], ends: array[int], packed: bool, parts: list[Buffer]
    ) -> None:
        size = sum(map(len, parts)) // len(futures)
        values, error = _read(packed, parts)
        for i, future in enumerate(futures):
            if error is None:
                self._outcomes.returned(future, worker, sent.sent, starts[i], ends[i], values[i], size)
            else:
                self._outcomes.failed(future, worker, sent.sent, starts[i], ends[i], Outcome.RAISED, error, "")

    def _end_items(
        self,
        worker: int,
        sent: Message,
        run: MapRun,
        first: int,
        starts: array[int],
        ends: array[int],
        packed: bool,
        parts: list[Buffer],
    ) -> None:
        size = sum(map(len, parts)) // len(ends)
        values, error = _read(packed, parts)
        if error is None:
            self._outcomes.items(run, sent, worker, first, starts, ends, Outcome.RETURNED, size)
            run.deliver(first, values)
        else:
            self._outcomes.failed_item(run, sent, worker, first, starts[0], ends[0], Outcome.RAISED, error, "")

    def error(self, placement: Placement, message: tuple[Any, ...], parts: list[Buffer]) -> None:
        """Take the exception of one entry, or of one item of a chunk."""
        _, entry, item, start, end, outcome, words, text, missing, last = message
        units: Sequence[Future | MapRun]
        with self._scheduler.lock:
            sent = self._message(placement, entry, item, 1)
            if sent.run is None:
                (future,) = self._finish(placement, sent, entry, 1)
                units = [future]
                fail = partial(self._outcomes.failed, future, placement.number, sent.sent, start, end, outcome)
            else:
                units = [sent.run]
                first = sent.item_of(entry, item)
                self._settle_items(placement, sent, 1, last)
                if sent.items and last:  # the items of the chunk behind it are not run
                    self._outcomes.cancel_items(sent.run, [(first + 1, sent.item + sent.items)])
                fail = partial(self._outcomes.failed_item, sent.run, sent, placement.number, first, start, end, outcome)

        def fail_now(missing: Missing) -> None:
            whole = complete(text, missing)
            fail(_read_error(words, whole, parts), whole, words)

        self._outcomes.later(partial(fail_now, missing), units)

    def _finish(self, placement: Placement, sent: Message, entry: int, n: int) -> list[Future]:
        at = entry - sent.first
        futures = [future for future in sent.futures[at : at + n] if future is not None]
        assert len(futures) == n, "a call that was taken back is not run"
        sent.futures[at : at + n] = [None] * n
        self._scheduler.settle(placement, sent, n)
        for future in futures:
            future._ended = True
            future._let_go()
        return futures

    def _settle_items(self, placement: Placement, sent: Message, n: int, last: bool) -> None:
        assert sent.run is not None
        sent.run.close_items(n)
        if not sent.items:
            self._scheduler.settle(placement, sent, n)
        elif last:
            self._scheduler.settle(placement, sent, 1)


def _read(packed: bool, parts: list[Buffer]) -> tuple[list[Any], BaseException | None]:
    """The values, or what went wrong in reading them. Of packed ones some may be pickles themselves, as a second part says."""
    try:
        if not packed:
            return [load(parts)], None
        values = pickle.loads(parts[0])
        for i in memoryview(parts[1]).cast("q") if len(parts) > 1 else ():
            values[i] = pickle.loads(values[i])
        return values, None
    except BaseException as broken:
        return [], unreadable("result", broken)


def _read_error(words: str, text: str, parts: list[Buffer]) -> BaseException:
    """The exception of a call, with the traceback of its process as its cause."""
    error: BaseException
    try:
        error = load(parts)
        if not isinstance(error, BaseException):
            raise TypeError(f"it came back as {type(error).__qualname__}")
    except BaseException as broken:
        error = BrokenProcessPool(f"{words} (the exception itself could not be unpickled: {words_of(broken)})")
    # Past the class's own __setattr__: an exception may be a frozen dataclass.
    cause = _RemoteTraceback(f'\n"""\n{text}"""')  # type: ignore[arg-type]  # the stub is wrong: it takes the text
    vars(BaseException)["__cause__"].__set__(error, cause)
    return error
