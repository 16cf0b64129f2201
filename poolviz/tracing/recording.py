"""A run that is over, as a file holds it: stands in for the store, and never changes."""

from __future__ import annotations

from typing import Any

from poolviz import naming
from poolviz.tracing.answers import Changes, Everything, Present
from poolviz.tracing.view import View


class Recording:
    """All of one trace.

    Args:
        everything: its rows; how things stood when it was saved is how they stay.
        anchor: a moment in nanoseconds of the clock of then, and in nanoseconds since 1970-01-01 UTC.
        host: what it was made on, see `poolviz.tracing.host`.
    """

    def __init__(self, everything: Everything, anchor: tuple[int, int], host: dict[str, Any]) -> None:
        self.anchor = anchor
        self._everything = everything
        self._host = host
        naming.use(self)

    def labels(self) -> set[int]:
        """For `poolviz.naming`: the labels of the calls."""
        return set(self._everything.calls["label"])

    def hold(self, view: View) -> None:
        """Nothing is ever given up here."""

    def present(self, view: View) -> Present:
        """How things stood."""
        return self._everything.present

    def everything(self, view: View) -> Everything:
        """All rows."""
        return self._everything

    def host(self, view: View) -> dict[str, Any]:
        """What it was made on."""
        return self._host

    def includes(self, outer: View, inner: View) -> bool:
        """Whether all calls of `inner` belong to `outer`: there is only one trace here."""
        return True

    def reader(self, view: View) -> RecordingReader:
        """A reader, who will find nothing new."""
        return RecordingReader(self._everything)


class RecordingReader:
    """Reads a recording as it would a store."""

    def __init__(self, everything: Everything) -> None:
        self._everything = everything

    def everything(self) -> Everything:
        """All rows."""
        return self._everything

    def changes(self) -> Changes:
        """Nothing is ever new."""
        return Changes(self._everything.present, [], [], [], [], [], [], [])

    def close(self) -> None:
        """Nothing is held."""
