"""How many calls there are and how they ended, exactly, for each pool and scope; also of calls whose rows are gone."""

from collections import Counter

Key = tuple[int, int]
"""Number of a pool and number of a scope."""


class Tally:
    """Counts for each pair of pool and scope."""

    def __init__(self) -> None:
        self.submitted: Counter[Key] = Counter()
        self.dropped: Counter[Key] = Counter()
        """Calls whose rows the store had to give up."""
        self.outcomes: dict[Key, Counter[int]] = {}
        self._scopes: dict[int, set[int]] = {}

    def submit(self, pool: int, scope: int, n: int = 1) -> None:
        """Count `n` submitted calls."""
        self.submitted[pool, scope] += n
        self._scopes.setdefault(pool, set()).add(scope)

    def end(self, pool: int, scope: int, outcome: int, n: int = 1) -> None:
        """Count `n` calls that ended with `outcome`. A scope that is not known any more is 0; of a pool that is not, nothing is counted."""
        if (pool, scope) not in self.submitted:
            scope = 0
            if (pool, scope) not in self.submitted:
                return
        self.outcomes.setdefault((pool, scope), Counter())[outcome] += n

    def only_scope(self, pool: int) -> int | None:
        """The scope of all calls of `pool`, None if they are in several or there are none."""
        scopes = self._scopes.get(pool, ())
        return next(iter(scopes)) if len(scopes) == 1 else None

    def scopes(self) -> set[int]:
        """The scopes that have calls."""
        return set().union(*self._scopes.values())

    def keys_of(self, pool: int) -> list[Key]:
        """The pairs of `pool` and a scope that has calls of it."""
        return [(pool, scope) for scope in self._scopes.get(pool, ())]

    def has_ended(self, key: Key) -> bool:
        """Whether all calls of a pair have ended."""
        return sum(self.outcomes.get(key, {}).values()) >= self.submitted[key]

    def rename(self, old: Key, new: Key) -> None:
        """Count the calls of one pair as those of another."""
        calls, dropped, outcomes = self.submitted[old], self.dropped[old], self.outcomes.get(old)
        self.forget(old)
        self.submit(*new, calls)
        self.dropped[new] += dropped
        for outcome, n in (outcomes or {}).items():
            self.end(*new, outcome, n)

    def forget(self, key: Key) -> None:
        """Drop the counts of a pair."""
        del self.submitted[key], self.dropped[key]
        self.outcomes.pop(key, None)
        pool, scope = key
        self._scopes[pool].discard(scope)
        if not self._scopes[pool]:
            del self._scopes[pool]
