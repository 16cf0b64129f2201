"""Makes the golden files of the wire: NAME.bin, a packed message, and NAME.json, the same as header and columns of numbers.

Python and TypeScript both read them, which is the proof that they agree. Run this file after a change of the wire, and look at what
differs: old saved pages and notebooks carry the old bytes.
"""

import json
from array import array
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

from poolviz import clock, observe
from poolviz.events import (
    Blocked,
    Chunked,
    Consumed,
    Ended,
    Exit,
    Failed,
    Outcome,
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
from poolviz.tracing.store import Store
from poolviz.tracing.trace import Trace
from poolviz.tracing.view import View
from poolviz.wire.codec import NEVER, Message, decode, pack
from poolviz.wire.feed import Feed

HERE = Path(__file__).parent
START = 5_000_000_000
MS = 1_000_000
SECOND = 1_000 * MS


def columns(*records: tuple[int, ...]) -> list["array[int]"]:
    """Records as columns."""
    return [array("q", column) for column in zip(*records, strict=True)]


class Run(Trace):
    """A trace of pool 1 that is told what happens, with a clock that stands still. Times are nanoseconds after its start."""

    wall = 1_790_000_000_000

    def __init__(self, title: str, kind: str = "process") -> None:
        super().__init__(Store(), View("pool", 1, start=START), title)
        self.first = observe.new_calls(0)
        self.name = observe.label_id("is_prime")
        self.store.state.callers |= {1: "MainThread", 2: "Thread-1 (fill)"}
        method = "spawn" if kind == "process" else ""
        self.tell(PoolOpened(1, START, kind, "ProcessPoolExecutor" if kind == "process" else "ThreadPoolExecutor", 2, method))

    def tell(self, *batches: object) -> None:
        for batch in batches:
            self.store.on_batch(batch)

    def crew(self) -> None:
        """Two workers."""
        for worker, ready in ((7, 60), (9, 75)):
            self.tell(
                WorkerStarted(1, worker, START + worker * MS, f"worker {worker - 6}", 4000 + worker),
                WorkerReady(1, worker, START + ready * MS),
            )

    def submit(self, *records: tuple[int, int, int, int]) -> None:
        """Records of row, count, time, item."""
        self.tell(Submitted(1, *columns(*((self.first + row, n, START + time, self.name, item, 0) for row, n, time, item in records))))

    def end(self, *records: tuple[int, int, int, int, Outcome]) -> None:
        """Records of row, worker, started, finished, outcome."""
        rows = []
        for row, worker, started, finished, outcome in records:
            ran = worker > 0
            sent, begun = (START + started - MS // 2, START + started) if ran else (0, 0)
            rows.append((self.first + row, worker, sent, begun, START + finished, START + finished + MS, outcome, 120, 40))
        self.tell(Ended(1, *columns(*rows)))

    def run(self, *records: tuple[int, int, int]) -> None:
        """Records of row, worker, started."""
        self.tell(Running(1, *columns(*((self.first + row, worker, START + started) for row, worker, started in records))))


def snapshot(run: Run, now: int) -> Message:
    """The snapshot of a run at `now`."""
    with mock.patch.object(clock, "now", lambda: START + now):
        return Feed(run).snapshot()


def empty() -> Message:
    return snapshot(Run("empty"), 0)


def one_running() -> Message:
    run = Run("one running call")
    run.crew()
    run.submit((0, 1, 1 * MS, -1))
    run.run((0, 9, 80 * MS))
    return snapshot(run, 250 * MS)


def mixed() -> Message:
    run = Run("mixed <outcomes> & words \N{SNOWMAN}")
    run.crew()
    run.submit(*((row, 1, row * MS, -1) for row in range(5)), (5, 3, 6 * MS, 0))
    run.end(
        (0, 7, 80 * MS, 180 * MS, Outcome.RETURNED),
        (1, 9, 81 * MS, 120 * MS, Outcome.RAISED),
        (2, -1, 0, 130 * MS, Outcome.CANCELLED),
        (3, 9, 121 * MS, 300 * MS, Outcome.INTERRUPTED),
        (4, 7, 181 * MS, 310 * MS, Outcome.LOST),
        (5, 9, 301 * MS, 350 * MS, Outcome.RETURNED),
    )
    run.tell(
        Failed(run.first + 1, "ValueError: 17", 'Traceback (most recent call last):\n  File "<cell>", line 1\nValueError: 17\n'),
        Failed(run.first + 4, "BrokenProcessPool: worker 1 was killed by SIGKILL", ""),
        Printed(run.first, 1, "<b>looking at</b> \N{SNOWMAN}\n", 0),
        Printed(run.first, 2, "a warning\n", 2),
        WorkerExited(1, 7, START + 311 * MS, "was killed by SIGKILL", Exit.DIED),
        Consumed(*columns((run.first, START + 182 * MS, 1), (run.first + 5, START + 351 * MS, 2))),
        Waited(
            *columns(
                (1, START + 8 * MS, START + 181 * MS, Blocked.RESULT, run.first),
                (1, START + 190 * MS, START + 351 * MS, Blocked.AS_COMPLETED, run.first + 5),
                (2, START + 352 * MS, 0, Blocked.MAP, run.first + 6),
            )
        ),
    )
    run.run((6, 9, 351 * MS))
    return snapshot(run, 400 * MS)


def map_run() -> Message:
    run = Run("a map of a thousand items")
    run.crew()
    run.submit((0, 1000, 1 * MS, 0))
    run.tell(Chunked(1, run.first, 1000, 150))
    run.end(*((row, 7 + 2 * (row % 2), (80 + row) * MS, (81 + row) * MS + row, Outcome.RETURNED) for row in range(1000)))
    run.tell(Consumed(*columns(*((run.first + row, START + (90 + row) * MS, 1) for row in range(900)))))
    run.tell(*(WorkerExited(1, worker, START + 1200 * MS, "") for worker in (7, 9)), PoolClosed(1, START + 1201 * MS))
    return snapshot(run, 1300 * MS)


def gaps() -> Message:
    run = Run("rows 1 to 3 are not known yet", kind="thread")
    run.crew()
    run.submit((0, 1, 1 * MS, -1), (4, 2, 2 * MS, 10), (9, 1, 3 * MS, -1))
    run.end((4, 7, 80 * MS, 90 * MS, Outcome.RETURNED), (9, 9, 85 * MS, 95 * MS, Outcome.RAISED))
    return snapshot(run, 100 * MS)


def long_times() -> Message:
    run = Run("an hour, which no 32 bits hold in nanoseconds")
    run.crew()
    run.submit((0, 2, 1 * MS, 0))
    run.end((0, 7, 80 * MS, 1800 * SECOND + 123_456_789, Outcome.RETURNED))
    run.run((1, 7, 1800 * SECOND + 200 * MS))
    return snapshot(run, 3600 * SECOND)


def delta() -> Message:
    run = Run("the delta after a snapshot")
    run.crew()
    run.submit((0, 4, 1 * MS, 0))
    run.run((0, 7, 80 * MS), (1, 9, 81 * MS))
    feed = Feed(run)
    with mock.patch.object(clock, "now", lambda: START + 100 * MS):
        feed.snapshot()
    run.end((0, 7, 80 * MS, 120 * MS, Outcome.RETURNED), (1, 9, 81 * MS, 121 * MS, Outcome.RAISED))
    run.tell(Failed(run.first + 1, "KeyError: 'x'", ""))
    run.submit((4, 1, 122 * MS, -1))
    run.run((2, 7, 121 * MS))
    with mock.patch.object(clock, "now", lambda: START + 150 * MS):
        message = feed.delta()
    assert message is not None
    return message


def kept() -> Message:
    run = Run("kept after the rows of another pool were given up")
    run.crew()
    feed = Feed(run)
    run.store.state.limit = 20
    with mock.patch.object(clock, "now", lambda: START + 100 * MS):
        feed.snapshot()
    run.tell(Submitted(2, *columns((run.first, 20, START + 1 * MS, run.name, -1, 0))))
    run.submit((20, 10, 2 * MS, 0))  # for these the store gives up the first 10
    run.end(*((row, 7 + 2 * (row % 2), (80 + row) * MS, (81 + row) * MS, Outcome.RETURNED) for row in range(20, 29)))
    run.run((29, 9, 110 * MS))
    with mock.patch.object(clock, "now", lambda: START + 150 * MS):
        return feed.snapshot(100_000)


CASES = (empty, one_running, mixed, map_run, gaps, long_times, delta, kept)


def plain(column: "array[int]") -> list[int | None]:
    """A column for JSON."""
    return [None if value == NEVER else value for value in column]


def files() -> Iterator[tuple[str, bytes]]:
    """Name and content of each golden file."""
    for case in CASES:
        message = case()
        message.header["origin"] = 1  # where a process's numbers stand depends on what it has done before
        read = {section: {name: plain(column) for name, column in found.items()} for section, found in decode(message).items()}
        text = json.dumps({"header": message.header, "columns": read}, ensure_ascii=False, separators=(",", ":"))
        yield f"{case.__name__}.bin", pack(message)
        yield f"{case.__name__}.json", f"{text}\n".encode()


if __name__ == "__main__":
    for name, content in files():
        (HERE / name).write_bytes(content)
        print(f"{name}: {len(content)} bytes")
