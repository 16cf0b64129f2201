"""Ctrl-C ends every kind of waiting, also when the waiting thread is not woken by it.

A signal that the system gives to another thread, or that comes just before the main thread goes to sleep, wakes nobody: Python only notes
it. `signal.raise_signal` in a second thread makes that happen each time.
"""

import pytest

from tests.faults.helpers import LIMIT

PROGRAM = """
import concurrent.futures as stdlib, signal, sys, threading, time
import poolviz
from poolviz import interrupts
from tests.faults import tasks

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have had it ignored
interrupts.LOOK_AGAIN = 0.05
kind, trace, gate = sys.argv[1], sys.argv[2] == "traced", sys.argv[3]
asleep = frozenset(["acquire", "wait", "_wait", "join"])  # functions in which the interpreter waits for a lock
main = threading.main_thread().ident

def interrupt_when_it_waits(over):
    still = 0
    while still < 10:  # for some time in the same place
        still = still + 1 if sys._current_frames()[main].f_code.co_name in asleep else 0
        if over.wait(0.01):
            return
    signal.raise_signal(signal.SIGINT)

def ways(pool, futures):
    foreign = stdlib.Future()
    yield "result", lambda: futures[0].result()
    yield "exception", lambda: futures[0].exception()
    yield "result with a timeout", lambda: futures[0].result(600)
    yield "wait", lambda: poolviz.wait(futures)
    yield "wait for the first of them and another's", lambda: poolviz.wait([*futures, foreign], 600, poolviz.FIRST_COMPLETED)
    yield "as_completed", lambda: list(poolviz.as_completed(futures))
    yield "as_completed with another's", lambda: list(poolviz.as_completed([*futures, foreign], 600))
    yield "map", lambda: list(pool.map(tasks.wait_for, [gate] * 4))
    yield "buffered map", lambda: list(pool.map(tasks.wait_for, [gate] * 4, buffersize=1))
    futures.append(pool.submit(tasks.wait_for, gate))
    yield "shutdown", pool.shutdown

if __name__ == "__main__":
    pool = poolviz.ThreadPoolExecutor(1, trace=trace) if kind == "thread" else poolviz.ProcessPoolExecutor(1, trace=trace)
    futures = [pool.submit(tasks.wait_for, gate) for _ in range(2)]
    for name, wait in ways(pool, futures):
        over = threading.Event()
        threading.Thread(target=interrupt_when_it_waits, args=(over,)).start()
        try:
            wait()
            print(name, "was not interrupted")
        except KeyboardInterrupt:
            left = sum(len(future._waiters) + len(future._condition._waiters) for future in futures)
            print(name, "left something in a future" if left else "was interrupted")
        over.set()
    open(gate, "w").close()
    pool.shutdown(cancel_futures=True)
"""


@pytest.mark.parametrize("trace", ["traced", "not traced"])
@pytest.mark.parametrize("kind", ["thread", "spawn"])
def test_a_signal_that_wakes_nobody(run_program, kind, trace, tmp_path):
    code, out, err = run_program(PROGRAM, kind, trace, tmp_path / "gate").end(2 * LIMIT)
    assert code == 0, err
    lines = out.splitlines()
    assert len(lines) == 10
    assert not [line for line in lines if not line.endswith("was interrupted")], out + err
