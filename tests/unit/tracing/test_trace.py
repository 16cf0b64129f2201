import logging
import re
import threading

import pytest

import poolviz
from poolviz import observe
from poolviz.events import Consumed
from poolviz.tracing.store import default


def double(x):
    return 2 * x


def fail(x):
    raise ValueError(x)


@pytest.fixture
def gate():
    """Calls of `gate.wait` block until it is set; it is, at the latest, at the end of the test."""
    event = threading.Event()
    yield event
    event.set()


def test_a_pool_has_a_trace():
    with poolviz.ThreadPoolExecutor(2) as pool:
        results = list(pool.map(double, range(5)))
        futures = [pool.submit(fail, 17)]
        poolviz.wait(futures)
    trace = pool.trace
    assert results == [0, 2, 4, 6, 8]
    assert pool.trace is trace
    assert len(trace) == 6
    assert trace.counts() == {"total": 6, "pending": 0, "running": 0, "finished": 5, "failed": 1, "cancelled": 0}
    assert repr(trace) == "Trace('ThreadPoolExecutor': 6 calls, 5 finished, 1 failed)"
    calls = trace.calls
    assert calls["name"] == ["double"] * 5 + ["fail"]
    assert list(calls["item"]) == [0, 1, 2, 3, 4, -1]
    assert calls["outcome"] == ["returned"] * 5 + ["raised"]
    for submitted, started, finished, delivered in zip(*(calls[n] for n in ("submitted", "started", "finished", "delivered")), strict=True):
        assert 0 <= submitted <= started <= finished <= delivered
    assert all(time > 0 for time in calls["consumed"])
    [error] = trace.errors()
    assert (error.row, error.name, error.item, error.error) == (5, "fail", -1, "ValueError: 17")
    assert sum(worker.calls for worker in trace.workers) == 6
    assert {worker.exited is not None for worker in trace.workers} == {True}


def test_counts_while_calls_wait_and_run(gate):
    with poolviz.ThreadPoolExecutor(1) as pool:
        started = threading.Event()
        pool.submit(lambda: (started.set(), gate.wait(30)))
        second = pool.submit(double, 1)
        third = pool.submit(double, 1)
        assert started.wait(30)
        assert third.cancel()
        assert pool.trace.counts() == {"total": 3, "pending": 1, "running": 1, "finished": 0, "failed": 0, "cancelled": 1}
        assert pool.trace.calls["started"][0] >= 0
        assert list(pool.trace.calls["started"][1:]) == [-1, -1]
        gate.set()
        assert second.result(30) == 2
    assert pool.trace.counts()["pending"] == 0


def test_a_with_block_records_all_pools_in_it_and_nothing_else():
    with poolviz.ThreadPoolExecutor(1) as before:
        before.submit(double, 1).result(30)
        with poolviz.trace("outer") as outer:
            before.submit(double, 1).result(30)
            with poolviz.trace("inner") as inner, poolviz.ThreadPoolExecutor(1) as other:
                list(other.map(double, range(3)))
                thread = threading.Thread(target=lambda: before.submit(double, 1).result(30))
                thread.start()
                thread.join()
        before.submit(double, 1).result(30)
    assert repr(inner) == "Trace('inner': 4 calls, 4 finished)"
    assert repr(outer) == "Trace('outer': 5 calls, 5 finished)"
    assert len(before.trace) == 4
    assert len({worker.pool for worker in outer.workers}) == 2
    assert min(outer.calls["submitted"]) >= 0


def test_a_pool_can_be_left_untraced():
    with poolviz.ThreadPoolExecutor(1, trace=False) as pool, poolviz.trace() as trace:
        assert pool.submit(double, 4).result(30) == 8
    assert len(trace) == 0
    with pytest.raises(RuntimeError, match="trace=False"):
        pool.trace  # noqa: B018


def test_an_empty_trace():
    with poolviz.trace("nothing") as trace:
        pass
    assert repr(trace) == "Trace('nothing': 0 calls)"
    assert trace, "an empty trace is a trace"
    assert trace.errors() == [] and trace.workers == [] and len(trace.calls["call"]) == 0
    assert "nothing: 0 total" in repr(trace.summary())


def test_the_summary_in_numbers_and_words():
    with poolviz.trace("<cell>") as trace, poolviz.ThreadPoolExecutor(2) as pool:
        list(pool.map(threading.Event().wait, [0.01] * 6))
        poolviz.wait([pool.submit(fail, 1)])
    summary = trace.summary()
    calls = trace.calls
    durations = sorted(f - s for s, f in zip(calls["started"], calls["finished"], strict=True))
    assert summary.busy == sum(durations)
    assert summary.run.median == durations[3] and summary.run.max == durations[-1]
    assert summary.makespan == max(calls["finished"]) - min(calls["submitted"])
    assert summary.speedup == pytest.approx(summary.busy / summary.makespan)
    assert summary.efficiency == pytest.approx(summary.speedup / summary.workers)
    assert 0 < summary.utilisation <= 1
    assert summary.blocked > 0
    assert [call.duration for call in summary.slowest] == durations[:-6:-1]
    text, html = repr(summary), summary._repr_html_()
    assert text.splitlines()[0] == "<cell>: 7 total, 6 finished, 1 failed"
    for word in ("makespan", "speed-up", "queue wait", "delivery", "caller blocked", "Event.wait[0]"):
        assert re.search(re.escape(word.removesuffix("[0]")), text)
        assert word.removesuffix("[0]") in html
    assert "<cell>" not in html and "&lt;cell&gt;" in html


def test_the_store_stays_whatever_happens(caplog):
    with poolviz.ThreadPoolExecutor(1) as pool:
        store = default()
        store.on_batch = lambda batch: 1 / 0
        try:
            assert pool.submit(double, 1).result(30) == 2, "an observer that raises never breaks a pool"
            observe.flush_all()
            assert store in observe.observers and default() is store
            assert "a batch of what pools did is missing" in caplog.text
        finally:
            del store.on_batch
        pool.submit(double, 1).result(30)
        assert len(pool.trace) == 1, "what comes after it is recorded"


def test_a_batch_that_cannot_be_taken_in_is_counted_and_the_rest_goes_on(caplog, monkeypatch, tmp_path):
    with poolviz.trace("broken") as trace, poolviz.ThreadPoolExecutor(1) as pool:
        pool.submit(double, 1).result(30)
        assert trace.summary().missing == 0
        with monkeypatch.context() as context:
            context.setitem(default().state._folds, Consumed, lambda batch: 1 / 0)
            for _ in range(3):
                pool.submit(double, 1).result(30)
                observe.flush_all()
        pool.submit(double, 1).result(30)
    assert trace.counts()["finished"] == 5 and pool.trace.counts()["finished"] == 5
    assert trace.summary().missing == pool.trace.summary().missing == 3
    assert "3 records are missing, the log says why" in repr(trace.summary())
    assert caplog.text.count("ZeroDivisionError") == 1, "one is logged, with its traceback"
    loaded = poolviz.load(trace.save(tmp_path / "run.poolviz"))
    assert loaded.summary().missing == 3
    with poolviz.trace("after") as after, poolviz.ThreadPoolExecutor(1) as pool:
        pool.submit(double, 1).result(30)
    assert after.summary().missing == pool.trace.summary().missing == 0


def test_a_number_that_fits_into_no_column_costs_one_batch(caplog):
    with poolviz.ThreadPoolExecutor(1) as pool:
        pool.submit(double, 1).result(30)
        observe.flush_all()
        pool._journal.waits += (1, 2**70, 1, 1, 1)
        observe.flush_all()
        assert not pool._journal.waits
        pool.submit(double, 1).result(30)
    assert pool.trace.counts()["finished"] == 2
    assert pool.trace.summary().missing == 1


def test_what_runs_may_be_unknown(caplog):
    with poolviz.ThreadPoolExecutor(1) as pool:
        pool._journal._running = lambda: 1 / 0
        pool.submit(double, 1).result(30)
        assert pool.trace.counts()["finished"] == 1
        assert "could not be found out" in caplog.text
        pool._journal._running = pool._crew.running


def test_a_log_handler_that_raises_harms_nobody():
    class Bad(logging.Filter):
        def filter(self, record):
            raise RuntimeError("no log")

    bad = Bad()
    observe.logger.addFilter(bad)
    try:
        with poolviz.ThreadPoolExecutor(1) as pool:
            pool._journal._running = lambda: 1 / 0
            assert pool.submit(double, 1).result(30) == 2
            assert len(pool.trace) == 1
            pool._journal._running = pool._crew.running
    finally:
        observe.logger.removeFilter(bad)
