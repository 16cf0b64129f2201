"""What nobody can ask for any more is given up.

A call can be asked for while its pool is there, while a view of its pool is, or one of a scope that it lies in. Rows stand in the order of
their numbers, so that a call is found without a search; what cannot be asked for goes in two ways:

    rows    [ freed | freed | held | freed | held | freed ]
              `---- cut off ----'      `- emptied, their place stays until it is at the front

Emptying walks all rows. It waits until there is enough to gain: so each pair of a pool and a scope that has gone costs the walk of a fixed
number of rows, however many are kept.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection
from itertools import compress, count

from poolviz import scopes
from poolviz.tracing.columns import FREED
from poolviz.tracing.fold import State
from poolviz.tracing.tally import Key
from poolviz.tracing.view import View

#: Rows that may be walked for each pair of a pool and a scope that has gone.
WALK = 128


class _Wanted(dict[Key, bool]):
    """Whether the calls of a pool in a scope can still be asked for; answers are kept.

    Args:
        views: those who look.
        pools: numbers of the pools that are still there; each can be asked for its trace.
    """

    def __init__(self, views: Collection[View], pools: set[int]) -> None:
        self.pools = pools | {view.number for view in views if view.field == "pool"}
        self._viewed = {view.number for view in views if view.field == "scope"}
        self._scopes: dict[int, bool] = {}
        self[FREED, 0] = False

    def __missing__(self, key: Key) -> bool:
        found = self[key] = key[0] in self.pools or self.scope(key[1])
        return found

    def scope(self, number: int) -> bool:
        """Whether a view of a scope has the calls of the scope `number`."""
        found = self._scopes.get(number)
        if found is None:
            found = self._scopes[number] = not self._viewed.isdisjoint(scopes.lineage(number))
        return found


def free(state: State, views: Collection[View], pools: set[int]) -> None:
    """Give up what nobody can ask for.

    Args:
        state: what is kept.
        views: those who look.
        pools: numbers of the pools that are still there; each can be asked for its trace.
    """
    wanted = _Wanted(views, pools)
    _cut(state, wanted)
    tally = state.tally
    for key, calls in list(tally.submitted.items()):
        if calls == tally.dropped[key] and not wanted[key]:
            tally.forget(key)
    # What nobody can ask for by its scope. It goes with its pool, when the ends of all its calls have been told; else it loses the scope.
    unwanted = [key for key in tally.submitted if not wanted.scope(key[1])]
    dead = {key for key in unwanted if key[0] not in wanted.pools and tally.has_ended(key)}
    nameless = [key for key in unwanted if key[1] and key not in dead]
    if (len(dead) + len(nameless)) * WALK > len(state.columns):
        _empty(state, dead)
        _unname(state, nameless)
        for view in views:
            view.forget_answers()
    gone = {pool for pool in state.pools if pool not in wanted.pools and not tally.keys_of(pool)}
    if gone:
        for pool in gone:
            del state.pools[pool]
            state.missing.pop(pool, None)
        for worker in [record.worker for record in state.workers.values() if record.pool in gone]:
            del state.workers[worker]


def _cut(state: State, wanted: _Wanted) -> None:
    """Give up the oldest rows, up to the first that somebody may ask for, and what was known beside them."""
    columns = state.columns
    rows = zip(zip(columns.pool, columns.scope, strict=True), columns.submitted, strict=True)
    # A row without a submission may be told of yet.
    stay = (row for row, (key, known) in enumerate(rows) if wanted[key] or not (known or key[0] == FREED))
    n = next(stay, len(columns))
    if n:
        state.drop(n)
        state.waits.forget_before(columns.base)


def _empty(state: State, dead: set[Key]) -> None:
    """Give up rows that may be behind one that is held."""
    columns = state.columns
    rows = list(compress(count(), map(dead.__contains__, zip(columns.pool, columns.scope, strict=True))))
    columns.free(rows)
    calls = [columns.base + row for row in rows]
    for each in (state.errors, state.prints, state.chunks):
        each.forget(calls)
    for key in dead:
        state.tally.forget(key)


def _unname(state: State, keys: list[Key]) -> None:
    """Count calls with those of their pools that are in no scope."""
    columns = state.columns
    # Nobody can ask for a call by such a scope, whichever its pool: all rows lose it.
    names = {scope: scope for scope in set(columns.scope)} | {scope: 0 for _, scope in keys}
    columns.scope = array(columns.scope.typecode, map(names.__getitem__, columns.scope))
    for key in keys:
        state.tally.rename(key, (key[0], 0))
