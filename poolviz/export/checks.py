"""Whether what a file says can be a trace: so that what is built on it later need not ask."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from itertools import chain
from operator import lt
from typing import Any

from poolviz.events import Blocked, Chunked, Exit, Failed, Outcome
from poolviz.observe import plain
from poolviz.tracing.answers import Everything
from poolviz.tracing.calls import COUNTS, TIMES
from poolviz.tracing.columns import Column
from poolviz.tracing.fold import PoolRecord, RunningCall, WorkerRecord
from poolviz.tracing.prints import Output, Print
from poolviz.tracing.vector import is_run

#: The latest time, in nanoseconds of the clock: a machine that has been up for more than a hundred years has other cares.
LATEST = 4 * 10**18
#: Rows of one trace, and what the wire can number.
MOST = 2**32 - 2


class DamagedError(Exception):
    """What the content has that no trace has."""


def expect(truth: bool, what: str) -> None:
    """Raise DamagedError saying `what`, unless all is well."""
    if not truth:
        raise DamagedError(what)


def _is_int(value: object, least: int = -1, most: int = LATEST) -> bool:
    return type(value) is int and least <= value <= most


def _is_text(value: object) -> bool:
    return isinstance(value, str) and plain(value) == value


def _record_maker(kind: Any) -> Callable[[object], Any]:
    types = [kind.__annotations__[name] for name in kind._fields]

    def make(row: object) -> Any:
        expect(isinstance(row, list) and len(row) == len(types), f"a {kind.__name__} that is {str(row)[:80]}")
        assert isinstance(row, list)
        for name, wanted, value in zip(kind._fields, types, row, strict=True):
            right = _is_text(value) if wanted in (str, "str") else _is_int(value, 0 if name != "worker" else -1, 2**64 - 1)
            expect(right, f"a {kind.__name__} whose {name} is {str(value)[:80]!r}")
        return kind(*row)

    return make


def _caller(pair: object) -> tuple[int, str]:
    expect(isinstance(pair, list) and len(pair) == 2, "a caller that is no pair")
    assert isinstance(pair, list)
    expect(_is_int(pair[0], 0, 2**64 - 1) and _is_text(pair[1]), f"a caller that is {str(pair)[:80]}")
    return pair[0], pair[1]


def _print(row: object) -> tuple[int, Output]:
    expect(isinstance(row, list) and len(row) == 3, f"output that is {str(row)[:80]}")
    assert isinstance(row, list)
    call, pieces, cut = row
    expect(_is_int(call) and isinstance(pieces, list) and _is_int(cut, 0), f"output that is {str(row)[:80]}")
    for piece in pieces:
        right = isinstance(piece, list) and len(piece) == 2 and piece[0] in ("stdout", "stderr") and _is_text(piece[1])
        expect(right, f"output with {str(piece)[:80]}")
    return call, Output([Print(*piece) for piece in pieces], cut)


def _label(name: object) -> str:
    expect(_is_text(name), "a name that is no text")
    return str(name)


#: How each list of the header becomes what it was.
_LISTS: dict[str, Callable[[object], Any]] = {
    "running": _record_maker(RunningCall),
    "pools": _record_maker(PoolRecord),
    "workers": _record_maker(WorkerRecord),
    "errors": _record_maker(Failed),
    "prints": _print,
    "chunks": _record_maker(Chunked),
    "callers": _caller,
    "labels": _label,
}
#: What else the header has.
_SINGLES: dict[str, Callable[[Any], bool]] = {
    "title": _is_text,
    "start": _is_int,
    "now": _is_int,
    "dropped": _is_int,
    "missing": lambda n: _is_int(n, 0),
    "calls": lambda n: _is_int(n, 0, MOST),
    "waits": lambda n: _is_int(n, 0, MOST),
    "closed": lambda value: isinstance(value, bool),
    "anchor": lambda pair: isinstance(pair, list) and len(pair) == 2 and all(map(_is_int, pair)),
    "host": lambda value: isinstance(value, dict),
    "counts": lambda value: isinstance(value, dict) and value.keys() == set(COUNTS) and all(_is_int(n, 0) for n in value.values()),
}


def check_header(header: object) -> dict[str, Any]:
    """The header with its lists as records.

    Raises:
        DamagedError: something in it is missing, or is not what it should be.
    """
    expect(isinstance(header, dict), "the header is no table")
    assert isinstance(header, dict)
    expect(header.keys() == _LISTS.keys() | _SINGLES.keys(), "the header has other entries than it should")
    for name, is_right in _SINGLES.items():
        expect(is_right(header[name]), f"the header has {name} that is {str(header[name])[:80]!r}")
    made = dict(header)
    for name, make in _LISTS.items():
        expect(isinstance(header[name], list), f"the header has {name} that is no list")
        made[name] = list(map(make, header[name]))
    return made


def check_table(everything: Everything, start: int, labels: int) -> None:
    """Make sure that the columns agree with one another and with the records.

    Args:
        everything: what the file holds, labels as they are numbered there.
        start: the trace's time zero.
        labels: how many names there are.

    Raises:
        DamagedError: they do not.
    """
    calls, waits, present = everything.calls, everything.waits, everything.present
    numbers = calls["call"]
    expect(all(map(lt, numbers, numbers[1:])), "calls that are not in their order")
    expect(not numbers or (numbers[0] > 0 and numbers[-1] - numbers[0] <= MOST), "calls with impossible numbers")
    for name in TIMES:
        _within(calls[name], 0, LATEST, name)
    _within(calls["outcome"], 0, max(Outcome), "outcome")
    _within(calls["label"], 0, labels - 1, "name")
    _within(calls["worker"], -1, 2**31 - 1, "worker")
    _within(calls["item"], -1, 2**31 - 1, "item")
    _within(waits["start"], 0, LATEST, "waits")
    _within(waits["end"], 0, LATEST, "waits")
    _within(waits["kind"], 0, max(Blocked), "waits")
    known: Any = range(numbers[0], numbers[-1] + 1) if numbers and is_run(numbers) else set(numbers)
    _belong(waits["call"], known, "waits", "calls")
    _belong(waits["caller"], present.callers, "waits", "threads")
    _belong(calls["caller"], {0, *present.callers}, "results", "threads")
    _belong((failed.call for failed in everything.errors), known, "errors", "calls")
    _belong(everything.prints, known, "output", "calls")
    _belong((worker.pool for worker in present.workers), {pool.pool for pool in present.pools}, "workers", "pools")
    expect(start <= present.now, "a trace that was saved before it began")
    _within((told.size for told in everything.chunks), 2, 2**63 - 1, "chunks")  # as older versions wrote what the user had
    _within(chain.from_iterable((told.first, told.calls) for told in everything.chunks), 1, LATEST, "chunks")
    last = numbers[-1] if numbers else LATEST
    _within((told.first + told.calls - 1 for told in everything.chunks), 1, numbers[-1] if numbers else 0, "chunks")
    _within((call.call for call in present.running), 1, last, "running calls")
    _within((call.worker for call in present.running), -1, 2**31 - 1, "running calls")
    _within((worker.worker for worker in present.workers), -1, 2**31 - 1, "workers")
    _within((call.started for call in present.running), 0, LATEST, "running calls")
    _within(chain.from_iterable((w.started, w.ready, w.exited) for w in present.workers), 0, LATEST, "workers")
    _within((w.how for w in present.workers), 0, max(Exit), "workers")
    _within(chain.from_iterable((pool.opened, pool.closed) for pool in present.pools), 0, LATEST, "pools")


def _within(values: Column | Iterable[int], least: int, most: int, what: str) -> None:
    values = values if isinstance(values, array) else list(values)
    expect(not values or (min(values) >= least and max(values) <= most), f"{what} out of bounds")


def _belong(numbers: Iterable[int], known: Any, what: str, whose: str) -> None:
    expect(all(number in known for number in set(numbers)), f"{what} of {whose} that are not there")
