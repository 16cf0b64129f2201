"""What is saved loads: whatever pools may have told, in whatever words and numbers of their users."""

import sys
from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import poolviz
from poolviz import callers, clock, naming
from poolviz.events import (
    Chunked,
    Consumed,
    Ended,
    Failed,
    Missing,
    PoolClosed,
    PoolOpened,
    Printed,
    Running,
    Submitted,
    Waited,
    WorkerExited,
    WorkerReady,
    WorkerStarted,
)
from poolviz.export import native
from poolviz.tracing.store import Store
from poolviz.tracing.trace import Trace
from poolviz.tracing.view import View

texts = st.text(st.characters(), max_size=6)
times = st.integers(1, 4 * 10**18)
calls = st.integers(1, 30)
pools = st.sampled_from([1, 2, 3])
sizes = st.integers(1, 2**80) | st.sampled_from([sys.maxsize, 10**30])
long = st.integers(0, 2**63 - 1)


def rows(*fields):
    """Columns of some records, each with these fields."""
    records = st.lists(st.tuples(*fields), min_size=1, max_size=5)
    return records.map(lambda found: [array("q", column) for column in zip(*found, strict=True)])


def named(text):
    return naming.number_of(text)


batches = st.one_of(
    st.builds(PoolOpened, pools, times, st.sampled_from(["thread", "process"]), texts, sizes | st.just(float("inf")), texts),
    st.builds(PoolClosed, pools, times),
    st.builds(WorkerStarted, pools, st.integers(1, 6), times, texts, st.integers(0, 2**63)),
    st.builds(WorkerReady, pools, st.integers(1, 6), times),
    st.builds(WorkerExited, pools, st.integers(1, 6), times, texts),
    st.builds(
        lambda pool, first, n, time, label, item: Submitted(
            pool, *(array("q", [value]) for value in (first, n, time, named(label), item, 0))
        ),
        pools,
        calls,
        st.integers(1, 12),
        times,
        texts,
        st.integers(-1, 2**40),
    ),
    st.builds(
        lambda pool, found: Ended(pool, *found),
        pools,
        rows(calls, st.integers(-1, 2**31 - 1), times, times, times, times, st.integers(1, 5), long, long),
    ),
    st.builds(lambda pool, found: Running(pool, *found), pools, rows(calls, st.integers(1, 6), times)),
    rows(calls, times, st.integers(1, 5)).map(lambda found: Consumed(*found)),
    rows(st.integers(1, 5), times, times | st.just(0), st.integers(1, 5), st.integers(0, 30)).map(lambda found: Waited(*found)),
    st.builds(Failed, calls, texts, texts),
    st.builds(Printed, calls, st.sampled_from([1, 2]), texts, st.integers(0, 5)),
    st.builds(Chunked, pools, calls, st.integers(1, 12), sizes.map(lambda size: size + 1)),
    st.builds(Missing, st.integers(0, 3), st.integers(1, 100)),
)


def lawful(found):
    """Batches as pools give them: a call is submitted once, then runs in its pool and ends once; chunks are of a map that was submitted."""
    seen, owned, ended, last = set(), set(), set(), None
    for batch in found:
        if isinstance(batch, Ended | Running):
            fresh = [i for i, call in enumerate(batch.call) if (call, batch.pool) in owned - ended and call not in batch.call[:i]]
            if isinstance(batch, Ended):
                ended.update((batch.call[i], batch.pool) for i in fresh)
            if not fresh:
                continue
            batch = type(batch)(batch.pool, *(array("q", [column[i] for i in fresh]) for column in batch[1:]))
        if isinstance(batch, Chunked):
            if last is None:
                continue
            batch = Chunked(last.pool, last.first[0], last.calls[0], batch.size)
        if isinstance(batch, Submitted):
            numbers = set(range(batch.first[0], batch.first[0] + batch.calls[0]))
            if seen & numbers:
                continue
            seen |= numbers
            owned |= {(number, batch.pool) for number in numbers}
            last = batch
        yield batch


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(st.lists(batches, max_size=25), texts, st.sampled_from([8, 1000]), st.dictionaries(st.integers(1, 5), texts))
def test_all_that_a_trace_can_hold_comes_back(told, title, limit, threads):
    store = Store(limit)
    store.state.columns.base = 1
    # What happened lies before now.
    now = clock.now()
    before = dict(callers.names)
    callers.names.update(threads)
    try:
        for batch in lawful(told):
            store.on_batch(batch)
    finally:
        callers.names.clear()
        callers.names.update(before)
    assert not store._failed, "the store takes all of it in"
    for view in (View("scope", 0), *(View("pool", pool) for pool in (1, 2, 3))):
        view.start = now // 2
        trace = Trace(store, view, title)
        data = native.render(trace)
        loaded = native.parse(data)
        assert native.render(loaded) == data
        assert loaded.title == trace.title and loaded.counts() == trace.counts()
        assert loaded.errors() == trace.errors() and loaded.prints() == trace.prints() and loaded.workers == trace.workers
        ours, theirs = store.everything(view), loaded.store.everything(loaded.view)
        assert theirs.waits == ours.waits and theirs.chunks == ours.chunks
        # A file holds no more than the rows that were there, and its first is its first.
        assert theirs.present._replace(now=0, final=False) == ours.present._replace(now=0, base=0, callers=theirs.present.callers)


@pytest.mark.parametrize("chunksize", [sys.maxsize, 10**30])
def test_a_map_in_one_huge_chunk(tmp_path, chunksize):
    with poolviz.ProcessPoolExecutor(1) as pool:
        assert list(pool.map(abs, [-1, -2], chunksize=chunksize)) == [1, 2]
        loaded = poolviz.load(pool.trace.save(tmp_path / "run.poolviz"))
    assert loaded.counts() == pool.trace.counts()


def test_a_pool_with_a_name_and_a_size_of_its_own(tmp_path):
    with poolviz.ThreadPoolExecutor(float("inf"), thread_name_prefix="\udcff") as pool:
        pool.submit(abs, 1).result(30)
    loaded = poolviz.load(pool.trace.save(tmp_path / "run.poolviz"))
    assert loaded.counts()["finished"] == 1
    assert [worker.name for worker in loaded.workers] == ["\\udcff_0"]


def test_a_pool_whose_name_is_no_text(tmp_path):
    with poolviz.ThreadPoolExecutor(1, thread_name_prefix=5) as pool:
        pool.submit(abs, 1).result(30)
        assert [record.name for record in pool.trace.store.present(pool.trace.view).pools] == ["5"]
    assert len(poolviz.load(pool.trace.save(tmp_path / "run.poolviz"))) == 1
