"""A run that never happened, of any size, and our page of it."""

from __future__ import annotations

import random
from array import array
from itertools import repeat
from pathlib import Path
from typing import NamedTuple

from poolviz import observe
from poolviz.events import Ended, Outcome, PoolClosed, PoolOpened, Submitted, WorkerStarted
from poolviz.export import html
from poolviz.tracing.store import Store
from poolviz.tracing.trace import Trace
from poolviz.tracing.view import View

LANES = 16
MS = 1_000_000


class Run(NamedTuple):
    """Bars, in order of their start. Times in nanoseconds."""

    lane: array[int]
    start: array[int]
    end: array[int]
    failed: array[int]
    """1 for a bar that failed, one in two thousand; else 0."""

    def write(self, path: Path) -> None:
        """Keep it for a program of another Python: column after column, little or big as this machine has it."""
        with path.open("wb") as file:
            for column in self:
                column.tofile(file)


def simulate(n: int) -> Run:
    """So many bars on `LANES` lanes, of about a millisecond, with gaps; the same ones each time."""
    chance = random.Random(7)
    bars: list[tuple[int, int, int, int]] = []
    for lane in range(LANES):
        time = 60 * MS + lane * MS
        for _ in range(n // LANES + (lane < n % LANES)):
            start = time + int(0.05 * MS * chance.random())
            time = start + int(MS * (0.35 + 3 * chance.random() ** 3))
            bars.append((start, lane, time, chance.random() < 0.0005))
    bars.sort()
    start, lane, end, failed = zip(*bars, strict=True)
    return Run(array("q", lane), array("q", start), array("q", end), array("q", failed))


def trace_of(run: Run) -> Trace:
    """The trace of a pool that did it, in a store of its own."""
    n, pool = len(run.start), 1
    store = Store(limit=n)
    first = observe.new_calls(n)
    calls = array("q", range(first, first + n))
    store.on_batch(PoolOpened(pool, 0, "process", "ProcessPoolExecutor", LANES, "spawn"))
    for worker in range(1, LANES + 1):
        store.on_batch(WorkerStarted(pool, worker, worker * MS, f"worker {worker}", 41_000 + worker))
    trace = Trace(store, View("pool", pool, since=first), f"{n:,} calls")
    one = [array("q", (value,)) for value in (first, n, MS, observe.label_id("is_prime"), 0, 0)]
    store.on_batch(Submitted(pool, *one))
    nothing = array("q", repeat(0, n))
    outcomes = {0: Outcome.RETURNED, 1: Outcome.RAISED}
    told = {
        "call": calls,
        "worker": array("q", (lane + 1 for lane in run.lane)),
        "sent": array("q", repeat(2 * MS, n)),
        "started": run.start,
        "finished": run.end,
        "delivered": run.end,
        "outcome": array("q", map(outcomes.__getitem__, run.failed)),
    }
    store.on_batch(Ended(pool, *(told.get(name, nothing) for name in Ended._fields[1:])))
    store.on_batch(PoolClosed(pool, max(run.end)))
    return trace


def write_page(run: Run, path: Path) -> None:
    """Our page, as `Trace.save` writes it."""
    path.write_bytes(html.render(trace_of(run)))
