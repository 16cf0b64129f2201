"""What a live timeline costs the kernel: turning what pools noted into columns, folding them, and making the messages for the page.

    journal's lists ---> flush(): columns ---> store: fold ---> feed: a delta, twenty times a second
    `- made up here, at the pace of a pool -'

The time is that of the thread which does it, in a kernel the publisher's. What noting takes of a pool's own threads is in the pools'
figures.
"""

from __future__ import annotations

from array import array
from itertools import chain
from time import monotonic, sleep, thread_time_ns

from benchmarks.figures import Figure
from poolviz import ProcessPoolExecutor, clock, observe
from poolviz.events import Consumed, Ended, Outcome, PoolClosed, PoolOpened, WorkerStarted
from poolviz.observe import Journal
from poolviz.tracing import store
from poolviz.tracing.trace import Trace
from poolviz.tracing.view import View
from poolviz.wire.feed import Feed

PER_SECOND, ROUND = 100_000, 0.05
#: Items that a `map` tells at once: what a worker sends back in one message.
BATCH = 64
#: Calls of a real pool between two looks.
SHARE = 2_000


class _Pool:
    """Notes what a pool of two workers would."""

    def __init__(self) -> None:
        self.journal = Journal(lambda: [])
        now, number = clock.now(), self.journal.pool
        self.journal.batches.append(PoolOpened(number, now, "process", "ProcessPoolExecutor", 2, "spawn"))
        self._workers = [observe.new_worker() for _ in range(2)]
        for worker in self._workers:
            self.journal.batches.append(WorkerStarted(number, worker, now, f"worker {worker}", worker))
        self._label = observe.label_id("nothing")

    def _columns(self, first: int, n: int, worker: int) -> dict[str, array[int]]:
        """What is told of `n` calls of one worker, by the names of the fields."""
        now = clock.now()
        run = range(now, now + 10_000 * n, 10_000)
        return {
            "call": array("q", range(first, first + n)),
            "worker": array("q", (worker,)) * n,
            "sent": array("q", (now - 300_000,)) * n,
            "started": array("q", run),
            "finished": array("q", (time + 7_000 + time % 991 for time in run)),
            "delivered": array("q", (now + 10_000 * n,)) * n,
            "outcome": array("q", (Outcome.RETURNED,)) * n,
            "time": array("q", (now + 10_000 * n + 40_000,)) * n,
        }

    def submits(self, n: int) -> None:
        """Calls of `submit`: each a record of its own."""
        first, now, journal = observe.new_calls(n), clock.now(), self.journal
        journal.submits += chain.from_iterable((first + i, 1, now + i, self._label, -1, 0) for i in range(n))
        for fields, records in ((Ended._fields[1:], journal.ends), (Consumed._fields, journal.takes)):
            told = [self._columns(first, n, worker) for worker in self._workers]
            ones = array("q", (1,)) * n
            columns = [[one.get(name, ones) for name in fields] for one in told]
            for i in range(n):
                records += [column[i] for column in columns[i % 2]]

    def map(self, n: int) -> None:
        """Items of a `map`: a batch for each message."""
        first, journal = observe.new_calls(n), self.journal
        journal.submits += (first, n, clock.now(), self._label, 0, 0)
        for number, start in enumerate(range(first, first + n, BATCH)):
            count = min(BATCH, first + n - start)
            told = self._columns(start, count, self._workers[number % 2])
            ones = array("q", (1,)) * count
            journal.batches.append(Ended(journal.pool, *(told.get(name, ones) for name in Ended._fields[1:])))
            journal.batches.append(Consumed(*(told.get(name, ones) for name in Consumed._fields)))


def share(way: str, seconds: float) -> float:
    """The part of a core that it takes, for calls of ``submits`` or of ``map``."""
    target = store.default()
    pool = _Pool()
    pool.journal.flush()
    trace = Trace(target, View("pool", pool.journal.pool, start=clock.now()), way)
    feed = Feed(trace)
    feed.snapshot()
    note = getattr(pool, way)
    spent, rounds = 0, max(2, round(seconds / ROUND))
    begin = monotonic()
    for i in range(rounds):
        note(round(PER_SECOND * ROUND))
        # At the pace of a real run: what comes faster is summarised.
        sleep(max(0.0, begin + (i + 1) * ROUND - monotonic()))
        before = thread_time_ns()
        pool.journal.flush()
        message = feed.delta()
        spent += thread_time_ns() - before
        assert message is not None and message.header["kind"] == "delta", "not what a live timeline sends"
    feed.close()
    pool.journal.batches.append(PoolClosed(pool.journal.pool, clock.now()))
    pool.journal.flush()
    return spent / 1e9 / (rounds * ROUND)


def bytes_of_a_call(way: str, calls: int) -> float:
    """What a page is sent for a call of a real pool, all told: submitted, ended, taken and waited for."""
    with ProcessPoolExecutor(2) as pool:
        pool.submit(abs, 0).result()
        observe.flush_all()
        feed = Feed(pool.trace)
        feed.snapshot()
        size = 0
        for _ in range(max(1, calls // SHARE)):
            if way == "submit":
                for future in [pool.submit(abs, i) for i in range(SHARE)]:
                    future.result()
            else:
                for _result in pool.map(abs, range(SHARE)):
                    pass
            observe.flush_all()
            message = feed.delta()
            assert message is not None, "nothing new after so many calls"
            size += sum(map(len, message.buffers))
        feed.close()
    return size / (max(1, calls // SHARE) * SHARE)


def kernel_figures(seconds: float) -> list[Figure]:
    """What it takes against what was asked for."""
    name = f"kernel at {PER_SECOND:,} calls/s, of a core"
    ways = ("submit", "submits"), ("map", "map")
    sizes = [Figure(f"on the wire for a call, {way}", bytes_of_a_call(way, round(5000 * seconds)), 24, "B") for way, _ in ways]
    return sizes + [Figure(f"{name}, {way}", 100 * share(method, seconds), 5, "%") for way, method in ways]
