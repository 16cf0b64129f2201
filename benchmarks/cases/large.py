"""How long 50 MB take to a worker and back."""

from __future__ import annotations

import os
from contextlib import ExitStack
from functools import partial

from benchmarks import calls, peers, pools
from benchmarks.measure import OURS, Case, Goal, Once, Run, each


def contenders(run: Run, stack: ExitStack) -> dict[str, Once]:
    data = os.urandom(run.n(50_000_000, 500_000))

    def there_and_back(executor: pools.Executor) -> float:
        def work() -> None:
            returned = executor.submit(calls.same, data).result()
            assert len(returned) == len(data)

        return each(1, work)

    found: dict[str, Once] = {OURS: partial(there_and_back, pools.ours(stack)), "stdlib": partial(there_and_back, pools.stdlib(stack))}
    if run.peers:
        found["loky"] = partial(there_and_back, peers.loky(stack))
    return found


CASE = Case("large", "50 MB there and back", "time", "ratio", 7, contenders, (Goal("stdlib", 1, 2),))
