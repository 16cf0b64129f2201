"""One interrupt is enough, and no kernel's end leaves a worker behind."""

import os
import signal
import time

import psutil
import pytest

from tests.kernel.conftest import idle, until

SETUP = """
import os, signal, threading, time
from poolviz import ProcessPoolExecutor, ThreadPoolExecutor
from poolviz.events import Outcome

def pid():
    return os.getpid()

def sleep(seconds):
    time.sleep(seconds)
    return seconds

def stubborn(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            time.sleep(seconds)
        except KeyboardInterrupt:
            pass

def deep(seconds):
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # as code in C that never looks
    time.sleep(seconds)

def shown(pool):
    return {name: n for name, n in pool.trace.counts().items() if n}
"""


def workers(kernel):
    """The processes of the kernel's pools, by what they were started with."""
    kernel_process = psutil.Process(kernel.pid)
    return [child for child in kernel_process.children() if "spawn_main" in " ".join(child.cmdline())]


def started(kernel, cell, n):
    """Wait until a cell has printed that n calls run."""
    kernel.until(lambda m: m["msg_type"] == "stream" and f"running {n}" in m["content"]["text"])


def interrupted(kernel, cell):
    """Interrupt once; gives the seconds until the cell was over, and what it printed meanwhile."""
    begin = time.monotonic()
    kernel.interrupt()
    messages = kernel.until(lambda m: idle(m, cell))
    errors = [m["content"]["ename"] for m in messages if m["msg_type"] == "error"]
    assert errors == ["KeyboardInterrupt"]
    text = "".join(m["content"]["text"] for m in messages if m["msg_type"] == "stream")
    return time.monotonic() - begin, text


#: Prints once as many calls run as are expected, from a thread that the interrupt does not reach.
ANNOUNCE = """
def announce(pool, n):
    def look():
        while len(pool._manager.running() if hasattr(pool, "_manager") else pool._crew.running()) < n:
            time.sleep(0.01)
        print("running", n, flush=True)
    threading.Thread(target=look, daemon=True).start()
"""

#: Seconds until the cell is over. What the pool takes of them is bounded by `NOTICE` and `GRACE` in `executors/processes.py`, 0.5 s at
#: most; the rest is the kernel's, and the time that a busy machine lets kernel and workers wait for a processor. A pool that waits for its
#: calls takes 60.
SOON = 4.0


@pytest.mark.parametrize("call", ["sleep", "stubborn", "deep"])
@pytest.mark.parametrize("way", ["with", "map", "leaving"])
def test_process_calls_are_interrupted(kernel, call, way):
    kernel.run(SETUP + ANNOUNCE)
    cells = {
        "with": f"with ProcessPoolExecutor(2) as pool:\n    announce(pool, 2)\n    futures = [pool.submit({call}, 60) for _ in range(5)]\n"
        "    futures[0].result()",
        "map": f"pool = ProcessPoolExecutor(2)\nannounce(pool, 2)\nlist(pool.map({call}, [60] * 5))",
        "leaving": f"with ProcessPoolExecutor(2) as pool:\n    announce(pool, 2)\n    "
        f"futures = [pool.submit({call}, 60) for _ in range(5)]",
    }
    cell = kernel.start(cells[way])
    started(kernel, cell, 2)
    took, _ = interrupted(kernel, cell)
    print(took)
    assert took < SOON
    kernel.run(
        "deadline = time.monotonic() + 20\n"
        "while pool.trace.counts()['finished'] + pool.trace.counts()['failed'] + pool.trace.counts()['cancelled'] < 5:\n"
        "    assert time.monotonic() < deadline, shown(pool)\n    time.sleep(0.02)\n"
        "assert shown(pool) == {'total': 5, 'failed': 2, 'cancelled': 3}, shown(pool)"
    )
    if way == "map":
        kernel.run("assert list(pool.map(sleep, [0, 0, 0])) == [0, 0, 0]\npool.shutdown()")
    until(lambda: not workers(kernel), 10)


def test_a_worker_that_is_still_starting_is_not_waited_for(kernel):
    kernel.run(SETUP)
    cell = kernel.start(
        "with ProcessPoolExecutor(2, initializer=sleep, initargs=(60,)) as pool:\n"
        "    future = pool.submit(sleep, 60)\n    pool._processes\n    print('running 0', flush=True)\n    future.result()"
    )
    started(kernel, cell, 0)
    took, _ = interrupted(kernel, cell)
    print(took)
    assert took < SOON
    until(lambda: not workers(kernel), 10)


def test_threads_are_not_waited_for(kernel):
    kernel.run(SETUP + ANNOUNCE + "\nrelease = threading.Event()")
    cell = kernel.start("with ThreadPoolExecutor(3) as pool:\n    announce(pool, 3)\n    list(pool.map(release.wait, [60] * 5))")
    started(kernel, cell, 3)
    took, text = interrupted(kernel, cell)
    print(took)
    assert took < SOON
    assert text.count("3 calls still run") == 1, text
    kernel.run("release.set()")


LOOPS = {
    "the loop's own iterator": "for result in pool.map(sleep, [0, 60, 60, 60]):",
    "an iterator around it": "for _, result in enumerate(handed_on(pool.map(sleep, [0, 60, 60, 60]))):",
    "buffered": "for result in pool.map(sleep, [0, 60, 60, 60, 60], buffersize=3):",
}


@pytest.mark.parametrize("loop", LOOPS)
def test_in_the_body_of_a_loop_over_a_map(kernel, loop):
    """As when it strikes while the loop waits; other pools are left alone."""
    kernel.run("%load_ext poolviz\n" + SETUP + ANNOUNCE + "\ndef handed_on(items):\n    for item in items:\n        yield item")
    kernel.run("other = ProcessPoolExecutor(1)\nfuture = other.submit(sleep, 3)\npool = ProcessPoolExecutor(2)")
    kernel.run("for _ in other.map(sleep, [0]):\n    break")
    cell = kernel.start(f"{LOOPS[loop]}\n    announce(pool, 2)\n    time.sleep(60)")
    started(kernel, cell, 2)
    interrupted(kernel, cell)
    kernel.run(
        "deadline = time.monotonic() + 20\n"
        "while shown(pool) != {'total': 4, 'finished': 1, 'failed': 2, 'cancelled': 1}:\n"
        "    assert time.monotonic() < deadline, shown(pool)\n    time.sleep(0.02)\n"
        "assert list(pool.map(sleep, [0, 0, 0])) == [0, 0, 0]\npool.shutdown()"
    )
    kernel.run("assert future.result(30) == 3\nassert shown(other) == {'total': 2, 'finished': 2}, shown(other)")


def test_a_loop_that_ended_before_is_left_alone(kernel):
    kernel.run("%load_ext poolviz\n" + SETUP + ANNOUNCE)
    kernel.run("pool = ProcessPoolExecutor(1)")
    cell = kernel.start(
        "for result in pool.map(sleep, [0, 3]):\n    while not pool._manager.running():\n        time.sleep(0.01)\n    break\n"
        "print('running 1', flush=True)\ntime.sleep(60)"
    )
    started(kernel, cell, 1)
    interrupted(kernel, cell)
    kernel.run("pool.shutdown()\nassert shown(pool) == {'total': 2, 'finished': 2}, shown(pool)")


def test_a_bare_result_leaves_the_pool_alone(kernel):
    kernel.run(SETUP + ANNOUNCE)
    kernel.run("other = ProcessPoolExecutor(1)\nbusy = other.submit(sleep, 4)")
    cell = kernel.start("pool = ProcessPoolExecutor(1)\nannounce(pool, 1)\nfuture = pool.submit(sleep, 4)\nfuture.result()")
    started(kernel, cell, 1)
    interrupted(kernel, cell)
    kernel.run("assert future.result(30) == 4 and busy.result(30) == 4")
    kernel.run("assert shown(pool) == {'total': 1, 'finished': 1}")


@pytest.mark.parametrize("end", ["kill", "restart", "shutdown"])
def test_no_worker_outlives_its_kernel(kernel, end):
    kernel.run(SETUP + ANNOUNCE)
    cell = kernel.start(
        "pool = ProcessPoolExecutor(2)\nannounce(pool, 2)\nfutures = [pool.submit(deep, 60) for _ in range(2)]\ntime.sleep(60)"
    )
    started(kernel, cell, 2)
    left = workers(kernel)
    assert len(left) == 2
    if end == "kill":
        os.kill(kernel.pid, signal.SIGKILL)
    elif end == "restart":
        kernel.restart()
    else:
        kernel.stop(now=False)
    _, alive = psutil.wait_procs(left, timeout=2)
    assert not alive
