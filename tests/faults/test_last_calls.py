"""A call that one thread submits while another ends the pool, or the program, runs or is refused: it is never accepted and lost."""

import threading

import pytest

from tests.faults import tasks
from tests.faults.helpers import KINDS, LIMIT, outcomes, until

kinds = pytest.mark.parametrize("kind", KINDS)

SUBMITTED_AT_EXIT = """
import multiprocessing, sys, threading, time
import poolviz
from tests.faults import tasks

kind, started = sys.argv[1], sys.argv[2] == "started"

def slowly(owner, name):
    # From here on the call is as good as accepted. The interpreter begins to exit meanwhile.
    method = getattr(owner, name)

    def slow(*args):
        if args != (None,):  # what dismisses the threads
            inside.set()
            time.sleep(0.5)
        return method(*args)

    setattr(owner, name, slow)

class Queue:
    def __init__(self, queue):
        self.put, self.get, self.get_nowait, self.empty = queue.put, queue.get, queue.get_nowait, queue.empty

def submit():
    try:
        futures.append(pool.submit(tasks.double, 21))
    except RuntimeError as refused:
        print(refused)
    else:
        print(futures[0].result(30))

if __name__ == "__main__":
    inside, futures = threading.Event(), []
    if kind == "thread":
        pool = poolviz.ThreadPoolExecutor(2)
        pool._crew.queue = Queue(pool._crew.queue)
        owner, name = pool._crew.queue, "put"
    else:
        pool = poolviz.ProcessPoolExecutor(2, multiprocessing.get_context(kind))
        owner, name = (pool._manager, "submit") if started else (pool._manager, "begin")
    if started:
        pool.submit(tasks.double, 1).result(30)
    slowly(owner, name)
    threading.Thread(target=submit).start()
    inside.wait(30)
"""


@kinds
@pytest.mark.parametrize("state", ["started", "new"])
def test_a_call_that_is_accepted_while_the_interpreter_exits_runs(run_program, kind, state):
    program = run_program(SUBMITTED_AT_EXIT, kind, state)
    assert program.end() == (0, "42\n", "")
    until(lambda: not program.members())


class Slow:
    """Holds up a method of an object until it is let go, in the thread that calls it first."""

    def __init__(self, owner, name):
        self.inside, self.go = threading.Event(), threading.Event()
        method = getattr(owner, name)

        def slow(*args):
            self.inside.set()
            assert self.go.wait(LIMIT)
            return method(*args)

        setattr(owner, name, slow)


@pytest.mark.parametrize("kind", ["spawn", "fork", "forkserver"])
def test_shutdown_waits_for_a_first_call_that_another_thread_is_submitting(new_pool, kind):
    pool = new_pool(kind)
    slow = Slow(pool._manager, "begin")
    futures = []
    submitter = threading.Thread(target=lambda: futures.append(pool.submit(tasks.double, 21)))
    submitter.start()
    assert slow.inside.wait(LIMIT)
    ender = threading.Thread(target=pool.shutdown)
    ender.start()
    ender.join(0.2)
    slow.go.set()
    submitter.join(LIMIT)
    ender.join(LIMIT)
    assert [future.done() for future in futures] == [True], "shutdown(wait=True) returned while an accepted call ran"
    assert futures[0].result(0) == 42
    with pytest.raises(RuntimeError, match="cannot schedule new futures after shutdown"):
        pool.submit(tasks.double, 1)


@kinds
def test_calls_and_shutdown_from_many_threads(new_pool, kind):
    """Each call is refused or runs, and whoever has called shutdown finds all of them done."""
    for _ in range(20 if kind == "thread" else 4):
        pool = new_pool(kind)
        accepted, refused, early = [], [], []
        start = threading.Barrier(5)

        def submit(pool=pool, accepted=accepted, refused=refused, start=start):
            start.wait(LIMIT)
            for i in range(50):
                try:
                    accepted.append(pool.submit(tasks.double, i))
                except RuntimeError:
                    refused.append(i)

        def end(pool=pool, early=early, accepted=accepted, start=start):
            start.wait(LIMIT)
            pool.shutdown()
            early += [future for future in list(accepted) if not future.done()]

        threads = [threading.Thread(target=what) for what in (submit, submit, submit, end, end)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LIMIT)
        assert not early
        assert len(accepted) + len(refused) == 150
        assert all(future.done() for future in accepted)
        assert outcomes(pool).get("total", 0) == outcomes(pool).get("finished", 0) == len(accepted)


def test_shutdown_in_a_call_of_the_same_thread_pool(new_pool):
    """The standard library's answer, instead of a thread that waits for itself."""
    pool = new_pool("thread", 2)
    future = pool.submit(pool.shutdown)
    with pytest.raises(RuntimeError, match="cannot join current thread"):
        future.result(LIMIT)
    with pytest.raises(RuntimeError, match="cannot schedule new futures after shutdown"):
        pool.submit(tasks.double, 1)
    assert new_pool("thread", 1).submit(pool.shutdown).result(LIMIT) is None, "another pool's call may wait for it"


@pytest.mark.parametrize("kind", ["spawn", "fork", "forkserver"])
def test_shutdown_in_a_callback_of_the_same_pool(new_pool, kind):
    pool = new_pool(kind, 1)
    raised = []

    def shut(_):
        try:
            pool.shutdown()
        except RuntimeError as error:
            raised.append(str(error))

    pool.submit(tasks.double, 1).add_done_callback(shut)
    until(lambda: raised)
    assert raised == ["cannot join current thread"]


@kinds
def test_cancelling_shutdown_leaves_no_call_behind(new_pool, kind, tmp_path):
    """What is queued is cancelled by one thread while workers take from the same queue."""
    for n in range(20 if kind == "thread" else 3):
        pool = new_pool(kind)
        futures = [pool.submit(tasks.double, i) for i in range(200)]
        pool.shutdown(wait=n % 2 == 0, cancel_futures=True)
        pool.shutdown()
        assert all(future.cancelled() or future.result(0) == 2 * i for i, future in enumerate(futures))
