"""Which calls of a store belong to a trace: those of one pool, or those of one scope and of the scopes inside it."""

from __future__ import annotations

from collections.abc import Iterator
from operator import mul

from poolviz import scopes
from poolviz.events import FAILED, Chunked, Outcome
from poolviz.tracing.columns import Column, Columns, Table
from poolviz.tracing.fold import PoolRecord, RunningCall, State, WorkerRecord
from poolviz.tracing.tally import Key


class _Members(dict[int, bool]):
    """Whether a number of a pool or scope belongs; answers are kept, so that a column can be asked from C code."""

    def __init__(self, field: str, number: int) -> None:
        # Not the view itself: in a cycle it would be let go of late.
        self._field, self._number = field, number

    def __missing__(self, number: int) -> bool:
        found = self[number] = number == self._number if self._field == "pool" else scopes.is_within(number, self._number)
        return found


class View:
    """A filter of calls.

    Args:
        field: ``pool`` or ``scope``.
        number: which one.
        since: no call of the view has a lower number; saves looking at older rows.
        start: when the view begins, in nanoseconds of the clock.
    """

    def __init__(self, field: str, number: int, *, since: int = 0, start: int = 0) -> None:
        self.field = field
        self.number = number
        self.since = since
        self.start = start
        self.stop = 0
        """When it ended, 0 while it has not; calls may end later."""
        self._members = _Members(field, number)

    def forget_answers(self) -> None:
        """Look anew at which pools or scopes belong: many have gone."""
        self._members.clear()

    def closed(self, state: State) -> bool:
        """Whether no further call can come."""
        if self.field == "pool":
            return self.number in state.pools and bool(state.pools[self.number].closed)
        return bool(self.stop)

    def is_of(self, pool: int) -> bool:
        """Whether it is the view of one pool, and that is it."""
        return self.field == "pool" and self.number == pool

    def matches(self, pool: int, scope: int) -> bool:
        """Whether the calls of `pool` in `scope` belong to the view."""
        return self._members[pool if self.field == "pool" else scope]

    def keys(self, state: State) -> list[Key]:
        """The pairs of pool and scope with calls in the view."""
        return [key for key in state.tally.submitted if self.matches(*key)]

    def covers(self, state: State, pool: int | None = None) -> bool | None:
        """Whether all calls of the store, or of one pool, belong to the view: True, False (none does), None (some do)."""
        keys = state.tally.submitted if pool is None else state.tally.keys_of(pool)
        answers = {self.matches(*key) for key in keys}
        return answers.pop() if len(answers) == 1 else None

    def mask(self, columns: Columns, calls: Column) -> Iterator[bool]:
        """For each of `calls`, whose rows must exist, whether it belongs to the view."""
        return map(self._members.__getitem__, columns.gather(self.field, calls))

    def table(self, state: State) -> Table:
        """Copy the rows of the view."""
        columns = state.columns
        start = min(max(self.since - columns.base, 0), len(columns))
        keys = self.keys(state)
        kept = sum(state.tally.submitted[key] - state.tally.dropped[key] for key in keys)
        if kept == len(columns) - start:
            return columns.table(start, None)
        members = map(self._members.__getitem__, columns.column(self.field)[start:])
        return columns.table(start, map(mul, columns.submitted[start:], members))

    def has_call(self, state: State, call: int) -> bool:
        """Whether a single call belongs to the view."""
        row = call - state.columns.base
        if 0 <= row < len(state.columns) and state.columns.submitted[row]:
            return self._members[state.columns.column(self.field)[row]]
        return False

    def has_chunks(self, state: State, told: Chunked) -> bool:
        """Whether a map belongs to the view, all of whose calls are of one pool and one scope."""
        return self.has_call(state, max(told.first, state.columns.base))

    def counts(self, state: State) -> dict[str, int]:
        """Calls by what has become of them, exactly, those whose rows are gone included."""
        ended: dict[int, int] = {}
        total = 0
        for key in self.keys(state):
            total += state.tally.submitted[key]
            for outcome, n in state.tally.outcomes.get(key, {}).items():
                ended[outcome] = ended.get(outcome, 0) + n
        running = len(self.running(state))
        return {
            "total": total,
            "pending": total - running - sum(ended.values()),
            "running": running,
            "finished": ended.get(Outcome.RETURNED, 0),
            "failed": sum(ended.get(outcome, 0) for outcome in FAILED),
            "cancelled": ended.get(Outcome.CANCELLED, 0),
        }

    def dropped(self, state: State) -> int:
        """How many calls of the view have no row any more."""
        return sum(state.tally.dropped[key] for key in self.keys(state))

    def missing(self, state: State) -> int:
        """How many records that may have been of the view could not be taken in: of its pool; of any pool, from when a scope began until it
        ended.
        """
        return sum(
            records
            for pool, (records, first, last) in state.missing.items()
            if last >= self.start and (not self.stop or first <= self.stop) and (self.field != "pool" or pool in (0, self.number))
        )

    def running(self, state: State) -> list[RunningCall]:
        """The calls of the view that run."""
        found = []
        for call in state.running.values():
            scope = state.scope_of(call.call)
            if scope is not None and self.matches(call.pool, scope):
                found.append(call)
        return found

    def pools(self, state: State) -> list[PoolRecord]:
        """The pools of the view: the one that it is of, or those with calls in it."""
        numbers = {self.number} if self.field == "pool" else {pool for pool, _ in self.keys(state)}
        return [state.pools[number] for number in sorted(numbers) if number in state.pools]

    def workers(self, state: State) -> list[WorkerRecord]:
        """The workers of the view's pools, without those that were gone before it began."""
        pools = {record.pool for record in self.pools(state)}
        return [w for w in state.workers.values() if w.pool in pools and not 0 < w.exited < self.start]
