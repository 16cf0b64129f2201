"""From a trace to messages: a snapshot of all, then deltas of what is new."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import Any

from poolviz.events import Failed
from poolviz.tracing.answers import Present
from poolviz.tracing.columns import Column
from poolviz.tracing.trace import Trace
from poolviz.wire.backlog import Backlog
from poolviz.wire.codec import Message, encode
from poolviz.wire.keeping import kept
from poolviz.wire.outputs import Lines, Outputs, all_of, new_of
from poolviz.wire.sections import Sections
from poolviz.wire.tables import Errors, Told, bytes_of_texts, first_row, tables


class Feed:
    """Makes the messages of one timeline.

    A snapshot may count rows from another call than the last one did, and replaces all that the page has.

    Args:
        trace: what to show.
    """

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._reader = trace.store.reader(trace.view)
        self._seq = -1
        self._sections = Sections()
        self._told, self._errors, self._outputs = Told(), Errors(), Outputs()
        self._backlog = Backlog()
        self._last: Present | None = None

    @property
    def origin(self) -> int:
        """Number of the call that is row 0."""
        return self._sections.origin

    @property
    def newest(self) -> int:
        """The number of the last message of the stream; the snapshot that begins it has -1."""
        return self._seq

    @property
    def busy(self) -> bool:
        """Whether calls were pending or running at the last message, or it did not tell all."""
        return self._last is not None and bool(self._backlog or self._last.counts["pending"] or self._last.counts["running"])

    @property
    def done(self) -> bool:
        """Whether the last message told all, and said that nothing will change any more."""
        return self._last is not None and self._last.settled and not self._backlog

    def close(self) -> None:
        """Make no further deltas."""
        self._reader.close()

    def snapshot(self, limit: int | None = None) -> Message:
        """Everything so far. Lanes, labels and callers keep their numbers.

        Args:
            limit: None for a message of the stream, on which the next deltas build. Else bytes that the message may take when it is packed,
                for one that is to be kept: the stream goes on as if it had not been made. Where all does not fit, failed and cancelled
                calls are exact for as long as they fit, and summary slices stand for the others; `summarised` in its header says for how
                many.
        """
        if limit is not None:
            everything = self._trace.store.everything(self._trace.view)
            return kept(everything, self._sections, self._head("snapshot", everything.present), self._trace.start, limit)
        if self._last is not None:
            # What it brings comes in no delta: a page that it does not reach must notice.
            self._seq += 1
        self._told, self._errors, self._outputs = Told(), Errors(), Outputs()
        self._backlog.clear()
        everything = self._reader.everything()
        sections = self._sections
        first = min(everything.calls["call"][:1], default=sections.origin)
        if first < sections.origin or everything.present.dropped or everything.present.final:
            sections.origin = first
        self._number_lanes(everything.present)
        return self._message("snapshot", everything.present, sections.all(everything), everything.errors, all_of(everything))

    def delta(self, *, always: bool = False) -> Message | None:
        """What is new since the last message.

        Args:
            always: make one even if nothing is.

        Returns:
            None if nothing is new. A snapshot when the page could not go on from what it has.
        """
        changes = self._reader.changes()
        if changes is None or min(chain.from_iterable(t["first"] for t in changes.submitted), default=self.origin) < self.origin:
            return self.snapshot()
        last, present = self._last, changes.present
        if not (always or changes or self._backlog or last is None or present[1:] != last[1:]):
            return None
        self._seq += 1
        self._number_lanes(present)
        passed = self._backlog.pass_on(changes.ended, changes.consumed, self._sections, present.now - last.now if last else 0)
        columns = self._sections.new(replace(changes, ended=passed.ended, consumed=passed.consumed))
        columns["summaries"] = passed.summaries
        message = self._message("delta", present, columns, changes.errors, new_of(changes))
        if passed.follows:
            message.header["follows"] = passed.follows
        self._backlog.measure(sum(map(len, message.buffers)) + bytes_of_texts(message.header), passed)
        return message

    def _number_lanes(self, present: Present) -> None:
        for worker in present.workers:
            self._sections.lanes[worker.worker]  # asking numbers it: lanes stand in the order of the workers

    def _message(self, kind: str, present: Present, columns: dict[str, dict[str, Column]], errors: list[Failed], lines: Lines) -> Message:
        self._last = present
        header = first_row(present, self.origin) | self._head(kind, present)
        if self._backlog:
            header |= {"state": "live", "behind": self._backlog.calls}
        header |= tables(present, self._sections, self._told, self._trace.start)
        header |= self._errors.table(errors, self.origin) | self._outputs.table(lines, self.origin)
        return encode(header, columns, self._trace.start, self.origin)

    def _head(self, kind: str, present: Present) -> dict[str, Any]:
        trace = self._trace
        return {
            "kind": kind,
            "seq": self._seq,
            "now": present.now - trace.start,
            "state": "static" if present.final else "done" if present.settled else "live",
            "title": trace.title,
            "origin": self.origin,
            "wall": trace.wall,
            "counts": present.counts,
            "dropped": present.dropped,
        }
