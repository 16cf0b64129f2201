"""How long 200 short calls take that were submitted right after a long one: none should wait behind it while a worker is free."""

from __future__ import annotations

import time
from contextlib import ExitStack
from functools import partial

from benchmarks import calls, peers, pools
from benchmarks.measure import OURS, Case, Goal, Once, Run, each

SHORT = 0.001


def contenders(run: Run, stack: ExitStack) -> dict[str, Once]:
    n = run.n(200, 10)
    # Longer than the other worker takes for all of the short ones.
    long = 3 * n * SHORT

    def behind(executor: pools.Executor) -> float:
        # A pool that learns how long calls take has learnt, from these, that it may hand out many at a time.
        for warming in [executor.submit(calls.nothing) for _ in range(n)]:
            warming.result()

        def work() -> None:
            for future in [executor.submit(time.sleep, SHORT) for _ in range(n)]:
                future.result()

        straggler = executor.submit(time.sleep, long)
        spent = each(1, work)
        straggler.result()
        return spent

    found: dict[str, Once] = {OURS: partial(behind, pools.ours(stack)), "stdlib": partial(behind, pools.stdlib(stack))}
    if run.peers:
        found["loky"] = partial(behind, peers.loky(stack))
    return found


CASE = Case("straggler", "straggler in front of 200 short calls", "time", "ratio", 5, contenders, (Goal("stdlib", 1, 1),))
