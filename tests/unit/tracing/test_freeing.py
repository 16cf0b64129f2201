"""What nobody can ask for any more is given up; what somebody can is not."""

import subprocess
import sys
from array import array

import pytest

from poolviz.events import Waited
from poolviz.tracing.waits import Waits

BEGIN = """
import gc
import poolviz
from poolviz import observe
from poolviz.tracing.store import default

def fail(x):
    raise ValueError(x)

def run(n):
    with poolviz.ThreadPoolExecutor(1) as pool:
        list(pool.map(abs, range(n)))
        poolviz.wait([pool.submit(fail, 1)])

def kept():
    gc.collect()
    observe.flush_all()
    with default().working():
        state = default().state
        return (len(state.columns), len(state.tally.submitted), len(state.tally.outcomes), len(state.pools), len(state.workers),
            len(state.errors), len(state.waits))
"""

NOTHING = (0,) * 7


def result(code):
    done = subprocess.run([sys.executable, "-c", BEGIN + code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def check(code):
    result(code + f"\nassert kept() == {NOTHING}, kept()")


def test_with_the_last_trace_the_rows_go():
    check("""
with poolviz.trace() as outer:
    run(5)
    with poolviz.trace() as inner:
        run(5)
assert kept()[:2] == (12, 2), kept()
del outer
assert kept()[0] in (6, 12), "the inner one can still be asked for"
assert len(inner) == 6 and len(inner.errors()) == 1 and inner.calls["outcome"].count("returned") == 5
del inner
""")


def test_a_pool_that_is_there_keeps_its_rows():
    check("""
pool = poolviz.ThreadPoolExecutor(1)
pool.submit(abs, 1).result()
for _ in range(3):
    run(5)
assert kept()[0] == 1 + 18, "rows that come after one that is held stay"
assert len(pool.trace) == 1 and pool.trace.counts()["finished"] == 1
trace = pool.trace
pool.shutdown()
del pool
assert len(trace) == 1
assert list(trace.calls["outcome"]) == ["returned"]
del trace
""")


def test_pools_without_a_trace_leave_nothing():
    check("""
for _ in range(5):
    run(100)
    assert kept()[0] == 0
""")


def test_a_future_of_a_pool_that_is_gone_does_no_harm():
    check("""
pool = poolviz.ThreadPoolExecutor(1)
future = pool.submit(abs, -3)
pool.shutdown()
del pool
kept()
assert future.result() == 3
del future
""")


def test_a_trace_of_what_is_left_is_right():
    check("""
run(50)
with poolviz.trace() as trace:
    run(5)
    kept()
    run(5)
kept()
assert len(trace) == 12 and list(trace.calls["item"]) == [0, 1, 2, 3, 4, -1] * 2
assert len(trace.errors()) == 2 and trace.summary().counts["finished"] == 10
assert len({worker.pool for worker in trace.workers}) == 2
assert trace.summary().dropped == 0
del trace
""")


def test_memory_of_a_long_program_stays_where_it_is():
    found = result("""
sizes = set()
for _ in range(30):
    run(1000)
    sizes.add(kept())
print(len(sizes))
""")
    assert found == "1"


def test_blocks_of_a_pool_that_stays_leave_its_counts_alone():
    """The pool can be asked for all of its calls, and nobody for the blocks that they were in."""
    sizes = result("""
from poolviz import scopes
pool = poolviz.ThreadPoolExecutor(1)
for number in range(1, 2501):
    with poolviz.trace() as trace:
        pool.submit(abs, 1).result()
        pool.submit(fail, 1).exception()
    assert len(trace) == trace.counts()["total"] == 2
    del trace
    if number % 250 == 0:
        print(kept()[1], len(scopes.parents))
assert pool.trace.counts() | {"finished": 2500, "failed": 2500, "total": 5000} == pool.trace.counts(), pool.trace.counts()
assert len(pool.trace) == 5000
""")
    keys, scopes = zip(*(map(int, line.split()) for line in sizes.splitlines()), strict=True)
    assert max(keys) < 150 and max(scopes) < 2200, "as many after 250 blocks as after 2,500, and after any number"


def test_pools_that_come_after_a_row_that_is_held_leave_nothing():
    sizes = result("""
holder = poolviz.ThreadPoolExecutor(1)
holder.submit(abs, 1).result()
for number in range(1, 501):
    run(3)
    if number % 50 == 0:
        print(*kept()[1:6])
assert len(holder.trace) == 1 and holder.trace.counts()["finished"] == 1
with poolviz.trace() as trace:
    run(3)
for _ in range(200): run(3)
assert len(trace) == 4 and len(trace.errors()) == 1 and trace.counts()["finished"] == 3
""")
    for line in sizes.splitlines():
        assert max(map(int, line.split())) < 60, line


def test_the_place_of_a_row_that_was_given_up_goes_with_the_row_before_it():
    check("""
holder = poolviz.ThreadPoolExecutor(1)
holder.submit(abs, 1).result()
for _ in range(100): run(3)
holder.shutdown()
assert kept()[0] > 100
del holder
""")


@pytest.mark.parametrize(("call", "left"), [(0, [1, 2, 0, 4]), (2, [2, 0, 4]), (3, [0, 4]), (9, [0, 4])])
def test_waits_that_have_ended_are_forgotten_up_to_the_first_that_has_not(call, left):
    waits = Waits()
    # The third has not ended.
    columns = [(1, 1, 1, 1), (10, 20, 30, 40), (11, 21, 0, 41), (1, 1, 1, 1), (1, 2, 0, 4)]
    waits.fold(Waited(*(array("q", column) for column in columns)))
    waits.forget_before(call)
    assert list(waits.call) == left
    waits.fold(Waited(*(array("q", [value]) for value in (1, 30, 35, 1, 0))))
    assert waits.end[list(waits.start).index(30)] == 35
