"""What files of each version hold: one that was written once is read for ever.

1  calls, waits, errors, pools, workers; callers by their threads' identifiers
2  also what calls printed, chunks, and who took each result; callers by numbers of their own
3  also how each worker ended
"""

from __future__ import annotations

from array import array
from typing import Any

from poolviz.events import Exit
from poolviz.tracing.columns import FIELDS, Table

VERSION = 3

_WAITS = {"caller": "I", "start": "q", "end": "q", "kind": "B", "call": "q"}


def codes_of(version: int) -> tuple[dict[str, str], dict[str, str]]:
    """The type codes of the columns of calls and of waits, in their order."""
    calls, waits = {"call": "q", **FIELDS}, dict(_WAITS)
    if version == 1:
        del calls["caller"]
        waits["caller"] = "Q"
    return calls, waits


def with_what_is_newer(header: object, version: int) -> object:
    """The header of an older file with what it could not hold yet, as nothing; and of any with what is only there when there is some."""
    if not isinstance(header, dict):
        return header
    newer: dict[str, Any] = {"missing": 0}
    if version == 1:
        newer |= {"prints": [], "chunks": []}
    header = newer | header
    if version < 3 and isinstance(workers := header.get("workers"), list):
        header = header | {"workers": [_with_exit(worker) for worker in workers]}
    return header


def _with_exit(worker: object) -> object:
    """A worker's record with how it ended: as the words of then were only given to those that had not ended in order."""
    if not isinstance(worker, list):
        return worker
    # One that has another length, as those of newer files have, has one more now, and is refused by the checks that follow.
    exited, detail = worker[6:8] if len(worker) >= 8 else (0, "")
    return [*worker, int((Exit.DIED if detail else Exit.ORDERLY) if exited else Exit.NONE)]


def with_numbered_callers(header: dict[str, Any], calls: Table, waits: Table, version: int) -> None:
    """Number the callers of an older file. A result that was taken is theirs, if there is only one."""
    if version > 1:
        return
    numbers = {ident: number for number, (ident, _) in enumerate(header["callers"], 1)}
    header["callers"] = [(numbers[ident], name) for ident, name in header["callers"]]
    # One that is unknown is refused by the checks that follow.
    waits["caller"] = array("I", [numbers.get(ident, len(numbers) + 1) for ident in waits["caller"]])
    taker = 1 if len(numbers) == 1 else 0
    calls["caller"] = array("I", [taker if time else 0 for time in calls["consumed"]])
