"""What a page is told later, because there is more at once than it could take in.

    ends, takings ---> parts ---> as many as there is room for: columns in this message
                         |
                         '------> the others: summary slices now, under the part's number; columns in a later message,
                                  whose `follows` has the number, and which then stand in the place of the slices

Parts are passed on in the order in which they came. Failed calls, and long ones, are told at once with their columns.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from operator import not_

from poolviz.events import Outcome
from poolviz.tracing.columns import Column, Table, keep
from poolviz.wire.keeping import summary_columns
from poolviz.wire.sections import Sections
from poolviz.wire.summarise import NO_SUMMARIES, Slices, summarise

#: What a page takes in: ends in a second, when none is taken by a caller, and bytes in a second.
ENDS, BYTES = 160_000, 4_000_000

#: Records of a part. A message carries at least one part, and the publisher makes up to twenty in a second.
PART = 6_000

#: Ends that may wait. Of what is beyond, the oldest stays summarised.
MOST = 1_000_000

#: Buckets of a part's summaries.
BUCKETS = 16

#: What a taking costs a page, as part of what an end costs.
TAKING = 1 / 3

#: For how long room that nothing needed is kept, in seconds. It makes up for messages that come late, and for short bursts.
KEPT = 0.25


@dataclass(slots=True)
class Part:
    """Records of one kind that travel together."""

    number: int
    table: Table
    ends: bool
    """Whether they are ends; else takings."""
    told: bool = False
    """Whether summary slices stand for it on the page."""

    @property
    def cost(self) -> float:
        """Of how many ends it is worth."""
        return len(self.table["call"]) * (1 if self.ends else TAKING)


@dataclass(frozen=True, slots=True)
class Passed:
    """What a message carries."""

    ended: list[Table]
    consumed: list[Table]
    summaries: dict[str, Column]
    follows: list[int]
    """Numbers of the parts whose columns it has, and for which the page has summary slices."""


class Backlog:
    """The parts that wait."""

    def __init__(self) -> None:
        self._parts: deque[Part] = deque()
        self._numbers = count(1)
        self._bytes_for_one = 0.0
        self._room = 0.0

    @property
    def calls(self) -> int:
        """How many calls' ends the page is still to be told."""
        return sum(len(part.table["call"]) for part in self._parts if part.ends)

    def __bool__(self) -> bool:
        return bool(self._parts)

    def clear(self) -> None:
        """Forget all: the page is told everything anew."""
        self._parts.clear()

    def measure(self, size: int, passed: Passed) -> None:
        """Note how many bytes a message took."""
        ends = sum(len(table["call"]) for table in passed.ended)
        if ends > PART // 4:
            self._bytes_for_one = size / ends

    def pass_on(self, ended: list[Table], consumed: list[Table], sections: Sections, elapsed: int) -> Passed:
        """Take in what is new, and give out what there is room for.

        Args:
            ended: tables of ends.
            consumed: tables of takings.
            sections: the numbers that the page knows.
            elapsed: nanoseconds since the last message.
        """
        for tables, ends in ((ended, True), (consumed, False)):
            self._parts += (Part(next(self._numbers), table, ends) for whole in tables for table in _cut(whole))
        passed = Passed([], [], {name: array("q") for name in summary_columns(NO_SUMMARIES)}, [])
        rate = min(ENDS, BYTES / self._bytes_for_one) if self._bytes_for_one else ENDS
        self._room = min(self._room + rate * elapsed / 1e9, rate * KEPT)
        while self._parts and (self._room >= self._parts[0].cost or not (passed.ended or passed.consumed)):
            part = self._parts.popleft()
            self._room -= part.cost
            (passed.ended if part.ends else passed.consumed).append(part.table)
            if part.told:
                passed.follows.append(part.number)
        waiting = self.calls
        while waiting > MOST:
            part = self._parts.popleft()
            waiting -= len(part.table["call"]) if part.ends else 0
            # It may never have been told by summaries: then this is the last occasion.
            self._tell(part, sections, passed)
        for part in self._parts:
            self._tell(part, sections, passed)
        self._parts = deque(part for part in self._parts if part.table["call"])
        return passed

    def _tell(self, part: Part, sections: Sections, passed: Passed) -> None:
        """Tell a part by summaries, unless it has been; what they do not stand for is told in full."""
        if part.told or not part.ends:
            return
        part.told = True
        table = part.table = sections.shown(part.table)
        if not table["call"]:
            return
        lanes, outcomes = sections.lane_column(table["worker"]), table["outcome"]
        failed = list(map(int(Outcome.RETURNED).__ne__, outcomes))
        # So many failures that they are what there is too much of.
        exact = failed if sum(failed) <= PART // 8 else [False] * len(failed)
        times = [*filter(None, table["started"]), *table["finished"]]
        width = max(1, (max(times) - min(times)) // BUCKETS)
        stay, slices = summarise(Slices(lanes, outcomes, table["started"], table["finished"]), exact, width)
        for name, column in summary_columns(slices, part.number).items():
            passed.summaries[name].extend(column)
        if stay:
            stays = array("b", bytes(len(lanes)))
            for row in stay:
                stays[row] = 1
            passed.ended.append(keep(table, stays))
            part.table = keep(table, map(not_, stays))


def _cut(table: Table) -> Iterator[Table]:
    n = len(table["call"])
    if n <= PART:
        if n:
            yield table
        return
    for start in range(0, n, PART):
        yield {name: column[start : start + PART] for name, column in table.items()}
