"""Writing calls down for a worker, with all that must be there before them.

    function (once)  -->  define (what the worker has not got)  -->  calls, or a chunk      all in one pipe, read in this order

Everything here runs under the pool's lock; `Link.send` only queues, `Link.push` writes.

Invariants
- A worker knows a message's function and definitions before it reads the message: they are queued first, and a pipe keeps its order.
- What one message holds is run with one `__main__`: the scheduler puts no calls together whose snapshots disagree.
"""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

from poolviz.executors.definitions import NOTHING, Snapshot
from poolviz.executors.serialize import PROTOCOL, Payload

if TYPE_CHECKING:
    from poolviz.executors.functions import SentFunction
    from poolviz.executors.future import Future
    from poolviz.executors.mapping import MapRun
    from poolviz.executors.placement import Placement


def send_calls(placement: Placement, futures: list[Future]) -> None:
    """Send submitted calls as one message."""
    n = len(futures)
    message = placement.add(n, 0)
    message.futures = list(futures)
    parts: Payload = []
    numbers, sizes = [], []
    for entry, future in enumerate(futures, message.first):
        future._placement, future._message, future._entry = placement, message, entry
        parts += future._payload
        sizes.append(len(future._payload))
        numbers.append(future._function.number)
        _teach(placement, future._function)
        _define(placement, future._snapshot)
    placement.given += n
    functions = numbers[0] if numbers.count(numbers[0]) == n else numbers
    placement.link.send(("calls", message.first, n, functions, False, None if len(parts) == n else sizes), parts)


def send_items(placement: Placement, run: MapRun, first: int, stop: int) -> None:
    """Send items of a map as one message: a chunk, claimed as a whole, or entries that are claimed one by one."""
    n = stop - first
    parts: Payload
    sizes = None
    if run.rows is not None:
        parts = [pickle.dumps(run.rows[first:stop], PROTOCOL)]
    else:
        assert run.payloads is not None
        payloads = run.payloads[first:stop]
        parts = [part for payload in payloads for part in payload]
        if len(parts) > n:
            sizes = [len(payload) for payload in payloads]
    entries = 1 if run.chunk else n
    message = placement.add(entries, sum(memoryview(part).nbytes for part in parts) // n)
    message.run, message.item, message.items = run, first, n if run.chunk else 0
    _teach(placement, run.function)
    _define(placement, run.snapshot)
    placement.given += entries
    head: tuple[Any, ...] = ("chunk" if run.chunk else "calls", message.first, n, run.function.number, run.rows is not None, sizes)
    placement.link.send(head, parts)


def _teach(placement: Placement, function: SentFunction) -> None:
    if function.number not in placement.functions:
        placement.functions.add(function.number)
        placement.link.send(("function", function.number, function.lasting), [function.data])


def _define(placement: Placement, snapshot: Snapshot) -> None:
    """Send the definitions that a worker has not got. It reads them after the calls that were sent before."""
    if snapshot is placement.snapshot or snapshot is NOTHING:
        return
    placement.snapshot = snapshot
    names: list[str] = []
    parts: Payload = []
    for name, definition in snapshot.definitions.items():
        had = placement.definitions.get(name)
        if had is definition:
            continue
        placement.definitions[name] = definition
        # A name that stands for nothing here may stand for something there: what an initializer has set.
        if had.data != definition.data if had is not None else definition.data:
            names.append(name)
            parts.append(definition.data)
    if names:
        placement.link.send(("define", names), parts)


def forget(placement: Placement, function: int) -> None:
    """Have a worker drop a function that no call uses."""
    if function in placement.functions:
        placement.functions.discard(function)
        placement.link.send(("forget", function), [])
