"""What programs do with pools, each in its worst form. A scene takes a source of chance, and ends all that it began."""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, CancelledError
from pathlib import Path
from typing import Any

import poolviz
from tests.faults import tasks
from tests.steps import Steps, Struck, strike

#: Seconds that anything may take, on a busy machine.
LIMIT = 60
PACKAGE = str(Path(poolviz.__file__).parent)
KINDS = ("thread", "thread", "thread", "spawn", "fork", "forkserver")


def new_pool(chance: random.Random, kind: str | None = None, **settings: Any) -> Any:
    """A pool of some kind and size."""
    kind = kind or chance.choice(KINDS)
    workers = chance.randint(1, 3)
    if kind == "thread":
        return poolviz.ThreadPoolExecutor(workers, **settings)
    return poolviz.ProcessPoolExecutor(workers, multiprocessing.get_context(kind), **settings)


def check(futures: list[tuple[int, Any]]) -> None:
    """Each call has ended as it must: with its own result, or cancelled, or lost with a worker or a pool."""
    for n, future in futures:
        with contextlib.suppress(CancelledError, BrokenExecutor):
            assert future.result(LIMIT) == 2 * n, (n, future)


def made_and_dropped(chance: random.Random) -> None:
    """Pools that nobody shuts down; some have never run a call."""
    for _ in range(chance.randint(1, 20)):
        pool = new_pool(chance, "thread" if chance.random() < 0.9 else None)
        if chance.random() < 0.7:
            futures = [(i, pool.submit(tasks.double, i)) for i in range(chance.randint(1, 20))]
            del pool
            check(futures)


def maps(chance: random.Random) -> None:
    """Maps that are read to their ends, or left in the middle."""
    with new_pool(chance) as pool:
        for _ in range(chance.randint(1, 10)):
            n = chance.randint(0, 300)
            settings: dict[str, int] = chance.choice([{}, {"chunksize": chance.randint(1, 50)}, {"buffersize": chance.randint(1, 9)}])
            results = pool.map(tasks.double, range(n), **settings)
            if chance.random() < 0.3:
                next(results, None)
                del results
            else:
                assert list(results) == [2 * i for i in range(n)]


def failures(chance: random.Random) -> None:
    """Calls that raise, with long texts, and callbacks that raise."""
    with new_pool(chance) as pool:
        futures = [pool.submit(tasks.fail, "x" * chance.choice([1, 1000, 200_000])) for _ in range(20)]
        for future in futures:
            future.add_done_callback(lambda future: future.result())
        for future in futures:
            assert isinstance(future.exception(LIMIT), ValueError)
        pool.trace.summary()


def killed_workers(chance: random.Random) -> None:
    """Workers that are killed from outside, or that kill themselves."""
    kind = chance.choice(["spawn", "fork", "forkserver"])
    pool = new_pool(chance, kind, on_worker_death=chance.choice(["break", "replace"]))
    futures: list[tuple[int, Any]] = []
    with contextlib.suppress(BrokenExecutor):
        for i in range(60):
            futures.append((i, pool.submit(tasks.double, i)))
            if chance.random() < 0.05:
                for pid in list(pool._processes):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
            if chance.random() < 0.02:
                pool.submit(tasks.kill_self)
    check(futures)
    pool.shutdown()


def ended_pools(chance: random.Random) -> None:
    """Pools that are ended in every way while calls wait, by several threads."""
    pool = new_pool(chance)
    futures = [(i, pool.submit(tasks.double, i)) for i in range(chance.randint(1, 200))]
    ways: list[Callable[[], object]] = [
        lambda: pool.shutdown(wait=False),
        lambda: pool.shutdown(cancel_futures=True),
        lambda: pool.shutdown(wait=False, cancel_futures=True),
        lambda: [future.cancel() for _, future in futures],
    ]
    if hasattr(pool, "kill_workers"):
        ways += [pool.kill_workers, pool.terminate_workers]
    threads = [threading.Thread(target=chance.choice(ways)) for _ in range(3)]
    for thread in threads:
        thread.start()
    check(futures)
    for thread in threads:
        thread.join(LIMIT)
        assert not thread.is_alive()
    pool.shutdown()


def traces(chance: random.Random) -> None:
    """Blocks in several threads, each of which counts its own calls."""
    pool = new_pool(chance, "thread")

    def block(n: int) -> None:
        with poolviz.trace() as trace:
            for future in [pool.submit(tasks.double, i) for i in range(n)]:
                future.result(LIMIT)
            counts[n] = trace.counts()["total"]
            trace.summary()

    counts: dict[int, int] = {}
    threads = [threading.Thread(target=block, args=(n,)) for n in (3, 5, 8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    assert counts == {3: 3, 5: 5, 8: 8}, counts
    pool.shutdown()


def collector(chance: random.Random) -> None:
    """The garbage collector runs at every few allocations, and finds pools, futures and maps in cycles."""
    before = gc.get_threshold()
    gc.set_threshold(chance.randint(1, 50))
    try:
        for _ in range(chance.randint(1, 5)):
            pool = new_pool(chance, "thread" if chance.random() < 0.8 else None)
            cycle: list[Any] = [pool, pool.submit(tasks.double, 1), pool.map(tasks.double, range(5)), pool.trace]
            cycle.append(cycle)
            check([(1, cycle[1])])
            del pool, cycle
    finally:
        gc.set_threshold(*before)


def reaped(chance: random.Random) -> None:
    """Somebody else asks for the statuses of children."""
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            multiprocessing.active_children()

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        pool = new_pool(chance, "spawn", max_tasks_per_child=chance.randint(1, 3))
        assert list(pool.map(tasks.double, range(10))) == [2 * i for i in range(10)]
        pool.shutdown()
    finally:
        over.set()
        thread.join()


def struck(chance: random.Random) -> None:
    """A signal's handler raises at steps of chance in all that the main thread does."""
    # An exception in a finalizer is lost, and with it what the finalizer was to do: none is to run here for pools of other scenes.
    gc.collect()
    pool = new_pool(chance)
    futures: list[tuple[int, Any]] = []

    def act() -> None:
        what = chance.random()
        if what < 0.5 or not futures:
            n = len(futures)
            futures.append((n, pool.submit(tasks.double, n)))
        elif what < 0.6:
            futures[-1][1].cancel()
        elif what < 0.7:
            assert list(pool.map(tasks.double, range(20))) == [2 * i for i in range(20)]
        elif what < 0.75:
            assert list(pool.map(tasks.double, range(30), chunksize=7)) == [2 * i for i in range(30)]
        elif what < 0.8:
            poolviz.wait([future for _, future in futures[-5:]], timeout=0.01)
        elif what < 0.85:
            list(poolviz.as_completed([future for _, future in futures[-5:]], timeout=0.05))
        elif what < 0.9:
            futures[-1][1].result(timeout=0.01)
        elif what < 0.95:
            pool.trace.counts()
        else:
            with poolviz.ThreadPoolExecutor(1) as other:
                other.submit(tasks.double, 1).result(LIMIT)

    interrupt, before = signal.getsignal(signal.SIGINT), signal.signal(signal.SIGUSR1, strike)
    rare = chance.choice([50, 200, 1000])
    try:
        for _ in range(150):
            steps = Steps((PACKAGE,), lambda _: signal.SIGUSR1 if chance.random() < 1 / rare else None)
            with contextlib.suppress(Struck, TimeoutError, CancelledError), steps:
                act()
            assert signal.getsignal(signal.SIGINT) is interrupt
        check(futures)
        assert pool.submit(tasks.double, 4).result(LIMIT) == 8
        pool.shutdown()
        counts = pool.trace.counts()
        assert counts["finished"] + counts["cancelled"] == counts["total"], counts
        assert signal.getsignal(signal.SIGUSR1) is strike
    finally:
        signal.signal(signal.SIGUSR1, before)


def waiting_callers(chance: random.Random) -> None:
    """Many threads wait for the same calls, in every way."""
    with new_pool(chance) as pool:
        futures = [(i, pool.submit(tasks.double, i)) for i in range(30)]
        only = [future for _, future in futures]
        ways: list[Callable[[], object]] = [
            lambda: check(futures),
            lambda: poolviz.wait(only, LIMIT),
            lambda: list(poolviz.as_completed(only, LIMIT)),
            lambda: poolviz.wait(only, 0.0001),
        ]
        threads = [threading.Thread(target=chance.choice(ways)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LIMIT)
            assert not thread.is_alive()


def idle(chance: random.Random) -> None:
    """Nothing happens for a moment."""
    time.sleep(chance.random() * 0.05)


SCENES = (
    made_and_dropped,
    maps,
    failures,
    killed_workers,
    ended_pools,
    traces,
    collector,
    reaped,
    struck,
    waiting_callers,
    idle,
)
