"""What nobody can ask for any more is given up."""

from __future__ import annotations

from collections.abc import Collection

from poolviz import scopes
from poolviz.tracing.fold import State
from poolviz.tracing.tally import Key
from poolviz.tracing.view import View


class _Wanted(dict[Key, bool]):
    """Whether the calls of a pool in a scope can still be asked for; answers are kept."""

    def __init__(self, views: Collection[View], pools: set[int]) -> None:
        self.pools = pools | {view.number for view in views if view.field == "pool"}
        self._scopes = {view.number for view in views if view.field == "scope"}

    def __missing__(self, key: Key) -> bool:
        found = self[key] = key[0] in self.pools or not self._scopes.isdisjoint(scopes.lineage(key[1]))
        return found


def free(state: State, views: Collection[View], pools: set[int]) -> None:
    """Give up the oldest rows, up to the first that somebody may ask for, and what was known beside them.

    Rows that come after one that is held stay until that one goes, or until the store is full: rows stand in the order of their numbers,
    so that a call is found without a search.

    Args:
        state: what is kept.
        views: those who look.
        pools: numbers of the pools that are still there; each can be asked for its trace.
    """
    columns, wanted = state.columns, _Wanted(views, pools)
    rows = zip(zip(columns.pool, columns.scope, strict=True), columns.submitted, strict=True)
    # A row without a submission may be told of yet.
    n = next((row for row, (key, known) in enumerate(rows) if not known or wanted[key]), len(columns))
    if n:
        state.tally.dropped.update(zip(columns.pool[:n], columns.scope[:n], strict=True))
        columns.drop(n)
        state.waits.forget_before(columns.base)
        state.errors.forget_before(columns.base)
        state.prints.forget_before(columns.base)
        state.chunks.forget_before(columns.base)
    for key, calls in list(state.tally.submitted.items()):
        if calls == state.tally.dropped[key] and not wanted[key]:
            state.tally.forget(key)
    gone = {pool for pool in state.pools if pool not in wanted.pools and not state.tally.keys_of(pool)}
    if gone:
        for pool in gone:
            del state.pools[pool]
            state.missing.pop(pool, None)
        for worker in [record.worker for record in state.workers.values() if record.pool in gone]:
            del state.workers[worker]
