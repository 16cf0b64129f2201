"""Moments at which two things happen to a pool at once: it breaks while results arrive, forks while it is new, grows while it starts."""

import contextlib
import logging
import os
import signal
import threading
from collections import deque

import pytest

import poolviz
from poolviz.executors import casualties, child
from poolviz.executors.functions import REMEMBERED_BYTES, SentFunction
from poolviz.executors.future import Future
from poolviz.executors.outcomes import Outcomes
from poolviz.executors.placement import Message
from poolviz.executors.scheduler import Scheduler
from tests.faults import tasks
from tests.faults.helpers import LIMIT, PROCESS_KINDS, until

kinds = pytest.mark.parametrize("kind", PROCESS_KINDS)


@kinds
@pytest.mark.parametrize("how", ["dies", "killed", "terminated"])
def test_a_pool_breaks_while_results_of_other_workers_are_on_their_way(new_pool, kind, how, caplog):
    """The manager buries every worker: no descriptor and no process is left, which the fixture sees."""
    for _ in range(4):
        pool = new_pool(kind, 3)
        futures = [pool.submit(tasks.double, i) for i in range(300)]
        results = pool.map(tasks.double, range(2000))
        next(results)
        if how == "dies":
            pool.submit(os._exit, 3)
        elif how == "killed":
            pool.kill_workers()
        else:
            pool.terminate_workers()
        with contextlib.suppress(poolviz.BrokenExecutor):
            list(results)
        for i, future in enumerate(futures):
            error = future.exception(LIMIT)
            assert isinstance(error, poolviz.BrokenExecutor) or future.result(0) == 2 * i
        pool.shutdown()
        assert all(worker.exited for worker in pool.trace.workers)
    assert not [record for record in caplog.records if record.levelno == logging.CRITICAL]


@kinds
def test_a_pool_that_is_first_used_in_a_forked_child(run_program, kind):
    """As a server does that makes its pool before it forks."""
    program = run_program(
        """
        import multiprocessing, os, sys
        import poolviz
        from tests.faults import tasks

        if __name__ == "__main__":
            pool = poolviz.ProcessPoolExecutor(1, multiprocessing.get_context(sys.argv[1]))
            child = os.fork()
            if not child:
                print(pool.submit(tasks.double, 21).result(20))
                sys.exit(7)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        """,
        kind,
    )
    assert program.end() == (0, "42\n", "")
    until(lambda: not program.members())


@kinds
def test_a_second_worker_starts_while_the_first_is_in_its_initializer(new_pool, kind, tmp_path):
    """Two workers may wait for one another."""
    pool = new_pool(kind, 2, initializer=tasks.meet, initargs=(tmp_path, 2))
    first = pool.submit(tasks.double, 1)
    until(lambda: list(tmp_path.iterdir()))
    second = pool.submit(tasks.double, 2)
    assert (first.result(LIMIT), second.result(LIMIT)) == (2, 4)


def test_what_a_call_was_sent_is_freed_with_it(new_pool):
    pool = new_pool("spawn", 1)
    kept = [pool.submit(Adds(bytes(400_000) + bytes([i]))) for i in range(20)]
    assert [future.result(LIMIT) for future in kept] == [400_001] * 20
    functions = pool._manager.scheduler.functions
    until(lambda: sum(len(data) for data, _ in functions._by_data) <= REMEMBERED_BYTES + 400_100)
    assert not any("_payload" in vars(future) or "_function" in vars(future) for future in kept)


class Adds:
    """A function that holds much, as `functools.partial` may."""

    def __init__(self, data):
        self.data = data

    def __call__(self):
        return len(self.data)


def test_what_a_cancelled_call_was_to_be_sent_is_freed(new_pool, tmp_path):
    pool = new_pool("spawn", 1)
    runs = pool.submit(tasks.wait_for, tmp_path / "gate")
    cancelled = [pool.submit(len, bytearray(100_000)) for _ in range(10)]
    assert all(future.cancel() for future in cancelled)
    assert not any("_payload" in vars(future) for future in cancelled)
    (tmp_path / "gate").touch()
    runs.result(LIMIT)


@kinds
def test_a_worker_that_cannot_be_looked_after_is_ended(new_pool, kind, monkeypatch):
    """No descriptor is left for it."""
    pool = new_pool(kind, 1)

    def no_descriptors(self, process):
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(child.Child, "__init__", no_descriptors)
    with pytest.raises(poolviz.BrokenExecutor, match="Too many open files"):
        pool.submit(tasks.double, 1).result(LIMIT)
    pool.shutdown()


def test_a_call_that_never_began_is_not_charged_with_its_workers_death():
    """The worker dies between the answer of entry 3 and the note that 3 has ended."""
    words = [3, 1, 2, 0, 0, 0, 0]  # claimed 3, done 2

    class Slot:
        def current(self):
            return 3, 1, 0, 0

    Slot.words = words
    placement = type("", (), {"number": 1, "pid": 1, "link": type("", (), {"slot": Slot()})})()
    message = Message(0, 8, 0, 0)
    futures = [Future() for _ in range(8)]
    for future in futures:
        future._function, future._snapshot, future._payload = SentFunction(0, b"", True), None, []
    message.futures = [None] * 4 + futures[4:]
    message.reported = message.left = 4
    placement.messages = deque([message])
    ended = Outcomes()
    rest = casualties.Casualties(Scheduler(ended, None), ended).lose(placement, "was killed", False)
    ended.resolve()
    assert not any(future.done() for future in futures)
    assert [part.futures for part in rest] == [futures[4:]]


def test_the_fork_servers_end_runs_no_call_twice(run_program, tmp_path):
    program = run_program(
        """
        import multiprocessing, os, signal, sys
        from multiprocessing import forkserver
        import poolviz
        from tests.faults import tasks

        if __name__ == "__main__":
            folder = sys.argv[1]
            pool = poolviz.ProcessPoolExecutor(1, multiprocessing.get_context("forkserver"), on_worker_death="replace")
            pool.submit(tasks.double, 1).result(20)
            futures = [pool.submit(tasks.note_and_nap, f"{folder}/{i}", 0.002) for i in range(200)]
            futures[5].result(20)
            os.kill(forkserver._forkserver._forkserver_pid, signal.SIGKILL)
            for future in futures:
                future.exception(30)
            print(max(os.path.getsize(f"{folder}/{i}") for i in range(200) if os.path.exists(f"{folder}/{i}")))
            pool.shutdown()
        """,
        tmp_path,
    )
    code, out, err = program.end(60)
    assert (code, out) == (0, "1\n"), err[-2000:]
    until(lambda: not program.members())


FORKS_IN_A_CALL = """
import io, multiprocessing, os, sys
import poolviz

def fork(i):
    print("call", i)
    child = os.fork()
    if not child:
        print("child", i, flush=True)
        os._exit(0)
    os.waitpid(child, 0)
    process = multiprocessing.get_context("fork").Process(target=print, args=("process", i))
    process.start()
    process.join()
    return i

class Kernel(io.StringIO):
    pass

Kernel.__module__ = "ipykernel.iostream"

if __name__ == "__main__":
    said = sys.stdout = Kernel()
    with poolviz.ProcessPoolExecutor(2, multiprocessing.get_context(sys.argv[1])) as pool:
        quick = [pool.submit(abs, -i) for i in range(50)]
        forks = [pool.submit(fork, i) for i in range(30)]
        assert [future.result(30) for future in forks] == list(range(30))
        assert [future.result(30) for future in quick] == list(range(50))
    sys.stdout = sys.__stdout__
    lines = said.getvalue().split("\\n")
    print({word: sum(line.startswith(word) for line in lines) for word in ("call", "child", "process")})
"""


@kinds
def test_a_call_that_forks_processes_that_print(run_program, kind):
    """In a kernel, where prints are among a worker's results: a copy of the worker sends nothing of its own."""
    code, out, err = run_program(FORKS_IN_A_CALL, kind).end(60)
    assert (code, out) == (0, "{'call': 30, 'child': 30, 'process': 30}\n"), err[-2000:]


def test_a_stopped_worker_that_crashes_on_its_way_out_breaks_nothing(new_pool):
    pool = new_pool("spawn", 1, max_tasks_per_child=1)
    assert [pool.submit(tasks.crash_at_exit).result(LIMIT) for _ in range(3)] == [None] * 3
    assert pool.submit(tasks.double, 2).result(LIMIT) == 4
    pool.shutdown()


def test_interrupts_of_a_pool_that_is_starting_reach_the_new_worker(new_pool, tmp_path):
    """Nothing waits for an initializer that takes long once all calls are cancelled."""
    pool = new_pool("spawn", 1, initializer=tasks.initializer_that_naps, initargs=(tmp_path / "naps", 60))
    future = pool.submit(tasks.double, 1)
    until(lambda: pool._manager.scheduler.placements)
    pool._manager.interrupt()
    assert future.cancelled()
    pool.shutdown()


def test_signals_go_to_children_by_pidfd(new_pool, monkeypatch):
    if not hasattr(signal, "pidfd_send_signal"):
        pytest.skip("this system has no pidfds")
    monkeypatch.setattr(os, "kill", None)
    pool = new_pool("spawn", 1)
    assert pool.submit(tasks.double, 1).result(LIMIT) == 2
    pool.kill_workers()
    pool.shutdown()


@kinds
def test_an_end_that_cannot_be_taken_in_fails_its_call_alone(new_pool, kind, monkeypatch):
    """Such as for lack of memory."""
    pool = new_pool(kind, 1)
    ended = pool._manager.outcomes
    returned, failed = ended.returned, []

    def once(*args):
        if not failed:
            failed.append(args)
            raise MemoryError
        returned(*args)

    monkeypatch.setattr(ended, "returned", once)
    with pytest.raises(poolviz.BrokenExecutor, match="could not be taken in: MemoryError"):
        pool.submit(tasks.double, 1).result(LIMIT)
    assert pool.submit(tasks.double, 2).result(LIMIT) == 4


def test_a_forked_child_may_read_the_parents_traces(new_pool):
    """Also when a thread that it does not have was at work on them."""
    pool = new_pool("thread", 1)
    pool.submit(tasks.double, 1).result(LIMIT)
    trace = pool.trace
    held, over = threading.Event(), threading.Event()

    def hold():
        with trace.store.working():
            held.set()
            over.wait(LIMIT)

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(LIMIT)
    child = os.fork()
    if not child:
        signal.alarm(20)
        os._exit(trace.counts()["finished"])
    over.set()
    thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
