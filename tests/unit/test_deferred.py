"""Finalizers take no lock: the garbage collector runs at every point, and nothing waits for itself or for another."""

import gc
import select
import signal
import subprocess
import sys
import threading
import time
import types

import pytest

import poolviz
from poolviz import deferred
from poolviz.executors.wakeup import Wakeup

BEGIN = """
import faulthandler, gc, os, random, sys, threading, time
faulthandler.dump_traceback_later(100, exit=True)
import poolviz
from poolviz import deferred, observe, scopes

supply = []

class Cycle:
    "Garbage that only the collector finds, once it is taken from the supply; in it, whatever it is made with."
    def __init__(self, *held):
        self.held, self.me = held, self
        supply.append(self)
        if gc.isenabled():
            del supply[-1]

def results(kind):
    "A generator with a pool, a block and a map inside, which the collector closes."
    with poolviz.trace("inside"), kind(1) as pool:
        yield from pool.map(abs, range(50))

def finished(futures):
    yield from poolviz.as_completed(futures)

def litter(kind, shared):
    "Pools, futures, iterators, traces, and a block that is open, in cycles."
    pool = kind(2)
    Cycle(pool)
    if kind is poolviz.ThreadPoolExecutor:
        used = kind(1)
        futures = [used.submit(time.sleep, 0) for _ in range(5)]
        Cycle(used, futures, used.trace, used.map(abs, range(20)), used.map(abs, range(20), buffersize=2))
        inside = results(kind)
        next(inside)
        Cycle(inside)
    futures = [shared.submit(abs, 1) for _ in range(3)]
    completed = finished(futures)
    next(completed)
    running, lazy = shared.map(abs, range(30)), shared.map(abs, range(30), buffersize=2)
    next(running), next(lazy)
    block = poolviz.trace("dropped")
    Cycle(futures, completed, running, lazy, block.__enter__(), block, shared.trace.calls, shared.trace.view)

def ordinary(shared, n):
    for i in range(n):
        with poolviz.trace("mine") as trace:
            assert shared.submit(abs, -i).result(60) == i
            assert list(shared.map(abs, range(10))) == list(range(10))
            observe.flush_all()
            assert len(trace) == 11, len(trace)
        trace.summary()
        scopes.forget(())
        with poolviz.ThreadPoolExecutor(1) as pool:
            pool.options(label=f"{i} {random.random()}").submit(abs, 1).result(60)

def everywhere(work, collect):
    "Have `collect` called by each line and call of several threads that do `work`."
    errors = []
    def run():
        sys.settrace(lambda frame, event, arg: collect(frame))
        try:
            # In a block of its own: a call that has none would count in the others'.
            with poolviz.trace():
                work()
        except BaseException:
            import traceback
            errors.append(traceback.format_exc())
        finally:
            sys.settrace(None)
    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads: thread.start()
    for thread in threads: thread.join(90)
    assert not any(thread.is_alive() for thread in threads)
    assert not errors, errors[0]
"""

AT_EACH_ALLOCATION = """
gc.set_threshold(1)
def work():
    for _ in range({rounds}):
        litter({kind}, shared)
        ordinary(shared, 2)
"""

AT_EACH_LINE = """
gc.disable()
inside = threading.local()
n = [0]
def collect(frame):
    # In each function of poolviz, and of what it stands on, about one line in {every}: a collection takes its time.
    name = frame.f_code.co_filename
    if "poolviz" in name or "concurrent" in name or "threading" in name or "weakref" in name:
        def line(frame, event, arg):
            n[0] += 1
            if n[0] % {every} == 0 and not getattr(inside, "yes", False):
                inside.yes = True
                try:
                    del supply[-3:]
                    gc.collect()
                finally:
                    inside.yes = False
            return line
        return line
    return None
def work():
    for _ in range({rounds}):
        litter({kind}, shared)
        ordinary(shared, 1)
gc.collect()
gc.freeze()
"""

AT_EACH_LINE_OF_OURS = """
gc.disable()
def collect(frame):
    # At each line that may be under a lock, pools are collected that were never shut down.
    name = os.path.basename(frame.f_code.co_filename)
    return line if name in {files} else None
def line(frame, event, arg):
    if supply:
        del supply[-2:]
        gc.collect()
    return line
def work():
    for n in range(3):
        for _ in range(60):
            Cycle(poolviz.ThreadPoolExecutor(1))
            Cycle({kind}(1))
        with poolviz.trace() as trace:
            shared.submit(abs, -n).result(60)
            shared.options(label=str(random.random())).submit(abs, 1).result(60)
            observe.flush_all()
            assert len(trace) == 2
gc.collect()
gc.freeze()
"""

END = """
shared = {kind}(2)
list(shared.map(abs, range(5)))
everywhere(work, {collect})
supply.clear()
gc.enable()
gc.set_threshold(700)
sys.settrace(None)
shared.submit(abs, 1).result(60)
total, counts = len(shared.trace), shared.trace.counts()
shared.shutdown()
counts = shared.trace.counts()
assert counts["pending"] == counts["running"] == 0, counts
assert shared.trace.summary().missing == 0
del shared
deadline = time.monotonic() + 60
while len(observe.journals) and time.monotonic() < deadline:
    gc.collect(); observe.flush_all(); time.sleep(0.01)
assert not len(observe.journals) and not deferred.due
print("ended")
"""


def ends(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and done.stdout.strip() == "ended", done.stdout[-2000:] + done.stderr[-6000:]
    assert "Traceback" not in done.stderr, done.stderr[-6000:]


@pytest.mark.parametrize("kind", ["poolviz.ThreadPoolExecutor", "poolviz.ProcessPoolExecutor"])
def test_the_collector_at_each_allocation(kind):
    ends(BEGIN + AT_EACH_ALLOCATION.format(kind=kind, rounds=3) + END.format(kind=kind, collect="lambda frame: None"))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["poolviz.ThreadPoolExecutor", "poolviz.ProcessPoolExecutor"])
def test_the_collector_between_any_two_lines(kind):
    ends(BEGIN + AT_EACH_LINE.format(kind=kind, rounds=2, every=101) + END.format(kind=kind, collect="collect"))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["poolviz.ThreadPoolExecutor", "poolviz.ProcessPoolExecutor"])
@pytest.mark.parametrize("files", [("scopes.py",), ("naming.py",), ("observe.py", "store.py"), ("wakeup.py", "crew.py", "publisher.py")])
def test_the_collector_at_each_line_that_may_hold_a_lock(kind, files):
    ends(BEGIN + AT_EACH_LINE_OF_OURS.format(kind=kind, files=files) + END.format(kind=kind, collect="collect"))


def test_a_dropped_pool_is_closed_by_the_next_who_comes_by():
    pool = poolviz.ThreadPoolExecutor(1)
    trace = pool.trace
    del pool
    assert trace.present().closed, "who looks at a trace does what is due"
    assert not deferred.due


def say(word):
    """Call what the collector calls."""
    about = {}
    for callback in (deferred._phases.pop, deferred._phases.__setitem__, deferred._here.__setattr__):
        assert callback in gc.callbacks
        callback(word, about)


def test_the_collector_leaves_the_cancelling_to_others():
    gate, begun = threading.Event(), threading.Event()
    with poolviz.ThreadPoolExecutor(1) as pool:
        results = pool.map(lambda n: n and (begun.set(), gate.wait(30)), range(6))
        assert next(results) == 0 and begun.wait(30)
        say("start")
        try:
            assert deferred.collecting()
            results.close()
            assert pool.trace.counts()["cancelled"] == 0, "nothing was done in the collector's place"
            deferred.run()
            assert len(deferred.due) == 1, "nor is what is due"
        finally:
            say("stop")
        assert not deferred.collecting()
        gate.set()
        # The worker, before its next call, is the first to come by.
    assert pool.trace.counts()["cancelled"] == 4 and pool.trace.counts()["finished"] == 2


def test_what_is_left_is_done_once_and_one_failure_does_not_stop_the_rest(caplog):
    done = []
    for n in range(1000):
        deferred.leave(lambda n=n: done.append(n) or (n == 3 and 1 / 0))
        deferred.leave(deferred.run)
    threads = [threading.Thread(target=deferred.run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(done) == list(range(1000))
    assert caplog.text.count("ZeroDivisionError") == 1


def test_a_wake_in_the_middle_of_a_wake_waits_for_nobody():
    """Whoever finds the lock taken leaves the writing to the one who has it."""
    wakeup = Wakeup()
    wakeup.open()
    try:
        assert wakeup.may_sleep()
        wakeup._lock.acquire()
        other = threading.Thread(target=wakeup.wake)
        other.start()
        other.join(30)
        assert not other.is_alive()
        wakeup._lock.release()
        wakeup.wake()
        assert not wakeup.may_sleep(), "the call is not slept through"
    finally:
        wakeup.close()


def test_no_wake_is_slept_through():
    wakeup = Wakeup()
    wakeup.open()
    asked, seen, stop = [0], [0], threading.Event()
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)

    def ask():
        while not stop.is_set():
            asked[0] += 1
            wakeup.wake()
            time.sleep(0)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(1000):
            if wakeup.may_sleep():
                assert select.select([wakeup.reader], [], [], 30)[0], "a sleeper that somebody has called is woken"
            wakeup.awake()
            wakeup.drain(0)
            seen[0] = asked[0]
    finally:
        stop.set()
        sys.setswitchinterval(interval)
        for thread in threads:
            thread.join(30)
        wakeup.close()
    assert seen[0]


@pytest.mark.parametrize("walk", ["observe.flush_all()", "naming.sweep()", "crew._after_fork_in_child()", "default()._free()"])
def test_a_pool_is_made_in_the_middle_of_a_walk_over_all(walk):
    """A walk over a weak dictionary raises when another thread adds to it; here it is added to between any two steps of the walk."""
    code = """
import os, sys
import poolviz
from poolviz import naming, observe
from poolviz.executors import crew
from poolviz.tracing.store import default

pools = [poolviz.ThreadPoolExecutor(1) for _ in range(5)]
made = []

def line(frame, event, arg):
    if len(made) < 20:
        sys.settrace(None)
        made.append(poolviz.ThreadPoolExecutor(1))
        sys.settrace(trace)
    return line

def trace(frame, event, arg):
    return line if os.path.basename(frame.f_code.co_filename) in ("weakref.py", "_weakrefset.py", "living.py") else None

sys.settrace(trace)
WALK
sys.settrace(None)
assert made
"""
    done = subprocess.run([sys.executable, "-c", code.replace("WALK", walk)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and not done.stderr, done.stderr


class Late(Exception):
    """What the handler of a test raises."""


def late(number, frame):
    raise Late


@pytest.mark.slow
def test_a_time_limit_that_strikes_in_a_collection_is_not_lost():
    """Whatever of ours the collector called in Python would swallow what the handler raises."""
    before, callbacks = signal.signal(signal.SIGALRM, late), list(gc.callbacks)
    # Hypothesis has one in Python.
    gc.callbacks[:] = [callback for callback in callbacks if not isinstance(callback, types.FunctionType)]
    assert len(gc.callbacks) >= 3
    heap = [[] for _ in range(1_000_000)]
    try:
        for _ in range(3):
            with pytest.raises(Late):
                signal.setitimer(signal.ITIMER_REAL, 0.005)
                gc.collect()
                time.sleep(30)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        gc.callbacks[:] = callbacks
    del heap


def test_who_is_in_a_collection():
    """A finalizer is; another thread is not; and nobody after the collection."""
    seen = {}

    class Cycle:
        def __init__(self):
            self.itself = self

        def __del__(self):
            seen["here"] = deferred.collecting()
            other = threading.Thread(target=lambda: seen.update(there=deferred.collecting()))
            other.start()
            other.join(30)

    for _ in range(2):
        Cycle()
        gc.collect()
        assert seen == {"here": True, "there": False}
        assert not deferred.collecting()
        seen.clear()
