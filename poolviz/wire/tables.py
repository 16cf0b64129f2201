"""The small tables of a message's header: pools and lanes that are new or changed, labels and callers that are new, errors."""

from __future__ import annotations

import json
from typing import Any

from poolviz import observe
from poolviz.events import Failed
from poolviz.tracing.answers import Present
from poolviz.wire.codec import schema
from poolviz.wire.sections import Sections

EXITS: list[str] = schema()["exits"]

#: Errors that a message tells in words, and bytes of those, in one message and since the last snapshot. The outcome of every call is in the
#: columns, whatever their number.
ERRORS = 200
ROOM, OF_ALL = 1_000_000, 5_000_000
#: Stands for a traceback that there is no room for.
NOT_TOLD = "[This traceback is left out here; trace.errors() has it.]\n"


def first_row(present: Present, origin: int) -> dict[str, int]:
    """The header's entry for the rows that the store has given up, if there are any.

    Args:
        present: how things stand.
        origin: number of the call that is row 0 of the same message: a kept snapshot counts from another call than the stream does.
    """
    gone = present.base - origin
    return {"first_row": gone} if gone > 0 else {}


class Told:
    """What a page has been told of pools, lanes, labels and callers."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, int], object] = {}
        self.labels = self.callers = 0


def tables(present: Present, sections: Sections, told: Told, start: int) -> dict[str, Any]:
    """What `told` lacks, which then has it.

    Args:
        present: how things stand.
        sections: whose numbers the page knows.
        told: what it has been told.
        start: the trace's time zero, in nanoseconds of the clock.
    """

    def relative(time: int) -> int | None:
        return time - start if time else None

    found: dict[str, Any] = {}
    pools = [p for p in present.pools if told.records.get(("pool", p.pool)) != p]
    workers = [w for w in present.workers if told.records.get(("lane", w.worker)) != w]
    told.records |= {("pool", p.pool): p for p in pools} | {("lane", w.worker): w for w in workers}
    if pools:
        found["pools"] = [
            {
                "pool": p.pool,
                "kind": p.kind,
                "name": p.name,
                "workers": p.workers,
                "opened": p.opened - start,
                "closed": relative(p.closed),
                "method": p.start_method,
            }
            for p in pools
        ]
    if workers:
        found["lanes"] = [
            {
                "lane": sections.lanes[w.worker],
                "pool": w.pool,
                "name": w.name,
                "ident": w.ident,
                "started": w.started - start,
                "ready": relative(w.ready),
                "exited": relative(w.exited),
                "detail": w.detail,
                "how": EXITS[w.how],
            }
            for w in workers
        ]
    if sections.labels.asked > told.labels:
        names = [observe.labels[label] for label in sections.labels.from_number(told.labels)]
        found["labels"] = {"first": told.labels, "names": names}
        told.labels = sections.labels.asked
    if sections.callers.asked > told.callers:
        names = [present.callers.get(caller, "") for caller in sections.callers.from_number(told.callers)]
        found["callers"] = {"first": told.callers, "names": names}
        told.callers = sections.callers.asked
    return found


class Errors:
    """What a page has been told of errors since its last snapshot.

    Args:
        room: bytes that they may take in all, and in one message `ROOM` of them at most.
    """

    def __init__(self, room: int = OF_ALL) -> None:
        self._room = room

    def table(self, errors: list[Failed], origin: int) -> dict[str, Any]:
        """The header's entries for calls that failed, as far as their rows are shown: words before tracebacks, where there is little room.

        Args:
            errors: the words.
            origin: number of the call that is row 0.
        """
        rows: list[list[Any]] = []
        shown = [failed for failed in errors if failed.call >= origin]
        room = before = min(ROOM, self._room)
        for failed in shown[:ERRORS]:
            row, without = ([failed.call - origin, failed.error, text] for text in (failed.traceback, NOT_TOLD if failed.traceback else ""))
            size = _bytes(row)
            if size > room:
                row, size = without, _bytes(without)
            if size > room:
                break
            room -= size
            rows.append(row)
        self._room -= before - room
        found: dict[str, Any] = {"errors": rows} if rows else {}
        return found | {"errors_omitted": len(shown) - len(rows)} if len(shown) > len(rows) else found


def _bytes(row: list[Any]) -> int:
    return len(json.dumps(row, ensure_ascii=False).encode("utf-8", "replace")) + 1


def bytes_of_texts(header: dict[str, Any]) -> int:
    """What the texts of a message's header take, about: they count as its columns do."""
    return sum(len(text) for table in ("errors", "prints") for row in header.get(table, ()) for text in row if isinstance(text, str))
