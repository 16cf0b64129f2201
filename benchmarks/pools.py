"""Pools that are ready: all their workers run and have done something, so that no start-up is measured."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import multiprocessing.pool
from collections.abc import Callable
from contextlib import ExitStack
from operator import methodcaller
from typing import Any

import poolviz
from benchmarks import calls
from benchmarks.measure import WORKERS

#: Waits for what `submit` or `apply_async` gave, and takes the result.
result, get = methodcaller("result"), methodcaller("get")
_TRIES = 200
Executor = concurrent.futures.Executor


def warm(submit: Callable[..., Any], take: Callable[[Any], Any]) -> None:
    """Have every worker process run a call.

    Raises:
        RuntimeError: not all of them have after many calls.
    """
    seen: set[int] = set()
    for _ in range(_TRIES):
        seen.update([take(pending) for pending in [submit(calls.process_after, 0.02) for _ in range(WORKERS)]])
        if len(seen) == WORKERS:
            return
    raise RuntimeError(f"only {len(seen)} of {WORKERS} workers took a call")


def ours(stack: ExitStack) -> poolviz.ProcessPoolExecutor:
    """Our processes, traced."""
    pool = poolviz.ProcessPoolExecutor(WORKERS)
    stack.enter_context(pool)
    warm(pool.submit, result)
    return pool


def stdlib(stack: ExitStack) -> concurrent.futures.ProcessPoolExecutor:
    """The standard library's processes, spawned like ours."""
    context = multiprocessing.get_context("spawn")
    pool = stack.enter_context(concurrent.futures.ProcessPoolExecutor(WORKERS, context))
    warm(pool.submit, result)
    return pool


def multiprocessing_pool(stack: ExitStack) -> multiprocessing.pool.Pool:
    """`multiprocessing.Pool`, spawned."""
    pool = stack.enter_context(multiprocessing.get_context("spawn").Pool(WORKERS))
    warm(lambda fn, *args: pool.apply_async(fn, args), get)
    return pool


def our_threads(stack: ExitStack) -> poolviz.ThreadPoolExecutor:
    """Our threads, traced."""
    pool = poolviz.ThreadPoolExecutor(WORKERS)
    stack.enter_context(pool)
    return pool


def stdlib_threads(stack: ExitStack) -> concurrent.futures.ThreadPoolExecutor:
    """The standard library's threads."""
    return stack.enter_context(concurrent.futures.ThreadPoolExecutor(WORKERS))
