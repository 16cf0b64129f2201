"""Running a chunk: many items of a `map`, sent, claimed and answered as one.

    claim -- stamp -- item -- stamp -- item -- stamp ... -->  one report, or several when the chunk takes long
              |________________|
               an item begins when the one before it ends: one look at the clock for each

Invariant: items are reported in their order, and the report with the last of them, or with the error that ends the chunk, says so.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator
from itertools import repeat
from typing import TYPE_CHECKING, Any

from poolviz.clock import now
from poolviz.executors.results import Results
from poolviz.executors.serialize import Buffer, dump_many, dump_value
from poolviz.executors.transport import DONE, ITEM, ITEM_STARTED

if TYPE_CHECKING:
    from poolviz.executors.worker import Worker

#: How often a long chunk reports the items that it has done, in nanoseconds.
_REPORT = 50_000_000


def run_chunk(worker: Worker, entry: int, n: int, fn: Callable[..., Any], rows: Iterable[Any]) -> None:
    """Run the items of one chunk. When an item raises, those after it are not run.

    Args:
        worker: what runs it.
        entry: its number.
        n: how many items it has.
        fn: the function.
        rows: the arguments of each item.
    """
    words, results, output = worker.words, worker.results, worker.output
    if results.waiting():
        results.flush()
    stamp = worker.claim(entry)
    if not stamp:
        return
    reported, interval = 0, -1 if worker.eager else _REPORT
    stamps, values, report = [stamp], [], stamp + interval
    try:
        worker.in_call = True
        # What stands in this loop is done for each item, and an item may be a call that takes less than it.
        for item, row in enumerate(rows):
            words[ITEM] = item
            words[ITEM_STARTED] = stamp
            values.append(fn(*row))
            stamp = now()
            stamps.append(stamp)
            if stamp > report:
                worker.in_call = False
                if output is not None:
                    output.end_lines()
                _report(results, entry, reported, stamps, values, item + 1 == n)
                results.flush()
                reported, stamp = item + 1, now()
                stamps, values, report = [stamp], [], stamp + interval
                worker.in_call = True
        worker.in_call = False
        if output is not None:
            output.end_lines()
    except BaseException as error:
        worker.in_call = False
        if output is not None:
            output.end_lines()
        item = reported + len(stamps) - 1
        _report(results, entry, reported, stamps, values, item == n)
        if item < n:
            results.failed(entry, item, stamp, now(), error, True)
    else:
        _report(results, entry, reported, stamps, values, True)
    words[ITEM_STARTED] = 0
    words[DONE] = entry


def pieces(parts: list[Buffer], sizes: list[int] | None) -> Iterator[list[Buffer]]:
    """The parts of each item in turn, where each has a pickle of its own."""
    at = 0
    for size in sizes or repeat(1, len(parts)):
        yield parts[at : at + size]
        at += size


def _report(results: Results, entry: int, item: int, stamps: list[int], values: list[Any], last: bool) -> None:
    """Send the results of a part of a chunk, together when no code of anybody's is needed to read them, else one by one.

    `stamps` holds the start of the first item, and the end of each.
    """
    n = len(stamps) - 1
    if not n:
        return
    times = array("q", stamps)
    packed = dump_many(values[:n])
    if packed is not None:
        results.put(("done", entry, n, item, True, last), [times[:-1].tobytes(), times[1:].tobytes(), packed])
        return
    for i in range(n):
        final = last and i == n - 1
        try:
            payload = dump_value(values[i])
        except BaseException as error:
            results.failed(entry, item + i, stamps[i], stamps[i + 1], error, final)
            continue
        head: list[Buffer] = [times[i : i + 1].tobytes(), times[i + 1 : i + 2].tobytes()]
        results.put(("done", entry, 1, item + i, False, final), [*head, *payload])
