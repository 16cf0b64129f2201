"""Done-callbacks are anybody's code, run in the pool's threads: what they raise or submit must harm nobody else."""

import contextlib
import threading
from concurrent.futures import CancelledError, wait

import pytest

import poolviz
from tests.faults import tasks
from tests.faults.helpers import KINDS, LIMIT, outcomes, until

kinds = pytest.mark.parametrize("kind", KINDS)
RAISED = [ValueError, SystemExit, KeyboardInterrupt, GeneratorExit]


def raiser(what):
    def callback(future):
        raise what("from a callback")

    return callback


@kinds
@pytest.mark.parametrize("what", RAISED)
def test_callback_raises(new_pool, kind, what, tmp_path):
    pool = new_pool(kind, 1)
    gate = tmp_path / "gate"
    heard = []
    good, bad = pool.submit(tasks.wait_for, gate), pool.submit(tasks.raise_after, gate)
    for future in (good, bad):
        future.add_done_callback(raiser(what))
        future.add_done_callback(heard.append)
    gate.touch()
    good.result(LIMIT)
    assert isinstance(bad.exception(LIMIT), ValueError)
    until(lambda: heard == [good, bad])
    assert pool.submit(tasks.double, 4).result(LIMIT) == 8, "the worker lives, and with it the pool"
    pool.shutdown()
    assert outcomes(pool) == {"total": 3, "finished": 2, "failed": 1}


@kinds
@pytest.mark.parametrize("what", RAISED)
def test_callback_of_a_cancelled_call_raises(new_pool, kind, what, tmp_path):
    pool = new_pool(kind, 1)
    runs = pool.submit(tasks.touch_then_wait, tmp_path / "runs", tmp_path / "gate")
    until((tmp_path / "runs").exists)
    pending = [pool.submit(tasks.double, i) for i in range(10)]
    heard = []
    for future in pending:
        future.add_done_callback(raiser(what))
        future.add_done_callback(heard.append)
    # Ctrl-C that meets a callback in the main thread is the program's own, and comes when every call has been cancelled.
    with pytest.raises(what) if what is KeyboardInterrupt else contextlib.nullcontext():
        pool.shutdown(wait=False, cancel_futures=True)
    assert wait(pending, LIMIT).not_done == set()
    assert all(future.cancelled() for future in pending)
    assert sorted(map(id, heard)) == sorted(map(id, pending))
    (tmp_path / "gate").touch()
    runs.result(LIMIT)
    pool.shutdown()
    assert outcomes(pool) == {"total": 11, "finished": 1, "cancelled": 10}


@pytest.mark.parametrize("what", RAISED)
def test_callback_raises_when_the_pool_breaks(new_pool, kind_that_breaks, what):
    pool, break_it = kind_that_breaks
    futures = [pool.submit(tasks.double, i) for i in range(10)]
    heard = []
    for future in futures:
        future.add_done_callback(raiser(what))
        future.add_done_callback(heard.append)
    break_it()
    for future in futures:
        assert isinstance(future.exception(LIMIT), poolviz.BrokenExecutor)
    until(lambda: len(heard) == 10)
    pool.shutdown()


@pytest.fixture(params=KINDS)
def kind_that_breaks(request, new_pool, tmp_path):
    """A pool whose only worker waits in an initializer, and a function that makes the initializer fail."""
    gate = tmp_path / "break"
    pool = new_pool(request.param, 1, initializer=tasks.raise_after, initargs=(gate,))
    return pool, gate.touch


@kinds
def test_submit_from_callbacks(new_pool, kind):
    """A chain of calls, each submitted by the callback of the one before, and a fan from one callback."""
    pool = new_pool(kind)
    finished = threading.Event()
    values = []

    def next_call(future):
        values.append(future.result(0))
        if len(values) < 100:
            pool.submit(tasks.double, len(values)).add_done_callback(next_call)
        else:
            finished.set()

    pool.submit(tasks.double, 0).add_done_callback(next_call)
    assert finished.wait(LIMIT)
    assert values == [2 * i for i in range(100)]
    fan = []
    done = threading.Event()

    def submit_many(future):
        fan.extend(pool.submit(tasks.double, i) for i in range(200))
        done.set()

    pool.submit(tasks.double, 0).add_done_callback(submit_many)
    assert done.wait(LIMIT)
    assert [future.result(LIMIT) for future in fan] == [2 * i for i in range(200)]


@kinds
def test_cancel_and_shutdown_from_a_callback(new_pool, kind, tmp_path):
    pool = new_pool(kind, 1)
    gate = tmp_path / "gate"
    first = pool.submit(tasks.wait_for, gate)
    pending = [pool.submit(tasks.double, i) for i in range(5)]

    def end_everything(future):
        pool.shutdown(wait=False, cancel_futures=True)

    first.add_done_callback(end_everything)
    gate.touch()
    first.result(LIMIT)
    assert wait(pending, LIMIT).not_done == set()
    assert all(future.cancelled() or future.result(0) == 2 * i for i, future in enumerate(pending))
    with pytest.raises(RuntimeError):
        until(lambda: pool.submit(tasks.double, 1) and False)


@kinds
def test_callback_added_late_runs_at_once(new_pool, kind):
    pool = new_pool(kind, 1)
    future = pool.submit(tasks.double, 1)
    future.result(LIMIT)
    heard = []
    future.add_done_callback(heard.append)
    assert heard == [future]


@kinds
def test_cancelled_call_raises_for_its_waiter(new_pool, kind, tmp_path):
    pool = new_pool(kind, 1)
    blocker = pool.submit(tasks.wait_for, tmp_path / "gate")
    future = pool.submit(tasks.double, 1)
    seen = []

    def collect():
        try:
            future.result(LIMIT)
        except CancelledError as error:
            seen.append(type(error))

    waiter = threading.Thread(target=collect)
    waiter.start()
    assert future.cancel()
    waiter.join(LIMIT)
    assert seen == [CancelledError]
    (tmp_path / "gate").touch()
    blocker.result(LIMIT)
