"""The same for threads, where a pool has little room to be slower or faster: ours are traced, the standard library's are not."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial

from benchmarks import pools
from benchmarks.cases.mapping import mapped
from benchmarks.cases.round_trip import one_by_one
from benchmarks.cases.submit import all_at_once
from benchmarks.measure import OURS, Case, Goal, Once, Run


def submits(run: Run, stack: ExitStack) -> dict[str, Once]:
    n = run.n(15_000, 50)
    return {
        OURS: partial(all_at_once, n, pools.our_threads(stack).submit, pools.result),
        "stdlib": partial(all_at_once, n, pools.stdlib_threads(stack).submit, pools.result),
    }


def maps(run: Run, stack: ExitStack) -> dict[str, Once]:
    n = run.n(15_000, 50)
    return {OURS: partial(mapped, n, pools.our_threads(stack).map), "stdlib": partial(mapped, n, pools.stdlib_threads(stack).map)}


def round_trips(run: Run, stack: ExitStack) -> dict[str, Once]:
    n = run.n(5_000, 20)
    return {
        OURS: partial(one_by_one, n, pools.our_threads(stack).submit, pools.result),
        "stdlib": partial(one_by_one, n, pools.stdlib_threads(stack).submit, pools.result),
    }


SUBMIT = Case("thread-submit", "thread submit, no-op", "rate", "ratio", 15, submits, (Goal("stdlib", 1, 1.3),))
MAP = Case("thread-map", "thread map", "rate", "ratio", 15, maps, (Goal("stdlib", 1, 1.3),))
ROUND_TRIP = Case("thread-round-trip", "thread round trip", "time", "ratio", 15, round_trips, (Goal("stdlib", 0.95, 1.2),))
