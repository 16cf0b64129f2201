"""What runs is known while it runs, also in C code that holds the interpreter's lock; what waits behind it is nobody's prisoner."""

import os

import pytest

from poolviz import observe
from poolviz.events import Running
from tests.faults import tasks
from tests.faults.helpers import LIMIT, PROCESS_KINDS, outcomes, until

pytestmark = pytest.mark.parametrize("kind", PROCESS_KINDS)


@pytest.fixture
def gil(tmp_path):
    """A named pipe; a call that reads from it holds the interpreter's lock of its process until `release`."""

    class Gil:
        sign = tmp_path / "holds"
        fifo = tmp_path / "fifo"

        def submit(self, pool):
            return pool.submit(tasks.hold_the_gil_until, str(self.sign), str(self.fifo))

        def is_held(self):
            return self.sign.exists()

        def release(self):
            fd = os.open(self.fifo, os.O_RDWR)
            os.write(fd, b".")
            # Closed only when somebody has read it: a pipe without readers forgets.
            self.fds.append(fd)

    os.mkfifo(Gil.fifo)
    Gil.fds = []
    yield Gil()
    for fd in Gil.fds:
        os.close(fd)


class Watcher:
    """An observer that keeps what it is told of running calls."""

    def __init__(self):
        self.running = {}

    def on_batch(self, batch):
        if isinstance(batch, Running):
            for call, worker, started in zip(batch.call, batch.worker, batch.started, strict=True):
                self.running[call] = (worker, started)


@pytest.fixture
def watcher():
    watching = Watcher()
    observe.add_observer(watching)
    yield watching
    observe.remove_observer(watching)


def warm(pool, n=400):
    """Run calls so short that from then on many are sent to a worker at a time."""
    for future in [pool.submit(tasks.double, i) for i in range(n)]:
        future.result(LIMIT)


def sent_behind(pool, future):
    """How many calls are in the pipe of the worker that runs `future`."""
    return future._placement.load - 1 if future._placement is not None else 0


def test_a_call_that_holds_the_gil_is_seen_to_run(new_pool, kind, gil, watcher):
    pool = new_pool(kind, 1)
    warm(pool)
    future = gil.submit(pool)
    call = future._call
    until(gil.is_held)
    watcher.running.clear()

    def is_told():
        observe.flush_all()
        return call in watcher.running

    until(is_told)
    assert future.running() and not future.done()
    assert not future.cancel()
    assert pool.trace.counts()["running"] == 1
    started = watcher.running[call][1]
    gil.release()
    future.result(LIMIT)
    assert pool.trace.calls["started"][-1] + pool.trace.start == started, "the stamp that was seen is the stamp that stays"


def test_what_waits_behind_is_not_running_and_can_be_cancelled(new_pool, kind, gil, watcher, tmp_path):
    pool = new_pool(kind, 1)
    warm(pool)
    future = gil.submit(pool)
    behind = [pool.submit(tasks.touch, tmp_path / str(i)) for i in range(100)]
    until(gil.is_held)
    until(lambda: sent_behind(pool, future) > 0)
    observe.flush_all()
    assert not any(waiting.running() for waiting in behind)
    assert set(watcher.running).isdisjoint(waiting._call for waiting in behind)
    assert all(waiting.cancel() for waiting in behind[:50])
    assert all(waiting.cancelled() for waiting in behind[:50])
    gil.release()
    for waiting in behind[50:]:
        waiting.result(LIMIT)
    assert [(tmp_path / str(i)).exists() for i in range(100)] == [False] * 50 + [True] * 50
    pool.shutdown()
    counts = outcomes(pool)
    assert (counts["cancelled"], counts["finished"]) == (50, 451)


def test_what_waits_behind_goes_to_an_idle_worker(new_pool, kind, gil):
    pool = new_pool(kind, 2)
    warm(pool)
    future = gil.submit(pool)
    behind = [pool.submit(tasks.double, i) for i in range(500)]
    until(gil.is_held)
    assert [waiting.result(LIMIT) for waiting in behind] == [2 * i for i in range(500)]
    assert not future.done(), "all of it ran while the lock was held"
    gil.release()
    future.result(LIMIT)
    pool.shutdown()
    calls = pool.trace.calls
    assert list(calls["outcome"]) == ["returned"] * 901
    prisoner = calls["worker"][400]
    assert {calls["worker"][row] for row in range(401, 901)} != {prisoner}
    began, ended = calls["started"][400], calls["finished"][400]
    ran_beside = [row for row in range(401, 901) if began < calls["started"][row] and calls["finished"][row] < ended]
    assert all(calls["worker"][row] != prisoner for row in ran_beside) and ran_beside


@pytest.mark.parametrize("chunksize", [None, 1])
def test_items_of_a_map_behind_it_go_to_an_idle_worker(new_pool, kind, gil, chunksize):
    pool = new_pool(kind, 2)
    warm(pool)
    future = gil.submit(pool)
    until(gil.is_held)
    assert list(pool.map(tasks.double, range(2000), chunksize=chunksize)) == [2 * i for i in range(2000)]
    assert not future.done()
    gil.release()
    future.result(LIMIT)


def test_results_before_it_are_handed_over(new_pool, kind, gil):
    """What ended before the long call is not held up by it, though both travelled together."""
    pool = new_pool(kind, 1)
    warm(pool)
    before = [pool.submit(tasks.double, i) for i in range(50)]
    future = gil.submit(pool)
    after = pool.submit(tasks.double, 7)
    until(gil.is_held)
    assert [early.result(LIMIT) for early in before] == [2 * i for i in range(50)]
    assert not after.running() and not after.done()
    gil.release()
    future.result(LIMIT)
    assert after.result(LIMIT) == 14


def test_items_of_a_long_chunk_are_reported_while_it_runs(new_pool, kind, tmp_path):
    pool = new_pool(kind, 1)
    names = [None] * 5 + [str(tmp_path / "gate")]
    results = pool.map(tasks.nap_or_wait, names, chunksize=6)
    # Five items of 60 ms; the sixth waits. The first results are there while the chunk runs, each with times of its own.
    assert [next(results) for _ in range(4)] == [None] * 4
    assert not (tmp_path / "gate").exists()
    (tmp_path / "gate").touch()
    assert len(list(results)) == 2
    pool.shutdown()
    calls = pool.trace.calls
    assert all(a < b for a, b in zip(calls["started"], calls["finished"], strict=True))
    assert all(end <= start for end, start in zip(calls["finished"][:-1], calls["started"][1:], strict=True))
