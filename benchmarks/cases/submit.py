"""How many calls that do nothing a pool takes, one `submit` each, until the last result is there."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Any

from benchmarks import calls, peers, pools
from benchmarks.measure import OURS, Case, Goal, Once, Run, each


def all_at_once(n: int, submit: Callable[[Callable[[], None]], Any], take: Callable[[Any], Any]) -> float:
    """Seconds for each of `n` calls submitted one after another, their results taken after that."""

    def work() -> None:
        pending = [submit(calls.nothing) for _ in range(n)]
        for one in pending:
            take(one)

    return each(n, work)


def contenders(run: Run, stack: ExitStack) -> dict[str, Once]:
    n = run.n(10_000, 50)
    found: dict[str, Once] = {
        OURS: partial(all_at_once, n, pools.ours(stack).submit, pools.result),
        "stdlib": partial(all_at_once, n, pools.stdlib(stack).submit, pools.result),
        "multiprocessing.Pool": partial(all_at_once, n, pools.multiprocessing_pool(stack).apply_async, pools.get),
    }
    if run.peers:
        found["loky"] = partial(all_at_once, n, peers.loky(stack).submit, pools.result)
        found["mpire"] = partial(all_at_once, n, peers.mpire(stack).apply_async, pools.get)
        found["pebble"] = partial(all_at_once, n, peers.pebble(stack).schedule, pools.result)
    return found


CASE = Case(
    "submit",
    "process submit, no-op",
    "rate",
    "ratio",
    11,
    contenders,
    (Goal("stdlib", 5, 8), Goal("multiprocessing.Pool", 1.5, 3)),
)
