"""How long one call takes there and back, when the next is submitted only then."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Any

from benchmarks import calls, peers, pools
from benchmarks.measure import OURS, Case, Goal, Once, Run, each


def one_by_one(n: int, submit: Callable[[Callable[[], None]], Any], take: Callable[[Any], Any]) -> float:
    """Seconds for each of `n` calls, none submitted before the result of the one before it was taken."""

    def work() -> None:
        for _ in range(n):
            take(submit(calls.nothing))

    return each(n, work)


def contenders(run: Run, stack: ExitStack) -> dict[str, Once]:
    n = run.n(1500, 20)
    found: dict[str, Once] = {
        OURS: partial(one_by_one, n, pools.ours(stack).submit, pools.result),
        "stdlib": partial(one_by_one, n, pools.stdlib(stack).submit, pools.result),
    }
    if run.peers:
        found["multiprocessing.Pool"] = partial(one_by_one, n, pools.multiprocessing_pool(stack).apply_async, pools.get)
        found["loky"] = partial(one_by_one, n, peers.loky(stack).submit, pools.result)
        found["mpire"] = partial(one_by_one, n, peers.mpire(stack).apply_async, pools.get)
        found["pebble"] = partial(one_by_one, n, peers.pebble(stack).schedule, pools.result)
    return found


CASE = Case("round-trip", "process round trip", "time", "ratio", 15, contenders, (Goal("stdlib", 2.5, 4),))
