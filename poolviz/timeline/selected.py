"""From what is selected in a page to the calls of the trace."""

from __future__ import annotations

from typing import Any

from poolviz.tracing.records import Call
from poolviz.tracing.trace import Trace


def calls_of(trace: Trace, selection: dict[str, Any] | None, origin: int) -> list[Call]:
    """The calls that are selected.

    Args:
        trace: whose calls they are.
        selection: the trait; what makes no sense in it selects nothing.
        origin: number of the call that is row 0 of the page, for a selection that names none.
    """
    match selection:
        case {"kind": "call", "call": int(number)}:
            return _one(trace, number)
        case {"kind": "call", "row": int(row)}:
            return _one(trace, origin + row)
        case {"kind": "span", "start": int() | float() as start, "end": int() | float() as end}:
            return trace.between(int(min(start, end)), int(max(start, end)))
        case _:
            return []


def _one(trace: Trace, number: int) -> list[Call]:
    try:
        return [trace.call(number)]
    except KeyError:  # its row has been given up since
        return []
