"""The items of a `map` as they are when they are read.

    iterables --> a row of arguments --> kept as it is, while all are plain: such values never change
                                    +--> from the first row on that holds something else: pickled before the next one is read

A generator may hand out one buffer again and again, with other content each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from itertools import chain
from typing import Any

from poolviz import interrupts
from poolviz.executors.serialize import PLAIN, Payload, all_plain, dump
from poolviz.executors.unsendable import explained
from poolviz.tracebacks import HIDE

#: To take the next item of these runs no code that could change the items before it.
_STILL = frozenset({list, tuple, range, str, bytes, set, frozenset, dict, type({}.keys()), type({}.values()), type({}.items())})


def read_rows(
    iterables: tuple[Iterable[Any], ...], fn: Callable[..., Any], names: set[str]
) -> tuple[list[tuple[Any, ...]], list[Payload] | None]:
    """Read all items of a map.

    Args:
        iterables: as `map` has them.
        fn: what is called with them, for the words of an error.
        names: takes the names of `__main__` that they refer to.

    Returns:
        The arguments of each call; or nothing, and the arguments of each as a pickle.

    Raises:
        Unsendable: an item cannot be sent.
        Exception: whatever the iterables raise.
    """
    __tracebackhide__ = HIDE
    found = zip(*iterables, strict=False)
    rows: list[tuple[Any, ...]] = []
    # By `map`, whose steps leave no frame in the traceback of an item that cannot be sent.
    pickled = partial(_pickled, fn, names)
    if all(type(iterable) in _STILL for iterable in iterables):
        rows += found
        if all_plain(chain.from_iterable(rows)):
            return rows, None
        return [], list(map(pickled, rows))
    one = len(iterables) == 1
    for row in found:
        if type(row[0]) in PLAIN and (one or all_plain(row)):
            rows.append(row)
        else:
            payloads = list(map(pickled, (*rows, row)))
            del row
            payloads += map(pickled, found)
            return [], payloads
    return rows, None


def _pickled(fn: Callable[..., Any], names: set[str], row: tuple[Any, ...]) -> Payload:
    __tracebackhide__ = HIDE
    try:
        return dump((row, {}), names)
    except BaseException as unpicklable:
        if (alarm := interrupts.from_handler(unpicklable)) is not None:
            raise alarm from None  # the program's Ctrl-C or time limit, not the pickling
        told = explained(unpicklable, fn, row, {})
        raise told from told.__cause__
