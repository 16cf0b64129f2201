"""`map`: when items are read, when results come, what the end of its iterator ends."""

import itertools
import threading

import pytest

import poolviz
from tests.faults import tasks
from tests.faults.helpers import KINDS, LIMIT, outcomes, until

pytestmark = pytest.mark.parametrize("kind", KINDS)


def counted(iterable, read):
    for item in iterable:
        read.append(item)
        yield item


def test_work_starts_at_once_and_results_are_taken_lazily(new_pool, kind, tmp_path):
    pool = new_pool(kind)
    signs = [tmp_path / str(i) for i in range(20)]
    results = pool.map(tasks.touch, signs)
    until(lambda: all(sign.exists() for sign in signs))
    assert list(results) == [None] * 20


def test_results_come_in_the_order_of_the_items(new_pool, kind):
    pool = new_pool(kind)
    naps = [0.05, 0, 0.02, 0, 0.01, 0]
    assert list(pool.map(tasks.nap, naps)) == naps
    assert list(pool.map(tasks.add, range(5), itertools.count(10))) == [10, 12, 14, 16, 18]
    assert list(pool.map(tasks.double, [])) == []


@pytest.mark.parametrize("buffersize", [1, 3])
def test_buffersize_bounds_what_is_read(new_pool, kind, buffersize):
    pool = new_pool(kind)
    read = []
    results = pool.map(tasks.double, counted(itertools.count(), read), buffersize=buffersize)
    assert len(read) == buffersize
    for i in range(10):
        assert next(results) == 2 * i
        assert len(read) == buffersize + i + 1
    results.close()
    assert len(read) == buffersize + 10


def test_bad_sizes(new_pool, kind):
    pool = new_pool(kind)
    for settings, error in [
        ({"buffersize": 0}, ValueError),
        ({"buffersize": "3"}, TypeError),
        ({"chunksize": 0}, ValueError),
        ({"chunksize": -1}, ValueError),
    ]:
        if kind == "thread" and "chunksize" in settings:  # it makes no chunks, and as in the standard library has no use for their size
            assert list(pool.map(tasks.double, range(3), **settings)) == [0, 2, 4]
            continue
        with pytest.raises(error):
            pool.map(tasks.double, range(3), **settings)


@pytest.mark.parametrize("end", ["close", "error", "timeout", "collected"])
def test_the_end_of_the_iterator_cancels_the_rest(new_pool, kind, end, tmp_path):
    pool = new_pool(kind, 1)
    gate = tmp_path / "gate"
    items = ["", "!" if end == "error" else "", *[str(gate)] * 50]
    results = pool.map(tasks.fail_or_wait, items, timeout=0.5 if end == "timeout" else None, chunksize=1)
    assert next(results) == ""
    if end == "close":
        results.close()
    elif end == "error":
        with pytest.raises(ValueError, match="asked to fail"):
            list(results)
    elif end == "timeout":
        with pytest.raises(TimeoutError):
            list(results)
    else:
        del results
    until(lambda: pool.trace.counts()["cancelled"] >= 45)
    gate.touch()
    pool.shutdown()
    counts = outcomes(pool)
    assert counts["total"] == 52 == counts["finished"] + counts["cancelled"] + counts.get("failed", 0)
    assert counts.get("failed", 0) == (end == "error")
    if end != "close" and end != "collected":
        with pytest.raises(StopIteration):
            next(results)


def test_the_timeout_counts_from_the_call(new_pool, kind, tmp_path):
    pool = new_pool(kind, 1)
    results = pool.map(tasks.wait_for, [tmp_path / "gate"], timeout=0)
    with pytest.raises(TimeoutError):
        next(results)
    (tmp_path / "gate").touch()
    assert list(pool.map(tasks.double, range(3), timeout=LIMIT)) == [0, 2, 4]


def test_an_iterable_that_raises(new_pool, kind):
    pool = new_pool(kind)

    def items():
        yield 1
        raise ValueError("no more items")

    with pytest.raises(ValueError, match="no more items"):
        pool.map(tasks.double, items())
    assert list(pool.map(tasks.double, [4])) == [8]


def test_a_chunk_that_fails_runs_no_further(new_pool, kind):
    pool = new_pool(kind, 1)
    results = pool.map(tasks.fail_or_wait, ["", "", "!", "", ""], chunksize=5)
    assert [next(results), next(results)] == ["", ""]
    with pytest.raises(ValueError, match="asked to fail"):
        next(results)
    pool.shutdown()
    counts = outcomes(pool)
    assert (counts["total"], counts["failed"]) == (5, 1)
    if kind == "thread":  # has no chunks: what had begun when the iterator ended runs on
        assert counts["finished"] + counts.get("cancelled", 0) == 4
    else:
        assert (counts["finished"], counts["cancelled"]) == (2, 2)


def test_many_maps_are_read_in_turn(new_pool, kind):
    pool = new_pool(kind)
    maps = [pool.map(tasks.add, range(30), itertools.repeat(i)) for i in range(20)]
    for column in range(30):
        assert [next(results) for results in maps] == [column + i for i in range(20)]


def test_a_slow_reader_in_another_thread(new_pool, kind):
    pool = new_pool(kind)
    results = pool.map(tasks.double, range(500))
    found = []
    reader = threading.Thread(target=lambda: found.extend(results))
    reader.start()
    pool.shutdown(wait=True)
    reader.join(LIMIT)
    assert found == [2 * i for i in range(500)]


def test_mixed_futures_with_the_standard_library(new_pool, kind):
    from concurrent import futures as stdlib

    pool = new_pool(kind)
    with stdlib.ThreadPoolExecutor(1) as other:
        mixed = [executor.submit(tasks.double, i) for i in range(10) for executor in (pool, other)]
        for module in (stdlib, poolviz):
            assert module.wait(mixed, LIMIT).not_done == set()
            assert set(module.as_completed(mixed, LIMIT)) == set(mixed)


def test_wrong_sizes_are_refused_at_once(new_pool, kind):
    """Also below `options`."""
    pool = new_pool(kind)
    for view in (pool, pool.options(label="x")):
        if kind != "thread":
            with pytest.raises(ValueError, match="chunksize"):
                view.map(tasks.double, [1], chunksize=0)
        with pytest.raises(ValueError, match="buffersize"):
            view.map(tasks.double, [1], buffersize=0)
        with pytest.raises(TypeError, match="buffersize"):
            view.map(tasks.double, [1], buffersize=1.5)
    assert outcomes(pool) == {}
