"""What calls printed, as much of it as a page is told: it shows a run, and is no log."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from poolviz.tracing.answers import Changes, Everything
from poolviz.tracing.prints import fitting

#: Characters that one call, and all, have printed, in a snapshot and the deltas that follow it.
OF_CALL = 10_000
OF_ALL = 200_000
#: Calls of whose output anything is said; of further ones only how many there are.
CALLS = 5_000

Lines = Iterable[tuple[int, str, int]]
"""Number of a call, whole lines that it printed, and how many are missing already."""


def all_of(everything: Everything) -> Lines:
    """What has been printed."""
    return ((call, output.text, output.cut) for call, output in everything.prints.items())


def new_of(changes: Changes) -> Lines:
    """What is new of it."""
    return ((printed.call, printed.text, printed.cut) for printed in changes.prints)


class Outputs:
    """What a page has been told since its last snapshot.

    Args:
        room: how many characters of all calls it may be told.
    """

    def __init__(self, room: int = OF_ALL) -> None:
        self._told: dict[int, int] = {}
        """Characters of what a call printed; `OF_CALL` once any of it was missing."""
        self._room = room
        self._omitted: set[int] = set()

    def table(self, lines: Lines, origin: int) -> dict[str, Any]:
        """The header's entries for what is new; nothing of calls before `origin`, which is row 0."""
        told = [[call - origin, *said] for call, text, cut in lines if call >= origin and (said := self._fitting(call, text, cut))]
        found: dict[str, Any] = {"prints": told} if told else {}
        return found | {"prints_omitted": len(self._omitted)} if self._omitted else found

    def _fitting(self, call: int, text: str, cut: int) -> tuple[str, int] | None:
        """What there is room for, and how many lines are missing then; None when the call is only counted."""
        if call not in self._told and len(self._told) >= CALLS:
            self._omitted.add(call)
            return None
        told = self._told.get(call, 0)
        kept, missing = fitting(text, min(OF_CALL - told, self._room))
        self._room -= len(kept)
        # Nothing may follow a gap as if there were none.
        self._told[call] = OF_CALL if missing else told + len(kept)
        return kept, cut + missing
