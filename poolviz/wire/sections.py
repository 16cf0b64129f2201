"""From calls and waits to the columns of a message, in the numbers that a page knows: rows, lanes, labels and callers."""

from __future__ import annotations

from array import array
from itertools import compress, count, islice, pairwise, repeat, starmap
from operator import mul, ne, sub

from poolviz import observe
from poolviz.events import Blocked, Chunked
from poolviz.tracing.answers import Changes, Everything
from poolviz.tracing.columns import Column, Table, keep
from poolviz.tracing.fold import RunningCall
from poolviz.tracing.vector import at_least, narrower
from poolviz.wire.codec import NONE

NO_LANE = NO_CALLER = 2**16 - 1
ENDED = ("sent", "started", "finished", "delivered", "outcome")
SIZES = ("bytes_out", "bytes_in")

#: Who blocks in the other waits does so for several calls: the wait's own call says whose trace it belongs to, not what it waits for.
WAITS_FOR_ONE = [kind in (Blocked.RESULT, Blocked.MAP) for kind in range(256)]


class Index(dict[int, int]):
    """Numbers things from 0 on in the order in which they are first asked for; asked from C code, a column at a time."""

    def __init__(self, known: dict[int, int] | None = None) -> None:
        super().__init__(known or {})
        self._known = len(self)

    def __missing__(self, key: int) -> int:
        self[key] = number = len(self) - self._known
        return number

    def from_number(self, number: int) -> list[int]:
        """What has been numbered from `number` on."""
        return list(islice(self, self._known + number, None))

    @property
    def asked(self) -> int:
        """How many things have been numbered."""
        return len(self) - self._known


class Sections:
    """Makes the columns of one timeline's messages. Rows are counted from `origin`."""

    def __init__(self) -> None:
        self.origin = observe.new_calls(0)
        self.lanes = Index({-1: NO_LANE, 0: NO_LANE})
        self.labels = Index()
        self.callers = Index({0: NO_CALLER})

    def all(self, everything: Everything) -> dict[str, dict[str, Column]]:
        """The sections of a snapshot."""
        calls = everything.calls
        ended = keep({name: calls[name] for name in ("call", "worker", *ENDED, *SIZES)}, calls["outcome"])
        consumed = keep({"call": calls["call"], "time": calls["consumed"], "caller": calls["caller"]}, calls["consumed"])
        return {
            "calls": self.runs(calls),
            "chunks": self.chunks(everything.chunks),
            "running": self.running(everything.present.running),
            "ended": self.ended([ended]),
            "consumed": self.consumed([consumed]),
            "waits": self.waits([everything.waits]),
        }

    def new(self, changes: Changes) -> dict[str, dict[str, Column]]:
        """The sections of a delta."""
        submitted = changes.submitted
        return {
            "calls": {
                "first": joined(submitted, "first"),
                "count": joined(submitted, "calls"),
                "submitted": joined(submitted, "time"),
                "label": _numbers(self.labels, joined(submitted, "label")),
                "item": joined(submitted, "item"),
            },
            "chunks": self.chunks(changes.chunks),
            "running": self.running(changes.present.running),
            "ended": self.ended(changes.ended),
            "consumed": self.consumed(changes.consumed),
            "waits": self.waits(changes.waits),
        }

    def runs(self, calls: Table) -> dict[str, Column]:
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
            "first": array("q", map(calls["call"].__getitem__, firsts)),
            "count": array("q", map(sub, stops, firsts)),
            "submitted": array("q", map(calls["submitted"].__getitem__, firsts)),
            "label": _numbers(self.labels, array("q", map(calls["label"].__getitem__, firsts))),
            "item": array("q", map(calls["item"].__getitem__, firsts)),
        }

    def chunks(self, maps: list[Chunked]) -> dict[str, Column]:
        """Maps whose items were sent in chunks."""
        origin = self.origin
        shown = [(max(first, origin), first + calls - max(first, origin), size) for _, first, calls, size in maps]
        records = [(first, n, min(size, NONE)) for first, n, size in shown if n > 0]
        return {name: array("q", (record[i] for record in records)) for i, name in enumerate(("first", "count", "size"))}

    def lane_column(self, workers: Column) -> Column:
        """The lanes of workers. If there are more than the wire has lanes, the last ones' calls are drawn nowhere, but counted."""
        return _numbers(self.lanes, workers, NO_LANE)

    def caller_column(self, callers: Column) -> Column:
        """The indices of callers."""
        return _numbers(self.callers, callers, NO_CALLER)

    def running(self, running: list[RunningCall]) -> dict[str, Column]:
        """What runs."""
        known = [call for call in running if call.call >= self.origin]
        return {
            "row": array("q", (call.call for call in known)),
            "lane": self.lane_column(array("q", (call.worker for call in known))),
            "started": array("q", (call.started for call in known)),
        }

    def ended(self, tables: list[Table]) -> dict[str, Column]:
        """Calls that ended."""
        tables = [self.shown(table) for table in tables]
        return {
            "row": joined(tables, "call"),
            "lane": self.lane_column(joined(tables, "worker")),
            **{name: joined(tables, name) for name in ENDED},
            **{name: _clipped(joined(tables, name)) for name in SIZES},
        }

    def consumed(self, tables: list[Table]) -> dict[str, Column]:
        """Results that a caller took."""
        tables = [self.shown(table) for table in tables]
        return {
            "row": joined(tables, "call"),
            "time": joined(tables, "time"),
            "caller": self.caller_column(joined(tables, "caller")),
        }

    def waits(self, tables: list[Table]) -> dict[str, Column]:
        """Times during which callers blocked."""
        kinds, calls = joined(tables, "kind"), joined(tables, "call")
        calls = array("q", map(mul, calls, map(WAITS_FOR_ONE.__getitem__, kinds)))
        if not at_least(calls, self.origin):
            calls = array("q", (call if call >= self.origin else 0 for call in calls))
        return {
            "caller": self.caller_column(joined(tables, "caller")),
            "kind": kinds,
            "start": joined(tables, "start"),
            "end": joined(tables, "end"),
            "row": calls,
            "times": array("B", (1,)) * len(kinds),
        }

    def shown(self, table: Table) -> Table:
        """The table without calls from before the last snapshot's first."""
        if at_least(table["call"], self.origin):
            return table
        return keep(table, map(self.origin.__le__, table["call"]))


def _numbers(index: Index, keys: Column, most: int | None = None) -> Column:
    """The numbers of keys; those beyond `most` are `most`, which stands for none."""
    if len(keys) and keys == array(keys.typecode, (keys[0],)) * len(keys):
        numbers = array("q", (index[keys[0]],)) * len(keys)
    else:
        numbers = array("q", map(index.__getitem__, keys))
    if most is not None and index.asked > most:
        numbers = array("q", map(min, numbers, repeat(most)))
    return numbers


def _clipped(sizes: Column) -> Column:
    """Numbers of bytes, as far as 32 bits tell them."""
    return sizes if sizes.typecode != "q" or narrower(sizes, 32) else array("q", map(min, sizes, repeat(NONE)))


def joined(tables: list[Table], name: str) -> Column:
    """One column of several tables."""
    if len(tables) == 1:
        return tables[0][name]
    column = array("q")
    for table in tables:
        values = table[name]
        column.extend(values if values.typecode == "q" else array("q", values))
    return column
