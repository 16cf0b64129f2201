"""Calls as records, for who looks at a few of them. `Trace.calls` has all of them as columns."""

from __future__ import annotations

from bisect import bisect_left
from itertools import compress
from typing import NamedTuple

from poolviz import observe
from poolviz.events import Outcome
from poolviz.tracing.answers import Everything


class Call(NamedTuple):
    """One call. Times are nanoseconds since the trace's start, None for what has not happened."""

    row: int
    """Its row in `Trace.calls`."""
    call: int
    """Its number, which stays the same when older rows are given up."""
    name: str
    item: int
    """Its index in its `map`, -1 for `submit`."""
    outcome: str
    """``none`` while it has not ended."""
    worker: str
    """Name of the worker; empty for a call that had none."""
    submitted: int | None
    sent: int | None
    started: int | None
    finished: int | None
    delivered: int | None
    consumed: int | None
    caller: str
    """Name of the thread that took the result; empty when none has."""
    bytes_out: int
    """Of the pickled arguments; 0 in a thread pool. Calls that travelled in one message share its bytes evenly."""
    bytes_in: int
    """Of the pickled result."""
    error: str
    """One line such as ``ValueError: 17``; empty unless it failed."""
    traceback: str
    output: str
    """What it printed, in a worker process of a notebook."""


def of_number(everything: Everything, start: int, number: int) -> Call:
    """The call of a number.

    Raises:
        KeyError: there is no such call, or its row is no longer kept.
    """
    numbers = everything.calls["call"]
    row = bisect_left(numbers, number)
    if row == len(numbers) or numbers[row] != number:
        raise KeyError(number)
    return _records(everything, start, [row])[0]


def that_ran(everything: Everything, start: int, begin: int, end: int) -> list[Call]:
    """The calls that ran at some time between two, in nanoseconds of the clock."""
    calls, now = everything.calls, everything.present.now
    ran = (
        started and started < end and (finished or now) > begin
        for started, finished in zip(calls["started"], calls["finished"], strict=True)
    )
    return _records(everything, start, list(compress(range(len(calls["call"])), ran)))


def _records(everything: Everything, start: int, rows: list[int]) -> list[Call]:
    calls, present = everything.calls, everything.present
    errors = {failed.call: failed for failed in everything.errors}
    workers = {worker.worker: worker.name for worker in present.workers}

    def time(name: str, row: int) -> int | None:
        return calls[name][row] - start if calls[name][row] else None

    records = []
    for row in rows:
        number = calls["call"][row]
        failed, output = errors.get(number), everything.prints.get(number)
        records.append(
            Call(
                row,
                number,
                observe.labels[calls["label"][row]],
                calls["item"][row],
                Outcome(calls["outcome"][row]).name.lower(),
                workers.get(calls["worker"][row], ""),
                time("submitted", row),
                time("sent", row),
                time("started", row),
                time("finished", row),
                time("delivered", row),
                time("consumed", row),
                present.callers.get(calls["caller"][row], ""),
                calls["bytes_out"][row],
                calls["bytes_in"][row],
                failed.error if failed else "",
                failed.traceback if failed else "",
                output.text if output else "",
            )
        )
    return records
