"""What becomes of calls that run on other workers than the one of which a pool breaks."""

import time

import pytest

from poolviz import ProcessPoolExecutor, observe
from poolviz.events import Ended, Outcome
from poolviz.executors.process import BrokenProcessPool

LIMIT = 20.0


class Ends:
    """Keeps worker, start and outcome of each call that ended in one pool."""

    def __init__(self, pool: int) -> None:
        self.pool = pool
        self.rows: dict[int, tuple[int, int, int]] = {}

    def on_batch(self, batch: observe.Batch) -> None:
        if isinstance(batch, Ended) and batch.pool == self.pool:
            for call, worker, started, outcome in zip(batch.call, batch.worker, batch.started, batch.outcome, strict=True):
                self.rows[call] = (worker, started, outcome)


@pytest.fixture
def new_pool():
    pools, observers = [], []

    def make():
        pool = ProcessPoolExecutor(2)
        ends = Ends(pool._journal.pool)
        observe.add_observer(ends)
        pools.append(pool)
        observers.append(ends)
        return pool, ends

    yield make
    for pool in pools:
        pool.kill_workers()
        pool.shutdown()
    for ends in observers:
        observe.remove_observer(ends)


def both_run(pool, running):
    deadline = time.monotonic() + LIMIT
    while not running():
        assert time.monotonic() < deadline, "the calls did not begin"
        time.sleep(0.005)


def test_calls_of_all_workers_keep_their_bars(new_pool):
    pool, ends = new_pool()
    calls = [pool.submit(time.sleep, 600) for _ in range(2)]
    waiting = pool.submit(time.sleep, 600)
    both_run(pool, lambda: all(call.running() for call in calls))
    next(iter(pool._processes.values())).kill()
    for call in (*calls, waiting):
        with pytest.raises(BrokenProcessPool):
            call.result(LIMIT)
    pool.shutdown()
    workers = [ends.rows[call._call][0] for call in calls]
    assert len(set(workers) - {-1}) == 2
    assert all(ends.rows[call._call][1] > 0 for call in calls)
    assert ends.rows[waiting._call][:2] == (-1, 0)
    assert {outcome for _, _, outcome in ends.rows.values()} == {Outcome.LOST}


@pytest.mark.parametrize("chunksize", [None, 3])
def test_items_of_a_map_end_once(new_pool, chunksize):
    pool, ends = new_pool()
    results = pool.map(time.sleep, [600] * 12, chunksize=chunksize)
    both_run(pool, lambda: len(pool._manager.running()) == 2)
    next(iter(pool._processes.values())).kill()
    with pytest.raises(BrokenProcessPool):
        next(results)
    pool.shutdown()
    assert len(ends.rows) == 12
    assert sum(started > 0 for _, started, _ in ends.rows.values()) == 2


@pytest.mark.parametrize("how", ["kill_workers", "terminate_workers"])
def test_workers_can_be_ended_before_they_have_started(new_pool, how):
    pool, _ = new_pool()
    call = pool.submit(time.sleep, 600)
    getattr(pool, how)()
    with pytest.raises(BrokenProcessPool, match=f"{how}|abruptly"):
        call.result(LIMIT)
    with pytest.raises(RuntimeError, match=r"shutdown|ended|abruptly"):
        pool.submit(time.sleep, 0)


def test_who_submits_and_looks_finds_the_process(new_pool):
    pool, _ = new_pool()
    assert pool._processes == {}
    pool.submit(time.sleep, 600)
    (process,) = pool._processes.values()
    assert process.is_alive()
    pool.kill_workers()
    process.join(LIMIT)  # also when the pool has forgotten it
    assert not process.is_alive()
