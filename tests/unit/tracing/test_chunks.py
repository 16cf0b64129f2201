"""Which calls were sent together: one record for each map with a chunksize, and it goes with its rows."""

import gc

import pytest

import poolviz
from poolviz import observe
from poolviz.events import Chunked, PoolOpened
from poolviz.tracing.store import Store
from poolviz.tracing.trace import Trace
from poolviz.tracing.view import View
from poolviz.wire.codec import decode
from poolviz.wire.feed import Feed
from tests.unit.lawful import announce


def chunks_of(trace):
    """First item, calls and size of each chunked map, items counted through all of the trace."""
    everything = trace.store.everything(trace.view)
    first = everything.calls["call"][0]
    return [(told.first - first, told.calls, told.size) for told in everything.chunks]


def test_a_map_with_a_chunksize_tells_it_once():
    with poolviz.ProcessPoolExecutor(1) as pool:
        list(pool.map(abs, range(45), chunksize=20))
        list(pool.map(abs, range(5)))
        list(pool.map(abs, range(5), chunksize=1))
        list(pool.map(abs, range(3), chunksize=10))
        list(pool.map(abs, [], chunksize=10))
    assert chunks_of(pool.trace) == [(0, 45, 20), (55, 3, 10)]


def test_threads_send_nothing_and_have_no_chunks():
    with poolviz.ThreadPoolExecutor(1) as pool:
        list(pool.map(abs, range(45), chunksize=20))
    assert chunks_of(pool.trace) == []


@pytest.fixture
def run():
    """A store with two pools, and a function that tells of a chunked map in one of them."""
    store = Store(100)
    twin = type("Twin", (), {"calls": {}})
    for pool in (1, 2):
        store.on_batch(PoolOpened(pool, 1000, "process", f"pool {pool}", 1, "spawn"))

    def map_in(pool, calls, size):
        first = observe.new_calls(calls)
        announce(store.on_batch, twin, pool, [(first, calls, 2000, observe.label_id("work"), 0, 0)])
        store.on_batch(Chunked(pool, first, calls, size))
        return first

    return store, map_in


def section(message):
    """The records of chunks in a message."""
    columns = decode(message).get("chunks")
    return list(zip(*columns.values(), strict=True)) if columns else []


def test_deltas_and_snapshots_tell_of_the_maps_of_their_trace(run):
    store, map_in = run
    trace = Trace(store, View("pool", 1), "t")
    feed = Feed(trace)
    feed.snapshot()
    map_in(1, 30, 7)
    assert section(feed.delta()) == [(0, 30, 7)]
    assert feed.delta() is None
    map_in(2, 10, 5)
    map_in(1, 20, 20)
    assert section(feed.delta()) == [(40, 20, 20)]
    assert section(feed.snapshot()) == [(0, 30, 7), (40, 20, 20)]
    feed.close()


def test_a_map_whose_first_rows_are_gone_keeps_its_size_for_the_others(run):
    store, map_in = run
    trace = Trace(store, View("pool", 1), "t")
    first = map_in(1, 80, 7)
    map_in(1, 90, 3)
    gone = store.state.columns.base - first
    assert 0 < gone < 80
    message = Feed(trace).snapshot()
    calls = decode(message)["calls"]
    assert section(message)[-1][1:] == (90, 3)
    assert section(message)[0] == (0, 80 - gone, 7) and calls["item"][0] == gone
    map_in(1, 100, 9)
    assert [told.size for told in store.state.chunks.all()] == [9]


def test_chunks_go_with_the_last_trace(run):
    store, map_in = run
    trace = Trace(store, View("pool", 1), "t")
    map_in(1, 10, 5)
    assert chunks_of(trace) == [(0, 10, 5)]
    del trace
    gc.collect()
    with store.working():
        assert store.state.chunks.all() == []
