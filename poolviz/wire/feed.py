"""From a trace to messages: the rows, lanes, labels and callers of one timeline, numbered as its page knows them."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from itertools import chain, compress, count, pairwise, repeat, starmap
from operator import ne, sub
from typing import Any

from poolviz import observe
from poolviz.events import Blocked, Failed
from poolviz.tracing.answers import Changes, Everything, Present
from poolviz.tracing.columns import Column, Table, keep
from poolviz.tracing.fold import RunningCall
from poolviz.tracing.trace import Trace
from poolviz.tracing.vector import offsets
from poolviz.wire.codec import NONE, TYPE_CODES, Message, columns_of, encode

NO_LANE = 2**16 - 1
ENDED_BYTES = sum(array(TYPE_CODES[kind]).itemsize for _, kind in columns_of("ended"))
ENDED = ("sent", "started", "finished", "delivered", "outcome")

#: Errors that a message tells in words. The outcome of every call is in its columns, whatever their number.
ERRORS = 200


class Index(dict[int, int]):
    """Numbers things from 0 on in the order in which they are first asked for; asked from C code, a column at a time."""

    def __init__(self, known: dict[int, int] | None = None) -> None:
        super().__init__(known or {})
        self._known = len(self)

    def __missing__(self, key: int) -> int:
        self[key] = number = len(self) - self._known
        return number


#: Who blocks in these waits for several calls: the wait's own call says whose trace it belongs to, not what it waits for.
SEVERAL = frozenset({Blocked.AS_COMPLETED, Blocked.WAIT, Blocked.SHUTDOWN})


class Feed:
    """Makes the messages of one timeline.

    Rows are counted from `origin`. A snapshot may move it, and replaces all that the page has.

    Args:
        trace: what to show.
    """

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._reader = trace.store.reader(trace.view)
        self._seq = -1
        self.origin = observe.new_calls(0)
        self._lanes = Index({-1: NO_LANE, 0: NO_LANE})
        self._labels = Index()
        self._callers = Index()
        self._forget_sent()

    def _forget_sent(self) -> None:
        self._sent: dict[tuple[str, int], object] = {}
        self._labels_sent = self._callers_sent = 0
        self._last: Present | None = None

    @property
    def busy(self) -> bool:
        """Whether calls were pending or running at the last message."""
        return self._last is not None and bool(self._last.counts["pending"] or self._last.counts["running"])

    @property
    def done(self) -> bool:
        """Whether the last message said that nothing will change any more."""
        return self._last is not None and self._last.settled

    @property
    def least_size(self) -> int:
        """Bytes that a snapshot takes at the least, which is known without making it."""
        if self._last is None:
            return 0
        counts = self._last.counts
        ended = counts["total"] - counts["pending"] - counts["running"] - self._last.dropped
        return ended * ENDED_BYTES

    def close(self) -> None:
        """Make no further deltas."""
        self._reader.close()

    def snapshot(self) -> Message:
        """Everything so far; the deltas that follow build on it. Lanes, labels and callers keep their numbers."""
        self._forget_sent()
        everything = self._reader.everything()
        first = min(everything.calls["call"][:1], default=self.origin)
        if first < self.origin or everything.present.dropped or everything.present.final:
            self.origin = first
        self._number_lanes(everything.present)
        return self._message("snapshot", everything.present, self._all_sections(everything), everything.errors)

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
        if not (always or changes or self._last is None or changes.present[1:] != self._last[1:]):
            return None
        self._seq += 1
        self._number_lanes(changes.present)
        return self._message("delta", changes.present, self._new_sections(changes), changes.errors)

    def _number_lanes(self, present: Present) -> None:
        for worker in present.workers:
            self._lanes[worker.worker]  # asking numbers it: lanes stand in the order of the workers

    def _message(self, kind: str, present: Present, sections: dict[str, dict[str, Column]], errors: list[Failed]) -> Message:
        trace, self._last = self._trace, present
        header: dict[str, Any] = {
            "kind": kind,
            "seq": self._seq,
            "now": present.now - trace.start,
            "state": "static" if present.final else "done" if present.settled else "live",
            "title": trace.title,
            "wall": trace.wall,
            "counts": present.counts,
            "dropped": present.dropped,
        }
        header |= self._tables(present)
        rows = [[failed.call - self.origin, failed.error, failed.traceback] for failed in errors if failed.call >= self.origin]
        if rows:
            header["errors"] = rows[:ERRORS]
        if len(rows) > ERRORS:
            header["errors_omitted"] = len(rows) - ERRORS
        return encode(header, sections, trace.start)

    def _tables(self, present: Present) -> dict[str, Any]:
        """The small tables of the header: pools and lanes that are new or changed, labels and callers that are new."""
        tables: dict[str, Any] = {}
        pools = [p for p in present.pools if self._sent.get(("pool", p.pool)) != p]
        workers = [w for w in present.workers if self._sent.get(("lane", w.worker)) != w]
        self._sent |= {("pool", p.pool): p for p in pools} | {("lane", w.worker): w for w in workers}
        relative = self._relative
        if pools:
            tables["pools"] = [
                {
                    "pool": p.pool,
                    "kind": p.kind,
                    "name": p.name,
                    "workers": p.workers,
                    "opened": p.opened - self._trace.start,
                    "closed": relative(p.closed),
                    "method": p.start_method,
                }
                for p in pools
            ]
        if workers:
            tables["lanes"] = [
                {
                    "lane": self._lanes[w.worker],
                    "pool": w.pool,
                    "name": w.name,
                    "ident": w.ident,
                    "started": w.started - self._trace.start,
                    "ready": relative(w.ready),
                    "exited": relative(w.exited),
                    "detail": w.detail,
                }
                for w in workers
            ]
        if len(self._labels) > self._labels_sent:
            first, self._labels_sent = self._labels_sent, len(self._labels)
            tables["labels"] = {"first": first, "names": [observe.labels[label] for label in list(self._labels)[first:]]}
        if len(self._callers) > self._callers_sent:
            first, self._callers_sent = self._callers_sent, len(self._callers)
            tables["callers"] = {"first": first, "names": [present.callers[ident] for ident in list(self._callers)[first:]]}
        return tables

    def _relative(self, time: int) -> int | None:
        return time - self._trace.start if time else None

    def _all_sections(self, everything: Everything) -> dict[str, dict[str, Column]]:
        calls = everything.calls
        ended = keep({name: calls[name] for name in ("call", "worker", *ENDED)}, calls["outcome"])
        consumed = keep({"call": calls["call"], "time": calls["consumed"]}, calls["consumed"])
        return {
            "calls": self._runs(calls),
            "running": self._running(everything.present.running),
            "ended": self._ended([ended]),
            "consumed": self._consumed([consumed]),
            "waits": self._waits([everything.waits]),
        }

    def _new_sections(self, changes: Changes) -> dict[str, dict[str, Column]]:
        submitted = changes.submitted
        return {
            "calls": {
                "first": self._rows(_joined(submitted, "first")),
                "count": _joined(submitted, "calls"),
                "submitted": _joined(submitted, "time"),
                "label": array("I", map(self._labels.__getitem__, _joined(submitted, "label"))),
                "item": _joined(submitted, "item"),
            },
            "running": self._running(changes.present.running),
            "ended": self._ended(changes.ended),
            "consumed": self._consumed(changes.consumed),
            "waits": self._waits(changes.waits),
        }

    def _rows(self, calls: Column) -> Column:
        return offsets(calls, self.origin)

    def _runs(self, calls: Table) -> dict[str, Column]:
        """Rows that were submitted together, as one record each."""
        steps = map(sub, calls["call"], count())
        items = map(sub, calls["item"], count())
        # The item before the first of a map is no -1 of its run, though they follow each other.
        alone = map((0).__gt__, calls["item"])
        keys = pairwise(zip(steps, calls["submitted"], calls["label"], items, alone, strict=True))
        cuts = list(compress(count(1), starmap(ne, keys)))
        firsts = [0, *cuts] if calls["call"] else []
        stops = [*cuts, len(calls["call"])]
        return {
            "first": self._rows(array("q", map(calls["call"].__getitem__, firsts))),
            "count": array("I", map(sub, stops, firsts)),
            "submitted": array("q", map(calls["submitted"].__getitem__, firsts)),
            "label": array("I", map(self._labels.__getitem__, map(calls["label"].__getitem__, firsts))),
            "item": array("i", map(calls["item"].__getitem__, firsts)),
        }

    def _lane_column(self, workers: Sequence[int]) -> Column:
        lanes = map(self._lanes.__getitem__, workers)
        try:
            return array("H", lanes)
        except OverflowError:
            # More workers than the wire has lanes: the last ones' calls are drawn nowhere, but counted.
            return array("H", map(min, map(self._lanes.__getitem__, workers), repeat(NO_LANE)))

    def _shown(self, table: Table) -> Table:
        """The table without calls from before the last snapshot's first."""
        if min(table["call"], default=self.origin) >= self.origin:
            return table
        return keep(table, map(self.origin.__le__, table["call"]))

    def _running(self, running: list[RunningCall]) -> dict[str, Column]:
        known = [call for call in running if 0 <= call.call - self.origin < NONE]
        return {
            "row": self._rows(array("q", (call.call for call in known))),
            "lane": self._lane_column([call.worker for call in known]),
            "started": array("q", (call.started for call in known)),
        }

    def _ended(self, tables: list[Table]) -> dict[str, Column]:
        tables = [self._shown(table) for table in tables]
        return {
            "row": self._rows(_joined(tables, "call")),
            "lane": self._lane_column(_joined(tables, "worker")),
            **{name: _joined(tables, name) for name in ENDED},
        }

    def _consumed(self, tables: list[Table]) -> dict[str, Column]:
        tables = [self._shown(table) for table in tables]
        return {"row": self._rows(_joined(tables, "call")), "time": _joined(tables, "time")}

    def _waits(self, tables: list[Table]) -> dict[str, Column]:
        kinds, origin = _joined(tables, "kind"), self.origin
        waits = zip(_joined(tables, "call"), kinds, strict=True)
        calls = (call - origin if call >= origin and kind not in SEVERAL else NONE for call, kind in waits)
        return {
            "caller": array("H", map(self._callers.__getitem__, _joined(tables, "thread"))),
            "kind": kinds,
            "start": _joined(tables, "start"),
            "end": _joined(tables, "end"),
            "row": array("I", calls),
        }


def _joined(tables: list[Table], name: str) -> Column:
    if len(tables) == 1:
        return tables[0][name]
    return array("q", chain.from_iterable(table[name] for table in tables))
