"""What a store, or a file, answers to whoever looks at a trace."""

from dataclasses import dataclass
from typing import NamedTuple

from poolviz.events import Chunked, Failed, Printed
from poolviz.tracing.columns import Table
from poolviz.tracing.fold import PoolRecord, RunningCall, WorkerRecord
from poolviz.tracing.prints import Output


class Present(NamedTuple):
    """How things stand for a view. Times are nanoseconds of the clock."""

    now: int
    counts: dict[str, int]
    dropped: int
    running: list[RunningCall]
    pools: list[PoolRecord]
    workers: list[WorkerRecord]
    callers: dict[int, str]
    closed: bool
    """Whether no further call can come; those there are may still run."""
    final: bool = False
    """Whether this is of a file: then what it says is pending or runs did so when it was saved."""
    base: int = 0
    """Number of the first call that may still have a row."""
    missing: int = 0
    """Records that could not be taken in, by something that went wrong: what the trace says is not all."""

    @property
    def settled(self) -> bool:
        """Whether nothing will change any more but what callers do with the results."""
        return self.final or (self.closed and not self.counts["pending"] and not self.counts["running"])


@dataclass(frozen=True, slots=True)
class Everything:
    """All rows of a view."""

    present: Present
    calls: Table
    waits: Table
    errors: list[Failed]
    prints: dict[int, Output]
    """What calls printed, by their numbers."""
    chunks: list[Chunked]


@dataclass(frozen=True, slots=True)
class Changes:
    """What is new in a view since a reader's last look, in batches as they came."""

    present: Present
    submitted: list[Table]
    ended: list[Table]
    consumed: list[Table]
    waits: list[Table]
    errors: list[Failed]
    prints: list[Printed]
    chunks: list[Chunked]

    def __bool__(self) -> bool:
        return any((self.submitted, self.ended, self.consumed, self.waits, self.errors, self.prints, self.chunks))
