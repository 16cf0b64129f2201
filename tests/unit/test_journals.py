"""What grows while nobody looks, and what a pool costs beside thousands of others."""

import gc
import subprocess
import sys
import threading

import pytest

import poolviz
from poolviz import observe
from poolviz.tracing import store

FULL = observe.FULL + 100


@pytest.fixture
def waiting():
    """A pool, and a future that has not ended."""
    gate = threading.Event()
    with poolviz.ThreadPoolExecutor(1) as pool:
        yield pool, pool.submit(gate.wait, 60)
        gate.set()


def test_a_program_that_looks_again_and_again_whether_a_call_has_ended(waiting):
    pool, future = waiting
    for _ in range(FULL // 5 + 10):
        with pytest.raises(TimeoutError):
            future.result(1e-9)
    assert len(pool._journal.waits) <= FULL
    for _ in range(FULL // 5 + 10):
        poolviz.wait([future], 0)
    assert len(pool._journal.waits) <= FULL
    for _ in range(FULL // 5 + 10):
        with pytest.raises(TimeoutError):
            list(poolviz.as_completed([future], 1e-9))
    assert len(pool._journal.waits) <= FULL and not pool._journal.blocked


def test_results_that_are_taken_when_all_is_over():
    with poolviz.ThreadPoolExecutor(1) as pool:
        futures = [pool.submit(abs, 1) for _ in range(FULL)]
    for future in futures:
        future.result(30)
    assert len(pool._journal.takes) <= FULL
    assert min(pool.trace.calls["consumed"]) > 0


def test_calls_that_are_cancelled(waiting):
    pool, _ = waiting
    for future in [pool.submit(abs, 1) for _ in range(FULL // 9 + 10)]:
        assert future.cancel()
    assert len(pool._journal.ends) <= FULL


def test_calls_that_cannot_be_sent():
    """No process is ever started, so no manager's thread is there to look."""
    with poolviz.ProcessPoolExecutor(1) as pool:
        for _ in range(observe.FULL_BATCHES + 10):
            assert pool.submit(abs, threading.Lock()).exception(30)
        journal = pool._journal
        assert len(journal.batches) <= observe.FULL_BATCHES and len(journal.ends) <= FULL and len(journal.submits) <= FULL


def test_callers_that_block_are_told_up_to_a_number(monkeypatch, waiting):
    pool, _ = waiting
    monkeypatch.setattr(observe, "MOST_BLOCKED", 3)
    journal = pool._journal
    noted = []
    for _ in range(10):
        thread = threading.Thread(target=lambda: noted.append(journal.blocks(1, 0)))
        thread.start()
        thread.join(30)
    assert len(journal.blocked) <= 4
    for each in noted:
        journal.waited(1, each)
    assert not journal.blocked


@pytest.mark.slow
def test_a_pool_costs_the_same_beside_many(monkeypatch):
    """Counted, not timed: how often all that live are walked over while pools are made, used and dropped."""
    walks = []
    give_up = store.Store._give_up
    monkeypatch.setattr(store.Store, "_give_up", lambda self: walks.append(len(self._holders)) or give_up(self))

    def steps(n):
        """What a walk over all costs, for each of `n` pools."""
        walks.clear()
        for _ in range(n):
            with poolviz.ThreadPoolExecutor(1) as pool:
                pool.submit(abs, 1).result(30)
                assert pool.trace
        return sum(walks) / n

    gc.collect()
    few = steps(400)
    others = [poolviz.ThreadPoolExecutor(1) for _ in range(2000)]
    observe.flush_all()
    many = steps(400)
    assert many < few + 60, "each pays its share of few walks"
    del others
    with poolviz.ThreadPoolExecutor(1) as pool:
        assert len(pool.trace) == 0
    found = store.default()
    assert len(found._gone) * store.SHARE <= len(found._holders) + len(found.state.tally.submitted), "no more than a share is left"


def test_one_pool_flushes_no_other():
    code = """
import poolviz
from poolviz import observe
others = [poolviz.ThreadPoolExecutor(1) for _ in range(50)]
flushed = []
flush = observe.Journal.flush
observe.Journal.flush = lambda self: flushed.append(self.pool) or flush(self)
with poolviz.ThreadPoolExecutor(1) as pool:
    pool.submit(abs, 1).result()
    trace = pool.trace
assert len(set(flushed)) == 1, flushed
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
