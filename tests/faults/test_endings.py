"""Pools end: by shutdown, by the garbage collector, by the end of the program; and what is pending then."""

import gc
import itertools
import weakref
from concurrent.futures import ALL_COMPLETED, CancelledError, as_completed, wait
from concurrent.futures import ThreadPoolExecutor as StdlibThreads

import pytest

from poolviz import observe
from tests.faults import tasks
from tests.faults.helpers import KINDS, LIMIT, Belongings, is_gone, make_pool, outcomes, until

kinds = pytest.mark.parametrize("kind", KINDS)


@kinds
def test_submit_after_shutdown(new_pool, kind):
    pool = new_pool(kind)
    pool.submit(tasks.double, 1).result(LIMIT)
    pool.shutdown()
    for again in (lambda: pool.submit(tasks.double, 1), lambda: list(pool.map(tasks.double, [1]))):
        with pytest.raises(RuntimeError, match="cannot schedule new futures after shutdown"):
            again()
    pool.shutdown()  # a second time harms nothing
    assert outcomes(pool) == {"total": 1, "finished": 1}


@kinds
def test_shutdown_without_any_call(new_pool, kind):
    pool = new_pool(kind)
    pool.shutdown()
    assert outcomes(pool) == {}


@kinds
def test_shutdown_without_waiting_runs_what_is_pending(new_pool, kind, tmp_path):
    pool = new_pool(kind, 1)
    signs = [tmp_path / str(i) for i in range(20)]
    futures = [pool.submit(tasks.touch, sign) for sign in signs]
    pool.shutdown(wait=False)
    assert wait(futures, LIMIT).not_done == set()
    assert all(sign.exists() for sign in signs)


@kinds
@pytest.mark.parametrize("reader", ["wait", "as_completed", "result"])
def test_cancelled_by_shutdown_is_seen_by_those_who_wait(new_pool, kind, reader, tmp_path):
    pool = new_pool(kind, 1)
    runs = pool.submit(tasks.touch_then_wait, tmp_path / "runs", tmp_path / "gate")
    until((tmp_path / "runs").exists)
    futures = [pool.submit(tasks.double, i) for i in range(20)]
    with StdlibThreads(1) as threads:
        if reader == "wait":
            waiter = threads.submit(wait, futures, LIMIT, ALL_COMPLETED)
        elif reader == "as_completed":
            waiter = threads.submit(lambda: list(as_completed(futures, LIMIT)))
        else:
            waiter = threads.submit(futures[-1].exception, LIMIT)
        pool.shutdown(wait=False, cancel_futures=True)
        if reader == "result":
            with pytest.raises(CancelledError):
                waiter.result(LIMIT)
        else:
            seen = waiter.result(LIMIT)
    if reader == "wait":
        assert seen.done == set(futures)
    elif reader == "as_completed":
        assert set(seen) == set(futures)
    assert all(future.cancelled() for future in futures)
    (tmp_path / "gate").touch()
    runs.result(LIMIT)
    pool.shutdown()
    assert outcomes(pool) == {"total": 21, "finished": 1, "cancelled": 20}


@kinds
def test_cancelled_by_shutdown_in_a_map(new_pool, kind, tmp_path):
    pool = new_pool(kind, 1)
    runs = pool.submit(tasks.touch_then_wait, tmp_path / "runs", tmp_path / "gate")
    until((tmp_path / "runs").exists)
    results = pool.map(tasks.double, range(10))
    pool.shutdown(wait=False, cancel_futures=True)
    with pytest.raises(CancelledError):
        next(results)
    (tmp_path / "gate").touch()
    runs.result(LIMIT)
    pool.shutdown()
    assert outcomes(pool) == {"total": 11, "finished": 1, "cancelled": 10}


@kinds
def test_collected_without_shutdown(nothing_left, kind, tmp_path):
    """What was submitted still runs; then threads and processes end, though nobody said so."""
    pool = make_pool(kind, trace=False)
    futures = [pool.submit(tasks.touch, tmp_path / str(i)) for i in range(20)]
    gone = weakref.ref(pool)
    del pool
    gc.collect()
    assert gone() is None, "nothing of the pool keeps the executor alive"
    assert wait(futures, LIMIT).not_done == set()
    assert all((tmp_path / str(i)).exists() for i in range(20))


@kinds
def test_collected_while_a_map_is_read(nothing_left, kind):
    results = make_pool(kind).map(tasks.double, range(1000))
    gc.collect()
    assert list(results) == [2 * i for i in range(1000)]


@kinds
def test_collected_while_a_buffered_map_is_read(nothing_left, kind):
    """As in the standard library: what was submitted is handed out, and no further item is read."""
    pool = make_pool(kind)
    read = []
    results = pool.map(tasks.double, (read.append(i) or i for i in itertools.count()), buffersize=2)
    assert [next(results) for _ in range(3)] == [0, 2, 4]
    gone = weakref.ref(pool)
    del pool
    gc.collect()
    assert gone() is None, "the iterator does not keep the executor alive"
    so_far = len(read)
    assert list(results) == [2 * i for i in read[3:]]
    assert len(read) == so_far


@kinds
def test_many_executors(nothing_left, kind):
    """Made, used and shut one after another: what is owned does not grow. Starting 1,000 processes would take minutes: most stay unused."""
    used = {"thread": 1000, "fork": 40}.get(kind, 8)
    make_pool(kind).shutdown()
    gc.collect()
    before, journals = Belongings(), len(observe.journals)
    for i in range(1000):
        with make_pool(kind, 1) as pool:
            if i < used:
                assert pool.submit(tasks.double, i).result(LIMIT) == 2 * i
    del pool
    until(lambda: not Belongings().more_than(before))
    until(lambda: len(observe.journals) <= journals)


@kinds
def test_many_executors_at_once(nothing_left, kind):
    pools = [make_pool(kind, 1) for _ in range(30)]
    some = pools if kind == "thread" else pools[:8]
    futures = [pool.submit(tasks.double, i) for i, pool in enumerate(some)]
    assert [future.result(LIMIT) for future in futures] == [2 * i for i in range(len(some))]
    for pool in pools:
        pool.shutdown(wait=False)


@pytest.mark.parametrize("kind", ["spawn", "fork", "forkserver"])
def test_max_tasks_per_child(new_pool, kind):
    if kind == "fork":
        with pytest.raises(ValueError, match="max_tasks_per_child is incompatible with the 'fork'"):
            new_pool(kind, max_tasks_per_child=2)
        return
    pool = new_pool(kind, 1, max_tasks_per_child=2)
    pids = [pool.submit(tasks.pid).result(LIMIT) for _ in range(6)]
    assert pids[0] == pids[1] and pids[2] == pids[3] and pids[4] == pids[5]
    assert len(set(pids)) == 3
    assert list(pool.map(tasks.double, range(5))) == [0, 2, 4, 6, 8]
    pool.shutdown()
    assert all(map(is_gone, pids))
    assert all(worker.calls <= 2 for worker in pool.trace.workers)
    assert outcomes(pool) == {"total": 11, "finished": 11}


PENDING_AT_EXIT = """
import multiprocessing, sys, time
import poolviz
from tests.faults import tasks

kind, how, folder = sys.argv[1:]
if __name__ == "__main__":
    if kind == "thread":
        pool = poolviz.ThreadPoolExecutor(2)
    else:
        pool = poolviz.ProcessPoolExecutor(2, multiprocessing.get_context(kind))
    for i in range(30):
        pool.submit(tasks.touch, f"{folder}/{i}")
    if how == "map":
        results = pool.map(tasks.touch, [f"{folder}/map{i}" for i in range(30)])
    if how == "no wait":
        pool.shutdown(wait=False)
    if how == "raise":
        raise ValueError("the program's own end")
    if how == "collected":
        del pool
"""


@kinds
@pytest.mark.parametrize("how", ["open", "no wait", "raise", "collected", "map"])
def test_program_ends_with_calls_pending(run_program, kind, how, tmp_path):
    """They run before the interpreter goes, and nothing is left of the program."""
    program = run_program(PENDING_AT_EXIT, kind, how, tmp_path)
    code, _, err = program.end()
    assert code == (1 if how == "raise" else 0), err
    assert "Traceback" not in err or how == "raise", err
    assert all((tmp_path / str(i)).exists() for i in range(30))
    if how == "map":
        assert all((tmp_path / f"map{i}").exists() for i in range(30))
    until(lambda: not program.members())


FORKED_WHILE_BUSY = """
import multiprocessing, os, sys, time
import poolviz
from tests.faults import tasks

kind, folder = sys.argv[1:]
if __name__ == "__main__":
    if kind == "thread":
        pool = poolviz.ThreadPoolExecutor(2)
    else:
        pool = poolviz.ProcessPoolExecutor(2, multiprocessing.get_context(kind))
    futures = [pool.submit(tasks.touch_then_wait, f"{folder}/runs{i}", f"{folder}/gate") for i in range(2)]
    behind = [pool.submit(tasks.double, i) for i in range(50)]
    while not all(os.path.exists(f"{folder}/runs{i}") for i in range(2)):
        time.sleep(0.005)
    child = os.fork()
    if not child:
        # The child's copy works for nobody, and does no harm to the parent's.
        behind[0].cancel()
        behind[1].running()
        try:
            said = pool.submit(tasks.double, 1).result(20) if kind == "thread" else pool.submit(tasks.double, 1)
        except RuntimeError as refused:
            said = str(refused)
        pool.shutdown(wait=True, cancel_futures=True)
        with poolviz.ThreadPoolExecutor(1) as own:
            assert own.submit(tasks.double, 21).result(20) == 42
        with poolviz.ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as own:
            assert own.submit(tasks.double, 21).result(20) == 42
        open(f"{folder}/child", "w").write(str(said))
        sys.exit(7)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 7, status
    open(f"{folder}/gate", "w").close()
    assert [future.result(20) for future in behind] == [2 * i for i in range(50)]
    assert [future.exception(20) for future in futures] == [None, None]
    pool.shutdown()
    assert pool.trace.counts()["finished"] == 52, pool.trace.counts()
    print("the parent went on")
"""


@kinds
def test_fork_while_busy(run_program, kind, tmp_path):
    program = run_program(FORKED_WHILE_BUSY, kind, tmp_path)
    code, out, err = program.end()
    assert (code, out) == (0, "the parent went on\n"), err
    said = (tmp_path / "child").read_text()
    assert said == "2" if kind == "thread" else "belongs to the process that forked" in said
    until(lambda: not program.members())


def test_out_of_descriptors(run_program, tmp_path):
    """A pool that cannot start a worker says so, and what it had opened is closed again."""
    program = run_program(
        """
        import os, resource, sys
        import poolviz
        from poolviz.executors.process import BrokenProcessPool
        from tests.faults import tasks

        if __name__ == "__main__":
            with poolviz.ProcessPoolExecutor(1) as pool:  # what is loaded lazily is loaded now
                pool.submit(tasks.double, 1).result(20)
            free = len(os.listdir("/proc/self/fd"))
            limit = resource.getrlimit(resource.RLIMIT_NOFILE)
            for room in range(1, 16):
                resource.setrlimit(resource.RLIMIT_NOFILE, (free + room, limit[1]))
                pool = poolviz.ProcessPoolExecutor(1)
                try:
                    assert pool.submit(tasks.double, 4).result(20) == 8
                    said = "worked"
                except (OSError, BrokenProcessPool) as error:
                    said = type(error).__name__
                pool.shutdown()
                resource.setrlimit(resource.RLIMIT_NOFILE, limit)
                now = len(os.listdir("/proc/self/fd"))
                assert now <= free, (room, said, free, now)
            print(said)
        """
    )
    code, out, err = program.end()
    assert (code, out) == (0, "worked\n"), err
