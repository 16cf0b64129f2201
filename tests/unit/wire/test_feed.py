"""A page that applies what a feed says always has what a fresh snapshot would say."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from poolviz import observe
from poolviz.events import Exit, PoolOpened, WorkerStarted
from poolviz.tracing.store import Store
from poolviz.tracing.trace import Trace
from poolviz.tracing.view import View
from poolviz.wire.codec import NEVER, decode, schema
from poolviz.wire.feed import Feed
from poolviz.wire.sections import NO_LANE
from tests.unit.lawful import Twin, make_scopes, name_labels, play, steps


class Page:
    """What the page's model does with messages, in its simplest form."""

    def __init__(self):
        self.seq = None

    def take(self, message):
        header, columns = message.header, decode(message)
        if header["kind"] == "snapshot":
            self.rows, self.running, self.labels, self.lanes, self.callers = {}, {}, [], {}, []
            self.first = 0
        else:
            assert header["seq"] == self.seq + 1
        self.seq = header["seq"]
        self.counts, self.dropped = header["counts"], header["dropped"]
        self.first = header.get("first_row", self.first)
        if "labels" in header:
            assert header["labels"]["first"] == len(self.labels)
            self.labels += header["labels"]["names"]
        if "callers" in header:
            assert header["callers"]["first"] == len(self.callers)
            self.callers += header["callers"]["names"]
        self.lanes |= {lane["lane"]: lane["name"] for lane in header.get("lanes", [])}

        def at(value):
            return None if value == NEVER else value

        for first, count, submitted, label, item in self.records(columns, "calls"):
            for i in range(count):
                assert first + i not in self.rows, "a call is announced once"
                self.rows[first + i] = {
                    "submitted": at(submitted),
                    "name": self.labels[label],
                    "item": item if item < 0 else item + i,
                    "consumed": None,
                    "caller": None,
                    "end": None,
                    "bytes": None,
                }
        for row, lane, *times, outcome, out, back in self.records(columns, "ended"):
            if row < self.first:
                continue
            self.rows[row] |= {"end": (self.lanes.get(lane), *map(at, times), outcome), "bytes": (out, back)}
        for row, time, caller in self.records(columns, "consumed"):
            if row < self.first:
                continue
            self.rows[row] |= {"consumed": at(time), "caller": self.callers[caller]}
        self.running = {
            row: (self.lanes[lane], at(started))
            for row, lane, started in self.records(columns, "running")
            if row >= self.first and self.rows[row]["end"] is None
        }
        self.rows = {row: cells for row, cells in self.rows.items() if row >= self.first}

    @staticmethod
    def records(columns, section):
        return zip(*columns[section].values(), strict=True) if section in columns else ()


def view_of(choice, scope_ids):
    return [View("pool", 1), View("scope", scope_ids[0]), View("scope", scope_ids[1])][choice]


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@example([[("submit", 2270, 15), ("map", 0, 1)]], 0, set())  # a submit and a map's first item in one nanosecond
@given(st.lists(steps, min_size=1, max_size=6), st.integers(0, 2), st.sets(st.integers(0, 5)))
def test_deltas_add_up_to_the_snapshot(rounds, choice, resyncs):
    scope_ids = make_scopes()
    name_labels()
    store, twin = Store(), Twin()
    store.state.callers |= {1: "caller 1", 2: "caller 2", 3: "caller 3"}
    for pool in (1, 2):
        store.on_batch(PoolOpened(pool, 1000, "thread", f"pool {pool}", 5, ""))
        for worker in range(1, 5):
            store.on_batch(WorkerStarted(pool, worker + 4 * (pool - 1), 1000, f"worker {pool}.{worker}", 1))
    trace = Trace(store, view_of(choice, scope_ids), "t")
    feed, page = Feed(trace), Page()
    page.take(feed.snapshot())
    first = observe.new_calls(0)
    for i, lives in enumerate(rounds):
        first = play(lives, store.on_batch, twin, first, scope_ids)
        if i in resyncs:
            page.take(feed.snapshot())
        message = feed.delta()
        if message is not None:
            page.take(message)
        assert feed.delta() is None, "the same is not said twice"
        fresh = Page()
        other = Feed(trace)
        fresh.take(other.snapshot())
        other.close()
        shift = feed.origin - other.origin
        assert {row + shift: cells for row, cells in page.rows.items()} == fresh.rows
        assert {row + shift: cells for row, cells in page.running.items()} == fresh.running
        takers = {row + feed.origin: cells["caller"] for row, cells in page.rows.items() if cells["caller"]}
        assert takers == {
            number: f"caller {call.caller}"
            for number, call in twin.calls.items()
            if call.caller and trace.view.matches(call.pool, call.scope)
        }
        # Of more than the column holds, it holds the most that it can.
        sizes = {row + feed.origin: cells["bytes"] for row, cells in page.rows.items() if cells["end"]}
        assert sizes == {number: (twin.calls[number].bytes_out, 2**32 - 1) for number in sizes}
        assert page.counts == fresh.counts == twin.counts(trace.view)
    feed.close()


@settings(max_examples=100, deadline=None)
@given(st.lists(steps, min_size=2, max_size=6), st.integers(0, 2), st.integers(8, 90), st.sets(st.integers(0, 5)))
def test_a_page_forgets_what_the_store_has_given_up(rounds, choice, limit, resyncs):
    scope_ids = make_scopes()
    name_labels()
    store, twin = Store(limit), Twin()
    store.state.callers |= {1: "caller 1", 2: "caller 2", 3: "caller 3"}
    for pool in (1, 2):
        store.on_batch(PoolOpened(pool, 1000, "thread", f"pool {pool}", 5, ""))
        for worker in range(1, 5):
            store.on_batch(WorkerStarted(pool, worker + 4 * (pool - 1), 1000, f"worker {pool}.{worker}", 1))
    trace = Trace(store, view_of(choice, scope_ids), "t")
    feed, page = Feed(trace), Page()
    page.take(feed.snapshot())
    first = observe.new_calls(0)
    for i, lives in enumerate(rounds):
        first = play(lives, store.on_batch, twin, first, scope_ids)
        if i in resyncs:
            page.take(feed.snapshot())
        message = feed.delta()
        if message is not None:
            page.take(message)
        fresh = Page()
        other = Feed(trace)
        fresh.take(other.snapshot())
        other.close()
        shift = feed.origin - other.origin
        assert {row + shift: cells for row, cells in page.rows.items()} == fresh.rows
        assert len(page.rows) <= limit
        assert page.dropped == fresh.dropped == page.counts["total"] - len(page.rows)
    feed.close()


def test_an_asked_for_delta_is_made_even_if_nothing_is_new():
    trace = Trace(Store(), View("pool", 1), "t")
    feed = Feed(trace)
    assert feed.snapshot().header["seq"] == -1
    assert feed.delta() is None
    assert feed.delta(always=True).header["seq"] == 0
    assert feed.delta(always=True).header["seq"] == 1
    assert feed.snapshot().header["seq"] == 2


def test_a_feed_that_came_too_late_gets_a_snapshot(monkeypatch):
    monkeypatch.setattr("poolviz.tracing.store.LOG_LIMIT", 10)
    store, twin, scope_ids = Store(), Twin(), make_scopes()
    feed, page = Feed(Trace(store, View("scope", 0), "t")), Page()
    page.take(feed.snapshot())
    first = observe.new_calls(0)
    play([("submit", 1, 30), ("submit", 2, 30), ("end", 2, 20)], store.on_batch, twin, first, scope_ids)
    assert len(store._log) <= 1
    message = feed.delta()
    assert message.header["kind"] == "snapshot"
    page.take(message)
    assert len(page.rows) == 60


def test_calls_numbered_before_the_feed_was_made_and_told_after_it():
    store, twin, scope_ids = Store(), Twin(), make_scopes()
    first = observe.new_calls(7)
    feed, page = Feed(Trace(store, View("scope", 0), "t")), Page()
    page.take(feed.snapshot())
    assert feed.origin > first
    play([("submit", 1, 7), ("end", 1, 2)], store.on_batch, twin, first, scope_ids)
    message = feed.delta()
    assert message.header["kind"] == "snapshot", "the page counts rows from a later call"
    page.take(message)
    assert sorted(page.rows) == list(range(7))
    play([("map", 1, 3)], store.on_batch, twin, observe.new_calls(3), scope_ids)
    page.take(feed.delta())
    assert sorted(page.rows) == list(range(10))


def test_a_call_without_a_worker_has_no_lane():
    store, twin, scope_ids = Store(), Twin(), make_scopes()
    feed = Feed(Trace(store, View("scope", 0), "t"))
    play([("submit", 1, 3), ("end", 13, 3)], store.on_batch, twin, observe.new_calls(0), scope_ids)
    assert {call.worker for call in twin.calls.values()} == {-1}
    assert set(decode(feed.snapshot())["ended"]["lane"]) == {NO_LANE}


def test_exits_have_the_names_of_the_schema():
    assert schema()["exits"] == [exit.name.lower() for exit in Exit]


def test_a_snapshot_that_does_not_reach_a_page_leaves_a_gap():
    store = Store()
    store.on_batch(PoolOpened(1, 1000, "thread", "pool", 1, ""))
    feed = Feed(Trace(store, View("pool", 1), "t"))
    numbers = [feed.snapshot(), feed.delta(always=True), feed.snapshot(), feed.snapshot(100_000), feed.delta(always=True)]
    feed.close()
    assert [message.header["seq"] for message in numbers] == [-1, 0, 1, 1, 2]
