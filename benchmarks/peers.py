"""Pools of libraries that are not part of Python; ``make bench-peers`` installs them.

Each is asked in the way in which its documentation does it, with spawned processes where it can be chosen.
"""

from __future__ import annotations

import multiprocessing
from contextlib import ExitStack
from typing import Any

from benchmarks.measure import WORKERS
from benchmarks.pools import get, result, warm


def loky(stack: ExitStack) -> Any:
    """loky's executor."""
    from loky import ProcessPoolExecutor

    pool = ProcessPoolExecutor(WORKERS)
    stack.callback(pool.shutdown, wait=True)
    warm(pool.submit, result)
    return pool


def mpire(stack: ExitStack) -> Any:
    """mpire's pool."""
    from mpire.pool import WorkerPool

    pool = stack.enter_context(WorkerPool(WORKERS, start_method="spawn", keep_alive=True))
    warm(lambda fn, *args: pool.apply_async(fn, args), get)
    return pool


def pebble(stack: ExitStack) -> Any:
    """Pebble's pool."""
    from pebble import ProcessPool

    pool = ProcessPool(WORKERS, context=multiprocessing.get_context("spawn"))
    stack.callback(pool.join)
    stack.callback(pool.close)
    warm(lambda fn, *args: pool.schedule(fn, args), result)
    return pool


def joblib(stack: ExitStack) -> Any:
    """joblib's `Parallel`, which runs a whole list of calls, on loky's processes."""
    from joblib import Parallel, delayed

    from benchmarks import calls

    parallel = stack.enter_context(Parallel(n_jobs=WORKERS))
    parallel(delayed(calls.process_after)(0.02) for _ in range(4 * WORKERS))
    return parallel
