"""The store against a slow obvious twin that keeps one object for each call."""

from array import array
from dataclasses import dataclass, field
from types import SimpleNamespace

from hypothesis import given, settings
from hypothesis import strategies as st

from poolviz import observe, scopes
from poolviz.events import Consumed, Ended, Outcome, Running, Submitted
from poolviz.tracing.fold import State
from poolviz.tracing.store import Store
from poolviz.tracing.view import View

POOLS = (1, 2)
FIELDS = ("pool", "scope", "label", "item", "submitted", "sent", "started", "finished", "delivered", "consumed", "worker", "outcome")


@dataclass
class Twin:
    """Calls as objects, by number; `known` are those that have been announced."""

    calls: dict[int, SimpleNamespace] = field(default_factory=dict)
    running: set[int] = field(default_factory=set)

    def counts(self, view: View) -> dict[str, int]:
        mine = [call for call in self.calls.values() if view.matches(call.pool, call.scope)]
        ended = [call.outcome for call in mine if call.outcome]
        running = sum(1 for call in mine if not call.outcome and call.number in self.running)
        return {
            "total": len(mine),
            "pending": len(mine) - len(ended) - running,
            "running": running,
            "finished": ended.count(Outcome.RETURNED),
            "failed": sum(ended.count(o) for o in (Outcome.RAISED, Outcome.INTERRUPTED, Outcome.LOST)),
            "cancelled": ended.count(Outcome.CANCELLED),
        }


def columns(records, width):
    return [array("q", column) for column in zip(*records, strict=True)] if records else [array("q") for _ in range(width)]


steps = st.lists(
    st.tuples(
        st.sampled_from(["submit", "submit", "map", "run", "end", "end", "consume"]),
        st.integers(0, 2**16),
        st.integers(1, 40),
    ),
    max_size=40,
)


def play(steps, tell, twin, first, scope_ids):
    """Turn random steps into lawful batches, tell them, and keep the twin up to date."""
    next_call, time = first, 1000
    withheld = []
    for kind, seed, n in steps:
        time += 7
        pool, scope = POOLS[seed % 2], scope_ids[seed % len(scope_ids)]
        if kind in ("submit", "map"):
            if kind == "map":
                records = [(next_call, n, time, seed % 5, seed % 100, scope)]
            else:
                order = list(range(next_call, next_call + n))
                if seed % 3 == 0:
                    order.reverse()
                records = [(call, 1, time + i, seed % 5, -1, scope_ids[(seed + i) % len(scope_ids)]) for i, call in enumerate(order)]
            next_call += n
            batch = (pool, records)
            if seed % 7 == 0:
                withheld.append(batch)  # numbered, told later: a gap
                continue
        elif kind == "run":
            open_calls = [c for c in twin.calls.values() if c.pool == pool and not c.outcome][: n % 4]
            if open_calls:
                tell(Running(pool, *columns([(c.number, 3 + i, time) for i, c in enumerate(open_calls)], 3)))
                for i, call in enumerate(open_calls):
                    call.worker, call.started = 3 + i, time
                    twin.running.add(call.number)
            continue
        elif kind == "end":
            open_calls = [c for c in twin.calls.values() if c.pool == pool and not c.outcome]
            chosen = open_calls[:n] if seed % 2 else open_calls[:: 1 + seed % 3][:n]
            records = []
            for i, call in enumerate(chosen):
                call.worker, call.sent, call.started, call.finished = (-1, 0, 0, time) if seed % 5 == 3 else (seed % 9, time, time, time + i)
                call.outcome, call.delivered = 1 + (seed + i) % 5, time + 5
                records.append((call.number, call.worker, call.sent, call.started, call.finished, call.delivered, call.outcome, seed, 2**40))
            if records:
                tell(Ended(pool, *columns(records, 9)))
            continue
        else:
            done = [c for c in twin.calls.values() if c.outcome and not c.consumed][:n]
            if done:
                tell(Consumed(*columns([(c.number, time) for c in done], 2)))
            for call in done:
                call.consumed = time
            continue
        announce(tell, twin, *batch)
    for batch in withheld:
        announce(tell, twin, *batch)
    return next_call


def announce(tell, twin, pool, records):
    tell(Submitted(pool, *columns(records, 6)))
    for first, count, time, label, item, scope in records:
        for i in range(count):
            blank = dict.fromkeys(FIELDS, 0)
            blank |= {"pool": pool, "scope": scope, "label": label, "item": item if item < 0 else item + i, "submitted": time}
            twin.calls[first + i] = SimpleNamespace(number=first + i, **blank)


def make_scopes():
    outer = scopes.enter(thread_only=True)
    inner = scopes.enter(thread_only=True)
    scopes.leave(inner)
    scopes.leave(outer)
    return [outer.id, inner.id]


def views(scope_ids):
    return [View("pool", 1), View("pool", 2), View("scope", 0), *(View("scope", number) for number in scope_ids)]


@settings(max_examples=300, deadline=None)
@given(steps)
def test_rows_and_counts_agree_with_the_twin(steps):
    scope_ids = make_scopes()
    state, twin = State(limit=10**6, base=1), Twin()
    play(steps, state.fold, twin, 1, scope_ids)
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
def test_a_bounded_store_drops_the_oldest_and_counts_them(steps, limit):
    scope_ids = make_scopes()
    state, twin = State(limit=limit, base=1), Twin()
    play(steps, state.fold, twin, 1, scope_ids)
    assert len(state.columns) <= limit
    for view in views(scope_ids):
        assert view.counts(state) == twin.counts(view)
        table = view.table(state)
        mine = [number for number, call in sorted(twin.calls.items()) if view.matches(call.pool, call.scope)]
        kept = [number for number in mine if number >= state.columns.base]
        assert list(table["call"]) == kept
        assert view.dropped(state) == len(mine) - len(kept)


@settings(max_examples=200, deadline=None)
@given(st.lists(steps, min_size=1, max_size=5))
def test_what_a_reader_saw_adds_up_to_the_rows(rounds):
    scope_ids = make_scopes()
    store, twin = Store(limit=10**6), Twin()
    looks = [(view, store.reader(view), {}) for view in views(scope_ids)]
    first = observe.new_calls(0)
    for steps in rounds:
        first = play(steps, store.on_batch, twin, first, scope_ids)
        for view, reader, seen in looks:
            changes = reader.changes()
            for table in changes.submitted:
                for start, count, time, item in zip(table["first"], table["count"], table["time"], table["item"], strict=True):
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
