"""The fold: batches of columns in, state out. It takes no lock, reads no clock, and runs no Python statement for each call."""

from array import array
from collections import Counter
from collections.abc import Callable
from itertools import chain, compress, count, repeat
from operator import add, gt, not_
from typing import Any, NamedTuple

from poolviz import callers, clock, observe
from poolviz.events import (
    LARGEST,
    Batch,
    Chunked,
    Consumed,
    Ended,
    Exit,
    Failed,
    Missing,
    PoolClosed,
    PoolOpened,
    Printed,
    Running,
    Submitted,
    Waited,
    WorkerExited,
    WorkerReady,
    WorkerStarted,
)
from poolviz.tracing.chunks import Chunks
from poolviz.tracing.columns import Column, Columns, bounds, cast, expand, keep
from poolviz.tracing.errors import Errors
from poolviz.tracing.gone import Gone
from poolviz.tracing.prints import Prints
from poolviz.tracing.tally import Tally
from poolviz.tracing.waits import Waits

#: Records of workers and callers that are kept; the oldest go first, of callers those of whom nothing is known any more.
MANY = 10_000


class PoolRecord(NamedTuple):
    """What is known of a pool. Times are nanoseconds of the clock, 0 for what has not happened."""

    pool: int
    kind: str
    name: str
    workers: int
    start_method: str
    opened: int
    closed: int = 0


class WorkerRecord(NamedTuple):
    """What is known of a worker. Times are nanoseconds of the clock, 0 for what has not happened."""

    worker: int
    pool: int
    name: str
    ident: int
    started: int
    ready: int = 0
    exited: int = 0
    detail: str = ""
    how: int = Exit.NONE
    """How it ended, an `Exit`."""


class RunningCall(NamedTuple):
    """A call that runs."""

    call: int
    pool: int
    worker: int
    started: int


class State:
    """All that the batches so far have said.

    Args:
        limit: the most calls whose rows are kept. Beyond that the oldest eighth goes and is counted.
        base: number of the first call that may come; calls before it are nobody's.
    """

    def __init__(self, limit: int, base: int) -> None:
        self.limit = limit
        self.columns = Columns(base)
        self.tally = Tally()
        self.waits = Waits()
        self.pools: dict[int, PoolRecord] = {}
        self.workers: dict[int, WorkerRecord] = {}
        self.running: dict[int, RunningCall] = {}
        self.errors = Errors()
        self.prints = Prints()
        self.chunks = Chunks()
        self.callers: dict[int, str] = {}
        """Names of the threads that waited or took a result, by their numbers."""
        self.missing: dict[int, tuple[int, int, int]] = {}
        """For a pool, or 0: records that could not be taken in, and when the first and the last were met."""
        self._most_callers = MANY
        self._gone = Gone()
        self._folds: dict[type, Callable[[Any], None]] = {
            Submitted: self._submitted,
            Running: self._running,
            Ended: self._ended,
            Consumed: self._consumed,
            Waited: self._waited,
            Failed: self.errors.add,
            Printed: self._printed,
            Chunked: self._chunked,
            PoolOpened: self._pool_opened,
            PoolClosed: self._pool_closed,
            WorkerStarted: self._worker_started,
            WorkerReady: self._worker_ready,
            WorkerExited: self._worker_exited,
            Missing: lambda batch: self.miss(batch.pool, batch.records, clock.now()),
        }

    def fold(self, batch: Batch) -> None:
        """Take in one batch."""
        self._folds[type(batch)](batch)

    def miss(self, pool: int, records: int, time: int) -> None:
        """Count records that are missing.

        Args:
            pool: of which pool; 0 when that is not known.
            records: how many.
            time: when it was noticed, in nanoseconds of the clock.
        """
        before, first, _ = self.missing.pop(pool, (0, time, time))
        self.missing[pool] = (before + records, first, time)
        if len(self.missing) > MANY:
            del self.missing[next(iter(self.missing))]

    def scope_of(self, call: int) -> int | None:
        """The scope of a call, None if nothing is known of it."""
        row = call - self.columns.base
        if row < 0:
            return self._gone.scope_of(call)
        return self.columns.scope[row] if row < len(self.columns) and self.columns.submitted[row] else None

    # Calls.

    def _submitted(self, batch: Submitted) -> None:
        if not batch.first:
            return
        for scope, calls in _by_scope(batch):
            self.tally.submit(batch.pool, scope, calls)
        earliest, latest = bounds(batch.first)
        self._make_room(latest + 1 if _all_are(1, batch.calls) else max(map(add, batch.first, batch.calls)))
        if earliest < self.columns.base:
            batch = self._without_late(batch)
        pool, first, counts, time, label, item, scope_column = batch
        columns, records, calls = self.columns, len(first), sum(counts)
        if calls > 16 * records:
            for start, n, moment, name, index, scope in zip(first, counts, time, label, item, scope_column, strict=True):
                columns.fill(start, n, {"pool": pool, "submitted": moment, "label": name, "scope": scope})
                columns.item[start - columns.base : start - columns.base + n] = cast(array("q", range(index, index + n)), "i")
            return
        if calls > records:
            time, label, scope_column = (_repeated(column, counts) for column in (time, label, scope_column))
            first, item = expand(first, counts), expand(item, counts)
        values = {"pool": array("q", (pool,)) * calls, "submitted": time, "label": label, "item": item, "scope": scope_column}
        columns.put(first, values)

    def _make_room(self, stop: int) -> None:
        columns = self.columns
        excess = stop - columns.base - self.limit
        if excess > 0:
            n = max(excess, self.limit // 8)
            if 0 in columns.outcome[:n]:
                mask = list(map(gt, map(not_, columns.outcome[:n]), map(not_, columns.submitted[:n])))
                calls = array("q", compress(count(columns.base), mask))
                self._gone.add_columns(calls, array("q", compress(columns.scope, mask)))
            self.drop(n)
        columns.grow(stop)

    def drop(self, n: int) -> None:
        """Give up the `n` oldest rows, which are counted, and what was known beside them."""
        columns = self.columns
        self.tally.dropped.update(compress(zip(columns.pool[:n], columns.scope[:n], strict=True), columns.submitted[:n]))
        columns.drop(n)
        for each in (self.errors, self.prints, self.chunks):
            each.forget_before(columns.base)

    def _without_late(self, batch: Submitted) -> Submitted:
        """Count the calls that have no row any more, and give the batch without them."""
        base, kept = self.columns.base, []
        for first, n, time, label, item, scope in zip(*batch[1:], strict=True):
            late = min(max(base - first, 0), n)
            if late:
                self.tally.dropped[batch.pool, scope] += late
                self._gone.add(first, late, scope)
            if late < n:
                kept.append((first + late, n - late, time, label, item + late if item >= 0 else item, scope))
        columns = zip(*kept, strict=True) if kept else repeat((), 6)
        return Submitted(batch.pool, *(array("q", column) for column in columns))

    def _running(self, batch: Running) -> None:
        columns = self.columns
        for call, worker, started in zip(batch.call, batch.worker, batch.started, strict=True):
            row = call - columns.base
            if row >= len(columns) or (row >= 0 and columns.outcome[row]) or self.scope_of(call) is None:
                continue
            self.running[call] = RunningCall(call, batch.pool, worker, started)
            if row >= 0:
                columns.worker[row], columns.started[row] = worker, started

    def _ended(self, batch: Ended) -> None:
        if not batch.call:
            return
        columns, pool = self.columns, batch.pool
        table = {name: column for name, column in zip(batch._fields[1:], batch[1:], strict=True)}
        earliest, latest = bounds(batch.call)
        if earliest < columns.base or latest >= columns.base + len(columns):
            table = self._without_gone(batch, table)
        calls = table.pop("call")
        columns.put(calls, table)
        scope, outcomes = self.tally.only_scope(pool), table["outcome"]
        if scope is not None:
            counted = {outcomes[0]: len(outcomes)} if outcomes and _all_are(outcomes[0], outcomes) else Counter(outcomes)
            for outcome, n in counted.items():
                self.tally.end(pool, scope, outcome, n)
        else:
            for (scope, outcome), n in Counter(zip(columns.gather("scope", calls), table["outcome"], strict=True)).items():
                self.tally.end(pool, scope, outcome, n)
        base = columns.base
        for call in [call for call in self.running if call >= base and columns.outcome[call - base]]:
            del self.running[call]

    def _without_gone(self, batch: Ended, table: dict[str, Column]) -> dict[str, Column]:
        base, stop = self.columns.base, self.columns.base + len(self.columns)
        for call, outcome in zip(batch.call, batch.outcome, strict=True):
            if call < base:
                scope = self._gone.end(call)
                if scope is not None:
                    self.tally.end(batch.pool, scope, outcome)
                    self.running.pop(call, None)
        return keep(table, [base <= call < stop for call in batch.call])

    def _consumed(self, batch: Consumed) -> None:
        if not batch.call:
            return
        self._meet(batch.caller)
        base, stop = self.columns.base, self.columns.base + len(self.columns)
        earliest, latest = bounds(batch.call)
        if earliest >= base and latest < stop:
            self.columns.put(batch.call, {"consumed": batch.time, "caller": batch.caller})
            return
        table = {"call": batch.call, "consumed": batch.time, "caller": batch.caller}
        kept = keep(table, [base <= call < stop for call in batch.call])
        self.columns.put(kept.pop("call"), kept)

    def _meet(self, numbers: Column) -> None:
        # Nearly always it is one and the same.
        met = numbers[:1] if numbers and _all_are(numbers[0], numbers) else numbers
        new = set(met).difference(self.callers)
        if not new:
            return
        if len(self.callers) > self._most_callers:
            known = {*self.waits.caller, *self.columns.caller}
            self.callers = {number: name for number, name in self.callers.items() if number in known}
            self._most_callers = max(MANY, 2 * len(self.callers))
        self.callers |= {number: observe.plain(callers.names.get(number, "a thread that is gone")) for number in new}

    # What is told by words, or once for many calls.

    def _waited(self, batch: Waited) -> None:
        self._meet(batch.caller)
        self.waits.fold(batch)
        if batch.call and min(batch.call) < self.columns.base:  # told late, of a pool that is gone
            self.waits.forget_before(self.columns.base)

    def _printed(self, batch: Printed) -> None:
        if batch.call >= self.columns.base:
            self.prints.add(batch)

    def _chunked(self, batch: Chunked) -> None:
        if batch.first + batch.calls > self.columns.base:
            self.chunks.add(batch._replace(size=int(min(batch.size, LARGEST))))

    def _pool_opened(self, batch: PoolOpened) -> None:
        # The number of workers is what the user gave, and may be no int: `inf`, or one of numpy's.
        workers, texts = int(min(batch.workers, LARGEST)), map(observe.plain, map(str, (batch.kind, batch.name, batch.start_method)))
        kind, name, method = texts
        self.pools[batch.pool] = PoolRecord(batch.pool, kind, name, workers, method, batch.time)

    def _pool_closed(self, batch: PoolClosed) -> None:
        if batch.pool in self.pools:
            self.pools[batch.pool] = self.pools[batch.pool]._replace(closed=batch.time)

    def _worker_started(self, batch: WorkerStarted) -> None:
        self.workers[batch.worker] = WorkerRecord(batch.worker, batch.pool, observe.plain(batch.name), batch.ident, batch.time)
        if len(self.workers) > MANY:
            oldest = next((record.worker for record in self.workers.values() if record.exited), batch.worker)
            if oldest != batch.worker:
                del self.workers[oldest]

    def _worker_ready(self, batch: WorkerReady) -> None:
        if batch.worker in self.workers:
            self.workers[batch.worker] = self.workers[batch.worker]._replace(ready=batch.time)

    def _worker_exited(self, batch: WorkerExited) -> None:
        if batch.worker in self.workers:
            record = self.workers[batch.worker]
            self.workers[batch.worker] = record._replace(exited=batch.time, detail=observe.plain(batch.detail), how=batch.how)


def _repeated(column: Column, counts: Column) -> Column:
    return array("q", chain.from_iterable(map(repeat, column, counts)))


def _all_are(value: int, column: Column) -> bool:
    return column == array(column.typecode, (value,)) * len(column)


def _by_scope(batch: Submitted) -> list[tuple[int, int]]:
    """How many calls each scope of the batch has."""
    if _all_are(batch.scope[0], batch.scope):
        return [(batch.scope[0], sum(batch.calls))]
    return [(scope, sum(compress(batch.calls, map(scope.__eq__, batch.scope)))) for scope in set(batch.scope)]
