"""Many threads at once."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor as StdlibThreads
from concurrent.futures import wait

import pytest

from tests.faults import tasks
from tests.faults.helpers import KINDS, LIMIT, outcomes, until

pytestmark = pytest.mark.parametrize("kind", KINDS)


def in_threads(n, work):
    """Run `work(i)` in `n` threads at once; what they return, in order."""
    barrier = threading.Barrier(n)

    def begin_together(i):
        barrier.wait(LIMIT)
        return work(i)

    with StdlibThreads(n) as threads:
        futures = [threads.submit(begin_together, i) for i in range(n)]
        return [future.result(LIMIT) for future in futures]


def test_sixteen_threads_submit(new_pool, kind):
    pool = new_pool(kind)
    batches = in_threads(16, lambda i: [(1000 * i + j, pool.submit(tasks.double, 1000 * i + j)) for j in range(100)])
    for batch in batches:
        assert all(future.result(LIMIT) == 2 * x for x, future in batch)
    pool.shutdown()
    assert outcomes(pool) == {"total": 1600, "finished": 1600}


def test_sixteen_threads_map(new_pool, kind):
    pool = new_pool(kind)
    maps = in_threads(16, lambda i: list(pool.map(tasks.add, range(50), [i] * 50)))
    assert maps == [[x + i for x in range(50)] for i in range(16)]
    pool.shutdown()
    assert outcomes(pool) == {"total": 800, "finished": 800}


def test_cancel_storm(new_pool, kind, tmp_path):
    """Eight threads cancel the same calls while they run: all agree, a cancelled call leaves no sign, the others do."""
    pool = new_pool(kind)
    signs = [tmp_path / str(i) for i in range(400)]
    futures = [pool.submit(tasks.touch, sign) for sign in signs]

    def cancel_some(i):
        order = random.Random(i).sample(range(400), 300)
        return {j for j in order if futures[j].cancel()}

    said = in_threads(8, cancel_some)
    assert wait(futures, LIMIT).not_done == set()
    pool.shutdown()
    cancelled = {i for i, future in enumerate(futures) if future.cancelled()}
    assert set().union(*said) == cancelled
    assert {i for i, sign in enumerate(signs) if not sign.exists()} == cancelled, "a cancelled call never runs, all others do"
    counts = outcomes(pool)
    assert counts.pop("cancelled", 0) == len(cancelled)
    assert counts == {"total": 400} | ({"finished": 400 - len(cancelled)} if len(cancelled) < 400 else {})


def test_cancel_while_submitting(new_pool, kind):
    """Each thread cancels what it has just submitted; the pool keeps the rest moving."""
    pool = new_pool(kind)

    def submit_and_cancel(i):
        ended = []
        for j in range(100):
            future = pool.submit(tasks.double, j)
            if not future.cancel():
                ended.append(future.result(LIMIT) == 2 * j)
        return ended

    assert all(all(ended) for ended in in_threads(8, submit_and_cancel))
    assert pool.submit(tasks.double, 3).result(LIMIT) == 6
    pool.shutdown()
    counts = outcomes(pool)
    assert counts["total"] == 801 == counts["finished"] + counts.get("cancelled", 0)


def test_shutdown_while_others_submit(new_pool, kind):
    """Whatever was accepted ends, whatever was refused raised RuntimeError."""
    pool = new_pool(kind)
    begun = threading.Event()

    def submit(i):
        accepted = []
        try:
            while len(accepted) < 20_000:
                accepted.append(pool.submit(tasks.double, i))
                begun.set()
        except RuntimeError as refused:
            assert "cannot schedule new futures after shutdown" in str(refused)
        return accepted

    def shut_down(i):
        assert begun.wait(LIMIT)
        pool.shutdown(wait=True, cancel_futures=bool(i % 2))
        return []

    accepted = [future for batch in in_threads(6, lambda i: submit(i) if i < 4 else shut_down(i)) for future in batch]
    assert wait(accepted, LIMIT).not_done == set()
    assert all(future.cancelled() or future.result(0) in (0, 2, 4, 6) for future in accepted)
    until(lambda: outcomes(pool)["total"] == len(accepted))
    counts = outcomes(pool)
    assert counts["total"] == counts.get("finished", 0) + counts.get("cancelled", 0)


def test_shutdown_from_many_threads(new_pool, kind):
    pool = new_pool(kind)
    futures = [pool.submit(tasks.double, i) for i in range(50)]
    in_threads(8, lambda i: pool.shutdown(wait=bool(i % 2)))
    assert [future.result(LIMIT) for future in futures] == [2 * i for i in range(50)]
