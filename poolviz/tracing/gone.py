"""In which scope the calls are whose rows were given up before they ended: so that their ends can still be counted."""

from bisect import bisect_right, insort
from itertools import compress, count, pairwise
from operator import ne

from poolviz.tracing.columns import Column

#: Stands for the scope of a number whose submission was never told.
NOBODY = -1


class Gone:
    """Runs of calls of one scope, by number."""

    def __init__(self) -> None:
        self._runs: list[tuple[int, int, int]] = []

    def add(self, first: int, n: int, scope: int) -> None:
        """Remember `n` calls from number `first` on."""
        last = self._runs[-1] if self._runs else None
        if last is not None and last[1] == first and last[2] == scope:
            self._runs[-1] = (last[0], first + n, scope)
        elif last is None or last[0] < first:
            self._runs.append((first, first + n, scope))
        else:
            insort(self._runs, (first, first + n, scope))

    def add_column(self, first: int, scopes: Column) -> None:
        """Remember one call for each entry of `scopes` that is not `NOBODY`, from number `first` on."""
        changes = [0, *compress(count(1), map(ne, scopes[1:], scopes)), len(scopes)]
        for start, stop in pairwise(changes):
            if scopes[start] != NOBODY:
                self.add(first + start, stop - start, scopes[start])

    def scope_of(self, call: int) -> int | None:
        """The scope of a call, None if it is not known."""
        i = bisect_right(self._runs, call, key=lambda run: run[0]) - 1
        if i >= 0 and call < self._runs[i][1]:
            return self._runs[i][2]
        return None
