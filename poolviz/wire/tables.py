"""The small tables of a message's header: pools and lanes that are new or changed, labels and callers that are new, errors."""

from __future__ import annotations

from typing import Any

from poolviz import observe
from poolviz.events import Failed
from poolviz.tracing.answers import Present
from poolviz.wire.codec import schema
from poolviz.wire.sections import Sections

EXITS: list[str] = schema()["exits"]

#: Errors that a message tells in words. The outcome of every call is in its columns, whatever their number.
ERRORS = 200


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


def errors_table(errors: list[Failed], origin: int, most: int = ERRORS) -> dict[str, Any]:
    """The words of calls that failed, as far as their rows are shown.

    Args:
        errors: the words.
        origin: number of the call that is row 0.
        most: how many errors may be told.
    """
    rows = [[failed.call - origin, failed.error, failed.traceback] for failed in errors if failed.call >= origin]
    found: dict[str, Any] = {"errors": rows[:most]} if rows[:most] else {}
    return found | {"errors_omitted": len(rows) - most} if len(rows) > most else found
