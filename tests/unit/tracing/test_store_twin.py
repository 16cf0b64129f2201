"""The store against a slow obvious twin that keeps one object for each call."""

from collections import Counter
from itertools import compress

from hypothesis import given, settings
from hypothesis import strategies as st

from poolviz import observe
from poolviz.tracing.fold import State
from poolviz.tracing.freeing import free
from poolviz.tracing.store import Store
from poolviz.tracing.view import View
from tests.unit.lawful import FIELDS, POOLS, Twin, make_scopes, play, steps, views


@settings(max_examples=300, deadline=None)
@given(steps)
def test_rows_and_counts_agree_with_the_twin(lives):
    scope_ids = make_scopes()
    state, twin = State(limit=10**6, base=1), Twin()
    play(lives, state.fold, twin, 1, scope_ids)
    for view in views(scope_ids):
        assert view.counts(state) == twin.counts(view)
        counts = view.counts(state)
        assert counts["total"] == sum(n for name, n in counts.items() if name != "total")
        table = view.table(state)
        mine = {number: call for number, call in sorted(twin.calls.items()) if view.matches(call.pool, call.scope)}
        assert list(table["call"]) == list(mine)
        for name in FIELDS:
            assert list(table[name]) == [getattr(call, name) for call in mine.values()], name


@settings(max_examples=200, deadline=None)
@given(steps, st.integers(1, 64))
def test_a_bounded_store_drops_the_oldest_and_counts_them(lives, limit):
    scope_ids = make_scopes()
    state, twin = State(limit=limit, base=1), Twin()
    play(lives, state.fold, twin, 1, scope_ids)
    assert len(state.columns) <= limit
    for view in views(scope_ids):
        assert view.counts(state) == twin.counts(view)
        table = view.table(state)
        mine = [number for number, call in sorted(twin.calls.items()) if view.matches(call.pool, call.scope)]
        kept = [number for number in mine if number >= state.columns.base]
        assert list(table["call"]) == kept
        assert view.dropped(state) == len(mine) - len(kept)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(steps, min_size=1, max_size=5), st.sets(st.integers(0, 4)), st.sets(st.sampled_from(POOLS)), st.sampled_from([9, 64, 10**6])
)
def test_what_somebody_can_ask_for_is_not_given_up(rounds, chosen, pools, limit):
    """Some look, and some pools are there; after each round all else is given up."""
    scope_ids = make_scopes()
    state, twin = State(limit, base=1), Twin()
    all_views = views(scope_ids)
    looking = [all_views[i] for i in chosen]
    asked = [*looking, *(View("pool", pool) for pool in pools)]
    first = 1
    for lives in rounds:
        first = play(lives, state.fold, twin, first, scope_ids)
        free(state, looking, pools)
        for view in asked:
            assert view.counts(state) == twin.counts(view)
            mine = {number: call for number, call in sorted(twin.calls.items()) if view.matches(call.pool, call.scope)}
            table, dropped = view.table(state), view.dropped(state)
            assert list(table["call"]) == list(mine)[dropped:]
            for name in set(FIELDS) - {"scope"}:
                assert list(table[name]) == [getattr(call, name) for call in mine.values()][dropped:], name
            if limit == 10**6:
                assert not dropped
        rows = Counter(compress(zip(state.columns.pool, state.columns.scope, strict=True), state.columns.submitted))
        assert rows == +(state.tally.submitted - state.tally.dropped), "each row is counted under its own pool and scope"
        if not asked:
            assert not len(state.columns) and not state.tally.submitted


@settings(max_examples=150, deadline=None)
@given(st.lists(steps, min_size=1, max_size=5), st.integers(1, 64))
def test_a_reader_of_a_bounded_store_hears_of_rows_that_are_there(rounds, limit):
    scope_ids = make_scopes()
    store, twin = Store(limit), Twin()
    looks = [(view, store.reader(view)) for view in views(scope_ids)]
    first = observe.new_calls(0)
    for lives in rounds:
        first = play(lives, store.on_batch, twin, first, scope_ids)
        for view, reader in looks:
            changes = reader.changes()
            assert changes.present.counts == twin.counts(view)
            for table in (*changes.ended, *changes.consumed):
                for call in table["call"]:
                    assert call >= store.state.columns.base
                    assert view.matches(twin.calls[call].pool, twin.calls[call].scope)


@settings(max_examples=200, deadline=None)
@given(st.lists(steps, min_size=1, max_size=5))
def test_what_a_reader_saw_adds_up_to_the_rows(rounds):
    scope_ids = make_scopes()
    store, twin = Store(limit=10**6), Twin()
    looks = [(view, store.reader(view), {}) for view in views(scope_ids)]
    first = observe.new_calls(0)
    for lives in rounds:
        first = play(lives, store.on_batch, twin, first, scope_ids)
        for view, reader, seen in looks:
            changes = reader.changes()
            for table in changes.submitted:
                for start, count, time, item in zip(table["first"], table["calls"], table["time"], table["item"], strict=True):
                    for i in range(count):
                        assert start + i not in seen
                        seen[start + i] = {"submitted": time, "item": item if item < 0 else item + i, "consumed": 0, "outcome": 0}
            for table in changes.ended:
                for call, outcome in zip(table["call"], table["outcome"], strict=True):
                    assert seen[call]["outcome"] == 0
                    seen[call]["outcome"] = outcome
            for table in changes.consumed:
                for call, time in zip(table["call"], table["time"], strict=True):
                    seen[call]["consumed"] = time
            assert changes.present.counts == twin.counts(view)
            mine = {n: c for n, c in twin.calls.items() if view.matches(c.pool, c.scope)}
            assert seen == {
                n: {"submitted": c.submitted, "item": c.item, "consumed": c.consumed, "outcome": c.outcome} for n, c in mine.items()
            }
    assert not store._log, "nothing is kept for readers that have seen it"
    for _, reader, _ in looks:
        reader.close()
