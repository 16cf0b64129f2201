"""A signal's handler may raise at any step of the main thread: pools stay whole, and handlers are what they were."""

import os
import signal
import threading

import pytest

from poolviz.executors.frames import FrameReader
from poolviz.executors.results import Results
from tests.faults import tasks
from tests.faults.helpers import KINDS, LIMIT
from tests.steps import Struck, strike, strike_at_each

#: A program that uses a pool while a time limit strikes every 20 to 300 microseconds, and then looks whether all is well.
STORM = """
import multiprocessing, random, signal, sys, time
import poolviz
from tests.faults import tasks

kind, seconds, seed = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
chance = random.Random(seed)
hits = 0

class Storm(Exception):
    pass

def strike(number, frame):
    # Raises, and comes again soon, if it meets `act` or what that calls.
    global hits
    while frame is not None and frame.f_code is not act.__code__:
        frame = frame.f_back
    if frame is not None:
        hits += 1
        again()
        raise Storm

def again():
    signal.setitimer(signal.ITIMER_REAL, chance.uniform(20e-6, 300e-6))

def act(pool, futures):
    again()
    what = chance.random()
    if what < 0.5 or not futures:
        n = len(futures)
        futures.append((n, pool.submit(tasks.double, n)))
    elif what < 0.6:
        futures[-1][1].cancel()
    elif what < 0.7:
        assert list(pool.map(tasks.double, range(20))) == [2 * i for i in range(20)]
    elif what < 0.8:
        assert list(pool.map(tasks.double, range(50), chunksize=7)) == [2 * i for i in range(50)]
    elif what < 0.85:
        poolviz.wait([future for _, future in futures[-5:]], timeout=0.01)
    elif what < 0.9:
        list(poolviz.as_completed([future for _, future in futures[-5:]], timeout=0.05))
    elif what < 0.95:
        futures[-1][1].result(timeout=0.01)
    else:
        pool.trace.counts()

def check(futures):
    for n, future in futures:
        assert future.cancelled() or future.result(timeout=30) == 2 * n
    futures.clear()

if __name__ == "__main__":
    interrupt = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGALRM, strike)
    if kind == "thread":
        pool = poolviz.ThreadPoolExecutor(2)
    else:
        pool = poolviz.ProcessPoolExecutor(2, multiprocessing.get_context(kind))
    futures = []
    pool.submit(tasks.double, 1).result(timeout=30)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            act(pool, futures)
        except (Storm, TimeoutError, poolviz.CancelledError):
            pass
        if len(futures) > 200:
            check(futures)
    signal.setitimer(signal.ITIMER_REAL, 0)
    check(futures)
    assert signal.getsignal(signal.SIGINT) is interrupt
    assert signal.getsignal(signal.SIGALRM) is strike
    assert pool.submit(tasks.double, 4).result(timeout=30) == 8
    pool.shutdown()
    counts = pool.trace.counts()
    assert counts["finished"] + counts["cancelled"] == counts["total"], counts
    assert hits > 100, hits
    print("calm")
"""


@pytest.mark.parametrize("kind", KINDS)
def test_a_storm_of_alarms(run_program, kind):
    code, out, err = run_program(STORM, kind, 3, 1).end(90)
    assert (code, out) == (0, "calm\n"), err[-3000:]


PICKLED_IN_TIME = """
import signal
import poolviz
from tests.faults import tasks

class Late(Exception):
    pass

def late(number, frame):
    raise Late

class Slow:
    def __reduce__(self):
        signal.raise_signal(signal.SIGALRM)
        return int, ()

if __name__ == "__main__":
    signal.signal(signal.SIGALRM, late)
    with poolviz.ProcessPoolExecutor(1) as pool:
        for submit in (lambda: pool.submit(tasks.identity, Slow()), lambda: pool.map(tasks.identity, [Slow()])):
            try:
                submit()
            except Late:
                print("late")
        print(pool.submit(tasks.double, 2).result())
"""


def test_a_time_limit_that_strikes_during_the_pickling_ends_the_submit(run_program):
    assert run_program(PICKLED_IN_TIME).end() == (0, "late\nlate\n4\n", "")


def test_a_worker_s_frames_leave_whole_whatever_is_raised_meanwhile():
    """A call prints more than the pipe takes, and is interrupted while it waits for room."""
    reader, writer = os.pipe()
    results = Results(writer)
    texts = [bytes([65 + i]) * 300_000 for i in range(3)]
    arrived, begun = [], threading.Event()

    def read():
        assert begun.wait(LIMIT)
        frames = FrameReader(reader)
        while len(arrived) < len(texts):
            arrived.extend(frames.read())

    def begin():
        # The main thread is in os.write by then, or will be: the pipe holds a small part of what it writes.
        signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR1)
        begun.set()

    before = signal.signal(signal.SIGUSR1, strike)
    threads = [threading.Thread(target=read), threading.Timer(0.2, begin)]
    try:
        for thread in threads:
            thread.start()
        with pytest.raises(Struck):
            for i, text in enumerate(texts):
                results.put(("output", i), [text])
            results.flush()
        for thread in threads:
            thread.join(LIMIT)
        assert [bytes(parts[0]) for _, parts in arrived] == texts
        assert [message for message, _ in arrived] == [("output", i) for i in range(3)]
    finally:
        signal.signal(signal.SIGUSR1, before)
        os.close(writer)
        os.close(reader)


def test_who_asks_for_the_processes_leaves_the_pool_s_lock(new_pool):
    pool = new_pool("fork", 1)

    def after():
        assert pool.submit(tasks.double, 2).result(LIMIT) == 4

    after()
    assert strike_at_each(lambda: pool._processes, after) > 5
