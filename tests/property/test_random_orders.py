"""Random orders of what users do with a pool, from several threads: every future ends once, and the trace tells the same story.

The programs are drawn by hypothesis, so that a failing one is made small. A program is data: for each thread a list of steps.
"""

import itertools
import multiprocessing
import threading
from concurrent.futures import CancelledError, InvalidStateError, as_completed, wait
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import poolviz
from tests.faults import tasks
from tests.faults.helpers import LIMIT, until

STEPS = st.one_of(
    st.tuples(st.just("submit"), st.integers(1, 20)),
    st.tuples(st.just("fail"), st.integers(1, 3)),
    st.tuples(st.just("unpicklable"), st.just(1)),
    st.tuples(st.just("large"), st.integers(1, 3)),
    st.tuples(st.just("nap"), st.integers(1, 2)),
    st.tuples(st.just("map"), st.integers(0, 40)),
    st.tuples(st.just("chunks"), st.integers(0, 40)),
    st.tuples(st.just("buffered"), st.integers(0, 10)),
    st.tuples(st.just("closed map"), st.integers(1, 40)),
    st.tuples(st.just("failing map"), st.integers(1, 20)),
    st.tuples(st.just("cancel"), st.integers(0, 5)),
    st.tuples(st.just("cancel all"), st.just(0)),
    st.tuples(st.just("result"), st.integers(0, 5)),
    st.tuples(st.just("wait"), st.just(0)),
    st.tuples(st.just("completed"), st.just(0)),
    st.tuples(st.just("callback"), st.integers(0, 5)),
)
PROGRAMS = st.lists(st.lists(STEPS, max_size=8), min_size=1, max_size=3)
ENDS = st.tuples(st.booleans(), st.booleans(), st.integers(0, 3))

derandomized = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@dataclass
class Run:
    """One program under way, and what it has seen."""

    pool: object
    futures: list = field(default_factory=list)
    """Of all threads; appended to only."""
    mapped: itertools.count = field(default_factory=itertools.count)
    endings: dict = field(default_factory=dict)
    """How many times each future has told its callback that it is done."""
    errors: list = field(default_factory=list)

    def submit(self, fn, *args):
        future = self.pool.submit(fn, *args)
        self.endings[future] = 0
        future.add_done_callback(self.ended)
        self.futures.append(future)

    def ended(self, future):
        self.endings[future] += 1

    def step(self, what, n):
        """Do one step. RuntimeError: the pool was shut down meanwhile."""
        mine = self.futures[-1 - n : len(self.futures) - n]
        if what == "submit":
            for i in range(n):
                self.submit(tasks.double, i)
        elif what == "fail":
            for _ in range(n):
                self.submit(tasks.fail, "as asked")
        elif what == "unpicklable":
            self.submit(tasks.identity, threading.Lock())
        elif what == "large":
            for _ in range(n):
                self.submit(tasks.identity, bytes(300_000))
        elif what == "nap":
            for _ in range(n):
                self.submit(tasks.nap, 0.002)
        elif what in ("map", "chunks", "buffered"):
            how = {"chunks": {"chunksize": 7}, "buffered": {"buffersize": 3}}.get(what, {})
            assert list(self.pool.map(tasks.double, range(n), **how)) == [2 * i for i in range(n)]
        elif what == "closed map":
            results = self.pool.map(tasks.double, range(n))
            assert next(results) == 0
            results.close()
        elif what == "failing map":
            results = self.pool.map(tasks.fail_or_wait, [""] * n + ["!"] + [""] * n)
            assert [next(results) for _ in range(n)] == [""] * n
            with pytest.raises(ValueError, match="asked to fail"):
                next(results)
        elif what == "cancel":
            for future in mine:
                assert future.cancel() == future.cancelled()
        elif what == "cancel all":
            for future in list(self.futures):
                future.cancel()
        elif what == "result":
            for future in mine:
                _ending_of(future)
        elif what == "wait":
            assert wait(list(self.futures), LIMIT).not_done == set()
        elif what == "completed":
            futures = set(self.futures)
            assert set(as_completed(futures, LIMIT)) == futures
        elif what == "callback":
            for future in mine:
                future.add_done_callback(lambda _: self.pool.options())

    def thread(self, steps):
        try:
            for what, n in steps:
                self.step(what, n)
        except RuntimeError as refused:
            if "shutdown" not in str(refused):
                self.errors.append(refused)
        except CancelledError:
            pass  # a map whose items were cancelled by the shutdown
        except BaseException as error:
            self.errors.append(error)


def _ending_of(future):
    """How a future ended, in the trace's words."""
    try:
        return "failed" if future.exception(LIMIT) is not None else "finished"
    except CancelledError:
        return "cancelled"


def check_futures(run):
    """Every future has ended once, and in a state that it cannot leave."""
    assert wait(run.futures, LIMIT).not_done == set()
    until(lambda: all(n == 1 for n in run.endings.values()))
    found = {"finished": 0, "failed": 0, "cancelled": 0}
    for future in run.futures:
        assert future.done() and not future.running()
        ending = _ending_of(future)
        found[ending] += 1
        assert future.cancelled() == (ending == "cancelled") == future.cancel()
        assert _ending_of(future) == ending
        with pytest.raises(InvalidStateError):
            future.set_result(None)
    return found


def check_trace(run, found):
    """The trace agrees with the futures, call by call and in sum."""
    trace = run.pool.trace
    counts = trace.counts()
    assert counts["pending"] == counts["running"] == 0
    assert counts["total"] == counts["finished"] + counts["failed"] + counts["cancelled"]
    calls = trace.calls
    submitted = [row for row, item in enumerate(calls["item"]) if item < 0]
    words = {"returned": "finished", "raised": "failed", "cancelled": "cancelled"}
    told = [words[calls["outcome"][row]] for row in submitted]
    assert {ending: told.count(ending) for ending in found} == found
    for row in range(len(calls["outcome"])):
        times = [calls[name][row] for name in ("submitted", "sent", "started", "finished", "delivered", "consumed")]
        happened = [time for time in times if time >= 0]
        assert happened == sorted(happened), (row, times)
        assert (times[2] >= 0) == (calls["outcome"][row] in ("returned", "raised") and calls["worker"][row] >= 0)


def play(pool, program, end):
    run = Run(pool)
    waits, cancels, after = end
    threads = [threading.Thread(target=run.thread, args=(steps,)) for steps in program]
    for thread in threads[after:]:
        thread.start()
    if after < len(threads):
        for thread in threads[:after]:
            thread.start()
        pool.shutdown(wait=waits, cancel_futures=cancels)
    else:
        for thread in threads[:after]:
            thread.start()
    for thread in threads:
        thread.join(LIMIT)
        assert not thread.is_alive()
    pool.shutdown(wait=True)
    assert run.errors == []
    check_trace(run, check_futures(run))


@derandomized
@given(PROGRAMS, ENDS)
def test_threads(program, end):
    play(poolviz.ThreadPoolExecutor(2), program, end)


@pytest.mark.parametrize("method", ["fork", "spawn"])
@derandomized
@given(PROGRAMS, ENDS)
def test_processes(method, program, end):
    play(poolviz.ProcessPoolExecutor(2, multiprocessing.get_context(method)), program, end)
