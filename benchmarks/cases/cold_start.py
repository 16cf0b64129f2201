"""How long it takes from no pool to the results of its first calls, one for each worker."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Any

import poolviz
from benchmarks import calls
from benchmarks.measure import OURS, WORKERS, Case, Goal, Once, Run, each


def first_results(make: Callable[[], Any]) -> float:
    """Seconds from the making of an executor to the first results. That it is shut down is not measured."""
    with ExitStack() as stack:

        def work() -> None:
            executor = make()
            stack.callback(executor.shutdown)
            for future in [executor.submit(calls.nothing) for _ in range(WORKERS)]:
                future.result()

        return each(1, work)


def contenders(run: Run, stack: ExitStack) -> dict[str, Once]:
    spawn = multiprocessing.get_context("spawn")
    found: dict[str, Once] = {
        OURS: partial(first_results, partial(poolviz.ProcessPoolExecutor, WORKERS)),
        "stdlib": partial(first_results, partial(concurrent.futures.ProcessPoolExecutor, WORKERS, spawn)),
    }
    if run.peers:
        from loky import ProcessPoolExecutor

        found["loky"] = partial(first_results, partial(ProcessPoolExecutor, WORKERS))
    return found


CASE = Case("cold-start", "process cold start", "time", "ratio", 9, contenders, (Goal("stdlib", 0.9, 1.2),))
