"""When callers blocked, and for what: columns, with an index of the waits that have not ended."""

from array import array
from itertools import compress

from poolviz.events import Waited
from poolviz.tracing.columns import Column, Table

#: Waits that are kept; beyond that the oldest eighth goes.
LIMIT = 200_000


class Waits:
    """The waits of a store, oldest first."""

    def __init__(self, limit: int = LIMIT) -> None:
        self.limit = limit
        self.dropped = 0
        self.caller: Column = array("I")
        self.start: Column = array("q")
        self.end: Column = array("q")
        self.kind: Column = array("B")
        self.call: Column = array("q")
        self._open: dict[tuple[int, int], int] = {}

    def __len__(self) -> int:
        return len(self.start)

    def fold(self, batch: Waited) -> None:
        """Take in new waits, and the ends of those that were open. A wait is known by its caller and its start."""
        if self._open or 0 in batch.end:
            # One record for each wait, the last that the batch has; the dictionary is built without a Python step for each.
            latest = dict(
                zip(zip(batch.caller, batch.start, strict=True), zip(batch.end, batch.kind, batch.call, strict=True), strict=True)
            )
            for key in self._open.keys() & latest.keys():
                end, kind, call = latest.pop(key)
                row = self._open[key] - self.dropped
                self.end[row], self.kind[row], self.call[row] = end, kind, call
                if end:
                    del self._open[key]
            if not latest:
                return
            callers, starts = zip(*latest, strict=True)
            ends, kinds, calls = zip(*latest.values(), strict=True)
        else:
            _, starts, ends, kinds, calls = map(tuple, batch)
            callers = tuple(batch.caller)
        row = self.dropped + len(self)
        self.caller.extend(callers)
        self.start.extend(starts)
        self.end.extend(ends)
        self.kind.extend(kinds)
        self.call.extend(calls)
        for index in compress(range(len(ends)), map((0).__eq__, ends)):
            self._open[callers[index], starts[index]] = row + index
        self._trim()

    def forget_before(self, call: int) -> None:
        """Drop the oldest waits, as far as they have ended and were for calls before number `call`."""
        self._drop(
            next((row for row, (end, number) in enumerate(zip(self.end, self.call, strict=True)) if not end or number >= call), len(self))
        )

    def _trim(self) -> None:
        excess = len(self) - self.limit
        if excess > 0:
            self._drop(max(excess, self.limit // 8))

    def _drop(self, n: int) -> None:
        if n:
            for column in (self.caller, self.start, self.end, self.kind, self.call):
                del column[:n]
            self.dropped += n
            for key in [key for key, row in self._open.items() if row < self.dropped]:
                del self._open[key]

    def table(self) -> Table:
        """A copy of all waits."""
        return {"caller": self.caller[:], "start": self.start[:], "end": self.end[:], "kind": self.kind[:], "call": self.call[:]}
