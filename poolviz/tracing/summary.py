"""A run in numbers: how busy the workers were, where calls waited, what the caller waited for."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import compress
from operator import mul, sub
from typing import NamedTuple

from poolviz import observe
from poolviz.tracing import busy
from poolviz.tracing.answers import Everything
from poolviz.tracing.columns import Column, Table
from poolviz.tracing.durations import duration

SLOWEST = 5


class Spread(NamedTuple):
    """How a duration is spread over calls, in nanoseconds; all 0 when there are none."""

    median: int
    p95: int
    max: int


class SlowCall(NamedTuple):
    """One of the slowest calls."""

    name: str
    item: int
    """Its index in its `map`, -1 for `submit`."""
    duration: int
    """Nanoseconds."""


class Summary:
    """The numbers of a trace. Durations are nanoseconds.

    Attributes:
        title: name of the trace.
        counts: as `Trace.counts`.
        workers: how many workers there were.
        makespan: from the first submission to the last end, or to now while calls wait or run.
        busy: time that workers spent in calls, added up.
        speedup: `busy` / `makespan`: how many times faster than one worker would have been, its cost per call aside. When calls were
            dropped, their busy time is not known: this and the next two count from the first start of a call that is kept, and are 0
            before there is one.
        efficiency: `speedup` / `workers`.
        utilisation: `busy` as a share of the time during the makespan in which workers could run calls: from when their initializer had
            returned to their exit. The timeline calls it ``busy``.
        queue_wait: from the submission of a call to its start.
        run: from start to end.
        transfer: in process pools, what a call waited on its way: from when it was sent, or from when its worker was done with the call
            before, to its start.
        delivery: from the end to the future's result in this process.
        blocked: time that callers spent waiting for results, added up over threads.
        slowest: the slowest calls, slowest first.
        dropped: calls that `counts` counts and the other numbers no longer see.
        missing: records that poolviz could not take in, because something went wrong that the log says; no number here is exact then.
    """

    def __init__(self, title: str, everything: Everything) -> None:
        present, table, waits = everything.present, everything.calls, everything.waits
        now = present.now
        self.title = title
        self.counts = present.counts
        self.dropped = present.dropped
        self.missing = present.missing
        self.workers = len(present.workers)
        under_way = bool(present.counts["pending"] or present.counts["running"])
        running = [call for call in present.running if call.call >= present.base]
        span = busy.window(table["submitted"], filter(None, table["finished"]), now, under_way=under_way)
        known = busy.known(span, filter(None, table["started"]), dropped=bool(present.dropped))
        self.makespan = span.length
        rows = _rows_with(table["started"], table["finished"])
        durations = list(map(sub, _at(table["finished"], rows), _at(table["started"], rows)))
        self.busy = sum(durations) + sum(now - call.started for call in running)
        ran = {*_at(table["worker"], _started(table)), *(call.worker for call in running)}
        there = sum(busy.there(known, w.started, w.ready or None, w.exited or None, ran=w.worker in ran) for w in present.workers)
        self.speedup = self.busy / known.length if known.length else 0.0
        self.efficiency = self.speedup / self.workers if self.workers else 0.0
        self.utilisation = busy.share(self.busy, there) or 0.0
        self._is_known = known.length > 0 or not present.dropped
        self.queue_wait = _between(table["submitted"], table["started"])
        self.run = _spread(durations)
        self.transfer = _transfer(table)
        self.delivery = _between(table["finished"], table["delivered"])
        self.blocked = sum((stop or now) - start for start, stop in zip(waits["start"], waits["end"], strict=True))
        slowest = sorted(zip(durations, rows, strict=True), key=lambda pair: (-pair[0], pair[1]))[:SLOWEST]
        self.slowest = [SlowCall(observe.labels[table["label"][row]], table["item"][row], ns) for ns, row in slowest]

    def __repr__(self) -> str:
        lines = self._lines()
        width = max(len(name) for name, _ in lines)
        return "\n".join([self._head(), *(f"  {name:<{width}}  {text}" for name, text in lines)])

    def _repr_html_(self) -> str:
        cells = "".join(
            f"<tr><th style='text-align:left'>{escape(n)}</th><td style='text-align:left'>{escape(t)}</td></tr>" for n, t in self._lines()
        )
        return f"<table><caption style='text-align:left'>{escape(self._head())}</caption>{cells}</table>"

    def _head(self) -> str:
        counts = ", ".join(f"{n} {name}" for name, n in self.counts.items() if n or name == "total")
        calls = "call is" if self.dropped == 1 else "calls are"
        older = f"; {self.dropped} older {calls} not in the figures below" if self.dropped else ""
        records = "record is" if self.missing == 1 else "records are"
        missing = f"; {self.missing} {records} missing, the log says why" if self.missing else ""
        return f"{self.title}: {counts}{older}{missing}"

    def _shares(self) -> list[tuple[str, str]]:
        if not self._is_known:
            return [("workers", f"{self.workers}; what they did is not known, as no call that is kept has started")]
        return [
            ("workers", f"{self.workers}, busy {duration(self.busy)}, utilisation {self.utilisation:.0%}"),
            ("speed-up", f"{self.speedup:.2f}, efficiency {self.efficiency:.0%}"),
        ]

    def _lines(self) -> list[tuple[str, str]]:
        return [
            ("makespan", duration(self.makespan)),
            *self._shares(),
            ("queue wait", _words(self.queue_wait)),
            ("run", _words(self.run)),
            ("transfer", _words(self.transfer)),
            ("delivery", _words(self.delivery)),
            ("caller blocked", duration(self.blocked)),
            ("slowest", ", ".join(f"{_name(call)} {duration(call.duration)}" for call in self.slowest) or "none"),
        ]


def _name(call: SlowCall) -> str:
    return call.name if call.item < 0 else f"{call.name}[{call.item}]"


def _words(spread: Spread) -> str:
    return f"median {duration(spread.median)}, p95 {duration(spread.p95)}, max {duration(spread.max)}"


def _started(table: Table) -> list[int]:
    return list(compress(range(len(table["started"])), table["started"]))


def _rows_with(first: Column, second: Column) -> list[int]:
    """Rows in which both have happened."""
    return list(compress(range(len(first)), map(mul, map(bool, first), map(bool, second))))


def _at(column: Column, rows: list[int]) -> Iterator[int]:
    return map(column.__getitem__, rows)


def _transfer(table: Table) -> Spread:
    """Of the calls that were sent to a worker. While the worker is busy with others, a call that was sent early waits in its queue."""
    rows = sorted(_rows_with(table["sent"], table["started"]), key=table["started"].__getitem__)
    free: dict[int, int] = {}
    durations = []
    for worker, sent, started, finished in zip(
        *(_at(table[name], rows) for name in ("worker", "sent", "started", "finished")), strict=True
    ):
        durations.append(max(started - max(sent, free.get(worker, 0)), 0))
        free[worker] = finished
    return _spread(durations)


def _between(first: Column, second: Column) -> Spread:
    rows = _rows_with(first, second)
    return _spread(list(map(sub, _at(second, rows), _at(first, rows))))


def _spread(durations: list[int]) -> Spread:
    if not durations:
        return Spread(0, 0, 0)
    ordered = sorted(durations)
    # Nearest rank: a duration that did occur.
    return Spread(*(ordered[(len(ordered) * percent + 99) // 100 - 1] for percent in (50, 95, 100)))
