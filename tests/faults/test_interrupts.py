"""Ctrl-C, as a terminal sends it: once, to the whole process group. One is enough, and nothing is left over."""

import os
import signal

import pytest

from poolviz.executors import processes
from tests.faults import tasks
from tests.faults.helpers import KINDS, LIMIT, outcomes, until

kinds = pytest.mark.parametrize("kind", KINDS)

PROGRAM = """
import multiprocessing, os, signal, sys, time
import poolviz
from tests.faults import tasks

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have had it ignored
kind, what, folder = sys.argv[1:]

def make(**settings):
    if kind == "thread":
        return poolviz.ThreadPoolExecutor(2, **settings)
    return poolviz.ProcessPoolExecutor(2, multiprocessing.get_context(kind), **settings)

def work(pool):
    if what == "map":
        list(pool.map(tasks.touch_and_nap, [f"{folder}/sign"] * 1000))
    elif what == "chunks":
        list(pool.map(tasks.touch_and_nap, [f"{folder}/sign"] * 1000, chunksize=100))
    elif what == "result":
        pool.submit(tasks.touch_and_nap, f"{folder}/sign", 0.3).result()
        pool.submit(tasks.nap, 0.3).result()
        pool.submit(tasks.nap, 0.3).result()
    elif what == "as_completed":
        for _ in poolviz.as_completed([pool.submit(tasks.touch_and_nap, f"{folder}/sign") for _ in range(50)]):
            pass
    elif what == "wait":
        poolviz.wait([pool.submit(tasks.touch_and_nap, f"{folder}/sign") for _ in range(50)])
    elif what == "shutdown":
        for _ in range(50):
            pool.submit(tasks.touch_and_nap, f"{folder}/sign")
    time.sleep(60 if what == "initializer" else 0)

if __name__ == "__main__":
    settings = dict(initializer=tasks.initializer_that_naps, initargs=(f"{folder}/sign", 60)) if what == "initializer" else {}
    try:
        with make(**settings) as pool:
            if what == "initializer":
                list(pool.map(tasks.double, range(10)))
            work(pool)
        print("not interrupted")
    except KeyboardInterrupt:
        counts = pool.trace.counts()
        assert counts["pending"] == 0, counts
        assert kind == "thread" or counts["running"] == 0, counts  # threads cannot be stopped, and are not waited for
        print("interrupted")
"""


@kinds
@pytest.mark.parametrize("what", ["map", "chunks", "result", "as_completed", "wait", "shutdown"])
def test_ctrl_c_once(run_program, kind, what, tmp_path):
    program = run_program(PROGRAM, kind, what, tmp_path)
    until((tmp_path / "sign").exists)
    os.killpg(program.process.pid, signal.SIGINT)
    code, out, err = program.end()
    assert (code, out) == (0, "interrupted\n"), err
    # A fork server starts its processes with Python's own handler: for less than a millisecond Ctrl-C ends one with words of its own.
    assert kind == "forkserver" or "Traceback" not in err, f"no worker complains: {err}"
    until(lambda: not program.members())


NO_WITH = """
import multiprocessing, signal, sys, time
import poolviz
from tests.faults import tasks

signal.signal(signal.SIGINT, signal.default_int_handler)
kind, what, sign = sys.argv[1:]

if __name__ == "__main__":
    pool = poolviz.ProcessPoolExecutor(2, multiprocessing.get_context(kind))
    if what == "body":
        for _ in pool.map(tasks.touch_and_nap, [sign] * 50, [0] + [600] * 49):
            time.sleep(600)
    else:
        futures = [pool.submit(tasks.touch_and_nap, sign, 600) for _ in range(50)]
        futures[0].result()
"""


@pytest.mark.parametrize("kind", ["spawn", "fork", "forkserver"])
@pytest.mark.parametrize("what", ["body", "result"])
def test_ctrl_c_without_with_ends_the_program(run_program, kind, what, tmp_path):
    """Nobody can use the results of a program that Ctrl-C has ended: its exit waits for none of its calls."""
    program = run_program(NO_WITH, kind, what, tmp_path / "sign")
    until((tmp_path / "sign").exists)
    os.killpg(program.process.pid, signal.SIGINT)
    code, _, err = program.end()
    assert code == -signal.SIGINT
    assert "KeyboardInterrupt" in err
    until(lambda: not program.members())


BOOTING = """
import multiprocessing, signal, sys, time
import poolviz
from tests.faults import tasks

signal.signal(signal.SIGINT, signal.default_int_handler)
if __name__ == "__mp_main__":
    tasks.touch(sys.argv[1])
    time.sleep(0.5)

if __name__ == "__main__":
    with poolviz.ProcessPoolExecutor(1, multiprocessing.get_context("forkserver")) as pool:
        future = pool.submit(tasks.double, 21)
        try:
            future.result()
        except KeyboardInterrupt:
            print("interrupted", future.result())
"""


def test_ctrl_c_while_a_worker_is_booting(run_program, tmp_path):
    """A fork server's process imports the program itself, which may take long. Ctrl-C in that time does not end it."""
    program = run_program(BOOTING, tmp_path / "booting")
    until((tmp_path / "booting").exists)
    os.killpg(program.process.pid, signal.SIGINT)
    code, out, err = program.end()
    assert (code, out, err) == (0, "interrupted 42\n", ""), err
    until(lambda: not program.members())


def assert_one_interrupt_is_enough(program, sign):
    """Press Ctrl-C once the program's sign is there: it ends as it should, and nothing of it is left."""
    until(sign.exists)
    os.killpg(program.process.pid, signal.SIGINT)
    code, out, err = program.end()
    assert (code, out) == (0, "interrupted\n"), err
    until(lambda: not program.members())


@pytest.mark.parametrize("kind", ["spawn", "fork", "forkserver"])
def test_ctrl_c_while_an_initializer_takes_long(run_program, kind, tmp_path):
    program = run_program(PROGRAM, kind, "initializer", tmp_path)
    assert_one_interrupt_is_enough(program, tmp_path / "sign")


@pytest.mark.parametrize("kind", ["spawn", "fork", "forkserver"])
def test_ctrl_c_in_c_code(run_program, kind, tmp_path):
    """A call that cannot mind the interrupt is ended with its worker."""
    program = run_program(
        PROGRAM.replace("time.sleep(60 if", "list(pool.map(tasks.sum_for_ever, [f'{folder}/sign'])); time.sleep(60 if"), kind, "c", tmp_path
    )
    assert_one_interrupt_is_enough(program, tmp_path / "sign")


@pytest.mark.parametrize("kind", ["spawn", "fork", "forkserver"])
def test_who_notices_the_interrupt_has_time_to_clean_up(new_pool, kind, tmp_path, monkeypatch):
    """And who cannot notice it is not given that time."""
    monkeypatch.setattr(processes, "NOTICE", 0.1)
    monkeypatch.setattr(processes, "GRACE", 2 * LIMIT)
    pool = new_pool(kind, 2)
    cleans = pool.submit(tasks.clean_up, tmp_path / "cleans", tmp_path / "cleaned")
    until((tmp_path / "cleans").exists)
    (cleaner,) = pool._processes
    sums = pool.submit(tasks.sum_for_ever, tmp_path / "sums")
    until((tmp_path / "sums").exists)
    pool._manager.interrupt()
    assert isinstance(sums.exception(LIMIT), KeyboardInterrupt)
    assert isinstance(cleans.exception(LIMIT), KeyboardInterrupt)
    assert (tmp_path / "cleaned").exists()
    assert pool.submit(tasks.double, 21).result(LIMIT) == 42
    pool.shutdown()
    assert outcomes(pool) == {"total": 3, "finished": 1, "failed": 2}
    killed = [worker.ident for worker in pool.trace.workers if "SIGKILL" in worker.detail]
    assert len(killed) == 1 and cleaner not in killed


ANY_MOMENT = """
import multiprocessing, random, signal, sys, threading, time
import poolviz
from tests.faults import tasks

signal.signal(signal.SIGINT, signal.default_int_handler)
kind, what = sys.argv[1:]
chance = random.Random(7)

def interrupt_after(seconds):
    # From another thread, to the process: Python raises it in the main thread, between any two of its steps.
    time.sleep(seconds)
    signal.raise_signal(signal.SIGINT)

def make():
    if kind == "thread":
        return poolviz.ThreadPoolExecutor(2)
    return poolviz.ProcessPoolExecutor(2, multiprocessing.get_context(kind))

if __name__ == "__main__":
    pool = make()
    for i in range(int(40)):
        futures = []
        interrupter = threading.Thread(target=interrupt_after, args=(chance.random() * 0.02,))
        try:
            interrupter.start()
            while True:
                if what == "submit":
                    futures.append(pool.submit(tasks.double, 1))
                    if len(futures) > 200:
                        futures.pop(0).result()
                elif what == "cancel":
                    futures.append(pool.submit(tasks.double, 1))
                    futures[-1].cancel()
                else:
                    list(pool.map(tasks.double, range(50)))
        except KeyboardInterrupt:
            interrupter.join()
        done, left = poolviz.wait(futures, 20)
        assert not left, (i, len(left), left)
        assert pool.submit(tasks.double, 21).result(20) == 42, i
    pool.shutdown()
    counts = pool.trace.counts()
    assert counts["total"] == counts["finished"] + counts["cancelled"] + counts["failed"], counts
    print("none was lost")
"""


@kinds
@pytest.mark.parametrize("what", ["submit", "cancel", "map"])
def test_ctrl_c_at_any_moment(run_program, kind, what, tmp_path):
    """In the middle of a submission, of a cancellation, of a map: the pool goes on, no future is left pending."""
    program = run_program(ANY_MOMENT, kind, what)
    code, out, err = program.end(2 * LIMIT)
    assert (code, out) == (0, "none was lost\n"), err
