"""In which scope the calls are whose rows were given up before they ended: so that their ends can still be counted."""

from bisect import bisect_right, insort
from itertools import compress, count, pairwise
from operator import ne, or_, sub
from typing import NamedTuple

from poolviz.tracing.columns import Column


class _Run(NamedTuple):
    first: int
    stop: int
    scope: int
    left: int
    """How many of its calls have not ended."""


class Gone:
    """Runs of calls of one scope, by number. A run goes with the end of its last call."""

    def __init__(self) -> None:
        self._runs: list[_Run] = []

    def __len__(self) -> int:
        return len(self._runs)

    def add(self, first: int, n: int, scope: int) -> None:
        """Remember `n` calls from number `first` on."""
        last = self._runs[-1] if self._runs else None
        if last is not None and last.stop == first and last.scope == scope:
            self._runs[-1] = _Run(last.first, first + n, scope, last.left + n)
        elif last is None or last.first < first:
            self._runs.append(_Run(first, first + n, scope, n))
        else:
            insort(self._runs, _Run(first, first + n, scope, n))

    def add_columns(self, calls: Column, scopes: Column) -> None:
        """Remember calls, whose numbers ascend, with the scope of each."""
        if calls:
            apart = map(or_, map((1).__ne__, map(sub, calls[1:], calls)), map(ne, scopes[1:], scopes))
            for start, stop in pairwise([0, *compress(count(1), apart), len(calls)]):
                self.add(calls[start], stop - start, scopes[start])

    def scope_of(self, call: int) -> int | None:
        """The scope of a call, None if it is not known."""
        i = self._find(call)
        return None if i is None else self._runs[i].scope

    def end(self, call: int) -> int | None:
        """The scope of a call that has ended, None if it is not known."""
        i = self._find(call)
        if i is None:
            return None
        run = self._runs[i]
        if run.left > 1:
            self._runs[i] = run._replace(left=run.left - 1)
        else:
            del self._runs[i]
        return run.scope

    def _find(self, call: int) -> int | None:
        i = bisect_right(self._runs, call, key=lambda run: run.first) - 1
        return i if i >= 0 and call < self._runs[i].stop else None
