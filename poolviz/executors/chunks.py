"""Running a chunk: many items of a `map`, sent, claimed and answered as one.

    claim -- stamp -- item -- stamp -- item -- stamp ... -->  one report, or several when the chunk takes long
              |________________|
               an item begins when the one before it ends: one look at the clock for each

Invariants
- Items are reported in their order, and the report with the last of them, or with the error that ends the chunk, says so.
- What waits for a report cannot change any more: a result that the next item may change is copied or pickled before that begins. The
  time that takes belongs to neither of them.
"""

from __future__ import annotations

import pickle
from array import array
from collections.abc import Callable, Iterable, Iterator
from itertools import repeat
from typing import TYPE_CHECKING, Any

from poolviz.clock import now
from poolviz.executors.results import Results
from poolviz.executors.serialize import PLAIN, PROTOCOL, Buffer, Payload, all_plain, dump_pure, dump_value, is_fragile
from poolviz.executors.slots import DONE, ITEM, ITEM_STARTED

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
    stamps, values, report = [stamp], list[Any](), stamp + interval
    resumed: dict[int, int] = {}
    held = worker.held
    try:
        worker.in_call = True
        # What stands in this loop is done for each item, and an item may be a call that takes less than it.
        for item, row in enumerate(rows):
            words[ITEM] = item
            words[ITEM_STARTED] = stamp
            value = fn(*row)
            stamp = end = now()
            if type(value) not in PLAIN:
                value = _still(value, held)
                resumed[len(values) + 1] = stamp = now()
            values.append(value)
            stamps.append(end)
            if stamp > report or held:
                worker.in_call = False
                if output is not None:
                    output.end_lines()
                _report(results, entry, reported, stamps, resumed, values, item + 1 == n)
                results.flush()
                held.clear()
                reported, stamp = item + 1, now()
                stamps, values, resumed, report = [stamp], [], {}, stamp + interval
                worker.in_call = True
        worker.in_call = False
        if output is not None:
            output.end_lines()
    except BaseException as error:
        worker.in_call = False
        if output is not None:
            output.end_lines()
        item = reported + len(stamps) - 1
        _report(results, entry, reported, stamps, resumed, values, item == n)
        if item < n:
            results.failed(entry, item, stamp, now(), error, True)
        words[DONE] = entry
        results.flush()  # the exception is freed where this block ends
        held.clear()
    else:
        _report(results, entry, reported, stamps, resumed, values, True)
    words[ITEM_STARTED] = 0
    words[DONE] = entry


def pieces(parts: list[Buffer], sizes: list[int] | None) -> Iterator[list[Buffer]]:
    """The parts of each item in turn, where each has a pickle of its own."""
    at = 0
    for size in sizes or repeat(1, len(parts)):
        yield parts[at : at + size]
        at += size


class _Pickled:
    """A result that had to be pickled at once."""

    __slots__ = ("error", "payload", "pure")

    def __init__(self, payload: Payload, pure: bool, error: BaseException | None = None) -> None:
        self.payload = payload
        self.pure = pure
        """Whether reading it runs nobody's code."""
        self.error = error


def _still(value: Any, held: list[Any]) -> Any:
    """What a result is now: itself if it cannot be changed, a copy, or its pickle. What may crash when it is freed is added to `held`."""
    kind = type(value)
    if kind is tuple and all_plain(value):
        return value
    if kind is list and all_plain(items := value[:]):
        return items
    if kind is dict and all_plain(copy := value.copy()) and all_plain(copy.values()):
        return copy
    data = dump_pure(value)
    if data is not None:
        return _Pickled([data], True)
    try:
        payload = dump_value(value)
    except KeyboardInterrupt:
        raise  # the parent interrupts the item
    except BaseException as error:
        return _Pickled([], False, error)
    if is_fragile(payload):
        held.append(value)
    return _Pickled(payload, False)


def _report(results: Results, entry: int, item: int, stamps: list[int], resumed: dict[int, int], values: list[Any], last: bool) -> None:
    """Send the results of a part of a chunk, together when no code of anybody's is needed to read them, else one by one.

    Args:
        results: takes them.
        entry: the chunk's number.
        item: the first item's place in it.
        stamps: the start of the first item, and the end of each.
        resumed: when items began that did not when the one before them ended, by their places in `values`.
        values: what each gave, in the form that `_still` gives it.
        last: whether the chunk ends with them.
    """
    n = len(stamps) - 1
    if not n:
        return
    starts, ends = array("q", stamps[:-1]), array("q", stamps[1:])
    for i, start in resumed.items():
        if i < n:
            starts[i] = start
    pickled = [i for i, value in enumerate(values[:n]) if type(value) is _Pickled] if resumed else []
    if all(values[i].pure for i in pickled):
        for i in pickled:
            values[i] = values[i].payload[0]
        parts: Payload = [starts.tobytes(), ends.tobytes(), pickle.dumps(values[:n], PROTOCOL)]
        if pickled:
            parts.append(array("q", pickled).tobytes())
        results.put(("done", entry, n, item, True, last), parts)
        return
    for i, value in enumerate(values[:n]):
        final = last and i == n - 1
        if type(value) is not _Pickled:
            value = _Pickled(dump_value(value), True)
        if value.error is not None:
            results.failed(entry, item + i, starts[i], ends[i], value.error, final)
            continue
        head: Payload = [starts[i : i + 1].tobytes(), ends[i : i + 1].tobytes()]
        results.put(("done", entry, 1, item + i, False, final), [*head, *value.payload])
