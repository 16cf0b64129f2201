"""Workers that die: idle, busy, in a write, at their start; and what the pool then does."""

import os
import signal
from concurrent.futures import wait
from concurrent.futures.process import BrokenProcessPool
from concurrent.futures.thread import BrokenThreadPool

import psutil
import pytest

from poolviz.executors import loop
from poolviz.executors.oom import OWN, OomKills
from tests.faults import tasks
from tests.faults.helpers import KINDS, LIMIT, PROCESS_KINDS, is_gone, outcomes, until

kinds = pytest.mark.parametrize("kind", PROCESS_KINDS)


def worker_pids(pool):
    return set(pool._processes or ())


@kinds
def test_busy_worker_is_killed(new_pool, kind, tmp_path):
    pool = new_pool(kind)
    futures = [pool.submit(tasks.touch_then_wait, tmp_path / f"runs{i}", tmp_path / "gate") for i in range(2)]
    futures += [pool.submit(tasks.double, i) for i in range(50)]
    until(lambda: (tmp_path / "runs0").exists() and (tmp_path / "runs1").exists())
    os.kill(min(worker_pids(pool)), signal.SIGKILL)
    for future in futures:
        error = future.exception(LIMIT)
        assert isinstance(error, BrokenProcessPool)
        assert "was killed by SIGKILL" in str(error)
    with pytest.raises(BrokenProcessPool):
        pool.submit(tasks.double, 1)
    pool.shutdown()
    assert outcomes(pool) == {"total": 52, "failed": 52}


@kinds
def test_idle_worker_is_killed(new_pool, kind):
    pool = new_pool(kind, 1)
    pid = pool.submit(tasks.pid).result(LIMIT)
    os.kill(pid, signal.SIGKILL)
    until(lambda: pool._broken)
    with pytest.raises(BrokenProcessPool, match="SIGKILL"):
        pool.submit(tasks.double, 1)
    with pytest.raises(BrokenProcessPool, match="SIGKILL"):
        pool.map(tasks.double, [1])


@kinds
@pytest.mark.parametrize("megabytes", [8, 64])
def test_worker_is_killed_in_the_middle_of_sending_a_result(new_pool, kind, megabytes, tmp_path):
    pool = new_pool(kind, 1)
    pid = pool.submit(tasks.pid).result(LIMIT)
    # The manager stands still in the unpickling of a result, so that the next result fills the pipe.
    first = pool.submit(tasks.result_that_waits_for, str(tmp_path / "gate"))
    second = pool.submit(bytes, megabytes << 20)
    # Awake it computes; asleep it waits for room in the pipe.
    until(lambda: second.running() and psutil.Process(pid).status() == psutil.STATUS_SLEEPING)
    os.kill(pid, signal.SIGKILL)
    (tmp_path / "gate").touch()
    assert first.result(LIMIT) == "after the gate"
    with pytest.raises(BrokenProcessPool):
        second.result(LIMIT)


@kinds
def test_call_exits(new_pool, kind):
    pool = new_pool(kind)
    with pytest.raises(BrokenProcessPool, match="exited with code 3 while it ran this call"):
        pool.submit(tasks.exit_at_once, 3).result(LIMIT)


@kinds
@pytest.mark.parametrize("on_worker_death", ["break", "replace"])
def test_initializer_exits(new_pool, kind, on_worker_death):
    pool = new_pool(kind, initializer=tasks.initializer_that_exits, initargs=(7,), on_worker_death=on_worker_death)
    futures = [pool.submit(tasks.double, 1) for _ in range(5)]
    for future in futures:
        with pytest.raises(BrokenProcessPool, match="exited with code 7"):
            future.result(LIMIT)


@pytest.mark.parametrize("kind", KINDS)
def test_initializer_raises(new_pool, kind, caplog):
    pool = new_pool(kind, initializer=tasks.initializer_that_raises)
    broken = BrokenThreadPool if kind == "thread" else BrokenProcessPool
    with pytest.raises(broken):  # a quick initializer may fail before the last is submitted
        for future in [pool.submit(tasks.double, 1) for _ in range(5)]:
            future.result(LIMIT)
    until(lambda: pool._broken)
    with pytest.raises(broken):
        pool.submit(tasks.double, 1)
    pool.shutdown()
    counts = outcomes(pool)
    assert counts["failed"] == counts["total"] >= 1


@kinds
def test_grandchild_that_holds_every_descriptor_does_not_hide_a_death(new_pool, kind, tmp_path):
    pool = new_pool(kind, 1)
    future = pool.submit(tasks.leave_a_child_behind, tmp_path / "child")
    try:
        with pytest.raises(BrokenProcessPool):
            future.result(LIMIT)
        pool.shutdown()
    finally:
        until(lambda: (tmp_path / "child").exists())
        child = int((tmp_path / "child").read_text())
        os.kill(child, signal.SIGKILL)
        until(lambda: is_gone(child))


@kinds
def test_replace_fails_only_the_call_that_ran(new_pool, kind, tmp_path):
    pool = new_pool(kind, on_worker_death="replace")
    victim = pool.submit(tasks.touch_then_wait, tmp_path / "runs", tmp_path / "gate")
    others = [pool.submit(tasks.double, i) for i in range(200)]
    until((tmp_path / "runs").exists)
    pids = worker_pids(pool)
    dead = next(iter(pids))
    while not victim.done():
        dead = next(iter(worker_pids(pool)))
        os.kill(dead, signal.SIGKILL)
        wait([victim], 1)
    with pytest.raises(BrokenProcessPool, match=r"SIGKILL.* while it ran this call"):
        victim.result(0)
    lost = [future for future in others if future.exception(LIMIT) is not None]
    assert all(isinstance(future.exception(), BrokenProcessPool) for future in lost)
    assert len(lost) <= 1, "a worker that was killed ran one call at most"
    assert pool.submit(tasks.double, 21).result(LIMIT) == 42
    pool.shutdown()
    assert outcomes(pool) == {"total": 202, "failed": 1 + len(lost), "finished": 201 - len(lost)}


@kinds
def test_replace_keeps_what_waited_behind(new_pool, kind, tmp_path):
    pool = new_pool(kind, 1, on_worker_death="replace")
    for future in [pool.submit(tasks.double, i) for i in range(300)]:  # short calls: from now on the worker is sent many at a time
        future.result(LIMIT)
    victim = pool.submit(tasks.touch_then_wait, tmp_path / "runs", tmp_path / "gate")
    behind = [pool.submit(tasks.double, i) for i in range(300)]
    until((tmp_path / "runs").exists)
    os.kill(next(iter(worker_pids(pool))), signal.SIGKILL)
    assert [future.result(LIMIT) for future in behind] == [2 * i for i in range(300)]
    assert isinstance(victim.exception(LIMIT), BrokenProcessPool)


@kinds
@pytest.mark.parametrize("chunksize", [None, 1, 10])
def test_replace_in_a_map(new_pool, kind, chunksize):
    pool = new_pool(kind, on_worker_death="replace")
    results = pool.map(tasks.double_or_die, range(100), chunksize=chunksize)
    for i in range(40):
        assert next(results) == 2 * i
    with pytest.raises(BrokenProcessPool, match=r"killed by SIGKILL.* while it ran item 40 of a map"):
        next(results)
    assert list(pool.map(tasks.double, range(100), chunksize=chunksize)) == [2 * i for i in range(100)]


@kinds
def test_replace_when_idle(new_pool, kind):
    pool = new_pool(kind, 1, on_worker_death="replace")
    first = pool.submit(tasks.pid).result(LIMIT)
    os.kill(first, signal.SIGKILL)
    second = pool.submit(tasks.pid)
    # The call may have reached the worker in its last moment; it is not lost unless it ran there.
    if not isinstance(second.exception(LIMIT), BrokenProcessPool):
        assert second.result() != first
    assert pool.submit(tasks.double, 2).result(LIMIT) == 4


@kinds
@pytest.mark.parametrize("on_worker_death", ["break", "replace"])
def test_unpickling_a_function_kills(new_pool, kind, on_worker_death):
    pool = new_pool(kind, on_worker_death=on_worker_death)
    futures = [pool.submit(tasks.DeadlyFunction()) for _ in range(3)]
    for future in futures:
        assert isinstance(future.exception(LIMIT), BrokenProcessPool)
    if on_worker_death == "replace":
        assert pool.submit(tasks.double, 2).result(LIMIT) == 4


@kinds
@pytest.mark.parametrize("on_worker_death", ["break", "replace"])
def test_unpickling_an_argument_kills(new_pool, kind, on_worker_death):
    pool = new_pool(kind, on_worker_death=on_worker_death)
    futures = [pool.submit(tasks.identity, tasks.Deadly()) for _ in range(3)]
    for future in futures:
        assert isinstance(future.exception(LIMIT), BrokenProcessPool)
    if on_worker_death == "replace":
        assert pool.submit(tasks.double, 2).result(LIMIT) == 4


@kinds
@pytest.mark.parametrize("how", ["terminate_workers", "kill_workers"])
def test_workers_are_ended_on_purpose(new_pool, kind, how, tmp_path):
    pool = new_pool(kind)
    futures = [pool.submit(tasks.touch_then_wait, tmp_path / f"runs{i}", tmp_path / "gate") for i in range(2)]
    until(lambda: (tmp_path / "runs0").exists() and (tmp_path / "runs1").exists())
    pids = worker_pids(pool)
    getattr(pool, how)()
    assert all(isinstance(future.exception(LIMIT), BrokenProcessPool) for future in futures)
    until(lambda: all(map(is_gone, pids)))
    with pytest.raises(RuntimeError):
        pool.submit(tasks.double, 1)


class Counter:
    """The kernel's counter of kills for lack of memory, as a file of the test's own."""

    def __init__(self, root):
        (root / "proc/self").mkdir(parents=True)
        (root / "proc/self/cgroup").write_text("0::/test\n")
        self.file = root / "sys/fs/cgroup/test/memory.events"
        self.file.parent.mkdir(parents=True)
        self.shows(4)

    def shows(self, kills):
        self.file.write_text(f"oom 9\noom_kill {kills}\n")


@pytest.fixture
def counter(tmp_path, monkeypatch):
    made = Counter(tmp_path / "machine")
    monkeypatch.setattr(loop, "OomKills", lambda: OomKills(str(tmp_path / "machine")))
    return made


@kinds
@pytest.mark.parametrize("out_of_memory", [False, True])
def test_memory_is_blamed_with_evidence_alone(new_pool, kind, counter, tmp_path, out_of_memory):
    pool = new_pool(kind, 1)
    future = pool.submit(tasks.touch_then_wait, tmp_path / "runs", tmp_path / "gate")
    until((tmp_path / "runs").exists)
    if out_of_memory:
        counter.shows(5)
    os.kill(min(worker_pids(pool)), signal.SIGKILL)
    words = str(future.exception(LIMIT))
    assert f"was killed by SIGKILL{f' ({OWN})' if out_of_memory else ''} while it ran this call" in words
    assert ("memory" in words) == out_of_memory


def ends(pool):
    """How each worker ended, by its process id."""
    pool.shutdown()
    return {worker.ident: worker.how for worker in pool.trace.workers}


@kinds
@pytest.mark.parametrize("victims", [1, 3])
def test_worker_that_died_first_is_guilty_and_the_others_stopped_with_it(new_pool, kind, tmp_path, victims):
    pool = new_pool(kind, 3)
    futures = [pool.submit(tasks.touch_then_wait, tmp_path / f"runs{i}", tmp_path / "gate") for i in range(3)]
    until(lambda: all((tmp_path / f"runs{i}").exists() for i in range(3)))
    killed = sorted(worker_pids(pool))[:victims]
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    for future in futures:
        assert isinstance(future.exception(LIMIT), BrokenProcessPool)
    found = ends(pool)
    assert sorted(found.values()) == ["died", "stopped", "stopped"]
    guilty = next(pid for pid, how in found.items() if how == "died")
    assert guilty in killed
    assert f"Worker process {guilty} was killed by SIGKILL" in str(futures[0].exception())


@kinds
def test_no_worker_is_guilty_of_an_orderly_end(new_pool, kind):
    pool = new_pool(kind)
    assert list(pool.map(tasks.double, range(20))) == [2 * i for i in range(20)]
    assert set(ends(pool).values()) == {"orderly"}
    assert {worker.detail for worker in pool.trace.workers} == {""}


@kinds
def test_each_worker_that_is_replaced_died_by_itself(new_pool, kind):
    pool = new_pool(kind, 1, on_worker_death="replace")
    for _ in range(2):
        pid = pool.submit(tasks.pid).result(LIMIT)
        os.kill(pid, signal.SIGKILL)
        until(lambda pid=pid: pid not in worker_pids(pool))
        assert pool.submit(tasks.double, 2).exception(LIMIT) is None
    assert list(ends(pool).values()) == ["died", "died", "orderly"]


@kinds
@pytest.mark.parametrize("how", ["terminate_workers", "kill_workers"])
def test_workers_that_were_ended_on_purpose_are_not_guilty(new_pool, kind, how, tmp_path):
    pool = new_pool(kind)
    futures = [pool.submit(tasks.touch_then_wait, tmp_path / f"runs{i}", tmp_path / "gate") for i in range(2)]
    until(lambda: (tmp_path / "runs0").exists() and (tmp_path / "runs1").exists())
    getattr(pool, how)()
    assert all(isinstance(future.exception(LIMIT), BrokenProcessPool) for future in futures)
    assert set(ends(pool).values()) == {"ended"}


@kinds
def test_worker_whose_initializer_raised_is_the_guilty_one(new_pool, kind, caplog):
    pool = new_pool(kind, initializer=tasks.initializer_that_raises)
    assert isinstance(pool.submit(tasks.double, 1).exception(LIMIT), BrokenProcessPool)
    found = ends(pool)
    assert list(found.values()).count("died") == 1 and set(found.values()) <= {"died", "stopped"}
    (guilty,) = [worker for worker in pool.trace.workers if worker.how == "died"]
    assert guilty.detail.startswith("failed its initializer: ")
