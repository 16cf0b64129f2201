"""How many items a `map` of a function that does nothing gets through, until the last result is taken."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from functools import partial
from typing import Any

from benchmarks import calls, peers, pools
from benchmarks.measure import OURS, Case, Goal, Once, Run, each, exhaust


def mapped(n: int, mapping: Callable[..., Iterable[Any]], **options: int) -> float:
    """Seconds for each of `n` items."""
    return each(n, lambda: exhaust(mapping(calls.same, range(n), **options), n))


def as_it_comes(run: Run, stack: ExitStack) -> dict[str, Once]:
    n = run.n(100_000, 100)
    # One message an item: the rate is the same for fewer items, and a repetition does not take half a minute.
    fewer = run.n(5_000, 50)
    stdlib = pools.stdlib(stack).map
    found: dict[str, Once] = {
        OURS: partial(mapped, n, pools.ours(stack).map),
        "stdlib": partial(mapped, fewer, stdlib),
        "stdlib, chunksize=100": partial(mapped, n, stdlib, chunksize=100),
    }
    if run.peers:
        found["loky"] = partial(mapped, fewer, peers.loky(stack).map)
        found["mpire"] = partial(mapped, n, peers.mpire(stack).map)
        pebble = peers.pebble(stack)
        found["pebble"] = partial(mapped, fewer, lambda fn, items: pebble.map(fn, items).result())
        from joblib import delayed

        joblib = peers.joblib(stack)
        found["joblib"] = partial(mapped, fewer, lambda fn, items: joblib(delayed(fn)(item) for item in items))
    return found


def chunks(run: Run, stack: ExitStack) -> dict[str, Once]:
    n = run.n(200_000, 2000)
    found: dict[str, Once] = {
        OURS: partial(mapped, n, pools.ours(stack).map, chunksize=1000),
        "stdlib": partial(mapped, n, pools.stdlib(stack).map, chunksize=1000),
    }
    if run.peers:
        found["multiprocessing.Pool"] = partial(mapped, n, pools.multiprocessing_pool(stack).map, chunksize=1000)
        found["loky"] = partial(mapped, n, peers.loky(stack).map, chunksize=1000)
        found["mpire"] = partial(mapped, n, peers.mpire(stack).map, chunk_size=1000)
        pebble = peers.pebble(stack)
        found["pebble"] = partial(mapped, n, lambda fn, items: pebble.map(fn, items, chunksize=1000).result())
    return found


AS_IT_COMES = Case(
    "map",
    "process map as it comes",
    "rate",
    "ratio",
    9,
    as_it_comes,
    (Goal("stdlib", 40, 80), Goal("stdlib, chunksize=100", 0.8, 1.5)),
)
CHUNKS = Case("map-chunks", "process map, chunksize=1000", "rate", "ratio", 15, chunks, (Goal("stdlib", 0.8, 1.2),))
