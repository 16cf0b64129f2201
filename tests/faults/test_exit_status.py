"""How a worker ended is known from its pidfd; when others have taken its status, nothing is concluded from that."""

import multiprocessing
import os
import signal
import threading

import pytest

from poolviz.executors.child import Child
from tests.faults import tasks
from tests.faults.helpers import LIMIT, outcomes, until


@pytest.fixture
def reaper():
    """Takes the status of every child that ends, as `os.wait` does in somebody's thread."""
    over = threading.Event()

    def reap():
        while not over.is_set():
            try:
                os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                over.wait(0.0005)

    thread = threading.Thread(target=reap)
    thread.start()
    yield
    over.set()
    thread.join()


@pytest.fixture
def others_of_multiprocessing():
    """Asks for the statuses of all children, as each start of a process does."""
    over = threading.Event()

    def ask():
        while not over.is_set():
            multiprocessing.active_children()

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    yield
    over.set()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("fixture", ["reaper", "others_of_multiprocessing"])
def test_a_pool_whose_workers_others_reap_is_healthy(request, new_pool, fixture):
    request.getfixturevalue(fixture)
    pool = new_pool("spawn", 2, max_tasks_per_child=1)
    assert list(pool.map(tasks.double, range(12))) == [2 * i for i in range(12)]
    pool.shutdown()
    assert outcomes(pool) == {"total": 12, "finished": 12}
    assert not any(worker.detail for worker in pool.trace.workers)


def test_a_death_is_noticed_although_its_status_was_taken(request, new_pool):
    pool = new_pool("spawn", 1, on_worker_death="replace")
    assert pool.submit(tasks.double, 1).result(LIMIT) == 2
    request.getfixturevalue("reaper")
    with pytest.raises(Exception, match=r"is gone while it ran|was killed by SIGKILL.* while it ran"):
        pool.submit(tasks.kill_self).result(LIMIT)
    assert pool.submit(tasks.double, 2).result(LIMIT) == 4


def ended(method, target, *args):
    """The child of a process that has ended, whose status nobody has taken."""
    process = multiprocessing.get_context(method).Process(target=target, args=args)
    process.start()
    child = Child(process)
    until(lambda: not child.alive())
    return child


@pytest.mark.parametrize("method", ["spawn", "fork", "forkserver"])
@pytest.mark.parametrize(("target", "status"), [((int,), 0), ((os._exit, 7), 7), ((tasks.kill_self,), -signal.SIGKILL)])
def test_status(method, target, status):
    child = ended(method, *target)
    assert child.status() == status
    assert child.process not in multiprocessing.active_children()
    child.close()


def test_status_that_was_taken_is_not_known_and_the_process_is_forgotten():
    child = ended("spawn", int)
    os.waitpid(child.pid, 0)
    assert child.status() is None
    assert child.process not in multiprocessing.process._children
    child.close()


def test_a_signal_never_reaches_another_process(monkeypatch):
    """By then the id of an ended process may be another's."""
    child = ended("spawn", int)
    os.waitpid(child.pid, 0)
    sent = []
    monkeypatch.setattr(os, "kill", lambda *what: sent.append(what))
    child.send(signal.SIGKILL)
    assert sent == []
    monkeypatch.undo()
    child.status()
    child.close()
