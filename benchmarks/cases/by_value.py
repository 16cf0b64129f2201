"""How many calls a second of a function that was defined in a notebook's cell, with 50 us of work in each.

Workers cannot import such a function; its code travels. The standard library's pools cannot do that at all.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from time import perf_counter
from typing import Any

from benchmarks import peers, pools
from benchmarks.measure import OURS, Case, Goal, Once, Run, each

CELL = """
def cell_function(n):
    return sum(range(n))
"""
WORK = 50e-6


def calibrated(fn: Callable[[int], Any]) -> int:
    """The argument with which the function takes 50 us on this machine when nothing disturbs it."""
    n = 10_000
    best = float("inf")
    for _ in range(50):
        start = perf_counter()
        fn(n)
        best = min(best, perf_counter() - start)
    return int(n * WORK / best)


def contenders(run: Run, stack: ExitStack) -> dict[str, Once]:
    names = vars(sys.modules["__main__"])
    exec(CELL, names)
    fn = names["cell_function"]
    size = calibrated(fn)
    n = run.n(4000, 20)

    def submitted(submit: Callable[..., Any]) -> float:
        def work() -> None:
            for future in [submit(fn, size) for _ in range(n)]:
                future.result()

        return each(n, work)

    found: dict[str, Once] = {OURS: partial(submitted, pools.ours(stack).submit)}
    if run.peers:
        found["loky"] = partial(submitted, peers.loky(stack).submit)
    return found


CASE = Case("by-value", "call of a cell function, 50 us of work", "rate", "ratio", 5, contenders, (Goal("loky", 3, 6),))
